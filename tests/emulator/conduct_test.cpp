// SPDX-License-Identifier: BSD-2-Clause
// Faults and times as options of identifiers: devices in memory and in files, opened as programs open them.
#include "emulator/conduct.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lightnvm/lightnvm.hpp"

namespace lightnvm::emulator {
namespace {

using testing::HasSubstr;

class ConductTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("conduct_") + test->name() + "_" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string plan(const std::string& text) {
    const auto path = folder_ / "plan";
    std::ofstream(path) << text;
    return path.string();
  }
  std::string image() {
    const auto path = (folder_ / "device.img").string();
    EXPECT_TRUE(emulator::create(path, Config()).ok()) << last_error();
    return path;
  }
  static std::string sentence(const std::string& ident) {
    const auto device = Device::open(ident);
    EXPECT_FALSE(device.has_value()) << ident;
    return last_error();
  }

  std::filesystem::path folder_;
};

Completion write(Device& device, Address chunk, std::uint32_t first) {
  std::vector<std::byte> data(std::size_t{8} * 4096, std::byte{0x42});
  return device.write(Sectors(chunk.at_sector(first), 8), data);
}

TEST_F(ConductTest, a_device_in_memory_has_the_faults_of_its_plan) {
  auto device = Device::open("emu:?faults=" + plan("early_close chunk=5 nth=2"));
  ASSERT_TRUE(device.has_value()) << last_error();
  const Address chunk = Address::of(0, 1, 5);
  EXPECT_TRUE(write(*device, chunk, 0).ok());
  EXPECT_TRUE(write(*device, chunk, 8).status.is(StatusCode::chunk_early_close));
  const auto told = device->chunk(chunk);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->state, ChunkState::closed);
  EXPECT_EQ(told->write_pointer, 8U);
}

TEST_F(ConductTest, what_faults_did_to_a_file_is_kept_and_the_plan_is_not) {
  const std::string path = image();
  const Address chunk = Address::of(0, 1, 5), gone = Address::of(0, 1, 6), broken = Address::of(0, 1, 8);
  {
    auto device =
        Device::open(path + "?faults=" + plan("early_close chunk=5 nth=2\noffline chunk=6 nth=3\nreset_fail chunk=8"));
    ASSERT_TRUE(device.has_value()) << last_error();
    EXPECT_TRUE(write(*device, chunk, 0).ok());
    EXPECT_FALSE(write(*device, chunk, 8).ok());
    for (const std::uint32_t first : {0U, 8U}) {
      EXPECT_TRUE(write(*device, gone, first).ok());
      EXPECT_TRUE(device->flush().ok());
    }
    EXPECT_FALSE(write(*device, gone, 16).ok());
    std::vector<std::byte> full(std::size_t{128} * 4096);
    for (std::uint32_t first = 0; first < 1536; first += 128) {
      ASSERT_TRUE(device->write(Sectors(broken.at_sector(first), 128), full).ok());
    }
    EXPECT_TRUE(device->flush().ok());
    EXPECT_TRUE(device->reset(Sectors(broken, 1)).status.is(StatusCode::offline_chunk));
  }
  EXPECT_TRUE(emulator::check(path)->empty());
  auto device = Device::open(path);
  ASSERT_TRUE(device.has_value()) << last_error();
  EXPECT_EQ(device->chunk(chunk)->state, ChunkState::closed);
  EXPECT_EQ(device->chunk(chunk)->write_pointer, 8U);
  EXPECT_EQ(device->chunk(gone)->state, ChunkState::offline);
  EXPECT_EQ(device->chunk(broken)->state, ChunkState::offline);
  EXPECT_TRUE(write(*device, Address::of(0, 1, 7), 0).ok());
  EXPECT_TRUE(write(*device, Address::of(0, 1, 7), 8).ok());
}

TEST_F(ConductTest, after_a_power_cut_a_file_is_not_closed_properly_and_opens_anew) {
  const std::string path = image();
  const std::string faulty = path + "?faults=" + plan("power_cut nth=3");
  const Address chunk = Address::of(0, 1, 5);
  {
    auto device = Device::open(faulty);
    ASSERT_TRUE(device.has_value()) << last_error();
    EXPECT_TRUE(write(*device, chunk, 0).ok());
    EXPECT_TRUE(device->flush().ok());
    EXPECT_TRUE(write(*device, chunk, 8).status.is(StatusCode::connection_lost));
    EXPECT_TRUE(write(*device, chunk, 8).status.is(StatusCode::connection_lost));
    EXPECT_TRUE(device->chunks().error().is(StatusCode::connection_lost)) << "admin commands, too";
    EXPECT_TRUE(device->events().error().is(StatusCode::connection_lost));
    EXPECT_THAT(sentence(faulty), HasSubstr("close all of its openings"));
  }
  EXPECT_FALSE(emulator::info(path)->clean);
  auto device = Device::open(path);
  ASSERT_TRUE(device.has_value()) << last_error();
  EXPECT_EQ(device->chunk(chunk)->write_pointer, 8U);
  EXPECT_TRUE(write(*device, chunk, 8).ok());
}

