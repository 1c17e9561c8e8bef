// SPDX-License-Identifier: BSD-2-Clause
// Devices for the tests of nvm_check, and runs of its rules over them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check_session.hpp"
#include "lightnvm/device.hpp"

namespace lightnvm::test {

/// A folder of the test's own, in memory where there is enough, removed at its end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// An image with chunks of every kind, and a limit for everything that can have one. Returns its path.
std::string make_full_device(const Folder& folder);

/// A device through the registry of the tests.
Device open_device(const std::string& ident);
/// All rules on a device, one after another.
std::vector<tools::check::Finding> run_all(const Device& device, std::uint64_t seed = 1);
/// The names of the rules that it breaks.
std::vector<std::string> broken(const std::vector<tools::check::Finding>& findings);
/// TAP of those that failed, for messages.
std::string failures(const std::vector<tools::check::Finding>& findings);

}  // namespace lightnvm::test
