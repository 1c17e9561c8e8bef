// SPDX-License-Identifier: BSD-2-Clause
// The way down (in the order of submission, as slots come free), the way back, and the waiting in between.
#include "layers/complete_queue.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "spec/path_status.hpp"

namespace lightnvm::layers::completed {
namespace {

using backends::Deadline;
using backends::QueueKind;

constexpr std::uint32_t kLeastSlots = 64;  // of the inner queue: one vector command at once
constexpr std::uint32_t kLogReads = 16;
constexpr std::uint32_t kListMost = 256;  // segments in a list
constexpr std::uint32_t kCopies = 4;      // of 64 sectors each, at once
constexpr std::size_t kBounceTotal = 4U << 20;
constexpr std::size_t kLine = 64;

std::size_t lines(std::size_t bytes) noexcept { return (bytes + kLine - 1) / kLine * kLine; }
std::size_t pages(std::size_t bytes) noexcept { return (bytes + 4095) / 4096 * 4096; }

bool over(Deadline deadline) noexcept { return deadline != backends::kForever && backends::Clock::now() >= deadline; }

}  // namespace

CompletedQueue::CompletedQueue(const Route& route, const backends::QueueOptions& options, bool metadata) noexcept
    : route_(route),
      plain_(options.kind == QueueKind::admin || (!route.layout.chunked && !route.layout.physical)),
      metadata_(metadata),
      depth_(options.depth),
      inner_depth_(plain_ ? depth_ : std::min(route.caps.max_depth, std::max(depth_, kLeastSlots))),
      list_most_(std::min(route.caps.max_segments, kListMost)),
      metadata_most_(route.any_segments ? ~0U : 1) {}

Result<std::unique_ptr<backends::QueuePair>> CompletedQueue::open(const Route& route,
                                                                  const backends::QueueOptions& options,
                                                                  bool metadata) {
  std::unique_ptr<CompletedQueue> queue(new CompletedQueue(route, options, metadata));
  auto inner = route.backend.open_queue({options.kind, queue->inner_depth_});
  if (!inner) return std::unexpected(inner.error());
  queue->io_ = std::move(*inner);
  const bool reads_log =
      !queue->plain_ && route.layout.chunked && (!route.caps.vectors || !route.caps.reset_descriptors);
  if (reads_log) {
    auto logs = route.backend.open_queue({QueueKind::admin, kLogReads});
    if (!logs) return std::unexpected(logs.error());
    queue->logs_ = std::move(*logs);
  }
  if (const Status s = queue->take_memory(); !s) return std::unexpected(s);
  if (const Status s = queue->watch(); !s) return std::unexpected(s);
  return queue;
}

// All that the queue will ever use.
Status CompletedQueue::take_memory() {
  const Geometry& g = route_.layout.geometry;
  const backends::Caps& caps = route_.caps;
  const std::size_t limit = smaller_limit(caps.max_transfer_bytes, route_.layout.device_limit);
  std::size_t bounce = smaller_limit(limit, kBounceMost);
  std::size_t copy = 0;
  if (!plain_) {
    bounce = static_cast<std::size_t>(std::max(route_.bounced_read, route_.bounced_write)) * route_.block_bytes;
    if (caps.vectors) bounce = std::max<std::size_t>(bounce, std::size_t{kMaxAddresses} * route_.block_bytes);
    if (route_.layout.chunked && (!caps.vectors || !caps.vector_copy))
      copy = pages(copied_bytes() * kMaxAddresses) * std::min(depth_, kCopies);
  }
  bounce = pages(bounce);
  // Metadata in one piece needs little; a page more, so that data of the largest size leaves it room.
  const bool bounces = !route_.any_segments || route_.interleaves;
  const std::size_t largest = bounce + pages(plain_ ? 0 : std::size_t{g.oob_bytes} * (bounce / g.sector_bytes));
  const std::size_t bounce_total =
      bounces ? std::max(largest, std::min<std::size_t>(largest * inner_depth_, kBounceTotal)) : 0;

  const std::size_t scratch = lines(std::max<std::size_t>(sizeof(spec::DsmRange), g.oob_bytes));
  const std::size_t log = logs_ ? lines(sizeof(spec::ChunkDescriptor)) : 0;
  const std::size_t small = pages(scratch * (inner_depth_ + 1) + log * kLogReads);
  auto memory = RouteMemory::allocate(route_.backend.memory(), bounce_total + copy + small);
  if (!memory) return memory.error();
  memory_ = std::move(*memory);
  bounce_ = Arena(memory_.data(), bounce_total, 4096);
  copies_ = Arena(memory_.data() + bounce_total, copy, 4096);
  if (list_most_ > 1) segments_.resize(std::max<std::size_t>(list_most_, std::size_t{inner_depth_} * 8 + 1024));
  lists_ = Arena(reinterpret_cast<std::byte*>(segments_.data()), segments_.size() * sizeof(Segment), kLine);

  parents_ = std::make_unique<Parent[]>(depth_);
  children_ = std::make_unique<Child[]>(inner_depth_);
  free_children_.resize(inner_depth_);
  std::byte* next = memory_.data() + bounce_total + copy;
  std::memset(next, 0, small);
  zeros_ = std::exchange(next, next + scratch);
  for (std::uint32_t i = inner_depth_; i-- > 0; next += scratch) {
    children_[i].tag = static_cast<std::uint16_t>(i);
    children_[i].scratch = next;
    give_back(children_[i]);
  }
  if (logs_) log_reads_ = std::make_unique<LogRead[]>(kLogReads);
  for (std::uint32_t i = 0; logs_ && i < kLogReads; ++i, next += log) {
    log_reads_[i].tag = static_cast<std::uint16_t>(i);
    log_reads_[i].descriptor = reinterpret_cast<spec::ChunkDescriptor*>(next);
    free_logs_.push(log_reads_[i]);
  }
  return {};
}

// One descriptor for all that reap may have to do: the inner queues', and commands that max left behind.
Status CompletedQueue::watch() {
  const int io = io_->event_fd();
  const int logs = logs_ ? logs_->event_fd() : io;
  if (io < 0 || logs < 0) return {};
  os::Fd events(::epoll_create1(EPOLL_CLOEXEC));
  os::Fd wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!events.valid() || !wakeup.valid()) return Status::os(errno);
  for (const int fd : {io, logs, wakeup.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST) return Status::os(errno);
  }
  events_ = std::move(events);
  wakeup_ = std::move(wakeup);
  return {};
}

