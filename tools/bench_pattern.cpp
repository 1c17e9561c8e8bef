// SPDX-License-Identifier: BSD-2-Clause
// The pattern, word by word.
#include "bench_pattern.hpp"

#include <cstring>

namespace tools::bench {
namespace {

class Words {
 public:
  Words(std::uint64_t seed, lightnvm::Address address) noexcept : chance_(Chance::mix(seed) ^ address.value) {}
  std::uint64_t next() noexcept { return chance_.next(); }

 private:
  Chance chance_;
};

}  // namespace

void put_pattern(std::span<std::byte> sector, std::uint64_t seed, lightnvm::Address address) noexcept {
  Words words(seed, address);
  for (std::size_t i = 0; i + 8 <= sector.size(); i += 8) {
    const std::uint64_t word = words.next();
    std::memcpy(sector.data() + i, &word, sizeof word);
  }
}

std::optional<Mismatch> check_pattern(std::span<const std::byte> sector, std::uint64_t seed,
                                      lightnvm::Address address) noexcept {
  Words words(seed, address);
  for (std::size_t i = 0; i + 8 <= sector.size(); i += 8) {
    const std::uint64_t expected = words.next();
    std::uint64_t found = 0;
    std::memcpy(&found, sector.data() + i, sizeof found);
    if (found != expected) return Mismatch{address, static_cast<std::uint32_t>(i), expected, found};
  }
  return std::nullopt;
}

}  // namespace tools::bench
