// SPDX-License-Identifier: BSD-2-Clause
// How the oracle's tests draw numbers, memory and commands.
#include "emulator/oracle_random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "spec/build.hpp"

namespace lightnvm::oracle {
namespace {

constexpr std::size_t kGuard = 8;
constexpr std::byte kGuardByte{0xE7};

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t x = state_ += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

Scatter::Scatter(Random& random, std::size_t bytes, std::byte canary) {
  std::vector<std::size_t> sizes;
  const std::uint64_t pieces = random.chance(40) ? 1 : random.between(2, 6);
  std::size_t left = bytes;
  for (std::uint64_t i = 1; i < pieces; ++i) {
    std::size_t size = random.below(left + 1);
    if (random.chance(30)) size = std::min<std::size_t>(left, random.below(4));
    if (random.chance(30)) size = size / 512 * 512;
    sizes.push_back(size);
    left -= size;
  }
  sizes.push_back(left);

  arena_.assign(bytes + kGuard * (sizes.size() + 1), canary);
  segments_.resize(sizes.size());
  std::vector<std::size_t> order(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  std::size_t at = 0;
  for (const std::size_t i : order) {
    guards_.push_back(at);
    segments_[i] = {arena_.data() + at + kGuard, sizes[i]};
    at += kGuard + sizes[i];
  }
  guards_.push_back(at);
  for (const std::size_t guard : guards_)
    std::fill_n(arena_.begin() + static_cast<std::ptrdiff_t>(guard), kGuard, kGuardByte);
  if (bytes == 0 && random.chance(70)) segments_.clear();
}

Scatter::Scatter(Random& random, std::span<const std::byte> content) : Scatter(random, content.size(), std::byte{}) {
  std::size_t at = 0;
  for (const Segment& s : segments_) {
    if (s.bytes != 0) std::memcpy(s.base, content.data() + at, s.bytes);
    at += s.bytes;
  }
}

std::vector<std::byte> Scatter::gather() const {
  std::vector<std::byte> bytes;
  for (const Segment& s : segments_) bytes.insert(bytes.end(), s.base, s.base + s.bytes);
  return bytes;
}

bool Scatter::guards_intact() const {
  return std::ranges::all_of(guards_, [&](std::size_t guard) {
    const auto begin = arena_.begin() + static_cast<std::ptrdiff_t>(guard);
    return std::all_of(begin, begin + kGuard, [](std::byte b) { return b == kGuardByte; });
  });
}

Generator::Generator(std::uint64_t seed, const Oracle& oracle) : random_(seed), oracle_(oracle) {
  const auto& chunks = oracle.chunks();
  for (int i = 0; i < 8; ++i) hot_.push_back(random_.below(chunks.size()));
  for (std::uint64_t i = 0; i < chunks.size(); ++i) {
    const bool special = chunks[i].random || chunks[i].cnlb < oracle.geometry().sectors || chunks[i].state != kFree;
    if (special && hot_.size() < 16) hot_.push_back(i);
  }
}

std::uint64_t Generator::hot() {
  std::uint64_t& place = hot_[random_.below(hot_.size())];
  // Chunks that went offline make room in the end, or long sequences would meet little else.
  if (random_.chance(oracle_.chunks()[place].state == kOffline ? 10 : 1))
    place = random_.below(oracle_.chunks().size());
  return place;
}

std::uint64_t Generator::chunk_in(std::uint8_t state) {
  std::vector<std::uint64_t> found;
  std::ranges::copy_if(hot_, std::back_inserter(found),
                       [&](std::uint64_t c) { return oracle_.chunks()[c].state == state; });
  return found.empty() ? chunk() : random_.of(found);
}

std::uint64_t Generator::writable() {
  if (random_.chance(15)) return chunk();
  const std::uint64_t c = chunk_in(random_.chance(75) ? kOpen : kFree);
  if (random_.chance(60)) return c;
  // The fullest one, so that large chunks too are closed in time.
  const auto pointer = [&](std::uint64_t x) {
    const Chunk& now = oracle_.chunks()[x];
    return now.state == kOpen && !now.random ? now.wp : 0;
  };
  return *std::ranges::max_element(hot_, {}, pointer);
}

std::uint64_t Generator::spot(std::uint64_t chunk) {
  const Chunk& c = oracle_.chunks()[chunk];
  const Geometry& g = oracle_.geometry();
  const std::uint64_t wp = c.wp;
  const std::vector<std::uint64_t> spots = {0,
                                            wp,
                                            wp,
                                            wp - 1,
                                            wp + 1,
                                            wp - g.ws_min,
                                            wp + g.ws_min,
                                            c.cnlb - 1U,
                                            c.cnlb,
                                            c.cnlb - g.ws_min,
                                            g.sectors - 1,
                                            g.sectors,
                                            wp - g.mw_cunits,
                                            wp - g.mw_cunits - 1,
                                            wp - g.mw_cunits + 1};
  const std::uint64_t lblk = random_.chance(75) ? random_.of(spots) : random_.below(g.sectors);
  return lblk > g.sectors ? 0 : lblk;  // below the chunk's start
}

std::uint64_t Generator::stray(std::uint64_t lba) {
  const Geometry& g = oracle_.geometry();
  const unsigned bits = oracle_.lba_bits();
  switch (random_.below(5)) {
    case 0: return lba | 1ULL << (bits + random_.below(64 - bits));
    case 1: return oracle_.lba(g.total_chunks(), 0) + oracle_.lblk_of(lba);  // the first group that is not there
    case 2: return lba | ((1ULL << bits) - 1) << oracle_.chunk_shift();      // the last group, unit and chunk
    case 3: return random_.next();
    default: {  // the first chunk that is not there, in some unit
      const std::uint64_t unit = random_.below(g.total_units());
      return oracle_.lba(unit * g.chunks, 0) + (std::uint64_t{g.chunks} << oracle_.chunk_shift());
    }
  }
}

std::uint64_t Generator::address() {
  const std::uint64_t c = chunk();
  const std::uint64_t lba = oracle_.lba(c, spot(c));
  return random_.chance(5) ? stray(lba) : lba;
}

std::uint64_t Generator::write_count(const Chunk& c) {
  const Geometry& g = oracle_.geometry();
  const std::uint64_t limit = std::min<std::uint64_t>(oracle_.transfer_limit() / g.sector_bytes, 256);
  const std::uint64_t left = c.wp < c.cnlb ? c.cnlb - c.wp : g.ws_min;
  switch (random_.below(12)) {
    case 0: return g.ws_min + 1;
    case 1: return g.ws_min > 1 ? g.ws_min - 1 : 1;
    case 2: return std::min(left, limit);
    case 3: return std::min(left, limit) / g.ws_min * g.ws_min + g.ws_min;
    case 4: return limit;
    case 5: return random_.chance(30) ? limit + 1 : limit / g.ws_min * g.ws_min;
    case 6: return left <= limit ? left : g.ws_min;
    default: return g.ws_min * random_.between(1, 3);
  }
}

void Generator::append_run(Lbas& lbas, std::uint64_t chunk, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) lbas.push_back(oracle_.lba(chunk, first + i));
}

Generator::Lbas Generator::runs() {
  const Geometry& g = oracle_.geometry();
  Lbas lbas;
  std::map<std::uint64_t, std::uint64_t> pointers;
  const std::uint64_t wanted = random_.chance(40) ? 1 : random_.between(2, 5);
  for (std::uint64_t i = 0; i < wanted; ++i) {
    // Now and then a chunk comes again, where the command's earlier run left it.
    const std::uint64_t c = !pointers.empty() && random_.chance(15) ? pointers.begin()->first : writable();
    const auto known = pointers.try_emplace(c, oracle_.chunks()[c].wp).first;
    std::uint64_t count = g.ws_min * (random_.chance(70) ? 1 : random_.between(1, 4));
    if (random_.chance(3)) count = random_.between(1, 8);
    if (oracle_.chunks()[c].random) count = random_.between(1, 6);
    const std::uint64_t first = oracle_.chunks()[c].random ? spot(c) : known->second;
    if (!lbas.empty() && lbas.size() + count > 64) break;
    append_run(lbas, c, first, count);
    known->second += count;
  }
  if (random_.chance(4)) {
    lbas.clear();
    const std::uint64_t c = writable();
    append_run(lbas, c, oracle_.chunks()[c].wp, 64);
  }
  if (random_.chance(14)) spoil(lbas);
  if (lbas.size() > 64) lbas.resize(random_.chance(50) ? 64 : 65);
  return lbas;
}

void Generator::spoil(Lbas& lbas) {
  std::uint64_t& entry = lbas[random_.below(lbas.size())];
  switch (random_.below(7)) {
    case 0: std::swap(entry, lbas[random_.below(lbas.size())]); break;
    case 1: entry = lbas[random_.below(lbas.size())]; break;
    case 2: entry = stray(entry); break;
    case 3: entry += random_.chance(50) ? 1 : -1ULL; break;
    case 4: lbas.pop_back(); break;
    case 5: entry = address(); break;
    default: lbas.insert(lbas.begin() + static_cast<std::ptrdiff_t>(random_.below(lbas.size())), address()); break;
  }
  if (lbas.empty()) lbas.push_back(address());
}

Generator::Lbas Generator::sources(std::size_t count) {
  Lbas lbas;
  while (lbas.size() < count) {
    // Mostly stretches that can be read, of one chunk or of two.
    const std::uint64_t c = chunk_in(random_.chance(75) ? kClosed : kOpen);
    const Chunk& now = oracle_.chunks()[c];
    const std::uint64_t hidden = now.state == kClosed ? 0 : oracle_.geometry().mw_cunits;
    const std::uint64_t shown = now.random ? now.cnlb : now.wp > hidden ? now.wp - hidden : 0;
    const std::uint64_t n = std::min<std::uint64_t>(random_.between(1, 32), count - lbas.size());
    const std::uint64_t first = shown > n ? random_.below(shown - n + 1) : 0;
    if (shown >= n || random_.chance(10)) {
      append_run(lbas, c, first, n);
    } else if (random_.chance(20)) {
      lbas.push_back(address());
    }
  }
  if (random_.chance(30)) std::swap(lbas.front(), lbas[random_.below(lbas.size())]);
  return lbas;
}

void Generator::give_memory(Request& r, std::uint64_t sectors) {
  const Geometry& g = oracle_.geometry();
  r.data_bytes = sectors * g.sector_bytes;
  r.metadata_bytes = random_.chance(75) || always_metadata ? sectors * g.oob_bytes : 0;
}

void Generator::give_content(Request& r, std::uint64_t sectors) {
  for (std::uint64_t i = 0; i < sectors; ++i) {
    r.content.push_back({next_tag_, next_tag_ + 1});
    next_tag_ += 2;
  }
}

Request Generator::scalar_write() {
  Request r;
  const std::uint64_t c = writable();
  const std::uint64_t at = random_.chance(70) && !oracle_.chunks()[c].random ? oracle_.chunks()[c].wp : spot(c);
  const std::uint64_t lba = random_.chance(3) ? stray(oracle_.lba(c, at)) : oracle_.lba(c, at);
  const std::uint64_t count = write_count(oracle_.chunks()[c]);
  r.command = spec::build::transfer(spec::IoOpcode::write, 1, lba, static_cast<std::uint32_t>(count));
  if (random_.chance(20)) spec::Fua::set(r.command, 1);
  give_memory(r, count);
  give_content(r, count);
  return r;
}

Request Generator::scalar_read() {
  Request r;
  const Geometry& g = oracle_.geometry();
  const std::uint64_t limit = std::min<std::uint64_t>(oracle_.transfer_limit() / g.sector_bytes, 256);
  std::uint64_t count = random_.chance(60) ? random_.between(1, 24) : random_.between(1, limit);
  if (random_.chance(1)) count = limit + 1;
  std::uint64_t lba = address();
  if (random_.chance(35)) lba -= random_.below(count);  // so that the boundary lies inside
  if (random_.chance(1)) lba = 0 - random_.between(1, count);
  r.command = spec::build::transfer(spec::IoOpcode::read, 1, lba, static_cast<std::uint32_t>(count));
  if (random_.chance(10)) spec::LimitedRetry::set(r.command, 1);
  give_memory(r, count);
  return r;
}

Request Generator::vector(spec::IoOpcode op, Lbas list) {
  Request r;
  r.command = spec::build::vector(op, 1, static_cast<std::uint32_t>(list.size()));
  if (random_.chance(20)) r.command.dw[12] |= static_cast<std::uint32_t>(random_.below(1 << 14)) << 16;
  r.list = std::move(list);
  return r;
}

Request Generator::vector_write() {
  Request r = vector(spec::IoOpcode::vector_write, runs());
  give_memory(r, r.list.size());
  give_content(r, r.list.size());
  return r;
}

Request Generator::vector_read() {
  Lbas list = sources(random_.chance(50) ? random_.between(1, 8) : random_.between(1, 64));
  if (random_.chance(40)) {
    for (std::uint64_t n = random_.between(1, 4); n != 0; --n) list[random_.below(list.size())] = address();
  }
  if (random_.chance(5)) list = Lbas(list.size(), list.front());
  Request r = vector(spec::IoOpcode::vector_read, std::move(list));
  give_memory(r, r.list.size());
  return r;
}

Request Generator::copy() {
  Lbas destination = runs();
  Request r = vector(spec::IoOpcode::vector_copy, sources(destination.size()));
  r.destination = std::move(destination);
  return r;
}

std::uint64_t Generator::reset_address() {
  if (random_.chance(12)) return address();
  return oracle_.lba(chunk_in(random_.chance(85) ? kClosed : kOpen), 0);
}

Request Generator::vector_reset() {
  Lbas list;
  const std::uint64_t count = random_.chance(3) ? 64 : random_.between(1, 4);
  while (list.size() < count) list.push_back(reset_address());
  Request r = vector(spec::IoOpcode::vector_reset, std::move(list));
  r.metadata_bytes = random_.chance(60) ? count * 32 : 0;
  return r;
}

Request Generator::deallocate() {
  Request r;
  const std::uint64_t count = random_.chance(2) ? 256 : random_.between(1, 3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t lba = reset_address();
    const auto c = oracle_.chunk_of(lba);
    spec::DsmRange range{static_cast<std::uint32_t>(random_.next()), c ? oracle_.chunks()[*c].cnlb : 8, lba};
    if (random_.chance(5)) range.blocks += random_.chance(50) ? 1 : -1U;
    if (random_.chance(5)) range.blocks = oracle_.geometry().sectors;
    r.ranges.push_back(range);
  }
  r.command = spec::build::deallocate(1, static_cast<std::uint32_t>(count));
  if (random_.chance(5)) spec::Deallocate::set(r.command, 0);
  r.data_bytes = count * 16;
  return r;
}

void Generator::set_reserved_bit(spec::Command& c, std::uint8_t opcode) {
  if (opcode == 0x01 || opcode == 0x02) {
    // PRACT is none, but there is no protection information.
    c.dw[12] |= 1U << random_.of<unsigned>({16, 17, 18, 19, 29});
  } else if (opcode == 0x09) {
    c.dw[10] |= random_.chance(50) ? 1U << random_.between(8, 31) : 0;
    c.dw[11] |= random_.chance(50) ? 1U << random_.between(3, 31) : 0;
  } else if (opcode >= 0x90) {
    c.dw[12] |= random_.chance(50) ? 1U << random_.between(6, 15) : 0;
    c.dw[13] |= random_.chance(50) ? 1U << random_.below(32) : 0;
  }
}

// One mistake in a command that may be right otherwise.
void Generator::corrupt(Request& r) {
  if (r.opcode() == 0x00) return;
  const bool is_vector = r.opcode() >= 0x90;
  switch (random_.below(10)) {
    case 0: r.command.dw[0] |= 1U << random_.between(8, 13); break;
    case 1: r.command.dw[1] = random_.chance(50) ? 0 : 2; break;
    case 2: r.data_bytes += random_.chance(50) ? 1 : oracle_.geometry().sector_bytes; break;
    case 3: r.data_bytes -= std::min<std::uint64_t>(r.data_bytes, oracle_.geometry().sector_bytes); break;
    case 4: r.metadata_bytes += random_.chance(50) ? 1 : 32; break;
    case 5: r.metadata_bytes -= std::min<std::uint64_t>(r.metadata_bytes, random_.between(1, 16)); break;
    case 6: r.list.push_back(address()); break;
    case 7:
      if (!r.list.empty()) r.list.pop_back();
      break;
    case 8:
      if (!r.destination.empty()) r.destination.pop_back();
      break;
    default: set_reserved_bit(r.command, r.opcode()); break;
  }
  if (!is_vector) r.list.clear();
}

Request Generator::next() {
  const std::uint64_t kind = random_.below(100);
  Request r;
  if (kind < 24) {
    r = scalar_write();
  } else if (kind < 44) {
    r = vector_write();
  } else if (kind < 56) {
    r = scalar_read();
  } else if (kind < 70) {
    r = vector_read();
  } else if (kind < 80) {
    r = copy();
  } else if (kind < 90) {
    r = vector_reset();
  } else if (kind < 97) {
    r = deallocate();
  } else if (kind < 99) {
    r.command = spec::build::flush(1);
  } else {
    r.command = spec::build::command(
        static_cast<std::uint8_t>(
            random_.chance(50) ? random_.of<int>({0x03, 0x04, 0x05, 0x08, 0x0D, 0x7F, 0x81, 0x8F, 0x94, 0xFF}) : 0x0E),
        1);
  }
  if (random_.chance(4)) corrupt(r);
  return r;
}

namespace {

std::string describe(std::uint64_t lba, const Oracle& oracle) {
  const auto c = oracle.chunk_of(lba);
  return c ? fmt::format("{}:{}", *c, oracle.lblk_of(lba)) : fmt::format("none({:#x})", lba);
}

/// Addresses as chunk:sector, stretches as chunk:sector+count.
std::string describe(std::span<const std::uint64_t> list, const Oracle& oracle) {
  std::string text;
  for (std::size_t begin = 0, end = 0; begin < list.size(); begin = end) {
    end = begin + 1;
    while (end < list.size() && list[end] == list[end - 1] + 1) ++end;
    text += ' ' + describe(list[begin], oracle);
    if (end - begin > 1) text += fmt::format("+{}", end - begin);
  }
  return text;
}

}  // namespace

std::string describe(const Request& r, const Oracle& oracle) {
  static const std::map<int, const char*> kNames = {{0x00, "flush"},      {0x01, "write"},  {0x02, "read"},
                                                    {0x09, "deallocate"}, {0x90, "vreset"}, {0x91, "vwrite"},
                                                    {0x92, "vread"},      {0x93, "vcopy"}};
  const auto name = kNames.find(r.opcode());
  std::string text = name == kNames.end() ? fmt::format("opcode {:02x}", r.opcode()) : name->second;
  if (r.opcode() == 0x01 || r.opcode() == 0x02) {
    text += fmt::format(" {}+{}", describe(spec::Slba::get(r.command), oracle), r.count());
  }
  for (const spec::DsmRange& range : r.ranges) {
    text += fmt::format(" {}+{}", describe(range.slba, oracle), range.blocks);
  }
  text += describe(r.list, oracle);
  if (!r.destination.empty()) text += " ->" + describe(r.destination, oracle);
  text += fmt::format(", data {} metadata {}, dw", r.data_bytes, r.metadata_bytes);
  for (const int i : {0, 1, 10, 11, 12, 13}) text += fmt::format(" {:x}", r.command.dw[static_cast<std::size_t>(i)]);
  return text;
}

}  // namespace lightnvm::oracle
