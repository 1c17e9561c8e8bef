// SPDX-License-Identifier: BSD-2-Clause
// What the lacking backend's queue checks of every command that reaches it: contract S6 and S8, and its own Caps.
#include <fmt/format.h>

#include <algorithm>

#include "lacking.hpp"
#include "spec/build.hpp"
#include "spec/ocssd12.hpp"
#include "support/violations.hpp"

namespace lightnvm::backends::lacking {
namespace {

using spec::IoOpcode;
using test::violation;

constexpr std::size_t kMostPieces = 16384;
constexpr std::uint64_t kNoChunk = ~0ULL;

IoOpcode opcode_of(const Request& r) noexcept { return static_cast<IoOpcode>(spec::Opcode::get(r.command)); }

}  // namespace

Interleaved::Interleaved() : data_(kMostPieces), metadata_(kMostPieces) {}

bool Interleaved::sort(std::span<const Segment> segments, const Shape& shape) noexcept {
  data_count_ = metadata_count_ = 0;
  const std::size_t block = shape.data_bytes + shape.metadata_bytes;
  const std::size_t bytes = total_bytes(segments);
  if (bytes % block != 0) return false;
  bool fits = true;
  const SegmentRange all{segments, 0, bytes};
  const auto keep = [&](std::vector<Segment>& list, std::size_t& count) {
    return [&list, &count, &fits](std::byte* p, std::size_t n, std::size_t) {
      fits = fits && count < list.size();
      if (fits) list[count++] = {p, n};
    };
  };
  for (std::size_t at = 0; at < bytes; at += block) {
    all.sub(at, shape.data_bytes).for_each(keep(data_, data_count_));
    all.sub(at + shape.data_bytes, shape.metadata_bytes).for_each(keep(metadata_, metadata_count_));
  }
  return fits;
}

bool LackingQueue::has_tag(std::uint16_t tag) const noexcept {
  return std::ranges::any_of(pending_, [&](const Pending& p) { return p.request->tag == tag; });
}

void LackingQueue::check(const Request& r) const {
  const Caps& caps = options_.caps;
  const std::uint32_t opcode = spec::Opcode::get(r.command);
  const auto complain = [&](std::string_view what) {
    violation(fmt::format("{} opcode {:#x}, tag {}: {}", admin_ ? "admin" : "I/O", opcode, r.tag, what));
  };
  if (pending_.size() >= depth_) complain("S6: more commands than the queue is deep");
  if (r.tag >= depth_) complain("S6: a tag beyond the depth");
  if (has_tag(r.tag)) complain("S6: a tag that is in use");
  if ((spec::Mptr::get(r.command) | spec::Dptr1::get(r.command) | spec::Dptr2::get(r.command)) != 0) {
    complain("S8: a pointer in the submission entry");
  }
  const std::size_t data = total_bytes(r.payload.data);
  const std::size_t metadata = total_bytes(r.payload.metadata);
  if (r.payload.data.size() > caps.max_segments) complain("S6: more segments than the route gathers");
  if (r.payload.metadata.size() > caps.max_segments) complain("S6: more segments of metadata than the route gathers");
  if (caps.max_transfer_bytes != 0 && data > caps.max_transfer_bytes) complain("S6: more bytes than the route carries");
  if (admin_) return;
  // OCSSD 1.2: a single address lies in the command itself, and needs no list.
  const bool immediate = shape_.physical && r.payload.list.empty() && spec::PhysicalNlb::get(r.command) == 0;
  if (spec::is_vector(opcode) && !immediate) {
    if (!caps.vectors) complain("S6: a vector command");
    if ((spec::Lbal::get(r.command) | spec::Dlbal::get(r.command)) != 0) complain("S8: an address in the entry");
    if (r.payload.list.size() != spec::VectorNlb::get(r.command) + 1) complain("S8: a list of another length");
  } else if (!r.payload.list.empty() || !r.payload.destination.empty()) {
    complain("S8: a list beside a scalar command");
  }
  const IoOpcode io = opcode_of(r);
  if (io == IoOpcode::vector_copy && !caps.vector_copy) complain("S6: a vector copy");
  if (io == IoOpcode::vector_reset && metadata != 0 && !caps.reset_descriptors)
    complain("S6: a reset with descriptors");
  const bool moves_blocks =
      io == IoOpcode::read || io == IoOpcode::write || io == IoOpcode::vector_read || io == IoOpcode::vector_write;
  if (moves_blocks) check_blocks(r, data, metadata);
  if (!caps.ordered_writes && !shape_.physical) check_chunk(r);
}

void LackingQueue::check_blocks(const Request& r, std::size_t data, std::size_t metadata) const {
  const std::size_t blocks = spec::Nlb::get(r.command) + 1;
  const std::size_t block = shape_.data_bytes + (shape_.extended ? shape_.metadata_bytes : 0);
  if (data != blocks * block) violation(fmt::format("{} blocks in {} bytes", blocks, data));
  if (metadata == 0) return;
  if (options_.caps.metadata != MetadataTransfer::separate) violation("S6: metadata of its own");
  if (metadata != blocks * shape_.metadata_bytes) violation(fmt::format("{} metadata in {} bytes", blocks, metadata));
}

// The chunk that a scalar command changes; kNoChunk where it changes none or several.
std::uint64_t LackingQueue::chunk_of(const Request& r) const noexcept {
  if (opcode_of(r) == IoOpcode::write) return spec::Slba::get(r.command) >> shape_.chunk_shift;
  if (opcode_of(r) != IoOpcode::dataset_management || spec::Nr::get(r.command) != 0) return kNoChunk;
  spec::DsmRange range{};
  if (total_bytes(r.payload.data) < sizeof range) return kNoChunk;
  SegmentRange{r.payload.data, 0, sizeof range}.copy_out(reinterpret_cast<std::byte*>(&range));
  return range.slba >> shape_.chunk_shift;
}

// Writes that overtake each other would fail.
void LackingQueue::check_chunk(const Request& r) const {
  const std::uint64_t chunk = chunk_of(r);
  if (chunk == kNoChunk) return;
  for (const Pending& p : pending_) {
    if (chunk_of(*p.request) == chunk) violation(fmt::format("two commands that change chunk {} in flight", chunk));
  }
}

}  // namespace lightnvm::backends::lacking
