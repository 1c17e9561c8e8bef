// SPDX-License-Identifier: BSD-2-Clause
// Status codes of Fabrics commands: their numbers mean something else in the answers to all other commands.
#pragma once

#include "lightnvm/status.hpp"

namespace lightnvm::spec {

/// As StatusCode, for the answers to Fabrics commands and of discovery controllers. NVMe-2.0 3.3.3.2.1.2.
enum class FabricsStatus : std::uint16_t {
  incompatible_format = 0x180,
  controller_busy = 0x181,
  connect_invalid_parameters = 0x182,
  connect_restart_discovery = 0x183,
  connect_invalid_host = 0x184,
  invalid_queue_type = 0x185,
  discover_restart = 0x190,
  authentication_required = 0x191,
};

constexpr Status fabrics_status(FabricsStatus code) noexcept {
  return Status::nvme_raw(static_cast<std::uint16_t>(code));
}
/// With Do Not Retry set.
constexpr Status fabrics_status_dnr(FabricsStatus code) noexcept {
  return Status::nvme_dnr(static_cast<StatusCode>(code));
}

/// The row of a status that a Fabrics command ended with; for codes that mean the same everywhere, the common table's.
[[nodiscard]] StatusInfo fabrics_status_info(StatusCode code) noexcept;

}  // namespace lightnvm::spec
