// SPDX-License-Identifier: BSD-2-Clause
// The environment's words on the terminal, and the sequences that follow from them.
#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "common.hpp"

namespace tools {
namespace {

std::string_view environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

int distance(Rgb a, Rgb b) {
  const auto square = [](int x) { return x * x; };
  return square(a.red - b.red) + square(a.green - b.green) + square(a.blue - b.blue);
}

// xterm's 6 x 6 x 6 cube from 16 on, or its greys from 232 on, whichever is nearer.
unsigned palette_number(Rgb c) {
  constexpr std::array<std::uint8_t, 6> kLevels = {0, 95, 135, 175, 215, 255};
  const auto nearest = [&](int value) {
    const auto* best = std::ranges::min_element(kLevels, {}, [&](int level) { return std::abs(level - value); });
    return static_cast<unsigned>(best - kLevels.begin());
  };
  const unsigned r = nearest(c.red), g = nearest(c.green), b = nearest(c.blue);
  const int brightness = (c.red + c.green + c.blue) / 3;
  const unsigned grey = static_cast<unsigned>(std::clamp((brightness - 3) / 10, 0, 23));
  const auto level = static_cast<std::uint8_t>(8 + 10 * grey);
  const bool is_grey = distance(c, {level, level, level}) < distance(c, {kLevels[r], kLevels[g], kLevels[b]});
  return is_grey ? 232 + grey : 16 + 36 * r + 6 * g + b;
}

std::string sequence(unsigned what, Rgb c, Colors colors) {
  if (colors == Colors::none) return {};
  if (colors == Colors::palette) return fmt::format("\033[{};5;{}m", what, palette_number(c));
  return fmt::format("\033[{};2;{};{};{}m", what, c.red, c.green, c.blue);
}

}  // namespace

bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale(environment(name));
    if (locale.empty()) continue;
    std::ranges::transform(locale, locale.begin(), [](unsigned char c) { return std::toupper(c); });
    return locale.find("UTF-8") != std::string::npos || locale.find("UTF8") != std::string::npos;
  }
  return false;
}

unsigned columns_of(int fd) {
  constexpr unsigned kUsual = 80, kMost = 10000;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size.ws_col;
  const auto columns = parse_number(environment("COLUMNS"), kMost);
  return columns && *columns != 0 ? static_cast<unsigned>(*columns) : kUsual;
}

Colors colors_of(std::string_view choice, int fd) {
  const std::string_view terminal = environment("TERM");
  const bool shown = ::isatty(fd) == 1 && !terminal.empty() && terminal != "dumb" && environment("NO_COLOR").empty();
  if (choice == "never" || (choice == "auto" && !shown)) return Colors::none;
  const std::string_view depth = environment("COLORTERM");
  return depth == "truecolor" || depth == "24bit" ? Colors::full : Colors::palette;
}

std::string foreground(Rgb color, Colors colors) { return sequence(38, color, colors); }
std::string background(Rgb color, Colors colors) { return sequence(48, color, colors); }
std::string_view plain(Colors colors) { return colors == Colors::none ? "" : "\033[0m"; }

std::string bar(double length, bool utf8) {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!utf8) return std::string(static_cast<std::size_t>(std::lround(length)), '#');
  const auto eighths = static_cast<std::size_t>(std::lround(length * 8));
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  out += kEighths[eighths % 8];
  return out;
}

}  // namespace tools
