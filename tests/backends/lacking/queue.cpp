// SPDX-License-Identifier: BSD-2-Clause
// The queue of the lacking backend: keeps commands for a while and executes them in an order of its own.
#include <fmt/format.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/crc32c.hpp"
#include "lacking.hpp"
#include "support/violations.hpp"

namespace lightnvm::backends::lacking {
namespace {

using spec::AdminOpcode;
using spec::IoOpcode;
using test::violation;

bool admin_is(const Request& r, AdminOpcode opcode) noexcept {
  return spec::Opcode::get(r.command) == static_cast<std::uint32_t>(opcode);
}
bool io_is(const Request& r, IoOpcode opcode) noexcept {
  return spec::Opcode::get(r.command) == static_cast<std::uint32_t>(opcode);
}

// NVMe-2.0 3.3.3.1: bit 1 of the opcode is a transfer to the host.
bool brings_data(const Request& r) noexcept {
  return (spec::Opcode::get(r.command) & 2) != 0 && !io_is(r, IoOpcode::vector_copy);
}

void fill(std::span<const Segment> segments, unsigned value) noexcept {
  SegmentRange{segments, 0, total_bytes(segments)}.fill(static_cast<std::byte>(value));
}

std::uint32_t checksum(const Request& r) noexcept {
  std::uint32_t crc = crc32c(std::as_bytes(std::span(&r.command, 1)));
  for (const std::span<const Segment> part : {r.payload.data, r.payload.metadata}) {
    for (const Segment& s : part) crc = crc32c({s.base, s.bytes}, crc);
  }
  for (const std::span<const std::uint64_t> list : {r.payload.list, r.payload.destination}) {
    crc = crc32c(std::as_bytes(list), crc);
  }
  return crc;
}

}  // namespace

LackingQueue::LackingQueue(const Options& options, const Shape& shape, const QueueOptions& queue,
                           std::unique_ptr<QueuePair> inner)
    : options_(options),
      shape_(shape),
      admin_(queue.kind == QueueKind::admin),
      depth_(queue.depth),
      inner_(std::move(inner)),
      random_(options.seed) {
  pending_.reserve(depth_);
  if (depth_ == 0 || depth_ > (admin_ ? 64 : options_.caps.max_depth)) {
    violation(fmt::format("a queue of depth {} was opened", depth_));
  }
  if (options_.delay.count() != 0) timer_ = os::Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

Status LackingQueue::submit(Request& request) noexcept {
  check(request);
  if (const Status s = options_.faults->on_submit(admin_, request); !s) return s;
  // What is to be overwritten anyway is overwritten now: whoever else writes there is seen.
  if (brings_data(request)) {
    fill(request.payload.data, request.tag + random_());
    fill(request.payload.metadata, request.tag + random_());
  }
  pending_.push_back(
      {&request, checksum(request), static_cast<unsigned>(random_() % 4), Clock::now() + options_.delay});
  arm_timer();
  return {};
}

bool LackingQueue::is_due(const Pending& pending, Clock::time_point now) const noexcept {
  return timer_.valid() ? pending.ready <= now : pending.rounds == 0;
}

// Which of those that are due is next, or none.
std::size_t LackingQueue::choose() noexcept {
  const auto now = Clock::now();
  std::size_t due = 0;
  for (const Pending& p : pending_) {
    if (is_due(p, now)) ++due;
  }
  if (due == 0) return pending_.size();
  std::size_t nth = options_.caps.ordered_writes ? 0 : random_() % due;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (is_due(pending_[i], now) && nth-- == 0) return i;
  }
  return pending_.size();
}

Result<unsigned> LackingQueue::reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept {
  const auto there = static_cast<unsigned>(pending_.size());
  const unsigned limit = max == 0 ? there : std::min(max, there);
  const unsigned wanted = std::min(min, limit);
  const bool fails = there != 0 && (admin_ ? options_.faults->admin_reap : options_.faults->reap).due();
  if (fails) return std::unexpected(Status::os(EIO));
  unsigned reaped = 0;
  while (reaped < limit) {
    for (Pending& p : pending_) {
      if (p.rounds != 0) --p.rounds;
      // Order is kept by waiting for the first.
      if (options_.caps.ordered_writes && p.rounds != 0) break;
    }
    while (reaped < limit) {
      const std::size_t next = options_.faults->lost ? 0 : choose();
      if (next >= pending_.size()) break;
      // Nothing overtakes the first one, even if it takes longer.
      if (options_.caps.ordered_writes && next != 0) break;
      execute(next, sink);
      ++reaped;
    }
    if (reaped >= wanted || (deadline != kForever && Clock::now() >= deadline)) break;
    sleep(deadline);
  }
  arm_timer();
  return reaped;
}

void LackingQueue::execute(std::size_t index, Sink& sink) noexcept {
  const Pending done = pending_[index];
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  Request& request = *done.request;
  if (checksum(request) != done.checksum) {
    violation(fmt::format("opcode {:#x}, tag {}: somebody touched the command or its memory while it was in flight",
                          spec::Opcode::get(request.command), request.tag));
  }
  Completion completion;
  completion.status = options_.faults->on_completion(admin_, request);
  if (completion) completion = run(request);
  sink.complete(request, completion);
}

// On the emulated device, with data and metadata apart.
Completion LackingQueue::run(const Request& request) noexcept {
  inside_.command = request.command;
  inside_.payload = request.payload;
  inside_.tag = 0;
  const bool blocks = !admin_ && (io_is(request, IoOpcode::read) || io_is(request, IoOpcode::write) ||
                                  io_is(request, IoOpcode::vector_read) || io_is(request, IoOpcode::vector_write));
  if (blocks && shape_.extended) {
    if (!interleaved_.sort(request.payload.data, shape_)) {
      return {0, Status::nvme_dnr(StatusCode::data_sgl_length_invalid)};
    }
    inside_.payload.data = interleaved_.data();
    inside_.payload.metadata = interleaved_.metadata();
  }
  outcome_ = {};
  if (const Status s = inner_->submit(inside_); !s) return {0, s};
  if (const auto n = inner_->reap(*this, 1, 0, kForever); !n) return {0, n.error()};
  if (admin_ && outcome_ && shape_.extended && admin_is(request, AdminOpcode::identify) &&
      spec::Cns::get(request.command) == 0) {
    // NVM-1.0 4.1.5.1: FLBAS says that metadata follows each block, MC that it can.
    const SegmentRange page{request.payload.data, 0, sizeof(spec::IdentifyNamespace)};
    const std::byte flbas{0x10};
    const std::byte mc{0x01};
    page.sub(offsetof(spec::IdentifyNamespace, flbas), 1).copy_in(&flbas);
    page.sub(offsetof(spec::IdentifyNamespace, mc), 1).copy_in(&mc);
  }
  return outcome_;
}

void LackingQueue::complete(Request&, const Completion& completion) noexcept { outcome_ = completion; }

// What has not been executed is recalled.
void LackingQueue::cancel_all(Sink& sink) noexcept {
  while (!pending_.empty()) {
    const std::size_t index = random_() % pending_.size();
    Request& request = *pending_[index].request;
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
    sink.complete(request, {0, Status::nvme(StatusCode::command_aborted_by_host)});
  }
}

// The descriptor is readable when something is due.
void LackingQueue::arm_timer() noexcept {
  if (!timer_.valid()) return;
  itimerspec when{};
  if (!pending_.empty()) {
    const auto first = std::ranges::min(pending_, {}, &Pending::ready).ready.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(first);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(first - seconds).count();
  }
  (void)::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void LackingQueue::sleep(Deadline deadline) noexcept {
  if (!timer_.valid()) return;
  arm_timer();
  pollfd event{timer_.get(), POLLIN, 0};
  timespec timeout{};
  if (deadline != kForever) {
    const auto left = std::max<Clock::duration>(deadline - Clock::now(), {});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    timeout = {seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
  }
  (void)::ppoll(&event, 1, deadline == kForever ? nullptr : &timeout, nullptr);
}

}  // namespace lightnvm::backends::lacking
