// SPDX-License-Identifier: BSD-2-Clause
// Asks the routes what they find.
#include <algorithm>
#include <iterator>

#include "base/no_memory.hpp"
#include "device/core.hpp"

namespace lightnvm {

Result<std::vector<FoundDevice>> DeviceAccess::find(const FindOptions& options, backends::Registry registry) {
  std::vector<FoundDevice> all;
  for (const backends::Entry& entry : registry) {
    if (entry.descriptor == nullptr || entry.descriptor->find == nullptr) continue;
    auto found = entry.descriptor->find(options);
    if (!found) return found;
    for (FoundDevice& device : *found) {
      device.backend = entry.name;
      device.backend_id = entry.id;
    }
    std::ranges::move(*found, std::back_inserter(all));
  }
  return all;
}

Result<std::vector<FoundDevice>> find_devices(const FindOptions& options) {
  return or_no_memory([&] { return DeviceAccess::find(options, backends::default_registry()); });
}

}  // namespace lightnvm
