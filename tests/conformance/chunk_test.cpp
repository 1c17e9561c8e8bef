// SPDX-License-Identifier: BSD-2-Clause
// Chunks on every route: the report, states and write pointers, resets with and without descriptors, events.
#include <algorithm>
#include <array>

#include "conformance/support/fixture.hpp"

namespace lightnvm::test {
namespace {

class Report : public LookTest {};
class Chunks : public WriteTest {};
class OddChunks : public WriteTest {};

TEST_P(Report, report_lists_every_chunk_in_order) {
  const auto all = device().chunks();
  ASSERT_TRUE(all) << all.error().message();
  ASSERT_EQ(all->size(), geo().total_chunks());
  for (std::size_t i = 0; i < all->size(); ++i) {
    const Chunk& c = (*all)[i];
    EXPECT_EQ(c.address, geo().chunk_address(i));
    EXPECT_LE(c.sectors, geo().sectors);
    EXPECT_TRUE(c.state == ChunkState::offline || c.type == ChunkType::random || c.write_pointer <= c.sectors);
  }
}

TEST_P(Report, part_of_the_report_is_the_same_as_in_the_whole) {
  const auto all = device().chunks();
  ASSERT_TRUE(all);
  const std::uint64_t last = geo().total_chunks() - 1;
  for (const auto& [first, count] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 1}, {1, 1}, {last, 1}, {last / 2, 7}, {last - 3, 100}, {0, last}}) {
    const auto part = device().chunks(first, count);
    ASSERT_TRUE(part);
    ASSERT_EQ(part->size(), std::min(count, last + 1 - first));
    EXPECT_TRUE(std::equal(part->begin(), part->end(), all->begin() + static_cast<std::ptrdiff_t>(first)));
  }
}

TEST_P(Report, report_beyond_the_end_is_empty) {
  for (const std::uint64_t first : {geo().total_chunks(), geo().total_chunks() + 5, ~std::uint64_t{0}}) {
    const auto part = device().chunks(first, 10);
    ASSERT_TRUE(part) << part.error().message();
    EXPECT_TRUE(part->empty());
  }
  EXPECT_TRUE(device().chunks(0, 0).value_or(std::vector<Chunk>(1)).empty());
}

TEST_P(Report, chunk_that_does_not_exist_is_invalid) {
  EXPECT_TRUE(device().chunk(Address::of(geo().groups, 0, 0)).error().is_errno(EINVAL));
  EXPECT_TRUE(device().chunk(Address::of(0, geo().units, 0)).error().is_errno(EINVAL));
  EXPECT_TRUE(device().chunk(Address::of(0, 0, geo().chunks)).error().is_errno(EINVAL));
}

TEST_P(Report, addresses_survive_the_way_to_the_device_and_back) {
  for (const Address a : {Address::of(geo().groups - 1, geo().units - 1, geo().chunks - 1, geo().sectors - 1),
                          Address::of(0, 0, 0, 0), Address::of(0, geo().units - 1, 1, 3)}) {
    EXPECT_EQ(device().from_device(device().to_device(a)), a);
  }
}

TEST_P(Chunks, chunk_goes_from_free_to_open_to_closed) {
  const Address a = free_chunk();
  EXPECT_EQ(chunk(a).state, ChunkState::free);
  EXPECT_EQ(chunk(a).write_pointer, 0U);
  write(a, geo().ws_min);
  EXPECT_EQ(chunk(a).state, ChunkState::open);
  EXPECT_EQ(chunk(a).write_pointer, geo().ws_min);
  write(a.plus(geo().ws_min), geo().sectors - 2 * geo().ws_min);
  EXPECT_EQ(chunk(a).state, ChunkState::open);
  write(a.plus(geo().sectors - geo().ws_min), geo().ws_min);
  EXPECT_EQ(chunk(a).state, ChunkState::closed);
  EXPECT_EQ(chunk(a).write_pointer, geo().sectors);
}

TEST_P(Chunks, scalar_reset_frees_a_closed_chunk) {
  const Address a = free_chunk();
  close(a);
  const Chunk before = chunk(a);
  const Completion c = device().reset(Sectors(a, 1));
  ASSERT_TRUE(c) << c.status.message();
  const Chunk after = chunk(a);
  EXPECT_EQ(after.state, ChunkState::free);
  EXPECT_EQ(after.write_pointer, 0U);
  EXPECT_GE(after.wear, before.wear);
  EXPECT_EQ(after.type, before.type);
  EXPECT_EQ(after.sectors, before.sectors);
}

