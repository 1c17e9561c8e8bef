// SPDX-License-Identifier: BSD-2-Clause
// What commands give no meaning to is refused, bit by bit, and what they do give one to is not; and what a refused or
// failed command leaves behind.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "emulator/queue.hpp"
#include "image_support.hpp"
#include "spec/build.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using enum StatusCode;
using spec::FeatureId;
using spec::IoOpcode;
using spec::LogPage;
namespace build = spec::build;

class ReservedBits : public testing::Test {
 protected:
  void make(const Config& config) {
    io.reset();
    admin.reset();
    controller.reset();
    device = *Device::in_memory(config);
    controller = std::make_unique<Controller>(device, 1);
    admin = std::make_unique<AdminQueue>(*controller);
    io = std::make_unique<Queue>(*controller, 4, 3);
  }
  void SetUp() override {
    Config c = small_config();
    c.geometry.wear_threshold = 0;
    make(c);
  }
  /// The verdict on an admin command with a page of memory; success where it goes on waiting.
  StatusCode send(const spec::Command& c) {
    page.assign(4096, std::byte{0});
    const Segment s{page.data(), page.size()};
    Payload p;
    p.data = {&s, 1};
    admin->start(c, p, 0);
    std::array<Done, 1> done;
    const bool there = admin->poll(done) == 1;
    admin->abort_waiting();
    std::array<Done, 4> rest;
    (void)admin->poll(rest);
    return there ? done[0].completion.status.code() : success;
  }
  Completion submit(const spec::Command& c, std::vector<std::uint64_t> list = {}, std::size_t bytes = 4 * 4096) {
    page.assign(bytes, std::byte{0});
    const Segment s{page.data(), page.size()};
    Payload p;
    if (bytes != 0) p.data = {&s, 1};
    p.list = list;
    io->start(c, p, 0);
    std::array<Done, 1> done;
    EXPECT_EQ(io->poll(done), 1U);
    return done[0].completion;
  }
  /// The dwords' reserved bits are refused one by one; all of the others are not.
  template <typename Send>
  void expect_reserved(const spec::Command& command, unsigned dword, std::uint32_t reserved, Send&& verdict) {
    for (unsigned bit = 0; bit < 32; ++bit) {
      if ((reserved >> bit & 1) == 0) continue;
      spec::Command c = command;
      c.dw[dword] ^= 1U << bit;
      EXPECT_EQ(verdict(c), invalid_field) << "dword " << dword << " bit " << bit;
    }
  }

  std::shared_ptr<Device> device;
  std::unique_ptr<Controller> controller;
  std::unique_ptr<AdminQueue> admin;
  std::unique_ptr<Queue> io;
  std::vector<std::byte> page;
};

TEST_F(ReservedBits, of_admin_commands_are_refused) {
  const auto verdict = [&](const spec::Command& c) { return send(c); };
  const struct {
    spec::Command command;
    std::array<std::uint32_t, 6> reserved;
  } cases[] = {
      {build::identify(1, 0), {0xFF00, 0, ~0U, ~0U, ~0U, ~0U}},
      {build::get_log(LogPage::firmware_slot, 0, 0, 512), {0x7000, 0xFFFF0000, 0, 0, ~0U, ~0U}},
      {build::get_features(FeatureId::error_recovery, 1), {0xFFFFF800, 0, ~0U, ~0U, ~0U, ~0U}},
      {build::set_features(FeatureId::error_recovery, 1, 0), {0x7FFFFF00, 0, ~0U, ~0U, ~0U, ~0U}},
      {build::abort(0, 9), {0, ~0U, ~0U, ~0U, ~0U, ~0U}},
      {build::async_event_request(), {~0U, ~0U, ~0U, ~0U, ~0U, ~0U}},
      {build::geometry(1), {~0U, ~0U, ~0U, ~0U, ~0U, ~0U}},
  };
  for (const auto& [command, reserved] : cases) {
    EXPECT_EQ(send(command), success) << spec::Opcode::get(command);
    for (unsigned i = 0; i < 6; ++i) expect_reserved(command, 10 + i, reserved[i], verdict);
    expect_reserved(command, 0, 0x3F00, verdict);
    expect_reserved(command, 2, ~0U, verdict);
    spec::Command c = command;
    spec::Psdt::set(c, 3);
    EXPECT_EQ(send(c), invalid_field) << "PSDT 3";
  }
}

TEST_F(ReservedBits, of_a_log_pages_own_are_legal) {
  spec::Command c = build::get_log(LogPage::firmware_slot, 0, 0, 512);
  c.dw[10] |= 0x0F00;
  EXPECT_EQ(send(c), success) << "LSP is bits 11:8";
}

TEST_F(ReservedBits, of_scalar_transfers_are_refused) {
  const auto verdict = [&](const spec::Command& c) { return submit(c).status.code(); };
  for (const IoOpcode op : {IoOpcode::write, IoOpcode::read}) {
    const spec::Command command = build::transfer(op, 1, 0, 4);
    EXPECT_EQ(submit(command).status.code(), success);
    expect_reserved(command, 12, 0x23FF0000, verdict);
    expect_reserved(command, 13, 0xFFFFFF00, verdict);
  }
  spec::Command hints = build::transfer(IoOpcode::read, 1, 0, 4);
  hints.dw[13] = 0xFF;
  spec::LimitedRetry::set(hints, 1);
  spec::Fua::set(hints, 1);
  EXPECT_EQ(submit(hints).status.code(), success) << "DSM, LR and FUA mean something";
}