TEST_F(ConductTest, notifications_come_through_the_api) {
  auto device = Device::open("emu:?faults=" + plan("refresh chunk=5 nth=1"));
  ASSERT_TRUE(device.has_value()) << last_error();
  const Address chunk = Address::of(0, 1, 5);
  for (std::uint32_t first = 0; first < 48; first += 8) ASSERT_TRUE(write(*device, chunk, first).ok());
  std::vector<std::byte> data(4096);
  ASSERT_TRUE(device->read(Sectors(chunk, 1), data).ok());
  const auto events = device->events();
  ASSERT_TRUE(events.has_value());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ((*events)[0].address, chunk);
  EXPECT_EQ((*events)[0].state, Event::error_rate_high);
  EXPECT_EQ((*events)[0].scope, Event::Scope::chunk);
}

TEST_F(ConductTest, what_is_not_understood_is_refused) {
  EXPECT_THAT(sentence("emu:?faults="), HasSubstr("faults= needs the name of a file"));
  EXPECT_THAT(sentence("emu:?faults=" + (folder_ / "none").string()), HasSubstr("No such file"));
  EXPECT_THAT(sentence("emu:?faults=" + plan("read_error group=3")), HasSubstr("line 1: group=3"));
  EXPECT_THAT(sentence("emu:?timing=maybe"), HasSubstr("timing=maybe: is neither on nor off"));
  EXPECT_THAT(sentence("emu:?timing=on&tbus=fast"), HasSubstr("tbus=fast: is not a number of nanoseconds"));
  EXPECT_THAT(sentence("emu:?tbus=10"), HasSubstr("tbus= is a time of timing=on"));
  EXPECT_THAT(sentence(image() + "?groups=3"), HasSubstr("'groups' is no option of an emulated device in a file"));
  EXPECT_THAT(sentence((folder_ / "device.img").string() + "?timing=maybe"), HasSubstr("neither on nor off"));
}

TEST_F(ConductTest, who_joins_a_device_says_nothing_or_the_same) {
  const std::string faults = "&faults=" + plan("read_error chunk=7");
  auto first = Device::open("emu:?name=conduct_shared&timing=on" + faults);
  ASSERT_TRUE(first.has_value()) << last_error();
  EXPECT_TRUE(Device::open("emu:?name=conduct_shared").has_value()) << last_error();
  EXPECT_TRUE(Device::open("emu:?name=conduct_shared&timing=on" + faults).has_value()) << last_error();
  EXPECT_THAT(sentence("emu:?name=conduct_shared&timing=on"), HasSubstr("with other faults or times"));
}

TEST_F(ConductTest, waiting_ends_at_its_deadline_and_goes_on_later) {
  auto device = Device::open("emu:?timing=on&trdt=40000000");
  ASSERT_TRUE(device.has_value()) << last_error();
  auto queue = device->open_queue(4);
  ASSERT_TRUE(queue.has_value());
  EXPECT_EQ(queue->event_fd(), -1);
  std::vector<std::byte> data(4096);
  bool done = false;
  const auto begin = std::chrono::steady_clock::now();
  const auto finished = [&done](const Completion& c) { done = c.ok(); };
  ASSERT_TRUE(queue->read(Sectors(Address::of(0, 0, 1), 1), data, finished).ok());
  EXPECT_EQ(queue->poke().value(), 0U);
  EXPECT_EQ(queue->wait(1, std::chrono::milliseconds(1)).value(), 0U);
  EXPECT_FALSE(done);
  EXPECT_EQ(queue->wait(1).value(), 1U);
  EXPECT_TRUE(done);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(40));
}

TEST_F(ConductTest, a_long_wait_costs_no_processor_time) {
  auto device = Device::open("emu:?timing=on&trdt=200000000");
  ASSERT_TRUE(device.has_value()) << last_error();
  std::vector<std::byte> data(4096);
  const auto used = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
  };
  const double before = used();
  ASSERT_TRUE(device->read(Sectors(Address::of(0, 0, 1), 1), data).ok());
  EXPECT_LT(used() - before, 40) << "ms of 200";
}

}  // namespace
}  // namespace lightnvm::emulator
