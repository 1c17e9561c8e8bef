// SPDX-License-Identifier: BSD-2-Clause
// The admin connection, shared by threads, and how it comes back.
#include "backends/tcp/association.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "spec/build.hpp"

namespace lightnvm::backends::tcp {
namespace {

constexpr Status kAnother = Status::os(ENXIO);
constexpr Completion kLost{0, Status::nvme(StatusCode::connection_lost)};
// A queue that was just closed may still be open at the target.
constexpr std::chrono::milliseconds kQueuePause{5};
constexpr std::chrono::seconds kQueuePatience{2};

}  // namespace

Association::Association(Settings settings)
    : settings_(std::move(settings)),
      slots_(kAdminTags),
      event_request_(spec::build::async_event_request()),
      keep_alive_(spec::build::command(spec::AdminOpcode::keep_alive, 0)) {
  for (std::uint16_t tag = kAdminTags; tag-- > 0;) free_tags_.push_back(tag);
}

std::expected<std::unique_ptr<Association>, Refusal> Association::open(Settings settings) {
  std::unique_ptr<Association> a(new Association(std::move(settings)));
  const std::lock_guard lock(a->mutex_);
  if (auto made = a->establish(Clock::now() + a->settings_.handshake()); !made) {
    return std::unexpected(std::move(made.error()));
  }
  a->qids_.resize(a->terms_.io_queues);
  return a;
}

// A connection whose controller is enabled, and the same device as before.
std::expected<void, Refusal> Association::establish(Deadline deadline) {
  const fabrics::HostOptions options{.depth = kAdminDepth, .digests = settings_.digests};
  auto line = Line::dial(settings_, options, *this, deadline);
  if (!line) return std::unexpected(Refusal{true, line.error(), last_error()});
  auto terms = associate(settings_, **line, deadline);
  if (!terms) return std::unexpected(std::move(terms.error()));
  const bool first = qids_.empty();
  if (!first && !terms->same_device(terms_)) {
    return std::unexpected(Refusal{true, kAnother,
                                   fmt::format("tcp://{}/{}: another device is there now; close this one and open it",
                                               settings_.target.text(), settings_.subnqn)});
  }
  if (first) {
    terms_ = std::move(*terms);
  } else {
    terms_.cntlid = terms->cntlid;
  }
  adopt(std::move(*line));
  return {};
}

void Association::adopt(std::unique_ptr<Line> line) {
  line_ = std::move(line);
  state_ = State::live;
  for (AdminUser* user : users_) user->watch(line_->fd());
  asks_for_events_ = keeps_ = false;
  if (keeps_alive()) {
    keep_alive_at_ = (Clock::now() + settings_.keep_alive / 2).time_since_epoch().count();
  }
  start_event_request();
  for (std::uint16_t tag = 0; tag < kAdminTags; ++tag) {
    Slot& slot = slots_[tag];
    if (slot.request == nullptr || slot.sent) continue;
    slot.sent = true;
    slot.since = Clock::now();
    (void)line_->submit(tag, slot.capsule.wire);
  }
  (void)line_->flush();
}

void Association::start_event_request() noexcept {
  if (asks_for_events_) return;
  asks_for_events_ = line_->submit(kEventTag, {&event_request_, {}, {}}).ok();
}

void Association::complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept {
  if (tag == kKeepAliveTag) {
    keeps_ = false;
    return;
  }
  if (tag == kEventTag) {
    asks_for_events_ = false;
    if (completion) event_ = completion;
    return;
  }
  const bool short_of_data = completion.ok() && received != slots_[tag].capsule.in_bytes;
  finish(tag, short_of_data ? Completion{0, Status::nvme(StatusCode::data_transfer_error)} : completion);
}

void Association::finish(std::uint32_t tag, const Completion& completion) noexcept {
  Slot& slot = slots_[tag];
  Request& request = *slot.request;
  slot.request = nullptr;
  slot.sent = false;
  free_tags_.push_back(static_cast<std::uint16_t>(tag));
  slot.user->ended(request, completion);
}

// The connection is not to be used any more. What was sent has an unknown outcome.
void Association::lose() noexcept {
  if (state_ != State::live) return;
  state_ = State::lost;
  for (AdminUser* user : users_) user->watch(-1);
  line_->end(kLost.status);
  line_.reset();
  const Deadline now = Clock::now();
  backoff_.start(now, settings_.reconnect);
  if (settings_.reconnect.count() == 0) give_up();
}

void Association::give_up() noexcept {
  state_ = State::gone;
  for (std::uint32_t tag = 0; tag < kAdminTags; ++tag) {
    if (slots_[tag].request != nullptr) finish(tag, kLost);
  }
}

// Success: there is a connection.
Status Association::revive(Deadline now) noexcept {
  if (state_ == State::live) return {};
  if (state_ == State::lost && backoff_.over(now)) give_up();
  if (state_ == State::gone) return kLost.status;
  if (!backoff_.due(now)) return Status::os(EAGAIN);
  try {
    const auto made = establish(backoff_.attempt(now));
    if (made) return {};
    if (made.error().status == kAnother) give_up();
  } catch (const std::bad_alloc&) {
    // Tried again, as if nobody had answered.
  }
  backoff_.failed(Clock::now());
  return state_ == State::gone ? kLost.status : Status::os(EAGAIN);
}

void Association::use(Line::Got got) noexcept {
  if (got == Line::Got::lost) lose();
}

Deadline Association::move() noexcept {
  const Deadline now = Clock::now();
  if (!revive(now)) return state_ == State::gone ? kForever : backoff_.next();
  if (!line_->flush()) {
    lose();
  } else {
    for (Line::Got got = Line::Got::bytes; got == Line::Got::bytes && state_ == State::live;) {
      got = line_->look();
      use(got);
    }
  }
  if (state_ == State::live) check_timeouts(now);
  return state_ == State::lost ? backoff_.next() : kForever;
}

void Association::check_timeouts(Deadline now) noexcept {
  if (settings_.timeout.count() == 0) return;
  const bool late = std::ranges::any_of(
      slots_, [&](const Slot& s) { return s.request != nullptr && s.sent && now - s.since > settings_.timeout; });
  if (late) lose();
}

Deadline Association::pump() noexcept {
  const std::lock_guard lock(mutex_);
  return move();
}

Result<std::uint16_t> Association::take_qid() {
  const std::lock_guard lock(mutex_);
  // Not the one that was closed last: the target may not know of that yet.
  for (std::size_t i = 0; i < qids_.size(); ++i) {
    const std::size_t at = (next_qid_ + i) % qids_.size();
    if (qids_[at]) continue;
    qids_[at] = true;
    next_qid_ = at + 1;
    return static_cast<std::uint16_t>(at + 1);
  }
  return unexpected(Status::os(EMFILE), fmt::format("tcp://{}/{}: the target gives a host {} I/O queues, and all are "
                                                    "open",
                                                    settings_.target.text(), settings_.subnqn, qids_.size()));
}

void Association::give_back(std::uint16_t qid) noexcept {
  const std::lock_guard lock(mutex_);
  qids_[qid - 1U] = false;
}

Result<std::unique_ptr<Line>> Association::connect(std::uint16_t qid, std::uint32_t depth, fabrics::HostEvents& events,
                                                   Deadline deadline) {
  const fabrics::HostOptions options{.depth = depth,
                                     .digests = settings_.digests,
                                     .max_r2t = 4,
                                     .capsule_bytes = terms_.capsule_bytes,
                                     .window = std::clamp(depth, 16U, 256U)};
  const Deadline patience = std::min(deadline, Clock::now() + kQueuePatience);
  for (;;) {
    Terms terms;
    {
      const std::lock_guard lock(mutex_);
      (void)move();
      if (state_ != State::live) return std::unexpected(state_ == State::gone ? kLost.status : Status::os(EAGAIN));
      terms.cntlid = terms_.cntlid;
    }
    auto line = Line::dial(settings_, options, events, deadline);
    if (!line) return line;
    const Status s = join(settings_, terms, **line, qid, depth, deadline);
    if (s) return line;
    const bool again = s.is(StatusCode::command_sequence_error) && Clock::now() < patience;
    if (!again) {
      return unexpected(s, fmt::format("tcp://{}/{}: no I/O queue: {}", settings_.target.text(), settings_.subnqn,
                                       s.is_os() ? (*line)->why() : s.message()));
    }
    std::this_thread::sleep_for(kQueuePause);
  }
}

void Association::enter(AdminUser& user) {
  const std::lock_guard lock(mutex_);
  users_.push_back(&user);
  user.watch(line_ ? line_->fd() : -1);
}

void Association::leave(AdminUser& user) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase(users_, &user);
}

