// SPDX-License-Identifier: BSD-2-Clause
// Writes at the write pointer, before and behind it, to closed and offline chunks, and to none.
#include "program.h"

static struct nvm_ret ret;
static char* data;

static int write_sectors(struct nvm_addr chunk, size_t sectr, uint16_t flags) {
  chunk.l.sectr = (uint32_t)sectr;
  return write_at(chunk, ws_min, data, NULL, flags, &ret);
}

static void check(struct nvm_addr chunk, unsigned cs, size_t wp) {
  const struct nvm_spec_rprt_descr descr = chunk_at(chunk);
  ENSURE(descr.cs == cs && descr.wp == wp);
}

static void rules(uint16_t flags) {
  struct nvm_addr chunk, offline;
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, 1, &chunk));
  size_t wp = 0;
  for (; wp < 2 * ws_min; wp += ws_min) {
    ENSURE(write_sectors(chunk, wp, flags) == 0);
    check(chunk, NVM_CHUNK_STATE_OPEN, wp + ws_min);
  }
  int rc = write_sectors(chunk, wp + ws_min, flags);
  ENSURE_STATUS(rc, ret, OUT_OF_ORDER);
  rc = write_sectors(chunk, wp - ws_min, flags);
  ENSURE_STATUS(rc, ret, OUT_OF_ORDER);
  check(chunk, NVM_CHUNK_STATE_OPEN, wp);
  for (; wp < nsectr; wp += ws_min) ENSURE(write_sectors(chunk, wp, flags) == 0);
  check(chunk, NVM_CHUNK_STATE_CLOSED, nsectr);
  rc = write_sectors(chunk, 0, flags);
  ENSURE_STATUS(rc, ret, WRITE_FAULT);
  if (find_chunks(NVM_CHUNK_STATE_OFFLINE, 1, &offline)) {
    rc = write_sectors(offline, 0, flags);
    ENSURE_STATUS(rc, ret, WRITE_FAULT);
  }
  struct nvm_addr nowhere = chunk;
  nowhere.l.pugrp = geo->l.npugrp & 0xFF;
  rc = write_sectors(nowhere, 0, flags);
  ENSURE_STATUS(rc, ret, WRITE_FAULT);
  give_back(chunk);
}

void run(void) {
  data = nvm_buf_alloc(dev, ws_min * sector_size, NULL);
  ENSURE(data != NULL);
  nvm_buf_fill(data, ws_min * sector_size);
  for (int i = 0; i < 2; ++i) rules(kAddressing[i]);
  nvm_buf_free(dev, data);
}
