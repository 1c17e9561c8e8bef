// SPDX-License-Identifier: BSD-2-Clause
// The first program in C: writes a chunk of every parallel unit as one block, and reads it back.
#include <liblightnvm.h>

int main(void) {
  struct nvm_dev* dev = nvm_dev_open("emu:?groups=8&punits=4");
  struct nvm_vblk* vblk = nvm_vblk_alloc_line(dev, 0, 7, 0, 3, 42);  // chunk 42 of all 32 units
  size_t nbytes = vblk ? nvm_vblk_get_nbytes(vblk) : 0;
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nbytes, 0);
  if (!dev || !vblk || !bufs) return puts(nvm_last_error()), 1;
  nvm_buf_set_fill(bufs);
  if (nvm_vblk_erase(vblk) < 0 || nvm_vblk_write(vblk, bufs->write, nbytes) < 0 ||
      nvm_vblk_read(vblk, bufs->read, nbytes) < 0) {
    return puts(nvm_last_error()), 1;
  }
  printf("%zu bytes through 32 parallel units, %zu differ\n", nbytes, nvm_buf_diff(bufs->write, bufs->read, nbytes));
  nvm_buf_set_free(bufs);
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
  return 0;
}
