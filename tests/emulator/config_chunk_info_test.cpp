// SPDX-License-Identifier: BSD-2-Clause
// Chunk overrides: what they may say, how they are read from text, and how several of them make one chunk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/image.hpp"
#include "lightnvm/emulator.hpp"

namespace lightnvm::emulator {
namespace {

using testing::HasSubstr;

Config config() {
  Config c;
  c.overrides.clear();
  return c;
}

std::vector<ChunkOverride> parsed(std::string_view text) {
  auto out = parse_chunk_info(text, config().geometry);
  EXPECT_TRUE(out) << last_error();
  return out.value_or(std::vector<ChunkOverride>());
}

ChunkOverride parsed_one(std::string_view text) {
  const auto all = parsed(text);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? ChunkOverride() : all[0];
}

Status validated(std::string_view text) {
  Config c = config();
  c.overrides = parsed(text);
  return validate(c);
}

TEST(ChunkInfoTest, a_line_names_one_chunk) {
  const ChunkOverride o = parsed_one("group=1 punit=2 chunk=3");
  EXPECT_EQ(o.address, Address::of(1, 2, 3));
  EXPECT_FALSE(o.state || o.type || o.write_pointer || o.sectors || o.cycles);
}

TEST(ChunkInfoTest, a_line_says_all_of_a_chunk_in_any_order) {
  const ChunkOverride o = parsed_one("pe_cycles=7 wp=8 chunk=0x3 cnlb=1024 type=SEQ ns=1 punit=2 state=OPEN group=1");
  EXPECT_EQ(o.address, Address::of(1, 2, 3));
  EXPECT_EQ(o.state, ChunkState::open);
  EXPECT_EQ(o.type, ChunkType::sequential);
  EXPECT_EQ(o.write_pointer, 8U);
  EXPECT_EQ(o.sectors, 1024U);
  EXPECT_EQ(o.cycles, 7U);
}

TEST(ChunkInfoTest, each_state_is_known) {
  EXPECT_EQ(parsed_one("group=0 punit=0 chunk=0 state=FREE").state, ChunkState::free);
  EXPECT_EQ(parsed_one("group=0 punit=0 chunk=0 state=OPEN").state, ChunkState::open);
  EXPECT_EQ(parsed_one("group=0 punit=0 chunk=0 state=CLOSED").state, ChunkState::closed);
  EXPECT_EQ(parsed_one("group=0 punit=0 chunk=0 state=OFFLINE").state, ChunkState::offline);
}

TEST(ChunkInfoTest, each_type_is_known_by_both_names) {
  for (const char* name : {"SEQ", "SEQUENTIAL"}) {
    EXPECT_EQ(parsed_one(std::string("group=0 punit=0 chunk=0 type=") + name).type, ChunkType::sequential);
  }
  for (const char* name : {"RAN", "RANDOM"}) {
    EXPECT_EQ(parsed_one(std::string("group=0 punit=0 chunk=0 type=") + name).type, ChunkType::random);
  }
}

TEST(ChunkInfoTest, a_star_means_all) {
  const auto all = parsed("group=* punit=* chunk=*");
  ASSERT_EQ(all.size(), config().geometry.total_chunks());
  EXPECT_EQ(all.front().address, Address::of(0, 0, 0));
  EXPECT_EQ(all.back().address, Address::of(2, 4, 59));
}

TEST(ChunkInfoTest, a_star_in_one_direction_leaves_the_others) {
  const auto all = parsed("group=1 punit=* chunk=7 state=CLOSED");
  ASSERT_EQ(all.size(), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(all[i].address, Address::of(1, i, 7));
    EXPECT_EQ(all[i].state, ChunkState::closed);
  }
}

TEST(ChunkInfoTest, comments_blank_lines_tabs_and_line_ends_of_all_kinds_are_fine) {
  const auto all =
      parsed("# a comment\n\n   \t\n  group=0\tpunit=0   chunk=1 # the rest\r\ngroup=0 punit=0 chunk=2#none");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].address.chunk(), 1U);
  EXPECT_EQ(all[1].address.chunk(), 2U);
}

TEST(ChunkInfoTest, nothing_means_no_overrides) { EXPECT_TRUE(parsed("").empty()); }

TEST(ChunkInfoTest, hexadecimal_numbers_may_have_either_x) {
  EXPECT_EQ(parsed_one("group=0 punit=0 chunk=0x1F").address.chunk(), 31U);
  EXPECT_EQ(parsed_one("group=0 punit=0 chunk=0X1f").address.chunk(), 31U);
}

