// SPDX-License-Identifier: BSD-2-Clause
// PacedQueue: a Queue of a device with timing or a fault plan; holds completions until they are due.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "emulator/command_timing.hpp"
#include "emulator/faults.hpp"
#include "emulator/queue.hpp"

namespace lightnvm::emulator {

/// One thread at a time, and as Queue otherwise. Times are of the caller's clock, and do not go back. Commands are
/// executed in the order in which they begin; what they moved is there, and seen by others, before they are due.
class PacedQueue {
 public:
  PacedQueue(Controller& controller, std::uint32_t depth, std::uint16_t sqid);

  /// As Queue::start. connection_lost: the device has no power, the command has not begun.
  Status start(const spec::Command& command, const Payload& payload, std::uint16_t tag, Nanoseconds now) noexcept;
  /// Hands up to `most` commands that are done by `now` to `f(tag, completion)`, in the order in which they were due,
  /// which may start others; they are for the next call. A device that has lost its power is done with all of them:
  /// connection_lost.
  template <typename F>
  unsigned poll(unsigned most, Nanoseconds now, F&& f) noexcept {
    collect(now);
    const std::uint32_t end = handed_ + std::min(most, due_ - handed_);
    unsigned n = 0;
    // What is polled from within may have gone past the end.
    for (; static_cast<std::int32_t>(end - handed_) > 0; ++n) {
      const Done done = ready_[handed_++ & mask_];
      f(done.tag, done.completion);
    }
    return n;
  }
  /// When the next command is due, if that is known: commands that wait for other queues' have no time yet.
  [[nodiscard]] std::optional<Nanoseconds> next_due() const noexcept;
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return queue_.in_flight() + (executed_ - handed_); }

 private:
  struct Begun {
    const spec::Command* command = nullptr;
    const Payload* payload = nullptr;
    Nanoseconds at = 0;
  };
  struct Held {
    Nanoseconds due = 0;
    std::uint64_t number = 0;
    Done done;
    bool operator>(const Held& other) const noexcept {
      return due != other.due ? due > other.due : number > other.number;
    }
  };
  void take_executed() noexcept;
  void collect(Nanoseconds now) noexcept;

  Queue queue_;
  Faults* faults_;  // nullptr: none

  CommandTiming* timing_;     // nullptr: commands are due at once
  std::vector<Begun> begun_;  // by tag
  std::vector<Held> held_;    // heap, the earliest first
  std::vector<Done> ready_;   // ring of a power of two
  std::uint32_t mask_;
  // How many commands were executed, were due, and were handed out, since the queue was made.
  std::uint32_t executed_ = 0, due_ = 0, handed_ = 0;
  std::uint64_t numbers_ = 0;
};

}  // namespace lightnvm::emulator
