// SPDX-License-Identifier: BSD-2-Clause
// Home: what all sessions of a target share; Tally: what the sessions of one thread count.
#pragma once

#include <array>
#include <atomic>
#include <functional>

#include "os/socket.hpp"
#include "target/controller.hpp"

namespace lightnvm::target {

using TimePoint = backends::Clock::time_point;

/// Written by one thread, read by any.
class Count {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) noexcept { value_.store(get() - n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Tally {
  Count connections, accepted, refused, protocol_errors, timeouts;
  Count admin_commands, io_commands, failed_commands;
  Count bytes_to_hosts, bytes_from_hosts;
  Count receives, sends;
};

/// The memory of all connections together. Thread-safe.
class MemoryMeter {
 public:
  explicit MemoryMeter(std::uint64_t most) : most_(most) {}
  /// False: that would be too much.
  bool take(std::uint64_t bytes) noexcept {
    std::uint64_t used = used_.load();
    while (bytes <= most_ - used) {
      if (used_.compare_exchange_weak(used, used + bytes)) return true;
    }
    return false;
  }
  void give_back(std::uint64_t bytes) noexcept { used_ -= bytes; }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

 private:
  std::uint64_t most_;
  std::atomic<std::uint64_t> used_{0};
};

struct Home {
  Home(const TargetConfig& c, Catalog served)
      : config(c), catalog(std::move(served)), controllers(c.controllers), memory(c.memory_bytes) {}

  TargetConfig config;
  Catalog catalog;
  Controllers controllers;
  MemoryMeter memory;
  std::function<void()> wake_all = [] {};  ///< lets every thread look at its sessions
};

}  // namespace lightnvm::target
