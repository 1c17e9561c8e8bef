// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes fault plans of the way to a device: what is accepted reads the same from its own text, and under it every
// command that is taken completes exactly once.
#include <array>
#include <cstdlib>
#include <deque>
#include <string_view>

#include "layers/fault.hpp"
#include "source.hpp"

namespace {

using namespace lightnvm;
using backends::Clock;
using backends::Request;

constexpr std::uint32_t kDepth = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

class Time final : public layers::FaultTime {
 public:
  [[nodiscard]] Clock::time_point now() noexcept override { return now_; }
  void wait_until(Clock::time_point time) noexcept override { now_ = std::max(now_, time); }

 private:
  Clock::time_point now_;
};

/// Completes what it has been told to, first come first served.
class Route final : public backends::Backend {
 public:
  class Queue final : public backends::QueuePair {
   public:
    explicit Queue(Route& route) : route_(route) {}
    Status submit(Request& request) noexcept override {
      if (route_.full) return Status::os(EAGAIN);
      requests_.push_back(&request);
      return {};
    }
    Result<unsigned> reap(backends::Sink& sink, unsigned, unsigned, backends::Deadline) noexcept override {
      unsigned n = 0;
      for (; route_.done != 0 && !requests_.empty(); ++n, --route_.done) end_first(sink);
      return n;
    }
    void cancel_all(backends::Sink& sink) noexcept override {
      while (!requests_.empty()) end_first(sink);
    }

   private:
    void end_first(backends::Sink& sink) noexcept {
      Request& request = *requests_.front();
      requests_.pop_front();
      sink.complete(request, {});
    }
    Route& route_;
    std::deque<Request*> requests_;
  };

  [[nodiscard]] const backends::Caps& caps() const noexcept override { return caps_; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return 1; }
  Result<std::unique_ptr<backends::QueuePair>> open_queue(const backends::QueueOptions&) override {
    return std::make_unique<Queue>(*this);
  }
  unsigned done = 0;
  bool full = false;

 private:
  backends::Caps caps_;
};

class Host final : private backends::Sink {
 public:
  Host(const RouteFaultPlan& plan) : backend_(layers::fault(open(), plan, time_)) {
    for (auto& queue : queues_) queue.pair = std::move(*backend_->open_queue({queue.kind, kDepth}));
  }
  void act(fuzz::Source& in) {
    const auto choice = in.take<std::uint8_t>();
    Queue& queue = queues_[choice % queues_.size()];
    Request& request = queue.requests[choice >> 2 & 7];
    route_->done = choice >> 5;
    switch (in.below(4)) {
      case 0:
        (void)queue.pair->reap(*this, choice >> 2 & 3, choice >> 6, time_.now() + std::chrono::milliseconds(5));
        break;
      case 1: queue.pair->cancel_all(*this); break;
      default:
        if (queue.in_flight[&request - queue.requests.data()]) return;
        request.tag = static_cast<std::uint16_t>(&request - queue.requests.data());
        spec::Opcode::set(request.command, in.take<std::uint8_t>());
        route_->full = choice == 0;
        queue.in_flight[request.tag] = true;
        if (!queue.pair->submit(request)) queue.in_flight[request.tag] = false;
        route_->full = false;
    }
  }
  void end() {
    for (Queue& queue : queues_) {
      queue.pair->cancel_all(*this);
      for (const bool left : queue.in_flight) require(!left);
      require(queue.pair->reap(*this, 1, 0, time_.now()).value_or(1) == 0);
    }
  }

 private:
  struct Queue {
    backends::QueueKind kind;
    std::unique_ptr<backends::QueuePair> pair;
    std::array<Request, kDepth> requests;
    std::array<bool, kDepth> in_flight{};
  };
  std::unique_ptr<Route> open() {
    auto route = std::make_unique<Route>();
    route_ = route.get();
    return route;
  }
  void complete(Request& request, const Completion&) noexcept override {
    for (Queue& queue : queues_) {
      if (&request != &queue.requests[request.tag]) continue;
      require(queue.in_flight[request.tag]);
      queue.in_flight[request.tag] = false;
      return;
    }
    std::abort();
  }
  Time time_;
  Route* route_ = nullptr;
  std::unique_ptr<backends::Backend> backend_;
  std::array<Queue, 2> queues_{Queue{backends::QueueKind::io, {}, {}, {}},
                               Queue{backends::QueueKind::admin, {}, {}, {}}};
};

}  // namespace

// A plan, and after a byte of zero what is done under it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\0'));
  const auto plan = parse_route_faults(text);
  if (!plan) {
    require(!last_error().empty());
    return 0;
  }
  auto again = parse_route_faults(to_text(*plan));
  require(again && again->rules.size() == plan->rules.size());
  for (std::size_t i = 0; i < plan->rules.size(); ++i) again->rules[i].line = plan->rules[i].line;
  require(*again == *plan && check_route_faults(*plan));
  Host host(*plan);
  fuzz::Source in(data + text.size(), size - text.size());
  while (!in.empty()) host.act(in);
  host.end();
  return 0;
}
