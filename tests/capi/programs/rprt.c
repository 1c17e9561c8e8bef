// SPDX-License-Identifier: BSD-2-Clause
// The chunk report of a unit and of the device; a chunk goes from FREE over OPEN to CLOSED and back.
#include "program.h"

static void life_of_a_chunk(struct nvm_addr* unit) {
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, unit, 0, NULL);
  ENSURE(rprt != NULL);
  ENSURE(rprt->ndescr == geo->l.nchunk * (unit != NULL ? 1 : geo->l.npunit * geo->l.npugrp));
  uint32_t i = (uint32_t)geo->l.nchunk / 2;
  while (i < rprt->ndescr && rprt->descr[i].cs != NVM_CHUNK_STATE_FREE) ++i;
  ENSURE(i < rprt->ndescr);
  struct nvm_addr chunk = nvm_addr_dev2gen(dev, rprt->descr[i].addr);
  nvm_buf_free(dev, rprt);
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, &chunk, 1);
  ENSURE(vblk != NULL);
  const size_t half = nsectr / ws_opt / 2 * ws_opt;
  ENSURE(nvm_vblk_write(vblk, NULL, half * sector_size) == (ssize_t)(half * sector_size));
  struct nvm_spec_rprt_descr descr = chunk_at(chunk);
  ENSURE(descr.cs == NVM_CHUNK_STATE_OPEN && descr.wp == half);
  ENSURE(nvm_vblk_pad(vblk) > 0);
  descr = chunk_at(chunk);
  ENSURE(descr.cs == NVM_CHUNK_STATE_CLOSED && descr.wp == nsectr);
  ENSURE(nvm_vblk_erase(vblk) > 0);
  descr = chunk_at(chunk);
  ENSURE(descr.cs == NVM_CHUNK_STATE_FREE && descr.wp == 0);
  nvm_vblk_free(vblk);
}

void run(void) {
  struct nvm_addr unit;
  unit.val = 0;
  unit.l.pugrp = geo->l.npugrp / 2 & 0xFF;
  unit.l.punit = geo->l.npunit / 2 & 0xFF;
  life_of_a_chunk(&unit);
  life_of_a_chunk(NULL);
}
