// SPDX-License-Identifier: BSD-2-Clause
// What a run found, as text and as a document.
#pragma once

#include <lightnvm/device.hpp>
#include <span>
#include <string>
#include <string_view>

#include "bench_run.hpp"
#include "common.hpp"

namespace tools::bench {

/// How wide texts may be, and of what they are drawn.
struct Canvas {
  unsigned columns = 80;
  bool utf8 = false;
};

/// The percentiles that are shown, with their names.
struct Percentile {
  std::string_view name;
  double percent;
};
std::span<const Percentile> percentiles() noexcept;

/// "# nvm_bench read: ..." and a line on how.
std::string headline(const lightnvm::Device& device, const Job& job, const Outcome& outcome);
/// Commands, speed and latencies, a row for each kind of commands that there were.
std::string table(const Outcome& outcome);
/// What went wrong, line by line; empty where nothing did.
std::string complaints(const lightnvm::Device& device, const Outcome& outcome);
/// The latencies of one kind, drawn: up to 20 lines, by powers of two or equal parts of them (in the logarithm).
std::string drawing(const Histogram& latency, std::string_view name, const Canvas& canvas);
/// The speed over time in one line; empty where there is but one interval.
std::string sparkline(const Series& series, std::uint64_t elapsed_ns, std::string_view name, const Canvas& canvas);

/// The document; docs/tools.md describes it.
Json document(const lightnvm::Device& device, const Job& job, const Outcome& outcome);

}  // namespace tools::bench
