// SPDX-License-Identifier: BSD-2-Clause
// What liblightnvm's two ends of NVMe/TCP say beyond the standard: docs/nvme-tcp-extension.md.
#pragma once

#include <array>
#include <cstdint>

#include "spec/fabrics.hpp"

namespace lightnvm::spec::extension {

/// Feature by which a host switches it on, on the admin queue: its value is the version, 0 without it.
inline constexpr std::uint8_t kFeature = 0xD5;
inline constexpr std::uint16_t kVersion = 1;

inline constexpr std::array<char, 8> kMagic = {'L', 'N', 'V', 'M', 'T', 'C', 'P', '\0'};
/// Bits of Announcement::flags: what the namespaces of the subsystem carry.
inline constexpr std::uint16_t kVectors = 1U << 0, kMetadata = 1U << 1, kResetDescriptors = 1U << 2,
                               kVectorCopy = 1U << 3, kOrderedWrites = 1U << 4;

/// The beginning of Identify Controller's vendor specific area.
struct Announcement {
  std::array<char, 8> magic;
  std::uint16_t version;
  std::uint16_t flags;
  std::uint8_t reserved12[4];
};
static_assert(sizeof(Announcement) == 16);

/// How the memory of a command is laid out, beside SGL1, which tells the bytes of the host part: lists, data out,
/// metadata out. Without a host part, it tells those of the controller part: data in, metadata in.
struct Layout {
  std::uint32_t metadata_bytes = 0;  ///< below 16 MiB
  std::uint32_t data_in_bytes = 0;   ///< where there is a host part: below 64 MiB, a multiple of 4; else 0
  std::uint8_t list = 0;             ///< addresses, 0 to 127
  std::uint8_t destination = 0;      ///< addresses of the second list, 0 to 127
  bool metadata_in = false;          ///< the metadata goes to the host
  friend constexpr bool operator==(const Layout&, const Layout&) noexcept = default;
};

namespace word {
using MetadataBytes = fabrics::Bits<std::uint64_t, 0, 24>;
using DataInDwords = fabrics::Bits<std::uint64_t, 24, 24>;
using List = fabrics::Bits<std::uint64_t, 48, 7>;
using Destination = fabrics::Bits<std::uint64_t, 55, 7>;
using MetadataIn = fabrics::Bits<std::uint64_t, 62, 1>;
using Present = fabrics::Bits<std::uint64_t, 63, 1>;
}  // namespace word

/// The layout as the metadata pointer of the submission entry carries it. Requires: values within their ranges.
constexpr std::uint64_t pack(const Layout& l) noexcept {
  return word::MetadataBytes::put(l.metadata_bytes) | word::DataInDwords::put(l.data_in_bytes / 4) |
         word::List::put(l.list) | word::Destination::put(l.destination) |
         word::MetadataIn::put(l.metadata_in ? 1 : 0) | word::Present::put(1);
}
constexpr bool is_present(std::uint64_t w) noexcept { return word::Present::get(w) != 0; }
constexpr Layout unpack(std::uint64_t w) noexcept {
  return {static_cast<std::uint32_t>(word::MetadataBytes::get(w)),
          static_cast<std::uint32_t>(word::DataInDwords::get(w) * 4), static_cast<std::uint8_t>(word::List::get(w)),
          static_cast<std::uint8_t>(word::Destination::get(w)), word::MetadataIn::get(w) != 0};
}

}  // namespace lightnvm::spec::extension
