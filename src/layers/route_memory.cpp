// SPDX-License-Identifier: BSD-2-Clause
// Memory of a queue, and how it is lent.
#include "layers/route_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace lightnvm::layers {
namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

Result<RouteMemory> RouteMemory::allocate(backends::Memory* memory, std::size_t bytes) {
  RouteMemory out;
  if (bytes == 0) return out;
  out.memory_ = memory;
  const std::size_t rounded = (bytes + kPage - 1) / kPage * kPage;
  if (memory != nullptr) {
    auto piece = memory->allocate(rounded, kPage);
    if (!piece) return std::unexpected(piece.error());
    out.data_ = *piece;
  } else {
    out.data_ = static_cast<std::byte*>(std::aligned_alloc(kPage, rounded));
    if (out.data_ == nullptr) return std::unexpected(Status::os(ENOMEM));
  }
  out.size_ = bytes;
  return out;
}

RouteMemory::RouteMemory(RouteMemory&& other) noexcept
    : memory_(other.memory_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

RouteMemory& RouteMemory::operator=(RouteMemory&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

RouteMemory::~RouteMemory() {
  if (data_ == nullptr) return;
  if (memory_ != nullptr) {
    memory_->release(data_);
  } else {
    std::free(data_);
  }
}

Arena::Arena(std::byte* base, std::size_t bytes, std::size_t granule)
    : base_(base), granule_(granule), granules_(bytes / granule), used_((granules_ + 63) / 64) {}

void Arena::mark(std::size_t first, std::size_t count, bool use) noexcept {
  for (std::size_t i = first; i < first + count; ++i) {
    const std::uint64_t bit = 1ULL << i % 64;
    used_[i / 64] = use ? used_[i / 64] | bit : used_[i / 64] & ~bit;
  }
}

std::byte* Arena::acquire(std::size_t bytes) noexcept {
  const std::size_t count = needed(bytes);
  std::size_t free = 0;
  for (std::size_t i = lowest_; i < granules_; ++i) {
    if (used_[i / 64] == ~0ULL) {
      free = 0;
      i |= 63;
    } else if (used(i)) {
      free = 0;
    } else if (++free == count) {
      const std::size_t first = i + 1 - count;
      mark(first, count, true);
      if (first == lowest_) lowest_ = first + count;
      return base_ + first * granule_;
    }
  }
  return nullptr;
}

void Arena::release(const std::byte* piece, std::size_t bytes) noexcept {
  const std::size_t first = static_cast<std::size_t>(piece - base_) / granule_;
  mark(first, needed(bytes), false);
  lowest_ = std::min(lowest_, first);
}

}  // namespace lightnvm::layers
