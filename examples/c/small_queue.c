// SPDX-License-Identifier: BSD-2-Clause
// Four commands in flight at most: a full queue is EAGAIN, then poke and try again; four places for results are enough.
// Usage: PROGRAM IDENT [BACKEND-IN-HEX [NADDRS]]
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

// Reads piece `number` of the virtual block: pieces of ws_opt sectors go round over the chunks.
static int read_piece(struct nvm_bp* bp, size_t number, struct nvm_ret* ret) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_addr first = bp->addrs[number % bp->naddrs];
  first.l.sectr = (uint32_t)(number / bp->naddrs * bp->ws_opt);
  nvm_addr_fill_crange(addrs, first, (uint32_t)bp->ws_opt);
  char* buf = bp->bufs->read + number * bp->ws_opt * bp->geo->l.nbytes;
  return nvm_cmd_read(bp->dev, addrs, (int)bp->ws_opt, buf, NULL, NVM_CMD_ASYNC, ret);
}

static int read_all(struct nvm_bp* bp, struct nvm_async_ctx* ctx, unsigned* retries) {
  const size_t npieces = bp->bufs->nbytes / (bp->ws_opt * bp->geo->l.nbytes);
  struct nvm_ret spare;
  struct places places = {0};
  for (unsigned i = 0; i < DEPTH; ++i) places.free[places.nfree++] = &places.rets[i];
  for (size_t number = 0; number < npieces;) {
    struct nvm_ret* ret = places.nfree == 0 ? &spare : places.free[places.nfree - 1];
    ret->async.ctx = ctx;
    ret->async.cb = on_read;
    ret->async.cb_arg = &places;
    if (read_piece(bp, number, ret) == 0) {
      --places.nfree;
      ++number;
      continue;
    }
    if (errno != EAGAIN) return -1;
    ++*retries;
    if (nvm_async_poke(bp->dev, ctx, 0) < 0) return -1;
  }
  return nvm_async_wait(bp->dev, ctx) < 0 || places.failed != 0 || places.nfree != DEPTH ? -1 : 0;
}

// What goes wrong first, or NULL.
static const char* work(struct nvm_bp* bp, struct nvm_async_ctx* ctx, unsigned* retries) {
  if (ctx == NULL) return "nvm_async_init";
  if (nvm_vblk_write(bp->vblk, bp->bufs->write, bp->bufs->nbytes) < 0) return "nvm_vblk_write";
  if (read_all(bp, ctx, retries) != 0) return "nvm_cmd_read";
  return nvm_buf_diff(bp->bufs->write, bp->bufs->read, bp->bufs->nbytes) == 0 ? NULL
                                                                              : "what was read is something else";
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  unsigned retries = 0;
  struct nvm_async_ctx* ctx = nvm_async_init(bp->dev, DEPTH, 0);
  const char* wrong = work(bp, ctx, &retries);
  if (wrong == NULL) {
    printf("the queue was full %u times\n", retries);
  } else {
    printf("FAILED: %s: %s\n", wrong, nvm_last_error());
  }
  if (ctx != NULL) nvm_async_term(bp->dev, ctx);
  nvm_vblk_erase(bp->vblk);
  nvm_bp_term(bp);
  return wrong == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
