// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: what is special to vector commands: lists, several chunks, status bits.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using enum lightnvm::ChunkState;
using lightnvm::Address;
using lightnvm::Sectors;

constexpr std::uint64_t ones(std::uint32_t count) noexcept { return count >= 64 ? ~0ULL : (1ULL << count) - 1; }

/// The most addresses of one write.
std::uint32_t most_written(const Trial& t) { return t.most_addresses() / t.geo().ws_min * t.geo().ws_min; }

/// Runs of `unit` sectors in several chunks make one command.
void need_room(const Trial& t, std::uint32_t runs) {
  if (runs * t.geo().ws_min > t.most_addresses()) {
    throw Skipped{fmt::format("{} times WS_MIN sectors are more than one command takes", runs)};
  }
}

void most(Trial& t) {
  const std::uint32_t n = most_written(t);
  if (n == 0) throw Skipped{"WS_MIN is more than one vector command takes"};
  t.expect_if_sent(t.write(t.at(), n, {.vector = true}), {success});
  t.expect_chunk(t.at(), n == t.geo().sectors ? closed : open, n);
  t.expect_ok(t.read(t.at(), t.most_addresses(), {.vector = true}));
}

void too_many(Trial& t) {
  constexpr std::array<std::pair<std::uint8_t, const char*>, 3> kCommands{
      {{kVectorWrite, "vector write"}, {kVectorRead, "vector read"}, {kVectorReset, "vector reset"}}};
  for (const auto& [opcode, name] : kCommands) {
    for (const std::uint32_t count : {65U, 128U, 256U}) {
      std::vector<std::byte> data(opcode == kVectorReset ? 0 : static_cast<std::size_t>(count) * t.geo().sector_bytes);
      const auto list = t.lbas(Trial::run(t.at(), std::min(64U, t.geo().sectors)));
      t.expect_if_sent(t.io(raw_vector(opcode, t.device().nsid(), count),
                            fmt::format("{} of {} addresses", name, count), data, list),
                       {invalid_field});
      t.expect_chunk(t.at(), free, 0);
    }
  }
}

void two_chunks(Trial& t) {
  need_room(t, 2);
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t end = t.until_readable(unit);
  for (std::uint32_t at = 0; at < end; at += unit) {
    const auto list = Trial::both(Trial::run(t.at(0).at_sector(at), unit), Trial::run(t.at(1).at_sector(at), unit));
    t.expect_ok(t.write(list, {.vector = true}));
    for (unsigned i = 0; i < 2; ++i) t.expect_chunk(t.at(i), at + unit == t.geo().sectors ? closed : open, at + unit);
  }
  for (unsigned i = 0; i < 2; ++i) {
    t.expect_ok(t.read(t.at(i), unit));
    t.expect_data(t.at(i), unit);
  }
}

/// Runs of a write that one of its chunks refuses: three, or two where there is no room for more.
std::uint32_t runs_in_part(const Trial& t) {
  need_room(t, 2);
  return 3 * t.geo().ws_min > t.most_addresses() ? 2 : 3;
}

/// A write to several chunks, of which the second refuses it.
Trial::Completion write_in_part(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t runs = runs_in_part(t);
  t.expect_ok(t.write(t.at(1), unit));
  std::vector<Address> list;
  for (unsigned i = 0; i < runs; ++i) list = Trial::both(list, Trial::run(t.at(i), unit));
  return t.write(list, {.vector = true});
}

void atomic(Trial& t) {
  const auto c = write_in_part(t);
  t.expect(c, t.chunk(t.at(1)).state == closed ? write_fault : out_of_order_write);
  t.expect_chunk(t.at(0), free, 0);
  t.expect_chunk(t.at(2), free, 0);
  t.expect(t.chunk(t.at(1)).write_pointer == t.geo().ws_min, "the refusing chunk as it was", "another write pointer");
}

