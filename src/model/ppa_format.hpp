// SPDX-License-Identifier: BSD-2-Clause
// PpaPacker: how a device of OCSSD 1.2 packs an address into fields that lie where it likes. OCSSD-1.2 10.2.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "lightnvm/address.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/ppa_format.hpp"

namespace lightnvm::model {

/// The fields in the device's order: channel, LUN, plane, block, page, sector.
constexpr std::array<PpaField, 6> fields_of(const PpaFormat& f) noexcept {
  return {f.channel, f.lun, f.plane, f.block, f.page, f.sector};
}

/// What is wrong with a format for a device of that geometry; empty for a sound one. Requires counts of at least 1.
constexpr std::string_view unusable(const PpaFormat& format, const Geometry& g) noexcept {
  const std::array<PpaField, 6> fields = fields_of(format);
  // What the generic address has room for, and what the device's counts need.
  constexpr std::array<unsigned, 6> kMost = {8, 8, 8, 16, 16, 8};
  const std::array<std::uint32_t, 6> counts = {g.groups, g.units, g.planes, g.chunks, g.pages, g.page_sectors};
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto [offset, length] = fields[i];
    if (length > kMost[i]) return "a field is wider than the address format's";
    if (std::bit_width(counts[i] - 1) > length) return "a field is too narrow for its count";
    if (length != 0 && offset + length > 64) return "a field lies beyond 64 bits";
    if ((taken & fields[i].mask()) != 0) return "two fields overlap";
    taken |= fields[i].mask();
  }
  return {};
}

/// The shortest fields that hold the geometry's counts, packed from bit 0: sector, plane, page, block, LUN, channel.
constexpr PpaFormat shortest_ppa_format(const Geometry& g) noexcept {
  PpaFormat f;
  std::uint8_t offset = 0;
  const auto add = [&](PpaField& field, std::uint32_t count) {
    field = {offset, static_cast<std::uint8_t>(std::bit_width(count - 1))};
    offset = static_cast<std::uint8_t>(offset + field.length);
  };
  add(f.sector, g.page_sectors);
  add(f.plane, g.planes);
  add(f.page, g.pages);
  add(f.block, g.chunks);
  add(f.lun, g.units);
  add(f.channel, g.groups);
  return f;
}

/// Packs and unpacks by a format that is usable; all operations are shifts and masks.
class PpaPacker {
 public:
  constexpr PpaPacker() noexcept = default;
  constexpr explicit PpaPacker(const PpaFormat& f) noexcept
      : channel_(f.channel), lun_(f.lun), plane_(f.plane), block_(f.block), page_(f.page), sector_(f.sector) {
    generic_mask_ = Address::of12(channel_.mask, lun_.mask, block_.mask, plane_.mask, page_.mask, sector_.mask).value;
    for (const PpaField field : fields_of(f)) device_mask_ |= field.mask();
  }

  /// The device's address. What exceeds its field, where not encodable(a), spills into others.
  [[nodiscard]] constexpr std::uint64_t pack(Address a) const noexcept {
    return channel_.put(a.group()) | lun_.put(a.unit()) | plane_.put(a.plane()) | block_.put(a.chunk()) |
           page_.put(a.page()) | sector_.put(a.sec());
  }
  /// The inverse, field by field; bits outside of all fields are ignored.
  [[nodiscard]] constexpr Address unpack(std::uint64_t ppa) const noexcept {
    return Address::of12(channel_.get(ppa), lun_.get(ppa), block_.get(ppa), plane_.get(ppa), page_.get(ppa),
                         sector_.get(ppa));
  }
  /// Whether each component fits its field, so that none spills into another.
  [[nodiscard]] constexpr bool encodable(Address a) const noexcept { return (a.value & ~generic_mask_) == 0; }
  /// The bits of a generic address that this format can carry, and the bits of a device's address that it uses.
  [[nodiscard]] constexpr std::uint64_t generic_mask() const noexcept { return generic_mask_; }
  [[nodiscard]] constexpr std::uint64_t device_mask() const noexcept { return device_mask_; }

 private:
  struct Part {
    std::uint32_t mask = 0;
    std::uint8_t shift = 0;

    constexpr Part() noexcept = default;
    // A field without bits may be said to lie anywhere.
    constexpr explicit Part(PpaField f) noexcept
        : mask(static_cast<std::uint32_t>((1ULL << f.length) - 1)), shift(f.length == 0 ? std::uint8_t{0} : f.offset) {}
    [[nodiscard]] constexpr std::uint64_t put(std::uint32_t v) const noexcept {
      return static_cast<std::uint64_t>(v) << shift;
    }
    [[nodiscard]] constexpr std::uint32_t get(std::uint64_t ppa) const noexcept {
      return static_cast<std::uint32_t>(ppa >> shift) & mask;
    }
  };
  Part channel_, lun_, plane_, block_, page_, sector_;
  std::uint64_t generic_mask_ = 0, device_mask_ = 0;
};

}  // namespace lightnvm::model
