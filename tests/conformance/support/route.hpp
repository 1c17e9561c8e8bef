// SPDX-License-Identifier: BSD-2-Clause
// RouteUnderTest: the devices and routes that the conformance suite runs over.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "backends/registry.hpp"

namespace lightnvm::test {

enum class Registries : std::uint8_t { library, tests };

struct RouteUnderTest {
  std::string name;     ///< part of the tests' names
  std::string backend;  ///< prefix of the identifier; empty: `options` is the whole identifier, of somebody's device
  std::string options;  ///< after the '?'
  Registries registries = Registries::library;
  bool in_file = false;  ///< the device is an image that each test makes anew
  bool traced = false;
  std::optional<std::string> plan = std::nullopt;  ///< of faults on the way that leave every answer right
  /// Of tcp, what the target in this process is like: in-capsule data on I/O queues, and whether LBAs are extended.
  std::uint32_t capsule_bytes = 8192;
  bool extended_lbas = false;

  /// Whether a test can make it fail (support/faults.hpp).
  [[nodiscard]] bool can_fail() const { return backend == "lacking"; }
  [[nodiscard]] bool keeps_order() const { return backend == "emu" || options.find("ordered") != std::string::npos; }
  [[nodiscard]] bool is_traced() const { return traced; }
  /// Whether there are a smaller and a random-write chunk.
  [[nodiscard]] bool has_odd_chunks() const { return in_file; }
  /// Whether its queues have event descriptors. Of somebody's device, that shows when it is open.
  [[nodiscard]] bool has_descriptor() const {
    return (backend == "tcp" || options.find("delay_us") != std::string::npos) && !plan;
  }
};
std::ostream& operator<<(std::ostream& out, const RouteUnderTest& route);

/// What this build and the tests have, each without and with a trace, and some with faults on the way; those for which
/// `wanted` holds.
std::vector<RouteUnderTest> built_routes(bool (RouteUnderTest::*wanted)() const = nullptr);
/// The devices that the environment names in NVM_TEST_URIS, separated by blanks.
std::vector<RouteUnderTest> named_routes();
/// Whether they may be written to: NVM_TEST_DESTRUCTIVE is 1.
bool may_destroy_named();

backends::Registry registry_of(const RouteUnderTest& route);

}  // namespace lightnvm::test
