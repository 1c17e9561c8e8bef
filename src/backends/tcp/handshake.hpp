// SPDX-License-Identifier: BSD-2-Clause
// Handshake: what is said on connections before commands pass, and what the target says of itself. NVMe-2.0 3.3, 3.5.
#pragma once

#include "backends/tcp/line.hpp"
#include "spec/nvme.hpp"

namespace lightnvm::backends::tcp {

/// Commands of the user in flight on the admin connection; beside them there are an event request and a Keep Alive.
inline constexpr std::uint32_t kAdminTags = 64, kEventTag = kAdminTags, kKeepAliveTag = kAdminTags + 1;
inline constexpr std::uint32_t kAdminDepth = kAdminTags + 2;

/// What was found out about a controller; all connections of one association.
struct Terms {
  std::uint16_t cntlid = 0;
  std::uint16_t extension = 0;      ///< flags of the announcement, if it was switched on; else 0
  bool extended = false;            ///< it is on
  std::uint32_t io_queues = 0;      ///< granted, 1 and up
  std::uint32_t most_commands = 0;  ///< of one I/O queue
  std::uint32_t capsule_bytes = 0;  ///< in-capsule data on I/O queues
  std::uint16_t metadata_bytes = 0;
  bool metadata_extended = false;
  spec::IdentifyController controller{};
  spec::IdentifyNamespace ns{};

  /// Whether `other` is the same device, reached in the same way: what a device that comes back has to be.
  [[nodiscard]] bool same_device(const Terms& other) const noexcept;
};

/// Makes `line`, just dialled, the admin queue of a new controller that is enabled and identified. The refusal's
/// sentence says which step failed, and what to do.
std::expected<Terms, Refusal> associate(const Settings& settings, Line& line, Deadline deadline);

/// Makes `line`, just dialled, I/O queue `qid` of the controller. The status: of the target, or of this host with
/// Line::why().
Status join(const Settings& settings, const Terms& terms, Line& line, std::uint16_t qid, std::uint32_t depth,
            Deadline deadline);

}  // namespace lightnvm::backends::tcp
