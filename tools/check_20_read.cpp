// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: what reads bring from a chunk in each state, with DULBE off and on.
#include <fmt/format.h>

#include <algorithm>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using enum lightnvm::ChunkState;
using lightnvm::Address;

/// Sectors that cannot be read: predefined data with DULBE off, an error with DULBE on.
void unreadable(Trial& t, Address first, std::uint32_t count) {
  for (const bool error : {false, true}) {
    t.dulbe(error);
    for (const Way way : t.ways()) {
      if (way.vector && count > t.most_addresses()) continue;
      const auto c = t.read(first, count, way);
      t.expect(c, error ? deallocated_or_unwritten : success);
    }
  }
  t.dulbe(false);
}

/// Sectors that can be read bring what was written, whatever DULBE is.
void readable(Trial& t, Address first, std::uint32_t count, std::initializer_list<Way> ways) {
  for (const bool error : {false, true}) {
    t.dulbe(error);
    for (const Way way : ways) {
      const std::uint32_t most = way.vector ? t.most_addresses() : t.stock().piece();
      for (std::uint32_t at = 0; at < count; at += most) {
        const std::uint32_t n = std::min(most, count - at);
        t.expect_ok(t.read(first.plus(at), n, way));
        t.expect_data(first.plus(at), n);
      }
    }
  }
  t.dulbe(false);
}

void of_free(Trial& t) {
  unreadable(t, t.at(), 1);
  unreadable(t, t.at().at_sector(t.geo().sectors - 1), 1);
}

void of_offline(Trial& t) { unreadable(t, *t.stock().offline, 1); }

void of_nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) unreadable(t, hole.address, 1);
}

void behind_pointer(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t end = t.until_readable(unit);
  if (end == t.geo().sectors) throw Skipped{"MW_CUNITS is nearly a chunk"};
  t.fill_to(t.at(), end);
  unreadable(t, t.at().at_sector(end), 1);
  unreadable(t, t.at().at_sector(t.geo().sectors - 1), 1);
}

void window(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t cunits = t.geo().mw_cunits;
  if (cunits == 0) throw Skipped{"MW_CUNITS is 0: all that is written can be read"};
  if (cunits + unit >= t.geo().sectors) throw Skipped{"MW_CUNITS is nearly a chunk"};
  t.fill_to(t.at(), cunits);
  unreadable(t, t.at(), 1);
  unreadable(t, t.at().at_sector(cunits - 1), 1);
  t.fill_to(t.at(), cunits + unit);
  unreadable(t, t.at().at_sector(unit), 1);
}

void of_open(Trial& t) {
  const std::uint32_t count = std::min(t.most_addresses(), 2 * t.geo().ws_min);
  const std::uint32_t end = t.until_readable(count);
  if (end == t.geo().sectors) throw Skipped{"MW_CUNITS is nearly a chunk"};
  t.fill_to(t.at(), end);
  readable(t, t.at(), count, {{}, {.vector = true}, {.async = true}, {.vector = true, .async = true}});
}

void of_closed(Trial& t) {
  t.close(t.at());
  const std::uint32_t last = std::min(t.geo().sectors, std::max(t.geo().mw_cunits, t.geo().ws_min));
  readable(t, t.at().at_sector(t.geo().sectors - last), last, {{}, {.vector = true}, {.async = true}});
}

void of_closed_early(Trial& t) {
  const auto c = t.chunk(*t.stock().early);
  unreadable(t, c.address.at_sector(static_cast<std::uint32_t>(c.write_pointer)), 1);
  unreadable(t, c.address.at_sector(c.sectors - 1), 1);
  if (c.write_pointer == 0) return;
  t.dulbe(true);
  for (const Way way : t.ways()) {
    t.expect_ok(t.read(c.address.at_sector(static_cast<std::uint32_t>(c.write_pointer) - 1), 1, way));
  }
}

void after_reset(Trial& t) {
  t.close(t.at());
  t.expect_ok(t.reset(t.at(), {.vector = true}));
  unreadable(t, t.at(), 1);
  t.dulbe(false);
  for (const Way way : t.ways()) {
    t.expect_ok(t.read(t.at(), 1, way));
    t.expect_predefined(1);
  }
}

