// SPDX-License-Identifier: BSD-2-Clause
// Sweeps over chunks that no clock sees: filling them with the pattern, and holding them against it.
#pragma once

#include <cstdint>
#include <functional>
#include <lightnvm/device.hpp>
#include <vector>

#include "bench_job.hpp"
#include "bench_pattern.hpp"

namespace tools::bench {

/// Sectors `first` to `end` - 1 of a chunk.
struct Extent {
  lightnvm::Address chunk;
  std::uint32_t first = 0, end = 0;
};

/// A command that did not end well, and where.
struct Trouble {
  lightnvm::Address address;
  lightnvm::Status status;
};

/// What was held against the pattern, and did not agree with it.
struct Verdict {
  static constexpr std::size_t kKept = 8;
  std::uint64_t sectors = 0, mismatches = 0;
  std::vector<Mismatch> first;  ///< at most kKept

  /// Does not allocate once `first` has room.
  void found(const Mismatch& mismatch) {
    ++mismatches;
    if (first.size() < kKept) first.push_back(mismatch);
  }
  void add(const Verdict& other);
};

struct SweepOptions {
  std::uint64_t seed = 1;
  std::uint32_t most_open = ~0U;  ///< chunks at a time
  bool quiet = false;             ///< no progress bar
  bool stoppable = true;          ///< by Ctrl-C
};

/// Makes what is not free so, chunk by chunk. Requires that the chunks can be reset.
std::vector<Trouble> reset_all(lightnvm::Device& device, std::span<const lightnvm::Address> chunks);
/// Writes the pattern, no unit's chunks at the same time. What fails is left as it is, and returned.
std::vector<Trouble> fill(lightnvm::Device& device, std::vector<Extent> extents, const SweepOptions& options);
/// Reads and compares. What cannot be read is returned.
std::vector<Trouble> verify(lightnvm::Device& device, const std::vector<Extent>& extents, const SweepOptions& options,
                            Verdict& verdict);

}  // namespace tools::bench
