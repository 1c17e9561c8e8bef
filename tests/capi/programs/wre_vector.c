// SPDX-License-Identifier: BSD-2-Clause
// Vector commands: write, read, erase of a chunk, with all combinations of metadata.
#include "wre.h"

void run(void) {
  for (int i = 0; i < 8; ++i) {
    if (oob_size != 0 || (i & 3) == 0) write_read_erase(NVM_CMD_VECTOR, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
  }
}
