// SPDX-License-Identifier: BSD-2-Clause
// The bits of a submission entry's dwords 10 to 15 that a command gives no meaning to. NVMe-1.3; OCSSD-2.0 4.1.
#pragma once

#include <array>
#include <cstdint>

#include "spec/nvme.hpp"

namespace lightnvm::spec {

/// Set bits are reserved: hosts clear them, devices refuse them.
struct Reserved {
  std::array<std::uint32_t, 6> dw10{};
};

namespace reserved_detail {

inline constexpr std::uint32_t kAll = 0xFFFFFFFF;
// PRACT has no meaning without protection information, a directive's type and number none without directives. What lies
// in bits 29:16 of a vector command's dword 12 comes from hosts of old; bits 15:6 would be more than 64 addresses.
inline constexpr std::uint32_t kPract = 1U << 29;

struct Row {
  std::uint8_t opcode;
  Reserved bits;
};

inline constexpr Row kAdmin[] = {
    {static_cast<std::uint8_t>(AdminOpcode::get_log_page), {{0x00007000, 0xFFFF0000, 0, 0, kAll, kAll}}},
    {static_cast<std::uint8_t>(AdminOpcode::identify), {{0x0000FF00, 0, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(AdminOpcode::abort), {{0, kAll, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(AdminOpcode::set_features), {{0x7FFFFF00, 0, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(AdminOpcode::get_features), {{0xFFFFF800, 0, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(AdminOpcode::async_event_request), {{kAll, kAll, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(AdminOpcode::geometry), {{kAll, kAll, kAll, kAll, kAll, kAll}}},
};

inline constexpr Row kIo[] = {
    {static_cast<std::uint8_t>(IoOpcode::flush), {{kAll, kAll, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(IoOpcode::write), {{0, 0, 0x03FF0000 | kPract, 0xFFFFFF00, 0, 0}}},
    {static_cast<std::uint8_t>(IoOpcode::read), {{0, 0, 0x03FF0000 | kPract, 0xFFFFFF00, 0, 0}}},
    {static_cast<std::uint8_t>(IoOpcode::dataset_management), {{0xFFFFFF00, 0xFFFFFFF8, kAll, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(IoOpcode::vector_reset), {{0, 0, 0x0000FFC0, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(IoOpcode::vector_write), {{0, 0, 0x0000FFC0, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(IoOpcode::vector_read), {{0, 0, 0x0000FFC0, kAll, kAll, kAll}}},
    {static_cast<std::uint8_t>(IoOpcode::vector_copy), {{0, 0, 0x0000FFC0, kAll, 0, 0}}},
};

constexpr Reserved find(const auto& rows, std::uint32_t opcode) noexcept {
  for (const Row& row : rows) {
    if (row.opcode == opcode) return row.bits;
  }
  return {};
}

}  // namespace reserved_detail

/// Nothing is reserved in commands that are not known.
constexpr Reserved reserved_in_admin(std::uint32_t opcode) noexcept {
  return reserved_detail::find(reserved_detail::kAdmin, opcode);
}
constexpr Reserved reserved_in(IoOpcode opcode) noexcept {
  return reserved_detail::find(reserved_detail::kIo, static_cast<std::uint32_t>(opcode));
}

/// Whether the command has none of those bits. With a constant, only the dwords that have some are looked at.
[[nodiscard]] constexpr bool clear_of(const Command& c, const Reserved& bits) noexcept {
  const auto& r = bits.dw10;
  return ((c.dw[10] & r[0]) | (c.dw[11] & r[1]) | (c.dw[12] & r[2]) | (c.dw[13] & r[3]) | (c.dw[14] & r[4]) |
          (c.dw[15] & r[5])) == 0;
}

}  // namespace lightnvm::spec
