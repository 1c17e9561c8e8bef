// SPDX-License-Identifier: BSD-2-Clause
// A host for tests: fabrics::Host over a loopback socket, and commands that wait for their answers.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fabrics/host.hpp"
#include "lightnvm/target.hpp"
#include "os/socket.hpp"
#include "spec/build.hpp"
#include "spec/fabrics.hpp"

namespace lightnvm::test {

inline constexpr std::string_view kSubsystem = "nqn.2026-11.io.lightnvm:test";
inline constexpr std::string_view kHost = "nqn.2026-11.io.lightnvm:host";

/// One subsystem with one small emulated device in memory, at a free port.
TargetConfig small_config(const std::string& device = "emu:?groups=2&punits=2&chunks=8&sectors=64");

/// A blocking TCP connection; -1 where there is none.
os::Fd dial(const std::string& address);

struct Reply {
  Completion completion;
  std::uint32_t bytes = 0;  ///< that came
};

struct ConnectOptions {
  std::string_view subsystem = kSubsystem, host = kHost;
  std::uint16_t qid = 0, cntlid = spec::fabrics::kAnyController;
  std::uint32_t entries = 33;
  std::uint32_t kato_ms = 0;
  std::uint8_t hostid = 1;
};

/// One queue.
class Client final : private fabrics::HostEvents {
 public:
  explicit Client(const std::string& address, const fabrics::HostOptions& options = {.depth = 32});
  ~Client();

  /// Sends the command and waits for its answer, at most 10 s; ENOTCONN: the connection ended first.
  Reply execute(const spec::Command& command, std::span<std::byte> in = {}, std::span<const std::byte> out = {});
  Reply connect(const ConnectOptions& options = {});
  /// Sets CC.EN and waits for CSTS.RDY.
  bool enable();
  std::uint64_t property(spec::fabrics::Property p);

  /// Starts a command; `tag` below the depth. settle() waits for all.
  Status start(std::uint32_t tag, const spec::Command& command, std::span<std::byte> in,
               std::span<const std::byte> out);
  /// Moves bytes until `tag` has its reply, at most for `timeout`.
  bool wait(std::uint32_t tag, std::chrono::milliseconds timeout = std::chrono::seconds(10));
  [[nodiscard]] const Reply& reply(std::uint32_t tag) const { return slots_[tag].reply; }
  [[nodiscard]] int socket() const noexcept { return socket_.get(); }
  [[nodiscard]] fabrics::Host& host() noexcept { return host_; }
  /// Whether the peer ends the connection within `timeout`.
  bool ends(std::chrono::milliseconds timeout = std::chrono::seconds(10));

 private:
  void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept override;
  bool move(int timeout_ms);

  struct Slot {
    spec::Command command;
    Segment in, out;
    Reply reply;
    bool done = false;
  };
  os::Fd socket_;
  fabrics::Host host_;
  std::vector<Slot> slots_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(65536);
  bool ended_ = false;
};

}  // namespace lightnvm::test
