// SPDX-License-Identifier: BSD-2-Clause
// What the oracle's tests draw: numbers from a seed, memory in scattered pieces, and commands that lie near boundaries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "emulator/oracle.hpp"
#include "lightnvm/segment.hpp"

namespace lightnvm::oracle {

/// Numbers that a seed determines on every machine (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// 0 to `count` - 1.
  std::uint64_t below(std::uint64_t count) { return count == 0 ? 0 : next() % count; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename T>
  const T& of(const std::vector<T>& values) {
    return values[below(values.size())];
  }

 private:
  std::uint64_t state_;
};

/// Memory of a transfer in pieces of all sizes (none, one byte, odd ones), out of order, with guards between them.
class Scatter {
 public:
  /// Memory that a device is to write to holds `canary` before.
  Scatter(Random& random, std::size_t bytes, std::byte canary);
  /// Memory that a device is to read.
  Scatter(Random& random, std::span<const std::byte> content);

  [[nodiscard]] std::span<const Segment> segments() const { return segments_; }
  [[nodiscard]] std::vector<std::byte> gather() const;
  /// Nobody wrote beside the pieces.
  [[nodiscard]] bool guards_intact() const;

 private:
  std::vector<std::byte> arena_;
  std::vector<Segment> segments_;
  std::vector<std::size_t> guards_;
};

/// Draws I/O commands that lie near the boundaries of the oracle's present state.
class Generator {
 public:
  Generator(std::uint64_t seed, const Oracle& oracle);

  Request next();
  /// What a write without metadata leaves there is not defined, where media have failed.
  bool always_metadata = false;

 private:
  using Lbas = std::vector<std::uint64_t>;

  /// A chunk of the few that most commands go to.
  std::uint64_t hot();
  std::uint64_t chunk() { return random_.chance(93) ? hot() : random_.below(oracle_.chunks().size()); }
  std::uint64_t chunk_in(std::uint8_t state);
  /// A chunk that a correct write can go to, if there is one.
  std::uint64_t writable();
  /// A sector near a boundary of the chunk.
  std::uint64_t spot(std::uint64_t chunk);
  std::uint64_t address();
  std::uint64_t stray(std::uint64_t lba);
  std::uint64_t write_count(const Chunk& c);
  /// Runs of a vector write or of a copy's destination; at most 64 addresses, but for a few mistakes.
  Lbas runs();
  void append_run(Lbas& lbas, std::uint64_t chunk, std::uint64_t first, std::uint64_t count);
  void spoil(Lbas& lbas);
  Lbas sources(std::size_t count);

  Request scalar_write();
  Request scalar_read();
  Request vector_write();
  Request vector_read();
  Request copy();
  Request vector_reset();
  Request deallocate();
  std::uint64_t reset_address();
  Request vector(spec::IoOpcode op, Lbas list);
  void give_memory(Request& r, std::uint64_t sectors);
  void give_content(Request& r, std::uint64_t sectors);
  void corrupt(Request& r);
  void set_reserved_bit(spec::Command& c, std::uint8_t opcode);

  Random random_;
  const Oracle& oracle_;
  std::vector<std::uint64_t> hot_;
  std::uint64_t next_tag_ = 1;
};

/// One line for people.
std::string describe(const Request& r, const Oracle& oracle);

}  // namespace lightnvm::oracle
