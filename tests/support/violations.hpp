// SPDX-License-Identifier: BSD-2-Clause
// Violations: what a test backend found wrong with those who use it; a fixture fails its test for them.
#pragma once

#include <string>
#include <vector>

namespace lightnvm::test {

/// From any thread.
void violation(std::string what);
/// Those since the last call.
std::vector<std::string> take_violations();

}  // namespace lightnvm::test
