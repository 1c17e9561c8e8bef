// SPDX-License-Identifier: BSD-2-Clause
// Controller: one host's view of an emulated SSD: admin commands, asynchronous events, error log.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "emulator/device.hpp"
#include "lightnvm/completion.hpp"
#include "spec/nvme.hpp"
#include "spec/payload.hpp"

namespace lightnvm::emulator {

inline constexpr std::uint32_t kMaxIoQueues = 1024;
inline constexpr std::uint32_t kAsyncEventLimit = 4;
inline constexpr std::uint32_t kErrorLogEntries = 16;

/// A finished command.
struct Done {
  std::uint16_t tag = 0;
  Completion completion;
};

class AdminQueue;

/// Thread-safe.
class Controller {
 public:
  Controller(std::shared_ptr<Device> device, std::uint16_t id);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  [[nodiscard]] Device& device() noexcept { return *device_; }

  /// Executes an admin command that completes at once: all but Asynchronous Event Request and Abort.
  Completion execute(const spec::Command& command, const Payload& payload);
  /// Refuses what is reserved in every admin command, and in this one.
  [[nodiscard]] static Status check(const spec::Command& command) noexcept;
  /// Which command failed. `sqid` 0: the admin queue.
  struct Origin {
    std::uint16_t sqid = 0, cid = 0;
    std::uint32_t nsid = 0;
  };
  /// Puts an error into the error log.
  void log_error(const Origin& origin, Status status, std::uint64_t lba);

 private:
  friend class AdminQueue;
  Completion identify(const spec::Command& c, const Payload& p);
  Completion geometry(const spec::Command& c, const Payload& p);
  // bad_blocks.cpp: what OCSSD 1.2 has in its place, and its bad block tables.
  [[nodiscard]] Completion identity(const Payload& p) const;
  [[nodiscard]] Completion get_bad_blocks(const spec::Command& c, const Payload& p) const;
  Completion set_bad_blocks(const spec::Command& c, const Payload& p);
  Completion get_log(const spec::Command& c, const Payload& p);
  Completion chunk_log(const spec::Command& c, const SegmentRange& target);
  [[nodiscard]] std::vector<std::byte> log_page(const spec::Command& c);
  Completion get_features(const spec::Command& c, const Payload& p);
  Completion set_features(const spec::Command& c, const Payload& p);
  [[nodiscard]] bool has_feature(spec::FeatureId id) const noexcept;
  [[nodiscard]] spec::IdentifyController identify_controller() const;
  [[nodiscard]] spec::IdentifyNamespace identify_namespace() const;

  struct Request {
    AdminQueue* queue;
    std::uint16_t tag;
  };
  /// Takes an asynchronous event request; the completion goes to its queue.
  Status request_event(AdminQueue& queue, std::uint16_t tag);
  /// Abort, for what the same queue has waiting.
  Completion abort(const spec::Command& c, AdminQueue& queue);
  void on_notification();
  void unmask_notifications();
  void deliver_event(const Request& request);
  void forget(AdminQueue& queue);

  std::shared_ptr<Device> device_;
  std::uint16_t id_;
  std::uint64_t listener_ = 0;

  std::mutex events_mutex_;
  std::deque<Request> requests_;
  bool event_pending_ = false;
  bool event_masked_ = false;

  std::mutex errors_mutex_;
  std::array<spec::ErrorLogEntry, kErrorLogEntries> errors_{};  // a ring; error n is at n - 1
  std::uint64_t error_count_ = 0;

  std::mutex features_mutex_;
  std::uint32_t queue_counts_ = (kMaxIoQueues - 1) | ((kMaxIoQueues - 1) << 16);
  std::array<std::uint32_t, 12> settings_{};
};

/// An admin queue of a controller; one thread at a time.
class AdminQueue {
 public:
  explicit AdminQueue(Controller& controller) noexcept : controller_(controller) {}
  ~AdminQueue() { controller_.forget(*this); }
  AdminQueue(const AdminQueue&) = delete;
  AdminQueue& operator=(const AdminQueue&) = delete;

  /// Executes the command, or keeps it until an event comes. The completion comes from poll.
  void start(const spec::Command& command, const Payload& payload, std::uint16_t tag);
  unsigned poll(std::span<Done> out);
  /// The same for up to `most` commands: each goes to `f(tag, completion)`, which may start others.
  template <typename F>
  unsigned poll(unsigned most, F&& f) {
    Done done;
    unsigned n = 0;
    for (; n < most && poll({&done, 1}) != 0; ++n) f(done.tag, done.completion);
    return n;
  }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
  /// Completes the event requests that still wait, as aborted.
  void abort_waiting();

 private:
  friend class Controller;
  Controller& controller_;
  std::uint32_t in_flight_ = 0;
  std::deque<Done> done_;  // guarded by the controller's events_mutex_
};

}  // namespace lightnvm::emulator
