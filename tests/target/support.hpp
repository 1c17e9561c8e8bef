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
#include "target/session.hpp"

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

/// One queue's host: commands that wait for their answers, whatever moves the bytes.
class HostSide : private fabrics::HostEvents {
 public:
  virtual ~HostSide() { host_.close(Status::os(ECANCELED)); }

  /// Sends the command and waits for its answer, at most 10 s; ENOTCONN: the connection ended first.
  Reply execute(const spec::Command& command, std::span<std::byte> in = {}, std::span<const std::byte> out = {});
  Reply connect(const ConnectOptions& options = {});
  Reply connect(const spec::Command& command, const spec::fabrics::ConnectData& data);
  /// Sets CC.EN and waits for CSTS.RDY.
  bool enable();
  std::uint64_t property(spec::fabrics::Property p);
  Status status(const spec::Command& command, std::span<std::byte> in = {}, std::span<const std::byte> out = {}) {
    return execute(command, in, out).completion.status;
  }

  /// Starts a command; `tag` below the depth. wait() for it.
  Status start(std::uint32_t tag, const spec::Command& command, std::span<std::byte> in,
               std::span<const std::byte> out);
  /// Moves bytes until `tag` has its reply, at most for `timeout`.
  bool wait(std::uint32_t tag, std::chrono::milliseconds timeout = std::chrono::seconds(10));
  [[nodiscard]] bool done(std::uint32_t tag) const { return slots_[tag].done; }
  [[nodiscard]] const Reply& reply(std::uint32_t tag) const { return slots_[tag].reply; }
  [[nodiscard]] fabrics::Host& host() noexcept { return host_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Moves what there is to move; waits for more for `timeout` at most, where it can.
  virtual void move(std::chrono::milliseconds timeout) = 0;

 protected:
  explicit HostSide(const fabrics::HostOptions& options) : host_(options, *this), slots_(options.depth) {}
  void end() {
    ended_ = true;
    host_.close(Status::os(ENOTCONN));
  }
  fabrics::Host host_;

 private:
  void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept override;

  struct Slot {
    spec::Command command;
    Segment in, out;
    Reply reply;
    bool done = false;
  };
  std::vector<Slot> slots_;
  bool ended_ = false;
};

/// Over a socket.
class Client final : public HostSide {
 public:
  explicit Client(const std::string& address, const fabrics::HostOptions& options = {.depth = 32})
      : HostSide(options), socket_(dial(address)) {}
  [[nodiscard]] int socket() const noexcept { return socket_.get(); }
  /// Whether the peer ends the connection within `timeout`.
  bool ends(std::chrono::milliseconds timeout = std::chrono::seconds(10));
  void move(std::chrono::milliseconds timeout) override;

 private:
  os::Fd socket_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(65536);
};

/// A target without sockets, at a time that stands still.
struct Bench {
  explicit Bench(const TargetConfig& config = small_config());
  target::Home home;
  target::Tally tally;
  target::TimePoint now = target::TimePoint() + std::chrono::hours(1);
};

/// Back to back with a session.
class Direct final : public HostSide {
 public:
  explicit Direct(Bench& bench, const fabrics::HostOptions& options = {.depth = 32});
  ~Direct() override;
  void move(std::chrono::milliseconds timeout) override;
  /// Lets `bytes` bytes of what the host has to say through.
  void trickle(std::size_t bytes);
  [[nodiscard]] target::Session& session() noexcept { return *session_; }

 private:
  Bench& bench_;
  std::unique_ptr<target::Session> session_;
};

/// An admin queue that is connected and enabled.
struct Admin {
  explicit Admin(Bench& bench, const ConnectOptions& options = {}) : queue(bench) {
    const Reply r = queue.connect(options);
    EXPECT_TRUE(r.completion) << r.completion.status.message();
    cntlid = spec::fabrics::ConnectResult::cntlid(r.completion.result);
    EXPECT_TRUE(queue.enable());
  }
  Direct queue;
  std::uint16_t cntlid = 0;
};

template <typename T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

}  // namespace lightnvm::test
