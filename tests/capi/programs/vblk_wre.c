// SPDX-License-Identifier: BSD-2-Clause
// A virtual block over one free chunk of each unit: write, read, compare, erase; waited for, and several at a time.
#include "program.h"

enum { MOST = 256 << 20 };  // bytes of a buffer

static void write_read_erase(int naddrs, uint16_t options) {
  struct nvm_addr addrs[128];
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, naddrs, addrs));
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs, naddrs);
  ENSURE(vblk != NULL);
  if ((options & NVM_CMD_SCALAR) != 0) ENSURE(nvm_vblk_set_scalar(vblk) == 0);
  if ((options & NVM_CMD_ASYNC) != 0) ENSURE(nvm_vblk_set_async(vblk, 0) == 0);
  const size_t nbytes = nvm_vblk_get_nbytes(vblk);
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nbytes, 0);
  ENSURE(bufs != NULL);
  nvm_buf_set_fill(bufs);
  ENSURE(nvm_vblk_write(vblk, bufs->write, nbytes) == (ssize_t)nbytes);
  ENSURE(nvm_vblk_read(vblk, bufs->read, nbytes) == (ssize_t)nbytes);
  ENSURE(nvm_buf_diff(bufs->write, bufs->read, nbytes) == 0);
  ENSURE(nvm_vblk_erase(vblk) == (ssize_t)nbytes);
  nvm_buf_set_free(bufs);
  nvm_vblk_free(vblk);
}

void run(void) {
  const size_t units = geo->l.npugrp * geo->l.npunit, fit = MOST / (nsectr * sector_size);
  const size_t n = units < fit ? units : fit;
  for (int i = 0; i < 2; ++i) {
    write_read_erase((int)(n < 128 ? n : 128), kAddressing[i]);
    write_read_erase((int)(n < 128 ? n : 128), (uint16_t)(kAddressing[i] | NVM_CMD_ASYNC));
  }
}
