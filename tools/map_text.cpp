// SPDX-License-Identifier: BSD-2-Clause
// A map in a terminal: blocks whose height is what is written, in colours or without.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "common.hpp"
#include "map_draw.hpp"

namespace tools::map {
namespace {

constexpr std::array<Rgb, kStates> kColors = {{{62, 68, 81},      // free
                                               {240, 168, 48},    // open
                                               {64, 132, 214},    // closed
                                               {216, 60, 80},     // offline
                                               {72, 160, 120},    // good
                                               {150, 40, 60},     // factory bad
                                               {216, 60, 80},     // grown bad
                                               {150, 120, 210},   // device reserved
                                               {110, 90, 170}}};  // host reserved
constexpr Rgb kInk = {255, 235, 238};

Rgb color_of(State s) { return kColors[static_cast<std::size_t>(s)]; }

Rgb mix(Rgb a, Rgb b, double share) {
  const auto part = [&](std::uint8_t x, std::uint8_t y) {
    return static_cast<std::uint8_t>(std::lround(x + (y - x) * share));
  };
  return {part(a.red, b.red), part(a.green, b.green), part(a.blue, b.blue)};
}

// What most of a cell's bad chunks are.
State worst(const Cell& c) {
  State found = State::offline;
  for (std::size_t i = 0; i < kStates; ++i) {
    const auto s = static_cast<State>(i);
    if (is_bad(s) && c.in(s) > c.in(found)) found = s;
  }
  return found;
}

// One cell as characters: what is in front, what is behind.
struct Ink {
  std::string glyph;
  Rgb front, behind;
};

constexpr std::array<std::string_view, 9> kHeights = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::size_t level(double share, std::size_t most) {
  if (share <= 0) return 0;
  // Neither a little nor almost everything is rounded away.
  if (share >= 1) return most;
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(share * static_cast<double>(most))), 1, most - 1);
}

class Text {
 public:
  Text(const Map& map, const Style& style, const Sink& sink)
      : map_(map), style_(style), sink_(sink), total_(map.total()) {
    const auto& g = map.geometry;
    label_ = fmt::format("{}.{}", g.groups - 1, g.units - 1).size();
    for (std::uint32_t i = 0; i < g.total_units(); ++i) {
      const auto bad = std::ranges::count_if(map.unit(i / g.units, i % g.units), is_bad, &Tile::state);
      if (bad != 0) bad_digits_ = std::max(bad_digits_, fmt::formatted_size("{}", bad));
    }
    const std::size_t around = label_ + 2 + remark_columns();
    const std::size_t room = std::max<std::size_t>(style.columns, around + kNarrowest) - around;
    wide_ = g.chunks * 2 <= room ? 2 : 1;
    most_ = room / wide_;
  }

  void draw() {
    const auto& g = map_.geometry;
    head();
    for (std::uint32_t group = 0; group < g.groups; ++group) {
      if (group != 0) piece_ += "\n";
      for (std::uint32_t unit = 0; unit < g.units; ++unit) row(group, unit);
      pass();
    }
    legend();
    pass();
  }

 private:
  static constexpr std::size_t kNarrowest = 8;

  // "  100.0% 12 bad", and "  100 to 255".
  [[nodiscard]] std::size_t remark_columns() const {
    if (style_.show == Show::wear) return 12;
    return (map_.version == lightnvm::SpecVersion::ocssd20 ? 8 : 1) + (bad_digits_ == 0 ? 0 : bad_digits_ + 5);
  }

  void pass() {
    sink_(piece_);
    piece_.clear();
  }

  void head() {
    const auto& g = map_.geometry;
    piece_ += fmt::format("# {}: OCSSD {}, {} x {} units of {}\n# {}\n", map_.name,
                          map_.version == lightnvm::SpecVersion::ocssd12 ? "1.2" : "2.0", g.groups, g.units,
                          counted(g.chunks, map_.noun()), summary(total_, map_));
    const std::size_t each = tiles_per_cell(g.chunks, most_);
    if (each > 1) piece_ += fmt::format("# each cell is {} {}s\n", each, map_.noun());
    piece_ += "\n";
  }

  void row(std::uint32_t group, std::uint32_t unit) {
    piece_ += fmt::format("{:>{}}  ", fmt::format("{}.{}", group, unit), label_);
    const std::vector<Cell> cells = fold(map_.unit(group, unit), most_);
    Cell sum;
    for (const Cell& c : cells) {
      put(style_.show == Show::wear ? wear_ink(c) : state_ink(c));
      sum.add(c);
    }
    end_colors();
    std::string remark;
    if (style_.show == Show::wear) {
      remark = fmt::format("{:3.0f} to {:<3}", static_cast<double>(sum.wear_least), sum.wear_most);
    } else if (map_.version == lightnvm::SpecVersion::ocssd20) {
      remark = fmt::format("{:5.1f}%", 100 * (sum.open_share() + sum.closed_share()));
    }
    if (style_.show == Show::states && sum.bad() != 0) {
      remark += fmt::format("{}{:>{}} bad", remark.empty() ? "" : " ", sum.bad(), bad_digits_);
    }
    while (!remark.empty() && remark.back() == ' ') remark.pop_back();
    piece_ += remark.empty() ? "\n" : "  " + remark + "\n";
  }

  // Without colours the kinds of bad blocks differ by their letters.
  [[nodiscard]] std::string bad_glyph(State s) const {
    const bool letters = style_.colors == Colors::none && s != State::offline;
    if (letters || !style_.utf8) return std::string(1, letter_of(s));
    return "×";
  }

