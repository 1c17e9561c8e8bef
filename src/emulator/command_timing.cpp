// SPDX-License-Identifier: BSD-2-Clause
// Commands as reads, writes and resets of write units, in the order of their addresses.
#include "emulator/command_timing.hpp"

#include <algorithm>

#include "base/segments.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::emulator {

using spec::IoOpcode;

NandShape nand_shape(const Config& config, std::optional<std::uint32_t> sector_transfer) {
  const Geometry& g = config.geometry;
  const Geometry machine = machine_geometry(g);
  NandShape s{g.groups, g.units, g.times.read, g.times.write, g.times.reset, 0, 0};
  s.transfer = sector_transfer.value_or((g.sector_bytes + g.oob_bytes) * 1000ULL / kBytesPerMicrosecond);
  s.cache_units = machine.mw_cunits / machine.ws_min;
  return s;
}

namespace {

// Whether the media were asked at all.
bool carried_out(Status s) noexcept {
  if (s.ok()) return true;
  switch (s.code()) {
    case StatusCode::high_ecc:
    case StatusCode::unrecovered_read_error:
    case StatusCode::deallocated_or_unwritten:
    case StatusCode::empty_page:
    case StatusCode::write_next_unit:
    case StatusCode::chunk_early_close:
    case StatusCode::write_failure: return true;
    default: return false;
  }
}

}  // namespace

/// The addresses of a command: a list, or consecutive ones.
struct CommandTiming::List {
  std::span<const std::uint64_t> listed;
  std::uint64_t first = 0;
  std::uint32_t count = 0;

  [[nodiscard]] std::uint64_t operator[](std::uint32_t i) const noexcept {
    return listed.empty() ? first + i : listed[i];
  }
};

CommandTiming::CommandTiming(Device& device, const NandShape& shape)
    : device_(device),
      chunks_(device.geometry().chunks),
      planes_(std::max(device.config().geometry.planes, 1U)),
      page_sectors_(device.geometry().ws_min),
      timing_(shape) {}

bool CommandTiming::step_of(const List& list, std::uint32_t i, Step& step) const noexcept {
  std::uint64_t address = list[i];
  if (device_.physical()) {
    if (!device_.has(address)) return false;
    address = device_.flat(address);
  }
  const Place place = device_.locate(address);
  if (!place.chunk_exists || place.sector >= device_.geometry().sectors) return false;
  step = {place.chunk / chunks_, place.chunk % chunks_ / planes_, place.sector / page_sectors_, 1};
  return true;
}

// Sectors of one write unit that follow each other are one step; so are those of a page on all planes.
template <typename F>
void CommandTiming::for_each_step(const List& list, F&& f) const noexcept {
  Step current;
  for (std::uint32_t i = 0; i < list.count; ++i) {
    Step next;
    if (!step_of(list, i, next)) continue;
    const bool same = next.unit == current.unit && next.block == current.block && next.page == current.page;
    if (current.sectors != 0 && same) {
      ++current.sectors;
      continue;
    }
    if (current.sectors != 0) f(current);
    current = next;
  }
  if (current.sectors != 0) f(current);
}

Nanoseconds CommandTiming::read(const List& list, Nanoseconds now) noexcept {
  Nanoseconds done = now;
  for_each_step(list, [&](const Step& s) { done = std::max(done, timing_.read(now, s.unit, s.sectors)); });
  return done;
}

Nanoseconds CommandTiming::write(const List& list, Nanoseconds now, bool durable) noexcept {
  Nanoseconds done = now;
  for_each_step(list, [&](const Step& s) {
    const Timing::Written w = timing_.write(now, s.unit, s.sectors);
    done = std::max(done, durable ? w.programmed : w.accepted);
  });
  return done;
}

Nanoseconds CommandTiming::reset(const List& list, Nanoseconds now) noexcept {
  Nanoseconds done = now;
  Step step;
  for (std::uint32_t i = 0; i < list.count; ++i) {
    if (step_of(list, i, step)) done = std::max(done, timing_.erase(now, step.unit));
  }
  return done;
}

Nanoseconds CommandTiming::deallocate(const spec::Command& c, const Payload& p, Nanoseconds now) noexcept {
  if (spec::Deallocate::get(c) == 0) return now;
  Nanoseconds done = now;
  for (std::size_t i = 0; i <= spec::Nr::get(c); ++i) {
    spec::DsmRange range{};
    SegmentRange{p.data, i * sizeof range, sizeof range}.copy_out(reinterpret_cast<std::byte*>(&range));
    done = std::max(done, reset({{}, range.slba, 1}, now));
  }
  return done;
}

Nanoseconds CommandTiming::done(const spec::Command& c, const Payload& p, const Completion& completion,
                                Nanoseconds now) noexcept {
  const auto opcode = static_cast<IoOpcode>(spec::Opcode::get(c));
  // Resets do each entry for itself, and some may have succeeded.
  if (opcode != IoOpcode::vector_reset && !carried_out(completion.status)) return now;
  const auto single = spec::Ppa::get(c);
  const std::span<const std::uint64_t> listed = p.list.empty() ? std::span(&single, 1) : p.list;
  const List list = spec::is_vector(spec::Opcode::get(c)) ? List{listed, 0, static_cast<std::uint32_t>(listed.size())}
                                                          : List{{}, spec::Slba::get(c), spec::Nlb::get(c) + 1};
  const bool durable = spec::Fua::get(c) != 0 || !device_.write_cache.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  switch (opcode) {
    case IoOpcode::read:
    case IoOpcode::vector_read: return read(list, now);
    case IoOpcode::write:
    case IoOpcode::vector_write: return write(list, now, durable);
    case IoOpcode::vector_copy:
      return write({p.destination, 0, static_cast<std::uint32_t>(p.destination.size())}, read(list, now), durable);
    case IoOpcode::vector_reset: return reset(list, now);
    case IoOpcode::dataset_management: return deallocate(c, p, now);
    case IoOpcode::flush: return timing_.flushed(now);
  }
  return now;
}

}  // namespace lightnvm::emulator
