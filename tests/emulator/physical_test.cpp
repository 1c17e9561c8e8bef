// SPDX-License-Identifier: BSD-2-Clause
// The rules of OCSSD 1.2 on the emulated device: each status, each plane mode, what is stored and what is not.
#include <gtest/gtest.h>

#include <cstring>

#include "physical_support.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::emulator::physical_test {
namespace {

using spec::IoOpcode;

constexpr std::uint32_t kDual = 1, kQuad = 2;
constexpr std::uint16_t kInvalid = 0x4002, kWriteFailure = 0x40FF, kEmptyPage = 0x42FF;

// OCSSD-1.2 9.1: the codes with their DNR bit, as hosts of 1.2 know them.
std::uint16_t bits(const Completion& c) { return c.status.nvme_bits(); }
constexpr std::uint64_t ones(unsigned n) { return n >= 64 ? ~0ULL : (1ULL << n) - 1; }

Address block(std::uint32_t channel, std::uint32_t lun, std::uint32_t blk, std::uint32_t plane = 0) {
  return Address::of12(channel, lun, blk, plane);
}

class Physical : public testing::Test {
 protected:
  Host host{small_physical()};
  const Geometry& g = host.geometry();
  const Address a = block(1, 1, 2);

  List page(std::uint32_t n, std::uint32_t count = 1) const { return pages(g, a, n, count, g.planes); }
  List page_of(std::uint32_t plane, std::uint32_t n, std::uint32_t count = 1) const {
    return pages(g, block(1, 1, 2, plane), n, count, 1);
  }
};

TEST_F(Physical, page_over_both_planes_reads_back) {
  EXPECT_TRUE(host.write(page(0), kDual));
  EXPECT_TRUE(host.reads_back(page(0), 0, kDual));
  EXPECT_TRUE(host.reads_back({page(0)[3]}));
}

TEST_F(Physical, page_of_one_plane_reads_back_and_leaves_the_other_plane_alone) {
  EXPECT_TRUE(host.write(page_of(1, 0)));
  EXPECT_TRUE(host.reads_back(page_of(1, 0)));
  EXPECT_EQ(bits(host.read(page_of(0, 0))), kEmptyPage);
}

TEST_F(Physical, single_mode_writes_pages_of_several_planes_and_luns_at_once) {
  List list = page(0);
  for (const Address x : pages(g, block(0, 2, 1), 0, 2, 1)) list.push_back(x);
  EXPECT_TRUE(host.write(list));
  EXPECT_TRUE(host.reads_back(list));
}

TEST_F(Physical, several_pages_go_in_one_command) {
  EXPECT_TRUE(host.write(page(0, 6), kDual));
  EXPECT_TRUE(host.reads_back(page(0, 6)));
}

TEST_F(Physical, write_of_less_than_the_modes_page_is_refused) {
  const Completion half = host.write(page_of(0, 0), kDual);
  EXPECT_EQ(bits(half), kInvalid);
  EXPECT_EQ(half.result, ones(2));
  EXPECT_EQ(bits(host.write({page(0)[0]})), kInvalid);
  EXPECT_EQ(bits(host.write({page(0)[0], page(0)[1], page(0)[2]})), kInvalid);
  EXPECT_TRUE(host.write(page(0), kDual)) << "nothing had been written";
}

TEST_F(Physical, sectors_of_a_page_come_in_order_and_plane_after_plane) {
  const List p = page(0);
  EXPECT_EQ(bits(host.write({p[1], p[0], p[2], p[3]}, kDual)), kInvalid);
  EXPECT_EQ(bits(host.write({p[0], p[2], p[1], p[3]}, kDual)), kInvalid) << "sector after sector";
  EXPECT_EQ(bits(host.write({p[2], p[3], p[0], p[1]}, kDual)), kInvalid) << "the second plane first";
  EXPECT_EQ(bits(host.write({p[0], p[1], p[0], p[1]})), kInvalid) << "a page twice";
  EXPECT_TRUE(host.write({p[2], p[3], p[0], p[1]})) << "planes have no order in single mode";
}

TEST_F(Physical, planes_of_another_block_do_not_make_a_page) {
  List list = page_of(0, 0);
  for (const Address x : pages(g, block(1, 1, 1, 1), 0, 1, 1)) list.push_back(x);
  EXPECT_EQ(bits(host.write(list, kDual)), kInvalid);
  EXPECT_TRUE(host.write(list));
}

TEST_F(Physical, pages_are_written_in_ascending_order_and_once) {
  EXPECT_EQ(bits(host.write(page(1), kDual)), kInvalid);
  EXPECT_TRUE(host.write(page(0), kDual, 1));
  const Completion again = host.write(page(0), kDual, 2);
  EXPECT_EQ(bits(again), kInvalid);
  EXPECT_EQ(again.result, ones(4));
  EXPECT_EQ(bits(host.write(page(2), kDual)), kInvalid);
  EXPECT_TRUE(host.reads_back(page(0), 1));
  EXPECT_TRUE(host.write(page(1, 5), kDual));
  EXPECT_EQ(bits(host.write(page(5), kDual)), kInvalid) << "the block is full";
}

TEST_F(Physical, write_is_all_or_nothing) {
  List list = page(0);
  for (const Address x : pages(g, block(0, 1, 2), 1, 1, 2)) list.push_back(x);
  EXPECT_EQ(bits(host.write(list, kDual)), kInvalid);
  EXPECT_EQ(bits(host.read({page(0)[0]})), kEmptyPage);
}

TEST_F(Physical, plane_mode_is_single_or_that_of_the_device) {
  for (const std::uint32_t mode : {kQuad, 3U}) {
    EXPECT_EQ(bits(host.write(page(0), mode)), kInvalid) << mode;
    EXPECT_EQ(bits(host.read(page(0), mode)), kInvalid) << mode;
    EXPECT_EQ(bits(host.erase({a}, mode)), kInvalid) << mode;
  }
  Host one(small_physical(1));
  EXPECT_EQ(bits(one.erase({block(1, 1, 2)}, kDual)), kInvalid);
  EXPECT_TRUE(one.write(pages(one.geometry(), block(1, 1, 2), 0, 1, 1)));
  Host four(small_physical(4));
  EXPECT_EQ(bits(four.erase({block(1, 1, 2)}, kDual)), kInvalid);
  const List wide = pages(four.geometry(), block(1, 1, 2), 0, 2, 4);
  EXPECT_TRUE(four.write(wide, kQuad));
  EXPECT_TRUE(four.reads_back(wide, 0, kQuad));
}

TEST_F(Physical, control_bits_that_the_identity_does_not_offer_are_refused) {
  EXPECT_TRUE(host.erase({a}, spec::kControlSuspend));
  EXPECT_TRUE(host.write(page(0), kDual | spec::kControlScrambler | spec::kControlFua));
  EXPECT_TRUE(host.reads_back(page(0), 0, spec::kControlLimitedRetry));
  EXPECT_EQ(bits(host.read(page(0), spec::kControlSlc)), kInvalid);
  EXPECT_EQ(bits(host.read(page(0), 0x10)), kInvalid);
  Config plain = small_physical();
  ASSERT_TRUE(apply_option(plain, "mccap", "1"));
  Host other(plain);
  EXPECT_TRUE(other.erase({a}, spec::kControlSlc));
  EXPECT_EQ(bits(other.erase({a}, spec::kControlSuspend)), kInvalid);
  EXPECT_EQ(bits(other.erase({a}, spec::kControlScrambler)), kInvalid);
}

TEST_F(Physical, read_fails_from_the_first_unwritten_sector_on) {
  ASSERT_TRUE(host.write(page(0), kDual));
  List list = page(0);
  list.push_back(page(1)[0]);
  list.push_back(page(0)[1]);
  const auto c = host.make(IoOpcode::vector_read, list);
  const Completion done = host.run(*c);
  EXPECT_EQ(bits(done), kEmptyPage);
  EXPECT_EQ(done.result, 0b110000U);
  const Bytes written = pattern(page(0), g.sector_bytes, 0);
  EXPECT_TRUE(std::equal(written.begin(), written.end(), c->data.begin())) << "what comes before has arrived";
  EXPECT_EQ(host.read({page(1)[0]}).result, 1U);
}

TEST_F(Physical, addresses_beyond_the_geometry_are_refused) {
  const Address outside[] = {Address::of12(0, 3, 0), Address::of12(0, 0, 5), Address::of12(0, 0, 0, 0, 6),
                             Address::of12(0, 0, 7)};
  for (const Address x : outside) {
    const Completion read = host.read({page(0)[0], x});
    EXPECT_EQ(bits(read), kInvalid) << std::hex << x.value;
    EXPECT_EQ(read.result, 3U);
    EXPECT_EQ(bits(host.write(pages(g, x, x.page(), 1, 1))), kInvalid) << std::hex << x.value;
    EXPECT_EQ(bits(host.erase({x})), kInvalid) << std::hex << x.value;
  }
}

TEST_F(Physical, bits_outside_of_the_address_fields_are_refused) {
  ASSERT_TRUE(host.write(page(0), kDual));
  const auto c = host.make(IoOpcode::vector_read, {page(0)[0]});
  c->list[0] |= 1ULL << 40;
  EXPECT_EQ(bits(host.run(*c)), kInvalid);
}

TEST_F(Physical, erase_of_a_plane_leaves_the_other_plane_alone) {
  ASSERT_TRUE(host.write(page(0), kDual));
  EXPECT_TRUE(host.erase({block(1, 1, 2, 1)}));
  EXPECT_TRUE(host.reads_back(page_of(0, 0)));
  EXPECT_EQ(bits(host.read(page_of(1, 0))), kEmptyPage);
  EXPECT_TRUE(host.write(page_of(1, 0), 0, 5)) << "again from its first page on";
  EXPECT_TRUE(host.reads_back(page_of(1, 0), 5));
}

TEST_F(Physical, erase_over_planes_ignores_the_plane_of_its_address) {
  for (const std::uint32_t plane : {0U, 1U}) {
    ASSERT_TRUE(host.write(page(0), kDual));
    EXPECT_TRUE(host.erase({block(1, 1, 2, plane)}, kDual));
    EXPECT_EQ(bits(host.read(page_of(0, 0))), kEmptyPage);
    EXPECT_EQ(bits(host.read(page_of(1, 0))), kEmptyPage);
  }
}

TEST_F(Physical, erase_of_an_erased_block_is_fine) {
  EXPECT_TRUE(host.erase({a, a, block(0, 1, 1)}, kDual));
  EXPECT_TRUE(host.erase({a}));
}

TEST_F(Physical, longest_lists) {
  List blocks(64, a);
  EXPECT_TRUE(host.erase(blocks, kDual));
  blocks.push_back(a);
  EXPECT_EQ(bits(host.erase(blocks, kDual)), kInvalid);
  ASSERT_TRUE(host.write(page(0), kDual));
  EXPECT_TRUE(host.reads_back(List(64, page(0)[2])));
  EXPECT_EQ(bits(host.read(List(65, page(0)[2]))), kInvalid);
}

TEST_F(Physical, bad_blocks_are_neither_erased_nor_written) {
  const Address bad = block(0, 0, 3, 1);
  EXPECT_EQ(bits(host.erase({bad})), kInvalid);
  const Completion mixed = host.erase({a, bad, block(1, 1, 1)}, kDual);
  EXPECT_EQ(bits(mixed), kInvalid);
  EXPECT_EQ(mixed.result, 0b010U);
  const Completion written = host.write(pages(g, bad, 0, 1, 1));
  EXPECT_EQ(bits(written), kWriteFailure);
  EXPECT_EQ(written.result, 0b11U);
}

TEST_F(Physical, erase_over_planes_with_one_bad_plane_erases_neither) {
  const Address half = block(1, 2, 4);  // plane 0 is bad
  ASSERT_TRUE(host.write(pages(g, block(1, 2, 4, 1), 0, 1, 1)));
  EXPECT_EQ(bits(host.erase({half}, kDual)), kInvalid);
  EXPECT_TRUE(host.reads_back(pages(g, block(1, 2, 4, 1), 0, 1, 1)));
  EXPECT_TRUE(host.erase({block(1, 2, 4, 1)}));
}

TEST_F(Physical, reserved_blocks_can_be_used_and_grown_bad_ones_still_read) {
  ASSERT_TRUE(host.mark({a, block(1, 1, 2, 1)}, 8));
  EXPECT_TRUE(host.write(page(0), kDual));
  ASSERT_TRUE(host.mark({a, block(1, 1, 2, 1)}, 2));
  EXPECT_TRUE(host.reads_back(page(0)));
  EXPECT_EQ(bits(host.write(page(1), kDual)), kWriteFailure);
  EXPECT_EQ(bits(host.erase({a})), kInvalid);
  ASSERT_TRUE(host.mark({a, block(1, 1, 2, 1)}, 0));
  EXPECT_TRUE(host.write(page(1), kDual));
}

TEST_F(Physical, worn_out_blocks_become_grown_bad) {
  Host worn(small_physical(2, 3));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(worn.erase({a}));
  EXPECT_EQ(bits(worn.erase({a})), kInvalid);
  EXPECT_EQ(bits(worn.write(page_of(0, 0))), kWriteFailure);
  EXPECT_TRUE(worn.write(page_of(1, 0))) << "the other plane lives";
  Bytes table;
  ASSERT_TRUE(worn.table(a, table));
  EXPECT_EQ(table[64 + 2 * 2], std::byte{2});
}

TEST_F(Physical, commands_of_other_versions_do_not_exist) {
  for (const IoOpcode opcode : {IoOpcode::read, IoOpcode::write, IoOpcode::dataset_management, IoOpcode::vector_copy}) {
    const auto c = host.make(opcode, {a});
    EXPECT_EQ(bits(host.run(*c)), 0x4001) << static_cast<unsigned>(opcode);
  }
  Command flush;
  flush.entry = spec::build::flush(1);
  EXPECT_TRUE(host.run(flush));
}

TEST_F(Physical, single_address_may_lie_in_the_command) {
  ASSERT_TRUE(host.write(page(0), kDual));
  const auto c = host.make(IoOpcode::vector_read, {page(0)[1]});
  c->payload.list = {};
  spec::Ppa::set(c->entry, host.ppa(page(0)[1]));
  EXPECT_TRUE(host.run(*c));
  EXPECT_EQ(c->data, pattern({page(0)[1]}, g.sector_bytes, 0));
  const auto two = host.make(IoOpcode::vector_read, {page(0)[0], page(0)[1]});
  two->payload.list = {};
  EXPECT_EQ(bits(host.run(*two)), 0x41C1);
}

TEST_F(Physical, memory_and_reserved_fields_are_checked) {
  ASSERT_TRUE(host.write(page(0), kDual));
  auto c = host.make(IoOpcode::vector_read, page(0));
  c->data_segment.bytes -= 1;
  EXPECT_EQ(bits(host.run(*c)), 0x400F);
  c = host.make(IoOpcode::vector_read, page(0));
  c->metadata_segment.bytes -= 1;
  EXPECT_EQ(bits(host.run(*c)), 0x4010);
  c = host.make(IoOpcode::vector_read, page(0));
  c->list.pop_back();
  c->payload.list = c->list;
  EXPECT_EQ(bits(host.run(*c)), 0x41C1);
  for (const unsigned dw : {13U, 14U, 15U}) {
    c = host.make(IoOpcode::vector_read, page(0));
    c->entry.dw[dw] = 1;
    EXPECT_EQ(bits(host.run(*c)), kInvalid) << dw;
  }
  c = host.make(IoOpcode::vector_reset, {a});
  c->payload.data = {&c->data_segment, 1};
  EXPECT_EQ(bits(host.run(*c)), 0x400F);
}

TEST_F(Physical, identity_says_what_the_device_is) {
  spec::Identity12 page{};
  ASSERT_TRUE(host.admin(spec::build::geometry(1), std::as_writable_bytes(std::span(&page, 1))));
  EXPECT_EQ(page.ver_id, 1);
  EXPECT_EQ(page.cgrps, 1);
  EXPECT_EQ(page.cap, 1U);
  EXPECT_EQ(page.dom, 0U);
  // From bit 0: sector 1 bit, plane 1, page 3, block 3, LUN 2, channel 1.
  const std::uint8_t expected[16] = {10, 1, 8, 2, 1, 1, 5, 3, 2, 3, 0, 1};
  EXPECT_EQ(std::memcmp(&page.ppaf, expected, sizeof expected), 0);
  const spec::Group12& group = page.groups[0];
  EXPECT_EQ(group.mtype, 0);
  EXPECT_EQ(group.num_ch, 2);
  EXPECT_EQ(group.num_lun, 3);
  EXPECT_EQ(group.num_pln, 2);
  EXPECT_EQ(group.num_blk, 5);
  EXPECT_EQ(group.num_pg, 6);
  EXPECT_EQ(group.fpg_sz, 1024);
  EXPECT_EQ(group.csecs, 512);
  EXPECT_EQ(group.sos, 16);
  EXPECT_EQ(group.tprt, 1900000U);
  EXPECT_EQ(group.mpos, 0x030303U);
  EXPECT_EQ(group.mccap, 6U);
}

TEST_F(Physical, bad_block_table_has_its_states_and_their_counts) {
  ASSERT_TRUE(host.mark({a, block(1, 1, 0, 1)}, 8));
  ASSERT_TRUE(host.mark({block(1, 1, 4, 1)}, 4, 0)) << "namespace 0 is 1";
  ASSERT_TRUE(host.mark({block(1, 1, 4, 0)}, 2));
  Bytes table;
  ASSERT_TRUE(host.table(block(1, 1, 3, 1), table)) << "block and plane mean nothing";
  spec::BadBlockHeader header{};
  std::memcpy(&header, table.data(), sizeof header);
  EXPECT_EQ(std::string_view(header.tblid, 4), "BBLT");
  EXPECT_EQ(header.verid, 1);
  EXPECT_EQ(header.tblks, 10U);
  EXPECT_EQ(header.tfact, 0U);
  EXPECT_EQ(header.tgrown, 1U);
  EXPECT_EQ(header.tdresv, 1U);
  EXPECT_EQ(header.thresv, 2U);
  const std::uint8_t states[10] = {0, 8, 0, 0, 8, 0, 0, 0, 2, 4};
  EXPECT_EQ(std::memcmp(table.data() + 64, states, sizeof states), 0);
  ASSERT_TRUE(host.table(block(0, 0, 0), table));
  std::memcpy(&header, table.data(), sizeof header);
  EXPECT_EQ(header.tfact, 2U) << "both planes of 0.0.3";
  EXPECT_EQ(header.thresv, 0U) << "each LUN has its own";
}

TEST_F(Physical, bad_block_commands_check_their_fields) {
  Bytes table(200);
  auto get = [&](auto&& change) {
    spec::Command c = spec::build::get_bad_blocks(1, host.ppa(a));
    change(c);
    return bits(host.admin(c, table));
  };
  EXPECT_EQ(get([](spec::Command&) {}), 0);
  EXPECT_EQ(get([](spec::Command& c) { spec::Nsid::set(c, 0); }), 0x400B);
  EXPECT_EQ(get([](spec::Command& c) { c.dw[12] = 1; }), kInvalid);
  EXPECT_EQ(get([&](spec::Command& c) { spec::Ppa::set(c, host.ppa(block(1, 3, 0))); }), kInvalid);
  EXPECT_EQ(get([](spec::Command& c) { spec::Ppa::set(c, 1ULL << 50); }), kInvalid);
  table.resize(73);
  EXPECT_EQ(get([](spec::Command&) {}), 0x400F);
  EXPECT_EQ(bits(host.mark({a}, 3)), kInvalid) << "no state";
  EXPECT_EQ(bits(host.mark({a}, 16)), kInvalid);
  EXPECT_EQ(bits(host.mark({a}, 1, 2)), 0x400B);
  EXPECT_EQ(bits(host.mark(List(65, a), 2)), kInvalid);
  EXPECT_EQ(bits(host.mark({a, block(0, 3, 0)}, 2)), kInvalid);
  table.resize(200);
  ASSERT_TRUE(host.table(a, table));
  EXPECT_EQ(table[64 + 4], std::byte{0}) << "all or none";
  EXPECT_EQ(bits(host.admin(spec::build::set_bad_blocks(1, 2, 3), {})), 0x41C1) << "no list";
  spec::Command reserved = spec::build::set_bad_blocks(1, 2, 1);
  reserved.dw[12] |= 1U << 24;
  EXPECT_EQ(bits(host.admin(reserved)), kInvalid);
}

TEST_F(Physical, device_of_2_0_has_no_bad_block_tables_and_1_2_no_chunk_pages) {
  Bytes page(4096);
  EXPECT_EQ(bits(host.admin(spec::build::get_log(spec::LogPage::chunk_information, 1, 0, 4096), page)), 0x4109);
  EXPECT_EQ(bits(host.admin(spec::build::get_log(spec::LogPage::chunk_notification, 1, 0, 4096), page)), 0x4109);
  EXPECT_EQ(bits(host.admin(spec::build::get_features(spec::FeatureId::media_feedback, 1))), kInvalid);
  EXPECT_TRUE(host.admin(spec::build::get_features(spec::FeatureId::error_recovery, 1)));
  auto other = Device::in_memory(Config());
  ASSERT_TRUE(other);
  Controller controller(*other, 1);
  EXPECT_EQ(bits(controller.execute(spec::build::get_bad_blocks(1, 0), {})), 0x4001);
  EXPECT_EQ(bits(controller.execute(spec::build::set_bad_blocks(1, 0, 1), {})), 0x4001);
}

TEST(PhysicalConfig, default_device_suits_the_tests_of_the_field) {
  const Config c(SpecVersion::ocssd12);
  EXPECT_TRUE(validate(c).ok()) << last_error();
  EXPECT_GE(c.geometry.oob_bytes, 13U);
  EXPECT_GE(c.geometry.chunks, 36U);
  EXPECT_EQ(c.geometry.planes, 2U);
  EXPECT_EQ(c.spec(), SpecVersion::ocssd12);
  EXPECT_FALSE(c.overrides.empty());
}

TEST(PhysicalConfig, impossible_devices_are_refused) {
  const std::pair<const char*, const char*> impossible[] = {
      {"groups", "256"}, {"punits", "0"},       {"blocks", "0"},        {"blocks", "65536"},      {"planes", "3"},
      {"pages", "0"},    {"page_sectors", "0"}, {"page_sectors", "33"}, {"sector_bytes", "1000"}, {"oob_bytes", "5000"},
      {"mdts", "1"},     {"bad", "0.0.44"},     {"bad", "0.0.1.2"},     {"pe_cycles", "0"}};
  for (const auto& [key, value] : impossible) {
    Config c(SpecVersion::ocssd12);
    ASSERT_TRUE(apply_option(c, key, value)) << last_error();
    EXPECT_TRUE(validate(c).is_errno(EINVAL)) << key << '=' << value;
    EXPECT_FALSE(last_error().empty());
  }
}

TEST(PhysicalConfig, options_of_the_other_version_are_refused) {
  Config c;
  EXPECT_TRUE(apply_option(c, "planes", "2").is_errno(EINVAL));
  EXPECT_TRUE(apply_option(c, "spec", "1.3").is_errno(EINVAL));
  ASSERT_TRUE(apply_option(c, "spec", "1.2"));
  for (const char* key : {"chunks", "sectors", "ws_min", "wit", "predefined", "twrt"}) {
    EXPECT_TRUE(apply_option(c, key, "1").is_errno(EINVAL)) << key;
    EXPECT_NE(last_error().find("OCSSD 1.2"), std::string::npos) << last_error();
  }
  EXPECT_TRUE(apply_option(c, "planes", "0").is_errno(EINVAL));
  EXPECT_TRUE(apply_option(c, "bad", "0.0.1.0.0").is_errno(EINVAL));
  EXPECT_FALSE(parse_chunk_info("group=0 punit=0 chunk=0 state=FREE", c.geometry).has_value());
  ASSERT_TRUE(apply_option(c, "spec", "2.0"));
  EXPECT_EQ(c.spec(), SpecVersion::ocssd20);
}

TEST(PhysicalConfig, smaller_dimensions_drop_default_bad_blocks) {
  Config c(SpecVersion::ocssd12);
  ASSERT_TRUE(apply_option(c, "planes", "1"));
  ASSERT_TRUE(apply_option(c, "blocks", "20"));
  EXPECT_TRUE(validate(c).ok()) << last_error();
  EXPECT_EQ(c.overrides.size(), 1U);
}

}  // namespace
}  // namespace lightnvm::emulator::physical_test
