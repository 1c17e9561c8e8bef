// SPDX-License-Identifier: BSD-2-Clause
// The loop whose instructions are counted: asynchronous reads through the C++ API at a constant depth.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "lightnvm/device.hpp"

using namespace lightnvm;

namespace {

struct Loop {
  Queue& queue;
  const std::vector<std::vector<Address>>& lists;  // scalar: the first of each
  std::vector<Buffer>& buffers;
  bool vector = false;
  std::uint64_t left = 0;
  std::uint64_t failed = 0;

  void submit(std::uint32_t slot) {
    if (left == 0) return;
    --left;
    const std::vector<Address>& list = lists[left % lists.size()];
    const Sectors sectors = vector ? Sectors(list) : Sectors(list[0], static_cast<std::uint32_t>(list.size()));
    const Status s = queue.read(sectors, buffers[slot], [this, slot](const Completion& c) {
      if (!c) ++failed;
      submit(slot);
    });
    if (!s) ++failed;
  }
};

// One closed chunk in each unit of the first row, so that everything can be read.
bool prepare(Device& device, std::uint32_t chunk) {
  const Geometry& g = device.geometry();
  std::vector<std::byte> data(static_cast<std::size_t>(g.ws_opt) * g.sector_bytes, std::byte{'r'});
  for (std::uint32_t group = 0; group < g.groups; ++group) {
    for (std::uint32_t s = 0; s < g.sectors; s += g.ws_opt) {
      if (!device.write({Address::of(group, 0, chunk, s), g.ws_opt}, data)) return false;
    }
  }
  return true;
}

}  // namespace

// Usage: bench_read_loop COMMANDS [DEPTH [SECTORS [scalar|consecutive|scattered]]]
int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long otherwise) {
    return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
  };
  const std::uint64_t commands = number(1, 100000);
  const auto depth = static_cast<std::uint32_t>(number(2, 32));
  const auto count = static_cast<std::uint32_t>(number(3, 1));
  const std::string_view kind = argc > 4 ? argv[4] : "scalar";
  auto device = Device::open("emu:?groups=8&punits=4&chunks=12&bad=none");
  if (!device || !prepare(*device, 1)) {
    std::fprintf(stderr, "%s\n", last_error().c_str());
    return 1;
  }
  auto queue = device->open_queue(depth);
  std::vector<Buffer> buffers;
  for (std::uint32_t i = 0; i < depth; ++i) {
    buffers.push_back(*device->allocate(static_cast<std::size_t>(count) * device->geometry().sector_bytes));
  }
  std::vector<std::vector<Address>> lists(1024);
  std::uint64_t seed = 88172645463325252ULL;
  const auto random = [&](std::uint32_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return static_cast<std::uint32_t>(seed % below);
  };
  for (auto& list : lists) {
    const Address first = Address::of(random(8), 0, 1, random(device->geometry().sectors - count));
    for (std::uint32_t i = 0; i < count; ++i) {
      list.push_back(kind == "scattered" ? Address::of(random(8), 0, 1, random(device->geometry().sectors))
                                         : first.plus(i));
    }
  }
  Loop loop{*queue, lists, buffers, kind != "scalar", commands};
  for (std::uint32_t i = 0; i < depth; ++i) loop.submit(i);
  while (queue->in_flight() != 0) {
    if (!queue->wait()) return 1;
  }
  std::printf("%llu commands, %llu failed\n", static_cast<unsigned long long>(commands),
              static_cast<unsigned long long>(loop.failed));
  return loop.failed == 0 ? 0 : 1;
}
