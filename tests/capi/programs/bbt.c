// SPDX-License-Identifier: BSD-2-Clause
// Bad block tables, without and with the cache: get, mark in calls of several sizes, set, flush; the counters are
// right.
#include "program.h"

enum { MARKED = 64, FIRST = 4, FLIPPED = 4 };

static struct nvm_addr lun;

// The table that `bbt` is; its counters are those of its entries.
static void ensure_sound(const struct nvm_bbt* bbt) {
  uint32_t counts[NVM_BBT_HMRK + 1] = {0};
  ENSURE(bbt != NULL && bbt->dev == dev && bbt->nblks == geo->nplanes * geo->nblocks);
  for (uint64_t i = 0; i < bbt->nblks; ++i) {
    const uint8_t state = bbt->blks[i];
    ENSURE(state <= NVM_BBT_HMRK && (state & (state - 1)) == 0);
    ++counts[state];
  }
  ENSURE(bbt->nbad == counts[NVM_BBT_BAD] && bbt->ngbad == counts[NVM_BBT_GBAD]);
  ENSURE(bbt->ndmrk == counts[NVM_BBT_DMRK] && bbt->nhmrk == counts[NVM_BBT_HMRK]);
}

static const struct nvm_bbt* get(void) {
  struct nvm_ret ret;
  const struct nvm_bbt* bbt = nvm_bbt_get(dev, lun, &ret);
  ensure_sound(bbt);
  return bbt;
}

// What the device itself has of an entry.
static uint8_t on_device(size_t entry) {
  struct nvm_spec_bbt* bbt = nvm_cmd_gbbt(dev, lun, NULL);
  ENSURE(bbt != NULL && entry < bbt->tblks);
  const uint8_t state = bbt->blk[entry];
  nvm_buf_free(dev, bbt);
  return state;
}

static size_t entry_of(struct nvm_addr addr) { return (size_t)addr.g.blk * geo->nplanes + (size_t)addr.g.pl; }

// All planes of blocks that are spread evenly over the LUN.
static void spread(struct nvm_addr addrs[MARKED]) {
  const size_t nblocks = MARKED / geo->nplanes, step = (geo->nblocks - FIRST) / nblocks;
  ENSURE(step > 0);
  for (size_t i = 0; i < MARKED; ++i) {
    addrs[i] = lun;
    addrs[i].g.blk = (FIRST + i / geo->nplanes * step) & 0xFFFF;
    addrs[i].g.pl = (i % geo->nplanes) & 0xFF;
  }
}

static void mark(bool cached) {
  static const int kAtOnce[] = {64, 32, 16, 1};
  static const uint16_t kStates[] = {NVM_BBT_FREE, NVM_BBT_HMRK};
  struct nvm_addr addrs[MARKED];
  struct nvm_ret ret;
  spread(addrs);
  for (size_t n = 0; n < sizeof(kAtOnce) / sizeof(kAtOnce[0]); ++n) {
    for (int s = 0; s < 2; ++s) {
      const uint8_t before = on_device(entry_of(addrs[MARKED - 1]));
      for (int i = 0; i < MARKED; i += kAtOnce[n]) {
        ENSURE(nvm_bbt_mark(dev, addrs + i, kAtOnce[n], kStates[s], &ret) == 0);
      }
      const struct nvm_bbt* bbt = get();
      for (int i = 0; i < MARKED; ++i) ENSURE(bbt->blks[entry_of(addrs[i])] == kStates[s]);
      ENSURE(on_device(entry_of(addrs[MARKED - 1])) == (cached ? before : kStates[s]));
    }
  }
}

// Four blocks change between free and reserved, on all planes.
static void set(bool cached) {
  struct nvm_ret ret;
  struct nvm_bbt* bbt = nvm_bbt_alloc_cp(get());
  ENSURE(bbt != NULL);
  for (size_t blk = 10; blk < 10 + 4 * FLIPPED; blk += 4) {
    for (size_t pl = 0; pl < geo->nplanes; ++pl) {
      uint8_t* state = &bbt->blks[blk * geo->nplanes + pl];
      *state = *state == NVM_BBT_FREE ? NVM_BBT_HMRK : NVM_BBT_FREE;
    }
  }
  const size_t first = 10 * geo->nplanes;
  const uint8_t before = on_device(first);
  ENSURE(nvm_bbt_set(dev, bbt, &ret) == 0);
  const struct nvm_bbt* now = get();
  ENSURE(memcmp(now->blks, bbt->blks, bbt->nblks) == 0);
  ENSURE(on_device(first) == (cached ? before : bbt->blks[first]));
  ENSURE(nvm_bbt_flush(dev, lun, &ret) == 0);
  ENSURE(on_device(first) == bbt->blks[first]);
  ENSURE(memcmp(get()->blks, bbt->blks, bbt->nblks) == 0);
  nvm_bbt_free(bbt);
}

void run(void) {
  struct nvm_ret ret;
  lun.val = 0;
  lun.g.ch = (geo->nchannels / 2) & 0xFF;
  lun.g.lun = (geo->nluns / 2) & 0xFF;
  struct nvm_bbt* found = nvm_bbt_alloc_cp(get());
  ENSURE(found != NULL);
  for (int cached = 0; cached < 2; ++cached) {
    ENSURE(nvm_bbt_flush_all(dev, &ret) == 0);
    ENSURE(nvm_dev_set_bbts_cached(dev, cached) == 0 && nvm_dev_get_bbts_cached(dev) == cached);
    mark(cached);
    set(cached);
  }
  ENSURE(nvm_bbt_set(dev, found, &ret) == 0 && nvm_bbt_flush_all(dev, &ret) == 0);
  ENSURE(memcmp(get()->blks, found->blks, found->nblks) == 0);
  nvm_bbt_free(found);
}
