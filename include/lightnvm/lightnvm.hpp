// SPDX-License-Identifier: BSD-2-Clause
// All of the C++ API.
#pragma once

#include "lightnvm/device.hpp"
#include "lightnvm/emulator.hpp"
#include "lightnvm/virtual_block.hpp"
