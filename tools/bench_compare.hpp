// SPDX-License-Identifier: BSD-2-Clause
// Two runs side by side, and whether their speeds differ by more than they vary.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common.hpp"

namespace tools::bench {

/// How many times as fast B is as A.
struct Ratio {
  double median = 1;         ///< of the ratios of all pairs of a part of B and a part of A
  double low = 0, high = 0;  ///< the interval that holds it with 99 %
  [[nodiscard]] bool differs() const noexcept { return low > 1 || high < 1; }
};

/// Of two runs' speeds, interval by interval (each at least 0). Neighbours are alike, so each run is cut into at most
/// 15 parts of equal length, of which the medians count; of all pairs of parts the ratio is taken; the median of these
/// (Hodges and Lehmann), and the interval around it that the Mann-Whitney test does not refuse at 1 % (Moses). It
/// assumes no distribution. Nothing with fewer than 5 intervals in either run.
std::optional<Ratio> compare_speeds(std::span<const double> a, std::span<const double> b);

/// A run's document, read and checked; a Failure that names the file where it is none.
Json read_run(const std::string& path);
/// The table of two documents, and the same as a document.
std::string comparison(const Json& a, const Json& b);
Json comparison_json(const Json& a, const Json& b);

}  // namespace tools::bench
