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

// Two planes, a hole among LUNs and blocks.
constexpr const char* kPhysical =
    "mutant:?spec=1.2&groups=2&punits=3&blocks=11&planes=2&pages=6&page_sectors=4&sector_bytes=512&bad=0.0.3&mutant=";

std::string ident_of(const Mutant& m, const Folder& folder) {
  const std::string name(m.name);
  if (m.made == Made::simple) return kSimple + name;
  return m.made == Made::physical ? kPhysical + name : "mutant:" + make_full_device(folder) + "?mutant=" + name;
}

std::string rule_of(const Mutant& m) { return std::string(m.name.substr(0, m.name.find('/'))); }

class Mutants : public testing::TestWithParam<Mutant> {};

TEST_P(Mutants, broken_rule_is_named) {
  const Mutant& m = GetParam();
  const Folder folder;
  const auto findings = run_all(open_device(ident_of(m, folder)));
  EXPECT_THAT(broken(findings), testing::Contains(rule_of(m)));
  // What stands on the broken rule may break with it.
  constexpr std::size_t kFew = 3;
  EXPECT_LE(broken(findings).size(), kFew) << failures(findings);
}

INSTANTIATE_TEST_SUITE_P(Check, Mutants, testing::ValuesIn(mutants()), [](const auto& instance) {
  std::string name(instance.param.name);
  std::ranges::replace_if(name, [](char c) { return c == '.' || c == '/'; }, '_');
  return name;
});

TEST(MutantList, has_one_for_every_rule) {
  std::set<std::string> killed;
  for (const Mutant& m : mutants()) killed.insert(rule_of(m));
  std::set<std::string> named;
  for (const SpecVersion version : {SpecVersion::ocssd20, SpecVersion::ocssd12}) {
    for (const auto& rule : tools::check::rules_of(version)) named.insert(std::string(rule.name));
  }
  EXPECT_EQ(killed, named);
}

TEST(MutantList, device_without_mutation_breaks_nothing) {
  const Folder folder;
  const auto full = run_all(open_device("mutant:" + make_full_device(folder)));
  EXPECT_TRUE(broken(full).empty()) << failures(full);
}

}  // namespace
}  // namespace lightnvm::test
