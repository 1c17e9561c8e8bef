// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 1.2 on every route: what a device with planes answers, and what is left of it where a route carries no lists.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "conformance/support/fixture.hpp"
#include "lightnvm/emulator.hpp"
#include "lightnvm/virtual_block.hpp"
#include "support/served.hpp"
#include "support/test_registry.hpp"
#include "support/violations.hpp"

namespace lightnvm::test {
namespace {

constexpr const char* kDevice =
    "spec=1.2&groups=2&punits=3&blocks=11&planes=2&pages=6&page_sectors=4&sector_bytes=512&bad=0.0.3,1.2.4.1";

struct PhysicalRoute {
  const char* name;
  const char* prefix;  ///< of the identifier
  const char* options;
  bool lists = true;  ///< carries lists of addresses
  bool in_file = false;
};
void PrintTo(const PhysicalRoute& r, std::ostream* out) { *out << r.name; }

/// The device twice: over the route, and over one that can do all.
class Physical : public testing::TestWithParam<PhysicalRoute> {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    name_ = std::string(info->name()) + "_" + std::to_string(::getpid());
    std::ranges::replace(name_, '/', '_');
    const std::string options(GetParam().options);
    if (GetParam().in_file) {
      path_ = testing::TempDir() + name_;
      emulator::Config c(SpecVersion::ocssd12);
      for (const char* word : {"groups=2", "punits=3", "blocks=11", "planes=2", "pages=6", "page_sectors=4",
                               "sector_bytes=512", "bad=0.0.3,1.2.4.1"}) {
        const std::string_view text(word);
        ASSERT_TRUE(emulator::apply_option(c, text.substr(0, text.find('=')), text.substr(text.find('=') + 1)));
      }
      ASSERT_TRUE(emulator::create(path_, c)) << last_error();
      open(std::string(GetParam().prefix) + path_ + (options.empty() ? "" : "?" + options), "emu:" + path_);
    } else if (GetParam().prefix == std::string_view("tcp:")) {
      const std::string device = "emu:?" + std::string(kDevice) + "&name=" + name_;
      served_ = std::make_unique<Served>(device);
      open(served_->ident() + (options.empty() ? "" : "?" + options), device);
    } else {
      const std::string device = std::string(kDevice) + "&name=" + name_;
      open(std::string(GetParam().prefix) + "?" + device + (options.empty() ? "" : "&" + options), "emu:?" + device);
    }
  }
  void TearDown() override {
    device_.reset();
    able_.reset();
    served_.reset();
    if (!path_.empty()) std::filesystem::remove(path_);
    for (const std::string& what : take_violations()) ADD_FAILURE() << what;
  }

  Device& device() { return *device_; }
  const Geometry& geo() const { return device_->geometry(); }
  static constexpr CommandOptions kDual{.plane_mode = PlaneMode::dual};

