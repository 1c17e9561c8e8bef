// SPDX-License-Identifier: BSD-2-Clause
// Session: the rules of nvm_check on one device, one after another, and what is told of them.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "check_rule.hpp"
#include "check_stock.hpp"

namespace tools::check {

/// The rules that these names choose: whole names, or what stands before the dot. The error is a name that none has.
std::expected<std::vector<Rule>, std::string> choose(const std::vector<Rule>& rules,
                                                     const std::vector<std::string>& names);

/// Begins with DULBE off; at its end the feature is as it was.
class Session {
 public:
  explicit Session(Stock stock);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Stock& stock() const noexcept { return stock_; }
  /// Checks one rule. Never throws what the rule throws.
  Finding check(const Rule& rule);

 private:
  Stock stock_;
  std::optional<std::uint32_t> error_recovery_;
};

/// How many of the findings are which.
struct Count {
  std::size_t passed = 0, failed = 0, skipped = 0;
};
Count count(const std::vector<Finding>& findings);

/// One test of TAP version 13: a line, and for a failure its YAML block.
std::string tap(const Finding& finding, std::size_t number);
/// A finding as a member of the JSON document.
nlohmann::ordered_json json(const Finding& finding);

}  // namespace tools::check
