// SPDX-License-Identifier: BSD-2-Clause
// The chunk state machine of OCSSD-2.0 6, with reservations for what is in flight.
#include "emulator/chunk_machine.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <thread>
#include <utility>

namespace lightnvm::emulator {

namespace {

constexpr std::size_t kMaxRuns = 64;

}  // namespace

void ChunkMachine::Lock::wait(Entry& e) noexcept {
  unsigned spins = 0;
  do {
    if (++spins % 64 == 0) std::this_thread::yield();
  } while (e.locked.exchange(1, std::memory_order_acquire) != 0);
}

Result<std::unique_ptr<ChunkMachine>> ChunkMachine::create(const Geometry& geometry, std::uint32_t pe_cycles,
                                                           WornOut worn_out) {
  auto table = os::Pages::map((geometry.total_chunks() + 1) * sizeof(Entry));
  if (!table) return std::unexpected(table.error());
  table->prefer_huge();
  auto units = os::Pages::map(geometry.total_units() * sizeof(std::atomic<std::uint32_t>));
  if (!units) return std::unexpected(units.error());
  return std::unique_ptr<ChunkMachine>(
      new ChunkMachine(geometry, pe_cycles, worn_out, std::move(*table), std::move(*units)));
}

ChunkMachine::ChunkMachine(const Geometry& geometry, std::uint32_t pe_cycles, WornOut worn_out, os::Pages table,
                           os::Pages open_in_unit) noexcept
    : geometry_(geometry),
      pe_cycles_(pe_cycles),
      worn_out_(worn_out),
      limits_open_(geometry.max_open != 0 || geometry.max_open_unit != 0),
      table_(std::move(table)),
      open_in_unit_(std::move(open_in_unit)) {}

void ChunkMachine::restore(std::uint32_t chunk, const ChunkRecord& r) noexcept {
  Entry& e = entry(chunk);
  e.state = r.state == ChunkState::free ? 0 : static_cast<std::uint8_t>(r.state);
  e.type = r.type == ChunkType::sequential ? 0 : static_cast<std::uint8_t>(r.type);
  e.write_pointer = e.reserved = r.write_pointer;
  e.missing = r.missing;
  e.cycles = r.cycles;
  e.mark = static_cast<std::uint8_t>(r.mark) & 0xF;
  wear_sum_.fetch_add(model::wear_index(r.cycles, pe_cycles_), std::memory_order_relaxed);
  if (limits_open_ && r.state == ChunkState::open && r.type == ChunkType::sequential) {
    auto* units = reinterpret_cast<std::atomic<std::uint32_t>*>(open_in_unit_.data());
    open_.fetch_add(1, std::memory_order_relaxed);
    units[chunk / geometry_.chunks].fetch_add(1, std::memory_order_relaxed);
  }
  e.reading.store(reading_of(readable(e)), std::memory_order_relaxed);
}

ChunkRecord ChunkMachine::record(std::uint32_t chunk) const noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  return record_of(e);
}

BlockState ChunkMachine::mark(std::uint32_t chunk) const noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  return static_cast<BlockState>(e.mark);
}

void ChunkMachine::set_mark(std::uint32_t chunk, BlockState mark) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  e.mark = static_cast<std::uint8_t>(mark) & 0xF;
  e.changed = true;
}

// What readers are to see while the entry is as it is.
std::uint32_t ChunkMachine::readable(const Entry& e) const noexcept {
  // A closed chunk will be reset for sure, and readers that keep coming must not put that off for ever. What becomes of
  // a reset that waits for writes is open; it must not be seen.
  if (e.resetting || (e.resets_waiting != 0 && state_of(e.state) == ChunkState::closed)) return 0;
  return model::readable_sectors(view(e), geometry_.mw_cunits);
}

// To be called, under the lock, whenever that may have changed. The difference leaves the other half alone.
void ChunkMachine::publish(Entry& e) noexcept {
  const std::uint32_t seen = readable_of(e.reading.load(std::memory_order_relaxed));
  const std::uint32_t now = readable(e);
  if (now != seen) e.reading.fetch_add(reading_of(now) - reading_of(seen), std::memory_order_release);
}

