// SPDX-License-Identifier: BSD-2-Clause
// Reading and writing on every route: scalar and vector, data and metadata, memory in any shape.
#include <algorithm>
#include <array>

#include "conformance/support/fixture.hpp"

namespace lightnvm::test {
namespace {

class Data : public WriteTest {
 protected:
  /// A chunk whose first `count` sectors can be read.
  Address readable(std::uint32_t count, unsigned round = 0) {
    const Address a = free_chunk();
    write(a, until_readable(count), round);
    return a;
  }
  void expect_reads_back(std::span<const Address> sectors, unsigned round = 0) {
    Bytes data(sectors.size() * geo().sector_bytes);
    Bytes oob(carries_metadata() ? sectors.size() * geo().oob_bytes : 0);
    const Completion c = device().read(Sectors(sectors), Destination(data, oob));
    ASSERT_TRUE(c) << c.status.message();
    EXPECT_EQ(c.result, 0U);
    EXPECT_TRUE(data == data_for(sectors, round));
    EXPECT_TRUE(oob == oob_for(sectors, round));
  }
  /// `bytes` cut into segments of sizes that repeat `sizes`, empty ones too.
  static std::vector<Segment> cut(Bytes& bytes, std::vector<std::size_t> sizes) {
    std::vector<Segment> out;
    for (std::size_t at = 0, i = 0; at < bytes.size(); ++i) {
      const std::size_t n = std::min(sizes[i % sizes.size()], bytes.size() - at);
      out.push_back({bytes.data() + at, n});
      at += n;
    }
    return out;
  }
};

TEST_P(Data, scalar_write_reads_back) {
  const Address a = readable(geo().ws_opt);
  Bytes data(geo().ws_opt * geo().sector_bytes);
  Bytes oob(carries_metadata() ? geo().ws_opt * geo().oob_bytes : 0);
  const Completion c = device().read(Sectors(a, geo().ws_opt), Destination(data, oob));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_TRUE(data == data_for(a, geo().ws_opt));
  EXPECT_TRUE(oob == oob_for(a, geo().ws_opt));
}

TEST_P(Data, vector_write_reads_back) {
  const Address a = free_chunk();
  const auto sectors = run(a, std::min(most_addresses() / geo().ws_min * geo().ws_min, until_readable(geo().ws_min)));
  const Bytes data = data_for(sectors);
  const Bytes oob = oob_for(sectors);
  const Completion c = device().write(Sectors(sectors), Source(data, oob));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(c.result, 0U);
  EXPECT_EQ(chunk(a).write_pointer, sectors.size());
  write(a.plus(static_cast<std::uint32_t>(sectors.size())), geo().sectors - static_cast<std::uint32_t>(sectors.size()));
  expect_reads_back(sectors);
}

TEST_P(Data, vector_over_several_chunks_puts_each_sector_in_its_place) {
  const std::uint32_t unit = geo().ws_min;
  const auto chunks = free_chunks(std::min<std::size_t>(4, most_addresses() / unit));
  for (std::uint32_t at = 0; at < until_readable(unit); at += unit) {
    std::vector<Address> sectors;
    for (const Address a : chunks) sectors = both(sectors, run(a.plus(at), unit));
    const Bytes data = data_for(sectors);
    const Bytes oob = oob_for(sectors);
    const Completion c = device().write(Sectors(sectors), Source(data, oob));
    ASSERT_TRUE(c) << c.status.message();
  }
  for (const Address a : chunks) expect_reads_back(run(a, unit));
}

TEST_P(Data, four_sector_vector_read_returns_four_different_sectors) {
  const Address a = readable(8);
  const std::array<Address, 4> sectors{a.plus(6), a.plus(1), a.plus(3), a.plus(4)};
  expect_reads_back(sectors);
  Bytes data(4 * geo().sector_bytes);
  ASSERT_TRUE(device().read(Sectors(sectors), Destination(data)));
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_FALSE(std::equal(data.begin(), data.begin() + geo().sector_bytes,
                            data.begin() + static_cast<std::ptrdiff_t>(i * geo().sector_bytes)));
  }
}

TEST_P(Data, sector_may_be_named_twice_in_a_read) {
  const Address a = readable(4);
  expect_reads_back(std::array<Address, 5>{a.plus(2), a.plus(2), a, a.plus(3), a.plus(2)});
}

TEST_P(Data, longest_list_of_scattered_sectors) {
  const std::uint32_t most = most_addresses();
  const auto chunks = free_chunks(std::min<std::size_t>(8, geo().total_units()));
  for (const Address a : chunks) write(a, until_readable(most));
  std::vector<Address> sectors;
  for (std::uint32_t i = 0; i < most; ++i) {
    sectors.push_back(chunks[i % chunks.size()].plus((i * 37) % most));
  }
  expect_reads_back(sectors);
}

TEST_P(Data, last_sector_of_a_chunk_can_be_read) {
  const Address a = free_chunk();
  close(a);
  ASSERT_EQ(chunk(a).state, ChunkState::closed);
  const Address last = a.plus(geo().sectors - 1);
  expect_reads_back(std::array<Address, 1>{last});
  Bytes data(geo().sector_bytes);
  ASSERT_TRUE(device().read(Sectors(last, 1), Destination(data)));
  EXPECT_TRUE(data == data_for(last, 1));
}

TEST_P(Data, read_of_any_length_at_any_sector) {
  const Address a = readable(32);
  for (const auto& [first, count] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, 1}, {1, 1}, {3, 7}, {31, 1}, {5, 27}, {0, 32}}) {
    Bytes data(count * geo().sector_bytes);
    ASSERT_TRUE(device().read(Sectors(a.plus(first), count), Destination(data)));
    EXPECT_TRUE(data == data_for(a.plus(first), count)) << first << "+" << count;
    expect_reads_back(run(a.plus(first), count));
  }
}

