// SPDX-License-Identifier: BSD-2-Clause
// Which chunks nvm_check takes, and how it brings them back.
#include "check_stock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <tuple>

#include "check_wire.hpp"

namespace tools::check {

using lightnvm::Address;
using lightnvm::Chunk;
using lightnvm::ChunkState;
using lightnvm::ChunkType;
using lightnvm::Sectors;
using lightnvm::Source;

lightnvm::Result<Stock> Stock::take_stock(lightnvm::Device device, std::uint64_t seed) {
  Stock stock(std::move(device), seed);
  if (stock.device_.version() == lightnvm::SpecVersion::ocssd12) {
    if (const auto s = stock.survey_blocks(); !s) return std::unexpected(s);
  } else {
    const auto report = stock.device_.chunks();
    if (!report) return std::unexpected(report.error());
    stock.sort(*report);
  }
  stock.look();
  stock.find_holes();
  return stock;
}

void Stock::sort(const std::vector<Chunk>& report) {
  const auto& g = geo();
  std::vector<Chunk> usable;
  for (const Chunk& c : report) {
    const bool sequential = c.type == ChunkType::sequential;
    if (c.state == ChunkState::offline && !offline) offline = c.address;
    if (c.state == ChunkState::closed && sequential && c.write_pointer < c.sectors && !early) early = c.address;
    if (c.state != ChunkState::free) continue;
    if (c.type == ChunkType::random && !random) random = c.address;
    if (sequential && c.sectors < g.sectors && !shorter) shorter = c.address;
    if (sequential && c.sectors == g.sectors) usable.push_back(c);
  }
  // Neighbours in the order lie in different units; the seed turns both circles.
  const std::uint64_t units = g.total_units();
  const auto place = [&](const Chunk& c) {
    const std::uint64_t unit =
        (static_cast<std::uint64_t>(c.address.group()) * g.units + c.address.unit() + seed_) % units;
    const std::uint64_t row = (c.address.chunk() + seed_ / units) % g.chunks;
    return std::tuple(c.wear, row, unit);
  };
  std::ranges::sort(usable, {}, place);
  for (const Chunk& c : usable) free_.push_back(c.address);
}

lightnvm::PlaneMode Stock::plane_mode() const noexcept { return lightnvm::plane_mode_of(geo().planes); }

bool Stock::is_erased(Address block) {
  std::vector<std::byte> data(geo().sector_bytes);
  for (std::uint32_t plane = 0; plane < geo().planes; ++plane) {
    const std::array one{Address::of12(block.group(), block.unit(), block.chunk(), plane)};
    if (!device_.read(one, lightnvm::Destination(data)).status.is(lightnvm::StatusCode::empty_page)) return false;
  }
  return true;
}

lightnvm::Status Stock::survey_blocks() {
  const auto& g = geo();
  constexpr std::uint32_t kEnough = 24;
  const std::uint32_t per_unit = std::max(4U, (kEnough + g.total_units() - 1) / g.total_units());
  std::vector<std::tuple<std::uint32_t, std::uint64_t, Address>> found;
  for (std::uint32_t unit = 0; unit < g.total_units(); ++unit) {
    const Address lun = Address::of(unit / g.units, unit % g.units, 0);
    const auto table = device_.bad_blocks(lun);
    if (!table) return table.error();
    std::uint32_t row = 0;
    for (std::uint32_t i = 0; i < g.chunks && row < per_unit; ++i) {
      const auto n = static_cast<std::uint32_t>((i + seed_) % g.chunks);
      bool good = true;
      for (std::uint32_t p = 0; p < g.planes; ++p) good = good && table->at(n, p) == lightnvm::BlockState::good;
      const Address block = Address::of(lun.group(), lun.unit(), n);
      if (good && is_erased(block)) found.emplace_back(row++, (unit + seed_) % g.total_units(), block);
    }
  }
  std::ranges::sort(found);
  for (const auto& [row, unit, block] : found) free_.push_back(block);
  return {};
}

void Stock::find_holes() {
  const auto& g = geo();
  std::array<unsigned, 4> bits = device_.address_bits();
  if (const auto ppa = device_.ppa_format()) bits = {ppa->channel.length, ppa->lun.length, ppa->block.length, 0};
  const auto room = [&](std::size_t i, std::uint64_t count) { return bits.at(i) >= 64 || count < 1ULL << bits.at(i); };
  if (room(0, g.groups)) holes_.push_back({Address::of(g.groups, 0, 0), "group"});
  if (room(1, g.units)) holes_.push_back({Address::of(0, g.units, 0), "unit"});
  if (room(2, g.chunks)) holes_.push_back({Address::of(0, 0, g.chunks), "chunk"});
}

void Stock::look() {
  const auto& g = geo();
  // NVMe-2.0 5.17.2.1: MDTS in pages of the smallest size, which is 4096 bytes wherever it matters.
  const unsigned mdts = u8(device_.identify_controller(), 77);
  if (mdts != 0 && mdts < 32) limit_ = (4096ULL << mdts) / g.sector_bytes;
  const unsigned dlfeat = u8(device_.identify_namespace(), 33) & 7;
  if (dlfeat == 1) predefined_ = std::byte{0x00};
  if (dlfeat == 2) predefined_ = std::byte{0xFF};
  dulbe_ = device_.feature(lightnvm::Feature::error_recovery).has_value();
}

std::string Stock::missing_chunk(const Needs& n) const {
  if (n.offline && !offline) return "the device has no offline chunk";
  if (n.random && !random) return "the device has no free chunk of the random type";
  if (n.random && !geo().early_reset) return "a random chunk cannot be reset when it is open (MCCAP bit 2)";
  if (n.shorter && !shorter) return "the device has no free chunk that is smaller than the others";
  if (n.early && !early) return "the device has no chunk that was closed early";
  if (n.hole && holes_.empty()) return "the address space has no hole";
  if (n.chunks > free_.size()) return fmt::format("it takes {} free chunks, there are {}", n.chunks, free_.size());
  return {};
}

std::string Stock::missing(const Needs& n) const {
  const auto& route = device_.route();
  if (n.metadata && geo().oob_bytes == 0) return "the device has no metadata";
  if (n.metadata && !route.metadata) return "the route carries no metadata";
  if (n.vectors && !route.vectors) return "the route has no vector commands: they are emulated, and not atomic";
  if (n.copy && !geo().vector_copy) return "the device has no copy (MCCAP bit 0)";
  if (n.no_copy && geo().vector_copy) return "the device has copy (MCCAP bit 0)";
  if ((n.copy || n.no_copy) && !route.vector_copy) return "the route has no vector copy: it is emulated";
  if (n.dulbe && !dulbe_) return "the device has no feature Error Recovery: unwritten sectors cannot be made errors";
  if (n.predefined && !predefined_) return "the device does not say what unwritten sectors read as (DLFEAT)";
  if (n.limit && limit_ == 0) return "the device has no limit of one transfer (MDTS 0)";
  if (n.planes && geo().planes < 2) return "the device has one plane";
  if (n.events && !route.events) return "the route has no events";
  return missing_chunk(n);
}

std::vector<Address> Stock::plan(std::span<const Rule> rules) const {
  std::size_t total = 0;
  std::vector<Address> out;
  for (const Rule& r : rules) {
    if (!missing(r.needs).empty()) continue;
    total += r.needs.chunks;
    if (r.needs.random) out.push_back(*random);
    if (r.needs.shorter) out.push_back(*shorter);
  }
  for (const Address a : free_ | std::views::take(std::min(total, free_.size()))) out.push_back(a);
  std::ranges::sort(out);
  const auto same = std::ranges::unique(out);
  out.erase(same.begin(), same.end());
  return out;
}

std::vector<Address> Stock::take(unsigned count) {
  std::vector<Address> out;
  for (; out.size() < count; free_.pop_front()) out.push_back(free_.front());
  return out;
}

std::uint32_t Stock::piece() const noexcept {
  constexpr std::uint32_t kMuch = 512;
  const std::uint32_t most = std::min(device_.max_sectors(), std::max(kMuch, geo().ws_min));
  return std::max(geo().ws_min, most / geo().ws_min * geo().ws_min);
}

bool Stock::restore(Address address) {
  if (geo().has_planes()) {
    const std::array one{address};
    return device_.reset(one, {}, {.plane_mode = plane_mode()}).ok();
  }
  auto c = device_.chunk(address);
  if (!c || c->state == ChunkState::offline) return false;
  if (c->state == ChunkState::free) return true;
  const bool must_fill = c->state == ChunkState::open && !geo().early_reset;
  zeros_.resize(static_cast<std::size_t>(piece()) * geo().sector_bytes);
  auto at = static_cast<std::uint32_t>(std::min<std::uint64_t>(c->write_pointer, c->sectors));
  while (must_fill && at < c->sectors) {
    const std::uint32_t n = std::min(piece(), c->sectors - at);
    const auto data = std::span<const std::byte>(zeros_).first(static_cast<std::size_t>(n) * geo().sector_bytes);
    if (!device_.write(Sectors(c->address.at_sector(at), n), Source(data))) return false;
    at += n;
  }
  // As a vector: a deallocation would have to know how long the chunk is.
  if (!device_.reset(Sectors::vector(c->address, 1))) return false;
  c = device_.chunk(address);
  return c && c->state == ChunkState::free;
}

void Stock::give_back(Address chunk) {
  if (restore(chunk)) free_.push_back(chunk);
}

}  // namespace tools::check
