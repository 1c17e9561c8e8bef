// SPDX-License-Identifier: BSD-2-Clause
// Asynchronous events and the admin queues that wait for them. NVMe-2.0 5.2; OCSSD-2.0 3.4.
#include <algorithm>

#include "emulator/controller.hpp"

namespace lightnvm::emulator {
namespace {

// Type 7 (vendor specific), information 0, log page D0h.
constexpr std::uint64_t kChunkNotificationEvent = 7 | 0xD0ULL << 16;

}  // namespace

Status Controller::request_event(AdminQueue& queue, std::uint16_t tag) {
  const std::lock_guard lock(events_mutex_);
  if (requests_.size() == kAsyncEventLimit) return Status::nvme_dnr(StatusCode::async_event_limit_exceeded);
  requests_.push_back({&queue, tag});
  if (event_pending_ && !event_masked_) deliver_event(requests_.front());
  return {};
}

// Requires events_mutex_ and that `request` is the front.
void Controller::deliver_event(const Request& request) {
  request.queue->done_.push_back({request.tag, {kChunkNotificationEvent, {}}});
  requests_.pop_front();
  event_pending_ = false;
  event_masked_ = true;
}

void Controller::on_notification() {
  const std::lock_guard lock(events_mutex_);
  if (event_masked_) return;
  event_pending_ = true;
  if (!requests_.empty()) deliver_event(requests_.front());
}

void Controller::unmask_notifications() {
  const std::lock_guard lock(events_mutex_);
  event_masked_ = false;
  event_pending_ = false;
}

Completion Controller::abort(const spec::Command& c, AdminQueue& queue) {
  constexpr std::uint64_t kNotAborted = 1;
  const std::lock_guard lock(events_mutex_);
  if (spec::AbortSqid::get(c) != 0) return {kNotAborted, {}};
  const auto found = std::ranges::find_if(
      requests_, [&](const Request& r) { return r.queue == &queue && r.tag == spec::AbortCid::get(c); });
  if (found == requests_.end()) return {kNotAborted, {}};
  queue.done_.push_back({found->tag, {0, Status::nvme(StatusCode::abort_requested)}});
  requests_.erase(found);
  return {};
}

void Controller::forget(AdminQueue& queue) {
  const std::lock_guard lock(events_mutex_);
  std::erase_if(requests_, [&](const Request& r) { return r.queue == &queue; });
}

void AdminQueue::start(const spec::Command& command, const Payload& payload, std::uint16_t tag) {
  ++in_flight_;
  Completion completion;
  switch (static_cast<spec::AdminOpcode>(spec::Opcode::get(command))) {
    case spec::AdminOpcode::async_event_request:
      completion.status = Controller::check(command);
      if (completion) completion.status = controller_.request_event(*this, tag);
      if (completion) return;
      break;
    case spec::AdminOpcode::abort:
      completion.status = Controller::check(command);
      if (completion) completion = controller_.abort(command, *this);
      break;
    default: completion = controller_.execute(command, payload); break;
  }
  if (!completion) controller_.log_error({0, tag, spec::Nsid::get(command)}, completion.status, 0);
  const std::lock_guard lock(controller_.events_mutex_);
  done_.push_back({tag, completion});
}

unsigned AdminQueue::poll(std::span<Done> out) {
  const std::lock_guard lock(controller_.events_mutex_);
  unsigned n = 0;
  for (; n < out.size() && !done_.empty(); ++n) {
    out[n] = done_.front();
    done_.pop_front();
  }
  in_flight_ -= n;
  return n;
}

void AdminQueue::abort_waiting() {
  const std::lock_guard lock(controller_.events_mutex_);
  std::erase_if(controller_.requests_, [&](const Controller::Request& r) {
    if (r.queue != this) return false;
    done_.push_back({r.tag, {0, Status::nvme(StatusCode::abort_sq_deletion)}});
    return true;
  });
}

}  // namespace lightnvm::emulator
