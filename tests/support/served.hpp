// SPDX-License-Identifier: BSD-2-Clause
// Served: a device behind a target in this process.
#pragma once

#include <memory>
#include <string>

#include "lightnvm/target.hpp"

namespace lightnvm::test {

/// One subsystem with one device, at a free port of the loopback. What goes wrong is the test's failure.
class Served {
 public:
  /// `device` as Device::open takes it; the rest is as `config` has it.
  explicit Served(const std::string& device, TargetMetadata metadata = TargetMetadata::none, TargetConfig config = {});
  /// Its identifier: tcp://..., without options.
  [[nodiscard]] const std::string& ident() const noexcept { return ident_; }

 private:
  std::unique_ptr<Target> target_;
  std::string ident_;
};

}  // namespace lightnvm::test
