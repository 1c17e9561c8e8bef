// SPDX-License-Identifier: BSD-2-Clause
// Constants and structures of liblightnvm.h, byte for byte.
#include "layout.h"

#include "harness.h"

VALUE(NVM_NADDR_MAX, 64);
VALUE(NVM_DEV_NAME_LEN, 32);
VALUE(NVM_DEV_PATH_LEN, 37);
VALUE(NVM_FLAG_SCRBL, 0x200);
VALUE(NVM_FLAG_DEFAULT, 0x200);

VALUE(NVM_BE_ANY, 0);
VALUE(NVM_BE_IOCTL, 1);
VALUE(NVM_BE_LBD, 2);
VALUE(NVM_BE_SPDK, 4);
VALUE(NVM_BE_NOCD, 8);
VALUE(NVM_BE_PRXY, 8);
VALUE(NVM_BE_ALL, 0xF);
VALUE(NVM_BE_EMU, 0x10000);
VALUE(NVM_BE_TCP, 0x20000);
STATIC(((NVM_BE_EMU | NVM_BE_TCP) & (NVM_CMD_MASK | NVM_BE_ALL)) == 0);

VALUE(NVM_CMD_SYNC, 0x10);
VALUE(NVM_CMD_ASYNC, 0x20);
VALUE(NVM_CMD_SCALAR, 0x40);
VALUE(NVM_CMD_VECTOR, 0x80);
VALUE(NVM_CMD_PRP, 0x100);
VALUE(NVM_CMD_SGL, 0x200);
VALUE(NVM_CMD_SGL_META, 0x400);
VALUE(NVM_CMD_PIOC, 0x800);
VALUE(NVM_CMD_PADC, 0x1000);
VALUE(NVM_CMD_MASK_IOMD, 0x30);
VALUE(NVM_CMD_MASK_ADDR, 0xC0);
VALUE(NVM_CMD_MASK_PLOD, 0x700);
VALUE(NVM_CMD_MASK_PASS, 0x1800);
VALUE(NVM_CMD_MASK, 0x1FF0);
VALUE(NVM_CMD_DEF_IOMD, NVM_CMD_SYNC);
VALUE(NVM_CMD_DEF_ADDR, NVM_CMD_VECTOR);
VALUE(NVM_CMD_DEF_PLOD, NVM_CMD_PRP);
VALUE(NVM_CMD_DEF_PASS, NVM_CMD_PIOC);

VALUE(NVM_FLAG_PMODE_SNGL, 0);
VALUE(NVM_FLAG_PMODE_DUAL, 1);
VALUE(NVM_FLAG_PMODE_QUAD, 2);
VALUE(NVM_QUIRK_PMODE_ERASE_RUNROLL, 1);
VALUE(NVM_QUIRK_NSID_BY_NAMECONV, 2);
VALUE(NVM_QUIRK_OOB_READ_1ST4BYTES_NULL, 4);
VALUE(NVM_QUIRK_OOB_2LRG, 8);
VALUE(NVM_META_MODE_NONE, 0);
VALUE(NVM_META_MODE_ALPHA, 1);
VALUE(NVM_META_MODE_CONST, 2);
VALUE(NVM_BOUNDS_CHANNEL, 0x1);
VALUE(NVM_BOUNDS_LUN, 0x2);
VALUE(NVM_BOUNDS_PLANE, 0x4);
VALUE(NVM_BOUNDS_BLOCK, 0x8);
VALUE(NVM_BOUNDS_PAGE, 0x10);
VALUE(NVM_BOUNDS_SECTOR, 0x20);
VALUE(NVM_BOUNDS_PUGRP, 0x40);
VALUE(NVM_BOUNDS_PUNIT, 0x80);
VALUE(NVM_BOUNDS_CHUNK, 0x100);
VALUE(NVM_BOUNDS_SECTR, 0x200);
VALUE(NVM_BBT_FREE, 0);
VALUE(NVM_BBT_BAD, 1);
VALUE(NVM_BBT_GBAD, 2);
VALUE(NVM_BBT_DMRK, 4);
VALUE(NVM_BBT_HMRK, 8);
VALUE(NVM_UNIVERSAL_SECT_SH, 9);

