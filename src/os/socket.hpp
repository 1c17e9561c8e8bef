// SPDX-License-Identifier: BSD-2-Clause
// TCP sockets, and what waits for many of them: thin wrappers over socket(7), epoll(7) and eventfd(2).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "os/fd.hpp"

namespace lightnvm::os {

/// A host name or address and a port, as `HOST:PORT` or `[IPV6]:PORT`.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  /// The text again; IPv6 addresses in brackets.
  [[nodiscard]] std::string text() const;
};
/// Takes `text` apart. `default_port` stands where it names none. EINVAL and a sentence.
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

/// A socket that listens for TCP connections; it does not block. EADDRINUSE, EACCES and the like, with a sentence.
Result<Fd> listen_tcp(const Endpoint& at, int backlog = 1024);
/// Where the socket is bound, as numbers: the port that 0 became.
Result<Endpoint> bound_to(int socket);
/// Whether an address of the socket is of IPv6.
bool is_ipv6(const std::string& host) noexcept;
/// A connection to `to`, without Nagle's delay; tries each of its addresses until `deadline`. ETIMEDOUT, ECONNREFUSED,
/// EHOSTUNREACH (the name has no address) and the like, with a sentence. receive_waiting() waits `patience` on it.
Result<Fd> connect_tcp(const Endpoint& to, std::chrono::steady_clock::time_point deadline,
                       std::chrono::milliseconds patience);
/// The next connection: without blocking, without Nagle's delay. EAGAIN: none now.
Result<Fd> accept_tcp(int listener) noexcept;
/// Lets the system find peers that are gone without a word: it asks after `idle_seconds` of silence.
void keep_alive(int socket, int idle_seconds) noexcept;

/// The peer finds the end of the stream after what was sent.
void stop_sending(int socket) noexcept;

/// recvmsg(2) and sendmsg(2) over pieces, at most 1024; they never wait, and never raise a signal. How many bytes: for
/// receive, 0 is the stream's end. EAGAIN: nothing now.
Result<std::size_t> receive(int socket, std::span<const Segment> pieces) noexcept;
Result<std::size_t> send(int socket, std::span<const Segment> pieces) noexcept;
/// The same for a socket of connect_tcp, but waits for the first byte. EAGAIN: none came in time; EINTR: a signal.
Result<std::size_t> receive_waiting(int socket, std::span<const Segment> pieces) noexcept;
/// Waits until the socket can be read, or written if `write`, or the time has passed.
void wait_for(int socket, bool write, std::chrono::nanoseconds timeout) noexcept;

/// Waits for many descriptors at once. Movable.
class Epoll {
 public:
  static Result<Epoll> make() noexcept;
  /// Readable when something has happened.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  struct Interest {
    bool read = true, write = false;
  };
  struct Event {
    void* who = nullptr;
    bool readable = false, writable = false, broken = false;
  };
  /// `who` comes back with the events of `fd`, until it is removed or closed.
  Status add(int fd, void* who, Interest interest) noexcept;
  Status change(int fd, void* who, Interest interest) noexcept;
  void remove(int fd) noexcept;
  /// Waits until something happened or `timeout` has passed (0: looks alone); returns how many are in `events`.
  unsigned wait(std::span<Event> events, std::chrono::nanoseconds timeout) noexcept;

 private:
  explicit Epoll(Fd fd) noexcept : fd_(std::move(fd)) {}
  Fd fd_;
};

/// Wakes an Epoll from another thread, or a signal handler.
class Wakeup {
 public:
  static Result<Wakeup> make() noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void wake() const noexcept;
  void clear() const noexcept;

 private:
  explicit Wakeup(Fd fd) noexcept : fd_(std::move(fd)) {}
  Fd fd_;
};

/// A descriptor that can be read from a point in time on.
class Timer {
 public:
  static Result<Timer> make() noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void set(std::chrono::steady_clock::time_point when) const noexcept;
  void clear() const noexcept;

 private:
  explicit Timer(Fd fd) noexcept : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace lightnvm::os
