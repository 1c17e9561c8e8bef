// SPDX-License-Identifier: BSD-2-Clause
// nvm_cmd_idfy, _rprt, _rprt_arbs, _gfeat, _sfeat, _copy, _flush, nvm_aer_poll, nvm_last_error, nvm_ret_*.
#include "harness.h"

static struct nvm_ret ret;

TEST(idfy_is_the_devices_geometry) {
  struct nvm_dev* dev = open_worked();
  struct nvm_spec_idfy* idfy = nvm_cmd_idfy(dev, &ret);
  CHECK(idfy != NULL);
  CHECK_HEX(0, ret.status);
  CHECK_INT(2, idfy->s.verid);
  CHECK_INT(8, idfy->s20.lgeo.npugrp);
  CHECK_INT(4, idfy->s20.lgeo.npunit);
  CHECK_INT(1474, idfy->s20.lgeo.nchunk);
  CHECK_INT(6144, idfy->s20.lgeo.nsectr);
  CHECK_INT(24, idfy->s20.wrt.ws_min);
  CHECK_INT(192, idfy->s20.wrt.mw_cunits);
  CHECK_INT(0, memcmp(&idfy->s20.lbaf, nvm_dev_get_lbaf(dev), 4));
  nvm_buf_free(dev, idfy);
  idfy = nvm_cmd_idfy(dev, NULL);
  CHECK(idfy != NULL);
  nvm_buf_free(dev, idfy);
  CHECK_NULL(EINVAL, nvm_cmd_idfy(NULL, &ret));
  nvm_dev_close(dev);
}

TEST(a_report_has_every_chunk_in_order) {
  struct nvm_dev* dev = open_small("");
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, NULL, 0, &ret);
  CHECK(rprt != NULL);
  CHECK_HEX(0, ret.status);
  CHECK_INT(NPUGRP * NPUNIT * NCHUNK, rprt->ndescr);
  for (unsigned i = 0; i < rprt->ndescr; ++i) {
    const struct nvm_addr addr = at(i / NCHUNK / NPUNIT, i / NCHUNK % NPUNIT, i % NCHUNK, 0);
    CHECK_HEX(nvm_addr_gen2dev(dev, addr), rprt->descr[i].addr);
    CHECK_HEX(i == 7 ? NVM_CHUNK_STATE_OFFLINE : NVM_CHUNK_STATE_FREE, rprt->descr[i].cs);
    CHECK_HEX(NVM_CHUNK_TYPE_SEQR, rprt->descr[i].ct);
    CHECK_INT(NSECTR, rprt->descr[i].naddrs);
    if (i != 7) CHECK_INT(0, rprt->descr[i].wp);
  }
  nvm_buf_free(dev, rprt);
  nvm_dev_close(dev);
}

TEST(a_report_of_a_unit_has_its_chunks) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr unit = at(1, 2, 0, 0);
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, &unit, 0xFF, NULL);
  CHECK(rprt != NULL);
  CHECK_INT(NCHUNK, rprt->ndescr);
  for (unsigned i = 0; i < NCHUNK; ++i) CHECK_HEX(nvm_addr_gen2dev(dev, at(1, 2, i, 0)), rprt->descr[i].addr);
  nvm_buf_free(dev, rprt);
  nvm_dev_close(dev);
}

// A chunk other than the first moves the window, as it always did; it ends where the log does.
TEST(a_report_from_a_chunk_on_goes_into_the_next_unit) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr chunk = at(0, 0, 4, 0);
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, &chunk, 0, NULL);
  CHECK(rprt != NULL);
  CHECK_INT(NCHUNK, rprt->ndescr);
  CHECK_HEX(nvm_addr_gen2dev(dev, chunk), rprt->descr[0].addr);
  CHECK_HEX(nvm_addr_gen2dev(dev, at(0, 1, 3, 0)), rprt->descr[9].addr);
  nvm_buf_free(dev, rprt);
  chunk = at(1, 2, 4, 0);
  rprt = nvm_cmd_rprt(dev, &chunk, 0, &ret);
  CHECK(rprt != NULL);
  CHECK_INT(NCHUNK - 4, rprt->ndescr);
  CHECK_HEX(nvm_addr_gen2dev(dev, at(1, 2, 9, 0)), rprt->descr[5].addr);
  nvm_buf_free(dev, rprt);
  nvm_dev_close(dev);
}

