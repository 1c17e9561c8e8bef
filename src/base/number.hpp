// SPDX-License-Identifier: BSD-2-Clause
// Numbers that people write: decimal, or hexadecimal behind 0x.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace lightnvm {

/// All of `text` as a number; nothing where it is anything else, or more than T holds.
template <std::unsigned_integral T>
std::optional<T> parse_number(std::string_view text) noexcept {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace lightnvm
