// SPDX-License-Identifier: BSD-2-Clause
// Conduct: how an emulated device behaves beyond its rules: faults, and how long it takes. Said by who opens it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lightnvm/faults.hpp"

namespace lightnvm::emulator {

struct Conduct {
  std::optional<FaultPlan> faults;
  bool timing = false;                           ///< commands take as long as docs/timing.md says
  std::optional<std::uint32_t> sector_transfer;  ///< ns of one sector on a group's bus; else by kBytesPerMicrosecond
  friend bool operator==(const Conduct&, const Conduct&) noexcept = default;

  /// The device completes commands as soon as it has executed them.
  [[nodiscard]] bool plain() const noexcept { return !faults && !timing; }
};

/// What a bus carries where nobody says otherwise: 800 MB/s, that of ONFI 4 NAND.
inline constexpr std::uint32_t kBytesPerMicrosecond = 800;

/// Whether `key` is an option of conduct: `faults` (a plan's file), `timing` (on or off), `tbus` (ns of a sector).
bool is_conduct(std::string_view key) noexcept;
/// One of them applied; EINVAL and a sentence for a value that is none, errors of load_faults.
Status apply_conduct(Conduct& conduct, std::string_view key, std::string_view value);
/// Whether a device can conduct itself so; EINVAL and a sentence.
Status check_conduct(const Conduct& conduct, const Config& config);

}  // namespace lightnvm::emulator
