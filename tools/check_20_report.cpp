// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: the chunk report, log page CAh.
#include <fmt/format.h>

#include <algorithm>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;

constexpr std::uint8_t kFree = 1, kClosed = 2, kOpen = 4, kOffline = 8;
constexpr std::uint8_t kSequential = 1, kRandom = 2, kDeviates = 0x10;

/// Calls f(descriptor, its number, its bytes) for each descriptor.
template <typename F>
void for_each(Trial& t, F&& f) {
  const Page all = t.report();
  for (std::size_t at = 0; at < all.size(); at += kDescriptorBytes) {
    f(descriptor(all, at), at / kDescriptorBytes, std::span(all).subspan(at, kDescriptorBytes));
  }
}

std::string of(const Trial& t, std::size_t i) { return chunk_name(t.geo().chunk_address(i)); }

void order(Trial& t) {
  for_each(t, [&](const Descriptor& d, std::size_t i, auto) {
    const std::uint64_t wanted = t.device().to_device(t.geo().chunk_address(i));
    t.expect(d.slba == wanted, fmt::format("descriptor {}: {}, SLBA {:#x}", i, of(t, i), wanted),
             fmt::format("{:#x}", d.slba));
  });
}

void states(Trial& t) {
  for_each(t, [&](const Descriptor& d, std::size_t i, auto) {
    const bool one = d.state == kFree || d.state == kClosed || d.state == kOpen || d.state == kOffline;
    t.expect(one, of(t, i) + ": one state", fmt::format("{:#04x}", d.state));
  });
}

void types(Trial& t) {
  for_each(t, [&](const Descriptor& d, std::size_t i, auto) {
    const unsigned kind = d.type & ~unsigned{kDeviates};
    t.expect(kind == kSequential || kind == kRandom, of(t, i) + ": one type", fmt::format("{:#04x}", d.type));
  });
}

void sizes(Trial& t) {
  for_each(t, [&](const Descriptor& d, std::size_t i, auto) {
    const bool deviates = (d.type & kDeviates) != 0;
    t.expect(d.sectors != 0 && d.sectors <= t.geo().sectors,
             fmt::format("{}: 1 to {} sectors", of(t, i), t.geo().sectors), fmt::format("{}", d.sectors));
    t.expect(deviates == (d.sectors != t.geo().sectors), of(t, i) + ": type bit 4 where the size deviates, only there",
             fmt::format("type {:#04x} and {} sectors", d.type, d.sectors));
  });
}

bool has_pointer(const Descriptor& d) { return d.state != kOffline && (d.type & kRandom) == 0; }

void pointers(Trial& t) {
  for_each(t, [&](const Descriptor& d, std::size_t i, auto) {
    if (!has_pointer(d)) return;
    const std::string got = fmt::format("{} in state {:#04x}", d.write_pointer, d.state);
    if (d.state == kFree) t.expect(d.write_pointer == 0, of(t, i) + ": write pointer 0", got);
    if (d.state == kOpen) {
      t.expect(d.write_pointer != 0 && d.write_pointer < d.sectors, of(t, i) + ": a write pointer inside of it", got);
    }
    if (d.state == kClosed) t.expect(d.write_pointer <= d.sectors, of(t, i) + ": a write pointer up to its end", got);
  });
}

void no_pointer(Trial& t) {
  bool any = false;
  for_each(t, [&](const Descriptor& d, std::size_t i, auto) {
    if (has_pointer(d)) return;
    any = true;
    t.expect(d.write_pointer == ~0ULL, of(t, i) + ": a write pointer of all ones",
             fmt::format("{:#x}", d.write_pointer));
  });
  if (!any) throw Skipped{"every chunk has a write pointer: none is offline or of the random type"};
}

void reserved(Trial& t) {
  for_each(t, [&](const Descriptor&, std::size_t i, auto bytes) {
    t.expect(is_zero(bytes, 3, 7), of(t, i) + ": zero in the reserved bytes 3 to 7", "another value");
  });
}

/// The first chunks' descriptors, a few.
std::uint32_t few(const Trial& t) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(t.geo().total_chunks(), 8) * kDescriptorBytes);
}

void parts(Trial& t) {
  const Page whole = t.log(kChunkReport, 0, few(t));
  for (std::uint32_t at = 0; at + 4 <= few(t); at += 20) {
    const std::uint32_t bytes = std::min(36U, few(t) - at);
    const Page part = t.log(kChunkReport, at, bytes);
    t.expect(std::equal(part.begin(), part.end(), whole.begin() + at), "the same bytes as in one piece", "others");
  }
}

