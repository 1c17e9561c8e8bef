// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: writes, scalar and vector, and how they move a chunk through its states.
#include <fmt/format.h>

#include <algorithm>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using enum lightnvm::ChunkState;
using lightnvm::Address;
using lightnvm::Sectors;

/// A write that is refused in every way, and changes nothing.
void refused(Trial& t, Address first, std::uint32_t count, lightnvm::StatusCode code) {
  const Address home = first.at_sector(0);
  const bool exists = t.geo().contains(home);
  const auto before = exists ? t.chunk(home) : lightnvm::Chunk{};
  for (const Way way : t.ways()) {
    if (way.vector && count > t.most_addresses()) continue;
    t.expect(t.write(first, count, way), code);
    if (exists) t.expect_same(before);
  }
}

void opens(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  unsigned i = 0;
  for (const Way way : t.ways()) {
    t.expect_ok(t.write(t.at(i), unit, way));
    t.expect_chunk(t.at(i++), unit == t.geo().sectors ? closed : open, unit);
  }
}

void advances(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  std::uint32_t at = 0;
  for (const Way way : t.ways()) {
    for (const std::uint32_t n : {unit, 2 * unit}) {
      if (at + n >= t.geo().sectors || (way.vector && n > t.most_addresses())) continue;
      t.expect_ok(t.write(t.at().at_sector(at), n, way));
      t.expect_chunk(t.at(), open, at += n);
    }
  }
}

void closes(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t end = t.geo().sectors;
  for (unsigned i = 0; i < 2; ++i) {
    t.fill_to(t.at(i), end - unit);
    if (end != unit) t.expect_chunk(t.at(i), open, end - unit);
    t.expect_ok(t.write(t.at(i).at_sector(end - unit), unit, {.vector = i == 1}));
    t.expect_chunk(t.at(i), closed, end);
  }
}

void whole(Trial& t) {
  const std::uint64_t most = t.stock().limit() == 0 ? 65536 : std::min<std::uint64_t>(65536, t.stock().limit());
  if (t.geo().sectors > most) throw Skipped{fmt::format("a chunk has more than the {} sectors of one command", most)};
  t.expect_if_sent(t.write(t.at(), t.geo().sectors), {success});
  t.expect_chunk(t.at(), closed, t.geo().sectors);
}

void ahead(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (4 * unit > t.geo().sectors) throw Skipped{"a chunk has fewer than 4 * WS_MIN sectors"};
  t.fill_to(t.at(), 2 * unit);
  refused(t, t.at().at_sector(3 * unit), unit, out_of_order_write);
}

void behind(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (4 * unit > t.geo().sectors) throw Skipped{"a chunk has fewer than 4 * WS_MIN sectors"};
  t.fill_to(t.at(), 2 * unit);
  refused(t, t.at().at_sector(unit), unit, out_of_order_write);
  refused(t, t.at().at_sector(0), unit, out_of_order_write);
}

void free_elsewhere(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (2 * unit > t.geo().sectors) throw Skipped{"a chunk has fewer than 2 * WS_MIN sectors"};
  refused(t, t.at().at_sector(unit), unit, out_of_order_write);
}

void to_closed(Trial& t) {
  t.close(t.at());
  refused(t, t.at(), t.geo().ws_min, write_fault);
  if (!t.stock().early) return;
  const auto early = t.chunk(*t.stock().early);
  refused(t, early.address.at_sector(static_cast<std::uint32_t>(early.write_pointer)), t.geo().ws_min, write_fault);
}

void to_offline(Trial& t) { refused(t, *t.stock().offline, t.geo().ws_min, write_fault); }

void to_nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) refused(t, hole.address, t.geo().ws_min, write_fault);
}

void past_end(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t end = t.geo().sectors;
  // Sectors past the end must have names, for the library to send them.
  if (t.device().address_bits().at(3) < 32 && end - unit + 2 * unit > 1ULL << t.device().address_bits().at(3)) {
    // The scalar command names the first sector alone.
    t.fill_to(t.at(), end - unit);
    const auto before = t.chunk(t.at());
    t.expect(t.write(t.at().at_sector(end - unit), 2 * unit), write_fault);
    t.expect_same(before);
    return;
  }
  t.fill_to(t.at(), end - unit);
  refused(t, t.at().at_sector(end - unit), 2 * unit, write_fault);
}

