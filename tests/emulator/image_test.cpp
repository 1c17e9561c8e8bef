// SPDX-License-Identifier: BSD-2-Clause
// An image is created, described, opened, and found again as it was left.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ImageTest : public testing::Test {
 protected:
  Directory directory;
  std::string path = directory.file();
};

constexpr auto kChunk = Address::of(1, 0, 3);

TEST_F(ImageTest, create_makes_one_sparse_file_of_the_whole_device) {
  make_image(path, Config());
  EXPECT_THAT(directory.names(), ElementsAre("device.img"));
  EXPECT_GE(file_size(path), Config().geometry.total_bytes() + Config().geometry.total_sectors() * 16);
  EXPECT_LT(blocks_of(path) * 512, 1U << 20);
}

TEST_F(ImageTest, create_where_something_is_gives_eexist_and_leaves_it) {
  write_file(path, "a file of somebody else");
  const Refusal refused = create_refusal(path, small_config());
  EXPECT_TRUE(refused.status.is_errno(EEXIST));
  EXPECT_THAT(refused.sentence, HasSubstr("exists already"));
  EXPECT_EQ(file_size(path), 23U);
}

TEST_F(ImageTest, create_where_an_image_is_gives_eexist_and_leaves_it) {
  make_image(path, small_config());
  const Bytes before = read_file(path, 0, 8192);
  EXPECT_TRUE(create_refusal(path, Config()).status.is_errno(EEXIST));
  EXPECT_EQ(read_file(path, 0, 8192), before);
}

TEST_F(ImageTest, create_of_an_impossible_device_gives_einval_and_makes_nothing) {
  Config c = small_config();
  c.geometry.groups = 0;
  const Refusal refused = create_refusal(path, c);
  EXPECT_TRUE(refused.status.is_errno(EINVAL));
  EXPECT_THAT(refused.sentence, HasSubstr("1 to 256 groups"));
  EXPECT_TRUE(directory.names().empty());
}

TEST_F(ImageTest, create_of_more_bytes_than_offsets_gives_efbig_and_makes_nothing) {
  Config c;
  c.overrides.clear();
  c.geometry.groups = 256;
  c.geometry.units = 256;
  c.geometry.chunks = 65536;
  c.geometry.sectors = 1U << 19;
  const Refusal refused = create_refusal(path, c);
  EXPECT_TRUE(refused.status.is_errno(EFBIG)) << refused.status.message();
  EXPECT_THAT(refused.sentence, HasSubstr("more bytes than a file has offsets"));
  EXPECT_TRUE(directory.names().empty());
}

TEST_F(ImageTest, info_of_a_new_image_says_what_was_asked_for) {
  Config c = small_config();
  c.geometry.oob_bytes = 8;
  c.geometry.ws_opt = 16;
  c.geometry.max_open = 5;
  c.geometry.max_open_unit = 2;
  c.geometry.wear_threshold = 7;
  c.geometry.vector_copy = false;
  c.geometry.multiple_resets = false;
  c.geometry.early_reset = true;
  c.geometry.times = {1, 2, 3, 4, 5, 6};
  c.pe_cycles = 33;
  c.predefined = 0xFF;
  c.mdts = 5;
  c.serial = "a serial number, 20.";
  make_image(path, c);
  const auto found = info(path);
  ASSERT_TRUE(found) << last_error();
  EXPECT_EQ(found->config.geometry, c.geometry);
  EXPECT_EQ(found->config.pe_cycles, c.pe_cycles);
  EXPECT_EQ(found->config.predefined, c.predefined);
  EXPECT_EQ(found->config.mdts, c.mdts);
  EXPECT_EQ(found->config.serial, c.serial);
  EXPECT_TRUE(found->config.overrides.empty());
}

TEST_F(ImageTest, info_of_a_new_image_tells_its_state) {
  make_image(path, small_config());
  const auto found = info(path);
  ASSERT_TRUE(found) << last_error();
  EXPECT_EQ(found->format, kImageFormat);
  EXPECT_EQ(found->logical_bytes, file_size(path));
  EXPECT_EQ(found->used_bytes, blocks_of(path) * 512);
  EXPECT_EQ(found->segments, 1U);
  EXPECT_TRUE(found->clean);
  EXPECT_FALSE(found->in_use);
}

TEST_F(ImageTest, each_device_has_a_uuid_of_its_own_and_keeps_it) {
  make_image(path, small_config());
  make_image(directory.file("other.img"), small_config());
  Uuid first;
  {
    first = Host(path).device().uuid();
  }
  EXPECT_EQ(Host(path).device().uuid(), first);
  EXPECT_NE(Host(directory.file("other.img")).device().uuid(), first);
  EXPECT_NE(first, Uuid{});
}

TEST_F(ImageTest, a_serial_number_of_blanks_alone_is_no_serial_number) {
  Config c = small_config();
  c.serial = "   ";
  const Refusal refused = create_refusal(path, c);
  EXPECT_TRUE(refused.status.is_errno(EINVAL));
  if (refused.status) {
    EXPECT_TRUE(open_refusal(path).status.ok()) << "created, but: " << last_error();
  }
}

