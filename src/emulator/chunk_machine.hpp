// SPDX-License-Identifier: BSD-2-Clause
// ChunkMachine: the state of every chunk, changed in two steps (admit, commit) so that media may be asynchronous.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "lightnvm/bad_blocks.hpp"
#include "lightnvm/chunk.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/status.hpp"
#include "model/chunk_rules.hpp"
#include "os/fd.hpp"

namespace lightnvm::emulator {

/// What of a chunk survives the process. All zero: free, sequential, whole, new.
struct ChunkRecord {
  std::uint32_t write_pointer = 0;
  std::uint32_t missing = 0;  ///< sectors that the chunk has fewer than the geometry says
  std::uint16_t cycles = 0;
  ChunkState state = ChunkState::free;
  ChunkType type = ChunkType::sequential;
  BlockState mark = BlockState::good;  ///< OCSSD 1.2: what the bad block table says of it
  friend bool operator==(const ChunkRecord&, const ChunkRecord&) noexcept = default;
};

/// One run of a write: consecutive addresses in one chunk. Filled by the caller; belongs to the machine from a
/// successful admit until it is resolved.
struct WriteRun {
  std::uint32_t chunk = 0;
  model::WriteShape shape;
  std::uint32_t entry = 0;                           ///< the caller's: index of the run's first address
  std::atomic<std::uint32_t>* unresolved = nullptr;  ///< counted down when the run is resolved (release)
  StatusCode verdict = StatusCode::success;          ///< valid once resolved
  bool sequential = false;                           ///< set by admit: the chunk has a write pointer
  bool settles = false;                              ///< set by admit: the chunk's reset must be durable first
  std::uint32_t sum = 0;                             ///< the caller's, before it commits: as MediaOp::sum

 private:
  friend class ChunkMachine;
  WriteRun* next_ = nullptr;
  bool committed_ = false;
};

/// What becomes of a chunk that cannot be erased again: OCSSD 2.0 takes it offline, 1.2 marks it as grown bad.
enum class WornOut : std::uint8_t { offline, grown_bad };

/// How a reset went on.
enum class ResetStep : std::uint8_t { refused, wait, granted };

/// Thread-safe; a chunk's word is locked for a few instructions, and nothing else is shared on the way of a read or a
/// write (but the counters of open chunks, where the device limits them). Never blocks, never allocates.
class ChunkMachine {
  // All zero is a new chunk, so that the table is made by mapping it.
  struct Entry {
    // What readers need, so that they need no lock. High half: how many sectors can be read; it changes under the lock.
    // Low half: reads, and writes to random chunks, in flight.
    std::atomic<std::uint64_t> reading;
    std::atomic<std::uint8_t> locked;
    std::uint8_t state;  // ChunkState, 0: free
    std::uint8_t type;   // ChunkType, 0: sequential
    bool changed : 1;
    bool doomed : 1;        // a commit failed; what was reserved behind it fails too
    bool resetting : 1;     // granted to one reset
    std::uint8_t mark : 4;  // BlockState
    std::uint32_t write_pointer;
    std::uint32_t reserved;
    std::uint32_t missing;
    std::uint16_t cycles;
    std::uint16_t resets_waiting : 15;
    std::uint16_t settling : 1;
    std::uint32_t sum;
    WriteRun* last;  // reserved runs as a ring: last->next_ is the first
  };
  static_assert(sizeof(Entry) == 40);
  static constexpr std::uint64_t kHold = 1;
  static constexpr std::uint32_t readable_of(std::uint64_t reading) noexcept {
    return static_cast<std::uint32_t>(reading >> 32);
  }
  static constexpr std::uint64_t reading_of(std::uint32_t readable) noexcept { return std::uint64_t{readable} << 32; }

 public:
  /// The table of a device of that geometry, all chunks free. ENOMEM.
  static Result<std::unique_ptr<ChunkMachine>> create(const Geometry& geometry, std::uint32_t pe_cycles,
                                                      WornOut worn_out = WornOut::offline);

  [[nodiscard]] const Geometry& geometry() const noexcept { return geometry_; }
  /// The number behind the last chunk's, which may be asked to be read: nothing there ever can.
  [[nodiscard]] std::uint32_t nowhere() const noexcept { return static_cast<std::uint32_t>(geometry_.total_chunks()); }

