// SPDX-License-Identifier: BSD-2-Clause
// Tally: what is counted of one kind of commands.
#pragma once

#include <array>
#include <cstdint>
#include <lightnvm/status.hpp>
#include <span>

#include "bench_histogram.hpp"
#include "bench_series.hpp"
#include "bench_sweep.hpp"

namespace tools::bench {

/// Failed commands by status, without allocation; statuses beyond the 15th are counted together.
class Errors {
 public:
  struct Entry {
    Trouble first;  ///< the first command that ended so
    std::uint64_t count = 0;
  };
  void add(const Trouble& trouble, std::uint64_t count = 1) noexcept {
    std::size_t i = 0;
    while (i < used_ && i + 1 < entries_.size() && entries_[i].first.status != trouble.status) ++i;
    if (i == used_) entries_[used_++].first = trouble;
    entries_[i].count += count;
  }
  void add(const Errors& other) noexcept {
    for (const Entry& e : other.entries()) add(e.first, e.count);
  }
  [[nodiscard]] std::span<const Entry> entries() const noexcept { return std::span(entries_).first(used_); }
  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t n = 0;
    for (const Entry& e : entries()) n += e.count;
    return n;
  }

 private:
  std::array<Entry, 16> entries_{};
  std::size_t used_ = 0;
};

struct Tally {
  explicit Tally(std::uint64_t interval) : series(interval) {}
  void add(const Tally& other) {
    bytes += other.bytes;
    latency.add(other.latency);
    series.add(other.series);
    errors.add(other.errors);
  }

  std::uint64_t bytes = 0;
  Histogram latency;  ///< nanoseconds, of the commands that ended well
  Series series;
  Errors errors;
};

}  // namespace tools::bench
