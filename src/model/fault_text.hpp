// SPDX-License-Identifier: BSD-2-Clause
// The grammar that all fault plans share: a seed, a rule a line, and the words that say when it fires.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/fault_trigger.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm::model {

inline constexpr std::size_t kMaxFaultPlanBytes = 1 << 20;

/// A word of a plan, and what it stands for.
template <typename T>
struct FaultName {
  std::string_view text;
  T value;
};

template <typename T, std::size_t N>
std::optional<T> named(const std::array<FaultName<T>, N>& names, std::string_view text) noexcept {
  const auto found = std::ranges::find(names, text, &FaultName<T>::text);
  return found == names.end() ? std::nullopt : std::optional(found->value);
}
template <typename T, std::size_t N>
std::string_view name_of(const std::array<FaultName<T>, N>& names, T value) noexcept {
  return std::ranges::find(names, value, &FaultName<T>::value)->text;
}
/// All of them, with commas between.
template <typename T, std::size_t N>
std::string listed(const std::array<FaultName<T>, N>& names) {
  std::string out;
  for (const auto& name : names) out.append(out.empty() ? "" : ", ").append(name.text);
  return out;
}

/// Reads a plan line by line. Those who derive from it say what the rules and their other words are.
class FaultPlanParser {
 protected:
  ~FaultPlanParser() = default;

  /// EINVAL and a sentence with the line's number for what is not understood.
  Status parse(std::string_view text);

  /// A line begins that is no seed: a rule of the name `name`. The trigger to be filled, or why there is no such rule.
  virtual Result<FaultTrigger*> begin(std::string_view name, std::uint32_t line) = 0;
  /// One of its words that does not say when.
  virtual Status word(std::string_view key, std::string_view value) = 0;
  /// The line ends.
  virtual Status end() { return {}; }
  virtual void set_seed(std::uint64_t seed) noexcept = 0;

  /// EINVAL, and `what` behind the line's number.
  [[nodiscard]] Status wrong(std::string_view what) const;
  [[nodiscard]] Status not_understood(std::string_view key, std::string_view value) const;
  /// Whether the line has the word.
  [[nodiscard]] bool has(std::string_view key) const noexcept;

 private:
  class Words;
  Status seed(Words& words);
  Status rule(std::string_view name, Words& words);
  Status apply(FaultTrigger& trigger, std::string_view key, std::string_view value);

  std::uint32_t line_ = 0;
  std::size_t rules_ = 0;
  bool seeded_ = false;
  std::vector<std::string_view> seen_;
};

/// Appends the words that `trigger` is read from, a blank before each.
void append_trigger(std::string& out, const FaultTrigger& trigger);

/// The text of a plan's file of at most kMaxFaultPlanBytes; of a longer one, its beginning. Errors of the file as they
/// are, with a sentence.
Result<std::string> read_fault_plan(const std::string& path);

}  // namespace lightnvm::model