Status Association::submit(AdminUser& user, Request& request) noexcept {
  const std::lock_guard lock(mutex_);
  if (state_ == State::gone) return kLost.status;
  if (free_tags_.empty()) return Status::os(EAGAIN);
  const std::uint16_t tag = free_tags_.back();
  Slot& slot = slots_[tag];
  if (const Status s = encode(request, Carrier::admin, slot.capsule); !s) return s;
  slot.sent = state_ == State::live;
  if (slot.sent) {
    if (const Status s = line_->submit(tag, slot.capsule.wire); !s) return s;
    slot.since = Clock::now();
  }
  free_tags_.pop_back();
  slot.user = &user;
  slot.request = &request;
  if (slot.sent && !line_->flush()) lose();
  return {};
}

Result<std::optional<AsyncEvent>> Association::next_event() noexcept {
  const std::lock_guard lock(mutex_);
  (void)move();
  const std::optional<Completion> event = std::exchange(event_, std::nullopt);
  if (state_ == State::live && !asks_for_events_) {
    start_event_request();
    if (!line_->flush()) lose();
  }
  if (event) {
    const std::uint64_t dw0 = event->result;
    return AsyncEvent{static_cast<std::uint8_t>(dw0 & 7), static_cast<std::uint8_t>(dw0 >> 8),
                      static_cast<std::uint8_t>(dw0 >> 16)};
  }
  if (state_ == State::gone) return std::unexpected(kLost.status);
  return std::nullopt;
}

void Association::send_keep_alive(Deadline now) noexcept {
  const std::lock_guard lock(mutex_);
  keep_alive_at_ = (now + settings_.keep_alive / 2).time_since_epoch().count();
  (void)move();
  if (state_ != State::live || keeps_) return;
  keeps_ = line_->submit(kKeepAliveTag, {&keep_alive_, {}, {}}).ok();
  if (!line_->flush()) lose();
}

}  // namespace lightnvm::backends::tcp
