// SPDX-License-Identifier: BSD-2-Clause
// What a device refuses on every route, with which status, and that nothing but that happens.
#include <algorithm>
#include <array>

#include "conformance/support/fixture.hpp"

namespace lightnvm::test {
namespace {

class Rules : public WriteTest {
 protected:
  void TearDown() override {
    if (!IsSkipped() && !HasFatalFailure()) (void)device().report_unwritten(false);
    WriteTest::TearDown();
  }
  /// Scalar and vector write of `count` sectors.
  Status try_write(Address first, std::uint32_t count, bool vector) {
    const Bytes data = data_for(first, count);
    return device().write(vector ? Sectors::vector(first, count) : Sectors(first, count), Source(data)).status;
  }
  /// Scalar and vector read; what it read is in `data_`.
  Completion try_read(Address first, std::uint32_t count, bool vector) {
    data_.assign(count * geo().sector_bytes, std::byte{0x5C});
    return device().read(vector ? Sectors::vector(first, count) : Sectors(first, count), Destination(data_));
  }
  bool is_predefined() const { return data_ == Bytes(data_.size()) || data_ == Bytes(data_.size(), std::byte{0xFF}); }
  /// Reads of unwritten sectors: predefined data, or an error that says so.
  void expect_unwritten(Address first, std::uint32_t count) {
    for (const bool vector : {false, true}) {
      ASSERT_TRUE(device().report_unwritten(false));
      const Completion quiet = try_read(first, count, vector);
      EXPECT_TRUE(quiet) << quiet.status.message();
      EXPECT_TRUE(is_predefined());
      ASSERT_TRUE(device().report_unwritten(true));
      EXPECT_TRUE(try_read(first, count, vector).status.is(StatusCode::deallocated_or_unwritten));
    }
  }
  Bytes data_;
};

TEST_P(Rules, unwritten_sectors_are_predefined_or_an_error) { expect_unwritten(free_chunk(), 3); }

TEST_P(Rules, sectors_behind_the_write_pointer_are_unwritten) {
  const Address a = free_chunk();
  write(a, until_readable(geo().ws_min));
  expect_unwritten(a.plus(until_readable(geo().ws_min)), 1);
}

TEST_P(Rules, sectors_in_the_cache_window_of_an_open_chunk_are_unwritten) {
  if (geo().mw_cunits == 0) GTEST_SKIP() << "the device has no such window";
  const Address a = free_chunk();
  write(a, geo().mw_cunits);
  expect_unwritten(a, 1);
  write(a.plus(geo().mw_cunits), geo().ws_min);
  expect_unwritten(a.plus(geo().ws_min), 1);
  EXPECT_TRUE(try_read(a, geo().ws_min, true));
  EXPECT_TRUE(data_ == data_for(a, geo().ws_min));
}

TEST_P(Rules, offline_chunk_reads_as_unwritten_and_refuses_writes) {
  const auto offline = find(ChunkState::offline);
  if (!offline) GTEST_SKIP() << "the device has no bad chunk";
  expect_unwritten(offline->address, 1);
  for (const bool vector : {false, true}) {
    EXPECT_TRUE(try_write(offline->address, geo().ws_min, vector).is(StatusCode::write_fault));
  }
}

TEST_P(Rules, address_that_does_not_exist_is_no_foreign_memory) {
  // Whether the group fits its field, and lies in a hole of the address space, or above it.
  for (const std::uint32_t group : {geo().groups, 0xFFU}) {
    if (group < geo().groups || group > 0xFF) continue;
    const Address nowhere = Address::of(group, 0, 0);
    expect_unwritten(nowhere, 2);
    for (const bool vector : {false, true}) {
      EXPECT_TRUE(try_write(nowhere, geo().ws_min, vector).is(StatusCode::write_fault));
      const std::array chunk = {nowhere};
      const Sectors chunks = vector ? Sectors(chunk) : Sectors::scalar(chunk);
      EXPECT_TRUE(device().reset(chunks).status.is(StatusCode::invalid_reset));
    }
  }
}

TEST_P(Rules, read_past_the_end_of_a_chunk_is_not_a_success_with_old_bytes) {
  const Address a = free_chunk();
  close(a);
  const Address last = a.plus(geo().sectors - 1);
  ASSERT_TRUE(device().report_unwritten(false));
  const Completion c = try_read(last, 2, false);
  if (!c) {
    EXPECT_TRUE(c.status.is_nvme());
    return;
  }
  EXPECT_TRUE(std::equal(data_.begin(), data_.begin() + geo().sector_bytes, data_for(last, 1).begin()));
  data_.erase(data_.begin(), data_.begin() + geo().sector_bytes);
  EXPECT_NE(data_[0], std::byte{0x5C}) << "a short transfer that is called a success";
}

TEST_P(Rules, address_that_the_format_cannot_name_is_invalid_before_anything_is_sent) {
  auto queue = device().open_queue(1);
  ASSERT_TRUE(queue);
  Bytes data(geo().sector_bytes * geo().ws_min);
  const auto never = [](const Completion&) { FAIL() << "nothing was submitted"; };
  for (const Address a : {Address::of(0xFF, 0xFF, 0xFFFF, 0xFFFFFFFF), Address::of(0, 0, 0, 0xFFFFFFFF)}) {
    EXPECT_TRUE(queue->read(Sectors(a, 1), Destination(data), never).is_errno(EINVAL));
    EXPECT_TRUE(queue->write(Sectors(std::array{a}), Source(data), never).is_errno(EINVAL));
    EXPECT_TRUE(queue->reset(Sectors(std::array{a}), never).is_errno(EINVAL));
    EXPECT_TRUE(queue->copy(std::array{a}, std::array{Address()}, never).is_errno(EINVAL));
  }
  (void)queue->drain();
}

TEST_P(Rules, write_elsewhere_than_at_the_write_pointer_is_out_of_order) {
  const Address a = free_chunk();
  const std::uint32_t unit = geo().ws_min;
  write(a, 2 * unit);
  for (const bool vector : {false, true}) {
    EXPECT_TRUE(try_write(a.plus(3 * unit), unit, vector).is(StatusCode::out_of_order_write));
    EXPECT_TRUE(try_write(a.plus(unit), unit, vector).is(StatusCode::out_of_order_write));
  }
  EXPECT_EQ(chunk(a).write_pointer, 2 * unit);
  EXPECT_EQ(chunk(a).state, ChunkState::open);
}

TEST_P(Rules, write_to_a_closed_chunk_is_a_write_fault) {
  const Address a = free_chunk();
  close(a);
  for (const bool vector : {false, true}) {
    EXPECT_TRUE(try_write(a, geo().ws_min, vector).is(StatusCode::write_fault));
  }
}

TEST_P(Rules, write_of_less_than_ws_min_is_an_invalid_field) {
  if (geo().ws_min == 1) GTEST_SKIP() << "the device takes single sectors";
  const Address a = free_chunk();
  for (const bool vector : {false, true}) {
    EXPECT_TRUE(try_write(a, geo().ws_min - 1, vector).is(StatusCode::invalid_field));
  }
  EXPECT_EQ(chunk(a).state, ChunkState::free);
}

TEST_P(Rules, scalar_write_of_more_than_the_device_takes_is_an_invalid_field) {
  const std::uint8_t mdts = std::to_integer<std::uint8_t>(device().identify_controller()[77]);
  const std::uint64_t most = mdts == 0 ? 0 : (4096ULL << mdts) / geo().sector_bytes;
  if (most == 0 || most + geo().ws_min > geo().sectors) GTEST_SKIP() << "the device takes as much as a chunk has";
  const Address a = free_chunk();
  const Status s = try_write(a, static_cast<std::uint32_t>(most) + geo().ws_min, false);
  // A route that carries less, or has to cut, says so before anything is sent.
  EXPECT_TRUE(s.is(StatusCode::invalid_field) || s.is_errno(EINVAL)) << s.message();
  EXPECT_EQ(chunk(a).state, ChunkState::free);
}

TEST_P(Rules, vector_write_that_fails_in_one_chunk_says_exactly_what_was_not_written) {
  const auto chunks = free_chunks(3);
  const std::uint32_t unit = geo().ws_min;
  write(chunks[1], unit);
  // The middle one is out of order. A native device writes nothing then, an emulated vector the others.
  const auto sectors = both(both(run(chunks[0], unit), run(chunks[1], unit)), run(chunks[2], unit));
  const Bytes data = data_for(sectors);
  const Completion c = device().write(Sectors(sectors), Source(data));
  EXPECT_TRUE(c.status.is(StatusCode::out_of_order_write)) << c.status.message();
  ASSERT_NE(c.result, 0U);
  const std::array<std::uint64_t, 3> before{0, unit, 0};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::uint32_t j = 0; j < unit; ++j) {
      const bool failed = c.failed(static_cast<unsigned>(i * unit + j));
      EXPECT_EQ(chunk(chunks[i]).write_pointer, failed ? before[i] : before[i] + unit);
    }
  }
  EXPECT_TRUE(c.failed(unit));
}

