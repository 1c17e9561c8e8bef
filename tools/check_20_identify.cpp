// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: what a device says of itself, in Identify and Geometry.
#include <fmt/format.h>

#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;

// Offsets in Identify Namespace (NVM-1.0 4.1.5.1), Identify Controller (NVMe-2.0 5.17.2.1) and Geometry.
constexpr std::size_t kNsze = 0, kNcap = 8, kNuse = 16, kNsfeat = 24, kNlbaf = 25, kFlbas = 26, kMc = 27, kDlfeat = 33,
                      kLbaf = 128, kVendor = 384;
constexpr std::size_t kMdts = 77, kNn = 516, kOncs = 520;
constexpr std::size_t kLengths = 8, kMccap = 16, kGroups = 64, kUnits = 66, kChunks = 68, kSectors = 72, kWsMin = 128,
                      kWsOpt = 132, kMwCunits = 136, kTimes = 192;

unsigned address_bits(const Page& geometry) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits += u8(geometry, kLengths + i);
  return bits;
}

void size(Trial& t) {
  const unsigned bits = address_bits(t.geometry());
  const std::uint64_t nsze = u64(t.identify(0), kNsze);
  const std::uint64_t wanted = bits >= 64 ? ~0ULL : 1ULL << bits;
  t.expect(nsze == wanted, fmt::format("NSZE {}, 2 to the {} bits of an address", wanted, bits),
           fmt::format("{}", nsze));
}

void capacity(Trial& t) {
  std::uint64_t usable = 0;
  const Page report = t.report();
  for (std::size_t at = 0; at < report.size(); at += kDescriptorBytes) {
    const Descriptor d = descriptor(report, at);
    if (d.state != 8) usable += d.sectors;
  }
  const Page ns = t.identify(0);
  const std::uint64_t ncap = u64(ns, kNcap);
  t.expect(ncap >= usable && ncap <= u64(ns, kNsze),
           fmt::format("NCAP of {} usable sectors at least, NSZE at most", usable),
           fmt::format("NCAP {}, NSZE {}", ncap, u64(ns, kNsze)));
  t.expect(u64(ns, kNuse) <= u64(ns, kNsze), "NUSE up to NSZE", fmt::format("{}", u64(ns, kNuse)));
}

void format(Trial& t) {
  const Page ns = t.identify(0);
  const unsigned index = u8(ns, kFlbas) & 0xF;
  t.expect(index <= u8(ns, kNlbaf), fmt::format("a format up to {}", u8(ns, kNlbaf)), fmt::format("{}", index));
  const unsigned shift = u8(ns, kLbaf + index * 4 + 2);
  t.expect(shift >= 9 && shift < 32, "LBADS of 9 at least", fmt::format("{}", shift));
  t.expect(1U << shift == t.geo().sector_bytes, fmt::format("sectors of {} bytes, as before", t.geo().sector_bytes),
           fmt::format("{}", 1ULL << shift));
}

void metadata(Trial& t) {
  const Page ns = t.identify(0);
  const unsigned flbas = u8(ns, kFlbas);
  const unsigned bytes = u16(ns, kLbaf + (flbas & 0xFU) * 4);
  const unsigned mc = u8(ns, kMc) & 3;
  if (bytes == 0) {
    t.expect(mc == 0, "MC 0 where there is no metadata", fmt::format("{}", mc));
    return;
  }
  const unsigned wanted = (flbas & 0x10) != 0 ? 1 : 2;
  t.expect((mc & wanted) != 0, fmt::format("MC with the way that FLBAS says (bit {})", wanted - 1),
           fmt::format("{}", mc));
}

void predefined(Trial& t) {
  const unsigned dlfeat = u8(t.identify(0), kDlfeat) & 7;
  t.expect(dlfeat <= 2, "DLFEAT 2:0 of 0, 1 or 2", fmt::format("{}", dlfeat));
}

void unwritten_error(Trial& t) {
  const bool said = (u8(t.identify(0), kNsfeat) & 4) != 0;
  t.expect(said, "NSFEAT bit 2 set, as DULBE can be switched on", "clear");
}

