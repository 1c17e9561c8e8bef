// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 1.2: bad block tables.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using lightnvm::Address;
using lightnvm::BlockState;

constexpr std::uint8_t kSetTable = 0xF1, kGetTable = 0xF2;
constexpr std::size_t kHeader = 64, kVersion = 4, kEntries = 12, kCounters = 16;
constexpr std::array<unsigned, 4> kStates{1, 2, 4, 8};

std::uint32_t entries(const Trial& t) { return t.geo().chunks * t.geo().planes; }

Trial::Completion get(Trial& t, std::uint64_t ppa, Page& page) {
  page.assign(kHeader + entries(t), std::byte{0});
  auto c = raw(kGetTable, t.device().nsid());
  set_lba(c, ppa);
  return t.admin(c, fmt::format("Get Bad Block Table of {:#x}", ppa), page);
}
Page table(Trial& t, Address lun) {
  Page page;
  t.expect_ok(get(t, t.device().to_device(Address::of(lun.group(), lun.unit(), 0)), page));
  return page;
}
Page table(Trial& t) { return table(t, t.at()); }

template <typename F>
void for_each_lun(Trial& t, F&& f) {
  for (std::uint32_t i = 0; i < t.geo().total_units(); ++i) {
    f(table(t, Address::of(i / t.geo().units, i % t.geo().units, 0)));
  }
}

void header(Trial& t) {
  for_each_lun(t, [&](const Page& p) {
    t.expect(std::memcmp(p.data(), "BBLT", 4) == 0, "TBLID \"BBLT\"", "another one");
    t.expect(u16(p, kVersion) == 1, "VERID 1", fmt::format("{}", u16(p, kVersion)));
    t.expect(u32(p, kEntries) == entries(t), fmt::format("TBLKS {}", entries(t)), fmt::format("{}", u32(p, kEntries)));
  });
}

void states(Trial& t) {
  for_each_lun(t, [&](const Page& p) {
    for (std::size_t i = kHeader; i < p.size(); ++i) {
      const unsigned state = u8(p, i);
      t.expect(state == 0 || std::ranges::find(kStates, state) != kStates.end(), "states 0, 1, 2, 4 or 8",
               fmt::format("{}", state));
    }
  });
}

void check_counters(Trial& t, const Page& p) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    const auto n = std::count(p.begin() + kHeader, p.end(), static_cast<std::byte>(kStates.at(i)));
    const std::uint32_t counted = u32(p, kCounters + 4 * i);
    t.expect(counted == n, fmt::format("{} blocks counted in state {}", n, kStates.at(i)), fmt::format("{}", counted));
  }
}
void counters(Trial& t) {
  for_each_lun(t, [&](const Page& p) { check_counters(t, p); });
  for (const BlockState s : {BlockState::grown_bad, BlockState::host_reserved}) {
    t.expect_ok(t.mark(std::array{t.at()}, s));
    check_counters(t, table(t));
  }
}

std::size_t entry(const Trial& t, Address a) { return kHeader + std::size_t{a.chunk()} * t.geo().planes + a.plane(); }

void set(Trial& t) {
  for (const BlockState s : {BlockState::grown_bad, BlockState::factory_bad, BlockState::device_reserved,
                             BlockState::host_reserved, BlockState::good}) {
    t.expect_ok(t.mark(std::array{t.at()}, s));
    const unsigned now = u8(table(t), entry(t, t.at()));
    t.expect(now == static_cast<unsigned>(s), fmt::format("state {}, as it was set", static_cast<unsigned>(s)),
             fmt::format("{}", now));
  }
}

/// One entry changes, no other.
void plane(Trial& t) {
  const Page before = table(t);
  const Address last = Address::of12(t.at().group(), t.at().unit(), t.at().chunk(), t.geo().planes - 1);
  t.expect_ok(t.mark(std::array{last}, BlockState::host_reserved));
  const Page after = table(t);
  for (std::size_t i = kHeader; i < after.size(); ++i) {
    if (i != entry(t, last))
      t.expect(after[i] == before[i], fmt::format("entry {} as it was", i - kHeader), "another state");
  }
}

void several(Trial& t) {
  const std::array<Address, 2> list{t.at(0), t.at(1)};
  t.expect_ok(t.mark(list, BlockState::host_reserved));
  for (const Address a : list) {
    t.expect(u8(table(t, a), entry(t, a)) == 8, chunk_name(a) + " in state 8", "another state");
  }
}

Trial::Completion set_raw(Trial& t, std::uint64_t ppa, std::uint32_t state, std::uint32_t count = 1) {
  auto c = raw(kSetTable, t.device().nsid());
  set_lba(c, ppa);
  c[12] = (count - 1) | state << 16;
  return t.admin(c, fmt::format("Set Bad Block Table of {:#x}, {} blocks, state {}", ppa, count, state));
}

void unknown_state(Trial& t) {
  const Page before = table(t);
  for (const std::uint32_t state : {3U, 16U, 255U}) {
    t.expect_if_sent(set_raw(t, t.device().to_device(t.at()), state), {invalid_field});
    t.expect(table(t) == before, "the table as it was", "another one");
  }
}

void nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) {
    t.expect_if_sent(set_raw(t, t.device().to_device(hole.address), 2), {invalid_field});
    if (hole.what == "chunk") continue;
    Page page;
    t.expect_if_sent(get(t, t.device().to_device(hole.address), page), {invalid_field});
  }
}

void any_block(Trial& t) {
  const Page wanted = table(t);
  Page page;
  t.expect_ok(get(t, t.device().to_device(t.geo().sector_address(t.at(), t.geo().sectors - 1)), page));
  t.expect(page == wanted, "the table of the LUN", "another one");
}

void too_many(Trial& t) {
  t.expect_if_sent(set_raw(t, t.device().to_device(t.at()), 2, 65), {invalid_field});
  t.expect(u8(table(t), entry(t, t.at())) == 0, "the block good as before", "another state");
}

constexpr Rule kRules[] = {
    {"table.header",
     "OCSSD-1.2 10.3",
     "Each LUN has a table of version 1 with an entry for each plane of each block.",
     {},
     header},
    {"table.states", "OCSSD-1.2 10.3", "Each entry is good, bad or reserved.", {}, states},
    {"table.counters", "OCSSD-1.2 10.3", "The counters count the table.", {.chunks = 1}, counters},
    {"table.set", "OCSSD-1.2 10.3", "A state that was set is in the table.", {.chunks = 1}, set},
    {"table.plane",
     "OCSSD-1.2 10.3",
     "A set changes the entry of the plane that the address names, no other.",
     {.chunks = 1},
     plane},
    {"table.several", "OCSSD-1.2 10.3", "One command sets several blocks.", {.chunks = 2}, several},
    {"table.any_block",
     "OCSSD-1.2 10.3",
     "A get looks at channel and LUN of its address alone.",
     {.chunks = 1},
     any_block},
    {"table.unknown_state",
     "OCSSD-1.2 10.3",
     "A state that there is not is 002h and changes nothing.",
     {.chunks = 1},
     unknown_state},
    {"table.nowhere", "OCSSD-1.2 10.3", "A LUN or block that does not exist is 002h.", {.hole = true}, nowhere},
    {"table.too_many", "OCSSD-1.2 10.3", "More than 64 blocks are 002h.", {.chunks = 1}, too_many},
};

}  // namespace

std::span<const Rule> table_rules_12() { return kRules; }

}  // namespace tools::check
