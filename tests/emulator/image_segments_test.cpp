// SPDX-License-Identifier: BSD-2-Clause
// An image of several files works as one: what lies on a border lies on both sides of it.
#include <gmock/gmock.h>
#include <unistd.h>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

// Borders at odd pages, so that chunks, sectors and metadata lie across them.
constexpr std::uint64_t kOddSegment = (2 << 20) + 4096;

// 40 chunks of 1024 sectors of 64 KiB would be large; 8 sectors of 64 KiB are enough to lie across a border.
Config large_sectors() {
  Config c = small_config();
  c.geometry.sectors = 8;
  c.geometry.sector_bytes = 65536;
  c.geometry.ws_min = 1;
  c.geometry.ws_opt = 1;
  c.geometry.mw_cunits = 0;
  return c;
}

// Metadata of a chunk: 256 sectors of 512 bytes.
Config large_metadata() {
  Config c = small_config();
  c.geometry.groups = 4;
  c.geometry.chunks = 10;
  c.geometry.sectors = 256;
  c.geometry.sector_bytes = 512;
  c.geometry.oob_bytes = 512;
  return c;
}

// A table of more than a mebibyte: it begins in the first segment and ends in the second.
Config large_table() {
  Config c = small_config();
  c.geometry.groups = 2;
  c.geometry.units = 1;
  c.geometry.chunks = 40000;
  c.geometry.sectors = 8;
  c.geometry.sector_bytes = 512;
  c.geometry.ws_min = 1;
  c.geometry.ws_opt = 1;
  c.geometry.mw_cunits = 0;
  c.geometry.oob_bytes = 0;
  return c;
}

class ImageSegmentsTest : public testing::Test {
 protected:
  void make(const Config& config, std::uint64_t segment_bytes) {
    make_image(path, config, {false, segment_bytes});
    super = superblock(path);
    geometry = config.geometry;
  }
  // The first chunk of which [offset + chunk * stride, + bytes) lies across a border that is no border of `unit` bytes.
  [[nodiscard]] Address chunk_across(std::uint64_t offset, std::uint64_t stride, std::uint64_t unit) const {
    for (std::uint64_t chunk = 0; chunk < geometry.total_chunks(); ++chunk) {
      const std::uint64_t begin = offset + chunk * stride;
      const std::uint64_t border = (begin / super.segment_bytes + 1) * super.segment_bytes;
      if (border < begin + stride && (border - begin) % unit != 0) return geometry.chunk_address(chunk);
    }
    throw std::runtime_error("no chunk lies across a border");
  }

  Directory directory;
  std::string path = directory.file();
  Superblock super{};
  Geometry geometry;
};

TEST_F(ImageSegmentsTest, a_sector_across_a_border_is_read_as_it_was_written) {
  make(large_sectors(), kOddSegment);
  const Address chunk = chunk_across(super.data_offset, super.data_stride, 65536);
  {
    Host host(path);
    ASSERT_TRUE(fill_chunk(host, chunk));
    EXPECT_TRUE(holds(host, chunk, 8));
  }
  Host host(path);
  EXPECT_TRUE(holds(host, chunk, 8));
}

TEST_F(ImageSegmentsTest, a_symbolic_link_leads_to_all_of_them) {
  make(small_config(), 2 << 20);
  const Directory elsewhere;
  const std::string link = elsewhere.file("link");
  ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
  EXPECT_EQ(info(link)->segments, info(path)->segments) << last_error();
  Host host(link);
  EXPECT_TRUE(fill_chunk(host, Address::of(1, 1, 5)));
  EXPECT_TRUE(holds(host, Address::of(1, 1, 5), 64));
}

TEST_F(ImageSegmentsTest, each_file_is_known_by_whatever_name) {
  make(small_config(), 2 << 20);
  const Directory elsewhere;
  const std::string link = elsewhere.file("link");
  ASSERT_EQ(::symlink((path + ".3").c_str(), link.c_str()), 0);
  EXPECT_TRUE(is_file_of(path, path));
  EXPECT_TRUE(is_file_of(path, path + ".3"));
  EXPECT_TRUE(is_file_of(path, link));
  write_file(path + ".txt", "notes");
  EXPECT_FALSE(is_file_of(path, path + ".txt"));
  EXPECT_FALSE(is_file_of(path, path + ".nothing"));
}

TEST_F(ImageSegmentsTest, one_command_across_a_border_reads_and_writes_both_sides) {
  make(small_config(), kOddSegment);
  const Address chunk = chunk_across(super.data_offset, super.data_stride, 1 << 20);
  Host host(path);
  ASSERT_TRUE(host.write(chunk, 64));
  EXPECT_TRUE(holds(host, chunk, 64));
}

