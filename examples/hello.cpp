// SPDX-License-Identifier: BSD-2-Clause
// The first program: a virtual block over all parallel units, written and read back.
#include <cstdio>
#include <lightnvm/lightnvm.hpp>

int main() {
  auto device = lightnvm::Device::open("emu:?groups=8&punits=4");
  if (!device) return std::puts(lightnvm::last_error().c_str()), 1;
  auto block = lightnvm::VirtualBlock::line(*device, {0, 7, 0, 3, 42});  // chunk 42 of all 32 units
  if (!block) return std::puts(block.error().message().c_str()), 1;
  auto data = device->allocate(block->size());
  if (!data || !block->erase() || !block->write(*data) || !block->read(*data)) return 1;
  std::printf("%zu bytes through 32 parallel units\n", data->size());
}
