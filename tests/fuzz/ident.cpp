// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes identifiers and the options of an emulated device: whatever is accepted describes a device that can exist.
#include "device/ident.hpp"

#include <cstdlib>
#include <string_view>

#include "lightnvm/emulator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lightnvm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ident = device::parse_ident(text, backends::default_registry());
  if (!ident) {
    if (last_error().empty()) std::abort();
    return 0;
  }
  emulator::Config config;
  for (const auto& [key, value] : ident->options) {
    if (!emulator::apply_option(config, key, value)) return 0;
  }
  if (emulator::validate(config) && config.geometry.total_chunks() == 0) std::abort();
  return 0;
}
