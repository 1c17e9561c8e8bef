// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: commands as such: opcodes, namespaces, reserved fields, addresses beyond the format, queues.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using enum lightnvm::ChunkState;
using lightnvm::Completion;

void unknown_io(Trial& t) { t.expect_if_sent(t.io(raw(0x7E, t.device().nsid()), "I/O command 7Eh"), {invalid_opcode}); }

void unknown_admin(Trial& t) {
  t.expect_if_sent(t.admin(raw(0xC6, t.device().nsid()), "admin command C6h"), {invalid_opcode});
}

void other_namespace(Trial& t) {
  const std::uint32_t nn = u32(t.identify(1), 516);
  if (nn >= 0xFFFFFFFE) throw Skipped{"every namespace number is valid"};
  const std::uint32_t n = nn + 1;
  const std::uint64_t lba = t.device().to_device(t.at());
  std::vector<std::byte> data(static_cast<std::size_t>(t.geo().ws_min) * t.geo().sector_bytes);
  const auto one = std::span(data).first(t.geo().sector_bytes);
  Range range{0, t.geo().sectors, lba};
  auto deallocate = raw(kDeallocate, n);
  deallocate[11] = 4;
  const auto refused = [&](const Completion& c) {
    t.expect_if_sent(c, {invalid_namespace});
    t.expect_chunk(t.at(), free, 0);
  };
  refused(t.io(raw_transfer(kRead, n, lba, 1), fmt::format("read, namespace {}", n), one));
  refused(t.io(raw_transfer(kWrite, n, lba, t.geo().ws_min), fmt::format("write, namespace {}", n), data));
  refused(t.io(raw(kFlush, n), fmt::format("flush, namespace {}", n)));
  refused(t.io(deallocate, fmt::format("Dataset Management, namespace {}", n),
               std::as_writable_bytes(std::span(&range, 1))));
  if (!t.device().route().vectors) return;
  const std::array<std::uint64_t, 1> list{lba};
  refused(t.io(raw_vector(kVectorRead, n, 1), fmt::format("vector read, namespace {}", n), one, list));
  refused(t.io(raw_vector(kVectorReset, n, 1), fmt::format("vector reset, namespace {}", n), {}, list));
}

/// Reserved bits are the device's to refuse or to ignore; anything else is wrong.
void reserved(Trial& t) {
  struct Place {
    std::size_t dword;
    std::uint32_t bits;
  };
  std::vector<std::byte> one(t.geo().sector_bytes);
  const std::uint64_t lba = t.device().to_device(t.at());
  const std::array<std::uint64_t, 1> list{lba};
  for (const auto& [dword, bits] : {Place{0, 0x400}, Place{2, 1}, Place{3, 1}, Place{12, 0x10000}}) {
    auto c = raw_transfer(kRead, t.device().nsid(), lba, 1);
    c.at(dword) |= bits;
    t.expect_if_sent(t.io(c, fmt::format("read with {:#x} in dword {}", bits, dword), one), {success, invalid_field});
  }
  if (!t.device().route().vectors) return;
  for (const auto& [dword, bits] : {Place{2, 1}, Place{13, 1}}) {
    auto c = raw_vector(kVectorRead, t.device().nsid(), 1);
    c.at(dword) |= bits;
    t.expect_if_sent(t.io(c, fmt::format("vector read with {:#x} in dword {}", bits, dword), one, list),
                     {success, invalid_field});
  }
}

/// Bits above the group's are no part of an address that exists.
void high_bits(Trial& t) {
  unsigned bits = 0;
  for (const unsigned n : t.device().address_bits()) bits += n;
  if (bits >= 63) throw Skipped{"the address format takes all bits"};
  const std::uint64_t lba = t.device().to_device(t.at()) | 1ULL << bits;
  std::vector<std::byte> data(static_cast<std::size_t>(t.geo().ws_min) * t.geo().sector_bytes);
  const auto one = std::span(data).first(t.geo().sector_bytes);
  const std::string where = fmt::format("at LBA {:#x}", lba);
  t.dulbe(true);
  t.expect_if_sent(t.io(raw_transfer(kRead, t.device().nsid(), lba, 1), "read of 1 sector " + where, one),
                   {deallocated_or_unwritten});
  t.expect_if_sent(t.io(raw_transfer(kWrite, t.device().nsid(), lba, t.geo().ws_min),
                        fmt::format("write of {} sectors {}", t.geo().ws_min, where), data),
                   {write_fault});
  t.expect_chunk(t.at(), free, 0);
  Range range{0, t.geo().sectors, lba};
  auto deallocate = raw(kDeallocate, t.device().nsid());
  deallocate[11] = 4;
  t.expect_if_sent(t.io(deallocate, "deallocation " + where, std::as_writable_bytes(std::span(&range, 1))),
                   {invalid_reset});
  if (!t.device().route().vectors) return;
  const std::array<std::uint64_t, 1> list{lba};
  t.expect_if_sent(t.io(raw_vector(kVectorReset, t.device().nsid(), 1), "vector reset " + where, {}, list),
                   {invalid_reset});
}

