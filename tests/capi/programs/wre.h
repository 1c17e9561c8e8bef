// SPDX-License-Identifier: BSD-2-Clause
// A whole chunk is written, read and erased, with and without metadata, by one way of addressing.
#pragma once

#include "program.h"

static inline void write_read_erase(uint16_t addressing, bool write_meta, bool read_meta, bool erase_meta) {
  struct nvm_addr chunk;
  struct nvm_ret ret;
  struct nvm_spec_rprt_descr after;
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, 1, &chunk));
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nsectr * sector_size, nsectr * oob_size);
  ENSURE(bufs != NULL);
  nvm_buf_set_fill(bufs);
  for (int writes = 1; writes >= 0; --writes) {
    for (size_t s = 0; s < nsectr; s += ws_min) {
      struct nvm_addr addr = chunk;
      addr.l.sectr = (uint32_t)s;
      ENSURE(0 == (writes ? write_at(addr, ws_min, bufs->write + s * sector_size,
                                     write_meta ? bufs->write_meta + s * oob_size : NULL, addressing, &ret)
                          : read_at(addr, ws_min, bufs->read + s * sector_size,
                                    read_meta ? bufs->read_meta + s * oob_size : NULL, addressing, &ret)));
      ENSURE(ret.status == 0);
    }
  }
  ENSURE(nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes) == 0);
  if (write_meta && read_meta) ENSURE(nvm_buf_diff(bufs->write_meta, bufs->read_meta, bufs->nbytes_meta) == 0);
  ENSURE(nvm_cmd_erase(dev, &chunk, 1, erase_meta ? &after : NULL, addressing, &ret) == 0);
  if (erase_meta) {
    ENSURE(after.cs == NVM_CHUNK_STATE_FREE && after.wp == 0 && after.naddrs == nsectr);
    ENSURE(after.addr == nvm_addr_gen2dev(dev, chunk));
  }
  ENSURE(chunk_at(chunk).cs == NVM_CHUNK_STATE_FREE);
  nvm_buf_set_free(bufs);
}
