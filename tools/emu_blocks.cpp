// SPDX-License-Identifier: BSD-2-Clause
// nvm_emu chunks on a device of OCSSD 1.2: bad block tables, write positions and wear, block by block or summed up.
#include <fmt/format.h>

#include <lightnvm/emulator.hpp>
#include <lightnvm/format.hpp>
#include <vector>

#include "emu_chunks.hpp"

namespace tools {
namespace {

using lightnvm::BlockState;
using lightnvm::ChunkState;
using lightnvm::Geometry;
using lightnvm::emulator::BlockInfo;
namespace format = lightnvm::format;

std::vector<BlockInfo> blocks_of(const Geometry& g, const ChunksArguments& a) {
  if (a.state == "offline") {
    throw Failure(kChunksCall, "blocks of OCSSD 1.2 are free, open or closed; bad ones are marked in another column");
  }
  const Range channels = chosen(a.group, g.groups, "channel");
  const Range luns = chosen(a.unit, g.units, "LUN");
  auto blocks = lightnvm::emulator::blocks(a.path);
  if (!blocks) throw Failure::explained(kChunksCall, blocks.error());
  std::erase_if(*blocks, [&](const BlockInfo& b) {
    return !channels.has(b.address.group()) || !luns.has(b.address.unit()) ||
           (!a.state.empty() && format::chunk_state(b.state) != a.state);
  });
  return std::move(*blocks);
}

Json block_json(const BlockInfo& b) {
  return {{"ch", b.address.group()},
          {"lun", b.address.unit()},
          {"blk", b.address.chunk()},
          {"pl", b.address.plane()},
          {"bbt", format::block_state(b.mark)},
          {"state", format::chunk_state(b.state)},
          {"npages", b.pages},
          {"pe_cycles", b.cycles}};
}

constexpr std::string_view kRow = "{:>3}  {:>3}  {:>5}  {:>2}  {:<4}  {:<6}  {:>5}  {:>9}\n";

void list(const std::vector<BlockInfo>& blocks, Output& out) {
  constexpr std::size_t kPiece = 1U << 16;
  std::string piece = out.json() ? fmt::format("{{\n  \"blks\": {{\"nblks\": {}}},\n  \"blk\": [", blocks.size())
                                 : fmt::format(kRow, "ch", "lun", "blk", "pl", "bbt", "state", "pages", "pe_cycles");
  const char* separator = "\n    ";
  for (const BlockInfo& b : blocks) {
    const auto& at = b.address;
    if (out.json()) {
      piece += separator + block_json(b).dump();
      separator = ",\n    ";
    } else {
      piece += fmt::format(kRow, at.group(), at.unit(), at.chunk(), at.plane(), format::block_state(b.mark),
                           format::chunk_state(b.state), b.pages, b.cycles);
    }
    if (piece.size() < kPiece) continue;
    out.write(piece);
    piece.clear();
  }
  if (out.json()) piece += blocks.empty() ? "]\n}\n" : "\n  ]\n}\n";
  out.write(piece);
}

/// How many planes of blocks are what. A marked one counts as what it is marked.
struct Counts {
  std::uint64_t free = 0, open = 0, closed = 0, bad = 0, reserved = 0, pages = 0;

  void add(const BlockInfo& b) {
    pages += b.pages;
    switch (b.mark) {
      case BlockState::factory_bad:
      case BlockState::grown_bad: ++bad; return;
      case BlockState::device_reserved:
      case BlockState::host_reserved: ++reserved; return;
      case BlockState::good: break;
    }
    ++(b.state == ChunkState::free ? free : b.state == ChunkState::open ? open : closed);
  }
  [[nodiscard]] Json json(const Geometry& g) const {
    return {{"free", free},
            {"open", open},
            {"closed", closed},
            {"bad", bad},
            {"reserved", reserved},
            {"npages", pages},
            {"nbytes", pages * g.page_bytes}};
  }
};

void summarise(const Geometry& g, const std::vector<BlockInfo>& blocks, Output& out) {
  constexpr std::string_view kSums = "{:>3}  {:>3}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}  {:>12}\n";
  const auto show = [&](std::string_view channel, std::string_view lun, const Counts& c) {
    out.text(fmt::format(kSums, channel, lun, c.free, c.open, c.closed, c.bad, c.reserved,
                         human_bytes(c.pages * g.page_bytes)));
  };
  out.text(fmt::format(kSums, "ch", "lun", "free", "open", "closed", "bad", "reserved", "written"));
  Counts total;
  Json luns = Json::array();
  for (std::size_t at = 0; at < blocks.size();) {
    const auto lun = lightnvm::Address::of(blocks[at].address.group(), blocks[at].address.unit(), 0);
    Counts counts;
    for (; at < blocks.size() && blocks[at].address.group() == lun.group() && blocks[at].address.unit() == lun.unit();
         ++at) {
      counts.add(blocks[at]);
      total.add(blocks[at]);
    }
    show(std::to_string(lun.group()), std::to_string(lun.unit()), counts);
    Json entry = {{"ch", lun.group()}, {"lun", lun.unit()}};
    entry.update(counts.json(g));
    luns.push_back(std::move(entry));
  }
  show("all", "", total);
  out.document() = {{"luns", std::move(luns)}, {"all", total.json(g)}};
}

}  // namespace

void list_blocks(const Geometry& g, const ChunksArguments& a, Output& out) {
  const auto blocks = blocks_of(g, a);
  if (a.summary) {
    summarise(g, blocks, out);
  } else {
    list(blocks, out);
  }
}

}  // namespace tools
