// SPDX-License-Identifier: BSD-2-Clause
// What the terminal can show: its width, its colours, and whether it has more than ASCII.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tools {

/// Whether the locale of the environment (LC_ALL, LC_CTYPE, LANG; the first that is set) writes UTF-8.
[[nodiscard]] bool speaks_utf8();
/// Columns of the terminal on `fd`; without one $COLUMNS, otherwise 80.
[[nodiscard]] unsigned columns_of(int fd);

enum class Colors : std::uint8_t { none, palette, full };  ///< none, the 256 of xterm, 24 bits
/// What `choice` ("always", "never", "auto") comes to on `fd`. auto: none where `fd` is no terminal or a dumb one, or
/// $NO_COLOR is set and not empty. 24 bits where $COLORTERM says so.
[[nodiscard]] Colors colors_of(std::string_view choice, int fd);

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};
/// The escape sequence that makes what follows `color`, as text or as what is behind it; empty without colours.
std::string foreground(Rgb color, Colors colors);
std::string background(Rgb color, Colors colors);
/// What ends both; empty without colours.
std::string_view plain(Colors colors);

/// A bar of `length` (in columns, not negative) in blocks of an eighth, or in '#' that are whole.
std::string bar(double length, bool utf8);

}  // namespace tools
