// SPDX-License-Identifier: BSD-2-Clause
// Creation that fails leaves nothing behind, and replaces nothing that is not an emulated device.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr CreateOptions kReplace{true, 0};
constexpr CreateOptions kSegmented{false, 4 << 20};
constexpr CreateOptions kReplaceSegmented{true, 4 << 20};
constexpr uid_t kNobody = 65534;

class ImageCreateTest : public testing::Test {
 protected:
  Directory directory;
  std::string path = directory.file();

  void expect_left_alone(const CreateOptions& options = kReplace) const {
    const Refusal refused = create_refusal(path, small_config(), options);
    EXPECT_TRUE(refused.status.is_errno(EEXIST)) << refused.status.message();
    EXPECT_THAT(refused.sentence, HasSubstr(path));
  }
};

// Runs `body` in a child that has no rights but everybody's; its result as in_child.
int as_nobody(const std::function<int()>& body) {
  return in_child([&] {
    if (::getuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) return 1;
    return body();
  });
}

TEST_F(ImageCreateTest, segments_are_as_large_as_was_asked_for) {
  make_image(path, small_config(), kSegmented);
  const Superblock s = superblock(path);
  EXPECT_EQ(s.segment_bytes, 4U << 20);
  std::uint64_t sum = 0;
  for (const std::string& name : directory.names()) sum += file_size(directory.file(name));
  EXPECT_EQ(sum, s.total_bytes);
  EXPECT_EQ(directory.names().size(), (s.total_bytes + s.segment_bytes - 1) / s.segment_bytes);
  EXPECT_EQ(info(path)->segments, directory.names().size());
}

TEST_F(ImageCreateTest, segments_below_two_mebibytes_or_unaligned_are_refused) {
  for (const std::uint64_t bytes : {1ULL, 4096ULL, (2ULL << 20) - 4096, (2ULL << 20) + 1}) {
    const Refusal refused = create_refusal(path, small_config(), {false, bytes});
    EXPECT_TRUE(refused.status.is_errno(EINVAL)) << bytes;
    EXPECT_THAT(refused.sentence, HasSubstr("segment size"));
  }
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, more_segments_than_an_image_may_have_are_refused_before_any_is_made) {
  Config c = small_config();
  c.geometry.chunks = 65536;
  c.geometry.sectors = 4096;
  const Refusal refused = create_refusal(path, c, {false, 2 << 20});
  EXPECT_TRUE(refused.status.is_errno(EINVAL)) << refused.status.message();
  EXPECT_THAT(refused.sentence, HasSubstr("segments"));
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, a_missing_directory_gives_enoent) {
  const Refusal refused = create_refusal(directory.file("no/device.img"), small_config());
  EXPECT_TRUE(refused.status.is_errno(ENOENT));
  EXPECT_THAT(refused.sentence, HasSubstr("no/device.img"));
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, an_unwritable_directory_gives_eacces) {
  ASSERT_EQ(::chmod(directory.path().c_str(), 0555), 0);
  EXPECT_EQ(as_nobody([&] {
              const Refusal refused = create_refusal(path, small_config());
              EXPECT_TRUE(refused.status.is_errno(EACCES)) << refused.status.message();
              EXPECT_THAT(refused.sentence, HasSubstr(path));
              return 0;
            }),
            0);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, a_segment_name_that_is_too_long_leaves_nothing) {
  const std::string longest = directory.file(std::string(254, 'x'));
  EXPECT_TRUE(create_refusal(longest, small_config(), kSegmented).status.is_errno(ENAMETOOLONG));
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, a_file_in_the_place_of_a_segment_stays_and_nothing_else) {
  write_file(path + ".3", "somebody's");
  const Refusal refused = create_refusal(path, small_config(), kSegmented);
  EXPECT_TRUE(refused.status.is_errno(EEXIST));
  EXPECT_THAT(refused.sentence, HasSubstr(path + ".3"));
  EXPECT_THAT(directory.names(), ElementsAre("device.img.3"));
  EXPECT_EQ(file_size(path + ".3"), 10U);
}

