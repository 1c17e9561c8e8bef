// SPDX-License-Identifier: BSD-2-Clause
// Addresses, geometries, address formats, and chunk rules as pure functions.
#include <gtest/gtest.h>

#include <random>

#include "lightnvm/geometry.hpp"
#include "model/chunk_rules.hpp"
#include "model/lba_format.hpp"

namespace lightnvm::model {
namespace {

Geometry worked_example() {
  Geometry g;
  g.groups = 8;
  g.units = 4;
  g.chunks = 1474;
  g.sectors = 6144;
  g.sector_bytes = 4096;
  g.oob_bytes = 16;
  g.ws_min = 24;
  g.ws_opt = 24;
  g.mw_cunits = 192;
  return g;
}

TEST(Address, has_the_generic_layout) {
  const Address a = Address::of(4, 2, 142, 3);
  EXPECT_EQ(a.value, 0x0402008e00000003ULL);
  EXPECT_EQ(a.group(), 4U);
  EXPECT_EQ(a.unit(), 2U);
  EXPECT_EQ(a.chunk(), 142U);
  EXPECT_EQ(a.sector(), 3U);
  EXPECT_EQ(a.plus(5), Address::of(4, 2, 142, 8));
  EXPECT_EQ(a.at_sector(0), Address::of(4, 2, 142));
}

TEST(LbaFormat, packs_the_worked_example_of_the_reference) {
  // OCSSD-2.0 2.3: lengths 3/2/11/13, group 4, unit 2, chunk 142, sector 3 is LBA 1211C003h.
  const LbaFormat f = LbaFormat::shortest(worked_example());
  EXPECT_EQ(f.group_bits(), 3U);
  EXPECT_EQ(f.unit_bits(), 2U);
  EXPECT_EQ(f.chunk_bits(), 11U);
  EXPECT_EQ(f.sector_bits(), 13U);
  EXPECT_EQ(f.total_bits(), 29U);
  EXPECT_EQ(f.pack(Address::of(4, 2, 142, 3)), 0x1211C003ULL);
  EXPECT_EQ(f.unpack(0x1211C003), Address::of(4, 2, 142, 3));
  EXPECT_EQ(f.pack(Address::of(2, 1, 0, 10)), 0x0900000AULL);
}

TEST(LbaFormat, gives_back_what_it_packed_for_any_lengths) {
  std::mt19937 random(1);
  for (int i = 0; i < 10000; ++i) {
    const LbaFormat f(random() % 9, random() % 9, random() % 17, random() % 33);
    const Address a{(std::uint64_t{random()} << 32 | random()) & f.generic_mask()};
    ASSERT_TRUE(f.encodable(a));
    ASSERT_EQ(f.unpack(f.pack(a)), a);
    const auto [group, unit, chunk, sector] = f.device_masks();
    ASSERT_EQ(group + unit + chunk + sector, (1ULL << f.total_bits() % 64) - 1);
    ASSERT_EQ(f.pack(Address::of(a.group(), 0, 0, 0)) & ~group, 0U);
    ASSERT_EQ(f.pack(Address::of(0, a.unit(), 0, 0)) & ~unit, 0U);
    ASSERT_EQ(f.pack(Address::of(0, 0, a.chunk(), 0)) & ~chunk, 0U);
    ASSERT_EQ(f.pack(Address::of(0, 0, 0, a.sector())) & ~sector, 0U);
  }
}

TEST(LbaFormat, knows_what_does_not_fit_a_field) {
  const LbaFormat f(3, 2, 11, 13);
  EXPECT_TRUE(f.encodable(Address::of(7, 3, 2047, 8191)));
  EXPECT_FALSE(f.encodable(Address::of(0, 4, 0, 0)));
  EXPECT_FALSE(f.encodable(Address::of(0, 0, 2048, 0)));
  EXPECT_FALSE(f.encodable(Address::of(0, 0, 0, 8192)));
}

TEST(LbaFormat, packs_a_group_that_does_not_fit_above_all_fields) {
  std::mt19937 random(2);
  for (int i = 0; i < 1000; ++i) {
    const LbaFormat f(random() % 8, random() % 9, random() % 17, random() % 33);
    const std::uint32_t group = (1U << f.group_bits()) + random() % (256 - (1U << f.group_bits()));
    const Address rest{(std::uint64_t{random()} << 32 | random()) & f.generic_mask()};
    const Address a = Address::of(group, rest.unit(), rest.chunk(), rest.sector());
    ASSERT_TRUE(f.encodable(a));
    ASSERT_NE(f.pack(a) >> f.total_bits(), 0U);
    ASSERT_EQ(f.pack(a), f.pack_spilling(a));
    const Address back = f.unpack(f.pack(a));
    ASSERT_EQ(Address::of(group, back.unit(), back.chunk(), back.sector()), a);
  }
}

TEST(LbaFormat, needs_no_bits_for_a_count_of_one) {
  Geometry g = worked_example();
  g.groups = 1;
  EXPECT_EQ(LbaFormat::shortest(g).group_bits(), 0U);
  EXPECT_EQ(LbaFormat::shortest(g).unpack(0xFFFFFFFFFFFFFFFFULL).group(), 0U);
}

TEST(Geometry, numbers_chunks_in_the_order_of_the_report) {
  const Geometry g = worked_example();
  EXPECT_EQ(g.total_bytes(), 1187021586432ULL);
  EXPECT_EQ(g.total_chunks(), 47168U);
  EXPECT_EQ(g.chunk_index(Address::of(0, 1, 0)), 1474U);
  EXPECT_EQ(g.chunk_index(Address::of(1, 0, 5)), 4U * 1474 + 5);
  for (std::uint64_t i = 0; i < g.total_chunks(); i += 97) EXPECT_EQ(g.chunk_index(g.chunk_address(i)), i);
}

TEST(Geometry, counts_the_largest_device_without_overflow) {
  Geometry g;
  g.groups = g.units = 256;
  g.chunks = 65536;
  g.sectors = 0xFFFFFFFF;
  EXPECT_EQ(g.total_chunks(), 1ULL << 32);
  EXPECT_EQ(g.total_sectors(), 0xFFFFFFFF00000000ULL);
}

struct WriteCase {
  ChunkView chunk;
  WriteShape shape;
  StatusCode expected;
};

TEST(ChunkRules, write_in_the_order_of_the_specification) {
  using enum ChunkState;
  using enum StatusCode;
  constexpr auto kSequential = ChunkType::sequential;
  const WriteCase cases[] = {
      {{free, kSequential, 0, 64}, {0, 4, 3, true}, success},
      {{free, kSequential, 0, 64}, {4, 4, 7, true}, out_of_order_write},
      {{open, kSequential, 8, 64}, {8, 8, 15, true}, success},
      {{open, kSequential, 8, 64}, {4, 4, 7, true}, out_of_order_write},
      {{open, kSequential, 8, 64}, {8, 4, 11, false}, out_of_order_write},
      {{open, kSequential, 8, 64}, {8, 6, 13, true}, invalid_field},
      {{open, kSequential, 8, 64}, {12, 6, 17, true}, invalid_field},
      {{open, kSequential, 60, 64}, {60, 8, 67, true}, write_fault},
      {{closed, kSequential, 64, 64}, {0, 4, 3, true}, write_fault},
      {{offline, kSequential, 0, 64}, {0, 4, 3, true}, write_fault},
      {{free, ChunkType::random, 0, 64}, {17, 1, 17, true}, success},
      {{open, ChunkType::random, 0, 64}, {64, 1, 64, true}, write_fault},
      {{offline, ChunkType::random, 0, 64}, {0, 1, 0, true}, write_fault},
  };
  for (const WriteCase& c : cases) {
    EXPECT_EQ(check_write(c.chunk, c.shape, 4), c.expected) << &c - cases;
  }
}

TEST(ChunkRules, readable_up_to_the_cached_units) {
  using enum ChunkState;
  constexpr auto kSequential = ChunkType::sequential;
  EXPECT_EQ(readable_sectors({free, kSequential, 0, 64}, 24), 0U);
  EXPECT_EQ(readable_sectors({open, kSequential, 23, 64}, 24), 0U);
  EXPECT_EQ(readable_sectors({open, kSequential, 24, 64}, 24), 0U);
  EXPECT_EQ(readable_sectors({open, kSequential, 28, 64}, 24), 4U);
  EXPECT_EQ(readable_sectors({closed, kSequential, 28, 64}, 24), 28U);
  EXPECT_EQ(readable_sectors({offline, kSequential, 28, 64}, 24), 0U);
  EXPECT_EQ(readable_sectors({open, ChunkType::random, 0, 60}, 24), 60U);
}

TEST(ChunkRules, wear_reaches_its_end_exactly_at_the_limit) {
  EXPECT_EQ(wear_index(0, 1000), 0);
  EXPECT_EQ(wear_index(1, 1000), 0);
  EXPECT_EQ(wear_index(4, 1000), 1);
  EXPECT_EQ(wear_index(999, 1000), 254);
  EXPECT_EQ(wear_index(1000, 1000), 255);
  EXPECT_EQ(wear_index(65535, 1000), 255);
  EXPECT_EQ(wear_index(1, 1), 255);
}

}  // namespace
}  // namespace lightnvm::model
