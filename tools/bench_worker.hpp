// SPDX-License-Identifier: BSD-2-Clause
// Worker: one thread of a job, with a queue and chunks of its own; the loop that is measured.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <lightnvm/device.hpp>
#include <optional>
#include <vector>

#include "bench_job.hpp"
#include "bench_layout.hpp"
#include "bench_pattern.hpp"
#include "bench_tally.hpp"

namespace tools::bench {

/// Made by the thread that sets up, run by its own. run() does not allocate.
class Worker {
 public:
  using Clock = std::chrono::steady_clock;

  /// `sectors` of a command; `index` of the thread. A Failure where there is no queue or memory.
  Worker(lightnvm::Device& device, const Job& job, Share share, std::uint32_t sectors, std::uint32_t index);

  /// Sends commands until the time, the count or the chunks are over, or Ctrl-C came, and waits for what is in flight.
  void run(Clock::time_point start);

  /// From any thread: how many commands of the workload have ended.
  [[nodiscard]] std::uint64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }

  // After run:
  [[nodiscard]] const Tally& tally(Kind kind) const noexcept { return tallies_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const Verdict& verdict() const noexcept { return verdict_; }
  [[nodiscard]] const std::vector<Lane>& lanes() const noexcept { return lanes_; }
  [[nodiscard]] Clock::time_point end() const noexcept { return now_; }
  /// With a rate: commands whose time had come and that were not sent.
  [[nodiscard]] std::uint64_t behind() const noexcept { return behind_; }
  [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }
  /// What the queue itself said where it could not go on.
  [[nodiscard]] lightnvm::Status broken() const noexcept { return broken_; }

 private:
  struct Slot {
    lightnvm::Buffer buffer;
    std::array<lightnvm::Address, lightnvm::kMaxAddresses> list;
    Clock::time_point start;
    lightnvm::Address chunk;
    std::uint32_t first = 0, count = 0, lane = 0;
    Kind kind = Kind::read;
  };

  void prepare_memory(lightnvm::Device& device);
  void pace(std::uint32_t index);
  [[nodiscard]] Clock::time_point intended(std::uint64_t number) const noexcept;
  void stamp() noexcept;
  [[nodiscard]] bool over() const noexcept;
  /// Whether the next command's time has come; without a rate always.
  bool due() noexcept;
  void idle() noexcept;
  void send_all() noexcept;
  bool choose(Slot& slot) noexcept;
  void choose_read(Slot& slot) noexcept;
  void next_in_row(Slot& slot) noexcept;
  bool choose_lane(Slot& slot) noexcept;
  lightnvm::Status submit(Slot& slot) noexcept;
  lightnvm::Status submit_read(Slot& slot) noexcept;
  void finish(Slot& slot, lightnvm::Status status) noexcept;
  void finish_lane(const Slot& slot, lightnvm::Status status) noexcept;
  void check(const Slot& slot) noexcept;
  [[nodiscard]] bool counts(Kind kind) const noexcept {
    return (kind == Kind::reset) == (job_.workload == Workload::reset);
  }
  [[nodiscard]] lightnvm::Address sector_of(const Slot& slot, std::uint32_t i) const noexcept {
    return scattered_ && slot.kind == Kind::read ? slot.list[i] : geometry_.sector_address(slot.chunk, slot.first + i);
  }

  const Job& job_;
  const lightnvm::Geometry& geometry_;
  Wording wording_;
  std::uint32_t sectors_;
  bool scattered_;  // reads: each sector anywhere
  std::vector<Lane> lanes_;
  std::vector<std::vector<Held>> rows_;
  std::vector<Held> reads_;  // the rows' chunks, one after another
  std::vector<std::uint32_t> idle_lanes_;
  std::size_t idle_first_ = 0, idle_count_ = 0;
  std::vector<Slot> slots_;
  std::vector<Slot*> free_;
  lightnvm::Queue queue_;
  Chance chance_;
  std::array<Tally, kKinds> tallies_;
  Verdict verdict_;

  std::size_t row_ = 0, in_row_ = 0;
  std::uint32_t piece_ = 0;
  std::optional<Kind> held_;  // mixed: what comes next, while it has to wait
  std::uint64_t quota_ = ~0ULL, sent_ = 0, paced_ = 0, behind_ = 0;
  double gap_ = 0;  // nanoseconds from one command to the next; 0: as fast as it goes
  double offset_ = 0;
  Clock::time_point begin_, deadline_, now_;
  bool stamped_ = false;  // this batch has its time
  bool exhausted_ = false, in_piece_ = false;
  lightnvm::Status broken_;
  alignas(64) std::atomic<std::uint64_t> done_{0};
};

}  // namespace tools::bench
