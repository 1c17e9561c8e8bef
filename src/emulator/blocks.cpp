// SPDX-License-Identifier: BSD-2-Clause
// The blocks of an image of OCSSD 1.2, for those who look at it from outside.
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/no_memory.hpp"
#include "emulator/device.hpp"

namespace lightnvm::emulator {
namespace {

Result<std::vector<BlockInfo>> look(const std::string& path) {
  const auto device = Device::from_file(path, ImageAccess::look);
  if (!device) return std::unexpected(device.error());
  const Geometry& g = (*device)->config().geometry;
  if (!g.has_planes()) {
    return unexpected(Status::os(ENOTSUP), fmt::format("{}: a device of OCSSD 2.0 has chunks, no blocks", path));
  }
  const auto count = static_cast<std::uint32_t>((*device)->geometry().total_chunks());
  std::vector<BlockInfo> all;
  all.reserve(count);
  for (std::uint32_t chunk = 0; chunk < count; ++chunk) {
    const ChunkRecord record = (*device)->machine().record(chunk);
    all.push_back(
        {device_address(g, chunk), record.mark, record.state, record.write_pointer / g.page_sectors, record.cycles});
  }
  return all;
}

}  // namespace

Result<std::vector<BlockInfo>> blocks(const std::string& path) {
  return or_no_memory([&] { return look(path); });
}

}  // namespace lightnvm::emulator
