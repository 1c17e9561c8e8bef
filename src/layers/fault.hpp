// SPDX-License-Identifier: BSD-2-Clause
// fault: a decorator that has commands fail, come late, overtake each other, or never end, by a written plan.
#pragma once

#include <memory>

#include "backends/backend.hpp"
#include "lightnvm/route_faults.hpp"

namespace lightnvm::layers {

/// The time that a plan's times are of. Thread-safe.
class FaultTime {
 public:
  virtual ~FaultTime() = default;
  /// Does not go back.
  [[nodiscard]] virtual backends::Clock::time_point now() noexcept = 0;
  /// Returns when that time has come, or before.
  virtual void wait_until(backends::Clock::time_point time) noexcept = 0;
};

/// The machine's.
FaultTime& steady_time() noexcept;

/// A backend that behaves as `backend`, but for what `plan` says; docs/faults.md tells what each rule does. Requires a
/// plan that check_route_faults accepts. `time` outlives it.
///
/// The contract of the seam holds above it: every command that is taken completes once. Its queues have no event
/// descriptor. Judging a command takes a lock that the device's queues share.
std::unique_ptr<backends::Backend> fault(std::unique_ptr<backends::Backend> backend, const RouteFaultPlan& plan,
                                         FaultTime& time = steady_time());

}  // namespace lightnvm::layers
