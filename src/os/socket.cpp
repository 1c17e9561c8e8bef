// SPDX-License-Identifier: BSD-2-Clause
// Listening, accepting, connecting, moving bytes.
#include "os/socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "base/number.hpp"

namespace lightnvm::os {
namespace {

static_assert(sizeof(Segment) == sizeof(iovec) && offsetof(Segment, bytes) == offsetof(iovec, iov_len));
constexpr std::size_t kMostPieces = 1024;

struct Resolved {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

msghdr message(std::span<const Segment> pieces) noexcept {
  msghdr m{};
  m.msg_iov = const_cast<iovec*>(reinterpret_cast<const iovec*>(pieces.data()));
  m.msg_iovlen = std::min(pieces.size(), kMostPieces);
  return m;
}

Result<Fd> listen_on(const addrinfo& a, int backlog) noexcept {
  Fd fd(::socket(a.ai_family, a.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a.ai_protocol));
  if (!fd.valid()) return std::unexpected(Status::os(errno));
  const int on = 1;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (a.ai_family == AF_INET6) (void)::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), a.ai_addr, a.ai_addrlen) != 0 || ::listen(fd.get(), backlog) != 0) {
    return std::unexpected(Status::os(errno));
  }
  return fd;
}

using Deadline = std::chrono::steady_clock::time_point;

// Until the connection is there or refused.
Status finish_connecting(int fd, Deadline deadline) noexcept {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Status::os(ETIMEDOUT);
    pollfd p{fd, POLLOUT, 0};
    const int n = ::poll(&p, 1, static_cast<int>(std::min<long>(left.count(), 1'000'000)));
    if (n < 0 && errno != EINTR) return Status::os(errno);
    if (n <= 0) continue;
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    return error == 0 ? Status() : Status::os(error);
  }
}

Result<Fd> connect_to(const addrinfo& a, Deadline deadline) noexcept {
  Fd fd(::socket(a.ai_family, a.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a.ai_protocol));
  if (!fd.valid()) return std::unexpected(Status::os(errno));
  if (::connect(fd.get(), a.ai_addr, a.ai_addrlen) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) return std::unexpected(Status::os(errno));
    if (const Status s = finish_connecting(fd.get(), deadline); !s) return std::unexpected(s);
  }
  return fd;
}

// Waits in system calls that are asked to.
void make_blocking(int fd, std::chrono::milliseconds patience) noexcept {
  const int on = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval t{patience.count() / 1000, patience.count() % 1000 * 1000};
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
  (void)::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

}  // namespace

std::string Endpoint::text() const {
  return is_ipv6(host) ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

bool is_ipv6(const std::string& host) noexcept { return host.find(':') != std::string::npos; }

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  const auto wrong = [&](std::string_view why) {
    return unexpected(Status::os(EINVAL), fmt::format("'{}': {}; HOST:PORT or [IPV6]:PORT is wanted", text, why));
  };
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong("the bracket is not closed");
    host = text.substr(1, end - 1);
    if (const std::string_view rest = text.substr(end + 1); !rest.empty()) {
      if (rest[0] != ':') return wrong("something follows the bracket");
      port = rest.substr(1);
      has_port = true;
    }
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    if (text.find(':') != colon) return wrong("an IPv6 address needs brackets");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return wrong("the host is missing");
  Endpoint e{std::string(host), default_port};
  if (has_port) {
    const auto number = parse_number<std::uint16_t>(port);
    if (!number) return wrong("the port is 0 to 65535");
    e.port = *number;
  }
  return e;
}

Result<Fd> listen_tcp(const Endpoint& at, int backlog) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  if (const int e = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &list); e != 0) {
    return unexpected(Status::os(EADDRNOTAVAIL), fmt::format("{}: {}", at.host, ::gai_strerror(e)));
  }
  const std::unique_ptr<addrinfo, Resolved> owner(list);
  Status why = Status::os(EADDRNOTAVAIL);
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    auto fd = listen_on(*a, backlog);
    if (fd) return fd;
    why = fd.error();
  }
  return unexpected(why, fmt::format("cannot listen at {}: {}", at.text(), why.message()));
}

Result<Fd> connect_tcp(const Endpoint& to, Deadline deadline, std::chrono::milliseconds patience) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int e = ::getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &list); e != 0) {
    return unexpected(Status::os(EHOSTUNREACH), fmt::format("{}: {}", to.host, ::gai_strerror(e)));
  }
  const std::unique_ptr<addrinfo, Resolved> owner(list);
  Status why = Status::os(EHOSTUNREACH);
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    auto fd = connect_to(*a, deadline);
    if (fd) {
      make_blocking(fd->get(), patience);
      return fd;
    }
    why = fd.error();
  }
  return unexpected(why, fmt::format("cannot connect to {}: {}", to.text(), why.message()));
}

Result<Endpoint> bound_to(int socket) {
  sockaddr_storage a{};
  socklen_t length = sizeof a;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&a), &length) != 0) {
    return std::unexpected(Status::os(errno));
  }
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(reinterpret_cast<sockaddr*>(&a), length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return std::unexpected(Status::os(EADDRNOTAVAIL));
  }
  return Endpoint{host, parse_number<std::uint16_t>(port).value_or(0)};
}

Result<Fd> accept_tcp(int listener) noexcept {
  Fd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) return std::unexpected(Status::os(errno));
  const int on = 1;
  (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void keep_alive(int socket, int idle_seconds) noexcept {
  const int on = 1;
  const int probes = 3;
  (void)::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &idle_seconds, sizeof idle_seconds);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

void stop_sending(int socket) noexcept { (void)::shutdown(socket, SHUT_WR); }

Result<std::size_t> receive(int socket, std::span<const Segment> pieces) noexcept {
  msghdr m = message(pieces);
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &m, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return std::unexpected(Status::os(errno));
  return static_cast<std::size_t>(n);
}

Result<std::size_t> send(int socket, std::span<const Segment> pieces) noexcept {
  const msghdr m = message(pieces);
  ssize_t n = 0;
  do {
    n = ::sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return std::unexpected(Status::os(errno));
  return static_cast<std::size_t>(n);
}

Result<std::size_t> receive_waiting(int socket, std::span<const Segment> pieces) noexcept {
  msghdr m = message(pieces);
  const ssize_t n = ::recvmsg(socket, &m, 0);
  if (n < 0) return std::unexpected(Status::os(errno));
  return static_cast<std::size_t>(n);
}

void wait_for(int socket, bool write, std::chrono::nanoseconds timeout) noexcept {
  timeout = std::max(timeout, std::chrono::nanoseconds(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec t{seconds.count(), (timeout - seconds).count()};
  pollfd p{socket, static_cast<short>(POLLIN | (write ? POLLOUT : 0)), 0};
  (void)::ppoll(&p, 1, &t, nullptr);
}

}  // namespace lightnvm::os
