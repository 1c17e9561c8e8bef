// SPDX-License-Identifier: BSD-2-Clause
// Image: an emulated device in a file. The format is docs/format-emulated.md.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "emulator/chunk_machine.hpp"
#include "emulator/image_file.hpp"
#include "emulator/media.hpp"
#include "lightnvm/emulator.hpp"

namespace lightnvm::emulator {

/// The versions of the format: of devices of OCSSD 2.0, and of 1.2. In those of old, records have no proofs.
inline constexpr std::uint32_t kImageFormat = 3, kImageFormat12 = 4;
inline constexpr std::uint32_t kOldImageFormat = 1, kOldImageFormat12 = 2;
inline constexpr std::array<char, 8> kImageMagic = {'L', 'N', 'V', 'M', 'O', 'C', 'S', 'D'};

/// The first block of an image, and its copy in the second. All numbers little-endian; unnamed bytes are zero.
struct Superblock {
  std::array<char, 8> magic;
  std::uint32_t format;
  std::uint32_t crc;            ///< CRC32C of the block with this field zero
  std::uint64_t sequence;       ///< the valid copy with the higher one counts
  std::uint64_t segment_bytes;  ///< size of each of the image's files but the last
  std::uint64_t table_offset, table_bytes;
  std::uint64_t journal_offset, journal_bytes;
  std::uint64_t metadata_offset, metadata_stride;  ///< stride: from one chunk's to the next
  std::uint64_t data_offset, data_stride;
  std::uint64_t total_bytes;
  std::uint32_t groups, units, chunks, sectors, sector_bytes, oob_bytes;
  std::uint32_t ws_min, ws_opt, mw_cunits, max_open, max_open_unit, wear_threshold;
  std::uint32_t mccap;  ///< as the geometry page has it
  std::uint32_t pe_cycles;
  std::uint32_t times[6];
  std::uint8_t predefined, mdts;
  std::uint8_t clean;           ///< 1: closed properly
  std::uint8_t planes;          ///< OCSSD 1.2: planes of a unit, each of whose blocks is a chunk; 0 in 2.0
  std::array<char, 20> serial;  ///< padded with spaces
  std::array<std::uint8_t, 16> uuid;
  std::uint8_t reserved224[3872];
};
static_assert(sizeof(Superblock) == 4096);

/// A chunk's row in the table. All zero: free, sequential, whole, new.
struct DiskRecord {
  std::uint32_t write_pointer;
  std::uint32_t missing;
  std::uint16_t cycles;
  std::uint8_t state;             ///< ChunkState, 0: free
  std::uint8_t type;              ///< bits 3:0: ChunkType, 0: sequential; 7:4: BlockState
  std::uint32_t durable, middle;  ///< as Proof
  std::uint32_t middle_sum, sum;
  std::uint32_t crc;  ///< CRC32C of the 28 bytes before it and the chunk's number; 0 in a row of zeros
};
static_assert(sizeof(DiskRecord) == 32);

/// The same in the formats of old.
struct OldDiskRecord {
  std::uint32_t write_pointer;
  std::uint32_t missing;
  std::uint16_t cycles;
  std::uint8_t state;
  std::uint8_t type;
  std::uint32_t crc;
};
static_assert(sizeof(OldDiskRecord) == 16);

/// The most files that an image consists of.
inline constexpr std::uint64_t kMaxSegments = 65536;
[[nodiscard]] constexpr std::uint64_t segment_count(const Superblock& s) noexcept {
  return (s.total_bytes + s.segment_bytes - 1) / s.segment_bytes;
}

enum class ImageAccess : std::uint8_t { exclusive, look };

/// An opened image. As media it is thread-safe.
class Image final : public Media {
 public:
  /// EINVAL with a sentence for a foreign or damaged file, EBUSY where another process holds it. Changes nothing.
  static Result<std::unique_ptr<Image>> open(const std::string& path, ImageAccess access,
                                             const MakeImageFile& make_file = plain_file);
  /// What the file at `path` says of itself, without its other segments; errors as open, but EBUSY.
  static Result<Superblock> look_at(const std::string& path);
  /// An exclusive opener accepts the image: until close() it counts as not properly closed.
  Status begin_use() noexcept;
  ~Image() override;

  [[nodiscard]] Config config() const;  ///< without overrides
  [[nodiscard]] const Superblock& superblock() const noexcept { return super_; }
  [[nodiscard]] std::uint32_t segments() const noexcept { return static_cast<std::uint32_t>(files_.size()); }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept;
  /// Device and inode of the first file: what makes two paths the same image.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> identity() const noexcept;
  /// Which of the superblock's two copies cannot be read; the other one is in use.
  [[nodiscard]] std::optional<unsigned> damaged_copy() const noexcept { return damaged_copy_; }
  [[nodiscard]] bool held_by_another() const noexcept { return os::is_locked(files_[0]->fd()); }

  /// Whether rows have to be held against the sectors, because the image was not closed properly.
  [[nodiscard]] bool needs_proof() const noexcept;
  /// Before that, where the image may be written: what the kernel still has goes to the disk, and what is read
  /// afterwards comes from there. EIO where the disk fails.
  Status settle() noexcept;
  /// How many of the chunk's sectors are what its row says that they are: the write pointer, or less where power failed
  /// before they reached the disk. Reads those that were not durable. Requires a sound sequential row.
  Result<std::uint32_t> proven(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) const;

