// SPDX-License-Identifier: BSD-2-Clause
// Fault plans of the way to a device as text: what is understood, what is refused and with which sentence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "lightnvm/route_faults.hpp"

namespace lightnvm::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(RouteFaultPlan, a_plan_is_a_seed_and_rules_with_comments_between_them) {
  const auto plan = parse_route_faults(
      "seed 42  # of the dice\n"
      "\n"
      "error status=write_fault opcode=write,vector_write when=after nth=3\r\n"
      "error status=0x4281 opcode=0x02 probability=0.25\n"
      "\tdelay time=100us-2ms every=10\n"
      "reorder window=16\n"
      "stall time=3s commands=100 after=5 count=2\n"
      "error queue=admin opcode=identify,0xC0 status=0x7f0\n"
      "disconnect nth=1000");
  ASSERT_TRUE(plan) << last_error();
  EXPECT_EQ(plan->seed, 42U);
  ASSERT_EQ(plan->rules.size(), 7U);
  const auto& r = plan->rules;
  EXPECT_EQ(r[0].status, Status::nvme(StatusCode::write_fault));
  EXPECT_TRUE(r[0].carried_out);
  EXPECT_EQ(r[0].opcodes.count(), 2U);
  EXPECT_TRUE(r[0].opcodes[0x01] && r[0].opcodes[0x91]);
  EXPECT_EQ(r[0].after, 2U);
  EXPECT_EQ(r[0].count, 1U);
  EXPECT_EQ(r[0].line, 3U);
  EXPECT_EQ(r[1].status, Status::nvme_dnr(StatusCode::unrecovered_read_error));
  EXPECT_FALSE(r[1].carried_out);
  EXPECT_DOUBLE_EQ(r[1].probability, 0.25);
  EXPECT_EQ(r[2].least, 100us);
  EXPECT_EQ(r[2].most, 2ms);
  EXPECT_EQ(r[2].every, 10U);
  EXPECT_EQ(r[3].window, 16U);
  EXPECT_EQ(r[4].most, 3s);
  EXPECT_EQ(r[4].commands, 100U);
  EXPECT_TRUE(r[5].admin);
  EXPECT_TRUE(r[5].opcodes[0x06] && r[5].opcodes[0xC0]);
  EXPECT_EQ(r[6].kind, RouteFault::disconnect);
}

TEST(RouteFaultPlan, its_text_reads_as_the_same_plan) {
  const std::string text =
      "seed 7\n"
      "error queue=admin opcode=get_log_page,0xc5 status=0x7f0 when=after every=2\n"
      "error status=write_fault\n"
      "error status=0x6281 count=3\n"
      "delay opcode=flush,read time=0s-1500us probability=0.125\n"
      "delay time=24ms\n"
      "reorder window=65535 after=3\n"
      "stall time=1s commands=9\n"
      "stall\n"
      "disconnect count=1\n";
  const auto plan = parse_route_faults(text);
  ASSERT_TRUE(plan) << last_error();
  EXPECT_EQ(to_text(*plan), text);
  EXPECT_TRUE(check_route_faults(*plan)) << last_error();
}

