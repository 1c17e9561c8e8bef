// SPDX-License-Identifier: BSD-2-Clause
// Admin commands: whoever reaps moves the bytes of all.
#include "backends/tcp/admin_queue.hpp"

#include "spec/fabrics.hpp"

namespace lightnvm::backends::tcp {
namespace {

// Timeouts are looked after this often.
constexpr std::chrono::milliseconds kSlice{100};

}  // namespace

AdminQueue::AdminQueue(Association& association, std::uint32_t depth, os::Epoll epoll, os::Wakeup wakeup)
    : association_(association), epoll_(std::move(epoll)), wakeup_(std::move(wakeup)), ended_(depth) {}

Result<std::unique_ptr<QueuePair>> AdminQueue::open(Association& association, std::uint32_t depth) {
  auto epoll = os::Epoll::make();
  if (!epoll) return std::unexpected(epoll.error());
  auto wakeup = os::Wakeup::make();
  if (!wakeup) return std::unexpected(wakeup.error());
  std::unique_ptr<AdminQueue> queue(new AdminQueue(association, depth, std::move(*epoll), std::move(*wakeup)));
  if (const Status s = queue->epoll_.add(queue->wakeup_.fd(), nullptr, {}); !s) return std::unexpected(s);
  association.enter(*queue);
  return queue;
}

Status AdminQueue::submit(Request& request) noexcept {
  const std::uint32_t opcode = spec::Opcode::get(request.command);
  // The association's own: Fabrics commands change what it relies on, event requests are next_event's.
  const bool ours = opcode == spec::fabrics::kFabricsOpcode ||
                    opcode == static_cast<std::uint32_t>(spec::AdminOpcode::async_event_request);
  if (ours) {
    keep(request, {0, Status::nvme_dnr(StatusCode::invalid_opcode)});
  } else if (const Status s = association_.submit(*this, request); !s) {
    return s;
  }
  ++there_;
  return {};
}

void AdminQueue::keep(Request& request, const Completion& completion) noexcept {
  const std::lock_guard lock(mutex_);
  ended_.push() = {&request, completion};
  wakeup_.wake();
}

void AdminQueue::ended(Request& request, const Completion& completion) noexcept { keep(request, completion); }

void AdminQueue::watch(int fd) noexcept {
  // One that was watched before is closed, and thereby forgotten.
  if (fd >= 0) (void)epoll_.add(fd, this, {});
}

unsigned AdminQueue::deliver(Sink& sink, unsigned most) noexcept {
  for (unsigned done = 0;; ++done) {
    Ended e;
    {
      const std::lock_guard lock(mutex_);
      if (ended_.empty()) wakeup_.clear();
      if (ended_.empty() || done == most) return done;
      e = ended_.front();
      ended_.pop();
    }
    --there_;
    sink.complete(*e.request, e.completion);
  }
}

Result<unsigned> AdminQueue::reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept {
  const unsigned limit = max == 0 ? there_ : std::min(max, there_);
  const unsigned wanted = std::min(min, limit);
  unsigned reaped = 0;
  while (reaped < limit) {
    const Deadline next = association_.pump();
    const Deadline now = Clock::now();
    association_.keep_alive(now);
    const unsigned n = deliver(sink, limit - reaped);
    reaped += n;
    if (n != 0) continue;
    if (reaped >= wanted || now >= deadline) break;
    std::array<os::Epoll::Event, 2> events;
    (void)epoll_.wait(events, std::max<Clock::duration>(std::min({deadline, next, now + kSlice}) - now, {}));
  }
  return reaped;
}

}  // namespace lightnvm::backends::tcp
