// SPDX-License-Identifier: BSD-2-Clause
// Maps: tiles folded into cells, a known device drawn in every way, and colours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "map_draw.hpp"
#include "map_tiles.hpp"

namespace tools::map {
namespace {

using testing::HasSubstr;

// Two units of five chunks of 8 sectors: one in each state, an open one a quarter full; and free ones.
Map example() {
  Map map{.name = "a<b>&\"c\"",
          .geometry = {.groups = 1, .units = 2, .chunks = 5, .sectors = 8, .sector_bytes = 4096},
          .tiles = {}};
  map.tiles = {{State::free, 0, 0, 8},
               {State::open, 1, 2, 8},
               {State::closed, 9, 8, 8},
               {State::offline, 200, 0, 8},
               {State::closed, 2, 8, 8}};
  map.tiles.resize(10, {State::free, 0, 0, 8});
  return map;
}

std::string text(const Map& map, const Style& style) {
  std::string out;
  draw_text(map, style, [&](std::string_view piece) { out += piece; });
  return out;
}

TEST(MapFold, covers_every_tile_once) {
  for (std::size_t n = 1; n < 200; ++n) {
    for (std::size_t most = 1; most < 70; ++most) {
      const std::vector<Tile> tiles(n, {State::closed, 3, 8, 8});
      const auto cells = fold(tiles, most);
      ASSERT_LE(cells.size(), most);
      std::uint32_t next = 0;
      for (const Cell& c : cells) {
        ASSERT_EQ(c.first, next);
        ASSERT_EQ(c.in(State::closed), c.count);
        next += c.count;
      }
      ASSERT_EQ(next, n);
    }
  }
  EXPECT_TRUE(fold({}, 10).empty());
}

TEST(MapFold, a_cell_is_the_mixture_of_its_tiles) {
  const Map map = example();
  const Cell c = fold(map.unit(0, 0), 1).at(0);
  EXPECT_EQ(c.count, 5U);
  EXPECT_EQ(c.bad(), 1U);
  EXPECT_DOUBLE_EQ(c.bad_share(), 0.2);
  // The four sound chunks take four fifths of the height, and 18 of their 32 sectors are written.
  EXPECT_DOUBLE_EQ(c.open_share(), 0.8 * 2 / 32);
  EXPECT_DOUBLE_EQ(c.closed_share(), 0.8 * 16 / 32);
  EXPECT_EQ(c.wear_least, 0);
  EXPECT_EQ(c.wear_most, 200);
  EXPECT_DOUBLE_EQ(c.mean_wear(), 212.0 / 5);
  Cell twice = c;
  twice.add(c);
  EXPECT_DOUBLE_EQ(twice.closed_share(), c.closed_share());
  EXPECT_EQ(twice.count, 10U);
}

TEST(MapText, a_known_device_without_colours) {
  const Map map = example();
  const std::string wide = text(map, {.columns = 80, .utf8 = true});
  EXPECT_THAT(wide, HasSubstr("\n0.0  ··▂▂██× ██   45.0% 1 bad\n"));
  EXPECT_THAT(wide, HasSubstr("\n0.1  ··········    0.0%\n"));
  EXPECT_THAT(wide, HasSubstr("10 chunks: 6 free, 1 open, 2 closed, 1 offline; 72 KiB of 288 KiB written"));
  EXPECT_THAT(text(map, {.columns = 80}), HasSubstr("\n0.0  ..33##x ##   45.0% 1 bad\n"));
  // The three letters and the percentage leave eight columns.
  EXPECT_THAT(text(map, {.columns = 20, .utf8 = true}), HasSubstr("\n0.0  ·▂█×█"));
  EXPECT_THAT(text(map, {.columns = 80, .show = Show::wear}), HasSubstr("\n0.0  0000009900    0 to 200\n"));
}

TEST(MapText, colours_begin_and_end_within_the_line) {
  const Map map = example();
  for (const Colors colors : {Colors::palette, Colors::full}) {
    for (const Show show : {Show::states, Show::wear}) {
      const std::string all = text(map, {.columns = 80, .colors = colors, .utf8 = true, .show = show});
      EXPECT_THAT(all, HasSubstr(colors == Colors::full ? "\033[48;2;" : "\033[48;5;"));
      std::size_t begin = 0;
      for (std::size_t end = all.find('\n'); end != std::string::npos; begin = end + 1, end = all.find('\n', begin)) {
        const std::string line = all.substr(begin, end - begin);
        const std::size_t last = line.rfind("\033[");
        EXPECT_TRUE(last == std::string::npos || line.substr(last).starts_with("\033[0m")) << line;
      }
    }
  }
}

TEST(MapText, one_bad_block_among_many_does_not_vanish) {
  Map map{.name = "x", .geometry = {.groups = 1, .units = 1, .chunks = 1000, .sectors = 8}, .tiles = {}};
  map.tiles.resize(1000, {State::free, 0, 0, 8});
  const std::string sound = text(map, {.columns = 80, .colors = Colors::full, .utf8 = true});
  map.tiles[500].state = State::offline;
  EXPECT_THAT(sound, HasSubstr("# each cell is 15 chunks"));
  const std::string one = text(map, {.columns = 80, .colors = Colors::full, .utf8 = true});
  const std::string row = one.substr(one.find("0.0"), one.find("bad") - one.find("0.0"));
  const std::string before = sound.substr(sound.find("0.0"), sound.find("0.0%") - sound.find("0.0"));
  EXPECT_GT(std::ranges::count(row, '\033'), std::ranges::count(before, '\033'));
}

TEST(MapText, a_little_is_not_nothing_and_almost_all_is_not_all) {
  Map map{.name = "x", .geometry = {.groups = 1, .units = 1, .chunks = 4, .sectors = 1000}, .tiles = {}};
  map.tiles = {{State::free, 0, 0, 1000},
               {State::open, 0, 1, 1000},
               {State::open, 0, 999, 1000},
               {State::closed, 0, 1000, 1000}};
  EXPECT_THAT(text(map, {.columns = 26, .utf8 = true}), HasSubstr("0.0  ··▁▁▇▇██ "));
}

TEST(MapWear, colours_go_from_the_least_to_the_most) {
  Cell range;
  range.wear_least = 10;
  range.wear_most = 20;
  EXPECT_EQ(wear_color(10, range), wear_color(0, range));
  EXPECT_EQ(wear_color(20, range), wear_color(255, range));
  EXPECT_NE(wear_color(10, range), wear_color(20, range));
  EXPECT_NE(wear_color(14, range), wear_color(16, range));
}

TEST(MapStates, have_names_and_letters_of_their_own) {
  std::string letters;
  for (std::size_t i = 0; i < kStates; ++i) {
    letters += letter_of(static_cast<State>(i));
    EXPECT_FALSE(name_of(static_cast<State>(i)).empty());
  }
  EXPECT_EQ(letters, "focxgFGDH");
  EXPECT_TRUE(is_bad(State::offline) && is_bad(State::factory_bad) && is_bad(State::host_reserved));
  EXPECT_FALSE(is_bad(State::free) || is_bad(State::open) || is_bad(State::closed) || is_bad(State::good));
}

TEST(Terminal, bars_have_the_length_that_is_asked_for) {
  EXPECT_EQ(bar(0, true), "");
  EXPECT_EQ(bar(2.5, true), "██▌");
  EXPECT_EQ(bar(0.125, true), "▏");
  EXPECT_EQ(bar(3.4, false), "###");
}

TEST(Terminal, colours_of_the_palette_are_the_nearest) {
  EXPECT_EQ(foreground({0, 0, 0}, Colors::none), "");
  EXPECT_EQ(foreground({255, 0, 0}, Colors::palette), "\033[38;5;196m");
  EXPECT_EQ(background({255, 255, 255}, Colors::palette), "\033[48;5;231m");
  EXPECT_EQ(background({48, 48, 48}, Colors::palette), "\033[48;5;236m");
  EXPECT_EQ(background({1, 2, 3}, Colors::full), "\033[48;2;1;2;3m");
  EXPECT_EQ(plain(Colors::none), "");
}

}  // namespace
}  // namespace tools::map
