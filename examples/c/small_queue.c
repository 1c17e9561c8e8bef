// SPDX-License-Identifier: BSD-2-Clause
// Four commands in flight at most: a full queue is EAGAIN, then poke and try again; four places for results are enough.
#include <errno.h>
#include <liblightnvm.h>

enum { DEPTH = 4 };

// The places that are free, as a stack.
struct places {
  struct nvm_ret rets[DEPTH];
  struct nvm_ret* free[DEPTH];
  unsigned nfree;
  unsigned failed;
};

static void on_read(struct nvm_ret* ret, void* opaque) {
  struct places* places = opaque;
  if (ret->status != 0) ++places->failed;
  places->free[places->nfree++] = ret;
}

static int read_chunk(struct nvm_bp* bp, struct nvm_async_ctx* ctx, unsigned* retries) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_ret spare;
  struct places places = {0};
  for (unsigned i = 0; i < DEPTH; ++i) places.free[places.nfree++] = &places.rets[i];
  for (unsigned sectr = 0; sectr < bp->geo->l.nsectr; sectr += (unsigned)bp->ws_opt) {
    struct nvm_addr first = bp->addrs[0];
    first.l.sectr = sectr;
    nvm_addr_fill_crange(addrs, first, (uint32_t)bp->ws_opt);
    for (;;) {
      struct nvm_ret* ret = places.nfree == 0 ? &spare : places.free[places.nfree - 1];
      ret->async.ctx = ctx;
      ret->async.cb = on_read;
      ret->async.cb_arg = &places;
      if (nvm_cmd_read(bp->dev, addrs, (int)bp->ws_opt, bp->bufs->read + sectr * bp->geo->l.nbytes, NULL, NVM_CMD_ASYNC,
                       ret) == 0) {
        --places.nfree;
        break;
      }
      if (errno != EAGAIN) return -1;
      ++*retries;
      if (nvm_async_poke(bp->dev, ctx, 0) < 0) return -1;
    }
  }
  return nvm_async_wait(bp->dev, ctx) < 0 || places.failed != 0 || places.nfree != DEPTH ? -1 : 0;
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  unsigned retries = 0;
  struct nvm_async_ctx* ctx = nvm_async_init(bp->dev, DEPTH, 0);
  int result = EXIT_FAILURE;
  // The virtual block of one chunk lies in that chunk as it is.
  if (ctx != NULL && bp->naddrs == 1 && nvm_vblk_write(bp->vblk, bp->bufs->write, bp->bufs->nbytes) >= 0 &&
      read_chunk(bp, ctx, &retries) == 0 && nvm_buf_diff(bp->bufs->write, bp->bufs->read, bp->bufs->nbytes) == 0) {
    printf("the queue was full %u times\n", retries);
    result = EXIT_SUCCESS;
  }
  if (result != EXIT_SUCCESS) printf("FAILED: %s\n", nvm_last_error());
  if (ctx != NULL) nvm_async_term(bp->dev, ctx);
  nvm_vblk_erase(bp->vblk);
  nvm_bp_term(bp);
  return result;
}
