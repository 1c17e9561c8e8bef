// SPDX-License-Identifier: BSD-2-Clause
// A chunk is written, copied to another unit inside the device, and read there.
#include "program.h"

static void copy(uint16_t flags) {
  struct nvm_addr chunks[2], from[NVM_NADDR_MAX], to[NVM_NADDR_MAX];
  struct nvm_ret ret;
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, 2, chunks));
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, ws_opt * sector_size, 0);
  ENSURE(bufs != NULL);
  nvm_buf_set_fill(bufs);
  for (int step = 0; step < 3; ++step) {
    for (size_t s = 0; s < nsectr; s += ws_opt) {
      const int n = (int)ws_opt;
      chunks[0].l.sectr = chunks[1].l.sectr = (uint32_t)s;
      memset(bufs->write, (int)(s / ws_opt), sector_size);
      nvm_addr_fill_crange(from, chunks[0], (uint32_t)n);
      nvm_addr_fill_crange(to, chunks[1], (uint32_t)n);
      if (step == 0) ENSURE(nvm_cmd_write(dev, from, n, bufs->write, NULL, flags, &ret) == 0);
      if (step == 1) ENSURE(nvm_cmd_copy(dev, from, to, n, 0, &ret) == 0);
      if (step == 2) {
        ENSURE(nvm_cmd_read(dev, to, n, bufs->read, NULL, flags, &ret) == 0);
        ENSURE(nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes) == 0);
      }
      ENSURE(ret.status == 0);
    }
  }
  nvm_buf_set_free(bufs);
  give_back(chunks[0]);
  give_back(chunks[1]);
}

void run(void) {
  for (int i = 0; i < 2; ++i) copy(kAddressing[i]);
}