TEST_F(ImageSegmentsTest, metadata_across_a_border_is_read_as_it_was_written) {
  make(large_metadata(), kOddSegment + 18 * (1 << 20) - (2 << 20));
  const Address chunk = chunk_across(super.metadata_offset, super.metadata_stride, 1 << 20);
  Host host(path);
  ASSERT_TRUE(host.write(chunk, 256));
  EXPECT_TRUE(holds(host, chunk, 256));
}

TEST_F(ImageSegmentsTest, a_reset_across_a_border_discards_both_sides) {
  make(small_config(), kOddSegment);
  const Address chunk = chunk_across(super.data_offset, super.data_stride, 1 << 20);
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, chunk, 1));
  ASSERT_TRUE(host.reset(chunk));
  const std::uint64_t begin = super.data_offset + geometry.chunk_index(chunk) * super.data_stride;
  const std::uint64_t border = begin / super.segment_bytes * super.segment_bytes + super.segment_bytes;
  const auto segment = [&](std::uint64_t i) { return i == 0 ? path : path + "." + std::to_string(i); };
  const std::string before = segment(begin / super.segment_bytes);
  const std::string after = segment(border / super.segment_bytes);
  const Bytes left = read_file(before, super.segment_bytes - 4096, 4096);
  const Bytes right = read_file(after, 0, 4096);
  if (left == pattern(chunk.at_sector(static_cast<std::uint32_t>((border - begin) / 4096 - 1)), 1, 4096, 1)) {
    GTEST_SKIP() << "the file system makes no holes";
  }
  EXPECT_EQ(left, Bytes(4096));
  EXPECT_EQ(right, Bytes(4096));
}

TEST_F(ImageSegmentsTest, the_neighbours_of_a_border_do_not_mix) {
  make(large_sectors(), kOddSegment);
  const Address chunk = chunk_across(super.data_offset, super.data_stride, 65536);
  const Address next = geometry.chunk_address(geometry.chunk_index(chunk) + 1);
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, chunk, 1));
  ASSERT_TRUE(fill_chunk(host, next, 2));
  EXPECT_TRUE(holds(host, chunk, 8, 1));
  EXPECT_TRUE(holds(host, next, 8, 2));
}

TEST_F(ImageSegmentsTest, records_on_both_sides_of_a_border_survive) {
  Config c = large_table();
  constexpr std::uint32_t kFirstBehindBorder = 32768;
  const std::uint32_t chunks[] = {0, kFirstBehindBorder - 1, kFirstBehindBorder, 79999};
  for (const std::uint32_t chunk : chunks) {
    c.overrides.push_back(override_of(c.geometry.chunk_address(chunk), ChunkState::open, chunk % 7 + 1));
  }
  make(c, 2 << 20);
  ASSERT_EQ(super.table_offset + kFirstBehindBorder * sizeof(DiskRecord), super.segment_bytes);
  Host host(path);
  for (const std::uint32_t chunk : chunks) {
    const Chunk found = host.chunk(geometry.chunk_address(chunk));
    EXPECT_EQ(found.state, ChunkState::open) << chunk;
    EXPECT_EQ(found.write_pointer, chunk % 7 + 1) << chunk;
  }
  EXPECT_EQ(host.chunk(geometry.chunk_address(1)).state, ChunkState::free);
  EXPECT_EQ(host.chunk(geometry.chunk_address(79998)).state, ChunkState::free);
}

TEST_F(ImageSegmentsTest, a_damaged_record_behind_a_border_is_named) {
  Config c = large_table();
  make(c, 2 << 20);
  write_file(path + ".1", 32, Bytes(32, std::byte{1}));
  const auto findings = check(path);
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ(findings->front().where, "chunk (0,0,32769)");
}

TEST_F(ImageSegmentsTest, used_bytes_are_those_of_all_files) {
  make(small_config(), 2 << 20);
  const std::uint64_t before = info(path)->used_bytes;
  {
    Host host(path);
    for (std::uint32_t i = 0; i < 6; ++i) ASSERT_TRUE(fill_chunk(host, Address::of(1, 1, i)));
    ASSERT_TRUE(host.flush());
  }
  EXPECT_GE(info(path)->used_bytes, before + 6 * 64 * 4096);
}

TEST_F(ImageSegmentsTest, an_image_is_found_again_under_a_new_name_with_its_segments) {
  make(small_config(), 4 << 20);
  {
    ASSERT_TRUE(fill_chunk(*std::make_unique<Host>(path), Address::of(1, 1, 5)));
  }
  const std::string moved = directory.file("moved");
  for (const std::string& name : directory.names()) {
    ASSERT_EQ(::rename(directory.file(name).c_str(), (moved + name.substr(std::string("device.img").size())).c_str()),
              0);
  }
  Host host(moved);
  EXPECT_TRUE(holds(host, Address::of(1, 1, 5), 64));
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