TEST_F(ImageCreateTest, too_few_file_descriptors_leave_nothing) {
  EXPECT_EQ(in_child([&] {
              const rlimit few{8, 8};
              ::setrlimit(RLIMIT_NOFILE, &few);
              const Refusal refused = create_refusal(path, small_config(), kSegmented);
              EXPECT_TRUE(refused.status.is_errno(EMFILE)) << refused.status.message();
              return 0;
            }),
            0);
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, a_file_system_without_room_for_the_superblock_leaves_nothing) {
  const SmallFileSystem small(directory.path(), 4096);
  if (!small.mounted()) GTEST_SKIP() << small.why();
  const Refusal refused = create_refusal(path, small_config());
  EXPECT_TRUE(refused.status.is_errno(ENOSPC)) << refused.status.message();
  EXPECT_THAT(refused.sentence, HasSubstr("No space left"));
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, a_file_system_without_room_for_the_records_leaves_nothing) {
  const SmallFileSystem small(directory.path(), 3 * 4096);
  if (!small.mounted()) GTEST_SKIP() << small.why();
  Config c = small_config();
  c.geometry.chunks = 1000;
  for (std::uint32_t i = 0; i < c.geometry.chunks; ++i) {
    c.overrides.push_back(override_of(Address::of(1, 1, i), ChunkState::offline));
  }
  EXPECT_TRUE(create_refusal(path, c).status.is_errno(ENOSPC));
  EXPECT_THAT(directory.names(), IsEmpty());
}

// Creates in a child whose files may have `limit` bytes; its result as in_child.
int create_with_file_limit(const std::string& path, std::uint64_t limit, const CreateOptions& options,
                           const std::function<void(const Refusal&)>& judge) {
  Config c = small_config();
  c.geometry.chunks = 200;
  return in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit bytes{limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &bytes);
    judge(create_refusal(path, c, options));
    return 0;
  });
}

TEST_F(ImageCreateTest, a_device_larger_than_a_file_may_be_becomes_segments) {
  EXPECT_EQ(create_with_file_limit(path, 100 << 20, {},
                                   [](const Refusal& refused) { EXPECT_TRUE(refused.status.ok()) << last_error(); }),
            0);
  const auto found = info(path);
  ASSERT_TRUE(found) << last_error();
  EXPECT_EQ(superblock(path).segment_bytes, 64U << 20);
  EXPECT_EQ(found->segments, (found->logical_bytes + (64U << 20) - 1) >> 26);
  EXPECT_EQ(directory.names().size(), found->segments);
  Host host(path);
  ASSERT_TRUE(fill_chunk(host, Address::of(1, 1, 199)));
  EXPECT_TRUE(holds(host, Address::of(1, 1, 199), 64));
}

