// SPDX-License-Identifier: BSD-2-Clause
// The loop: submit what there is room for, reap, and see to the clock in between.
#include "bench_worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "common.hpp"
#include "progress.hpp"

namespace tools::bench {

using lightnvm::Address;
using lightnvm::Completion;
using lightnvm::Status;

namespace {

constexpr std::uint64_t kSecond = 1000000000;

lightnvm::Queue open(lightnvm::Device& device, std::uint32_t depth) {
  auto queue = device.open_queue(depth);
  if (queue) return std::move(*queue);
  const std::string sentence =
      queue.error().is_errno(EINVAL) ? "this route has no queue of that depth" : queue.error().message();
  throw Failure("nvm_async_init", fmt::format("--depth {}: {}", depth, sentence), queue.error().to_errno());
}

}  // namespace

Worker::Worker(lightnvm::Device& device, const Job& job, Share share, std::uint32_t sectors, std::uint32_t index)
    : job_(job),
      geometry_(device.geometry()),
      wording_(device, job.vector),
      sectors_(sectors),
      scattered_(job.random && wording_.vector()),
      lanes_(std::move(share.lanes)),
      rows_(std::move(share.rows)),
      idle_lanes_(lanes_.size()),
      idle_count_(lanes_.size()),
      slots_(job.depth),
      queue_(open(device, job.depth)),
      chance_(Chance::mix(job.seed) + index),
      tallies_{Tally(job.interval_ms * 1000000ULL), Tally(job.interval_ms * 1000000ULL),
               Tally(job.interval_ms * 1000000ULL)} {
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) idle_lanes_[i] = i;
  for (const auto& row : rows_) reads_.insert(reads_.end(), row.begin(), row.end());
  row_ = rows_.empty() ? 0 : index % rows_.size();
  verdict_.first.reserve(Verdict::kKept);
  if (job.count) quota_ = *job.count / job.threads + (index < *job.count % job.threads ? 1 : 0);
  pace(index);
  prepare_memory(device);
}

void Worker::pace(std::uint32_t index) {
  if (job_.rate == 0) return;
  const double apart = static_cast<double>(kSecond) / static_cast<double>(job_.rate);
  gap_ = apart * job_.threads;
  offset_ = apart * index;
}

// What is written without a pattern is at least nothing that could be compressed.
void Worker::prepare_memory(lightnvm::Device& device) {
  free_.reserve(slots_.size());
  for (Slot& slot : slots_) {
    auto buffer = device.allocate(std::size_t{sectors_} * geometry_.sector_bytes);
    if (!buffer) throw Failure("nvm_buf_alloc", buffer.error());
    slot.buffer = std::move(*buffer);
    put_pattern(slot.buffer, chance_.next(), {});
    free_.push_back(&slot);
  }
}

void Worker::run(Clock::time_point start) {
  begin_ = now_ = start;
  deadline_ = job_.seconds ? start + std::chrono::nanoseconds(static_cast<std::int64_t>(*job_.seconds * kSecond))
                           : Clock::time_point::max();
  while (true) {
    send_all();
    if (queue_.in_flight() == 0) {
      if (over() || gap_ == 0) break;
      idle();
      continue;
    }
    stamped_ = false;
    const auto n = gap_ == 0 ? queue_.wait() : queue_.poke();
    if (!n) {
      broken_ = n.error();
      return;
    }
  }
  exhausted_ = !over();
  if (gap_ == 0 || !job_.seconds || exhausted_) return;
  while (intended(paced_) < std::min(now_, deadline_) && paced_ + behind_ < quota_) {
    ++behind_;
    ++paced_;
  }
}

bool Worker::over() const noexcept { return sent_ >= quota_ || now_ >= deadline_ || interrupted(); }

Worker::Clock::time_point Worker::intended(std::uint64_t number) const noexcept {
  return begin_ + std::chrono::nanoseconds(static_cast<std::int64_t>(offset_ + gap_ * static_cast<double>(number)));
}

bool Worker::due() noexcept {
  if (gap_ == 0) return true;
  const Clock::time_point next = intended(paced_);
  if (next > now_) now_ = Clock::now();
  return next <= now_;
}

