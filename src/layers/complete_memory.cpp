// SPDX-License-Identifier: BSD-2-Clause
// What goes to the route: the command of each child, and its memory in as many pieces as the route takes.
#include <algorithm>
#include <cstring>

#include "layers/complete_queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::layers::completed {
namespace {

using spec::IoOpcode;

// NVMe-2.0 3.3.3.1: bits 1:0 of an opcode are its direction; those of a vector reset would deny its descriptors.
Flow flow_of(const spec::Command& c) noexcept {
  if (spec::Opcode::get(c) == static_cast<std::uint32_t>(IoOpcode::vector_reset)) return Flow::from_device;
  const auto bits = static_cast<Flow>(spec::Opcode::get(c) & 3);
  return bits == Flow::none ? Flow::both : bits;
}

SegmentRange all_of(std::span<const Segment> segments) noexcept { return {segments, 0, total_bytes(segments)}; }

std::uint32_t pieces_of(const SegmentRange& range) noexcept {
  std::uint32_t n = 0;
  range.for_each([&](std::byte*, std::size_t, std::size_t) { ++n; });
  return n;
}

bool is_whole(const SegmentRange& range) noexcept {
  return range.offset == 0 && range.bytes == total_bytes(range.segments);
}

// A scalar command in place of a part of a vector command, whose options go with it.
spec::Command scalar(bool write, const spec::Command& of, std::uint64_t lba, std::uint32_t count) noexcept {
  spec::Command c = spec::build::transfer(write ? IoOpcode::write : IoOpcode::read, spec::Nsid::get(of), lba, count);
  spec::Fua::set(c, spec::Fua::get(of));
  spec::LimitedRetry::set(c, spec::LimitedRetry::get(of));
  return c;
}

}  // namespace

/// Calls f(piece, length, block) for each piece of memory of `c`, a block's data, then its metadata, then the next's.
template <typename F>
void CompletedQueue::for_each_interleaved(const Child& c, F&& f) const {
  const Geometry& g = route_.layout.geometry;
  std::byte* filler = has(c.flow, Flow::to_device) ? zeros_ : c.scratch;
  for (std::size_t i = 0; i < c.count; ++i) {
    const auto pass = [&](std::byte* p, std::size_t n, std::size_t) { f(p, n, i); };
    c.data.origin.sub(i * g.sector_bytes, g.sector_bytes).for_each(pass);
    if (c.metadata.origin.empty()) {
      f(filler, g.oob_bytes, i);
    } else {
      c.metadata.origin.sub(i * g.oob_bytes, g.oob_bytes).for_each(pass);
    }
  }
}

// How many segments a list for `count` blocks needs that the queue makes; 0 where the caller's own serves.
std::uint32_t CompletedQueue::segments_of(const Parent& p, std::uint32_t first, std::uint32_t count) const noexcept {
  const Geometry& g = route_.layout.geometry;
  const std::span<const Segment> data = p.request->payload.data;
  const std::span<const Segment> metadata = p.request->payload.metadata;
  const auto cut = [&](std::span<const Segment> from, std::size_t unit) {
    return SegmentRange{from, first * unit, count * unit};
  };
  const std::uint32_t pieces = data.size() == 1 ? 1 : pieces_of(cut(data, g.sector_bytes));
  if (route_.interleaves) {
    // Every block ends a piece of data and of metadata; those in between are counted too often rather than not.
    return pieces + 2 * count + (metadata.size() <= 1 ? 0 : pieces_of(cut(metadata, g.oob_bytes)));
  }
  return pieces == 1 || (count == p.total && data.size() <= route_.caps.max_segments) ? 0 : pieces;
}

// False: there is no memory now.
bool CompletedQueue::place(Area& area, const SegmentRange& range, std::uint32_t most, Flow flow,
                           std::span<const Segment>& out) noexcept {
  area = Area{};
  area.origin = range;
  out = {};
  if (range.empty()) return true;
  if (range.segments.size() <= most && is_whole(range)) {
    out = range.segments;
    return true;
  }
  const std::uint32_t n = pieces_of(range);
  if (n == 1) {
    range.for_each([&](std::byte* p, std::size_t bytes, std::size_t) { area.one = {p, bytes}; });
    out = {&area.one, 1};
    return true;
  }
  if (n <= std::min(most, list_most_)) {
    area.list_bytes = n * sizeof(Segment);
    area.list = lists_.acquire(area.list_bytes);
    if (area.list == nullptr) return false;
    auto* list = reinterpret_cast<Segment*>(area.list);
    out = {list, n};
    range.for_each([&](std::byte* p, std::size_t bytes, std::size_t) { *list++ = {p, bytes}; });
    return true;
  }
  area.bounce_bytes = range.bytes;
  area.bounce = bounce_.acquire(range.bytes);
  if (area.bounce == nullptr) return false;
  if (has(flow, Flow::to_device)) range.copy_out(area.bounce);
  area.one = {area.bounce, range.bytes};
  out = {&area.one, 1};
  return true;
}

