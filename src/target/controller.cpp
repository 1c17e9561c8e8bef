// SPDX-License-Identifier: BSD-2-Clause
// Controllers come and go with their admin queues.
#include "target/controller.hpp"

#include <algorithm>
#include <utility>

namespace lightnvm::target {
namespace {

// NVMe-2.0 6.3: FFF0h to FFFFh are reserved.
constexpr std::uint16_t kLargestId = 0xFFEF;

std::uint64_t bit_of(std::uint16_t qid) noexcept { return std::uint64_t{1} << (qid - 1) % 64; }

}  // namespace

bool Controller::take_queue(std::uint16_t qid) noexcept { return (queues_.fetch_or(bit_of(qid)) & bit_of(qid)) == 0; }
void Controller::release_queue(std::uint16_t qid) noexcept { queues_.fetch_and(~bit_of(qid)); }

void Controller::post(const backends::AsyncEvent& event) {
  const std::lock_guard lock(mutex_);
  const bool there = std::ranges::any_of(events_, [&](const backends::AsyncEvent& e) {
    return e.type == event.type && e.information == event.information && e.log_page == event.log_page;
  });
  if (!there) events_.push_back(event);
  has_events_ = true;
}

std::vector<backends::AsyncEvent> Controller::take_events() {
  const std::lock_guard lock(mutex_);
  has_events_ = false;
  return std::exchange(events_, {});
}

std::shared_ptr<Controller> Controllers::add(const Subsystem& subsystem, std::string host, const HostId& host_id) {
  const std::lock_guard lock(mutex_);
  if (all_.size() >= most_) return nullptr;
  // Ids go round, so that a late I/O queue does not meet another host's controller.
  do {
    last_ = last_ >= kLargestId ? 1 : static_cast<std::uint16_t>(last_ + 1);
  } while (all_.contains(last_));
  auto controller = std::make_shared<Controller>(last_, subsystem, std::move(host), host_id);
  all_[last_] = controller;
  return controller;
}

std::shared_ptr<Controller> Controllers::find(std::uint16_t cntlid) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(cntlid);
  return found == all_.end() ? nullptr : found->second;
}

void Controllers::remove(const Controller& controller) {
  const std::lock_guard lock(mutex_);
  all_.erase(controller.cntlid);
}

std::uint64_t Controllers::count() {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

void Controllers::post(const Namespace& ns, const backends::AsyncEvent& event) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, controller] : all_) {
    const auto& all = controller->subsystem.namespaces;
    if (std::ranges::any_of(all, [&](const auto& n) { return n.get() == &ns; })) controller->post(event);
  }
}

}  // namespace lightnvm::target
