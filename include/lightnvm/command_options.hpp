// SPDX-License-Identifier: BSD-2-Clause
// CommandOptions: what a command may ask for beside its sectors and its memory.
#pragma once

#include <cstdint>

namespace lightnvm {

/// OCSSD 1.2: how many planes a command works on at once; the value is the wire's. OCSSD-1.2 10.4.
enum class PlaneMode : std::uint8_t { single = 0, dual = 1, quad = 2 };
/// How many planes a mode works on, and the mode that works on all of a device's; single where there is none.
constexpr std::uint32_t planes_of(PlaneMode mode) noexcept { return 1U << static_cast<unsigned>(mode); }
constexpr PlaneMode plane_mode_of(std::uint32_t planes) noexcept {
  return planes == 4 ? PlaneMode::quad : planes == 2 ? PlaneMode::dual : PlaneMode::single;
}

/// What a command may ask for beside its sectors. The last four are of OCSSD 1.2; ENOTSUP on other devices.
struct CommandOptions {
  bool force_unit_access = false;  ///< a write is durable before it completes
  bool limited_retry = false;
  PlaneMode plane_mode = PlaneMode::single;  ///< single, or the mode of as many planes as the device has
  bool scrambler = false;
  bool suspend = false;   ///< the command may suspend a program or an erase
  bool slc_mode = false;  ///< the pages are used as SLC

  friend constexpr bool operator==(const CommandOptions&, const CommandOptions&) noexcept = default;
};

}  // namespace lightnvm