TEST_F(ImageCreateTest, a_limit_below_the_smallest_segment_gives_efbig_and_leaves_nothing) {
  EXPECT_EQ(create_with_file_limit(path, 32 << 20, {},
                                   [](const Refusal& refused) {
                                     EXPECT_TRUE(refused.status.is_errno(EFBIG)) << refused.status.message();
                                     EXPECT_THAT(refused.sentence, HasSubstr("too large"));
                                   }),
            0);
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, segments_that_were_asked_for_and_are_too_large_give_efbig_and_leave_nothing) {
  EXPECT_EQ(create_with_file_limit(path, 32 << 20, {false, 128 << 20},
                                   [](const Refusal& refused) {
                                     EXPECT_TRUE(refused.status.is_errno(EFBIG)) << refused.status.message();
                                   }),
            0);
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST_F(ImageCreateTest, replace_makes_a_new_device_of_an_image) {
  make_image(path, small_config());
  const auto uuid = superblock(path).uuid;
  {
    ASSERT_TRUE(Host(path).write(Address::of(0, 0, 0), 4));
  }
  Config c = small_config();
  c.geometry.groups = 3;
  make_image(path, c, kReplace);
  Host host(path);
  EXPECT_EQ(host.device().geometry().groups, 3U);
  EXPECT_EQ(host.chunk(Address::of(0, 0, 0)).state, ChunkState::free);
  EXPECT_NE(superblock(path).uuid, uuid);
}

TEST_F(ImageCreateTest, replace_where_nothing_is_creates) {
  make_image(path, small_config(), kReplace);
  EXPECT_TRUE(open_refusal(path).status.ok());
}

TEST_F(ImageCreateTest, replace_takes_the_old_segments_away) {
  make_image(path, small_config(), kSegmented);
  ASSERT_GT(directory.names().size(), 2U);
  make_image(path, small_config(), kReplace);
  EXPECT_THAT(directory.names(), ElementsAre("device.img"));
}

TEST_F(ImageCreateTest, replace_takes_the_segments_of_an_incomplete_image_away) {
  make_image(path, small_config(), kSegmented);
  ::unlink((path + ".1").c_str());
  make_image(path, small_config(), kReplace);
  EXPECT_THAT(directory.names(), ElementsAre("device.img"));
}

TEST_F(ImageCreateTest, replace_of_an_image_in_use_gives_ebusy_and_leaves_it) {
  make_image(path, small_config());
  const Holder holder(path);
  const Refusal refused = create_refusal(path, small_config(), kReplace);
  EXPECT_TRUE(refused.status.is_errno(EBUSY));
  EXPECT_THAT(refused.sentence, HasSubstr("open"));
  EXPECT_TRUE(info(path)->in_use);
}

TEST_F(ImageCreateTest, a_replacement_that_fails_leaves_the_old_device) {
  make_image(path, small_config());
  const auto uuid = superblock(path).uuid;
  write_file(path + ".2", "somebody's");
  EXPECT_TRUE(create_refusal(path, small_config(), kReplaceSegmented).status.is_errno(EEXIST));
  ASSERT_THAT(directory.names(), ElementsAre("device.img", "device.img.2"));
  EXPECT_EQ(superblock(path).uuid, uuid);
}

TEST_F(ImageCreateTest, a_replacement_without_room_leaves_the_old_device) {
  const SmallFileSystem small(directory.path(), 8 * 4096);
  if (!small.mounted()) GTEST_SKIP() << small.why();
  make_image(path, small_config());
  Config large = small_config();
  large.geometry.chunks = 10000;
  for (std::uint32_t i = 0; i < large.geometry.chunks; ++i) {
    large.overrides.push_back(override_of(Address::of(1, 1, i), ChunkState::offline));
  }
  EXPECT_TRUE(create_refusal(path, large, kReplace).status.is_errno(ENOSPC));
  EXPECT_TRUE(open_refusal(path).status.ok()) << last_error();
}

TEST_F(ImageCreateTest, replace_leaves_a_foreign_file_alone) {
  write_file(path, 0, Bytes(10000, std::byte{'x'}));
  expect_left_alone();
  EXPECT_EQ(read_file(path, 0, 10000), Bytes(10000, std::byte{'x'}));
}

TEST_F(ImageCreateTest, replace_leaves_a_directory_alone) {
  std::filesystem::create_directory(path);
  expect_left_alone();
  EXPECT_TRUE(std::filesystem::is_directory(path));
}

TEST_F(ImageCreateTest, replace_leaves_a_link_to_nothing_alone) {
  std::filesystem::create_symlink("nowhere", path);
  expect_left_alone();
  EXPECT_TRUE(std::filesystem::is_symlink(path));
}

TEST_F(ImageCreateTest, replace_leaves_a_link_to_a_foreign_file_alone) {
  write_file(directory.file("target"), 0, Bytes(10000, std::byte{'x'}));
  std::filesystem::create_symlink("target", path);
  expect_left_alone();
  EXPECT_TRUE(std::filesystem::is_symlink(path));
  EXPECT_EQ(file_size(directory.file("target")), 10000U);
}

TEST_F(ImageCreateTest, replace_leaves_a_socket_alone) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const os::Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  expect_left_alone();
  EXPECT_TRUE(std::filesystem::is_socket(path));
}

