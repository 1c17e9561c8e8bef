// SPDX-License-Identifier: BSD-2-Clause
// What the file system refuses becomes the status of a command: nothing is lost, and no signal ends the program.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

constexpr auto kChunk = Address::of(0, 1, 2);
constexpr std::uint64_t kPage = 4096;
// A write of 4 sectors of 4 KiB, and the page of their metadata.
constexpr std::uint64_t kRoomOfAWrite = 5 * kPage;

// An image on a file system with a little more room than it takes.
class FullFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    small.emplace(directory.path(), 1 << 20);
    if (!small->mounted()) GTEST_SKIP() << small->why();
    Config c = small_config();
    // A record in the table, so that the table has its block.
    c.overrides.push_back(override_of(Address::of(0, 0, 0), ChunkState::offline));
    make_image(path, c);
  }
  // Writes until the device says that it is full; returns how many sectors it took.
  static std::uint32_t write_until_full(Host& host) {
    for (std::uint32_t at = 0; at < 64; at += 4) {
      const Completion done = host.write(kChunk.at_sector(at), 4);
      if (done) continue;
      EXPECT_TRUE(done.status.is(StatusCode::capacity_exceeded)) << done.status.message();
      EXPECT_EQ(done.status.to_errno(), ENOSPC);
      return at;
    }
    ADD_FAILURE() << "the device never was full";
    return 64;
  }

  Directory directory;
  std::string path = directory.file();
  std::optional<SmallFileSystem> small;
};

TEST_F(FullFileSystemTest, a_write_without_room_gives_capacity_exceeded) {
  Host host(path);
  small->fill_but(4 * kPage);
  EXPECT_TRUE(host.write(kChunk, 4).status.is(StatusCode::capacity_exceeded));
}

TEST_F(FullFileSystemTest, a_refused_write_may_be_tried_again) {
  Host host(path);
  small->fill_but(4 * kPage);
  const Completion done = host.write(kChunk, 4);
  EXPECT_FALSE(done.ok());
  EXPECT_FALSE(done.status.dnr());
}

TEST_F(FullFileSystemTest, a_refused_write_leaves_the_write_pointer) {
  Host host(path);
  small->fill_but(10 * kPage);
  const std::uint32_t stored = write_until_full(host);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, stored);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::open);
}

TEST_F(FullFileSystemTest, what_was_written_before_is_still_there) {
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, Address::of(1, 1, 1), 9));
  small->fill_but(10 * kPage);
  (void)write_until_full(host);
  EXPECT_TRUE(holds(host, Address::of(1, 1, 1), 64, 9));
}

TEST_F(FullFileSystemTest, with_room_again_the_chunk_can_be_filled) {
  Host host(path);
  small->fill_but(10 * kPage);
  const std::uint32_t stored = write_until_full(host);
  small->remove_filler();
  for (std::uint32_t at = stored; at < 64; at += 4) ASSERT_TRUE(host.write(kChunk.at_sector(at), 4));
  EXPECT_TRUE(holds(host, kChunk, 64));
}

TEST_F(FullFileSystemTest, the_state_before_the_refused_write_survives_reopening) {
  small->fill_but(10 * kPage);
  std::uint32_t stored = 0;
  {
    Host host(path);
    stored = write_until_full(host);
  }
  EXPECT_EQ(Host(path).chunk(kChunk).write_pointer, stored);
  EXPECT_TRUE(info(path)->clean);
}

TEST_F(FullFileSystemTest, reading_works) {
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, kChunk));
  small->fill_but(0);
  EXPECT_TRUE(holds(host, kChunk, 64));
}

TEST_F(FullFileSystemTest, a_reset_works_and_makes_room) {
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, kChunk));
  small->fill_but(0);
  EXPECT_TRUE(host.reset(kChunk));
  // The write that finds no room makes the reset durable, and goes on in the room that this gives.
  EXPECT_TRUE(host.write(Address::of(1, 1, 1), 4));
  EXPECT_GE(small->free_bytes(), 58 * kPage);
  EXPECT_TRUE(host.write(kChunk, 4));
}

// The table's block is allocated by its first record, which is written after the data.
class NoRoomForTheRecordTest : public FullFileSystemTest {
 protected:
  void SetUp() override {
    FullFileSystemTest::SetUp();
    if (IsSkipped()) return;
    make_image(path, small_config(), {true, 0});
  }
};