  static Address block(std::uint32_t ch, std::uint32_t lun, std::uint32_t blk, std::uint32_t plane = 0) {
    return Address::of12(ch, lun, blk, plane);
  }
  std::vector<Address> pages(Address block, std::uint32_t first, std::uint32_t count) const {
    std::vector<Address> out;
    for (std::uint32_t n = first * geo().ws_opt; n < (first + count) * geo().ws_opt; ++n) {
      out.push_back(geo().sector_address(block, n));
    }
    return out;
  }
  static Bytes bytes_for(std::span<const Address> list, std::size_t unit) {
    Bytes out;
    for (const Address a : list) {
      for (std::size_t i = 0; i < unit; ++i) {
        out.push_back(static_cast<std::byte>((a.value >> (i % 8 * 8)) * 31 + (a.value >> 32) * 7 + i * 13 + unit));
      }
    }
    return out;
  }
  /// Over the route that can.
  void prepare(Address block, std::uint32_t count) {
    const auto list = pages(block, 0, count);
    for (std::size_t at = 0; at < list.size(); at += geo().ws_opt) {
      const auto part = std::span(list).subspan(at, geo().ws_opt);
      const Bytes data = bytes_for(part, 512);
      const Bytes oob = bytes_for(part, geo().oob_bytes);
      const Completion c = able_->write(Sectors(part), Source(data, oob), kDual);
      ASSERT_TRUE(c) << c.status.message();
    }
  }
  bool carries_metadata() {
    return DeviceAccess::impl(device()).backend->caps().metadata == backends::MetadataTransfer::separate;
  }
  void expect_reads_back(const std::vector<Address>& list, CommandOptions options = {}) {
    Bytes data(list.size() * 512);
    Bytes oob(carries_metadata() ? list.size() * geo().oob_bytes : 0);
    const Completion c = device().read(Sectors(list), Destination(data, oob), options);
    ASSERT_TRUE(c) << c.status.message();
    EXPECT_EQ(c.result, 0U);
    EXPECT_EQ(data, bytes_for(list, 512));
    if (!oob.empty()) {
      EXPECT_EQ(oob, bytes_for(list, geo().oob_bytes));
    }
  }

 private:
  void open(const std::string& uri, const std::string& able) {
    auto other = DeviceAccess::open(able, {}, backends::default_registry());
    ASSERT_TRUE(other) << last_error();
    able_ = std::make_unique<Device>(std::move(*other));
    const bool library = std::string_view(GetParam().prefix) != "lacking:";
    auto opened = DeviceAccess::open(uri, {}, library ? backends::default_registry() : backends::test_registry());
    ASSERT_TRUE(opened) << uri << ": " << last_error();
    device_ = std::make_unique<Device>(std::move(*opened));
    ASSERT_EQ(device_->version(), SpecVersion::ocssd12);
  }

