// SPDX-License-Identifier: BSD-2-Clause
// What an emulated device may be made of: the defaults, each option, each limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lightnvm/emulator.hpp"

namespace lightnvm::emulator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Address> offline_chunks(const Config& c) {
  std::vector<Address> out;
  for (const ChunkOverride& o : c.overrides) {
    if (o.state == ChunkState::offline) out.push_back(o.address);
  }
  return out;
}

TEST(ConfigTest, the_default_device_can_exist) { EXPECT_TRUE(validate(Config()).ok()); }

TEST(ConfigTest, the_default_counts_are_no_powers_of_two) {
  const Geometry g = Config().geometry;
  for (const std::uint32_t n : {g.groups, g.units, g.chunks, g.sectors}) EXPECT_FALSE(std::has_single_bit(n)) << n;
}

TEST(ConfigTest, the_default_device_has_an_offline_chunk_in_its_first_unit) {
  EXPECT_THAT(offline_chunks(Config()), testing::Contains(Address::of(0, 0, 7)));
}

TEST(ConfigTest, the_default_write_sizes_suit_the_tests_of_the_field) {
  const Geometry g = Config().geometry;
  EXPECT_EQ(g.mw_cunits % g.ws_opt, 0U);
  EXPECT_EQ(g.sectors % (2 * g.ws_opt), 0U);
  EXPECT_EQ(g.sectors % 64, 0U);
  EXPECT_GE(g.total_units(), 2U);
  EXPECT_LE(g.total_units(), 128U);
  EXPECT_EQ(Config().mdts, 7);
}

TEST(ConfigTest, the_default_chunks_of_the_upper_half_are_free) {
  const Geometry g = Config().geometry;
  for (const Address a : offline_chunks(Config())) {
    EXPECT_FALSE(a.group() == g.groups / 2 && a.unit() == g.units / 2 && a.chunk() >= g.chunks / 2);
  }
}

// One option: its value as text, and how to find it in the configuration.
struct Option {
  const char* key;
  const char* value;
  std::uint64_t expected;
  std::uint64_t (*get)(const Config&);
};

void PrintTo(const Option& o, std::ostream* out) { *out << o.key << '=' << o.value; }

const Option kOptions[] = {
    {"groups", "8", 8, [](const Config& c) -> std::uint64_t { return c.geometry.groups; }},
    {"punits", "0x10", 16, [](const Config& c) -> std::uint64_t { return c.geometry.units; }},
    {"chunks", "1474", 1474, [](const Config& c) -> std::uint64_t { return c.geometry.chunks; }},
    {"sectors", "6144", 6144, [](const Config& c) -> std::uint64_t { return c.geometry.sectors; }},
    {"sector_bytes", "512", 512, [](const Config& c) -> std::uint64_t { return c.geometry.sector_bytes; }},
    {"oob_bytes", "0", 0, [](const Config& c) -> std::uint64_t { return c.geometry.oob_bytes; }},
    {"ws_min", "24", 24, [](const Config& c) -> std::uint64_t { return c.geometry.ws_min; }},
    {"ws_opt", "48", 48, [](const Config& c) -> std::uint64_t { return c.geometry.ws_opt; }},
    {"mw_cunits", "192", 192, [](const Config& c) -> std::uint64_t { return c.geometry.mw_cunits; }},
    {"maxoc", "100", 100, [](const Config& c) -> std::uint64_t { return c.geometry.max_open; }},
    {"maxocpu", "7", 7, [](const Config& c) -> std::uint64_t { return c.geometry.max_open_unit; }},
    {"wit", "255", 255, [](const Config& c) -> std::uint64_t { return c.geometry.wear_threshold; }},
    {"pe_cycles", "65535", 65535, [](const Config& c) -> std::uint64_t { return c.pe_cycles; }},
    {"predefined", "0XfF", 255, [](const Config& c) -> std::uint64_t { return c.predefined; }},
    {"mdts", "0", 0, [](const Config& c) -> std::uint64_t { return c.mdts; }},
    {"trdt", "1", 1, [](const Config& c) -> std::uint64_t { return c.geometry.times.read; }},
    {"trdm", "2", 2, [](const Config& c) -> std::uint64_t { return c.geometry.times.read_max; }},
    {"twrt", "3", 3, [](const Config& c) -> std::uint64_t { return c.geometry.times.write; }},
    {"twrm", "4", 4, [](const Config& c) -> std::uint64_t { return c.geometry.times.write_max; }},
    {"tcrst", "5", 5, [](const Config& c) -> std::uint64_t { return c.geometry.times.reset; }},
    {"tcrsm", "4294967295", 4294967295, [](const Config& c) -> std::uint64_t { return c.geometry.times.reset_max; }},
};

