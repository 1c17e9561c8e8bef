// SPDX-License-Identifier: BSD-2-Clause
// The library's texts, byte for byte as the original's printers have them.
#include "lightnvm/format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace lightnvm::format {
namespace {

using nlohmann::json;

Geometry cnex() {
  Geometry g;
  g.groups = 8;
  g.units = 4;
  g.chunks = 1474;
  g.sectors = 6144;
  g.sector_bytes = 4096;
  g.oob_bytes = 16;
  g.ws_min = g.ws_opt = 24;
  g.mw_cunits = 192;
  g.vector_copy = true;
  return g;
}
constexpr AddressBits kCnexBits = {3, 2, 11, 13};

DeviceValues cnex_device() {
  DeviceValues v;
  v.geometry = cnex();
  v.address_bits = kCnexBits;
  v.attributes = {SpecVersion::ocssd20, 1, "NVM_BE_IOCTL", "nvme0n1", "/dev/nvme0n1", 3, 12, 1, 0, 0};
  return v;
}

constexpr const char* kAttributesAndGeometry = R"(dev_attr:
  verid: 0x02
  be_id: 0x01
  be_name: 'NVM_BE_IOCTL'
  name: 'nvme0n1'
  path: '/dev/nvme0n1'
  fd: 3
  ssw: 12
  mccap: '00000000000000000000000000000001'
  bbts_cached: 0
  quirks: '00000000'
dev_geo:
  verid: 0x02
  npugrp: 8
  npunit: 4
  nchunk: 1474
  nsectr: 6144
  nbytes: 4096
  nbytes_oob: 16
  tbytes: 1187021586432
  tmbytes: 1132032
)";

constexpr const char* kTheRest = R"(dev_cmd_opts:
  mask: '00000000000000000000000110010000'
  iomd: 'SYNC'
  addr: 'VECTOR'
  plod: 'PRP'
dev_vblk_opts:
  pmode: 'SNGL'
  erase_naddrs_max: 64
  read_naddrs_max: 64
  write_naddrs_max: 64
  meta_mode: 0
dev_ppaf: ~
dev_ppaf_mask: ~
dev_lbaf:
  pugrp: 3
  punit: 2
  chunk: 11
  sectr: 13
dev_lbaz:
  pugrp: 26
  punit: 24
  chunk: 13
  sectr: 0
dev_lbam:
  pugrp:  '0000000000000000000000000000000000011100000000000000000000000000'
  punit:  '0000000000000000000000000000000000000011000000000000000000000000'
  chunk:  '0000000000000000000000000000000000000000111111111110000000000000'
  sectr:  '0000000000000000000000000000000000000000000000000001111111111111'
)";

TEST(Format, device_is_the_originals_dev_pr) {
  EXPECT_EQ(device(cnex_device()), std::string(kAttributesAndGeometry) + kTheRest);
  EXPECT_EQ(device(cnex_device(), Syntax::yaml, Extent::brief), kAttributesAndGeometry);
}

TEST(Format, parts_have_no_prefix_of_their_own) {
  EXPECT_THAT(attributes({}), testing::StartsWith("attr:\n  verid: 0x00\n"));
  EXPECT_THAT(geometry(cnex(), SpecVersion::ocssd20), testing::StartsWith("geo:\n  verid: 0x02\n"));
  EXPECT_THAT(address_lengths(kCnexBits), testing::StartsWith("lbaf:\n"));
  EXPECT_THAT(address_masks(kCnexBits, Syntax::yaml, "cli_"), testing::StartsWith("cli_lbam:\n"));
}

TEST(Format, device_as_json_has_the_same_keys) {
  const json all = json::parse(device(cnex_device(), Syntax::json));
  EXPECT_EQ(all.size(), 9U);
  EXPECT_EQ(all["attr"]["be_name"], "NVM_BE_IOCTL");
  EXPECT_EQ(all["geo"]["tbytes"], 1187021586432);
  EXPECT_EQ(all["cmd_opts"]["mask"], 0x190);
  EXPECT_TRUE(all["ppaf"].is_null());
  EXPECT_EQ(all["lbaz"]["pugrp"], 26);
  EXPECT_EQ(all["lbam"]["punit"], "0x0000000003000000");
}

