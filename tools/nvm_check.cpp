// SPDX-License-Identifier: BSD-2-Clause
// nvm_check: whether a device conforms to its specification, rule by rule.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <random>

#include "check_session.hpp"
#include "chunk_listing.hpp"
#include "common.hpp"
#include "progress.hpp"

namespace {

using tools::Json;
using tools::Output;
namespace check = tools::check;

/// Exit codes: a rule is broken; the device was not judged.
constexpr int kBroken = 1, kNotJudged = 2;

struct Arguments {
  std::string ident;
  std::vector<std::string> rules;
  std::optional<std::uint64_t> seed;
  bool yes = false, json = false, list = false;
};

/// Thrown where the device is not judged, with what is to be said.
struct NotJudged {
  std::string call, sentence;
};

std::vector<check::Rule> chosen(const Arguments& arguments, const std::vector<check::Rule>& all) {
  auto rules = check::choose(all, arguments.rules);
  if (!rules) throw NotJudged{"FAILED", fmt::format("there is no rule '{}'; --list has them", rules.error())};
  return std::move(*rules);
}

int list(const Arguments& arguments) {
  Output out(arguments.json);
  Json all = Json::array();
  auto both = check::rules_of(lightnvm::SpecVersion::ocssd20);
  const auto older = check::rules_of(lightnvm::SpecVersion::ocssd12);
  both.insert(both.end(), older.begin(), older.end());
  for (const check::Rule& r : chosen(arguments, both)) {
    out.text(fmt::format("{:<21} {:<16} {}\n", r.name, r.section, r.must));
    all.push_back({{"name", r.name}, {"section", r.section}, {"rule", r.must}});
  }
  out.document()["rules"] = std::move(all);
  out.finish();
  return 0;
}

/// Says what will be overwritten, and has it confirmed.
void confirm(const Arguments& arguments, std::span<const lightnvm::Address> plan) {
  if (arguments.yes || plan.empty()) return;
  constexpr std::size_t kShown = 64;
  fmt::print(stderr, "# nvm_check writes to these chunks of {}, which are free, and resets them:\n# {}\n",
             arguments.ident, tools::chunk_list(plan, kShown));
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
    throw NotJudged{"nvm_check", "not without --yes, as there is no terminal to ask on"};
  }
  fmt::print(stderr, "# Go on? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") throw NotJudged{"nvm_check", "nothing was done"};
}

std::vector<check::Finding> run(check::Session& session, const std::vector<check::Rule>& rules, const Output& out) {
  tools::Progress progress(
      {.what = "nvm_check", .total = rules.size(), .bytes = false, .unit = "rules", .quiet = out.json()});
  const tools::Interruptible interruptible;
  std::vector<check::Finding> findings;
  for (const check::Rule& rule : rules) {
    if (tools::interrupted()) {
      progress.above([&] { out.text("Bail out! Interrupted.\n"); });
      break;
    }
    findings.push_back(session.check(rule));
    progress.set(findings.size());
    progress.above([&] { out.text(check::tap(findings.back(), findings.size())); });
  }
  return findings;
}

