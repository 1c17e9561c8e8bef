// SPDX-License-Identifier: BSD-2-Clause
// Shape: how many bytes of which kind a command carries in each direction, checked against the command itself.
#pragma once

#include "spec/nvme_tcp_extension.hpp"
#include "target/catalog.hpp"

namespace lightnvm::target {

struct Shape {
  std::uint32_t data_out = 0, data_in = 0;          ///< bytes, "out" is from the host
  std::uint32_t metadata_out = 0, metadata_in = 0;  ///< bytes
  std::uint8_t list = 0, destination = 0;           ///< addresses
  bool addresses_in_command = false;                ///< the single addresses are those in the submission entry
  bool interleaved = false;                         ///< extended LBAs: data and metadata are mixed on the wire

  [[nodiscard]] std::uint32_t lists_bytes() const noexcept {
    return addresses_in_command ? 0 : 8U * (list + destination);
  }
  [[nodiscard]] std::uint32_t host_bytes() const noexcept { return lists_bytes() + data_out + metadata_out; }
  [[nodiscard]] std::uint32_t controller_bytes() const noexcept { return data_in + metadata_in; }
};

struct ShapeTerms {
  const Namespace* ns = nullptr;     ///< that the command is for; nullptr: none
  bool admin = false;                ///< on an admin queue
  bool extension = false;            ///< it is on
  std::uint32_t transfer_bytes = 0;  ///< the most data
};

/// The shape of `c`, whose SGL1 tells `sgl_bytes`. What does not fit together is refused as a device would refuse it.
Status shape_of(const spec::Command& c, std::uint32_t sgl_bytes, const ShapeTerms& terms, Shape& out) noexcept;

}  // namespace lightnvm::target
