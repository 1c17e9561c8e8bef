// SPDX-License-Identifier: BSD-2-Clause
// What devices answer, as text: identity, return line, bad block tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "lightnvm/format.hpp"

namespace lightnvm::format {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Page {
  std::array<std::byte, 4096> bytes{};
  void put(std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
};

BadBlockTable table() {
  using enum BlockState;
  BadBlockTable t;
  t.unit = Address::of(1, 2, 0);
  t.planes = 2;
  t.revision = 3;
  t.blocks = {good, good, factory_bad, grown_bad, device_reserved, host_reserved};
  t.factory_bad = t.grown_bad = t.device_reserved = t.host_reserved = 1;
  return t;
}

TEST(Answers, identity_of_2_0) {
  Page p;
  p.put(0, 2, 1);
  p.put(8, 0x0D0B0203, 4);
  p.put(16, 1, 4);
  p.put(64, 8, 2);
  p.put(128, 24, 4);
  p.put(212, 20000000, 4);
  const std::string text = identity(p.bytes);
  EXPECT_THAT(text, StartsWith("idfy:\n  verid: 00000010\n  verid_minor: 00000000\n"
                               "  mccap: 00000000000000000000000000000001\n"
                               "lbaf:\n  pugrp: 3\n  punit: 2\n  chunk: 11\n  sectr: 13\n"
                               "lgeo:\n  npugrp: 8\n"));
  EXPECT_THAT(text, HasSubstr("wrt:\n  ws_min: 24\n  ws_opt: 0\n  mw_cunits: 0\nperf:\n"));
  EXPECT_THAT(text, testing::EndsWith("  tcem: 20000000\n"));
  EXPECT_EQ(json::parse(identity(p.bytes, Syntax::json))["lbaf"]["sectr"], 13);
}

TEST(Answers, identity_of_1_2_claims_more_groups_than_it_has_and_long_times) {
  Page p;
  p.put(0, 1, 1);
  p.put(2, 200, 1);
  p.put(256 + 20, 0x80000000, 4);
  p.put(256 + 960, 1, 1);
  const std::string text = identity(p.bytes);
  EXPECT_THAT(text, StartsWith("idfy:\n  verid: 00000001\n  vnvmt(0)\n  cgroups(200),\n  cap("));
  EXPECT_THAT(text, HasSubstr("  trdt: 2147483648\n"));
  EXPECT_THAT(text, HasSubstr("  mts: NOT_IMPLEMENTED\n  mtype: 0x01)\n  mtype: 0x00)\n"));
  EXPECT_EQ(json::parse(identity(p.bytes, Syntax::json))["spec_identify_cgrps"].size(), 4U);
}

TEST(Answers, identity_of_another_version_and_none) {
  Page p;
  p.put(0, 0x0403, 2);
  EXPECT_EQ(identity(p.bytes), "nvm_spec_idfy:\n  verid: 00000011,\n  verid_minor: 00000100,\n");
  EXPECT_EQ(identity({}), "nvm_spec_idfy: ~\n");
  EXPECT_EQ(identity({}, Syntax::json), "null");
}

TEST(Answers, return_line) {
  const Completion c{0x8000000000000003ULL, Status::nvme_dnr(StatusCode::out_of_order_write)};
  EXPECT_EQ(returned(c), "nvm_ret: {result: {cdw0: 0x3, vio: {cs: 0x8000000000000003}}, status: 0x42f2}\n");
  EXPECT_EQ(json::parse(returned(c, Syntax::json))["result"]["vio"]["cs"], "0x8000000000000003");
}

TEST(Answers, bad_block_table_by_planes) {
  EXPECT_EQ(bad_blocks(table()),
            "bbt:\n  addr: 0x0102000000000000\n  nblks: 6\n  npl_blks: 3\n  pl_blks:\n"
            "    - 0000: [ FREE(0), FREE(0) ]\n    - 0001: [  BAD(1), GBAD(2) ]\n    - 0002: [ DMRK(4), HMRK(8) ]\n"
            "  nbad: 1\n  gbad: 1\n  ndmrk: 1\n  nhmrk: 1\n");
  EXPECT_EQ(json::parse(bad_blocks(table(), Syntax::json))["pl_blks"][1], json::array({1, 2}));
  BadBlockTable strange = table();
  strange.blocks[0] = static_cast<BlockState>(3);
  EXPECT_THAT(bad_blocks(strange), HasSubstr("0000: [ EINVAL(3), FREE(0) ]"));
}

TEST(Answers, bad_block_page) {
  EXPECT_EQ(bad_block_page(table()),
            "bbt:\n  tblkid: BBLT\n  verid: 1\n  revid: 3\n  rvsd1: 0\n  tblks: 6\n  tfact: 1\n  tgrown: 1\n"
            "  tdresv: 1\n  thresv: 1\n  rsvd2: ~\nbbt_blks:\n"
            "  - 0x00\n  - 0x00\n  - 0x01\n  - 0x02\n  - 0x04\n  - 0x08\n");
  EXPECT_EQ(json::parse(bad_block_page(table(), Syntax::json))["bbt_blks"].size(), 6U);
}

}  // namespace
}  // namespace lightnvm::format
