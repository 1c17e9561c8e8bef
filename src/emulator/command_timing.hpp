// SPDX-License-Identifier: BSD-2-Clause
// CommandTiming: what the I/O commands of an emulated device ask of its NAND, and when they are done by that.
#pragma once

#include <cstdint>
#include <mutex>

#include "emulator/device.hpp"
#include "emulator/timing.hpp"
#include "lightnvm/completion.hpp"
#include "spec/nvme.hpp"
#include "spec/payload.hpp"

namespace lightnvm::emulator {

/// The model's numbers for such a device. `sector_transfer`: of Conduct.
NandShape nand_shape(const Config& config, std::optional<std::uint32_t> sector_transfer);

/// Thread-safe: the units are busy for all queues of a device.
class CommandTiming {
 public:
  CommandTiming(Device& device, const NandShape& shape);
  /// When `command`, which began at `now` and was executed with `completion`, is done. What was refused before any
  /// media were asked is done at once.
  Nanoseconds done(const spec::Command& command, const Payload& payload, const Completion& completion,
                   Nanoseconds now) noexcept;

 private:
  struct Step {
    std::uint32_t unit = 0, block = 0, page = 0, sectors = 0;
  };
  struct List;
  [[nodiscard]] bool step_of(const List& list, std::uint32_t i, Step& step) const noexcept;
  template <typename F>
  void for_each_step(const List& list, F&& f) const noexcept;
  [[nodiscard]] Nanoseconds read(const List& list, Nanoseconds now) noexcept;
  [[nodiscard]] Nanoseconds write(const List& list, Nanoseconds now, bool durable) noexcept;
  [[nodiscard]] Nanoseconds reset(const List& list, Nanoseconds now) noexcept;
  [[nodiscard]] Nanoseconds deallocate(const spec::Command& c, const Payload& p, Nanoseconds now) noexcept;

  Device& device_;
  std::uint32_t chunks_, planes_, page_sectors_;  // the machine's chunks of a unit; sectors of a write unit in a chunk
  std::mutex mutex_;
  Timing timing_;
};

}  // namespace lightnvm::emulator
