// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the lacking backend share: its options, and the queue that watches its users.
#pragma once

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "backends/registry.hpp"
#include "base/segments.hpp"
#include "os/fd.hpp"
#include "support/faults.hpp"

namespace lightnvm::backends::lacking {

struct Options {
  Caps caps;
  std::uint32_t seed = 1;
  std::chrono::microseconds delay{0};
  std::shared_ptr<test::Faults> faults;
};

/// Takes its own options out of `ident`; what is left is the emulated device's. EINVAL for a value that is none.
Result<Options> take_options(Ident& ident);

/// What the device behind it is like.
struct Shape {
  std::uint32_t data_bytes = 0, metadata_bytes = 0;
  unsigned chunk_shift = 0;
  bool extended = false;
  bool physical = false;  ///< OCSSD 1.2
};

/// Segments of an interleaved transfer, sorted into data and metadata. Made once, used without allocation.
class Interleaved {
 public:
  Interleaved();
  /// False where the transfer is no multiple of a block with its metadata, or in too many pieces.
  [[nodiscard]] bool sort(std::span<const Segment> segments, const Shape& shape) noexcept;
  [[nodiscard]] std::span<const Segment> data() const noexcept { return std::span(data_).first(data_count_); }
  [[nodiscard]] std::span<const Segment> metadata() const noexcept {
    return std::span(metadata_).first(metadata_count_);
  }

 private:
  std::vector<Segment> data_, metadata_;
  std::size_t data_count_ = 0, metadata_count_ = 0;
};

/// Keeps commands until a reap, and executes them then on the emulated device's queue.
class LackingQueue final : public QueuePair, private Sink {
 public:
  LackingQueue(const Options& options, const Shape& shape, const QueueOptions& queue, std::unique_ptr<QueuePair> inner);

  Status submit(Request& request) noexcept override;
  Result<unsigned> reap(Sink& sink, unsigned min, unsigned max, Deadline deadline) noexcept override;
  [[nodiscard]] int event_fd() const noexcept override { return timer_.get(); }
  void cancel_all(Sink& sink) noexcept override;

 private:
  struct Pending {
    Request* request = nullptr;
    std::uint32_t checksum = 0;
    unsigned rounds = 0;
    Clock::time_point ready;
  };

  void complete(Request& request, const Completion& completion) noexcept override;
  void check(const Request& request) const;
  void check_blocks(const Request& request, std::size_t data, std::size_t metadata) const;
  void check_chunk(const Request& request) const;
  [[nodiscard]] bool has_tag(std::uint16_t tag) const noexcept;
  [[nodiscard]] std::uint64_t chunk_of(const Request& request) const noexcept;
  [[nodiscard]] std::size_t choose() noexcept;
  [[nodiscard]] bool is_due(const Pending& pending, Clock::time_point now) const noexcept;
  void execute(std::size_t index, Sink& sink) noexcept;
  [[nodiscard]] Completion run(const Request& request) noexcept;
  void arm_timer() noexcept;
  void sleep(Deadline deadline) noexcept;

  const Options& options_;
  const Shape shape_;
  const bool admin_;
  const std::uint32_t depth_;
  std::unique_ptr<QueuePair> inner_;
  std::minstd_rand random_;
  std::vector<Pending> pending_;  // in the order of submission
  Interleaved interleaved_;
  Request inside_;  // what the emulated device executes
  Completion outcome_;
  os::Fd timer_;
};

}  // namespace lightnvm::backends::lacking
