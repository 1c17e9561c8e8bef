// SPDX-License-Identifier: BSD-2-Clause
// Images of format 1 that were made once and for all: every release opens them, and makes the same ones.
#include <fmt/format.h>

#include <cstddef>
#include <map>

#include "golden_support.hpp"
#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

// What the format says of the superblock's fields, docs/format-emulated.md.
static_assert(offsetof(Superblock, format) == 8 && offsetof(Superblock, crc) == 12);
static_assert(offsetof(Superblock, sequence) == 16 && offsetof(Superblock, segment_bytes) == 24);
static_assert(offsetof(Superblock, table_offset) == 32 && offsetof(Superblock, table_bytes) == 40);
static_assert(offsetof(Superblock, journal_offset) == 48 && offsetof(Superblock, journal_bytes) == 56);
static_assert(offsetof(Superblock, metadata_offset) == 64 && offsetof(Superblock, metadata_stride) == 72);
static_assert(offsetof(Superblock, data_offset) == 80 && offsetof(Superblock, data_stride) == 88);
static_assert(offsetof(Superblock, total_bytes) == 96 && offsetof(Superblock, groups) == 104);
static_assert(offsetof(Superblock, ws_min) == 128 && offsetof(Superblock, mccap) == 152);
static_assert(offsetof(Superblock, pe_cycles) == 156 && offsetof(Superblock, times) == 160);
static_assert(offsetof(Superblock, predefined) == 184 && offsetof(Superblock, mdts) == 185);
static_assert(offsetof(Superblock, clean) == 186 && offsetof(Superblock, planes) == 187);
static_assert(offsetof(Superblock, serial) == 188 && offsetof(Superblock, uuid) == 208);
static_assert(offsetof(DiskRecord, missing) == 4 && offsetof(DiskRecord, cycles) == 8);
static_assert(offsetof(DiskRecord, state) == 10 && offsetof(DiskRecord, type) == 11);
static_assert(offsetof(DiskRecord, durable) == 12 && offsetof(DiskRecord, middle) == 16);
static_assert(offsetof(DiskRecord, middle_sum) == 20 && offsetof(DiskRecord, sum) == 24);
static_assert(offsetof(DiskRecord, crc) == 28 && offsetof(OldDiskRecord, crc) == 12);

// A sector of the golden images: its place in its first and last 16 bytes. Metadata: the place as well.
Bytes golden_bytes(Address first, std::uint32_t count, std::uint32_t bytes_each) {
  Bytes out(static_cast<std::size_t>(count) * bytes_each);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Address a = first.plus(i);
    const std::string text = fmt::format("{:3}.{:<3}.{:<4}.{:<4}", a.group(), a.unit(), a.chunk(), a.sector());
    const auto tag = std::as_bytes(std::span(text)).first(std::min<std::size_t>(kRow, bytes_each));
    std::ranges::copy(tag, out.begin() + i * bytes_each);
    std::ranges::copy(tag, out.begin() + (i + 1) * bytes_each - static_cast<std::ptrdiff_t>(tag.size()));
  }
  return out;
}

void write_golden_sectors(Host& host, Address first, std::uint32_t count) {
  Bytes data = golden_bytes(first, count, host.device().geometry().sector_bytes);
  Bytes metadata = golden_bytes(first, count, host.device().geometry().oob_bytes);
  const Completion done = host.write(first, data, metadata);
  ASSERT_TRUE(done) << done.status.message();
}

void expect_golden_sectors(Host& host, Address first, std::uint32_t count) {
  Bytes data;
  Bytes metadata;
  const Completion done = host.read(first, count, data, metadata);
  ASSERT_TRUE(done) << done.status.message();
  EXPECT_EQ(data, golden_bytes(first, count, host.device().geometry().sector_bytes));
  EXPECT_EQ(metadata, golden_bytes(first, count, host.device().geometry().oob_bytes));
}

struct Written {
  Address first;
  std::uint32_t count;
};

/// One golden image: how it was made, and what must be found in it.
struct Golden {
  std::string name;
  Config config;
  std::uint64_t segment_bytes;
  std::vector<Written> writes;
  std::vector<Address> resets;  ///< after the writes
  std::vector<Written> readable;
  std::vector<Chunk> chunks;  ///< those that are not new
  std::uint32_t format = kOldImageFormat;
};

/// The same device in the format that is made today.
Golden today(Golden golden) {
  golden.format = kImageFormat;
  golden.name += "_format" + std::to_string(kImageFormat);
  return golden;
}

void PrintTo(const Golden& g, std::ostream* out) { *out << g.name; }

