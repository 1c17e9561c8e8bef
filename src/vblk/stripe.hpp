// SPDX-License-Identifier: BSD-2-Clause
// Stripe: the arithmetic of a virtual block: which sector lies where, and how much one command takes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "lightnvm/address.hpp"
#include "lightnvm/command_options.hpp"
#include "lightnvm/geometry.hpp"

namespace lightnvm::vblk {

/// A round-robin layout of sectors over chunks, in units of ws_opt. Pure arithmetic; sectors are virtual ones. Which
/// address the n-th sector of a chunk has is the geometry's: on OCSSD 1.2 a unit is a page over all planes.
struct Stripe {
  Geometry geometry;
  std::vector<Address> chunks;
  std::uint32_t unit = 1;  ///< ws_opt
  std::uint32_t step = 1;  ///< writes are cut at its multiples: ws_min; OCSSD 1.2: the pages of the plane mode
  std::uint32_t chunk_sectors = 0;
  bool vector = true;
  std::uint32_t most_read = 1, most_write = 1;  ///< sectors of one command
  std::uint32_t most_erase = 1;                 ///< addresses of one command
  CommandOptions options;                       ///< of all commands

  [[nodiscard]] std::uint64_t sectors() const noexcept { return chunks.size() * std::uint64_t{chunk_sectors}; }
  [[nodiscard]] std::size_t chunk_of(std::uint64_t sector) const noexcept { return sector / unit % chunks.size(); }
  [[nodiscard]] Address at(std::uint64_t sector) const noexcept {
    const std::uint64_t row = sector / unit / chunks.size();
    return geometry.sector_address(chunks[chunk_of(sector)], static_cast<std::uint32_t>(row * unit + sector % unit));
  }
  /// How many of `wanted` sectors the command that begins at `sector` takes: a vector reaches over several chunks, a
  /// scalar command stays within one stretch of one chunk.
  [[nodiscard]] std::uint32_t length(std::uint64_t sector, std::uint64_t wanted) const noexcept {
    std::uint64_t n = wanted;
    if (!vector && chunks.size() > 1) n = std::min<std::uint64_t>(n, unit - sector % unit);
    return static_cast<std::uint32_t>(n);
  }
  /// Sectors whose addresses follow each other.
  [[nodiscard]] std::uint32_t stretch() const noexcept { return geometry.has_planes() ? geometry.page_sectors : unit; }
  /// The addresses of `out.size()` sectors from `sector` on.
  void addresses(std::uint64_t sector, std::span<Address> out) const noexcept {
    for (std::size_t i = 0; i < out.size();) {
      const Address first = at(sector + i);
      const std::size_t run = std::min<std::size_t>(out.size() - i, stretch() - (sector + i) % stretch());
      for (std::size_t k = 0; k < run; ++k) out[i + k] = first.plus(static_cast<std::uint32_t>(k));
      i += run;
    }
  }
  /// How many addresses an erase names of each chunk: one for each plane in single plane mode.
  [[nodiscard]] std::uint32_t erased_planes() const noexcept {
    return options.plane_mode == PlaneMode::single ? std::max(geometry.planes, 1U) : 1;
  }
  /// The addresses that an erase of all chunks names.
  [[nodiscard]] std::vector<Address> erased() const {
    std::vector<Address> out;
    for (const Address a : chunks) {
      for (std::uint32_t p = 0; p < erased_planes(); ++p)
        out.push_back(Address::of12(a.group(), a.unit(), a.chunk(), p));
    }
    return out;
  }
};

}  // namespace lightnvm::vblk
