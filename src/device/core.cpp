// SPDX-License-Identifier: BSD-2-Clause
// The admin queue and the pool of synchronous channels.
#include "device/core.hpp"

#include "base/no_memory.hpp"

namespace lightnvm::device {

AdminLine::~AdminLine() { queue_pair_->cancel_all(*this); }

Completion AdminLine::execute(const spec::Command& command, const Payload& payload) {
  const std::lock_guard lock(mutex_);
  Waiter waiter;
  request_.command = command;
  request_.payload = payload;
  waiter_ = &waiter;
  if (const Status s = queue_pair_->submit(request_); !s) {
    waiter_ = nullptr;
    return {0, s};
  }
  while (!waiter.done) {
    const auto n = queue_pair_->reap(*this, 1, 0, backends::kForever);
    if (n || waiter.done) continue;
    // Nothing that refers to the caller's memory is left behind.
    queue_pair_->cancel_all(*this);
    if (waiter.done) break;
    waiter_ = nullptr;
    return {0, n.error()};
  }
  return waiter.completion;
}

void AdminLine::complete(backends::Request&, const Completion& completion) noexcept {
  if (waiter_ == nullptr) return;
  waiter_->completion = completion;
  waiter_->done = true;
  waiter_ = nullptr;
}

Result<std::unique_ptr<Channel>> ChannelPool::borrow() {
  return or_no_memory([&] { return borrow_or_make(); });
}

Result<std::unique_ptr<Channel>> ChannelPool::borrow_or_make() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!idle_.empty()) {
      auto channel = std::move(idle_.back());
      idle_.pop_back();
      return channel;
    }
    if (made_ < kMost) {
      auto queue_pair = backend_.open_queue({backends::QueueKind::io, 1});
      if (queue_pair) {
        idle_.reserve(made_ + 1);
        auto channel = std::make_unique<Channel>(terms_, std::move(*queue_pair), 1);
        ++made_;
        return channel;
      }
      // A route that has no more queues: those that there are serve in turn.
      if (made_ == 0) return std::unexpected(queue_pair.error());
    }
    returned_.wait(lock, [&] { return !idle_.empty(); });
  }
}

void ChannelPool::give_back(std::unique_ptr<Channel> channel) noexcept {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(channel));
  }
  returned_.notify_one();
}

}  // namespace lightnvm::device