Chunk ChunkMachine::describe(std::uint32_t chunk) const noexcept {
  const ChunkRecord r = record(chunk);
  Chunk c;
  c.address = geometry_.chunk_address(chunk);
  c.state = r.state;
  c.type = r.type;
  c.wear = model::wear_index(r.cycles, pe_cycles_);
  c.sectors = geometry_.sectors - r.missing;
  const bool has_pointer = r.state != ChunkState::offline && r.type == ChunkType::sequential;
  c.write_pointer = has_pointer ? r.write_pointer : Chunk::kNoWritePointer;
  return c;
}

bool ChunkMachine::take_open_slot(std::uint32_t chunk) noexcept {
  if (!limits_open_) return true;
  auto& unit = reinterpret_cast<std::atomic<std::uint32_t>*>(open_in_unit_.data())[chunk / geometry_.chunks];
  const auto over = [](std::uint32_t before, std::uint32_t limit) { return limit != 0 && before >= limit; };
  if (over(open_.fetch_add(1, std::memory_order_relaxed), geometry_.max_open)) {
    open_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  if (over(unit.fetch_add(1, std::memory_order_relaxed), geometry_.max_open_unit)) {
    unit.fetch_sub(1, std::memory_order_relaxed);
    open_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  return true;
}

void ChunkMachine::give_open_slot(std::uint32_t chunk) noexcept {
  if (!limits_open_) return;
  reinterpret_cast<std::atomic<std::uint32_t>*>(open_in_unit_.data())[chunk / geometry_.chunks].fetch_sub(
      1, std::memory_order_relaxed);
  open_.fetch_sub(1, std::memory_order_relaxed);
}

StatusCode ChunkMachine::reserve(Entry& e, WriteRun& run) noexcept {
  if (e.resetting || is_bad(e)) [[unlikely]]
    return e.resetting ? StatusCode::write_fault : StatusCode::write_failure;
  model::ChunkView v = view(e);
  if (v.type == ChunkType::sequential) {
    v.write_pointer = e.reserved;
    // A chunk that is reserved to its end is as good as closed for those who come later.
    if (e.reserved == v.sectors && v.state != ChunkState::offline) v.state = ChunkState::closed;
  }
  const StatusCode verdict = model::check_write(v, run.shape, geometry_.ws_min);
  if (verdict != StatusCode::success) return verdict;
  run.settles = e.settling != 0;
  run.sequential = v.type == ChunkType::sequential;
  if (v.type == ChunkType::random) {
    hold(e);
    return StatusCode::success;
  }
  if (e.doomed) return StatusCode::out_of_order_write;
  if (e.state == 0 && e.reserved == 0 && !take_open_slot(run.chunk)) return StatusCode::write_fault;
  e.reserved += run.shape.count;
  run.committed_ = false;
  if (e.last == nullptr) {
    run.next_ = &run;
  } else {
    run.next_ = e.last->next_;
    e.last->next_ = &run;
  }
  e.last = &run;
  return StatusCode::success;
}

// Undoes the newest reservation of the chunk.
void ChunkMachine::unreserve(Entry& e, WriteRun& run) noexcept {
  if (type_of(e.type) == ChunkType::random) {
    release(e);
    return;
  }
  if (run.next_ == &run) {
    e.last = nullptr;
  } else {
    WriteRun* before = run.next_;
    while (before->next_ != &run) before = before->next_;
    before->next_ = run.next_;
    e.last = before;
  }
  e.reserved -= run.shape.count;
  if (e.state == 0 && e.reserved == 0) give_open_slot(run.chunk);
}

StatusCode ChunkMachine::admit(std::span<WriteRun> runs) noexcept {
  if (runs.size() == 1) {
    Entry& e = entry(runs[0].chunk);
    const Lock lock(e);
    return reserve(e, runs[0]);
  }
  return reserve_all(runs, Keep::reservations);
}

StatusCode ChunkMachine::would_admit(std::span<WriteRun> runs) noexcept { return reserve_all(runs, Keep::nothing); }

StatusCode ChunkMachine::reserve_all(std::span<WriteRun> runs, Keep keep) noexcept {
  // All chunks are locked, in the order of their numbers so that two such commands cannot wait for each other.
  std::array<std::uint32_t, kMaxRuns> chunks;
  for (std::size_t i = 0; i < runs.size(); ++i) chunks[i] = runs[i].chunk;
  const auto first = chunks.begin();
  std::sort(first, first + static_cast<std::ptrdiff_t>(runs.size()));
  const auto last = std::unique(first, first + static_cast<std::ptrdiff_t>(runs.size()));
  std::array<std::optional<Lock>, kMaxRuns> locks;
  for (auto c = first; c != last; ++c) locks[static_cast<std::size_t>(c - first)].emplace(entry(*c));

  StatusCode verdict = StatusCode::success;
  std::size_t reserved = 0;
  while (reserved < runs.size()) {
    verdict = reserve(entry(runs[reserved].chunk), runs[reserved]);
    if (verdict != StatusCode::success) break;
    ++reserved;
  }
  if (verdict != StatusCode::success || keep == Keep::nothing) {
    while (reserved-- > 0) unreserve(entry(runs[reserved].chunk), runs[reserved]);
  }
  return verdict;
}

void ChunkMachine::advance(Entry& e, const WriteRun& run) noexcept {
  e.write_pointer += run.shape.count;
  e.sum += run.sum;
  e.changed = true;
  if (e.write_pointer == geometry_.sectors - e.missing) {
    e.state = static_cast<std::uint8_t>(ChunkState::closed);
    give_open_slot(run.chunk);
  } else {
    e.state = static_cast<std::uint8_t>(ChunkState::open);
  }
  // Before the run is resolved: who knows that a write is done reads it.
  publish(e);
}

void ChunkMachine::resolve(WriteRun& run, StatusCode verdict) noexcept {
  run.verdict = verdict;
  run.unresolved->fetch_sub(1, std::memory_order_release);
}

void ChunkMachine::commit(WriteRun& run, StatusCode media) noexcept {
  const std::uint32_t chunk = run.chunk;  // the run is its owner's again once it is resolved
  Entry& e = entry(chunk);
  const Lock lock(e);
  if (type_of(e.type) == ChunkType::random) {
    release(e);
    if (media == StatusCode::success && e.state == 0) {
      e.state = static_cast<std::uint8_t>(ChunkState::open);
      e.changed = true;
      publish(e);
    }
    // Without a write pointer there is neither a next unit nor an early end.
    const bool places = media == StatusCode::write_next_unit || media == StatusCode::chunk_early_close;
    resolve(run, places ? StatusCode::write_fault : media);
    return;
  }
  run.committed_ = true;
  run.verdict = media;
  while (e.last != nullptr && e.last->next_->committed_) {
    WriteRun& oldest = *e.last->next_;
    if (&oldest == e.last) {
      e.last = nullptr;
    } else {
      e.last->next_ = oldest.next_;
    }
    const StatusCode stored = oldest.verdict;
    const bool counts = stored == StatusCode::success || stored == StatusCode::write_next_unit;
    if (!e.doomed && counts) {
      advance(e, oldest);
      resolve(oldest, stored);
      continue;
    }
    if (!e.doomed && stored == StatusCode::chunk_early_close) {
      // Its writes took a slot among the open ones.
      e.state = static_cast<std::uint8_t>(ChunkState::closed);
      e.changed = true;
      give_open_slot(chunk);
      publish(e);
    }
    e.doomed = true;
    resolve(oldest, counts ? StatusCode::out_of_order_write : stored);
  }
  if (e.last == nullptr && e.doomed) {
    e.doomed = false;
    e.reserved = e.write_pointer;
    if (e.state == 0) give_open_slot(chunk);
  }
}

bool ChunkMachine::go_offline(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  if (e.resetting || state_of(e.state) == ChunkState::offline || is_bad(e)) return false;
  e.changed = true;
  e.doomed = e.last != nullptr;
  if (worn_out_ == WornOut::grown_bad) {
    e.mark = static_cast<std::uint8_t>(BlockState::grown_bad) & 0xF;
    return true;
  }
  const bool sequential = type_of(e.type) == ChunkType::sequential;
  if (sequential && (state_of(e.state) == ChunkState::open || (e.state == 0 && e.reserved != 0))) give_open_slot(chunk);
  e.state = static_cast<std::uint8_t>(ChunkState::offline);
  e.write_pointer = e.sum = 0;
  if (e.last == nullptr) e.reserved = 0;
  publish(e);
  return true;
}

ResetStep ChunkMachine::begin_reset(std::uint32_t chunk, bool waiting, StatusCode& verdict) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  verdict = is_bad(e) ? StatusCode::invalid_field : model::check_reset(view(e), geometry_);
  if (verdict != StatusCode::success) {
    if (waiting) --e.resets_waiting;
    publish(e);
    return ResetStep::refused;
  }
  // Granted only if nobody holds the chunk at that instant; from then on nothing of it can be read.
  std::uint64_t idle = reading_of(readable_of(e.reading.load(std::memory_order_relaxed)));
  if (!e.resetting && e.last == nullptr && e.reading.compare_exchange_strong(idle, 0, std::memory_order_acq_rel)) {
    if (waiting) --e.resets_waiting;
    e.resetting = true;
    return ResetStep::granted;
  }
  if (!waiting) ++e.resets_waiting;
  publish(e);
  return ResetStep::wait;
}

// The chunk has been erased for the last time.
void ChunkMachine::retire(ChunkRecord& r) const noexcept {
  if (worn_out_ == WornOut::offline) {
    r.state = ChunkState::offline;
  } else {
    r.mark = BlockState::grown_bad;
  }
}

ChunkRecord ChunkMachine::after_reset(const Entry& e) const noexcept {
  ChunkRecord r = record_of(e);
  r.write_pointer = 0;
  r.state = ChunkState::free;
  if (r.type == ChunkType::sequential && r.cycles < pe_cycles_) {
    ++r.cycles;
    if (model::wear_index(r.cycles, pe_cycles_) == 255) retire(r);
  }
  return r;
}

ChunkRecord ChunkMachine::record_after_reset(std::uint32_t chunk) const noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  return after_reset(e);
}