SIZE(struct nvm_addr, 8);
PLACE(struct nvm_addr, g, 0, 8);
PLACE(struct nvm_addr, l, 0, 8);
PLACE(struct nvm_addr, ppa, 0, 8);
PLACE(struct nvm_addr, val, 0, 8);

SIZE(struct nvm_geo, 88);
PLACE(struct nvm_geo, l.npugrp, 0, 8);
PLACE(struct nvm_geo, l.npunit, 8, 8);
PLACE(struct nvm_geo, l.nchunk, 16, 8);
PLACE(struct nvm_geo, l.nsectr, 24, 8);
PLACE(struct nvm_geo, l.nbytes, 32, 8);
PLACE(struct nvm_geo, l.nbytes_oob, 40, 8);
#define PLACE_1_2(member, offset)           \
  PLACE(struct nvm_geo, member, offset, 8); \
  PLACE(struct nvm_geo, g.member, offset, 8)
PLACE_1_2(nchannels, 0);
PLACE_1_2(nluns, 8);
PLACE_1_2(nblocks, 16);
PLACE_1_2(nsectors, 24);
PLACE_1_2(sector_nbytes, 32);
PLACE_1_2(meta_nbytes, 40);
PLACE_1_2(nplanes, 48);
PLACE_1_2(npages, 56);
PLACE_1_2(page_nbytes, 64);
PLACE(struct nvm_geo, tbytes, 72, 8);
PLACE(struct nvm_geo, verid, 80, 4);

SIZE(struct nvm_async_cmd_ctx, 24);
PLACE(struct nvm_async_cmd_ctx, ctx, 0, 8);
PLACE(struct nvm_async_cmd_ctx, cb, 8, 8);
PLACE(struct nvm_async_cmd_ctx, cb_arg, 16, 8);
SIZE(struct nvm_ret, 40);
PLACE(struct nvm_ret, result.vio.cs, 0, 8);
PLACE(struct nvm_ret, result.cdw0, 0, 4);
PLACE(struct nvm_ret, status, 8, 2);
PLACE(struct nvm_ret, async, 16, 24);

SIZE(struct nvm_bbt, 40);
PLACE(struct nvm_bbt, dev, 0, 8);
PLACE(struct nvm_bbt, addr, 8, 8);
PLACE(struct nvm_bbt, nblks, 16, 8);
PLACE(struct nvm_bbt, nbad, 24, 4);
PLACE(struct nvm_bbt, ngbad, 28, 4);
PLACE(struct nvm_bbt, ndmrk, 32, 4);
PLACE(struct nvm_bbt, nhmrk, 36, 4);
STATIC(offsetof(struct nvm_bbt, blks) == 40);

SIZE(struct nvm_buf_set, 56);
PLACE(struct nvm_buf_set, dev, 0, 8);
PLACE(struct nvm_buf_set, write, 8, 8);
PLACE(struct nvm_buf_set, write_meta, 16, 8);
PLACE(struct nvm_buf_set, read, 24, 8);
PLACE(struct nvm_buf_set, read_meta, 32, 8);
PLACE(struct nvm_buf_set, nbytes, 40, 8);
PLACE(struct nvm_buf_set, nbytes_meta, 48, 8);

SIZE(struct nvm_bp, 48);
PLACE(struct nvm_bp, dev, 0, 8);
PLACE(struct nvm_bp, geo, 8, 8);
PLACE(struct nvm_bp, bufs, 16, 8);
PLACE(struct nvm_bp, vblk, 24, 8);
PLACE(struct nvm_bp, ws_opt, 32, 8);
PLACE(struct nvm_bp, naddrs, 40, 8);
STATIC(offsetof(struct nvm_bp, addrs) == 48);

