// SPDX-License-Identifier: BSD-2-Clause
// Address: where a sector lies, in the library's own format, the same for every device.
#pragma once

#include <compare>
#include <cstdint>

namespace lightnvm {

/// A sector's place: group, parallel unit, chunk, sector in the chunk. 64 bits in the "generic" format of the C API
/// (sector in bits 31:0, chunk 47:32, unit 55:48, group 63:56), so that sorting goes by place. A value type.
///
/// On devices of OCSSD 1.2 group, unit and chunk are channel, LUN and block, and the sector's bits are three fields:
/// sector in the page 7:0, page in the block 23:8, plane 31:24. at_sector(0) is there the block on plane 0.
struct Address {
  std::uint64_t value = 0;

  /// Components that exceed their field (8, 8, 16, 32 bits) are cut to it; Geometry::contains tells what exists.
  static constexpr Address of(std::uint32_t group, std::uint32_t unit, std::uint32_t chunk,
                              std::uint32_t sector = 0) noexcept {
    return {(static_cast<std::uint64_t>(group & 0xFF) << 56) | (static_cast<std::uint64_t>(unit & 0xFF) << 48) |
            (static_cast<std::uint64_t>(chunk & 0xFFFF) << 32) | sector};
  }

  /// OCSSD 1.2: components that exceed their field (8, 8, 16, 8, 16, 8 bits) are cut to it.
  static constexpr Address of12(std::uint32_t channel, std::uint32_t lun, std::uint32_t block, std::uint32_t plane = 0,
                                std::uint32_t page = 0, std::uint32_t sec = 0) noexcept {
    return of(channel, lun, block, (plane & 0xFF) << 24 | (page & 0xFFFF) << 8 | (sec & 0xFF));
  }

  [[nodiscard]] constexpr std::uint32_t group() const noexcept { return static_cast<std::uint32_t>(value >> 56); }
  [[nodiscard]] constexpr std::uint32_t unit() const noexcept { return (value >> 48) & 0xFF; }
  [[nodiscard]] constexpr std::uint32_t chunk() const noexcept { return (value >> 32) & 0xFFFF; }
  [[nodiscard]] constexpr std::uint32_t sector() const noexcept { return static_cast<std::uint32_t>(value); }

  /// OCSSD 1.2: plane, page in the block, sector in the page.
  [[nodiscard]] constexpr std::uint32_t plane() const noexcept { return (value >> 24) & 0xFF; }
  [[nodiscard]] constexpr std::uint32_t page() const noexcept { return (value >> 8) & 0xFFFF; }
  [[nodiscard]] constexpr std::uint32_t sec() const noexcept { return value & 0xFF; }

  /// The address `count` sectors further; the caller keeps it inside the chunk (OCSSD 1.2: the page).
  [[nodiscard]] constexpr Address plus(std::uint32_t count) const noexcept { return {value + count}; }
  /// The same chunk, at `sector`.
  [[nodiscard]] constexpr Address at_sector(std::uint32_t sector) const noexcept {
    return {(value & ~0xFFFFFFFFULL) | sector};
  }

  friend constexpr auto operator<=>(Address, Address) noexcept = default;
};
static_assert(sizeof(Address) == 8);

}  // namespace lightnvm
