// SPDX-License-Identifier: BSD-2-Clause
// Writes and reads NADDRS chunks side by side, one piece of each at a time. Usage: PROGRAM IDENT [BACKEND-IN-HEX
// [NADDRS]]
#include <liblightnvm.h>
#include <time.h>

static unsigned failures;

static void on_done(struct nvm_ret* ret, void* opaque) {
  (void)opaque;
  if (ret->status != 0) ++failures;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// One round is a piece of ws_opt sectors of each chunk: the chunks' units work at the same time, and a chunk never has
// two commands in flight, so that it is written in order.
static int rounds(struct nvm_bp* bp, struct nvm_async_ctx* ctx, struct nvm_ret* rets, int writes) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  const size_t piece = bp->ws_opt * bp->geo->l.nbytes;
  char* buf = writes ? bp->bufs->write : bp->bufs->read;
  for (unsigned sectr = 0; sectr < bp->geo->l.nsectr; sectr += (unsigned)bp->ws_opt) {
    for (size_t i = 0; i < bp->naddrs; ++i, buf += piece) {
      struct nvm_addr first = bp->addrs[i];
      first.l.sectr = sectr;
      nvm_addr_fill_crange(addrs, first, (uint32_t)bp->ws_opt);
      rets[i].async.ctx = ctx;
      rets[i].async.cb = on_done;
      const int n = (int)bp->ws_opt;
      if ((writes ? nvm_cmd_write(bp->dev, addrs, n, buf, NULL, NVM_CMD_ASYNC, &rets[i])
                  : nvm_cmd_read(bp->dev, addrs, n, buf, NULL, NVM_CMD_ASYNC, &rets[i])) != 0) {
        return -1;
      }
    }
    if (nvm_async_wait(bp->dev, ctx) < 0) return -1;
  }
  return failures == 0 ? 0 : -1;
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  struct nvm_async_ctx* ctx = nvm_async_init(bp->dev, (uint32_t)bp->naddrs, 0);
  struct nvm_ret* rets = calloc(bp->naddrs, sizeof(*rets));
  int result = EXIT_SUCCESS;
  for (int writes = 1; writes >= 0 && result == EXIT_SUCCESS; --writes) {
    const double start = seconds();
    if (ctx == NULL || rets == NULL || rounds(bp, ctx, rets, writes) != 0) {
      result = EXIT_FAILURE;
    } else {
      printf("%s: %.1f MiB/s\n", writes ? "write" : "read", (double)bp->bufs->nbytes / (1 << 20) / (seconds() - start));
    }
  }
  if (nvm_buf_diff(bp->bufs->write, bp->bufs->read, bp->bufs->nbytes) != 0) result = EXIT_FAILURE;
  if (result != EXIT_SUCCESS) printf("FAILED: %s\n", nvm_last_error());
  if (ctx != NULL) nvm_async_term(bp->dev, ctx);
  nvm_vblk_erase(bp->vblk);
  free(rets);
  nvm_bp_term(bp);
  return result;
}
