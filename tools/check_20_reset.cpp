// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: resets, as vector command and as deallocation.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using enum lightnvm::ChunkState;
using lightnvm::Address;

void of_closed(Trial& t) {
  unsigned i = 0;
  for (const Way way : Trial::bare_ways()) {
    t.close(t.at(i));
    t.expect_ok(t.reset(t.at(i), way));
    t.expect_chunk(t.at(i++), free, 0);
  }
}

void of_free(Trial& t) {
  for (const Way way : Trial::bare_ways()) {
    t.expect(t.reset(t.at(), way), t.geo().multiple_resets ? success : invalid_reset);
    t.expect_chunk(t.at(), free, 0);
  }
}

void of_open(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (unit == t.geo().sectors) throw Skipped{"WS_MIN is a chunk"};
  for (const Way way : Trial::bare_ways()) {
    if (t.chunk(t.at()).state == free) t.expect_ok(t.write(t.at(), unit));
    t.expect(t.reset(t.at(), way), t.geo().early_reset ? success : invalid_reset);
    t.geo().early_reset ? t.expect_chunk(t.at(), free, 0) : t.expect_chunk(t.at(), open, unit);
  }
}

void of_offline(Trial& t) {
  for (const Way way : Trial::bare_ways()) {
    t.expect(t.reset(*t.stock().offline, way), offline_chunk);
    t.expect(t.chunk(*t.stock().offline).state == offline, "the chunk is offline still", "another state");
  }
}

void of_nowhere(Trial& t) {
  for (const auto& hole : t.stock().holes()) {
    for (const Way way : Trial::bare_ways()) t.expect(t.reset(hole.address, way), invalid_reset);
  }
}

void any_sector(Trial& t) {
  for (const std::uint32_t sector : {1U, t.geo().sectors - 1}) {
    t.close(t.at());
    const std::array<Address, 1> list{t.at().at_sector(sector % t.geo().sectors)};
    t.expect_ok(t.reset(list));
    t.expect_chunk(t.at(), free, 0);
  }
}

Trial::Completion deallocate(Trial& t, Address first, std::uint32_t sectors, std::uint32_t attribute = 4) {
  Range range{0, sectors, t.device().to_device(first)};
  auto c = raw(kDeallocate, t.device().nsid());
  c[11] = attribute;
  return t.io(
      c,
      fmt::format("Dataset Management, AD {}, {} sectors at {}", attribute >> 2, sectors, sector_name(first, t.geo())),
      std::as_writable_bytes(std::span(&range, 1)));
}

void range_start(Trial& t) {
  t.close(t.at());
  for (const std::uint32_t sector : {1U, t.geo().ws_min, t.geo().sectors - 1}) {
    if (sector == 0 || sector >= t.geo().sectors) continue;
    t.expect(deallocate(t, t.at().at_sector(sector), t.geo().sectors), invalid_field);
    t.expect_chunk(t.at(), closed, t.geo().sectors);
  }
}

void range_length(Trial& t) {
  t.close(t.at());
  for (const std::uint32_t sectors : {0U, t.geo().sectors - 1, t.geo().sectors + 1, 2 * t.geo().sectors}) {
    t.expect(deallocate(t, t.at(), sectors), lba_out_of_range);
    t.expect_chunk(t.at(), closed, t.geo().sectors);
  }
}

void hint(Trial& t) {
  t.close(t.at());
  t.expect_ok(deallocate(t, t.at(), t.geo().sectors, 0));
  t.expect_chunk(t.at(), closed, t.geo().sectors);
}

void of_shorter(Trial& t) {
  const Address a = *t.stock().shorter;
  const std::uint32_t sectors = t.chunk(a).sectors;
  t.fill_to(a, sectors);
  t.expect(deallocate(t, a, t.geo().sectors), lba_out_of_range);
  t.expect_ok(deallocate(t, a, sectors));
  t.expect_chunk(a, free, 0);
}

void several(Trial& t) {
  const std::array<Address, 3> list{t.at(0), t.at(1), t.at(2)};
  for (const bool vector : {true, false}) {
    for (const Address a : list) t.close(a);
    const auto c = t.reset(list, {.vector = vector});
    t.expect_ok(c);
    for (const Address a : list) t.expect_chunk(a, free, 0);
  }
}

void partial(Trial& t) {
  const std::uint32_t unit = t.geo().ws_min;
  if (t.geo().early_reset && t.geo().multiple_resets && !t.stock().offline) {
    throw Skipped{"every chunk of the device can be reset"};
  }
  t.close(t.at(0));
  t.close(t.at(2));
  Address bad = t.at(1);
  auto verdict = invalid_reset;
  if (t.stock().offline) {
    bad = *t.stock().offline;
    verdict = offline_chunk;
  } else if (!t.geo().early_reset && unit != t.geo().sectors) {
    t.expect_ok(t.write(bad, unit));
  } else if (t.geo().multiple_resets) {
    throw Skipped{"there is no chunk that cannot be reset"};
  }
  const std::array<Address, 3> list{t.at(0), bad, t.at(2)};
  const auto c = t.reset(list);
  t.expect(c, verdict);
  t.expect_bits(c, 1U << 1);
  t.expect_chunk(t.at(0), free, 0);
  t.expect_chunk(t.at(2), free, 0);
}