TEST_F(NoRoomForTheRecordTest, the_write_gives_capacity_exceeded) {
  Host host(path);
  small->fill_but(kRoomOfAWrite);
  const Completion done = host.write(kChunk, 4);
  EXPECT_TRUE(done || done.status.is(StatusCode::capacity_exceeded)) << done.status.message();
}

TEST_F(NoRoomForTheRecordTest, a_write_that_failed_can_be_repeated_in_its_place) {
  Host host(path);
  small->fill_but(kRoomOfAWrite);
  const Completion done = host.write(kChunk, 4);
  small->remove_filler();
  if (!done) {
    const Completion again = host.write(kChunk, 4);
    EXPECT_TRUE(again) << again.status.message();
  }
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 4U);
}

TEST_F(NoRoomForTheRecordTest, a_write_that_succeeded_survives_and_one_that_failed_does_not) {
  small->fill_but(kRoomOfAWrite);
  bool stored = false;
  {
    stored = Host(path).write(kChunk, 4).ok();
  }
  EXPECT_EQ(Host(path).chunk(kChunk).write_pointer, stored ? 4U : 0U);
}

// Below the sectors of the image's last chunks.
constexpr std::uint64_t kSizeLimit = 21 << 20;
constexpr auto kBeyondLimit = Address::of(1, 1, 5);

int limit_sizes(std::uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  return ::setrlimit(RLIMIT_FSIZE, &limit) == 0 && ::signal(SIGXFSZ, SIG_DFL) != SIG_ERR ? 0 : 1;
}

TEST(LimitedSizeOfFiles, a_write_beyond_it_gives_capacity_exceeded_and_no_signal) {
  const Directory directory;
  const std::string path = directory.file();
  make_image(path, small_config());
  EXPECT_EQ(in_child([&] {
              if (limit_sizes(kSizeLimit) != 0) return 1;
              Host host(path);
              EXPECT_TRUE(host.write(Address::of(0, 0, 0), 4));
              const Completion done = host.write(kBeyondLimit, 4);
              EXPECT_TRUE(done.status.is(StatusCode::capacity_exceeded)) << done.status.message();
              EXPECT_EQ(host.chunk(kBeyondLimit).write_pointer, 0U);
              EXPECT_EQ(host.chunk(Address::of(0, 0, 0)).write_pointer, 4U);
              return 0;
            }),
            0);
}

TEST(LimitedSizeOfFiles, an_image_is_made_in_smaller_files) {
  const Directory directory;
  const std::string path = directory.file();
  Config c = small_config();
  c.geometry.chunks = 600;  // 600 MiB
  EXPECT_EQ(in_child([&] {
              if (limit_sizes(64 << 20) != 0) return 1;
              make_image(path, c);
              EXPECT_GT(info(path)->segments, 1U);
              Host host(path);
              EXPECT_TRUE(host.write(Address::of(1, 1, 599), 4));
              return 0;
            }),
            0);
}

// Media that discard nothing, for the reason they are given.
class StubbornMedia final : public Media {
 public:
  explicit StubbornMedia(int error) noexcept : channel_(error) {}
  std::unique_ptr<MediaChannel> open_channel(std::uint32_t) override { return std::make_unique<Channel>(channel_); }
  Status save(std::uint32_t, const ChunkRecord& record, const Proof&) noexcept override {
    kept = record;
    return {};
  }
  Status sync() noexcept override { return {}; }
  [[nodiscard]] bool blocking() const noexcept override { return true; }
  [[nodiscard]] bool persistent() const noexcept override { return true; }

  ChunkRecord kept;

 private:
  class Channel final : public MediaChannel {
   public:
    explicit Channel(int error) noexcept : error_(error) {}
    bool start(MediaOp& op) noexcept override {
      op.status = op.kind == MediaOp::Kind::discard ? Status::os(error_) : Status();
      return true;
    }

   private:
    int error_;
  };
  Channel channel_;
};

class FailingDiscardTest : public testing::TestWithParam<int> {};

