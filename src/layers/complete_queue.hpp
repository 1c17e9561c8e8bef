// SPDX-License-Identifier: BSD-2-Clause
// CompletedQueue: a queue pair that takes every command and sends what the route's queue pair can carry.
#pragma once

#include <memory>
#include <vector>

#include "layers/complete_layout.hpp"
#include "layers/complete_parts.hpp"
#include "layers/route_memory.hpp"
#include "os/fd.hpp"

namespace lightnvm::layers::completed {

class CompletedQueue final : public backends::QueuePair, private backends::Sink {
 public:
  /// `metadata`: whether those above may bring metadata of their own. Errors: the route's, ENOMEM.
  static Result<std::unique_ptr<backends::QueuePair>> open(const Route& route, const backends::QueueOptions& options,
                                                           bool metadata);

  Status submit(backends::Request& request) noexcept override;
  Result<unsigned> reap(backends::Sink& sink, unsigned min, unsigned max,
                        backends::Deadline deadline) noexcept override;
  [[nodiscard]] int event_fd() const noexcept override { return events_.get(); }
  void cancel_all(backends::Sink& sink) noexcept override;

 private:
  /// The chunk log's completions come on a queue pair of their own.
  class LogSink final : public backends::Sink {
   public:
    explicit LogSink(CompletedQueue& queue) noexcept : queue_(queue) {}
    void complete(backends::Request& request, const Completion& completion) noexcept override;

   private:
    CompletedQueue& queue_;
  };
  enum class Sent : std::uint8_t { yes, blocked, refused };
  using Addresses = std::span<const std::uint64_t>;

  CompletedQueue(const Route& route, const backends::QueueOptions& options, bool metadata) noexcept;
  Status open_inner();
  Status take_memory();
  Status watch();

  // complete_plan.cpp: what a command needs.
  [[nodiscard]] Status examine(Parent& p, backends::Request& r) const noexcept;
  [[nodiscard]] Status examine_whole(Parent& p, const backends::Request& r) const noexcept;
  [[nodiscard]] Status examine_blocks(Parent& p, const backends::Request& r) const noexcept;
  [[nodiscard]] Status examine_physical(Parent& p, const backends::Request& r) const noexcept;
  [[nodiscard]] Status examine_list(Parent& p, const backends::Request& r) const noexcept;
  [[nodiscard]] Status examine_reset(Parent& p, const backends::Request& r) const noexcept;
  [[nodiscard]] Status examine_copy(Parent& p, const backends::Request& r) const noexcept;
  [[nodiscard]] bool carries_list(const Parent& p) const noexcept;
  void plan(Parent& p, Addresses list) const noexcept;
  void select(const Parent& p, Child& c) const noexcept;

  // complete_memory.cpp: commands and memory of children.
  [[nodiscard]] bool prepare(Parent& p, Child& c) noexcept;
  [[nodiscard]] bool prepare_reset(const Parent& p, Child& c) const noexcept;
  [[nodiscard]] bool prepare_copy(Parent& p, Child& c) noexcept;
  [[nodiscard]] bool attach_blocks(const Parent& p, Child& c) noexcept;
  [[nodiscard]] bool place(Area& area, const SegmentRange& range, std::uint32_t most, Flow flow,
                           std::span<const Segment>& out) noexcept;
  [[nodiscard]] bool place_interleaved(Child& c) noexcept;
  template <typename F>
  void for_each_interleaved(const Child& c, F&& f) const;
  [[nodiscard]] std::uint32_t segments_of(const Parent& p, std::uint32_t first, std::uint32_t count) const noexcept;
  static constexpr std::uint64_t kNothingArrived = ~0ULL;
  void detach(Child& c, std::uint64_t missing) noexcept;
  void bring_back(const Child& c, std::uint64_t missing) const noexcept;
  [[nodiscard]] std::size_t copied_bytes() const noexcept;
  void release_copy(Parent& p) noexcept;

  // complete_steps.cpp: what follows a child.
  void complete(backends::Request& request, const Completion& completion) noexcept override;
  void settle(Child& c, const Completion& completion) noexcept;
  static void note_failure(Parent& p, std::uint32_t entry, std::uint32_t count, Status status) noexcept;
  static void drop_after(Parent& p, std::uint8_t piece, Status status) noexcept;
  void after_reset(Child& c) noexcept;
  void describe_next(Child& c) noexcept;
  [[nodiscard]] bool start_log(Child& c) noexcept;
  void log_done(LogRead& log, const Completion& completion) noexcept;
  void advance(Parent& p) noexcept;
  void finish(Parent& p) noexcept;

  // complete_queue.cpp: sending and delivering.
  [[nodiscard]] Sent send_next(Parent& p, Status& error) noexcept;
  [[nodiscard]] Status send_first(Parent& p) noexcept;
  void wait(Parent& p, Fifo<Parent>& list) noexcept;
  void pump() noexcept;
  [[nodiscard]] bool pump_parents(Fifo<Parent>& list) noexcept;
  void pump_resets() noexcept;
  void deliver() noexcept;
  void begin(backends::Sink& sink, unsigned budget) noexcept;
  void end() noexcept;
  Result<unsigned> look(unsigned wanted, backends::Deadline deadline) noexcept;
  void sleep(backends::Deadline deadline) const noexcept;
  void abandon(Parent& p, Status status) noexcept;
  void give_back(Child& c) noexcept { free_children_[free_count_++] = c.tag; }

  const Route& route_;
  bool plain_;  // admin, or a device that is not known: nothing is taken apart
  bool metadata_;
  std::uint32_t depth_, inner_depth_;
  std::uint32_t list_most_;      // segments of a list that the queue makes
  std::uint32_t metadata_most_;  // segments of metadata that the route takes
  RouteMemory memory_;
  std::vector<Segment> segments_;
  Arena bounce_, copies_, lists_;
  std::byte* zeros_ = nullptr;  // metadata of blocks that are written without

  std::unique_ptr<Parent[]> parents_;
  std::unique_ptr<Child[]> children_;
  std::unique_ptr<LogRead[]> log_reads_;
  std::vector<std::uint16_t> free_children_;
  std::uint32_t free_count_ = 0;
  Fifo<LogRead> free_logs_;
  Fifo<Parent> waiting_;     // not all sent yet, in the order of submission
  Fifo<Parent> continuing_;  // go on after some of their children; first, as they may hold what others wait for
  Fifo<Parent> done_;        // to be handed over
  Fifo<Child> asking_;       // need the chunk log
  Fifo<Child> resend_;       // resets that know their chunk's length now

  std::uint32_t in_flight_ = 0, split_ = 0;             // parents
  std::uint32_t io_in_flight_ = 0, log_in_flight_ = 0;  // children
  backends::Sink* sink_ = nullptr;
  unsigned budget_ = 0;

  LogSink log_sink_{*this};
  os::Fd events_, wakeup_;
  bool signalled_ = false;
  std::unique_ptr<backends::QueuePair> io_, logs_;  // gone before the memory that they were given
};

}  // namespace lightnvm::layers::completed
