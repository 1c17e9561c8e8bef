// SPDX-License-Identifier: BSD-2-Clause
// A place in a chain of segments that only moves forward: where the next bytes come from or go to.
#pragma once

#include <algorithm>
#include <cstring>

#include "fabrics/chain.hpp"

namespace lightnvm::fabrics {

/// `remaining()` bytes of memory ahead, never more than the segments have. The segments outlive it.
class Cursor {
 public:
  Cursor() noexcept = default;
  /// `range` lies within its segments.
  explicit Cursor(const ChainRange& range) noexcept
      : chain_(range.chain.next), offset_(range.offset), remaining_(range.bytes) {
    enter(range.chain.segments);
    skip_ended();
  }
  [[nodiscard]] std::size_t remaining() const noexcept { return remaining_; }

  /// The pieces of memory ahead, as many as `pieces` has room for; returns how many.
  std::size_t pieces(std::span<Segment> pieces) const noexcept {
    std::size_t count = 0;
    std::size_t left = remaining_;
    std::size_t skip = offset_;
    const auto add = [&](const Segment* s, const Segment* end) {
      for (; s != end && left > 0 && count < pieces.size(); ++s) {
        const std::size_t bytes = std::min(s->bytes - skip, left);
        if (bytes > 0) pieces[count++] = {s->base + skip, bytes};
        left -= bytes;
        skip = 0;
      }
    };
    add(next_, end_);
    for (const Chain* c = chain_; c != nullptr && left > 0 && count < pieces.size(); c = c->next) {
      add(c->segments.data(), c->segments.data() + c->segments.size());
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
  void enter(std::span<const Segment> list) noexcept {
    next_ = list.data();
    end_ = next_ + list.size();
  }
  void skip_ended() noexcept {
    for (;;) {
      while (next_ != end_ && offset_ >= next_->bytes) offset_ -= next_++->bytes;
      if (next_ != end_ || chain_ == nullptr) return;
      enter(chain_->segments);
      chain_ = chain_->next;
    }
  }
  const Segment* next_ = nullptr;
  const Segment* end_ = nullptr;
  const Chain* chain_ = nullptr;  // what follows
  std::size_t offset_ = 0;        // within *next_
  std::size_t remaining_ = 0;
};

}  // namespace lightnvm::fabrics
