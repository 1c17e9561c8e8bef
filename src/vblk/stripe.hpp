// SPDX-License-Identifier: BSD-2-Clause
// Stripe: the arithmetic of a virtual block: which sector lies where, and how much one command takes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "lightnvm/address.hpp"
#include "lightnvm/geometry.hpp"

namespace lightnvm::vblk {

/// A round-robin layout of sectors over chunks, in units of ws_opt. Pure arithmetic; sectors are virtual ones.
struct Stripe {
  std::vector<Address> chunks;
  std::uint32_t unit = 1;  ///< ws_opt
  std::uint32_t step = 1;  ///< ws_min: writes are cut at its multiples
  std::uint32_t chunk_sectors = 0;
  bool vector = true;
  std::uint32_t most = 1;  ///< sectors of one command

  [[nodiscard]] std::uint64_t sectors() const noexcept { return chunks.size() * std::uint64_t{chunk_sectors}; }
  [[nodiscard]] std::size_t chunk_of(std::uint64_t sector) const noexcept { return sector / unit % chunks.size(); }
  [[nodiscard]] Address at(std::uint64_t sector) const noexcept {
    const std::uint64_t row = sector / unit / chunks.size();
    return chunks[chunk_of(sector)].at_sector(static_cast<std::uint32_t>(row * unit + sector % unit));
  }
  /// How many sectors the command that begins at `sector` takes, with `left` to go: a vector reaches over several
  /// chunks, a scalar command stays within one stretch of one chunk.
  [[nodiscard]] std::uint32_t length(std::uint64_t sector, std::uint64_t left) const noexcept {
    std::uint64_t n = std::min<std::uint64_t>(most, left);
    if (!vector && chunks.size() > 1) n = std::min<std::uint64_t>(n, unit - sector % unit);
    return static_cast<std::uint32_t>(n);
  }
  /// The addresses of `out.size()` sectors from `sector` on.
  void addresses(std::uint64_t sector, std::span<Address> out) const noexcept {
    for (std::size_t i = 0; i < out.size();) {
      const Address first = at(sector + i);
      const std::size_t run = std::min<std::size_t>(out.size() - i, unit - (sector + i) % unit);
      for (std::size_t k = 0; k < run; ++k) out[i + k] = first.plus(static_cast<std::uint32_t>(k));
      i += run;
    }
  }
};

}  // namespace lightnvm::vblk
