// SPDX-License-Identifier: BSD-2-Clause
// Commands of an I/O queue: gathered, sent, waited for; and what becomes of them when the connection is lost.
#include "backends/tcp/io_queue.hpp"

#include <algorithm>
#include <thread>

#include "spec/fabrics.hpp"

namespace lightnvm::backends::tcp {
namespace {

constexpr Completion kLost{0, Status::nvme(StatusCode::connection_lost)};
// Contract S3: so many may be held back.
constexpr std::size_t kMostHeld = 8;

}  // namespace

IoQueue::IoQueue(Association& association, std::uint32_t depth, os::Epoll epoll, os::Timer timer, os::Pages parks)
    : association_(association),
      depth_(depth),
      epoll_(std::move(epoll)),
      parks_(std::move(parks)),
      timer_(std::move(timer)),
      slots_(depth),
      done_(depth),
      held_(depth),
      waiting_(depth) {
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].capsule.park = parks_.data() + i * kParkBytes;
}

Result<std::unique_ptr<QueuePair>> IoQueue::open(Association& association, std::uint32_t depth) {
  auto epoll = os::Epoll::make();
  if (!epoll) return std::unexpected(epoll.error());
  auto timer = os::Timer::make();
  if (!timer) return std::unexpected(timer.error());
  auto parks = os::Pages::map(depth * kParkBytes);
  if (!parks) return std::unexpected(parks.error());
  std::unique_ptr<IoQueue> queue(
      new IoQueue(association, depth, std::move(*epoll), std::move(*timer), std::move(*parks)));
  if (const Status s = queue->start(); !s) return std::unexpected(s);
  return queue;
}

Status IoQueue::start() {
  if (const Status s = epoll_.add(timer_.fd(), nullptr, {}); !s) return s;
  const auto qid = association_.take_qid();
  if (!qid) return qid.error();
  qid_ = *qid;
  auto line = association_.connect(qid_, depth_, *this, Clock::now() + association_.settings().handshake());
  if (!line) return line.error();
  adopt(std::move(*line));
  return {};
}

IoQueue::~IoQueue() {
  line_.reset();
  if (qid_ != 0) association_.give_back(qid_);
}

void IoQueue::adopt(std::unique_ptr<Line> line) noexcept {
  line_ = std::move(line);
  state_ = State::live;
  watches_room_ = false;
  (void)epoll_.add(line_->fd(), this, {});
}

Status IoQueue::submit(Request& request) noexcept {
  if (state_ == State::gone) return kLost.status;
  Slot& slot = slots_[request.tag];
  const Carrier carrier = association_.terms().extended ? Carrier::extended_io : Carrier::io;
  if (const Status s = encode(request, carrier, slot.capsule); !s) return s;
  slot.request = &request;
  if (spec::Opcode::get(request.command) == spec::fabrics::kFabricsOpcode) {
    // Not the user's: it would change the connection.
    ++there_;
    finish(request.tag, {0, Status::nvme_dnr(StatusCode::invalid_opcode)});
    settle();
    return {};
  }
  if (state_ == State::lost) {
    waiting_.push() = request.tag;
  } else {
    if (const Status s = line_->submit(request.tag, slot.capsule.wire); !s) return s;
    held_.push() = request.tag;
  }
  ++there_;
  if (reaping_) return {};
  if (state_ == State::lost) {
    settle();
  } else if (held_.size() >= kMostHeld || line_->in_flight() == held_.size()) {
    (void)flush();
    settle();
  }
  return {};
}

void IoQueue::complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept {
  const Slot& slot = slots_[tag];
  const bool short_of_data = completion.ok() && received != slot.capsule.in_bytes;
  unpark(*slot.request, slot.capsule, completion, received);
  finish(static_cast<std::uint16_t>(tag),
         short_of_data ? Completion{0, Status::nvme(StatusCode::data_transfer_error)} : completion);
}

void IoQueue::finish(std::uint16_t tag, const Completion& completion) noexcept {
  Slot& slot = slots_[tag];
  slot.completion = completion;
  if (slot.sent) unlink(slot);
  done_.push() = tag;
}

// False: the connection is lost.
bool IoQueue::flush() noexcept {
  if (!line_->flush()) {
    lose();
    return false;
  }
  if (!held_.empty()) mark_sent();
  if (line_->stuck() != watches_room_) watch_room();
  return true;
}

// Their time begins.
void IoQueue::mark_sent() noexcept {
  if (association_.settings().timeout.count() == 0) return held_.clear();
  const Deadline now = Clock::now();
  for (; !held_.empty(); held_.pop()) {
    const std::uint16_t tag = held_.front();
    Slot& slot = slots_[tag];
    slot.since = now;
    slot.sent = true;
    slot.older = newest_;
    slot.newer = kNone;
    (newest_ == kNone ? oldest_ : slots_[newest_].newer) = tag;
    newest_ = tag;
  }
}

