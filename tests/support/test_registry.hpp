// SPDX-License-Identifier: BSD-2-Clause
// The registry of tests/backends/CMakeLists.txt.
#pragma once

#include "backends/registry.hpp"

namespace lightnvm::backends {

Registry test_registry() noexcept;

}  // namespace lightnvm::backends
