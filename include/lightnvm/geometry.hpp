// SPDX-License-Identifier: BSD-2-Clause
// Geometry: how large a device is in each direction, and what it asks of those who write to it.
#pragma once

#include <cstdint>

#include "lightnvm/address.hpp"

namespace lightnvm {

/// What a device speaks. `none`: no dialect recognised it; only identify and pass-through work.
enum class SpecVersion : std::uint8_t { none = 0, ocssd12 = 1, ocssd20 = 2 };

/// The limits of the address format; a device beyond them is refused when it is made or opened.
inline constexpr std::uint32_t kMaxGroups = 256, kMaxUnits = 256, kMaxChunks = 65536;
/// The most addresses one vector command carries. OCSSD-2.0 4.1.
inline constexpr std::uint32_t kMaxAddresses = 64;

/// A device's shape and its rules for writers, in natural counts (never 0-based). OCSSD-2.0 3.1. Immutable once opened.
///
/// Of OCSSD 1.2 (OCSSD-1.2 10.1) the same in its words: groups are channels, units are LUNs, a chunk is a block over
/// all planes. ws_min is then a page of one plane, ws_opt a page over all planes, and a block may be erased at any
/// time.
struct Geometry {
  std::uint32_t groups = 0;        ///< groups (channels): 1 to 256
  std::uint32_t units = 0;         ///< parallel units in a group: 1 to 256
  std::uint32_t chunks = 0;        ///< chunks in a unit: 1 to 65536; OCSSD 1.2: blocks of a plane
  std::uint32_t sectors = 0;       ///< sectors in a chunk; OCSSD 1.2: planes * pages * page_sectors
  std::uint32_t sector_bytes = 0;  ///< data bytes of a sector
  std::uint32_t oob_bytes = 0;     ///< metadata bytes of a sector; 0: none

  std::uint32_t planes = 0;        ///< OCSSD 1.2: planes of a LUN: 1, 2 or 4; 0: the device speaks 2.0
  std::uint32_t pages = 0;         ///< OCSSD 1.2: pages in a block of one plane
  std::uint32_t page_sectors = 0;  ///< OCSSD 1.2: sectors in a page of one plane: 1 to 64
  std::uint32_t page_bytes = 0;    ///< OCSSD 1.2: data bytes of a page of one plane

  std::uint32_t ws_min = 1;          ///< a write is a multiple of this many sectors
  std::uint32_t ws_opt = 1;          ///< and goes fastest in multiples of this many
  std::uint32_t mw_cunits = 0;       ///< this many sectors before the write pointer of an open chunk cannot be read yet
  std::uint32_t max_open = 0;        ///< open chunks at a time on the device; 0: no limit
  std::uint32_t max_open_unit = 0;   ///< open chunks at a time in a unit; 0: bounded by max_open alone
  std::uint32_t wear_threshold = 0;  ///< a wear index this far from the average raises a notification

  bool vector_copy = false;      ///< the device copies sectors itself
  bool multiple_resets = false;  ///< a free chunk may be reset again
  bool early_reset = false;      ///< an open chunk may be reset
  bool slc_mode = false;         ///< OCSSD 1.2: takes CommandOptions::slc_mode
  bool suspension = false;       ///< OCSSD 1.2: takes CommandOptions::suspend
  bool scrambler = false;        ///< OCSSD 1.2: takes CommandOptions::scrambler

  /// Times of one operation in nanoseconds, typical and maximal.
  struct Times {
    std::uint32_t read = 0, read_max = 0, write = 0, write_max = 0, reset = 0, reset_max = 0;
    friend constexpr bool operator==(const Times&, const Times&) noexcept = default;
  } times;

  [[nodiscard]] constexpr std::uint32_t total_units() const noexcept { return groups * units; }
  [[nodiscard]] constexpr std::uint64_t total_chunks() const noexcept {
    return static_cast<std::uint64_t>(groups) * units * chunks;
  }
  [[nodiscard]] constexpr std::uint64_t total_sectors() const noexcept { return total_chunks() * sectors; }
  [[nodiscard]] constexpr std::uint64_t chunk_bytes() const noexcept {
    return static_cast<std::uint64_t>(sectors) * sector_bytes;
  }
  [[nodiscard]] constexpr std::uint64_t total_bytes() const noexcept { return total_chunks() * chunk_bytes(); }

  /// Whether a sector of that address can exist (a chunk may still be smaller than the others).
  [[nodiscard]] constexpr bool contains(Address a) const noexcept {
    if (a.group() >= groups || a.unit() >= units || a.chunk() >= chunks) return false;
    return has_planes() ? a.plane() < planes && a.page() < pages && a.sec() < page_sectors : a.sector() < sectors;
  }
  /// Whether addresses have planes and pages: OCSSD 1.2.
  [[nodiscard]] constexpr bool has_planes() const noexcept { return planes != 0; }
  /// Sector number `n` of the chunk that `chunk` lies in, in the order of writing. OCSSD 1.2: page after page, of each
  /// page one plane after another. Requires n < sectors.
  [[nodiscard]] constexpr Address sector_address(Address chunk, std::uint32_t n) const noexcept {
    if (!has_planes()) return chunk.at_sector(n);
    const std::uint32_t row = planes * page_sectors;
    return Address::of12(chunk.group(), chunk.unit(), chunk.chunk(), n % row / page_sectors, n / row, n % page_sectors);
  }
  /// The inverse: the number within its chunk.
  [[nodiscard]] constexpr std::uint32_t sector_number(Address a) const noexcept {
    if (!has_planes()) return a.sector();
    return (a.page() * planes + a.plane()) * page_sectors + a.sec();
  }
  /// The chunk's number in the order of the chunk report: chunk fastest, then unit, then group.
  [[nodiscard]] constexpr std::uint64_t chunk_index(Address a) const noexcept {
    return static_cast<std::uint64_t>(a.group() * units + a.unit()) * chunks + a.chunk();
  }
  /// The inverse of chunk_index; sector 0.
  [[nodiscard]] constexpr Address chunk_address(std::uint64_t index) const noexcept {
    const auto unit = static_cast<std::uint32_t>(index / chunks);
    return Address::of(unit / units, unit % units, static_cast<std::uint32_t>(index % chunks));
  }

  friend constexpr bool operator==(const Geometry&, const Geometry&) noexcept = default;
};

}  // namespace lightnvm