// Ends a granted reset, under the lock.
void ChunkMachine::empty(std::uint32_t chunk, Entry& e, const ChunkRecord& after) noexcept {
  if (e.state == static_cast<std::uint8_t>(ChunkState::open) && type_of(e.type) == ChunkType::sequential) {
    give_open_slot(chunk);
  }
  const auto wear = [&](std::uint16_t cycles) { return model::wear_index(cycles, pe_cycles_); };
  wear_sum_.fetch_add(static_cast<std::uint64_t>(wear(after.cycles) - wear(e.cycles)), std::memory_order_relaxed);
  e.resetting = false;
  e.write_pointer = e.reserved = e.sum = 0;
  e.cycles = after.cycles;
  e.state = after.state == ChunkState::free ? 0 : static_cast<std::uint8_t>(after.state);
  e.mark = static_cast<std::uint8_t>(after.mark) & 0xF;
  publish(e);
}

StatusCode ChunkMachine::finish_reset(std::uint32_t chunk, StatusCode media) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  ChunkRecord after = after_reset(e);
  if (media != StatusCode::success) {
    after.cycles = e.cycles;
    after.state = ChunkState::free;
    retire(after);
  }
  e.changed = true;
  empty(chunk, e, after);
  return media == StatusCode::success ? media : StatusCode::offline_chunk;
}

void ChunkMachine::finish_kept_reset(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  e.changed = false;
  empty(chunk, e, after_reset(e));
}

bool ChunkMachine::begin_settling(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  const bool first = e.settling == 0;
  e.settling = 1;
  return first;
}

void ChunkMachine::end_settling(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  e.settling = 0;
}

void ChunkMachine::abandon_reset(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  e.resetting = false;
  e.changed = true;
  publish(e);
}

void ChunkMachine::cancel_reset(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  --e.resets_waiting;
  publish(e);
}

bool ChunkMachine::take_if_changed(std::uint32_t chunk, ChunkRecord& record, std::uint32_t& sum) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  // While a reset is on its way, the record already says what it will leave.
  if (!e.changed || e.resetting) return false;
  e.changed = false;
  record = record_of(e);
  sum = e.sum;
  return true;
}

void ChunkMachine::mark_changed(std::uint32_t chunk) noexcept {
  Entry& e = entry(chunk);
  const Lock lock(e);
  e.changed = true;
}

std::uint32_t ChunkMachine::average_wear() const noexcept {
  return static_cast<std::uint32_t>(wear_sum_.load(std::memory_order_relaxed) / geometry_.total_chunks());
}

}  // namespace lightnvm::emulator
