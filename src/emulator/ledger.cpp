// SPDX-License-Identifier: BSD-2-Clause
// Records, the syncs that make them durable, and the resets that wait for one.
#include "emulator/ledger.hpp"

#include <utility>

namespace lightnvm::emulator {

Result<std::unique_ptr<Ledger>> Ledger::create(ChunkMachine& machine, Media& media) {
  const std::uint64_t chunks = media.persistent() ? machine.geometry().total_chunks() : 0;
  auto history = os::Pages::map(chunks * sizeof(History));
  if (!history) return std::unexpected(history.error());
  std::unique_ptr<Ledger> ledger(new Ledger(machine, media, std::move(*history)));
  if (media.discards_after_sync()) {
    // Resets must not allocate; what is never used is never touched.
    ledger->settling_.reserve(chunks);
    ledger->covered_.reserve(chunks);
  }
  return ledger;
}

Ledger::Ledger(ChunkMachine& machine, Media& media, os::Pages history) noexcept
    : machine_(machine), media_(media), history_(std::move(history)) {}

void Ledger::restore(std::uint32_t chunk, const ChunkRecord& record) noexcept {
  if (!media_.persistent() || record.write_pointer == 0) return;
  const Point there{0, record.write_pointer, 0};
  history(chunk) = {there, there, there};
}

// Requires the chunk's stripe. A sync is under way as long as fewer have finished than begun.
Proof Ledger::prove(std::uint32_t chunk, const ChunkRecord& record, std::uint32_t sum) noexcept {
  const std::uint64_t finished = finished_.load(std::memory_order_acquire);
  History& h = history(chunk);
  // Back without a reset that was kept: the chunk has gone offline, and nothing of it counts.
  if (record.write_pointer < h.last.write_pointer) h = {};
  if (h.last.epoch < finished) {
    h.durable = h.middle = h.last;
  } else if (h.last.epoch < begun_) {
    // The sync under way covers what was kept last; what was the middle was kept before the one that finished.
    h.durable = h.middle;
    h.middle = h.last;
  } else if (h.middle.epoch < finished) {
    h.durable = h.middle;
  }
  h.last = {begun_, record.write_pointer, sum};
  return {h.durable.write_pointer, h.middle.write_pointer, h.middle.sum - h.durable.sum, sum - h.middle.sum};
}

Status Ledger::save(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) noexcept {
  if (failed()) return Status::os(EROFS);
  const Status s = media_.save(chunk, record, proof);
  return s ? s : fail(s);
}

Status Ledger::fail(Status why) noexcept {
  failed_.store(true, std::memory_order_relaxed);
  return why;
}

Status Ledger::keep(std::uint32_t chunk) noexcept {
  if (!media_.persistent()) return {};
  // Held across the write: whoever finds the record unchanged must find it written, too.
  const std::lock_guard lock(stripe(chunk));
  ChunkRecord record;
  std::uint32_t sum = 0;
  if (!machine_.take_if_changed(chunk, record, sum)) return failed() ? Status::os(EROFS) : Status();
  const Status s = save(chunk, record, prove(chunk, record, sum));
  if (!s) machine_.mark_changed(chunk);
  return s;
}

Status Ledger::keep_reset(std::uint32_t chunk) noexcept {
  if (!media_.persistent()) return {};
  // After whoever is writing an older record of the chunk; nobody begins to while the reset lasts.
  const std::lock_guard lock(stripe(chunk));
  if (const Status s = save(chunk, machine_.record_after_reset(chunk), {}); !s) return s;
  const Point empty{begun_, 0, 0};
  history(chunk) = {empty, empty, empty};
  if (!media_.discards_after_sync() || !machine_.begin_settling(chunk)) return {};
  const std::lock_guard list(settling_mutex_);
  settling_.push_back(chunk);
  return {};
}

// No record is half made while it does: each is either there before the sync, or knows of it.
void Ledger::begin_sync() noexcept {
  for (std::mutex& m : stripes_) m.lock();
  ++begun_;
  {
    const std::lock_guard list(settling_mutex_);
    settling_.swap(covered_);
  }
  for (std::mutex& m : stripes_) m.unlock();
}

// The records of these chunks are durable: their sectors may go, and others come.
void Ledger::settle() noexcept {
  for (const std::uint32_t chunk : covered_) {
    // Bytes that cannot be given back stay, where nobody reads them.
    (void)media_.discard(chunk);
    machine_.end_settling(chunk);
  }
  covered_.clear();
}

Status Ledger::sync() noexcept {
  if (!media_.persistent()) return media_.sync();
  std::unique_lock lock(turn_mutex_);
  const std::uint64_t wanted = begun_ + 1;
  while (finished_.load(std::memory_order_relaxed) < wanted) {
    if (failed()) return Status::os(EROFS);
    if (running_) {
      turn_.wait(lock);
      continue;
    }
    running_ = true;
    begin_sync();
    lock.unlock();
    Status s = media_.sync();
    if (s) {
      settle();
    } else {
      s = fail(s);
    }
    lock.lock();
    running_ = false;
    if (s) finished_.store(begun_, std::memory_order_release);
    turn_.notify_all();
    if (!s) return s;
  }
  return {};
}

bool Ledger::make_room() noexcept {
  {
    const std::lock_guard list(settling_mutex_);
    if (settling_.empty()) return false;
  }
  return sync().ok();
}

}  // namespace lightnvm::emulator
