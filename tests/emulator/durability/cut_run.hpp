// SPDX-License-Identifier: BSD-2-Clause
// CutRun: a device under a random load, power failures, and what is found after each.
#pragma once

#include <cstdint>
#include <string>

namespace lightnvm::emulator::durability {

struct CutResult {
  std::string wrong;  ///< empty: all was as it must be
  std::uint64_t cuts = 0, commands = 0, syncs = 0;
};

/// One device made from `seed`, in `directory`, and `cuts` power failures one after the other. The same seed does the
/// same again.
CutResult cut_run(std::uint64_t seed, std::uint32_t cuts, const std::string& directory);

}  // namespace lightnvm::emulator::durability
