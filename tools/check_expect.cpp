// SPDX-License-Identifier: BSD-2-Clause
// What a rule expects, and the bytes by which it knows a sector again.
#include <fmt/format.h>

#include <algorithm>

#include "check_trial.hpp"

namespace tools::check {
namespace {

std::string text(lightnvm::StatusCode code) {
  if (code == lightnvm::StatusCode::success) return "success";
  return fmt::format("{} ({:#05x})", lightnvm::status_info(code).text, static_cast<unsigned>(code));
}

std::string text(lightnvm::ChunkState state, std::uint64_t write_pointer) {
  const char* name = "in no state";
  switch (state) {
    case lightnvm::ChunkState::free: name = "free"; break;
    case lightnvm::ChunkState::open: name = "open"; break;
    case lightnvm::ChunkState::closed: name = "closed"; break;
    case lightnvm::ChunkState::offline: name = "offline"; break;
  }
  if (write_pointer == lightnvm::Chunk::kNoWritePointer) return fmt::format("{}, without write pointer", name);
  return fmt::format("{}, write pointer {}", name, write_pointer);
}

// splitmix64, eight bytes at a time.
void mix(std::span<std::byte> target, std::uint64_t seed) {
  for (std::size_t i = 0; i < target.size(); i += 8) {
    std::uint64_t z = seed += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    std::memcpy(target.data() + i, &z, std::min<std::size_t>(8, target.size() - i));
  }
}

constexpr std::uint64_t key(lightnvm::Address a, std::uint64_t salt) { return a.value * 31 + salt; }

}  // namespace

std::uint64_t Trial::salt(unsigned round, bool metadata) const noexcept {
  return stock_.seed() * 0x100000001B3ULL + 1000003ULL * round + (metadata ? 77 : 0);
}

void Trial::fill(std::vector<std::byte>& out, const Sectors& s, std::uint32_t unit, std::uint64_t salt) const {
  out.resize(static_cast<std::size_t>(s.count()) * unit);
  for (std::uint32_t i = 0; i < s.count(); ++i) {
    const Address a = s.is_list() ? s.data()[i] : s.data()[0].plus(i);
    mix(std::span(out).subspan(static_cast<std::size_t>(i) * unit, unit), key(a, salt));
  }
}

void Trial::compare(std::span<const std::byte> got, std::span<const Address> written, std::uint32_t unit,
                    std::uint64_t salt, const char* what) const {
  std::vector<std::byte> wanted(unit);
  for (std::size_t i = 0; i < written.size(); ++i) {
    mix(wanted, key(written[i], salt));
    const auto part = got.subspan(i * unit, unit);
    const auto [differs, there] = std::ranges::mismatch(wanted, part);
    if (differs == wanted.end()) continue;
    throw Broken{fmt::format("the {} that was written at {}", what, sector_name(written[i], geo())),
                 fmt::format("other bytes, from byte {} on: {:02x}h instead of {:02x}h", differs - wanted.begin(),
                             static_cast<unsigned>(*there), static_cast<unsigned>(*differs)),
                 command_};
  }
}

void Trial::expect(bool holds, std::string expected, std::string got) {
  if (!holds) throw Broken{std::move(expected), std::move(got), command_};
}

void Trial::expect(const Completion& c, std::initializer_list<StatusCode> one_of) {
  if (c.status.is_errno(ENOTSUP)) throw Skipped{fmt::format("the route does not carry it: {}", command_)};
  if (!c.status.is_os() && std::ranges::find(one_of, c.status.code()) != one_of.end()) return;
  std::string expected;
  for (const StatusCode code : one_of) expected += (expected.empty() ? "" : " or ") + text(code);
  throw Broken{expected, c.ok() ? "success" : c.status.message(), command_};
}

void Trial::expect_if_sent(const Completion& c, std::initializer_list<StatusCode> one_of) {
  if (c.status.is_errno(EINVAL)) throw Skipped{fmt::format("the route does not carry it: {}", command_)};
  expect(c, one_of);
}

void Trial::expect_chunk(Address address, ChunkState state, std::uint64_t write_pointer) {
  const Chunk c = chunk(address);
  expect(c.state == state && c.write_pointer == write_pointer,
         fmt::format("{}: {}", chunk_name(address), text(state, write_pointer)), text(c.state, c.write_pointer));
}

void Trial::expect_same(const Chunk& before) { expect_chunk(before.address, before.state, before.write_pointer); }

void Trial::expect_bits(const Completion& c, std::uint64_t bits) {
  expect(c.result == bits, fmt::format("status bits {:#x}", bits), fmt::format("{:#x}", c.result));
}

void Trial::expect_data(std::span<const Address> written, unsigned round, std::uint32_t first) {
  const auto part = [&](std::span<const std::byte> all, std::uint32_t unit) {
    return all.subspan(static_cast<std::size_t>(first) * unit, written.size() * unit);
  };
  compare(part(data_, geo().sector_bytes), written, geo().sector_bytes, salt(round, false), "data");
  if (read_oob_) compare(part(oob_, geo().oob_bytes), written, geo().oob_bytes, salt(round, true), "metadata");
}
void Trial::expect_data(Address written, std::uint32_t count, unsigned round, std::uint32_t first) {
  expect_data(run(written, count), round, first);
}

void Trial::expect_predefined(std::uint32_t count, std::uint32_t first) {
  if (!stock_.predefined()) return;
  const auto check = [&](std::span<const std::byte> all, std::uint32_t unit, const char* what) {
    const auto part = all.subspan(static_cast<std::size_t>(first) * unit, static_cast<std::size_t>(count) * unit);
    const auto other = std::ranges::find_if(part, [&](std::byte b) { return b != *stock_.predefined(); });
    if (other == part.end()) return;
    throw Broken{fmt::format("{} of {:02x}h in every byte", what, static_cast<unsigned>(*stock_.predefined())),
                 fmt::format("{:02x}h in byte {} of sector {}", static_cast<unsigned>(*other),
                             static_cast<std::size_t>(other - part.begin()) % unit,
                             first + static_cast<std::size_t>(other - part.begin()) / unit),
                 command_};
  };
  check(data_, geo().sector_bytes, "data");
  if (read_oob_) check(oob_, geo().oob_bytes, "metadata");
}

}  // namespace tools::check
