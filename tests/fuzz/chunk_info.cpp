// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes the text that says how chunks begin: whatever is accepted names chunks that exist.
#include <cstdlib>
#include <string_view>

#include "lightnvm/emulator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lightnvm;
  const Geometry geometry = emulator::Config().geometry;
  const auto parsed = emulator::parse_chunk_info({reinterpret_cast<const char*>(data), size}, geometry);
  if (!parsed) return 0;
  for (const auto& change : *parsed) {
    if (!geometry.contains(change.address.at_sector(0))) std::abort();
  }
  return 0;
}
