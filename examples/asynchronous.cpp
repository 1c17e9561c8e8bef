// SPDX-License-Identifier: BSD-2-Clause
// Reads with eight commands in flight, each callback submitting the next one.
#include <cstdio>
#include <lightnvm/lightnvm.hpp>
#include <vector>

using namespace lightnvm;

struct Reader {
  Queue& queue;
  std::vector<Buffer>& buffers;
  const Address chunk;
  const std::uint32_t unit, end;
  std::uint32_t next = 0;
  unsigned failed = 0;

  void submit(std::size_t slot) {
    if (next == end) return;
    const Status s = queue.read({chunk.at_sector(next), unit}, buffers[slot], [this, slot](const Completion& c) {
      if (!c) ++failed;
      submit(slot);  // the command's place in the queue is free again
    });
    s ? next += unit : ++failed;
  }
};

int main() {
  auto device = Device::open("emu:?groups=2&punits=2");
  if (!device) return std::puts(last_error().c_str()), 1;
  const Geometry& g = device->geometry();
  const Address chunk = Address::of(1, 0, 3);

  auto block = VirtualBlock::make(*device, std::span(&chunk, 1));
  if (!block || !block->pad()) return 1;  // writes all of the chunk

  auto queue = device->open_queue(8);
  if (!queue) return 1;
  std::vector<Buffer> buffers;
  for (int i = 0; i < 8; ++i) buffers.push_back(device->allocate(g.ws_opt * g.sector_bytes).value());
  Reader reader{*queue, buffers, chunk, g.ws_opt, g.sectors};
  for (std::size_t slot = 0; slot < buffers.size(); ++slot) reader.submit(slot);
  const auto done = queue->drain();
  if (!done) return 1;
  std::printf("%u reads, %u failed\n", *done, reader.failed);
  return reader.failed == 0 ? 0 : 1;
}
