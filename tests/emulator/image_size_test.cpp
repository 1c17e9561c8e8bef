// SPDX-License-Identifier: BSD-2-Clause
// A device of 15 TiB with a million chunks is made and opened at once, whatever the state of its chunks.
#include <algorithm>
#include <chrono>
#include <ctime>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr int kRuns = 10;
// What a sanitizer may cost.
constexpr int kSanitized = 60;
constexpr std::chrono::milliseconds kCreateBar{1000};
constexpr std::chrono::milliseconds kOpenBar{50};

// 16 groups x 8 units x 8192 chunks of 15 MiB.
Config million_chunks() {
  Config c = small_config();
  c.geometry.groups = 16;
  c.geometry.units = 8;
  c.geometry.chunks = 8192;
  c.geometry.sectors = 3840;
  c.geometry.mw_cunits = 24;
  return c;
}

// The processor's time of this process: another program that runs at the same time costs the machine's, not ours.
microseconds now() {
  timespec t{};
  (void)::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + duration_cast<microseconds>(std::chrono::nanoseconds(t.tv_nsec));
}

template <typename F>
microseconds best_of(int runs, F&& f) {
  microseconds best = microseconds::max();
  for (int i = 0; i < runs; ++i) {
    const microseconds begin = now();
    f();
    best = std::min(best, now() - begin);
  }
  return best;
}

class MillionChunksTest : public testing::Test {
 protected:
  void SetUp() override {
    const Config c = million_chunks();
    ASSERT_EQ(c.geometry.total_bytes(), 15ULL << 40);
    ASSERT_EQ(c.geometry.total_chunks(), 1U << 20);
    CreateOptions options;
    options.replace = true;
    const microseconds begin = now();
    const Refusal refused = create_refusal(path, c, options);
    created_in = now() - begin;
    if (refused.status.is_errno(EFBIG) || refused.status.is_errno(ENOSPC)) {
      GTEST_SKIP() << "no room for a sparse file of 15 TiB: " << refused.sentence;
    }
    ASSERT_TRUE(refused.status.ok()) << refused.sentence;
  }
  // What was measured, in the program's output and in its report.
  static void report(const char* what, microseconds time, std::chrono::milliseconds bar) {
    const auto allowed = bar * (sanitized() ? kSanitized : 1);
    std::printf("[ measured ] %s: %.1f ms, at most %lld ms\n", what, static_cast<double>(time.count()) / 1000,
                static_cast<long long>(allowed.count()));
    testing::Test::RecordProperty(std::string(what) + "_us", static_cast<int>(time.count()));
    EXPECT_LT(time, allowed);
  }
  // A record for every chunk: closed, full, with some cycles.
  void close_all() const {
    const Superblock super = superblock(path);
    ASSERT_GE(super.segment_bytes, super.table_offset + super.table_bytes) << "the table must be in the first file";
    ChunkRecord record;
    record.state = ChunkState::closed;
    record.write_pointer = 3840;
    record.cycles = 100;
    std::vector<DiskRecord> rows(1 << 20);
    for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = to_disk(i, record, proof_of(record));
    write_file(path, super.table_offset, std::as_bytes(std::span(rows)));
  }

  Directory directory;
  std::string path = directory.file();
  microseconds created_in{};
};

TEST_F(MillionChunksTest, is_created_within_a_second) {
  created_in =
      std::min(created_in, best_of(kRuns - 1, [&] { ASSERT_TRUE(create(path, million_chunks(), {true, 0})); }));
  report("created", created_in, kCreateBar);
}

// The chunk table has its room from the start; the rest is holes.
TEST_F(MillionChunksTest, takes_no_more_room_than_its_table) { EXPECT_LT(info(path)->used_bytes, 33U << 20); }

TEST_F(MillionChunksTest, is_opened_within_50_ms_when_new) {
  report("opened, all chunks new",
         best_of(kRuns, [&] { ASSERT_TRUE(Device::from_file(path, ImageAccess::exclusive)) << last_error(); }),
         kOpenBar);
}

TEST_F(MillionChunksTest, is_opened_within_50_ms_when_all_chunks_are_closed) {
  ASSERT_NO_FATAL_FAILURE(close_all());
  report("opened, all chunks closed",
         best_of(kRuns, [&] { ASSERT_TRUE(Device::from_file(path, ImageAccess::exclusive)) << last_error(); }),
         kOpenBar);
}

TEST_F(MillionChunksTest, is_opened_within_50_ms_when_few_chunks_far_apart_are_closed) {
  ChunkRecord record;
  record.state = ChunkState::closed;
  record.write_pointer = 8;
  for (std::uint32_t i = 0; i < 1U << 20; i += 100000) write_record(path, i, to_disk(i, record, proof_of(record)));
  report("opened, few chunks closed",
         best_of(kRuns, [&] { ASSERT_TRUE(Device::from_file(path, ImageAccess::exclusive)) << last_error(); }),
         kOpenBar);
  Host host(path);
  EXPECT_EQ(host.chunk(host.device().geometry().chunk_address(900000)).state, ChunkState::closed);
  EXPECT_EQ(host.chunk(host.device().geometry().chunk_address(900001)).state, ChunkState::free);
}

TEST_F(MillionChunksTest, knows_the_state_of_every_chunk) {
  ASSERT_NO_FATAL_FAILURE(close_all());
  Host host(path);
  const Geometry& g = host.device().geometry();
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < g.total_chunks(); ++i) {
    const Chunk c = host.chunk(g.chunk_address(i));
    wrong += c.state == ChunkState::closed && c.write_pointer == 3840 && c.wear == 25 ? 0 : 1;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST_F(MillionChunksTest, is_checked_to_the_last_chunk) {
  ASSERT_NO_FATAL_FAILURE(close_all());
  DiskRecord record = read_record(path, (1 << 20) - 1);
  record.write_pointer ^= 1;
  write_record(path, (1 << 20) - 1, record);
  const auto findings = check(path);
  ASSERT_TRUE(findings) << last_error();
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ(findings->front().where, "chunk (15,7,8191)");
}

TEST_F(MillionChunksTest, holds_data_at_its_end) {
  const Address last = Address::of(15, 7, 8191);
  {
    Host host(path);
    ASSERT_TRUE(host.write(last, 64, 1));
  }
  Host host(path);
  EXPECT_EQ(host.chunk(last).write_pointer, 64U);
  EXPECT_TRUE(holds(host, last, 40, 1));
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
