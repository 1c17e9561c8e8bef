// SPDX-License-Identifier: BSD-2-Clause
// Constants and structures of liblightnvm_spec.h, byte for byte.
#include "harness.h"
#include "layout.h"

VALUE(NVM_SPEC_12_MCCAP_SLCMODE, 1);
VALUE(NVM_SPEC_12_MCCAP_SUSPENSION, 2);
VALUE(NVM_SPEC_12_MCCAP_SCRAMBLER, 4);
VALUE(NVM_SPEC_12_MCCAP_ENCRYPTION, 8);
VALUE(NVM_SPEC_20_MCCAP_VCOPY, 1);
VALUE(NVM_AOPC_IDFY, 0xE2);
VALUE(NVM_AOPC_RPRT, 0x02);
VALUE(NVM_AOPC_SFEAT, 0x09);
VALUE(NVM_AOPC_GFEAT, 0x0A);
VALUE(NVM_AOPC_SBBT, 0xF1);
VALUE(NVM_AOPC_GBBT, 0xF2);
VALUE(NVM_DOPC_SCALAR_ERASE, 0x09);
VALUE(NVM_DOPC_SCALAR_WRITE, 0x01);
VALUE(NVM_DOPC_SCALAR_READ, 0x02);
VALUE(NVM_DOPC_VECTOR_ERASE, 0x90);
VALUE(NVM_DOPC_VECTOR_WRITE, 0x91);
VALUE(NVM_DOPC_VECTOR_READ, 0x92);
VALUE(NVM_DOPC_VECTOR_COPY, 0x93);
VALUE(NVM_SPEC_VERID_12, 1);
VALUE(NVM_SPEC_VERID_20, 2);
VALUE(NVM_CHUNK_STATE_FREE, 1);
VALUE(NVM_CHUNK_STATE_CLOSED, 2);
VALUE(NVM_CHUNK_STATE_OPEN, 4);
VALUE(NVM_CHUNK_STATE_OFFLINE, 8);
VALUE(NVM_CHUNK_STATE_RSVD4, 0x10);
VALUE(NVM_CHUNK_STATE_RSVD5, 0x20);
VALUE(NVM_CHUNK_STATE_RSVD6, 0x40);
VALUE(NVM_CHUNK_STATE_RSVD7, 0x80);
VALUE(NVM_CHUNK_TYPE_SEQR, 1);
VALUE(NVM_CHUNK_TYPE_ARWR, 2);
VALUE(NVM_CHUNK_TYPE_RSVD2, 4);
VALUE(NVM_CHUNK_TYPE_RSVD3, 8);
VALUE(NVM_CHUNK_TYPE_WAVVY, 0x10);
VALUE(NVM_CHUNK_TYPE_RSVD5, 0x20);
VALUE(NVM_CHUNK_TYPE_RSVD6, 0x40);
VALUE(NVM_CHUNK_TYPE_RSVD7, 0x80);
VALUE(NVM_NVME_FEAT_ERROR_RECOVERY, 0x05);
VALUE(NVM_NVME_FEAT_MEDIA_FEEDBACK, 0xCA);
VALUE(NVM_NVME_FLAG_LIMITED_RETRY, 0x8000);
VALUE(NVM_NVME_FLAG_FORCE_UNIT_ACCESS, 0x4000);
VALUE(NVM_NVME_FLAG_PRINFO_PRCHK_REF, 0x400);
VALUE(NVM_NVME_FLAG_PRINFO_PRCHK_APP, 0x800);
VALUE(NVM_NVME_FLAG_PRINFO_PRCHK_GUARD, 0x1000);
VALUE(NVM_NVME_FLAG_PRINFO_PRACT, 0x2000);
VALUE(NVM_NVME_SGL_DESCR_TYPE_DATA_BLOCK, 0);
VALUE(NVM_NVME_SGL_DESCR_TYPE_BIT_BUCKET, 1);
VALUE(NVM_NVME_SGL_DESCR_TYPE_SEGMENT, 2);
VALUE(NVM_NVME_SGL_DESCR_TYPE_LAST_SEGMENT, 3);
VALUE(NVM_NVME_SGL_DESCR_TYPE_KEYED_DATA_BLOCK, 4);
VALUE(NVM_NVME_SGL_DESCR_TYPE_VENDOR_SPECIFIC, 0xF);
VALUE(NVM_NVME_SGL_DESCR_SUBTYPE_ADDRESS, 0);
VALUE(NVM_NVME_SGL_DESCR_SUBTYPE_OFFSET, 1);
VALUE(NVM_NVME_PSDT_PRP, 0);
VALUE(NVM_NVME_PSDT_SGL_MPTR_CONTIGUOUS, 1);
VALUE(NVM_NVME_PSDT_SGL_MPTR_SGL, 2);
VALUE(NVM_NVME_FEAT_ERROR_RECOVERY_DULBE(0x1FFFF), 0x10000);
VALUE(NVM_NVME_FEAT_ERROR_RECOVERY_TLER(0x1FFFF), 0xFFFF);
VALUE(NVM_NVME_FEAT_MEDIA_FEEDBACK_HECC(3), 1);
VALUE(NVM_NVME_FEAT_MEDIA_FEEDBACK_VHECC(3), 2);

