// SPDX-License-Identifier: BSD-2-Clause
// Admin: what a controller answers by itself: properties, features of its own, identify pages, keep alive, events.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lightnvm/completion.hpp"
#include "target/home.hpp"

namespace lightnvm::target {

/// Asynchronous Event Requests of one host at a time (AERL + 1), and commands that Abort may stop at a time (ACL + 1).
inline constexpr std::uint32_t kMostEventRequests = 4;
inline constexpr std::uint8_t kAbortLimit = 3;

/// The controller's side of one admin queue; one thread at a time.
class Admin {
 public:
  Admin(Home& home, std::shared_ptr<Controller> controller, const os::Endpoint& local, std::uint32_t kato_ms,
        TimePoint now);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  [[nodiscard]] Controller& controller() const noexcept { return *controller_; }

  /// Property Get and Set. NVMe-2.0 6.5, 6.6.
  Completion property_get(const spec::Command& c) const noexcept;
  Completion property_set(const spec::Command& c) noexcept;

  enum class Way : std::uint8_t {
    answered,  ///< `completion`, and what was asked for is in the memory
    pass,      ///< the device has the answer
    held,      ///< no answer before an event comes
  };
  struct Answer {
    Way way = Way::answered;
    Completion completion;
  };
  /// `memory` has the bytes that the host wants, zeros. `slot` names the command in events.
  Answer execute(const spec::Command& c, std::uint32_t slot, std::span<std::byte> memory, TimePoint now);

  /// An event request that is to be answered now, and with what.
  struct Told {
    std::uint32_t slot;
    Completion completion;
  };
  std::optional<Told> next_event();
  /// The held request with this CID is given up: its slot.
  std::optional<std::uint32_t> forget(std::uint16_t cid) noexcept;

  /// Whether the host has been silent for longer than it promised.
  [[nodiscard]] bool expired(TimePoint now) const noexcept { return kato_ms_ != 0 && now > keep_until_; }

 private:
  Answer identify(const spec::Command& c, std::span<std::byte> memory) const;
  Answer get_log(const spec::Command& c, std::span<std::byte> memory);
  Answer get_features(const spec::Command& c) const;
  Answer set_features(const spec::Command& c, TimePoint now);
  Answer set_controller_feature(std::uint8_t id, std::uint32_t value, TimePoint now);
  Answer hold_event_request(const spec::Command& c, std::uint32_t slot);
  void keep_alive(TimePoint now) noexcept;
  void set_configuration(std::uint32_t value) noexcept;
  void shut_down() noexcept;
  [[nodiscard]] bool masked(const backends::AsyncEvent& event) const noexcept;

  struct Held {
    std::uint32_t slot;
    std::uint16_t cid;
  };
  Home& home_;
  std::shared_ptr<Controller> controller_;
  os::Endpoint local_;
  std::uint32_t configuration_ = 0;  // CC
  std::uint32_t status_ = 0;         // CSTS
  std::uint32_t kato_ms_ = 0;
  std::uint32_t event_mask_ = 0;  // Async Event Configuration
  TimePoint keep_until_;
  std::vector<Held> held_;
  std::vector<backends::AsyncEvent> waiting_;  // events that nobody has asked for yet
  std::vector<std::uint8_t> told_;             // log pages whose event was told and that were not read since
};

/// The pages that a controller makes itself.
namespace pages {
/// CNS 01h of a subsystem with namespaces, or of the discovery subsystem.
spec::IdentifyController controller(const Home& home, const Controller& controller);
/// CNS 00h, as hosts with or without the extension see it.
spec::IdentifyNamespace ns(const Namespace& n, bool extension);
/// Log page 70h: what `host` may connect to, at `local`. NVMe-2.0 5.16.1.23.
std::vector<std::byte> discovery_log(const Catalog& catalog, std::string_view host, const os::Endpoint& local);
}  // namespace pages

}  // namespace lightnvm::target
