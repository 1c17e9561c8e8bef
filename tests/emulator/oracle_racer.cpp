// SPDX-License-Identifier: BSD-2-Clause
// What one who takes part in a race does, and what it records of the completions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "emulator/oracle_race.hpp"
#include "spec/build.hpp"

namespace lightnvm::oracle {
namespace {

using Claim = Race::Claim;

}  // namespace

Racer::Racer(Race& race, std::uint16_t sqid, std::uint32_t depth, std::uint64_t seed)
    : race_(race), initial_(race.initial), random_(seed), depth_(depth), queue_(race.controller, depth, sqid) {}

std::optional<std::uint16_t> Racer::free_tag() {
  if (flights_.size() == depth_) return std::nullopt;
  auto tag = static_cast<std::uint16_t>(random_.below(depth_));
  while (flights_.contains(tag)) tag = static_cast<std::uint16_t>((tag + 1U) % depth_);
  return tag;
}

void Racer::launch(Request r, Claims claims, std::optional<std::uint64_t> copy_to) {
  const auto tag = free_tag();
  Flight& f = flights_[*tag];
  f.request = std::move(r);
  f.claims = std::move(claims);
  f.copy_to = copy_to;
  f.transfer = std::make_unique<Transfer>(random_, f.request, initial_.geometry());
  f.failed_writes = race_.failed_writes();
  f.resets_done = race_.resets_done;
  f.begin = race_.now();
  queue_.start(f.request.command, f.transfer->payload, *tag);
}

void Racer::step() {
  if (random_.chance(50) && free_tag()) {
    begin();
  } else {
    poll();
  }
  if (queue_.in_flight() != flights_.size()) race_.fail("in_flight is wrong");
}

void Racer::begin() {
  const std::uint64_t kind = random_.below(100);
  if (kind < 34) {
    begin_write(false);
  } else if (kind < 50) {
    begin_write(true);
  } else if (kind < 63) {
    begin_read(false);
  } else if (kind < 74) {
    begin_read(true);
  } else if (kind < 82) {
    begin_reset(true);
  } else if (kind < 86) {
    begin_reset(false);
  } else if (kind < 94) {
    begin_copy();
  } else {
    (void)race_.report();
  }
}

/// Where the next write of the chunk goes, if those before it succeed; now and then it is wrong.
std::vector<std::uint64_t> Racer::next_run(std::uint64_t chunk) {
  const Geometry& g = initial_.geometry();
  const Chunk& c = initial_.chunks()[chunk];
  const std::uint64_t count = g.ws_min * (random_.chance(70) ? 1 : random_.between(1, 3));
  std::uint64_t first = race_.issued[chunk];
  if (c.random) {
    first = random_.below(c.cnlb);
  } else if (random_.chance(4)) {
    first = random_.below(g.sectors);
  }
  first = std::min<std::uint64_t>(first, g.sectors - 1);
  std::vector<std::uint64_t> run;
  run.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i)
    run.push_back(initial_.lba(chunk, std::min<std::uint64_t>(first + i, g.sectors - 1)));
  race_.issued[chunk] = first + count;
  return run;
}

void Racer::begin_write(bool vector) {
  std::vector<std::uint64_t> lbas;
  Claims claims;
  const std::uint64_t runs = vector ? random_.between(1, 4) : 1;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const std::uint64_t chunk = random_.below(initial_.chunks().size());
    if (!race_.claim(chunk, &Claim::writes)) continue;
    claims.emplace_back(chunk, &Claim::writes);
    const std::vector<std::uint64_t> run = next_run(chunk);
    lbas.insert(lbas.end(), run.begin(), run.end());
  }
  if (lbas.empty()) return;
  Request r;
  const auto count = static_cast<std::uint32_t>(lbas.size());
  if (vector) {
    r.command = spec::build::vector(spec::IoOpcode::vector_write, 1, count);
    r.list = lbas;
  } else {
    r.command = spec::build::transfer(spec::IoOpcode::write, 1, lbas.front(), count);
  }
  r.data_bytes = std::uint64_t{count} * initial_.geometry().sector_bytes;
  r.metadata_bytes = std::uint64_t{count} * initial_.geometry().oob_bytes;
  const std::uint64_t tag = race_.tags(std::uint64_t{2} * count);
  for (std::uint64_t i = 0; i < count; ++i) r.content.push_back({tag + 2 * i, tag + 2 * i + 1});
  launch(std::move(r), std::move(claims));
}

