// SPDX-License-Identifier: BSD-2-Clause
// Queue: I/O commands of one host thread on an emulated SSD.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "emulator/controller.hpp"

namespace lightnvm::emulator {

/// One thread at a time. start and poll do not allocate; where the media complete at once (memory, files), so do reads
/// and writes. Commands of different queues meet only in the chunks that they touch.
class Queue {
 public:
  /// `depth` commands at a time, tags below it. `sqid` names the queue in the error log.
  Queue(Controller& controller, std::uint32_t depth, std::uint16_t sqid);
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Begins a command. `command` and `payload` stay where they are until it is done; `tag` is not in use.
  void start(const spec::Command& command, const Payload& payload, std::uint16_t tag) noexcept;
  /// Goes on with what waits and returns how many finished commands it wrote to `out`. What they changed is kept (in
  /// the sense of Media::save) before they are returned.
  unsigned poll(std::span<Done> out) noexcept {
    return poll(static_cast<unsigned>(out.size()),
                [at = out.data()](std::uint16_t tag, const Completion& c) mutable { *at++ = {tag, c}; });
  }
  /// The same for up to `most` commands: each goes to `f(tag, completion)`, which may start others; they are for the
  /// next call.
  template <typename F>
  unsigned poll(unsigned most, F&& f) noexcept {
    if (started_ != finished_) go_on();
    if (reads_ != 0) tell_reads();
    const std::uint32_t end = handed_ + std::min(most, finished_ - handed_);
    unsigned n = 0;
    // What is polled from within may have gone past the end.
    for (; static_cast<std::int32_t>(end - handed_) > 0; ++n) {
      const Finished done = done_[handed_ & done_mask_];
      ++handed_;
      f(done.tag, Completion{done.result, done.changed ? make_durable(done) : done.status});
    }
    return n;
  }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return started_ - handed_; }

 private:
  struct Plan;
  struct Failures;
  struct Op;
  struct Piece;
  struct Finished {
    std::uint64_t result = 0;
    Status status;
    std::uint16_t tag = 0;
    bool changed = false;  ///< the operation's chunks have records to keep first
  };
  using List = std::span<const std::uint64_t>;

  [[nodiscard]] Status check_command(const spec::Command& c, std::uint8_t opcode) const noexcept;
  [[nodiscard]] Status plan_transfer(const spec::Command& c, const Payload& p, Plan& plan) const noexcept;
  [[nodiscard]] Status plan_memory(const Payload& p, Plan& plan) const noexcept;
  [[nodiscard]] Status begin(Op& op) noexcept;
  [[nodiscard]] Status begin_copy(Op& op) noexcept;
  [[nodiscard]] Status begin_deallocate(Op& op) noexcept;
  [[nodiscard]] Status begin_vector_reset(Op& op) noexcept;
  [[nodiscard]] Status flush(const spec::Command& c) noexcept;
  void advance(Op& op) noexcept;
  void go_on() noexcept;

  [[nodiscard]] Piece next_piece(const Plan& plan, std::uint32_t position) const noexcept;
  void start_any(const spec::Command& command, const Payload& payload, std::uint16_t tag) noexcept;
  void start_listed(const spec::Command& command, const Payload& payload, std::uint16_t tag) noexcept;
  [[nodiscard]] bool read_plain(const spec::Command& command, const Payload& payload) const noexcept;
  template <bool kMetadata>
  [[nodiscard]] bool read_list(List list, std::byte* out, std::byte* oob) const noexcept;
  [[nodiscard]] bool read_run(std::uint64_t lba, std::uint64_t count, std::byte* out, std::byte* oob) const noexcept;
  void read_unreadable(const Plan& plan, std::uint32_t entry, std::uint32_t count, Failures& failures) const noexcept;
  void read_pieces(Op& op) noexcept;
  void read_done(Op& op, const MediaOp& m) noexcept;
  void finish_read(Op& op) noexcept;
  void count_read(std::size_t bytes) noexcept {
    ++reads_;
    bytes_read_ += bytes;
  }
  void tell_reads() noexcept;

