// SPDX-License-Identifier: BSD-2-Clause
// Commands that are held, and those that end otherwise than the device says.
#include "layers/fault_queue.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

#include "spec/ocssd20.hpp"

namespace lightnvm::layers {
namespace {

using backends::Deadline;
using backends::Request;
using backends::Sink;
using Hold = FaultVerdict::Hold;

constexpr auto kNever = backends::Clock::time_point::max();

Status connection_lost() noexcept { return Status::nvme(StatusCode::connection_lost); }

// The bits of a command that was not carried out: each of its addresses.
std::uint64_t all_failed(backends::QueueKind kind, const spec::Command& command) noexcept {
  if (kind == backends::QueueKind::admin) return 0;
  switch (static_cast<spec::IoOpcode>(spec::Opcode::get(command))) {
    case spec::IoOpcode::vector_reset:
    case spec::IoOpcode::vector_write:
    case spec::IoOpcode::vector_read:
    case spec::IoOpcode::vector_copy: return ~0ULL >> (63 - spec::VectorNlb::get(command) % 64);
    default: return 0;
  }
}

}  // namespace

FaultQueue::FaultQueue(FaultRules& rules, FaultTime& time, const backends::QueueOptions& options,
                       std::unique_ptr<backends::QueuePair> inner)
    : rules_(rules),
      time_(time),
      kind_(options.kind),
      inner_(std::move(inner)),
      slots_(options.depth),
      ready_(std::bit_ceil(options.depth)),
      mask_(std::bit_ceil(options.depth) - 1) {
  held_.reserve(options.depth);
}

Status FaultQueue::submit(Request& request) noexcept {
  if (rules_.lost()) return connection_lost();
  const bool again = refused_ == &request;
  const FaultVerdict verdict = again ? refused_verdict_ : rules_.judge(kind_, spec::Opcode::get(request.command));
  refused_ = nullptr;
  if (verdict.disconnect) return connection_lost();
  slots_[request.tag] = {&request, verdict, time_.now(), {}};
  if (verdict.before) {
    if (const Status s = inner_->submit(request); !s) {
      refused_ = &request;
      refused_verdict_ = verdict;
      return s;
    }
    ++below_;
    ++in_flight_;
    return {};
  }
  ++in_flight_;
  conclude(request.tag, {all_failed(kind_, request.command), verdict.before});
  return {};
}

// From the inner queue, while it is reaped or cancelled.
void FaultQueue::complete(Request& request, const Completion& completion) noexcept {
  --below_;
  const Status after = slots_[request.tag].verdict.after;
  conclude(request.tag, after ? completion : Completion{completion.result, after});
}

void FaultQueue::conclude(std::uint16_t tag, const Completion& completion) noexcept {
  slots_[tag].completion = completion;
  if (cancelling_ || slots_[tag].verdict.hold == Hold::none) {
    make_ready(tag);
  } else {
    hold(tag);
  }
  // In the midst of what the inner queue hands over, so that nothing is overtaken by more than its number.
  release(Time());
}

void FaultQueue::hold(std::uint16_t tag) noexcept {
  const Slot& slot = slots_[tag];
  const FaultVerdict& v = slot.verdict;
  const Held held{.due = v.time ? slot.begun + *v.time : kNever,
                  .number = numbers_++,
                  .tag = tag,
                  .passed = v.hold == Hold::reorder ? passed_ + v.overtakers : ~0ULL,
                  .commands = v.commands};
  const auto key = [](const Held& h) { return std::tuple(h.due, h.number); };
  held_.insert(std::ranges::upper_bound(held_, key(held), {}, key), held);
}

void FaultQueue::make_ready(std::uint16_t tag) noexcept {
  ready_[end_ready_++ & mask_] = tag;
  ++passed_;
}

// Each that is let go can let others go.
void FaultQueue::release(Time now) noexcept {
  const auto free = [&](const Held& h) {
    // Where nothing is left below, nothing will overtake it.
    const bool overtaken = h.passed != ~0ULL && (passed_ >= h.passed || below_ == 0);
    return h.due <= now || overtaken || rules_.commands() >= h.commands;
  };
  for (auto next = std::ranges::find_if(held_, free); next != held_.end(); next = std::ranges::find_if(held_, free)) {
    const std::uint16_t tag = next->tag;
    held_.erase(next);
    make_ready(tag);
  }
}

void FaultQueue::release_all(Status status) noexcept {
  for (const Held& h : held_) {
    slots_[h.tag].completion = {0, status};
    make_ready(h.tag);
  }
  held_.clear();
}

// Takes everything back from below.
void FaultQueue::recall() noexcept {
  cancelling_ = true;
  if (below_ != 0) inner_->cancel_all(*this);
  cancelling_ = false;
}

Status FaultQueue::collect() noexcept {
  if (rules_.lost()) {
    recall();
    release_all(connection_lost());
    return {};
  }
  if (below_ != 0) {
    if (const auto n = inner_->reap(*this, 0, 0, Time()); !n) return n.error();
  }
  release(time_.now());
  return {};
}

unsigned FaultQueue::deliver(Sink& sink, unsigned most) noexcept {
  // What callbacks submit from within is for the next call.
  const unsigned n = std::min(most, end_ready_ - first_ready_);
  for (unsigned i = 0; i < n; ++i) {
    const Slot& slot = slots_[ready_[first_ready_++ & mask_]];
    const Completion completion = rules_.lost() ? Completion{0, connection_lost()} : slot.completion;
    --in_flight_;
    sink.complete(*slot.request, completion);
  }
  return n;
}

Result<unsigned> FaultQueue::reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept {
  const unsigned limit = max == 0 ? in_flight_ : std::min(max, in_flight_);
  const unsigned wanted = std::min(min, limit);
  unsigned reaped = 0;
  while (true) {
    if (const Status s = collect(); !s) {
      if (reaped == 0) return std::unexpected(s);
      break;
    }
    reaped += deliver(sink, limit - reaped);
    if (reaped >= wanted || (deadline != backends::kForever && time_.now() >= deadline)) break;
    if (const Status s = wait(deadline); !s) {
      if (reaped == 0) return std::unexpected(s);
      break;
    }
  }
  return reaped;
}

// Until something may have happened. Slices, because other queues' commands end stalls and cut the connection.
Status FaultQueue::wait(Deadline deadline) noexcept {
  constexpr std::chrono::milliseconds kSlice{10};
  Time until = std::min(deadline, time_.now() + kSlice);
  if (!held_.empty()) until = std::min(until, held_.front().due);
  if (below_ != 0) {
    const auto n = inner_->reap(*this, 1, 0, until);
    if (!n) return n.error();
    if (*n != 0) return {};
  }
  time_.wait_until(until);
  return {};
}

void FaultQueue::cancel_all(Sink& sink) noexcept {
  recall();
  release_all(Status::nvme(StatusCode::command_aborted_by_host));
  (void)deliver(sink, ~0U);
}

}  // namespace lightnvm::layers
