// SPDX-License-Identifier: BSD-2-Clause
// Opening and closing: once more, ten times in a row, ten at the same time.
#include "program.h"

void run(void) {
  struct nvm_dev* devs[10];
  for (int i = 0; i < 10; ++i) {
    struct nvm_dev* one = nvm_dev_open(dev_path);
    ENSURE(one != NULL);
    nvm_dev_close(one);
  }
  for (int i = 0; i < 10; ++i) ENSURE((devs[i] = nvm_dev_open(dev_path)) != NULL);
  for (int i = 0; i < 10; ++i) nvm_dev_close(devs[i]);
}