  /// Calls f(chunk, record, proof) for each row that is not zero, `broken(chunk)` for each that is damaged; `progress`
  /// as emulator::check. Rows that were never written cost nothing.
  Status load(const std::function<void(std::uint32_t, const ChunkRecord&, const Proof&)>& row,
              const std::function<void(std::uint32_t)>& broken,
              const std::function<void(std::uint64_t, std::uint64_t)>& progress = {}) const;

  std::unique_ptr<MediaChannel> open_channel(std::uint32_t depth) override;
  Status save(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) noexcept override;
  Status sync() noexcept override;
  Status discard(std::uint32_t chunk) noexcept override;
  [[nodiscard]] bool discards_after_sync() const noexcept override { return true; }
  [[nodiscard]] bool blocking() const noexcept override { return true; }
  [[nodiscard]] bool persistent() const noexcept override { return access_ == ImageAccess::exclusive; }
  void abandon() noexcept override;
  /// Makes all durable and marks the image as properly closed, if it was in use and nothing was lost. The first error.
  Status close() noexcept;

 private:
  friend Status create(const std::string&, const Config&, const CreateOptions&,
                       const std::function<void(std::uint64_t, std::uint64_t)>&);
  class Channel;

  Image() = default;
  /// `bytes` at `offset` of the image, piece by piece where it crosses files: f(file, memory, bytes, offset in the
  /// file).
  template <typename F>
  Status pieces(std::byte* memory, std::uint64_t bytes, std::uint64_t offset, F&& f) const noexcept;
  Status read(std::byte* memory, std::uint64_t bytes, std::uint64_t offset) const noexcept;
  Status write(const std::byte* memory, std::uint64_t bytes, std::uint64_t offset) noexcept;
  Status punch(std::uint64_t offset, std::uint64_t bytes) noexcept;
  /// `sector` has room for one of them.
  Status transfer(MediaOp& op, std::span<std::byte> sector) noexcept;
  Status write_counted(MediaOp& op, std::span<std::byte> sector) noexcept;
  [[nodiscard]] std::uint64_t data_at(std::uint32_t chunk, std::uint32_t sector) const noexcept;
  [[nodiscard]] std::uint64_t metadata_at(std::uint32_t chunk, std::uint32_t sector) const noexcept;
  [[nodiscard]] std::uint64_t row_bytes() const noexcept;
  [[nodiscard]] Result<bool> holds(std::uint32_t chunk, std::uint32_t first, std::uint32_t end,
                                   std::uint32_t sum) const;
  Status write_superblock(bool clean) noexcept;
  /// What a new image begins with.
  Status fill(const Config& config, const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  Status read_superblock();
  Status open_segments(const MakeImageFile& make_file);

  std::string path_;
  ImageAccess access_ = ImageAccess::look;
  bool in_use_ = false;
  std::atomic<bool> lost_{false};  // a record or a sync: the image is not what it should be
  std::optional<unsigned> damaged_copy_;
  std::vector<std::unique_ptr<ImageFile>> files_;
  Superblock super_{};
};

template <typename F>
Status Image::pieces(std::byte* memory, std::uint64_t bytes, std::uint64_t offset, F&& f) const noexcept {
  while (bytes > 0) {
    const std::uint64_t file = offset / super_.segment_bytes;
    const std::uint64_t within = offset % super_.segment_bytes;
    const std::uint64_t n = std::min(bytes, super_.segment_bytes - within);
    if (file >= files_.size()) return Status::os(EIO);
    if (const Status s = f(*files_[file], memory, n, within); !s) return s;
    if (memory != nullptr) memory += n;
    offset += n;
    bytes -= n;
  }
  return {};
}

/// The row as it lies on disk, with its checksum.
DiskRecord to_disk(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) noexcept;
OldDiskRecord to_old_disk(std::uint32_t chunk, const ChunkRecord& record) noexcept;
/// The inverse; false where the row is damaged. What a row of old says is taken for durable.
bool from_disk(std::uint32_t chunk, const DiskRecord& row, ChunkRecord& record, Proof& proof) noexcept;
bool from_disk(std::uint32_t chunk, const OldDiskRecord& row, ChunkRecord& record, Proof& proof) noexcept;
/// Whether power may have failed between the record and the sectors that it counts on.
inline bool unproven(const ChunkRecord& r, const Proof& p) noexcept {
  const bool counts = r.state == ChunkState::open || r.state == ChunkState::closed;
  return counts && r.type == ChunkType::sequential && p.durable < r.write_pointer;
}
/// The proof of a record all of whose sectors are durable.
inline Proof proof_of(const ChunkRecord& r) noexcept { return {r.write_pointer, r.write_pointer, 0, 0}; }
/// What is impossible about a record on a device of that geometry (the device's, not the machine's); empty for a sound
/// one.
std::string implausible(const ChunkRecord& record, const Geometry& geometry);
std::string implausible(const ChunkRecord& record, const Proof& proof, const Geometry& geometry);
/// Changes `record` as the override says.
void apply_override(const ChunkOverride& change, const Geometry& geometry, ChunkRecord& record) noexcept;
/// "chunk (0,1,17)"; on OCSSD 1.2 "block (0,1,17,1)", with its plane.
std::string chunk_name(const Geometry& geometry, Address chunk);
/// The first option in which `a` is not `b`, as "punits is 5, not 4"; empty where they make the same device.
std::string difference(const Config& a, const Config& b);
/// The records of all chunks of the machine that the configuration's overrides name, later ones over earlier ones.
std::map<std::uint32_t, ChunkRecord> merge_overrides(const Config& config);

}  // namespace lightnvm::emulator