SIZE(struct nvm_spec_ppaf_nand, 16);
PLACE(struct nvm_spec_ppaf_nand, n.ch_off, 0, 1);
PLACE(struct nvm_spec_ppaf_nand, n.ch_len, 1, 1);
PLACE(struct nvm_spec_ppaf_nand, n.lun_off, 2, 1);
PLACE(struct nvm_spec_ppaf_nand, n.lun_len, 3, 1);
PLACE(struct nvm_spec_ppaf_nand, n.pl_off, 4, 1);
PLACE(struct nvm_spec_ppaf_nand, n.pl_len, 5, 1);
PLACE(struct nvm_spec_ppaf_nand, n.blk_off, 6, 1);
PLACE(struct nvm_spec_ppaf_nand, n.blk_len, 7, 1);
PLACE(struct nvm_spec_ppaf_nand, n.pg_off, 8, 1);
PLACE(struct nvm_spec_ppaf_nand, n.pg_len, 9, 1);
PLACE(struct nvm_spec_ppaf_nand, n.sec_off, 10, 1);
PLACE(struct nvm_spec_ppaf_nand, n.sec_len, 11, 1);
PLACE(struct nvm_spec_ppaf_nand, n.rsvd, 12, 4);
PLACE(struct nvm_spec_ppaf_nand, a, 0, 16);

SIZE(struct nvm_spec_ppaf_nand_mask, 48);
PLACE(struct nvm_spec_ppaf_nand_mask, n.ch, 0, 8);
PLACE(struct nvm_spec_ppaf_nand_mask, n.lun, 8, 8);
PLACE(struct nvm_spec_ppaf_nand_mask, n.pl, 16, 8);
PLACE(struct nvm_spec_ppaf_nand_mask, n.blk, 24, 8);
PLACE(struct nvm_spec_ppaf_nand_mask, n.pg, 32, 8);
PLACE(struct nvm_spec_ppaf_nand_mask, n.sec, 40, 8);
PLACE(struct nvm_spec_ppaf_nand_mask, a, 0, 48);

SIZE(struct nvm_spec_lbaf, 8);
PLACE(struct nvm_spec_lbaf, pugrp, 0, 1);
PLACE(struct nvm_spec_lbaf, punit, 1, 1);
PLACE(struct nvm_spec_lbaf, chunk, 2, 1);
PLACE(struct nvm_spec_lbaf, sectr, 3, 1);
PLACE(struct nvm_spec_lbaf, rsvd, 4, 4);

SIZE(struct nvm_spec_lbaz, 32);
PLACE(struct nvm_spec_lbaz, pugrp, 0, 8);
PLACE(struct nvm_spec_lbaz, punit, 8, 8);
PLACE(struct nvm_spec_lbaz, chunk, 16, 8);
PLACE(struct nvm_spec_lbaz, sectr, 24, 8);

