// SPDX-License-Identifier: BSD-2-Clause
// LbaFormat: how a device packs an address into bit fields of its own. OCSSD-2.0 2.1.
#pragma once

#include <bit>
#include <cstdint>

#include "lightnvm/address.hpp"
#include "lightnvm/geometry.hpp"

namespace lightnvm::model {

/// Field lengths in bits, packed without gaps, sector lowest. All operations are shifts and masks.
class LbaFormat {
 public:
  constexpr LbaFormat() noexcept = default;
  /// Each length at most the generic address's field (8, 8, 16, 32).
  constexpr LbaFormat(unsigned group, unsigned unit, unsigned chunk, unsigned sector) noexcept
      : group_bits_(group), unit_bits_(unit), chunk_bits_(chunk), sector_bits_(sector) {}
  /// The shortest fields that hold the geometry's counts.
  static constexpr LbaFormat shortest(const Geometry& g) noexcept {
    return {bits_for(g.groups), bits_for(g.units), bits_for(g.chunks), bits_for(g.sectors)};
  }

  [[nodiscard]] constexpr unsigned group_bits() const noexcept { return group_bits_; }
  [[nodiscard]] constexpr unsigned unit_bits() const noexcept { return unit_bits_; }
  [[nodiscard]] constexpr unsigned chunk_bits() const noexcept { return chunk_bits_; }
  [[nodiscard]] constexpr unsigned sector_bits() const noexcept { return sector_bits_; }
  [[nodiscard]] constexpr unsigned chunk_shift() const noexcept { return sector_bits_; }
  [[nodiscard]] constexpr unsigned unit_shift() const noexcept { return sector_bits_ + chunk_bits_; }
  [[nodiscard]] constexpr unsigned group_shift() const noexcept { return unit_shift() + unit_bits_; }
  [[nodiscard]] constexpr unsigned total_bits() const noexcept { return group_shift() + group_bits_; }

  /// The device's address. Requires: encodable(a).
  [[nodiscard]] constexpr std::uint64_t pack(Address a) const noexcept {
    return (static_cast<std::uint64_t>(a.group()) << group_shift()) |
           (static_cast<std::uint64_t>(a.unit()) << unit_shift()) |
           (static_cast<std::uint64_t>(a.chunk()) << chunk_shift()) | a.sector();
  }
  /// The inverse; bits above total_bits() are ignored.
  [[nodiscard]] constexpr Address unpack(std::uint64_t lba) const noexcept {
    return Address::of(field(lba, group_shift(), group_bits_), field(lba, unit_shift(), unit_bits_),
                       field(lba, chunk_shift(), chunk_bits_), field(lba, 0, sector_bits_));
  }
  /// Whether each component fits its field, so that none spills into the next.
  [[nodiscard]] constexpr bool encodable(Address a) const noexcept { return (a.value & ~generic_mask()) == 0; }
  /// The bits of a generic address that this format can carry.
  [[nodiscard]] constexpr std::uint64_t generic_mask() const noexcept {
    return Address::of(ones(group_bits_), ones(unit_bits_), ones(chunk_bits_), ones(sector_bits_)).value;
  }

  friend constexpr bool operator==(const LbaFormat&, const LbaFormat&) noexcept = default;

 private:
  static constexpr unsigned bits_for(std::uint32_t count) noexcept {
    return static_cast<unsigned>(std::bit_width(count - 1));
  }
  static constexpr std::uint32_t ones(unsigned bits) noexcept {
    return static_cast<std::uint32_t>((1ULL << bits) - 1);
  }
  static constexpr std::uint32_t field(std::uint64_t lba, unsigned shift, unsigned bits) noexcept {
    return static_cast<std::uint32_t>(lba >> shift) & ones(bits);
  }

  unsigned group_bits_ = 0, unit_bits_ = 0, chunk_bits_ = 0, sector_bits_ = 0;
};

}  // namespace lightnvm::model
