// SPDX-License-Identifier: BSD-2-Clause
// LbaFormat: how a device packs an address into bit fields of its own. OCSSD-2.0 2.1.
#pragma once

#include <array>
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
      : chunk_shift_(static_cast<std::uint8_t>(sector)),
        unit_shift_(static_cast<std::uint8_t>(sector + chunk)),
        group_shift_(static_cast<std::uint8_t>(sector + chunk + unit)),
        total_bits_(static_cast<std::uint8_t>(sector + chunk + unit + group)),
        sector_mask_(ones(sector)),
        chunk_mask_(ones(chunk)),
        unit_mask_(ones(unit)),
        group_mask_(ones(group)),
        group_field_(std::uint64_t{0xFF} << group_shift_),
        unit_field_(std::uint64_t{unit_mask_} << unit_shift_),
        chunk_field_(std::uint64_t{chunk_mask_} << chunk_shift_),
        group_down_(static_cast<std::uint8_t>(56 - group_shift_)),
        unit_down_(static_cast<std::uint8_t>(48 - unit_shift_)),
        chunk_down_(static_cast<std::uint8_t>(32 - chunk_shift_)) {}
  /// The same of the lengths in an array: group, unit, chunk, sector.
  constexpr explicit LbaFormat(const std::array<unsigned, 4>& bits) noexcept
      : LbaFormat(bits[0], bits[1], bits[2], bits[3]) {}
  /// The shortest fields that hold the geometry's counts.
  static constexpr LbaFormat shortest(const Geometry& g) noexcept {
    return {bits_for(g.groups), bits_for(g.units), bits_for(g.chunks), bits_for(g.sectors)};
  }

  [[nodiscard]] constexpr unsigned sector_bits() const noexcept { return chunk_shift_; }
  [[nodiscard]] constexpr unsigned chunk_bits() const noexcept { return unit_shift_ - chunk_shift_; }
  [[nodiscard]] constexpr unsigned unit_bits() const noexcept { return group_shift_ - unit_shift_; }
  [[nodiscard]] constexpr unsigned group_bits() const noexcept { return total_bits_ - group_shift_; }
  [[nodiscard]] constexpr unsigned total_bits() const noexcept { return total_bits_; }
  /// Where each field begins; the sector's begins at 0.
  [[nodiscard]] constexpr unsigned chunk_shift() const noexcept { return chunk_shift_; }
  [[nodiscard]] constexpr unsigned unit_shift() const noexcept { return unit_shift_; }
  [[nodiscard]] constexpr unsigned group_shift() const noexcept { return group_shift_; }

  /// The bits of a device's address that each field has: group, unit, chunk, sector.
  [[nodiscard]] constexpr std::array<std::uint64_t, 4> device_masks() const noexcept {
    return {std::uint64_t{group_mask_} << group_shift_, unit_field_, chunk_field_, sector_mask_};
  }

  /// The device's address. What exceeds its field is cut; but the group, which lies topmost, spills out of all fields.
  [[nodiscard]] constexpr std::uint64_t pack(Address a) const noexcept {
    return ((a.value >> group_down_) & group_field_) | ((a.value >> unit_down_) & unit_field_) |
           ((a.value >> chunk_down_) & chunk_field_) | (a.value & sector_mask_);
  }
  /// The same, but whatever exceeds its field spills into the next, as the original library has it.
  [[nodiscard]] constexpr std::uint64_t pack_spilling(Address a) const noexcept {
    return (std::uint64_t{a.group()} << group_shift_) | (std::uint64_t{a.unit()} << unit_shift_) |
           (std::uint64_t{a.chunk()} << chunk_shift_) | a.sector();
  }
  /// The inverse, field by field; bits above total_bits() are ignored.
  [[nodiscard]] constexpr std::uint32_t group(std::uint64_t lba) const noexcept {
    return static_cast<std::uint32_t>(lba >> group_shift_) & group_mask_;
  }
  [[nodiscard]] constexpr std::uint32_t unit(std::uint64_t lba) const noexcept {
    return static_cast<std::uint32_t>(lba >> unit_shift_) & unit_mask_;
  }
  [[nodiscard]] constexpr std::uint32_t chunk(std::uint64_t lba) const noexcept {
    return static_cast<std::uint32_t>(lba >> chunk_shift_) & chunk_mask_;
  }
  [[nodiscard]] constexpr std::uint32_t sector(std::uint64_t lba) const noexcept {
    return static_cast<std::uint32_t>(lba) & sector_mask_;
  }
  [[nodiscard]] constexpr Address unpack(std::uint64_t lba) const noexcept {
    return Address::of(group(lba), unit(lba), chunk(lba), sector(lba));
  }
  /// Whether pack(a) names nothing that `a` does not: each component fits its field, but for the group. One that spills
  /// names no place of any device, which is then the device's to say.
  [[nodiscard]] constexpr bool encodable(Address a) const noexcept { return (a.value & ~encodable_mask()) == 0; }
  /// The bits that such addresses may have.
  [[nodiscard]] constexpr std::uint64_t encodable_mask() const noexcept {
    return Address::of(0xFF, unit_mask_, chunk_mask_, sector_mask_).value;
  }
  /// The bits of a generic address that the fields hold.
  [[nodiscard]] constexpr std::uint64_t generic_mask() const noexcept {
    return Address::of(group_mask_, unit_mask_, chunk_mask_, sector_mask_).value;
  }

  friend constexpr bool operator==(const LbaFormat&, const LbaFormat&) noexcept = default;

 private:
  static constexpr unsigned bits_for(std::uint32_t count) noexcept {
    return static_cast<unsigned>(std::bit_width(count - 1));
  }
  static constexpr std::uint32_t ones(unsigned bits) noexcept { return static_cast<std::uint32_t>((1ULL << bits) - 1); }

  std::uint8_t chunk_shift_ = 0, unit_shift_ = 0, group_shift_ = 0, total_bits_ = 0;
  std::uint32_t sector_mask_ = 0, chunk_mask_ = 0, unit_mask_ = 0, group_mask_ = 0;
  // For packing: each field's place here (of the group, its generic bits'), and how far it comes down from its place in
  // the generic address.
  std::uint64_t group_field_ = 0, unit_field_ = 0, chunk_field_ = 0;
  std::uint8_t group_down_ = 0, unit_down_ = 0, chunk_down_ = 0;
};

}  // namespace lightnvm::model