  /// Sets a chunk up before the device is used; not thread-safe.
  void restore(std::uint32_t chunk, const ChunkRecord& record) noexcept;

  [[nodiscard]] ChunkRecord record(std::uint32_t chunk) const noexcept;
  /// As the chunk report shows it.
  [[nodiscard]] Chunk describe(std::uint32_t chunk) const noexcept;

  /// The chunk's entry in the bad block table. Bad chunks are not written (write_failure), nor reset (invalid_field).
  [[nodiscard]] BlockState mark(std::uint32_t chunk) const noexcept;
  void set_mark(std::uint32_t chunk, BlockState mark) noexcept;

  /// How many sectors from the chunk's start can be read. If it is not 0, the chunk cannot be reset until release_read.
  [[nodiscard]] std::uint32_t hold_for_read(std::uint32_t chunk) noexcept {
    Entry& e = entry(chunk);
    const std::uint32_t readable = readable_of(e.reading.fetch_add(kHold, std::memory_order_acquire));
    if (readable == 0) release(e);
    return readable;
  }
  void release_read(std::uint32_t chunk) noexcept { release(entry(chunk)); }

  /// What reads in a hurry need, to be kept beside what else they need. Lives as long as the machine.
  class ReadHold;
  class Readable {
   public:
    explicit Readable(const ChunkMachine& machine) noexcept : entries_(&machine.entry(0)) {}

   private:
    friend class ReadHold;
    Entry* entries_;
  };
  /// hold_for_read for the life of the object, if the first `sectors` sectors can be read.
  class ReadHold {
   public:
    ReadHold(const Readable& readable, std::uint32_t chunk, std::uint64_t sectors) noexcept
        : reading_(readable.entries_[chunk].reading),
          holds_(sectors <= readable_of(reading_.fetch_add(kHold, std::memory_order_acquire))) {
      if (!holds_) [[unlikely]]
        reading_.fetch_sub(kHold, std::memory_order_release);
    }
    ~ReadHold() {
      if (holds_) reading_.fetch_sub(kHold, std::memory_order_release);
    }
    ReadHold(const ReadHold&) = delete;
    ReadHold& operator=(const ReadHold&) = delete;
    explicit operator bool() const noexcept { return holds_; }

   private:
    std::atomic<std::uint64_t>& reading_;
    bool holds_;
  };

  /// Checks all runs against the reserved write pointers and reserves them, all or none.
  /// Requires: at most 64 runs, chunks that exist, counts of at least 1. Returns the first verdict.
  [[nodiscard]] StatusCode admit(std::span<WriteRun> runs) noexcept;
  /// The verdict that admit would return, without reserving anything.
  [[nodiscard]] StatusCode would_admit(std::span<WriteRun> runs) noexcept;
  /// The media have stored the run (success) or not; write_next_unit counts as stored, chunk_early_close also closes.
  /// In any order, from any thread. Resolves the run and those behind it as soon as all before it are: the visible
  /// write pointer is the committed prefix; a failed commit fails the reservations behind it with out_of_order_write.
  void commit(WriteRun& run, StatusCode media) noexcept;

  /// Asks for a reset. `wait`: reads or writes are in flight; ask again with `waiting` true until it is decided.
  /// `granted`: the chunk is the caller's until finish_reset. `refused`: `verdict` says why.
  [[nodiscard]] ResetStep begin_reset(std::uint32_t chunk, bool waiting, StatusCode& verdict) noexcept;
  /// The media have discarded the chunk (success), or it goes offline. Returns the reset's status.
  [[nodiscard]] StatusCode finish_reset(std::uint32_t chunk, StatusCode media) noexcept;
  /// The record that finish_reset will leave after success. Requires a granted reset.
  [[nodiscard]] ChunkRecord record_after_reset(std::uint32_t chunk) const noexcept;
  /// The same as finish_reset with success, for who has kept that record: the chunk does not count as changed.
  void finish_kept_reset(std::uint32_t chunk) noexcept;
  /// From begin to end, runs that are admitted to the chunk say that it settles. begin: false if it did already.
  [[nodiscard]] bool begin_settling(std::uint32_t chunk) noexcept;
  void end_settling(std::uint32_t chunk) noexcept;
  /// Gives a granted reset back: nothing was discarded, the chunk stays as it is.
  void abandon_reset(std::uint32_t chunk) noexcept;
  /// Gives up a reset that was told to wait.
  void cancel_reset(std::uint32_t chunk) noexcept;
  /// The chunk goes offline by itself (1.2: is grown bad); writes in flight fail. False: it was, or is being reset.
  bool go_offline(std::uint32_t chunk) noexcept;

