// SPDX-License-Identifier: BSD-2-Clause
// IoQueue: one I/O queue, one connection.
#pragma once

#include "backends/tcp/association.hpp"
#include "fabrics/ring.hpp"

namespace lightnvm::backends::tcp {

class IoQueue final : public QueuePair, private fabrics::HostEvents {
 public:
  /// Connects. Errors, with a sentence: of Association::take_qid and Association::connect.
  static Result<std::unique_ptr<QueuePair>> open(Association& association, std::uint32_t depth);
  ~IoQueue() override;

  Status submit(Request& request) noexcept override;
  Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept override;
  [[nodiscard]] int event_fd() const noexcept override { return epoll_.fd(); }

 private:
  enum class State : std::uint8_t { live, lost, gone };
  static constexpr std::uint16_t kNone = 0xFFFF;
  struct Slot {
    Request* request = nullptr;
    Completion completion;
    Deadline since{};
    std::uint16_t older = kNone, newer = kNone;  // of those that were sent
    bool sent = false;
    Capsule capsule;
  };
  IoQueue(Association& association, std::uint32_t depth, os::Epoll epoll, os::Timer timer, os::Pages parks);
  void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept override;

  Status start();
  void adopt(std::unique_ptr<Line> line) noexcept;
  void finish(std::uint16_t tag, const Completion& completion) noexcept;
  bool flush() noexcept;
  void mark_sent() noexcept;
  void unlink(Slot& slot) noexcept;
  void watch_room() noexcept;
  bool step(bool wait, Deadline deadline) noexcept;
  bool look_for_target(bool wait, Deadline deadline) noexcept;
  void check_timeout(Deadline now) noexcept;
  void lose() noexcept;
  void give_up() noexcept;
  unsigned deliver(Sink& sink, unsigned most) noexcept;
  void settle() noexcept;

  Association& association_;
  std::uint32_t depth_;
  std::uint16_t qid_ = 0;
  os::Epoll epoll_;  // of the socket and the timer
  os::Pages parks_;
  os::Timer timer_;  // there is something to do without a byte from the target
  std::vector<Slot> slots_;
  fabrics::Ring<std::uint16_t> done_, held_, waiting_;  // tags: to be handed over; not sent yet; without a connection
  std::unique_ptr<Line> line_;
  Backoff backoff_;
  State state_ = State::lost;
  std::uint32_t there_ = 0;
  std::uint16_t oldest_ = kNone, newest_ = kNone;
  bool reaping_ = false;
  bool watches_room_ = false;
  bool timer_set_ = false;
};

}  // namespace lightnvm::backends::tcp
