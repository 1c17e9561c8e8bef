// SPDX-License-Identifier: BSD-2-Clause
// Loop: one thread that moves bytes between sockets and sessions, and lets the sessions run.
#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "target/session.hpp"

namespace lightnvm::target {

class Loop {
 public:
  /// What the first loop does besides.
  struct Duties {
    int listener = -1;                     ///< accepts here; -1: nothing
    std::function<void(os::Fd)> accepted;  ///< a connection
    std::function<void()> tick = [] {};    ///< about every 50 ms
  };
  static Result<std::unique_ptr<Loop>> make(Home& home, Duties duties);
  ~Loop();  ///< joins

  void start();
  /// Hands a connection over; from any thread.
  void adopt(os::Fd socket);
  /// Looks at all sessions soon; from any thread.
  void wake() const noexcept { wakeup_.wake(); }
  /// Ends when what is in flight is answered, or at `deadline`; from any thread. Then join().
  void drain(TimePoint deadline);
  void join();

  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

 private:
  struct Connection;
  /// Whom an event of the epoll is for.
  struct Source {
    enum class Kind : std::uint8_t { wakeup, listener, socket, device } kind = Kind::wakeup;
    Connection* connection = nullptr;
  };

  Loop(Home& home, Duties duties, os::Epoll epoll, os::Wakeup wakeup);
  void run();
  void turn();
  [[nodiscard]] std::chrono::nanoseconds patience() const noexcept;
  void dispatch(const os::Epoll::Event& event);
  void accept();
  void adopt_handed();
  void add(os::Fd socket);
  void receive(Connection& c);
  void serve(Connection& c);
  bool flush(Connection& c);
  void end(Connection& c);
  void close(Connection& c);
  void watch_devices(Connection& c);
  void look_at_all();
  void look_at_busy();
  void sweep();

  Home& home_;
  Duties duties_;
  os::Epoll epoll_;
  os::Wakeup wakeup_;
  Source wakeup_source_{Source::Kind::wakeup, nullptr};
  Source listener_source_{Source::Kind::listener, nullptr};
  Tally tally_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::byte> buffer_;
  TimePoint now_;
  TimePoint next_tick_;
  TimePoint accept_again_;
  bool busy_ = false;
  bool accepting_ = false;
  bool draining_ = false;

  std::mutex mutex_;
  std::vector<os::Fd> handed_;                // guarded by mutex_
  TimePoint drain_until_ = TimePoint::max();  // guarded by mutex_
  std::thread thread_;
};

}  // namespace lightnvm::target
