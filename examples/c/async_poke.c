// SPDX-License-Identifier: BSD-2-Clause
// Queues reads of a chunk and does other work while they are under way. Usage: PROGRAM IDENT [BACKEND-IN-HEX [NADDRS]]
#include <liblightnvm.h>
#include <time.h>

struct progress {
  unsigned done;
  unsigned failed;
};

static void on_read(struct nvm_ret* ret, void* opaque) {
  struct progress* progress = opaque;
  ++progress->done;
  if (ret->status != 0) ++progress->failed;
}

static void other_work(void) {
  const struct timespec ten_ms = {0, 10000000};
  nanosleep(&ten_ms, NULL);
}

// Reads the first chunk in pieces of ws_opt sectors, one behind the other, into `buf`.
static int read_chunk(struct nvm_bp* bp, struct nvm_async_ctx* ctx, struct nvm_ret* rets, unsigned npieces, char* buf) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct progress progress = {0, 0};
  unsigned queued = 0;
  for (; queued < npieces; ++queued) {
    struct nvm_addr first = bp->addrs[0];
    first.l.sectr = (uint32_t)(queued * bp->ws_opt);
    nvm_addr_fill_crange(addrs, first, (uint32_t)bp->ws_opt);
    rets[queued].async.ctx = ctx;
    rets[queued].async.cb = on_read;
    rets[queued].async.cb_arg = &progress;
    if (nvm_cmd_read(bp->dev, addrs, (int)bp->ws_opt, buf + queued * bp->ws_opt * bp->geo->l.nbytes, NULL,
                     NVM_CMD_ASYNC, &rets[queued]) != 0) {
      break;
    }
  }
  while (nvm_async_get_outstanding(ctx) != 0) {
    other_work();
    const int n = nvm_async_poke(bp->dev, ctx, 0);
    if (n < 0) return -1;
    printf("%u of %u\n", progress.done, npieces);
  }
  return progress.done == npieces && progress.failed == 0 ? 0 : -1;
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  const unsigned npieces = (unsigned)(bp->geo->l.nsectr / bp->ws_opt);
  const size_t piece_nbytes = bp->ws_opt * bp->geo->l.nbytes;
  struct nvm_ret* rets = calloc(npieces, sizeof(*rets));
  struct nvm_async_ctx* ctx = nvm_async_init(bp->dev, npieces, 0);
  int result = EXIT_FAILURE;
  if (rets != NULL && ctx != NULL && nvm_vblk_write(bp->vblk, bp->bufs->write, bp->bufs->nbytes) >= 0 &&
      read_chunk(bp, ctx, rets, npieces, bp->bufs->read) == 0) {
    size_t differ = 0;
    for (unsigned i = 0; i < npieces; ++i) {
      differ += nvm_buf_diff(bp->bufs->write + i * bp->naddrs * piece_nbytes, bp->bufs->read + i * piece_nbytes,
                             piece_nbytes);
    }
    if (differ == 0) result = EXIT_SUCCESS;
  }
  if (result != EXIT_SUCCESS) printf("FAILED: %s\n", nvm_last_error());
  if (ctx != NULL) nvm_async_term(bp->dev, ctx);
  nvm_vblk_erase(bp->vblk);
  free(rets);
  nvm_bp_term(bp);
  return result;
}
