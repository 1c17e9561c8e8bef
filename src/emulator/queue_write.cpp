// SPDX-License-Identifier: BSD-2-Clause
// Writes: runs are admitted together, stored, committed, and finished when all of them are resolved. OCSSD-2.0 4.3.
#include <algorithm>

#include "emulator/queue_op.hpp"

namespace lightnvm::emulator {

// Consecutive entries of one chunk are a run, whatever their order. Returns the verdict on runs up to the first address
// whose chunk does not exist.
StatusCode Queue::make_runs(Op& op) noexcept {
  op.run_count = 0;
  for (std::uint32_t i = 0; i < op.total;) {
    const Place place = device_.locate(op.address(i));
    if (!place.chunk_exists) {
      const StatusCode before = machine_.would_admit(std::span(op.runs).first(op.run_count));
      op.run_count = 0;
      return before == StatusCode::success ? StatusCode::write_fault : before;
    }
    WriteRun& run = op.runs[op.run_count++];
    run.chunk = place.chunk;
    run.entry = i;
    run.unresolved = &op.unresolved;
    run.sum = 0;
    run.shape = {place.sector, 0, place.sector, true};
    if (!op.vector) {
      run.shape.count = op.total;
      // Past the last sector that the format can name is past the chunk's end.
      const std::uint64_t highest = static_cast<std::uint64_t>(place.sector) + op.total - 1;
      run.shape.highest = static_cast<std::uint32_t>(std::min<std::uint64_t>(highest, 0xFFFFFFFF));
      break;
    }
    std::uint32_t last = place.sector;
    for (++i; i < op.total; ++i) {
      const Place next = device_.locate(op.list[i]);
      if (!next.chunk_exists || next.chunk != place.chunk) break;
      if (next.sector != last + 1) run.shape.ascending = false;
      run.shape.highest = std::max(run.shape.highest, next.sector);
      last = next.sector;
    }
    run.shape.count = i - run.entry;
  }
  return machine_.admit(std::span(op.runs).first(op.run_count));
}

void Queue::begin_write(Op& op) noexcept {
  const StatusCode verdict = make_runs(op);
  if (verdict != StatusCode::success) {
    op.run_count = 0;
    op.note(op, 0, op.total, to_status(verdict));
    finish(op, to_status(verdict));
    return;
  }
  op.unresolved.store(op.run_count, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < op.run_count; ++i) {
    op.run_pending[i] = 0;
    op.run_status[i] = Status();
  }
  const auto runs = std::span(op.runs).first(op.run_count);
  if (std::ranges::any_of(runs, &WriteRun::settles)) [[unlikely]] {
    if (const Status s = device_.ledger().sync(); !s) return give_write_up(op, lasting(s));
  }
  op.stage = Op::Stage::write;
  write_pieces(op);
}

// Nothing was written: all runs fail, and those that others have reserved behind them.
void Queue::give_write_up(Op& op, Status why) noexcept {
  for (WriteRun& run : std::span(op.runs).first(op.run_count)) machine_.commit(run, why.code());
  op.position = op.total;
  op.stage = Op::Stage::resolve;
  finish_write(op);
}

// A run is one operation on the media, but for a random chunk's run that jumps. `position` counts entries.
void Queue::write_pieces(Op& op) noexcept {
  const Geometry& g = device_.geometry();
  const bool with_metadata = !op.metadata.empty();
  std::uint32_t r = 0;
  while (op.position < op.total && op.free_media_count != 0) {
    while (op.runs[r].entry + op.runs[r].shape.count <= op.position) ++r;
    const WriteRun& run = op.runs[r];
    const std::uint32_t end = run.entry + run.shape.count;
    std::uint32_t count = end - op.position;
    std::uint32_t first = run.shape.first + (op.position - run.entry);
    if (!run.shape.ascending) {
      const std::uint64_t lba = op.list[op.position];
      first = device_.locate(lba).sector;
      count = 1;
      while (op.position + count < end && op.list[op.position + count] == lba + count) ++count;
    }
    MediaOp& m = take_media(op);
    m.kind = MediaOp::Kind::write;
    m.chunk = run.chunk;
    m.first = first;
    m.count = count;
    m.counted = run.sequential;
    m.sum = 0;
    m.data = op.data.sub(static_cast<std::size_t>(op.position) * g.sector_bytes,
                         static_cast<std::size_t>(count) * g.sector_bytes);
    m.metadata = with_metadata ? op.metadata.sub(static_cast<std::size_t>(op.position) * g.oob_bytes,
                                                 static_cast<std::size_t>(count) * g.oob_bytes)
                               : SegmentRange{};
    op.position += count;
    ++op.run_pending[r];
    start_media(op, m);
  }
  if (op.position == op.total && op.media_pending == 0 && op.stage == Op::Stage::write) {
    op.stage = Op::Stage::resolve;
    finish_write(op);
  }
}

void Queue::write_done(Op& op, MediaOp& m) noexcept {
  // Resets that nobody has made durable yet still hold their room.
  if (!m.status && media_code(m.status, StatusCode::internal_error) == StatusCode::capacity_exceeded &&
      device_.ledger().make_room()) {
    (void)channel_->start(m);
  }
  const auto entry = static_cast<std::uint32_t>((m.data.offset - op.data.offset) / device_.geometry().sector_bytes);
  std::uint32_t r = 0;
  while (op.runs[r].entry + op.runs[r].shape.count <= entry) ++r;
  if (!m.status && op.run_status[r].ok()) op.run_status[r] = m.status;
  op.runs[r].sum += m.sum;
  --op.run_pending[r];
  const bool all_started = op.position >= op.runs[r].entry + op.runs[r].shape.count;
  if (all_started && op.run_pending[r] == 0) {
    StatusCode stored = media_code(op.run_status[r], StatusCode::internal_error);
    if (faults_ != nullptr && stored == StatusCode::success) stored = fault_write(op.runs[r]);
    machine_.commit(op.runs[r], stored);
  }
}

void Queue::finish_write(Op& op) noexcept {
  if (op.unresolved.load(std::memory_order_acquire) != 0) {
    // Another queue's write before ours in the chunk is not committed yet.
    wait(op);
    return;
  }
  for (std::uint32_t i = 0; i < op.run_count; ++i) {
    const WriteRun& run = op.runs[i];
    if (run.verdict != StatusCode::success) op.note(op, run.entry, run.shape.count, to_status(run.verdict));
  }
  op.changed = persistent_;
  traffic_.writes.store(traffic_.writes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  traffic_.bytes_written.store(traffic_.bytes_written.load(std::memory_order_relaxed) + op.data.bytes,
                               std::memory_order_relaxed);
  finish(op, op.status);
}

}  // namespace lightnvm::emulator
