// SPDX-License-Identifier: BSD-2-Clause
// Fault plans as text: what is understood, what is refused and with which sentence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lightnvm/faults.hpp"

namespace lightnvm::emulator {
namespace {

using testing::HasSubstr;

std::string refused(std::string_view text) {
  const auto plan = parse_faults(text);
  EXPECT_FALSE(plan.has_value()) << text;
  if (plan) return "accepted";
  EXPECT_TRUE(plan.error().is_errno(EINVAL));
  return last_error();
}

TEST(FaultPlan, a_plan_is_a_seed_and_rules_with_comments_between_them) {
  const auto plan = parse_faults(
      "# a comment\n"
      "seed 0x2a\r\n"
      "\n"
      "early_close group=1 punit=0-1 chunk=3 sector=8-11 nth=3  # the third\n"
      "\tread_error probability=1e-3 by=address\n"
      "wear_out chunk=* cycles=20\n"
      "refresh after=10 every=5 count=2 state=refreshed\n"
      "power_cut nth=1000");
  ASSERT_TRUE(plan.has_value()) << last_error();
  EXPECT_EQ(plan->seed, 42U);
  ASSERT_EQ(plan->rules.size(), 5U);
  const FaultRule& close = plan->rules[0];
  EXPECT_EQ(close.kind, FaultKind::early_close);
  EXPECT_EQ(close.group, (FaultRange{1, 1}));
  EXPECT_EQ(close.unit, (FaultRange{0, 1}));
  EXPECT_EQ(close.sector, (FaultRange{8, 11}));
  EXPECT_EQ(close.after, 2U);
  EXPECT_EQ(close.count, 1U);
  EXPECT_EQ(close.line, 4U);
  EXPECT_DOUBLE_EQ(plan->rules[1].probability, 1e-3);
  EXPECT_TRUE(plan->rules[1].by_address);
  EXPECT_TRUE(plan->rules[2].chunk.all());
  EXPECT_EQ(plan->rules[2].cycles, 20U);
  EXPECT_EQ(plan->rules[3].every, 5U);
  EXPECT_EQ(plan->rules[3].state, Event::refreshed);
  EXPECT_EQ(plan->rules[4].kind, FaultKind::power_cut);
}

TEST(FaultPlan, its_text_reads_as_the_same_plan) {
  const auto plan = parse_faults(
      "seed 7\nhigh_ecc group=2 sector=1-5 probability=0.125 by=address\nwear_out punit=1 cycles=3 after=1 every=2\n"
      "refresh state=medium count=9\n");
  ASSERT_TRUE(plan.has_value());
  const auto again = parse_faults(to_text(*plan));
  ASSERT_TRUE(again.has_value()) << last_error();
  EXPECT_EQ(*again, *plan);
}

TEST(FaultPlan, nothing_is_a_plan_without_faults) {
  EXPECT_TRUE(parse_faults("").has_value());
  EXPECT_TRUE(parse_faults("\n # only this\n")->rules.empty());
}

TEST(FaultPlan, what_is_not_understood_is_refused_with_the_lines_number) {
  const std::pair<const char*, const char*> cases[] = {
      {"\nexplode\n", "line 2: 'explode' is no fault; these are: early_close"},
      {"seed", "line 1: seed is followed by one number"},
      {"seed 1 2", "line 1: seed is followed by one number"},
      {"seed -1", "seed is followed by one number"},
      {"seed 99999999999999999999", "seed is followed by one number"},
      {"seed 1\nseed 2", "line 2: the seed is there twice"},
      {"read_error often", "'often' is not key=value"},
      {"read_error chunk=1 chunk=2", "'chunk' is there twice"},
      {"read_error group=256", "group=256 is not N, N-M (0 to 255) or *"},
      {"read_error punit=3-2", "punit=3-2 is not"},
      {"read_error chunk=65536", "(0 to 65535)"},
      {"read_error chunk=", "chunk= is not"},
      {"read_error chunk=1-", "chunk=1- is not"},
      {"read_error sector=4294967295", "sector=4294967295 is not"},
      {"read_error probability=0", "probability=0 is not above 0"},
      {"read_error probability=1.5", "probability=1.5 is not"},
      {"read_error probability=nan", "probability=nan is not"},
      {"read_error probability=0.1x", "probability=0.1x is not"},
      {"read_error nth=0", "nth=0 is not understood"},
      {"read_error every=0", "every=0 is not understood"},
      {"read_error count=0", "count=0 is not understood"},
      {"read_error after=x", "after=x is not understood"},
      {"read_error nth=1 every=2", "nth says it all"},
      {"read_error colour=red", "colour=red is not understood"},
      {"read_error by=chance", "by=chance is not event or address"},
      {"read_error cycles=2", "cycles= is for wear_out alone"},
      {"wear_out cycles=65536", "cycles=65536 is not understood"},
      {"read_error state=high", "state= is for refresh alone"},
      {"refresh state=fine", "state=fine is none; these are: low"},
      {"reset_fail sector=1", "a reset is of a whole chunk"},
      {"power_cut group=1", "a power cut has no place"},
      {"power_cut by=address", "a power cut has no address"},
  };
  for (const auto& [text, sentence] : cases) EXPECT_THAT(refused(text), HasSubstr(sentence)) << text;
}

TEST(FaultPlan, there_is_a_limit_of_rules_and_of_bytes) {
  std::string text;
  for (std::size_t i = 0; i < kMaxFaultRules; ++i) text += "read_error\n";
  EXPECT_TRUE(parse_faults(text).has_value());
  EXPECT_THAT(refused(text + "read_error\n"), HasSubstr("line 1025: more than 1024 rules"));
  EXPECT_THAT(refused(std::string((1 << 20) + 1, '\n')), HasSubstr("longer than 1 MiB"));
}

TEST(FaultPlan, a_rule_names_only_what_the_device_has) {
  const Config config;
  const auto check = [&](std::string_view text) { return check_faults(*parse_faults(text), config); };
  EXPECT_TRUE(check("read_error group=2 punit=4 chunk=59 sector=1535").ok());
  EXPECT_FALSE(check("\nread_error group=3").ok());
  EXPECT_THAT(last_error(), HasSubstr("line 2: group=3, but the device has 0 to 2"));
  EXPECT_FALSE(check("read_error punit=0-5").ok());
  EXPECT_FALSE(check("read_error chunk=60").ok());
  EXPECT_FALSE(check("read_error sector=1536").ok());
  const Config physical(SpecVersion::ocssd12);
  EXPECT_TRUE(check_faults(*parse_faults("read_error chunk=43 sector=191"), physical).ok());
  EXPECT_FALSE(check_faults(*parse_faults("high_ecc"), physical).ok());
  EXPECT_THAT(last_error(), HasSubstr("OCSSD 1.2 has no high_ecc"));
}

TEST(FaultPlan, a_file_is_read_and_its_name_is_said_with_what_is_wrong) {
  const auto path = std::filesystem::temp_directory_path() / ("fault_plan_" + std::to_string(::getpid()));
  std::ofstream(path) << "seed 3\nread_error\n";
  const auto plan = load_faults(path.string());
  ASSERT_TRUE(plan.has_value()) << last_error();
  EXPECT_EQ(plan->seed, 3U);
  std::ofstream(path) << "nonsense\n";
  EXPECT_FALSE(load_faults(path.string()).has_value());
  EXPECT_THAT(last_error(), HasSubstr(path.string() + ": fault plan, line 1"));
  std::filesystem::remove(path);
  EXPECT_TRUE(load_faults(path.string()).error().is_errno(ENOENT));
  EXPECT_TRUE(load_faults("/").error().is_errno(EISDIR));
}

}  // namespace
}  // namespace lightnvm::emulator
