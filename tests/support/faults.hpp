// SPDX-License-Identifier: BSD-2-Clause
// Faults: what a test wants to go wrong on a route, told to it while it runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "backends/backend.hpp"

namespace lightnvm::test {

/// Counts down to a fault. Thread-safe.
class Countdown {
 public:
  /// The `k`-th call of due() from now, and only that, is true; 0: none.
  void arm(std::uint32_t k) noexcept { left_ = k; }
  [[nodiscard]] bool due() noexcept { return left_ != 0 && left_-- == 1; }
  [[nodiscard]] bool armed() const noexcept { return left_ != 0; }

 private:
  std::atomic<std::uint32_t> left_{0};
};

/// The faults of one route. Thread-safe, but for the statuses, which are set before their countdown is armed.
struct Faults {
  Countdown submit;  ///< of an I/O command fails with `submit_error`
  Status submit_error = Status::os(EIO);
  Countdown completion;  ///< of an I/O command is `completion_status`; nothing is done
  Status completion_status = Status::nvme(StatusCode::internal_error);
  Countdown log_submit, log_completion;  ///< the same, of a Get Log Page
  std::atomic<std::uint32_t> again{0};   ///< so many submits of I/O commands answer EAGAIN
  Countdown reap, admin_reap;            ///< of a queue with commands in flight fails with EIO
  Countdown lose;                        ///< with the k-th submit of an I/O command the connection is lost
  std::atomic<bool> lost{false};

  /// What is wrong with the submission of `request`; success: nothing.
  [[nodiscard]] Status on_submit(bool admin, const backends::Request& request) noexcept;
  /// What the command ends with instead of being executed; success: nothing is wrong.
  [[nodiscard]] Status on_completion(bool admin, const backends::Request& request) noexcept;
};

/// The faults called `name`, made on first use; they live until the end of the process.
std::shared_ptr<Faults> faults(const std::string& name);

}  // namespace lightnvm::test