SIZE(struct nvm_spec_lbam, 32);
PLACE(struct nvm_spec_lbam, pugrp, 0, 8);
PLACE(struct nvm_spec_lbam, punit, 8, 8);
PLACE(struct nvm_spec_lbam, chunk, 16, 8);
PLACE(struct nvm_spec_lbam, sectr, 24, 8);

SIZE(struct nvm_spec_idfy_cgrp, 960);
PLACE(struct nvm_spec_idfy_cgrp, mtype, 0, 1);
PLACE(struct nvm_spec_idfy_cgrp, fmtype, 1, 1);
PLACE(struct nvm_spec_idfy_cgrp, rsvd_2_3, 2, 2);
PLACE(struct nvm_spec_idfy_cgrp, num_ch, 4, 1);
PLACE(struct nvm_spec_idfy_cgrp, num_lun, 5, 1);
PLACE(struct nvm_spec_idfy_cgrp, num_pln, 6, 1);
PLACE(struct nvm_spec_idfy_cgrp, rsdv_7, 7, 1);
PLACE(struct nvm_spec_idfy_cgrp, num_blk, 8, 2);
PLACE(struct nvm_spec_idfy_cgrp, num_pg, 10, 2);
PLACE(struct nvm_spec_idfy_cgrp, fpg_sz, 12, 2);
PLACE(struct nvm_spec_idfy_cgrp, csecs, 14, 2);
PLACE(struct nvm_spec_idfy_cgrp, sos, 16, 2);
PLACE(struct nvm_spec_idfy_cgrp, rsvd_18_19, 18, 2);
PLACE(struct nvm_spec_idfy_cgrp, trdt, 20, 4);
PLACE(struct nvm_spec_idfy_cgrp, trdm, 24, 4);
PLACE(struct nvm_spec_idfy_cgrp, tprt, 28, 4);
PLACE(struct nvm_spec_idfy_cgrp, tprm, 32, 4);
PLACE(struct nvm_spec_idfy_cgrp, tbet, 36, 4);
PLACE(struct nvm_spec_idfy_cgrp, tbem, 40, 4);
PLACE(struct nvm_spec_idfy_cgrp, mpos, 44, 4);
PLACE(struct nvm_spec_idfy_cgrp, mccap, 48, 4);
PLACE(struct nvm_spec_idfy_cgrp, cpar, 52, 2);
PLACE(struct nvm_spec_idfy_cgrp, rsvd_54_63, 54, 10);
PLACE(struct nvm_spec_idfy_cgrp, mts, 64, 896);

SIZE(struct nvm_spec_idfy_s12, 4096);
PLACE(struct nvm_spec_idfy_s12, verid, 0, 1);
PLACE(struct nvm_spec_idfy_s12, vnvmt, 1, 1);
PLACE(struct nvm_spec_idfy_s12, cgroups, 2, 1);
PLACE(struct nvm_spec_idfy_s12, rsvd3, 3, 1);
PLACE(struct nvm_spec_idfy_s12, cap, 4, 4);
PLACE(struct nvm_spec_idfy_s12, dom, 8, 4);
PLACE(struct nvm_spec_idfy_s12, ppaf, 12, 16);
PLACE(struct nvm_spec_idfy_s12, rsdv_028_255, 28, 228);
PLACE(struct nvm_spec_idfy_s12, grp, 256, 3840);

SIZE(struct nvm_spec_lgeo, 64);
PLACE(struct nvm_spec_lgeo, npugrp, 0, 2);
PLACE(struct nvm_spec_lgeo, npunit, 2, 2);
PLACE(struct nvm_spec_lgeo, nchunk, 4, 4);
PLACE(struct nvm_spec_lgeo, nsectr, 8, 4);
PLACE(struct nvm_spec_lgeo, resv, 12, 52);