bool CompletedQueue::place_interleaved(Child& c) noexcept {
  std::uint32_t n = 0;
  for_each_interleaved(c, [&](std::byte*, std::size_t, std::size_t) { ++n; });
  Area& area = c.data;
  if (n <= list_most_) {
    area.list_bytes = n * sizeof(Segment);
    area.list = lists_.acquire(area.list_bytes);
    if (area.list == nullptr) return false;
    auto* list = reinterpret_cast<Segment*>(area.list);
    c.payload.data = {list, n};
    for_each_interleaved(c, [&](std::byte* p, std::size_t bytes, std::size_t) { *list++ = {p, bytes}; });
    return true;
  }
  area.bounce_bytes = static_cast<std::size_t>(c.count) * route_.block_bytes;
  area.bounce = bounce_.acquire(area.bounce_bytes);
  if (area.bounce == nullptr) return false;
  c.interleaved = true;
  std::byte* to = area.bounce;
  if (has(c.flow, Flow::to_device)) {
    for_each_interleaved(c, [&](const std::byte* p, std::size_t bytes, std::size_t) {
      std::memcpy(to, p, bytes);
      to += bytes;
    });
  }
  area.one = {area.bounce, area.bounce_bytes};
  c.payload.data = {&area.one, 1};
  return true;
}

bool CompletedQueue::attach_blocks(const Parent& p, Child& c) noexcept {
  const Geometry& g = route_.layout.geometry;
  const Payload& memory = p.request->payload;
  const std::size_t count = c.count;
  c.flow = p.writes ? Flow::to_device : Flow::from_device;
  const SegmentRange data{memory.data, c.entry * static_cast<std::size_t>(g.sector_bytes), count * g.sector_bytes};
  const SegmentRange metadata{memory.metadata, c.entry * static_cast<std::size_t>(g.oob_bytes),
                              memory.metadata.empty() ? 0 : count * g.oob_bytes};
  if (route_.interleaves) {
    c.data = Area{};
    c.metadata = Area{};
    c.data.origin = data;
    c.metadata.origin = metadata;
    return place_interleaved(c);
  }
  return place(c.data, data, route_.caps.max_segments, c.flow, c.payload.data) &&
         place(c.metadata, metadata, metadata_most_, c.flow, c.payload.metadata);
}

// Command and memory of the piece that was selected. False, with nothing lent: there is no memory now.
bool CompletedQueue::prepare(Parent& p, Child& c) noexcept {
  const backends::Request& r = *p.request;
  c.parent = &p;
  c.payload = {};
  c.interleaved = c.measured = false;
  c.data = c.metadata = Area{};
  c.command = r.command;
  bool there = true;
  switch (p.work) {
    case Work::whole:
      c.flow = flow_of(r.command);
      c.payload.list = r.payload.list;
      c.payload.destination = r.payload.destination;
      there = place(c.data, all_of(r.payload.data), route_.caps.max_segments, c.flow, c.payload.data) &&
              place(c.metadata, all_of(r.payload.metadata), metadata_most_, c.flow, c.payload.metadata);
      break;
    case Work::blocks:
      spec::Slba::set(c.command, spec::Slba::get(r.command) + c.entry);
      spec::Nlb::set(c.command, c.count - 1);
      there = attach_blocks(p, c);
      break;
    case Work::list:
      if (p.native) {
        c.payload.list = p.list;
      } else {
        c.command = scalar(p.writes, r.command, p.list[c.entry], c.count);
      }
      there = attach_blocks(p, c);
      break;
    case Work::each:
      spec::PhysicalNlb::set(c.command, 0);
      spec::Ppa::set(c.command, p.list[c.entry]);
      c.flow = Flow::none;
      there = r.payload.data.empty() || attach_blocks(p, c);
      break;
    case Work::reset: there = prepare_reset(p, c); break;
    case Work::copy_read:
    case Work::copy_write: there = prepare_copy(p, c); break;
  }
  if (!there) detach(c, kNothingArrived);
  return there;
}

