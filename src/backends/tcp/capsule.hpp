// SPDX-License-Identifier: BSD-2-Clause
// Capsule: a request as NVMe/TCP carries it, with the lists and metadata of docs/nvme-tcp-extension.md.
#pragma once

#include <array>

#include "backends/backend.hpp"
#include "fabrics/host.hpp"

namespace lightnvm::backends::tcp {

/// Refers to itself, to the request and to its memory: neither moves while the command is in flight.
struct Capsule {
  spec::Command command;  ///< where it differs from the request's
  std::array<Segment, 2> lists;
  std::array<fabrics::Chain, 4> chains;
  fabrics::HostCommand wire;
  std::uint32_t in_bytes = 0;  ///< a command that succeeds brings so many
  /// kParkBytes where descriptors of a reset arrive: those of chunks that failed are not for the caller.
  std::byte* park = nullptr;
  bool parked = false;

  Capsule() = default;
  Capsule(const Capsule&) = delete;
  Capsule& operator=(const Capsule&) = delete;
};

inline constexpr std::size_t kParkBytes = 64 * 32;

enum class Carrier : std::uint8_t { admin, io, extended_io };

/// Fills `out`. ENOTSUP: `carrier` cannot carry a list, or metadata; EINVAL: too much of them, or data that is no
/// multiple of 4 bytes beside a list. Data of an opcode that moves none is left out. NVMe-2.0 3.3.3.1.
Status encode(const Request& request, Carrier carrier, Capsule& out) noexcept;

/// Gives the caller what was parked of a command that ended, and brought `received` bytes.
void unpark(const Request& request, const Capsule& capsule, const Completion& completion,
            std::uint32_t received) noexcept;

}  // namespace lightnvm::backends::tcp
