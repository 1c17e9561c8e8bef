// SPDX-License-Identifier: BSD-2-Clause
// Channel: the facade over one I/O queue pair. It checks arguments, owns the slots, and calls back exactly once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "backends/backend.hpp"
#include "dialect/dialect.hpp"
#include "lightnvm/command.hpp"

namespace lightnvm::device {

/// What all channels of a device have in common; outlives them.
struct Terms {
  const dialect::Dialect* dialect = nullptr;  ///< nullptr: only raw commands
  std::uint32_t sector_bytes = 0, oob_bytes = 0;
  std::uint32_t nsid = 0;
  backends::Caps caps;
};

/// A command that is sent as it is.
struct RawIo {
  spec::Command command;
  std::span<const std::uint64_t> list, destination;
};

/// One thread at a time. Nothing here allocates once it is made.
class Channel final : private backends::Sink {
 public:
  Channel(const Terms& terms, std::unique_ptr<backends::QueuePair> queue_pair, std::uint32_t depth);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// The contract of lightnvm::Queue's functions.
  Status submit(const dialect::Io& io, const Transfer* transfer, Callback&& done) noexcept;
  Status submit_flush(Callback&& done) noexcept;
  Status submit_raw(const RawIo& raw, const Transfer& transfer, Callback&& done) noexcept;

  Result<unsigned> reap(unsigned min, unsigned max, backends::Deadline deadline) noexcept;
  void cancel_all() noexcept { queue_pair_->cancel_all(*this); }

  [[nodiscard]] std::uint32_t depth() const noexcept { return depth_; }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return depth_ - free_count_; }
  [[nodiscard]] int event_fd() const noexcept { return queue_pair_->event_fd(); }

  struct Counters {
    std::uint64_t submitted = 0, completed = 0, failed = 0;
  };
  [[nodiscard]] const backends::Caps& caps() const noexcept { return terms_.caps; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  struct Slot;

  void complete(backends::Request& request, const Completion& completion) noexcept override;
  [[nodiscard]] Status check(const dialect::Io& io) const noexcept;
  [[nodiscard]] Status check_raw(const RawIo& raw, const Transfer& transfer) const noexcept;
  [[nodiscard]] Status attach(Slot& slot, const Transfer& transfer, const dialect::Io& io) const noexcept;
  static std::pair<std::size_t, std::size_t> attach_memory(Slot& slot, const Transfer& transfer) noexcept;
  [[nodiscard]] Slot* take() noexcept;
  void give_back(Slot& slot) noexcept;
  Status send(Slot& slot, Callback&& done) noexcept;

  const Terms& terms_;
  std::unique_ptr<backends::QueuePair> queue_pair_;
  std::unique_ptr<Slot[]> slots_;
  std::vector<std::uint16_t> free_;
  std::uint32_t depth_;
  std::uint32_t free_count_;
  Counters counters_;
};

/// What a synchronous caller waits for.
struct Waiter {
  bool done = false;
  Completion completion;
};
/// Submits by `submit(Callback)` and waits for the completion. Requires that nothing else is in flight on `channel`.
template <typename Submit>
Completion run(Channel& channel, Submit&& submit) noexcept {
  Waiter waiter;
  const Status s = submit(Callback([&waiter](const Completion& c) {
    waiter.completion = c;
    waiter.done = true;
  }));
  if (!s) return {0, s};
  while (!waiter.done) {
    const auto n = channel.reap(1, 0, backends::kForever);
    if (n || waiter.done) continue;
    // The callback refers to this frame, the command to the caller's memory.
    channel.cancel_all();
    if (!waiter.done) return {0, n.error()};
  }
  return waiter.completion;
}

}  // namespace lightnvm::device
