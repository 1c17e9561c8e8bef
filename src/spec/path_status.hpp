// SPDX-License-Identifier: BSD-2-Clause
// What an error of the host is called where only an NVMe status can travel: status code type 3h, path related.
#pragma once

#include "lightnvm/status.hpp"

namespace lightnvm::spec {

/// `status` unless it is an OS error. Those become: timed out or cancelled, 371h; the way to the device is gone and the
/// outcome unknown, 370h; any other, 300h. NVMe-2.0 3.3.3.2.
constexpr Status as_path_status(Status status) noexcept {
  if (!status.is_os()) return status;
  for (const int error : {ETIMEDOUT, ECANCELED}) {
    if (status.is_errno(error)) return Status::nvme(StatusCode::command_aborted_by_host);
  }
  for (const int error : {ECONNRESET, ECONNABORTED, ECONNREFUSED, ENOTCONN, EPIPE, ESHUTDOWN, ENODEV, ENXIO,
                          EHOSTUNREACH, ENETUNREACH, ENETDOWN, ENETRESET, EHOSTDOWN}) {
    if (status.is_errno(error)) return Status::nvme(StatusCode::connection_lost);
  }
  return Status::nvme(StatusCode::internal_path_error);
}

}  // namespace lightnvm::spec
