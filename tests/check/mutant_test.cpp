// SPDX-License-Identifier: BSD-2-Clause
// Each rule that nvm_check names has a device that breaks it, and on that device nvm_check names it.
#include "backends/mutant/mutant.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "check/support.hpp"

namespace lightnvm::test {
namespace {

using backends::mutant::Made;
using backends::mutant::Mutant;
using backends::mutant::mutants;

// No copy, no early reset, a chunk within one command; larger sectors than MDTS has to leave room for.
constexpr const char* kSimple =
    "mutant:?groups=2&punits=2&chunks=20&sectors=32&ws_min=4&ws_opt=8&mw_cunits=8&mdts=6&mccap=0&bad=0.0.3&mutant=";

std::string rule_of(const Mutant& m) { return std::string(m.name.substr(0, m.name.find('/'))); }

class Mutants : public testing::TestWithParam<Mutant> {};

TEST_P(Mutants, broken_rule_is_named) {
  const Mutant& m = GetParam();
  const Folder folder;
  const std::string ident = m.made == Made::full
                                ? "mutant:" + make_full_device(folder) + "?mutant=" + std::string(m.name)
                                : kSimple + std::string(m.name);
  const auto findings = run_all(open_device(ident));
  EXPECT_THAT(broken(findings), testing::Contains(rule_of(m)));
  // What stands on the broken rule may break with it.
  constexpr std::size_t kFew = 3;
  EXPECT_LE(broken(findings).size(), kFew) << failures(findings);
}

INSTANTIATE_TEST_SUITE_P(Check, Mutants, testing::ValuesIn(mutants()), [](const auto& instance) {
  std::string name(instance.param.name);
  std::ranges::replace_if(
      name, [](char c) { return c == '.' || c == '/'; }, '_');
  return name;
});

TEST(MutantList, has_one_for_every_rule) {
  std::set<std::string> killed;
  for (const Mutant& m : mutants()) killed.insert(rule_of(m));
  std::set<std::string> named;
  for (const auto& rule : tools::check::rules_of(SpecVersion::ocssd20)) named.insert(std::string(rule.name));
  EXPECT_EQ(killed, named);
}

TEST(MutantList, device_without_mutation_breaks_nothing) {
  const Folder folder;
  const auto full = run_all(open_device("mutant:" + make_full_device(folder)));
  EXPECT_TRUE(broken(full).empty()) << failures(full);
}

}  // namespace
}  // namespace lightnvm::test
