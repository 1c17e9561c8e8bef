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

namespace {

// Two dwords at once.
std::uint64_t pair(const spec::Command& c, unsigned dword) noexcept {
  return static_cast<std::uint64_t>(c.dw[dword + 1]) << 32 | c.dw[dword];
}

// Whether a command is that read by the specification's book, without options. Its identifier, its count and the hints
// that a limited retry is meant by are anything.
template <IoOpcode kRead>
[[gnu::always_inline]] inline bool is_plain(const spec::Command& c) noexcept {
  constexpr std::uint64_t kNamespace = 1;
  constexpr std::uint64_t kHead = kNamespace << 32 | static_cast<std::uint64_t>(kRead);
  constexpr std::uint64_t kReserved = 0xFFFFFFFF00000000 | (kRead == IoOpcode::read ? 0x3FFF0000 : 0x3FFFFFC0);
  std::uint64_t rest = ((pair(c, 0) ^ kHead) & 0xFFFFFFFF0000FFFF) | pair(c, 2) | (pair(c, 12) & kReserved);
  if constexpr (kRead == IoOpcode::vector_read) rest |= pair(c, 14);
  return rest == 0;
}

// Whether addresses are consecutive. The loop has no way out, so that the compiler compares several at once.
bool is_run(std::span<const std::uint64_t> list) noexcept {
  const std::uint64_t first = list[0];
  if (list.size() == 1) return true;
  if (list[1] != first + 1) return false;
  std::uint64_t different = 0, expected = first;
  for (const std::uint64_t lba : list) different |= lba ^ expected++;
  return different == 0;
}

}  // namespace

// The command that hosts send most, a read of written sectors, goes a way of its own where the media are in memory; it
// leaves everything else, failures too, to the thorough one, and until then has changed nothing but the memory that it
// reads to.
void Queue::start(const spec::Command& c, const Payload& p, std::uint16_t tag) noexcept {
  ++started_;
  const std::uint64_t total = (c.dw[12] & 0xFFFF) + 1;
  std::uint64_t lba = pair(c, spec::Slba::kDword);
  if (!is_plain<IoOpcode::read>(c)) {
    if (total != 1 || p.list.size() != 1 || !is_plain<IoOpcode::vector_read>(c)) return start_listed(c, p, tag);
    lba = p.list[0];
  }
  if (p.data.size() != 1 || !p.metadata.empty()) return start_listed(c, p, tag);
  const Segment out = p.data[0];
  if (out.bytes != total * sector_bytes_ || total > direct_sectors_) return start_any(c, p, tag);
  const std::uint32_t chunk = locator_.chunk(lba);
  const std::uint64_t first = locator_.sector(lba);
  const ChunkMachine::ReadHold hold(readable_, chunk, first + total);
  if (!hold) return start_any(c, p, tag);
  // Before the copy, across which little is to be remembered.
  count_read(out.bytes);
  push({0, {}, tag, false});
  const std::uint64_t sector = std::uint64_t{chunk} * chunk_sectors_ + first;
  std::memcpy(out.base, direct_.data + sector * sector_bytes_, out.bytes);
}

// The same of lists, and with metadata.
[[gnu::noinline]] void Queue::start_listed(const spec::Command& c, const Payload& p, std::uint16_t tag) noexcept {
  if (!read_plain(c, p)) return start_any(c, p, tag);
  count_read(p.data[0].bytes);
  push({0, {}, tag, false});
}

// Consecutive sectors of one chunk; false where they cannot all be read.
[[gnu::always_inline]] inline bool Queue::read_run(std::uint64_t lba, std::uint64_t count, std::byte* out,
                                                   std::byte* oob) const noexcept {
  const std::uint32_t chunk = locator_.chunk(lba);
  const std::uint64_t first = locator_.sector(lba);
  const ChunkMachine::ReadHold hold(readable_, chunk, first + count);
  if (!hold) return false;
  const std::uint64_t sector = std::uint64_t{chunk} * chunk_sectors_ + first;
  if (oob != nullptr) std::memcpy(oob, direct_.metadata + sector * oob_bytes_, count * oob_bytes_);
  std::memcpy(out, direct_.data + sector * sector_bytes_, count * sector_bytes_);
  return true;
}

template <bool kMetadata>
[[gnu::noinline]] bool Queue::read_list(List list, std::byte* out, std::byte* oob) const noexcept {
  const auto advance = [&](std::uint64_t n) {
    out += n * sector_bytes_;
    if constexpr (kMetadata) oob += n * oob_bytes_;
  };
  const std::uint64_t* at = list.data();
  const std::uint64_t* const last = at + list.size() - 1;
  while (at < last) {
    const std::uint64_t first = *at;
    if (at[1] != first + 1) {
      if (!read_run(first, 1, out, kMetadata ? oob : nullptr)) return false;
      advance(1);
      ++at;
      continue;
    }
    std::uint64_t n = 2;
    while (at + n <= last && at[n] == first + n) ++n;
    if (!read_run(first, n, out, kMetadata ? oob : nullptr)) return false;
    advance(n);
    at += n;
  }
  return at != last || read_run(*at, 1, out, kMetadata ? oob : nullptr);
}

bool Queue::read_plain(const spec::Command& c, const Payload& p) const noexcept {
  const bool listed = is_plain<IoOpcode::vector_read>(c);
  if ((!listed && !is_plain<IoOpcode::read>(c)) || p.data.size() != 1 || p.metadata.size() > 1) return false;
  const std::uint32_t total = (c.dw[12] & 0xFFFF) + 1;
  if (p.data[0].bytes != std::size_t{total} * sector_bytes_ || total > direct_sectors_) return false;
  std::byte* oob = nullptr;
  if (!p.metadata.empty()) {
    if (p.metadata[0].bytes != std::size_t{total} * oob_bytes_) return false;
    if (oob_bytes_ != 0) oob = p.metadata[0].base;
  }
  if (!listed) return read_run(spec::Slba::get(c), total, p.data[0].base, oob);
  if (p.list.size() != total) return false;
  if (is_run(p.list)) return read_run(p.list[0], total, p.data[0].base, oob);
  return oob == nullptr ? read_list<false>(p.list, p.data[0].base, oob) : read_list<true>(p.list, p.data[0].base, oob);
}

void Queue::tell_reads() noexcept {
  const auto add = [](std::atomic<std::uint64_t>& counter, std::uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  };
  add(traffic_.reads, std::exchange(reads_, 0));
  add(traffic_.bytes_read, std::exchange(bytes_read_, 0));
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
  if (m.status && faults_ == nullptr) [[likely]]
    return;
  const auto entry = static_cast<std::uint32_t>((m.data.offset - op.data.offset) / device_.geometry().sector_bytes);
  if (m.status) return fault_read(op, m, entry);
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
  if (op.effort) op.bits = op.corrected;
  finish(op, op.effort ? Status::nvme(StatusCode::high_ecc) : Status());
}

}  // namespace lightnvm::emulator
