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

std::vector<Address> listed(const Session& session, const std::vector<std::string>& texts) {
  std::vector<Address> chunks;
  for (const std::string& text : texts) {
    const Address a{parse_hex_or_fail(text, "address")};
    check_address(session, a, text);
    if (std::ranges::find(chunks, a.at_sector(0)) != chunks.end()) {
      throw Failure("FAILED", fmt::format("{}: its chunk is there twice", text));
    }
    chunks.push_back(a.at_sector(0));
  }
  return chunks;
}

void check_line(const Geometry& g, const VirtualBlock::Line& l) {
  if (l.group_last >= g.groups) throw beyond("ch_end", "group", l.group_last, g.groups);
  if (l.unit_last >= g.units) throw beyond("lun_end", "parallel unit", l.unit_last, g.units);
  if (l.chunk >= g.chunks) throw beyond("blk", "chunk", l.chunk, g.chunks);
}

// Units outer, groups inner: neighbours in the stripe share no group.
std::vector<Address> lined(const Session& session, const VirtualBlock::Line& l) {
  const Geometry& g = session.device.geometry();
  if (session.verify) check_line(g, l);
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

std::string unwritable_size(const Chunk& c, const Geometry& g) {
  if (c.sectors == g.sectors) return {};
  return fmt::format("has {} sectors, a virtual block takes chunks of {}", c.sectors, g.sectors);
}

// Why a chunk can be no part of a virtual block; empty where it can.
std::string unusable(const Chunk& c, const Geometry& g) {
  return c.state == ChunkState::offline ? "is offline: choose another one" : unwritable_size(c, g);
}

// Why a chunk cannot be written from its beginning on; empty where it can.
std::string unwritable(const Chunk& c, const Geometry& g) {
  if (std::string why = unusable(c, g); !why.empty()) return why;
  if (c.type == ChunkType::random || c.state == ChunkState::free) return {};
  // Padding closes what is open, each chunk from its own write pointer on.
  if (c.state == ChunkState::closed) return "is written already: erase the virtual block first";
  return g.early_reset ? "is open: erase the virtual block first" : "is open: pad and erase the virtual block first";
}

// Why the rest of a chunk cannot be filled; empty where it can, or where there is none.
std::string unpaddable(const Chunk& c, const Geometry& g) {
  if (std::string why = unusable(c, g); !why.empty()) return why;
  if (c.type == ChunkType::random && c.state != ChunkState::free) {
    return "takes writes at random and is written: where its rest begins is not known; write or read it as it is";
  }
  if (c.state == ChunkState::closed && c.write_pointer < c.sectors) {
    return fmt::format("was closed early, at sector {} of {}: it takes no more; erase the virtual block",
                       c.write_pointer, c.sectors);
  }
  return {};
}

// The first of the chunks that `why` has something to say about is a Failure.
template <typename Why>
void require(Device& device, std::span<const Address> chunks, const std::string& call, Why&& why) {
  // OCSSD 1.2 does not say what is written: that shows when it is tried.
  if (device.geometry().has_planes()) return;
  for (const Address a : chunks) {
    const auto chunk = device.chunk(a);
    if (!chunk) throw Failure(call, chunk.error());
    const std::string sentence = why(*chunk, device.geometry());
    if (sentence.empty()) continue;
    throw Failure(call, fmt::format("chunk ({},{},{}) {}", a.group(), a.unit(), a.chunk(), sentence), EIO);
  }
}

}  // namespace

std::vector<Address> named_chunks(const Session& session, const BlockRequest& request, Naming naming) {
  return naming == Naming::line ? lined(session, request.line) : listed(session, request.addresses);
}

VirtualBlock make_block(const Session& session, std::span<const Address> chunks, const BlockRequest& request) {
  const Device& device = session.device;
  lightnvm::VirtualBlockOptions options;
  options.depth = request.depth.value_or(0);
  options.scalar = request.scalar || session.scalar();
  if (device.geometry().has_planes()) options.plane_mode = session.plane_mode();
  const auto& most = session.defaults;
  options.erase_addresses = static_cast<std::uint32_t>(most.erase_addresses);
  options.write_addresses = static_cast<std::uint32_t>(most.write_addresses);
  options.read_addresses = static_cast<std::uint32_t>(most.read_addresses);
  auto block = VirtualBlock::make(device, chunks, options);
  if (block) return std::move(*block);
  const bool has_sentence = block.error().is_errno(EINVAL);
  const Failure failure =
      has_sentence ? Failure::explained("nvm_vblk_alloc", block.error()) : Failure("nvm_vblk_alloc", block.error());
  // Addresses that nobody verified.
  if (!std::ranges::all_of(chunks, [&](Address a) { return device.geometry().contains(a); })) throw Failure(failure);
  Device named = device;
  require(named, chunks, "nvm_vblk_alloc", unusable);
  // What is left is the depth.
  if (has_sentence && options.depth != 0) {
    throw Failure("nvm_vblk_set_async", fmt::format("--depth {} is more than this device takes", options.depth));
  }
  throw Failure(failure);
}

void require_writable(VirtualBlock& block, const std::string& call) {
  require(block.device(), block.chunks(), call, unwritable);
}

void require_paddable(VirtualBlock& block, const std::string& call) {
  require(block.device(), block.chunks(), call, unpaddable);
}

}  // namespace tools
