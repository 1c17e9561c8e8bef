// SPDX-License-Identifier: BSD-2-Clause
// Starts a target.
#include "support/served.hpp"

#include <gtest/gtest.h>

namespace lightnvm::test {

Served::Served(const std::string& device, TargetMetadata metadata, TargetConfig config) {
  constexpr const char* kSubsystem = "nqn.2026-11.io.lightnvm:served";
  config.listen = "127.0.0.1:0";
  config.subsystems = {{kSubsystem, {{device, 1, metadata, false}}, {}}};
  auto target = Target::open(config);
  if (!target) {
    ADD_FAILURE() << last_error();
    return;
  }
  target_ = std::make_unique<Target>(std::move(*target));
  EXPECT_TRUE(target_->start());
  ident_ = "tcp://" + target_->address() + "/" + kSubsystem;
}

}  // namespace lightnvm::test