TEST_P(Chunks, vector_reset_brings_the_descriptors) {
  const auto chunks = free_chunks(3);
  for (const Address a : chunks) close(a);
  std::array<Chunk, 3> after;
  const Completion c = device().reset(Sectors(chunks), after);
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(c.result, 0U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(after[i], chunk(chunks[i])) << "exactly what the report says";
}

TEST_P(Chunks, vector_reset_without_descriptors) {
  const auto chunks = free_chunks(2);
  for (const Address a : chunks) close(a);
  ASSERT_TRUE(device().reset(Sectors(chunks)));
  for (const Address a : chunks) EXPECT_EQ(chunk(a).state, ChunkState::free);
}

TEST_P(Chunks, reset_chunk_can_be_written_again_with_other_bytes) {
  const Address a = free_chunk();
  close(a, 1);
  ASSERT_TRUE(device().reset(Sectors(std::array{a})));
  write(a, until_readable(8), 2);
  Bytes data(8 * geo().sector_bytes);
  ASSERT_TRUE(device().read(Sectors(a, 8), Destination(data)));
  EXPECT_TRUE(data == data_for(a, 8, 2));
}

TEST_P(Chunks, failed_reset_has_its_bit_and_leaves_its_descriptor_alone) {
  const auto offline = find(ChunkState::offline);
  if (!offline) GTEST_SKIP() << "the device has no bad chunk";
  const auto chunks = free_chunks(2);
  for (const Address a : chunks) close(a);
  const std::array<Address, 3> list{chunks[0], offline->address, chunks[1]};
  std::array<Chunk, 3> after;
  after[1].wear = 99;
  const Completion c = device().reset(Sectors(list), after);
  EXPECT_TRUE(c.status.is(StatusCode::offline_chunk)) << c.status.message();
  EXPECT_EQ(c.result, 0b010U);
  EXPECT_EQ(after[0], chunk(chunks[0]));
  EXPECT_EQ(after[0].state, ChunkState::free);
  EXPECT_EQ(after[2].state, ChunkState::free);
  EXPECT_EQ(after[1].wear, 99);
}

TEST_P(Chunks, reset_of_an_open_or_missing_chunk_is_an_invalid_reset) {
  const Address open = free_chunk();
  write(open, geo().ws_min);
  if (!geo().early_reset) {
    EXPECT_TRUE(device().reset(Sectors(std::array{open})).status.is(StatusCode::invalid_reset));
    EXPECT_TRUE(device().reset(Sectors(open, 1)).status.is(StatusCode::invalid_reset));
    EXPECT_EQ(chunk(open).write_pointer, geo().ws_min);
  }
  const Address missing = Address::of(0, 0, geo().chunks);
  if (device().from_device(device().to_device(missing)) != missing) GTEST_SKIP() << "every chunk number exists";
  std::array<Chunk, 1> after;
  const Completion c = device().reset(Sectors(std::array{missing}), after);
  EXPECT_TRUE(c.status.is(StatusCode::invalid_reset)) << c.status.message();
  EXPECT_EQ(c.result, 1U);
  EXPECT_TRUE(device().reset(Sectors(missing, 1)).status.is(StatusCode::invalid_reset));
}

TEST_P(Chunks, free_chunk_is_reset_again_exactly_where_the_device_says_so) {
  const Address a = free_chunk();
  const Completion c = device().reset(Sectors(std::array{a}));
  EXPECT_EQ(c.ok(), geo().multiple_resets) << c.status.message();
  EXPECT_TRUE(c || c.status.is(StatusCode::invalid_reset));
  EXPECT_EQ(chunk(a).state, ChunkState::free);
}

TEST_P(Chunks, chunk_named_twice_in_one_reset_is_judged_twice) {
  const Address a = free_chunk();
  close(a);
  std::array<Chunk, 2> after;
  const Completion c = device().reset(Sectors(std::array{a, a}), after);
  EXPECT_EQ(c.result, geo().multiple_resets ? 0U : 0b10U);
  EXPECT_EQ(after[0].state, ChunkState::free);
}

TEST_P(OddChunks, chunk_of_another_size_is_written_and_reset) {
  const auto report = device().chunks();
  ASSERT_TRUE(report);
  const auto shorter = std::ranges::find_if(*report, [&](const Chunk& c) {
    return c.sectors != geo().sectors && c.state == ChunkState::free && c.type == ChunkType::sequential;
  });
  if (shorter == report->end()) GTEST_SKIP() << "all chunks have one size";
  write(shorter->address, shorter->sectors);
  EXPECT_EQ(chunk(shorter->address).state, ChunkState::closed);
  Bytes data(geo().sector_bytes);
  const Address last = shorter->address.plus(shorter->sectors - 1);
  ASSERT_TRUE(device().read(Sectors(last, 1), Destination(data)));
  EXPECT_TRUE(data == data_for(last, 1));
  std::array<Chunk, 1> after;
  const Completion c = device().reset(Sectors(std::array{shorter->address}), after);
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(after[0].state, ChunkState::free);
  EXPECT_EQ(after[0].sectors, shorter->sectors);
  write(shorter->address, shorter->sectors);
  const Completion alone = device().reset(Sectors(shorter->address, 1));
  EXPECT_TRUE(alone) << "its own size is the route's or the device's to know: " << alone.status.message();
}

TEST_P(OddChunks, random_chunk_is_written_in_any_order) {
  const auto report = device().chunks();
  ASSERT_TRUE(report);
  const auto random = std::ranges::find_if(
      *report, [](const Chunk& c) { return c.type == ChunkType::random && c.state == ChunkState::free; });
  if (random == report->end()) GTEST_SKIP() << "the device has no random-write chunk";
  const Address a = random->address;
  const std::array<Address, 4> sectors{a.plus(9), a.plus(3), a.plus(4), a.plus(20)};
  const Bytes data = data_for(sectors);
  const Completion c = device().write(Sectors(sectors), Source(data));
  ASSERT_TRUE(c) << c.status.message();
  Bytes back(data.size());
  ASSERT_TRUE(device().read(Sectors(sectors), Destination(back)));
  EXPECT_TRUE(back == data);
}

TEST_P(Chunks, reset_raises_an_event_where_the_route_has_them) {
  if (!caps().events) {
    EXPECT_TRUE(device().events().error().is_errno(ENOTSUP));
    return;
  }
  const auto before = device().events();
  ASSERT_TRUE(before) << before.error().message();
  const Address a = free_chunk();
  const std::uint32_t threshold = geo().wear_threshold;
  if (threshold > 4) GTEST_SKIP() << "it takes too many resets";
  std::vector<Event> events;
  for (int i = 0; i < 10 && events.empty(); ++i) {
    close(a);
    ASSERT_TRUE(device().reset(Sectors(std::array{a})));
    // From afar, it is on its way for a while.
    const auto until = backends::Clock::now() + std::chrono::milliseconds(GetParam().backend == "emu" ? 0 : 300);
    do {
      const auto now = device().events();
      ASSERT_TRUE(now);
      events = *now;
    } while (events.empty() && backends::Clock::now() < until);
  }
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().address, a);
  EXPECT_NE(events.back().state & Event::wear_outside, 0);
  for (const Event& later : device().events().value_or(events)) {
    EXPECT_GT(later.id, events.back().id) << "each is told once";
  }
}

TEST_P(Chunks, features_read_back) {
  const auto before = device().feature(Feature::error_recovery);
  ASSERT_TRUE(before) << before.error().message();
  ASSERT_TRUE(device().report_unwritten(true));
  EXPECT_EQ(device().feature(Feature::error_recovery).value_or(0) >> 16 & 1, 1U);
  ASSERT_TRUE(device().report_unwritten(false));
  EXPECT_EQ(device().feature(Feature::error_recovery).value_or(~0U) >> 16 & 1, 0U);
  ASSERT_TRUE(device().set_feature(Feature::error_recovery, *before));
  EXPECT_TRUE(device().feature(static_cast<Feature>(0x7E)).error().is_nvme()) << "an unknown feature is refused";
}

NVM_CONFORMANCE(Report);
NVM_CONFORMANCE(Chunks);
NVM_CONFORMANCE_OVER(OddChunks, &RouteUnderTest::has_odd_chunks);

}  // namespace
}  // namespace lightnvm::test