  std::string name_, path_;
  std::unique_ptr<Served> served_;
  std::unique_ptr<Device> device_, able_;
};

TEST_P(Physical, device_says_what_it_is) {
  EXPECT_EQ(geo().groups, 2U);
  EXPECT_EQ(geo().units, 3U);
  EXPECT_EQ(geo().chunks, 11U);
  EXPECT_EQ(geo().planes, 2U);
  EXPECT_EQ(geo().pages, 6U);
  EXPECT_EQ(geo().page_sectors, 4U);
  EXPECT_EQ(geo().page_bytes, 2048U);
  EXPECT_EQ(geo().sectors, 48U);
  EXPECT_EQ(device().capabilities(), 6U);
  EXPECT_EQ(device().identify_geometry().size(), 4096U);
  EXPECT_EQ(device().identify_geometry()[0], std::byte{1});
  ASSERT_TRUE(device().ppa_format());
  EXPECT_EQ(device().ppa_format()->block, (PpaField{6, 4}));
  const Address a = Address::of12(1, 2, 10, 1, 5, 3);
  EXPECT_EQ(device().from_device(device().to_device(a)), a);
  EXPECT_LE(device().max_sectors(), 64U);
}

TEST_P(Physical, pages_over_planes_are_written_by_one_list_or_not_at_all) {
  const auto list = pages(block(1, 0, 2), 0, 2);
  const Bytes data = bytes_for(list, 512);
  const Bytes oob = bytes_for(list, carries_metadata() ? geo().oob_bytes : 0);
  const Completion c = device().write(Sectors(list), Source(data, oob), kDual);
  if (!GetParam().lists) {
    EXPECT_TRUE(c.status.is_errno(ENOTSUP));
    EXPECT_NE(last_error().find("lists"), std::string::npos);
    return;
  }
  ASSERT_TRUE(c) << c.status.message();
  expect_reads_back(list, kDual);
  EXPECT_TRUE(device().write(Sectors(list), Source(data), kDual).status.is(StatusCode::invalid_field));
}

TEST_P(Physical, lists_read_sectors_from_anywhere) {
  prepare(block(0, 1, 5), 6);
  prepare(block(1, 2, 9), 6);
  std::vector<Address> list;
  for (std::uint32_t i = 0; i < 64; ++i) {
    list.push_back(geo().sector_address(block(i % 2, 1 + i % 2, i % 2 == 0 ? 5 : 9), i * 37 % 48));
  }
  expect_reads_back(list);
  expect_reads_back({list[7]});
  expect_reads_back({list[7], list[7]}, kDual);
}

TEST_P(Physical, memory_may_be_in_pieces) {
  prepare(block(0, 1, 5), 2);
  const auto list = pages(block(0, 1, 5), 0, 2);
  Bytes data(list.size() * 512);
  std::vector<Segment> cut;
  for (std::size_t at = 0; at < data.size(); at += 700)
    cut.push_back({data.data() + at, std::min<std::size_t>(700, data.size() - at)});
  ASSERT_TRUE(device().read(Sectors(list), Destination::scatter(cut)));
  EXPECT_EQ(data, bytes_for(list, 512));
}

TEST_P(Physical, unwritten_sectors_are_errors_with_their_bits) {
  prepare(block(0, 1, 5), 1);
  const auto written = pages(block(0, 1, 5), 0, 1);
  const std::vector<Address> list = {written[0], written[1], Address::of12(0, 1, 5, 0, 4, 0), written[2]};
  Bytes data(list.size() * 512);
  const Completion c = device().read(Sectors(list), Destination(data));
  EXPECT_EQ(c.status.nvme_bits(), 0x42FF);
  // A list has failed from there on; of single commands, only that one.
  EXPECT_EQ(c.result, GetParam().lists ? 0b1100U : 0b0100U);
  data.resize(2 * std::size_t{512});
  EXPECT_EQ(data, bytes_for(std::array{list[0], list[1]}, 512));
}

TEST_P(Physical, erases_go_on_behind_a_bad_block) {
  for (const std::uint32_t b : {1U, 5U}) prepare(block(0, 0, b), 1);
  const std::array blocks{block(0, 0, 1), block(0, 0, 3), block(0, 0, 5)};
  const Completion c = device().reset(Sectors(blocks), {}, kDual);
  EXPECT_EQ(c.status.nvme_bits(), 0x4002);
  EXPECT_EQ(c.result, 0b010U);
  Bytes data(512);
  for (const std::uint32_t b : {1U, 5U}) {
    const std::array sector{block(0, 0, b, 1)};
    EXPECT_TRUE(device().read(Sectors(sector), Destination(data)).status.is(StatusCode::empty_page));
  }
  const std::array again{block(0, 0, 1)};
  EXPECT_TRUE(device().reset(Sectors(again), {}, kDual));
  EXPECT_TRUE(device().reset(Sectors::vector(block(0, 0, 1, 1), 1)));
}

TEST_P(Physical, bad_block_tables_are_read_and_set) {
  const auto before = device().bad_blocks(block(0, 0, 0));
  ASSERT_TRUE(before) << last_error();
  EXPECT_EQ(before->factory_bad, 2U);
  EXPECT_EQ(before->at(3, 0), BlockState::factory_bad);
  std::vector<Address> marked;
  for (std::uint32_t b = 4; b < 9; ++b) marked.push_back(block(0, 0, b, b % 2));
  ASSERT_TRUE(device().set_bad_blocks(marked, BlockState::host_reserved)) << last_error();
  ASSERT_TRUE(device().set_bad_blocks(std::span(marked).first(1), BlockState::grown_bad));
  const auto after = device().bad_blocks(block(0, 0, 7));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->host_reserved, 4U);
  EXPECT_EQ(after->grown_bad, 1U);
  EXPECT_EQ(after->at(4, 0), BlockState::grown_bad);
  EXPECT_EQ(after->at(5, 1), BlockState::host_reserved);
  EXPECT_EQ(after->at(5, 0), BlockState::good);
  EXPECT_EQ(device().bad_blocks(block(1, 2, 0))->factory_bad, 1U);
  EXPECT_TRUE(device().bad_blocks(block(2, 0, 0)).error().is_errno(EINVAL));
  EXPECT_TRUE(device().set_bad_blocks({}, BlockState::good).status.is_errno(EINVAL));
}