void small(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (unit == 1) throw Skipped{"WS_MIN is 1"};
  refused(t, t.at(), unit - 1, invalid_field);
  if (unit + 1 <= t.geo().sectors) refused(t, t.at(), unit + 1, invalid_field);
}

void transfer(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint64_t most = t.stock().limit() / unit * unit;
  if (most + unit > t.geo().sectors || most + unit > 65536) {
    throw Skipped{fmt::format("MDTS is not below a chunk's {} sectors", t.geo().sectors)};
  }
  const auto count = static_cast<std::uint32_t>(most);
  // A route that carries less, or has to cut, says so before anything is sent.
  t.expect_if_sent(t.write(t.at(), count + unit), {invalid_field});
  t.expect_chunk(t.at(), free, 0);
  t.expect_if_sent(t.write(t.at(), count), {success});
  t.expect_chunk(t.at(), open, count);
}

void to_shorter(Trial& t) {
  const Address a = *t.stock().shorter;
  const auto sectors = t.chunk(a).sectors;
  const std::uint32_t unit = t.geo().ws_min;
  t.fill_to(a, sectors - unit);
  t.expect(t.write(a.at_sector(sectors - unit), 2 * unit), write_fault);
  t.expect_chunk(a, open, sectors - unit);
  t.expect_ok(t.write(a.at_sector(sectors - unit), unit, {.vector = true}));
  t.expect_chunk(a, closed, sectors);
}

void to_random(Trial& t) {
  const Address a = *t.stock().random;
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t place = t.chunk(a).sectors / 2 / unit * unit;
  for (const Way way : t.ways()) {
    t.expect_ok(t.write(a.at_sector(place), unit, way));
    t.expect_chunk(a, open, lightnvm::Chunk::kNoWritePointer);
    t.expect_ok(t.write(a.at_sector(0), unit, way));
    t.expect_ok(t.read(a.at_sector(place), unit, way));
    t.expect_data(a.at_sector(place), unit);
  }
}

/// Where a limit of open chunks can be reached: how many more may be opened, and free chunks for one more than that.
struct Limit {
  std::uint32_t left = 0;
  std::vector<Address> chunks;
};
Limit find_limit(Trial& t) {
  const auto& g = t.geo();
  const bool per_unit = g.max_open_unit != 0;
  const auto report = *t.device().chunks();
  Limit out;
  std::uint32_t on_device = 0;
  std::uint32_t in_unit = 0;
  const auto first = std::ranges::find_if(report, [](const auto& c) { return c.state == free; });
  if (first == report.end()) throw Skipped{"there is no free chunk"};
  for (const auto& c : report) {
    const bool here = c.address.group() == first->address.group() && c.address.unit() == first->address.unit();
    if (c.type != lightnvm::ChunkType::sequential) continue;
    if (c.state == open) ++on_device;
    if (c.state == open && here) ++in_unit;
    if (c.state == free && c.sectors == g.sectors && (here || !per_unit)) out.chunks.push_back(c.address);
  }
  const std::uint32_t device_left = g.max_open == 0 ? ~0U : g.max_open - std::min(on_device, g.max_open);
  const std::uint32_t unit_left = per_unit ? g.max_open_unit - std::min(in_unit, g.max_open_unit) : ~0U;
  out.left = std::min(device_left, unit_left);
  return out;
}

void limit(Trial& t) {
  if (t.geo().max_open == 0 && t.geo().max_open_unit == 0)
    throw Skipped{"any number of chunks may be open (MAXOC, MAXOCPU)"};
  constexpr std::uint32_t kMany = 8;
  const auto [left, chunks] = find_limit(t);
  if (left > kMany) throw Skipped{fmt::format("more than {} chunks may be opened (MAXOC, MAXOCPU)", kMany)};
  if (chunks.size() <= left)
    throw Skipped{fmt::format("it takes {} free chunks, there are {}", left + 1, chunks.size())};
  for (std::uint32_t i = 0; i <= left; ++i) t.borrow(chunks[i]);
  for (std::uint32_t i = 0; i < left; ++i) t.expect_ok(t.write(chunks[i], t.geo().ws_min));
  for (const Way way : t.ways()) t.expect(t.write(chunks[left], t.geo().ws_min, way), write_fault);
  t.expect_chunk(chunks[left], free, 0);
  if (left == 0) return;
  t.close(chunks[0]);
  t.expect_ok(t.write(chunks[left], t.geo().ws_min));
}

