// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes the emulated device with submission entries, memory of any size and lists of any length.
#include <cstdlib>
#include <vector>

#include "lightnvm/device.hpp"
#include "source.hpp"

namespace {

using namespace lightnvm;

std::vector<std::uint64_t> take_list(fuzz::Source& in) {
  std::vector<std::uint64_t> list(in.take<std::uint8_t>() % 70);
  const auto first = in.take<std::uint32_t>();
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = first + i;
  if (!list.empty()) list[in.take<std::uint8_t>() % list.size()] = in.take<std::uint64_t>();
  return list;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr unsigned kSectorBytes = 512;
  auto device = Device::open(
      "emu:?groups=2&punits=2&chunks=3&sectors=32&sector_bytes=512&ws_min=2&ws_opt=4&mw_cunits=4&bad=0.0.1&mdts=1");
  if (!device) std::abort();
  fuzz::Source in(data, size);
  for (int commands = 0; !in.empty() && commands < 32; ++commands) {
    const auto choice = in.take<std::uint8_t>();
    const auto set = (choice & 1) != 0 ? CommandSet::admin : CommandSet::io;
    RawCommand raw{};
    // A command that is nearly right gets further than one of random dwords.
    raw[0] = in.take<std::uint8_t>();
    raw[1] = 1;
    raw[10] = in.take<std::uint16_t>();
    raw[12] = in.take<std::uint8_t>();
    if ((choice & 2) != 0) raw[in.take<std::uint8_t>() % raw.size()] = in.take<std::uint32_t>();
    std::vector<std::byte> memory(((choice & 4) != 0 ? raw[12] % 256 + 1U : in.take<std::uint8_t>()) *
                                  std::size_t{kSectorBytes});
    std::vector<std::byte> metadata((choice & 8) != 0 ? (raw[12] % 256 + 1U) * std::size_t{16} : 0);
    const auto list = (choice & 16) != 0 ? take_list(in) : std::vector<std::uint64_t>();
    const auto destination = (choice & 32) != 0 ? take_list(in) : std::vector<std::uint64_t>();
    (void)device->pass(set, raw, Destination(memory, metadata), list, destination);
  }
  // Whatever was said to it, it answers and its chunks are in states that exist.
  const auto chunks = device->chunks();
  if (!chunks) std::abort();
  for (const Chunk& c : *chunks) {
    const bool exists = c.state == ChunkState::free || c.state == ChunkState::open || c.state == ChunkState::closed ||
                        c.state == ChunkState::offline;
    if (!exists || (c.state == ChunkState::free && c.write_pointer != 0)) std::abort();
  }
  return 0;
}
