// SPDX-License-Identifier: BSD-2-Clause
// A map as text for a terminal, as SVG, as HTML, and as JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "map_tiles.hpp"
#include "terminal.hpp"

namespace tools::map {

enum class Show : std::uint8_t { states, wear };

/// How a terminal shows it.
struct Style {
  unsigned columns = 80;
  Colors colors = Colors::none;
  bool utf8 = false;
  Show show = Show::states;
};

/// Where a picture goes, piece by piece.
using Sink = std::function<void(std::string_view)>;

/// A line for each unit, a column or two for each chunk or cell, and a legend.
void draw_text(const Map& map, const Style& style, const Sink& sink);
/// One SVG document, or one page of HTML with it; nothing in them refers to anything outside.
void draw_svg(const Map& map, const Sink& sink);
void draw_html(const Map& map, const Sink& sink);
/// One document: sums, and for each unit a string with a letter for each chunk, open chunks' write pointers, wear.
void draw_json(const Map& map, const Sink& sink);

/// "60 chunks: 57 free, 2 open, 1 offline".
std::string summary(const Cell& cell, const Map& map);
/// Where wear lies between the least and the most of the map, as a colour from dark to light.
Rgb wear_color(double wear, const Cell& range) noexcept;

}  // namespace tools::map