  void begin_write(Op& op) noexcept;
  [[nodiscard]] StatusCode make_runs(Op& op) noexcept;
  void write_pieces(Op& op) noexcept;
  void write_done(Op& op, MediaOp& m) noexcept;
  void give_write_up(Op& op, Status why) noexcept;
  void finish_write(Op& op) noexcept;

  void reset_entries(Op& op) noexcept;
  [[nodiscard]] StatusCode target_of_reset(const Op& op, std::uint32_t& chunk) const noexcept;
  void reset_done(Op& op, Status media) noexcept;
  void reset_refused(Op& op, StatusCode verdict) noexcept;
  void reset_succeeded(Op& op) noexcept;
  static void next_reset(Op& op) noexcept;
  void give_reset_up(Op& op, Status why) noexcept;

  // queue_faults.cpp: what a plan makes of them.
  void fault_read(Op& op, const MediaOp& m, std::uint32_t entry) noexcept;
  void fail_sectors(Op& op, const MediaOp& m, std::uint32_t entry, std::uint32_t at, std::uint32_t count) noexcept;
  [[nodiscard]] StatusCode fault_write(const WriteRun& run) noexcept;
  [[nodiscard]] bool fault_reset(Op& op) noexcept;
  void fault_wear(std::uint32_t chunk) noexcept;

  // queue_physical.cpp: commands of OCSSD 1.2.
  [[nodiscard]] Status begin_physical(Op& op) noexcept;
  [[nodiscard]] Status check_control(const spec::Command& c, std::uint32_t& planes) const noexcept;
  [[nodiscard]] Status take_addresses(Op& op) noexcept;
  [[nodiscard]] Status plan_physical(Op& op) noexcept;
  [[nodiscard]] bool whole_pages(const Op& op) const noexcept;
  [[nodiscard]] Status begin_erase(Op& op) noexcept;
  [[nodiscard]] StatusCode target_of_erase(const Op& op, std::uint32_t& chunk) const noexcept;
  [[nodiscard]] static Status physical_status(const Op& op, Status status) noexcept;

  void start_media(Op& op, MediaOp& m) noexcept;
  void settle(Op& op, MediaOp& m) noexcept;
  [[nodiscard]] static MediaOp& take_media(Op& op) noexcept;
  void wait(Op& op) noexcept;
  void finish(Op& op, Status status) noexcept;
  void push(const Finished& finished) noexcept { done_[finished_++ & done_mask_] = finished; }
  void log_failure(std::uint16_t tag, const spec::Command& c, Status status, std::uint64_t lba) noexcept;
  [[nodiscard]] Status make_durable(const Finished& finished) noexcept;
  [[nodiscard]] Status keep_changes(const Op& op) noexcept;

  Controller& controller_;
  Device& device_;
  ChunkMachine& machine_;
  std::unique_ptr<MediaChannel> channel_;
  std::uint16_t sqid_;
  std::uint64_t transfer_limit_;  // bytes of data of one command
  std::uint32_t direct_sectors_;  // the same in sectors; 0: the media are not in memory
  std::uint32_t sector_bytes_, oob_bytes_, chunk_sectors_;
  Locator locator_;
  ChunkMachine::Readable readable_;
  std::unique_ptr<Op[]> ops_;
  std::uint32_t depth_;
  // How many commands were started, are finished, and were handed out by poll, since the queue was made.
  std::uint32_t started_ = 0, finished_ = 0, handed_ = 0;
  std::uint32_t waiting_ = 0;   // operations that poll has to go on with
  std::vector<Finished> done_;  // ring of a power of two
  std::uint32_t done_mask_;
  bool persistent_;
  bool physical_;   // OCSSD 1.2
  Faults* faults_;  // nullptr: none, and reads may go the short way
  Media::Direct direct_;

  // Vector copy goes through memory of the queue; one at a time.
  std::vector<std::byte> copy_buffer_;
  Op* copying_ = nullptr;
  Traffic traffic_;
  std::uint64_t reads_ = 0, bytes_read_ = 0;  // not in traffic_ yet
};

}  // namespace lightnvm::emulator
