// SPDX-License-Identifier: BSD-2-Clause
// Walks and copies lists of segments without ever touching memory outside of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "lightnvm/segment.hpp"

namespace lightnvm {

/// The bytes of all segments together.
inline std::size_t total_bytes(std::span<const Segment> segments) noexcept {
  if (segments.size() == 1) [[likely]]
    return segments[0].bytes;
  std::size_t sum = 0;
  for (const Segment& s : segments) sum += s.bytes;
  return sum;
}

/// `bytes` bytes that begin `offset` bytes into a list of segments. Trivial to copy; the segments outlive it.
struct SegmentRange {
  std::span<const Segment> segments;
  std::size_t offset = 0;
  std::size_t bytes = 0;

  [[nodiscard]] bool empty() const noexcept { return bytes == 0; }

  /// Calls f(std::byte* piece, std::size_t length, std::size_t position) for each contiguous piece, in order.
  template <typename F>
  void for_each(F&& f) const {
    std::size_t skip = offset;
    std::size_t done = 0;
    for (const Segment& s : segments) {
      if (done == bytes) break;
      if (skip >= s.bytes) {
        skip -= s.bytes;
        continue;
      }
      const std::size_t length = std::min(s.bytes - skip, bytes - done);
      f(s.base + skip, length, done);
      done += length;
      skip = 0;
    }
  }
  /// Writes `source`, which has at least `bytes` bytes, into the segments.
  void copy_in(const std::byte* source) const noexcept {
    for_each([&](std::byte* p, std::size_t n, std::size_t at) { std::memcpy(p, source + at, n); });
  }
  /// Reads the segments into `target`, which has room for `bytes` bytes.
  void copy_out(std::byte* target) const noexcept {
    for_each([&](std::byte* p, std::size_t n, std::size_t at) { std::memcpy(target + at, p, n); });
  }
  void fill(std::byte value) const noexcept {
    for_each([&](std::byte* p, std::size_t n, std::size_t) { std::memset(p, static_cast<int>(value), n); });
  }
  /// The part that begins `at` bytes into this range.
  [[nodiscard]] SegmentRange sub(std::size_t at, std::size_t length) const noexcept {
    return {segments, offset + at, length};
  }
};

}  // namespace lightnvm
