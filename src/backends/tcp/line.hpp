// SPDX-License-Identifier: BSD-2-Clause
// Line: one connection, a socket and fabrics::Host at its end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/tcp/settings.hpp"
#include "fabrics/host.hpp"

namespace lightnvm::backends::tcp {

/// What became of one command that was waited for.
struct Reply {
  Completion completion;  ///< an error of this host where there was none: the connection is gone, and Line::why() tells
  std::uint32_t bytes = 0;
};

/// One thread at a time. Nothing is allocated once it is made.
class Line final : private fabrics::HostEvents {
 public:
  /// Connects the socket. `events` has every completion but those of ask(); it outlives the line. Errors: those of
  /// os::connect_tcp, with a sentence.
  static Result<std::unique_ptr<Line>> dial(const Settings& settings, const fabrics::HostOptions& options,
                                            fabrics::HostEvents& events, Deadline deadline);

  /// As fabrics::Host::submit; flush() sends it.
  Status submit(std::uint32_t tag, const fabrics::HostCommand& command) noexcept { return host_.submit(tag, command); }
  /// Executes one command with tag 0, which nobody else uses meanwhile.
  Reply ask(const spec::Command& command, std::span<const std::byte> out, std::span<std::byte> in, Deadline deadline);

  enum class Got : std::uint8_t { nothing, bytes, lost };
  /// Sends what there is to send, as far as the socket takes it. False: the connection is lost.
  bool flush() noexcept;
  /// Takes what has arrived.
  Got look() noexcept;
  /// The same, but waits for it until `deadline`, though not much longer than kPatience: the caller has its own.
  Got wait(Deadline deadline) noexcept;
  static constexpr std::chrono::milliseconds kPatience{250};

  /// The connection ends. Everything in flight completes with `status`.
  void end(Status status) noexcept;
  /// Whether something waits for room in the socket.
  [[nodiscard]] bool stuck() const noexcept { return stuck_; }
  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return host_.in_flight(); }
  /// One sentence about why the connection was lost.
  [[nodiscard]] std::string why() const;

 private:
  Line(os::Fd socket, const fabrics::HostOptions& options, fabrics::HostEvents& events);
  void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept override;
  template <typename Receive>
  Got take(Receive&& receive) noexcept;
  Got lost(Status status) noexcept;

  os::Fd socket_;
  fabrics::HostEvents& events_;
  std::vector<std::byte> buffer_;
  Reply* asking_ = nullptr;
  bool answered_ = false;
  bool stuck_ = false;
  Status lost_;
  fabrics::Host host_;
};

}  // namespace lightnvm::backends::tcp
