// SPDX-License-Identifier: BSD-2-Clause
// Reads of chunks that are free, offline, not there, of sectors too near to the write pointer, and behind it.
#include "program.h"

static char *data, *back;
static struct nvm_ret ret;

// Predefined data without DULBE, the error with it.
static void unwritten(struct nvm_addr addr, size_t n, uint16_t flags, bool dulbe) {
  memset(back, 0x5A, n * sector_size);
  const int rc = read_at(addr, n, back, NULL, flags, &ret);
  if (dulbe) {
    ENSURE_STATUS(rc, ret, DULB);
    return;
  }
  ENSURE(rc == 0 && ret.status == 0);
  const unsigned dlfeat = nvm_dev_get_ns(dev)->dlfeat & 7;
  for (size_t i = 0; i < n * sector_size && (dlfeat == 1 || dlfeat == 2); ++i)
    ENSURE(back[i] == (dlfeat == 1 ? 0 : (char)0xFF));
}

static void rules(uint16_t flags, bool dulbe) {
  struct nvm_addr chunk, offline;
  set_dulbe(dulbe);
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, 1, &chunk));
  unwritten(chunk, 1, flags, dulbe);
  if (find_chunks(NVM_CHUNK_STATE_OFFLINE, 1, &offline)) unwritten(offline, 1, flags, dulbe);
  struct nvm_addr nowhere = chunk;
  nowhere.l.chunk = geo->l.nchunk & 0xFFFF;
  unwritten(nowhere, 1, flags, dulbe);
  struct nvm_addr addr = chunk;
  for (; addr.l.sectr < mw_cunits; addr.l.sectr += (uint32_t)ws_min) {
    ENSURE(write_at(addr, ws_min, data, NULL, flags, &ret) == 0);
  }
  if (mw_cunits != 0) unwritten(chunk, ws_min, flags, dulbe);
  ENSURE(write_at(addr, ws_min, data, NULL, flags, &ret) == 0);
  ENSURE(chunk_at(chunk).wp == mw_cunits + ws_min);
  ENSURE(read_at(chunk, ws_min, back, NULL, flags, &ret) == 0);
  ENSURE(nvm_buf_diff(data, back, ws_min * sector_size) == 0);
  addr.l.sectr += (uint32_t)ws_min;
  unwritten(addr, ws_min, flags, dulbe);
  set_dulbe(false);
  give_back(chunk);
}

void run(void) {
  data = nvm_buf_alloc(dev, ws_min * sector_size, NULL);
  back = nvm_buf_alloc(dev, ws_min * sector_size, NULL);
  ENSURE(data != NULL && back != NULL);
  nvm_buf_fill(data, ws_min * sector_size);
  for (int i = 0; i < 4; ++i) rules(kAddressing[i % 2], i >= 2);
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
}
