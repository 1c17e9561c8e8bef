// SPDX-License-Identifier: BSD-2-Clause
// A place in a list of segments that only moves forward: where the next bytes come from or go to.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/segments.hpp"

namespace lightnvm::fabrics {

/// `remaining()` bytes of memory ahead, never more than the segments have. The segments outlive it.
class Cursor {
 public:
  Cursor() noexcept = default;
  /// `range` lies within its segments.
  explicit Cursor(const SegmentRange& range) noexcept
      : next_(range.segments.data()),
        end_(range.segments.data() + range.segments.size()),
        offset_(range.offset),
        remaining_(range.bytes) {
    skip_ended();
  }
  [[nodiscard]] std::size_t remaining() const noexcept { return remaining_; }

  /// The pieces of memory ahead, as many as `pieces` has room for; returns how many.
  std::size_t pieces(std::span<Segment> pieces) const noexcept {
    std::size_t count = 0;
    std::size_t left = remaining_;
    std::size_t skip = offset_;
    for (const Segment* s = next_; s != end_ && left > 0 && count < pieces.size(); ++s) {
      const std::size_t bytes = std::min(s->bytes - skip, left);
      if (bytes > 0) pieces[count++] = {s->base + skip, bytes};
      left -= bytes;
      skip = 0;
    }
    return count;
  }
  /// Moves on by `bytes`, at most remaining(); calls f(std::span<std::byte>) for each piece passed.
  template <typename F>
  void advance(std::size_t bytes, F&& f) noexcept {
    bytes = std::min(bytes, remaining_);
    remaining_ -= bytes;
    while (bytes > 0 && next_ != end_) {
      const std::size_t n = std::min(next_->bytes - offset_, bytes);
      if (n > 0) f(std::span(next_->base + offset_, n));
      offset_ += n;
      bytes -= n;
      skip_ended();
    }
  }
  void advance(std::size_t bytes) noexcept {
    advance(bytes, [](std::span<std::byte>) {});
  }

 private:
  void skip_ended() noexcept {
    while (next_ != end_ && offset_ >= next_->bytes) offset_ -= next_++->bytes;
  }
  const Segment* next_ = nullptr;
  const Segment* end_ = nullptr;
  std::size_t offset_ = 0;  // within *next_
  std::size_t remaining_ = 0;
};

}  // namespace lightnvm::fabrics
