// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 1.2 without a device: addresses, address formats, the bytes of its commands, and identities that make no sense.
#include "dialect/ocssd12.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "base/segments.hpp"
#include "dialect/dialect.hpp"
#include "model/ppa_format.hpp"
#include "spec/build.hpp"

namespace lightnvm {
namespace {

using dialect::Addressing;
using dialect::Io;
using dialect::Operation;
using model::PpaPacker;

// OCSSD-1.2 10.2: the device of liblightnvm's documentation.
constexpr PpaFormat kCnex{{25, 4}, {22, 3}, {2, 1}, {12, 10}, {3, 9}, {0, 2}};
constexpr PpaFormat kOldQemu{{40, 4}, {32, 8}, {30, 2}, {0, 16}, {16, 8}, {24, 6}};

Geometry cnex() {
  Geometry g;
  g.groups = 16, g.units = 8, g.planes = 2, g.chunks = 1020, g.pages = 512, g.page_sectors = 4;
  g.sectors = 2 * 512 * 4, g.sector_bytes = 4096, g.page_bytes = 16384, g.oob_bytes = 16;
  return g;
}

TEST(Address12, has_the_generic_layout) {
  const Address a = Address::of12(4, 1, 200, 1, 10, 3);
  EXPECT_EQ(a.value, 0x040100C801000A03ULL);
  EXPECT_EQ(a.group(), 4U);
  EXPECT_EQ(a.unit(), 1U);
  EXPECT_EQ(a.chunk(), 200U);
  EXPECT_EQ(a.plane(), 1U);
  EXPECT_EQ(a.page(), 10U);
  EXPECT_EQ(a.sec(), 3U);
  EXPECT_EQ(a.at_sector(0), Address::of12(4, 1, 200));
  EXPECT_EQ(Address::of12(256, 0, 0, 256, 65536, 256).value, 0U) << "cut to the fields";
}

TEST(Geometry12, contains_what_is_within_all_counts) {
  const Geometry g = cnex();
  EXPECT_TRUE(g.has_planes());
  EXPECT_TRUE(g.contains(Address::of12(15, 7, 1019, 1, 511, 3)));
  for (const Address a : {Address::of12(16, 0, 0), Address::of12(0, 8, 0), Address::of12(0, 0, 1020),
                          Address::of12(0, 0, 0, 2), Address::of12(0, 0, 0, 0, 512), Address::of12(0, 0, 0, 0, 0, 4)}) {
    EXPECT_FALSE(g.contains(a)) << std::hex << a.value;
  }
  EXPECT_EQ(g.total_bytes(), 16ULL * 8 * 2 * 1020 * 512 * 4 * 4096);
}

TEST(Geometry12, numbers_sectors_in_the_order_of_writing) {
  const Geometry g = cnex();
  const Address block = Address::of12(3, 2, 1);
  EXPECT_EQ(g.sector_address(block, 0), Address::of12(3, 2, 1));
  EXPECT_EQ(g.sector_address(block, 3), Address::of12(3, 2, 1, 0, 0, 3));
  EXPECT_EQ(g.sector_address(block, 4), Address::of12(3, 2, 1, 1, 0, 0));
  EXPECT_EQ(g.sector_address(block, 8), Address::of12(3, 2, 1, 0, 1, 0));
  EXPECT_EQ(g.sector_address(block, g.sectors - 1), Address::of12(3, 2, 1, 1, 511, 3));
  for (std::uint32_t n = 0; n < g.sectors; n += 7) EXPECT_EQ(g.sector_number(g.sector_address(block, n)), n);
  Geometry flat;
  flat.groups = flat.units = flat.chunks = 1, flat.sectors = 100;
  EXPECT_EQ(flat.sector_address(Address::of(0, 0, 0), 42), Address::of(0, 0, 0, 42));
  EXPECT_EQ(flat.sector_number(Address::of(0, 0, 0, 42)), 42U);
}

TEST(PpaPacker, packs_the_examples_of_the_reference) {
  const PpaPacker packer(kCnex);
  const Address a = Address::of12(4, 1, 200, 0, 10, 3);
  EXPECT_EQ(packer.pack(a), 0x84C8053ULL);
  EXPECT_EQ(packer.unpack(0x84C8053), a);
  EXPECT_EQ(packer.device_mask(), (1ULL << 29) - 1);
  EXPECT_FALSE(packer.encodable(Address::of12(16, 0, 0)));
  EXPECT_FALSE(packer.encodable(Address::of12(0, 0, 0, 2)));
}

TEST(PpaPacker, gives_back_what_it_packed_in_any_order_of_fields) {
  std::mt19937_64 random(1);
  for (const PpaFormat& format : {kCnex, kOldQemu, model::shortest_ppa_format(cnex())}) {
    const PpaPacker packer(format);
    for (int i = 0; i < 5000; ++i) {
      const Address a{random() & packer.generic_mask()};
      ASSERT_TRUE(packer.encodable(a));
      ASSERT_EQ(packer.unpack(packer.pack(a)), a);
      ASSERT_EQ(packer.pack(a) & ~packer.device_mask(), 0U);
    }
  }
}

TEST(PpaPacker, fields_without_bits_may_lie_anywhere) {
  PpaFormat f = kCnex;
  f.plane = {200, 0};
  const PpaPacker packer(f);
  EXPECT_EQ(packer.unpack(packer.pack(Address::of12(4, 1, 200, 0, 10, 3))), Address::of12(4, 1, 200, 0, 10, 3));
  EXPECT_FALSE(packer.encodable(Address::of12(0, 0, 0, 1)));
}

TEST(PpaFormat, shortest_is_packed_from_bit_0_in_the_order_of_the_emulators) {
  const PpaFormat f = model::shortest_ppa_format(cnex());
  EXPECT_EQ(f, (PpaFormat{{25, 4}, {22, 3}, {2, 1}, {12, 10}, {3, 9}, {0, 2}}));
  EXPECT_EQ(f.block.mask(), 0x3FF000U);
}

TEST(PpaFormat, unusable_ones_are_found) {
  const auto wrong = [](auto&& change) {
    PpaFormat f = kCnex;
    change(f);
    return std::string(model::unusable(f, cnex()));
  };
  EXPECT_EQ(wrong([](PpaFormat&) {}), "");
  EXPECT_THAT(wrong([](PpaFormat& f) { f.page.length = 8; }), testing::HasSubstr("narrow"));
  EXPECT_THAT(wrong([](PpaFormat& f) { f.plane.offset = 3; }), testing::HasSubstr("overlap"));
  EXPECT_THAT(wrong([](PpaFormat& f) { f.channel.offset = 61; }), testing::HasSubstr("64 bits"));
  EXPECT_THAT(wrong([](PpaFormat& f) { f.channel.offset = 250; }), testing::HasSubstr("64 bits"));
  EXPECT_THAT(wrong([](PpaFormat& f) { f.channel = {40, 9}; }), testing::HasSubstr("wider"));
  EXPECT_THAT(wrong([](PpaFormat& f) { f.sector = {40, 255}; }), testing::HasSubstr("wider"));
  EXPECT_EQ(wrong([](PpaFormat& f) { f.channel.offset = 60; }), "");
}

/// Answers admin commands as a test says.
class FakePort final : public dialect::AdminPort {
 public:
  using AdminPort::execute;
  Completion execute(const spec::Command& command, const Payload& payload) override {
    sent.push_back(command);
    lists.emplace_back(payload.list.begin(), payload.list.end());
    return answer(command, payload);
  }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return 5; }
  [[nodiscard]] std::uint32_t transfer_limit() const noexcept override { return 4096; }

