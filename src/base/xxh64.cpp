// SPDX-License-Identifier: BSD-2-Clause
// XXH64: four lanes of 8 bytes a step.
#include "base/xxh64.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace lightnvm {
namespace {

constexpr std::uint64_t kP1 = 0x9E3779B185EBCA87, kP2 = 0xC2B2AE3D27D4EB4F, kP3 = 0x165667B19E3779F9;
constexpr std::uint64_t kP4 = 0x85EBCA77C2B2AE63, kP5 = 0x27D4EB2F165667C5;

template <typename T>
T load(const std::byte* p) noexcept {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

constexpr std::uint64_t round(std::uint64_t lane, std::uint64_t word) noexcept {
  return std::rotl(lane + word * kP2, 31) * kP1;
}

constexpr std::uint64_t merge(std::uint64_t h, std::uint64_t lane) noexcept { return (h ^ round(0, lane)) * kP1 + kP4; }

}  // namespace

std::uint64_t xxh64(std::span<const std::byte> data, std::uint64_t seed) noexcept {
  const std::byte* p = data.data();
  std::size_t n = data.size();
  std::uint64_t h = seed + kP5;
  if (n >= 32) {
    std::array<std::uint64_t, 4> lane = {seed + kP1 + kP2, seed + kP2, seed, seed - kP1};
    for (; n >= 32; n -= 32) {
      for (std::uint64_t& l : lane) {
        l = round(l, load<std::uint64_t>(p));
        p += 8;
      }
    }
    h = std::rotl(lane[0], 1) + std::rotl(lane[1], 7) + std::rotl(lane[2], 12) + std::rotl(lane[3], 18);
    for (const std::uint64_t l : lane) h = merge(h, l);
  }
  h += data.size();
  for (; n >= 8; n -= 8, p += 8) h = std::rotl(h ^ round(0, load<std::uint64_t>(p)), 27) * kP1 + kP4;
  if (n >= 4) {
    h = std::rotl(h ^ load<std::uint32_t>(p) * kP1, 23) * kP2 + kP3;
    p += 4;
    n -= 4;
  }
  for (; n > 0; --n, ++p) h = std::rotl(h ^ static_cast<std::uint64_t>(*p) * kP5, 11) * kP1;
  h = (h ^ h >> 33) * kP2;
  h = (h ^ h >> 29) * kP3;
  return h ^ h >> 32;
}

}  // namespace lightnvm