SIZE(struct nvm_spec_wrt, 64);
PLACE(struct nvm_spec_wrt, ws_min, 0, 4);
PLACE(struct nvm_spec_wrt, ws_opt, 4, 4);
PLACE(struct nvm_spec_wrt, mw_cunits, 8, 4);
PLACE(struct nvm_spec_wrt, maxoc, 12, 4);
PLACE(struct nvm_spec_wrt, maxocpu, 16, 4);
PLACE(struct nvm_spec_wrt, resv, 20, 44);

SIZE(struct nvm_spec_perf, 64);
PLACE(struct nvm_spec_perf, trdt, 0, 4);
PLACE(struct nvm_spec_perf, trdm, 4, 4);
PLACE(struct nvm_spec_perf, twrt, 8, 4);
PLACE(struct nvm_spec_perf, twrm, 12, 4);
PLACE(struct nvm_spec_perf, tcet, 16, 4);
PLACE(struct nvm_spec_perf, tcem, 20, 4);
PLACE(struct nvm_spec_perf, resv, 24, 40);

SIZE(struct nvm_spec_idfy_s20, 4096);
PLACE(struct nvm_spec_idfy_s20, verid, 0, 1);
PLACE(struct nvm_spec_idfy_s20, verid_minor, 1, 1);
PLACE(struct nvm_spec_idfy_s20, rsvd1, 2, 6);
PLACE(struct nvm_spec_idfy_s20, lbaf, 8, 8);
PLACE(struct nvm_spec_idfy_s20, mccap, 16, 4);
PLACE(struct nvm_spec_idfy_s20, rsvd2, 20, 12);
PLACE(struct nvm_spec_idfy_s20, wit, 32, 1);
PLACE(struct nvm_spec_idfy_s20, rsvd3, 33, 31);
PLACE(struct nvm_spec_idfy_s20, lgeo, 64, 64);
PLACE(struct nvm_spec_idfy_s20, wrt, 128, 64);
PLACE(struct nvm_spec_idfy_s20, perf, 192, 64);
PLACE(struct nvm_spec_idfy_s20, rsvd4, 256, 2816);
PLACE(struct nvm_spec_idfy_s20, vndr, 3072, 1024);

SIZE(struct nvm_spec_idfy, 4096);
PLACE(struct nvm_spec_idfy, s12, 0, 4096);
PLACE(struct nvm_spec_idfy, s20, 0, 4096);
PLACE(struct nvm_spec_idfy, s.verid, 0, 1);
PLACE(struct nvm_spec_idfy, s.verid_minor, 1, 1);
PLACE(struct nvm_spec_idfy, s.rsvd, 2, 4094);

SIZE(struct nvm_spec_bbt, 64);
PLACE(struct nvm_spec_bbt, tblid, 0, 4);
PLACE(struct nvm_spec_bbt, verid, 4, 2);
PLACE(struct nvm_spec_bbt, revid, 6, 2);
PLACE(struct nvm_spec_bbt, rvsd1, 8, 4);
PLACE(struct nvm_spec_bbt, tblks, 12, 4);
PLACE(struct nvm_spec_bbt, tfact, 16, 4);
PLACE(struct nvm_spec_bbt, tgrown, 20, 4);
PLACE(struct nvm_spec_bbt, tdresv, 24, 4);
PLACE(struct nvm_spec_bbt, thresv, 28, 4);
PLACE(struct nvm_spec_bbt, rsvd2, 32, 32);
STATIC(offsetof(struct nvm_spec_bbt, blk) == 64);

SIZE(struct nvm_spec_rprt_descr, 32);
PLACE(struct nvm_spec_rprt_descr, cs, 0, 1);
PLACE(struct nvm_spec_rprt_descr, ct, 1, 1);
PLACE(struct nvm_spec_rprt_descr, wli, 2, 1);
PLACE(struct nvm_spec_rprt_descr, rsvd1, 3, 5);
PLACE(struct nvm_spec_rprt_descr, addr, 8, 8);
PLACE(struct nvm_spec_rprt_descr, naddrs, 16, 8);
PLACE(struct nvm_spec_rprt_descr, wp, 24, 8);

