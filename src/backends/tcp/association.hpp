// SPDX-License-Identifier: BSD-2-Clause
// Association: a controller at the target, its admin connection, and what all queues have in common.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "backends/tcp/backoff.hpp"
#include "backends/tcp/capsule.hpp"
#include "backends/tcp/handshake.hpp"

namespace lightnvm::backends::tcp {

/// Who has commands on the admin connection. Its functions are called under the association's lock.
class AdminUser {
 public:
  /// `request` ended, on whatever thread; only to be kept until its own thread asks.
  virtual void ended(Request& request, const Completion& completion) noexcept = 0;
  /// `fd` is the connection's socket from now on; -1: there is none.
  virtual void watch(int fd) noexcept = 0;

 protected:
  ~AdminUser() = default;
};

/// Thread-safe.
class Association final : private fabrics::HostEvents {
 public:
  /// Connects, and identifies the device.
  static std::expected<std::unique_ptr<Association>, Refusal> open(Settings settings);

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const Terms& terms() const noexcept { return terms_; }

  /// A number for an I/O queue; EMFILE: the target gives no more.
  Result<std::uint16_t> take_qid();
  void give_back(std::uint16_t qid) noexcept;
  /// The connection of I/O queue `qid`; `depth` commands. If the controller is gone, it is looked for once, where
  /// reconnect= allows. Errors, with a sentence: of the connection or of the target; EAGAIN: not now; 370h: it is
  /// lost for good.
  Result<std::unique_ptr<Line>> connect(std::uint16_t qid, std::uint32_t depth, fabrics::HostEvents& events,
                                        Deadline deadline);

  void enter(AdminUser& user);
  void leave(AdminUser& user) noexcept;
  /// EAGAIN: all tags are in use. 370h: the connection is lost for good.
  Status submit(AdminUser& user, Request& request) noexcept;
  /// Moves what there is to move, looks after timeouts, and for a lost connection where that is due. Returns when it
  /// would look for one again.
  Deadline pump() noexcept;
  Result<std::optional<AsyncEvent>> next_event() noexcept;

  /// To be called now and then: sends a Keep Alive if one is due.
  void keep_alive(Deadline now) noexcept {
    if (now.time_since_epoch().count() < keep_alive_at_.load(std::memory_order_relaxed)) return;
    send_keep_alive(now);
  }
  [[nodiscard]] bool keeps_alive() const noexcept { return settings_.keep_alive.count() != 0; }

 private:
  enum class State : std::uint8_t { live, lost, gone };
  struct Slot {
    AdminUser* user = nullptr;
    Request* request = nullptr;
    Capsule capsule;
    Deadline since{};
    bool sent = false;  // false: waits for a connection
  };
  explicit Association(Settings settings);
  void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept override;

  // Under the lock.
  std::expected<void, Refusal> establish(Deadline deadline);
  void adopt(std::unique_ptr<Line> line);
  void use(Line::Got got) noexcept;
  void lose() noexcept;
  void give_up() noexcept;
  Status revive(Deadline now) noexcept;
  Deadline move() noexcept;
  void check_timeouts(Deadline now) noexcept;
  void start_event_request() noexcept;
  void finish(std::uint32_t tag, const Completion& completion) noexcept;
  void send_keep_alive(Deadline now) noexcept;

  Settings settings_;
  Terms terms_;
  std::mutex mutex_;
  State state_ = State::lost;
  Backoff backoff_;
  std::unique_ptr<Line> line_;
  std::vector<AdminUser*> users_;
  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_tags_;
  std::vector<bool> qids_;  // in use; the first is number 1
  std::size_t next_qid_ = 0;
  spec::Command event_request_, keep_alive_;
  std::optional<Completion> event_;
  bool asks_for_events_ = false, keeps_ = false;
  std::atomic<Deadline::rep> keep_alive_at_{Deadline::max().time_since_epoch().count()};
};

}  // namespace lightnvm::backends::tcp