  [[nodiscard]] Ink state_ink(const Cell& c) const {
    const bool good = map_.version == lightnvm::SpecVersion::ocssd12;
    const State base = good ? State::good : State::free;
    const double bad = c.bad_share();
    if (bad >= 0.5) return {bad_glyph(worst(c)), kInk, color_of(worst(c))};
    const double written = (c.open_share() + c.closed_share()) / (1 - bad);
    const double open = written > 0 ? c.open_share() / (c.open_share() + c.closed_share()) : 0;
    // A few bad ones among many are not to vanish.
    const double tint = bad > 0 ? std::max(bad, 0.35) : 0;
    const Rgb behind = mix(color_of(base), color_of(worst(c)), tint);
    const Rgb front = mix(mix(color_of(State::closed), color_of(State::open), open), color_of(worst(c)), tint / 2);
    if (style_.utf8) {
      const std::size_t height = level(written, 8);
      const bool bare = height == 0 && style_.colors == Colors::none;
      return {bare ? "·" : std::string(kHeights[height]), front, behind};
    }
    const std::size_t height = level(written, 10);
    return {std::string(1, ".123456789#"[height]), style_.colors == Colors::none ? front : kInk,
            height == 0 ? behind : front};
  }

  [[nodiscard]] Ink wear_ink(const Cell& c) const {
    const Rgb color = wear_color(c.wear_most, total_);
    const double range = std::max(1, total_.wear_most - total_.wear_least);
    const auto digit = static_cast<unsigned>((c.wear_most - total_.wear_least) / range * 9);
    return {style_.colors == Colors::none ? std::to_string(digit) : " ", color, color};
  }

  void put(const Ink& ink) {
    if (style_.colors != Colors::none && (!colored_ || ink.front != front_ || ink.behind != behind_)) {
      piece_ += foreground(ink.front, style_.colors) + background(ink.behind, style_.colors);
      front_ = ink.front;
      behind_ = ink.behind;
      colored_ = true;
    }
    piece_ += ink.glyph;
    // The second column of a cell repeats a block; a mark stands alone.
    const bool mark = ink.glyph == "×" || (ink.glyph.size() == 1 && std::isalpha(ink.glyph[0]) != 0);
    if (wide_ == 2) piece_ += mark ? " " : ink.glyph;
  }
  void end_colors() {
    if (colored_) piece_ += plain(style_.colors);
    colored_ = false;
  }

  void legend() {
    piece_ += "\n";
    if (style_.show == Show::wear) {
      piece_ += "  wear, the highest of a cell: ";
      Cell sample;
      const int steps = std::min(8, total_.wear_most - total_.wear_least);
      for (int i = 0; i <= steps; ++i) {
        sample.wear_most = static_cast<std::uint8_t>(
            total_.wear_least + (steps == 0 ? 0 : (total_.wear_most - total_.wear_least) * i / steps));
        put(wear_ink(sample));
      }
      end_colors();
      piece_ += fmt::format("  {} to {} of 255\n", total_.wear_least, total_.wear_most);
      return;
    }
    for (const State s : map_.legend()) {
      Cell sample;
      sample.add(Tile{s, 0, s == State::closed ? 8U : s == State::open ? 4U : 0U, 8});
      piece_ += "  ";
      put(state_ink(sample));
      end_colors();
      piece_ += fmt::format(" {}", name_of(s));
    }
    piece_ += map_.version == lightnvm::SpecVersion::ocssd20 ? "; the height is what is written\n" : "\n";
  }

  const Map& map_;
  const Style& style_;
  const Sink& sink_;
  Cell total_;
  std::size_t label_ = 0, wide_ = 1, most_ = 1, bad_digits_ = 0;
  std::string piece_;
  bool colored_ = false;
  Rgb front_, behind_;
};

}  // namespace

void draw_text(const Map& map, const Style& style, const Sink& sink) { Text(map, style, sink).draw(); }

std::string summary(const Cell& cell, const Map& map) {
  std::string out = counted(cell.count, map.noun());
  const char* separator = ": ";
  for (const State s : map.legend()) {
    if (cell.in(s) == 0) continue;
    out += fmt::format("{}{} {}", separator, cell.in(s), name_of(s));
    separator = ", ";
  }
  if (map.version == lightnvm::SpecVersion::ocssd20) {
    const std::uint64_t bytes = (cell.written_open + cell.written_closed) * map.geometry.sector_bytes;
    out += fmt::format("; {} of {} written", human_bytes(bytes), human_bytes(cell.sectors * map.geometry.sector_bytes));
    if (cell.wear_most != 0) out += fmt::format("; wear {} to {}", cell.wear_least, cell.wear_most);
  }
  return out;
}

Rgb wear_color(double wear, const Cell& range) noexcept {
  constexpr std::array<Rgb, 5> kScale = {
      {{68, 50, 120}, {48, 104, 142}, {40, 160, 130}, {140, 210, 80}, {250, 225, 50}}};
  const double span = std::max(1, range.wear_most - range.wear_least);
  const double at = std::clamp((wear - range.wear_least) / span, 0.0, 1.0) * (kScale.size() - 1);
  const auto i = std::min<std::size_t>(static_cast<std::size_t>(at), kScale.size() - 2);
  return mix(kScale[i], kScale[i + 1], at - static_cast<double>(i));
}

}  // namespace tools::map
