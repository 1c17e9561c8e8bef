// SPDX-License-Identifier: BSD-2-Clause
// What a chunk may be after a power failure: written down from what the device was told and what it said, nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lightnvm/bad_blocks.hpp"
#include "lightnvm/chunk.hpp"

namespace lightnvm::emulator::durability {

using Bytes = std::vector<std::byte>;

/// What one sector holds.
struct Sector {
  std::shared_ptr<const Bytes> data, metadata;
  friend bool operator==(const Sector& a, const Sector& b) { return *a.data == *b.data && *a.metadata == *b.metadata; }
};

/// What was found of a chunk after the device was opened again.
struct Found {
  ChunkState state = ChunkState::free;
  std::uint32_t write_pointer = 0;
  std::uint32_t cycles = 0;
  BlockState mark = BlockState::good;
  std::vector<Sector> sectors;  ///< sequential: below the write pointer; random: all
};

/// A chunk with a write pointer.
class SequentialModel {
 public:
  explicit SequentialModel(std::uint32_t sectors) : size_(sectors), lives_(1) {}

  [[nodiscard]] std::uint32_t written() const noexcept { return static_cast<std::uint32_t>(now().sectors.size()); }
  [[nodiscard]] const Sector& sector(std::uint32_t i) const { return now().sectors.at(i); }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  void write_begins(std::vector<Sector> sectors) { now().attempt = std::move(sectors); }
  void write_ends(bool success);
  void reset_begins() { lives_.emplace_back(); }
  void reset_ends(bool success) {
    if (!success) lives_.pop_back();
  }
  void mark_begins(BlockState mark) { attempted_mark_ = mark; }
  void mark_ends(bool success) {
    if (success) mark_ = attempted_mark_;
  }
  /// Where a flush begins that covers all that was said before.
  void flush_begins();
  void flush_ends();
  /// A write by FUA succeeded: the chunk is durable up to its write pointer.
  void durable_now();

  /// Empty, or what is wrong. What was found is what there is from then on, durably.
  std::string check(const Found& found);

 private:
  struct Life {  // from one reset to the next
    std::vector<Sector> sectors, attempt;
  };
  [[nodiscard]] Life& now() { return lives_.back(); }
  [[nodiscard]] const Life& now() const { return lives_.back(); }
  [[nodiscard]] static bool explains(const Life& life, const Found& found);

  std::uint32_t size_;
  std::vector<Life> lives_;
  struct Promise {
    std::size_t life = 0;
    std::size_t written = 0;
  };
  Promise durable_, flushing_;
  std::uint32_t cycles_ = 0;  // when lives_[0] began
  BlockState mark_ = BlockState::good, attempted_mark_ = BlockState::good;
};

/// A chunk of random writes.
class RandomModel {
 public:
  RandomModel(std::uint32_t sectors, const Sector& blank) : blank_(blank), sectors_(sectors, {blank}) {}

  void write_begins(std::uint32_t first, const std::vector<Sector>& sectors);
  void write_ends(bool success) { open_ = open_ || success; }
  void reset_begins();
  void reset_ends(bool success) {
    if (success) open_ = false;
  }
  void flush_begins();
  void flush_ends();
  void durable_now() {
    flush_begins();
    flush_ends();
  }
  std::string check(const Found& found);

 private:
  struct Possible {  // the last one is what was written last; a reset adds blank sectors, and takes none away
    std::vector<Sector> values;
    std::size_t flushing = 0;
    Possible(const Sector& first) : values{first} {}
  };
  [[nodiscard]] bool explains(const Possible& possible, const Sector& found) const;

  Sector blank_;
  std::vector<Possible> sectors_;
  bool open_ = false;
  bool may_be_free_ = true, may_be_free_flushing_ = true;
};

}  // namespace lightnvm::emulator::durability