/// A place near what is being written, `span` sectors before the chunk's end at least. None if the chunk is not free
/// for readers.
std::optional<std::uint64_t> Racer::place_to_read(std::uint64_t span, Claims& claims) {
  const Geometry& g = initial_.geometry();
  const std::uint64_t chunk = random_.below(initial_.chunks().size());
  if (!race_.claim(chunk, &Claim::reads)) return std::nullopt;
  claims.emplace_back(chunk, &Claim::reads);
  const std::uint64_t near = race_.issued[chunk] + random_.below(4);
  const std::uint64_t back = random_.below(2ULL * g.mw_cunits + 6);
  const std::uint64_t at = random_.chance(60) && near > back ? near - back : random_.below(g.sectors);
  return initial_.lba(chunk, std::min<std::uint64_t>(at, g.sectors - span));
}

void Racer::begin_read(bool vector) {
  Request r;
  Claims claims;
  const auto count = static_cast<std::uint32_t>(random_.between(1, 12));
  std::uint64_t sectors = count;
  if (vector) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto lba = place_to_read(1, claims);
      if (!lba) break;
      r.list.push_back(*lba);
    }
    sectors = r.list.size();
    r.command = spec::build::vector(spec::IoOpcode::vector_read, 1, static_cast<std::uint32_t>(sectors));
  } else if (const auto lba = place_to_read(count, claims)) {
    r.command = spec::build::transfer(spec::IoOpcode::read, 1, *lba, count);
  }
  if (claims.empty()) return;
  r.data_bytes = sectors * initial_.geometry().sector_bytes;
  r.metadata_bytes = sectors * initial_.geometry().oob_bytes;
  launch(std::move(r), std::move(claims));
}

void Racer::begin_reset(bool vector) {
  const std::uint64_t chunk = random_.below(initial_.chunks().size());
  if (!race_.claim(chunk, &Claim::resets)) return;
  Request r;
  if (vector) {
    r.command = spec::build::vector(spec::IoOpcode::vector_reset, 1, 1);
    r.list.push_back(initial_.lba(chunk, 0));
    r.metadata_bytes = random_.chance(50) ? 32 : 0;
  } else {
    r.command = spec::build::deallocate(1, 1);
    r.ranges.push_back({0, initial_.chunks()[chunk].cnlb, initial_.lba(chunk, 0)});
    r.data_bytes = 16;
  }
  launch(std::move(r), {{chunk, &Claim::resets}});
}

/// A copy's content is known if its source cannot change: a closed chunk that nobody resets meanwhile is read first.
void Racer::begin_copy() {
  const std::vector<Descriptor> report = race_.report();
  const std::uint64_t from = random_.below(report.size());
  const std::uint64_t to = random_.below(report.size());
  const Geometry& g = initial_.geometry();
  if (from == to || report[from][0] != kClosed || !race_.claim(from, &Claim::sources)) return;
  // It may have been reset since the report.
  const bool closed = race_.report()[from][0] == kClosed;
  const std::uint64_t written = report[from][24];
  if (!closed || written < g.ws_min || !race_.claim(to, &Claim::writes)) {
    race_.release(from, &Claim::sources);
    return;
  }
  Request r;
  r.command = spec::build::vector(spec::IoOpcode::vector_read, 1, g.ws_min);
  for (std::uint64_t i = 0; i < g.ws_min; ++i) r.list.push_back(initial_.lba(from, random_.below(written)));
  r.data_bytes = std::uint64_t{g.ws_min} * g.sector_bytes;
  r.metadata_bytes = std::uint64_t{g.ws_min} * g.oob_bytes;
  launch(std::move(r), {{from, &Claim::sources}, {to, &Claim::writes}}, to);
}