void write_bits(Trial& t) {
  const auto c = write_in_part(t);
  t.expect(c, {write_fault, out_of_order_write});
  t.expect_bits(c, ones(runs_in_part(t) * t.geo().ws_min));
}

void gap(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (unit < 2 || unit + 1 > t.geo().sectors) throw Skipped{"WS_MIN is 1: a run has no inside"};
  auto list = Trial::run(t.at(), unit);
  list.back() = list.back().plus(1);
  t.expect(t.write(list, {.vector = true}), out_of_order_write);
  t.expect_chunk(t.at(), free, 0);
}

void descending(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (unit < 2) throw Skipped{"WS_MIN is 1: a run has no order"};
  auto list = Trial::run(t.at(), unit);
  if (unit > 2) std::swap(list[1], list[2]);
  std::vector<Address> turned(list.rbegin(), list.rend());
  for (const auto& wrong : {list, turned}) {
    if (std::ranges::is_sorted(wrong)) continue;
    t.expect(t.write(wrong, {.vector = true}), out_of_order_write);
    t.expect_chunk(t.at(), free, 0);
  }
}

void twice(Trial& t) {
  need_room(t, 3);
  const std::uint32_t unit = t.geo().ws_min;
  if (2 * unit >= t.geo().sectors) throw Skipped{"a chunk has 2 * WS_MIN sectors or fewer"};
  auto list = Trial::both(Trial::run(t.at(0), unit), Trial::run(t.at(1), unit));
  list = Trial::both(list, Trial::run(t.at(0).at_sector(unit), unit));
  const auto c = t.write(list, {.vector = true});
  t.expect(c, {success, out_of_order_write});
  t.expect_chunk(t.at(0), c.ok() ? open : free, c.ok() ? 2 * unit : 0);
  t.expect_chunk(t.at(1), c.ok() ? open : free, c.ok() ? unit : 0);
}

void scattered(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  const std::uint32_t readable = std::min(t.geo().sectors, 2 * unit);
  for (unsigned i = 0; i < 2; ++i) t.fill_to(t.at(i), t.until_readable(readable));
  std::vector<Address> list;
  for (std::uint32_t i = 0; i < std::min(t.most_addresses(), 3 * readable); ++i) {
    list.push_back(t.at(i % 2).at_sector((readable - 1) - (i / 3) % readable));
  }
  for (const bool async : {false, true}) {
    t.expect_ok(t.read(list, {.vector = true, .async = async}));
    t.expect_data(list);
  }
}

/// Readable and unreadable sectors in one list.
std::vector<Address> mixed(Trial& t) {
  t.fill_to(t.at(0), t.until_readable(t.geo().ws_min));
  const Address last = t.at(0).at_sector(t.geo().ws_min - 1);
  std::vector<Address> list{last, t.at(1), t.at(0), t.at(1).plus(t.geo().sectors - 1), t.at(0)};
  list.resize(std::min<std::size_t>(list.size(), t.most_addresses()));
  return list;
}

void read_off(Trial& t) {
  const auto list = mixed(t);
  for (const bool async : {false, true}) {
    t.expect_ok(t.read(list, {.vector = true, .async = async}));
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      i % 2 == 0 ? t.expect_data(list[i], 1, 0, i) : t.expect_predefined(1, i);
    }
  }
}

void read_bits(Trial& t) {
  const auto list = mixed(t);
  t.dulbe(true);
  const auto c = t.read(list, {.vector = true});
  t.expect(c, deallocated_or_unwritten);
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    if (i % 2 == 1) t.expect(c.failed(i), fmt::format("a status bit for entry {}, which cannot be read", i), "none");
    if (!c.failed(i)) t.expect_data(list[i], 1, 0, i);
  }
}

