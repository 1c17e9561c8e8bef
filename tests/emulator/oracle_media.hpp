// SPDX-License-Identifier: BSD-2-Clause
// SlowMedia: media in memory that finish late, in any order, and sometimes fail, and that show who looks too early.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "emulator/device.hpp"
#include "emulator/media.hpp"
#include "emulator/oracle_random.hpp"

namespace lightnvm::oracle {

/// Sectors that a write is about to store, and chunks that are being discarded, hold garbage until the operation is
/// done; what failed to be written keeps it. Channels are used by one thread each.
class SlowMedia : public emulator::Media {
 public:
  /// How many operations in a thousand fail.
  struct Failures {
    unsigned reads = 0, writes = 0, discards = 0;
  };
  SlowMedia(const Geometry& geometry, std::uint64_t seed, Failures failures);

  std::unique_ptr<emulator::MediaChannel> open_channel(std::uint32_t depth) override;
  Status save(std::uint32_t chunk, const emulator::ChunkRecord& record, const emulator::Proof&) noexcept override;
  Status sync() noexcept override { return {}; }
  [[nodiscard]] bool blocking() const noexcept override { return false; }
  [[nodiscard]] bool persistent() const noexcept override { return true; }

  /// From now on operations finish when they are started, and none fails.
  void hurry() { hurried_ = true; }
  /// What was last saved of a chunk; false if nothing was.
  bool saved(std::uint32_t chunk, emulator::ChunkRecord& record) const;
  /// Whether discarding the chunk has failed, and how many writes have.
  [[nodiscard]] bool discard_failed(std::uint32_t chunk) const { return chunks_[chunk].discard_failed; }
  [[nodiscard]] unsigned failed_writes() const { return failed_writes_; }
  /// Whether the record of a chunk that was being discarded said that it held data: after a power cut it would be read.
  [[nodiscard]] bool record_outlived_data() const { return record_outlived_data_; }
  [[nodiscard]] unsigned failed_reads() const { return failed_reads_; }

 private:
  class Channel;
  struct Stored {
    std::vector<std::byte> data, metadata;
    std::atomic<bool> discard_failed{false}, discarding{false};
  };

  void begin_discard(std::uint32_t chunk);
  void fill(const emulator::MediaOp& op, std::byte value);
  void store(const emulator::MediaOp& op);
  void fetch(const emulator::MediaOp& op);

  Geometry geometry_;
  std::uint64_t seed_;
  Failures failures_;
  std::atomic<std::uint64_t> channels_{0};
  std::atomic<bool> hurried_{false}, record_outlived_data_{false};
  std::atomic<unsigned> failed_writes_{0}, failed_reads_{0};
  std::vector<Stored> chunks_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, emulator::ChunkRecord> saved_;
};

/// A device on such media, its chunks as the configuration's overrides say. `media` stays the device's.
std::shared_ptr<emulator::Device> slow_device(const emulator::Config& config, std::uint64_t seed,
                                              SlowMedia::Failures failures, SlowMedia*& media);

}  // namespace lightnvm::oracle