TEST(Format, command_options_name_what_is_chosen) {
  EXPECT_EQ(
      command_options(kAsync | kScalar | kSgl),
      "cmd_opts:\n  mask: '00000000000000000000001001100000'\n  iomd: 'ASYNC'\n  addr: 'SCALAR'\n  plod: 'SGL'\n");
}

TEST(Format, unknown_plane_mode) {
  BlockDefaults d;
  d.plane_mode = 2;
  EXPECT_THAT(block_defaults(d), testing::HasSubstr("  pmode: 'QUAD'\n"));
  d.plane_mode = 3;
  EXPECT_THAT(block_defaults(d), testing::HasSubstr("  pmode: 'UNKN'\n"));
  d.plane_mode = -1;
  EXPECT_THAT(block_defaults(d), testing::HasSubstr("  pmode: 'UNKN'\n"));
}

TEST(Format, addresses_are_the_originals_addr_prn) {
  const std::vector<Address> list = {Address::of(4, 2, 142), Address::of(0, 1, 20000, 6143)};
  EXPECT_EQ(addresses(list, SpecVersion::ocssd20),
            "naddrs: 2\naddrs:\n"
            "  - {val: 0x0402008e00000000, pugrp: 04, punit: 02, chunk: 0142, sectr: 0000}\n"
            "  - {val: 0x00014e20000017ff, pugrp: 00, punit: 01, chunk: 20000, sectr: 6143}\n");
  // 1.2: plane in bits 31:24, page 23:8, sector 7:0 of the generic format's lower half.
  EXPECT_EQ(addresses(std::vector{Address::of(4, 2, 41, (1U << 24) | (511U << 8) | 3)}, SpecVersion::ocssd12),
            "naddrs: 1\naddrs:\n  - {val: 0x040200290101ff03, ch: 04, lun: 02, blk: 0041, pl: 1, pg: 511, sec: 3}\n");
  EXPECT_EQ(addresses({}, SpecVersion::ocssd20, Syntax::yaml, "cli_args_"), "cli_args_naddrs: 0\naddrs:\n");
  EXPECT_EQ(json::parse(addresses(list, SpecVersion::ocssd20, Syntax::json))[1]["sectr"], 6143);
  EXPECT_EQ(address(list[0]), "0x0402008e00000000");
}

TEST(Format, chunk_report_is_the_originals_rprt_pr) {
  std::vector<Chunk> chunks(3);
  chunks[0] = {Address::of(0, 0, 0), ChunkState::free, ChunkType::sequential, 0, 6144, 0};
  chunks[1] = {Address::of(0, 0, 1), ChunkState::closed, ChunkType::sequential, 0, 6144, 0x1800};
  chunks[2] = {Address::of(0, 0, 5), ChunkState::offline, ChunkType::random, 255, 6143, Chunk::kNoWritePointer};
  EXPECT_EQ(chunk_report(chunks, cnex(), kCnexBits),
            "rprt:\n  ndescr: 3\nrprt_descr:\n"
            "  - { slba: 0x0000000000000000, cnlb: 0x1800, wp: 0x0000000000000000, cs: 0x01, ct: 0x01, wli: 0x00 }\n"
            "  - { slba: 0x0000000000002000, cnlb: 0x1800, wp: 0x0000000000001800, cs: 0x02, ct: 0x01, wli: 0x00 }\n"
            "  - { slba: 0x000000000000A000, cnlb: 0x17ff, wp: 0xffffffffffffffff, cs: 0x08, ct: 0x12, wli: 0xff }\n");
  EXPECT_EQ(chunk_report({}, cnex(), kCnexBits), "rprt:\n  ndescr: 0\nrprt_descr: ~\n");
  EXPECT_EQ(chunk_report({}, cnex(), kCnexBits, Syntax::json), "[]");
  const json report = json::parse(chunk_report(chunks, cnex(), kCnexBits, Syntax::json));
  EXPECT_EQ(report[1]["state"], "closed");
  EXPECT_EQ(report[2]["slba"], "0x000000000000a000");
  EXPECT_TRUE(report[2]["wp"].is_null());
}

