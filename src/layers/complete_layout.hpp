// SPDX-License-Identifier: BSD-2-Clause
// Layout and Route: what the decorator knows of the device and of the way to it.
#pragma once

#include <expected>
#include <optional>

#include "backends/registry.hpp"
#include "lightnvm/geometry.hpp"
#include "model/lba_format.hpp"

namespace lightnvm::layers::completed {

/// What a device says of itself. NVM-1.0 4.1.5.1; OCSSD-2.0 3.1.
struct Layout {
  std::uint64_t device_limit = 0;  ///< MDTS in bytes; 0: none
  bool chunked = false;            ///< an Open-Channel SSD 2.0; the rest means something only then
  bool physical = false;           ///< an Open-Channel SSD 1.2; of the geometry, only the bytes of a sector are known
  bool extended = false;           ///< each block is followed by its metadata
  Geometry geometry;
  model::LbaFormat format;

  [[nodiscard]] std::uint64_t chunk_of(std::uint64_t lba) const noexcept { return lba >> format.sector_bits(); }
  [[nodiscard]] std::uint64_t first_of_chunk(std::uint64_t lba) const noexcept {
    return chunk_of(lba) << format.sector_bits();
  }
  /// Where the chunk log has the descriptor of the chunk that `lba` lies in; nothing for a chunk that does not exist.
  [[nodiscard]] std::optional<std::uint64_t> log_offset(std::uint64_t lba) const noexcept;
};

/// The device that is behind `backend`. Errors: those of Identify; a device that refuses Geometry is not chunked.
std::expected<Layout, backends::Refusal> learn(backends::Backend& backend);

/// A route, the device behind it, and what follows from both. Outlives the queues.
struct Route {
  Route(backends::Backend& inner, const Layout& device) noexcept;

  /// The most blocks of a scalar command that has to be put together in memory of the queue.
  [[nodiscard]] std::uint32_t bounced(bool write) const noexcept { return write ? bounced_write : bounced_read; }
  [[nodiscard]] std::uint32_t blocks(bool write) const noexcept { return write ? write_blocks : read_blocks; }

  backends::Backend& backend;
  backends::Caps caps;
  Layout layout;
  bool interleaves = false;       ///< metadata goes between the data
  bool any_segments = false;      ///< the route gathers as many as there are
  bool carries_blocks = false;    ///< a block is not larger than the route's largest transfer
  std::uint32_t block_bytes = 0;  ///< data of a block on the route, with its metadata if that is interleaved
  std::uint32_t read_blocks = 0, write_blocks = 0;  ///< the most that one scalar command carries
  std::uint32_t bounced_read = 0, bounced_write = 0;
};

/// The smaller of two limits, where 0 is none.
constexpr std::uint64_t smaller_limit(std::uint64_t a, std::uint64_t b) noexcept {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

/// The most bytes that are put together in memory of a queue, unless a single block is larger.
inline constexpr std::uint64_t kBounceMost = 1U << 20;

}  // namespace lightnvm::layers::completed