int judge(const Arguments& arguments) {
  Output out(arguments.json);
  lightnvm::Device device = tools::open_device(arguments.ident);
  if (device.read_only()) throw NotJudged{"nvm_check", "the device was opened for a look only; the rules write to it"};
  const auto rules = chosen(arguments, check::rules_of(device.version()));
  if (rules.empty()) throw NotJudged{"nvm_check", "there are no rules for what the device speaks"};
  const std::uint64_t seed = arguments.seed ? *arguments.seed : std::random_device()() % 10000;
  auto stock = check::Stock::take_stock(device, seed);
  if (!stock) throw NotJudged{"nvm_check", "the chunk report cannot be read: " + stock.error().message()};
  const auto plan = stock->plan(rules);
  confirm(arguments, plan);

  out.text(fmt::format("TAP version 13\n1..{}\n# {}, backend {}, seed {}\n", rules.size(), arguments.ident,
                       device.backend(), seed));
  if (!plan.empty())
    out.text(
        fmt::format("# overwrites {}: {}\n", tools::counted(plan.size(), "free chunk"), tools::chunk_list(plan, 64)));
  check::Session session(std::move(*stock));
  const auto findings = run(session, rules, out);
  const check::Count n = check::count(findings);
  out.text(fmt::format("# {}: {} passed, {} failed, {} skipped\n", tools::counted(rules.size(), "rule"), n.passed,
                       n.failed, n.skipped));

  Json all = Json::array();
  for (const check::Finding& f : findings) all.push_back(check::json(f));
  Json chunks = Json::array();
  for (const auto a : plan) chunks.push_back(fmt::format("{:#018x}", a.value));
  out.document() = {{"device", arguments.ident},
                    {"backend", device.backend()},
                    {"seed", seed},
                    {"overwrites", std::move(chunks)},
                    {"passed", n.passed},
                    {"failed", n.failed},
                    {"skipped", n.skipped},
                    {"rules", std::move(all)}};
  out.finish();
  return n.failed != 0 || findings.size() != rules.size() ? kBroken : 0;
}

constexpr const char* kExamples =
    "Examples:\n"
    "  nvm_check --list\n"
    "  nvm_check ocssd.img\n"
    "  nvm_check 'emu:?groups=8&punits=4' --yes --rule write --rule reset.open\n"
    "\nIt writes to free chunks alone, says to which before it begins, and leaves them free.\n"
    "Exit code: 0 no rule is broken, 1 one is, 2 the device was not judged.\n";

/// Returns an exit code, or -1 to go on.
int parse(int argc, char** argv, Arguments& arguments) {
  CLI::App app("NVM Check: whether a device conforms to the Open-Channel SSD specification", "nvm_check");
  app.get_formatter()->column_width(24);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", fmt::format("nvm_check (liblightnvm) {}", tools::version()),
                       "Print the version and exit");
  app.footer(kExamples);
  app.add_option("dev_path", arguments.ident, "Device: a path, or BACKEND:IDENT")->type_name("");
  app.add_flag("-y,--yes", arguments.yes, "Do not ask before chunks are overwritten");
  app.add_flag("--json", arguments.json, "Print one JSON document");
  app.add_option("--rule", arguments.rules, "Check these rules, or groups of rules, alone")->type_name("NAME");
  app.add_flag("--list", arguments.list, "Print the rules and exit");
  tools::add_number(&app, "--seed", arguments.seed, "Which chunks, which data: the same seed, the same run");
  if (argc < 2) {
    fmt::print("{}", app.help());
    return 0;
  }
  try {
    app.parse(argc, argv);
    if (arguments.ident.empty() && !arguments.list) throw CLI::RequiredError("dev_path");
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const CLI::CallForVersion& e) {
    fmt::print("{}\n", e.what());
    return 0;
  } catch (const CLI::ParseError& e) {
    throw NotJudged{"FAILED", e.what()};
  }
  return -1;
}

/// Says why the device was not judged, in words and, where that is wanted, as a document.
int not_judged(const Arguments& arguments, const std::string& call, const std::string& sentence) {
  tools::complain(call, sentence);
  if (call == "FAILED") fmt::print(stderr, "# See: nvm_check --help\n");
  if (arguments.json) fmt::print("{}\n", Json{{"error", {{"call", call}, {"message", sentence}}}}.dump(2));
  return kNotJudged;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  try {
    if (const int code = parse(argc, argv, arguments); code >= 0) return code;
    const int code = arguments.list ? list(arguments) : judge(arguments);
    tools::die_if_interrupted();
    return code;
  } catch (const NotJudged& e) {
    return not_judged(arguments, e.call, e.sentence);
  } catch (const tools::Failure& e) {
    return not_judged(arguments, e.call(), e.what());
  } catch (const std::exception& e) {
    return not_judged(arguments, "nvm_check", e.what());
  }
}