void deallocate(Trial& t) {
  t.expect((u16(t.identify(1), kOncs) & 4) != 0, "ONCS bit 2 set: Dataset Management", "clear");
}

void mark(Trial& t) {
  const unsigned vendor = u8(t.identify(0), kVendor);
  t.expect(vendor == 1, "1 in byte 384 of Identify Namespace", fmt::format("{}", vendor));
}

void other_namespace(Trial& t) {
  const std::uint32_t nn = u32(t.identify(1), kNn);
  if (nn >= 0xFFFFFFFE) throw Skipped{"every namespace number is valid"};
  Page page(4096);
  t.expect_if_sent(t.admin(raw(kIdentify, nn + 1), fmt::format("Identify, CNS 00h, namespace {}", nn + 1), page),
                   {invalid_namespace});
}

void transfer(Trial& t) {
  const unsigned mdts = u8(t.identify(1), kMdts);
  const std::uint64_t sectors = mdts == 0 ? ~0ULL : (4096ULL << mdts) / t.geo().sector_bytes;
  t.expect(sectors >= t.geo().ws_min, fmt::format("MDTS of {} sectors at least", t.geo().ws_min),
           fmt::format("{}", sectors));
}

void version(Trial& t) {
  const Page g = t.geometry();
  t.expect(u8(g, 0) == 2, "MJR 2", fmt::format("{}", u8(g, 0)));
}

void fields(Trial& t) {
  const Page g = t.geometry();
  const std::array<std::uint64_t, 4> counts{u16(g, kGroups), u16(g, kUnits), u32(g, kChunks), u32(g, kSectors)};
  constexpr std::array<const char*, 4> kNames{"groups", "units", "chunks", "sectors"};
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned bits = u8(g, kLengths + i);
    t.expect(counts.at(i) != 0, fmt::format("{}", kNames.at(i)), "none");
    t.expect(bits <= 63 && counts.at(i) - 1 < 1ULL << bits,
             fmt::format("a field that holds {} {}", counts.at(i), kNames.at(i)), fmt::format("{} bits", bits));
  }
  t.expect(address_bits(g) <= 64, "fields of 64 bits at most", fmt::format("{}", address_bits(g)));
}

void same(Trial& t) {
  const Page g = t.geometry();
  const auto& now = t.geo();
  const std::array<std::array<std::uint64_t, 2>, 7> pairs{{{u16(g, kGroups), now.groups},
                                                           {u16(g, kUnits), now.units},
                                                           {u32(g, kChunks), now.chunks},
                                                           {u32(g, kSectors), now.sectors},
                                                           {u32(g, kWsMin), now.ws_min},
                                                           {u32(g, kWsOpt), now.ws_opt},
                                                           {u32(g, kMwCunits), now.mw_cunits}}};
  for (const auto& [got, before] : pairs) {
    t.expect(got == before, fmt::format("{}, as when it was opened", before), fmt::format("{}", got));
  }
}

void write_units(Trial& t) {
  const Page g = t.geometry();
  const std::uint32_t min = u32(g, kWsMin);
  const std::uint32_t opt = u32(g, kWsOpt);
  t.expect(min != 0 && opt != 0, "WS_MIN and WS_OPT of 1 at least", fmt::format("{} and {}", min, opt));
  t.expect(opt % min == 0, fmt::format("WS_OPT a multiple of WS_MIN {}", min), fmt::format("{}", opt));
  t.expect(u32(g, kSectors) % min == 0, fmt::format("CLBA a multiple of WS_MIN {}", min),
           fmt::format("{}", u32(g, kSectors)));
}

void cunits(Trial& t) {
  const Page g = t.geometry();
  const std::uint32_t window = u32(g, kMwCunits);
  const std::uint32_t min = u32(g, kWsMin);
  t.expect(min != 0 && window % min == 0, fmt::format("MW_CUNITS a multiple of WS_MIN {}", min),
           fmt::format("{}", window));
  t.expect(window < u32(g, kSectors), fmt::format("MW_CUNITS below CLBA {}", u32(g, kSectors)),
           fmt::format("{}", window));
}