class NumericOptionTest : public testing::TestWithParam<Option> {};

TEST_P(NumericOptionTest, sets_its_field_and_no_other) {
  Config c;
  ASSERT_TRUE(apply_option(c, GetParam().key, GetParam().value).ok()) << last_error();
  EXPECT_EQ(GetParam().get(c), GetParam().expected);
  for (const Option& other : kOptions) {
    if (std::string_view(other.key) != GetParam().key) {
      EXPECT_EQ(other.get(c), other.get(Config())) << other.key;
    }
  }
}

TEST_P(NumericOptionTest, refuses_what_is_no_number_and_stays_as_it_was) {
  for (const char* bad :
       {"", "x", "-1", "+1", " 1", "1 ", "1k", "0x", "0xg", "1.5", "4294967296", "99999999999999999999999"}) {
    Config c;
    EXPECT_TRUE(apply_option(c, GetParam().key, bad).is_errno(EINVAL)) << '\'' << bad << '\'';
    EXPECT_THAT(last_error(), HasSubstr(GetParam().key));
    EXPECT_EQ(GetParam().get(c), GetParam().get(Config()));
  }
}

TEST_P(NumericOptionTest, is_listed) { EXPECT_THAT(option_keys(), testing::Contains(GetParam().key)); }

INSTANTIATE_TEST_SUITE_P(, NumericOptionTest, testing::ValuesIn(kOptions),
                         [](const auto& param) { return param.param.key; });

TEST(ConfigOptionTest, all_keys_are_tested_here) {
  std::vector<std::string> keys = {"spec", "serial", "bad", "mccap"};
  for (const Option& o : kOptions) keys.emplace_back(o.key);
  const auto& of_version = option_keys(SpecVersion::ocssd20);
  const std::vector<std::string> listed(of_version.begin(), of_version.end());
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(keys));
}

TEST(ConfigOptionTest, an_unknown_key_is_refused_with_the_list_of_keys) {
  Config c;
  for (const char* key : {"", "group", "Groups", "units"}) {
    EXPECT_TRUE(apply_option(c, key, "1").is_errno(EINVAL)) << key;
    for (const std::string_view known : option_keys()) EXPECT_THAT(last_error(), HasSubstr(std::string(known)));
  }
}

TEST(ConfigOptionTest, mccap_sets_three_abilities) {
  for (unsigned bits = 0; bits < 8; ++bits) {
    Config c;
    ASSERT_TRUE(apply_option(c, "mccap", std::to_string(bits)).ok());
    EXPECT_EQ(c.geometry.vector_copy, (bits & 1) != 0);
    EXPECT_EQ(c.geometry.multiple_resets, (bits & 2) != 0);
    EXPECT_EQ(c.geometry.early_reset, (bits & 4) != 0);
  }
}

TEST(ConfigOptionTest, mccap_refuses_other_bits_and_no_numbers) {
  Config c;
  for (const char* bad : {"8", "0xff", "copy", ""}) EXPECT_TRUE(apply_option(c, "mccap", bad).is_errno(EINVAL)) << bad;
}

TEST(ConfigOptionTest, mdts_above_15_and_predefined_above_255_are_refused_at_once) {
  Config c;
  EXPECT_TRUE(apply_option(c, "mdts", "16").is_errno(EINVAL));
  EXPECT_TRUE(apply_option(c, "predefined", "256").is_errno(EINVAL));
}

TEST(ConfigOptionTest, serial_is_taken_as_it_is) {
  Config c;
  ASSERT_TRUE(apply_option(c, "serial", "My Drive #7").ok());
  EXPECT_EQ(c.serial, "My Drive #7");
}

TEST(ConfigOptionTest, bad_replaces_the_offline_chunks) {
  Config c;
  ASSERT_TRUE(apply_option(c, "bad", "0.0.1,2.4.0x3b").ok()) << last_error();
  EXPECT_THAT(offline_chunks(c), ElementsAre(Address::of(0, 0, 1), Address::of(2, 4, 59)));
}

TEST(ConfigOptionTest, bad_none_and_bad_of_nothing_mean_no_offline_chunks) {
  for (const char* value : {"none", ""}) {
    Config c;
    ASSERT_TRUE(apply_option(c, "bad", value).ok());
    EXPECT_TRUE(offline_chunks(c).empty());
  }
}

TEST(ConfigOptionTest, bad_leaves_other_overrides) {
  Config c;
  ChunkOverride o;
  o.address = Address::of(1, 1, 1);
  o.state = ChunkState::closed;
  c.overrides.push_back(o);
  ASSERT_TRUE(apply_option(c, "bad", "none").ok());
  ASSERT_EQ(c.overrides.size(), 1U);
  EXPECT_EQ(c.overrides[0].address, o.address);
}

