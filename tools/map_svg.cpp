// SPDX-License-Identifier: BSD-2-Clause
// A map as SVG, and as a page around it: each cell is a stack of what its chunks hold, with a strip of its wear.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common.hpp"
#include "map_draw.hpp"

namespace tools::map {
namespace {

constexpr std::string_view kClasses = "focxgtwdh";

// Light, and dark for those who want that.
constexpr std::string_view kStyle = R"(
  .page{fill:#ffffff}.text{fill:#1f2430}.dim{fill:#6b7280}
  .f{fill:#e4e7ee}.o{fill:#f2a52f}.c{fill:#3f7fd0}.x{fill:#d63a4f}
  .g{fill:#8fcdb0}.t{fill:#93283b}.w{fill:#d63a4f}.d{fill:#9a7fd6}.h{fill:#6f5cb0}
  text{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
  .title{font-size:16px;font-weight:600}.small{font-size:11px}
  .cell:hover rect:first-of-type{stroke:#1f2430;stroke-width:1.5}
  @media (prefers-color-scheme:dark){
  .page{fill:#14171d}.text{fill:#e6e9ef}.dim{fill:#8b93a3}
  .f{fill:#2b303b}.c{fill:#4f93e6}.o{fill:#f0b04a}.x{fill:#e0506a}
  .g{fill:#2f7a5c}.t{fill:#8e2f43}.w{fill:#e0506a}.d{fill:#8b72c9}.h{fill:#6a57ab}
  .cell:hover rect:first-of-type{stroke:#e6e9ef}}
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      // What XML does not have at all.
      default: out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

// Bytes that are no UTF-8 would make the document unreadable.
std::string utf8_or_marks(const std::string& text) {
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

char class_of(State s) { return kClasses[static_cast<std::size_t>(s)]; }

class Drawing {
 public:
  Drawing(const Map& map, const Sink& sink) : map_(map), sink_(sink), total_(map.total()) {
    const auto& g = map.geometry;
    // So many elements still open at once everywhere.
    constexpr std::size_t kMostCells = 20000, kMostAcross = 360;
    constexpr unsigned kAcross = 1080, kWidest = 18;
    most_ = std::clamp<std::size_t>(kMostCells / g.total_units(), 1, kMostAcross);
    const std::size_t cells = std::min<std::size_t>(most_, g.chunks);
    pitch_ = std::clamp<unsigned>(kAcross / static_cast<unsigned>(cells), 3, kWidest);
    gap_ = pitch_ >= 8 ? 2 : pitch_ >= 5 ? 1 : 0;
    width_ = kLeft + static_cast<unsigned>(cells) * pitch_ + kRemark;
    width_ = std::max(width_, 640U);
    height_ = kTop + g.groups * (kHead + g.units * kRow) + kLegend;
  }

  void draw() {
    const auto& g = map_.geometry;
    begin();
    unsigned y = kTop;
    for (std::uint32_t group = 0; group < g.groups; ++group) {
      out_ += fmt::format("<text class=\"text\" x=\"{}\" y=\"{}\">group {}</text>\n", kMargin, y + kHead - 8, group);
      y += kHead;
      for (std::uint32_t unit = 0; unit < g.units; ++unit, y += kRow) row(group, unit, y);
      pass();
    }
    legend(y + 14);
    out_ += "</svg>\n";
    pass();
  }

 private:
  static constexpr unsigned kMargin = 20, kLeft = 64, kRemark = 120, kTop = 76, kHead = 26, kRow = 22, kTall = 16,
                            kLegend = 56, kStrip = 3;

  void pass() {
    sink_(out_);
    out_.clear();
  }

  void begin() {
    const auto& g = map_.geometry;
    out_ += fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "role=\"img\">\n<style>{2}</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n",
        width_, height_, kStyle);
    const std::size_t each = tiles_per_cell(g.chunks, most_);
    out_ += fmt::format("<title>{0}</title>\n<text class=\"text title\" x=\"{1}\" y=\"32\">{0}</text>\n",
                        escaped(utf8_or_marks(map_.name)), kMargin);
    out_ += fmt::format("<text class=\"dim\" x=\"{}\" y=\"54\">OCSSD {}, {} × {} units, {}{}</text>\n", kMargin,
                        map_.version == lightnvm::SpecVersion::ocssd12 ? "1.2" : "2.0", g.groups, g.units,
                        escaped(summary(total_, map_)),
                        each > 1 ? fmt::format("; each cell is {} {}s", each, map_.noun()) : "");
  }

  void row(std::uint32_t group, std::uint32_t unit, unsigned y) {
    out_ += fmt::format("<text class=\"dim small\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", kLeft - 10,
                        y + 12, unit);
    const std::vector<Cell> cells = fold(map_.unit(group, unit), most_);
    Cell sum;
    unsigned x = kLeft;
    for (const Cell& c : cells) {
      cell(c, group, unit, x, y);
      sum.add(c);
      x += pitch_;
    }
    std::string remark;
    if (map_.version == lightnvm::SpecVersion::ocssd20) {
      remark = fmt::format("{:.1f} %", 100 * (sum.open_share() + sum.closed_share()));
    }
    if (sum.bad() != 0) remark += fmt::format("{}{} bad", remark.empty() ? "" : ", ", sum.bad());
    out_ += fmt::format("<text class=\"dim small\" x=\"{}\" y=\"{}\">{}</text>\n", x + 8, y + 12, remark);
  }

  void part(char kind, unsigned x, double& bottom, double share) {
    if (share <= 0) return;
    // The first sectors of a chunk are to be seen.
    const double tall = std::max(share * kTall, 1.5);
    bottom -= tall;
    out_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\"/>", kind, x, bottom,
                        pitch_ - gap_, tall);
  }

  void cell(const Cell& c, std::uint32_t group, std::uint32_t unit, unsigned x, unsigned y) {
    const State base = map_.version == lightnvm::SpecVersion::ocssd12 ? State::good : State::free;
    out_ += fmt::format(
        "<g class=\"cell\"><title>{}</title>"
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
        describe(c, group, unit), class_of(base), x, y, pitch_ - gap_, kTall);
    double bottom = y + kTall;
    part('c', x, bottom, c.closed_share());
    part('o', x, bottom, c.open_share());
    // Bad ones hang from the top.
    double top = y;
    for (std::size_t i = 0; i < kStates; ++i) {
      const auto s = static_cast<State>(i);
      if (!is_bad(s) || c.in(s) == 0) continue;
      // One of many is still to be seen.
      const double share = std::max(static_cast<double>(c.in(s)) / c.count, 0.15);
      double end = top + std::min(share * kTall, y + kTall - top);
      const double next = end;
      part(class_of(s), x, end, (end - top) / kTall);
      top = next;
    }
    if (c.wear_most != 0 && c.bad() != c.count) {
      const Rgb w = wear_color(c.wear_most, total_);
      out_ += fmt::format("<rect fill=\"#{:02x}{:02x}{:02x}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", w.red,
                          w.green, w.blue, x, y + kTall + 1, pitch_ - gap_, kStrip);
    }
    out_ += "</g>\n";
  }

  [[nodiscard]] std::string describe(const Cell& c, std::uint32_t group, std::uint32_t unit) const {
    if (c.count > 1) {
      return fmt::format("({},{},{}..{}) {}", group, unit, c.first, c.first + c.count - 1, summary(c, map_));
    }
    std::string out = fmt::format("({},{},{})", group, unit, c.first);
    for (const State s : map_.legend()) {
      if (c.in(s) != 0) out += fmt::format(" {}", name_of(s));
    }
    if (map_.version != lightnvm::SpecVersion::ocssd20) return out;
    if (c.bad() == 0) out += fmt::format(", {} of {} sectors written", c.written_open + c.written_closed, c.sectors);
    return out + fmt::format(", wear {}", c.wear_most);
  }

  void legend(unsigned y) {
    unsigned x = kLeft;
    for (const State s : map_.legend()) {
      out_ += fmt::format(
          "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\"/>"
          "<text class=\"dim\" x=\"{}\" y=\"{}\">{}</text>\n",
          class_of(s), x, y, x + 18, y + 10, name_of(s));
      x += 40 + 7 * static_cast<unsigned>(name_of(s).size());
    }
    if (total_.wear_most == 0) return;
    for (unsigned i = 0; i < 8; ++i) {
      const Rgb w = wear_color(total_.wear_least + (total_.wear_most - total_.wear_least) * i / 7.0, total_);
      out_ += fmt::format("<rect fill=\"#{:02x}{:02x}{:02x}\" x=\"{}\" y=\"{}\" width=\"10\" height=\"4\"/>", w.red,
                          w.green, w.blue, x + 10 * i, y + 4);
    }
    out_ += fmt::format("\n<text class=\"dim\" x=\"{}\" y=\"{}\">wear {} to {} of 255</text>\n", x + 88, y + 10,
                        total_.wear_least, total_.wear_most);
  }

  const Map& map_;
  const Sink& sink_;
  Cell total_;
  std::size_t most_ = 1;
  unsigned pitch_ = 0, gap_ = 0, width_ = 0, height_ = 0;
  std::string out_;
};

}  // namespace

void draw_svg(const Map& map, const Sink& sink) { Drawing(map, sink).draw(); }

void draw_html(const Map& map, const Sink& sink) {
  sink(fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n"
      "<style>body{{margin:0;background:#ffffff}}svg{{display:block;margin:auto;max-width:100%;height:auto}}"
      "@media (prefers-color-scheme:dark){{body{{background:#14171d}}}}</style>\n</head>\n<body>\n",
      escaped(utf8_or_marks(map.name))));
  draw_svg(map, sink);
  sink("</body>\n</html>\n");
}

}  // namespace tools::map
