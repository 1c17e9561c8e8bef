// SPDX-License-Identifier: BSD-2-Clause
// A file that loses what was not synced: never what was, and each block ends as it was at some moment.
#include "emulator/losing_file.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace lightnvm::emulator {
namespace {

constexpr std::uint64_t kBlock = LosingFile::kBlock;
constexpr std::uint64_t kBlocks = 16;

class Losing : public testing::Test {
 protected:
  /// A file of `blocks` blocks of 'a', durable.
  void make(std::uint64_t seed, std::uint64_t blocks = kBlocks) {
    const int fd = ::memfd_create("losing", MFD_CLOEXEC);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::ftruncate(fd, static_cast<off_t>(blocks * kBlock)), 0);
    file_ = std::make_unique<LosingFile>(os::Fd(fd), model::FaultDice(seed, 0));
    write('a', 0, std::min(blocks, kBlocks));
    ASSERT_TRUE(file_->sync());
  }
  void write(char value, std::uint64_t first, std::uint64_t count) {
    write_bytes(value, first * kBlock, count * kBlock);
  }
  void write_bytes(char value, std::uint64_t offset, std::uint64_t bytes) {
    const std::vector<std::byte> data(bytes, static_cast<std::byte>(value));
    ASSERT_TRUE(file_->write(data.data(), bytes, offset));
  }
  /// The bytes of a block, where they differ with a '/' in between.
  std::string block(std::uint64_t i) {
    std::string bytes(kBlock, '\0');
    EXPECT_TRUE(file_->read(reinterpret_cast<std::byte*>(bytes.data()), kBlock, i * kBlock));
    std::string out;
    std::ranges::replace(bytes, '\0', '0');
    std::ranges::unique_copy(bytes, std::back_inserter(out));
    return out;
  }
  std::unique_ptr<LosingFile> file_;
};

TEST_F(Losing, what_was_synced_stays) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    make(seed);
    write('b', 3, 9);
    ASSERT_TRUE(file_->sync());
    write('c', 5, 2);
    file_->lose_power();
    for (std::uint64_t i = 0; i < kBlocks; ++i) {
      const std::string now = block(i);
      const char before = i >= 3 && i < 12 ? 'b' : 'a';
      EXPECT_TRUE(now == std::string(1, before) || (now == "c" && i >= 5 && i < 7)) << seed << ": " << now;
    }
  }
}

TEST_F(Losing, what_was_not_is_lost_or_kept_or_torn) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    make(seed);
    write('b', 0, 3);
    file_->lose_power();
    seen.insert(block(0) + block(1) + block(2));
    EXPECT_EQ(block(3), "a");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"aaa", "aab", "aba", "abb", "baa", "bab", "bba", "bbb"}));
}

TEST_F(Losing, later_changes_may_stay_where_earlier_ones_are_lost) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    make(seed);
    write('b', 0, 1);
    write('c', 1, 1);
    file_->lose_power();
    seen.insert(block(0) + block(1));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"aa", "ac", "ba", "bc"}));
}

TEST_F(Losing, block_is_as_it_was_at_some_moment) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    make(seed);
    write_bytes('b', 0, 100);
    write_bytes('c', 50, 100);
    write_bytes('d', 400, 112);
    file_->lose_power();
    seen.insert(block(0));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a", "ba", "bca", "bcad"}));
}

TEST_F(Losing, holes_come_and_go_as_writes_do) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    make(seed, 2 * kBlocks);
    const Status s = file_->punch(0, 2 * kBlocks * kBlock);
    if (s.is_errno(EOPNOTSUPP)) GTEST_SKIP() << "the file system punches no holes";
    ASSERT_TRUE(s);
    write('b', kBlocks + 8, 1);
    file_->lose_power();
    seen.insert(block(0) + block(kBlocks + 8));
    EXPECT_EQ(block(2 * kBlocks - 1), "0");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"00", "0b", "a0", "ab"}));
}

TEST_F(Losing, same_seed_loses_the_same) {
  const auto left = [&](std::uint64_t seed) {
    make(seed);
    for (std::uint64_t i = 0; i < kBlocks; ++i) write('b', i, 1);
    file_->lose_power();
    std::string all;
    for (std::uint64_t i = 0; i < kBlocks; ++i) all += block(i);
    return all;
  };
  EXPECT_EQ(left(3), left(3));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) seen.insert(left(seed));
  EXPECT_GT(seen.size(), 5U);
}

TEST_F(Losing, what_is_too_much_to_be_kept_has_reached_the_disk) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    make(seed, LosingFile::kMostBytes / kBlock * 2);
    write('b', 0, 1);
    write('c', 1, LosingFile::kMostBytes / kBlock - 1);
    write('d', LosingFile::kMostBytes / kBlock, 1);
    file_->lose_power();
    EXPECT_EQ(block(0), "b");
    EXPECT_EQ(block(1), "c");
    lost = lost || block(LosingFile::kMostBytes / kBlock) == "0";
  }
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace lightnvm::emulator