// A line that is refused, and a word of the sentence.
struct BadLine {
  const char* name;
  const char* text;
  const char* because;
};

void PrintTo(const BadLine& b, std::ostream* out) { *out << b.name; }

const BadLine kBadLines[] = {
    {"no_group", "punit=0 chunk=0", "group= is missing"},
    {"no_punit", "group=0 chunk=0", "punit= is missing"},
    {"no_chunk", "group=0 punit=0", "chunk= is missing"},
    {"group_too_high", "group=3 punit=0 chunk=0", "group=3 is not 0 to 2"},
    {"punit_too_high", "group=0 punit=5 chunk=0", "punit=5 is not 0 to 4"},
    {"chunk_too_high", "group=0 punit=0 chunk=60", "chunk=60 is not 0 to 59"},
    {"group_no_number", "group=x punit=0 chunk=0", "group=x"},
    {"group_negative", "group=-1 punit=0 chunk=0", "group=-1"},
    {"group_empty", "group= punit=0 chunk=0", "group="},
    {"chunk_two_stars", "group=0 punit=0 chunk=**", "chunk=**"},
    {"a_word_alone", "group=0 punit=0 chunk=0 OFFLINE", "'OFFLINE' is not key=value"},
    {"a_key_twice", "group=0 punit=0 chunk=0 chunk=1", "'chunk' is there twice"},
    {"an_unknown_key", "group=0 punit=0 chunk=0 color=red", "color=red"},
    {"an_empty_key", "group=0 punit=0 chunk=0 =5", "=5"},
    {"a_key_in_capitals", "group=0 punit=0 chunk=0 STATE=FREE", "STATE=FREE"},
    {"an_unknown_state", "group=0 punit=0 chunk=0 state=BAD", "state=BAD"},
    {"a_state_in_small_letters", "group=0 punit=0 chunk=0 state=free", "state=free"},
    {"an_unknown_type", "group=0 punit=0 chunk=0 type=SEQUENCE", "type=SEQUENCE"},
    {"another_namespace", "group=0 punit=0 chunk=0 ns=2", "ns=2"},
    {"namespace_star", "group=0 punit=0 chunk=0 ns=*", "ns=*"},
    {"wp_no_number", "group=0 punit=0 chunk=0 wp=full", "wp=full"},
    {"wp_too_large_for_32_bits", "group=0 punit=0 chunk=0 wp=4294967296", "wp=4294967296"},
    {"cnlb_no_number", "group=0 punit=0 chunk=0 cnlb=", "cnlb="},
    {"pe_cycles_no_number", "group=0 punit=0 chunk=0 pe_cycles=0x", "pe_cycles=0x"},
};

class BadChunkInfoTest : public testing::TestWithParam<BadLine> {};

TEST_P(BadChunkInfoTest, is_refused_with_its_line_number) {
  const std::string text = std::string("# first\ngroup=0 punit=0 chunk=0\n\n") + GetParam().text + "\n";
  const auto out = parse_chunk_info(text, config().geometry);
  ASSERT_FALSE(out);
  EXPECT_TRUE(out.error().is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr("line 4"));
  EXPECT_THAT(last_error(), HasSubstr(GetParam().because));
}

INSTANTIATE_TEST_SUITE_P(, BadChunkInfoTest, testing::ValuesIn(kBadLines),
                         [](const auto& param) { return param.param.name; });

// Lines that can be read but describe no chunk: refused, with the chunk's name.
const BadLine kImpossible[] = {
    {"cnlb_0", "cnlb=0", "1 to 1536 sectors"},
    {"cnlb_more_than_the_others", "cnlb=1537", "1 to 1536 sectors"},
    {"wp_of_an_offline_chunk", "state=OFFLINE wp=8", "no write pointer"},
    {"wp_of_a_random_chunk", "type=RAN wp=8", "no write pointer"},
    {"wp_past_the_end", "state=CLOSED wp=1537", "past its end"},
    {"wp_past_the_end_of_a_small_chunk", "state=CLOSED cnlb=100 wp=101", "past its end"},
    {"wp_of_a_free_chunk", "wp=8", "free"},
    {"open_without_wp", "state=OPEN", "open"},
    {"open_with_wp_0", "state=OPEN wp=0", "open"},
    {"open_with_wp_at_the_end", "state=OPEN wp=1536", "open"},
    {"open_with_wp_between_writes", "state=OPEN wp=5", "ws_min"},
    {"a_sequential_chunk_that_cannot_be_filled", "cnlb=1533", "ws_min"},
    {"more_cycles_than_the_device_endures", "pe_cycles=1001", "cycles"},
    {"more_cycles_than_a_record_holds", "pe_cycles=65536", "cycles"},
};