void descriptors(Trial& t) {
  const std::array<Address, 2> list{t.at(1), t.at(0)};
  const std::array<Trial::Chunk, 2> before{t.chunk(list[0]), t.chunk(list[1])};
  for (const Address a : list) t.close(a);
  t.say("vector reset of two chunks, with descriptors");
  std::array<Trial::Chunk, 2> after{};
  t.expect_ok(t.device().reset(lightnvm::Sectors(list), after));
  for (std::size_t i = 0; i < 2; ++i) {
    const Trial::Chunk now = t.chunk(list.at(i));
    const Trial::Chunk& told = after.at(i);
    const std::string name = chunk_name(list.at(i));
    t.expect(told.address == list.at(i), name + " in the place of its address in the list", chunk_name(told.address));
    t.expect(told.state == free && told.write_pointer == 0, name + ": free, write pointer 0",
             "another state or write pointer");
    t.expect(told.wear >= before.at(i).wear, fmt::format("{}: wear index of {} at least", name, before.at(i).wear),
             fmt::format("{}", told.wear));
    t.expect(told == now, name + ": the descriptor that the report has", "another one");
  }
}

void kept(Trial& t) {
  for (const Way way : Trial::bare_ways()) {
    const auto before = t.chunk(t.at());
    t.close(t.at());
    t.expect_ok(t.reset(t.at(), way));
    const auto after = t.chunk(t.at());
    t.expect(after.wear >= before.wear, fmt::format("a wear index of {} at least", before.wear),
             fmt::format("{}", after.wear));
    t.expect(after.type == before.type && after.sectors == before.sectors, "type and size as before", "others");
    if (after.state == offline) throw Skipped{"the chunk has come to the end of its life"};
  }
}

void of_random(Trial& t) {
  const Address a = *t.stock().random;
  for (const Way way : {Way{.vector = true}, Way{.vector = true, .async = true}}) {
    t.expect_ok(t.write(a, t.geo().ws_min));
    t.expect_ok(t.reset(a, way));
    t.expect_chunk(a, free, lightnvm::Chunk::kNoWritePointer);
  }
}

constexpr Rule kRules[] = {
    {"reset.closed",
     "OCSSD-2.0 7",
     "A reset makes a closed chunk free, its write pointer 0.",
     {.chunks = 4},
     of_closed},
    {"reset.free",
     "OCSSD-2.0 7",
     "A reset of a free chunk succeeds with MCCAP bit 1, otherwise it is 2C1h.",
     {.chunks = 1},
     of_free},
    {"reset.open",
     "OCSSD-2.0 7",
     "A reset of an open chunk succeeds with MCCAP bit 2, otherwise it is 2C1h.",
     {.chunks = 1},
     of_open},
    {"reset.offline", "OCSSD-2.0 7", "A reset of an offline chunk is 2C0h.", {.offline = true}, of_offline},
    {"reset.nowhere", "OCSSD-2.0 7", "A reset of a chunk that does not exist is 2C1h.", {.hole = true}, of_nowhere},
    {"reset.any_sector",
     "OCSSD-2.0 4.1",
     "A vector reset names a chunk by any of its sectors.",
     {.chunks = 1},
     any_sector},
    {"reset.several",
     "OCSSD-2.0 4.6",
     "One command resets several chunks, as vector and as ranges.",
     {.chunks = 3},
     several},
    {"reset.partial",
     "OCSSD-2.0 4.6",
     "A vector reset resets what it can: a status bit for each other chunk, and the first's status.",
     {.chunks = 3, .vectors = true},
     partial},
    {"reset.descriptors",
     "OCSSD-2.0 4.6",
     "A vector reset brings the descriptors of the chunks that it has reset.",
     {.chunks = 2},
     descriptors},
    {"reset.kept",
     "OCSSD-2.0 6.4",
     "A reset keeps a chunk's type and size, and never lowers its wear index.",
     {.chunks = 1},
     kept},
    {"reset.random",
     "OCSSD-2.0 7",
     "A reset makes a random chunk free, without a write pointer.",
     {.random = true},
     of_random},
    {"deallocate.start",
     "OCSSD-2.0 5",
     "A range that does not begin with a chunk is 002h.",
     {.chunks = 1},
     range_start},
    {"deallocate.length",
     "OCSSD-2.0 5",
     "A range that is not as long as its chunk is 080h.",
     {.chunks = 1},
     range_length},
    {"deallocate.shorter",
     "OCSSD-2.0 5",
     "The range of a smaller chunk is as long as that chunk.",
     {.shorter = true},
     of_shorter},
    {"deallocate.hint", "OCSSD-2.0 5", "Dataset Management without AD succeeds and does nothing.", {.chunks = 1}, hint},
};

}  // namespace

std::span<const Rule> reset_rules_20() { return kRules; }

}  // namespace tools::check
