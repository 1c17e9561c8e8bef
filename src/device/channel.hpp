// SPDX-License-Identifier: BSD-2-Clause
// Channel: the facade over one I/O queue pair. It checks arguments, owns the slots, and calls back exactly once.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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
  struct Slot;
  /// A read or a write that asks for nothing more (dialect::plain_kind), into or from memory in one piece, in two steps
  /// that are to be short: `prepare` gives a slot, and `send` follows at once. `prepare_again` does it for one address,
  /// or a range, if the slot's last command was alike, and gives nullptr where prepare is to be asked; that gives
  /// nullptr where submit is to be asked, which knows the rest and why not.
  Slot* prepare_again(unsigned kind, Address address, std::uint32_t count, std::byte* data) noexcept;
  Slot* prepare(unsigned kind, const Address* addresses, std::uint32_t count, std::byte* data) noexcept;
  template <typename F>
  Status send(Slot& slot, F&& done) noexcept;

  Result<unsigned> reap(unsigned min, unsigned max, backends::Deadline deadline) noexcept {
    return queue_pair_->reap(*this, min, max, deadline);
  }
  void cancel_all() noexcept { queue_pair_->cancel_all(*this); }

  [[nodiscard]] std::uint32_t depth() const noexcept { return depth_; }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return depth_ - free_count_; }
  [[nodiscard]] int event_fd() const noexcept { return queue_pair_->event_fd(); }

  struct Counters {
    std::uint64_t submitted = 0, completed = 0, failed = 0;
  };
  [[nodiscard]] const backends::Caps& caps() const noexcept { return terms_.caps; }
  [[nodiscard]] Counters counters() const noexcept { return {completed_ + in_flight(), completed_, failed_}; }

 private:
  void complete(backends::Request& request, const Completion& completion) noexcept override;
  [[nodiscard]] bool is_plain(const dialect::Io& io, const Transfer* transfer) const noexcept;
  [[nodiscard]] Status why_not(const dialect::Io& io) const noexcept;
  [[nodiscard]] Status check_raw(const RawIo& raw, const Transfer& transfer) const noexcept;
  [[nodiscard]] Status check_metadata(std::size_t bytes, std::uint32_t count) const noexcept;
  [[nodiscard]] Status attach(Slot& slot, const Transfer& transfer, const dialect::Io& io) const noexcept;
  static std::pair<std::size_t, std::size_t> attach_memory(Slot& slot, const Transfer& transfer) noexcept;
  /// Requires: there is one free.
  [[nodiscard]] Slot& next_slot() noexcept;
  void reshape(Slot& slot, unsigned kind, std::uint32_t count) const noexcept;
  [[nodiscard]] Slot* rename(Slot& slot, Address address, std::byte* data) const noexcept;
  Status unsend(Status status) noexcept;

  const dialect::Dialect* dialect_;
  const dialect::PlainTransfers* plain_;
  std::unique_ptr<backends::QueuePair> queue_pair_;
  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<Slot*[]> free_;
  std::uint32_t free_count_;
  std::uint32_t sector_bytes_;
  // The most addresses of a plain command; 0: none, submit knows why.
  std::array<std::uint32_t, dialect::kPlainKinds + 1> most_plain_{};
  std::uint32_t depth_;
  const Terms& terms_;
  std::uint64_t completed_ = 0, failed_ = 0;
};

struct Channel::Slot : backends::Request {
  Callback callback;  ///< empty: not in flight
  /// The plain command that the slot held last, with its count: of the next that is alike only the address and the
  /// memory differ, as routes leave requests as they are.
  std::uint64_t shape = kNoShape;
  std::byte* address = nullptr;  ///< where its address goes
  Segment data, metadata;
  dialect::WireMemory wire;

  static constexpr std::uint64_t kNoShape = ~0ULL, kList = 1ULL << 63;
  static constexpr std::uint64_t shape_of(unsigned kind, std::uint32_t count) noexcept {
    return static_cast<std::uint64_t>(kind) << 32 | count;
  }
};

inline Channel::Slot& Channel::next_slot() noexcept { return *free_[free_count_ - 1]; }

// The rest of a plain command.
[[gnu::always_inline]] inline Channel::Slot* Channel::rename(Slot& slot, Address address,
                                                             std::byte* data) const noexcept {
  if (!plain_->has_name(address)) [[unlikely]]
    return nullptr;
  slot.data.base = data;
  const std::uint64_t name = plain_->name(address);
  std::memcpy(slot.address, &name, sizeof(name));
  return &slot;
}

[[gnu::always_inline]] inline Channel::Slot* Channel::prepare_again(unsigned kind, Address address, std::uint32_t count,
                                                                    std::byte* data) noexcept {
  if (free_count_ == 0) [[unlikely]]
    return nullptr;
  Slot& slot = next_slot();
  if (slot.shape != Slot::shape_of(kind, count)) [[unlikely]]
    return nullptr;
  return rename(slot, address, data);
}

template <typename F>
Status Channel::send(Slot& slot, F&& done) noexcept {
  slot.callback.emplace(std::forward<F>(done));
  --free_count_;
  const Status s = queue_pair_->submit(slot);
  return s ? s : unsend(s);
}

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