class ImpossibleChunkTest : public testing::TestWithParam<BadLine> {};

TEST_P(ImpossibleChunkTest, is_refused_with_its_address) {
  EXPECT_TRUE(validated(std::string("group=2 punit=1 chunk=33 ") + GetParam().text).is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr("chunk (2,1,33)"));
  EXPECT_THAT(last_error(), HasSubstr(GetParam().because));
}

INSTANTIATE_TEST_SUITE_P(, ImpossibleChunkTest, testing::ValuesIn(kImpossible),
                         [](const auto& param) { return param.param.name; });

TEST(ChunkOverrideTest, possible_chunks_are_fine) {
  for (const char* text : {"state=FREE", "state=OPEN wp=4", "state=OPEN wp=1532", "state=CLOSED", "state=CLOSED wp=0",
                           "state=CLOSED wp=1", "state=OFFLINE", "type=RAN", "type=RAN state=OPEN", "cnlb=4",
                           "cnlb=1536", "type=RAN cnlb=1", "pe_cycles=1000", "state=OFFLINE pe_cycles=1000"}) {
    EXPECT_TRUE(validated(std::string("group=2 punit=1 chunk=33 ") + text).ok()) << text << ": " << last_error();
  }
}

TEST(ChunkOverrideTest, the_example_of_the_documentation_is_fine) {
  EXPECT_TRUE(validated("group=0 punit=* chunk=*  pe_cycles=990\n"
                        "group=1 punit=0 chunk=5  cnlb=1024\n"
                        "group=1 punit=0 chunk=6  type=RAN\n"
                        "group=1 punit=0 chunk=7  state=CLOSED wp=800\n"
                        "group=2 punit=4 chunk=58 state=OPEN wp=8\n")
                  .ok())
      << last_error();
}

TEST(ChunkOverrideTest, a_chunk_that_the_device_does_not_have_is_refused) {
  Config c = config();
  ChunkOverride o;
  o.address = Address::of(0, 0, 60);
  c.overrides.push_back(o);
  EXPECT_TRUE(validate(c).is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr("chunk (0,0,60)"));
}

ChunkRecord merged(std::string_view text) {
  Config c = config();
  c.overrides = parsed(text);
  EXPECT_TRUE(validate(c).ok()) << last_error();
  const auto records = merge_overrides(c);
  EXPECT_EQ(records.size(), 1U);
  return records.empty() ? ChunkRecord() : records.begin()->second;
}

TEST(ChunkOverrideTest, the_later_line_wins) {
  EXPECT_EQ(merged("group=0 punit=0 chunk=0 state=CLOSED\ngroup=0 punit=0 chunk=0 state=FREE").state, ChunkState::free);
}

TEST(ChunkOverrideTest, lines_of_one_chunk_add_up) {
  const ChunkRecord r = merged("group=0 punit=0 chunk=0 pe_cycles=9\ngroup=0 punit=0 chunk=0 state=OPEN wp=8");
  EXPECT_EQ(r.cycles, 9);
  EXPECT_EQ(r.write_pointer, 8U);
}

TEST(ChunkOverrideTest, a_closed_chunk_without_wp_is_full) {
  EXPECT_EQ(merged("group=0 punit=0 chunk=0 state=CLOSED").write_pointer, 1536U);
  EXPECT_EQ(merged("group=0 punit=0 chunk=0 state=CLOSED cnlb=100").write_pointer, 100U);
}

TEST(ChunkOverrideTest, a_chunk_that_becomes_smaller_after_it_was_closed_is_full) {
  const ChunkRecord r = merged("group=0 punit=0 chunk=0 state=CLOSED\ngroup=0 punit=0 chunk=0 cnlb=100");
  EXPECT_EQ(implausible(r, config().geometry), "");
}

TEST(ChunkOverrideTest, lines_that_are_possible_alone_but_not_together_are_refused) {
  for (const char* text : {"group=0 punit=0 chunk=0 cnlb=100\ngroup=0 punit=0 chunk=0 state=OPEN wp=1000",
                           "group=0 punit=0 chunk=0 state=OPEN wp=1000\ngroup=0 punit=0 chunk=0 cnlb=100",
                           "group=0 punit=0 chunk=0 state=CLOSED wp=1000\ngroup=0 punit=0 chunk=0 cnlb=100"}) {
    EXPECT_TRUE(validated(text).is_errno(EINVAL)) << text;
  }
}

}  // namespace
}  // namespace lightnvm::emulator
