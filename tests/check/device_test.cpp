// SPDX-License-Identifier: BSD-2-Clause
// nvm_check on sound devices: nothing is broken, what is skipped has a reason, and the device is left as it was.
#include <gmock/gmock.h>

#include <algorithm>

#include "check/support.hpp"
#include "chunk_listing.hpp"
#include "support/served.hpp"

namespace lightnvm::test {
namespace {

namespace check = tools::check;

struct Sound {
  const char* name;
  const char* ident;
  const char* over_tcp = nullptr;  ///< options of the route, if the device is behind a target
};

/// The device, and the target that it is behind.
struct Opened {
  explicit Opened(const Sound& sound)
      : served(sound.over_tcp == nullptr ? nullptr : std::make_unique<Served>(sound.ident)),
        device(open_device(served ? served->ident() + sound.over_tcp : sound.ident)) {}
  std::unique_ptr<Served> served;
  Device device;
};

class SoundDevice : public testing::TestWithParam<Sound> {};

void expect_left_alone(const std::vector<Chunk>& before, Device device) {
  const auto after = device.chunks();
  ASSERT_TRUE(after);
  ASSERT_EQ(after->size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ((*after)[i].state, before[i].state) << i;
    EXPECT_EQ((*after)[i].write_pointer, before[i].write_pointer) << i;
  }
  EXPECT_EQ(device.feature(Feature::error_recovery).value_or(0), 0x10000U) << "DULBE as it was";
}

TEST_P(SoundDevice, breaks_no_rule_and_is_left_as_it_was) {
  Opened opened(GetParam());
  Device& device = opened.device;
  ASSERT_TRUE(device.report_unwritten(true));
  const auto before = device.chunks();
  ASSERT_TRUE(before);
  for (const std::uint64_t seed : {1, 7}) {
    const auto findings = run_all(device, seed);
    EXPECT_TRUE(broken(findings).empty()) << failures(findings);
    EXPECT_GT(check::count(findings).passed, 70U);
    for (const auto& f : findings) EXPECT_EQ(f.outcome == check::Outcome::skipped, !f.reason.empty()) << f.rule->name;
    expect_left_alone(*before, device);
  }
}

constexpr Sound kSound[] = {
    {"tiny", "emu:?groups=1&punits=1&chunks=6&sectors=64&bad=none"},
    {"usual", "emu:"},
    {"worked_example",
     "emu:?groups=8&punits=4&chunks=6&sectors=6144&ws_min=24&ws_opt=24&mw_cunits=192&mccap=1&bad=none"},
    {"worked_example_all_chunks",
     "emu:?groups=8&punits=4&chunks=1474&sectors=384&ws_min=24&ws_opt=24&mw_cunits=192&mccap=1&bad=0.0.7"},
    {"no_metadata", "emu:?oob_bytes=0"},
    {"ones", "emu:?predefined=0xff&mccap=7&maxoc=7&mdts=0"},
    {"single_sectors", "emu:?ws_min=1&ws_opt=2&mw_cunits=0&sectors=12&bad=0.0.7"},
    {"small_sectors", "emu:?sector_bytes=512&mdts=1&sectors=48&ws_min=4&ws_opt=4&mw_cunits=8&bad=none"},
    {"without_copy", "emu:?mccap=0&sectors=64&mw_cunits=24"},
    {"route_lacks_all", "lacking:?seed=3&sectors=64"},
    {"route_without_metadata", "lacking:?seed=4&sectors=64&metadata=none&depth=1&transfer=32768"},
    {"route_extended", "lacking:?seed=5&sectors=64&metadata=extended&segments=4&depth=8"},
    {"route_has_vectors", "lacking:?seed=6&sectors=64&vectors&depth=8"},
    {"tcp", "emu:?sectors=64", ""},
    {"tcp_digests", "emu:?sectors=64&mccap=7&maxoc=7", "?digest=header,data"},
    {"tcp_standard", "emu:?sectors=64", "?extension=off"},
};

INSTANTIATE_TEST_SUITE_P(Check, SoundDevice, testing::ValuesIn(kSound),
                         [](const auto& instance) { return instance.param.name; });

class SoundPhysicalDevice : public testing::TestWithParam<Sound> {};

// Of OCSSD 1.2: the tables are as they were, and what was empty still is, or the next run would not find it.
TEST_P(SoundPhysicalDevice, breaks_no_rule_and_is_left_as_it_was) {
  Opened opened(GetParam());
  Device& device = opened.device;
  const auto before = device.bad_blocks(Address());
  ASSERT_TRUE(before);
  const auto plan = [&] { return check::Stock::take_stock(device, 1)->plan(check::rules_of(SpecVersion::ocssd12)); };
  const auto first = plan();
  for (const std::uint64_t seed : {1, 7}) {
    const auto findings = run_all(device, seed);
    EXPECT_TRUE(broken(findings).empty()) << failures(findings);
    EXPECT_GT(check::count(findings).passed, 20U);
    EXPECT_EQ(*device.bad_blocks(Address()), *before);
    EXPECT_EQ(plan(), first);
  }
}

constexpr Sound kSoundPhysical[] = {
    {"two_planes", "emu:?spec=1.2"},
    {"one_plane", "emu:?spec=1.2&planes=1&groups=1&punits=1&blocks=9&pages=5&bad=none"},
    {"four_planes_without_metadata", "emu:?spec=1.2&planes=4&oob_bytes=0&pages=8"},
    {"route_lacks_lists", "lacking:?spec=1.2&seed=5"},
    {"route_has_lists", "lacking:?spec=1.2&seed=6&vectors&depth=8"},
    {"tcp", "emu:?spec=1.2", ""},
    {"tcp_standard", "emu:?spec=1.2", "?extension=off"},
};

INSTANTIATE_TEST_SUITE_P(Check, SoundPhysicalDevice, testing::ValuesIn(kSoundPhysical),
                         [](const auto& instance) { return instance.param.name; });

TEST(SoundImage, with_chunks_of_every_kind_breaks_no_rule) {
  const Folder folder;
  const std::string path = make_full_device(folder);
  for (int round = 0; round < 2; ++round) {
    Device device = open_device("emu:" + path);
    ASSERT_TRUE(device.report_unwritten(true));
    const auto before = device.chunks();
    ASSERT_TRUE(before);
    const auto findings = run_all(device, 1 + static_cast<std::uint64_t>(round));
    EXPECT_TRUE(broken(findings).empty()) << failures(findings);
    expect_left_alone(*before, device);
  }
}

TEST(WornDevice, is_not_said_to_break_a_rule) {
  for (const char* ident : {"emu:?pe_cycles=3&sectors=64&wit=1", "emu:?spec=1.2&pe_cycles=2&pages=4"}) {
    Device device = open_device(ident);
    for (const std::uint64_t seed : {1, 2}) {
      const auto findings = run_all(device, seed);
      EXPECT_TRUE(broken(findings).empty()) << failures(findings);
    }
  }
}

TEST(Route, that_emulates_vectors_skips_what_it_cannot_keep) {
  const auto findings = run_all(open_device("lacking:?sectors=64"));
  for (const auto& f : findings) {
    if (f.rule->name != "vector.atomic" && f.rule->name != "copy.data") continue;
    EXPECT_EQ(f.outcome, check::Outcome::skipped);
    EXPECT_THAT(f.reason, testing::HasSubstr("emulated"));
  }
}

TEST(Rules, have_names_of_their_own_and_sections) {
  std::vector<std::string> names;
  auto all = check::rules_of(SpecVersion::ocssd20);
  for (const auto& r : check::rules_of(SpecVersion::ocssd12)) all.push_back(r);
  for (const auto& r : all) {
    names.emplace_back(r.name);
    EXPECT_THAT(std::string(r.name), testing::MatchesRegex("[a-z]+[.][a-z_]+"));
    EXPECT_THAT(std::string(r.section), testing::MatchesRegex("(OCSSD|NVMe|NVM)-[0-9][.][0-9] [0-9.]+"));
    EXPECT_TRUE(r.must.ends_with(".")) << r.name;
  }
  std::ranges::sort(names);
  EXPECT_TRUE(std::ranges::adjacent_find(names) == names.end());
}

TEST(Rules, are_chosen_by_name_and_by_group) {
  const auto all = check::rules_of(SpecVersion::ocssd20);
  EXPECT_EQ(check::choose(all, {}).value().size(), all.size());
  EXPECT_EQ(check::choose(all, {"write.closed", "write.closed"}).value().size(), 1U);
  const auto copies = check::choose(all, {"copy"});
  ASSERT_TRUE(copies);
  EXPECT_TRUE(std::ranges::all_of(*copies, [](const auto& r) { return r.name.starts_with("copy."); }));
  EXPECT_EQ(check::choose(all, {"copy", "nonsense"}).error(), "nonsense");
}

TEST(Plan, is_told_in_ranges) {
  const std::vector<Address> chunks{Address::of(0, 0, 1), Address::of(0, 0, 2), Address::of(0, 0, 3),
                                    Address::of(0, 0, 7), Address::of(1, 0, 0)};
  EXPECT_EQ(tools::chunk_list(chunks, 9), "(0,0,1..3) (0,0,7) (1,0,0)");
  EXPECT_EQ(tools::chunk_list(chunks, 1), "(0,0,1..3) and 2 more");
  EXPECT_EQ(tools::chunk_list({}, 1), "");
}

TEST(Tap, failure_has_its_yaml_block) {
  const check::Rule rule{"write.closed", "OCSSD-2.0 4.3", "A write to a closed chunk is 280h.", {}, nullptr};
  const check::Finding failed{&rule, check::Outcome::failed, {}, "this", "that: \"quoted\"", "write"};
  EXPECT_EQ(check::tap(failed, 3),
            "not ok 3 - write.closed # OCSSD-2.0 4.3\n  ---\n"
            "  rule: \"A write to a closed chunk is 280h.\"\n  section: \"OCSSD-2.0 4.3\"\n"
            "  expected: \"this\"\n  got: \"that: \\\"quoted\\\"\"\n  command: \"write\"\n  ...\n");
  const check::Finding skipped{&rule, check::Outcome::skipped, "no reason", {}, {}, {}};
  EXPECT_EQ(check::tap(skipped, 4), "ok 4 - write.closed # SKIP no reason\n");
  EXPECT_EQ(check::json(failed)["outcome"], "failed");
}

}  // namespace
}  // namespace lightnvm::test
