// SPDX-License-Identifier: BSD-2-Clause
// Writes, reads, compares and erases chunks, one command after another. Usage: PROGRAM IDENT [BACKEND-IN-HEX [NADDRS]]
#include <liblightnvm.h>

// One chunk from its first sector to its last, in pieces of ws_opt sectors.
static int work_on(struct nvm_bp* bp, struct nvm_addr chunk) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_ret ret;
  const int n = (int)bp->ws_opt;
  const size_t sector = bp->geo->l.nbytes, nbytes = bp->geo->l.nsectr * sector;
  nvm_buf_set_fill(bp->bufs);
  for (int writes = 1; writes >= 0; --writes) {
    for (unsigned sectr = 0; sectr < bp->geo->l.nsectr; sectr += (unsigned)n) {
      struct nvm_addr first = chunk;
      first.l.sectr = sectr;
      nvm_addr_fill_crange(addrs, first, (uint32_t)n);
      if ((writes ? nvm_cmd_write(bp->dev, addrs, n, bp->bufs->write + sectr * sector, NULL, NVM_CMD_PRP, &ret)
                  : nvm_cmd_read(bp->dev, addrs, n, bp->bufs->read + sectr * sector, NULL, NVM_CMD_PRP, &ret)) != 0) {
        perror(writes ? "nvm_cmd_write" : "nvm_cmd_read");
        nvm_ret_pr(&ret);
        return -1;
      }
    }
  }
  if (nvm_buf_diff(bp->bufs->write, bp->bufs->read, nbytes) != 0) {
    nvm_buf_diff_pr(bp->bufs->write, bp->bufs->read, nbytes);
    return -1;
  }
  return nvm_cmd_erase(bp->dev, &chunk, 1, NULL, 0, &ret);
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  int result = EXIT_SUCCESS;
  for (size_t i = 0; i < bp->naddrs && result == EXIT_SUCCESS; ++i) {
    nvm_addr_prn(&bp->addrs[i], 1, bp->dev);
    if (work_on(bp, bp->addrs[i]) != 0) {
      printf("FAILED: %s\n", nvm_last_error());
      result = EXIT_FAILURE;
    }
  }
  nvm_bp_term(bp);
  return result;
}
