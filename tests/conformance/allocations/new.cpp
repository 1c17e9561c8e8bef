// SPDX-License-Identifier: BSD-2-Clause
// Replaces operator new and delete in all their forms by ones that count.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "count.hpp"

namespace {

using lightnvm::test::allocations;

void* counted(std::size_t bytes, std::size_t alignment) noexcept {
  ++allocations;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes == 0 ? 1 : bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kPlain = alignof(std::max_align_t);
std::size_t number(std::align_val_t alignment) noexcept { return static_cast<std::size_t>(alignment); }

}  // namespace

void* operator new(std::size_t n) { return or_throw(counted(n, kPlain)); }
void* operator new[](std::size_t n) { return or_throw(counted(n, kPlain)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return counted(n, kPlain); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return counted(n, kPlain); }
void* operator new(std::size_t n, std::align_val_t a) { return or_throw(counted(n, number(a))); }
void* operator new[](std::size_t n, std::align_val_t a) { return or_throw(counted(n, number(a))); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return counted(n, number(a)); }
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return counted(n, number(a));
}

void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
