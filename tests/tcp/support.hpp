// SPDX-License-Identifier: BSD-2-Clause
// What the tests of the backend tcp stand on: a target in this process, and a way to it that can be made bad.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backends/backend.hpp"
#include "lightnvm/device.hpp"
#include "lightnvm/target.hpp"
#include "os/socket.hpp"
#include "spec/build.hpp"

namespace lightnvm::test {

inline constexpr const char* kSubsystem = "nqn.2026-11.io.lightnvm:tcp";
inline constexpr const char* kSmall = "emu:?groups=2&punits=2&chunks=8&sectors=64&mw_cunits=0&bad=none";

TargetConfig config_of(const std::string& device = kSmall);
/// A target that runs.
std::unique_ptr<Target> serve(const TargetConfig& config = config_of());
/// The identifier of the target's subsystem at `address`, with `options` behind the '?'.
std::string ident_at(const std::string& address, const std::string& options = {});

/// Stands between host and target, and passes on what both say, until it is told otherwise.
class Way {
 public:
  /// To `target`, HOST:PORT.
  explicit Way(std::string target);
  ~Way();
  [[nodiscard]] std::string address() const;
  /// Where connections are passed on to from now on.
  void lead_to(const std::string& target);
  /// Ends all connections, as a process that is killed.
  void cut();
  /// New connections are refused with a closed one, or accepted again.
  void block(bool blocked) { blocked_ = blocked; }
  /// What the target says is kept back; what the host says passes.
  void hold(bool held) { held_ = held; }
  /// What the target says passes in single bytes, with `pause` between them; 0: as it comes.
  void trickle(std::chrono::milliseconds pause) { pause_ms_ = static_cast<int>(pause.count()); }
  /// The byte of the next connection to the host that has this number, counted from 0, is turned over; -1: none.
  void spoil(std::int64_t byte) { spoiled_ = byte; }
  /// Connections that were passed on so far.
  [[nodiscard]] unsigned connections() const { return connections_; }

 private:
  struct Pair {
    os::Fd host, target;
    std::int64_t to_host = 0, spoiled = -1;
  };
  void run();
  void accept();
  bool pass(Pair& pair);
  bool pass_to_host(Pair& pair);

  os::Fd listener_;
  std::string address_;
  std::mutex mutex_;  // of target_ and pairs_
  std::string target_;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::atomic<bool> over_{false}, blocked_{false}, held_{false};
  std::atomic<int> pause_ms_{0};
  std::atomic<std::int64_t> spoiled_{-1};
  std::atomic<unsigned> connections_{0};
  std::thread thread_;
};

/// An opened backend of the library, without layers.
std::unique_ptr<backends::Backend> open_backend(const std::string& ident);

/// Keeps completions.
class Kept final : public backends::Sink {
 public:
  void complete(backends::Request& request, const Completion& completion) noexcept override {
    done.emplace_back(&request, completion);
  }
  std::vector<std::pair<backends::Request*, Completion>> done;
};

/// A read of one sector with memory of its own.
struct Read {
  explicit Read(std::uint16_t tag, std::uint32_t sectors = 1) : data(sectors * 4096) {
    segment = {data.data(), data.size()};
    request.command = spec::build::transfer(spec::IoOpcode::read, 1, 0, sectors);
    request.payload.data = {&segment, 1};
    request.tag = tag;
  }
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;
  std::vector<std::byte> data;
  Segment segment;
  backends::Request request;
};

}  // namespace lightnvm::test
