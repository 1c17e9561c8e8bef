// SPDX-License-Identifier: BSD-2-Clause
// Keeps violations until somebody asks.
#include "support/violations.hpp"

#include <mutex>
#include <utility>

namespace lightnvm::test {
namespace {

std::mutex mutex;
std::vector<std::string> found;

}  // namespace

void violation(std::string what) {
  const std::lock_guard lock(mutex);
  if (found.size() < 20) found.push_back(std::move(what));
}

std::vector<std::string> take_violations() {
  const std::lock_guard lock(mutex);
  return std::exchange(found, {});
}

}  // namespace lightnvm::test
