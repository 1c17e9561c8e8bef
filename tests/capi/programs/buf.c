// SPDX-License-Identifier: BSD-2-Clause
// Buffers of 1 KiB to 2 GiB: virtual, the device's, and sets.
#include "program.h"

void run(void) {
  static const size_t kKibibytes[] = {1, 4, 256, 1024, 128 << 10, 512 << 10, 1 << 20, 2 << 20};
  for (size_t i = 0; i < sizeof(kKibibytes) / sizeof(kKibibytes[0]); ++i) {
    const size_t nbytes = kKibibytes[i] << 10;
    char* buf = nvm_buf_virt_alloc(4096, nbytes);
    ENSURE(buf != NULL);
    nvm_buf_virt_free(buf);
    buf = nvm_buf_alloc(dev, nbytes, NULL);
    ENSURE(buf != NULL);
    nvm_buf_free(dev, buf);
    struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nbytes, nbytes);
    ENSURE(bufs != NULL && bufs->write != NULL && bufs->read_meta != NULL);
    nvm_buf_set_free(bufs);
  }
}
