// SPDX-License-Identifier: BSD-2-Clause
// nvm_bp_*: what nearly every example begins with.
#include <cstdio>

#include "capi/handles.hpp"

using namespace lightnvm::capi;

namespace {

nvm_bp* give_up(nvm_bp* bp, const char* what) {
  const int error = errno;
  std::perror(what);
  nvm_bp_term(bp);
  errno = error;
  return nullptr;
}

}  // namespace

extern "C" {

nvm_bp* nvm_bp_init(const char* dev_ident, int flags, int naddrs) {
  nvm_bp* bp = nullptr;
  if (naddrs < 1) {
    (void)refuse(EINVAL, "naddrs is 1 or more, one for each chunk");
    return give_up(bp, "FAILED: naddrs");
  }
  const auto count = static_cast<std::size_t>(naddrs);
  bp = static_cast<nvm_bp*>(std::calloc(1, sizeof(nvm_bp) + count * sizeof(nvm_addr)));
  if (bp == nullptr) {
    (void)refuse(ENOMEM, "no memory for the addresses");
    return give_up(bp, "FAILED: calloc");
  }
  bp->naddrs = count;
  bp->dev = nvm_dev_openf(dev_ident, flags);
  if (bp->dev == nullptr) return give_up(bp, "FAILED: nvm_dev_openf");
  bp->geo = nvm_dev_get_geo(bp->dev);
  bp->ws_opt = static_cast<std::size_t>(nvm_dev_get_ws_opt(bp->dev));
  if (nvm_cmd_rprt_arbs(bp->dev, NVM_CHUNK_STATE_FREE, naddrs, bp->addrs) != 0) {
    return give_up(bp, "FAILED: nvm_cmd_rprt_arbs");
  }
  bp->vblk = nvm_vblk_alloc(bp->dev, bp->addrs, naddrs);
  if (bp->vblk == nullptr) return give_up(bp, "FAILED: nvm_vblk_alloc");
  bp->bufs = nvm_buf_set_alloc(bp->dev, nvm_vblk_get_nbytes(bp->vblk), 0);
  if (bp->bufs == nullptr) return give_up(bp, "FAILED: nvm_buf_set_alloc");
  nvm_buf_set_fill(bp->bufs);
  return bp;
}

nvm_bp* nvm_bp_init_from_args(int argc, char** argv) {
  constexpr int kHex = 16, kDecimal = 10;
  if (argv == nullptr || argc < 2 || argc > 4 || argv[1] == nullptr) {
    (void)refuse(EINVAL, "the arguments are an identifier, a backend in hexadecimal, and naddrs: one to three");
    std::perror("FAILED: invalid argc");
    errno = EINVAL;
    return nullptr;
  }
  const long flags = argc > 2 ? std::strtol(argv[2], nullptr, kHex) : long{NVM_BE_ANY};
  const long naddrs = argc > 3 ? std::strtol(argv[3], nullptr, kDecimal) : 1;
  return nvm_bp_init(argv[1], static_cast<int>(flags), static_cast<int>(naddrs));
}

void nvm_bp_term(nvm_bp* bp) {
  if (bp == nullptr) return;
  nvm_buf_set_free(bp->bufs);
  nvm_vblk_free(bp->vblk);
  nvm_dev_close(bp->dev);
  std::free(bp);
}

}  // extern "C"