void IoQueue::unlink(Slot& slot) noexcept {
  (slot.older == kNone ? oldest_ : slots_[slot.older].newer) = slot.newer;
  (slot.newer == kNone ? newest_ : slots_[slot.newer].older) = slot.older;
  slot.sent = false;
}

// Whoever waits for the descriptor is to be woken when more can be sent.
void IoQueue::watch_room() noexcept {
  watches_room_ = line_->stuck();
  (void)epoll_.change(line_->fd(), this, {.read = true, .write = watches_room_});
}

void IoQueue::check_timeout(Deadline now) noexcept {
  if (oldest_ != kNone && now - slots_[oldest_].since > association_.settings().timeout) lose();
}

void IoQueue::lose() noexcept {
  state_ = State::lost;
  line_->end(kLost.status);
  line_.reset();
  held_.clear();
  const std::chrono::milliseconds patience = association_.settings().reconnect;
  backoff_.start(Clock::now(), patience);
  if (patience.count() == 0) give_up();
}

void IoQueue::give_up() noexcept {
  state_ = State::gone;
  for (; !waiting_.empty(); waiting_.pop()) finish(waiting_.front(), kLost);
}

// Without a connection. Returns whether something changed.
bool IoQueue::look_for_target(bool wait, Deadline deadline) noexcept {
  Deadline now = Clock::now();
  if (backoff_.over(now)) {
    give_up();
    return true;
  }
  if (!backoff_.due(now)) {
    if (wait) std::this_thread::sleep_until(std::min(deadline, backoff_.next()));
    return wait;
  }
  try {
    auto line = association_.connect(qid_, depth_, *this, backoff_.attempt(now));
    if (line) {
      adopt(std::move(*line));
      for (; !waiting_.empty(); waiting_.pop()) {
        (void)line_->submit(waiting_.front(), slots_[waiting_.front()].capsule.wire);
        held_.push() = waiting_.front();
      }
      return true;
    }
    if (line.error().is(StatusCode::connection_lost)) give_up();
  } catch (const std::bad_alloc&) {
    // Tried again, as if nobody had answered.
  }
  now = Clock::now();
  backoff_.failed(now);
  return true;
}

// Sends what is held, and takes what has arrived. False: nothing happened.
bool IoQueue::step(bool wait, Deadline deadline) noexcept {
  if (state_ == State::gone) return false;
  if (state_ == State::lost) return look_for_target(wait, deadline);
  if (!flush()) return true;
  const Line::Got got = wait ? line_->wait(deadline) : line_->look();
  if (got == Line::Got::lost) {
    lose();
  } else if (done_.empty() && oldest_ != kNone) {
    // Bytes that complete nothing do not make up for it.
    check_timeout(Clock::now());
  }
  return got == Line::Got::bytes || state_ != State::live;
}

unsigned IoQueue::deliver(Sink& sink, unsigned most) noexcept {
  unsigned n = 0;
  for (; n < most && !done_.empty(); ++n) {
    Slot& slot = slots_[done_.front()];
    done_.pop();
    --there_;
    sink.complete(*slot.request, slot.completion);
  }
  return n;
}

// The descriptor can be read as long as there is something to do that the socket does not tell of.
void IoQueue::settle() noexcept {
  const bool looks = state_ == State::lost && !waiting_.empty();
  if (done_.empty() && !looks) {
    if (timer_set_) timer_.clear();
    timer_set_ = false;
    return;
  }
  timer_.set(done_.empty() ? backoff_.next() : Clock::now());
  timer_set_ = true;
}

Result<unsigned> IoQueue::reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept {
  // What callbacks submit from within is for the next call.
  const unsigned limit = max == 0 ? there_ : std::min(max, there_);
  const unsigned wanted = std::min(min, limit);
  if (association_.keeps_alive()) association_.keep_alive(Clock::now());
  reaping_ = true;
  unsigned reaped = deliver(sink, limit);
  for (bool looked = false; reaped < limit && (reaped < wanted || !looked); looked = true) {
    bool wait = reaped < wanted && (deadline == kForever || Clock::now() < deadline);
    const bool moved = step(wait, deadline);
    reaped += deliver(sink, limit - reaped);
    if (!moved && !wait) break;
  }
  reaping_ = false;
  if (state_ == State::live) (void)flush();
  if (timer_set_ || !done_.empty() || state_ == State::lost) settle();
  return reaped;
}

}  // namespace lightnvm::backends::tcp
