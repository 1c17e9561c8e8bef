// SPDX-License-Identifier: BSD-2-Clause
// nvm_addr_*: the formulas of the reference, its worked example, bounds, and every sector of a device there and back.
#include "harness.h"

TEST(the_worked_example) {
  struct nvm_dev* dev = open_worked();
  struct nvm_addr addr;
  addr.val = 0x0402008e00000003;
  CHECK_HEX(0x1211c003, nvm_addr_gen2dev(dev, addr));
  CHECK_HEX(addr.val, nvm_addr_dev2gen(dev, 0x1211c003).val);
  CHECK_HEX(0x1211c003ULL << 12, nvm_addr_gen2off(dev, addr));
  CHECK_HEX(addr.val, nvm_addr_off2gen(dev, 0x1211c003ULL << 12).val);
  CHECK_HEX(0x1211c003ULL << 12, nvm_addr_dev2off(dev, 0x1211c003));
  CHECK_HEX(0x1211c003, nvm_addr_off2dev(dev, 0x1211c003ULL << 12));
  CHECK_INT(((4 * 4 + 2) * 1474 + 142) * 32, nvm_addr_gen2lpo(dev, addr));
  addr.val = 0x020100000000000a;
  CHECK_HEX(0x0900000a, nvm_addr_gen2dev(dev, addr));
  CHECK_HEX(addr.val, nvm_addr_dev2gen(dev, 0x0900000a).val);
  nvm_dev_close(dev);
}

TEST(every_sector_is_there_and_back) {
  struct nvm_dev* dev = open_small("");
  for (unsigned g = 0; g < NPUGRP; ++g) {
    for (unsigned u = 0; u < NPUNIT; ++u) {
      for (unsigned c = 0; c < NCHUNK; ++c) {
        const struct nvm_addr chunk = at(g, u, c, 0);
        CHECK_INT(((g * NPUNIT + u) * NCHUNK + c) * 32, nvm_addr_gen2lpo(dev, chunk));
        CHECK_HEX(chunk.val, nvm_addr_lpo2gen(dev, nvm_addr_gen2lpo(dev, chunk)).val);
        for (unsigned s = 0; s < NSECTR; ++s) {
          const struct nvm_addr addr = at(g, u, c, s);
          const uint64_t lba = nvm_addr_gen2dev(dev, addr);
          CHECK_INT(0, nvm_addr_check(addr, dev));
          CHECK_HEX((uint64_t)g << 13 | u << 11 | c << 7 | s, lba);
          CHECK_HEX(addr.val, nvm_addr_dev2gen(dev, lba).val);
          CHECK_HEX(addr.val, nvm_addr_off2gen(dev, nvm_addr_gen2off(dev, addr)).val);
          CHECK_HEX(lba, nvm_addr_off2dev(dev, nvm_addr_dev2off(dev, lba)));
        }
      }
    }
  }
  nvm_dev_close(dev);
}

TEST(check_names_each_component_that_exceeds) {
  struct nvm_dev* dev = open_small("");
  CHECK_HEX(0, nvm_addr_check(at(NPUGRP - 1, NPUNIT - 1, NCHUNK - 1, NSECTR - 1), dev));
  CHECK_HEX(NVM_BOUNDS_PUGRP, nvm_addr_check(at(NPUGRP, 0, 0, 0), dev));
  CHECK_HEX(NVM_BOUNDS_PUNIT, nvm_addr_check(at(0, NPUNIT, 0, 0), dev));
  CHECK_HEX(NVM_BOUNDS_CHUNK, nvm_addr_check(at(0, 0, NCHUNK, 0), dev));
  CHECK_HEX(NVM_BOUNDS_SECTR, nvm_addr_check(at(0, 0, 0, NSECTR), dev));
  CHECK_HEX(NVM_BOUNDS_PUGRP | NVM_BOUNDS_PUNIT | NVM_BOUNDS_CHUNK | NVM_BOUNDS_SECTR,
            nvm_addr_check(at(0xFF, 0xFF, 0xFFFF, 0xFFFFFFFF), dev));
  CHECK_REFUSED(EINVAL, nvm_addr_check(at(0, 0, 0, 0), NULL));
  nvm_dev_close(dev);
}