PLACE(struct nvm_spec_rprt, ndescr, 0, 4);
STATIC(offsetof(struct nvm_spec_rprt, descr) == 8);

SIZE(union nvm_nvme_feat, 4);
PLACE(union nvm_nvme_feat, error_recovery, 0, 4);
PLACE(union nvm_nvme_feat, media_feedback, 0, 4);
PLACE(union nvm_nvme_feat, a, 0, 4);

SIZE(struct nvm_nvme_lbaf, 4);
PLACE(struct nvm_nvme_lbaf, ms, 0, 2);
PLACE(struct nvm_nvme_lbaf, ds, 2, 1);
PLACE(struct nvm_nvme_lbaf, rp, 3, 1);

SIZE(struct nvm_nvme_ns, 4096);
PLACE(struct nvm_nvme_ns, nsze, 0, 8);
PLACE(struct nvm_nvme_ns, ncap, 8, 8);
PLACE(struct nvm_nvme_ns, nuse, 16, 8);
PLACE(struct nvm_nvme_ns, nsfeat, 24, 1);
PLACE(struct nvm_nvme_ns, nlbaf, 25, 1);
PLACE(struct nvm_nvme_ns, flbas, 26, 1);
PLACE(struct nvm_nvme_ns, mc, 27, 1);
PLACE(struct nvm_nvme_ns, dpc, 28, 1);
PLACE(struct nvm_nvme_ns, dps, 29, 1);
PLACE(struct nvm_nvme_ns, nmic, 30, 1);
PLACE(struct nvm_nvme_ns, rescap, 31, 1);
PLACE(struct nvm_nvme_ns, fpi, 32, 1);
PLACE(struct nvm_nvme_ns, dlfeat, 33, 1);
PLACE(struct nvm_nvme_ns, nawun, 34, 2);
PLACE(struct nvm_nvme_ns, nawupf, 36, 2);
PLACE(struct nvm_nvme_ns, nacwu, 38, 2);
PLACE(struct nvm_nvme_ns, nabsn, 40, 2);
PLACE(struct nvm_nvme_ns, nabo, 42, 2);
PLACE(struct nvm_nvme_ns, nabspf, 44, 2);
PLACE(struct nvm_nvme_ns, noiob, 46, 2);
PLACE(struct nvm_nvme_ns, nvmcap, 48, 16);
PLACE(struct nvm_nvme_ns, rsvd64, 64, 40);
PLACE(struct nvm_nvme_ns, nguid, 104, 16);
PLACE(struct nvm_nvme_ns, eui64, 120, 8);
PLACE(struct nvm_nvme_ns, lbaf, 128, 64);
PLACE(struct nvm_nvme_ns, rsvd192, 192, 192);
PLACE(struct nvm_nvme_ns, vs, 384, 3712);

SIZE(struct nvm_nvme_dsm_range, 16);
PLACE(struct nvm_nvme_dsm_range, cattr, 0, 4);
PLACE(struct nvm_nvme_dsm_range, nlb, 4, 4);
PLACE(struct nvm_nvme_dsm_range, slba, 8, 8);

SIZE(struct nvm_nvme_status, 2);
SIZE(struct nvm_nvme_cpl, 16);
PLACE(struct nvm_nvme_cpl, cdw0, 0, 4);
PLACE(struct nvm_nvme_cpl, rsvd1, 4, 4);
PLACE(struct nvm_nvme_cpl, sqhd, 8, 2);
PLACE(struct nvm_nvme_cpl, sqid, 10, 2);
PLACE(struct nvm_nvme_cpl, cid, 12, 2);
PLACE(struct nvm_nvme_cpl, status, 14, 2);

SIZE(struct nvm_nvme_sgl_descriptor, 16);
PLACE(struct nvm_nvme_sgl_descriptor, addr, 0, 8);
PLACE(struct nvm_nvme_sgl_descriptor, generic, 8, 8);
PLACE(struct nvm_nvme_sgl_descriptor, unkeyed, 8, 8);