  std::function<Completion(const spec::Command&, const Payload&)> answer = [](const auto&, const auto&) {
    return Completion{};
  };
  std::vector<spec::Command> sent;
  std::vector<std::vector<std::uint64_t>> lists;
};

spec::Identity12 identity() {
  spec::Identity12 page{};
  page.ver_id = 1;
  page.cgrps = 1;
  page.ppaf = {{25, 4}, {22, 3}, {2, 1}, {12, 10}, {3, 9}, {0, 2}, {}};
  spec::Group12& g = page.groups[0];
  g.num_ch = 16, g.num_lun = 8, g.num_pln = 2, g.num_blk = 1020, g.num_pg = 512;
  g.fpg_sz = 16384, g.csecs = 4096, g.sos = 16, g.mccap = 0x85;
  g.trdt = 1, g.trdm = 2, g.tprt = 3, g.tprm = 4, g.tbet = 5, g.tbem = 6;
  return page;
}

Result<dialect::Recognised> recognise(const spec::Identity12& page, FakePort* port = nullptr) {
  FakePort own;
  FakePort& used = port == nullptr ? own : *port;
  used.answer = [&](const spec::Command&, const Payload& p) {
    SegmentRange{p.data, 0, sizeof page}.copy_in(reinterpret_cast<const std::byte*>(&page));
    return Completion{};
  };
  return dialect::recognise(used, {});
}

class Dialect12 : public testing::Test {
 protected:
  std::unique_ptr<dialect::Dialect> dialect = std::move(*dialect::make_ocssd12(identity(), 5));
  spec::Command command;
  Payload payload;
  dialect::WireMemory memory;

