// SPDX-License-Identifier: BSD-2-Clause
// Runs a job on a device: chunks, threads, and what comes of them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <lightnvm/device.hpp>
#include <string>
#include <vector>

#include "bench_job.hpp"
#include "bench_layout.hpp"
#include "bench_tally.hpp"

namespace tools::bench {

/// What a run found.
struct Outcome {
  explicit Outcome(std::uint64_t interval) : tallies{Tally(interval), Tally(interval), Tally(interval)} {}

  std::uint32_t sectors = 0;  ///< of a command
  std::uint32_t units = 0, read_chunks = 0, write_chunks = 0, lanes = 0;
  double seconds = 0;  ///< from the first command to the end of the last
  std::array<Tally, kKinds> tallies;
  Verdict verdict;
  std::vector<Trouble> troubles;  ///< of what is not measured: finishing chunks, reading them back
  std::uint64_t behind = 0;
  bool exhausted = false;  ///< it ended because no chunk was left
  bool interrupted = false;

  [[nodiscard]] const Tally& tally(Kind kind) const noexcept { return tallies[static_cast<std::size_t>(kind)]; }
  /// Nothing failed, and what was verified is right.
  [[nodiscard]] bool good() const noexcept;
};

/// Asked before anything is written or reset; throws where that is not wanted.
using Consent = std::function<void(const Layout& layout)>;

/// A Failure where the job cannot begin; what fails later is in the outcome.
Outcome run(lightnvm::Device& device, const Job& job, const Consent& consent, bool quiet);

}  // namespace tools::bench
