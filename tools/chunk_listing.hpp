// SPDX-License-Identifier: BSD-2-Clause
// Chunks as the tools print them: the report, and short lists.
#pragma once

#include <lightnvm/device.hpp>
#include <span>

#include "common.hpp"

namespace tools {

/// "rprt:" and a line for each chunk, or the document, as all that the sub-command writes with --json. Piece by piece:
/// the text of a large device is many times larger than its chunks.
void write_report(const lightnvm::Device& device, std::span<const lightnvm::Chunk> all, Output& out);

/// "(0,0,0..3) (0,1,7) ... and 12 more"; requires that they are sorted.
std::string chunk_list(std::span<const lightnvm::Address> chunks, std::size_t most);

}  // namespace tools
