// SPDX-License-Identifier: BSD-2-Clause
// What a command needs that the route does not have: the checks that come before anything is sent, and the pieces.
#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "layers/complete_queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::layers::completed {
namespace {

using spec::IoOpcode;

constexpr std::uint64_t ones(std::uint32_t count) noexcept { return count >= 64 ? ~0ULL : (1ULL << count) - 1; }

}  // namespace

// A vector command brings as many addresses as it says, 1 to 64.
Status CompletedQueue::examine(Parent& p, backends::Request& r) const noexcept {
  p.work = Work::whole;
  p.writes = p.in_turn = p.native = p.describes = p.split = p.queued = p.cancelled = p.done = false;
  p.total = 1;
  p.position = p.outstanding = 0;
  p.first_failed = ~0U;
  p.completion = {};
  p.copy = nullptr;
  if (plain_) return examine_whole(p, r);
  const std::uint32_t opcode = spec::Opcode::get(r.command);
  const Payload& memory = r.payload;
  if (spec::is_vector(opcode)) {
    if (memory.list.empty() || memory.list.size() > kMaxAddresses ||
        memory.list.size() != spec::VectorNlb::get(r.command) + 1) {
      return Status::os(EINVAL);
    }
    p.total = static_cast<std::uint32_t>(memory.list.size());
  }
  if (route_.layout.physical) return examine_physical(p, r);
  switch (static_cast<IoOpcode>(opcode)) {
    case IoOpcode::read:
    case IoOpcode::write: return examine_blocks(p, r);
    case IoOpcode::vector_read:
    case IoOpcode::vector_write: return examine_list(p, r);
    case IoOpcode::vector_reset: return examine_reset(p, r);
    case IoOpcode::vector_copy: return examine_copy(p, r);
    default: return examine_whole(p, r);
  }
}

// What nobody here can cut: it goes as it is, in one piece if need be.
Status CompletedQueue::examine_whole(Parent& p, const backends::Request& r) const noexcept {
  const backends::Caps& caps = route_.caps;
  const std::size_t data = total_bytes(r.payload.data);
  const std::size_t metadata = total_bytes(r.payload.metadata);
  p.work = Work::whole;
  p.total = 1;
  if (caps.max_transfer_bytes != 0 && data > caps.max_transfer_bytes) return Status::os(EINVAL);
  if (!caps.vectors && !r.payload.list.empty()) return Status::os(ENOTSUP);
  const std::size_t data_bounce = r.payload.data.size() > caps.max_segments ? data : 0;
  const std::size_t metadata_bounce = r.payload.metadata.size() > metadata_most_ ? metadata : 0;
  constexpr std::size_t kGranule = 4096;
  const auto granules = [](std::size_t bytes) { return (bytes + kGranule - 1) / kGranule * kGranule; };
  return granules(data_bounce) + granules(metadata_bounce) > bounce_.size() ? Status::os(ENOTSUP) : Status();
}

// OCSSD 1.2 has no other form for what a list says: a page over its planes is written by one list, or not at all.
Status CompletedQueue::examine_physical(Parent& p, const backends::Request& r) const noexcept {
  const auto opcode = static_cast<IoOpcode>(spec::Opcode::get(r.command));
  if (route_.caps.vectors || !spec::is_vector(static_cast<std::uint32_t>(opcode))) return examine_whole(p, r);
  const bool reads = opcode == IoOpcode::vector_read;
  if (!reads && opcode != IoOpcode::vector_reset) {
    return fail(Status::os(ENOTSUP), "the route carries no lists of addresses, without which OCSSD 1.2 is not written");
  }
  const Geometry& g = route_.layout.geometry;
  const std::size_t data = reads ? std::size_t{p.total} * g.sector_bytes : 0;
  const std::size_t metadata = reads ? std::size_t{p.total} * g.oob_bytes : 0;
  const std::size_t brought = total_bytes(r.payload.metadata);
  if (total_bytes(r.payload.data) != data || (brought != 0 && brought != metadata)) return Status::os(EINVAL);
  if (!route_.carries_blocks) return Status::os(ENOTSUP);
  p.work = Work::each;
  p.list = r.payload.list;
  for (std::uint8_t i = 0; i < p.total; ++i) p.pieces[i] = {i, 1, kNoPiece};
  p.ready = p.unsent = ones(p.total);
  return {};
}

Status CompletedQueue::examine_blocks(Parent& p, const backends::Request& r) const noexcept {
  const Layout& layout = route_.layout;
  const Geometry& g = layout.geometry;
  const std::uint64_t blocks = spec::Nlb::get(r.command) + 1;
  const std::uint64_t data = blocks * g.sector_bytes;
  const std::size_t metadata = total_bytes(r.payload.metadata);
  const bool fits = total_bytes(r.payload.data) == data && (metadata == 0 || metadata == blocks * g.oob_bytes);
  // The answer to too much, and to a transfer of another size, is the device's.
  const bool too_much = layout.device_limit != 0 && data > layout.device_limit;
  if (!fits || (too_much && !route_.interleaves)) return examine_whole(p, r);
  if (too_much) return Status::os(EINVAL);
  if (!route_.carries_blocks) return Status::os(ENOTSUP);
  p.work = Work::blocks;
  p.total = static_cast<std::uint32_t>(blocks);
  p.writes = spec::Opcode::get(r.command) == static_cast<std::uint32_t>(IoOpcode::write);
  p.in_turn = p.writes && !route_.caps.ordered_writes;
  return {};
}

