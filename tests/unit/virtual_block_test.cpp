// SPDX-License-Identifier: BSD-2-Clause
// Virtual blocks: layout, positions, bounds, alignment, asynchronous transfers, copying.
#include "lightnvm/virtual_block.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace lightnvm {
namespace {

// Small enough to be written whole, with counts that divide nothing.
constexpr const char* kSmall =
    "emu:?groups=3&punits=2&chunks=5&sectors=48&ws_min=4&ws_opt=8&mw_cunits=8&bad=none&sector_bytes=512&oob_bytes=16";

std::vector<std::byte> noise(std::size_t bytes, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<std::byte> out(bytes);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

class VirtualBlocks : public testing::TestWithParam<VirtualBlockOptions> {
 protected:
  VirtualBlocks() : device_(*Device::open(kSmall)) {}
  VirtualBlock line(std::uint32_t chunk) { return *VirtualBlock::line(device_, {0, 2, 0, 1, chunk}, GetParam()); }
  Device device_;
};

TEST_P(VirtualBlocks, are_laid_out_round_robin_in_units_of_ws_opt) {
  const VirtualBlock block = line(1);
  ASSERT_EQ(block.size(), 6U * 48 * 512);
  ASSERT_EQ(block.chunks().size(), 6U);
  EXPECT_EQ(block.chunks()[1], Address::of(1, 0, 1)) << "neighbours share no group";
  EXPECT_EQ(block.address_at(0), Address::of(0, 0, 1, 0));
  EXPECT_EQ(block.address_at(7 * 512), Address::of(0, 0, 1, 7));
  EXPECT_EQ(block.address_at(8 * 512), Address::of(1, 0, 1, 0));
  EXPECT_EQ(block.address_at(6 * 8 * 512), Address::of(0, 0, 1, 8));
  EXPECT_EQ(block.address_at(block.size() - 512), Address::of(2, 1, 1, 47));
}

TEST_P(VirtualBlocks, give_back_what_was_written_from_any_sector_to_any) {
  VirtualBlock block = line(0);
  const auto data = noise(block.size());
  ASSERT_TRUE(block.write(data));
  EXPECT_EQ(block.write_position(), block.size());
  std::mt19937 random(7);
  const std::uint64_t sectors = block.size() / 512;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t first = random() % sectors;
    const std::uint64_t count = random() % (sectors - first) + 1;
    std::vector<std::byte> out(count * 512);
    ASSERT_TRUE(block.read_at(first * 512, out));
    ASSERT_TRUE(std::equal(out.begin(), out.end(), data.begin() + static_cast<std::ptrdiff_t>(first * 512)));
  }
  for (const Address a : block.chunks()) EXPECT_EQ(device_.chunk(a)->state, ChunkState::closed);
}

TEST_P(VirtualBlocks, are_written_in_pieces_of_ws_min) {
  VirtualBlock block = line(0);
  const auto data = noise(block.size());
  const std::span<const std::byte> all(data);
  std::mt19937 random(3);
  std::uint64_t at = 0;
  while (at < block.size()) {
    const std::uint64_t n = std::min<std::uint64_t>((random() % 30 + 1) * block.write_alignment(), block.size() - at);
    ASSERT_TRUE(block.write(all.subspan(at, n)));
    at += n;
    ASSERT_EQ(block.write_position(), at);
    auto again = line(0);
    ASSERT_EQ(*again.find_write_position(), at);
  }
  std::vector<std::byte> out(block.size());
  ASSERT_TRUE(block.read(out));
  EXPECT_EQ(out, data);
  EXPECT_EQ(block.read_position(), block.size());
}

TEST_P(VirtualBlocks, carry_metadata) {
  VirtualBlock block = line(0);
  const auto data = noise(block.size());
  const auto metadata = noise(block.size() / 512 * 16, 2);
  ASSERT_TRUE(block.write(data, metadata));
  std::vector<std::byte> out(512 * 10);
  std::vector<std::byte> out_metadata(16 * 10);
  ASSERT_TRUE(block.read_at(512 * 3, out, out_metadata));
  EXPECT_TRUE(std::equal(out_metadata.begin(), out_metadata.end(), metadata.begin() + 16 * 3));
}

TEST_P(VirtualBlocks, pad_fills_the_rest_with_a_pattern) {
  VirtualBlock block = line(0);
  const auto data = noise(block.write_alignment());
  ASSERT_TRUE(block.write(data));
  ASSERT_TRUE(block.pad());
  EXPECT_EQ(block.write_position(), block.size());
  ASSERT_TRUE(block.pad()) << "padding a full block is nothing to do";
  std::vector<std::byte> out(block.size());
  ASSERT_TRUE(block.read(out));
  EXPECT_TRUE(std::equal(data.begin(), data.end(), out.begin()));
  EXPECT_EQ(out[data.size()], std::byte{'A'});
  for (const Address a : block.chunks()) EXPECT_EQ(device_.chunk(a)->state, ChunkState::closed);
}

TEST_P(VirtualBlocks, erase_makes_them_new) {
  VirtualBlock block = line(0);
  ASSERT_TRUE(block.write(noise(block.size())));
  ASSERT_TRUE(block.erase());
  EXPECT_EQ(block.write_position(), 0U);
  EXPECT_EQ(block.read_position(), 0U);
  for (const Address a : block.chunks()) EXPECT_EQ(device_.chunk(a)->state, ChunkState::free);
}

TEST_P(VirtualBlocks, copy_inside_the_device) {
  VirtualBlock from = line(0);
  VirtualBlock to = line(1);
  const auto data = noise(from.size());
  ASSERT_TRUE(from.write(data));
  ASSERT_TRUE(from.copy_to(to));
  std::vector<std::byte> out(to.size());
  ASSERT_TRUE(to.read(out));
  EXPECT_EQ(out, data);
}

TEST_P(VirtualBlocks, refuse_what_lies_outside_or_is_not_aligned) {
  VirtualBlock block = line(0);
  ASSERT_TRUE(block.write(noise(block.write_alignment())));
  std::vector<std::byte> out(1024);
  const auto einval = [](Status s) { return s.is_errno(EINVAL); };
  EXPECT_TRUE(einval(block.read_at(block.size() - 512, out)));
  EXPECT_TRUE(einval(block.read_at(block.size() + 512, std::span(out).first(0))));
  EXPECT_TRUE(einval(block.read_at(~0ULL / 512 * 512, out)));
  EXPECT_TRUE(einval(block.read_at(100, out)));
  EXPECT_TRUE(einval(block.read_at(0, std::span(out).first(100))));
  EXPECT_TRUE(einval(block.write(std::span(out).first(512)))) << "less than ws_min";
  EXPECT_TRUE(einval(block.write_at(512, noise(block.write_alignment()))));
  EXPECT_TRUE(einval(block.write(noise(block.size()))));
  EXPECT_TRUE(einval(block.write(noise(block.write_alignment()), noise(3))));
  EXPECT_TRUE(einval(block.set_read_position(block.size() + 512)));
  EXPECT_TRUE(einval(block.set_write_position(1)));
  EXPECT_TRUE(block.set_read_position(block.size()));
  EXPECT_EQ(block.write_position(), block.write_alignment()) << "an error moved the position";
  std::vector<std::byte> last(512);
  EXPECT_TRUE(block.read_at(block.size() - 512, last)) << "the last sector is one of them";
}

TEST_P(VirtualBlocks, report_the_first_failure_and_leave_the_position) {
  VirtualBlock block = line(0);
  const Status s = block.write_at(8 * 512, noise(block.write_alignment()));
  EXPECT_TRUE(s.ok()) << "the second chunk is written from its start";
  const Status again = block.write_at(8 * 512, noise(block.write_alignment()));
  EXPECT_TRUE(again.is(StatusCode::out_of_order_write)) << again.message();
  EXPECT_EQ(block.write_position(), 0U);
  EXPECT_TRUE(block.find_write_position().error().is_errno(EIO));
}

TEST_P(VirtualBlocks, transfer_asynchronously_in_order) {
  VirtualBlock block = line(0);
  const auto data = noise(block.size());
  const std::span<const std::byte> all(data);
  const std::uint64_t piece = block.write_alignment() * 3;
  unsigned done = 0;
  for (std::uint64_t at = 0; at < block.size(); at += piece) {
    ASSERT_TRUE(block.write_async(at, all.subspan(at, std::min(piece, block.size() - at)), [&](const Completion& c) {
      EXPECT_TRUE(c.ok()) << c.status.message();
      ++done;
    }));
  }
  ASSERT_TRUE(block.wait());
  EXPECT_EQ(done, (block.size() + piece - 1) / piece);
  std::vector<std::byte> out(block.size());
  for (std::uint64_t at = 0; at < block.size(); at += 512 * 11) {
    const auto part = std::span(out).subspan(at, std::min<std::uint64_t>(512 * 11, block.size() - at));
    ASSERT_TRUE(block.read_async(at, part, [&](const Completion& c) { done += c.ok() ? 1 : 1000; }));
  }
  while (*block.poke() != 0) {
  }
  ASSERT_TRUE(block.wait());
  EXPECT_EQ(out, data);
  EXPECT_LT(done, 1000U);
}

std::string name_of(const testing::TestParamInfo<VirtualBlockOptions>& info) {
  return std::string(info.param.scalar ? "scalar" : "vector") + "_depth_" + std::to_string(info.param.depth);
}
INSTANTIATE_TEST_SUITE_P(All, VirtualBlocks,
                         testing::Values(VirtualBlockOptions{0, false}, VirtualBlockOptions{1, false},
                                         VirtualBlockOptions{0, true}, VirtualBlockOptions{3, true}),
                         name_of);

TEST(VirtualBlockMaking, refuses_what_is_no_stripe) {
  auto device = Device::open(kSmall);
  ASSERT_TRUE(device);
  const Address twice[] = {Address::of(0, 0, 1), Address::of(0, 0, 1, 5)};
  const Address outside[] = {Address::of(3, 0, 1)};
  EXPECT_TRUE(VirtualBlock::make(*device, {}).error().is_errno(EINVAL));
  EXPECT_TRUE(VirtualBlock::make(*device, twice).error().is_errno(EINVAL));
  EXPECT_TRUE(VirtualBlock::make(*device, outside).error().is_errno(EINVAL));
  EXPECT_TRUE(VirtualBlock::line(*device, {0, 3, 0, 1, 0}).error().is_errno(EINVAL));
  EXPECT_TRUE(VirtualBlock::line(*device, {1, 0, 0, 1, 0}).error().is_errno(EINVAL));
  EXPECT_TRUE(VirtualBlock::line(*device, {0, 2, 0, 1, 5}).error().is_errno(EINVAL));
}

TEST(VirtualBlockMaking, works_where_a_unit_is_larger_than_a_vector) {
  auto device = Device::open(
      "emu:?groups=2&punits=2&chunks=3&sectors=384&ws_min=96&ws_opt=192&mw_cunits=96"
      "&bad=none&sector_bytes=512&mccap=3");
  ASSERT_TRUE(device) << last_error();
  auto block = VirtualBlock::line(*device, {0, 1, 0, 1, 0});
  ASSERT_TRUE(block);
  const auto data = noise(block->size());
  ASSERT_TRUE(block->write(data));
  std::vector<std::byte> out(block->size());
  ASSERT_TRUE(block->read(out));
  EXPECT_EQ(out, data);
  auto target = VirtualBlock::line(*device, {0, 1, 0, 1, 1});
  EXPECT_TRUE(block->copy_to(*target).is_errno(ENOTSUP)) << "no vector holds a write of 96 sectors";
}

}  // namespace
}  // namespace lightnvm
