// SPDX-License-Identifier: BSD-2-Clause
// Shapes of devices that the oracle's tests run on, written as options of the tools.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iosfwd>
#include <string>

#include "lightnvm/emulator.hpp"

namespace lightnvm::oracle {

struct Shape {
  std::string name;
  std::string options;    ///< as for apply_option, separated by spaces
  std::string overrides;  ///< as for parse_chunk_info
};
/// For the name of a test that fails.
void PrintTo(const Shape& shape, std::ostream* out);  // NOLINT(readability-identifier-naming)

/// The shape's device; what cannot be is a failure of the test.
emulator::Config config_of(const Shape& shape);

/// A number from the environment.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise);

/// Calls once(seed, end) until it says what is wrong: for ORACLE_SEED alone and without an end, or for the seeds from 1
/// on, for as many as `milliseconds` (or ORACLE_MS) allow; the last one may stop early at `end`.
template <typename F>
void for_seeds(std::uint64_t milliseconds, F&& once) {
  const bool replay = std::getenv("ORACLE_SEED") != nullptr;
  const std::chrono::milliseconds time(from_environment("ORACLE_MS", milliseconds));
  using Clock = std::chrono::steady_clock;
  const auto end = replay ? Clock::time_point::max() : Clock::now() + time;
  std::uint64_t seed = from_environment("ORACLE_SEED", 1);
  do {
    const std::string wrong = once(seed, end);
    ASSERT_TRUE(wrong.empty()) << "ORACLE_SEED=" << seed << "\n" << wrong;
    ++seed;
  } while (!replay && Clock::now() < end);
}

}  // namespace lightnvm::oracle