TEST(what_exceeds_a_field_spills_into_the_next) {
  struct nvm_dev* dev = open_worked();
  CHECK_HEX(1 << 13, nvm_addr_gen2dev(dev, at(0, 0, 0, 1 << 13)));
  CHECK_HEX(1 << 24, nvm_addr_gen2dev(dev, at(0, 0, 1 << 11, 0)));
  CHECK_HEX(1 << 26, nvm_addr_gen2dev(dev, at(0, 4, 0, 0)));
  CHECK_HEX(1 << 29, nvm_addr_gen2dev(dev, at(8, 0, 0, 0)));
  nvm_dev_close(dev);
}

TEST(without_a_device_conversions_are_refused) {
  const struct nvm_addr addr = at(0, 0, 0, 0);
#define CHECK_NOWHERE(call)        \
  do {                             \
    errno = 0;                     \
    CHECK_HEX(UINT64_MAX, (call)); \
    CHECK_INT(EINVAL, errno);      \
  } while (0)
  CHECK_NOWHERE(nvm_addr_gen2lpo(NULL, addr));
  CHECK_NOWHERE(nvm_addr_lpo2gen(NULL, 0).val);
  CHECK_NOWHERE(nvm_addr_gen2dev(NULL, addr));
  CHECK_NOWHERE(nvm_addr_dev2gen(NULL, 0).val);
  CHECK_NOWHERE(nvm_addr_gen2off(NULL, addr));
  CHECK_NOWHERE(nvm_addr_off2gen(NULL, 0).val);
  CHECK_NOWHERE(nvm_addr_dev2off(NULL, 0));
  CHECK_NOWHERE(nvm_addr_off2dev(NULL, 0));
}

TEST(a_range_of_consecutive_sectors) {
  struct nvm_addr addrs[4];
  memset(addrs, 0xFF, sizeof(addrs));
  nvm_addr_fill_crange(addrs, at(1, 2, 3, 4), 3);
  for (unsigned i = 0; i < 3; ++i) CHECK_HEX(at(1, 2, 3, 4 + i).val, addrs[i].val);
  CHECK_HEX(UINT64_MAX, addrs[3].val);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 9), 0);
  CHECK_HEX(9, addrs[0].val);
  CHECK_HEX(at(1, 2, 3, 5).val, addrs[1].val);
  nvm_addr_fill_crange(NULL, at(0, 0, 0, 0), 3);
}

TEST(addresses_print) {
  struct nvm_dev* dev = open_worked();
  struct nvm_addr addrs[2] = {at(4, 2, 142, 0), at(0, 0, 0, 6143)};
  CHECK_STR("0x0402008e00000000", PRINTED(nvm_addr_pr(addrs[0])));
  CHECK_STR(
      "naddrs: 2\naddrs:\n"
      "  - {val: 0x0402008e00000000, pugrp: 04, punit: 02, chunk: 0142, sectr: 0000}\n"
      "  - {val: 0x00000000000017ff, pugrp: 00, punit: 00, chunk: 0000, sectr: 6143}\n",
      PRINTED(nvm_addr_prn(addrs, 2, dev)));
  CHECK_STR("naddrs: 0\naddrs:\n", PRINTED(nvm_addr_prn(addrs, 0, dev)));
  CHECK_STR("naddrs: 1\naddrs:\n", PRINTED(nvm_addr_prn(NULL, 1, dev)));
  CHECK_STR("naddrs: 1\naddrs:\n", PRINTED(nvm_addr_prn(addrs, 1, NULL)));
  nvm_dev_close(dev);
}