Chunk chunk_of(Address a, ChunkState state, std::uint32_t sectors, std::uint64_t write_pointer, std::uint8_t wear = 0,
               ChunkType type = ChunkType::sequential) {
  return {a, state, type, wear, sectors, write_pointer};
}

constexpr auto kNone = Chunk::kNoWritePointer;
using enum ChunkState;

// The default device, spelled out: it is the image that stays, not the defaults.
Golden golden_default() {
  Config c = small_config();
  c.geometry.groups = 3;
  c.geometry.units = 5;
  c.geometry.chunks = 60;
  c.geometry.sectors = 1536;
  c.geometry.mw_cunits = 24;
  for (const Address a : {Address::of(0, 0, 7), Address::of(1, 3, 41), Address::of(2, 4, 59)}) {
    c.overrides.push_back(override_of(a, offline));
  }
  return {"default",
          c,
          0,
          {{Address::of(0, 0, 0), 32}, {Address::of(1, 2, 3), 24}, {Address::of(1, 2, 3, 24), 8}},
          {Address::of(2, 0, 1), Address::of(2, 0, 1), Address::of(2, 0, 1), Address::of(2, 0, 1)},
          {{Address::of(0, 0, 0), 8}, {Address::of(1, 2, 3), 8}},
          {chunk_of(Address::of(0, 0, 0), open, 1536, 32), chunk_of(Address::of(0, 0, 7), offline, 1536, kNone),
           chunk_of(Address::of(1, 2, 3), open, 1536, 32), chunk_of(Address::of(1, 3, 41), offline, 1536, kNone),
           chunk_of(Address::of(2, 0, 1), free, 1536, 0, 1), chunk_of(Address::of(2, 4, 59), offline, 1536, kNone)}};
}

Golden golden_chunks() {
  Config c = small_config();
  Geometry& g = c.geometry;
  g.chunks = 5;
  g.sectors = 16;
  g.sector_bytes = 512;
  g.oob_bytes = 8;
  g.ws_min = 2;
  g.ws_opt = 4;
  g.mw_cunits = 4;
  g.max_open = 9;
  g.max_open_unit = 3;
  g.wear_threshold = 200;
  g.vector_copy = false;
  g.multiple_resets = false;
  g.early_reset = true;
  g.times = {11, 12, 13, 14, 15, 16};
  c.pe_cycles = 50;
  c.predefined = 0xFF;
  c.mdts = 3;
  c.serial = "GOLDEN";
  ChunkOverride random = override_of(Address::of(0, 0, 1), open);
  random.type = ChunkType::random;
  ChunkOverride small = override_of(Address::of(0, 1, 2), free);
  small.sectors = 6;
  ChunkOverride worn = override_of(Address::of(1, 0, 3), open, 2);
  worn.cycles = 49;
  ChunkOverride early = override_of(Address::of(1, 1, 4), closed, 10);
  early.cycles = 7;
  ChunkOverride bad = override_of(Address::of(1, 1, 0), offline);
  bad.sectors = 14;
  ChunkOverride small_random = random;
  small_random.address = Address::of(1, 1, 1);
  small_random.state = free;
  small_random.sectors = 15;
  c.overrides = {random, small, worn, early, bad, small_random};
  return {
      "chunks",
      c,
      0,
      {{Address::of(0, 0, 1, 9), 3}, {Address::of(0, 1, 2), 6}, {Address::of(1, 0, 0), 16}, {Address::of(0, 1, 0), 8}},
      {Address::of(1, 0, 3), Address::of(0, 1, 0)},
      {{Address::of(0, 0, 1, 9), 3}, {Address::of(0, 1, 2), 6}, {Address::of(1, 0, 0), 16}},
      {chunk_of(Address::of(0, 0, 1), open, 16, kNone, 0, ChunkType::random),
       chunk_of(Address::of(0, 1, 0), free, 16, 0, 5), chunk_of(Address::of(0, 1, 2), closed, 6, 6),
       chunk_of(Address::of(1, 0, 0), closed, 16, 16), chunk_of(Address::of(1, 0, 3), offline, 16, kNone, 255),
       chunk_of(Address::of(1, 1, 0), offline, 14, kNone),
       chunk_of(Address::of(1, 1, 1), free, 15, kNone, 0, ChunkType::random),
       chunk_of(Address::of(1, 1, 4), closed, 16, 10, 35)}};
}

// Borders at odd pages: chunk (0,1,3) lies across one.
Golden golden_segments() {
  Config c = small_config();
  c.serial = "IN SEGMENTS";
  const Address across = Address::of(0, 1, 3);
  return {"segments",
          c,
          (2 << 20) + 3 * 4096,
          {{Address::of(0, 0, 0), 12}, {across, 64}, {Address::of(1, 1, 5), 64}},
          {},
          {{Address::of(0, 0, 0), 4}, {across, 64}, {Address::of(1, 1, 5), 64}},
          {chunk_of(Address::of(0, 0, 0), open, 64, 12), chunk_of(across, closed, 64, 64),
           chunk_of(Address::of(1, 1, 5), closed, 64, 64)}};
}