void Racer::launch_copy(const Flight& read, std::uint64_t to, const std::vector<Sector>& content) {
  Request r;
  r.command = spec::build::vector(spec::IoOpcode::vector_copy, 1, static_cast<std::uint32_t>(content.size()));
  r.list = read.request.list;
  const std::uint64_t first = race_.issued[to];
  const std::uint64_t last = initial_.geometry().sectors - 1;
  for (std::uint64_t i = 0; i < content.size(); ++i)
    r.destination.push_back(initial_.lba(to, std::min(first + i, last)));
  race_.issued[to] = first + content.size();
  r.content = content;
  launch(std::move(r), read.claims);
}

void Racer::poll() {
  std::array<emulator::Done, 3> done;
  const unsigned count = queue_.poll(std::span(done).first(random_.between(1, done.size())));
  for (unsigned i = 0; i < count; ++i) {
    const auto found = flights_.find(done[i].tag);
    if (found == flights_.end()) return race_.fail(fmt::format("tag {} completed twice", done[i].tag));
    Flight f = std::move(found->second);
    flights_.erase(found);
    if (done[i].completion.status.is_os()) race_.fail("an error of the host came as a completion");
    finished(f, done[i].completion);
  }
}

bool Racer::finish() {
  poll();
  return !flights_.empty();
}

Event Racer::event(const Flight& f, Event::Kind kind, std::uint64_t lba, std::uint16_t code) const {
  Event e;
  e.kind = kind;
  e.chunk = *initial_.chunk_of(lba);
  e.first = initial_.lblk_of(lba);
  e.begin = f.begin;
  e.end = race_.now();
  e.code = code;
  return e;
}

void Racer::finished(Flight& f, const Completion& c) {
  const std::uint8_t op = f.request.opcode();
  if (!f.transfer->data.guards_intact() || !f.transfer->metadata.guards_intact()) race_.fail("wrote beside the memory");
  if (op == 0x01 || op == 0x91 || op == 0x93) {
    record_writes(f, c);
  } else if (op == 0x02 || op == 0x92) {
    record_read(f, c);
  } else {
    record_reset(f, c);
  }
  for (const auto& [chunk, use] : f.claims) race_.release(chunk, use);
}

void Racer::record_writes(const Flight& f, const Completion& c) {
  const Request& r = f.request;
  const bool scalar = r.opcode() == 0x01;
  std::vector<std::uint64_t> lbas = r.opcode() == 0x93 ? r.destination : r.list;
  for (std::uint64_t i = 0; scalar && i < r.count(); ++i) lbas.push_back(spec::Slba::get(r.command) + i);
  const auto code = static_cast<std::uint16_t>(c.status.code());
  if (scalar ? c.result != 0 : (code == kSuccess) != (c.result == 0)) race_.fail("a write's status and bits disagree");
  // Where the media had no part in it, a command of one run failed for a reason that its chunk's history must show.
  const bool one_run =
      std::ranges::all_of(lbas, [&](std::uint64_t l) { return initial_.chunk_of(l) == initial_.chunk_of(lbas[0]); });
  const bool limits = race_.config.geometry.max_open != 0;
  const bool loose = !one_run || limits || r.opcode() == 0x93 || race_.failed_writes() != f.failed_writes;
  for (std::size_t begin = 0, end = 0; begin < lbas.size(); begin = end) {
    while (end < lbas.size() && initial_.chunk_of(lbas[end]) == initial_.chunk_of(lbas[begin])) ++end;
    std::uint64_t failed = 0;
    bool ascending = true;
    for (std::size_t i = begin + 1; i < end; ++i) ascending = ascending && lbas[i] == lbas[i - 1] + 1;
    for (std::size_t i = begin; i < end; ++i) failed += scalar ? (code != kSuccess ? 1 : 0) : c.result >> i & 1;
    if (failed != 0 && failed != end - begin) race_.fail("a run failed in part");
    Event e = event(f, Event::Kind::write, lbas[begin], failed != 0 ? code : std::uint16_t{kSuccess});
    e.count = end - begin;
    e.content.assign(r.content.begin() + static_cast<std::ptrdiff_t>(begin),
                     r.content.begin() + static_cast<std::ptrdiff_t>(end));
    e.loose = failed != 0 && (loose || !ascending);
    emulator::ChunkRecord saved;
    const bool check = failed == 0 && race_.media != nullptr && !race_.threads && !initial_.chunks()[e.chunk].random &&
                       race_.idle_of_resets(e.chunk) && f.resets_done == race_.resets_done;
    if (check &&
        (!race_.media->saved(static_cast<std::uint32_t>(e.chunk), saved) || saved.write_pointer < e.first + e.count)) {
      race_.fail(fmt::format("chunk {}: a write completed before it was saved", e.chunk));
    }
    const std::uint64_t chunk = e.chunk;
    race_.history.add(std::move(e));
    if (failed != 0) {
      const Descriptor now = race_.report()[chunk];
      race_.issued[chunk] = now[24] | std::uint64_t{now[25]} << 8;
    }
  }
}