std::uint64_t length(const Trial& t) { return t.geo().total_chunks() * kDescriptorBytes; }

void end(Trial& t) {
  const std::uint64_t last = length(t) - kDescriptorBytes;
  const Page alone = t.log(kChunkReport, last, kDescriptorBytes);
  const Page more = t.log(kChunkReport, last, 3 * kDescriptorBytes);
  t.expect(std::equal(alone.begin(), alone.end(), more.begin()), "the last descriptor", "other bytes");
  (void)t.log(kChunkReport, length(t), kDescriptorBytes);
}

Trial::Completion ask(Trial& t, std::uint32_t nsid, std::uint64_t offset, std::uint32_t bytes,
                      std::uint8_t page = kChunkReport) {
  Page memory(bytes);
  return t.admin(raw_log(page, nsid, offset, bytes),
                 fmt::format("Get Log Page {:02x}h, namespace {}, {} bytes from {} on", page, nsid, bytes, offset),
                 memory);
}

void beyond(Trial& t) {
  t.expect_if_sent(ask(t, t.device().nsid(), length(t) + kDescriptorBytes, kDescriptorBytes), {invalid_field});
}

void offset(Trial& t) {
  for (const std::uint64_t at : {1, 2, 31}) {
    t.expect_if_sent(ask(t, t.device().nsid(), at, kDescriptorBytes), {invalid_field});
  }
}

void other_namespace(Trial& t) {
  const std::uint32_t nn = u32(t.identify(1), 516);
  if (nn >= 0xFFFFFFFE) throw Skipped{"every namespace number is valid"};
  t.expect_if_sent(ask(t, nn + 1, 0, kDescriptorBytes), {invalid_namespace});
}

void unknown_page(Trial& t) { t.expect_if_sent(ask(t, t.device().nsid(), 0, 512, 0x7E), {invalid_log_page}); }

void transfer(Trial& t) {
  const std::uint64_t most = t.stock().limit() * t.geo().sector_bytes;
  if (most > 64U << 20) throw Skipped{"MDTS is above 64 MiB"};
  t.expect_if_sent(ask(t, t.device().nsid(), 0, static_cast<std::uint32_t>(most) + 4), {invalid_field});
}

constexpr Rule kRules[] = {
    {"report.order",
     "OCSSD-2.0 3.2",
     "The report has every chunk once: chunks fastest, then units, then groups.",
     {},
     order},
    {"report.states", "OCSSD-2.0 3.2", "Each chunk is free, open, closed or offline: one bit.", {}, states},
    {"report.types", "OCSSD-2.0 3.2", "Each chunk is sequential or random.", {}, types},
    {"report.sizes", "OCSSD-2.0 3.2", "CNLB is up to CLBA, and type bit 4 says where it is less.", {}, sizes},
    {"report.pointers", "OCSSD-2.0 3.2", "The write pointer fits the state.", {}, pointers},
    {"report.no_pointer",
     "OCSSD-2.0 3.2",
     "Offline and random chunks have a write pointer of all ones.",
     {},
     no_pointer},
    {"report.reserved", "OCSSD-2.0 3.2", "Reserved bytes of a descriptor are zero.", {}, reserved},
    {"report.parts", "OCSSD-2.0 3.2", "The report in parts, from any dword on, is the report.", {}, parts},
    {"report.end", "OCSSD-2.0 3.2", "A request past the report's end succeeds and brings what there is.", {}, end},
    {"report.beyond", "OCSSD-2.0 3.2", "An offset past the report's end is 002h.", {}, beyond},
    {"report.offset", "OCSSD-2.0 3.2", "An offset that is no multiple of 4 is 002h.", {}, offset},
    {"report.namespace",
     "OCSSD-2.0 3.2",
     "The report of a namespace that does not exist is 00Bh.",
     {},
     other_namespace},
    {"report.transfer", "OCSSD-2.0 3.2", "More of the report than MDTS is 002h.", {.limit = true}, transfer},
    {"report.unknown_page", "NVMe-2.0 5.16", "A log page that does not exist is 109h.", {}, unknown_page},
};

}  // namespace

std::span<const Rule> report_rules_20() { return kRules; }

}  // namespace tools::check