TEST_P(Data, largest_scalar_command) {
  const std::uint32_t most = std::min(device().max_sectors(), geo().sectors);
  const std::uint32_t count = most / geo().ws_min * geo().ws_min;
  if (count == 0) GTEST_SKIP() << "the route carries less than ws_min sectors";
  const Address a = free_chunk();
  const Bytes data = data_for(a, count);
  const Bytes oob = oob_for(a, count);
  const Completion c = device().write(Sectors(a, count), Source(data, oob));
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(chunk(a).write_pointer, count);
  write(a.plus(count), geo().sectors - count);
  Bytes read(data.size());
  Bytes read_oob(oob.size());
  ASSERT_TRUE(device().read(Sectors(a, count), Destination(read, read_oob)));
  EXPECT_TRUE(read == data);
  EXPECT_TRUE(read_oob == oob);
}

TEST_P(Data, memory_in_pieces_of_any_size) {
  const std::uint32_t count = std::min(32U, device().max_sectors()) / geo().ws_min * geo().ws_min;
  if (count == 0) GTEST_SKIP() << "the route carries less than ws_min sectors";
  const std::vector<std::vector<std::size_t>> shapes = {
      {4096}, {1}, {511, 1, 0, 4096}, {geo().sector_bytes - 1, 2}, {100000}, {3, 5000}};
  for (const auto& shape : shapes) {
    // One byte a piece: for a little.
    const std::uint32_t n = shape[0] == 1 ? geo().ws_min : count;
    const Address a = free_chunk();
    Bytes data = data_for(a, n);
    Bytes oob = oob_for(a, n);
    const auto data_pieces = cut(data, shape);
    const auto oob_pieces = cut(oob, {shape[0] % 7 + 1});
    const Completion c = device().write(Sectors(a, n), Source::gather(data_pieces, oob_pieces));
    ASSERT_TRUE(c) << c.status.message();
    write(a.plus(n), until_readable(n) - n);
    Bytes read(data.size());
    Bytes read_oob(oob.size());
    const auto into = cut(read, {shape.back() + 1, 77});
    const auto oob_into = cut(read_oob, {5, 0, 9});
    const auto sectors = run(a, n);
    const Completion r = device().read(Sectors(sectors), Destination::scatter(into, oob_into));
    ASSERT_TRUE(r) << r.status.message();
    EXPECT_TRUE(read == data);
    EXPECT_TRUE(read_oob == oob);
  }
}

TEST_P(Data, memory_at_odd_addresses) {
  const Address a = readable(8);
  Bytes memory(8 * geo().sector_bytes + 3);
  const auto target = std::span(memory).subspan(3);
  ASSERT_TRUE(device().read(Sectors(a, 8), Destination(target)));
  EXPECT_TRUE(std::ranges::equal(target, data_for(a, 8)));
}

TEST_P(Data, memory_around_the_target_is_left_alone) {
  const Address a = readable(8);
  const std::size_t guard = 4096;
  Bytes memory(8 * geo().sector_bytes + 2 * guard, std::byte{0xA5});
  const auto target = std::span(memory).subspan(guard, 8 * geo().sector_bytes);
  ASSERT_TRUE(device().read(Sectors::vector(a, 8), Destination(target)));
  for (std::size_t i = 0; i < guard; ++i) {
    ASSERT_EQ(memory[i], std::byte{0xA5});
    ASSERT_EQ(memory[memory.size() - 1 - i], std::byte{0xA5});
  }
}

