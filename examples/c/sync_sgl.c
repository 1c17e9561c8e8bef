// SPDX-License-Identifier: BSD-2-Clause
// The same with lists: each sector of a command comes from a place of its own. Usage: PROGRAM IDENT [BACKEND [NADDRS]]
#include <liblightnvm.h>

// A list of one entry for each sector of a piece, the last of them first.
static int fill(struct nvm_bp* bp, struct nvm_sgl* sgl, char* piece) {
  nvm_sgl_reset(sgl);
  for (size_t i = bp->ws_opt; i-- > 0;) {
    if (nvm_sgl_add(bp->dev, sgl, piece + i * bp->geo->l.nbytes, bp->geo->l.nbytes) != 0) return -1;
  }
  return 0;
}

static int work_on(struct nvm_bp* bp, struct nvm_sgl* sgl, struct nvm_addr chunk) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_ret ret;
  const int n = (int)bp->ws_opt;
  const size_t sector = bp->geo->l.nbytes;
  nvm_buf_set_fill(bp->bufs);
  for (int writes = 1; writes >= 0; --writes) {
    for (unsigned sectr = 0; sectr < bp->geo->l.nsectr; sectr += (unsigned)n) {
      struct nvm_addr first = chunk;
      first.l.sectr = sectr;
      nvm_addr_fill_crange(addrs, first, (uint32_t)n);
      if (fill(bp, sgl, (writes ? bp->bufs->write : bp->bufs->read) + sectr * sector) != 0 ||
          (writes ? nvm_cmd_write(bp->dev, addrs, n, sgl, NULL, NVM_CMD_SGL, &ret)
                  : nvm_cmd_read(bp->dev, addrs, n, sgl, NULL, NVM_CMD_SGL, &ret)) != 0) {
        return -1;
      }
    }
  }
  if (nvm_buf_diff(bp->bufs->write, bp->bufs->read, bp->geo->l.nsectr * sector) != 0) return -1;
  return nvm_cmd_erase(bp->dev, &chunk, 1, NULL, 0, &ret);
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  struct nvm_sgl* sgl = nvm_sgl_create(bp->dev, (int)bp->ws_opt);
  int result = sgl == NULL ? EXIT_FAILURE : EXIT_SUCCESS;
  for (size_t i = 0; i < bp->naddrs && result == EXIT_SUCCESS; ++i) {
    nvm_addr_prn(&bp->addrs[i], 1, bp->dev);
    if (work_on(bp, sgl, bp->addrs[i]) != 0) result = EXIT_FAILURE;
  }
  if (result != EXIT_SUCCESS) printf("FAILED: %s\n", nvm_last_error());
  nvm_sgl_destroy(bp->dev, sgl);
  nvm_bp_term(bp);
  return result;
}