TEST(ConfigOptionTest, bad_refuses_what_is_no_list_of_chunks) {
  for (const char* bad : {"1", "1.2", "1.2.3.4", "1.2.", ".1.2", "a.b.c", "1.2.3,", ",1.2.3", "none,1.2.3", "1.2.65536",
                          "256.0.0", "0.256.0", "1.2.-3", "1.2.3;1.2.4"}) {
    Config c;
    EXPECT_TRUE(apply_option(c, "bad", bad).is_errno(EINVAL)) << bad;
    EXPECT_THAT(last_error(), HasSubstr("group.unit.chunk"));
  }
}

TEST(ConfigOptionTest, bad_that_is_refused_leaves_the_offline_chunks) {
  Config c;
  ASSERT_FALSE(apply_option(c, "bad", "0.0.1,x").ok());
  EXPECT_EQ(offline_chunks(c), offline_chunks(Config()));
}

TEST(ConfigOptionTest, a_bad_chunk_that_does_not_exist_is_refused_by_validate) {
  Config c;
  ASSERT_TRUE(apply_option(c, "bad", "3.0.0").ok());
  EXPECT_TRUE(validate(c).is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr("chunk (3,0,0)"));
}

TEST(ConfigOptionTest, a_dimension_drops_the_offline_chunks_beyond_it) {
  Config c;
  ASSERT_TRUE(apply_option(c, "groups", "2").ok());
  EXPECT_THAT(offline_chunks(c), ElementsAre(Address::of(0, 0, 7), Address::of(1, 3, 41)));
  ASSERT_TRUE(apply_option(c, "chunks", "40").ok());
  EXPECT_THAT(offline_chunks(c), ElementsAre(Address::of(0, 0, 7)));
  EXPECT_TRUE(validate(c).ok());
}

TEST(ConfigOptionTest, the_order_of_bad_and_the_dimensions_does_not_matter) {
  Config c;
  for (const auto& [key, value] : {std::pair{"bad", "7.0.300"}, {"groups", "8"}, {"chunks", "400"}}) {
    ASSERT_TRUE(apply_option(c, key, value).ok()) << last_error();
  }
  EXPECT_THAT(offline_chunks(c), ElementsAre(Address::of(7, 0, 300)));
}

// One limit of validate: a change that goes past it, and a word of its sentence.
struct Limit {
  const char* name;
  void (*change)(Config&);
  const char* because;
};

void PrintTo(const Limit& l, std::ostream* out) { *out << l.name; }

const Limit kBroken[] = {
    {"groups_0", [](Config& c) { c.geometry.groups = 0; }, "1 to 256 groups"},
    {"groups_257", [](Config& c) { c.geometry.groups = 257; }, "1 to 256 groups"},
    {"units_0", [](Config& c) { c.geometry.units = 0; }, "1 to 256 units"},
    {"units_257", [](Config& c) { c.geometry.units = 257; }, "1 to 256 units"},
    {"chunks_0", [](Config& c) { c.geometry.chunks = 0; }, "1 to 65536 chunks"},
    {"chunks_65537", [](Config& c) { c.geometry.chunks = 65537; }, "1 to 65536 chunks"},
    {"sectors_0", [](Config& c) { c.geometry.sectors = 0; }, "1 to 4294967295 sectors"},
    {"sector_bytes_256", [](Config& c) { c.geometry.sector_bytes = 256; }, "512 to 65536"},
    {"sector_bytes_131072", [](Config& c) { c.geometry.sector_bytes = 131072; }, "512 to 65536"},
    {"sector_bytes_4160", [](Config& c) { c.geometry.sector_bytes = 4160; }, "power of two"},
    {"oob_bytes_4097", [](Config& c) { c.geometry.oob_bytes = 4097; }, "4096 bytes of metadata"},
    {"ws_min_0", [](Config& c) { c.geometry.ws_min = 0; }, "ws_min"},
    {"ws_min_does_not_divide", [](Config& c) { c.geometry.ws_min = 5; }, "ws_min"},
    {"ws_opt_0", [](Config& c) { c.geometry.ws_opt = 0; }, "ws_opt"},
    {"ws_opt_no_multiple_of_ws_min", [](Config& c) { c.geometry.ws_opt = 6; }, "ws_opt"},
    {"ws_opt_does_not_divide", [](Config& c) { c.geometry.ws_opt = 20; }, "ws_opt"},
    {"mw_cunits_no_multiple_of_ws_min", [](Config& c) { c.geometry.mw_cunits = 6; }, "mw_cunits"},
    {"mw_cunits_of_a_chunk", [](Config& c) { c.geometry.mw_cunits = 1536; }, "mw_cunits"},
    {"wit_256", [](Config& c) { c.geometry.wear_threshold = 256; }, "wit"},
    {"pe_cycles_0", [](Config& c) { c.pe_cycles = 0; }, "pe_cycles"},
    {"pe_cycles_65536", [](Config& c) { c.pe_cycles = 65536; }, "pe_cycles"},
    {"predefined_1", [](Config& c) { c.predefined = 1; }, "predefined"},
    {"mdts_16", [](Config& c) { c.mdts = 16; }, "mdts"},
    {"mdts_below_ws_min", [](Config& c) { c.mdts = 1; }, "mdts"},
    {"serial_empty", [](Config& c) { c.serial = ""; }, "serial"},
    {"serial_of_21", [](Config& c) { c.serial = "123456789012345678901"; }, "serial"},
    {"serial_not_ascii", [](Config& c) { c.serial = "Gerät"; }, "serial"},
    {"serial_with_control_characters", [](Config& c) { c.serial = "a\tb"; }, "serial"},
    {"serial_of_blanks", [](Config& c) { c.serial = "  "; }, "serial"},
    {"more_bytes_than_64_bits",
     [](Config& c) {
       c.geometry.groups = c.geometry.units = 256;
       c.geometry.chunks = 65536;
       c.geometry.sectors = 1U << 31;
     },
     "64 bits"},
};