TEST_P(Data, source_of_a_write_is_left_alone) {
  const Address a = free_chunk();
  const Bytes data = data_for(a, geo().ws_min);
  const Bytes copy = data;
  ASSERT_TRUE(device().write(Sectors::vector(a, geo().ws_min), Source(data)));
  EXPECT_TRUE(data == copy);
}

TEST_P(Data, data_alone_can_be_written_and_read_where_there_is_metadata) {
  const Address a = free_chunk();
  for (std::uint32_t at = 0; at < until_readable(geo().ws_min); at += geo().ws_min) {
    const Bytes data = data_for(a.plus(at), geo().ws_min);
    ASSERT_TRUE(device().write(Sectors(a.plus(at), geo().ws_min), Source(data)));
  }
  Bytes data(geo().ws_min * geo().sector_bytes);
  ASSERT_TRUE(device().read(Sectors::vector(a, geo().ws_min), Destination(data)));
  EXPECT_TRUE(data == data_for(a, geo().ws_min));
}

TEST_P(Data, metadata_is_refused_exactly_where_the_route_carries_none) {
  if (geo().oob_bytes == 0) GTEST_SKIP() << "the device has no metadata";
  const Address a = free_chunk();
  const Bytes data = data_for(a, geo().ws_min);
  const Bytes oob(geo().ws_min * geo().oob_bytes);
  const Status s = device().write(Sectors(a, geo().ws_min), Source(data, oob)).status;
  EXPECT_TRUE(carries_metadata() ? s.ok() : s.is_errno(ENOTSUP)) << s.message();
  EXPECT_EQ(chunk(a).write_pointer, carries_metadata() ? geo().ws_min : 0U);
}

TEST_P(Data, copied_sectors_read_back_with_their_metadata) {
  if (!geo().vector_copy && caps().vectors) GTEST_SKIP() << "the device has no copy";
  const std::uint32_t unit = geo().ws_min;
  const Address from = readable(2 * unit, 3);
  const auto to = free_chunks(2);
  // From one chunk into two, the second half first.
  const auto source = both(run(from.plus(unit), unit), run(from, unit));
  const auto target = both(run(to[0], unit), run(to[1], unit));
  const Completion c = device().copy(source, target);
  ASSERT_TRUE(c) << c.status.message();
  EXPECT_EQ(c.result, 0U);
  for (const Address a : to) {
    EXPECT_EQ(chunk(a).write_pointer, unit);
    write(a.plus(unit), until_readable(unit) - unit);
  }
  Bytes data(2 * unit * geo().sector_bytes);
  Bytes oob(carries_metadata() ? 2 * unit * geo().oob_bytes : 0);
  ASSERT_TRUE(device().read(Sectors(target), Destination(data, oob)));
  EXPECT_TRUE(data == data_for(source, 3));
  EXPECT_TRUE(oob == oob_for(source, 3));
}

TEST_P(Data, longest_copy) {
  if (!geo().vector_copy && caps().vectors) GTEST_SKIP() << "the device has no copy";
  const std::uint32_t count = most_addresses() / geo().ws_min * geo().ws_min;
  const Address from = readable(count);
  const Address to = free_chunk();
  const Completion c = device().copy(run(from, count), run(to, count));
  ASSERT_TRUE(c) << c.status.message();
  write(to.plus(count), until_readable(count) - count);
  Bytes data(count * geo().sector_bytes);
  ASSERT_TRUE(device().read(Sectors::vector(to, count), Destination(data)));
  EXPECT_TRUE(data == data_for(from, count));
}

TEST_P(Data, durable_and_retried_less) {
  const Address a = free_chunk();
  const Bytes data = data_for(a, geo().ws_min);
  CommandOptions options;
  options.force_unit_access = true;
  options.limited_retry = true;
  ASSERT_TRUE(device().write(Sectors(a, geo().ws_min), Source(data), options));
  const Bytes next = data_for(a.plus(geo().ws_min), geo().ws_min);
  ASSERT_TRUE(device().write(Sectors::vector(a.plus(geo().ws_min), geo().ws_min), Source(next), options));
  EXPECT_EQ(chunk(a).write_pointer, 2 * geo().ws_min);
  EXPECT_TRUE(device().flush());
  Bytes out(geo().sector_bytes);
  EXPECT_TRUE(device().read(Sectors(a, 1), Destination(out), options));
}

NVM_CONFORMANCE(Data);

}  // namespace
}  // namespace lightnvm::test
