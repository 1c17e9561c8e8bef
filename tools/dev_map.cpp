// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev map: looks at a device, once or again and again, and draws what it says of its chunks.
#include "dev_map.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "files.hpp"
#include "map_draw.hpp"
#include "progress.hpp"
#include "session.hpp"

namespace tools {
namespace {

const std::string kCall = "nvm_dev_map";

struct Arguments {
  std::string ident, path, color = "auto";
  std::optional<std::uint32_t> columns;
  std::string watch;
  bool wear = false;
};

map::Map look(const std::string& ident) {
  Session session = open_session(ident, Access::read_only);
  auto map = map::survey(session.device);
  if (map) return std::move(*map);
  if (map.error().is_errno(ENOTSUP)) throw Failure(kCall, "the device says nothing of its chunks", ENOTSUP);
  throw Failure(kCall, map.error());
}

void into_file(const map::Map& map, const Arguments& a) {
  const bool svg = a.path.ends_with(".svg"), html = a.path.ends_with(".html");
  if (!svg && !html) throw Failure("FAILED", fmt::format("-o {}: the name ends in .svg or .html", a.path));
  OutputFile file(a.path, a.ident);
  const map::Sink sink = [&](std::string_view piece) { file.write(std::as_bytes(std::span(piece))); };
  svg ? map::draw_svg(map, sink) : map::draw_html(map, sink);
  file.close();
}

map::Style style_of(const Arguments& a) {
  constexpr std::uint32_t kLeast = 20, kMost = 100000;
  if (a.columns && (*a.columns < kLeast || *a.columns > kMost)) {
    throw Failure("FAILED", fmt::format("--columns is {} to {}, not {}", kLeast, kMost, *a.columns));
  }
  return {.columns = a.columns.value_or(columns_of(STDOUT_FILENO)),
          .colors = colors_of(a.color, STDOUT_FILENO),
          .utf8 = speaks_utf8(),
          .show = a.wear ? map::Show::wear : map::Show::states};
}

std::chrono::duration<double> pause_of(const std::string& text) {
  constexpr double kMost = 86400;
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(seconds > 0) || seconds > kMost) {
    throw Failure("FAILED", fmt::format("--watch: '{}' is no number of seconds above 0", text));
  }
  return std::chrono::duration<double>(seconds);
}

std::string as_text(const map::Map& map, const map::Style& style) {
  std::string text;
  map::draw_text(map, style, [&](std::string_view piece) { text += piece; });
  return text;
}

// Each picture is drawn over the one before; it is written at once, so that nothing flickers.
void watch(const Arguments& a, const Output& out) {
  const auto pause = pause_of(a.watch);
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const Interruptible interruptible;
  for (std::string_view before = terminal ? "\033[H\033[2J" : ""; !interrupted(); before = terminal ? "\033[H" : "\n") {
    std::string text(before);
    for (const char c : as_text(look(a.ident), style_of(a))) {
      if (terminal && c == '\n') text += "\033[K";
      text += c;
    }
    out.text(terminal ? text + "\033[J" : text);
    const auto end = std::chrono::steady_clock::now() + pause;
    while (!interrupted() && std::chrono::steady_clock::now() < end) {
      constexpr auto kStep = std::chrono::milliseconds(50);
      std::this_thread::sleep_for(std::min<std::chrono::duration<double>>(kStep, pause));
    }
  }
}

void draw(const Arguments& a, Output& out) {
  if (!a.watch.empty() && (!a.path.empty() || out.json())) {
    throw Failure("FAILED", "--watch draws on the terminal alone, without -o and --json");
  }
  if (!a.watch.empty()) return watch(a, out);
  const map::Style style = style_of(a);
  const map::Map map = look(a.ident);
  if (!a.path.empty()) into_file(map, a);
  if (out.json()) {
    map::draw_json(map, [&](std::string_view piece) { out.write(piece); });
  } else if (a.path.empty()) {
    out.text(as_text(map, style));
  }
}

}  // namespace

void add_map(Tool& tool) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* sub = tool.command("map", "Draw chunks' states, write pointers and wear",
                               "  nvm_dev map ocssd.img\n"
                               "  nvm_dev map ocssd.img -o ocssd.svg\n"
                               "  nvm_dev map ocssd.img --watch 1\n",
                               [a](Output& out) { draw(*a, out); });
  add_device(sub, a->ident);
  sub->add_option("-o", a->path, "Draw into this file, .svg or .html")->type_name("FILE");
  sub->add_flag("--wear", a->wear, "Show wear instead of states");
  sub->add_option("--watch", a->watch, "Draw again every so many seconds")->type_name("S");
  add_number(sub, "--columns", a->columns, "As wide as this instead of the terminal");
  sub->add_option("--color", a->color, "Colours: always, never, or auto")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"always", "never", "auto"}).description(""));
}

}  // namespace tools
