// SPDX-License-Identifier: BSD-2-Clause
// What the printers share: they write to stdout, as their names promise.
#pragma once

#include <cinttypes>
#include <cstdio>
#include <initializer_list>

#include "capi/handles.hpp"

namespace lightnvm::capi {

/// True, and the line is printed, where there is nothing to print.
inline bool nothing(const void* value, const char* name) noexcept {
  if (value == nullptr) std::printf("%s: ~\n", name);
  return value == nullptr;
}

/// Prints the text that `make` returns; one that there is no memory for stays unsaid.
template <typename Make>
void put(Make&& make) noexcept {
  (void)guarded(0, [&] { return std::fputs(make().c_str(), stdout); });
}

struct Number {
  const char* name;
  std::uint64_t value;
};
/// A line each.
inline void numbers(std::initializer_list<Number> lines) noexcept {
  for (const Number& n : lines) std::printf("  %s: %" PRIu64 "\n", n.name, n.value);
}
/// The same below the line "NAME:".
inline void numbers(const char* name, std::initializer_list<Number> lines) noexcept {
  std::printf("%s:\n", name);
  numbers(lines);
}

}  // namespace lightnvm::capi
