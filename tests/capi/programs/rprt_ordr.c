// SPDX-License-Identifier: BSD-2-Clause
// The report of the device is in the order of chunks, units, groups.
#include "program.h"

void run(void) {
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, NULL, 0, NULL);
  ENSURE(rprt != NULL && rprt->ndescr == geo->l.npugrp * geo->l.npunit * geo->l.nchunk);
  for (uint32_t i = 0; i < rprt->ndescr; ++i) {
    struct nvm_addr addr;
    addr.val = 0;
    addr.l.chunk = i % geo->l.nchunk & 0xFFFF;
    addr.l.punit = i / geo->l.nchunk % geo->l.npunit & 0xFF;
    addr.l.pugrp = i / geo->l.nchunk / geo->l.npunit & 0xFF;
    ENSURE(rprt->descr[i].addr == nvm_addr_gen2dev(dev, addr));
    const unsigned cs = rprt->descr[i].cs;
    ENSURE(cs == NVM_CHUNK_STATE_FREE || cs == NVM_CHUNK_STATE_OPEN || cs == NVM_CHUNK_STATE_CLOSED ||
           cs == NVM_CHUNK_STATE_OFFLINE);
  }
  nvm_buf_free(dev, rprt);
}
