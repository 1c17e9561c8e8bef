// SPDX-License-Identifier: BSD-2-Clause
// Reads: what can be read comes from the media, the rest is predefined or, with DULBE, an error. OCSSD-2.0 4.4, 6.2.
#include <algorithm>
#include <cstring>

#include "emulator/queue_op.hpp"

namespace lightnvm::emulator {

// The longest stretch of consecutive addresses in one chunk, from the operation's position on.
Queue::Piece Queue::next_piece(const Op& op) const noexcept {
  Piece piece;
  const std::uint64_t lba = op.address(op.position);
  piece.place = device_.locate(lba);
  const std::uint64_t room = (1ULL << device_.format().sector_bits()) - piece.place.sector;
  const auto most = static_cast<std::uint32_t>(std::min<std::uint64_t>(op.total - op.position, room));
  if (!op.vector) {
    piece.count = most;
    return piece;
  }
  std::uint32_t n = 1;
  while (n < most && op.list[op.position + n] == lba + n) ++n;
  piece.count = n;
  return piece;
}

// Media in this process's memory need no operation: the chunk is held for the time of a copy.
void Queue::copy_out(const Op& op, const Piece& piece, std::uint32_t entry, std::uint32_t count) const noexcept {
  const Geometry& g = device_.geometry();
  const std::uint64_t sector = static_cast<std::uint64_t>(piece.place.chunk) * g.sectors + piece.place.sector;
  const auto copy = [&](const SegmentRange& range, std::byte* media, std::uint32_t unit) {
    const std::size_t at = range.offset + static_cast<std::size_t>(entry) * unit;
    const std::size_t bytes = static_cast<std::size_t>(count) * unit;
    if (range.segments.size() == 1) [[likely]] {
      std::memcpy(range.segments[0].base + at, media + sector * unit, bytes);
    } else {
      SegmentRange{range.segments, at, bytes}.copy_in(media + sector * unit);
    }
  };
  copy(op.data, direct_.data, g.sector_bytes);
  if (!op.metadata.empty()) copy(op.metadata, direct_.metadata, g.oob_bytes);
}

void Queue::read_unreadable(Op& op, std::uint32_t entry, std::uint32_t count) noexcept {
  const Geometry& g = device_.geometry();
  const auto value = static_cast<std::byte>(device_.config().predefined);
  const auto fill = [&](const SegmentRange& range, std::uint32_t unit) {
    range.sub(static_cast<std::size_t>(entry) * unit, static_cast<std::size_t>(count) * unit).fill(value);
  };
  fill(op.data, g.sector_bytes);
  if (!op.metadata.empty()) fill(op.metadata, g.oob_bytes);
  if (device_.dulbe()) note_failure(op, entry, count, Status::nvme_dnr(StatusCode::deallocated_or_unwritten));
}

void Queue::read_pieces(Op& op) noexcept {
  const Geometry& g = device_.geometry();
  while (op.position < op.total && op.free_media_count != 0) {
    const Piece piece = next_piece(op);
    const std::uint32_t entry = op.position;
    op.position += piece.count;
    const std::uint32_t readable = piece.place.chunk_exists ? machine_.hold_for_read(piece.place.chunk) : 0;
    const std::uint32_t good =
        readable > piece.place.sector ? std::min(piece.count, readable - piece.place.sector) : 0;
    if (good != piece.count) read_unreadable(op, entry + good, piece.count - good);
    if (good == 0) {
      if (readable != 0) machine_.release_read(piece.place.chunk);
      continue;
    }
    if (direct_.data != nullptr) {
      copy_out(op, piece, entry, good);
      machine_.release_read(piece.place.chunk);
      continue;
    }
    const auto part = [&](const SegmentRange& range, std::uint32_t unit) {
      return range.sub(static_cast<std::size_t>(entry) * unit, static_cast<std::size_t>(good) * unit);
    };
    MediaOp& m = take_media(op);
    m.kind = MediaOp::Kind::read;
    m.chunk = piece.place.chunk;
    m.first = piece.place.sector;
    m.count = good;
    m.data = part(op.data, g.sector_bytes);
    m.metadata = op.metadata.empty() ? SegmentRange{} : part(op.metadata, g.oob_bytes);
    start_media(op, m);
  }
  if (op.position == op.total && op.media_pending == 0) finish_read(op);
}

void Queue::read_done(Op& op, const MediaOp& m) noexcept {
  machine_.release_read(m.chunk);
  if (!m.status) [[unlikely]] {
    const auto entry = static_cast<std::uint32_t>((m.data.offset - op.data.offset) / device_.geometry().sector_bytes);
    note_failure(op, entry, m.count, to_status(media_code(m.status, StatusCode::unrecovered_read_error)));
  }
}

void Queue::finish_read(Op& op) noexcept {
  const bool copies = op.opcode == static_cast<std::uint8_t>(spec::IoOpcode::vector_copy);
  if (!op.first_failure) {
    // A copy whose sources cannot all be read writes nothing.
    if (copies) note_failure(op, 0, op.total, op.first_failure);
    finish(op, op.first_failure);
    return;
  }
  if (copies) {
    op.list = op.payload->destination;
    op.position = 0;
    begin_write(op);
    return;
  }
  traffic_.reads.store(traffic_.reads.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  traffic_.bytes_read.store(traffic_.bytes_read.load(std::memory_order_relaxed) + op.data.bytes,
                            std::memory_order_relaxed);
  finish(op, Status());
}

}  // namespace lightnvm::emulator
