// SPDX-License-Identifier: BSD-2-Clause
// Series: how many commands ended in each interval of a run, in memory that does not grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tools::bench {

/// Counts by time. Where the intervals are used up, each two become one, twice as long. One thread at a time.
class Series {
 public:
  static constexpr std::size_t kMost = 4096;

  /// `interval` in nanoseconds, at least 1.
  explicit Series(std::uint64_t interval) : counts_(kMost), interval_(interval), end_(interval) {}

  /// One command that ended `at` nanoseconds after the beginning; later ones do not come before earlier ones.
  void add(std::uint64_t at) noexcept {
    while (at >= end_) next();
    ++counts_[current_];
  }
  /// What another thread counted over the same time, with the same interval to begin with.
  void add(const Series& other);

  [[nodiscard]] std::uint64_t interval() const noexcept { return interval_; }
  /// The intervals that lie whole in the first `elapsed` nanoseconds; one that does not where there are no others.
  [[nodiscard]] std::span<const std::uint64_t> whole(std::uint64_t elapsed) const noexcept;

 private:
  void next() noexcept;
  void fold() noexcept;

  std::vector<std::uint64_t> counts_;
  std::uint64_t interval_, end_;
  std::size_t current_ = 0;
};

}  // namespace tools::bench