class BrokenLimitTest : public testing::TestWithParam<Limit> {};

TEST_P(BrokenLimitTest, gives_einval_and_says_so) {
  Config c;
  c.overrides.clear();
  GetParam().change(c);
  EXPECT_TRUE(validate(c).is_errno(EINVAL));
  EXPECT_THAT(last_error(), HasSubstr(GetParam().because));
}

INSTANTIATE_TEST_SUITE_P(, BrokenLimitTest, testing::ValuesIn(kBroken),
                         [](const auto& param) { return param.param.name; });

const Limit kKept[] = {
    {"one_of_everything",
     [](Config& c) {
       Geometry& g = c.geometry;
       g.groups = g.units = g.chunks = g.sectors = g.ws_min = g.ws_opt = 1;
       g.mw_cunits = 0;
     },
     ""},
    {"all_groups_units_and_chunks",
     [](Config& c) {
       c.geometry.groups = c.geometry.units = 256;
       c.geometry.chunks = 65536;
     },
     ""},
    {"a_chunk_of_all_sectors",
     [](Config& c) {
       Geometry& g = c.geometry;
       g.groups = g.units = g.chunks = 1;
       g.sectors = 0xFFFFFFFF;
       g.ws_min = g.ws_opt = 1;
     },
     ""},
    {"sectors_of_512", [](Config& c) { c.geometry.sector_bytes = 512; }, ""},
    {"sectors_of_65536", [](Config& c) { c.geometry.sector_bytes = 65536; }, ""},
    {"no_metadata", [](Config& c) { c.geometry.oob_bytes = 0; }, ""},
    {"metadata_of_4096", [](Config& c) { c.geometry.oob_bytes = 4096; }, ""},
    {"writes_of_a_chunk",
     [](Config& c) {
       c.geometry.ws_min = c.geometry.ws_opt = 1536;
       c.geometry.mw_cunits = 0;
       c.mdts = 11;
     },
     ""},
    {"no_buffer", [](Config& c) { c.geometry.mw_cunits = 0; }, ""},
    {"a_buffer_of_nearly_a_chunk", [](Config& c) { c.geometry.mw_cunits = 1532; }, ""},
    {"one_cycle", [](Config& c) { c.pe_cycles = 1; }, ""},
    {"all_cycles", [](Config& c) { c.pe_cycles = 65535; }, ""},
    {"no_transfer_limit", [](Config& c) { c.mdts = 0; }, ""},
    {"the_largest_transfer_limit", [](Config& c) { c.mdts = 15; }, ""},
    {"the_smallest_transfer_limit", [](Config& c) { c.mdts = 2; }, ""},
    {"serial_of_1", [](Config& c) { c.serial = "x"; }, ""},
    {"serial_of_20", [](Config& c) { c.serial = "12345678901234567890"; }, ""},
};

class KeptLimitTest : public testing::TestWithParam<Limit> {};

TEST_P(KeptLimitTest, is_fine) {
  Config c;
  c.overrides.clear();
  GetParam().change(c);
  EXPECT_TRUE(validate(c).ok()) << last_error();
}

INSTANTIATE_TEST_SUITE_P(, KeptLimitTest, testing::ValuesIn(kKept), [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace lightnvm::emulator
