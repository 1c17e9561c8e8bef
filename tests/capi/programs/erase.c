// SPDX-License-Identifier: BSD-2-Clause
// One chunk, and as many as a group has units, are written full and erased; vectors bring descriptors back.
#include "program.h"

static void erase(int naddrs, uint16_t flags, bool with_meta) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_spec_rprt_descr before[NVM_NADDR_MAX], *after = NULL;
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, naddrs, addrs));
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs, naddrs);
  ENSURE(vblk != NULL && nvm_vblk_pad(vblk) > 0);
  nvm_vblk_free(vblk);
  for (int i = 0; i < naddrs; ++i) {
    before[i] = chunk_at(addrs[i]);
    ENSURE(before[i].cs == NVM_CHUNK_STATE_CLOSED);
  }
  if (with_meta) ENSURE((after = nvm_buf_alloc(dev, (size_t)naddrs * sizeof(*after), NULL)) != NULL);
  ENSURE(nvm_cmd_erase(dev, addrs, naddrs, after, flags, NULL) == 0);
  for (int i = 0; i < naddrs; ++i) {
    const struct nvm_spec_rprt_descr now = chunk_at(addrs[i]);
    ENSURE(now.cs == NVM_CHUNK_STATE_FREE && now.wp == 0 && now.ct == before[i].ct && now.wli >= before[i].wli);
    ENSURE(now.addr == before[i].addr && now.naddrs == before[i].naddrs);
    if (with_meta) ENSURE(memcmp(&now, &after[i], sizeof(now)) == 0);
  }
  nvm_buf_free(dev, after);
}

void run(void) {
  const int many = (int)(geo->l.npunit < NVM_NADDR_MAX ? geo->l.npunit : NVM_NADDR_MAX);
  for (int i = 0; i < 2; ++i) {
    erase(1, kAddressing[i], false);
    erase(many, kAddressing[i], false);
  }
  erase(1, NVM_CMD_VECTOR, true);
  erase(many, NVM_CMD_VECTOR, true);
}
