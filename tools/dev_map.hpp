// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev map: a picture of a device.
#pragma once

#include "common.hpp"

namespace tools {

void add_map(Tool& tool);

}  // namespace tools
