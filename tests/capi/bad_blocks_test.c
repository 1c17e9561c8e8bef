// SPDX-License-Identifier: BSD-2-Clause
// nvm_bbt_*, nvm_cmd_gbbt, _sbbt and _gbbt_arbs: read, marked, set, cached and flushed.
#include "harness.h"

enum { PLANES = 2, BLOCKS = 26, ENTRIES = PLANES * BLOCKS };

static const char kUri[] =
    "emu:?name=tables&spec=1.2&groups=2&punits=2&planes=2&blocks=26&pages=2&page_sectors=1&bad=none";

static struct nvm_ret ret;

static struct nvm_dev* open_tables(int cached) {
  struct nvm_dev* dev = nvm_dev_open(kUri);
  if (dev == NULL) failed(__FILE__, __LINE__, "nvm_dev_open", "a device", nvm_last_error());
  CHECK_INT(0, nvm_dev_set_bbts_cached(dev, cached));
  return dev;
}

static struct nvm_addr block(unsigned ch, unsigned lun, unsigned blk, unsigned pl) {
  struct nvm_addr addr;
  addr.val = 0;
  addr.g.ch = ch;
  addr.g.lun = lun;
  addr.g.blk = blk;
  addr.g.pl = pl & 0xFF;
  return addr;
}

// What the device says, whatever is cached.
static int on_device(struct nvm_dev* dev, struct nvm_addr addr) {
  struct nvm_spec_bbt* bbt = nvm_cmd_gbbt(dev, addr, &ret);
  CHECK(bbt != NULL);
  CHECK_INT(0, memcmp(bbt->tblid, "BBLT", 4));
  CHECK_INT(1, bbt->verid);
  CHECK_INT(ENTRIES, bbt->tblks);
  const int state = bbt->blk[(unsigned)addr.g.blk * PLANES + (unsigned)addr.g.pl];
  nvm_buf_free(dev, bbt);
  return state;
}

TEST(marking_is_seen_at_once_without_a_cache) {
  struct nvm_dev* dev = open_tables(0);
  struct nvm_addr addrs[] = {block(0, 1, 4, 0), block(0, 1, 4, 1), block(0, 1, 9, 1)};
  CHECK_INT(0, nvm_bbt_mark(dev, addrs, 3, NVM_BBT_HMRK, &ret));
  const struct nvm_bbt* bbt = nvm_bbt_get(dev, addrs[0], &ret);
  CHECK(bbt != NULL);
  CHECK_INT(ENTRIES, bbt->nblks);
  CHECK_INT(3, bbt->nhmrk);
  CHECK_INT(0, bbt->nbad + bbt->ngbad + bbt->ndmrk);
  CHECK_INT(NVM_BBT_HMRK, bbt->blks[8]);
  CHECK_INT(NVM_BBT_HMRK, bbt->blks[9]);
  CHECK_INT(NVM_BBT_FREE, bbt->blks[18]);
  CHECK_INT(NVM_BBT_HMRK, bbt->blks[19]);
  // What was read before must not undo it when the device is closed.
  CHECK_INT(0, nvm_bbt_mark(dev, addrs, 3, NVM_BBT_FREE, &ret));
  struct nvm_dev* keep = open_tables(0);
  nvm_dev_close(dev);
  CHECK_INT(NVM_BBT_FREE, on_device(keep, addrs[0]));
  nvm_dev_close(keep);
}

TEST(marking_waits_for_the_flush_with_a_cache) {
  struct nvm_dev* dev = open_tables(1);
  struct nvm_addr addr = block(1, 0, 5, 1);
  CHECK_INT(0, nvm_bbt_mark(dev, &addr, 1, NVM_BBT_GBAD, &ret));
  CHECK_INT(NVM_BBT_FREE, on_device(dev, addr));
  CHECK_INT(1, nvm_bbt_get(dev, addr, &ret)->ngbad);
  CHECK_INT(0, nvm_bbt_flush(dev, addr, &ret));
  CHECK_INT(NVM_BBT_GBAD, on_device(dev, addr));
  CHECK_INT(0, nvm_bbt_mark(dev, &addr, 1, NVM_BBT_FREE, &ret));
  CHECK_INT(0, nvm_bbt_flush_all(dev, &ret));
  CHECK_INT(NVM_BBT_FREE, on_device(dev, addr));
  // Closing flushes.
  CHECK_INT(0, nvm_bbt_mark(dev, &addr, 1, NVM_BBT_DMRK, &ret));
  struct nvm_dev* keep = open_tables(0);
  nvm_dev_close(dev);
  CHECK_INT(NVM_BBT_DMRK, on_device(keep, addr));
  nvm_dev_close(keep);
}

TEST(a_whole_table_is_set) {
  for (int cached = 0; cached < 2; ++cached) {
    struct nvm_dev* dev = open_tables(cached);
    struct nvm_bbt* bbt = nvm_bbt_alloc_cp(nvm_bbt_get(dev, block(1, 1, 0, 0), &ret));
    CHECK(bbt != NULL);
    for (unsigned i = 20; i < 24; ++i) bbt->blks[i] = cached ? NVM_BBT_BAD : NVM_BBT_HMRK;
    CHECK_INT(0, nvm_bbt_set(dev, bbt, &ret));
    const struct nvm_bbt* now = nvm_bbt_get(dev, block(1, 1, 0, 0), &ret);
    CHECK(now != NULL);
    CHECK_INT(0, memcmp(bbt->blks, now->blks, ENTRIES));
    CHECK_INT(cached ? 4 : 0, now->nbad);
    CHECK_INT(cached ? 0 : 4, now->nhmrk);
    CHECK_INT(0, nvm_bbt_flush_all(dev, &ret));
    CHECK_INT(cached ? NVM_BBT_BAD : NVM_BBT_HMRK, on_device(dev, block(1, 1, 10, 0)));
    bbt->blks[3] = 7;
    CHECK_REFUSED(EINVAL, nvm_bbt_set(dev, bbt, &ret));
    nvm_bbt_free(bbt);
    nvm_dev_close(dev);
  }
}