SIZE(struct nvm_nvme_cmd, 64);
PLACE(struct nvm_nvme_cmd, cid, 2, 2);
PLACE(struct nvm_nvme_cmd, nsid, 4, 4);
PLACE(struct nvm_nvme_cmd, cdw02, 8, 4);
PLACE(struct nvm_nvme_cmd, cdw03, 12, 4);
PLACE(struct nvm_nvme_cmd, mptr, 16, 8);
PLACE(struct nvm_nvme_cmd, dptr, 24, 16);
PLACE(struct nvm_nvme_cmd, dptr.prp.prp1, 24, 8);
PLACE(struct nvm_nvme_cmd, dptr.prp.prp2, 32, 8);
PLACE(struct nvm_nvme_cmd, dptr.sgl, 24, 16);
PLACE(struct nvm_nvme_cmd, addrs, 40, 8);
PLACE(struct nvm_nvme_cmd, dsm, 40, 8);
PLACE(struct nvm_nvme_cmd, rprt, 40, 8);
PLACE(struct nvm_nvme_cmd, sfeat, 40, 8);
PLACE(struct nvm_nvme_cmd, sfeat.feat, 44, 4);
PLACE(struct nvm_nvme_cmd, gfeat, 40, 8);
PLACE(struct nvm_nvme_cmd, gfeat.unused11, 44, 4);
PLACE(struct nvm_nvme_cmd, padc.ndt, 40, 4);
PLACE(struct nvm_nvme_cmd, padc.ndm, 44, 4);
PLACE(struct nvm_nvme_cmd, nvme, 48, 4);
PLACE(struct nvm_nvme_cmd, s12, 48, 4);
PLACE(struct nvm_nvme_cmd, s20, 48, 4);
PLACE(struct nvm_nvme_cmd, lpol, 48, 4);
PLACE(struct nvm_nvme_cmd, cdw12, 48, 4);
PLACE(struct nvm_nvme_cmd, lpou, 52, 4);
PLACE(struct nvm_nvme_cmd, cdw13, 52, 4);
PLACE(struct nvm_nvme_cmd, addrs_dst, 56, 8);

// Where a bit field lies only a value can say: a member that is all ones, as dwords.
static uint32_t dword(const void* from, size_t number) {
  uint32_t value;
  memcpy(&value, (const char*)from + number * sizeof(value), sizeof(value));
  return value;
}

#define CHECK_FIELD(type, member, ones, number, expected) \
  do {                                                    \
    type value;                                           \
    memset(&value, 0, sizeof(value));                     \
    value.member = (ones);                                \
    CHECK_HEX(expected, dword(&value, number));           \
  } while (0)

