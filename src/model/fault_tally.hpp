// SPDX-License-Identifier: BSD-2-Clause
// FaultTally: counts the events of one rule of a fault plan, and throws its dice.
#pragma once

#include <cstdint>
#include <optional>

#include "lightnvm/fault_trigger.hpp"

namespace lightnvm::model {

/// The finalizer of SplitMix64: each bit of the input changes about half of those of the output.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// Dice of one rule: the same seed, rule and number give the same throw.
class FaultDice {
 public:
  constexpr FaultDice(std::uint64_t seed, std::uint64_t rule) noexcept : seed_(mix(seed + mix(rule))) {}
  /// 64 random bits.
  [[nodiscard]] constexpr std::uint64_t bits(std::uint64_t number) const noexcept { return mix(seed_ ^ number); }
  /// From 0 to below 1.
  [[nodiscard]] constexpr double fraction(std::uint64_t number) const noexcept {
    return static_cast<double>(bits(number) >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t seed_;
};

/// One thread at a time.
class FaultTally {
 public:
  /// An event happens: whether `trigger` hits it. The dice are thrown for `place` where there is one, else for the
  /// event.
  [[nodiscard]] bool strikes(const FaultTrigger& trigger, FaultDice dice,
                             std::optional<std::uint64_t> place = std::nullopt) noexcept {
    const std::uint64_t event = events_++;
    if (event < trigger.after || (event - trigger.after) % trigger.every != 0 || hits_ >= trigger.count) return false;
    if (trigger.probability < 1 && dice.fraction(place.value_or(event)) >= trigger.probability) return false;
    ++hits_;
    return true;
  }
  [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }

 private:
  std::uint64_t events_ = 0, hits_ = 0;
};

}  // namespace lightnvm::model