  /// True once per change: the chunk's record differs from what was last taken. `sum` is that of the runs that moved
  /// the write pointer since the chunk was reset or restored.
  [[nodiscard]] bool take_if_changed(std::uint32_t chunk, ChunkRecord& record, std::uint32_t& sum) noexcept;
  /// The record could not be kept: it counts as changed again.
  void mark_changed(std::uint32_t chunk) noexcept;

  /// Average wear index of all chunks.
  [[nodiscard]] std::uint32_t average_wear() const noexcept;

 private:
  static void hold(Entry& e) noexcept { e.reading.fetch_add(kHold, std::memory_order_relaxed); }
  static void release(Entry& e) noexcept { e.reading.fetch_sub(kHold, std::memory_order_release); }
  [[nodiscard]] std::uint32_t readable(const Entry& e) const noexcept;
  void publish(Entry& e) noexcept;

  // The word is held for some dozens of instructions. A holder that was preempted is waited for by yielding.
  class Lock {
   public:
    explicit Lock(Entry& e) noexcept : e_(e) {
      if (e_.locked.exchange(1, std::memory_order_acquire) != 0) [[unlikely]]
        wait(e_);
    }
    ~Lock() { e_.locked.store(0, std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    static void wait(Entry& e) noexcept;
    Entry& e_;
  };

  static ChunkState state_of(std::uint8_t raw) noexcept {
    return raw == 0 ? ChunkState::free : static_cast<ChunkState>(raw);
  }
  static ChunkType type_of(std::uint8_t raw) noexcept {
    return raw == 0 ? ChunkType::sequential : static_cast<ChunkType>(raw);
  }

  static bool is_bad(const Entry& e) noexcept {
    return (e.mark & (static_cast<unsigned>(BlockState::factory_bad) | static_cast<unsigned>(BlockState::grown_bad))) !=
           0;
  }
  static ChunkRecord record_of(const Entry& e) noexcept {
    return {e.write_pointer, e.missing, e.cycles, state_of(e.state), type_of(e.type), static_cast<BlockState>(e.mark)};
  }
  void retire(ChunkRecord& r) const noexcept;
  [[nodiscard]] ChunkRecord after_reset(const Entry& e) const noexcept;
  void empty(std::uint32_t chunk, Entry& e, const ChunkRecord& after) noexcept;

  ChunkMachine(const Geometry& geometry, std::uint32_t pe_cycles, WornOut worn_out, os::Pages table,
               os::Pages open_in_unit) noexcept;
  [[nodiscard]] Entry& entry(std::uint32_t chunk) const noexcept {
    return reinterpret_cast<Entry*>(table_.data())[chunk];
  }
  [[nodiscard]] model::ChunkView view(const Entry& e) const noexcept {
    return {state_of(e.state), type_of(e.type), e.write_pointer, geometry_.sectors - e.missing};
  }
  enum class Keep : std::uint8_t { reservations, nothing };
  [[nodiscard]] StatusCode reserve_all(std::span<WriteRun> runs, Keep keep) noexcept;
  [[nodiscard]] StatusCode reserve(Entry& e, WriteRun& run) noexcept;
  void unreserve(Entry& e, WriteRun& run) noexcept;
  [[nodiscard]] bool take_open_slot(std::uint32_t chunk) noexcept;
  void give_open_slot(std::uint32_t chunk) noexcept;
  void advance(Entry& e, const WriteRun& run) noexcept;
  static void resolve(WriteRun& run, StatusCode verdict) noexcept;

  Geometry geometry_;
  std::uint32_t pe_cycles_;
  WornOut worn_out_;
  bool limits_open_;
  os::Pages table_;
  os::Pages open_in_unit_;
  std::atomic<std::uint32_t> open_{0};
  std::atomic<std::uint64_t> wear_sum_{0};
};

}  // namespace lightnvm::emulator
