// SPDX-License-Identifier: BSD-2-Clause
// Intervals that become longer with the run.
#include "bench_series.hpp"

#include <algorithm>

namespace tools::bench {

void Series::fold() noexcept {
  for (std::size_t i = 0; i < kMost / 2; ++i) counts_[i] = counts_[2 * i] + counts_[2 * i + 1];
  std::fill(counts_.begin() + kMost / 2, counts_.end(), 0);
  interval_ *= 2;
  current_ /= 2;
  end_ = (current_ + 1) * interval_;
}

void Series::next() noexcept {
  if (current_ + 1 == kMost) return fold();
  ++current_;
  end_ += interval_;
}

void Series::add(const Series& other) {
  Series longer = other;
  while (longer.interval_ < interval_) longer.fold();
  while (interval_ < longer.interval_) fold();
  for (std::size_t i = 0; i < kMost; ++i) counts_[i] += longer.counts_[i];
  current_ = std::max(current_, longer.current_);
  end_ = (current_ + 1) * interval_;
}

std::span<const std::uint64_t> Series::whole(std::uint64_t elapsed) const noexcept {
  const std::size_t n = std::min<std::uint64_t>(elapsed / interval_, kMost);
  return std::span(counts_).first(std::max<std::size_t>(n, 1));
}

}  // namespace tools::bench
