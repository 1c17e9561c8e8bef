// SPDX-License-Identifier: BSD-2-Clause
// The backend and the queue pairs that tell a TraceLog what passes through them.
#include "layers/trace.hpp"

#include <fmt/format.h>

#include <atomic>
#include <vector>

#include "layers/trace_log.hpp"

namespace lightnvm::layers {
namespace {

using backends::Backend;
using backends::QueueOptions;
using backends::QueuePair;
using backends::Refusal;
using backends::Request;

class TraceQueue final : public QueuePair, private backends::Sink {
 public:
  TraceQueue(TraceLog& log, TraceQueueName name, std::unique_ptr<QueuePair> inner, std::uint32_t depth)
      : log_(log), name_(name), inner_(std::move(inner)), submitted_(depth) {}

  Status submit(Request& request) noexcept override {
    const auto now = TraceLog::Clock::now();
    submitted_[request.tag] = now;
    // Before the command is gone: a synchronous route returns when it is done.
    log_.command(TraceEvent::submit, name_, request, now, now, nullptr);
    const Status s = inner_->submit(request);
    if (!s) {
      const Completion refused{0, s};
      log_.command(TraceEvent::refused, name_, request, TraceLog::Clock::now(), now, &refused);
    }
    return s;
  }
  Result<unsigned> reap(backends::Sink& sink, unsigned min, unsigned max,
                        backends::Deadline deadline) noexcept override {
    sink_ = &sink;
    return inner_->reap(*this, min, max, deadline);
  }
  [[nodiscard]] int event_fd() const noexcept override { return inner_->event_fd(); }
  void cancel_all(backends::Sink& sink) noexcept override {
    sink_ = &sink;
    inner_->cancel_all(*this);
  }

 private:
  void complete(Request& request, const Completion& completion) noexcept override {
    log_.command(TraceEvent::done, name_, request, TraceLog::Clock::now(), submitted_[request.tag], &completion);
    sink_->complete(request, completion);
  }

  TraceLog& log_;
  TraceQueueName name_;
  std::unique_ptr<QueuePair> inner_;
  std::vector<TraceLog::Clock::time_point> submitted_;  // by tag
  backends::Sink* sink_ = nullptr;
};

class TraceBackend final : public Backend {
 public:
  TraceBackend(std::unique_ptr<Backend> inner, std::unique_ptr<TraceLog> log) noexcept
      : inner_(std::move(inner)), log_(std::move(log)) {}

  [[nodiscard]] const backends::Caps& caps() const noexcept override { return inner_->caps(); }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return inner_->nsid(); }
  [[nodiscard]] backends::Memory* memory() noexcept override { return inner_->memory(); }

  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    auto inner = inner_->open_queue(options);
    if (!inner) return inner;
    const TraceQueueName name{options.kind, ++queues_};
    return std::make_unique<TraceQueue>(*log_, name, std::move(*inner), options.depth);
  }
  Result<std::optional<backends::AsyncEvent>> next_event() override {
    auto event = inner_->next_event();
    if (event && event->has_value()) log_->async_event(**event, TraceLog::Clock::now());
    return event;
  }

 private:
  std::unique_ptr<Backend> inner_;
  std::unique_ptr<TraceLog> log_;
  std::atomic<unsigned> queues_{0};
};

}  // namespace

backends::Opened trace(std::unique_ptr<Backend> backend, const std::string& path) {
  auto log = TraceLog::open(path);
  if (!log) {
    return std::unexpected(
        Refusal{true, log.error(), fmt::format("{}: the trace cannot be written: {}", path, log.error().message())});
  }
  return std::make_unique<TraceBackend>(std::move(backend), std::move(*log));
}

}  // namespace lightnvm::layers