// Sleeping ends late: the last part is spent awake.
void Worker::idle() noexcept {
  constexpr auto kAwake = std::chrono::microseconds(100);
  const Clock::time_point until = std::min(intended(paced_), deadline_) - kAwake;
  if (until > now_) std::this_thread::sleep_until(until);
  now_ = Clock::now();
}

void Worker::send_all() noexcept {
  if (job_.timing == Timing::batch) now_ = Clock::now();
  while (!free_.empty() && !over() && due()) {
    Slot& slot = *free_.back();
    if (!choose(slot)) return;
    free_.pop_back();
    if (counts(slot.kind)) ++sent_;
    if (slot.kind == Kind::write && job_.verify) {
      for (std::uint32_t i = 0; i < slot.count; ++i) {
        put_pattern(slot.buffer.span().subspan(std::size_t{i} * geometry_.sector_bytes, geometry_.sector_bytes),
                    job_.seed, sector_of(slot, i));
      }
    }
    if (gap_ != 0 && counts(slot.kind)) {
      slot.start = intended(paced_++);
    } else {
      if (job_.timing == Timing::command) now_ = Clock::now();
      slot.start = now_;
    }
    if (const Status s = submit(slot); !s) finish(slot, s);
  }
}

bool Worker::choose(Slot& slot) noexcept {
  if (job_.workload == Workload::read) {
    choose_read(slot);
    return true;
  }
  if (job_.workload != Workload::mixed) return choose_lane(slot);
  if (!held_) held_ = chance_.below(100) < job_.reads ? Kind::read : Kind::write;
  if (*held_ == Kind::read) {
    choose_read(slot);
  } else if (!choose_lane(slot)) {
    return false;
  }
  // A reset comes before the write that was meant.
  if (slot.kind != Kind::reset) held_.reset();
  return true;
}

void Worker::choose_read(Slot& slot) noexcept {
  slot.kind = Kind::read;
  slot.count = sectors_;
  if (!job_.random) return next_in_row(slot);
  if (scattered_) {
    for (std::uint32_t i = 0; i < sectors_; ++i) {
      const Held& h = reads_[chance_.below(static_cast<std::uint32_t>(reads_.size()))];
      slot.list[i] = geometry_.sector_address(h.address, chance_.below(h.readable));
    }
    return;
  }
  const Held& h = reads_[chance_.below(static_cast<std::uint32_t>(reads_.size()))];
  slot.chunk = h.address;
  slot.first = chance_.below(h.readable / sectors_) * sectors_;
}

void Worker::next_in_row(Slot& slot) noexcept {
  while (true) {
    const auto& row = rows_[row_];
    while (in_row_ < row.size()) {
      const Held& h = row[in_row_++];
      if ((piece_ + 1) * std::uint64_t{sectors_} > h.readable) continue;
      slot.chunk = h.address;
      slot.first = piece_ * sectors_;
      in_piece_ = true;
      return;
    }
    in_row_ = 0;
    if (std::exchange(in_piece_, false)) {
      ++piece_;
    } else {
      piece_ = 0;
      row_ = (row_ + 1) % rows_.size();
    }
  }
}

bool Worker::choose_lane(Slot& slot) noexcept {
  if (idle_count_ == 0) return false;
  if (job_.random) {
    const std::size_t other = (idle_first_ + chance_.below(static_cast<std::uint32_t>(idle_count_))) % lanes_.size();
    std::swap(idle_lanes_[idle_first_], idle_lanes_[other]);
  }
  slot.lane = idle_lanes_[idle_first_];
  idle_first_ = (idle_first_ + 1) % lanes_.size();
  --idle_count_;
  const Lane& lane = lanes_[slot.lane];
  const Held& chunk = lane.chunks[lane.current];
  const std::uint32_t full = job_.workload == Workload::reset ? written_before_reset(geometry_, chunk) : chunk.sectors;
  slot.kind = chunk.written >= full ? Kind::reset : Kind::write;
  slot.chunk = chunk.address;
  slot.first = slot.kind == Kind::reset ? 0 : chunk.written;
  slot.count = slot.kind == Kind::reset ? 1 : std::min(sectors_, chunk.sectors - chunk.written);
  return true;
}

