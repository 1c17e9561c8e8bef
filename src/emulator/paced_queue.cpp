// SPDX-License-Identifier: BSD-2-Clause
// Completions that wait for their time, and commands that meet a device without power.
#include "emulator/paced_queue.hpp"

#include <bit>
#include <functional>

namespace lightnvm::emulator {
namespace {

Status no_power() noexcept { return Status::nvme(StatusCode::connection_lost); }

}  // namespace

PacedQueue::PacedQueue(Controller& controller, std::uint32_t depth, std::uint16_t sqid)
    : queue_(controller, depth, sqid),
      faults_(controller.device().faults()),
      timing_(controller.device().timing()),
      begun_(depth),
      ready_(std::bit_ceil(depth)),
      mask_(std::bit_ceil(depth) - 1) {
  held_.reserve(depth);
}

Status PacedQueue::start(const spec::Command& command, const Payload& payload, std::uint16_t tag,
                         Nanoseconds now) noexcept {
  if (faults_ != nullptr && !faults_->begin_command()) return no_power();
  begun_[tag] = {&command, &payload, now};
  queue_.start(command, payload, tag);
  take_executed();
  return {};
}

void PacedQueue::take_executed() noexcept {
  (void)queue_.poll(queue_.in_flight(), [this](std::uint16_t tag, const Completion& completion) {
    const Begun& b = begun_[tag];
    const Nanoseconds due = timing_ == nullptr ? b.at : timing_->done(*b.command, *b.payload, completion, b.at);
    held_.push_back({due, numbers_++, {tag, completion}});
    std::ranges::push_heap(held_, std::greater<>());
    ++executed_;
  });
}

void PacedQueue::collect(Nanoseconds now) noexcept {
  if (queue_.in_flight() != 0) take_executed();
  const bool dead = faults_ != nullptr && !faults_->powered();
  while (!held_.empty() && (dead || held_.front().due <= now)) {
    std::ranges::pop_heap(held_, std::greater<>());
    ready_[due_++ & mask_] = held_.back().done;
    held_.pop_back();
  }
  if (!dead) return;
  for (std::uint32_t i = handed_; i != due_; ++i) ready_[i & mask_].completion = {0, no_power()};
}

std::optional<Nanoseconds> PacedQueue::next_due() const noexcept {
  if (due_ != handed_) return 0;
  return held_.empty() ? std::nullopt : std::optional(held_.front().due);
}

}  // namespace lightnvm::emulator