TEST(arbitrary_blocks_are_in_the_state_asked_for) {
  struct nvm_dev* dev = open_tables(0);
  struct nvm_addr addrs[4];
  struct nvm_addr bad = block(0, 0, 3, 1);
  CHECK_INT(0, nvm_cmd_gbbt_arbs(dev, NVM_BBT_FREE, 4, addrs));
  for (int i = 0; i < 4; ++i) CHECK_INT(0, nvm_addr_check(addrs[i], dev));
  CHECK_INT(0, nvm_cmd_gbbt_arbs(dev, NVM_BBT_FREE, 0, NULL));
  CHECK_REFUSED(EINVAL, nvm_cmd_gbbt_arbs(dev, NVM_BBT_FREE, 5, addrs));
  CHECK_REFUSED(EINVAL, nvm_cmd_gbbt_arbs(dev, NVM_BBT_BAD, 1, addrs));
  CHECK_INT(0, nvm_cmd_sbbt(dev, &bad, 1, NVM_BBT_BAD, &ret));
  CHECK_INT(0, nvm_cmd_gbbt_arbs(dev, NVM_BBT_BAD, 1, addrs));
  CHECK_INT(3, addrs[0].g.blk);
  nvm_dev_close(dev);
}

TEST(wrong_arguments_are_refused) {
  struct nvm_dev* dev = open_tables(0);
  struct nvm_addr addr = block(0, 0, 0, 0), outside = block(0, 0, BLOCKS, 0), nowhere = block(2, 0, 0, 0);
  struct nvm_addr many[65];
  for (unsigned i = 0; i < 65; ++i) many[i] = addr;
  CHECK_REFUSED(EINVAL, nvm_cmd_sbbt(dev, &addr, 0, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sbbt(dev, many, 65, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sbbt(dev, &addr, 1, 3, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sbbt(dev, &outside, 1, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sbbt(dev, NULL, 1, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_sbbt(NULL, &addr, 1, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(EINVAL, nvm_bbt_mark(dev, &outside, 1, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(EINVAL, nvm_bbt_mark(NULL, &addr, 1, NVM_BBT_BAD, NULL));
  CHECK_NULL(EINVAL, nvm_cmd_gbbt(dev, nowhere, &ret));
  CHECK_NULL(EINVAL, nvm_cmd_gbbt(NULL, addr, &ret));
  CHECK_NULL(EINVAL, nvm_bbt_get(dev, nowhere, &ret));
  CHECK_NULL(EINVAL, nvm_bbt_get(NULL, addr, NULL));
  CHECK_REFUSED(EINVAL, nvm_bbt_set(dev, NULL, &ret));
  CHECK_REFUSED(EINVAL, nvm_bbt_flush(dev, nowhere, &ret));
  CHECK_REFUSED(EINVAL, nvm_bbt_flush(NULL, addr, &ret));
  CHECK_REFUSED(EINVAL, nvm_bbt_flush_all(NULL, &ret));
  CHECK_NULL(EINVAL, nvm_bbt_alloc_cp(NULL));
  nvm_bbt_free(NULL);
  nvm_dev_close(dev);
  dev = nvm_dev_open("emu:?groups=1&punits=1&chunks=2&bad=none");
  CHECK(dev != NULL);
  CHECK_NULL(ENOTSUP, nvm_cmd_gbbt(dev, addr, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_cmd_sbbt(dev, &addr, 1, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_cmd_gbbt_arbs(dev, NVM_BBT_FREE, 1, &addr));
  CHECK_NULL(ENOTSUP, nvm_bbt_get(dev, addr, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_bbt_mark(dev, &addr, 1, NVM_BBT_BAD, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_bbt_flush(dev, addr, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_bbt_flush_all(dev, &ret));
  nvm_dev_close(dev);
}

TEST(tables_are_printed) {
  struct nvm_dev* dev = open_tables(0);
  struct nvm_addr addr = block(0, 0, 1, 1);
  CHECK_INT(0, nvm_bbt_mark(dev, &addr, 1, NVM_BBT_BAD, &ret));
  const struct nvm_bbt* bbt = nvm_bbt_get(dev, addr, &ret);
  capture_start();
  nvm_bbt_pr(bbt);
  const char* text = capture_stop();
  CHECK_CONTAINS(
      "bbt:\n  addr: 0x0000000000000000\n  nblks: 52\n  npl_blks: 26\n  pl_blks:\n    - 0000: [ FREE(0), FREE(0) ]\n"
      "    - 0001: [ FREE(0),  BAD(1) ]\n",
      text);
  CHECK_CONTAINS("  nbad: 1\n  gbad: 0\n  ndmrk: 0\n  nhmrk: 0\n", text);
  capture_start();
  nvm_bbt_pr(NULL);
  nvm_bbt_state_pr(3);
  CHECK_STR("bbt: ~\nEINVAL(3)", capture_stop());
  const int states[] = {NVM_BBT_FREE, NVM_BBT_BAD, NVM_BBT_GBAD, NVM_BBT_DMRK, NVM_BBT_HMRK, 256, -1};
  capture_start();
  for (unsigned i = 0; i < sizeof(states) / sizeof(*states); ++i) nvm_bbt_state_pr(states[i]);
  CHECK_STR("FREE(0) BAD(1)GBAD(2)DMRK(4)HMRK(8)EINVAL(256)EINVAL(-1)", capture_stop());
  nvm_dev_close(dev);
}
