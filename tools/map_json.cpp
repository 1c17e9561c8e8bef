// SPDX-License-Identifier: BSD-2-Clause
// A map as JSON, a unit in each line.
#include <fmt/format.h>

#include "common.hpp"
#include "map_draw.hpp"

namespace tools::map {
namespace {

Json unit_json(const Map& map, std::uint32_t group, std::uint32_t unit) {
  std::string states;
  Json open = Json::array(), wear = Json::array();
  std::uint64_t written = 0;
  bool worn = false;
  for (const Tile& t : map.unit(group, unit)) {
    if (t.state == State::open) open.push_back({states.size(), t.written});
    states += letter_of(t.state);
    written += t.written;
    wear.push_back(t.wear);
    worn = worn || t.wear != 0;
  }
  Json json = {{"pugrp", group}, {"punit", unit}, {"states", std::move(states)}};
  if (map.version == lightnvm::SpecVersion::ocssd12) return json;
  json["written"] = written;
  json["open"] = std::move(open);
  json["wear"] = worn ? std::move(wear) : Json(0);
  return json;
}

}  // namespace

void draw_json(const Map& map, const Sink& sink) {
  const auto& g = map.geometry;
  const Cell total = map.total();
  Json letters = Json::object(), counts = Json::object();
  for (const State s : map.legend()) {
    letters[std::string(1, letter_of(s))] = name_of(s);
    counts[std::string(name_of(s))] = total.in(s);
  }
  const Json head = {{"path", map.name},
                     {"spec", map.version == lightnvm::SpecVersion::ocssd12 ? "1.2" : "2.0"},
                     {"npugrp", g.groups},
                     {"npunit", g.units},
                     {"nchunk", g.chunks},
                     {"nsectr", g.sectors},
                     {"letters", std::move(letters)},
                     {"counts", std::move(counts)},
                     {"written", total.written_open + total.written_closed},
                     {"wear", {{"least", total.wear_least}, {"mean", total.mean_wear()}, {"most", total.wear_most}}}};
  sink(fmt::format("{{\n  \"map\": {},\n  \"units\": [", head.dump(-1, ' ', false, Json::error_handler_t::replace)));
  const char* separator = "\n    ";
  for (std::uint32_t group = 0; group < g.groups; ++group) {
    for (std::uint32_t unit = 0; unit < g.units; ++unit) {
      sink(separator + unit_json(map, group, unit).dump());
      separator = ",\n    ";
    }
  }
  sink("\n  ]\n}\n");
}

}  // namespace tools::map
