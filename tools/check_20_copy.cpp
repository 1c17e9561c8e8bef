// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: vector copy, a read of the sources and then a write to the destinations.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using enum lightnvm::ChunkState;
using lightnvm::Address;

std::uint64_t ones(std::uint32_t count) noexcept { return count >= 64 ? ~0ULL : (1ULL << count) - 1; }

std::uint32_t unit_of(const Trial& t, std::uint32_t runs = 1) {
  if (runs * t.geo().ws_min > lightnvm::kMaxAddresses) throw Skipped{"WS_MIN is more than one copy takes"};
  return t.geo().ws_min;
}

/// A copy that is refused and writes nothing.
void refused(Trial& t, const std::vector<Address>& from, const std::vector<Address>& to, lightnvm::StatusCode code) {
  const auto before = t.chunk(to.front().at_sector(0));
  for (const bool async : {false, true}) {
    t.expect(t.copy(from, to, async), code);
    t.expect_same(before);
  }
}

void data(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  const std::uint32_t end = t.geo().sectors;
  const bool metadata = t.carries_metadata();
  for (std::uint32_t at = 0; at < end; at += unit) {
    t.expect_ok(t.write(t.at(0).at_sector(at), unit, {.metadata = metadata}));
  }
  const std::uint32_t piece = lightnvm::kMaxAddresses / unit * unit;
  for (std::uint32_t at = 0; at < end; at += piece) {
    const std::uint32_t n = std::min(piece, end - at);
    const auto c = t.copy(Trial::run(t.at(0).at_sector(at), n), Trial::run(t.at(1).at_sector(at), n), at % 2 == 0);
    t.expect_ok(c);
    t.expect_bits(c, 0);
    t.expect_chunk(t.at(1), at + n == end ? closed : open, at + n);
  }
  for (std::uint32_t at = 0; at < end; at += t.stock().piece()) {
    const std::uint32_t n = std::min(t.stock().piece(), end - at);
    t.expect_ok(t.read(t.at(1).at_sector(at), n, {.metadata = metadata}));
    t.expect_data(t.at(0).at_sector(at), n);
  }
}

void scattered(Trial& t) {
  const std::uint32_t unit = unit_of(t, 2);
  t.close(t.at(0));
  t.close(t.at(1));
  const auto last = t.at(0).at_sector(t.geo().sectors - unit);
  const auto from = Trial::both(Trial::run(last, unit), Trial::run(t.at(1), unit));
  t.expect_ok(t.copy(from, Trial::run(t.at(2), 2 * unit)));
  t.expect_chunk(t.at(2), 2 * unit == t.geo().sectors ? closed : open, 2 * unit);
  t.close(t.at(2), 9);
  t.expect_ok(t.read(t.at(2), unit));
  t.expect_data(last, unit);
  t.expect_ok(t.reset(t.at(0), {.vector = true}));
  t.expect_ok(t.reset(t.at(2), {.vector = true}));
  const auto source = Trial::run(t.at(1), 2 * unit);
  t.expect_ok(t.copy(source, Trial::both(Trial::run(t.at(0), unit), Trial::run(t.at(2), unit))));
  for (const unsigned i : {0U, 2U}) t.expect_chunk(t.at(i), unit == t.geo().sectors ? closed : open, unit);
}

void order(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  if (2 * unit > t.geo().sectors) throw Skipped{"a chunk has fewer than 2 * WS_MIN sectors"};
  t.close(t.at(0));
  refused(t, Trial::run(t.at(0), unit), Trial::run(t.at(1).at_sector(unit), unit), out_of_order_write);
}

void to_closed(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  t.close(t.at(0));
  t.close(t.at(1));
  refused(t, Trial::run(t.at(0), unit), Trial::run(t.at(1), unit), write_fault);
}

void small(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  if (unit == 1) throw Skipped{"WS_MIN is 1"};
  t.close(t.at(0));
  refused(t, Trial::run(t.at(0), unit - 1), Trial::run(t.at(1), unit - 1), invalid_field);
}

void bits(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  t.close(t.at(0));
  t.close(t.at(1));
  const auto c = t.copy(Trial::run(t.at(0), unit), Trial::run(t.at(1), unit));
  t.expect(c, {write_fault, out_of_order_write});
  t.expect_bits(c, ones(unit));
}

void unwritten_on(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  t.dulbe(true);
  refused(t, Trial::run(t.at(0), unit), Trial::run(t.at(1), unit), deallocated_or_unwritten);
}

void unwritten_off(Trial& t) {
  const std::uint32_t unit = unit_of(t);
  t.expect_ok(t.copy(Trial::run(t.at(0), unit), Trial::run(t.at(1), unit)));
  t.close(t.at(1), 9);
  t.expect_ok(t.read(t.at(1), unit));
  t.expect_predefined(unit);
}

void too_many(Trial& t) {
  t.close(t.at(0));
  const auto from = t.lbas(Trial::run(t.at(0), std::min(64U, t.geo().sectors)));
  const auto to = t.lbas(Trial::run(t.at(1), std::min(64U, t.geo().sectors)));
  t.expect_if_sent(t.io(raw_vector(kVectorCopy, t.device().nsid(), 65), "vector copy of 65 addresses", {}, from, to),
                   {invalid_field});
  t.expect_chunk(t.at(1), free, 0);
}

void unsupported(Trial& t) {
  const std::array<Address, 1> from{t.at(0)};
  const std::array<Address, 1> to{t.at(1)};
  t.expect(t.copy(from, to), invalid_opcode);
  t.expect_chunk(t.at(1), free, 0);
}

constexpr Rule kRules[] = {
    {"copy.data",
     "OCSSD-2.0 4.5",
     "A copy brings data and metadata, and moves the write pointer on.",
     {.chunks = 2, .copy = true},
     data},
    {"copy.scattered",
     "OCSSD-2.0 4.5",
     "Sources and destinations lie in any chunks.",
     {.chunks = 3, .copy = true},
     scattered},
    {"copy.order",
     "OCSSD-2.0 4.5",
     "A copy to elsewhere than the write pointer is 2F2h, and writes nothing.",
     {.chunks = 2, .copy = true},
     order},
    {"copy.closed", "OCSSD-2.0 4.5", "A copy to a closed chunk is 280h.", {.chunks = 2, .copy = true}, to_closed},
    {"copy.small", "OCSSD-2.0 4.5", "A copy of less than WS_MIN is 002h.", {.chunks = 2, .copy = true}, small},
    {"copy.bits",
     "OCSSD-2.0 4.2",
     "A copy that writes nothing has a status bit for each address.",
     {.chunks = 2, .copy = true},
     bits},
    {"copy.dulbe",
     "OCSSD-2.0 4.5",
     "With DULBE, a copy of unwritten sectors is 287h and writes nothing.",
     {.chunks = 2, .copy = true, .dulbe = true},
     unwritten_on},
    {"copy.unwritten",
     "OCSSD-2.0 4.5",
     "Otherwise, predefined data is copied.",
     {.chunks = 2, .copy = true, .predefined = true},
     unwritten_off},
    {"copy.too_many", "OCSSD-2.0 4.5", "More than 64 addresses are 002h.", {.chunks = 2, .copy = true}, too_many},
    {"copy.unsupported",
     "OCSSD-2.0 4.5",
     "Without MCCAP bit 0, a copy is 001h.",
     {.chunks = 2, .no_copy = true},
     unsupported},
};

}  // namespace

std::span<const Rule> copy_rules_20() { return kRules; }

}  // namespace tools::check
