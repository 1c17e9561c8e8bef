// SPDX-License-Identifier: BSD-2-Clause
// From the chunk report, or the bad block tables, to tiles and cells.
#include "map_tiles.hpp"

#include <algorithm>

namespace tools::map {
namespace {

using lightnvm::BlockState;
using lightnvm::Chunk;
using lightnvm::ChunkState;
using lightnvm::Device;
using lightnvm::Result;
using lightnvm::SpecVersion;
using lightnvm::Status;

State state_of(ChunkState s) noexcept {
  switch (s) {
    case ChunkState::free: return State::free;
    case ChunkState::open: return State::open;
    case ChunkState::closed: return State::closed;
    case ChunkState::offline: break;
  }
  return State::offline;
}

State state_of(BlockState s) noexcept {
  switch (s) {
    case BlockState::good: return State::good;
    case BlockState::factory_bad: return State::factory_bad;
    case BlockState::grown_bad: return State::grown_bad;
    case BlockState::device_reserved: return State::device_reserved;
    case BlockState::host_reserved: break;
  }
  return State::host_reserved;
}

// A chunk that is written at random has no write pointer: what is not free counts as full.
std::uint32_t written(const Chunk& c) noexcept {
  if (c.state == ChunkState::free || c.state == ChunkState::offline) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(c.write_pointer, c.sectors));
}

Status survey_20(Device& device, Map& map) {
  const auto chunks = device.chunks();
  if (!chunks) return chunks.error();
  map.tiles.reserve(chunks->size());
  for (const Chunk& c : *chunks) map.tiles.push_back({state_of(c.state), c.wear, written(c), c.sectors});
  return {};
}

Status survey_12(Device& device, Map& map) {
  const auto& g = map.geometry;
  for (std::uint32_t i = 0; i < g.total_units(); ++i) {
    const auto table = device.bad_blocks(g.chunk_address(std::uint64_t{i} * g.chunks));
    if (!table) return table.error();
    for (std::uint32_t block = 0; block < g.chunks; ++block) {
      Tile tile{.state = State::good};
      for (std::uint32_t plane = 0; plane < g.planes; ++plane) {
        const State s = state_of(table->at(block, plane));
        if (tile.state == State::good) tile.state = s;
        // Of planes that differ, a bad one says more than a reserved one.
        if (s != State::good) tile.state = std::min(tile.state, s);
      }
      map.tiles.push_back(tile);
    }
  }
  return {};
}

constexpr std::array kLegend20 = {State::free, State::open, State::closed, State::offline};
constexpr std::array kLegend12 = {State::good, State::factory_bad, State::grown_bad, State::device_reserved,
                                  State::host_reserved};

}  // namespace

std::string_view name_of(State s) noexcept {
  constexpr std::array<std::string_view, kStates> kNames = {
      "free", "open", "closed", "offline", "good", "factory bad", "grown bad", "device reserved", "host reserved"};
  return kNames[static_cast<std::size_t>(s)];
}

char letter_of(State s) noexcept { return "focxgFGDH"[static_cast<std::size_t>(s)]; }

void Cell::add(const Tile& tile) noexcept {
  ++count;
  ++states[static_cast<std::size_t>(tile.state)];
  (tile.state == State::open ? written_open : written_closed) += tile.written;
  if (!is_bad(tile.state)) sectors += tile.sectors;
  wear_sum += tile.wear;
  wear_least = std::min(wear_least, tile.wear);
  wear_most = std::max(wear_most, tile.wear);
}

void Cell::add(const Cell& other) noexcept {
  count += other.count;
  for (std::size_t i = 0; i < kStates; ++i) states[i] += other.states[i];
  written_open += other.written_open;
  written_closed += other.written_closed;
  sectors += other.sectors;
  wear_sum += other.wear_sum;
  wear_least = std::min(wear_least, other.wear_least);
  wear_most = std::max(wear_most, other.wear_most);
}

std::uint32_t Cell::bad() const noexcept {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < kStates; ++i) n += is_bad(static_cast<State>(i)) ? states[i] : 0;
  return n;
}

double Cell::bad_share() const noexcept { return count == 0 ? 0 : static_cast<double>(bad()) / count; }

double Cell::open_share() const noexcept {
  return sectors == 0 ? 0 : static_cast<double>(written_open) / static_cast<double>(sectors) * (1 - bad_share());
}

double Cell::closed_share() const noexcept {
  return sectors == 0 ? 0 : static_cast<double>(written_closed) / static_cast<double>(sectors) * (1 - bad_share());
}

double Cell::mean_wear() const noexcept { return count == 0 ? 0 : static_cast<double>(wear_sum) / count; }

std::span<const Tile> Map::unit(std::uint32_t group, std::uint32_t unit) const noexcept {
  return std::span(tiles).subspan(std::size_t{group * geometry.units + unit} * geometry.chunks, geometry.chunks);
}

Cell Map::total() const noexcept {
  Cell all;
  for (const Tile& t : tiles) all.add(t);
  return all;
}

std::span<const State> Map::legend() const noexcept {
  if (version == SpecVersion::ocssd12) return kLegend12;
  return kLegend20;
}

std::string_view Map::noun() const noexcept { return version == SpecVersion::ocssd12 ? "block" : "chunk"; }

Result<Map> survey(Device& device) {
  Map map{.name = device.ident(), .version = device.version(), .geometry = device.geometry(), .tiles = {}};
  if (map.version == SpecVersion::none) return std::unexpected(Status::os(ENOTSUP));
  const Status s = map.version == SpecVersion::ocssd12 ? survey_12(device, map) : survey_20(device, map);
  if (!s) return std::unexpected(s);
  return map;
}

std::size_t tiles_per_cell(std::size_t tiles, std::size_t most) noexcept { return (tiles + most - 1) / most; }

std::vector<Cell> fold(std::span<const Tile> tiles, std::size_t most) {
  const std::size_t each = tiles_per_cell(tiles.size(), most);
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < tiles.size(); i += each) {
    Cell& cell = cells.emplace_back();
    cell.first = static_cast<std::uint32_t>(i);
    for (const Tile& t : tiles.subspan(i, std::min(each, tiles.size() - i))) cell.add(t);
  }
  return cells;
}

}  // namespace tools::map
