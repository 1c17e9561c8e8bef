// SPDX-License-Identifier: BSD-2-Clause
// Images of OCSSD 1.2, formats 2 and 4: golden ones, what survives closing, and what is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstring>

#include "golden_support.hpp"
#include "image_support.hpp"
#include "physical_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using physical_test::List;
using physical_test::pages;
using PhysicalHost = physical_test::Host;

constexpr std::uint32_t kDual = 1;

// The device of the golden images, spelled out: it is the image that stays, not the defaults.
Config golden_config(std::uint32_t planes) {
  Config c = physical_test::small_physical(planes, 50);
  c.serial = "GOLDEN 1.2";
  c.mdts = 3;
  c.geometry.times = {11, 12, 13, 14, 15, 16};
  c.geometry.slc_mode = true;
  c.geometry.suspension = false;
  ChunkOverride worn;
  worn.address = Address::of12(0, 1, 0, planes - 1);
  worn.cycles = 49;
  c.overrides.push_back(worn);
  return c;
}

PhysicalHost open_image(const std::string& path) {
  auto device = Device::from_file(path, ImageAccess::exclusive);
  EXPECT_TRUE(device.has_value()) << last_error();
  return PhysicalHost(device.value());
}

/// What is done to the device before it becomes the image.
void use(PhysicalHost& host, std::uint32_t planes) {
  const Geometry& g = host.geometry();
  const std::uint32_t mode = planes == 4 ? 2 : planes - 1;
  const Address block = Address::of12(1, 1, 2);
  ASSERT_TRUE(host.write(pages(g, block, 0, 2, planes), mode, 1));
  ASSERT_TRUE(host.write(pages(g, Address::of12(1, 2, 0, planes - 1), 0, 6, 1), 0, 2));
  ASSERT_TRUE(host.erase({Address::of12(0, 2, 1)}, mode));
  ASSERT_TRUE(host.erase({Address::of12(0, 1, 0, planes - 1)}));
  ASSERT_TRUE(host.mark({Address::of12(1, 1, 2, planes - 1), Address::of12(1, 1, 4)}, 8));
  ASSERT_TRUE(host.mark({Address::of12(1, 0, 0)}, 4));
}

std::vector<std::uint8_t> states(PhysicalHost& host, Address unit) {
  Bytes table;
  EXPECT_TRUE(host.table(unit, table));
  std::vector<std::uint8_t> out;
  for (std::size_t i = 64; i < table.size(); ++i) out.push_back(static_cast<std::uint8_t>(table[i]));
  return out;
}

/// What must be found in it.
void expect_used(PhysicalHost& host, std::uint32_t planes) {
  const Geometry& g = host.geometry();
  EXPECT_TRUE(host.reads_back(pages(g, Address::of12(1, 1, 2), 0, 2, planes), 1));
  EXPECT_TRUE(host.reads_back(pages(g, Address::of12(1, 2, 0, planes - 1), 0, 6, 1), 2));
  EXPECT_EQ(host.read(pages(g, Address::of12(1, 1, 2), 2, 1, 1)).status.nvme_bits(), 0x42FF);
  const auto unit = states(host, Address::of12(1, 1, 0));
  for (std::uint32_t i = 0; i < unit.size(); ++i) {
    const bool marked = i == 2 * planes + planes - 1 || i == 4 * planes;
    EXPECT_EQ(unit[i], marked ? 8 : 0) << i;
  }
  EXPECT_EQ(states(host, Address::of12(1, 0, 0))[0], 4);
  EXPECT_EQ(states(host, Address::of12(0, 1, 0))[planes - 1], 2) << "worn out";
  EXPECT_EQ(states(host, Address::of12(0, 0, 0))[3 * planes], 1);
}

/// A golden image: its format, and the device's planes.
struct GoldenPlanes {
  std::uint32_t format, planes;
  [[nodiscard]] std::string name() const {
    return "planes" + std::to_string(planes) + (format == kOldImageFormat12 ? "" : "_format" + std::to_string(format));
  }
};

class GoldenPhysicalImage : public testing::TestWithParam<GoldenPlanes> {
 protected:
  void SetUp() override {
    files = read_golden(name());
    ASSERT_FALSE(files.empty()) << golden_path(name());
    ASSERT_TRUE(rebuild(files, path));
  }
  static std::string name() { return GetParam().name(); }
  static std::uint32_t planes() { return GetParam().planes; }
  Directory directory;
  std::string path = directory.file();
  Files files;
};

void make_golden(std::uint32_t planes, const std::string& path) {
  ASSERT_TRUE(create(path, golden_config(planes))) << last_error();
  PhysicalHost host = open_image(path);
  use(host, planes);
}

TEST_P(GoldenPhysicalImage, says_what_it_is_and_is_sound) {
  const auto found = info(path);
  ASSERT_TRUE(found) << last_error();
  EXPECT_EQ(found->format, GetParam().format);
  EXPECT_EQ(found->config.geometry, golden_config(planes()).geometry);
  EXPECT_EQ(found->config.pe_cycles, 50U);
  EXPECT_EQ(found->config.mdts, 3);
  EXPECT_EQ(found->config.serial, "GOLDEN 1.2");
  const auto findings = check(path);
  ASSERT_TRUE(findings) << last_error();
  EXPECT_TRUE(findings->empty());
}

TEST_P(GoldenPhysicalImage, holds_its_pages_and_its_marks) {
  PhysicalHost host = open_image(path);
  expect_used(host, planes());
}