TEST(RouteFaultPlan, what_is_not_understood_is_refused_with_the_lines_number_and_what_to_write) {
  const std::pair<const char*, const char*> cases[] = {
      {"\nexplode", "line 2: 'explode' is no fault of the way to a device; these are: error, delay, reorder, stall, "},
      {"early_close", "(faults of an emulated device are in the plan of faults=)"},
      {"seed x", "seed is followed by one number"},
      {"error", "error needs status=, as status=write_fault"},
      {"error status=oops", "status=oops is none: it is a name, as write_fault, or"},
      {"error status=success", "status=success is none"},
      {"error status=unknown", "status=unknown is none"},
      {"error status=0", "status=0 is none"},
      {"error status=0x4000", "status=0x4000 is none"},
      {"error status=0x8001", "status=0x8001 is none"},
      {"error status=write_fault when=never", "when=never is not before or after"},
      {"delay status=write_fault time=1s", "status= is for error alone"},
      {"delay when=after time=1s", "when= is for error alone"},
      {"delay", "delay needs time=, as time=2ms"},
      {"delay time=5", "time=5 is not a time or two, as 500us or 1ms-20ms (ns, us, ms, s; to 86400s)"},
      {"delay time=ms", "time=ms is not"},
      {"delay time=0s", "time=0s is not"},
      {"delay time=2ms-1ms", "time=2ms-1ms is not"},
      {"delay time=1ms-", "time=1ms- is not"},
      {"delay time=86401s", "time=86401s is not"},
      {"delay time=99999999999999999999ns", "is not a time"},
      {"stall time=1s-2s", "a stall has one time="},
      {"error time=1s status=write_fault", "time= is for delay and stall"},
      {"reorder", "reorder needs window=, as window=8"},
      {"reorder window=1", "window=1 is not 2 to 65535"},
      {"reorder window=65536", "window=65536 is not"},
      {"stall window=3", "window= is for reorder alone"},
      {"delay time=1s commands=3", "commands= is for stall alone"},
      {"stall commands=0", "commands=0 is not understood"},
      {"stall queue=fast", "queue=fast is not io or admin"},
      {"stall opcode=identify", "opcode=identify is an admin command's; add queue=admin"},
      {"stall opcode=read,", "opcode= is no command of the I/O queue; a name, as vector_write, or 0x00 to 0xff"},
      {"stall opcode=256", "opcode=256 is no command"},
      {"stall queue=admin opcode=read", "opcode=read is no command of the admin queue; a name, as identify"},
      {"stall by=address", "by=address is not understood"},
      {"stall chunk=3", "chunk=3 is not understood"},
      {"stall nth=0", "nth=0 is not understood"},
      {"stall nth=1 every=2", "nth says it all"},
      {"stall probability=2", "probability=2 is not above 0"},
  };
  for (const auto& [text, sentence] : cases) {
    const auto plan = parse_route_faults(text);
    ASSERT_FALSE(plan) << text;
    EXPECT_TRUE(plan.error().is_errno(EINVAL)) << text;
    EXPECT_THAT(last_error(), HasSubstr(sentence)) << text;
  }
}

TEST(RouteFaultPlan, there_is_a_limit_of_rules_and_of_bytes) {
  std::string text;
  for (std::size_t i = 0; i < kMaxFaultRules; ++i) text += "stall\n";
  EXPECT_TRUE(parse_route_faults(text));
  EXPECT_FALSE(parse_route_faults(text + "stall\n"));
  EXPECT_THAT(last_error(), HasSubstr("line 1025: more than 1024 rules"));
  EXPECT_FALSE(parse_route_faults(std::string((1 << 20) + 1, '\n')));
}

TEST(RouteFaultPlan, a_plan_of_a_program_is_checked_as_a_text_is) {
  const auto checked = [](auto&& change) {
    RouteFaultPlan plan;
    plan.rules.emplace_back();
    change(plan.rules[0]);
    return check_route_faults(plan);
  };
  EXPECT_TRUE(checked([](RouteFaultRule&) {}));
  EXPECT_TRUE(checked([](RouteFaultRule& r) { r.kind = RouteFault::stall, r.most = 1ms; }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.every = 0; }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.count = 0; }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.probability = std::numeric_limits<double>::quiet_NaN(); }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.status = Status::os(EIO); }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.status = Status(); }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.kind = RouteFault::delay; }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.kind = RouteFault::delay, r.least = 2ms, r.most = 1ms; }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.kind = RouteFault::delay, r.least = r.most = 25h; }));
  EXPECT_FALSE(checked([](RouteFaultRule& r) { r.kind = RouteFault::reorder, r.window = 0; }));
}

TEST(RouteFaultPlan, a_file_is_read_and_its_name_is_said_with_what_is_wrong) {
  const auto path = std::filesystem::temp_directory_path() / ("route_faults_" + std::to_string(::getpid()));
  std::ofstream(path) << "seed 3\nstall\n";
  const auto plan = load_route_faults(path.string());
  ASSERT_TRUE(plan) << last_error();
  EXPECT_EQ(plan->seed, 3U);
  std::ofstream(path) << "nonsense\n";
  EXPECT_FALSE(load_route_faults(path.string()));
  EXPECT_THAT(last_error(), HasSubstr(path.string() + ": fault plan, line 1"));
  std::filesystem::remove(path);
  EXPECT_TRUE(load_route_faults(path.string()).error().is_errno(ENOENT));
}

}  // namespace
}  // namespace lightnvm::test
