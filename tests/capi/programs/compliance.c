// SPDX-License-Identifier: BSD-2-Clause
// A scalar write of more than the device takes at once is refused whole.
#include "program.h"

void run(void) {
  struct nvm_addr chunk;
  struct nvm_ret ret;
  // MDTS 7 of 4 KiB pages, which is what the emulated device has unless told otherwise.
  const size_t most = (512 << 10) / (ws_min * sector_size) * ws_min;
  ENSURE(find_chunks(NVM_CHUNK_STATE_FREE, 1, &chunk));
  char* data = nvm_buf_alloc(dev, (most + ws_min) * sector_size, NULL);
  ENSURE(data != NULL);
  nvm_buf_fill(data, (most + ws_min) * sector_size);
  const int rc = write_at(chunk, most + ws_min, data, NULL, NVM_CMD_SCALAR, &ret);
  ENSURE_STATUS(rc, ret, INVALID_FIELD);
  ENSURE(chunk_at(chunk).wp == 0);
  ENSURE(write_at(chunk, most, data, NULL, NVM_CMD_SCALAR, &ret) == 0);
  nvm_buf_free(dev, data);
  give_back(chunk);
}
