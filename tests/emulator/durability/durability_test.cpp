// SPDX-License-Identifier: BSD-2-Clause
// Power failures and kills, a short run; and disks that fail without going away. NVM_SEED replays a seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "../image_support.hpp"
#include "cut_disk.hpp"
#include "cut_run.hpp"
#include "kill_run.hpp"

namespace lightnvm::emulator::durability {
namespace {

using image_test::Directory;
using image_test::Host;

constexpr auto kChunk = Address::of(0, 1, 2);
constexpr std::uint32_t kDevices = 12, kCuts = 4, kKills = 8;

std::uint64_t first_seed() {
  const char* given = std::getenv("NVM_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}

TEST(PowerCuts, lose_nothing_that_was_flushed) {
  for (std::uint64_t seed = first_seed(); seed < first_seed() + kDevices; ++seed) {
    const Directory directory;
    const CutResult result = cut_run(seed, kCuts, directory.path());
    ASSERT_EQ(result.wrong, "") << "NVM_SEED=" << seed;
    EXPECT_GT(result.commands, 0U);
  }
}

TEST(Kills, lose_nothing_that_completed) {
  const Directory directory;
  const CutResult result = kill_run(first_seed(), kKills, directory.path());
  EXPECT_EQ(result.wrong, "") << "NVM_SEED=" << first_seed();
}

class FailingDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    image_test::make_image(path, image_test::small_config());
    disk.emplace(std::vector<std::string>{path});
    open();
  }
  void open() {
    auto device = Device::from_file(path, ImageAccess::exclusive, disk->maker());
    ASSERT_TRUE(device) << last_error();
    host.emplace(*device);
  }
  Directory directory;
  std::string path = directory.file();
  std::optional<CutDisk> disk;
  std::optional<Host> host;
};

TEST_F(FailingDiskTest, a_flush_that_failed_is_no_success_the_second_time) {
  ASSERT_TRUE(host->write(kChunk, 4));
  disk->fail_syncs(true);
  const Completion first = host->flush();
  EXPECT_TRUE(first.status.is(StatusCode::internal_error)) << first.status.message();
  EXPECT_TRUE(first.status.dnr());
  disk->fail_syncs(false);
  EXPECT_TRUE(host->flush().status.is(StatusCode::internal_error));
}

TEST_F(FailingDiskTest, the_device_is_read_only_after_a_failed_flush) {
  ASSERT_TRUE(host->write(kChunk, 16));
  disk->fail_syncs(true);
  ASSERT_FALSE(host->flush());
  EXPECT_TRUE(host->write(kChunk.at_sector(16), 4).status.is(StatusCode::namespace_write_protected));
  EXPECT_TRUE(host->reset(kChunk).status.is(StatusCode::namespace_write_protected));
  EXPECT_TRUE(image_test::holds(*host, kChunk, 8));
  EXPECT_EQ(host->device().smart().critical_warning, 1U << 3);
}

TEST_F(FailingDiskTest, what_the_failed_flush_lost_is_found_out_when_the_image_is_opened_again) {
  ASSERT_TRUE(host->write(kChunk, 16));
  ASSERT_TRUE(host->flush());
  ASSERT_TRUE(host->write(kChunk.at_sector(16), 4));
  disk->fail_syncs(true);
  ASSERT_FALSE(host->flush());
  host.reset();
  disk->fail_syncs(false);
  EXPECT_FALSE(info(path)->clean);
  std::mt19937_64 random(1);
  disk->restore(random);
  open();
  const auto written = host->chunk(kChunk).write_pointer;
  EXPECT_TRUE(written == 16 || written == 20) << written;
  EXPECT_TRUE(image_test::holds(*host, kChunk, 8));
}

TEST_F(FailingDiskTest, the_first_write_after_a_reset_does_not_begin_when_the_reset_cannot_be_made_durable) {
  ASSERT_TRUE(image_test::fill_chunk(*host, kChunk));
  ASSERT_TRUE(host->flush());
  ASSERT_TRUE(host->reset(kChunk));
  disk->fail_syncs(true);
  EXPECT_FALSE(host->write(kChunk, 4, 9));
  EXPECT_EQ(host->chunk(kChunk).write_pointer, 0U);
  host.reset();
  disk->fail_syncs(false);
  std::mt19937_64 random(2);
  disk->restore(random);
  open();
  const Chunk c = host->chunk(kChunk);
  EXPECT_TRUE(c.state == ChunkState::free || image_test::holds(*host, kChunk, 64));
}

TEST_F(FailingDiskTest, many_resets_share_one_sync_and_later_writes_pay_none) {
  for (std::uint32_t c = 0; c < 6; ++c) ASSERT_TRUE(image_test::fill_chunk(*host, Address::of(0, 0, c)));
  for (std::uint32_t c = 0; c < 6; ++c) ASSERT_TRUE(host->reset(Address::of(0, 0, c)));
  const std::uint64_t before = disk->syncs();
  for (std::uint32_t c = 0; c < 6; ++c) ASSERT_TRUE(image_test::fill_chunk(*host, Address::of(0, 0, c)));
  EXPECT_EQ(disk->syncs(), before + 1);
}

class RepairTest : public testing::Test {
 protected:
  void SetUp() override { image_test::make_image(path, image_test::small_config()); }
  [[nodiscard]] std::vector<Finding> findings() const { return check(path).value_or(std::vector<Finding>()); }
  Directory directory;
  std::string path = directory.file();
};

TEST_F(RepairTest, writes_a_damaged_copy_of_the_superblock_anew) {
  image_test::write_file(path, 100, image_test::Bytes(8, std::byte{0xFF}));
  ASSERT_EQ(findings().size(), 1U);
  EXPECT_TRUE(findings()[0].repairable);
  ASSERT_TRUE(repair(path)) << last_error();
  EXPECT_TRUE(findings().empty());
}

TEST_F(RepairTest, ends_a_chunk_where_its_sectors_never_reached_the_disk) {
  {
    CutDisk disk({path});
    Host host(*Device::from_file(path, ImageAccess::exclusive, disk.maker()));
    ASSERT_TRUE(host.write(kChunk, 8));
    ASSERT_TRUE(host.flush());
    ASSERT_TRUE(host.write(kChunk.at_sector(8), 8));
    disk.cut_after(1);
    EXPECT_FALSE(host.flush());
  }
  const Superblock super = image_test::superblock(path);
  const auto chunk = static_cast<std::uint32_t>(image_test::small_config().geometry.chunk_index(kChunk));
  image_test::write_file(path, super.data_offset + chunk * super.data_stride + 9 * 4096, image_test::Bytes(512));
  ASSERT_EQ(findings().size(), 1U);
  EXPECT_TRUE(findings()[0].repairable) << findings()[0].what;
  EXPECT_FALSE(info(path)->clean);
  ASSERT_TRUE(repair(path)) << last_error();
  EXPECT_TRUE(findings().empty());
  EXPECT_TRUE(info(path)->clean);
  Host host(path);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 8U);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::open);
}

TEST_F(RepairTest, leaves_a_damaged_record_alone) {
  DiskRecord record{};
  record.state = 4;
  image_test::write_record(path, 3, record);
  ASSERT_EQ(findings().size(), 1U);
  EXPECT_FALSE(findings()[0].repairable);
  EXPECT_TRUE(repair(path).is_errno(EINVAL));
  EXPECT_EQ(image_test::read_record(path, 3).state, 4);
}

}  // namespace
}  // namespace lightnvm::emulator::durability
