// SPDX-License-Identifier: BSD-2-Clause
// The pattern: sectors whose bytes follow from a seed and their own address, so that what was read can be judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <lightnvm/address.hpp>
#include <optional>
#include <span>

namespace tools::bench {

/// Numbers by chance, the same for the same seed.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] std::uint64_t next() noexcept { return mix(state_ += kStep); }
  /// 0 to `count` - 1. Requires count > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>((next() >> 32) * count >> 32);
  }

  // SplitMix64.
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;
  static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// What was found in place of what was written.
struct Mismatch {
  lightnvm::Address address;              ///< of the sector
  std::uint32_t offset = 0;               ///< of the first 8 bytes in it that differ
  std::uint64_t expected = 0, found = 0;  ///< these, least significant byte first
};

/// Fills one sector; its size is a multiple of 8.
void put_pattern(std::span<std::byte> sector, std::uint64_t seed, lightnvm::Address address) noexcept;
/// Holds one sector against it; nothing where it is as it was written.
std::optional<Mismatch> check_pattern(std::span<const std::byte> sector, std::uint64_t seed,
                                      lightnvm::Address address) noexcept;

}  // namespace tools::bench
