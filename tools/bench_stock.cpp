// SPDX-License-Identifier: BSD-2-Clause
// What is on the units that a job may use.
#include <fmt/format.h>

#include <algorithm>

#include "bench_layout.hpp"
#include "session.hpp"

namespace tools::bench {
namespace {

using lightnvm::Address;
using lightnvm::Chunk;
using lightnvm::ChunkState;
using lightnvm::Device;
using lightnvm::Geometry;

std::uint32_t number_or_fail(std::string_view text, const std::string& which) {
  const auto value = parse_number(text, 0xFFFFFFFF);
  if (!value) throw Failure("FAILED", fmt::format("--punits: '{}' is neither all, nor a number, nor G.U", which));
  return static_cast<std::uint32_t>(*value);
}

Held held(const Chunk& c, const Geometry& g) {
  Held h{.address = c.address, .sectors = c.sectors, .open = c.state == ChunkState::open};
  if (c.state == ChunkState::free) return h;
  h.written = static_cast<std::uint32_t>(c.write_pointer);
  h.readable = h.open ? h.written - std::min(h.written, g.mw_cunits) : h.written;
  return h;
}

Stock stock_of_20(Device& device, Address unit) {
  const Geometry& g = device.geometry();
  const auto all = device.chunks(g.chunk_index(unit), g.chunks);
  if (!all) throw Failure::explained("nvm_cmd_rprt", all.error());
  Stock stock{.unit = unit};
  for (const Chunk& c : *all) {
    if (c.state == ChunkState::open) ++stock.open;
    if (c.state == ChunkState::offline || c.write_pointer == Chunk::kNoWritePointer ||
        c.type != lightnvm::ChunkType::sequential) {
      continue;
    }
    stock.chunks.push_back(held(c, g));
  }
  return stock;
}

bool readable(Device& device, Address sector, lightnvm::Buffer& buffer) {
  const auto done = device.read(lightnvm::Sectors::vector(sector, 1), buffer);
  if (done) return true;
  if (done.status.is(lightnvm::StatusCode::empty_page)) return false;
  throw Failure("nvm_cmd_read", done.status);
}

Stock stock_of_12(Device& device, Address unit, lightnvm::Buffer& buffer) {
  const Geometry& g = device.geometry();
  const auto table = device.bad_blocks(unit);
  if (!table) throw Failure::explained("nvm_cmd_gbbt", table.error());
  Stock stock{.unit = unit};
  for (std::uint32_t block = 0; block < g.chunks; ++block) {
    bool good = true;
    for (std::uint32_t plane = 0; plane < g.planes; ++plane) {
      good = good && table->at(block, plane) == lightnvm::BlockState::good;
    }
    if (!good) continue;
    const Address a = Address::of(unit.group(), unit.unit(), block);
    Held h{.address = a, .sectors = g.sectors};
    const bool last = readable(device, g.sector_address(a, g.sectors - 1), buffer);
    const bool first = readable(device, a, buffer);
    h.readable = first && last ? g.sectors : 0;
    h.written = first || last ? g.sectors : 0;
    stock.chunks.push_back(h);
  }
  return stock;
}

}  // namespace

std::vector<Address> choose_units(const std::string& which, const Geometry& g) {
  const std::size_t dot = which.find('.');
  if (dot != std::string::npos) {
    const std::uint32_t group = number_or_fail(std::string_view(which).substr(0, dot), which);
    const std::uint32_t unit = number_or_fail(std::string_view(which).substr(dot + 1), which);
    if (group >= g.groups) throw beyond("--punits", "group", group, g.groups);
    if (unit >= g.units) throw beyond("--punits", "parallel unit", unit, g.units);
    return {Address::of(group, unit, 0)};
  }
  const std::uint32_t count = which == "all" ? g.total_units() : number_or_fail(which, which);
  if (count == 0 || count > g.total_units()) {
    throw Failure("FAILED", fmt::format("--punits: the device has 1 to {} parallel units", g.total_units()));
  }
  std::vector<Address> units;
  for (std::uint32_t i = 0; i < count; ++i) units.push_back(Address::of(i % g.groups, i / g.groups, 0));
  return units;
}

std::vector<Stock> take_stock(Device& device, const std::vector<Address>& units) {
  std::vector<Stock> all;
  if (device.version() == lightnvm::SpecVersion::ocssd20) {
    for (const Address unit : units) all.push_back(stock_of_20(device, unit));
    return all;
  }
  auto buffer = device.allocate(device.geometry().sector_bytes);
  if (!buffer) throw Failure("nvm_buf_alloc", buffer.error());
  for (const Address unit : units) all.push_back(stock_of_12(device, unit, *buffer));
  return all;
}

}  // namespace tools::bench
