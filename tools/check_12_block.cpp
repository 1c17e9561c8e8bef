// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 1.2: erases, writes of pages and reads of sectors.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using lightnvm::Address;
using lightnvm::BlockState;
using lightnvm::PlaneMode;
using lightnvm::Sectors;

constexpr std::uint64_t ones(std::size_t count) noexcept { return count >= 64 ? ~0ULL : (1ULL << count) - 1; }

/// Sectors of a page over all planes, plane after plane.
std::vector<Address> row(const Trial& t, Address block, std::uint32_t page) {
  const std::uint32_t n = t.geo().planes * t.geo().page_sectors;
  std::vector<Address> out;
  for (std::uint32_t i = 0; i < n; ++i) out.push_back(t.geo().sector_address(block, page * n + i));
  return out;
}
/// Those of one plane.
std::vector<Address> plane_page(const Trial& t, Address block, std::uint32_t plane, std::uint32_t page) {
  std::vector<Address> out;
  for (std::uint32_t i = 0; i < t.geo().page_sectors; ++i) {
    out.push_back(Address::of12(block.group(), block.unit(), block.chunk(), plane, page, i));
  }
  return out;
}

PlaneMode all(const Trial& t) { return t.stock().plane_mode(); }
/// A mode that the device does not have.
PlaneMode wrong_mode(const Trial& t) { return t.geo().planes == 2 ? PlaneMode::quad : PlaneMode::dual; }

Trial::Completion write(Trial& t, const std::vector<Address>& list, PlaneMode mode, Way way = {}) {
  way.vector = true;
  return t.write(Sectors(list), way, 0, {.plane_mode = mode});
}
Trial::Completion read(Trial& t, const std::vector<Address>& list, Way way = {}) {
  way.vector = true;
  return t.read(Sectors(list), way, {});
}
void write_rows(Trial& t, Address block, std::uint32_t pages) {
  for (std::uint32_t page = 0; page < pages; ++page) t.expect_ok(write(t, row(t, block, page), all(t)));
}
std::array<Way, 3> ways(const Trial& t) {
  return {Way{}, Way{.async = true}, Way{.async = true, .metadata = t.carries_metadata()}};
}

// Erases.

void erased(Trial& t) {
  for (const bool async : {false, true}) {
    write_rows(t, t.at(), 1);
    t.expect_ok(read(t, row(t, t.at(), 0)));
    t.expect_ok(t.erase(std::array{t.at()}, all(t), async));
    t.expect(read(t, {t.at()}), empty_page);
    write_rows(t, t.at(), 1);
    t.expect_ok(t.erase(std::array{t.at()}, all(t), async));
  }
}

void erase_again(Trial& t) {
  for (int i = 0; i < 2; ++i) t.expect_ok(t.erase(std::array{t.at()}, all(t)));
}

void erase_several(Trial& t) {
  for (unsigned i = 0; i < 2; ++i) write_rows(t, t.at(i), 1);
  const auto c = t.erase(std::array{t.at(0), t.at(1)}, all(t));
  t.expect_ok(c);
  t.expect_bits(c, 0);
  for (unsigned i = 0; i < 2; ++i) t.expect(read(t, {t.at(i)}), empty_page);
}

void erase_all_planes(Trial& t) {
  const std::uint32_t last = t.geo().planes - 1;
  write_rows(t, t.at(), 1);
  t.expect_ok(t.erase(std::array{plane_page(t, t.at(), last, 0)[0]}, all(t)));
  for (std::uint32_t p = 0; p <= last; ++p) t.expect(read(t, plane_page(t, t.at(), p, 0)), empty_page);
}

void erase_one_plane(Trial& t) {
  const std::uint32_t last = t.geo().planes - 1;
  write_rows(t, t.at(), 1);
  t.expect_ok(t.erase(std::array{plane_page(t, t.at(), last, 0)[0]}, PlaneMode::single));
  t.expect(read(t, plane_page(t, t.at(), last, 0)), empty_page);
  const auto kept = plane_page(t, t.at(), 0, 0);
  t.expect_ok(read(t, kept));
  t.expect_data(kept);
}

void erase_bad(Trial& t) {
  for (const BlockState s : {BlockState::grown_bad, BlockState::factory_bad}) {
    t.expect_ok(t.mark(std::array{t.at()}, s));
    for (const PlaneMode mode : {PlaneMode::single, all(t)}) t.expect(t.erase(std::array{t.at()}, mode), invalid_field);
  }
}

void erase_mode(Trial& t) {
  write_rows(t, t.at(), 1);
  t.expect_if_sent(t.erase(std::array{t.at()}, wrong_mode(t)), {invalid_field});
  t.expect_ok(read(t, row(t, t.at(), 0)));
  t.expect_data(row(t, t.at(), 0));
}