bool CompletedQueue::prepare_reset(const Parent& p, Child& c) const noexcept {
  c.flow = Flow::to_device;
  if (p.native) {
    c.payload.list = p.list;
    return true;
  }
  const Layout& layout = route_.layout;
  const spec::DsmRange range{0, layout.geometry.sectors, layout.first_of_chunk(p.list[c.entry])};
  std::memcpy(c.scratch, &range, sizeof range);
  c.command = spec::build::deallocate(spec::Nsid::get(p.request->command), 1);
  c.data.one = {c.scratch, sizeof range};
  c.payload.data = {&c.data.one, 1};
  return true;
}

// The copy's memory holds its entries in their order, each child's in one piece, as the route wants them.
bool CompletedQueue::prepare_copy(Parent& p, Child& c) noexcept {
  const Geometry& g = route_.layout.geometry;
  const bool separate = metadata_ && !route_.interleaves;
  const std::size_t data_bytes = static_cast<std::size_t>(p.total) * route_.block_bytes;
  if (p.copy == nullptr) p.copy = copies_.acquire(p.total * copied_bytes());
  if (p.copy == nullptr) return false;
  c.flow = p.writes ? Flow::to_device : Flow::from_device;
  if (p.native) {
    c.command = spec::build::vector(p.writes ? IoOpcode::vector_write : IoOpcode::vector_read,
                                    spec::Nsid::get(p.request->command), c.count);
    spec::Fua::set(c.command, spec::Fua::get(p.request->command));
    spec::LimitedRetry::set(c.command, spec::LimitedRetry::get(p.request->command));
    c.payload.list = p.list;
  } else {
    c.command = scalar(p.writes, p.request->command, p.list[c.entry], c.count);
  }
  // What is made durable is the copy, not what it was made from.
  if (!p.writes) spec::Fua::set(c.command, 0);
  const std::size_t count = c.count;
  c.data.one = {p.copy + c.entry * static_cast<std::size_t>(route_.block_bytes), count * route_.block_bytes};
  c.payload.data = {&c.data.one, 1};
  if (separate) {
    c.metadata.one = {p.copy + data_bytes + c.entry * static_cast<std::size_t>(g.oob_bytes), count * g.oob_bytes};
    c.payload.metadata = {&c.metadata.one, 1};
  }
  return true;
}

std::size_t CompletedQueue::copied_bytes() const noexcept {
  const bool separate = metadata_ && !route_.interleaves;
  return route_.block_bytes + (separate ? route_.layout.geometry.oob_bytes : 0);
}

void CompletedQueue::release_copy(Parent& p) noexcept {
  if (p.copy != nullptr) copies_.release(p.copy, p.total * copied_bytes());
  p.copy = nullptr;
}

// Gives back what was lent, and brings to the caller what the device put there: the blocks without a bit in `missing`.
void CompletedQueue::detach(Child& c, std::uint64_t missing) noexcept {
  if (missing != kNothingArrived && has(c.flow, Flow::from_device)) bring_back(c, missing);
  for (Area* area : {&c.data, &c.metadata}) {
    if (area->bounce != nullptr) bounce_.release(area->bounce, area->bounce_bytes);
    if (area->list != nullptr) lists_.release(area->list, area->list_bytes);
    area->bounce = area->list = nullptr;
  }
}

// Nothing of what other commands left in the queue's memory comes along. Bits are only where there are 64 blocks at
// most.
void CompletedQueue::bring_back(const Child& c, std::uint64_t missing) const noexcept {
  const auto arrived = [missing](std::size_t block) { return missing == 0 || (missing >> block & 1) == 0; };
  if (c.interleaved) {
    const std::byte* from = c.data.bounce;
    for_each_interleaved(c, [&](std::byte* p, std::size_t bytes, std::size_t block) {
      if (arrived(block)) std::memcpy(p, from, bytes);
      from += bytes;
    });
    return;
  }
  for (const Area* area : {&c.data, &c.metadata}) {
    if (area->bounce == nullptr) continue;
    if (missing == 0) {
      area->origin.copy_in(area->bounce);
      continue;
    }
    const std::size_t unit = area->bounce_bytes / c.count;
    for (std::size_t i = 0; i < c.count; ++i) {
      if (arrived(i)) area->origin.sub(i * unit, unit).copy_in(area->bounce + i * unit);
    }
  }
}

}  // namespace lightnvm::layers::completed
