// SPDX-License-Identifier: BSD-2-Clause
// Which events of a device a fault plan's rules hit.
#include "emulator/faults.hpp"

#include <algorithm>

#include "emulator/plane_blocks.hpp"

namespace lightnvm::emulator {
namespace {

constexpr bool is_of_sectors(FaultKind kind) noexcept {
  return kind == FaultKind::read_error || kind == FaultKind::high_ecc;
}

}  // namespace

Faults::Faults(FaultPlan plan, const Config& config)
    : plan_(std::move(plan)),
      planes_(std::max(config.geometry.planes, 1U)),
      units_(config.geometry.units),
      chunks_(machine_geometry(config.geometry).chunks),
      tallies_(plan_.rules.size()) {
  for (const FaultRule& r : plan_.rules) kinds_ |= 1U << static_cast<unsigned>(r.kind);
  if (has(FaultKind::write_next)) lost_.reserve(kMostLost);
}

bool Faults::covers(const FaultRule& rule, const Run& at) const noexcept {
  const std::uint32_t unit = at.chunk / chunks_;
  const bool place =
      rule.group.has(unit / units_) && rule.unit.has(unit % units_) && rule.chunk.has(at.chunk % chunks_ / planes_);
  // A reset has no sectors, and is one of all of them.
  const bool sectors =
      at.count == 0 || (at.first <= rule.sector.last && at.first + (at.count - 1) >= rule.sector.first);
  return place && sectors;
}

// Counts the event.
bool Faults::strikes(std::size_t rule, const Run& at) noexcept {
  const FaultRule& r = plan_.rules[rule];
  const std::uint64_t address = std::uint64_t{at.chunk} << 32 | (is_of_sectors(r.kind) ? at.first : 0);
  return tallies_[rule].strikes(r, {plan_.seed, rule}, r.by_address ? std::optional(address) : std::nullopt);
}

const FaultRule* Faults::hit(FaultKind kind, const Run& at, std::uint32_t cycles) noexcept {
  if (!has(kind)) return nullptr;
  const std::lock_guard lock(mutex_);
  return hit_locked(kind, at, cycles);
}

const FaultRule* Faults::hit_locked(FaultKind kind, const Run& at, std::uint32_t cycles) noexcept {
  for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
    const FaultRule& r = plan_.rules[i];
    if (r.kind == kind && cycles >= r.cycles && covers(r, at) && strikes(i, at)) return &r;
  }
  return nullptr;
}

bool Faults::begin_command() noexcept {
  if (!has(FaultKind::power_cut)) return true;
  const std::lock_guard lock(mutex_);
  if (powered() && hit_locked(FaultKind::power_cut, {}, 0) == nullptr) return true;
  powered_.store(false, std::memory_order_release);
  return false;
}

std::optional<Event::State> Faults::refreshes(const Run& read) noexcept {
  const FaultRule* rule = hit(FaultKind::refresh, read);
  return rule == nullptr ? std::nullopt : std::optional(rule->state);
}

StatusCode Faults::read(std::uint32_t chunk, std::uint32_t sector) noexcept {
  if (has(FaultKind::write_next)) {
    const std::lock_guard lock(mutex_);
    const bool lost = std::ranges::any_of(lost_, [&](const Run& run) {
      return run.chunk == chunk && sector >= run.first && sector - run.first < run.count;
    });
    if (lost) return StatusCode::unrecovered_read_error;
  }
  const Run at{chunk, sector, 1};
  if (hit(FaultKind::read_error, at) != nullptr) return StatusCode::unrecovered_read_error;
  return hit(FaultKind::high_ecc, at) != nullptr ? StatusCode::high_ecc : StatusCode::success;
}

StatusCode Faults::write(const Run& run) noexcept {
  if (hit(FaultKind::offline, run) != nullptr) return StatusCode::offline_chunk;
  if (hit(FaultKind::early_close, run) != nullptr) return StatusCode::chunk_early_close;
  if (hit(FaultKind::write_next, run) == nullptr) return StatusCode::success;
  const std::lock_guard lock(mutex_);
  // What cannot be remembered as lost is the end of the chunk instead.
  if (lost_.size() == kMostLost) return StatusCode::chunk_early_close;
  lost_.push_back(run);
  return StatusCode::write_next_unit;
}

StatusCode Faults::reset(std::uint32_t chunk) noexcept {
  const Run whole{chunk, 0, 0};
  const bool fails = hit(FaultKind::offline, whole) != nullptr || hit(FaultKind::reset_fail, whole) != nullptr;
  if (has(FaultKind::write_next)) {
    const std::lock_guard lock(mutex_);
    std::erase_if(lost_, [&](const Run& run) { return run.chunk == chunk; });
  }
  return fails ? StatusCode::offline_chunk : StatusCode::success;
}

bool Faults::wears_out(std::uint32_t chunk, std::uint32_t cycles) noexcept {
  return hit(FaultKind::wear_out, {chunk, 0, 0}, cycles) != nullptr;
}

}  // namespace lightnvm::emulator