Status CompletedQueue::submit(backends::Request& request) noexcept {
  Parent& p = parents_[request.tag];
  if (const Status s = examine(p, request); !s) return s;
  p.request = &request;
  if (!waiting_.empty() || !continuing_.empty()) {
    wait(p, waiting_);
  } else if (const Status s = send_first(p); !s) {
    release_copy(p);
    p.request = nullptr;
    return s;
  }
  const bool one_step = p.work == Work::whole || p.work == Work::blocks || p.work == Work::list;
  p.split = !one_step || !p.all_sent() || p.outstanding != 1;
  if (p.split) ++split_;
  ++in_flight_;
  return {};
}

// Sends what can be sent at once. An error, if nothing was sent: then nothing will be.
Status CompletedQueue::send_first(Parent& p) noexcept {
  while (p.sendable()) {
    Status error;
    const Sent sent = send_next(p, error);
    if (sent == Sent::refused && p.outstanding == 0) return error;
    if (sent != Sent::blocked) continue;
    // Nothing comes back that would make room.
    if (p.outstanding == 0 && free_count_ == inner_depth_) return Status::os(EAGAIN);
    wait(p, waiting_);
    break;
  }
  return {};
}

CompletedQueue::Sent CompletedQueue::send_next(Parent& p, Status& error) noexcept {
  if (free_count_ == 0) return Sent::blocked;
  Child& c = children_[free_children_[--free_count_]];
  select(p, c);
  if (!prepare(p, c)) {
    give_back(c);
    return Sent::blocked;
  }
  const Status s = io_->submit(c);
  if (s.is_errno(EAGAIN)) {
    detach(c, kNothingArrived);
    give_back(c);
    return Sent::blocked;
  }
  if (p.in_pieces()) {
    p.ready &= ~(1ULL << c.piece);
    p.unsent &= ~(1ULL << c.piece);
  } else {
    p.position += p.work == Work::whole ? 1 : c.count;
  }
  if (s) {
    ++p.outstanding;
    ++io_in_flight_;
    return Sent::yes;
  }
  error = s;
  detach(c, kNothingArrived);
  note_failure(p, c.entry, c.count, spec::as_path_status(s));
  drop_after(p, c.piece, spec::as_path_status(s));
  give_back(c);
  return Sent::refused;
}

void CompletedQueue::wait(Parent& p, Fifo<Parent>& list) noexcept {
  p.queued = true;
  list.push(p);
}

// Sends what waits for room, in its order: a command that has to wait holds up those behind it.
void CompletedQueue::pump() noexcept {
  pump_resets();
  if (pump_parents(continuing_)) (void)pump_parents(waiting_);
}

// False: there is no room for the first of `list`.
bool CompletedQueue::pump_parents(Fifo<Parent>& list) noexcept {
  while (Parent* p = list.front()) {
    Status error;
    while (p->sendable()) {
      if (send_next(*p, error) == Sent::blocked) return false;
    }
    list.pop();
    p->queued = false;
    if (p->finished()) advance(*p);
  }
  return true;
}

void CompletedQueue::pump_resets() noexcept {
  while (!asking_.empty() && start_log(*asking_.front())) {
  }
  while (Child* c = resend_.front()) {
    const Status s = io_->submit(*c);
    if (s.is_errno(EAGAIN)) return;
    resend_.pop();
    if (s) {
      ++io_in_flight_;
    } else {
      settle(*c, {0, spec::as_path_status(s)});
    }
  }
}