TEST(reports_refuse_what_is_not_on_the_device) {
  struct nvm_dev* dev = open_small("");
  static const unsigned kBad[][3] = {{NPUGRP, 0, 0}, {0, NPUNIT, 0}, {0, 0, NCHUNK}};
  for (int i = 0; i < 3; ++i) {
    struct nvm_addr addr = at(kBad[i][0], kBad[i][1], kBad[i][2], 0);
    CHECK_NULL(EINVAL, nvm_cmd_rprt(dev, &addr, 0, &ret));
  }
  CHECK_NULL(EINVAL, nvm_cmd_rprt(NULL, NULL, 0, &ret));
  nvm_dev_close(dev);
}

TEST(arbitrary_chunks_are_of_the_state_and_on_units_of_their_own) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr addrs[NPUGRP * NPUNIT + 1];
  for (unsigned seed = 0; seed < 30; ++seed) {
    unsigned seen = 0;
    srand(seed);
    CHECK_INT(0, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, NPUGRP * NPUNIT, addrs));
    for (int i = 0; i < NPUGRP * NPUNIT; ++i) {
      CHECK_HEX(0, nvm_addr_check(addrs[i], dev));
      CHECK_INT(0, addrs[i].l.sectr);
      CHECK_HEX(NVM_CHUNK_STATE_FREE, chunk_of(dev, addrs[i]).cs);
      seen |= 1U << (addrs[i].l.pugrp * NPUNIT + addrs[i].l.punit);
    }
    CHECK_HEX((1U << (NPUGRP * NPUNIT)) - 1, seen);
  }
  // One is of the first unit, two are of the first unit of each group.
  CHECK_INT(0, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_OFFLINE, 1, addrs));
  CHECK_HEX(at(0, 0, 7, 0).val, addrs[0].val);
  CHECK_INT(0, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 2, addrs));
  CHECK_INT(0, addrs[0].l.punit + addrs[1].l.punit);
  CHECK_INT(1, addrs[0].l.pugrp + addrs[1].l.pugrp);
  nvm_dev_close(dev);
}

TEST(arbitrary_chunks_are_the_same_with_the_same_seed) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr one[3], other[3];
  srand(42);
  CHECK_INT(0, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 3, one));
  srand(42);
  CHECK_INT(0, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 3, other));
  CHECK_INT(0, memcmp(one, other, sizeof(one)));
  nvm_dev_close(dev);
}

TEST(arbitrary_chunks_refuse_counts_and_states_without_any) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr addrs[NPUGRP * NPUNIT + 1];
  CHECK_INT(0, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 0, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, -1, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, NPUGRP * NPUNIT + 1, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 1, NULL));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(NULL, NVM_CHUNK_STATE_FREE, 1, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_OFFLINE, 2, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_OPEN, 1, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE | NVM_CHUNK_STATE_OPEN, 1, addrs));
  nvm_dev_close(dev);
}

TEST(features_are_set_and_read_back) {
  struct nvm_dev* dev = open_small("");
  union nvm_nvme_feat feat;
  for (int on = 0; on < 2; ++on) {
    set_dulbe(dev, on);
    feat.a = 0xFFFFFFFF;
    CHECK_INT(0, nvm_cmd_gfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, &ret));
    CHECK_INT(on, feat.error_recovery.dulbe);
    CHECK_HEX(0, ret.status);
  }
  feat.a = NVM_NVME_FEAT_MEDIA_FEEDBACK_HECC(3);
  CHECK_INT(0, nvm_cmd_sfeat(dev, NVM_NVME_FEAT_MEDIA_FEEDBACK, &feat, NULL));
  feat.a = 0;
  CHECK_INT(0, nvm_cmd_gfeat(dev, NVM_NVME_FEAT_MEDIA_FEEDBACK, &feat, NULL));
  CHECK_HEX(1, feat.a);
  nvm_dev_close(dev);
}

