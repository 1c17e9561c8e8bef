// SPDX-License-Identifier: BSD-2-Clause
// How a device of OCSSD 1.2 becomes one of chunks: each plane of each block is a chunk of the machine and the media.
#pragma once

#include <cstdint>

#include "lightnvm/geometry.hpp"

namespace lightnvm::emulator {

/// The geometry of the chunk machine and of the media: the device's own on OCSSD 2.0; on 1.2 a unit has a chunk for
/// each plane of each block, which is written page by page in order and may be reset at any time.
constexpr Geometry machine_geometry(const Geometry& g) noexcept {
  if (!g.has_planes()) return g;
  Geometry m = g;
  m.chunks = g.chunks * g.planes;
  m.sectors = g.pages * g.page_sectors;
  m.ws_min = m.ws_opt = g.page_sectors;
  m.wear_threshold = 255;  // nobody is told
  m.planes = m.pages = m.page_sectors = m.page_bytes = 0;
  return m;
}

/// The same place in the machine's geometry. Requires that the device contains it.
constexpr Address machine_address(const Geometry& g, Address a) noexcept {
  if (!g.has_planes()) return a;
  return Address::of(a.group(), a.unit(), a.chunk() * g.planes + a.plane(), a.page() * g.page_sectors + a.sec());
}

/// The number of the chunk in the machine and in the table of an image.
constexpr std::uint32_t machine_chunk(const Geometry& g, Address a) noexcept {
  return static_cast<std::uint32_t>(machine_geometry(g).chunk_index(machine_address(g, a)));
}

/// The inverse: the first sector of that chunk as the device addresses it.
constexpr Address device_address(const Geometry& g, std::uint32_t chunk) noexcept {
  const Address m = machine_geometry(g).chunk_address(chunk);
  if (!g.has_planes()) return m;
  return Address::of12(m.group(), m.unit(), m.chunk() / g.planes, m.chunk() % g.planes);
}

}  // namespace lightnvm::emulator
