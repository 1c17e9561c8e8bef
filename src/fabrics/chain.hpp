// SPDX-License-Identifier: BSD-2-Clause
// Chain: memory of one transfer in several lists of segments, one list after another.
#pragma once

#include <concepts>

#include "base/segments.hpp"

namespace lightnvm::fabrics {

/// A list of segments and what follows it. A list converts to a chain of itself. Trivial to copy; what it refers to
/// outlives it.
struct Chain {
  std::span<const Segment> segments;
  const Chain* next = nullptr;

  constexpr Chain() noexcept = default;
  template <std::convertible_to<std::span<const Segment>> List>
  constexpr Chain(const List& list) noexcept : segments(list) {}  // NOLINT(google-explicit-constructor): see above
  /// Of all lists together.
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = total_bytes(segments);
    for (const Chain* c = next; c != nullptr; c = c->next) sum += total_bytes(c->segments);
    return sum;
  }
};

/// `bytes` bytes that begin `offset` bytes into a chain.
struct ChainRange {
  Chain chain;
  std::size_t offset = 0;
  std::size_t bytes = 0;

  [[nodiscard]] bool empty() const noexcept { return bytes == 0; }
  /// The part that begins `at` bytes into this range.
  [[nodiscard]] ChainRange sub(std::size_t at, std::size_t length) const noexcept {
    return {chain, offset + at, length};
  }
};

}  // namespace lightnvm::fabrics