TEST_P(Rules, vector_read_that_fails_in_one_sector_delivers_every_other_whose_bit_is_clear) {
  const Address a = free_chunk();
  write(a, until_readable(8));
  const Address empty = free_chunk();
  const std::array<Address, 4> sectors{a.plus(5), empty, a.plus(2), empty.plus(1)};
  ASSERT_TRUE(device().report_unwritten(true));
  Bytes data(4 * geo().sector_bytes);
  const Completion c = device().read(Sectors(sectors), Destination(data));
  EXPECT_TRUE(c.status.is(StatusCode::deallocated_or_unwritten)) << c.status.message();
  EXPECT_TRUE(c.failed(1) && c.failed(3));
  for (unsigned i = 0; i < 4; ++i) {
    if (c.failed(i)) continue;
    const auto part = std::span(data).subspan(i * geo().sector_bytes, geo().sector_bytes);
    EXPECT_TRUE(std::ranges::equal(part, data_for(sectors[i], 1)));
  }
}

TEST_P(Rules, copy_of_unwritten_sectors_is_refused_whole_where_they_are_errors) {
  if (!geo().vector_copy && caps().vectors) GTEST_SKIP() << "the device has no copy";
  const Address from = free_chunk();
  const Address to = free_chunk();
  write(from, until_readable(geo().ws_min));
  ASSERT_TRUE(device().report_unwritten(true));
  auto source = run(from, geo().ws_min);
  source.back() = from.plus(until_readable(geo().ws_min));
  const Completion c = device().copy(source, run(to, geo().ws_min));
  EXPECT_TRUE(c.status.is(StatusCode::deallocated_or_unwritten)) << c.status.message();
  EXPECT_EQ(chunk(to).state, ChunkState::free);
  EXPECT_NE(c.result, 0U);
}

