// SPDX-License-Identifier: BSD-2-Clause
// Event: what a device tells without being asked.
#pragma once

#include <cstdint>

#include "lightnvm/address.hpp"

namespace lightnvm {

/// One entry of the chunk notification log. OCSSD-2.0 3.3.
struct Event {
  enum class Scope : std::uint8_t { sectors = 1, chunk = 2, unit = 4 };
  /// Bits of `state`.
  enum State : std::uint16_t {
    error_rate_low = 1 << 0,
    error_rate_medium = 1 << 1,
    error_rate_high = 1 << 2,
    unrecoverable = 1 << 3,
    refreshed = 1 << 4,
    wear_outside = 1 << 8,
  };

  std::uint64_t id = 0;  ///< counts up from 1, unique on the device
  Address address;       ///< what it is about
  std::uint32_t nsid = 0;
  std::uint16_t state = 0;     ///< set of State
  Scope scope = Scope::chunk;  ///< how much the address covers
  std::uint32_t sectors = 0;   ///< with Scope::sectors: how many; else 0
  friend constexpr bool operator==(const Event&, const Event&) noexcept = default;
};

}  // namespace lightnvm
