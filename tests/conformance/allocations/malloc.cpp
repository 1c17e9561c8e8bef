// SPDX-License-Identifier: BSD-2-Clause
// Replaces malloc and its kin by ones that count and call the C library's.
#include <malloc.h>

#include <cerrno>
#include <cstdlib>

#include "count.hpp"

extern "C" {

void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;

void* malloc(std::size_t n) noexcept {
  ++lightnvm::test::allocations;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t unit) noexcept {
  ++lightnvm::test::allocations;
  return __libc_calloc(n, unit);
}
void* realloc(void* p, std::size_t n) noexcept {
  ++lightnvm::test::allocations;
  return __libc_realloc(p, n);
}
void* memalign(std::size_t alignment, std::size_t n) noexcept {
  ++lightnvm::test::allocations;
  return __libc_memalign(alignment, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) noexcept {
  ++lightnvm::test::allocations;
  return __libc_memalign(alignment, n);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t n) noexcept {
  ++lightnvm::test::allocations;
  *out = __libc_memalign(alignment, n);
  return *out == nullptr ? ENOMEM : 0;
}

}  // extern "C"

bool lightnvm::test::counts_malloc() noexcept { return true; }
