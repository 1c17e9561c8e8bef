// SPDX-License-Identifier: BSD-2-Clause
// Ledger: when the records of chunks are written, and what each of them may say for a power failure to be survived.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "emulator/chunk_machine.hpp"
#include "emulator/media.hpp"

namespace lightnvm::emulator {

/// Thread-safe. Where the media are not persistent nothing is kept, and nothing costs anything.
///
/// Syncs are numbered; one is under way at a time, and serves all that was kept before it began. A record says up to
/// where the chunk's sectors are durable for sure, up to where the sync under way makes them so, and what the others
/// hold (Proof), so that a record that reached the disk before its sectors did is found out.
class Ledger {
 public:
  /// ENOMEM.
  static Result<std::unique_ptr<Ledger>> create(ChunkMachine& machine, Media& media);

  /// What the image said of a chunk: all below the write pointer is durable. Before the device is used.
  void restore(std::uint32_t chunk, const ChunkRecord& record) noexcept;

  /// Keeps the chunk's record if it has changed. Once that has failed, nothing is kept any more (failed()).
  Status keep(std::uint32_t chunk) noexcept;
  /// Keeps the record of a chunk as its reset will leave it, before the reset shows: what is written to the chunk next
  /// must not meet a record of what was there. Requires that the reset was granted. Where the media discard after a
  /// sync, the chunk settles: writes that were admitted to it call sync first.
  Status keep_reset(std::uint32_t chunk) noexcept;

  /// Makes all that was written and kept before the call durable, together with whoever else asks; lets the resets that
  /// this covers give their room back. Once a sync has failed, so do all later ones: what the disk had promised is not
  /// to be believed.
  Status sync() noexcept;
  /// The same, for the room that resets which wait for a sync would give back; false where there is none.
  bool make_room() noexcept;
  /// Whether the media have lost something: nothing may be changed any more.
  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

 private:
  struct Point {
    std::uint64_t epoch;  // how many syncs had begun when it was kept
    std::uint32_t write_pointer, sum;
  };
  // All zero: a new chunk.
  struct History {
    Point durable, middle, last;
  };

  Ledger(ChunkMachine& machine, Media& media, os::Pages history) noexcept;
  [[nodiscard]] History& history(std::uint32_t chunk) const noexcept {
    return reinterpret_cast<History*>(history_.data())[chunk];
  }
  [[nodiscard]] std::mutex& stripe(std::uint32_t chunk) noexcept { return stripes_[chunk % kStripes]; }
  [[nodiscard]] Proof prove(std::uint32_t chunk, const ChunkRecord& record, std::uint32_t sum) noexcept;
  Status save(std::uint32_t chunk, const ChunkRecord& record, const Proof& proof) noexcept;
  void begin_sync() noexcept;
  void settle() noexcept;
  Status fail(Status why) noexcept;

  ChunkMachine& machine_;
  Media& media_;
  os::Pages history_;

  // Held, by chunk, while a record is made and written; all of them where a sync begins.
  static constexpr std::size_t kStripes = 16;
  std::array<std::mutex, kStripes> stripes_;
  std::uint64_t begun_ = 0;  // changes under all stripes and turn_mutex_
  std::atomic<std::uint64_t> finished_{0};

  std::mutex turn_mutex_;
  std::condition_variable turn_;
  bool running_ = false;
  std::atomic<bool> failed_{false};

  // Chunks that settle: those whose reset was kept since the sync under way began, and those that it covers.
  std::mutex settling_mutex_;
  std::vector<std::uint32_t> settling_, covered_;
};

}  // namespace lightnvm::emulator