void predefined(Trial& t) {
  t.dulbe(false);
  std::vector<Address> places{t.at(), t.at().at_sector(t.geo().sectors - 1)};
  if (t.stock().offline) places.push_back(*t.stock().offline);
  for (const auto& hole : t.stock().holes()) places.push_back(hole.address);
  for (const Address a : places) {
    for (const Way way : t.ways()) {
      t.expect_ok(t.read(a, 1, way));
      t.expect_predefined(1);
    }
  }
}

/// A readable stretch and what lies behind it, in one command: `good` sectors of `count` carry data.
void across(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (t.until_readable(unit) == t.geo().sectors) throw Skipped{"MW_CUNITS is nearly a chunk"};
  t.fill_to(t.at(), t.until_readable(unit));
  const auto good = static_cast<std::uint32_t>(t.chunk(t.at()).write_pointer) - t.geo().mw_cunits;
  const std::uint32_t count = std::min(t.geo().sectors, good + 2);
  for (const Way way : t.ways()) {
    if (way.vector && count > t.most_addresses()) continue;
    t.dulbe(true);
    t.expect(t.read(t.at(), count, way), deallocated_or_unwritten);
    t.dulbe(false);
    t.expect_ok(t.read(t.at(), count, way));
    t.expect_data(t.at(), good);
    t.expect_predefined(count - good, good);
  }
}

void over_end(Trial& t) {
  t.close(t.at());
  const Address last = t.at().at_sector(t.geo().sectors - 1);
  const std::uint64_t name = t.device().to_device(last) + 1;
  const Address next = t.device().from_device(name);
  const bool hole = !t.geo().contains(next) && next.value != 0;
  if (!hole) throw Skipped{"the sector number after a chunk's last one is a sector"};
  for (const bool async : {false, true}) {
    t.dulbe(false);
    t.expect_ok(t.read(last, 2, {.async = async}));
    t.expect_data(last, 1);
    t.expect_predefined(1, 1);
    t.dulbe(true);
    t.expect(t.read(last, 2, {.async = async}), deallocated_or_unwritten);
  }
}

void transfer(Trial& t) {
  const std::uint64_t most = t.stock().limit();
  if (most > 65535) throw Skipped{"MDTS is above the sectors of one command"};
  const auto count = static_cast<std::uint32_t>(most);
  t.expect_if_sent(t.read(t.at(), count), {success});
  t.expect_if_sent(t.read(t.at(), count + 1), {invalid_field});
}

void metadata(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  unsigned i = 0;
  for (const bool vector : {false, true}) {
    const Address a = t.at(i++);
    const std::uint32_t end = t.until_readable(2 * unit);
    for (std::uint32_t at = 0; at < end; at += unit) {
      t.expect_ok(t.write(a.at_sector(at), unit, {.vector = vector, .metadata = true}));
    }
    const std::uint32_t count = std::min(end, std::min(2 * unit, t.most_addresses()));
    for (const Way way : {Way{.metadata = true}, Way{.vector = true, .metadata = true}, Way{}}) {
      t.expect_ok(t.read(a, count, way));
      t.expect_data(a, count);
    }
  }
}

/// Writes of every size up to a whole chunk, and then all of it.
void whole_chunk(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t most = std::max(unit, std::min(t.stock().piece(), 4 * t.most_addresses()) / unit * unit);
  std::uint32_t n = unit;
  for (std::uint32_t at = 0; at<t.geo().sectors; n = n + unit> most ? unit : n + unit) {
    n = std::min(n, t.geo().sectors - at);
    t.expect_ok(t.write(t.at().at_sector(at), n, {.vector = n <= t.most_addresses() && (n / unit) % 2 == 0}));
    at += n;
  }
  readable(t, t.at(), t.geo().sectors, {{}, {.vector = true}});
}

