// SPDX-License-Identifier: BSD-2-Clause
// Queues reads of a whole chunk at once, and waits for all of them. Usage: PROGRAM IDENT [BACKEND-IN-HEX [NADDRS]]
#include <liblightnvm.h>

static unsigned failures;

static void on_read(struct nvm_ret* ret, void* opaque) {
  if (ret->status == 0) return;
  ++failures;
  printf("the read of piece %u failed:\n", *(unsigned*)opaque);
  nvm_ret_pr(ret);
}

// Piece i of the first chunk lies in the buffer of the virtual block behind the pieces of the other chunks.
static char* piece_of(const struct nvm_bp* bp, char* buf, unsigned i) {
  return buf + i * bp->naddrs * bp->ws_opt * bp->geo->l.nbytes;
}

static int read_chunk(struct nvm_bp* bp, unsigned npieces, struct nvm_ret* rets, unsigned* numbers) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_async_ctx* ctx = nvm_async_init(bp->dev, npieces, 0);
  if (ctx == NULL) return -1;
  for (unsigned i = 0; i < npieces; ++i) {
    struct nvm_addr first = bp->addrs[0];
    first.l.sectr = (uint32_t)(i * bp->ws_opt);
    nvm_addr_fill_crange(addrs, first, (uint32_t)bp->ws_opt);
    numbers[i] = i;
    rets[i].async.ctx = ctx;
    rets[i].async.cb = on_read;
    rets[i].async.cb_arg = &numbers[i];
    if (nvm_cmd_read(bp->dev, addrs, (int)bp->ws_opt, piece_of(bp, bp->bufs->read, i), NULL,
                     NVM_CMD_ASYNC | NVM_CMD_VECTOR, &rets[i]) != 0) {
      ++failures;
      break;
    }
  }
  printf("%u reads are on their way\n", nvm_async_get_outstanding(ctx));
  const int done = nvm_async_wait(bp->dev, ctx);
  printf("%d came back\n", done);
  return nvm_async_term(bp->dev, ctx) != 0 || failures != 0 || done != (int)npieces ? -1 : 0;
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  const unsigned npieces = (unsigned)(bp->geo->l.nsectr / bp->ws_opt);
  const size_t piece_nbytes = bp->ws_opt * bp->geo->l.nbytes;
  struct nvm_ret* rets = calloc(npieces, sizeof(*rets));
  unsigned* numbers = calloc(npieces, sizeof(*numbers));
  size_t differ = 1;
  if (rets != NULL && numbers != NULL && nvm_vblk_write(bp->vblk, bp->bufs->write, bp->bufs->nbytes) >= 0 &&
      read_chunk(bp, npieces, rets, numbers) == 0) {
    differ = 0;
    for (unsigned i = 0; i < npieces; ++i) {
      differ += nvm_buf_diff(piece_of(bp, bp->bufs->write, i), piece_of(bp, bp->bufs->read, i), piece_nbytes);
    }
  }
  printf(differ == 0 ? "all bytes are the same\n" : "FAILED: %s\n", nvm_last_error());
  nvm_vblk_erase(bp->vblk);
  free(numbers);
  free(rets);
  nvm_bp_term(bp);
  return differ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
