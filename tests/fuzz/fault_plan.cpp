// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes fault plans: what is accepted reads the same from its own text, and works on a device that has what it names.
#include <cstdlib>
#include <string_view>

#include "emulator/faults.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lightnvm;
  using namespace lightnvm::emulator;
  const auto plan = parse_faults({reinterpret_cast<const char*>(data), size});
  if (!plan) {
    if (last_error().empty()) std::abort();
    return 0;
  }
  auto again = parse_faults(to_text(*plan));
  if (!again || again->seed != plan->seed || again->rules.size() != plan->rules.size()) std::abort();
  for (std::size_t i = 0; i < plan->rules.size(); ++i) {
    again->rules[i].line = plan->rules[i].line;
    if (!(again->rules[i] == plan->rules[i])) std::abort();
  }
  const Config config;
  if (!check_faults(*plan, config)) return 0;
  Faults faults(*plan, config);
  for (std::uint32_t chunk = 0; chunk < 8; ++chunk) {
    (void)faults.begin_command();
    (void)faults.write({chunk, 0, 8});
    (void)faults.retires({chunk, 0, 8});
    (void)faults.refreshes({chunk, 0, 8});
    for (std::uint32_t sector = 0; sector < 8; ++sector) (void)faults.read(chunk, sector);
    (void)faults.reset(chunk);
    (void)faults.wears_out(chunk, chunk);
  }
  return 0;
}