void CompletedQueue::deliver() noexcept {
  while (budget_ > 0 && !done_.empty()) {
    Parent& p = done_.pop();
    --budget_;
    --in_flight_;
    backends::Request& request = *p.request;
    p.request = nullptr;
    const Completion completion = p.completion;
    sink_->complete(request, completion);
  }
}

void CompletedQueue::begin(backends::Sink& sink, unsigned budget) noexcept {
  sink_ = &sink;
  budget_ = budget;
  if (signalled_) {
    std::uint64_t count = 0;
    (void)!::read(wakeup_.get(), &count, sizeof count);
    signalled_ = false;
  }
  pump();
  deliver();
}

void CompletedQueue::end() noexcept {
  sink_ = nullptr;
  budget_ = 0;
  const bool left = !done_.empty() || (in_flight_ != 0 && io_in_flight_ + log_in_flight_ == 0);
  if (left && wakeup_.valid()) {
    const std::uint64_t one = 1;
    (void)!::write(wakeup_.get(), &one, sizeof one);
    signalled_ = true;
  }
}

Result<unsigned> CompletedQueue::reap(backends::Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept {
  const unsigned limit = max == 0 ? in_flight_ : std::min(max, in_flight_);
  const unsigned wanted = std::min(min, limit);
  begin(sink, limit);
  Status broken;
  while (budget_ > 0) {
    const unsigned handed = limit - budget_;
    const bool enough = handed >= wanted;
    const auto n = look(enough ? 0 : wanted - handed, deadline);
    if (!n) {
      broken = n.error();
      break;
    }
    if (*n == 0 && (enough || over(deadline))) break;
  }
  const unsigned handed = limit - budget_;
  end();
  if (!broken && handed == 0) return std::unexpected(broken);
  return handed;
}

// Lets the inner queues hand over what they have, and waits for it where `wanted` commands are missing. Returns how
// much there was.
Result<unsigned> CompletedQueue::look(unsigned wanted, Deadline deadline) noexcept {
  if (io_in_flight_ == 0 && log_in_flight_ == 0) {
    pump();
    deliver();
    if (wanted != 0 && io_in_flight_ + log_in_flight_ == 0) std::this_thread::yield();
    return 0U;
  }
  // Each child ends one command at most, if all commands are one child.
  const unsigned least = split_ == 0 ? wanted : std::min(wanted, 1U);
  if (log_in_flight_ == 0) return io_->reap(*this, least, budget_, deadline);
  if (io_in_flight_ == 0) return logs_->reap(log_sink_, least, budget_, deadline);
  const auto logs = logs_->reap(log_sink_, 0, budget_, deadline);
  if (!logs || budget_ == 0) return logs;
  const auto io = io_->reap(*this, 0, budget_, deadline);
  if (!io) return io;
  if (*io + *logs == 0 && wanted != 0) sleep(deadline);
  return *io + *logs;
}

// Until one of the inner queues has something; those without a descriptor are to be called again and again.
void CompletedQueue::sleep(Deadline deadline) const noexcept {
  if (!events_.valid()) {
    std::this_thread::yield();
    return;
  }
  pollfd events{events_.get(), POLLIN, 0};
  timespec timeout{};
  if (deadline != backends::kForever) {
    const auto left = std::max(deadline - backends::Clock::now(), Deadline::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
  }
  (void)::ppoll(&events, 1, deadline == backends::kForever ? nullptr : &timeout, nullptr);
}

// Gives up what has not been sent.
void CompletedQueue::abandon(Parent& p, Status status) noexcept {
  p.cancelled = true;
  p.queued = false;
  if (!p.in_pieces()) {
    if (p.position < p.total) note_failure(p, p.position, p.total - p.position, status);
    p.position = p.total;
    return;
  }
  for (std::uint8_t i = 0; p.unsent != 0; ++i, p.unsent >>= 1) {
    if ((p.unsent & 1) != 0) note_failure(p, p.pieces[i].entry, p.pieces[i].count, status);
  }
  p.ready = 0;
}

void CompletedQueue::cancel_all(backends::Sink& sink) noexcept {
  const Status aborted = Status::nvme(StatusCode::command_aborted_by_host);
  sink_ = &sink;
  budget_ = ~0U;
  waiting_ = continuing_ = {};
  for (std::uint32_t i = 0; i < depth_; ++i) {
    Parent& p = parents_[i];
    if (p.request != nullptr && !p.done) abandon(p, aborted);
  }
  for (Fifo<Child>* children : {&asking_, &resend_}) {
    while (!children->empty()) {
      Child& c = children->pop();
      if (c.ask == Child::Ask::descriptor) {
        describe_next(c);
      } else {
        settle(c, {0, aborted});
      }
    }
  }
  for (std::uint32_t i = 0; i < depth_; ++i) {
    Parent& p = parents_[i];
    if (p.request != nullptr && !p.done && p.finished()) advance(p);
  }
  io_->cancel_all(*this);
  if (logs_) logs_->cancel_all(log_sink_);
  deliver();
  end();
}

}  // namespace lightnvm::layers::completed