void no_bits(Trial& t) {
  need_room(t, 2);
  const std::uint32_t unit = t.geo().ws_min;
  for (std::uint32_t at = 0; at < t.geo().sectors; at += unit) {
    const auto list = Trial::both(Trial::run(t.at(0).at_sector(at), unit), Trial::run(t.at(1).at_sector(at), unit));
    const auto c = t.write(list, {.vector = true});
    t.expect_ok(c);
    t.expect_bits(c, 0);
  }
  const auto r = t.read(Trial::run(t.at(0), unit), {.vector = true});
  t.expect_ok(r);
  t.expect_bits(r, 0);
  const auto z = t.reset(std::array{t.at(0), t.at(1)});
  t.expect_ok(z);
  t.expect_bits(z, 0);
}

void control(Trial& t) {
  for (const std::uint32_t bits : {0x2000000U, 0x10000U, 0x1FFF0000U}) {
    auto c = raw_vector(kVectorRead, t.device().nsid(), 1);
    c[12] |= bits;
    std::vector<std::byte> data(t.geo().sector_bytes);
    t.expect_if_sent(
        t.io(c, fmt::format("vector read of 1 sector with {:#x} in dword 12", bits), data, t.lbas(std::array{t.at()})),
        {success});
  }
}

void single(Trial& t) {
  t.fill_to(t.at(), t.until_readable(1));
  const std::array<Address, 1> one{t.at()};
  for (const bool async : {false, true}) {
    const auto c = t.read(one, {.vector = true, .async = async});
    t.expect_ok(c);
    t.expect_data(one);
  }
}

constexpr Rule kRules[] = {
    {"vector.single",
     "OCSSD-2.0 4.1",
     "A vector command of one address takes it without a list.",
     {.chunks = 1},
     single},
    {"vector.most", "OCSSD-2.0 4.1", "A vector command takes 64 addresses, within MDTS.", {.chunks = 1}, most},
    {"vector.too_many",
     "OCSSD-2.0 4.1",
     "More than 64 addresses are 002h, and change nothing.",
     {.chunks = 1, .vectors = true},
     too_many},
    {"vector.control", "OCSSD-2.0 4.1", "Bits 29:16 of dword 12 are ignored.", {.chunks = 1, .vectors = true}, control},
    {"vector.two_chunks",
     "OCSSD-2.0 4.3",
     "One write goes to several chunks, each at its write pointer.",
     {.chunks = 2},
     two_chunks},
    {"vector.atomic",
     "OCSSD-2.0 4.3",
     "A write of which one run is refused writes nothing.",
     {.chunks = 3, .vectors = true},
     atomic},
    {"vector.write_bits",
     "OCSSD-2.0 4.2",
     "Then each of its addresses has its status bit.",
     {.chunks = 3, .vectors = true},
     write_bits},
    {"vector.gap",
     "OCSSD-2.0 4.3",
     "A run with a gap is 2F2h, and writes nothing.",
     {.chunks = 1, .vectors = true},
     gap},
    {"vector.descending",
     "OCSSD-2.0 4.3",
     "A run that does not ascend is 2F2h, and writes nothing.",
     {.chunks = 1, .vectors = true},
     descending},
    {"vector.twice",
     "OCSSD-2.0 4.1",
     "A chunk that is in a write twice is written in that order, or 2F2h.",
     {.chunks = 2, .vectors = true},
     twice},
    {"vector.scattered",
     "OCSSD-2.0 4.1",
     "A read takes addresses in any order, and any of them more than once.",
     {.chunks = 2},
     scattered},
    {"vector.read_mixed",
     "OCSSD-2.0 4.4",
     "A read of some unwritten sectors brings the others, and predefined data.",
     {.chunks = 2},
     read_off},
    {"vector.read_bits",
     "OCSSD-2.0 4.2",
     "With DULBE it is 287h, with the status bits of those.",
     {.chunks = 2, .dulbe = true},
     read_bits},
    {"vector.no_bits", "OCSSD-2.0 4.2", "A command that succeeds has no status bit.", {.chunks = 2}, no_bits},
};

}  // namespace

std::span<const Rule> vector_rules_20() { return kRules; }

}  // namespace tools::check