void Racer::record_read(Flight& f, const Completion& c) {
  const Request& r = f.request;
  const Geometry& g = initial_.geometry();
  const auto code = static_cast<std::uint16_t>(c.status.code());
  const std::vector<std::byte> data = f.transfer->data.gather(), metadata = f.transfer->metadata.gather();
  const std::uint64_t count = r.opcode() == 0x02 ? r.count() : r.list.size();
  std::vector<Sector> content;
  content.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    content.push_back({tag_of(std::span(data).subspan(i * g.sector_bytes, g.sector_bytes)),
                       tag_of(std::span(metadata).subspan(i * g.oob_bytes, g.oob_bytes))});
  }
  if (code != kSuccess && code != kUnwritten) {
    if (code != 0x281) race_.fail(fmt::format("a read failed with {:#x}", code));
  } else if (r.opcode() == 0x02) {
    Event e = event(f, Event::Kind::read, spec::Slba::get(r.command), code);
    e.count = count;
    if (code == kSuccess) e.content = content;
    race_.history.add(std::move(e));
  } else if (code == kSuccess || race_.failed_reads() == 0) {
    if ((code == kSuccess) != (c.result == 0)) race_.fail("a read's status and bits disagree");
    for (std::uint64_t i = 0; i < count; ++i) {
      // Entries need not be read at the same moment.
      Event e = event(f, Event::Kind::read, r.list[i], (c.result >> i & 1) != 0 ? kUnwritten : kSuccess);
      if (code == kSuccess) e.content = {content[i]};
      race_.history.add(std::move(e));
    }
  }
  if (f.copy_to && code == kSuccess) {
    launch_copy(f, *f.copy_to, content);
    f.claims.clear();  // the copy has them now
  }
}

void Racer::record_reset(const Flight& f, const Completion& c) {
  const Request& r = f.request;
  const bool vector = r.opcode() == 0x90;
  const std::uint64_t lba = vector ? r.list[0] : r.ranges[0].slba;
  const auto code = static_cast<std::uint16_t>(c.status.code());
  if (c.result != (vector && code != kSuccess ? 1U : 0U)) race_.fail("a reset's status and bits disagree");
  if (code == kSuccess && r.metadata_bytes != 0) {
    // What came with it was true at some moment.
    Event e = event(f, Event::Kind::report, lba, code);
    const std::vector<std::byte> bytes = f.transfer->metadata.gather();
    std::ranges::transform(bytes, e.report.begin(), [](std::byte b) { return static_cast<std::uint8_t>(b); });
    race_.history.add(std::move(e));
  }
  Event e = event(f, Event::Kind::reset, lba, code);
  ++race_.resets_done;
  if (code == kSuccess) race_.issued[e.chunk] = 0;
  race_.history.add(std::move(e));
}

}  // namespace lightnvm::oracle
