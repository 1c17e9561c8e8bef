// SPDX-License-Identifier: BSD-2-Clause
// The host's side.
#include "support.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace lightnvm::test {

namespace f = spec::fabrics;
using Clock = std::chrono::steady_clock;

TargetConfig small_config(const std::string& device) {
  TargetConfig config;
  config.listen = "127.0.0.1:0";
  config.subsystems = {{std::string(kSubsystem), {{device}}, {}}};
  return config;
}

os::Fd dial(const std::string& address) {
  const auto at = os::parse_endpoint(address, 0);
  os::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(at->port);
  ::inet_pton(AF_INET, at->host.c_str(), &a.sin_addr);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) return os::Fd();
  return fd;
}

Client::Client(const std::string& address, const fabrics::HostOptions& options)
    : socket_(dial(address)), host_(options, *this), slots_(options.depth) {}

Client::~Client() { host_.close(Status::os(ECANCELED)); }

void Client::complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept {
  slots_[tag].reply = {completion, received};
  slots_[tag].done = true;
}

bool Client::move(int timeout_ms) {
  std::array<Segment, 64> pieces;
  for (std::size_t count = 0; (count = host_.output(pieces)) > 0;) {
    const auto sent = os::send(socket_.get(), std::span(pieces).first(count));
    if (!sent) break;
    host_.sent(*sent);
  }
  pollfd p{socket_.get(), POLLIN, 0};
  if (::poll(&p, 1, timeout_ms) <= 0) return true;
  const std::size_t count = host_.landing(std::span(pieces).first(63));
  const std::size_t landing = total_bytes(std::span(pieces).first(count));
  pieces[count] = {buffer_.data(), buffer_.size()};
  const auto got = os::receive(socket_.get(), std::span(pieces).first(count + 1));
  if (!got || *got == 0) {
    ended_ = true;
    host_.close(Status::os(ENOTCONN));
    return false;
  }
  const std::size_t landed = std::min(*got, landing);
  if (landed > 0) host_.landed(landed);
  host_.received(std::span(buffer_).first(*got - landed));
  return true;
}

bool Client::wait(std::uint32_t tag, std::chrono::milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  while (!slots_[tag].done && !ended_ && Clock::now() < until) move(20);
  return slots_[tag].done;
}

bool Client::ends(std::chrono::milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  while (!ended_ && Clock::now() < until) move(20);
  return ended_;
}

Status Client::start(std::uint32_t tag, const spec::Command& command, std::span<std::byte> in,
                     std::span<const std::byte> out) {
  Slot& s = slots_[tag];
  s = {command, segment(in), segment(out), {}, false};
  return host_.submit(tag, {&s.command, out.empty() ? std::span<const Segment>() : std::span(&s.out, 1),
                            in.empty() ? std::span<const Segment>() : std::span(&s.in, 1)});
}

Reply Client::execute(const spec::Command& command, std::span<std::byte> in, std::span<const std::byte> out) {
  if (const Status s = start(0, command, in, out); !s) return {{0, s}, 0};
  return wait(0) ? slots_[0].reply : Reply{{0, Status::os(ETIMEDOUT)}, 0};
}

Reply Client::connect(const ConnectOptions& options) {
  f::ConnectData data{};
  data.hostid[0] = options.hostid;
  data.cntlid = options.cntlid;
  std::ranges::copy(options.subsystem, data.subnqn);
  std::ranges::copy(options.host, data.hostnqn);
  return execute(f::build::connect({.qid = options.qid, .entries = options.entries, .kato_ms = options.kato_ms}), {},
                 std::as_bytes(std::span(&data, 1)));
}

std::uint64_t Client::property(f::Property p) { return execute(f::build::property_get(p)).completion.result; }

bool Client::enable() {
  const std::uint32_t cc = f::cc::En::put(1) | f::cc::Iosqes::put(6) | f::cc::Iocqes::put(4);
  return execute(f::build::property_set(f::Property::cc, cc)).completion.ok() &&
         f::csts::Rdy::get(static_cast<std::uint32_t>(property(f::Property::csts))) == 1;
}

}  // namespace lightnvm::test