TEST_P(Rules, copy_to_the_wrong_place_says_what_was_not_written) {
  if (!geo().vector_copy && caps().vectors) GTEST_SKIP() << "the device has no copy";
  const Address from = free_chunk();
  const Address to = free_chunk();
  write(from, until_readable(geo().ws_min));
  const Completion c = device().copy(run(from, geo().ws_min), run(to.plus(geo().ws_min), geo().ws_min));
  EXPECT_TRUE(c.status.is(StatusCode::out_of_order_write)) << c.status.message();
  EXPECT_EQ(c.result, (1ULL << geo().ws_min) - 1);
  EXPECT_EQ(chunk(to).state, ChunkState::free);
}

TEST_P(Rules, memory_of_the_wrong_size_is_invalid_before_anything_is_sent) {
  auto queue = device().open_queue(1);
  ASSERT_TRUE(queue);
  const Address a = free_chunk();
  const auto never = [](const Completion&) { FAIL() << "nothing was submitted"; };
  const std::uint32_t unit = geo().ws_min;
  for (const int difference : {-1, 1, -static_cast<int>(geo().sector_bytes), static_cast<int>(geo().sector_bytes)}) {
    Bytes data(static_cast<std::size_t>(static_cast<int>(unit * geo().sector_bytes) + difference));
    EXPECT_TRUE(queue->write(Sectors(a, unit), Source(data), never).is_errno(EINVAL));
    EXPECT_TRUE(queue->write(Sectors::vector(a, unit), Source(data), never).is_errno(EINVAL));
    EXPECT_TRUE(queue->read(Sectors(a, unit), Destination(data), never).is_errno(EINVAL));
    EXPECT_TRUE(queue->read(Sectors::vector(a, unit), Destination(data), never).is_errno(EINVAL));
  }
  Bytes data(unit * geo().sector_bytes);
  Bytes oob(unit * geo().oob_bytes + 1);
  EXPECT_TRUE(queue->write(Sectors(a, unit), Source(data, oob), never).is_errno(EINVAL));
  Bytes descriptors(31);
  EXPECT_TRUE(queue->reset(Sectors(std::array{a}), never, descriptors).is_errno(EINVAL));
  EXPECT_TRUE(queue->read(Sectors(a, 0), Destination(std::span<std::byte>()), never).is_errno(EINVAL));
  const std::vector<Address> many(65, a);
  Bytes much(65 * geo().sector_bytes);
  EXPECT_TRUE(queue->read(Sectors(many), Destination(much), never).is_errno(EINVAL)) << "64 addresses at most";
  EXPECT_TRUE(queue->copy(many, many, never).is_errno(EINVAL));
  EXPECT_TRUE(queue->copy(std::span(many).first(2), std::span(many).first(1), never).is_errno(EINVAL));
  EXPECT_EQ(queue->counters().submitted, 0U);
  EXPECT_EQ(queue->in_flight(), 0U);
  EXPECT_EQ(chunk(a).state, ChunkState::free);
}

TEST_P(Rules, failed_command_does_not_poison_the_next) {
  auto queue = device().open_queue(depth(4));
  ASSERT_TRUE(queue);
  const Address a = free_chunk();
  const Address elsewhere = a.plus(geo().sectors - geo().ws_min);
  const Bytes data = data_for(elsewhere, geo().ws_min);
  std::vector<Status> seen;
  const auto keep = [&](const Completion& c) { seen.push_back(c.status); };
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(queue->write(Sectors::vector(elsewhere, geo().ws_min), Source(data), keep));
    ASSERT_TRUE(queue->drain());
    EXPECT_FALSE(seen.back());
    const Address at = a.plus(static_cast<std::uint32_t>(i) * geo().ws_min);
    const Bytes good = data_for(at, geo().ws_min);
    ASSERT_TRUE(queue->write(Sectors::vector(at, geo().ws_min), Source(good), keep));
    ASSERT_TRUE(queue->drain());
    EXPECT_TRUE(seen.back()) << seen.back().message();
  }
  EXPECT_EQ(queue->counters().failed, 4U);
  EXPECT_EQ(queue->counters().completed, 8U);
}

NVM_CONFORMANCE(Rules);

}  // namespace
}  // namespace lightnvm::test
