// SPDX-License-Identifier: BSD-2-Clause
// TraceLog: the file of a trace, and the lines in it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "backends/backend.hpp"
#include "os/fd.hpp"

namespace lightnvm::layers {

/// What happened to a command.
enum class TraceEvent : std::uint8_t { submit, refused, done };

/// Whose command it is.
struct TraceQueueName {
  backends::QueueKind kind = backends::QueueKind::io;
  unsigned number = 0;
};

/// Thread-safe. Lines are formatted outside of the lock, without allocation.
class TraceLog {
 public:
  using Clock = backends::Clock;

  /// Appends to the file at `path`; the error is that of opening it.
  static Result<std::unique_ptr<TraceLog>> open(const std::string& path);
  ~TraceLog();
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  /// `completion` is nullptr for a submission; `submitted` is when that was.
  void command(TraceEvent event, TraceQueueName queue, const backends::Request& request, Clock::time_point now,
               Clock::time_point submitted, const Completion* completion) noexcept;
  void async_event(const backends::AsyncEvent& event, Clock::time_point now) noexcept;

 private:
  class Line;
  explicit TraceLog(os::Fd file) noexcept;
  void head() noexcept;
  void append(Line& line) noexcept;
  void flush() noexcept;

  os::Fd file_;
  Clock::time_point start_;
  std::mutex mutex_;
  std::size_t used_ = 0;
  std::uint64_t waiting_ = 0, lost_ = 0;  // lines: in the buffer, and never written
  std::array<char, 65536> buffer_;
};

}  // namespace lightnvm::layers