TEST_F(ImageCreateTest, replace_leaves_a_fifo_alone_and_does_not_wait_for_it) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(in_child([&] {
              ::alarm(2);
              expect_left_alone();
              return 0;
            }),
            0);
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

TEST_F(ImageCreateTest, replace_leaves_a_device_node_alone) {
  constexpr dev_t kDevNull = 1 << 8 | 3;
  if (::mknod(path.c_str(), S_IFCHR | 0600, kDevNull) != 0) {
    GTEST_SKIP() << "device nodes cannot be made here: " << std::strerror(errno);
  }
  expect_left_alone();
  EXPECT_TRUE(std::filesystem::is_character_file(path));
}

TEST_F(ImageCreateTest, replace_leaves_a_file_alone_that_it_may_not_read) {
  write_file(path, 0, Bytes(10000, std::byte{'x'}));
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0777), 0);
  EXPECT_EQ(as_nobody([&] {
              EXPECT_FALSE(create(path, small_config(), kReplace).ok());
              return 0;
            }),
            0);
  ASSERT_THAT(directory.names(), ElementsAre("device.img"));
  EXPECT_EQ(file_size(path), 10000U);
}

TEST(ImageDrafts, of_an_interrupted_creation_give_way) {
  const Directory directory;
  const std::string path = directory.file();
  for (const char* name : {"device.img.creating", "device.img.1.creating", "device.img.2.creating"}) {
    write_file(directory.file(name), "left over");
  }
  make_image(path, small_config(), {false, 20 << 20});
  EXPECT_THAT(directory.names(), testing::ElementsAre("device.img", "device.img.1"));
}

TEST(ImageDrafts, that_are_being_made_are_left_alone) {
  const Directory directory;
  const std::string path = directory.file();
  const auto draft = os::open(path + ".creating", O_RDWR | O_CREAT, 0644);
  ASSERT_TRUE(draft);
  ASSERT_TRUE(os::lock_exclusively(draft->get()));
  const Refusal refused = create_refusal(path, small_config());
  EXPECT_TRUE(refused.status.is_errno(EBUSY));
  EXPECT_THAT(refused.sentence, testing::HasSubstr("another process is making this device"));
  EXPECT_THAT(directory.names(), testing::ElementsAre("device.img.creating"));
}

TEST(ImageDrafts, that_are_no_files_are_named) {
  const Directory directory;
  const std::string path = directory.file();
  ASSERT_EQ(::mkdir((path + ".creating").c_str(), 0755), 0);
  EXPECT_THAT(create_refusal(path, small_config()).sentence, testing::HasSubstr(".creating: is in the way"));
}

TEST(ImageCreate, a_symbolic_link_is_called_one) {
  const Directory directory;
  make_image(directory.file(), small_config());
  const std::string link = directory.file("link");
  ASSERT_EQ(::symlink("device.img", link.c_str()), 0);
  for (const bool replace : {false, true}) {
    const Refusal refused = create_refusal(link, small_config(), {replace, 0});
    EXPECT_TRUE(refused.status.is_errno(EEXIST));
    EXPECT_THAT(refused.sentence, testing::HasSubstr("is a symbolic link"));
  }
}

TEST(ImageCreate, progress_counts_the_chunks_that_begin_differently) {
  const Directory directory;
  Config c = small_config();
  for (std::uint32_t i = 0; i < 6; ++i) c.overrides.push_back(override_of(Address::of(0, 0, i), ChunkState::offline));
  std::uint64_t last = 0;
  ASSERT_TRUE(create(directory.file(), c, {}, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, 6U);
    last = done;
  }));
  EXPECT_EQ(last, 6U);
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
