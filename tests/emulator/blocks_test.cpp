// SPDX-License-Identifier: BSD-2-Clause
// emulator::blocks: what an image of OCSSD 1.2 says of its blocks, also beside who holds it.
#include <gtest/gtest.h>

#include "image_support.hpp"
#include "lightnvm/lightnvm.hpp"

namespace lightnvm::emulator {
namespace {

using image_test::Directory;

Config old_device() {
  Config c(SpecVersion::ocssd12);
  for (const auto& [key, value] : {std::pair("groups", "2"),
                                   {"punits", "1"},
                                   {"blocks", "3"},
                                   {"planes", "2"},
                                   {"pages", "4"},
                                   {"page_sectors", "2"},
                                   {"bad", "1.0.2.1"}}) {
    EXPECT_TRUE(apply_option(c, key, value)) << last_error();
  }
  return c;
}

TEST(Blocks, say_marks_pages_and_cycles_of_each_plane) {
  const Directory directory;
  const std::string path = directory.file();
  image_test::make_image(path, old_device());
  auto device = lightnvm::Device::open(path);
  ASSERT_TRUE(device) << last_error();
  const Address block = Address::of12(1, 0, 1, 1);
  ASSERT_TRUE(device->reset(std::span<const Address>(&block, 1)));
  const std::array<Address, 2> page = {Address::of12(1, 0, 1, 1, 0, 0), Address::of12(1, 0, 1, 1, 0, 1)};
  std::vector<std::byte> data(2 * device->geometry().sector_bytes);
  ASSERT_TRUE(device->write(page, std::span<const std::byte>(data)));
  ASSERT_TRUE(device->set_bad_blocks(std::span(&block, 1), BlockState::host_reserved));
  ASSERT_TRUE(device->flush());

  const auto all = blocks(path);
  ASSERT_TRUE(all) << last_error();
  ASSERT_EQ(all->size(), 12U);
  for (std::size_t i = 0; i < all->size(); ++i) {
    const BlockInfo& b = (*all)[i];
    EXPECT_EQ(b.address, Address::of12(static_cast<std::uint32_t>(i / 6), 0, i % 6 / 2, i % 2));
    const bool written = b.address == block;
    const bool bad = b.address == Address::of12(1, 0, 2, 1);
    EXPECT_EQ(b.pages, written ? 1U : 0U) << i;
    EXPECT_EQ(b.cycles, written ? 1U : 0U) << i;
    EXPECT_EQ(b.state, written ? ChunkState::open : ChunkState::free) << i;
    EXPECT_EQ(b.mark, written ? BlockState::host_reserved : bad ? BlockState::factory_bad : BlockState::good) << i;
  }
}

TEST(Blocks, are_of_1_2_alone_and_of_sound_images) {
  const Directory directory;
  image_test::make_image(directory.file("new.img"), image_test::small_config());
  const auto chunks = blocks(directory.file("new.img"));
  ASSERT_FALSE(chunks);
  EXPECT_TRUE(chunks.error().is_errno(ENOTSUP));
  EXPECT_NE(last_error().find("has chunks, no blocks"), std::string::npos);
  const auto missing = blocks(directory.file("missing.img"));
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is_errno(ENOENT));
  image_test::make_image(directory.file("old.img"), old_device());
  image_test::write_record(directory.file("old.img"), 3, DiskRecord{.write_pointer = 2, .crc = 1});
  const auto damaged = blocks(directory.file("old.img"));
  ASSERT_FALSE(damaged);
  EXPECT_TRUE(damaged.error().is_errno(EINVAL));
}

}  // namespace
}  // namespace lightnvm::emulator
