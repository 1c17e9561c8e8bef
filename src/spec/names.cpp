// SPDX-License-Identifier: BSD-2-Clause
// The one table of opcode names.
#include "spec/names.hpp"

#include "spec/nvme.hpp"

namespace lightnvm::spec {

// Switches and no arrays: the compiler complains about an enumerator without a name.
std::string_view admin_opcode_name(std::uint32_t opcode) noexcept {
  switch (static_cast<AdminOpcode>(opcode)) {
    case AdminOpcode::get_log_page: return "get_log_page";
    case AdminOpcode::identify: return "identify";
    case AdminOpcode::abort: return "abort";
    case AdminOpcode::set_features: return "set_features";
    case AdminOpcode::get_features: return "get_features";
    case AdminOpcode::async_event_request: return "async_event_request";
    case AdminOpcode::keep_alive: return "keep_alive";
    case AdminOpcode::geometry: return "geometry";
    case AdminOpcode::set_bad_blocks: return "set_bad_blocks";
    case AdminOpcode::get_bad_blocks: return "get_bad_blocks";
  }
  return {};
}

std::string_view io_opcode_name(std::uint32_t opcode) noexcept {
  switch (static_cast<IoOpcode>(opcode)) {
    case IoOpcode::flush: return "flush";
    case IoOpcode::write: return "write";
    case IoOpcode::read: return "read";
    case IoOpcode::dataset_management: return "dataset_management";
    case IoOpcode::vector_reset: return "vector_reset";
    case IoOpcode::vector_write: return "vector_write";
    case IoOpcode::vector_read: return "vector_read";
    case IoOpcode::vector_copy: return "vector_copy";
  }
  return {};
}

}  // namespace lightnvm::spec
