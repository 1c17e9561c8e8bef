// SPDX-License-Identifier: BSD-2-Clause
// Turns missing memory into a status: what the API promises where it allocates.
#pragma once

#include <new>
#include <stdexcept>
#include <utility>

#include "lightnvm/status.hpp"

namespace lightnvm {

/// Returns what `make` returns, a Result; ENOMEM where there was no memory for it, or it is more than a container
/// counts.
template <typename Make>
auto or_no_memory(Make&& make) noexcept -> decltype(std::forward<Make>(make)()) {
  try {
    return std::forward<Make>(make)();
  } catch (const std::bad_alloc&) {
    return std::unexpected(Status::os(ENOMEM));
  } catch (const std::length_error&) {
    return std::unexpected(Status::os(ENOMEM));
  }
}

}  // namespace lightnvm
