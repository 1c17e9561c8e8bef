// SPDX-License-Identifier: BSD-2-Clause
// errno, the thread's sentence, and what became of a command.
#include <fmt/format.h>

#include "capi/handles.hpp"

namespace lightnvm::capi {

int errno_of(Status status) noexcept { return status.is_nvme() ? EIO : status.to_errno(); }

int refuse(int error, const char* sentence) noexcept {
  return refuse(error, guarded(std::string(), [&] { return std::string(sentence); }));
}

int refuse(int error, std::string sentence) noexcept {
  (void)fail(Status::os(error), std::move(sentence));
  errno = error;
  return -1;
}

int refuse(Status status, const char* what) {
  return refuse(errno_of(status), fmt::format("{}: {}", what, status.message()));
}

int refuse_explained(Status status) {
  errno = errno_of(status);
  return -1;
}

}  // namespace lightnvm::capi

extern "C" {

const char* nvm_last_error() { return lightnvm::last_error().c_str(); }

void nvm_ret_clear(nvm_ret* ret) {
  if (ret != nullptr) *ret = {};
}

}  // extern "C"
