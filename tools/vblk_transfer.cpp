// SPDX-License-Identifier: BSD-2-Clause
// Two buffers take turns: one belongs to the device while the other is filled from, or emptied into, a file.
#include "vblk_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "common.hpp"
#include "progress.hpp"

namespace tools {
namespace {

using lightnvm::Buffer;
using lightnvm::Completion;
using lightnvm::Status;
using lightnvm::VirtualBlock;

constexpr std::uint64_t kPiece = 4ULL << 20;
constexpr std::size_t kSlice = 1ULL << 20;

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::uint64_t round_up(std::uint64_t n, std::uint64_t to) { return (n + to - 1) / to * to; }

// One transfer: the buffers, and the operation that is in flight. Its end waits, as the device may still use a buffer.
class Session {
 public:
  Session(VirtualBlock& block, const Extent& extent, std::uint64_t grain, Timing& timing)
      : block_(block),
        extent_(extent),
        piece_(std::min(std::max(kPiece / grain, std::uint64_t{1}) * grain, round_up(extent.bytes, grain))),
        timing_(timing),
        progress_({.what = extent.call, .total = extent.bytes, .quiet = extent.quiet}) {
    const Stopwatch allocating;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(2, piece_ == 0 ? 0 : round_up(extent.bytes, piece_) / piece_);
         ++i) {
      auto buffer = block.device().allocate(piece_);
      if (!buffer) throw Failure("nvm_buf_alloc", buffer.error());
      buffers_[i] = std::move(*buffer);
    }
    timing.alloc = allocating.seconds();
    whole_ = Stopwatch();
  }
  ~Session() {
    [[maybe_unused]] const auto finished = block_.wait();
    timing_.elapsed = whole_.seconds();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] std::uint64_t piece() const { return piece_; }
  [[nodiscard]] std::span<std::byte> buffer(std::uint64_t number, std::uint64_t bytes) const {
    return buffers_[number % 2].span().first(bytes);
  }
  [[nodiscard]] lightnvm::Callback done() {
    return [this](const Completion& c) { status_ = c.status; };
  }
  void check(Status s) const {
    if (!s) throw Failure(extent_.call, s);
  }
  /// Lets the device go on while the program is busy with a file.
  void poke() {
    if (const auto n = block_.poke(); !n) check(n.error());
  }
  /// Waits for the operation in flight, of `bytes`.
  void settle(std::uint64_t bytes) {
    if (const auto n = block_.wait(); !n) check(n.error());
    check(status_);
    timing_.bytes += bytes;
  }
  /// What the progress bar shows: how far the file is.
  void show(std::uint64_t done) { progress_.set(done); }
  void stop_if_interrupted(std::string_view done) const {
    if (!interrupted()) return;
    throw Failure(
        extent_.call,
        fmt::format("interrupted, {} of {} are {}", human_bytes(timing_.bytes), human_bytes(extent_.bytes), done),
        EINTR);
  }

 private:
  VirtualBlock& block_;
  const Extent& extent_;
  std::uint64_t piece_;
  Timing& timing_;
  std::array<Buffer, 2> buffers_;
  Status status_;
  Stopwatch whole_;
  Progress progress_;
  Interruptible interruptible_;
};

// A row of the stripe where that fits, so that all pieces are alike; at least what a command needs.
std::uint64_t grain_of(const VirtualBlock& block, std::uint64_t smallest) {
  const auto& g = block.device().geometry();
  const std::uint64_t row = block.chunks().size() * std::uint64_t{g.ws_opt} * g.sector_bytes;
  return row <= kPiece ? row : smallest;
}

// What a mode puts beside the data, as the C API does: it begins anew with every ws_opt sectors.
class Metadata {
 public:
  Metadata(const VirtualBlock& block, const Extent& extent) : geometry_(block.device().geometry()) {
    if (extent.metadata_mode == 0 || geometry_.oob_bytes == 0) return;
    const std::uint64_t unit = std::uint64_t{geometry_.ws_opt} * geometry_.oob_bytes;
    const std::uint64_t most = std::max(kPiece, grain_of(block, block.write_alignment())) / geometry_.sector_bytes;
    bytes_.resize((most + geometry_.ws_opt) * geometry_.oob_bytes);
    const bool letters = extent.metadata_mode == 1;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<std::byte>('A' + (letters ? i % unit % 26 : unit % 20));
    }
  }
  /// That of the sectors of `bytes` from `offset` on.
  [[nodiscard]] std::span<const std::byte> of(std::uint64_t offset, std::uint64_t bytes) const {
    if (bytes_.empty()) return {};
    const std::uint64_t first = offset / geometry_.sector_bytes % geometry_.ws_opt;
    return std::span(bytes_).subspan(first * geometry_.oob_bytes, bytes / geometry_.sector_bytes * geometry_.oob_bytes);
  }

