// SPDX-License-Identifier: BSD-2-Clause
// Fault plans of the way to a device, whichever it is: commands that fail, come late, overtake each other, or never
// end.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/fault_trigger.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm {

/// What happens. docs/faults.md says what each does to the command.
enum class RouteFault : std::uint8_t {
  error,       ///< the command ends with a status of the plan's
  delay,       ///< its completion comes later
  reorder,     ///< others overtake its completion
  stall,       ///< its completion does not come, or not for long
  disconnect,  ///< the device is gone until it is opened anew
};

/// One line of a plan. An event is a command of the library's: an I/O command, or with `admin` one of the admin queue.
struct RouteFaultRule : FaultTrigger {
  RouteFault kind = RouteFault::error;
  bool admin = false;
  std::bitset<256> opcodes;                                  ///< of those commands that it is about; none set: of all
  Status status = Status::nvme(StatusCode::internal_error);  ///< error: an NVMe status that is no success
  bool carried_out = false;                                  ///< error: the command is done, its answer is lost
  std::chrono::nanoseconds least{0}, most{0};                ///< delay: between these; stall: `most`, 0 for ever
  std::uint32_t window = 2;                                  ///< reorder: up to window - 1 others; 2 to 65535
  std::uint64_t commands = 0;  ///< stall: until so many more have come to the device; 0: however many
  std::uint32_t line = 0;      ///< of the text it came from
  friend bool operator==(const RouteFaultRule&, const RouteFaultRule&) noexcept = default;
};

struct RouteFaultPlan {
  std::uint64_t seed = 0;
  std::vector<RouteFaultRule> rules;  ///< of each kind, the first one that hits a command decides
  friend bool operator==(const RouteFaultPlan&, const RouteFaultPlan&) noexcept = default;
};

/// Times of a plan are at most this long.
inline constexpr std::chrono::nanoseconds kMostFaultTime = std::chrono::hours(24);

/// Reads a plan: a rule a line, its kind and then key=value words; `#` begins a comment. EINVAL and a sentence with the
/// line's number for what is not understood. At most kMaxFaultRules rules.
Result<RouteFaultPlan> parse_route_faults(std::string_view text);
/// The same of a file of at most 1 MiB; errors of the file as they are, and the sentence begins with its name.
Result<RouteFaultPlan> load_route_faults(const std::string& path);
/// Text that parse_route_faults reads as the same plan.
std::string to_text(const RouteFaultPlan& plan);
/// Whether the numbers of a plan that did not come from a text are in their ranges: EINVAL and a sentence.
Status check_route_faults(const RouteFaultPlan& plan);

}  // namespace lightnvm
