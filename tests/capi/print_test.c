// SPDX-License-Identifier: BSD-2-Clause
// The printers of devices and of the structures that devices speak in: the reference's texts, letter by letter.
#include "harness.h"

TEST(the_worked_device_prints_as_it_did) {
  struct nvm_dev* dev = open_worked();
  const char* attributes =
      "attr:\n  verid: 0x02\n  be_id: 0x10000\n  be_name: 'NVM_BE_EMU'\n  name: ''\n  path: ''\n  fd: 0\n  ssw: 12\n"
      "  mccap: '00000000000000000000000000000001'\n  bbts_cached: 0\n  quirks: '00000000'\n";
  CHECK_STR(attributes, PRINTED(nvm_dev_attr_pr(dev)));
  char expected[4096];
  snprintf(
      expected, sizeof(expected),
      "dev_%s"
      "dev_geo:\n  verid: 0x02\n  npugrp: 8\n  npunit: 4\n  nchunk: 1474\n  nsectr: 6144\n  nbytes: 4096\n"
      "  nbytes_oob: 16\n  tbytes: 1187021586432\n  tmbytes: 1132032\n"
      "dev_cmd_opts:\n  mask: '00000000000000000000000110010000'\n  iomd: 'SYNC'\n  addr: 'VECTOR'\n  plod: 'PRP'\n"
      "dev_vblk_opts:\n  pmode: 'SNGL'\n  erase_naddrs_max: 64\n  read_naddrs_max: 64\n  write_naddrs_max: 64\n"
      "  meta_mode: 0\n"
      "dev_ppaf: ~\ndev_ppaf_mask: ~\n"
      "dev_lbaf:\n  pugrp: 3\n  punit: 2\n  chunk: 11\n  sectr: 13\n"
      "dev_lbaz:\n  pugrp: 26\n  punit: 24\n  chunk: 13\n  sectr: 0\n"
      "dev_lbam:\n"
      "  pugrp:  '0000000000000000000000000000000000011100000000000000000000000000'\n"
      "  punit:  '0000000000000000000000000000000000000011000000000000000000000000'\n"
      "  chunk:  '0000000000000000000000000000000000000000111111111110000000000000'\n"
      "  sectr:  '0000000000000000000000000000000000000000000000000001111111111111'\n",
      attributes);
  CHECK_STR(expected, PRINTED(nvm_dev_pr(dev)));
  CHECK_STR("attr: ~\n", PRINTED(nvm_dev_attr_pr(NULL)));
  CHECK_STR("dev: ~\n", PRINTED(nvm_dev_pr(NULL)));
  nvm_dev_close(dev);
}

TEST(settings_are_printed) {
  struct nvm_dev* dev = open_small("");
  nvm_dev_set_quirks(dev, 5);
  nvm_dev_set_bbts_cached(dev, 1);
  nvm_dev_set_meta_mode(dev, 2);
  nvm_dev_set_erase_naddrs_max(dev, 3);
  nvm_dev_set_read_naddrs_max(dev, 4);
  nvm_dev_set_write_naddrs_max(dev, 5);
  const char* text = PRINTED(nvm_dev_pr(dev));
  CHECK_CONTAINS("  bbts_cached: 1\n  quirks: '00000101'\n", text);
  CHECK_CONTAINS("  erase_naddrs_max: 3\n  read_naddrs_max: 4\n  write_naddrs_max: 5\n  meta_mode: 2\n", text);
  nvm_dev_close(dev);
}

TEST(geometries_print_in_both_versions) {
  struct nvm_geo geo;
  memset(&geo, 0, sizeof(geo));
  geo.verid = NVM_SPEC_VERID_20;
  geo.l.npugrp = 8;
  geo.l.npunit = 4;
  geo.l.nchunk = 1474;
  geo.l.nsectr = 6144;
  geo.l.nbytes = 4096;
  geo.l.nbytes_oob = 16;
  geo.tbytes = 1187021586432;
  CHECK_STR(
      "geo:\n  verid: 0x02\n  npugrp: 8\n  npunit: 4\n  nchunk: 1474\n  nsectr: 6144\n  nbytes: 4096\n  nbytes_oob: "
      "16\n"
      "  tbytes: 1187021586432\n  tmbytes: 1132032\n",
      PRINTED(nvm_geo_pr(&geo)));
  geo.verid = NVM_SPEC_VERID_12;
  geo.nplanes = 2;
  geo.npages = 512;
  geo.page_nbytes = 16384;
  CHECK_STR(
      "geo:\n  verid: 0x01\n  nchannels: 8\n  nluns: 4\n  nplanes: 2\n  nblocks: 1474\n  npages: 512\n  nsectors: "
      "6144\n"
      "  page_nbytes: 16384\n  sector_nbytes: 4096\n  meta_nbytes: 16\n  tbytes: 1187021586432\n  tmbytes: 1132032\n",
      PRINTED(nvm_geo_pr(&geo)));
  CHECK_STR("geo: ~\n", PRINTED(nvm_geo_pr(NULL)));
}

