// SPDX-License-Identifier: BSD-2-Clause
// Stands in for what liblightnvm_cli calls and the library does not have yet; built only as long as that is so.
#include <errno.h>
#include <liblightnvm.h>

int nvm_dev_set_pmode(struct nvm_dev* dev, int pmode) {
  if (dev != NULL && pmode == NVM_FLAG_PMODE_SNGL) return 0;
  errno = EINVAL;
  return -1;
}
