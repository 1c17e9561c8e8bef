// SPDX-License-Identifier: BSD-2-Clause
// The names of opcodes, for people: "vector_write", "get_log_page".
#pragma once

#include <cstdint>
#include <string_view>

namespace lightnvm::spec {

/// As the enumerator of AdminOpcode or IoOpcode; empty for opcodes that have none.
[[nodiscard]] std::string_view admin_opcode_name(std::uint32_t opcode) noexcept;
[[nodiscard]] std::string_view io_opcode_name(std::uint32_t opcode) noexcept;

}  // namespace lightnvm::spec