SIZE(struct nvm_dev_found, 40);
PLACE(struct nvm_dev_found, ident, 0, 8);
PLACE(struct nvm_dev_found, be_id, 8, 4);
PLACE(struct nvm_dev_found, verid, 12, 4);
PLACE(struct nvm_dev_found, tbytes, 16, 8);
PLACE(struct nvm_dev_found, in_use, 24, 4);
PLACE(struct nvm_dev_found, error, 28, 4);
PLACE(struct nvm_dev_found, text, 32, 8);
SIZE(struct nvm_aer, 32);
PLACE(struct nvm_aer, nid, 0, 8);
PLACE(struct nvm_aer, addr, 8, 8);
PLACE(struct nvm_aer, nsid, 16, 4);
PLACE(struct nvm_aer, state, 20, 2);
PLACE(struct nvm_aer, mask, 22, 1);
PLACE(struct nvm_aer, nsectr, 24, 4);

// Where a bit field lies only a value can say.
TEST(address_fields_are_where_the_reference_says) {
  struct nvm_addr addr;
  addr.val = 0;
  addr.l.sectr = 0xFFFFFFFF;
  CHECK_HEX(0x00000000FFFFFFFF, addr.val);
  addr.val = 0;
  addr.l.chunk = 0xFFFF;
  CHECK_HEX(0x0000FFFF00000000, addr.val);
  addr.val = 0;
  addr.l.punit = 0xFF;
  CHECK_HEX(0x00FF000000000000, addr.val);
  addr.val = 0;
  addr.l.pugrp = 0xFF;
  CHECK_HEX(0xFF00000000000000, addr.val);
  addr.val = 0x0403000200010000 | 0x05;
  CHECK_INT(4, addr.g.ch);
  CHECK_INT(3, addr.g.lun);
  CHECK_INT(2, addr.g.blk);
  CHECK_INT(0, addr.g.pl);
  CHECK_INT(0x100, addr.g.pg);
  CHECK_INT(5, addr.g.sec);
  CHECK_INT(4, addr.l.pugrp);
  CHECK_INT(3, addr.l.punit);
  CHECK_INT(2, addr.l.chunk);
  addr.val = 0;
  addr.g.sec = 0xFF;
  CHECK_HEX(0xFF, addr.ppa);
  addr.val = 0;
  addr.g.pg = 0xFFFF;
  CHECK_HEX(0xFFFF00, addr.ppa);
  addr.val = 0;
  addr.g.pl = 0xFF;
  CHECK_HEX(0xFF000000, addr.ppa);
}

TEST(small_helpers_do_what_their_names_say) {
  char text[65];
  CHECK_INT(-1, NVM_MIN(-1, 2));
  CHECK_INT(2, NVM_MAX(-1, 2));
  snprintf(text, sizeof(text), NVM_I8_FMT, NVM_I8_TO_STR(0xA5));
  CHECK_STR("10100101", text);
  snprintf(text, sizeof(text), NVM_I16_FMT, NVM_I16_TO_STR(0x8001));
  CHECK_STR("1000000000000001", text);
  snprintf(text, sizeof(text), NVM_I32_FMT, NVM_I32_TO_STR(0x80000001U));
  CHECK_STR("10000000000000000000000000000001", text);
  snprintf(text, sizeof(text), NVM_I64_FMT, NVM_I64_TO_STR(0x8000000000000001ULL));
  CHECK_STR("1000000000000000000000000000000000000000000000000000000000000001", text);
  NVM_DEBUG("nothing is printed: %d", 1);
  NVM_DEBUG_FCALL(failed(__FILE__, __LINE__, "NVM_DEBUG_FCALL", "nothing", "a call");)
}

static int takes_unused(int NVM_UNUSED(value)) { return 7; }

TEST(an_unused_parameter_can_be_named) { CHECK_INT(7, takes_unused(1)); }
