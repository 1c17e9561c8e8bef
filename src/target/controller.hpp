// SPDX-License-Identifier: BSD-2-Clause
// Controller: what all connections of one host to one subsystem share; Controllers: all of them.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "target/catalog.hpp"

namespace lightnvm::target {

using HostId = std::array<std::uint8_t, 16>;

/// Made by the Connect of an admin queue. Its admin queue's thread owns it; what others touch is atomic or locked.
class Controller {
 public:
  Controller(std::uint16_t id, const Subsystem& of, std::string host_nqn, const HostId& id_of_host)
      : cntlid(id), subsystem(of), host(std::move(host_nqn)), host_id(id_of_host) {}

  const std::uint16_t cntlid;
  const Subsystem& subsystem;
  const std::string host;
  const HostId host_id;

  std::atomic<bool> enabled{false};         ///< CC.EN and CSTS.RDY
  std::atomic<bool> gone{false};            ///< its admin queue is no more
  std::atomic<std::uint32_t> resets{0};     ///< I/O queues of an earlier count are to be closed
  std::atomic<std::uint16_t> extension{0};  ///< version, 0: off
  std::atomic<std::uint32_t> io_queues{0};  ///< granted; 0: none yet asked for

  /// Takes an I/O queue's number, 1 to 64; false: it is in use.
  bool take_queue(std::uint16_t qid) noexcept;
  void release_queue(std::uint16_t qid) noexcept;

  /// An event of a namespace of its subsystem; from any thread. One of a kind waits at a time.
  void post(const backends::AsyncEvent& event);
  [[nodiscard]] bool has_events() const noexcept { return has_events_; }
  /// What was posted.
  std::vector<backends::AsyncEvent> take_events();

 private:
  std::atomic<std::uint64_t> queues_{0};
  std::atomic<bool> has_events_{false};
  std::mutex mutex_;
  std::vector<backends::AsyncEvent> events_;
};

/// Thread-safe.
class Controllers {
 public:
  explicit Controllers(std::uint32_t most) : most_(most) {}

  /// nullptr: there are too many.
  std::shared_ptr<Controller> add(const Subsystem& subsystem, std::string host, const HostId& host_id);
  /// That of an admin queue that is connected.
  std::shared_ptr<Controller> find(std::uint16_t cntlid);
  void remove(const Controller& controller);
  [[nodiscard]] std::uint64_t count();
  /// Posts an event to all that see `ns`.
  void post(const Namespace& ns, const backends::AsyncEvent& event);

 private:
  std::mutex mutex_;
  std::map<std::uint16_t, std::shared_ptr<Controller>> all_;
  std::uint32_t most_;
  std::uint16_t last_ = 0;
};

}  // namespace lightnvm::target
