// SPDX-License-Identifier: BSD-2-Clause
// Reads: what can be read comes from the media, the rest is predefined or, with DULBE, an error. OCSSD-2.0 4.4, 6.2.
#include <algorithm>
#include <cstring>
#include <utility>

#include "emulator/queue_op.hpp"

namespace lightnvm::emulator {

using spec::IoOpcode;

// The longest stretch of consecutive addresses in one chunk, from the plan's position on.
Queue::Piece Queue::next_piece(const Plan& plan, std::uint32_t position) const noexcept {
  Piece piece;
  const std::uint64_t lba = plan.address(position);
  piece.place = device_.locate(lba);
  const std::uint64_t room = (1ULL << device_.format().sector_bits()) - piece.place.sector;
  const auto most = static_cast<std::uint32_t>(std::min<std::uint64_t>(plan.total - position, room));
  if (!plan.vector) {
    // A range that runs over the end of the address space does not come back at its start.
    if (lba < plan.slba) piece.place.chunk_exists = false;
    piece.count = most;
    return piece;
  }
  const std::uint64_t* next = plan.list.data() + position;
  std::uint32_t n = 1;
  while (n < most && next[n] == lba + n) ++n;
  piece.count = n;
  return piece;
}

// Media in this process's memory need no operation: the chunk is held for the time of a copy.
void Queue::copy_out(const Plan& plan, const Piece& piece, std::uint32_t entry, std::uint32_t count) const noexcept {
  const Geometry& g = device_.geometry();
  const std::uint64_t sector = static_cast<std::uint64_t>(piece.place.chunk) * g.sectors + piece.place.sector;
  const auto copy = [&](const SegmentRange& range, const std::byte* media, std::uint32_t unit) {
    const std::size_t at = range.offset + static_cast<std::size_t>(entry) * unit;
    const std::size_t bytes = static_cast<std::size_t>(count) * unit;
    if (range.segments.size() == 1) [[likely]] {
      std::memcpy(range.segments[0].base + at, media + sector * unit, bytes);
    } else {
      SegmentRange{range.segments, at, bytes}.copy_in(media + sector * unit);
    }
  };
  copy(plan.data, direct_.data, g.sector_bytes);
  if (!plan.metadata.empty()) copy(plan.metadata, direct_.metadata, g.oob_bytes);
}

void Queue::read_unreadable(const Plan& plan, std::uint32_t entry, std::uint32_t count,
                            Failures& failures) const noexcept {
  const Geometry& g = device_.geometry();
  const auto value = static_cast<std::byte>(device_.config().predefined);
  const auto fill = [&](const SegmentRange& range, std::uint32_t unit) {
    range.sub(static_cast<std::size_t>(entry) * unit, static_cast<std::size_t>(count) * unit).fill(value);
  };
  fill(plan.data, g.sector_bytes);
  if (!plan.metadata.empty()) fill(plan.metadata, g.oob_bytes);
  if (physical_) {
    // OCSSD-1.2 10.4: what comes behind an unwritten sector has failed as well.
    failures.note(plan, entry, plan.total - entry, Status::nvme_dnr(StatusCode::empty_page));
    return;
  }
  if (device_.dulbe()) failures.note(plan, entry, count, Status::nvme_dnr(StatusCode::deallocated_or_unwritten));
}

Completion Queue::read_direct(const Plan& plan) noexcept {
  Failures failures;
  for (std::uint32_t position = 0; position < plan.total;) {
    const Piece piece = next_piece(plan, position);
    const std::uint32_t readable = piece.place.chunk_exists ? machine_.hold_for_read(piece.place.chunk) : 0;
    const std::uint32_t good = readable > piece.place.sector ? std::min(piece.count, readable - piece.place.sector) : 0;
    if (good != 0) copy_out(plan, piece, position, good);
    if (readable != 0) machine_.release_read(piece.place.chunk);
    if (good != piece.count) [[unlikely]]
      read_unreadable(plan, position + good, piece.count - good, failures);
    position += piece.count;
  }
  if (failures.status) count_read(plan.data.bytes);
  return {failures.bits, failures.status};
}

// Consecutive sectors of one chunk; false where they cannot all be read.
[[gnu::always_inline]] inline bool Queue::read_run(std::uint64_t lba, std::uint32_t count, std::byte* out,
                                                   std::byte* oob) noexcept {
  const Place place = locator_(lba);
  if (!place.chunk_exists) [[unlikely]] {
    return false;
  }
  if (!machine_.hold_if_readable(place.chunk, std::uint64_t{place.sector} + count)) [[unlikely]] {
    return false;
  }
  const std::uint64_t sector = static_cast<std::uint64_t>(place.chunk) * chunk_sectors_ + place.sector;
  if (oob != nullptr) [[unlikely]] {
    std::memcpy(oob, direct_.metadata + sector * oob_bytes_, static_cast<std::size_t>(count) * oob_bytes_);
  }
  std::memcpy(out, direct_.data + sector * sector_bytes_, static_cast<std::size_t>(count) * sector_bytes_);
  machine_.release_read(place.chunk);
  return true;
}

bool Queue::read_list(std::span<const std::uint64_t> list, std::byte* out, std::byte* oob) noexcept {
  const std::uint64_t* at = list.data();
  const std::uint64_t* const end = at + list.size();
  while (at != end) {
    const std::uint64_t lba = *at;
    const std::uint64_t* next = at + 1;
    while (next != end && *next == lba + static_cast<std::uint64_t>(next - at)) ++next;
    const auto n = static_cast<std::uint32_t>(next - at);
    if (!read_run(lba, n, out, oob)) return false;
    out += static_cast<std::size_t>(n) * sector_bytes_;
    if (oob != nullptr) oob += static_cast<std::size_t>(n) * oob_bytes_;
    at = next;
  }
  return true;
}

namespace {

bool is_vector(const spec::Command& c) noexcept {
  return (c.dw[0] & 0xFF) == static_cast<std::uint32_t>(IoOpcode::vector_read);
}

// Whether a command is a read by the specification's book, without options, into memory in one piece.
[[gnu::always_inline]] inline bool is_plain(const spec::Command& c, const Payload& p) noexcept {
  constexpr std::uint32_t kVectorRest = 0x3FFFFFC0, kScalarRest = 0x3FFF0000;
  const std::uint32_t low = c.dw[0] & 0xFFFF;
  std::uint32_t rest = (c.dw[1] ^ 1) | c.dw[2] | c.dw[3];
  if (low == static_cast<std::uint32_t>(IoOpcode::vector_read)) {
    rest |= (c.dw[12] & kVectorRest) | c.dw[13] | c.dw[14] | c.dw[15];
  } else if (low == static_cast<std::uint32_t>(IoOpcode::read)) {
    rest |= (c.dw[12] & kScalarRest) | c.dw[13];
  } else {
    return false;
  }
  return rest == 0 && p.data.size() == 1;
}

}  // namespace

// Media in memory. The command that hosts send most, a read of written sectors, goes a way of its own, which leaves
// everything else, failures too, to the thorough one; until then it has changed nothing but the memory that it reads
// to.
void Queue::start_direct(const spec::Command& c, const Payload& p, std::uint16_t tag) noexcept {
  if (!is_plain(c, p)) return start_any(c, p, tag);
  const std::uint32_t total = (c.dw[12] & 0xFFFF) + 1;
  const Segment out = p.data[0];
  if (out.bytes != static_cast<std::size_t>(total) * sector_bytes_ || total > transfer_sectors_) {
    return start_any(c, p, tag);
  }
  std::uint64_t lba = spec::Slba::get(c);
  if (is_vector(c)) {
    if (total != 1) return start_list(c, p, tag);
    if (p.list.size() != 1) return start_any(c, p, tag);
    lba = p.list[0];
  }
  if (!p.metadata.empty()) return start_with_metadata(c, p, tag);
  const Place place = locator_(lba);
  if (!place.chunk_exists) return start_any(c, p, tag);
  if (!machine_.hold_if_readable(place.chunk, std::uint64_t{place.sector} + total)) return start_any(c, p, tag);
  const std::uint64_t sector = static_cast<std::uint64_t>(place.chunk) * chunk_sectors_ + place.sector;
  // Before the copy, across which little is to be remembered.
  finish_direct(out.bytes, tag);
  std::memcpy(out.base, direct_.data + sector * sector_bytes_, out.bytes);
  machine_.release_read(place.chunk);
}

// The same of more than one address.
void Queue::start_list(const spec::Command& c, const Payload& p, std::uint16_t tag) noexcept {
  const std::uint32_t total = (c.dw[12] & 0xFFFF) + 1;
  std::byte* oob = nullptr;
  if (p.list.size() != total || !take_metadata(p, total, oob) || !read_list(p.list, p.data[0].base, oob)) {
    return start_any(c, p, tag);
  }
  finish_direct(p.data[0].bytes, tag);
}

// Of one address, or a range, with metadata.
void Queue::start_with_metadata(const spec::Command& c, const Payload& p, std::uint16_t tag) noexcept {
  const std::uint32_t total = (c.dw[12] & 0xFFFF) + 1;
  std::byte* oob = nullptr;
  const std::uint64_t lba = is_vector(c) ? p.list[0] : spec::Slba::get(c);
  if (!take_metadata(p, total, oob) || !read_run(lba, total, p.data[0].base, oob)) return start_any(c, p, tag);
  finish_direct(p.data[0].bytes, tag);
}

// Metadata in one piece of the right size, or none (nullptr); false for any other.
bool Queue::take_metadata(const Payload& p, std::uint32_t total, std::byte*& oob) const noexcept {
  if (p.metadata.empty()) return true;
  if (p.metadata.size() != 1 || p.metadata[0].bytes != static_cast<std::size_t>(total) * oob_bytes_) return false;
  if (oob_bytes_ != 0) oob = p.metadata[0].base;
  return true;
}

void Queue::tell_reads() noexcept {
  const auto add = [](std::atomic<std::uint64_t>& counter, std::uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  };
  add(traffic_.reads, std::exchange(reads_, 0));
  add(traffic_.bytes_read, std::exchange(bytes_read_, 0));
}

void Queue::count_read(std::size_t bytes) noexcept {
  ++reads_;
  bytes_read_ += bytes;
}

void Queue::read_pieces(Op& op) noexcept {
  const Geometry& g = device_.geometry();
  while (op.position < op.total && op.free_media_count != 0) {
    const Piece piece = next_piece(op, op.position);
    const std::uint32_t entry = op.position;
    op.position += piece.count;
    const std::uint32_t readable = piece.place.chunk_exists ? machine_.hold_for_read(piece.place.chunk) : 0;
    const std::uint32_t good = readable > piece.place.sector ? std::min(piece.count, readable - piece.place.sector) : 0;
    if (good != piece.count) read_unreadable(op, entry + good, piece.count - good, op);
    if (good == 0) {
      if (readable != 0) machine_.release_read(piece.place.chunk);
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
  if (m.status) [[likely]]
    return;
  const auto entry = static_cast<std::uint32_t>((m.data.offset - op.data.offset) / device_.geometry().sector_bytes);
  op.note(op, entry, m.count, to_status(media_code(m.status, StatusCode::unrecovered_read_error)));
}

void Queue::finish_read(Op& op) noexcept {
  const bool copies = op.opcode == static_cast<std::uint8_t>(spec::IoOpcode::vector_copy);
  if (!op.status) {
    // A copy whose sources cannot all be read writes nothing.
    if (copies) op.note(op, 0, op.total, op.status);
    finish(op, op.status);
    return;
  }
  if (copies) {
    op.list = op.payload->destination;
    op.position = 0;
    begin_write(op);
    return;
  }
  count_read(op.data.bytes);
  finish(op, Status());
}

}  // namespace lightnvm::emulator