TEST(Format, chunk_state_beyond_the_specification) {
  EXPECT_EQ(chunk_state(ChunkState::open), "open");
  EXPECT_EQ(chunk_state(static_cast<ChunkState>(0x40)), "0x40");
}

TEST(Format, virtual_block_is_the_originals_vblk_pr) {
  const std::vector<Address> chunks = {Address::of(4, 2, 142)};
  BlockValues v;
  v.chunks = chunks;
  v.bytes = 24 << 20;
  EXPECT_EQ(virtual_block(v),
            "vblk:\n  dev: {pmode: 'SNGL'}\n  nblks: 1\n  nmbytes: 24\n  pos_write: 0\n  pos_read: 0\n"
            "  flags: 0x08190\nnaddrs: 1\naddrs:\n"
            "  - {val: 0x0402008e00000000, pugrp: 04, punit: 02, chunk: 0142, sectr: 0000}\n");
  const json block = json::parse(virtual_block(v, Syntax::json));
  EXPECT_EQ(block["dev"]["pmode"], "SNGL");
  EXPECT_EQ(block["flags"], 0x190);
  EXPECT_EQ(block["addrs"][0]["chunk"], 142);
}

TEST(Format, write_rules_and_times) {
  EXPECT_EQ(write_rules(cnex()), "wrt:\n  ws_min: 24\n  ws_opt: 24\n  mw_cunits: 192\n  maxoc: 0\n  maxocpu: 0\n");
  Geometry::Times t;
  t.reset_max = 20000000;
  EXPECT_THAT(times(t), testing::EndsWith("  tcrst: 0\n  tcrsm: 20000000\n"));
  Geometry g = cnex();
  EXPECT_EQ(capabilities(g), 1U);
  g.early_reset = g.multiple_resets = true;
  EXPECT_EQ(capabilities(g), 7U);
}

TEST(Format, timers) {
  EXPECT_EQ(timer("nvm_buf_alloc", 0.000004), "nvm_buf_alloc: {elapsed: 0.000004}\n");
  EXPECT_EQ(timer("nvm_vblk_erase", 0.005005, 24 << 20),
            "nvm_vblk_erase: {elapsed: 0.0050, mb: 24.00, mbsec: 4795.20}\n");
  EXPECT_EQ(timer("x", 0, 1), "x: {elapsed: 0.0000, mb: 0.00, mbsec: 0.00}\n");
  EXPECT_EQ(json::parse(timer("x", 2, 4 << 20, Syntax::json)),
            json({{"elapsed", 2.0}, {"mb", 4.0}, {"mbsec", 2.0}, {"nbytes", 4 << 20}}));
  EXPECT_EQ(json::parse(timer("x", 2, Syntax::json)), json({{"elapsed", 2.0}}));
}

TEST(Format, json_survives_bytes_that_are_no_text) {
  Attributes a;
  a.path = "\xff\"\\\n";
  EXPECT_EQ(json::parse(attributes(a, Syntax::json))["path"], "\xEF\xBF\xBD\"\\\n");
}

// The device of OCSSD 1.2 that the original's documentation shows.
DeviceValues physical_device() {
  DeviceValues v;
  Geometry& g = v.geometry;
  g.groups = 16, g.units = 8, g.planes = 2, g.chunks = 1020, g.pages = 512, g.page_sectors = 4;
  g.sectors = 4096, g.sector_bytes = 4096, g.page_bytes = 16384, g.oob_bytes = 16;
  v.attributes.version = SpecVersion::ocssd12;
  v.block_defaults.plane_mode = 1;
  v.ppa_format = PpaFormat{{25, 4}, {22, 3}, {2, 1}, {12, 10}, {3, 9}, {0, 2}};
  return v;
}

