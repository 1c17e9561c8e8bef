// SPDX-License-Identifier: BSD-2-Clause
// The frame of the test programs: exit status 0, 1 for a failed check, 22 without a device, 77 to skip.
#include "program.h"

struct nvm_dev* dev;
const struct nvm_geo* geo;
size_t ws_min, ws_opt, mw_cunits, nsectr, sector_size, oob_size;
const char* dev_path;

void program_failed(const char* file, int line, const char* what) {
  printf("%s:%d: FAILED: %s (errno %s; %s)\n", file, line, what, strerror(errno), nvm_last_error());
  exit(1);
}

bool find_chunks(int state, int naddrs, struct nvm_addr addrs[]) {
  return nvm_cmd_rprt_arbs(dev, state, naddrs, addrs) == 0;
}

struct nvm_spec_rprt_descr chunk_at(struct nvm_addr addr) {
  struct nvm_addr unit = addr;
  unit.l.chunk = 0;
  unit.l.sectr = 0;
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, &unit, 0, NULL);
  ENSURE(rprt != NULL && rprt->ndescr == geo->l.nchunk);
  const struct nvm_spec_rprt_descr descr = rprt->descr[addr.l.chunk];
  nvm_buf_free(dev, rprt);
  return descr;
}

void set_dulbe(bool on) {
  union nvm_nvme_feat feat;
  feat.a = 0;
  feat.error_recovery.dulbe = on;
  ENSURE(nvm_cmd_sfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, NULL) == 0);
}

int write_at(struct nvm_addr addr, size_t n, const char* data, const char* meta, uint16_t flags, struct nvm_ret* ret) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  nvm_addr_fill_crange(addrs, addr, (uint32_t)(n < NVM_NADDR_MAX ? n : NVM_NADDR_MAX));
  return nvm_cmd_write(dev, addrs, (int)n, data, meta, flags, ret);
}

int read_at(struct nvm_addr addr, size_t n, char* data, char* meta, uint16_t flags, struct nvm_ret* ret) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  nvm_addr_fill_crange(addrs, addr, (uint32_t)(n < NVM_NADDR_MAX ? n : NVM_NADDR_MAX));
  return nvm_cmd_read(dev, addrs, (int)n, data, meta, flags, ret);
}

void give_back(struct nvm_addr chunk) {
  chunk.l.sectr = 0;
  struct nvm_spec_rprt_descr descr = chunk_at(chunk);
  char* data = nvm_buf_alloc(dev, ws_min * sector_size, NULL);
  ENSURE(data != NULL);
  nvm_buf_fill(data, ws_min * sector_size);
  for (; descr.cs == NVM_CHUNK_STATE_OPEN && descr.wp < descr.naddrs; descr.wp += ws_min) {
    chunk.l.sectr = (uint32_t)descr.wp;
    ENSURE(write_at(chunk, ws_min, data, NULL, 0, NULL) == 0);
  }
  nvm_buf_free(dev, data);
  chunk.l.sectr = 0;
  if (descr.cs != NVM_CHUNK_STATE_FREE) ENSURE(nvm_cmd_erase(dev, &chunk, 1, NULL, 0, NULL) == 0);
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: %s dev_path [seed]\n", argv[0]);
    return 2;
  }
  const unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
  printf("seed: %u\n", seed);
  srand(seed);
  dev_path = argv[1];
  dev = nvm_dev_open(dev_path);
  if (dev == NULL) {
    fprintf(stderr, "%s\n", nvm_last_error());
    return 22;
  }
  if (nvm_dev_get_verid(dev) != PROGRAM_VERID) {
    printf("SKIP: the device is of version %d, the program is for %d\n", nvm_dev_get_verid(dev), PROGRAM_VERID);
    nvm_dev_close(dev);
    return 77;
  }
  geo = nvm_dev_get_geo(dev);
  ws_min = (size_t)nvm_dev_get_ws_min(dev);
  ws_opt = (size_t)nvm_dev_get_ws_opt(dev);
  mw_cunits = PROGRAM_VERID == NVM_SPEC_VERID_20 ? (size_t)nvm_dev_get_mw_cunits(dev) : 0;
  nsectr = geo->l.nsectr;
  sector_size = geo->l.nbytes;
  oob_size = geo->l.nbytes_oob;
  run();
  nvm_dev_close(dev);
  return 0;
}
