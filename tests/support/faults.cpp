// SPDX-License-Identifier: BSD-2-Clause
// Faults by name.
#include "support/faults.hpp"

#include <map>
#include <mutex>

namespace lightnvm::test {
namespace {

bool is_log(bool admin, const backends::Request& request) noexcept {
  return admin && spec::Opcode::get(request.command) == static_cast<std::uint32_t>(spec::AdminOpcode::get_log_page);
}

}  // namespace

Status Faults::on_submit(bool admin, const backends::Request& request) noexcept {
  if (!admin && lose.due()) lost = true;
  if (lost) return Status::os(ENOTCONN);
  if (is_log(admin, request) && log_submit.due()) return submit_error;
  if (admin) return {};
  if (again != 0) {
    --again;
    return Status::os(EAGAIN);
  }
  return submit.due() ? submit_error : Status();
}

Status Faults::on_completion(bool admin, const backends::Request& request) noexcept {
  if (lost) return Status::nvme(StatusCode::connection_lost);
  if (is_log(admin, request) && log_completion.due()) return completion_status;
  return !admin && completion.due() ? completion_status : Status();
}

std::shared_ptr<Faults> faults(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<Faults>> all;
  const std::lock_guard lock(mutex);
  auto& one = all[name];
  if (!one) one = std::make_shared<Faults>();
  return one;
}

}  // namespace lightnvm::test
