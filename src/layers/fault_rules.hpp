// SPDX-License-Identifier: BSD-2-Clause
// FaultRules: what a plan makes of the commands that come to one device, whatever their queue.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "backends/backend.hpp"
#include "lightnvm/route_faults.hpp"
#include "model/fault_tally.hpp"

namespace lightnvm::layers {

/// What is to be done with a command.
struct FaultVerdict {
  enum class Hold : std::uint8_t { none, delay, reorder, stall };

  bool disconnect = false;  ///< nothing but that
  Status before, after;     ///< not success: its status, instead of being sent or of its own
  Hold hold = Hold::none;
  std::uint32_t overtakers = 0;                  ///< reorder: so many others complete first
  std::optional<std::chrono::nanoseconds> time;  ///< delay, stall: from its submission on
  std::uint64_t commands = ~0ULL;                ///< stall: ends with the device's command of that number
};

/// Thread-safe. Does not allocate but when it is made.
class FaultRules {
 public:
  explicit FaultRules(const RouteFaultPlan& plan);

  /// A command comes.
  [[nodiscard]] FaultVerdict judge(backends::QueueKind queue, std::uint32_t opcode) noexcept;
  /// The connection is gone for good.
  [[nodiscard]] bool lost() const noexcept { return lost_.load(std::memory_order_acquire); }
  /// So many have come.
  [[nodiscard]] std::uint64_t commands() const noexcept { return commands_.load(std::memory_order_acquire); }

 private:
  struct Hit {
    const RouteFaultRule& rule;
    std::uint64_t bits;  // of dice of its own
  };
  [[nodiscard]] std::optional<Hit> hit(RouteFault kind, bool admin, std::uint32_t opcode) noexcept;
  void hold(FaultVerdict& verdict, const Hit& hit) noexcept;

  const RouteFaultPlan plan_;
  std::atomic<bool> lost_{false};
  std::atomic<std::uint64_t> commands_{0};
  std::mutex mutex_;
  std::vector<model::FaultTally> tallies_;  // by rule
};

}  // namespace lightnvm::layers
