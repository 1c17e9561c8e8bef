// SPDX-License-Identifier: BSD-2-Clause
// Virtual blocks of OCSSD 1.2: pages over planes, plane modes, and what only 2.0 has.
#include <gtest/gtest.h>

#include <random>

#include "lightnvm/virtual_block.hpp"

namespace lightnvm {
namespace {

constexpr const char* kTwo =
    "emu:?spec=1.2&groups=2&punits=2&blocks=5&planes=2&pages=6&page_sectors=4&sector_bytes=512&bad=none";
constexpr const char* kFour =
    "emu:?spec=1.2&groups=2&punits=1&blocks=3&planes=4&pages=5&page_sectors=2&sector_bytes=512&bad=none";
constexpr const char* kOne =
    "emu:?spec=1.2&groups=1&punits=3&blocks=3&planes=1&pages=7&page_sectors=1&sector_bytes=512&bad=none";

std::vector<std::byte> noise(std::size_t bytes, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<std::byte> out(bytes);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

struct Setup {
  const char* name;
  const char* device;
  std::optional<PlaneMode> mode;
};
void PrintTo(const Setup& s, std::ostream* out) { *out << s.name; }

class VirtualBlocks12 : public testing::TestWithParam<Setup> {
 protected:
  VirtualBlocks12() : device_(*Device::open(GetParam().device)) {}
  const Geometry& g() const { return device_.geometry(); }
  VirtualBlockOptions options() const {
    VirtualBlockOptions o;
    o.plane_mode = GetParam().mode;
    return o;
  }
  VirtualBlock line(std::uint32_t block) {
    return *VirtualBlock::line(device_, {0, g().groups - 1, 0, g().units - 1, block}, options());
  }
  Device device_;
};

TEST_P(VirtualBlocks12, are_laid_out_by_pages_over_planes) {
  const VirtualBlock block = line(1);
  const std::uint64_t super_page = std::uint64_t{g().planes} * g().page_bytes;
  ASSERT_EQ(block.size(), g().total_units() * g().chunk_bytes());
  for (std::uint64_t offset = 0; offset < block.size(); offset += 512) {
    // As the original computes it.
    const std::uint64_t number = offset / super_page;
    const Address b = block.chunks()[number % block.chunks().size()];
    const std::uint64_t page = number / block.chunks().size() % g().pages;
    const std::uint64_t within = offset % super_page / 512;
    ASSERT_EQ(block.address_at(offset),
              Address::of12(b.group(), b.unit(), 1, static_cast<std::uint32_t>(within / g().page_sectors),
                            static_cast<std::uint32_t>(page), static_cast<std::uint32_t>(within % g().page_sectors)));
  }
}

TEST_P(VirtualBlocks12, give_back_what_was_written_from_any_sector_to_any) {
  VirtualBlock block = line(0);
  const auto data = noise(block.size());
  const auto metadata = noise(block.size() / 512 * g().oob_bytes, 2);
  ASSERT_TRUE(block.write(data, metadata));
  EXPECT_EQ(block.write_position(), block.size());
  std::mt19937 random(7);
  const std::uint64_t sectors = block.size() / 512;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t first = random() % sectors;
    const std::uint64_t count = random() % (sectors - first) + 1;
    std::vector<std::byte> out(count * 512);
    std::vector<std::byte> oob(count * g().oob_bytes);
    ASSERT_TRUE(block.read_at(first * 512, out, oob));
    ASSERT_TRUE(std::equal(out.begin(), out.end(), data.begin() + static_cast<std::ptrdiff_t>(first * 512)));
    ASSERT_TRUE(
        std::equal(oob.begin(), oob.end(), metadata.begin() + static_cast<std::ptrdiff_t>(first * g().oob_bytes)));
  }
}

TEST_P(VirtualBlocks12, are_written_page_by_page_and_padded) {
  VirtualBlock block = line(2);
  const auto data = noise(block.size());
  const std::span<const std::byte> all(data);
  const std::uint64_t piece = std::uint64_t{g().planes} * g().page_bytes;
  std::uint64_t at = 0;
  for (int i = 0; i < 3; ++i, at += piece) ASSERT_TRUE(block.write(all.subspan(at, piece)));
  ASSERT_TRUE(block.pad());
  EXPECT_EQ(block.write_position(), block.size());
  std::vector<std::byte> out(at);
  ASSERT_TRUE(block.read(out));
  EXPECT_TRUE(std::equal(out.begin(), out.end(), data.begin()));
  std::vector<std::byte> rest(block.size() - at);
  ASSERT_TRUE(block.read_at(at, rest));
  EXPECT_EQ(rest[0], std::byte{'A'});
  ASSERT_TRUE(block.erase());
  EXPECT_EQ(block.write_position(), 0U);
  EXPECT_TRUE(block.read_at(0, out).is(StatusCode::empty_page));
  ASSERT_TRUE(block.write(all));
}

TEST_P(VirtualBlocks12, refuse_what_is_outside_or_no_whole_page) {
  VirtualBlock block = line(0);
  const auto data = noise(block.size());
  const std::span<const std::byte> all(data);
  EXPECT_TRUE(block.write(all.first(1)).is_errno(EINVAL));
  if (block.write_alignment() > 512) {
    EXPECT_TRUE(block.write(all.first(512)).is_errno(EINVAL));
  }
  EXPECT_TRUE(block.write_at(block.size(), all.first(block.write_alignment())).is_errno(EINVAL));
  EXPECT_TRUE(block.copy_to(block).is_errno(ENOTSUP));
  EXPECT_TRUE(block.find_write_position().error().is_errno(ENOTSUP));
}

INSTANTIATE_TEST_SUITE_P(, VirtualBlocks12,
                         testing::Values(Setup{"two_planes", kTwo, {}}, Setup{"two_single", kTwo, PlaneMode::single},
                                         Setup{"four_planes", kFour, {}}, Setup{"four_quad", kFour, PlaneMode::quad},
                                         Setup{"one_plane", kOne, {}}),
                         [](const auto& p) { return p.param.name; });

TEST(VirtualBlock12, takes_the_plane_mode_of_the_device) {
  Device device = *Device::open(kTwo);
  EXPECT_EQ(VirtualBlock::line(device, {0, 1, 0, 1, 0})->write_alignment(), 2U * 4 * 512);
  const VirtualBlockOptions single{.plane_mode = PlaneMode::single};
  EXPECT_EQ(VirtualBlock::line(device, {0, 1, 0, 1, 0}, single)->write_alignment(), 4U * 512);
  const VirtualBlockOptions quad{.plane_mode = PlaneMode::quad};
  EXPECT_TRUE(VirtualBlock::line(device, {0, 1, 0, 1, 0}, quad).error().is_errno(EINVAL));
  Device chunks = *Device::open("emu:");
  const VirtualBlockOptions dual{.plane_mode = PlaneMode::dual};
  EXPECT_TRUE(VirtualBlock::line(chunks, {0, 1, 0, 1, 0}, dual).error().is_errno(EINVAL));
}

TEST(VirtualBlock12, takes_limits_that_are_numbers_of_addresses) {
  for (const char* ident : {kTwo, "emu:"}) {
    Device device = *Device::open(ident);
    const auto made = [&](VirtualBlockOptions options) {
      const auto block = VirtualBlock::line(device, {0, 1, 0, 1, 0}, options);
      return block ? Status() : block.error();
    };
    for (const std::uint32_t n : {0U, kMaxAddresses + 1}) {
      EXPECT_TRUE(made({.erase_addresses = n}).is_errno(EINVAL));
      EXPECT_TRUE(made({.write_addresses = n}).is_errno(EINVAL));
      EXPECT_TRUE(made({.read_addresses = n}).is_errno(EINVAL));
    }
    EXPECT_TRUE(made({.erase_addresses = 1, .write_addresses = 1, .read_addresses = 1}));
  }
}

TEST(VirtualBlock12, asynchronous_transfers_keep_their_order) {
  Device device = *Device::open(kTwo);
  VirtualBlock block = *VirtualBlock::line(device, {0, 1, 0, 1, 3});
  const auto data = noise(block.size());
  const std::span<const std::byte> all(data);
  unsigned done = 0;
  for (std::uint64_t at = 0; at < block.size(); at += 4096) {
    ASSERT_TRUE(block.write_async(at, all.subspan(at, 4096), [&](const Completion& c) {
      EXPECT_TRUE(c);
      ++done;
    }));
  }
  ASSERT_TRUE(block.wait());
  EXPECT_EQ(done, block.size() / 4096);
  std::vector<std::byte> out(block.size());
  ASSERT_TRUE(block.read(out));
  EXPECT_EQ(out, data);
}

}  // namespace
}  // namespace lightnvm
