// SPDX-License-Identifier: BSD-2-Clause
// The emulated devices that lie in directories.
#pragma once

#include "lightnvm/found_device.hpp"

namespace lightnvm::backends::emu {

/// As Descriptor::find: the images in the directories of `options`, sorted by name. Of each file only the superblock is
/// read. What is no regular file (symbolic links too), no image, or not to be read by this user, is passed over.
Result<std::vector<FoundDevice>> find(const FindOptions& options);

}  // namespace lightnvm::backends::emu
