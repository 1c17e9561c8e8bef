// SPDX-License-Identifier: BSD-2-Clause
// Every sector's address in each format and back; on a large device the first and last sectors of every chunk.
#include "program.h"

static void convert(struct nvm_addr addr) {
  ENSURE(nvm_addr_check(addr, dev) == 0);
  const uint64_t lba = nvm_addr_gen2dev(dev, addr);
  ENSURE(nvm_addr_dev2gen(dev, lba).val == addr.val);
  ENSURE(nvm_addr_off2gen(dev, nvm_addr_gen2off(dev, addr)).val == addr.val);
  ENSURE(nvm_addr_dev2gen(dev, nvm_addr_off2dev(dev, nvm_addr_dev2off(dev, lba))).val == addr.val);
}

void run(void) {
  const size_t all = geo->tbytes / sector_size;
  const size_t step = all > (4 << 20) ? nsectr - 1 : 1;
  struct nvm_addr addr;
  addr.val = 0;
  for (size_t g = 0; g < geo->l.npugrp; ++g) {
    addr.l.pugrp = g & 0xFF;
    for (size_t u = 0; u < geo->l.npunit; ++u) {
      addr.l.punit = u & 0xFF;
      for (size_t c = 0; c < geo->l.nchunk; ++c) {
        addr.l.chunk = c & 0xFFFF;
        addr.l.sectr = 0;
        ENSURE(nvm_addr_lpo2gen(dev, nvm_addr_gen2lpo(dev, addr)).val == addr.val);
        for (size_t s = 0; s < nsectr; s += step) {
          addr.l.sectr = (uint32_t)s;
          convert(addr);
        }
      }
    }
  }
}
