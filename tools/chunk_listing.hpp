// SPDX-License-Identifier: BSD-2-Clause
// The chunk report as the tools print it.
#pragma once

#include <lightnvm/device.hpp>
#include <span>

#include "common.hpp"

namespace tools {

/// "rprt:" and a line for each chunk, or the document, as all that the sub-command writes with --json. Piece by piece:
/// the text of a large device is many times larger than its chunks.
void write_report(const lightnvm::Device& device, std::span<const lightnvm::Chunk> all, Output& out);

}  // namespace tools