  Status encode(Operation operation, const std::vector<Address>& list, CommandOptions options = {}) {
    Io io;
    io.operation = operation;
    io.options = options;
    io.addresses = list.data();
    io.count = static_cast<std::uint32_t>(list.size());
    return dialect->encode(io, command, payload, memory);
  }
};

TEST(Recognise12, takes_the_first_byte_for_the_version) {
  FakePort port;
  const auto found = recognise(identity(), &port);
  ASSERT_TRUE(found) << last_error();
  ASSERT_NE(found->dialect, nullptr);
  EXPECT_EQ(found->dialect->version(), SpecVersion::ocssd12);
  EXPECT_EQ(spec::Opcode::get(port.sent.at(0)), 0xE2U);
  EXPECT_EQ(spec::Nsid::get(port.sent.at(0)), 5U);
  EXPECT_TRUE(found->has_page);
  EXPECT_EQ(found->page[0], std::byte{1});
  spec::Identity12 unknown = identity();
  unknown.ver_id = 4;
  const auto nobody = recognise(unknown);
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->dialect, nullptr);
  EXPECT_TRUE(nobody->has_page);
}

TEST(Recognise12, tells_the_geometry) {
  const auto found = recognise(identity());
  ASSERT_TRUE(found);
  const Geometry& g = found->dialect->geometry();
  EXPECT_EQ(g.groups, 16U);
  EXPECT_EQ(g.units, 8U);
  EXPECT_EQ(g.chunks, 1020U);
  EXPECT_EQ(g.planes, 2U);
  EXPECT_EQ(g.pages, 512U);
  EXPECT_EQ(g.page_sectors, 4U);
  EXPECT_EQ(g.page_bytes, 16384U);
  EXPECT_EQ(g.sectors, 4096U);
  EXPECT_EQ(g.ws_min, 4U);
  EXPECT_EQ(g.ws_opt, 8U);
  EXPECT_EQ(g.times, (Geometry::Times{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(g.slc_mode && g.scrambler && !g.suspension && !g.vector_copy && g.early_reset);
  EXPECT_EQ(found->dialect->capabilities(), 0x85U) << "as the device says it";
  EXPECT_EQ(found->dialect->ppa_format(), kCnex);
}

TEST(Recognise12, refuses_identities_that_make_no_sense) {
  struct Broken {
    const char* sentence;
    void (*change)(spec::Identity12&);
  };
  using Page = spec::Identity12;
  const Broken broken[] = {
      {"configuration groups", [](Page& p) { p.cgrps = 0; }},
      {"configuration groups", [](Page& p) { p.cgrps = 5; }},
      {"NAND", [](Page& p) { p.groups[0].mtype = 1; }},
      {"without anything", [](Page& p) { p.groups[0].num_ch = 0; }},
      {"without anything", [](Page& p) { p.groups[0].num_lun = 0; }},
      {"without anything", [](Page& p) { p.groups[0].num_blk = 0; }},
      {"without anything", [](Page& p) { p.groups[0].num_pg = 0; }},
      {"planes", [](Page& p) { p.groups[0].num_pln = 0; }},
      {"planes", [](Page& p) { p.groups[0].num_pln = 3; }},
      {"planes", [](Page& p) { p.groups[0].num_pln = 8; }},
      {"impossible size", [](Page& p) { p.groups[0].csecs = 0; }},
      {"impossible size", [](Page& p) { p.groups[0].csecs = 256; }},
      {"impossible size", [](Page& p) { p.groups[0].csecs = 4000; }},
      {"whole number", [](Page& p) { p.groups[0].fpg_sz = 0; }},
      {"whole number", [](Page& p) { p.groups[0].fpg_sz = 16385; }},
      {"more sectors", [](Page& p) { p.groups[0].fpg_sz = 512 * 100, p.groups[0].csecs = 512; }},
      {"narrow", [](Page& p) { p.ppaf.block.length = 9; }},
      {"overlap", [](Page& p) { p.ppaf.sector.offset = 2; }},
      {"64 bits", [](Page& p) { p.ppaf.channel.offset = 62; }},
      {"wider", [](Page& p) { p.ppaf.lun.length = 9; }},
  };
  for (const Broken& b : broken) {
    Page page = identity();
    b.change(page);
    const auto found = recognise(page);
    ASSERT_FALSE(found) << b.sentence;
    EXPECT_TRUE(found.error().is_errno(EPROTO));
    EXPECT_THAT(last_error(), testing::HasSubstr(b.sentence));
  }
}

TEST(Recognise12, survives_any_bytes) {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    spec::Identity12 page = identity();
    auto* bytes = reinterpret_cast<std::uint8_t*>(&page);
    for (int k = 0; k < 3; ++k) bytes[random() % 2 == 0 ? 12 + random() % 12 : 256 + random() % 20] = random() & 0xFF;
    const auto found = recognise(page);
    if (!found || found->dialect == nullptr) continue;
    const Geometry& g = found->dialect->geometry();
    const Address last =
        Address::of12(g.groups - 1, g.units - 1, g.chunks - 1, g.planes - 1, g.pages - 1, g.page_sectors - 1);
    ASSERT_EQ(found->dialect->from_device(found->dialect->to_device(last)), last);
  }
}

TEST_F(Dialect12, commands_are_vector_commands_with_physical_addresses) {
  const Address a = Address::of12(4, 1, 200, 0, 10, 3);
  const std::pair<Operation, std::uint32_t> opcodes[] = {
      {Operation::reset, 0x90}, {Operation::write, 0x91}, {Operation::read, 0x92}};
  for (const auto& [operation, opcode] : opcodes) {
    ASSERT_TRUE(encode(operation, {a, Address::of12(0, 0, 0)}));
    spec::Command expected;
    expected.dw[0] = opcode;
    expected.dw[1] = 5;
    expected.dw[12] = 1;
    EXPECT_EQ(command, expected);
    ASSERT_EQ(payload.list.size(), 2U);
    EXPECT_EQ(payload.list[0], 0x84C8053U);
    EXPECT_EQ(payload.list[1], 0U);
    EXPECT_TRUE(payload.destination.empty());
  }
}

TEST_F(Dialect12, options_become_control_bits) {
  const std::pair<CommandOptions, std::uint32_t> options[] = {{{.plane_mode = PlaneMode::dual}, 0x1},
                                                              {{.plane_mode = PlaneMode::quad}, 0x2},
                                                              {{.scrambler = true}, 0x200},
                                                              {{.suspend = true}, 0x80},
                                                              {{.slc_mode = true}, 0x100},
                                                              {{.force_unit_access = true}, 0x4000},
                                                              {{.limited_retry = true}, 0x8000},
                                                              {{}, 0}};
  for (const auto& [option, control] : options) {
    ASSERT_TRUE(encode(Operation::write, {Address::of12(0, 0, 0)}, option));
    EXPECT_EQ(command.dw[12] >> 16, control);
    EXPECT_EQ(command.dw[12] & 0xFFFF, 0U);
  }
}

TEST_F(Dialect12, what_it_has_no_words_for_is_said_so) {
  const auto unsupported = [](Status s) { return s.is_errno(ENOTSUP) && !last_error().empty(); };
  EXPECT_TRUE(unsupported(encode(Operation::copy, {Address{}})));
  Io scalar;
  const Address a;
  scalar.addressing = Addressing::scalar;
  scalar.addresses = &a;
  scalar.count = 1;
  EXPECT_TRUE(unsupported(dialect->encode(scalar, command, payload, memory)));
  std::byte descriptors[32];
  const Segment segment{descriptors, sizeof descriptors};
  payload.metadata = {&segment, 1};
  EXPECT_TRUE(unsupported(encode(Operation::reset, {a})));
  FakePort port;
  EXPECT_TRUE(unsupported(dialect->report(port, 0, 1).error()));
  EXPECT_TRUE(unsupported(dialect->events(port).error()));
  EXPECT_TRUE(port.sent.empty());
}

TEST_F(Dialect12, addresses_beyond_the_fields_are_refused) {
  EXPECT_TRUE(encode(Operation::read, {Address::of12(0, 0, 0), Address::of12(16, 0, 0)}).is_errno(EINVAL));
  EXPECT_TRUE(encode(Operation::read, {Address::of12(0, 0, 1023)})) << "a hole is the device's to judge";
  Io io;
  const Address a = Address::of12(0, 0, 0, 0, 0, 2);
  io.consecutive = true;
  io.addresses = &a;
  io.count = 2;
  ASSERT_TRUE(dialect->encode(io, command, payload, memory));
  EXPECT_EQ(payload.list[1], 3U);
  io.count = 3;
  EXPECT_TRUE(dialect->encode(io, command, payload, memory).is_errno(EINVAL)) << "beyond the page";
}

// A table as the device sends it.
std::vector<std::byte> table(const std::function<void(spec::BadBlockHeader&)>& change = {}) {
  std::vector<std::byte> out(64 + 2040);
  spec::BadBlockHeader h{};
  std::memcpy(h.tblid, "BBLT", 4);
  h.verid = 1, h.revid = 7, h.tblks = 2040, h.tfact = 1, h.tgrown = 2, h.tdresv = 3, h.thresv = 4;
  if (change) change(h);
  std::memcpy(out.data(), &h, sizeof h);
  out[64 + 2 * 200 + 1] = std::byte{8};
  return out;
}

TEST_F(Dialect12, bad_block_table_is_read_and_checked) {
  FakePort port;
  std::vector<std::byte> page = table();
  port.answer = [&](const spec::Command&, const Payload& p) {
    EXPECT_GE(total_bytes(p.data), page.size());
    SegmentRange{p.data, 0, page.size()}.copy_in(page.data());
    return Completion{};
  };
  const auto found = dialect->bad_blocks(port, Address::of12(4, 1, 9, 1, 9, 1));
  ASSERT_TRUE(found) << last_error();
  spec::Command expected;
  expected.dw[0] = 0xF2;
  expected.dw[1] = 5;
  expected.dw[10] = 4U << 25 | 1U << 22;
  EXPECT_EQ(port.sent.at(0), expected);
  EXPECT_EQ(found->unit, Address::of12(4, 1, 0));
  EXPECT_EQ(found->planes, 2U);
  EXPECT_EQ(found->revision, 7U);
  EXPECT_EQ(found->blocks.size(), 2040U);
  EXPECT_EQ(found->at(200, 1), BlockState::host_reserved);
  EXPECT_EQ(found->at(200, 0), BlockState::good);
  EXPECT_EQ(found->factory_bad, 1U);
  EXPECT_EQ(found->grown_bad, 2U);
  EXPECT_EQ(found->device_reserved, 3U);
  EXPECT_EQ(found->host_reserved, 4U);

  const std::pair<const char*, std::function<void(spec::BadBlockHeader&)>> broken[] = {
      {"BBLT", [](spec::BadBlockHeader& h) { h.tblid[3] = 'X'; }},
      {"version", [](spec::BadBlockHeader& h) { h.verid = 2; }},
      {"number of blocks", [](spec::BadBlockHeader& h) { h.tblks = 1020; }}};
  for (const auto& [sentence, change] : broken) {
    page = table(change);
    const auto refused = dialect->bad_blocks(port, Address{});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is_errno(EPROTO));
    EXPECT_THAT(last_error(), testing::HasSubstr(sentence));
  }
  EXPECT_TRUE(dialect->bad_blocks(port, Address::of12(0, 8, 0)).error().is_errno(EINVAL));
  port.answer = [](const spec::Command&, const Payload&) {
    return Completion{0, Status::nvme_dnr(StatusCode::invalid_opcode)};
  };
  EXPECT_TRUE(dialect->bad_blocks(port, Address{}).error().is(StatusCode::invalid_opcode));
}

TEST_F(Dialect12, states_are_set_by_one_command_or_block_by_block) {
  FakePort port;
  const Address one[] = {Address::of12(4, 1, 200, 1, 7, 3)};
  ASSERT_TRUE(dialect->set_bad_blocks(port, one, BlockState::grown_bad));
  spec::Command expected;
  expected.dw[0] = 0xF1;
  expected.dw[1] = 5;
  expected.dw[10] = 4U << 25 | 1U << 22 | 200U << 12 | 1U << 2;
  expected.dw[12] = 2U << 16;
  EXPECT_EQ(port.sent.at(0), expected) << "page and sector are left out";
  EXPECT_TRUE(port.lists.at(0).empty());

  port.sent.clear();
  port.lists.clear();
  const Address three[] = {Address::of12(0, 0, 1), Address::of12(0, 0, 2), Address::of12(0, 0, 3)};
  ASSERT_TRUE(dialect->set_bad_blocks(port, three, BlockState::good));
  ASSERT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(port.sent[0].dw[12], 2U);
  EXPECT_EQ(port.sent[0].dw[10], 0U);
  EXPECT_THAT(port.lists.at(0), testing::ElementsAre(1U << 12, 2U << 12, 3U << 12));

  port.sent.clear();
  port.answer = [](const spec::Command&, const Payload& p) {
    return Completion{0, p.list.empty() ? Status() : Status::os(ENOTSUP)};
  };
  ASSERT_TRUE(dialect->set_bad_blocks(port, three, BlockState::good));
  EXPECT_EQ(port.sent.size(), 4U) << "the list, and then each";
  EXPECT_EQ(port.sent[3].dw[10], 3U << 12);
}

TEST_F(Dialect12, states_of_blocks_that_are_not_there_are_not_set) {
  FakePort port;
  const std::vector<Address> many(65);
  const Address outside[] = {Address{}, Address::of12(0, 0, 1020)};
  EXPECT_TRUE(dialect->set_bad_blocks(port, {}, BlockState::good).status.is_errno(EINVAL));
  EXPECT_TRUE(dialect->set_bad_blocks(port, many, BlockState::good).status.is_errno(EINVAL));
  EXPECT_TRUE(dialect->set_bad_blocks(port, outside, BlockState::good).status.is_errno(EINVAL));
  EXPECT_TRUE(port.sent.empty());
}

}  // namespace
}  // namespace lightnvm
