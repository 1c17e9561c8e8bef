// SPDX-License-Identifier: BSD-2-Clause
// Placing sectors by hand: a vector write over four units, metadata with it, the rules that a chunk has.
#include <cstdio>
#include <cstring>
#include <lightnvm/lightnvm.hpp>
#include <vector>

using namespace lightnvm;

int main() {
  auto device = Device::open("emu:?groups=2&punits=2&mw_cunits=0");
  if (!device) return std::puts(last_error().c_str()), 1;
  const Geometry& g = device->geometry();

  // ws_min sectors of chunk 5 in each of the four units, in one command.
  std::vector<Address> addresses;
  for (std::uint32_t unit = 0; unit < g.total_units(); ++unit) {
    const Address chunk = Address::of(unit % g.groups, unit / g.groups, 5);
    for (std::uint32_t s = 0; s < g.ws_min; ++s) addresses.push_back(chunk.at_sector(s));
  }
  std::vector<std::byte> data(addresses.size() * g.sector_bytes, std::byte{'d'});
  std::vector<std::byte> metadata(addresses.size() * g.oob_bytes);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    std::memcpy(&metadata[i * g.oob_bytes], &addresses[i], sizeof addresses[i]);
  }
  if (const Completion c = device->write(addresses, Source(data, metadata)); !c) {
    return std::puts(c.status.message().c_str()), 1;
  }

  // What the device says of a chunk, and of a write that is not at its write pointer.
  const auto chunk = device->chunk(addresses[0]);
  if (!chunk) return 1;
  std::printf("write pointer %llu\n", static_cast<unsigned long long>(chunk->write_pointer));
  const Completion refused = device->write({addresses[0], g.ws_min}, std::span(data).first(g.ws_min * g.sector_bytes));
  std::printf("written again: %s\n", refused.status.message().c_str());

  std::vector<std::byte> sector(g.sector_bytes);
  std::vector<std::byte> tag(g.oob_bytes);
  if (!device->read({addresses.back(), 1}, Destination(sector, tag))) return 1;
  Address found;
  std::memcpy(&found, tag.data(), sizeof found);
  std::printf("the last sector says that it is %016llx\n", static_cast<unsigned long long>(found.value));
  return refused.status.is(StatusCode::out_of_order_write) && found == addresses.back() ? 0 : 1;
}
