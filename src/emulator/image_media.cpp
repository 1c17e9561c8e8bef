// SPDX-License-Identifier: BSD-2-Clause
// An image as media: its sectors and records, and the checksums by which they are held against each other.
#include <fcntl.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "emulator/image.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::uint32_t kProofBytes = 1 << 20;  // read at a time

std::uint32_t data_sum(std::span<const std::byte> data, std::uint32_t sector) noexcept {
  return static_cast<std::uint32_t>(XXH64(data.data(), data.size(), sector));
}

// Metadata of zeros is what a write without metadata leaves.
std::uint32_t metadata_sum(std::span<const std::byte> metadata, std::uint32_t sector) noexcept {
  const bool zeros = std::ranges::all_of(metadata, [](std::byte b) { return b == std::byte{0}; });
  return zeros ? 0 : static_cast<std::uint32_t>(XXH64(metadata.data(), metadata.size(), (1ULL << 32) + sector));
}

// Calls f(piece of `bytes` bytes, its number) for all of the range; `room` takes those that lie in several segments.
template <typename F>
void each_piece(const SegmentRange& range, std::size_t bytes, std::span<std::byte> room, F&& f) {
  if (range.segments.size() == 1) {
    const std::byte* base = range.segments[0].base + range.offset;
    for (std::size_t at = 0; at < range.bytes; at += bytes) f(std::span(base + at, bytes), at / bytes);
    return;
  }
  for (std::size_t at = 0; at < range.bytes; at += bytes) {
    range.sub(at, bytes).copy_out(room.data());
    f(std::span<const std::byte>(room).first(bytes), at / bytes);
  }
}

}  // namespace

class Image::Channel final : public MediaChannel {
 public:
  explicit Channel(Image& image)
      : image_(image), sector_(std::max(image.super_.sector_bytes, image.super_.oob_bytes)) {}
  bool start(MediaOp& op) noexcept override {
    op.status = image_.transfer(op, sector_);
    return true;
  }

 private:
  Image& image_;
  std::vector<std::byte> sector_;
};

std::unique_ptr<MediaChannel> Image::open_channel(std::uint32_t) { return std::make_unique<Channel>(*this); }

std::uint64_t Image::data_at(std::uint32_t chunk, std::uint32_t sector) const noexcept {
  return super_.data_offset + chunk * super_.data_stride + static_cast<std::uint64_t>(sector) * super_.sector_bytes;
}

std::uint64_t Image::metadata_at(std::uint32_t chunk, std::uint32_t sector) const noexcept {
  return super_.metadata_offset + chunk * super_.metadata_stride +
         static_cast<std::uint64_t>(sector) * super_.oob_bytes;
}

Status Image::transfer(MediaOp& op, std::span<std::byte> sector) noexcept {
  if (op.kind == MediaOp::Kind::discard) return discard(op.chunk);
  Status status;
  const auto move = [&](const SegmentRange& range, std::uint64_t offset) {
    range.for_each([&](std::byte* p, std::size_t n, std::size_t at) {
      if (!status) return;
      status = op.kind == MediaOp::Kind::read ? read(p, n, offset + at) : write(p, n, offset + at);
    });
  };
  move(op.data, data_at(op.chunk, op.first));
  move(op.metadata, metadata_at(op.chunk, op.first));
  if (status && op.kind == MediaOp::Kind::write && op.counted) return write_counted(op, sector);
  return status;
}

