// SPDX-License-Identifier: BSD-2-Clause
// Media: where an emulated device keeps its sectors, and where its chunk records survive.
#pragma once

#include <cstdint>
#include <memory>

#include "base/segments.hpp"
#include "emulator/chunk_machine.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm::emulator {

/// One operation on consecutive sectors of one chunk. The submitter keeps it until it is done.
struct MediaOp {
  enum class Kind : std::uint8_t { read, write, discard };
  Kind kind = Kind::read;
  std::uint32_t chunk = 0;
  std::uint32_t first = 0;  ///< discard: ignored, as is count
  std::uint32_t count = 0;
  SegmentRange data;        ///< count sectors
  SegmentRange metadata;    ///< count sectors' metadata, or empty: not wanted, or left as it is
  bool counted = false;     ///< write: `sum` is wanted, and metadata that the command does not bring becomes zeros
  std::uint32_t sum = 0;    ///< write, once done: the sum of its sectors' checksums, where the media keep one
  Status status;            ///< once done; ENOSPC and the like travel as OS errors
  std::uint32_t owner = 0;  ///< the submitter's
};

/// One user's way to the media; one thread at a time.
class MediaChannel {
 public:
  virtual ~MediaChannel() = default;  ///< requires: nothing in flight
  /// Starts `op`. Returns true when it is done already; otherwise poll returns it later.
  virtual bool start(MediaOp& op) noexcept = 0;
  /// The next operation that finished, or nullptr.
  virtual MediaOp* poll() noexcept { return nullptr; }
};

/// What lets a record be believed that reached the disk, perhaps, before its sectors did. All zero where the write
/// pointer is.
struct Proof {
  std::uint32_t durable = 0;     ///< sectors that are on the disk for sure
  std::uint32_t middle = 0;      ///< sectors that are there once the sync under way has finished
  std::uint32_t middle_sum = 0;  ///< checksums (MediaOp::sum) of the sectors from `durable` to `middle`
  std::uint32_t sum = 0;         ///< checksums of those from `middle` to the write pointer
  friend bool operator==(const Proof&, const Proof&) noexcept = default;
};

/// Thread-safe.
class Media {
 public:
  virtual ~Media() = default;  ///< requires: its channels are gone
  virtual std::unique_ptr<MediaChannel> open_channel(std::uint32_t depth) = 0;

  /// Keeps the chunk's record where it survives the end of the process. Media that do not survive do nothing.
  virtual Status save(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) noexcept = 0;
  /// Makes all that was written and saved before the call durable.
  virtual Status sync() noexcept = 0;
  /// Whether operations enter the kernel and may wait for a disk.
  [[nodiscard]] virtual bool blocking() const noexcept = 0;
  /// Media in this process's memory: where the sectors lie, chunk after chunk, for copies without an operation.
  struct Direct {
    std::byte* data = nullptr;  ///< nullptr: no such media
    std::byte* metadata = nullptr;
  };
  [[nodiscard]] virtual Direct direct() const noexcept { return {}; }
  /// Whether a chunk's sectors must stay until the record of its reset is durable, and then go by discard().
  [[nodiscard]] virtual bool discards_after_sync() const noexcept { return false; }
  /// Gives the room of the chunk's sectors and their metadata back.
  virtual Status discard(std::uint32_t /*chunk*/) noexcept { return {}; }
  /// Whether save has anything to do.
  [[nodiscard]] virtual bool persistent() const noexcept = 0;
  /// The power has failed: the end of the media makes nothing durable, and nothing look as if it had been closed.
  virtual void abandon() noexcept {}
};

/// Media in memory, allocated where it is written. ENOMEM where the address space has no room.
Result<std::unique_ptr<Media>> make_memory_media(const Geometry& geometry);

}  // namespace lightnvm::emulator