TEST_P(FailingDiscardTest, takes_the_chunk_offline_only_where_the_disk_is_broken) {
  const Config c = small_config();
  Device::Parts parts;
  parts.machine = std::move(*ChunkMachine::create(c.geometry, c.pe_cycles));
  auto media = std::make_unique<StubbornMedia>(GetParam());
  const StubbornMedia& kept = *media;
  parts.media = std::move(media);
  Host host(std::make_shared<Device>(c, std::move(parts)));
  ASSERT_TRUE(host.write(kChunk, 64));
  const Completion done = host.reset(kChunk);
  if (GetParam() == EIO) {
    EXPECT_TRUE(done.status.is(StatusCode::offline_chunk)) << done.status.message();
    EXPECT_EQ(host.chunk(kChunk).state, ChunkState::offline);
    return;
  }
  const bool full = GetParam() == ENOSPC || GetParam() == EDQUOT;
  EXPECT_TRUE(done.status.is(full ? StatusCode::capacity_exceeded : StatusCode::internal_error))
      << done.status.message();
  EXPECT_FALSE(done.status.dnr());
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::closed);
  EXPECT_EQ(kept.kept.state, ChunkState::closed) << "also where it is kept";
}

INSTANTIATE_TEST_SUITE_P(, FailingDiscardTest, testing::Values(EIO, ENOSPC, EDQUOT, ENOMEM, EAGAIN));

class TruncatedUnderUsTest : public testing::Test {
 protected:
  void SetUp() override {
    make_image(path, small_config());
    host.emplace(path);
    ASSERT_TRUE(fill_chunk(*host, kChunk));
    resize(path, superblock(path).data_offset);
  }
  Directory directory;
  std::string path = directory.file();
  std::optional<Host> host;
};

TEST_F(TruncatedUnderUsTest, reading_what_is_gone_gives_unrecovered_read_error) {
  Bytes data;
  Bytes metadata;
  const Completion done = host->read(kChunk, 4, data, metadata);
  EXPECT_TRUE(done.status.is(StatusCode::unrecovered_read_error)) << done.status.message();
}

// Success, or the device's verdict: anything but a signal or an error that is none of the device's.
testing::AssertionResult ends_with_a_status(const Completion& done) {
  if (done || done.status.is_nvme()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << done.status.message();
}

TEST_F(TruncatedUnderUsTest, writing_ends_with_a_status) {
  EXPECT_TRUE(ends_with_a_status(host->write(Address::of(1, 1, 1), 4)));
  EXPECT_TRUE(ends_with_a_status(host->flush()));
}

TEST_F(TruncatedUnderUsTest, a_reset_ends_with_a_status) { EXPECT_TRUE(ends_with_a_status(host->reset(kChunk))); }

TEST_F(TruncatedUnderUsTest, closing_ends_well_and_reopening_says_what_is_missing) {
  host.reset();
  const Refusal refused = open_refusal(path);
  EXPECT_TRUE(refused.status.is_errno(EINVAL));
  EXPECT_THAT(refused.sentence, testing::HasSubstr("bytes long instead of"));
}

TEST(TruncatedToNothingUnderUs, every_command_ends_with_a_status) {
  const Directory directory;
  const std::string path = directory.file();
  make_image(path, small_config());
  {
    Host host(path);
    ASSERT_TRUE(fill_chunk(host, kChunk));
    resize(path, 0);
    Bytes data;
    Bytes metadata;
    EXPECT_FALSE(host.read(kChunk, 4, data, metadata));
    EXPECT_TRUE(ends_with_a_status(host.write(Address::of(1, 1, 1), 4)));
    EXPECT_TRUE(ends_with_a_status(host.reset(kChunk)));
    EXPECT_TRUE(ends_with_a_status(host.flush()));
  }
  EXPECT_TRUE(open_refusal(path).status.is_errno(EINVAL));
}

TEST(SegmentTruncatedUnderUs, reading_what_is_gone_gives_unrecovered_read_error) {
  const Directory directory;
  const std::string path = directory.file();
  make_image(path, small_config(), {false, 2 << 20});
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, kChunk));
  for (const std::string& name : directory.names()) {
    if (name != "device.img") resize(directory.file(name), 0);
  }
  Bytes data;
  Bytes metadata;
  EXPECT_TRUE(host.read(kChunk, 4, data, metadata).status.is(StatusCode::unrecovered_read_error));
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
