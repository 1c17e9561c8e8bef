// SPDX-License-Identifier: BSD-2-Clause
// Parallel units that are busy by themselves, buses that they share, and a write cache before each. docs/timing.md
#include "emulator/timing.hpp"

#include <algorithm>

namespace lightnvm::emulator {
namespace {

constexpr std::size_t kMostReservations = 1024;

}  // namespace

Timing::Bus::Bus() { busy_.reserve(kMostReservations); }

Nanoseconds Timing::Bus::reserve(Nanoseconds now, Nanoseconds earliest, Nanoseconds length) noexcept {
  if (length == 0) return earliest;
  const auto past = std::ranges::find_if(busy_, [&](const Busy& b) { return b.end > now; });
  busy_.erase(busy_.begin(), past);
  auto next = std::ranges::find_if(busy_, [&](const Busy& b) { return b.end > earliest; });
  Nanoseconds begin = earliest;
  for (; next != busy_.end() && next->begin < begin + length; ++next) begin = std::max(begin, next->end);
  const Nanoseconds end = begin + length;
  const bool after_one = next != busy_.begin() && std::prev(next)->end == begin;
  const bool before_one = next != busy_.end() && next->begin == end;
  if (after_one && before_one) {
    std::prev(next)->end = next->end;
    busy_.erase(next);
  } else if (after_one) {
    std::prev(next)->end = end;
  } else if (before_one) {
    next->begin = begin;
  } else if (busy_.size() < kMostReservations) {
    busy_.insert(next, {begin, end});
  } else {
    // Nobody keeps so many apart: what lies between the last two is given up.
    begin = std::max(earliest, busy_.back().end);
    busy_.back().end = begin + length;
  }
  return begin;
}

Timing::Timing(const NandShape& shape)
    : shape_(shape), buses_(shape.groups), units_(static_cast<std::size_t>(shape.groups) * shape.units) {
  for (Unit& unit : units_) unit.room.assign(shape.cache_units, 0);
}

Nanoseconds Timing::not_before(Nanoseconds now) noexcept { return now_ = std::max(now_, now); }

Nanoseconds Timing::read(Nanoseconds now, std::uint32_t unit, std::uint32_t sectors) noexcept {
  now = not_before(now);
  Unit& u = units_[unit];
  const Nanoseconds sensed = std::max(now, u.free) + shape_.read;
  const Nanoseconds length = sectors * shape_.transfer;
  // The unit's register holds the data until they are on their way.
  u.free = bus_of(unit).reserve(now, sensed, length) + length;
  return u.free;
}

Timing::Written Timing::write(Nanoseconds now, std::uint32_t unit, std::uint32_t sectors) noexcept {
  now = not_before(now);
  Unit& u = units_[unit];
  const bool cached = !u.room.empty();
  const Nanoseconds accepted = cached ? std::max(now, u.room[u.oldest]) : now;
  const Nanoseconds length = sectors * shape_.transfer;
  u.free = bus_of(unit).reserve(now, std::max(accepted, u.free), length) + length + shape_.program;
  programmed_ = std::max(programmed_, u.free);
  if (!cached) return {u.free, u.free};
  u.room[u.oldest] = u.free;
  u.oldest = (u.oldest + 1) % u.room.size();
  return {accepted, u.free};
}

Nanoseconds Timing::erase(Nanoseconds now, std::uint32_t unit) noexcept {
  Unit& u = units_[unit];
  u.free = std::max(not_before(now), u.free) + shape_.erase;
  return u.free;
}

Nanoseconds Timing::flushed(Nanoseconds now) const noexcept { return std::max(now, programmed_); }

}  // namespace lightnvm::emulator
