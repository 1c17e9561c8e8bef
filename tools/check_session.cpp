// SPDX-License-Identifier: BSD-2-Clause
// Runs rules, and puts what became of them into TAP and JSON.
#include "check_session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "check_trial.hpp"

namespace tools::check {
namespace {

constexpr std::uint32_t kDulbe = 1U << 16;

/// A YAML string in double quotes.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::vector<Rule> rules_of(lightnvm::SpecVersion version) {
  using Tables = std::vector<std::span<const Rule>>;
  std::vector<Rule> out;
  Tables tables;
  if (version == lightnvm::SpecVersion::ocssd20) {
    tables = {identify_rules_20(), report_rules_20(), write_rules_20(),   read_rules_20(),   reset_rules_20(),
              vector_rules_20(),   copy_rules_20(),   feature_rules_20(), command_rules_20()};
  }
  if (version == lightnvm::SpecVersion::ocssd12) tables = {identity_rules_12(), table_rules_12(), block_rules_12()};
  for (const auto table : tables) out.insert(out.end(), table.begin(), table.end());
  return out;
}

std::expected<std::vector<Rule>, std::string> choose(const std::vector<Rule>& rules,
                                                     const std::vector<std::string>& names) {
  if (names.empty()) return rules;
  const auto is = [](const Rule& r, const std::string& name) {
    return r.name == name || r.name.substr(0, r.name.find('.')) == name;
  };
  for (const std::string& name : names) {
    if (std::ranges::none_of(rules, [&](const Rule& r) { return is(r, name); })) return std::unexpected(name);
  }
  std::vector<Rule> out;
  std::ranges::copy_if(rules, std::back_inserter(out), [&](const Rule& r) {
    return std::ranges::any_of(names, [&](const std::string& name) { return is(r, name); });
  });
  return out;
}

Session::Session(Stock stock) : stock_(std::move(stock)) {
  const auto value = stock_.device().feature(lightnvm::Feature::error_recovery);
  if (!value || (*value & kDulbe) == 0) return;
  error_recovery_ = *value;
  (void)stock_.device().report_unwritten(false);
}

Session::~Session() {
  if (error_recovery_) (void)stock_.device().set_feature(lightnvm::Feature::error_recovery, *error_recovery_);
}

Finding Session::check(const Rule& rule) {
  Finding out{.rule = &rule};
  if (std::string reason = stock_.missing(rule.needs); !reason.empty()) {
    out.outcome = Outcome::skipped;
    out.reason = std::move(reason);
    return out;
  }
  Trial trial(stock_, rule);
  try {
    rule.check(trial);
  } catch (const Skipped& e) {
    out.outcome = Outcome::skipped;
    out.reason = e.reason;
  } catch (const Broken& e) {
    const bool worn = trial.wore_out();
    out.outcome = worn ? Outcome::skipped : Outcome::failed;
    if (worn) {
      out.reason = "a chunk came to the end of its life while the rule was checked";
      return out;
    }
    out.expected = e.expected;
    out.got = e.got;
    out.command = e.command;
  }
  return out;
}

Count count(const std::vector<Finding>& findings) {
  Count out;
  for (const Finding& f : findings) {
    if (f.outcome == Outcome::passed) ++out.passed;
    if (f.outcome == Outcome::failed) ++out.failed;
    if (f.outcome == Outcome::skipped) ++out.skipped;
  }
  return out;
}

std::string tap(const Finding& f, std::size_t number) {
  const char* verdict = f.outcome == Outcome::failed ? "not ok" : "ok";
  const std::string remark =
      f.outcome == Outcome::skipped ? fmt::format("SKIP {}", f.reason) : std::string(f.rule->section);
  std::string out = fmt::format("{} {} - {} # {}\n", verdict, number, f.rule->name, remark);
  if (f.outcome != Outcome::failed) return out;
  out += "  ---\n";
  const auto line = [&](const char* key, const std::string& text) {
    if (!text.empty()) out += fmt::format("  {}: {}\n", key, quoted(text));
  };
  line("rule", std::string(f.rule->must));
  line("section", std::string(f.rule->section));
  line("expected", f.expected);
  line("got", f.got);
  line("command", f.command);
  return out + "  ...\n";
}

nlohmann::ordered_json json(const Finding& f) {
  constexpr const char* kOutcomes[] = {"passed", "failed", "skipped"};
  nlohmann::ordered_json out = {{"name", f.rule->name},
                                {"section", f.rule->section},
                                {"rule", f.rule->must},
                                {"outcome", kOutcomes[static_cast<std::size_t>(f.outcome)]}};
  if (f.outcome == Outcome::skipped) out["reason"] = f.reason;
  if (f.outcome != Outcome::failed) return out;
  out["expected"] = f.expected;
  out["got"] = f.got;
  out["command"] = f.command;
  return out;
}

}  // namespace tools::check
