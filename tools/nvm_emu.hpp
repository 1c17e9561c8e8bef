// SPDX-License-Identifier: BSD-2-Clause
// The sub-commands of nvm_emu, and how it shows a device.
#pragma once

#include <lightnvm/emulator.hpp>
#include <string>

#include "common.hpp"

namespace tools {

void add_create(Tool& tool);
void add_info(Tool& tool);
void add_check(Tool& tool);
void add_chunks(Tool& tool);
void add_faults(Tool& tool);

/// What an image says of itself; a Failure of `call` where there is none.
lightnvm::emulator::ImageInfo image_info(const std::string& path, const std::string& call);
/// Shows it: "emu:", "geo:", "wrt:", "perf:".
void show_image(const std::string& path, const lightnvm::emulator::ImageInfo& info, Output& out);

}  // namespace tools
