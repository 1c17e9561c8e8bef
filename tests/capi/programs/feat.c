// SPDX-License-Identifier: BSD-2-Clause
// The feature of error recovery is read, set, and read back.
#include "program.h"

void run(void) {
  union nvm_nvme_feat feat;
  struct nvm_ret ret;
  ENSURE(nvm_cmd_gfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, &ret) == 0);
  for (int i = 0; i < 3; ++i) {
    set_dulbe(i == 1);
    ENSURE(nvm_cmd_gfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, &ret) == 0 && ret.status == 0);
    ENSURE(feat.error_recovery.dulbe == (i == 1));
  }
}
