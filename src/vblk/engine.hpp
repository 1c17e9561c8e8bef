// SPDX-License-Identifier: BSD-2-Clause
// Engine: cuts transfers of a virtual block into commands, keeps them in order per chunk, and waits for them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "lightnvm/device.hpp"
#include "vblk/stripe.hpp"

namespace lightnvm::vblk {

enum class JobKind : std::uint8_t { read, write, pad, copy };

/// One transfer. Belongs to the engine until it is done.
struct Job {
  JobKind kind = JobKind::read;
  std::uint64_t next = 0, end = 0;  ///< sectors: the first not sent, the one behind the last
  std::uint64_t first = 0;
  std::byte* data = nullptr;
  std::byte* metadata = nullptr;   ///< or none
  const Stripe* target = nullptr;  ///< copy: where to
  std::uint32_t outstanding = 0;
  Status status;
  Callback done;
};

/// One thread at a time. Jobs are sent in the order of start; a write to a chunk waits for the one before it where the
/// route does not keep writes in order.
class Engine {
 public:
  Engine(Queue queue, const Stripe& stripe, std::uint32_t sector_bytes, std::uint32_t oob_bytes, bool ordered);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start(Job job);
  /// Sends what can be sent and calls back for what is done; waits for at least one command if `wait`.
  Status go_on(bool wait);
  [[nodiscard]] bool idle() const noexcept { return jobs_.empty(); }
  /// Jobs that are done since the start.
  [[nodiscard]] unsigned finished() const noexcept { return finished_; }

 private:
  void send();
  bool send_one(Job& job);
  Status submit(Job& job, std::uint64_t sector, std::uint32_t count);
  void on_done(Job& job, std::uint64_t sector, std::uint32_t count, const Completion& completion);
  [[nodiscard]] bool writes(const Job& job) const noexcept { return job.kind != JobKind::read && !ordered_; }
  [[nodiscard]] bool chunks_free(std::uint64_t sector, std::uint32_t count) const noexcept;
  void mark(std::uint64_t sector, std::uint32_t count, bool busy) noexcept;
  void retire();

  Stripe stripe_;
  std::uint32_t sector_bytes_, oob_bytes_;
  bool ordered_;
  std::vector<std::uint8_t> busy_;  // per chunk of the stripe
  std::vector<std::byte> pattern_;  // what pad writes
  std::deque<std::unique_ptr<Job>> jobs_;
  unsigned finished_ = 0;
  Queue queue_;  // last: its end waits for commands that call back here
};

}  // namespace lightnvm::vblk
