// SPDX-License-Identifier: BSD-2-Clause
// Fault plans of the emulated device: which commands fail how, and when; seeded, so that a run can be repeated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/emulator.hpp"
#include "lightnvm/event.hpp"
#include "lightnvm/fault_trigger.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm::emulator {

/// What happens. docs/faults.md says what each does to the chunk, and what the host is told.
enum class FaultKind : std::uint8_t {
  early_close,  ///< a write fails with 2F1h, its chunk is closed
  write_next,   ///< a write fails with 2F0h, the write pointer goes on, the sectors are lost
  reset_fail,   ///< a reset fails with 2C0h, the chunk is offline
  read_error,   ///< a sector fails with 281h
  high_ecc,     ///< a sector is read with effort: 2D0h if the host has asked for media feedback
  offline,      ///< the chunk goes offline by itself, at a read, a write or a reset
  wear_out,     ///< a reset succeeds, and is the chunk's last
  refresh,      ///< a read has the host told that the chunk should be rewritten
  power_cut,    ///< the device is gone until it is opened anew
};

/// Numbers from `first` to `last`, both included.
struct FaultRange {
  std::uint32_t first = 0, last = 0xFFFFFFFF;
  [[nodiscard]] constexpr bool has(std::uint32_t n) const noexcept { return n >= first && n <= last; }
  [[nodiscard]] constexpr bool all() const noexcept { return first == 0 && last == 0xFFFFFFFF; }
  friend bool operator==(const FaultRange&, const FaultRange&) noexcept = default;
};

/// One line of a plan. An event is what its kind can happen to, where group, unit, chunk and sector are in the ranges:
/// a sector that is read (read_error, high_ecc), the addresses of one command in one chunk (early_close, write_next,
/// refresh, offline), a reset (reset_fail, wear_out, offline), an I/O command (power_cut).
struct FaultRule : FaultTrigger {
  FaultKind kind = FaultKind::read_error;
  FaultRange group, unit, chunk, sector;  ///< OCSSD 1.2: chunk is the block (all planes), sector that of a plane
  bool by_address = false;   ///< the dice are thrown once for each sector (others: chunk), not for each event
  std::uint32_t cycles = 0;  ///< wear_out: not before so many resets of the chunk in all
  Event::State state = Event::error_rate_high;  ///< refresh: low, medium, high, unrecoverable, refreshed
  std::uint32_t line = 0;                       ///< of the text it came from
  friend bool operator==(const FaultRule&, const FaultRule&) noexcept = default;
};

struct FaultPlan {
  std::uint64_t seed = 0;
  std::vector<FaultRule> rules;  ///< the first one that hits an event decides
  friend bool operator==(const FaultPlan&, const FaultPlan&) noexcept = default;
};

/// Reads a plan: a rule a line, its kind and then key=value words; `#` begins a comment. EINVAL and a sentence with the
/// line's number for what is not understood. At most
/// kMaxFaultRules rules.
Result<FaultPlan> parse_faults(std::string_view text);
/// The same of a file of at most 1 MiB; errors of the file as they are, and the sentence begins with its name.
Result<FaultPlan> load_faults(const std::string& path);
/// Text that parse_faults reads as the same plan.
std::string to_text(const FaultPlan& plan);
/// Whether each rule can happen on such a device: EINVAL and a sentence where one names what the device does not have.
Status check_faults(const FaultPlan& plan, const Config& config);

}  // namespace lightnvm::emulator
