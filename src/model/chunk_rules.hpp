// SPDX-License-Identifier: BSD-2-Clause
// What OCSSD 2.0 allows a chunk in each of its states: pure functions, without anybody's state. OCSSD-2.0 4.3, 6, 7.
#pragma once

#include <cstdint>

#include "lightnvm/chunk.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm::model {

/// What the rules look at in one chunk.
struct ChunkView {
  ChunkState state = ChunkState::free;
  ChunkType type = ChunkType::sequential;
  std::uint32_t write_pointer = 0;  ///< meaningless for offline and random chunks
  std::uint32_t sectors = 0;
};

/// Consecutive addresses of one command in one chunk.
struct WriteShape {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t highest = 0;  ///< the highest sector of the run
  bool ascending = true;      ///< each address is the one before it plus one
};

/// The verdict on a write of `w` to an existing chunk, in the order of OCSSD-2.0 4.3.
constexpr StatusCode check_write(const ChunkView& c, const WriteShape& w, std::uint32_t ws_min) noexcept {
  if (c.state == ChunkState::offline || c.state == ChunkState::closed) return StatusCode::write_fault;
  if (w.highest >= c.sectors || c.sectors - w.first < w.count) return StatusCode::write_fault;
  if (c.type == ChunkType::random) return StatusCode::success;
  if (w.count % ws_min != 0) return StatusCode::invalid_field;
  if (w.first != c.write_pointer || !w.ascending) return StatusCode::out_of_order_write;
  return StatusCode::success;
}

/// How many sectors from the chunk's start can be read. OCSSD-2.0 6.2.
constexpr std::uint32_t readable_sectors(const ChunkView& c, std::uint32_t mw_cunits) noexcept {
  switch (c.state) {
    case ChunkState::closed: return c.type == ChunkType::random ? 0 : c.write_pointer;
    case ChunkState::open:
      if (c.type == ChunkType::random) return c.sectors;
      return c.write_pointer >= mw_cunits ? c.write_pointer - mw_cunits : 0;
    case ChunkState::free:
    case ChunkState::offline: break;
  }
  return 0;
}

/// The verdict on a reset. OCSSD-2.0 7.
constexpr StatusCode check_reset(const ChunkView& c, const Geometry& g) noexcept {
  switch (c.state) {
    case ChunkState::offline: return StatusCode::offline_chunk;
    case ChunkState::free: return g.multiple_resets ? StatusCode::success : StatusCode::invalid_reset;
    case ChunkState::open: return g.early_reset ? StatusCode::success : StatusCode::invalid_reset;
    case ChunkState::closed: break;
  }
  return StatusCode::success;
}

/// The wear-level index after `cycles` of `limit` program/erase cycles. OCSSD-2.0 6.4.
constexpr std::uint8_t wear_index(std::uint32_t cycles, std::uint32_t limit) noexcept {
  return static_cast<std::uint8_t>(cycles >= limit ? 255 : static_cast<std::uint64_t>(cycles) * 255 / limit);
}

}  // namespace lightnvm::model