void erase_nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) t.expect(t.erase(std::array{hole.address}, all(t)), invalid_field);
}

// Writes.

void write_page(Trial& t) {
  std::uint32_t page = 0;
  for (const Way way : ways(t)) {
    if (page == t.geo().pages) break;
    const auto list = row(t, t.at(), page++);
    const auto c = write(t, list, all(t), way);
    t.expect_ok(c);
    t.expect_bits(c, 0);
    t.expect_ok(read(t, list, way));
    t.expect_data(list);
  }
}

void write_plane(Trial& t) {
  const auto list = plane_page(t, t.at(), t.geo().planes - 1, 0);
  t.expect_ok(write(t, list, PlaneMode::single));
  t.expect_ok(read(t, list));
  t.expect_data(list);
  t.expect(read(t, plane_page(t, t.at(), 0, 0)), empty_page);
}

void write_small(Trial& t) {
  auto list = row(t, t.at(), 0);
  if (list.size() == 1) throw Skipped{"a page over all planes is one sector"};
  list.pop_back();
  const auto refused = [&](const std::vector<Address>& part, PlaneMode mode) {
    t.expect(write(t, part, mode), invalid_field);
    t.expect(read(t, {t.at()}), empty_page);
  };
  refused(list, all(t));
  if (t.geo().planes > 1) refused(plane_page(t, t.at(), 0, 0), all(t));
}

void write_again(Trial& t) {
  write_rows(t, t.at(), 1);
  const auto list = row(t, t.at(), 0);
  for (const bool async : {false, true}) t.expect(write(t, list, all(t), {.async = async}), invalid_field);
  t.expect_ok(read(t, list));
  t.expect_data(list);
}

void write_mode(Trial& t) {
  t.expect_if_sent(write(t, row(t, t.at(), 0), wrong_mode(t)), {invalid_field});
  t.expect(read(t, {t.at()}), empty_page);
}

void write_nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) t.expect(write(t, row(t, hole.address, 0), all(t)), invalid_field);
}

void write_several(Trial& t) {
  const auto first = row(t, t.at(0), 0);
  if (2 * first.size() > t.most_addresses()) throw Skipped{"two pages over all planes are more than one command takes"};
  const auto list = Trial::both(first, row(t, t.at(1), 0));
  t.expect_ok(write(t, list, all(t)));
  t.expect_ok(read(t, list));
  t.expect_data(list);
}

void whole_block(Trial& t) {
  write_rows(t, t.at(), t.geo().pages);
  for (std::uint32_t page = 0; page < t.geo().pages; ++page) {
    t.expect_ok(read(t, row(t, t.at(), page)));
    t.expect_data(row(t, t.at(), page));
  }
}

void too_many(Trial& t) {
  for (const std::uint8_t opcode : {kVectorWrite, kVectorRead, kVectorReset}) {
    std::vector<std::byte> data(opcode == kVectorReset ? 0 : std::size_t{65} * t.geo().sector_bytes);
    std::vector<Address> list;
    for (std::uint32_t i = 0; i < 64; ++i) list.push_back(t.geo().sector_address(t.at(), i % t.geo().sectors));
    t.expect_if_sent(t.io(raw_vector(opcode, t.device().nsid(), 65),
                          fmt::format("command {:02x}h of 65 addresses", opcode), data, t.lbas(list)),
                     {invalid_field});
  }
}

// Reads.

void read_empty(Trial& t) {
  const auto list = row(t, t.at(), 0);
  for (const Way way : ways(t)) t.expect(read(t, list, way), empty_page);
  write_rows(t, t.at(), 1);
  if (t.geo().pages > 1) t.expect(read(t, {row(t, t.at(), 1)[0]}), empty_page);
}

void read_bits(Trial& t) {
  if (t.most_addresses() < 4) throw Skipped{"a command takes fewer than 4 addresses"};
  write_rows(t, t.at(0), 1);
  const auto c = read(t, {t.at(0), t.at(0), t.at(1), t.at(0)});
  t.expect(c, empty_page);
  t.expect_bits(c, ones(4) & ~ones(2));
}

void read_scattered(Trial& t) {
  for (unsigned i = 0; i < 2; ++i) write_rows(t, t.at(i), 1);
  const auto a = row(t, t.at(0), 0);
  const auto b = row(t, t.at(1), 0);
  std::vector<Address> list{b.back(), a.front(), b.front(), a.back(), a.front()};
  list.resize(std::min<std::size_t>(list.size(), t.most_addresses()));
  const auto c = read(t, list);
  t.expect_ok(c);
  t.expect_bits(c, 0);
  t.expect_data(list);
}

void read_nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) t.expect(read(t, {hole.address}), invalid_field);
}

// Commands as such.

