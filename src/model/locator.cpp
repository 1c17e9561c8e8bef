// SPDX-License-Identifier: BSD-2-Clause
// How a path is written in an identifier.
#include <fmt/format.h>

#include "lightnvm/found_device.hpp"

namespace lightnvm {

std::string as_locator(std::string_view path) {
  constexpr std::string_view kSpecial = "%?:";
  std::string out;
  for (const char c : path) {
    const bool plain = c >= ' ' && c <= '~' && kSpecial.find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace lightnvm