TEST(features_refuse_bad_arguments) {
  struct nvm_dev* dev = open_small("");
  union nvm_nvme_feat feat;
  feat.a = 0;
  CHECK_REFUSED(EINVAL, nvm_cmd_gfeat(NULL, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_gfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, NULL, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sfeat(NULL, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, NULL, &ret));
  CHECK_STATUS(0x002, nvm_cmd_gfeat(dev, (enum nvm_nvme_feat_id)0xEE, &feat, &ret), ret);
  CHECK_STATUS(0x002, nvm_cmd_sfeat(dev, (enum nvm_nvme_feat_id)0xEE, &feat, &ret), ret);
  nvm_dev_close(dev);
}

static char* filled(struct nvm_dev* dev) {
  char* data = nvm_buf_alloc(dev, NSECTR * SECTOR, NULL);
  CHECK(data != NULL);
  nvm_buf_fill(data, NSECTR * SECTOR);
  return data;
}

TEST(copies_move_sectors_inside_the_device) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr from[64], to[64];
  char *data = filled(dev), *back = nvm_buf_alloc(dev, WS_OPT * SECTOR, NULL);
  write_sectors(dev, at(0, 0, 0, 0), NSECTR, data);
  for (unsigned s = 0; s < NSECTR; s += 32) {
    nvm_addr_fill_crange(from, at(0, 0, 0, s), 32);
    nvm_addr_fill_crange(to, at(1, 1, 1, s), 32);
    CHECK_INT(0, nvm_cmd_copy(dev, from, to, 32, 0, &ret));
    CHECK_HEX(0, ret.status);
  }
  for (unsigned s = 0; s < NSECTR; s += WS_OPT) {
    nvm_addr_fill_crange(to, at(1, 1, 1, s), WS_OPT);
    CHECK_INT(0, nvm_cmd_read(dev, to, WS_OPT, back, NULL, 0, &ret));
    CHECK_INT(0, nvm_buf_diff(data + s * SECTOR, back, WS_OPT * SECTOR));
  }
  nvm_buf_free(dev, back);
  nvm_buf_free(dev, data);
  nvm_dev_close(dev);
}

