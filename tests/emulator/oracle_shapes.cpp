// SPDX-License-Identifier: BSD-2-Clause
// How the oracle's tests make a configuration of a shape.
#include "emulator/oracle_shapes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string_view>

namespace lightnvm::oracle {

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }  // NOLINT(readability-identifier-naming)

emulator::Config config_of(const Shape& shape) {
  emulator::Config config;
  std::string_view rest = shape.options;
  while (!rest.empty()) {
    const std::string_view option = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), option.size() + 1));
    const std::size_t equals = option.find('=');
    const Status set = emulator::apply_option(config, option.substr(0, equals), option.substr(equals + 1));
    EXPECT_TRUE(set.ok()) << last_error();
  }
  auto overrides = emulator::parse_chunk_info(shape.overrides, config.geometry);
  EXPECT_TRUE(overrides.has_value()) << last_error();
  if (overrides) config.overrides.insert(config.overrides.end(), overrides->begin(), overrides->end());
  return config;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

}  // namespace lightnvm::oracle