TEST(bounds_print_by_name) {
  CHECK_STR("bounds: ~\n", PRINTED(nvm_bounds_pr(0)));
  CHECK_STR("bounds:\n- chunk\n", PRINTED(nvm_bounds_pr(NVM_BOUNDS_CHUNK)));
  CHECK_STR("bounds:\n- channel\n- lun\n- plane\n- block\n- page\n- sector\n- pugrp\n- punit\n- chunk\n- sectr\n",
            PRINTED(nvm_bounds_pr(0x3FF)));
}

TEST(address_formats_print) {
  struct nvm_spec_lbaf lbaf = {3, 2, 11, 13, {0}};
  struct nvm_spec_lbaz lbaz = {26, 24, 13, 0};
  struct nvm_spec_lbam lbam = {7, 3, 1, 0};
  CHECK_STR("lbaf:\n  pugrp: 3\n  punit: 2\n  chunk: 11\n  sectr: 13\n", PRINTED(nvm_spec_lbaf_pr(&lbaf)));
  CHECK_STR("lbaz:\n  pugrp: 26\n  punit: 24\n  chunk: 13\n  sectr: 0\n", PRINTED(nvm_spec_lbaz_pr(&lbaz)));
  CHECK_STR(
      "lbam:\n"
      "  pugrp:  '0000000000000000000000000000000000000000000000000000000000000111'\n"
      "  punit:  '0000000000000000000000000000000000000000000000000000000000000011'\n"
      "  chunk:  '0000000000000000000000000000000000000000000000000000000000000001'\n"
      "  sectr:  '0000000000000000000000000000000000000000000000000000000000000000'\n",
      PRINTED(nvm_spec_lbam_pr(&lbam)));
  CHECK_STR("lbaf: ~\n", PRINTED(nvm_spec_lbaf_pr(NULL)));
  CHECK_STR("lbaz: ~\n", PRINTED(nvm_spec_lbaz_pr(NULL)));
  CHECK_STR("lbam: ~\n", PRINTED(nvm_spec_lbam_pr(NULL)));
  struct nvm_spec_ppaf_nand ppaf;
  for (unsigned i = 0; i < 16; ++i) ppaf.a[i] = (uint8_t)i;
  CHECK_STR(
      "ppaf:\n  ch_off: 00\n  ch_len: 01\n  lun_off: 02\n  lun_len: 03\n  pl_off: 04\n  pl_len: 05\n  blk_off: 06\n"
      "  blk_len: 07\n  pg_off: 08\n  pg_len: 09\n  sec_off: 10\n  sec_len: 11\n",
      PRINTED(nvm_spec_ppaf_nand_pr(&ppaf)));
  CHECK_STR("ppaf: ~\n", PRINTED(nvm_spec_ppaf_nand_pr(NULL)));
  struct nvm_spec_ppaf_nand_mask mask = {{{32, 16, 8, 4, 2, 1}}};
  CHECK_STR(
      "ppaf_mask:\n"
      "  ch:  '0000000000000000000000000000000000000000000000000000000000100000'\n"
      "  lun: '0000000000000000000000000000000000000000000000000000000000010000'\n"
      "  pl:  '0000000000000000000000000000000000000000000000000000000000001000'\n"
      "  blk: '0000000000000000000000000000000000000000000000000000000000000100'\n"
      "  pg:  '0000000000000000000000000000000000000000000000000000000000000010'\n"
      "  sec: '0000000000000000000000000000000000000000000000000000000000000001'\n",
      PRINTED(nvm_spec_ppaf_nand_mask_pr(&mask)));
  CHECK_STR("ppaf_mask: ~\n", PRINTED(nvm_spec_ppaf_nand_mask_pr(NULL)));
}