bool CompletedQueue::carries_list(const Parent& p) const noexcept {
  const std::uint64_t most = route_.caps.max_transfer_bytes;
  return route_.caps.vectors && (most == 0 || static_cast<std::uint64_t>(p.total) * route_.block_bytes <= most);
}

Status CompletedQueue::examine_list(Parent& p, const backends::Request& r) const noexcept {
  const Geometry& g = route_.layout.geometry;
  const std::size_t metadata = total_bytes(r.payload.metadata);
  if (total_bytes(r.payload.data) != static_cast<std::size_t>(p.total) * g.sector_bytes ||
      (metadata != 0 && metadata != static_cast<std::size_t>(p.total) * g.oob_bytes)) {
    return Status::os(EINVAL);
  }
  if (!route_.carries_blocks) return Status::os(ENOTSUP);
  p.work = Work::list;
  p.writes = spec::Opcode::get(r.command) == static_cast<std::uint32_t>(IoOpcode::vector_write);
  p.native = carries_list(p);
  plan(p, r.payload.list);
  return {};
}

Status CompletedQueue::examine_reset(Parent& p, const backends::Request& r) const noexcept {
  const std::size_t descriptors = total_bytes(r.payload.metadata);
  if (!r.payload.data.empty() ||
      (descriptors != 0 && descriptors != static_cast<std::size_t>(p.total) * sizeof(spec::ChunkDescriptor))) {
    return Status::os(EINVAL);
  }
  p.describes = descriptors != 0;
  p.native = route_.caps.vectors;
  if (p.native && (route_.caps.reset_descriptors || !p.describes)) return examine_whole(p, r);
  p.work = Work::reset;
  plan(p, r.payload.list);
  return {};
}

Status CompletedQueue::examine_copy(Parent& p, const backends::Request& r) const noexcept {
  if (r.payload.destination.size() != p.total || !r.payload.data.empty() || !r.payload.metadata.empty()) {
    return Status::os(EINVAL);
  }
  if (route_.caps.vectors && route_.caps.vector_copy) return examine_whole(p, r);
  if (!route_.carries_blocks) return Status::os(ENOTSUP);
  p.work = Work::copy_read;
  p.writes = false;
  p.native = carries_list(p);
  plan(p, r.payload.list);
  return {};
}

// Cuts a list into runs of consecutive addresses in one chunk. Where two of them must not overtake each other, the
// later is linked to the earlier of the same chunk, and ready when that is done.
void CompletedQueue::plan(Parent& p, Addresses list) const noexcept {
  const Layout& layout = route_.layout;
  const bool resets = p.work == Work::reset;
  const std::uint32_t most = resets ? 1 : std::min(route_.blocks(p.writes), route_.bounced(p.writes));
  const bool in_turn = resets || (p.writes && !route_.caps.ordered_writes);
  p.list = list;
  p.ready = 0;
  std::uint32_t n = 0;
  for (std::uint32_t i = 0; i < p.total; ++n) {
    const std::uint64_t lba = list[i];
    std::uint32_t count = p.native ? p.total : 1;
    while (!p.native && count < most && i + count < p.total && list[i + count] == lba + count &&
           layout.chunk_of(lba + count) == layout.chunk_of(lba)) {
      ++count;
    }
    p.pieces[n] = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(count), kNoPiece};
    std::uint32_t earlier = in_turn ? n : 0;
    while (earlier != 0 && layout.chunk_of(list[p.pieces[earlier - 1].entry]) != layout.chunk_of(lba)) --earlier;
    if (earlier != 0) {
      p.pieces[earlier - 1].next = static_cast<std::uint8_t>(n);
    } else {
      p.ready |= 1ULL << n;
    }
    i += count;
  }
  p.unsent = ones(n);
}

// The next piece that `c` is to carry; sendable() holds.
void CompletedQueue::select(const Parent& p, Child& c) const noexcept {
  if (p.in_pieces()) {
    c.piece = static_cast<std::uint8_t>(std::countr_zero(p.ready));
    c.entry = p.pieces[c.piece].entry;
    c.count = p.pieces[c.piece].count;
    return;
  }
  c.piece = kNoPiece;
  c.entry = p.position;
  c.count = p.total - p.position;
  if (p.work == Work::whole) return;
  c.count = std::min(c.count, route_.blocks(p.writes));
  const bool gathers = segments_of(p, c.entry, c.count) <= list_most_;
  if (!gathers) c.count = std::min(c.count, route_.bounced(p.writes));
}

}  // namespace lightnvm::layers::completed
