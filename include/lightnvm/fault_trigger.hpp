// SPDX-License-Identifier: BSD-2-Clause
// FaultTrigger: when a rule of a fault plan fires, whatever it does then.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lightnvm {

/// Which of the events that a rule is about it hits. docs/faults.md has the words for it in a plan.
struct FaultTrigger {
  std::uint64_t after = 0;      ///< events that pass first
  std::uint64_t every = 1;      ///< then each `every`-th can be hit, beginning with the next; at least 1
  std::uint64_t count = ~0ULL;  ///< at most so many times; at least 1
  double probability = 1;       ///< of those; above 0, at most 1
  friend bool operator==(const FaultTrigger&, const FaultTrigger&) noexcept = default;
};

inline constexpr std::size_t kMaxFaultRules = 1024;

}  // namespace lightnvm