TEST_F(ReservedBits, of_vector_transfers_are_refused) {
  const auto verdict = [&](const spec::Command& c) { return submit(c, {0, 1, 2, 3}).status.code(); };
  const spec::Command command = build::vector(IoOpcode::vector_read, 1, 4);
  EXPECT_EQ(verdict(command), success);
  expect_reserved(command, 12, 0xFFC0, verdict);
  for (unsigned i = 13; i < 16; ++i) expect_reserved(command, i, ~0U, verdict);
  spec::Command of_old = command;
  of_old.dw[12] |= 0x3FFF0000;
  EXPECT_EQ(verdict(of_old), success) << "what hosts of old put there";
}

TEST_F(ReservedBits, of_a_deallocation_are_refused) {
  const auto verdict = [&](const spec::Command& c) { return submit(c).status.code(); };
  spec::Command command = build::deallocate(1, 1);
  spec::Deallocate::set(command, 0);
  EXPECT_EQ(verdict(command), success) << "a hint";
  expect_reserved(command, 10, 0xFFFFFF00, verdict);
  expect_reserved(command, 11, 0xFFFFFFF8, verdict);
  for (unsigned i = 12; i < 16; ++i) expect_reserved(command, i, ~0U, verdict);
}

TEST_F(ReservedBits, in_the_error_log_the_command_keeps_its_namespace) {
  spec::Command c = build::transfer(IoOpcode::read, 5, 0, 4);
  EXPECT_EQ(submit(c).status.code(), invalid_namespace);
  ASSERT_EQ(send(build::get_log(LogPage::error_information, 0, 0, 64)), success);
  EXPECT_EQ(static_cast<unsigned>(page[24]), 5U);
  EXPECT_EQ(send(build::identify(0, 7)), invalid_namespace);
  ASSERT_EQ(send(build::get_log(LogPage::error_information, 0, 0, 64)), success);
  EXPECT_EQ(static_cast<unsigned>(page[24]), 7U);
}

TEST_F(ReservedBits, a_refused_read_of_the_notifications_does_not_arm_the_next_event) {
  const auto reset = [&](std::uint64_t unit) {
    const std::uint64_t lba = device->format().pack(device->geometry().chunk_address(unit * device->geometry().chunks));
    return submit(build::vector(IoOpcode::vector_reset, 1, 1), {lba}, 0);
  };
  Config c = small_config();
  c.geometry.wear_threshold = 1;
  c.geometry.multiple_resets = true;
  c.pe_cycles = 10;
  make(c);
  std::array<Done, 4> done;
  admin->start(build::async_event_request(), {}, 1);
  admin->start(build::async_event_request(), {}, 2);
  ASSERT_TRUE(reset(0));
  ASSERT_EQ(admin->poll(done), 1U);
  spec::Command read = build::get_log(LogPage::chunk_notification, 1, 0, 64);
  spec::Lpo::set(read, 1 << 20);
  admin->start(read, {}, 3);
  ASSERT_EQ(admin->poll(done), 1U);
  EXPECT_FALSE(done[0].completion.ok());
  page.assign(64, std::byte{0});
  const Segment s{page.data(), page.size()};
  Payload p;
  p.data = {&s, 1};
  admin->start(read, p, 3);
  ASSERT_EQ(admin->poll(done), 1U);
  EXPECT_TRUE(done[0].completion.status.is(invalid_field));
  ASSERT_TRUE(reset(1));
  EXPECT_EQ(admin->poll(done), 0U) << "the event is masked still";
}

TEST_F(ReservedBits, without_a_write_cache_there_is_no_feature_for_it) {
  EXPECT_EQ(send(build::get_features(FeatureId::volatile_write_cache, 0)), invalid_field);
  EXPECT_EQ(send(build::set_features(FeatureId::volatile_write_cache, 0, 0)), invalid_field);
}

TEST(WriteCache, of_an_image_can_be_switched) {
  const Directory directory;
  make_image(directory.file(), small_config());
  Controller controller(*Device::from_file(directory.file(), ImageAccess::exclusive), 1);
  EXPECT_TRUE(controller.execute(build::set_features(FeatureId::volatile_write_cache, 0, 0), {}));
  EXPECT_EQ(controller.execute(build::get_features(FeatureId::volatile_write_cache, 0), {}).result, 0U);
}

TEST_F(ReservedBits, health_belongs_to_the_controller) {
  EXPECT_EQ(send(build::get_log(LogPage::smart, 1, 0, 512)), invalid_field) << "LPA bit 0 is 0";
  EXPECT_EQ(send(build::get_log(LogPage::smart, 0, 0, 512)), success);
  EXPECT_EQ(send(build::get_log(LogPage::smart, 0xFFFFFFFF, 0, 512)), success);
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