TEST(the_worked_identity_prints_as_it_did) {
  struct nvm_spec_idfy idfy;
  memset(&idfy, 0, sizeof(idfy));
  idfy.s20.verid = 2;
  idfy.s20.mccap = 1;
  idfy.s20.lbaf = (struct nvm_spec_lbaf){3, 2, 11, 13, {0}};
  idfy.s20.lgeo = (struct nvm_spec_lgeo){8, 4, 1474, 6144, {0}};
  idfy.s20.wrt = (struct nvm_spec_wrt){24, 24, 192, 0, 0, {0}};
  idfy.s20.perf = (struct nvm_spec_perf){40000, 80000, 1900000, 3700000, 7000000, 20000000, {0}};
  CHECK_STR(
      "idfy:\n  verid: 00000010\n  verid_minor: 00000000\n  mccap: 00000000000000000000000000000001\n"
      "lbaf:\n  pugrp: 3\n  punit: 2\n  chunk: 11\n  sectr: 13\n"
      "lgeo:\n  npugrp: 8\n  npunit: 4\n  nchunk: 1474\n  nsectr: 6144\n"
      "wrt:\n  ws_min: 24\n  ws_opt: 24\n  mw_cunits: 192\n"
      "perf:\n  trdt: 40000\n  trdm: 80000\n  twrt: 1900000\n  twrm: 3700000\n  tcet: 7000000\n  tcem: 20000000\n",
      PRINTED(nvm_spec_idfy_pr(&idfy, 0)));
  CHECK_STR("lgeo: ~\n", PRINTED(nvm_spec_lgeo_pr(NULL)));
  CHECK_STR("wrt: ~\n", PRINTED(nvm_spec_wrt_pr(NULL)));
  CHECK_STR("perf: ~\n", PRINTED(nvm_spec_perf_pr(NULL)));
  CHECK_STR("nvm_spec_idfy: ~\n", PRINTED(nvm_spec_idfy_pr(NULL, 0)));
  idfy.s.verid = 9;
  CHECK_STR("nvm_spec_idfy:\n  verid: 00001001,\n  verid_minor: 00000000,\n", PRINTED(nvm_spec_idfy_pr(&idfy, 0)));
}

TEST(an_identity_of_1_2_prints) {
  struct nvm_spec_idfy idfy;
  memset(&idfy, 0, sizeof(idfy));
  struct nvm_spec_idfy_cgrp* group = &idfy.s12.grp[0];
  idfy.s12.verid = 1;
  idfy.s12.cgroups = 2;
  idfy.s12.cap = 3;
  idfy.s12.dom = 1;
  group->fmtype = 1;
  group->num_ch = 16;
  group->num_lun = 8;
  group->num_pln = 2;
  group->num_blk = 1067;
  group->num_pg = 256;
  group->fpg_sz = 16384;
  group->csecs = 4096;
  group->sos = 16;
  group->trdt = 70000;
  group->tbem = 3000000000U;
  group->mpos = 0x10101;
  group->mccap = 1;
  group->cpar = 7;
  idfy.s12.grp[1].mtype = 5;
  CHECK_STR(
      "idfy:\n  verid: 00000001\n  vnvmt(0)\n  cgroups(2),\n  cap(00000000000000000000000000000011),\n"
      "  dom(00000000000000000000000000000001),\nspec_identify_cgrps:\n  mtype: 0x00)\n  fmtype: 00000001\n  num_ch: "
      "16\n"
      "  num_luns: 8\n  num_pln: 2\n  num_blk: 1067\n  num_pg: 256\n  fpg_sz: 16384\n  csecs: 4096\n  sos: 16\n"
      "  trdt: 70000\n  trdm: 0\n  tprt: 0\n  tprm: 0\n  tbet: 0\n  tbem: 3000000000\n"
      "  mpos: 00000000000000010000000100000001\n  mccap: 00000000000000000000000000000001\n  cpar: 7\n"
      "  mts: NOT_IMPLEMENTED\n  mtype: 0x05)\n",
      PRINTED(nvm_spec_idfy_pr(&idfy, 0)));
}

// Room for a structure and the array at its end.
static union {
  struct nvm_spec_bbt bbt;
  struct nvm_spec_rprt rprt;
  uint64_t room[32];
} flexible;

