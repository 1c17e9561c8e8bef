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

void HostSide::complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept {
  slots_[tag].reply = {completion, received};
  slots_[tag].done = true;
}

void Client::move(std::chrono::milliseconds timeout) {
  std::array<Segment, 64> pieces;
  for (std::size_t count = 0; (count = host_.output(pieces)) > 0;) {
    const auto sent = os::send(socket_.get(), std::span(pieces).first(count));
    if (!sent) break;
    host_.sent(*sent);
  }
  pollfd p{socket_.get(), POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(timeout.count())) <= 0) return;
  const std::size_t count = host_.landing(std::span(pieces).first(63));
  const std::size_t landing = total_bytes(std::span(pieces).first(count));
  pieces[count] = {buffer_.data(), buffer_.size()};
  const auto got = os::receive(socket_.get(), std::span(pieces).first(count + 1));
  if (!got || *got == 0) return end();
  const std::size_t landed = std::min(*got, landing);
  if (landed > 0) host_.landed(landed);
  host_.received(std::span(buffer_).first(*got - landed));
}

bool Client::ends(std::chrono::milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  while (!ended() && Clock::now() < until) move(std::chrono::milliseconds(20));
  return ended();
}

Bench::Bench(const TargetConfig& config)
    : home(config, [&] {
        auto catalog = target::open_catalog(config, backends::default_registry());
        EXPECT_TRUE(catalog) << last_error();
        return catalog ? std::move(*catalog) : target::Catalog();
      }()) {}

Direct::Direct(Bench& bench, const fabrics::HostOptions& options)
    : HostSide(options),
      bench_(bench),
      session_(std::make_unique<target::Session>(bench.home, bench.tally, os::Endpoint{"127.0.0.1", 4420}, bench.now)) {
}

Direct::~Direct() {
  session_->hang_up();
  while (!session_->quiet()) session_->run(bench_.now);
}

void Direct::trickle(std::size_t bytes) {
  std::array<Segment, 8> pieces;
  const std::size_t count = host_.output(pieces);
  for (const Segment& s : std::span(pieces).first(count)) {
    const std::size_t n = std::min(bytes, s.bytes);
    session_->received({s.base, n});
    host_.sent(n);
    bytes -= n;
    if (bytes == 0) break;
  }
  session_->run(bench_.now);
}

void Direct::move(std::chrono::milliseconds) {
  const auto pass = [](auto& from, auto& to) {
    std::array<Segment, 64> pieces;
    bool any = false;
    for (std::size_t count = 0; (count = from.output(pieces)) > 0; any = true) {
      for (const Segment& s : std::span(pieces).first(count)) {
        to.received({s.base, s.bytes});
        from.sent(s.bytes);
      }
    }
    return any;
  };
  for (bool any = true; any;) {
    any = pass(host_, *session_);
    session_->run(bench_.now);
    any |= pass(*session_, host_) || session_->has_ready();
  }
  if (session_->over()) end();
}

bool HostSide::wait(std::uint32_t tag, std::chrono::milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  while (!slots_[tag].done && !ended_ && Clock::now() < until) move(std::chrono::milliseconds(20));
  return slots_[tag].done;
}

Status HostSide::start(std::uint32_t tag, const spec::Command& command, std::span<std::byte> in,
                       std::span<const std::byte> out) {
  Slot& s = slots_[tag];
  s = {command, segment(in), segment(out), {}, false};
  return host_.submit(tag, {&s.command, out.empty() ? std::span<const Segment>() : std::span(&s.out, 1),
                            in.empty() ? std::span<const Segment>() : std::span(&s.in, 1)});
}

Reply HostSide::execute(const spec::Command& command, std::span<std::byte> in, std::span<const std::byte> out) {
  if (const Status s = start(0, command, in, out); !s) return {{0, s}, 0};
  return wait(0) ? slots_[0].reply : Reply{{0, Status::os(ETIMEDOUT)}, 0};
}

Reply HostSide::connect(const ConnectOptions& options) {
  f::ConnectData data{};
  data.hostid[0] = options.hostid;
  data.cntlid = options.cntlid;
  std::ranges::copy(options.subsystem, data.subnqn);
  std::ranges::copy(options.host, data.hostnqn);
  return connect(f::build::connect({.qid = options.qid, .entries = options.entries, .kato_ms = options.kato_ms}), data);
}

Reply HostSide::connect(const spec::Command& command, const f::ConnectData& data) {
  return execute(command, {}, std::as_bytes(std::span(&data, 1)));
}

std::uint64_t HostSide::property(f::Property p) { return execute(f::build::property_get(p)).completion.result; }

bool HostSide::enable() {
  const std::uint32_t cc = f::cc::En::put(1) | f::cc::Iosqes::put(6) | f::cc::Iocqes::put(4);
  return execute(f::build::property_set(f::Property::cc, cc)).completion.ok() &&
         f::csts::Rdy::get(static_cast<std::uint32_t>(property(f::Property::csts))) == 1;
}

}  // namespace lightnvm::test
