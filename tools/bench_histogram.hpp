// SPDX-License-Identifier: BSD-2-Clause
// Histogram: how long commands took, in memory that does not grow, with a known error.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace tools::bench {

/// Counts values in buckets: each power of two is cut in 64 equal parts, below 128 each value has its own. What it says
/// of a value is the middle of its bucket and at most 0.8 % (1/128) off; count, sum, least and greatest are exact.
/// Values from 2^40 (in nanoseconds: 18 minutes) on count as 2^40 - 1. 18 KiB, no allocation. One thread at a time.
class Histogram {
 public:
  static constexpr unsigned kPartBits = 6, kRangeBits = 40;
  static constexpr std::uint64_t kParts = 1ULL << kPartBits, kLargest = (1ULL << kRangeBits) - 1;
  static constexpr std::size_t kBuckets = (kRangeBits - kPartBits + 1) * kParts;

  void add(std::uint64_t value) noexcept {
    value = std::min(value, kLargest);
    ++counts_[bucket_of(value)];
    ++total_;
    sum_ += value;
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
  }
  void add(const Histogram& other) noexcept;

  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  /// 0 where there are no values.
  [[nodiscard]] std::uint64_t least() const noexcept { return total_ == 0 ? 0 : least_; }
  [[nodiscard]] std::uint64_t greatest() const noexcept { return greatest_; }
  [[nodiscard]] double mean() const noexcept {
    return total_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(total_);
  }
  /// The least value that `percent` (0 to 100) of all values do not exceed; 0 where there are none.
  [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;

  /// The bucket of a value below 2^40, and a bucket's least value (of kBuckets: one beyond the greatest).
  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const unsigned shift = value < kParts ? 0 : static_cast<unsigned>(std::bit_width(value)) - 1 - kPartBits;
    return shift * kParts + (value >> shift);
  }
  static constexpr std::uint64_t first_of(std::size_t bucket) noexcept {
    if (bucket < kParts) return bucket;
    return (kParts + bucket % kParts) << (bucket / kParts - 1);
  }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket]; }

 private:
  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0, sum_ = 0, least_ = ~0ULL, greatest_ = 0;
};

}  // namespace tools::bench
