// SPDX-License-Identifier: BSD-2-Clause
// A progress bar on a terminal for whatever takes over a second, and Ctrl-C that leaves the terminal clean.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tools {

/// Draws one line on stderr, ten times a second at most, and removes it when it ends. Where stderr is no terminal, or
/// with `quiet`, it does nothing.
class Progress {
 public:
  struct Options {
    std::string what;         ///< "nvm_vblk_write"
    std::uint64_t total = 0;  ///< 0: unknown; only the time is shown
    bool bytes = true;        ///< amounts are bytes; else things that `unit` names
    std::string unit;         ///< "chunks"
    bool quiet = false;
    /// Asked for the amount that is done, from another thread; without it, set tells.
    std::function<std::uint64_t()> done;
  };
  explicit Progress(Options options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set(std::uint64_t done) noexcept { done_.store(done, std::memory_order_relaxed); }
  /// For amounts that are found out on the way.
  void set(std::uint64_t done, std::uint64_t total) noexcept {
    total_.store(total, std::memory_order_relaxed);
    set(done);
  }
  /// Calls `print`, which writes whole lines to the terminal, with the bar out of its way.
  void above(const std::function<void()>& print);

 private:
  using Clock = std::chrono::steady_clock;
  void tick();
  void draw(unsigned columns);

  Options options_;
  std::atomic<std::uint64_t> done_{0}, total_{0};
  Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

/// The line of a bar: "nvm_vblk_write  42% [====>      ]  38.0 of 90.0 MiB  312.1 MiB/s  0:01 left", at most `columns`.
struct BarValues {
  std::string what;
  std::uint64_t done = 0, total = 0;
  double seconds = 0;
  bool bytes = true;
  std::string unit;
};
std::string bar_line(const BarValues& values, unsigned columns);

/// While one lives, the first Ctrl-C (or SIGTERM) is only noted, so that the work can stop at a good place. Otherwise,
/// and the second time, it ends the program, with the bar's line removed.
class Interruptible {
 public:
  Interruptible();
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
};
[[nodiscard]] bool interrupted() noexcept;
/// Ends as the signal that was noted would have ended the program.
void die_if_interrupted();

}  // namespace tools
