// SPDX-License-Identifier: BSD-2-Clause
// Devices in files as a program opens them: looks beside writers, traces beside images; chunks that are not as others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lightnvm/emulator.hpp"
#include "lightnvm/lightnvm.hpp"
#include "spec/build.hpp"

// Present where the program was built with that sanitizer.
extern "C" [[gnu::weak]] void __asan_init();
extern "C" [[gnu::weak]] void __tsan_init();

namespace lightnvm {
namespace {

using testing::HasSubstr;

constexpr auto kShort = Address::of(1, 0, 5);
constexpr auto kOffline = Address::of(0, 0, 7);
constexpr auto kChunk = Address::of(1, 1, 3);

class DeviceInAFile : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("NVM_BE");
    std::string folder = testing::TempDir() + "lightnvm-device-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path = folder + "/device.img";
    emulator::Config c;
    emulator::ChunkOverride smaller;
    smaller.address = kShort;
    smaller.sectors = 1024;
    smaller.state = ChunkState::closed;
    c.overrides.push_back(smaller);
    emulator::CreateOptions options;
    options.segment_bytes = 1U << 30;
    ASSERT_TRUE(emulator::create(path, c, options)) << last_error();
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] Device open(const std::string& options = "") const {
    auto device = Device::open(path + options);
    if (!device) throw std::runtime_error(last_error());
    return std::move(*device);
  }
  /// One write of ws_min sectors.
  static Completion write(Device& device, Address at) {
    const std::vector<std::byte> data(std::size_t{device.geometry().ws_min} * device.geometry().sector_bytes);
    return device.write(Sectors(at, device.geometry().ws_min), Source(data));
  }

  std::string path;

 private:
  std::filesystem::path folder_;
};

TEST_F(DeviceInAFile, a_chunk_smaller_than_others_is_reset_by_its_address_alone) {
  Device device = open();
  const Completion done = device.reset(Sectors(kShort, 1));
  EXPECT_TRUE(done) << done.status.message();
  EXPECT_EQ(device.chunk(kShort)->state, ChunkState::free);
  auto queue = device.open_queue();
  ASSERT_TRUE(queue);
  Completion later;
  ASSERT_TRUE(queue->reset(Sectors(kShort, 1), [&](const Completion& c) { later = c; }));
  EXPECT_EQ(queue->drain().value_or(0), 1U);
  EXPECT_TRUE(later) << later.status.message();
}

TEST_F(DeviceInAFile, a_reset_brings_chunks_back_for_lists_alone) {
  Device device = open();
  std::array<Chunk, 1> after;
  EXPECT_TRUE(device.reset(Sectors(kShort, 1), after).status.is_errno(EINVAL));
  EXPECT_TRUE(device.reset(Sectors::vector(kShort, 1), after));
  EXPECT_EQ(after[0].sectors, 1024U);
}

TEST_F(DeviceInAFile, a_virtual_block_takes_whole_chunks_alone) {
  const Device device = open();
  for (const Address a : {kShort, kOffline}) {
    const auto block = VirtualBlock::make(device, std::array{kChunk, a});
    ASSERT_FALSE(block);
    EXPECT_TRUE(block.error().is_errno(EINVAL));
  }
  EXPECT_TRUE(VirtualBlock::make(device, std::array{kChunk}));
}

TEST_F(DeviceInAFile, a_look_changes_no_feature_for_the_writer) {
  Device writer = open();
  Device look = open("?ro");
  EXPECT_TRUE(look.set_feature(Feature::error_recovery, 1U << 16).is_errno(EROFS));
  EXPECT_TRUE(look.report_unwritten(true).is_errno(EROFS));
  const spec::Command set = spec::build::set_features(spec::FeatureId::error_recovery, 1, 1U << 16);
  EXPECT_TRUE(look.pass(CommandSet::admin, set.dw, Destination(std::span<std::byte>())).status.is_errno(EROFS));
  EXPECT_EQ(*writer.feature(Feature::error_recovery), 0U);
  EXPECT_EQ(*look.feature(Feature::error_recovery), 0U) << "looking at it is no change";
}

TEST_F(DeviceInAFile, an_earlier_look_keeps_what_it_saw_and_a_later_one_shares) {
  Device early = open("?ro");
  Device writer = open();
  Device late = open("?ro");
  ASSERT_TRUE(write(writer, kChunk));
  EXPECT_EQ(early.chunk(kChunk)->write_pointer, 0U);
  EXPECT_EQ(late.chunk(kChunk)->write_pointer, writer.geometry().ws_min);
}

TEST_F(DeviceInAFile, a_trace_does_not_go_into_the_device) {
  for (const std::string& file : {path, path + ".1"}) {
    const auto before = std::filesystem::file_size(file);
    const auto traced = Device::open(path + "?trace=" + file);
    ASSERT_FALSE(traced);
    EXPECT_TRUE(traced.error().is_errno(EINVAL));
    EXPECT_THAT(last_error(), HasSubstr("is the device itself"));
    EXPECT_EQ(std::filesystem::file_size(file), before);
  }
}

TEST_F(DeviceInAFile, an_option_it_does_not_have_is_told_beside_those_it_has) {
  const auto device = Device::open(path + "?groups=2");
  ASSERT_FALSE(device);
  EXPECT_THAT(last_error(), HasSubstr("there are ro, trace, fault, faults, timing and tbus"));
}

TEST(DeviceOfManyChunks, says_that_its_report_has_no_room) {
  if (&__asan_init != nullptr || &__tsan_init != nullptr) GTEST_SKIP() << "a sanitizer needs the address space";
  const pid_t child = ::fork();
  if (child == 0) {
    auto device = Device::open("emu:?groups=64&punits=64&chunks=4096&sectors=8&ws_min=1&ws_opt=1&mw_cunits=0&bad=none");
    if (!device) ::_exit(1);
    const rlimit limit{4UL << 30, 4UL << 30};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
    const auto chunks = device->chunks();
    ::_exit(!chunks && chunks.error().is_errno(ENOMEM) ? 0 : chunks ? 3 : 4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "a signal";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Queues, of_an_emulated_controller_are_as_many_as_it_grants) {
  auto device = Device::open("emu:?mccap=0");
  ASSERT_TRUE(device) << last_error();
  std::vector<Queue> queues;
  while (true) {
    auto queue = device->open_queue(1);
    if (!queue) {
      EXPECT_TRUE(queue.error().is_errno(EMFILE)) << queue.error().message();
      EXPECT_THAT(last_error(), HasSubstr("1024 I/O queues"));
      break;
    }
    queues.push_back(std::move(*queue));
    ASSERT_LE(queues.size(), 1024U);
  }
  EXPECT_EQ(queues.size(), 1024U);
  queues.pop_back();
  EXPECT_TRUE(device->open_queue(1)) << "one that is gone makes room";
}

}  // namespace
}  // namespace lightnvm