TEST_P(Physical, what_1_2_does_not_have_is_said_so) {
  const auto says = [](Status s) { return s.is_errno(ENOTSUP) && !last_error().empty(); };
  Bytes data(512);
  EXPECT_TRUE(says(device().read(Sectors(block(0, 0, 1), 1), Destination(data)).status));
  EXPECT_TRUE(says(device().write(Sectors(block(0, 0, 1), 1), Source(data)).status));
  EXPECT_TRUE(says(device().chunks().error()));
  EXPECT_TRUE(says(device().chunk(block(0, 0, 1)).error()));
  EXPECT_TRUE(says(device().feature(Feature::media_feedback).error()));
  EXPECT_TRUE(says(device().set_feature(Feature::media_feedback, 0)));
  EXPECT_TRUE(says(device().report_unwritten(true)));
  EXPECT_TRUE(device().feature(Feature::error_recovery));
  const std::array one{block(0, 0, 1)};
  EXPECT_TRUE(device().copy(one, one).status.is_errno(ENOTSUP));
  std::array<Chunk, 1> after;
  EXPECT_TRUE(device().reset(Sectors(one), after).status.is_errno(ENOTSUP));
}

TEST_P(Physical, caller_mistakes_are_not_sent) {
  Bytes data(std::size_t{65} * 512);
  const std::vector<Address> many(65, block(0, 0, 1));
  EXPECT_TRUE(device().read(Sectors(many), Destination(data)).status.is_errno(EINVAL));
  const std::array two{block(0, 0, 1), block(0, 0, 1)};
  EXPECT_TRUE(device().read(Sectors(two), Destination(std::span(data).first(512))).status.is_errno(EINVAL));
  const std::array outside{block(2, 0, 1)};
  EXPECT_TRUE(device().read(Sectors(outside), Destination(std::span(data).first(512))).status.is_errno(EINVAL));
  EXPECT_TRUE(device()
                  .read(Sectors::vector(Address::of12(0, 0, 1, 0, 0, 3), 2), Destination(std::span(data).first(1024)))
                  .status.is_errno(EINVAL));
}

TEST_P(Physical, many_commands_in_flight_end_once_each) {
  prepare(block(1, 1, 2), 6);
  auto queue = device().open_queue();
  ASSERT_TRUE(queue);
  const std::uint32_t depth = std::min(queue->depth(), 16U);
  std::vector<Bytes> data(depth, Bytes(std::size_t{8} * 512));
  unsigned ended = 0;
  for (std::uint32_t round = 0; round < 4; ++round) {
    for (std::uint32_t i = 0; i < depth; ++i) {
      const auto list = pages(block(1, 1, 2), (round + i) % 6, 1);
      ASSERT_TRUE(
          queue->read(Sectors(list), Destination(data[i]), [this, &data, &ended, i, round](const Completion& c) {
            ++ended;
            EXPECT_TRUE(c) << c.status.message();
            EXPECT_EQ(data[i], bytes_for(pages(block(1, 1, 2), (round + i) % 6, 1), 512));
          }));
    }
    ASSERT_TRUE(queue->drain());
  }
  EXPECT_EQ(ended, 4 * depth);
}

TEST_P(Physical, virtual_blocks_stripe_pages) {
  auto made = VirtualBlock::line(device(), {0, 1, 0, 2, 7});
  ASSERT_TRUE(made);
  ASSERT_TRUE(made->erase());
  Bytes data(made->size());
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 31 >> 3);
  const Status written = made->write(data);
  if (!GetParam().lists) {
    EXPECT_TRUE(written.is_errno(ENOTSUP));
    return;
  }
  ASSERT_TRUE(written) << written.message();
  Bytes back(made->size());
  ASSERT_TRUE(made->read(back));
  EXPECT_EQ(back, data);
}

