// SPDX-License-Identifier: BSD-2-Clause
// Resets of chunks that are free, open, closed, offline, not there.
#include "program.h"

enum { MULTIPLE_RESETS = 2, EARLY_RESET = 4 };

static struct nvm_ret ret;

static int reset(struct nvm_addr chunk, uint16_t flags) {
  chunk.l.sectr = 0;
  return nvm_cmd_erase(dev, &chunk, 1, NULL, flags, &ret);
}

static void rules(uint16_t flags) {
  struct nvm_addr chunk, offline;
  const uint32_t mccap = nvm_dev_get_mccap(dev);
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, 1, &chunk));
  int rc = reset(chunk, flags);
  if ((mccap & MULTIPLE_RESETS) != 0) {
    ENSURE(rc == 0);
  } else {
    ENSURE_STATUS(rc, ret, INVALID_RESET);
  }
  char* data = nvm_buf_alloc(dev, ws_min * sector_size, NULL);
  ENSURE(data != NULL);
  nvm_buf_fill(data, ws_min * sector_size);
  ENSURE(write_at(chunk, ws_min, data, NULL, NVM_CMD_SCALAR, &ret) == 0);
  rc = reset(chunk, flags);
  if ((mccap & EARLY_RESET) != 0) {
    ENSURE(rc == 0);
    ENSURE(write_at(chunk, ws_min, data, NULL, NVM_CMD_SCALAR, &ret) == 0);
  } else {
    ENSURE_STATUS(rc, ret, INVALID_RESET);
  }
  for (struct nvm_addr addr = chunk; (addr.l.sectr += (uint32_t)ws_min) < nsectr;) {
    ENSURE(write_at(addr, ws_min, data, NULL, NVM_CMD_SCALAR, &ret) == 0);
  }
  ENSURE(chunk_at(chunk).cs == NVM_CHUNK_STATE_CLOSED);
  ENSURE(reset(chunk, flags) == 0);
  ENSURE(chunk_at(chunk).cs == NVM_CHUNK_STATE_FREE);
  if (find_chunks(NVM_CHUNK_STATE_OFFLINE, 1, &offline)) {
    rc = reset(offline, flags);
    ENSURE_STATUS(rc, ret, OFFLINE_CHUNK);
  }
  chunk.l.chunk = geo->l.nchunk & 0xFFFF;
  rc = reset(chunk, flags);
  ENSURE_STATUS(rc, ret, INVALID_RESET);
  nvm_buf_free(dev, data);
}

void run(void) {
  for (int i = 0; i < 2; ++i) rules(kAddressing[i]);
}
