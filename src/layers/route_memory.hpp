// SPDX-License-Identifier: BSD-2-Clause
// RouteMemory: memory of a queue that its route can transfer from; Arena: pieces of it, lent without allocation.
#pragma once

#include <vector>

#include "backends/backend.hpp"

namespace lightnvm::layers {

/// Owns page-aligned memory: the route's, or the heap's where the route has none of its own. Movable.
class RouteMemory {
 public:
  /// `memory` nullptr: the heap. ENOMEM, or what the route says. 0 bytes are no memory, without error.
  static Result<RouteMemory> allocate(backends::Memory* memory, std::size_t bytes);

  RouteMemory() noexcept = default;
  RouteMemory(RouteMemory&& other) noexcept;
  RouteMemory& operator=(RouteMemory&& other) noexcept;
  ~RouteMemory();
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  backends::Memory* memory_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Lends pieces of a stretch of memory that somebody else owns. One thread at a time.
class Arena {
 public:
  Arena() noexcept = default;
  /// Pieces are multiples of `granule` bytes.
  Arena(std::byte* base, std::size_t bytes, std::size_t granule);

  /// A piece of `bytes` (more than 0), or nullptr where there is none now. The lowest that fits: it is warm.
  [[nodiscard]] std::byte* acquire(std::size_t bytes) noexcept;
  /// Takes back what acquire gave, with the same `bytes`.
  void release(const std::byte* piece, std::size_t bytes) noexcept;
  /// What the largest piece can be when nothing is lent.
  [[nodiscard]] std::size_t size() const noexcept { return granules_ * granule_; }

 private:
  [[nodiscard]] std::size_t needed(std::size_t bytes) const noexcept { return (bytes + granule_ - 1) / granule_; }
  [[nodiscard]] bool used(std::size_t granule) const noexcept { return (used_[granule / 64] >> granule % 64 & 1) != 0; }
  void mark(std::size_t first, std::size_t count, bool use) noexcept;

  std::byte* base_ = nullptr;
  std::size_t granule_ = 1;
  std::size_t granules_ = 0;
  std::size_t lowest_ = 0;  // below it, all is lent
  std::vector<std::uint64_t> used_;
};

}  // namespace lightnvm::layers
