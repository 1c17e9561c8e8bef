// SPDX-License-Identifier: BSD-2-Clause
// The loop whose instructions are counted: addresses become the device's own names through the C API.
#include <liblightnvm.h>
#include <stdio.h>

/* Usage: bench_c_translate_loop ADDRESSES */
int main(int argc, char** argv) {
  const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
  struct nvm_dev* dev = nvm_dev_open("emu:?groups=8&punits=4&chunks=12&bad=none");
  if (!dev) return perror(nvm_last_error()), 1;
  uint64_t lost = 0;
  for (uint64_t i = 0; i < count; ++i) {
    struct nvm_addr addr;
    addr.val = 0;
    addr.l.pugrp = i % 8;
    addr.l.punit = i / 8 % 4;
    addr.l.chunk = i / 32 % 12;
    addr.l.sectr = i % 24;
    lost += nvm_addr_dev2gen(dev, nvm_addr_gen2dev(dev, addr)).val != addr.val;
  }
  nvm_dev_close(dev);
  printf("%llu addresses, %llu lost\n", (unsigned long long)count, (unsigned long long)lost);
  return lost != 0;
}
