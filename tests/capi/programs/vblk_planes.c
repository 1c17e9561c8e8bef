// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 1.2: virtual blocks over all planes of blocks of each LUN, in each plane mode: erase, write, read, pad, by
// parts.
#include "program.h"

enum { MOST = 128 };

static size_t super_page;

static void by_parts(struct nvm_vblk* vblk, struct nvm_buf_set* bufs) {
  const size_t nbytes = bufs->nbytes, stripe = super_page * (size_t)nvm_vblk_get_naddrs(vblk),
               half = nbytes / 2 / stripe * stripe;
  ENSURE(nvm_vblk_erase(vblk) == (ssize_t)nbytes);
  ENSURE(nvm_vblk_get_pos_write(vblk) == 0 && nvm_vblk_get_pos_read(vblk) == 0);
  ENSURE(nvm_vblk_write(vblk, bufs->write, half) == (ssize_t)half);
  ENSURE(nvm_vblk_get_pos_write(vblk) == half);
  ENSURE(nvm_vblk_pread(vblk, bufs->read, stripe, half - stripe) == (ssize_t)stripe);
  ENSURE(nvm_buf_diff(bufs->write + half - stripe, bufs->read, stripe) == 0);
  ENSURE(nvm_vblk_pread(vblk, bufs->read, stripe, half) == -1 && errno == EIO);
  ENSURE(nvm_vblk_pwrite(vblk, bufs->write, super_page, 0) == -1 && errno == EIO);
  ENSURE(nvm_vblk_pad(vblk) == (ssize_t)(nbytes - half));
  ENSURE(nvm_vblk_get_pos_write(vblk) == nbytes);
  ENSURE(nvm_vblk_read(vblk, bufs->read, nbytes) == (ssize_t)nbytes);
  ENSURE(nvm_buf_diff(bufs->write, bufs->read, half) == 0);
}

static void whole(struct nvm_vblk* vblk, struct nvm_buf_set* bufs) {
  const size_t nbytes = bufs->nbytes;
  ENSURE(nvm_vblk_erase(vblk) == (ssize_t)nbytes);
  ENSURE(nvm_vblk_write(vblk, bufs->write, nbytes) == (ssize_t)nbytes);
  ENSURE(nvm_vblk_read(vblk, bufs->read, nbytes) == (ssize_t)nbytes);
  ENSURE(nvm_buf_diff(bufs->write, bufs->read, nbytes) == 0);
  ENSURE(nvm_vblk_get_pos_read(vblk) == nbytes);
}

static void refused(struct nvm_vblk* vblk, struct nvm_buf_set* bufs) {
  ENSURE(nvm_vblk_pwrite(vblk, bufs->write, super_page - sector_size, 0) == -1 && errno == EINVAL);
  ENSURE(nvm_vblk_pread(vblk, bufs->read, super_page, sector_size) == -1 && errno == EINVAL);
  ENSURE(nvm_vblk_pwrite(vblk, bufs->write, super_page, bufs->nbytes) == -1 && errno == EINVAL);
  ENSURE(nvm_vblk_copy(vblk, vblk, 0) == -1 && errno == ENOSYS);
}

static void exercise(struct nvm_vblk* vblk) {
  ENSURE(vblk != NULL && nvm_vblk_get_dev(vblk) == dev);
  const size_t nbytes = nvm_vblk_get_nbytes(vblk);
  ENSURE(nbytes == (size_t)nvm_vblk_get_naddrs(vblk) * geo->npages * super_page);
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nbytes, 0);
  ENSURE(bufs != NULL);
  nvm_buf_set_fill(bufs);
  whole(vblk, bufs);
  by_parts(vblk, bufs);
  refused(vblk, bufs);
  ENSURE(nvm_vblk_erase(vblk) == (ssize_t)nbytes);
  nvm_buf_set_free(bufs);
  nvm_vblk_free(vblk);
}

// Whether the block can be used on all planes of all LUNs.
static bool good_everywhere(size_t blk) {
  for (size_t i = 0; i < geo->nchannels * geo->nluns; ++i) {
    struct nvm_addr lun;
    lun.val = 0;
    lun.g.ch = (i / geo->nluns) & 0xFF;
    lun.g.lun = (i % geo->nluns) & 0xFF;
    const struct nvm_bbt* bbt = nvm_bbt_get(dev, lun, NULL);
    ENSURE(bbt != NULL);
    for (size_t pl = 0; pl < geo->nplanes; ++pl) {
      if (bbt->blks[blk * geo->nplanes + pl] != NVM_BBT_FREE) return false;
    }
  }
  return true;
}

static void line(void) {
  size_t blk = 0;
  while (blk < geo->nblocks && !good_everywhere(blk)) ++blk;
  ENSURE(blk < geo->nblocks);
  exercise(nvm_vblk_alloc_line(dev, 0, (int)geo->nchannels - 1, 0, (int)geo->nluns - 1, (int)blk));
}

static void arbitrary(int naddrs) {
  struct nvm_addr addrs[MOST];
  ENSURE(nvm_cmd_gbbt_arbs(dev, NVM_BBT_FREE, naddrs, addrs) == 0);
  exercise(nvm_vblk_alloc(dev, addrs, naddrs));
}

void run(void) {
  const int all = nvm_dev_get_pmode(dev);
  const size_t luns = geo->nchannels * geo->nluns;
  super_page = geo->nplanes * nsectr * sector_size;
  for (int i = 0; i < 2; ++i) {
    const int pmode = i == 0 ? all : NVM_FLAG_PMODE_SNGL;
    ENSURE(nvm_dev_set_pmode(dev, pmode) == 0);
    arbitrary(1);
    arbitrary((int)(luns < MOST ? luns : MOST));
    line();
  }
}
