// SPDX-License-Identifier: BSD-2-Clause
// nvm_emu chunks: the chunk report of a device, whole, in part, or summed up; beside a program that holds it. Devices
// of OCSSD 1.2 have blocks instead: emu_blocks.cpp.
#include "emu_chunks.hpp"

#include <fmt/format.h>

#include <lightnvm/format.hpp>
#include <memory>
#include <vector>

#include "chunk_listing.hpp"
#include "nvm_emu.hpp"
#include "progress.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::Chunk;
using lightnvm::ChunkState;
using lightnvm::Device;
using lightnvm::Geometry;
namespace format = lightnvm::format;

// What of a unit's chunks is in which state.
struct Counts {
  std::uint64_t free = 0, open = 0, closed = 0, offline = 0, sectors = 0;

  void add(const Chunk& c) {
    switch (c.state) {
      case ChunkState::free: ++free; break;
      case ChunkState::open: ++open; break;
      case ChunkState::closed: ++closed; break;
      case ChunkState::offline: ++offline; break;
    }
    if (c.write_pointer != Chunk::kNoWritePointer) sectors += c.write_pointer;
  }
  void add(const Counts& o) {
    free += o.free;
    open += o.open;
    closed += o.closed;
    offline += o.offline;
    sectors += o.sectors;
  }
};

// A unit's chunks, those in the state that was asked for.
std::vector<Chunk> chunks_of(Device& device, Address unit, const std::string& state) {
  const Geometry& g = device.geometry();
  auto chunks = device.chunks(g.chunk_index(unit), g.chunks);
  if (!chunks) throw Failure(kChunksCall, chunks.error());
  if (!state.empty()) std::erase_if(*chunks, [&](const Chunk& c) { return format::chunk_state(c.state) != state; });
  return std::move(*chunks);
}

// Calls f(unit, chunks) for each unit that was asked for.
template <typename F>
void for_each_unit(Device& device, const ChunksArguments& a, bool quiet, F&& f) {
  const Geometry& g = device.geometry();
  const Range groups = chosen(a.group, g.groups, "group");
  const Range units = chosen(a.unit, g.units, "parallel unit");
  const std::uint64_t total = std::uint64_t{groups.end - groups.first} * (units.end - units.first) * g.chunks;
  Progress progress({.what = kChunksCall, .total = total, .bytes = false, .unit = "chunks", .quiet = quiet});
  std::uint64_t done = 0;
  for (std::uint32_t group = groups.first; group < groups.end; ++group) {
    for (std::uint32_t unit = units.first; unit < units.end; ++unit) {
      const Address address = Address::of(group, unit, 0);
      f(address, chunks_of(device, address, a.state));
      progress.set(done += g.chunks);
    }
  }
}

void report(Device& device, const ChunksArguments& a, Output& out) {
  std::vector<Chunk> all;
  for_each_unit(device, a, out.json(), [&](Address, const std::vector<Chunk>& chunks) {
    all.insert(all.end(), chunks.begin(), chunks.end());
  });
  write_report(device, all, out);
}

constexpr std::string_view kRow = "{:>5}  {:>5}  {:>8}  {:>8}  {:>8}  {:>8}  {:>12}\n";

void show_counts(std::string_view group, std::string_view unit, const Counts& c, const Geometry& g, Output& out) {
  out.text(
      fmt::format(kRow, group, unit, c.free, c.open, c.closed, c.offline, human_bytes(c.sectors * g.sector_bytes)));
}

Json counts_json(const Counts& c, const Geometry& g) {
  return {{"free", c.free},       {"open", c.open},       {"closed", c.closed},
          {"offline", c.offline}, {"sectors", c.sectors}, {"nbytes", c.sectors * g.sector_bytes}};
}

void summarise(Device& device, const ChunksArguments& a, Output& out) {
  const Geometry& g = device.geometry();
  Counts total;
  Json units = Json::array();
  out.text(fmt::format(kRow, "group", "punit", "free", "open", "closed", "offline", "written"));
  for_each_unit(device, a, out.json(), [&](Address unit, const std::vector<Chunk>& chunks) {
    Counts counts;
    for (const Chunk& c : chunks) counts.add(c);
    total.add(counts);
    show_counts(std::to_string(unit.group()), std::to_string(unit.unit()), counts, g, out);
    if (!out.json()) return;
    Json entry = {{"pugrp", unit.group()}, {"punit", unit.unit()}};
    entry.update(counts_json(counts, g));
    units.push_back(std::move(entry));
  });
  show_counts("all", "", total, g, out);
  out.document() = {{"units", std::move(units)}, {"all", counts_json(total, g)}};
}

void chunks(const ChunksArguments& a, Output& out) {
  lightnvm::OpenOptions options;
  options.read_only = true;
  Device device = open_device("emu:" + lightnvm::as_locator(a.path), options);
  if (device.version() == lightnvm::SpecVersion::ocssd12) {
    list_blocks(device.geometry(), a, out);
  } else if (a.summary) {
    summarise(device, a, out);
  } else {
    report(device, a, out);
  }
}

}  // namespace

Range chosen(std::optional<std::uint32_t> wanted, std::uint32_t count, std::string_view noun) {
  if (!wanted) return {0, count};
  if (*wanted >= count) {
    throw Failure(kChunksCall, fmt::format("there is no {} {}: the device has {}", noun, *wanted,
                                           count == 1 ? "one" : fmt::format("0 to {}", count - 1)));
  }
  return {*wanted, *wanted + 1};
}

void add_chunks(Tool& tool) {
  const auto a = std::make_shared<ChunksArguments>();
  CLI::App* sub = tool.command("chunks", "Print the chunk report, or a table of it; of OCSSD 1.2, the blocks",
                               "  nvm_emu chunks ocssd.img --summary\n"
                               "  nvm_emu chunks ocssd.img --group 0 --punit 4 --state closed\n",
                               [a](Output& out) { chunks(*a, out); });
  sub->add_option("PATH", a->path, "The device's file")->required()->type_name("");
  add_number(sub, "--group", a->group, "This group alone");
  add_number(sub, "--punit", a->unit, "This unit (of each group) alone");
  sub->add_option("--state", a->state, "Only free, open, closed or offline chunks")
      ->type_name("STATE")
      ->check(CLI::IsMember({"free", "open", "closed", "offline"}).description(""));
  sub->add_flag("--summary", a->summary, "A table: how many chunks in which state");
}

}  // namespace tools