// What a counted write does beside: metadata that was not brought becomes zeros, and the checksums are summed up.
Status Image::write_counted(MediaOp& op, std::span<std::byte> sector) noexcept {
  std::uint32_t sum = 0;
  each_piece(op.data, super_.sector_bytes, sector, [&](std::span<const std::byte> data, std::size_t i) {
    sum += data_sum(data, op.first + static_cast<std::uint32_t>(i));
  });
  if (!op.metadata.empty()) {
    each_piece(op.metadata, super_.oob_bytes, sector, [&](std::span<const std::byte> metadata, std::size_t i) {
      sum += metadata_sum(metadata, op.first + static_cast<std::uint32_t>(i));
    });
  }
  op.sum = sum;
  if (super_.oob_bytes == 0 || !op.metadata.empty()) return {};
  static constexpr std::array<std::byte, 4096> kZeros{};
  std::uint64_t left = static_cast<std::uint64_t>(op.count) * super_.oob_bytes;
  for (std::uint64_t at = metadata_at(op.chunk, op.first); left != 0;) {
    const std::uint64_t n = std::min<std::uint64_t>(left, kZeros.size());
    if (const Status s = write(kZeros.data(), n, at); !s) return s;
    at += n;
    left -= n;
  }
  return {};
}

Status Image::discard(std::uint32_t chunk) noexcept {
  const Status s = punch(data_at(chunk, 0), super_.data_stride);
  return s && super_.metadata_stride != 0 ? punch(metadata_at(chunk, 0), super_.metadata_stride) : s;
}

Status Image::save(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) noexcept {
  const DiskRecord row = to_disk(chunk, record, proof);
  const OldDiskRecord old = to_old_disk(chunk, record);
  const bool is_old = row_bytes() == sizeof old;
  const auto* bytes = is_old ? reinterpret_cast<const std::byte*>(&old) : reinterpret_cast<const std::byte*>(&row);
  const Status s = write(bytes, row_bytes(), super_.table_offset + chunk * row_bytes());
  if (!s) lost_.store(true, std::memory_order_relaxed);
  return s;
}

Status Image::sync() noexcept {
  for (const auto& file : files_) {
    const Status s = file->sync();
    if (s) continue;
    // What the kernel could not write it may have forgotten: there is no second try.
    lost_.store(true, std::memory_order_relaxed);
    return s;
  }
  return {};
}

void Image::abandon() noexcept {
  in_use_ = false;
  for (const auto& file : files_) file->lose_power();
}

bool Image::needs_proof() const noexcept { return super_.clean == 0 && row_bytes() == sizeof(DiskRecord); }

Status Image::settle() noexcept {
  const Status s = sync();
  // After an error of the disk, memory may hold what the disk does not.
  for (const auto& file : files_) (void)::posix_fadvise(file->fd(), 0, 0, POSIX_FADV_DONTNEED);
  return s;
}

// Whether the sectors from `first` to `end` have that sum.
Result<bool> Image::holds(std::uint32_t chunk, std::uint32_t first, std::uint32_t end, std::uint32_t sum) const {
  const std::uint32_t most = std::max(1U, kProofBytes / super_.sector_bytes);
  std::vector<std::byte> data;
  std::vector<std::byte> metadata;
  std::uint32_t found = 0;
  for (std::uint32_t at = first; at < end;) {
    const std::uint32_t n = std::min(most, end - at);
    data.resize(static_cast<std::size_t>(n) * super_.sector_bytes);
    metadata.resize(static_cast<std::size_t>(n) * super_.oob_bytes);
    if (const Status s = read(data.data(), data.size(), data_at(chunk, at)); !s) return std::unexpected(s);
    if (const Status s = read(metadata.data(), metadata.size(), metadata_at(chunk, at)); !s) return std::unexpected(s);
    for (std::uint32_t i = 0; i < n; ++i, ++at) {
      found += data_sum(std::span(data).subspan(std::size_t{i} * super_.sector_bytes, super_.sector_bytes), at);
      found += metadata_sum(std::span(metadata).subspan(std::size_t{i} * super_.oob_bytes, super_.oob_bytes), at);
    }
  }
  return found == sum;
}

Result<std::uint32_t> Image::proven(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) const {
  const auto middle = holds(chunk, proof.durable, proof.middle, proof.middle_sum);
  if (!middle) return std::unexpected(middle.error());
  if (!*middle) return proof.durable;
  const auto all = holds(chunk, proof.middle, record.write_pointer, proof.sum);
  if (!all) return std::unexpected(all.error());
  return *all ? record.write_pointer : proof.middle;
}

}  // namespace lightnvm::emulator