TEST(copies_refuse_bad_arguments_and_tell_the_devices_verdict) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr from[64], to[64];
  char* data = filled(dev);
  write_sectors(dev, at(0, 0, 0, 0), NSECTR, data);
  nvm_addr_fill_crange(from, at(0, 0, 0, 0), 64);
  nvm_addr_fill_crange(to, at(0, 0, 1, 0), 64);
  CHECK_REFUSED(EINVAL, nvm_cmd_copy(NULL, from, to, 8, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_copy(dev, NULL, to, 8, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_copy(dev, from, NULL, 8, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_copy(dev, from, to, 0, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_copy(dev, from, to, 65, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_copy(dev, from, to, -8, 0, &ret));
  CHECK_STATUS(0x280, nvm_cmd_copy(dev, from, from, 8, 0, &ret), ret);
  CHECK_STATUS(0x2F2, nvm_cmd_copy(dev, from, to + 8, 8, 0, &ret), ret);
  CHECK_STATUS(0x002, nvm_cmd_copy(dev, from, to, 1, 0, &ret), ret);
  set_dulbe(dev, 1);
  CHECK_STATUS(0x287, nvm_cmd_copy(dev, to, to, 8, 0, &ret), ret);
  CHECK_INT(0, chunk_of(dev, to[0]).wp);
  nvm_buf_free(dev, data);
  nvm_dev_close(dev);
}

TEST(a_device_without_copy_says_so) {
  struct nvm_dev* dev = open_small("mccap=0");
  struct nvm_addr addrs[8];
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 8);
  CHECK_REFUSED(ENOTSUP, nvm_cmd_copy(dev, addrs, addrs, 8, 0, &ret));
  CHECK_HEX(0, ret.status);
  struct nvm_vblk *from = nvm_vblk_alloc_line(dev, 0, 1, 0, 2, 1), *to = nvm_vblk_alloc_line(dev, 0, 1, 0, 2, 2);
  CHECK(from != NULL && to != NULL);
  CHECK_REFUSED(ENOTSUP, nvm_vblk_copy(from, to, 0));
  nvm_vblk_free(from);
  nvm_vblk_free(to);
  nvm_dev_close(dev);
}

TEST(flush_makes_durable_in_memory_and_in_a_file) {
  struct nvm_dev* dev = open_small("");
  CHECK_INT(0, nvm_cmd_flush(dev, 0, &ret));
  CHECK_HEX(0, ret.status);
  CHECK_INT(0, nvm_cmd_flush(dev, NVM_CMD_SYNC, NULL));
  CHECK_REFUSED(EINVAL, nvm_cmd_flush(NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_flush(dev, NVM_CMD_ASYNC, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_flush(dev, 1, NULL));
  nvm_dev_close(dev);
  dev = nvm_dev_open(make_image("device.img"));
  CHECK(dev != NULL);
  char* data = filled(dev);
  write_sectors(dev, at(0, 0, 0, 0), WS_MIN, data);
  CHECK_INT(0, nvm_cmd_flush(dev, 0, &ret));
  nvm_buf_free(dev, data);
  nvm_dev_close(dev);
}

TEST(what_was_written_is_there_when_the_file_is_opened_again) {
  const char* image = make_image("device.img");
  struct nvm_dev* dev = nvm_dev_open(image);
  char *data = filled(dev), *back = nvm_buf_alloc(dev, WS_OPT * SECTOR, NULL);
  struct nvm_addr addrs[WS_OPT];
  write_sectors(dev, at(1, 0, 2, 0), NSECTR, data);
  nvm_dev_close(dev);
  dev = nvm_dev_open(image);
  CHECK(dev != NULL);
  CHECK_HEX(NVM_CHUNK_STATE_CLOSED, chunk_of(dev, at(1, 0, 2, 0)).cs);
  nvm_addr_fill_crange(addrs, at(1, 0, 2, 0), WS_OPT);
  CHECK_INT(0, nvm_cmd_read(dev, addrs, WS_OPT, back, NULL, 0, &ret));
  CHECK_INT(0, nvm_buf_diff(data, back, WS_OPT * SECTOR));
  nvm_buf_free(dev, back);
  nvm_buf_free(dev, data);
  nvm_dev_close(dev);
}

// Erased again and again, a chunk moves away from the average wear by more than `wit`, which the device tells.
TEST(notifications_are_handed_out_once) {
  struct nvm_dev* dev = open_small("pe_cycles=200&wit=10");
  struct nvm_aer aers[4];
  struct nvm_addr addr = at(1, 2, 3, 0);
  memset(aers, 0, sizeof(aers));
  CHECK_INT(0, nvm_aer_poll(dev, aers, 4));
  for (int i = 0; i < 12; ++i) CHECK_INT(0, nvm_cmd_erase(dev, &addr, 1, NULL, 0, &ret));
  CHECK_INT(1, nvm_aer_poll(dev, aers, 1));
  CHECK_INT(1, aers[0].nid);
  CHECK_HEX(addr.val, aers[0].addr.val);
  CHECK_INT(1, aers[0].nsid);
  CHECK(aers[0].state != 0);
  const int more = nvm_aer_poll(dev, aers, 4);
  CHECK(more >= 0 && more <= 4);
  if (more > 0) CHECK_INT(2, aers[0].nid);
  while (nvm_aer_poll(dev, aers, 4) > 0) {
  }
  CHECK_INT(0, nvm_aer_poll(dev, aers, 4));
  CHECK_INT(0, nvm_aer_poll(dev, NULL, 0));
  CHECK_REFUSED(EINVAL, nvm_aer_poll(NULL, aers, 4));
  CHECK_REFUSED(EINVAL, nvm_aer_poll(dev, NULL, 4));
  CHECK_REFUSED(EINVAL, nvm_aer_poll(dev, aers, -1));
  nvm_dev_close(dev);
}

TEST(ret_prints_and_clears) {
  memset(&ret, 0xFF, sizeof(ret));
  CHECK_STR("nvm_ret: {result: {cdw0: 0xffffffff, vio: {cs: 0xffffffffffffffff}}, status: 0xffff}\n",
            PRINTED(nvm_ret_pr(&ret)));
  nvm_ret_clear(&ret);
  CHECK(ret.async.ctx == NULL && ret.async.cb == NULL && ret.async.cb_arg == NULL);
  CHECK_STR("nvm_ret: {result: {cdw0: 0x0, vio: {cs: 0x0}}, status: 0x0}\n", PRINTED(nvm_ret_pr(&ret)));
  CHECK_STR("nvm_ret: ~\n", PRINTED(nvm_ret_pr(NULL)));
  nvm_ret_clear(NULL);
}

// What fails says why in a sentence of its own, which is not that of the failure before.
#define CHECK_SENTENCE(part, call)               \
  do {                                           \
    CHECK(nvm_dev_open("/nonexistent") == NULL); \
    (void)(call);                                \
    CHECK_CONTAINS(part, nvm_last_error());      \
  } while (0)

TEST(failures_say_their_reason) {
  struct nvm_dev* dev = open_small("");
  struct nvm_addr addrs[4] = {at(0, 4, 0, 0), at(0, 0, 0, 0), at(0, 0, 0, 0), at(0, 0, 7, 0)};
  static char data[4 * SECTOR];
  char program[] = "program";
  char* argv[] = {program, NULL};
  CHECK_SENTENCE("context", nvm_async_get_depth(NULL));
  CHECK_SENTENCE("context", nvm_async_get_outstanding(NULL));
  CHECK_SENTENCE("places, not 1000000", nvm_async_init(dev, 1000000, 0));
  CHECK_SENTENCE("0x0004000000000000 exceeds", nvm_cmd_read(dev, addrs, 1, data, NULL, NVM_CMD_VECTOR, &ret));
  CHECK_SENTENCE("0x0004000000000000 exceeds", nvm_cmd_write(dev, addrs, 4, data, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_SENTENCE("0x0004000000000000 exceeds", nvm_cmd_erase(dev, addrs, 2, NULL, 0, &ret));
  CHECK_SENTENCE("0x0004000000000000 exceeds", nvm_cmd_copy(dev, addrs + 1, addrs, 1, 0, &ret));
  struct nvm_sgl* sgl = nvm_sgl_create(dev, 1);
  CHECK_INT(0, nvm_sgl_add(dev, sgl, data, SECTOR));
  CHECK_SENTENCE("4096 bytes, the command 8192", nvm_cmd_read(dev, addrs + 1, 2, sgl, NULL, NVM_CMD_SGL, &ret));
  nvm_sgl_destroy(dev, sgl);
  CHECK_SENTENCE("0x0000000000000000 is there twice", nvm_vblk_alloc(dev, addrs + 1, 2));
  CHECK_SENTENCE("0x0000000700000000 is offline", nvm_vblk_alloc(dev, addrs + 3, 1));
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs + 1, 1);
  CHECK_SENTENCE("places, not 1000000", nvm_vblk_set_async(vblk, 1000000));
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
  CHECK(freopen("/dev/null", "w", stderr) != NULL);
  CHECK_SENTENCE("naddrs", nvm_bp_init("emu:", 0, 0));
  CHECK_SENTENCE("naddrs", nvm_bp_init("emu:", 0, -1));
  CHECK_SENTENCE("arguments", nvm_bp_init_from_args(1, argv));
}

TEST(the_last_error_is_empty_until_something_fails) {
  CHECK_STR("", nvm_last_error());
  CHECK(nvm_dev_open("emu:?groups=0") == NULL);
  CHECK_CONTAINS("groups", nvm_last_error());
}
