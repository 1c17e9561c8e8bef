// SPDX-License-Identifier: BSD-2-Clause
// Completion: how one command ended.
#pragma once

#include <cstdint>

#include "lightnvm/status.hpp"

namespace lightnvm {

/// How a command ended: its status, and the 64 bits of result that came with it.
struct [[nodiscard]] Completion {
  std::uint64_t result = 0;  ///< a feature's value; vector commands: bit i set means that address i failed
  Status status;

  [[nodiscard]] constexpr bool ok() const noexcept { return status.ok(); }
  constexpr explicit operator bool() const noexcept { return status.ok(); }
  /// Vector commands: whether address `i` (0 to 63) was not carried out.
  [[nodiscard]] constexpr bool failed(unsigned i) const noexcept { return (result >> i & 1) != 0; }
};

}  // namespace lightnvm
