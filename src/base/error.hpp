// SPDX-License-Identifier: BSD-2-Clause
// Sets the sentence that last_error() returns; for cold paths only (it allocates).
#pragma once

#include <string>
#include <utility>

#include "lightnvm/status.hpp"

namespace lightnvm {

/// Keeps `sentence` as the calling thread's last error and returns `status`.
Status fail(Status status, std::string sentence);

/// The same, shaped for functions that return a Result.
inline std::unexpected<Status> unexpected(Status status, std::string sentence) {
  return std::unexpected(fail(status, std::move(sentence)));
}

}  // namespace lightnvm
