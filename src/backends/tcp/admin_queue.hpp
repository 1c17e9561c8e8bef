// SPDX-License-Identifier: BSD-2-Clause
// AdminQueue: a user of the admin connection, as a queue pair.
#pragma once

#include "backends/tcp/association.hpp"
#include "fabrics/ring.hpp"

namespace lightnvm::backends::tcp {

class AdminQueue final : public QueuePair, private AdminUser {
 public:
  static Result<std::unique_ptr<QueuePair>> open(Association& association, std::uint32_t depth);
  ~AdminQueue() override { association_.leave(*this); }

  Status submit(Request& request) noexcept override;
  Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept override;
  [[nodiscard]] int event_fd() const noexcept override { return epoll_.fd(); }

 private:
  struct Ended {
    Request* request = nullptr;
    Completion completion;
  };
  AdminQueue(Association& association, std::uint32_t depth, os::Epoll epoll, os::Wakeup wakeup);
  void ended(Request& request, const Completion& completion) noexcept override;
  void watch(int fd) noexcept override;
  unsigned deliver(Sink& sink, unsigned most) noexcept;
  void keep(Request& request, const Completion& completion) noexcept;

  Association& association_;
  os::Epoll epoll_;
  os::Wakeup wakeup_;  // commands have ended, on whatever thread
  std::mutex mutex_;   // of ended_; taken within the association's lock
  fabrics::Ring<Ended> ended_;
  std::uint32_t there_ = 0;
};

}  // namespace lightnvm::backends::tcp