void unknown(Trial& t) { t.expect_if_sent(t.io(raw(0x7E, t.device().nsid()), "I/O command 7Eh"), {invalid_opcode}); }

void other_namespace(Trial& t) {
  const std::uint32_t nn = u32(t.identify(1), 516);
  if (nn >= 0xFFFFFFFE) throw Skipped{"every namespace number is valid"};
  std::vector<std::byte> one(t.geo().sector_bytes);
  const auto list = t.lbas(std::array{t.at()});
  t.expect_if_sent(t.io(raw_vector(kVectorRead, nn + 1, 1), fmt::format("read, namespace {}", nn + 1), one, list),
                   {invalid_namespace});
  t.expect_if_sent(t.io(raw_vector(kVectorReset, nn + 1, 1), fmt::format("erase, namespace {}", nn + 1), {}, list),
                   {invalid_namespace});
}

constexpr Rule kRules[] = {
    {"erase.empties",
     "OCSSD-1.2 10.4",
     "What was erased reads as empty, and can be written again.",
     {.chunks = 1},
     erased},
    {"erase.again", "OCSSD-1.2 10.4", "An empty block may be erased.", {.chunks = 1}, erase_again},
    {"erase.several", "OCSSD-1.2 10.4", "One command erases several blocks.", {.chunks = 2}, erase_several},
    {"erase.all_planes",
     "OCSSD-1.2 10.4",
     "With the mode of all planes, a block is erased on all of them, whichever is named.",
     {.chunks = 1, .planes = true},
     erase_all_planes},
    {"erase.one_plane",
     "OCSSD-1.2 10.4",
     "In single mode only the plane that is named is erased.",
     {.chunks = 1, .planes = true},
     erase_one_plane},
    {"erase.bad", "OCSSD-1.2 10.5", "An erase of a block that is marked as bad is 002h.", {.chunks = 1}, erase_bad},
    {"erase.mode",
     "OCSSD-1.2 10.4",
     "An erase in a mode of other planes than the device's is 002h.",
     {.chunks = 1},
     erase_mode},
    {"erase.nowhere",
     "OCSSD-1.2 10.5",
     "An erase of a block that does not exist is 002h.",
     {.hole = true},
     erase_nowhere},
    {"page.write",
     "OCSSD-1.2 10.4",
     "A page over all planes is written, plane after plane, and read back.",
     {.chunks = 1},
     write_page},
    {"page.plane",
     "OCSSD-1.2 10.4",
     "In single mode a page of one plane is written, and the others stay empty.",
     {.chunks = 1, .planes = true},
     write_plane},
    {"page.small",
     "OCSSD-1.2 10.5",
     "A write of less than a page over the planes of its mode is 002h.",
     {.chunks = 1},
     write_small},
    {"page.again",
     "OCSSD-1.2 10.5",
     "A write to a page that is written is 002h, and leaves it alone.",
     {.chunks = 1},
     write_again},
    {"page.mode",
     "OCSSD-1.2 10.4",
     "A write in a mode of other planes than the device's is 002h.",
     {.chunks = 1},
     write_mode},
    {"page.nowhere",
     "OCSSD-1.2 10.5",
     "A write to a block that does not exist is 002h.",
     {.hole = true},
     write_nowhere},
    {"page.several", "OCSSD-1.2 10.4", "One write goes to pages of several blocks.", {.chunks = 2}, write_several},
    {"page.block", "OCSSD-1.2 10.4", "A block brings back all of its pages.", {.chunks = 1}, whole_block},
    {"sector.empty", "OCSSD-1.2 10.4", "A read of a sector that is not written is 42FFh.", {.chunks = 1}, read_empty},
    {"sector.bits",
     "OCSSD-1.2 10.4",
     "It has the status bits of that sector and all behind it.",
     {.chunks = 2, .vectors = true},
     read_bits},
    {"sector.scattered",
     "OCSSD-1.2 10.4",
     "A read takes sectors in any order, and any of them more than once.",
     {.chunks = 2},
     read_scattered},
    {"sector.nowhere",
     "OCSSD-1.2 10.4",
     "A read of a sector that does not exist is 002h.",
     {.hole = true},
     read_nowhere},
    {"physical.too_many",
     "OCSSD-1.2 10.4",
     "More than 64 addresses are 002h.",
     {.chunks = 1, .vectors = true},
     too_many},
    {"physical.unknown", "NVMe-2.0 3.3.3.2", "An I/O command that does not exist is 001h.", {}, unknown},
    {"physical.namespace",
     "NVMe-2.0 3.3.3.1",
     "A command to a namespace that does not exist is 00Bh.",
     {.chunks = 1, .vectors = true},
     other_namespace},
};

}  // namespace

std::span<const Rule> block_rules_12() { return kRules; }

}  // namespace tools::check