void apart(Trial& t) {
  const std::uint32_t end = t.until_readable(t.geo().ws_min);
  for (std::uint32_t at = 0; at < end; at += t.geo().ws_min) {
    for (unsigned i = 0; i < 3; ++i) t.expect_ok(t.write(t.at(i).at_sector(at), t.geo().ws_min, {.vector = i == 1}));
  }
  for (unsigned i = 0; i < 3; ++i) readable(t, t.at(i), t.geo().ws_min, {{}});
}

void generations(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  for (unsigned round = 0; round < 2; ++round) {
    t.close(t.at(), round);
    t.expect_ok(t.read(t.at(), unit));
    t.expect_data(t.at(), unit, round);
    t.expect_ok(t.reset(t.at(), {.vector = true}));
  }
}

constexpr Rule kRules[] = {
    {"read.free",
     "OCSSD-2.0 6.2",
     "A free chunk reads as unwritten: 000h, with DULBE 287h.",
     {.chunks = 1, .dulbe = true},
     of_free},
    {"read.offline",
     "OCSSD-2.0 6.2",
     "An offline chunk reads as unwritten.",
     {.offline = true, .dulbe = true},
     of_offline},
    {"read.nowhere",
     "OCSSD-2.0 6.2",
     "An address where nothing is reads as unwritten; it is no range error.",
     {.hole = true, .dulbe = true},
     of_nowhere},
    {"read.behind",
     "OCSSD-2.0 6.2",
     "Sectors at and behind the write pointer read as unwritten.",
     {.chunks = 1, .dulbe = true},
     behind_pointer},
    {"read.window",
     "OCSSD-2.0 6.2",
     "The last MW_CUNITS sectors before an open chunk's write pointer read as unwritten.",
     {.chunks = 1, .dulbe = true},
     window},
    {"read.open",
     "OCSSD-2.0 6.2",
     "What lies before that can be read while the chunk is open.",
     {.chunks = 1, .dulbe = true},
     of_open},
    {"read.closed",
     "OCSSD-2.0 6.2",
     "A closed chunk can be read up to its write pointer.",
     {.chunks = 1, .dulbe = true},
     of_closed},
    {"read.closed_early",
     "OCSSD-2.0 6.2",
     "A chunk that was closed early can be read up to its write pointer, no further.",
     {.early = true, .dulbe = true},
     of_closed_early},
    {"read.after_reset",
     "OCSSD-2.0 7",
     "A chunk that was reset reads as unwritten.",
     {.chunks = 1, .dulbe = true},
     after_reset},
    {"read.predefined",
     "OCSSD-2.0 6.3",
     "Unwritten sectors read as DLFEAT says, data and metadata.",
     {.chunks = 1, .predefined = true},
     predefined},
    {"read.across",
     "OCSSD-2.0 5",
     "Of a range that cannot be read whole, what can be is delivered; with DULBE it is 287h.",
     {.chunks = 1, .dulbe = true},
     across},
    {"read.over_end",
     "OCSSD-2.0 5",
     "A range may run over a chunk's end: there it reads as unwritten.",
     {.chunks = 1, .dulbe = true},
     over_end},
    {"read.transfer",
     "OCSSD-2.0 5",
     "A scalar read up to MDTS is carried out, a larger one is 002h.",
     {.chunks = 1, .limit = true},
     transfer},
    {"data.metadata",
     "OCSSD-2.0 4.1",
     "Metadata comes back with its sectors, and data without it.",
     {.chunks = 2, .metadata = true},
     metadata},
    {"data.whole",
     "OCSSD-2.0 1.1",
     "A chunk brings back all that was written to it, in writes of any size.",
     {.chunks = 1, .dulbe = true},
     whole_chunk},
    {"data.apart",
     "OCSSD-2.0 2.1",
     "Chunks that are written in turn keep their data apart.",
     {.chunks = 3, .dulbe = true},
     apart},
    {"data.generations",
     "OCSSD-2.0 7",
     "A chunk that is written again brings back the new data.",
     {.chunks = 1},
     generations},
};

}  // namespace

std::span<const Rule> read_rules_20() { return kRules; }

}  // namespace tools::check
