// SPDX-License-Identifier: BSD-2-Clause
// Moves the bytes of a connection.
#include "backends/tcp/line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace lightnvm::backends::tcp {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::size_t kPieces = 384;
constexpr int kSilenceSeconds = 30;

}  // namespace

Line::Line(os::Fd socket, const fabrics::HostOptions& options, fabrics::HostEvents& events)
    : socket_(std::move(socket)), events_(events), buffer_(kBufferBytes), host_(options, *this) {}

Result<std::unique_ptr<Line>> Line::dial(const Settings& settings, const fabrics::HostOptions& options,
                                         fabrics::HostEvents& events, Deadline deadline) {
  auto socket = os::connect_tcp(settings.target, deadline, kPatience);
  if (!socket) return std::unexpected(socket.error());
  os::keep_alive(socket->get(), kSilenceSeconds);
  return std::unique_ptr<Line>(new Line(std::move(*socket), options, events));
}

void Line::complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept {
  if (asking_ == nullptr || tag != 0) return events_.complete(tag, completion, received);
  *asking_ = {completion, received};
  answered_ = true;
}

Reply Line::ask(const spec::Command& command, std::span<const std::byte> out, std::span<std::byte> in,
                Deadline deadline) {
  const std::array<Segment, 1> to{segment(out)};
  const std::array<Segment, 1> from{segment(in)};
  fabrics::HostCommand wire{&command, {}, {}};
  if (!out.empty()) wire.out = to;
  if (!in.empty()) wire.in = from;
  Reply reply;
  asking_ = &reply;
  answered_ = false;
  Status failed = submit(0, wire);
  while (failed.ok() && !answered_) {
    if (Clock::now() >= deadline) {
      failed = Status::os(ETIMEDOUT);
      lost(failed);
    } else if (!flush() || wait(deadline) == Got::lost) {
      failed = lost_.ok() ? Status::os(ECONNRESET) : lost_;
    }
  }
  // The command refers to this frame.
  if (!answered_) end(failed);
  asking_ = nullptr;
  if (!failed.ok()) reply.completion = {0, failed};
  return reply;
}

bool Line::flush() noexcept {
  std::array<Segment, kPieces> pieces;
  for (;;) {
    const std::size_t count = host_.output(pieces);
    if (count == 0) {
      stuck_ = false;
      return true;
    }
    const auto now = std::span(pieces).first(count);
    const auto sent = os::send(socket_.get(), now);
    if (!sent && !sent.error().is_errno(EAGAIN)) return lost(sent.error()) != Got::lost;
    if (sent) host_.sent(*sent);
    stuck_ = !sent || *sent < total_bytes(now);
    if (stuck_) return true;
  }
}

template <typename Receive>
Line::Got Line::take(Receive&& receive) noexcept {
  std::array<Segment, kPieces> pieces;
  const std::size_t count = host_.landing(std::span(pieces).first(kPieces - 1));
  const std::size_t landing = total_bytes(std::span(pieces).first(count));
  pieces[count] = {buffer_.data(), buffer_.size()};
  const auto got = receive(socket_.get(), std::span<const Segment>(pieces).first(count + 1));
  if (!got) {
    const bool later = got.error().is_errno(EAGAIN) || got.error().is_errno(EINTR);
    return later ? Got::nothing : lost(got.error());
  }
  if (*got == 0) return lost(Status::os(ECONNRESET));
  const std::size_t landed = std::min(*got, landing);
  if (landed != 0) host_.landed(landed);
  host_.received(std::span(buffer_).first(*got - landed));
  if (host_.state() == fabrics::State::terminating || host_.state() == fabrics::State::terminated) {
    return lost(Status::os(EPROTO));
  }
  return Got::bytes;
}

Line::Got Line::look() noexcept { return take(os::receive); }

Line::Got Line::wait(Deadline deadline) noexcept {
  const auto left = deadline == kForever ? kPatience : deadline - Clock::now();
  if (!stuck_ && left >= kPatience) return take(os::receive_waiting);
  os::wait_for(socket_.get(), stuck_, std::min<Clock::duration>(left, kPatience));
  if (stuck_ && !flush()) return Got::lost;
  return look();
}

// Sends a TermReq, if there is one, as far as that is possible without waiting.
Line::Got Line::lost(Status status) noexcept {
  if (lost_.ok()) {
    lost_ = status;
    std::array<Segment, kPieces> pieces;
    const std::size_t count = host_.state() == fabrics::State::terminating ? host_.output(pieces) : 0;
    if (count != 0) (void)os::send(socket_.get(), std::span(pieces).first(count));
  }
  return Got::lost;
}

void Line::end(Status status) noexcept {
  socket_ = os::Fd();
  host_.close(status);
}

std::string Line::why() const {
  const fabrics::Fault& fault = host_.fault();
  const auto code = static_cast<unsigned>(fault.status);
  if (fault.by_peer) {
    return fmt::format("the target ended the connection with a TermReq, error {:02x}h, field {:x}h", code, fault.info);
  }
  if (fault.status != spec::tcp::FatalStatus::none) {
    const bool digests = fault.status == spec::tcp::FatalStatus::unsupported_parameter &&
                         fault.info == offsetof(spec::tcp::ICResp, dgst);
    if (digests) return "the target does not do the digests that digest= asks for";
    return fmt::format("what answers there breaks NVMe/TCP, error {:02x}h, field {:x}h", code, fault.info);
  }
  if (lost_.is_errno(ETIMEDOUT)) return "the target does not answer";
  if (lost_.is_errno(ECONNRESET)) return "the target closed the connection";
  return lost_.message();
}

}  // namespace lightnvm::backends::tcp
