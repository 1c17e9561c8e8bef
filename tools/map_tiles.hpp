// SPDX-License-Identifier: BSD-2-Clause
// What a map shows: chunks or blocks as tiles, and cells that many tiles are folded into.
#pragma once

#include <array>
#include <cstdint>
#include <lightnvm/device.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tools::map {

/// A chunk's state, or on OCSSD 1.2 the worst one of a block's planes.
enum class State : std::uint8_t {
  free,
  open,
  closed,
  offline,
  good,
  factory_bad,
  grown_bad,
  device_reserved,
  host_reserved
};
inline constexpr std::size_t kStates = 9;
std::string_view name_of(State state) noexcept;
/// One letter: f o c x, and of OCSSD 1.2: g F G D H.
char letter_of(State state) noexcept;
/// Whether nothing can be stored there.
constexpr bool is_bad(State s) noexcept { return s == State::offline || s > State::good; }

/// One chunk or block.
struct Tile {
  State state = State::free;
  std::uint8_t wear = 0;
  std::uint32_t written = 0, sectors = 0;  ///< OCSSD 1.2 does not say: 0 of 0
};

/// Some tiles next to each other in one unit.
struct Cell {
  std::uint32_t first = 0, count = 0;  ///< chunks
  std::array<std::uint32_t, kStates> states{};
  std::uint64_t written_open = 0, written_closed = 0;  ///< sectors
  std::uint64_t sectors = 0;                           ///< usable ones
  std::uint64_t wear_sum = 0;
  std::uint8_t wear_least = 255, wear_most = 0;

  void add(const Tile& tile) noexcept;
  void add(const Cell& other) noexcept;
  [[nodiscard]] std::uint32_t in(State s) const noexcept { return states[static_cast<std::size_t>(s)]; }
  [[nodiscard]] std::uint32_t bad() const noexcept;
  /// Share (0 to 1) of the chunks that is bad; of the cell's height that is written by chunks that are open, or closed.
  [[nodiscard]] double bad_share() const noexcept;
  [[nodiscard]] double open_share() const noexcept;
  [[nodiscard]] double closed_share() const noexcept;
  [[nodiscard]] double mean_wear() const noexcept;
};

/// A device at one moment.
struct Map {
  std::string name;  ///< its identifier
  lightnvm::SpecVersion version = lightnvm::SpecVersion::ocssd20;
  lightnvm::Geometry geometry;
  std::vector<Tile> tiles;  ///< in the order of Geometry::chunk_index

  [[nodiscard]] std::span<const Tile> unit(std::uint32_t group, std::uint32_t unit) const noexcept;
  [[nodiscard]] Cell total() const noexcept;
  /// States that this kind of device has, in the order of a legend.
  [[nodiscard]] std::span<const State> legend() const noexcept;
  /// "chunk", or "block".
  [[nodiscard]] std::string_view noun() const noexcept;
};

/// Asks the device. ENOTSUP for one that speaks neither OCSSD 1.2 nor 2.0; what it says otherwise.
lightnvm::Result<Map> survey(lightnvm::Device& device);

/// At most `most` (1 or more) cells of the same number of tiles, but for the last one.
std::vector<Cell> fold(std::span<const Tile> tiles, std::size_t most);
/// How many tiles such a cell has.
std::size_t tiles_per_cell(std::size_t tiles, std::size_t most) noexcept;

}  // namespace tools::map
