// SPDX-License-Identifier: BSD-2-Clause
// Which chunks a command line means, and whether they are what the operation needs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <lightnvm/format.hpp>

#include "nvm_vblk.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::Chunk;
using lightnvm::ChunkState;
using lightnvm::ChunkType;
using lightnvm::Device;
using lightnvm::Geometry;
using lightnvm::VirtualBlock;

Failure beyond(const std::string& what, std::string_view noun, std::uint32_t number, std::uint32_t count) {
  return {"FAILED", fmt::format("{}: there is no {} {}: the device has 0 to {}", what, noun, number, count - 1)};
}

void check_address(const Geometry& g, Address a, const std::string& text) {
  if (a.group() >= g.groups) throw beyond(text, "group", a.group(), g.groups);
  if (a.unit() >= g.units) throw beyond(text, "parallel unit", a.unit(), g.units);
  if (a.chunk() >= g.chunks) throw beyond(text, "chunk", a.chunk(), g.chunks);
  if (g.has_planes()) {
    if (!g.contains(a)) throw Failure("FAILED", fmt::format("{}: the device has no such plane, page or sector", text));
  } else if (a.sector() >= g.sectors) {
    throw beyond(text, "sector", a.sector(), g.sectors);
  }
}

std::vector<Address> listed(const Geometry& g, const std::vector<std::string>& texts) {
  std::vector<Address> chunks;
  for (const std::string& text : texts) {
    const auto value = parse_hex(text);
    if (!value) throw Failure("FAILED", fmt::format("'{}' is no address: 1 to 16 hexadecimal digits", text));
    const Address a{*value};
    check_address(g, a, text);
    if (std::ranges::find(chunks, a.at_sector(0)) != chunks.end()) {
      throw Failure("FAILED", fmt::format("{}: its chunk is there twice", text));
    }
    chunks.push_back(a.at_sector(0));
  }
  return chunks;
}

// Units outer, groups inner: neighbours in the stripe share no group.
std::vector<Address> lined(const Geometry& g, const VirtualBlock::Line& l) {
  if (l.group_last >= g.groups) throw beyond("ch_end", "group", l.group_last, g.groups);
  if (l.unit_last >= g.units) throw beyond("lun_end", "parallel unit", l.unit_last, g.units);
  if (l.chunk >= g.chunks) throw beyond("blk", "chunk", l.chunk, g.chunks);
  if (l.group_first > l.group_last) throw Failure("FAILED", "ch_bgn is behind ch_end");
  if (l.unit_first > l.unit_last) throw Failure("FAILED", "lun_bgn is behind lun_end");
  std::vector<Address> chunks;
  for (std::uint32_t unit = l.unit_first; unit <= l.unit_last; ++unit) {
    for (std::uint32_t group = l.group_first; group <= l.group_last; ++group) {
      chunks.push_back(Address::of(group, unit, l.chunk));
    }
  }
  return chunks;
}

// Why a chunk cannot be written from its beginning on; empty where it can.
std::string unwritable(const Chunk& c, const Geometry& g) {
  if (c.state == ChunkState::offline) return "is offline: choose another one";
  if (c.sectors != g.sectors)
    return fmt::format("has {} sectors, a virtual block takes chunks of {}", c.sectors, g.sectors);
  if (c.type == ChunkType::random || c.state == ChunkState::free) return {};
  if (c.state == ChunkState::closed) return "is written already: erase the virtual block first";
  return g.early_reset ? "is open: erase the virtual block first" : "is open: pad and erase the virtual block first";
}

}  // namespace

std::vector<Address> named_chunks(const Device& device, const BlockRequest& request, Naming naming) {
  const Geometry& g = device.geometry();
  return naming == Naming::line ? lined(g, request.line) : listed(g, request.addresses);
}

VirtualBlock make_block(const Device& device, std::span<const Address> chunks, const BlockRequest& request) {
  lightnvm::VirtualBlockOptions options;
  options.depth = request.depth.value_or(0);
  options.scalar = request.scalar;
  auto block = VirtualBlock::make(device, chunks, options);
  if (block) return std::move(*block);
  // The chunks are checked: what is left is the depth.
  if (block.error().is_errno(EINVAL) && options.depth != 0) {
    throw Failure("nvm_vblk_set_async", fmt::format("--depth {} is more than this device takes", options.depth));
  }
  throw Failure("nvm_vblk_alloc", block.error());
}

void require_writable(VirtualBlock& block, const std::string& call) {
  Device& device = block.device();
  // OCSSD 1.2 does not say what is written: that shows when it is tried.
  if (device.geometry().has_planes()) return;
  for (const Address a : block.chunks()) {
    const auto chunk = device.chunk(a);
    if (!chunk) throw Failure(call, chunk.error());
    const std::string why = unwritable(*chunk, device.geometry());
    if (why.empty()) continue;
    throw Failure(call, fmt::format("chunk ({},{},{}) {}", a.group(), a.unit(), a.chunk(), why), EIO);
  }
}

}  // namespace tools
