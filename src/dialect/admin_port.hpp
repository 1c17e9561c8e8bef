// SPDX-License-Identifier: BSD-2-Clause
// AdminPort: how a dialect asks the device for something, one admin command at a time.
#pragma once

#include <cstdint>

#include "lightnvm/completion.hpp"
#include "spec/nvme.hpp"
#include "spec/payload.hpp"

namespace lightnvm::dialect {

class AdminPort {
 public:
  /// Executes `command` and waits for it. From any thread.
  virtual Completion execute(const spec::Command& command, const Payload& payload) = 0;
  [[nodiscard]] virtual std::uint32_t nsid() const noexcept = 0;
  /// The most bytes that one command moves; never 0.
  [[nodiscard]] virtual std::uint32_t transfer_limit() const noexcept = 0;

  /// The same, into or from one piece of memory.
  Completion execute(const spec::Command& command, std::span<std::byte> data) {
    const Segment segment{data.data(), data.size()};
    return execute(command, Payload{{&segment, 1}, {}, {}, {}});
  }

 protected:
  ~AdminPort() = default;
};

}  // namespace lightnvm::dialect
