// SPDX-License-Identifier: BSD-2-Clause
// Chunk: one entry of the chunk report.
#pragma once

#include <cstdint>

#include "lightnvm/address.hpp"

namespace lightnvm {

/// OCSSD-2.0 3.2: the values are the wire's.
enum class ChunkState : std::uint8_t { free = 0x01, closed = 0x02, open = 0x04, offline = 0x08 };
/// Whether a chunk is written in order or at random.
enum class ChunkType : std::uint8_t { sequential = 0x01, random = 0x02 };

/// What the device says of one chunk.
struct Chunk {
  Address address;  ///< its first sector
  ChunkState state = ChunkState::free;
  ChunkType type = ChunkType::sequential;
  std::uint8_t wear = 0;      ///< wear-level index: 0 new, 255 end of life
  std::uint32_t sectors = 0;  ///< usable sectors; may be fewer than the geometry's
  /// Sectors written so far, the next to write; kNoWritePointer for offline and random chunks.
  std::uint64_t write_pointer = 0;

  static constexpr std::uint64_t kNoWritePointer = ~0ULL;
  friend constexpr bool operator==(const Chunk&, const Chunk&) noexcept = default;
};

}  // namespace lightnvm