#define CMD struct nvm_nvme_cmd
TEST(command_fields_are_where_the_reference_says) {
  CHECK_FIELD(CMD, opcode, 0xFF, 0, 0xFF);
  CHECK_FIELD(CMD, fuse, 3, 0, 0x300);
  CHECK_FIELD(CMD, rsvd, 0xF, 0, 0x3C00);
  CHECK_FIELD(CMD, psdt, 3, 0, 0xC000);
  CHECK_FIELD(CMD, dsm.nr, 0xFF, 10, 0xFF);
  CHECK_FIELD(CMD, dsm.rsvd10, 0xFFFFFF, 10, 0xFFFFFF00);
  CHECK_FIELD(CMD, dsm.idr, 1, 11, 1);
  CHECK_FIELD(CMD, dsm.idw, 1, 11, 2);
  CHECK_FIELD(CMD, dsm.ad, 1, 11, 4);
  CHECK_FIELD(CMD, dsm.rsvd11, 0x1FFFFFFF, 11, 0xFFFFFFF8);
  CHECK_FIELD(CMD, rprt.lid, 0xFF, 10, 0xFF);
  CHECK_FIELD(CMD, rprt.lsp, 0xF, 10, 0xF00);
  CHECK_FIELD(CMD, rprt.rsvd10, 7, 10, 0x7000);
  CHECK_FIELD(CMD, rprt.rae, 1, 10, 0x8000);
  CHECK_FIELD(CMD, rprt.numdl, 0xFFFF, 10, 0xFFFF0000);
  CHECK_FIELD(CMD, rprt.numdu, 0xFFFF, 11, 0xFFFF);
  CHECK_FIELD(CMD, rprt.rsvd11, 0xFFFF, 11, 0xFFFF0000);
  CHECK_FIELD(CMD, sfeat.fid, 0xFF, 10, 0xFF);
  CHECK_FIELD(CMD, sfeat.save, 1, 10, 0x80000000);
  CHECK_FIELD(CMD, gfeat.fid, 0xFF, 10, 0xFF);
  CHECK_FIELD(CMD, gfeat.sel, 7, 10, 0x700);
  CHECK_FIELD(CMD, nvme.naddrs, 0xFFFF, 12, 0xFFFF);
  CHECK_FIELD(CMD, nvme.rsvd, 0x3FF, 12, 0x3FF0000);
  CHECK_FIELD(CMD, nvme.prinfo, 0xF, 12, 0x3C000000);
  CHECK_FIELD(CMD, nvme.fua, 1, 12, 0x40000000);
  CHECK_FIELD(CMD, nvme.lr, 1, 12, 0x80000000);
  CHECK_FIELD(CMD, s12.naddrs, 0xFFFF, 12, 0xFFFF);
  CHECK_FIELD(CMD, s12.control, 0xFFFF, 12, 0xFFFF0000);
  CHECK_FIELD(CMD, s20.naddrs, 0x3F, 12, 0x3F);
  CHECK_FIELD(CMD, s20.rsvd, 0xFFFFFF, 12, 0x3FFFFFC0);
  CHECK_FIELD(CMD, s20.fua, 1, 12, 0x40000000);
  CHECK_FIELD(CMD, s20.lr, 1, 12, 0x80000000);
}

TEST(other_bit_fields_are_where_the_reference_says) {
  CHECK_FIELD(union nvm_nvme_feat, error_recovery.tler, 0xFFFF, 0, 0xFFFF);
  CHECK_FIELD(union nvm_nvme_feat, error_recovery.dulbe, 1, 0, 0x10000);
  CHECK_FIELD(union nvm_nvme_feat, media_feedback.hecc, 1, 0, 1);
  CHECK_FIELD(union nvm_nvme_feat, media_feedback.vhecc, 1, 0, 2);
  CHECK_FIELD(struct nvm_nvme_cpl, status.p, 1, 3, 0x10000);
  CHECK_FIELD(struct nvm_nvme_cpl, status.sc, 0xFF, 3, 0x1FE0000);
  CHECK_FIELD(struct nvm_nvme_cpl, status.sct, 7, 3, 0xE000000);
  CHECK_FIELD(struct nvm_nvme_cpl, status.rsvd2, 3, 3, 0x30000000);
  CHECK_FIELD(struct nvm_nvme_cpl, status.m, 1, 3, 0x40000000);
  CHECK_FIELD(struct nvm_nvme_cpl, status.dnr, 1, 3, 0x80000000);
  CHECK_FIELD(struct nvm_nvme_sgl_descriptor, generic.subtype, 0xF, 3, 0xF000000);
  CHECK_FIELD(struct nvm_nvme_sgl_descriptor, generic.type, 0xF, 3, 0xF0000000);
  CHECK_FIELD(struct nvm_nvme_sgl_descriptor, unkeyed.len, 0xFFFFFFFF, 2, 0xFFFFFFFF);
  CHECK_FIELD(struct nvm_nvme_sgl_descriptor, unkeyed.subtype, 0xF, 3, 0xF000000);
  CHECK_FIELD(struct nvm_nvme_sgl_descriptor, unkeyed.type, 0xF, 3, 0xF0000000);
}
