// SPDX-License-Identifier: BSD-2-Clause
// What follows when a child is done: the next of its chunk, a look into the chunk log, the other half of a copy, the
// end.
#include <algorithm>
#include <bit>
#include <cstring>

#include "layers/complete_queue.hpp"
#include "spec/build.hpp"
#include "spec/path_status.hpp"

namespace lightnvm::layers::completed {
namespace {

constexpr std::uint64_t bits_of(std::uint32_t entry, std::uint32_t count) noexcept {
  return (count >= 64 ? ~0ULL : (1ULL << count) - 1) << entry;
}

}  // namespace

void CompletedQueue::complete(backends::Request& request, const Completion& completion) noexcept {
  auto& c = static_cast<Child&>(request);
  --io_in_flight_;
  if (c.parent->work == Work::reset) {
    c.done = completion;
    after_reset(c);
  } else {
    // With High ECC the data has arrived all the same (OCSSD-2.0 3.5), and a list may have failed in part.
    const bool all = completion.ok() || completion.status.is(StatusCode::high_ecc);
    const bool some = c.parent->work == Work::list && c.parent->native && completion.result != 0;
    detach(c, all ? 0 : some ? completion.result : kNothingArrived);
    settle(c, completion);
  }
  pump();
  deliver();
}

void CompletedQueue::LogSink::complete(backends::Request& request, const Completion& completion) noexcept {
  --queue_.log_in_flight_;
  queue_.log_done(static_cast<LogRead&>(request), completion);
  queue_.pump();
  queue_.deliver();
}

// Lists are numbered in the result; the status is that of the first entry that failed.
void CompletedQueue::note_failure(Parent& p, std::uint32_t entry, std::uint32_t count, Status status) noexcept {
  if (p.in_pieces()) p.completion.result |= bits_of(entry, count);
  if (entry < p.first_failed) {
    p.first_failed = entry;
    p.completion.status = status;
  }
}

// What came behind a failed piece in its chunk, or in its scalar command, is not carried out either.
void CompletedQueue::drop_after(Parent& p, std::uint8_t piece, Status status) noexcept {
  if (!p.in_pieces()) {
    p.position = p.total;
    return;
  }
  if (p.work == Work::reset) {
    // A chunk that is named twice is reset twice: each is judged alone.
    const std::uint8_t next = p.pieces[piece].next;
    if (next != kNoPiece) p.ready |= p.unsent & 1ULL << next;
    return;
  }
  for (std::uint8_t i = p.pieces[piece].next; i != kNoPiece; i = p.pieces[i].next) {
    p.unsent &= ~(1ULL << i);
    note_failure(p, p.pieces[i].entry, p.pieces[i].count, status);
  }
}

// The end of a child. Of the route's own vector commands, the bits are the device's.
void CompletedQueue::settle(Child& c, const Completion& completion) noexcept {
  Parent& p = *c.parent;
  const std::uint8_t piece = c.piece;
  const bool one = p.work == Work::whole || p.native || (p.work == Work::blocks && c.count == p.total);
  if (one) {
    p.completion = completion;
  } else if (!completion) {
    note_failure(p, c.entry, c.count, completion.status);
  }
  if (!completion) {
    drop_after(p, piece, completion.status);
  } else if (p.in_pieces() && p.pieces[piece].next != kNoPiece) {
    p.ready |= p.unsent & 1ULL << p.pieces[piece].next;
  }
  give_back(c);
  --p.outstanding;
  advance(p);
}

void CompletedQueue::after_reset(Child& c) noexcept {
  Parent& p = *c.parent;
  const bool wrong_length = c.done.status.is(StatusCode::lba_out_of_range);
  if (wrong_length && !p.native && !c.measured && !p.cancelled) {
    c.measured = true;
    c.ask = Child::Ask::length;
    c.cursor = 0;
    asking_.push(c);
    return;
  }
  // A device that failed without saying where leaves nothing to be described.
  if (!p.describes || (!c.done && (!p.native || c.done.result == 0))) {
    settle(c, c.done);
    return;
  }
  c.ask = Child::Ask::descriptor;
  c.cursor = 0;
  describe_next(c);
}

// Goes on with the entry at the cursor, or the first behind it that was reset.
void CompletedQueue::describe_next(Child& c) noexcept {
  const Parent& p = *c.parent;
  while (c.cursor < c.count && c.done.failed(c.cursor)) ++c.cursor;
  if (c.cursor == c.count) {
    settle(c, c.done);
  } else if (p.cancelled) {
    c.done.result |= bits_of(c.cursor, c.count - c.cursor);
    if (c.done) c.done.status = Status::nvme(StatusCode::command_aborted_by_host);
    settle(c, c.done);
  } else {
    asking_.push(c);
  }
}

// False: the log has no room now.
bool CompletedQueue::start_log(Child& c) noexcept {
  LogRead* log = free_logs_.front();
  if (log == nullptr) return false;
  const Parent& p = *c.parent;
  const auto offset = route_.layout.log_offset(p.list[c.entry + c.cursor]);
  log->child = &c;
  if (offset) {
    const auto bytes = static_cast<std::uint32_t>(sizeof *log->descriptor);
    log->command =
        spec::build::get_log(spec::LogPage::chunk_information, spec::Nsid::get(p.request->command), *offset, bytes);
    log->segment = {reinterpret_cast<std::byte*>(log->descriptor), bytes};
    log->payload = {};
    log->payload.data = {&log->segment, 1};
  }
  const Status s = offset ? logs_->submit(*log) : Status::nvme_dnr(StatusCode::invalid_reset);
  if (s.is_errno(EAGAIN)) return false;
  asking_.pop();
  free_logs_.pop();
  if (s) {
    ++log_in_flight_;
  } else {
    log_done(*log, {0, spec::as_path_status(s)});
  }
  return true;
}

void CompletedQueue::log_done(LogRead& log, const Completion& completion) noexcept {
  Child& c = *log.child;
  const spec::ChunkDescriptor descriptor = *log.descriptor;
  free_logs_.push(log);
  if (c.ask == Child::Ask::length) {
    spec::DsmRange range{};
    std::memcpy(&range, c.scratch, sizeof range);
    const bool other = descriptor.cnlb != range.blocks && descriptor.cnlb >> 32 == 0;
    if (!completion || !other || c.parent->cancelled) {
      settle(c, c.done);
      return;
    }
    range.blocks = static_cast<std::uint32_t>(descriptor.cnlb);
    std::memcpy(c.scratch, &range, sizeof range);
    resend_.push(c);
    return;
  }
  if (completion) {
    const Parent& p = *c.parent;
    const SegmentRange target{p.request->payload.metadata, (c.entry + c.cursor) * sizeof descriptor, sizeof descriptor};
    target.copy_in(reinterpret_cast<const std::byte*>(&descriptor));
  } else {
    const bool first = c.done.ok() || static_cast<int>(c.cursor) < std::countr_zero(c.done.result);
    if (first) c.done.status = completion.status;
    c.done.result |= bits_of(c.cursor, 1);
  }
  ++c.cursor;
  describe_next(c);
}

// The parent goes on, waits for its children, or ends.
void CompletedQueue::advance(Parent& p) noexcept {
  if (!p.finished()) {
    if (p.sendable() && !p.queued) wait(p, continuing_);
    return;
  }
  if (p.work != Work::copy_read) {
    finish(p);
    return;
  }
  if (!p.completion || p.cancelled) {
    // Nothing of it was copied.
    if (p.completion) p.completion.status = Status::nvme(StatusCode::command_aborted_by_host);
    p.completion.result = bits_of(0, p.total);
    finish(p);
    return;
  }
  p.work = Work::copy_write;
  p.writes = true;
  plan(p, p.request->payload.destination);
  wait(p, continuing_);
}

void CompletedQueue::finish(Parent& p) noexcept {
  release_copy(p);
  if (p.split) --split_;
  p.done = true;
  done_.push(p);
}

}  // namespace lightnvm::layers::completed
