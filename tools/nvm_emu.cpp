// SPDX-License-Identifier: BSD-2-Clause
// nvm_emu: emulated Open-Channel SSDs in files: making them, looking at them, checking them.
#include "nvm_emu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <lightnvm/format.hpp>
#include <memory>

#include "progress.hpp"

namespace tools {
namespace {

namespace emulator = lightnvm::emulator;
namespace format = lightnvm::format;

void add_path_command(Tool& tool, const std::string& name, const std::string& purpose, const std::string& examples,
                      void (*action)(const std::string& path, Output&)) {
  const auto path = std::make_shared<std::string>();
  CLI::App* sub = tool.command(name, purpose, examples, [path, action](Output& out) { action(*path, out); });
  sub->add_option("PATH", *path, "The device's file")->required()->type_name("");
}

using Findings = std::vector<emulator::Finding>;

Findings look_for_damage(const std::string& path, std::uint64_t chunks, const Output& out) {
  Progress progress({.what = "nvm_emu_check", .total = chunks, .bytes = false, .unit = "chunks", .quiet = out.json()});
  auto findings = emulator::check(path, [&](std::uint64_t done, std::uint64_t total) { progress.set(done, total); });
  if (!findings) throw Failure::explained("nvm_emu_check", findings.error());
  return std::move(*findings);
}

void show_findings(const std::string& key, const Findings& findings, Output& out) {
  out.text(fmt::format("{}:{}\n", key, findings.empty() ? " ~" : ""));
  Json list = Json::array();
  for (const emulator::Finding& f : findings) {
    out.text(fmt::format("  - {{where: {}, what: {}, repairable: {}}}\n", yaml_quoted(f.where), yaml_quoted(f.what),
                         f.repairable));
    list.push_back({{"where", f.where}, {"what", f.what}, {"repairable", f.repairable}});
  }
  out.document()[key] = std::move(list);
}

// What is repairable is repaired where there is nothing else; otherwise nothing is touched.
Findings repair(const std::string& path, bool clean, const Findings& findings) {
  const auto stubborn = std::ranges::count_if(findings, [](const emulator::Finding& f) { return !f.repairable; });
  if (stubborn != 0) {
    complain("note", fmt::format("nothing is repaired: {} would lose something by it",
                                 counted(static_cast<std::uint64_t>(stubborn), "finding")));
    return {};
  }
  if (findings.empty() && clean) return {};
  if (const lightnvm::Status s = emulator::repair(path); !s) throw Failure::explained("nvm_emu_check", s);
  return findings;
}

void check(const std::string& path, bool repairs, Output& out) {
  const emulator::ImageInfo info = image_info(path, "nvm_emu_check");
  if (info.in_use) {
    complain("note", "a process has this device open: what it changes meanwhile may look wrong");
  }
  const lightnvm::Geometry& g = info.config.geometry;
  const std::uint64_t chunks = g.total_chunks() * std::max(g.planes, 1U);
  Findings findings = look_for_damage(path, chunks, out);
  const Findings repaired = repairs ? repair(path, info.clean, findings) : Findings();
  if (!repaired.empty()) findings = look_for_damage(path, chunks, out);
  out.text(
      fmt::format("check:\n  path: {}\n  nchunks: {}\n  nfindings: {}\n", yaml_quoted(path), chunks, findings.size()));
  out.document()["check"] = {{"path", path}, {"nchunks", chunks}, {"nfindings", findings.size()}};
  if (repairs) show_findings("repaired", repaired, out);
  show_findings("findings", findings, out);
  if (!findings.empty()) {
    throw Failure("nvm_emu_check", fmt::format("{}: {}", path, counted(findings.size(), "finding")), EIO);
  }
}

}  // namespace

emulator::ImageInfo image_info(const std::string& path, const std::string& call) {
  auto info = emulator::info(path);
  if (!info) throw Failure::explained(call, info.error());
  return std::move(*info);
}

void show_image(const std::string& path, const emulator::ImageInfo& i, Output& out) {
  const emulator::Config& c = i.config;
  const lightnvm::Geometry& g = c.geometry;
  const std::uint64_t transfer = c.mdts == 0 ? 0 : 4096ULL << c.mdts;
  std::string yaml = "emu:\n";
  yaml += fmt::format("  path: {}\n  format: {}\n  serial: {}\n", yaml_quoted(path), i.format, yaml_quoted(c.serial));
  yaml += fmt::format("  nfiles: {}\n  nbytes: {}  # {}\n", i.segments, i.logical_bytes, human_bytes(i.logical_bytes));
  yaml += fmt::format("  nbytes_used: {}  # {}\n", i.used_bytes, human_bytes(i.used_bytes));
  yaml += fmt::format("  clean: {}\n  in_use: {}\n", i.clean, i.in_use);
  yaml += fmt::format("  mccap: '{:032b}'\n", format::capabilities(g));
  // OCSSD 1.2 tells nobody of wear, and has no predefined data.
  const bool chunks = c.spec() == lightnvm::SpecVersion::ocssd20;
  if (chunks) yaml += fmt::format("  wit: {}\n", g.wear_threshold);
  yaml += fmt::format("  pe_cycles: {}\n", c.pe_cycles);
  if (chunks) yaml += fmt::format("  predefined: 0x{:02x}\n", c.predefined);
  yaml += fmt::format("  mdts: {}  # {}\n", c.mdts, transfer == 0 ? "no limit" : human_bytes(transfer));
  Json json = {{"path", path},
               {"format", i.format},
               {"serial", c.serial},
               {"nfiles", i.segments},
               {"nbytes", i.logical_bytes},
               {"nbytes_used", i.used_bytes},
               {"clean", i.clean},
               {"in_use", i.in_use},
               {"mccap", format::capabilities(g)},
               {"wit", g.wear_threshold},
               {"pe_cycles", c.pe_cycles},
               {"predefined", c.predefined},
               {"mdts", c.mdts}};
  if (!chunks) {
    json.erase("wit");
    json.erase("predefined");
  }
  constexpr auto kJson = format::Syntax::json;
  out.text(yaml);
  out.document()["emu"] = json;
  out.show("geo", format::geometry(g, c.spec()), format::geometry(g, c.spec(), kJson));
  out.show("wrt", format::write_rules(g), format::write_rules(g, kJson));
  out.show("perf", format::times(g.times), format::times(g.times, kJson));
}

void add_info(Tool& tool) {
  add_path_command(
      tool, "info", "Print what a device is made of",
      "  nvm_emu info ocssd.img\n"
      "  nvm_emu info ocssd.img --json\n",
      [](const std::string& path, Output& out) { show_image(path, image_info(path, "nvm_emu_info"), out); });
}

void add_check(Tool& tool) {
  const auto path = std::make_shared<std::string>();
  const auto repairs = std::make_shared<bool>(false);
  CLI::App* sub = tool.command("check", "Hold a device's file against the rules",
                               "  nvm_emu check ocssd.img\n"
                               "  nvm_emu check ocssd.img --repair\n",
                               [path, repairs](Output& out) { check(*path, *repairs, out); });
  sub->add_option("PATH", *path, "The device's file")->required()->type_name("");
  sub->add_flag("--repair", *repairs, "Mend what can be mended without losing anything");
}

}  // namespace tools

int main(int argc, char** argv) {
  tools::Tool tool("nvm_emu", "Emulated Open-Channel SSDs in files",
                   "  nvm_emu create ocssd.img\n"
                   "  nvm_emu create big.img --groups 8 --punits 4 --chunks 1000\n"
                   "  nvm_emu create old.img --spec 1.2 --planes 2\n"
                   "  nvm_emu chunks ocssd.img --summary\n");
  tools::add_create(tool);
  tools::add_info(tool);
  tools::add_check(tool);
  tools::add_chunks(tool);
  tools::add_faults(tool);
  return tool.run(argc, argv);
}
