// SPDX-License-Identifier: BSD-2-Clause
// Percentiles of a histogram, and the sum of two.
#include "bench_histogram.hpp"

#include <cmath>

namespace tools::bench {

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
  sum_ += other.sum_;
  least_ = std::min(least_, other.least_);
  greatest_ = std::max(greatest_, other.greatest_);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen == 0 || seen < wanted) continue;
    const std::uint64_t middle = first_of(i) + (first_of(i + 1) - first_of(i)) / 2;
    return std::clamp(middle, least_, greatest_);
  }
  return greatest_;
}

}  // namespace tools::bench
