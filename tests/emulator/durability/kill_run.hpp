// SPDX-License-Identifier: BSD-2-Clause
// Kills: a process that uses a device from several threads, ended by SIGKILL, and what it leaves.
#pragma once

#include "cut_run.hpp"

namespace lightnvm::emulator::durability {

/// A device made from `seed`, in `directory`, and `kills` processes that use it, each killed at a random moment. When
/// they die is not the seed's alone.
CutResult kill_run(std::uint64_t seed, std::uint32_t kills, const std::string& directory);

}  // namespace lightnvm::emulator::durability
