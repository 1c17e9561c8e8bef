// SPDX-License-Identifier: BSD-2-Clause
// FaultQueue: a queue pair whose commands meet what FaultRules say.
#pragma once

#include <memory>
#include <vector>

#include "layers/fault.hpp"
#include "layers/fault_rules.hpp"

namespace lightnvm::layers {

/// Rules and time outlive it.
class FaultQueue final : public backends::QueuePair, private backends::Sink {
 public:
  FaultQueue(FaultRules& rules, FaultTime& time, const backends::QueueOptions& options,
             std::unique_ptr<backends::QueuePair> inner);

  /// connection_lost once the plan has cut the connection; the command that did it, too.
  Status submit(backends::Request& request) noexcept override;
  Result<unsigned> reap(backends::Sink& sink, unsigned min, unsigned max,
                        backends::Deadline deadline) noexcept override;
  void cancel_all(backends::Sink& sink) noexcept override;

 private:
  using Time = backends::Clock::time_point;
  struct Slot {
    backends::Request* request = nullptr;
    FaultVerdict verdict;
    Time begun;
    Completion completion;
  };
  /// A completion that waits. In the order in which their time comes; those without one by number, at the end.
  struct Held {
    Time due;
    std::uint64_t number;
    std::uint16_t tag;
    std::uint64_t passed;  // reorder: when so many were ready; else never
    std::uint64_t commands;
  };

  void complete(backends::Request& request, const Completion& completion) noexcept override;
  void conclude(std::uint16_t tag, const Completion& completion) noexcept;
  void hold(std::uint16_t tag) noexcept;
  void make_ready(std::uint16_t tag) noexcept;
  void release(Time now) noexcept;
  void release_all(Status status) noexcept;
  void recall() noexcept;
  Status collect() noexcept;
  unsigned deliver(backends::Sink& sink, unsigned most) noexcept;
  Status wait(backends::Deadline deadline) noexcept;

  FaultRules& rules_;
  FaultTime& time_;
  backends::QueueKind kind_;
  std::unique_ptr<backends::QueuePair> inner_;
  std::vector<Slot> slots_;           // by tag
  std::vector<Held> held_;            // room for all
  std::vector<std::uint16_t> ready_;  // ring of a power of two
  std::uint32_t mask_;
  std::uint32_t below_ = 0, in_flight_ = 0;
  std::uint32_t first_ready_ = 0, end_ready_ = 0;
  std::uint64_t numbers_ = 0, passed_ = 0;
  bool cancelling_ = false;
  // What was judged and then not taken comes again, and is not judged twice.
  const backends::Request* refused_ = nullptr;
  FaultVerdict refused_verdict_;
};

}  // namespace lightnvm::layers
