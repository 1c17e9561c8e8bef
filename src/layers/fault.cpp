// SPDX-License-Identifier: BSD-2-Clause
// The backend of a plan: its rules, and queue pairs that keep to them.
#include "layers/fault.hpp"

#include <thread>

#include "layers/fault_queue.hpp"

namespace lightnvm::layers {
namespace {

using backends::Backend;
using backends::QueueOptions;
using backends::QueuePair;

class SteadyTime final : public FaultTime {
 public:
  [[nodiscard]] backends::Clock::time_point now() noexcept override { return backends::Clock::now(); }
  void wait_until(backends::Clock::time_point time) noexcept override { std::this_thread::sleep_until(time); }
};

class FaultBackend final : public Backend {
 public:
  FaultBackend(std::unique_ptr<Backend> inner, const RouteFaultPlan& plan, FaultTime& time)
      : inner_(std::move(inner)), rules_(plan), time_(time) {}

  [[nodiscard]] const backends::Caps& caps() const noexcept override { return inner_->caps(); }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return inner_->nsid(); }
  [[nodiscard]] backends::Memory* memory() noexcept override { return inner_->memory(); }

  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    auto inner = inner_->open_queue(options);
    if (!inner) return inner;
    return std::make_unique<FaultQueue>(rules_, time_, options, std::move(*inner));
  }
  Result<std::optional<backends::AsyncEvent>> next_event() override {
    if (rules_.lost()) return std::unexpected(Status::nvme(StatusCode::connection_lost));
    return inner_->next_event();
  }

 private:
  std::unique_ptr<Backend> inner_;
  FaultRules rules_;
  FaultTime& time_;
};

}  // namespace

FaultTime& steady_time() noexcept {
  static SteadyTime time;
  return time;
}

std::unique_ptr<Backend> fault(std::unique_ptr<Backend> backend, const RouteFaultPlan& plan, FaultTime& time) {
  return std::make_unique<FaultBackend>(std::move(backend), plan, time);
}

}  // namespace lightnvm::layers