void flags(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  std::uint32_t at = 0;
  for (const bool vector : {false, true}) {
    for (const auto& options : {lightnvm::CommandOptions{true, false}, lightnvm::CommandOptions{false, true}}) {
      const Address first = t.at().at_sector(at);
      t.expect_ok(
          t.write(vector ? Sectors::vector(first, unit) : Sectors(first, unit), {.vector = vector}, 0, options));
      if ((at += unit) + unit > t.geo().sectors) break;
    }
  }
  t.fill_to(t.at(), t.until_readable(at));
  t.expect_ok(t.read(Sectors(t.at(), at), {}, {false, true}));
  t.expect_data(t.at(), at);
}

void flush(Trial& t) {
  t.expect_ok(t.flush());
  t.expect_ok(t.write(t.at(), t.geo().ws_min));
  t.expect_ok(t.flush());
  t.expect_ok(t.flush(true));
  t.expect_chunk(t.at(), t.geo().ws_min == t.geo().sectors ? closed : open, t.geo().ws_min);
}

constexpr Rule kRules[] = {
    {"write.opens",
     "OCSSD-2.0 4.3",
     "The first write makes a free chunk open, its write pointer goes along.",
     {.chunks = 4},
     opens},
    {"write.advances",
     "OCSSD-2.0 4.3",
     "A write at the write pointer moves it on by as many sectors.",
     {.chunks = 1},
     advances},
    {"write.closes", "OCSSD-2.0 4.3", "The write that reaches a chunk's end closes it.", {.chunks = 2}, closes},
    {"write.whole", "OCSSD-2.0 4.3", "A write of a whole chunk makes it closed at once.", {.chunks = 1}, whole},
    {"write.ahead",
     "OCSSD-2.0 4.3",
     "A write ahead of the write pointer is 2F2h and changes nothing.",
     {.chunks = 1},
     ahead},
    {"write.behind",
     "OCSSD-2.0 4.3",
     "A write behind the write pointer is 2F2h and changes nothing.",
     {.chunks = 1},
     behind},
    {"write.free_elsewhere",
     "OCSSD-2.0 4.3",
     "A write to a free chunk but at its start is 2F2h.",
     {.chunks = 1},
     free_elsewhere},
    {"write.closed", "OCSSD-2.0 4.3", "A write to a closed chunk is 280h.", {.chunks = 1}, to_closed},
    {"write.offline", "OCSSD-2.0 4.3", "A write to an offline chunk is 280h.", {.offline = true}, to_offline},
    {"write.nowhere", "OCSSD-2.0 4.3", "A write to an address where nothing is, is 280h.", {.hole = true}, to_nowhere},
    {"write.past_end",
     "OCSSD-2.0 4.3",
     "A write over a chunk's end is 280h and changes nothing.",
     {.chunks = 1},
     past_end},
    {"write.small", "OCSSD-2.0 4.3", "A write that is no multiple of WS_MIN is 002h.", {.chunks = 1}, small},
    {"write.transfer",
     "OCSSD-2.0 5",
     "A scalar write up to MDTS is carried out, a larger one is 002h.",
     {.chunks = 1, .limit = true},
     transfer},
    {"write.shorter", "OCSSD-2.0 3.2", "A smaller chunk ends at its own CNLB.", {.shorter = true}, to_shorter},
    {"write.random",
     "OCSSD-2.0 4.3",
     "A random chunk takes writes anywhere, and has no write pointer.",
     {.random = true},
     to_random},
    {"write.limit", "OCSSD-2.0 4.3", "One more open chunk than MAXOC or MAXOCPU is 280h.", {}, limit},
    {"write.flags", "OCSSD-2.0 5", "FUA and limited retry change nothing else.", {.chunks = 1}, flags},
    {"write.flush", "OCSSD-2.0 5", "Flush succeeds and changes no chunk.", {.chunks = 1}, flush},
};

}  // namespace

std::span<const Rule> write_rules_20() { return kRules; }

}  // namespace tools::check