TEST_P(GoldenPhysicalImage, is_made_again_byte_by_byte) {
  if (GetParam().format != kImageFormat12) GTEST_SKIP() << "no longer made";
  const std::string again = directory.file("again.img");
  ASSERT_NO_FATAL_FAILURE(make_golden(planes(), again));
  Files made = dump_all(again);
  forget_identity(made);
  forget_identity(files);
  EXPECT_EQ(made[""].size, files[""].size);
  EXPECT_EQ(made[""].rows, files[""].rows);
}

INSTANTIATE_TEST_SUITE_P(, GoldenPhysicalImage,
                         testing::Values(GoldenPlanes{2, 1}, GoldenPlanes{2, 2}, GoldenPlanes{2, 4}, GoldenPlanes{4, 1},
                                         GoldenPlanes{4, 2}, GoldenPlanes{4, 4}),
                         [](const auto& p) {
                           return fmt::format("format{}_planes{}", p.param.format, p.param.planes);
                         });

// Makes the golden images anew: only for a new format, whose images stand beside the old ones.
TEST(GoldenPhysicalImages, DISABLED_are_written) {
  for (const std::uint32_t planes : {1U, 2U, 4U}) {
    const Directory directory;
    ASSERT_NO_FATAL_FAILURE(make_golden(planes, directory.file()));
    write_golden(GoldenPlanes{kImageFormat12, planes}.name(), kImageFormat12, dump_all(directory.file()));
  }
}

TEST(PhysicalImage, survives_closing_and_opening) {
  const Directory directory;
  const std::string path = directory.file();
  ASSERT_NO_FATAL_FAILURE(make_golden(2, path));
  for (int i = 0; i < 2; ++i) {
    PhysicalHost host = open_image(path);
    expect_used(host, 2);
  }
  PhysicalHost host = open_image(path);
  EXPECT_TRUE(host.write(pages(host.geometry(), Address::of12(1, 1, 2), 2, 1, 2), kDual));
}

TEST(PhysicalImage, may_be_looked_at) {
  const Directory directory;
  ASSERT_NO_FATAL_FAILURE(make_golden(2, directory.file()));
  auto device = Device::from_file(directory.file(), ImageAccess::look);
  ASSERT_TRUE(device.has_value()) << last_error();
  PhysicalHost host(*device);
  expect_used(host, 2);
  EXPECT_TRUE(host.mark({Address::of12(0, 0, 0)}, 2).status.is(StatusCode::namespace_write_protected));
  EXPECT_TRUE(host.erase({Address::of12(0, 0, 0)}).status.is(StatusCode::namespace_write_protected));
}

TEST(PhysicalImage, may_be_in_segments) {
  const Directory directory;
  Config c(SpecVersion::ocssd12);
  ASSERT_TRUE(create(directory.file(), c, {false, 64U << 20})) << last_error();
  PhysicalHost host = open_image(directory.file());
  const List list = pages(host.geometry(), Address::of12(1, 2, 43), 0, 4, 2);
  EXPECT_TRUE(host.write(list, kDual));
  EXPECT_TRUE(host.reads_back(list));
}

// A record that is right by its checksum and wrong for such a device.
struct Impossible {
  const char* what;
  ChunkRecord record;
};

TEST(PhysicalImage, impossible_records_are_found) {
  const Geometry g = golden_config(2).geometry;
  using enum ChunkState;
  const auto seq = ChunkType::sequential;
  const auto ok = BlockState::good;
  const Impossible records[] = {
      {"mark", {0, 0, 0, free, seq, static_cast<BlockState>(3)}},
      {"mark", {0, 0, 0, free, seq, static_cast<BlockState>(12)}},
      {"NAND", {0, 0, 0, offline, seq, ok}},
      {"NAND", {0, 0, 0, open, ChunkType::random, ok}},
      {"NAND", {0, 2, 0, free, seq, ok}},
      {"write pointer", {3, 0, 0, open, seq, ok}},
      {"write pointer", {13, 0, 0, closed, seq, ok}},
      {"write pointer", {6, 0, 0, closed, seq, ok}},
  };
  for (const Impossible& i : records) EXPECT_THAT(implausible(i.record, g), testing::HasSubstr(i.what));
  for (const unsigned mark : {0U, 1U, 2U, 4U, 8U}) {
    EXPECT_EQ(implausible({2, 0, 5, open, seq, static_cast<BlockState>(mark)}, g), "");
  }
  EXPECT_NE(implausible({0, 0, 0, free, seq, BlockState::grown_bad}, Config().geometry), "") << "2.0 has no marks";
  const Directory directory;
  ASSERT_TRUE(create(directory.file(), golden_config(2)));
  {
    auto image = Image::open(directory.file(), ImageAccess::exclusive);
    ASSERT_TRUE(image);
    ASSERT_TRUE((*image)->save(7, records[2].record, {}));
  }
  const auto findings = check(directory.file());
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ(findings->front().where, "block (0,0,3,1)");
  EXPECT_FALSE(Device::from_file(directory.file(), ImageAccess::exclusive).has_value());
}

TEST(PhysicalImage, marks_and_types_share_a_byte_of_the_row) {
  for (const unsigned mark : {0U, 1U, 2U, 4U, 8U}) {
    const ChunkRecord record{4, 0, 9, ChunkState::open, ChunkType::sequential, static_cast<BlockState>(mark)};
    const DiskRecord row = to_disk(11, record, proof_of(record));
    EXPECT_EQ(row.type, mark << 4);
    ChunkRecord back;
    Proof proof;
    EXPECT_TRUE(from_disk(11, row, back, proof));
    EXPECT_EQ(back, record);
  }
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
