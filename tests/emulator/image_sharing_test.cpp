// SPDX-License-Identifier: BSD-2-Clause
// One process at a time changes an image; others may look. What a crash leaves behind.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using testing::HasSubstr;

constexpr auto kChunk = Address::of(1, 1, 4);
constexpr int kRounds = 3000;

// A child process that does the same again and again until this goes.
class Loop {
 public:
  explicit Loop(const std::function<void()>& body) : child_(::fork()) {
    if (child_ != 0) return;
    ::alarm(60);
    while (true) body();
  }
  ~Loop() {
    ::kill(child_, SIGKILL);
    (void)::waitpid(child_, nullptr, 0);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

 private:
  pid_t child_;
};

class ImageSharingTest : public testing::Test {
 protected:
  void SetUp() override { make_image(path, small_config()); }
  Directory directory;
  std::string path = directory.file();
};

TEST_F(ImageSharingTest, a_second_process_is_refused_with_ebusy) {
  const Holder holder(path);
  const Refusal refused = open_refusal(path);
  EXPECT_TRUE(refused.status.is_errno(EBUSY));
  EXPECT_THAT(refused.sentence, HasSubstr("another process has this device open"));
}

TEST_F(ImageSharingTest, a_refused_process_changes_no_byte) {
  const Holder holder(path);
  const auto before = superblocks(path);
  (void)open_refusal(path);
  const auto after = superblocks(path);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
}

TEST_F(ImageSharingTest, a_second_opening_in_the_same_process_is_refused_with_ebusy) {
  const Host host(path);
  EXPECT_TRUE(open_refusal(path).status.is_errno(EBUSY));
}

TEST_F(ImageSharingTest, a_link_to_the_image_is_the_same_image) {
  ASSERT_EQ(::symlink("device.img", directory.file("link").c_str()), 0);
  const Holder holder(path);
  EXPECT_TRUE(open_refusal(directory.file("link")).status.is_errno(EBUSY));
}

TEST_F(ImageSharingTest, the_image_is_free_once_its_holder_closes_it) {
  Holder holder(path);
  holder.release();
  EXPECT_TRUE(open_refusal(path).status.ok()) << last_error();
}

TEST_F(ImageSharingTest, the_image_is_free_once_its_holder_is_killed) {
  Holder holder(path);
  holder.kill();
  EXPECT_TRUE(open_refusal(path).status.ok()) << last_error();
}

TEST_F(ImageSharingTest, a_look_is_granted_beside_a_holder) {
  const Holder holder(path);
  EXPECT_TRUE(open_refusal(path, ImageAccess::look).status.ok()) << last_error();
}

TEST_F(ImageSharingTest, a_look_sees_the_chunks_as_the_holder_left_them) {
  const Holder holder(path, [](Host& host) {
    ASSERT_TRUE(host.write(kChunk, 12));
    ASSERT_TRUE(fill_chunk(host, Address::of(0, 0, 0), 5));
    ASSERT_TRUE(fill_chunk(host, Address::of(0, 0, 1)));
    ASSERT_TRUE(host.reset(Address::of(0, 0, 1)));
  });
  Host look(path, ImageAccess::look);
  EXPECT_EQ(look.chunk(kChunk).write_pointer, 12U);
  EXPECT_EQ(look.chunk(kChunk).state, ChunkState::open);
  EXPECT_EQ(look.chunk(Address::of(0, 0, 1)).state, ChunkState::free);
  EXPECT_TRUE(holds(look, Address::of(0, 0, 0), 64, 5));
}

TEST_F(ImageSharingTest, a_look_does_not_hold_the_image) {
  const Host look(path, ImageAccess::look);
  EXPECT_TRUE(open_refusal(path).status.ok()) << last_error();
}

TEST_F(ImageSharingTest, a_look_refuses_to_write) {
  Host look(path, ImageAccess::look);
  EXPECT_TRUE(look.write(kChunk, 4).status.is(StatusCode::namespace_write_protected));
  EXPECT_TRUE(look.reset(kChunk).status.is(StatusCode::namespace_write_protected));
  EXPECT_EQ(look.chunk(kChunk).write_pointer, 0U);
}

TEST_F(ImageSharingTest, a_file_without_permission_to_write_can_be_looked_at) {
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  EXPECT_EQ(in_child([&] {
              if (::getuid() == 0 && ::setuid(65534) != 0) return 1;
              const Refusal refused = open_refusal(path);
              EXPECT_TRUE(refused.status.is_errno(EACCES));
              EXPECT_THAT(refused.sentence, HasSubstr("add ?ro for a look at it"));
              EXPECT_TRUE(open_refusal(path, ImageAccess::look).status.ok()) << last_error();
              EXPECT_TRUE(info(path)) << last_error();
              return 0;
            }),
            0);
}

TEST_F(ImageSharingTest, a_file_without_permission_to_read_gives_eacces) {
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_EQ(in_child([&] {
              if (::getuid() == 0 && ::setuid(65534) != 0) return 1;
              EXPECT_TRUE(info(path).error().is_errno(EACCES));
              EXPECT_TRUE(check(path).error().is_errno(EACCES));
              EXPECT_THAT(last_error(), HasSubstr(path));
              return 0;
            }),
            0);
}

TEST_F(ImageSharingTest, info_says_whether_the_image_is_in_use) {
  Holder holder(path);
  EXPECT_TRUE(info(path)->in_use);
  holder.release();
  EXPECT_FALSE(info(path)->in_use);
}

TEST_F(ImageSharingTest, an_image_in_use_counts_as_clean) {
  const Holder holder(path);
  EXPECT_TRUE(info(path)->clean);
}

TEST_F(ImageSharingTest, info_beside_an_opener_never_makes_it_fail) {
  const Loop describing([&] { (void)info(path); });
  int opened = 0;
  while (opened < kRounds && Image::open(path, ImageAccess::exclusive)) ++opened;
  EXPECT_EQ(opened, kRounds) << last_error();
}

TEST_F(ImageSharingTest, a_killed_holder_leaves_an_image_that_is_not_clean) {
  Holder holder(path);
  holder.kill();
  EXPECT_FALSE(info(path)->clean);
  EXPECT_FALSE(info(path)->in_use);
}

TEST_F(ImageSharingTest, an_image_that_was_not_clean_is_after_it_was_opened_and_closed) {
  Holder holder(path);
  holder.kill();
  {
    const Host host(path);
  }
  EXPECT_TRUE(info(path)->clean);
}

TEST_F(ImageSharingTest, what_a_killed_holder_was_told_is_written_is_written) {
  Holder holder(path, [](Host& host) {
    ASSERT_TRUE(fill_chunk(host, kChunk, 3));
    ASSERT_TRUE(host.write(Address::of(0, 0, 0), 16, 4));
  });
  holder.kill();
  Host host(path);
  EXPECT_TRUE(holds(host, kChunk, 64, 3));
  EXPECT_EQ(host.chunk(Address::of(0, 0, 0)).write_pointer, 16U);
  EXPECT_TRUE(holds(host, Address::of(0, 0, 0), 8, 4));
}

TEST_F(ImageSharingTest, a_chunk_that_a_killed_holder_reset_is_free) {
  Holder holder(path, [](Host& host) {
    ASSERT_TRUE(fill_chunk(host, kChunk, 3));
    ASSERT_TRUE(host.reset(kChunk));
  });
  holder.kill();
  Host host(path);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::free);
  EXPECT_TRUE(host.write(kChunk, 4));
}

TEST_F(ImageSharingTest, an_opened_image_is_the_file_that_its_name_means) {
  const Loop replacing([&] { (void)create(path, small_config(), {true, 0}); });
  int opened = 0;
  int others = 0;
  for (int i = 0; i < kRounds && others == 0; ++i) {
    const auto image = Image::open(path, ImageAccess::exclusive);
    if (!image) continue;
    ++opened;
    struct stat st{};
    const bool there = ::stat(path.c_str(), &st) == 0;
    others += there && (*image)->identity() == std::pair<std::uint64_t, std::uint64_t>(st.st_dev, st.st_ino) ? 0 : 1;
  }
  EXPECT_GT(opened, 0);
  EXPECT_EQ(others, 0) << "after " << opened << " openings one held a file that was replaced meanwhile";
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