Status Worker::submit(Slot& slot) noexcept {
  const auto ended = [this, &slot](const Completion& c) { finish(slot, c.status); };
  if (slot.kind == Kind::read) return submit_read(slot);
  if (slot.kind == Kind::reset) {
    return queue_.reset(lightnvm::Sectors::vector(slot.chunk, 1), ended, {}, wording_.options());
  }
  const std::size_t bytes = std::size_t{slot.count} * geometry_.sector_bytes;
  const auto sectors = wording_.sectors(slot.chunk, slot.first, std::span(slot.list).first(slot.count));
  return queue_.write(sectors, slot.buffer.span().first(bytes), ended, wording_.options());
}

Status Worker::submit_read(Slot& slot) noexcept {
  const auto ended = [this, &slot](const Completion& c) { finish(slot, c.status); };
  const auto list = std::span(slot.list).first(wording_.vector() ? slot.count : 0);
  if (scattered_) return queue_.read(lightnvm::Sectors(std::span<const Address>(list)), slot.buffer, ended);
  if (wording_.vector()) return queue_.read(wording_.sectors(slot.chunk, slot.first, list), slot.buffer, ended);
  return queue_.read({slot.chunk.at_sector(slot.first), slot.count}, slot.buffer, ended);
}

void Worker::stamp() noexcept {
  if (job_.timing == Timing::batch && stamped_) return;
  now_ = Clock::now();
  stamped_ = true;
}

void Worker::finish(Slot& slot, Status status) noexcept {
  stamp();
  Tally& tally = tallies_[static_cast<std::size_t>(slot.kind)];
  if (status) [[likely]] {
    const auto count = [](auto duration) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    };
    tally.latency.add(count(now_ - slot.start));
    tally.series.add(count(now_ - begin_));
    if (slot.kind != Kind::reset) tally.bytes += std::uint64_t{slot.count} * geometry_.sector_bytes;
    if (slot.kind == Kind::read && job_.verify) check(slot);
  } else {
    const bool sector = slot.kind != Kind::reset;
    tally.errors.add({sector ? sector_of(slot, 0) : slot.chunk, status});
  }
  if (slot.kind != Kind::read) finish_lane(slot, status);
  if (counts(slot.kind)) done_.store(done() + 1, std::memory_order_relaxed);
  free_.push_back(&slot);
}

// A chunk that fails is left alone; a lane without chunks is not used again.
void Worker::finish_lane(const Slot& slot, Status status) noexcept {
  Lane& lane = lanes_[slot.lane];
  Held& chunk = lane.chunks[lane.current];
  bool next = true;
  if (!status) {
    lane.chunks.erase(lane.chunks.begin() + static_cast<std::ptrdiff_t>(lane.current));
    if (lane.chunks.empty()) return;
    lane.current = lane.current % lane.chunks.size();
    next = false;
  } else if (slot.kind == Kind::reset) {
    chunk.written = 0;
    next = job_.workload == Workload::reset;
  } else {
    chunk.written += slot.count;
    chunk.ours = true;
    next = job_.workload != Workload::reset && chunk.written == chunk.sectors;
  }
  if (next) {
    const auto size = static_cast<std::uint32_t>(lane.chunks.size());
    lane.current = job_.random ? chance_.below(size) : (lane.current + 1) % size;
  }
  idle_lanes_[(idle_first_ + idle_count_++) % lanes_.size()] = slot.lane;
}

void Worker::check(const Slot& slot) noexcept {
  verdict_.sectors += slot.count;
  for (std::uint32_t i = 0; i < slot.count; ++i) {
    const auto sector = slot.buffer.span().subspan(std::size_t{i} * geometry_.sector_bytes, geometry_.sector_bytes);
    if (const auto wrong = check_pattern(sector, job_.seed, sector_of(slot, i))) verdict_.found(*wrong);
  }
}

}  // namespace tools::bench
