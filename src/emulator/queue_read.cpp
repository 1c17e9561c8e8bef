// SPDX-License-Identifier: BSD-2-Clause
// Reads: what can be read comes from the media, the rest is predefined or, with DULBE, an error. OCSSD-2.0 4.4, 6.2.
#include <algorithm>

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

void Queue::read_pieces(Op& op) noexcept {
  const Geometry& g = device_.geometry();
  const bool with_metadata = !op.metadata.empty();
  while (op.position < op.total && op.free_media_count != 0) {
    const Piece piece = next_piece(op);
    const std::uint32_t entry = op.position;
    op.position += piece.count;
    const std::uint32_t readable = piece.place.chunk_exists ? machine_.hold_for_read(piece.place.chunk) : 0;
    const std::uint32_t good =
        readable > piece.place.sector ? std::min(piece.count, readable - piece.place.sector) : 0;
    const auto part = [&](const SegmentRange& range, std::uint32_t unit, std::uint32_t from, std::uint32_t count) {
      return range.sub(static_cast<std::size_t>(entry + from) * unit, static_cast<std::size_t>(count) * unit);
    };
    if (good != piece.count) {
      const std::uint32_t bad = piece.count - good;
      const auto value = static_cast<std::byte>(device_.config().predefined);
      part(op.data, g.sector_bytes, good, bad).fill(value);
      if (with_metadata) part(op.metadata, g.oob_bytes, good, bad).fill(value);
      if (device_.dulbe()) {
        note_failure(op, entry + good, bad, Status::nvme_dnr(StatusCode::deallocated_or_unwritten));
      }
    }
    if (good == 0) {
      if (readable != 0) machine_.release_read(piece.place.chunk);
      continue;
    }
    MediaOp& m = take_media(op);
    m.kind = MediaOp::Kind::read;
    m.chunk = piece.place.chunk;
    m.first = piece.place.sector;
    m.count = good;
    m.data = part(op.data, g.sector_bytes, 0, good);
    m.metadata = with_metadata ? part(op.metadata, g.oob_bytes, 0, good) : SegmentRange{};
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
