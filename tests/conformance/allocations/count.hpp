// SPDX-License-Identifier: BSD-2-Clause
// How often this program has allocated.
#pragma once

#include <atomic>
#include <cstdint>

namespace lightnvm::test {

/// Calls of operator new in all its forms and, where malloc.cpp is part of the program, of malloc and its kin.
inline std::atomic<std::uint64_t> allocations{0};

/// Whether malloc is counted, too: not with sanitizers, which have replaced it themselves.
bool counts_malloc() noexcept;

}  // namespace lightnvm::test
