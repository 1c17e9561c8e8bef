// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 1.2: the identity, admin command E2h.
#include <fmt/format.h>

#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;

// Offsets in the identity; those of the configuration group are of the first one. OCSSD-1.2 10.1.
constexpr std::size_t kGroups = 2, kFormat = 12, kMediaType = 256, kChannels = 260, kLuns = 261, kPlanes = 262,
                      kBlocks = 264, kPages = 266, kPageBytes = 268, kSectorBytes = 270, kTimes = 276, kModes = 300;

void version(Trial& t) { t.expect(u8(t.geometry(), 0) == 1, "VER_ID 1", "another one"); }

void group(Trial& t) {
  const Page p = t.geometry();
  t.expect(u8(p, kGroups) >= 1 && u8(p, kGroups) <= 4, "1 to 4 configuration groups",
           fmt::format("{}", u8(p, kGroups)));
  t.expect(u8(p, kMediaType) == 0, "MTYPE 0: NAND", fmt::format("{}", u8(p, kMediaType)));
}

void planes(Trial& t) {
  const Page p = t.geometry();
  const unsigned n = u8(p, kPlanes);
  t.expect(n == 1 || n == 2 || n == 4, "1, 2 or 4 planes", fmt::format("{}", n));
  const std::uint32_t wanted = 0x010101U * n;
  t.expect((u32(p, kModes) & wanted) == wanted,
           fmt::format("MPOS with {:#x}: reads, programs, erases over all planes", wanted),
           fmt::format("{:#x}", u32(p, kModes)));
}

void fields(Trial& t) {
  const Page p = t.geometry();
  const std::uint32_t sectors = u16(p, kSectorBytes) == 0 ? 0 : u16(p, kPageBytes) / u16(p, kSectorBytes);
  const std::array<std::uint64_t, 6> counts{u8(p, kChannels), u8(p, kLuns),   u8(p, kPlanes),
                                            u16(p, kBlocks),  u16(p, kPages), sectors};
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const unsigned offset = u8(p, kFormat + 2 * i);
    const unsigned length = u8(p, kFormat + 2 * i + 1);
    const std::string place = fmt::format("{} bits from bit {} on", length, offset);
    t.expect(counts.at(i) != 0 && length < 64 && counts.at(i) - 1 < 1ULL << length,
             fmt::format("field {} of PPAF holds {}", i, counts.at(i)), place);
    t.expect(offset + length <= 64, fmt::format("field {} of PPAF within 64 bits", i), place);
    const std::uint64_t mask = length == 0 ? 0 : ((1ULL << length) - 1) << offset;
    t.expect((taken & mask) == 0, fmt::format("field {} of PPAF apart from the others", i), place);
    taken |= mask;
  }
}

void pages(Trial& t) {
  const Page p = t.geometry();
  const unsigned sector = u16(p, kSectorBytes);
  const unsigned page = u16(p, kPageBytes);
  t.expect(sector != 0 && page % sector == 0, "FPG_SZ a multiple of CSECS", fmt::format("{} and {}", page, sector));
  t.expect(page / sector * u8(p, kPlanes) <= 64, "a page over all planes of 64 sectors at most",
           fmt::format("{}", page / sector * u8(p, kPlanes)));
}

void times(Trial& t) {
  const Page p = t.geometry();
  for (std::size_t at = kTimes; at < kTimes + 24; at += 8) {
    t.expect(u32(p, at) <= u32(p, at + 4), "a typical time up to the maximal one",
             fmt::format("{} and {} ns at byte {}", u32(p, at), u32(p, at + 4), at));
  }
}

void reserved(Trial& t) {
  constexpr std::array<std::array<std::size_t, 2>, 6> kRanges{
      {{3, 3}, {24, 255}, {258, 259}, {263, 263}, {274, 275}, {310, 319}}};
  const Page p = t.geometry();
  for (const auto& [first, last] : kRanges) {
    t.expect(is_zero(p, first, last), fmt::format("zero in the reserved bytes {} to {}", first, last), "another value");
  }
}

void same(Trial& t) {
  const Page p = t.geometry();
  const auto& g = t.geo();
  const std::array<std::array<std::uint64_t, 2>, 5> pairs{{{u8(p, kChannels), g.groups},
                                                           {u8(p, kLuns), g.units},
                                                           {u8(p, kPlanes), g.planes},
                                                           {u16(p, kBlocks), g.chunks},
                                                           {u16(p, kPages), g.pages}}};
  for (const auto& [got, before] : pairs) {
    t.expect(got == before, fmt::format("{}, as when it was opened", before), fmt::format("{}", got));
  }
}

void other_namespace(Trial& t) {
  const std::uint32_t nn = u32(t.identify(1), 516);
  if (nn >= 0xFFFFFFFE) throw Skipped{"every namespace number is valid"};
  Page page(4096);
  t.expect_if_sent(t.admin(raw(kGeometry, nn + 1), fmt::format("Identity, namespace {}", nn + 1), page),
                   {invalid_namespace});
}

constexpr Rule kRules[] = {
    {"identity.version", "OCSSD-1.2 10.1", "VER_ID is 1.", {}, version},
    {"identity.group", "OCSSD-1.2 10.1", "There are 1 to 4 configuration groups, the first of NAND.", {}, group},
    {"identity.planes", "OCSSD-1.2 10.1", "There are 1, 2 or 4 planes, and operations over all of them.", {}, planes},
    {"identity.fields",
     "OCSSD-1.2 10.2",
     "The fields of an address lie apart and hold the device's counts.",
     {},
     fields},
    {"identity.pages", "OCSSD-1.2 10.1", "A page has whole sectors, over all planes 64 at most.", {}, pages},
    {"identity.times", "OCSSD-1.2 10.1", "No typical time is above the maximal one.", {}, times},
    {"identity.reserved", "OCSSD-1.2 10.1", "Reserved bytes are zero.", {}, reserved},
    {"identity.same", "OCSSD-1.2 10.1", "The identity says the same each time.", {}, same},
    {"identity.namespace",
     "OCSSD-1.2 10.3",
     "The identity of a namespace that does not exist is 00Bh.",
     {},
     other_namespace},
};

}  // namespace

std::span<const Rule> identity_rules_12() { return kRules; }

}  // namespace tools::check