void make_golden(const Golden& golden, const std::string& path) {
  ASSERT_NO_FATAL_FAILURE(make_image(path, golden.config, {false, golden.segment_bytes}));
  Host host(path);
  for (const Written& w : golden.writes) ASSERT_NO_FATAL_FAILURE(write_golden_sectors(host, w.first, w.count));
  for (const Address chunk : golden.resets) ASSERT_TRUE(host.reset(chunk));
}

class GoldenImageTest : public testing::TestWithParam<Golden> {
 protected:
  void SetUp() override {
    files = read_golden(GetParam().name);
    ASSERT_FALSE(files.empty()) << golden_path(GetParam().name);
    if (!rebuild(files, path)) GTEST_SKIP() << "the file system takes no file of " << files[""].size << " bytes";
  }
  Directory directory;
  std::string path = directory.file();
  Files files;
};

TEST_P(GoldenImageTest, is_sound) {
  const auto findings = check(path);
  ASSERT_TRUE(findings) << last_error();
  EXPECT_TRUE(findings->empty());
}

TEST_P(GoldenImageTest, says_what_it_is) {
  const auto found = info(path);
  ASSERT_TRUE(found) << last_error();
  const Config& c = GetParam().config;
  EXPECT_EQ(found->format, GetParam().format);
  EXPECT_EQ(found->config.geometry, c.geometry);
  EXPECT_EQ(found->config.pe_cycles, c.pe_cycles);
  EXPECT_EQ(found->config.predefined, c.predefined);
  EXPECT_EQ(found->config.mdts, c.mdts);
  EXPECT_EQ(found->config.serial, c.serial);
  EXPECT_EQ(found->segments, files.size());
  EXPECT_TRUE(found->clean);
}

TEST_P(GoldenImageTest, reports_its_chunks) {
  Host host(path);
  const Geometry& g = host.device().geometry();
  std::map<Address, Chunk> known;
  for (const Chunk& c : GetParam().chunks) known[c.address] = c;
  for (std::uint64_t i = 0; i < g.total_chunks(); ++i) {
    const Address a = g.chunk_address(i);
    const Chunk expected = known.contains(a) ? known[a] : chunk_of(a, free, g.sectors, 0);
    EXPECT_EQ(host.chunk(a), expected) << "chunk (" << a.group() << "," << a.unit() << "," << a.chunk() << ")";
  }
}

TEST_P(GoldenImageTest, holds_its_data_and_metadata) {
  Host host(path);
  for (const Written& w : GetParam().readable) expect_golden_sectors(host, w.first, w.count);
}

TEST_P(GoldenImageTest, can_be_written_further) {
  {
    Host host(path);
    write_golden_sectors(host, Address::of(1, 0, 2), 4);
  }
  Host host(path);
  EXPECT_EQ(host.chunk(Address::of(1, 0, 2)).write_pointer, 4U);
  for (const Written& w : GetParam().readable) expect_golden_sectors(host, w.first, w.count);
}

TEST_P(GoldenImageTest, is_made_again_byte_by_byte) {
  if (GetParam().format != kImageFormat) GTEST_SKIP() << "no longer made";
  const std::string again = directory.file("again.img");
  ASSERT_NO_FATAL_FAILURE(make_golden(GetParam(), again));
  Files made = dump_all(again);
  forget_identity(made);
  forget_identity(files);
  ASSERT_EQ(made.size(), files.size());
  for (const auto& [suffix, file] : files) {
    EXPECT_EQ(made[suffix].size, file.size) << suffix;
    EXPECT_EQ(made[suffix].rows, file.rows) << suffix;
  }
}

INSTANTIATE_TEST_SUITE_P(, GoldenImageTest,
                         testing::Values(golden_default(), golden_chunks(), golden_segments(), today(golden_default()),
                                         today(golden_chunks()), today(golden_segments())),
                         [](const auto& param) { return param.param.name; });

// Makes the golden images anew: only for a new format, whose images stand beside the old ones.
TEST(GoldenImages, DISABLED_are_written) {
  for (const Golden& golden : {today(golden_default()), today(golden_chunks()), today(golden_segments())}) {
    const Directory directory;
    ASSERT_NO_FATAL_FAILURE(make_golden(golden, directory.file()));
    write_golden(golden.name, golden.format, dump_all(directory.file()));
  }
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
