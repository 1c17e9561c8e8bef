// SPDX-License-Identifier: BSD-2-Clause
// Transfers between a virtual block and a file or a pattern, in pieces, so that no file is whole in memory.
#pragma once

#include <cstdint>
#include <lightnvm/virtual_block.hpp>
#include <string>

#include "files.hpp"

namespace tools {

/// What the original's tool measures. `elapsed` is from the first command to the last, with what is done to files
/// meanwhile; `fill` is that part alone, or making the pattern.
struct Timing {
  double alloc = 0, fill = 0, elapsed = 0;
  std::uint64_t bytes = 0;
};

/// What a transfer is about. Failures have `call`; `quiet`: no progress bar.
struct Extent {
  std::string call;
  std::uint64_t offset = 0, bytes = 0;
  bool quiet = false;
  int metadata_mode = 0;  ///< of a write: 0 none, 1 letters, 2 one letter
};
/// Writes until `fill` has no more; what is short of a write size is filled up with the pattern. Returns where it
/// ended. Ctrl-C ends both between two pieces, as a Failure.
std::uint64_t write_pieces(lightnvm::VirtualBlock& block, const Extent& extent, const Fill& fill, Timing& timing);
void read_pieces(lightnvm::VirtualBlock& block, const Extent& extent, const Drain& drain, Timing& timing);

}  // namespace tools