TEST(reports_print) {
  memset(&flexible, 0, sizeof(flexible));
  struct nvm_spec_rprt* rprt = &flexible.rprt;
  rprt->ndescr = 2;
  rprt->descr[0] = (struct nvm_spec_rprt_descr){1, 1, 0, {0}, 0xA000, 0x1800, 0};
  rprt->descr[1] = (struct nvm_spec_rprt_descr){2, 0x11, 0xAB, {0}, 0x2000, 0x1800, 0x1800};
  const char* first =
      "  - { slba: 0x000000000000A000, cnlb: 0x1800, wp: 0x0000000000000000, cs: 0x01, ct: 0x01, wli: 0x00 }\n";
  CHECK_STR(first, PRINTED(nvm_spec_rprt_descr_pr(&rprt->descr[0])));
  char expected[512];
  snprintf(expected, sizeof(expected), "rprt:\n  ndescr: 2\nrprt_descr:\n%s%s", first,
           "  - { slba: 0x0000000000002000, cnlb: 0x1800, wp: 0x0000000000001800, cs: 0x02, ct: 0x11, wli: 0xab }\n");
  CHECK_STR(expected, PRINTED(nvm_spec_rprt_pr(rprt)));
  rprt->ndescr = 0;
  CHECK_STR("rprt:\n  ndescr: 0\nrprt_descr: ~\n", PRINTED(nvm_spec_rprt_pr(rprt)));
  CHECK_STR("rprt: ~\n", PRINTED(nvm_spec_rprt_pr(NULL)));
  CHECK_STR("rprt_descr: ~\n", PRINTED(nvm_spec_rprt_descr_pr(NULL)));
}

TEST(bad_block_tables_of_devices_print) {
  memset(&flexible, 0, sizeof(flexible));
  struct nvm_spec_bbt* bbt = &flexible.bbt;
  memcpy(bbt->tblid, "BBLT", 4);
  bbt->verid = 1;
  bbt->tblks = 2;
  bbt->thresv = 3;
  bbt->blk[1] = NVM_BBT_HMRK;
  CHECK_STR(
      "bbt:\n  tblkid: BBLT\n  verid: 1\n  revid: 0\n  rvsd1: 0\n  tblks: 2\n  tfact: 0\n  tgrown: 0\n  tdresv: 0\n"
      "  thresv: 3\n  rsvd2: ~\nbbt_blks:\n  - 0x00\n  - 0x08\n",
      PRINTED(nvm_spec_bbt_pr(bbt)));
  CHECK_STR("bbt: ~\n", PRINTED(nvm_spec_bbt_pr(NULL)));
}

TEST(commands_print_in_four_ways) {
  struct nvm_nvme_cmd cmd;
  memset(&cmd, 0, sizeof(cmd));
  cmd.opcode = 0x92;
  cmd.psdt = 2;
  cmd.cid = 7;
  cmd.nsid = 1;
  cmd.cdw12 = 0x40000007;
  cmd.dptr.prp.prp2 = 0x1000;
  cmd.addrs_dst = 0x123456789;
  CHECK_CONTAINS("nvm_nvme_cmd:\n  - '00000000000001111000000010010010'\n  - '00000000000000000000000000000001'\n",
                 PRINTED(nvm_nvme_cmd_pr(&cmd, 0)));
  CHECK_STR(
      "nvm_nvme_cmd:\n  - 0x78092\n  - 0x0001\n  - 0x0000\n  - 0x0000\n  - 0x0000\n  - 0x0000\n  - 0x0000\n  - 0x0000\n"
      "  - 0x1000\n  - 0x0000\n  - 0x0000\n  - 0x0000\n  - 0x40000007\n  - 0x0000\n  - 0x23456789\n  - 0x0001\n",
      PRINTED(nvm_nvme_cmd_pr(&cmd, 1)));
  CHECK_CONTAINS("nvm_nvme_cmd:\n  cdw0: 0x78092\n  cdw1: 0x0001\n", PRINTED(nvm_nvme_cmd_pr(&cmd, 2)));
  CHECK_STR(
      "nvm_nvme_cmd:\n  opcode: 0x92\n  fuse: 0x0\n  rsvd: 0x0\n  psdt: 0x2\n  cid: 0x0007\n  nsid: 0x0001\n"
      "  cdw02: 0x0000\n  cdw03: 0x0000\n  mptr: 0x00000000\n  prp1: 0x00000000\n  prp2: 0x00001000\n  cdw10: 0x0000\n"
      "  cdw11: 0x0000\n  cdw12: 0x40000007\n  cdw13: 0x0000\n  cdw14: 0x23456789\n  cdw15: 0x0001\n",
      PRINTED(nvm_nvme_cmd_pr(&cmd, 3)));
  CHECK_STR("nvm_nvme_cmd: ~\n", PRINTED(nvm_nvme_cmd_pr(NULL, 0)));
}