TEST(Chunked, device_of_2_0_has_neither_planes_nor_tables) {
  Device device = *Device::open("emu:?bad=none");
  EXPECT_FALSE(device.geometry().has_planes());
  EXPECT_FALSE(device.ppa_format().has_value());
  EXPECT_EQ(device.capabilities(), 3U);
  EXPECT_EQ(device.identify_geometry().size(), 4096U);
  EXPECT_EQ(device.identify_geometry()[0], std::byte{2});
  const std::array one{Address::of(0, 0, 1)};
  EXPECT_TRUE(device.bad_blocks(one[0]).error().is_errno(ENOTSUP));
  EXPECT_FALSE(last_error().empty());
  EXPECT_TRUE(device.set_bad_blocks(one, BlockState::good).status.is_errno(ENOTSUP));
  for (const CommandOptions options : {CommandOptions{.plane_mode = PlaneMode::dual}, CommandOptions{.scrambler = true},
                                       CommandOptions{.suspend = true}, CommandOptions{.slc_mode = true}}) {
    EXPECT_TRUE(device.reset(Sectors(one), {}, options).status.is_errno(ENOTSUP));
    Bytes data(4096);
    EXPECT_TRUE(device.read(Sectors(one[0], 1), Destination(data), options).status.is_errno(ENOTSUP));
  }
  EXPECT_TRUE(device.reset(Sectors(one)));
}

TEST(Chunked, unknown_devices_have_no_tables) {
  const auto opened = DeviceAccess::open("null:", {}, backends::test_registry());
  ASSERT_TRUE(opened) << last_error();
  Device device = *opened;
  EXPECT_EQ(device.version(), SpecVersion::none);
  EXPECT_EQ(device.capabilities(), 0U);
  EXPECT_TRUE(device.bad_blocks({}).error().is_errno(ENOTSUP));
  EXPECT_TRUE(device.set_bad_blocks({}, BlockState::good).status.is_errno(ENOTSUP));
}

TEST(Chunked, read_only_devices_of_1_2_are_not_marked) {
  Device device = *Device::open("emu:?spec=1.2&ro");
  const std::array one{Address::of12(0, 0, 1)};
  EXPECT_TRUE(device.bad_blocks(one[0]));
  EXPECT_TRUE(device.set_bad_blocks(one, BlockState::good).status.is_errno(EROFS));
  EXPECT_TRUE(device.reset(Sectors(one)).status.is_errno(EROFS));
}

INSTANTIATE_TEST_SUITE_P(
    All, Physical,
    testing::Values(PhysicalRoute{"emu_memory", "emu:", ""}, PhysicalRoute{"emu_file", "emu:", "", true, true},
                    PhysicalRoute{"emu_traced", "emu:", "trace=/dev/null"}, PhysicalRoute{"tcp", "tcp:", ""},
                    PhysicalRoute{"tcp_standard", "tcp:", "extension=off", false},
                    PhysicalRoute{"lacking_all", "lacking:", "seed=21", false},
                    PhysicalRoute{"lacking_segments", "lacking:", "seed=22&depth=9&segments=4", false},
                    PhysicalRoute{"lacking_metadata", "lacking:", "seed=23&depth=1&metadata=none", false},
                    PhysicalRoute{"lacking_but_waits", "lacking:", "seed=24&depth=8&delay_us=100", false},
                    PhysicalRoute{"lacking_but_vectors", "lacking:", "seed=25&depth=8&vectors"},
                    PhysicalRoute{"lacking_small_transfers", "lacking:", "seed=26&transfer=32768", false}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace lightnvm::test
