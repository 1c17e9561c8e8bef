// SPDX-License-Identifier: BSD-2-Clause
// PpaFormat: where a device of OCSSD 1.2 keeps the components of a physical page address.
#pragma once

#include <cstdint>

namespace lightnvm {

/// One component: `length` bits from bit `offset` on. OCSSD-1.2 10.2.
struct PpaField {
  std::uint8_t offset = 0, length = 0;

  [[nodiscard]] constexpr std::uint64_t mask() const noexcept {
    return length == 0 || offset >= 64 ? 0 : (length >= 64 ? ~0ULL : (1ULL << length) - 1) << offset;
  }
  friend constexpr bool operator==(PpaField, PpaField) noexcept = default;
};

/// The components in the order in which the device names them. The fields of an opened device lie apart from each
/// other, within 64 bits, and hold the device's counts.
struct PpaFormat {
  PpaField channel, lun, plane, block, page, sector;
  friend constexpr bool operator==(const PpaFormat&, const PpaFormat&) noexcept = default;
};

}  // namespace lightnvm
