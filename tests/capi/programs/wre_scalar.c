// SPDX-License-Identifier: BSD-2-Clause
// Scalar commands: write, read, erase of a chunk.
#include "wre.h"

void run(void) {
  write_read_erase(NVM_CMD_SCALAR, false, false, false);
  if (oob_size != 0) write_read_erase(NVM_CMD_SCALAR, true, true, false);
}