TEST(Format, device_of_1_2_is_the_originals_dev_pr) {
  const std::string text = device(physical_device());
  EXPECT_THAT(text, testing::HasSubstr(R"(dev_geo:
  verid: 0x01
  nchannels: 16
  nluns: 8
  nplanes: 2
  nblocks: 1020
  npages: 512
  nsectors: 4
  page_nbytes: 16384
  sector_nbytes: 4096
  meta_nbytes: 16
  tbytes: 2190433320960
  tmbytes: 2088960
)"));
  EXPECT_THAT(text, testing::HasSubstr("  pmode: 'DUAL'\n"));
  EXPECT_TRUE(text.ends_with(R"(dev_ppaf:
  ch_off: 25
  ch_len: 04
  lun_off: 22
  lun_len: 03
  pl_off: 02
  pl_len: 01
  blk_off: 12
  blk_len: 10
  pg_off: 03
  pg_len: 09
  sec_off: 00
  sec_len: 02
dev_ppaf_mask:
  ch:  '0000000000000000000000000000000000011110000000000000000000000000'
  lun: '0000000000000000000000000000000000000001110000000000000000000000'
  pl:  '0000000000000000000000000000000000000000000000000000000000000100'
  blk: '0000000000000000000000000000000000000000001111111111000000000000'
  pg:  '0000000000000000000000000000000000000000000000000000111111111000'
  sec: '0000000000000000000000000000000000000000000000000000000000000011'
dev_lbaf: ~
dev_lbaz: ~
dev_lbam: ~
)")) << text;
}

TEST(Format, device_of_1_2_as_json) {
  const json document = json::parse(device(physical_device(), Syntax::json));
  EXPECT_EQ(document["geo"]["npages"], 512);
  EXPECT_EQ(document["ppaf"]["blk_len"], 10);
  EXPECT_EQ(document["ppaf_mask"]["ch"], "0x000000001e000000");
  EXPECT_TRUE(document["lbam"].is_null());
  const PpaFormat f = *physical_device().ppa_format;
  EXPECT_EQ(json::parse(ppa_format(f, Syntax::json)), document["ppaf"]);
  EXPECT_TRUE(ppa_masks(f).starts_with("ppaf_mask:\n  ch:  '")) << ppa_masks(f);
  EXPECT_TRUE(ppa_format(f, Syntax::yaml, "dev_").starts_with("dev_ppaf:\n  ch_off: 25\n"));
}

TEST(Format, describe_tells_1_2_from_2_0) {
  const auto opened = Device::open("emu:?spec=1.2&mccap=5&planes=4&page_sectors=2");
  ASSERT_TRUE(opened) << last_error();
  const DeviceValues v = describe(*opened);
  EXPECT_EQ(v.attributes.version, SpecVersion::ocssd12);
  EXPECT_EQ(v.attributes.capabilities, 5U);
  EXPECT_EQ(capabilities(v.geometry), 5U);
  EXPECT_EQ(v.block_defaults.plane_mode, 2);
  EXPECT_EQ(v.ppa_format, opened->ppa_format());
}

TEST(Format, describe_says_who_an_emulated_device_is) {
  const auto opened = Device::open("emu:?groups=2&bad=none");
  ASSERT_TRUE(opened) << last_error();
  const DeviceValues v = describe(*opened);
  EXPECT_EQ(v.attributes.backend_id, 0x10000U);
  EXPECT_EQ(v.attributes.backend_name, "NVM_BE_EMU");
  EXPECT_EQ(v.attributes.name, "");
  EXPECT_EQ(v.attributes.sector_shift, 12U);
  EXPECT_EQ(v.geometry.groups, 2U);
  EXPECT_THAT(device(v), testing::HasSubstr("  be_id: 0x10000\n"));
  EXPECT_EQ(nothing("geo"), "geo: ~\n");
}

}  // namespace
}  // namespace lightnvm::format
