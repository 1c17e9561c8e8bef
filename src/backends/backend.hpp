// SPDX-License-Identifier: BSD-2-Clause
// SEAM 1, how a command travels: one NVMe command on one queue pair. Read this first; each folder beside it is a route.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "lightnvm/completion.hpp"
#include "spec/nvme.hpp"
#include "spec/payload.hpp"

namespace lightnvm::backends {

// Contract; each line has a conformance test that runs over every backend.
//  S1 submit returned success: complete() exactly once, later, from reap or cancel_all. Returned failure: never.
//  S2 The backend changes nothing in the request; after complete() it touches neither request nor payload.
//  S3 submit and reap do not allocate, log, retry or split; submit does not block unless Caps::synchronous. It starts
//     a command at once when nothing is in flight; otherwise it may hold up to 8 back until the next reap.
//  S4 A lost connection completes every outstanding request with an error; later submits fail with the same one.
//  S5 One thread at a time per queue pair; Backend's functions may be called from any thread.
//  S6 Only commands that Caps allow arrive, at most `depth` at a time, each with a tag of its own below `depth`.
//  S7 A route that is not NVMe inside translates below the seam; above it everything is NVMe, Identify too.
//  S8 The data, metadata and address-list pointers of the submission entry are zero; memory comes in the payload.

/// One command in flight. The submitter owns it and leaves it alone from submit until complete().
struct Request {
  spec::Command command;
  Payload payload;
  std::uint16_t tag = 0;  ///< unique among the queue pair's requests in flight, below its depth
};

/// Receives completions, on the thread that called reap or cancel_all. It may submit again from within.
class Sink {
 public:
  virtual void complete(Request& request, const Completion& completion) noexcept = 0;

 protected:
  ~Sink() = default;
};

enum class MetadataTransfer : std::uint8_t { none, separate, extended };

/// What a route carries, asked once when it is opened. A backend declares and never emulates: what is missing here,
/// layers/complete supplies.
struct Caps {
  std::uint32_t max_transfer_bytes = 0;  ///< data of one command; 0: no limit
  std::uint32_t max_segments = 1;        ///< memory segments of one transfer; 1: cannot gather or scatter
  std::uint32_t max_depth = 1;           ///< of one I/O queue pair
  MetadataTransfer metadata = MetadataTransfer::none;
  bool vectors = false;  ///< vector reset, write, read with their lists
  bool vector_copy = false;
  bool reset_descriptors = false;  ///< vector reset brings the chunks' descriptors back
  bool ordered_writes = false;     ///< writes of one queue reach the device in the order of submission
  bool synchronous = false;        ///< submit returns when the command is done
  bool read_only = false;
  bool events = false;  ///< next_event works
};

using Clock = std::chrono::steady_clock;
/// When to stop waiting; kForever never comes.
using Deadline = Clock::time_point;
inline constexpr Deadline kForever = Deadline::max();

enum class QueueKind : std::uint8_t { admin, io };
struct QueueOptions {
  QueueKind kind = QueueKind::io;
  std::uint32_t depth = 1;  ///< 1 to Caps::max_depth; 1 to 64 for admin
};

class QueuePair {
 public:
  virtual ~QueuePair() = default;  ///< requires: nothing in flight

  /// Starts `request`. Returns success, or why it was not taken (EAGAIN: no room now, reap first).
  virtual Status submit(Request& request) noexcept = 0;
  /// Hands finished requests to `sink`: waits until `min` of them are there or the deadline has passed, and hands over
  /// `max` at most (0: no limit). Returns how many; fewer than `min` only at the deadline or with less in flight.
  virtual Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept = 0;
  /// Optional: readable when reap has something to do; -1: reap is to be called again and again.
  [[nodiscard]] virtual int event_fd() const noexcept { return -1; }
  /// Optional: completes everything in flight, with SCT 3h SC 71h where it can be recalled. The default waits.
  virtual void cancel_all(Sink& sink) noexcept { (void)reap(sink, ~0U, 0, kForever); }
};

/// Optional: memory that the route can transfer from. Absent: any memory will do.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual Result<std::byte*> allocate(std::size_t bytes, std::size_t alignment) = 0;
  virtual void release(std::byte* memory) noexcept = 0;
  /// The bus address of `memory`, EIO where it has none.
  virtual Result<std::uint64_t> translate(const std::byte* memory) noexcept = 0;
};

/// An asynchronous event as its completion tells it. NVMe-2.0 5.2.1.
struct AsyncEvent {
  std::uint8_t type = 0, information = 0, log_page = 0;
};

/// An opened device behind one route.
class Backend {
 public:
  virtual ~Backend() = default;  ///< requires: its queue pairs are gone

  [[nodiscard]] virtual const Caps& caps() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t nsid() const noexcept = 0;
  virtual Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) = 0;
  [[nodiscard]] virtual Memory* memory() noexcept { return nullptr; }
  /// Optional: the next event that has not been handed out, if there is one; never waits. ENOTSUP without Caps::events.
  virtual Result<std::optional<AsyncEvent>> next_event() { return std::unexpected(Status::os(ENOTSUP)); }
};

}  // namespace lightnvm::backends
