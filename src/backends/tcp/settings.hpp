// SPDX-License-Identifier: BSD-2-Clause
// Settings: what an identifier tcp://HOST:PORT/SUBNQN?... asks for.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "backends/registry.hpp"
#include "fabrics/connection.hpp"
#include "os/socket.hpp"

namespace lightnvm::backends::tcp {

/// Whether docs/nvme-tcp-extension.md is used.
enum class Extension : std::uint8_t { if_offered, required, off };

struct Settings {
  os::Endpoint target;
  std::string subnqn, hostnqn;
  std::uint32_t nsid = 1;
  fabrics::Digests digests;
  Extension extension = Extension::if_offered;
  std::uint32_t depth = 4096;                 ///< most commands in flight of an I/O queue
  std::chrono::milliseconds timeout{30'000};  ///< of a command; 0: none
  std::chrono::milliseconds keep_alive{0};    ///< KATO; 0: none
  std::chrono::milliseconds reconnect{0};     ///< how long a lost connection is tried again; 0: not at all
  bool read_only = false;

  /// How long the steps of one connection may take.
  [[nodiscard]] std::chrono::milliseconds handshake() const noexcept;
};

/// EINVAL and a sentence for what no target is named by. Without hostnqn=, it is the one in /etc/nvme/hostnqn, where
/// nvme-cli keeps it, or else kDefaultHost.
std::expected<Settings, Refusal> parse(const Ident& ident);

inline constexpr std::string_view kDefaultHost = "nqn.2026-11.io.lightnvm:host";
inline constexpr std::uint16_t kDefaultPort = 4420;

}  // namespace lightnvm::backends::tcp