/// Many commands at once, each with its own outcome.
struct Flight {
  std::vector<std::byte> data;
  Completion completion;
  unsigned calls = 0;
};

void reads_at_once(Trial& t) {
  const std::uint32_t readable = std::min(t.geo().sectors, 2 * t.geo().ws_min);
  for (unsigned i = 0; i < 2; ++i) t.fill_to(t.at(i), t.until_readable(readable));
  auto queue = t.device().open_queue();
  if (!queue) throw Skipped{"no queue: " + queue.error().message()};
  std::vector<Flight> flights(std::min(queue->depth(), 32U));
  const auto place = [&](std::size_t i) { return t.at(i % 2).at_sector(static_cast<std::uint32_t>(i / 2) % readable); };
  t.say(fmt::format("{} reads at once", flights.size()));
  for (std::size_t i = 0; i < flights.size(); ++i) {
    Flight& f = flights[i];
    f.data.resize(t.geo().sector_bytes);
    const auto done = [&f](const Completion& c) {
      f.completion = c;
      ++f.calls;
    };
    const auto s = queue->read(lightnvm::Sectors(place(i), 1), lightnvm::Destination(f.data), done);
    t.expect(s.ok(), "each is taken", s.message());
  }
  (void)queue->drain();
  for (std::size_t i = 0; i < flights.size(); ++i) {
    const Flight& f = flights[i];
    t.expect(f.calls == 1, "one completion each", fmt::format("{} for read {}", f.calls, i));
    t.expect_ok(f.completion);
    const auto one = f.data;
    t.expect_ok(t.read(place(i), 1));
    t.expect_data(place(i), 1);
    t.expect(t.last_data() == one, "the data of " + sector_name(place(i), t.geo()), "other bytes");
  }
}

void mixed_at_once(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (4 * unit > t.geo().sectors) throw Skipped{"a chunk has fewer than 4 * WS_MIN sectors"};
  auto queue = t.device().open_queue();
  if (!queue) throw Skipped{"no queue: " + queue.error().message()};
  if (queue->depth() < 2) throw Skipped{"the route has no two commands at once"};
  std::array<Flight, 2> flights;
  t.say("a write at the write pointer of one chunk, and beside it one elsewhere in another");
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (unsigned n = 0; n < 2; ++n) {
      Flight& f = flights.at(n);
      f.data.resize(static_cast<std::size_t>(unit) * t.geo().sector_bytes);
      const auto done = [&f](const Completion& c) { f.completion = c; };
      const auto s = queue->write(lightnvm::Sectors(t.at(n).at_sector((n == 0 ? i : 3) * unit), unit),
                                  lightnvm::Source(f.data), done);
      t.expect(s.ok(), "each is taken", s.message());
    }
    (void)queue->drain();
    t.expect_ok(flights[0].completion);
    t.expect(flights[1].completion, out_of_order_write);
  }
  t.expect_chunk(t.at(0), open, 3 * unit);
  t.expect_chunk(t.at(1), free, 0);
}

constexpr Rule kRules[] = {
    {"command.unknown_io", "NVMe-2.0 3.3.3.2", "An I/O command that does not exist is 001h.", {}, unknown_io},
    {"command.unknown_admin", "NVMe-2.0 3.3.3.2", "An admin command that does not exist is 001h.", {}, unknown_admin},
    {"command.namespace",
     "NVMe-2.0 3.3.3.1",
     "A command to a namespace that does not exist is 00Bh.",
     {.chunks = 1},
     other_namespace},
    {"command.reserved", "NVMe-2.0 3.3.3.1", "Reserved bits are refused as 002h, or ignored.", {.chunks = 1}, reserved},
    {"command.high_bits",
     "OCSSD-2.0 2.1",
     "Bits above the group's make an address that does not exist.",
     {.chunks = 1, .dulbe = true},
     high_bits},
    {"queue.reads", "OCSSD-2.0 1.1", "Reads in a queue bring each its own sector.", {.chunks = 2}, reads_at_once},
    {"queue.writes",
     "OCSSD-2.0 4.3",
     "A write that fails does not disturb the one beside it.",
     {.chunks = 2},
     mixed_at_once},
};

}  // namespace

std::span<const Rule> command_rules_20() { return kRules; }

}  // namespace tools::check