TEST_F(ImageTest, info_open_and_check_of_nothing_give_enoent) {
  EXPECT_TRUE(info(path).error().is_errno(ENOENT));
  EXPECT_THAT(last_error(), HasSubstr(path));
  EXPECT_TRUE(check(path).error().is_errno(ENOENT));
  EXPECT_TRUE(open_refusal(path).status.is_errno(ENOENT));
  EXPECT_TRUE(open_refusal(path, ImageAccess::look).status.is_errno(ENOENT));
  EXPECT_TRUE(directory.names().empty());
}

TEST_F(ImageTest, check_finds_nothing_in_a_sound_image) {
  Config c = small_config();
  c.overrides.push_back(override_of(kChunk, ChunkState::open, 8));
  c.overrides.push_back(override_of(Address::of(0, 0, 0), ChunkState::offline));
  make_image(path, c);
  const auto findings = check(path);
  ASSERT_TRUE(findings) << last_error();
  EXPECT_TRUE(findings->empty());
}

TEST_F(ImageTest, check_tells_of_its_progress_to_the_end) {
  Config c = small_config();
  c.overrides.push_back(override_of(kChunk, ChunkState::closed));
  make_image(path, c);
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  const auto findings = check(path, [&](std::uint64_t d, std::uint64_t t) {
    EXPECT_LT(done, d);
    done = d;
    total = t;
  });
  ASSERT_TRUE(findings);
  EXPECT_EQ(done, total);
  EXPECT_EQ(total, c.geometry.total_chunks());
}

TEST_F(ImageTest, looking_checking_and_describing_change_no_byte) {
  Config c = small_config();
  c.overrides.push_back(override_of(kChunk, ChunkState::closed));
  make_image(path, c);
  const auto before = superblocks(path);
  const DiskRecord record = read_record(path, 15);
  {
    const Host host(path, ImageAccess::look);
  }
  (void)info(path);
  (void)check(path);
  const auto after = superblocks(path);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
  const DiskRecord again = read_record(path, 15);
  EXPECT_EQ(std::memcmp(&record, &again, sizeof record), 0);
}

TEST_F(ImageTest, overrides_are_the_chunks_first_states) {
  Config c = small_config();
  c.overrides.push_back(override_of(Address::of(0, 0, 1), ChunkState::open, 12));
  c.overrides.push_back(override_of(Address::of(0, 1, 2), ChunkState::closed));
  c.overrides.push_back(override_of(Address::of(1, 0, 3), ChunkState::offline));
  ChunkOverride small;
  small.address = Address::of(1, 1, 4);
  small.type = ChunkType::random;
  small.sectors = 40;
  small.cycles = 500;
  c.overrides.push_back(small);
  make_image(path, c);
  Host host(path);
  EXPECT_EQ(host.chunk(Address::of(0, 0, 1)),
            (Chunk{Address::of(0, 0, 1), ChunkState::open, ChunkType::sequential, 0, 64, 12}));
  EXPECT_EQ(host.chunk(Address::of(0, 1, 2)),
            (Chunk{Address::of(0, 1, 2), ChunkState::closed, ChunkType::sequential, 0, 64, 64}));
  EXPECT_EQ(host.chunk(Address::of(1, 0, 3)),
            (Chunk{Address::of(1, 0, 3), ChunkState::offline, ChunkType::sequential, 0, 64, Chunk::kNoWritePointer}));
  EXPECT_EQ(host.chunk(Address::of(1, 1, 4)),
            (Chunk{Address::of(1, 1, 4), ChunkState::free, ChunkType::random, 127, 40, Chunk::kNoWritePointer}));
}

TEST_F(ImageTest, chunks_without_override_are_new) {
  make_image(path, small_config());
  Host host(path);
  EXPECT_EQ(host.chunk(kChunk), (Chunk{kChunk, ChunkState::free, ChunkType::sequential, 0, 64, 0}));
}

TEST_F(ImageTest, data_and_metadata_survive_close_and_reopen) {
  make_image(path, small_config());
  {
    Host host(path);
    ASSERT_TRUE(fill_chunk(host, kChunk, 7));
  }
  Host host(path);
  EXPECT_TRUE(holds(host, kChunk, 64, 7));
}

TEST_F(ImageTest, the_write_pointer_of_an_open_chunk_survives_close_and_reopen) {
  make_image(path, small_config());
  {
    ASSERT_TRUE(Host(path).write(kChunk, 20));
  }
  Host host(path);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::open);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 20U);
  EXPECT_TRUE(host.write(kChunk.at_sector(20), 4));
  EXPECT_TRUE(holds(host, kChunk, 16));
}

TEST_F(ImageTest, resets_and_their_wear_survive_close_and_reopen) {
  Config c = small_config();
  c.pe_cycles = 10;
  make_image(path, c);
  {
    Host host(path);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(fill_chunk(host, kChunk));
      ASSERT_TRUE(host.reset(kChunk));
    }
  }
  Host host(path);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::free);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 0U);
  EXPECT_EQ(host.chunk(kChunk).wear, 3 * 255 / 10);
}