 private:
  const lightnvm::Geometry& geometry_;
  std::vector<std::byte> bytes_;
};

// Fills the piece slice by slice. Returns how much there was.
std::size_t fill_piece(Session& session, std::uint64_t at, std::span<std::byte> piece, const Fill& fill,
                       Timing& timing) {
  std::size_t filled = 0;
  while (filled < piece.size()) {
    const Stopwatch filling;
    const auto slice = piece.subspan(filled, std::min(kSlice, piece.size() - filled));
    const std::size_t n = fill(slice);
    timing.fill += filling.seconds();
    filled += n;
    session.show(at + filled);
    if (n < slice.size()) break;
    session.poke();
  }
  return filled;
}

}  // namespace

std::uint64_t write_pieces(VirtualBlock& block, const Extent& extent, const Fill& fill, Timing& timing) {
  const std::uint64_t alignment = block.write_alignment();
  Metadata metadata(block, extent);  // outlives what is in flight
  Session session(block, extent, grain_of(block, alignment), timing);
  std::uint64_t in_flight = 0;
  std::uint64_t at = 0;
  bool more = true;
  for (std::uint64_t number = 0; more && at < extent.bytes; ++number) {
    const auto piece = session.buffer(number, std::min(session.piece(), extent.bytes - at));
    const std::size_t filled = fill_piece(session, at, piece, fill, timing);
    more = filled == piece.size();
    const auto used = piece.first(std::min<std::uint64_t>(round_up(filled, alignment), piece.size()));
    put_alphabet(used.subspan(filled), 0);
    session.settle(in_flight);
    session.stop_if_interrupted("written");
    session.check(
        block.write_async(extent.offset + at, used, session.done(), metadata.of(extent.offset + at, used.size())));
    in_flight = used.size();
    at += used.size();
  }
  session.settle(in_flight);
  return extent.offset + at;
}

void read_pieces(VirtualBlock& block, const Extent& extent, const Drain& drain, Timing& timing) {
  const std::uint64_t alignment = block.read_alignment();
  Session session(block, extent, grain_of(block, alignment), timing);
  const std::uint64_t end = round_up(extent.bytes, alignment);
  const auto piece_bytes = [&](std::uint64_t at) { return std::min(session.piece(), end - at); };
  const auto start = [&](std::uint64_t number, std::uint64_t at) {
    const auto status = block.read_async(extent.offset + at, session.buffer(number, piece_bytes(at)), session.done());
    session.check(status);
  };
  if (end != 0) start(0, 0);
  std::uint64_t number = 0;
  for (std::uint64_t at = 0; at < end; ++number) {
    const std::uint64_t here = piece_bytes(at);
    session.settle(here);
    session.stop_if_interrupted("read");
    if (at + here < end) start(number + 1, at + here);
    const Stopwatch draining;
    const auto wanted = session.buffer(number, std::min(here, extent.bytes - at));
    for (std::size_t done = 0; done < wanted.size(); done += kSlice) {
      drain(wanted.subspan(done, std::min(kSlice, wanted.size() - done)));
      session.show(at + done);
      session.poke();
    }
    timing.fill += draining.seconds();
    at += here;
  }
}

}  // namespace tools
