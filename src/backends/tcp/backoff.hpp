// SPDX-License-Identifier: BSD-2-Clause
// Backoff: when a lost connection is tried again, and when no more.
#pragma once

#include <algorithm>

#include "backends/backend.hpp"

namespace lightnvm::backends::tcp {

/// Attempts at growing distances, until a time has passed since the loss.
class Backoff {
 public:
  /// The connection is lost now: the first attempt is due at once.
  void start(Deadline now, std::chrono::milliseconds patience) noexcept {
    until_ = now + patience;
    next_ = now;
    pause_ = kFirst;
  }
  [[nodiscard]] bool due(Deadline now) const noexcept { return now >= next_; }
  [[nodiscard]] bool over(Deadline now) const noexcept { return now >= until_; }
  /// When there is something to do again.
  [[nodiscard]] Deadline next() const noexcept { return std::min(next_, until_); }
  /// How long an attempt that begins now may take.
  [[nodiscard]] Deadline attempt(Deadline now) const noexcept { return std::min(now + kAttempt, until_); }
  void failed(Deadline now) noexcept {
    next_ = now + pause_;
    pause_ = std::min(2 * pause_, kMost);
  }

 private:
  static constexpr std::chrono::milliseconds kFirst{10}, kMost{1000}, kAttempt{1000};
  Deadline until_{}, next_{};
  std::chrono::milliseconds pause_{kFirst};
};

}  // namespace lightnvm::backends::tcp