TEST_F(ImageTest, a_worn_out_chunk_is_offline_after_reopen) {
  Config c = small_config();
  c.pe_cycles = 1;
  make_image(path, c);
  {
    Host host(path);
    ASSERT_TRUE(fill_chunk(host, kChunk));
    ASSERT_TRUE(host.reset(kChunk));
  }
  EXPECT_EQ(Host(path).chunk(kChunk).state, ChunkState::offline);
  EXPECT_TRUE(check(path)->empty());
}

TEST_F(ImageTest, sectors_written_without_metadata_are_there) {
  make_image(path, small_config());
  Host host(path);
  Bytes data = pattern(kChunk, 64, 4096, 3);
  Bytes none;
  ASSERT_TRUE(host.write(kChunk, data, none));
  Bytes found;
  Bytes metadata;
  ASSERT_TRUE(host.read(kChunk, 64, found, metadata));
  EXPECT_EQ(found, data);
}

TEST_F(ImageTest, a_device_without_metadata_has_no_room_for_it) {
  Config c = small_config();
  c.geometry.oob_bytes = 0;
  make_image(path, c);
  EXPECT_EQ(superblock(path).metadata_stride, 0U);
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, kChunk));
  EXPECT_TRUE(holds(host, kChunk, 64));
  EXPECT_TRUE(host.reset(kChunk));
}

TEST_F(ImageTest, data_of_the_first_and_the_last_chunk_do_not_mix) {
  make_image(path, small_config());
  const Address last = Address::of(1, 1, 5);
  {
    Host host(path);
    ASSERT_TRUE(fill_chunk(host, Address::of(0, 0, 0), 1));
    ASSERT_TRUE(fill_chunk(host, last, 2));
  }
  Host host(path);
  EXPECT_TRUE(holds(host, Address::of(0, 0, 0), 64, 1));
  EXPECT_TRUE(holds(host, last, 64, 2));
  EXPECT_EQ(file_size(path), superblock(path).total_bytes);
}

TEST_F(ImageTest, closing_marks_the_image_clean) {
  make_image(path, small_config());
  {
    ASSERT_TRUE(Host(path).write(kChunk, 4));
  }
  EXPECT_TRUE(info(path)->clean);
  EXPECT_EQ(superblock(path).clean, 1);
}

TEST_F(ImageTest, opening_marks_the_image_until_it_is_closed) {
  make_image(path, small_config());
  const Host host(path);
  EXPECT_EQ(superblock(path).clean, 0);
}

// Whether a hole can be made in a file of that directory; the reason where not.
std::string cannot_punch(const Directory& directory) {
  const std::string probe = directory.file("probe");
  write_file(probe, 0, Bytes(8192, std::byte{1}));
  const auto fd = os::open(probe, O_RDWR);
  const Status punched = os::punch_hole(fd->get(), 0, 4096);
  ::unlink(probe.c_str());
  return punched ? "" : "the file system makes no holes: " + punched.message();
}

TEST_F(ImageTest, reset_gives_the_chunks_blocks_back) {
  if (const std::string why = cannot_punch(directory); !why.empty()) GTEST_SKIP() << why;
  make_image(path, small_config());
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, kChunk));
  ASSERT_TRUE(host.flush());
  const std::uint64_t full = blocks_of(path);
  ASSERT_TRUE(host.reset(kChunk));
  EXPECT_EQ(blocks_of(path), full) << "a power failure may still take the reset back";
  ASSERT_TRUE(host.flush());
  EXPECT_LE(blocks_of(path) + 64 * 4096 / 512, full);
}

TEST_F(ImageTest, reset_leaves_the_neighbours_alone) {
  make_image(path, small_config());
  Host host(path);
  for (std::uint32_t i = 2; i <= 4; ++i) ASSERT_TRUE(fill_chunk(host, Address::of(1, 0, i), i));
  ASSERT_TRUE(host.reset(kChunk));
  EXPECT_TRUE(holds(host, Address::of(1, 0, 2), 64, 2));
  EXPECT_TRUE(holds(host, Address::of(1, 0, 4), 64, 4));
}

TEST_F(ImageTest, after_a_reset_and_a_reopen_the_old_data_are_gone) {
  make_image(path, small_config());
  {
    Host host(path);
    ASSERT_TRUE(fill_chunk(host, kChunk));
    ASSERT_TRUE(host.reset(kChunk));
  }
  Host host(path);
  Bytes data;
  Bytes metadata;
  ASSERT_TRUE(host.read(kChunk, 64, data, metadata));
  EXPECT_EQ(data, Bytes(data.size()));
  EXPECT_EQ(metadata, Bytes(metadata.size()));
}

TEST_F(ImageTest, unwritten_sectors_of_an_image_read_as_its_predefined_byte) {
  Config c = small_config();
  c.predefined = 0xFF;
  make_image(path, c);
  Host host(path);
  Bytes data;
  Bytes metadata;
  ASSERT_TRUE(host.read(kChunk, 4, data, metadata));
  EXPECT_EQ(data, Bytes(data.size(), std::byte{0xFF}));
  EXPECT_EQ(metadata, Bytes(metadata.size(), std::byte{0xFF}));
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
