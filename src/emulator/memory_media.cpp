// SPDX-License-Identifier: BSD-2-Clause
// Media in this process's memory: operations are copies, and complete at once.
#include "emulator/media.hpp"
#include "os/fd.hpp"

namespace lightnvm::emulator {
namespace {

class MemoryMedia final : public Media {
 public:
  MemoryMedia(const Geometry& geometry, os::Pages data, os::Pages metadata) noexcept
      : geometry_(geometry), data_(std::move(data)), metadata_(std::move(metadata)) {
    data_.prefer_huge();
  }

  std::unique_ptr<MediaChannel> open_channel(std::uint32_t) override { return std::make_unique<Channel>(*this); }
  Status save(std::uint32_t, const ChunkRecord&, const Proof&) noexcept override { return {}; }
  Status sync() noexcept override { return {}; }
  [[nodiscard]] bool blocking() const noexcept override { return false; }
  [[nodiscard]] bool persistent() const noexcept override { return false; }
  [[nodiscard]] Direct direct() const noexcept override { return {data_.data(), metadata_.data()}; }

 private:
  class Channel final : public MediaChannel {
   public:
    explicit Channel(MemoryMedia& media) noexcept : media_(media) {}
    bool start(MediaOp& op) noexcept override {
      media_.run(op);
      return true;
    }

   private:
    MemoryMedia& media_;
  };

  void run(MediaOp& op) const noexcept {
    const std::uint64_t first = static_cast<std::uint64_t>(op.chunk) * geometry_.sectors;
    std::byte* data = data_.data() + (first + op.first) * geometry_.sector_bytes;
    std::byte* metadata = metadata_.data() + (first + op.first) * geometry_.oob_bytes;
    op.status = {};
    switch (op.kind) {
      case MediaOp::Kind::read:
        op.data.copy_in(data);
        if (!op.metadata.empty()) op.metadata.copy_in(metadata);
        break;
      case MediaOp::Kind::write:
        op.data.copy_out(data);
        if (!op.metadata.empty()) op.metadata.copy_out(metadata);
        break;
      case MediaOp::Kind::discard:
        data_.release(first * geometry_.sector_bytes, geometry_.chunk_bytes());
        metadata_.release(first * geometry_.oob_bytes,
                          static_cast<std::uint64_t>(geometry_.sectors) * geometry_.oob_bytes);
        break;
    }
  }

  Geometry geometry_;
  os::Pages data_;
  os::Pages metadata_;
};

}  // namespace

Result<std::unique_ptr<Media>> make_memory_media(const Geometry& geometry) {
  auto data = os::Pages::map(geometry.total_bytes());
  if (!data) return std::unexpected(data.error());
  auto metadata = os::Pages::map(geometry.total_sectors() * geometry.oob_bytes);
  if (!metadata) return std::unexpected(metadata.error());
  return std::make_unique<MemoryMedia>(geometry, std::move(*data), std::move(*metadata));
}

}  // namespace lightnvm::emulator
