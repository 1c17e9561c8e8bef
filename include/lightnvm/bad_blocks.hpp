// SPDX-License-Identifier: BSD-2-Clause
// BadBlockTable: which blocks of a LUN are fit for use. OCSSD 1.2 alone.
#pragma once

#include <cstdint>
#include <vector>

#include "lightnvm/address.hpp"

namespace lightnvm {

/// OCSSD-1.2 10.3: the values are the wire's.
enum class BlockState : std::uint8_t {
  good = 0,
  factory_bad = 1,
  grown_bad = 2,
  device_reserved = 4,
  host_reserved = 8,
};

/// The table of one LUN, with the device's own counts. A value type.
struct BadBlockTable {
  Address unit;                    ///< its channel and LUN
  std::uint32_t planes = 1;        ///< of the LUN
  std::uint16_t revision = 0;      ///< counts what the device calls revisions of the table
  std::vector<BlockState> blocks;  ///< of each plane of each block: block * planes + plane
  /// How many blocks the device counts in each state but good.
  std::uint32_t factory_bad = 0, grown_bad = 0, device_reserved = 0, host_reserved = 0;

  /// Requires that the LUN has the block and the plane.
  [[nodiscard]] BlockState at(std::uint32_t block, std::uint32_t plane) const { return blocks[block * planes + plane]; }
  friend bool operator==(const BadBlockTable&, const BadBlockTable&) = default;
};

}  // namespace lightnvm
