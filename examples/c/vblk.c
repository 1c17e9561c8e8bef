// SPDX-License-Identifier: BSD-2-Clause
// A virtual block over NADDRS chunks: write, read, erase, with timings. Usage: PROGRAM IDENT [BACKEND-IN-HEX [NADDRS]]
#include <liblightnvm.h>
#include <time.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double since;

static int told(const char* what, ssize_t nbytes) {
  if (nbytes < 0) {
    perror(what);
    return -1;
  }
  printf("%s: {elapsed: %.4f, mb: %.2f}\n", what, seconds() - since, (double)nbytes / (1 << 20));
  since = seconds();
  return 0;
}

int main(int argc, char** argv) {
  struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
  if (bp == NULL) return EXIT_FAILURE;
  const size_t nbytes = nvm_vblk_get_nbytes(bp->vblk);
  int result = EXIT_FAILURE;
  nvm_vblk_pr(bp->vblk);
  since = seconds();
  if (told("nvm_vblk_write", nvm_vblk_write(bp->vblk, bp->bufs->write, nbytes)) == 0 &&
      told("nvm_vblk_read", nvm_vblk_read(bp->vblk, bp->bufs->read, nbytes)) == 0 &&
      told("nvm_vblk_erase", nvm_vblk_erase(bp->vblk)) == 0) {
    const size_t differ = nvm_buf_diff(bp->bufs->write, bp->bufs->read, nbytes);
    printf("%zu of %zu bytes differ\n", differ, nbytes);
    if (differ == 0) result = EXIT_SUCCESS;
  }
  nvm_bp_term(bp);
  return result;
}