void times(Trial& t) {
  const Page g = t.geometry();
  for (std::size_t at = kTimes; at < kTimes + 24; at += 8) {
    t.expect(u32(g, at) <= u32(g, at + 4), "a typical time up to the maximal one",
             fmt::format("{} and {} ns at byte {}", u32(g, at), u32(g, at + 4), at));
  }
}

void reserved(Trial& t) {
  constexpr std::array<std::array<std::size_t, 2>, 7> kRanges{
      {{2, 7}, {12, 15}, {20, 31}, {33, 63}, {76, 127}, {148, 191}, {216, 3071}}};
  const Page g = t.geometry();
  for (const auto& [first, last] : kRanges) {
    t.expect(is_zero(g, first, last), fmt::format("zero in the reserved bytes {} to {}", first, last), "another value");
  }
  t.expect(u32(g, kMccap) < 8, "zero in the reserved bits of MCCAP", fmt::format("{:#x}", u32(g, kMccap)));
}

void geometry_namespace(Trial& t) {
  const std::uint32_t nn = u32(t.identify(1), kNn);
  if (nn >= 0xFFFFFFFE) throw Skipped{"every namespace number is valid"};
  Page page(4096);
  t.expect_if_sent(t.admin(raw(kGeometry, nn + 1), fmt::format("Geometry, namespace {}", nn + 1), page),
                   {invalid_namespace});
}

constexpr Rule kRules[] = {
    {"identify.mark", "OCSSD-2.0 1.3", "Byte 384 of Identify Namespace is 1.", {}, mark},
    {"identify.size", "OCSSD-2.0 2.2", "NSZE is the address space, holes included.", {}, size},
    {"identify.capacity", "OCSSD-2.0 2.2", "NCAP counts the usable sectors.", {}, capacity},
    {"identify.format", "OCSSD-2.0 2.2", "The LBA format in use exists and stays as it is.", {}, format},
    {"identify.metadata", "OCSSD-2.0 2.2", "MC has the way in which metadata travels, if there is any.", {}, metadata},
    {"identify.predefined",
     "OCSSD-2.0 2.2",
     "DLFEAT says nothing, zeros or ones of unwritten sectors.",
     {},
     predefined},
    {"identify.dulbe",
     "OCSSD-2.0 2.2",
     "NSFEAT says that reading unwritten sectors can be an error.",
     {.dulbe = true},
     unwritten_error},
    {"identify.deallocate", "OCSSD-2.0 5", "ONCS says that there is Dataset Management.", {}, deallocate},
    {"identify.transfer", "OCSSD-2.0 3.1", "MDTS leaves room for WS_MIN sectors.", {}, transfer},
    {"identify.namespace",
     "NVMe-2.0 5.17",
     "Identify of a namespace that does not exist is 00Bh.",
     {},
     other_namespace},
    {"geometry.version", "OCSSD-2.0 3.1", "MJR is 2.", {}, version},
    {"geometry.fields",
     "OCSSD-2.0 2.1",
     "The fields of an address hold all groups, units, chunks and sectors.",
     {},
     fields},
    {"geometry.same", "OCSSD-2.0 3.1", "Geometry says the same each time.", {}, same},
    {"geometry.write_units", "OCSSD-2.0 3.1", "WS_OPT and CLBA are multiples of WS_MIN.", {}, write_units},
    {"geometry.cunits", "OCSSD-2.0 3.1", "MW_CUNITS is a multiple of WS_MIN, below CLBA.", {}, cunits},
    {"geometry.times", "OCSSD-2.0 3.1", "No typical time is above the maximal one.", {}, times},
    {"geometry.reserved", "OCSSD-2.0 3.1", "Reserved bytes and bits are zero.", {}, reserved},
    {"geometry.namespace",
     "OCSSD-2.0 3.1",
     "Geometry of a namespace that does not exist is 00Bh.",
     {},
     geometry_namespace},
};

}  // namespace

std::span<const Rule> identify_rules_20() { return kRules; }

}  // namespace tools::check
