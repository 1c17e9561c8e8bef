// SPDX-License-Identifier: BSD-2-Clause
// The table of the status codes of Fabrics commands.
#include "spec/fabrics_status.hpp"

namespace lightnvm::spec {

StatusInfo fabrics_status_info(StatusCode code) noexcept {
  using enum FabricsStatus;
  switch (static_cast<FabricsStatus>(code)) {
    case incompatible_format: return {"incompatible_format", "Incompatible Format", EPROTONOSUPPORT};
    case controller_busy: return {"controller_busy", "Controller Busy", EBUSY};
    case connect_invalid_parameters: return {"connect_invalid_parameters", "Connect Invalid Parameters", EINVAL};
    case connect_restart_discovery: return {"connect_restart_discovery", "Connect Restart Discovery", EAGAIN};
    case connect_invalid_host: return {"connect_invalid_host", "Connect Invalid Host", EACCES};
    case invalid_queue_type: return {"invalid_queue_type", "Invalid Queue Type", EINVAL};
    case discover_restart: return {"discover_restart", "Discover Restart", EAGAIN};
    case authentication_required: return {"authentication_required", "Authentication Required", EACCES};
  }
  return status_info(code);
}

}  // namespace lightnvm::spec
