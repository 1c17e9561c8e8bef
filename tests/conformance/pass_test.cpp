// SPDX-License-Identifier: BSD-2-Clause
// Pass-through on every route: commands as they are, lists beside them, and what a route cannot carry.
#include <array>
#include <cstring>

#include "conformance/support/fixture.hpp"
#include "spec/build.hpp"

namespace lightnvm::test {
namespace {

using spec::IoOpcode;

class Pass : public WriteTest {
 protected:
  static RawCommand raw(const spec::Command& c) { return c.dw; }
  std::vector<std::uint64_t> lbas(std::span<const Address> sectors) {
    std::vector<std::uint64_t> out;
    for (const Address a : sectors) out.push_back(device().to_device(a));
    return out;
  }
};

TEST_P(Pass, admin_command_passes) {
  Bytes page(4096);
  const auto c = device().pass(CommandSet::admin, raw(spec::build::identify(1, 0)), Destination(page));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(std::memcmp(page.data(), device().identify_controller().data(), 70), 0);
}

TEST_P(Pass, event_request_is_not_supported) {
  const auto c =
      device().pass(CommandSet::admin, raw(spec::build::async_event_request()), Destination(std::span<std::byte>()));
  EXPECT_TRUE(c.status.is_errno(ENOTSUP)) << "it would wedge the admin queue";
}

TEST_P(Pass, pointers_of_the_caller_do_not_travel) {
  const Address a = free_chunk();
  write(a, until_readable(4));
  auto command = spec::build::transfer(IoOpcode::read, device().nsid(), device().to_device(a), 2);
  spec::Dptr1::set(command, 0xDEADBEEF000);
  spec::Dptr2::set(command, 0xDEADBEEF000);
  spec::Mptr::set(command, 0xDEADBEEF000);
  Bytes data(2 * geo().sector_bytes);
  const auto c = device().pass(CommandSet::io, raw(command), Destination(data));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_TRUE(data == data_for(a, 2));
}

TEST_P(Pass, pointers_in_an_admin_command_do_not_travel_either) {
  spec::Command command = spec::build::identify(1, 0);
  spec::Dptr1::set(command, 0xDEADBEEF000);
  spec::Dptr2::set(command, 0xDEADBEEF000);
  spec::Mptr::set(command, 0xDEADBEEF000);
  Bytes page(4096);
  const auto c = device().pass(CommandSet::admin, raw(command), Destination(page));
  ASSERT_TRUE(c) << c.status.message();
}

TEST_P(Pass, vector_command_takes_its_list_from_beside_it) {
  const Address a = free_chunk();
  write(a, until_readable(8));
  const std::array<Address, 3> sectors{a.plus(7), a.plus(2), a.plus(3)};
  auto command = spec::build::vector(IoOpcode::vector_read, device().nsid(), 3);
  spec::Lbal::set(command, 0xDEADBEEF000);
  Bytes data(3 * geo().sector_bytes);
  const auto c = device().pass(CommandSet::io, raw(command), Destination(data), lbas(sectors));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_TRUE(data == data_for(sectors));
}

TEST_P(Pass, copy_takes_two_lists) {
  if (!geo().vector_copy && caps().vectors) GTEST_SKIP() << "the device has no copy";
  const std::uint32_t unit = geo().ws_min;
  const Address from = free_chunk();
  const Address to = free_chunk();
  write(from, until_readable(unit));
  const auto c = device().pass(CommandSet::io, raw(spec::build::vector(IoOpcode::vector_copy, device().nsid(), unit)),
                               Destination(std::span<std::byte>()), lbas(run(from, unit)), lbas(run(to, unit)));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(chunk(to).write_pointer, unit);
}

TEST_P(Pass, list_beside_a_scalar_command_is_invalid) {
  Bytes data(geo().sector_bytes);
  const std::array<std::uint64_t, 1> list{0};
  const auto c = device().pass(CommandSet::io, raw(spec::build::transfer(IoOpcode::read, device().nsid(), 0, 1)),
                               Destination(data), list);
  EXPECT_TRUE(c.status.is_errno(EINVAL)) << c.status.message();
}

TEST_P(Pass, metadata_is_refused_exactly_where_the_route_carries_none) {
  if (geo().oob_bytes == 0) GTEST_SKIP() << "the device has no metadata";
  Bytes data(geo().sector_bytes);
  Bytes oob(geo().oob_bytes);
  const auto c = device().pass(CommandSet::io, raw(spec::build::transfer(IoOpcode::read, device().nsid(), 0, 1)),
                               Destination(data, oob));
  EXPECT_TRUE(carries_metadata() ? c.ok() : c.status.is_errno(ENOTSUP)) << c.status.message();
}

TEST_P(Pass, unknown_command_is_the_devices_to_refuse) {
  Bytes data(geo().sector_bytes);
  const auto io =
      device().pass(CommandSet::io, raw(spec::build::command(std::uint8_t{0x7E}, device().nsid())), Destination(data));
  EXPECT_TRUE(io.status.is(StatusCode::invalid_opcode)) << io.status.message();
  const auto admin = device().pass(CommandSet::admin, raw(spec::build::command(std::uint8_t{0xC6}, device().nsid())),
                                   Destination(data));
  EXPECT_TRUE(admin.status.is_nvme()) << admin.status.message();
}

TEST_P(Pass, reset_brings_wire_descriptors) {
  const Address a = free_chunk();
  close(a);
  Bytes descriptor(sizeof(spec::ChunkDescriptor));
  const auto c = device().pass(CommandSet::io, raw(spec::build::vector(IoOpcode::vector_reset, device().nsid(), 1)),
                               Destination(std::span<std::byte>(), descriptor), lbas(std::array{a}));
  ASSERT_TRUE(c) << c.status.message();
  spec::ChunkDescriptor d{};
  std::memcpy(&d, descriptor.data(), sizeof d);
  EXPECT_EQ(d.slba, device().to_device(a));
  EXPECT_EQ(static_cast<ChunkState>(d.cs), ChunkState::free);
}

NVM_CONFORMANCE(Pass);

}  // namespace
}  // namespace lightnvm::test
