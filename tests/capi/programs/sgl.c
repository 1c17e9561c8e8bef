// SPDX-License-Identifier: BSD-2-Clause
// Lists of data and of metadata: the sectors of a command come alternately from the two halves of a buffer.
#include "program.h"

// Lists of `n` entries, entry i from half i % 2.
static void fill(struct nvm_sgl* sgl, char* buf, size_t half, size_t entry, size_t first, size_t n) {
  nvm_sgl_reset(sgl);
  for (size_t i = first; i < first + n; ++i) {
    ENSURE(nvm_sgl_add(dev, sgl, buf + i % 2 * half + i / 2 * entry, entry) == 0);
  }
}

static void transfer(uint16_t addressing, size_t nwrite, size_t nread) {
  struct nvm_addr chunk;
  struct nvm_ret ret;
  const size_t half = nwrite / 2 * sector_size, half_meta = nwrite / 2 * oob_size;
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, 2 * half, 2 * half_meta);
  struct nvm_sgl *sgl = nvm_sgl_create(dev, (int)ws_opt), *meta = nvm_sgl_create(dev, 0);
  ENSURE(bufs != NULL && sgl != NULL && meta != NULL && find_chunks(NVM_CHUNK_STATE_FREE, 1, &chunk));
  nvm_buf_set_fill(bufs);
  for (int i = 0; i < 2; ++i) {
    memset(bufs->write + (size_t)i * half, 'A' + i, half);
    memset(bufs->write_meta + (size_t)i * half_meta, 'C' + i, half_meta);
  }
  const uint16_t flags = (uint16_t)(addressing | NVM_CMD_SGL | NVM_CMD_SGL_META);
  struct nvm_addr addrs[NVM_NADDR_MAX];
  for (int writes = 1; writes >= 0; --writes) {
    for (size_t s = 0; s < (writes ? nwrite : nread); s += ws_opt) {
      struct nvm_addr addr = chunk;
      addr.l.sectr = (uint32_t)s;
      nvm_addr_fill_crange(addrs, addr, (uint32_t)ws_opt);
      fill(sgl, writes ? bufs->write : bufs->read, half, sector_size, s, ws_opt);
      fill(meta, writes ? bufs->write_meta : bufs->read_meta, half_meta, oob_size, s, ws_opt);
      ENSURE(0 == (writes ? nvm_cmd_write(dev, addrs, (int)ws_opt, sgl, meta, flags, &ret)
                          : nvm_cmd_read(dev, addrs, (int)ws_opt, sgl, meta, flags, &ret)));
    }
  }
  for (size_t i = 0; i < 2; ++i) {
    ENSURE(nvm_buf_diff(bufs->write + i * half, bufs->read + i * half, nread / 2 * sector_size) == 0);
    ENSURE(nvm_buf_diff(bufs->write_meta + i * half_meta, bufs->read_meta + i * half_meta, nread / 2 * oob_size) == 0);
  }
  nvm_sgl_destroy(dev, sgl);
  nvm_sgl_destroy(dev, meta);
  nvm_buf_set_free(bufs);
  give_back(chunk);
}

void run(void) {
  if (oob_size == 0) return;
  for (int i = 0; i < 2; ++i) {
    transfer(kAddressing[i], ws_opt + (mw_cunits + ws_opt - 1) / ws_opt * ws_opt, ws_opt);
    transfer(kAddressing[i], nsectr, nsectr);
  }
}
