// SPDX-License-Identifier: BSD-2-Clause
// Faults: what a fault plan makes of the events of one emulated device.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "lightnvm/faults.hpp"
#include "model/fault_tally.hpp"

namespace lightnvm::emulator {

/// Thread-safe. Chunks and sectors are the machine's. Does not allocate but when it is made.
class Faults {
 public:
  /// Requires that check_faults accepted the plan.
  Faults(FaultPlan plan, const Config& config);

  [[nodiscard]] const FaultPlan& plan() const noexcept { return plan_; }

  /// An I/O command begins: false if it meets a device without power, or is the one that loses it.
  [[nodiscard]] bool begin_command() noexcept;
  [[nodiscard]] bool powered() const noexcept { return powered_.load(std::memory_order_acquire); }

  /// Consecutive sectors of a chunk that one command reads or writes.
  struct Run {
    std::uint32_t chunk = 0, first = 0, count = 0;
  };
  /// The chunk goes offline as it is read.
  [[nodiscard]] bool retires(const Run& read) noexcept { return hit(FaultKind::offline, read) != nullptr; }
  /// What the host is to be told of the chunk as it is read.
  [[nodiscard]] std::optional<Event::State> refreshes(const Run& read) noexcept;
  /// One sector that is read: success, high_ecc or unrecovered_read_error.
  [[nodiscard]] StatusCode read(std::uint32_t chunk, std::uint32_t sector) noexcept;
  /// Sectors that the media have stored: success, chunk_early_close, write_next_unit (what was stored is lost), or
  /// offline_chunk: the chunk is to go offline.
  [[nodiscard]] StatusCode write(const Run& run) noexcept;
  /// success, or offline_chunk.
  [[nodiscard]] StatusCode reset(std::uint32_t chunk) noexcept;
  /// The chunk was reset for the `cycles`-th time: whether that was its last.
  [[nodiscard]] bool wears_out(std::uint32_t chunk, std::uint32_t cycles) noexcept;

 private:
  [[nodiscard]] bool has(FaultKind kind) const noexcept { return (kinds_ >> static_cast<unsigned>(kind) & 1) != 0; }
  [[nodiscard]] const FaultRule* hit(FaultKind kind, const Run& at, std::uint32_t cycles = 0) noexcept;
  [[nodiscard]] bool covers(const FaultRule& rule, const Run& at) const noexcept;
  // Require mutex_.
  [[nodiscard]] const FaultRule* hit_locked(FaultKind kind, const Run& at, std::uint32_t cycles) noexcept;
  [[nodiscard]] bool strikes(std::size_t rule, const Run& at) noexcept;

  FaultPlan plan_;
  std::uint32_t planes_, units_, chunks_;  // planes of a block, units of a group, the machine's chunks of a unit
  std::uint32_t kinds_ = 0;                // a bit for each that has a rule
  std::atomic<bool> powered_{true};

  std::mutex mutex_;
  std::vector<model::FaultTally> tallies_;  // by rule
  std::vector<Run> lost_;                   // by write_next; room for kMostLost
  static constexpr std::size_t kMostLost = 4096;
};

}  // namespace lightnvm::emulator
