// SPDX-License-Identifier: BSD-2-Clause
// The list of routes.
#include "conformance/support/route.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <ostream>
#include <sstream>

#include "support/test_registry.hpp"

namespace lightnvm::test {
namespace {

std::vector<RouteUnderTest> plain_routes() {
  return {
      {"emu_memory", "emu", "", Registries::library, false},
      {"emu_file", "emu", "", Registries::library, true},
      {"emu_timed", "emu", "timing=on&tbus=100&trdt=3000&twrt=5000&tcrst=9000", Registries::library, false},
      {"tcp", "tcp", "", Registries::library, false},
      {"tcp_digests_in_file", "tcp", "digest=header,data", Registries::library, true},
      {"tcp_without_capsules", "tcp", "timeout=0", Registries::library, false, false, {}, 0},
      {"tcp_small_capsules", "tcp", "digest=data", Registries::library, false, false, {}, 4096},
      {"tcp_large_capsules", "tcp", "extension=on&depth=40&reconnect=2", Registries::library, false, false, {}, 65536},
      {"tcp_standard", "tcp", "extension=off&digest=header", Registries::library, false},
      {"tcp_standard_extended", "tcp", "extension=off", Registries::library, true, false, {}, 0, true},
      {"lacking_all", "lacking", "seed=11", Registries::tests, false},
      {"lacking_in_file", "lacking", "seed=12&depth=32&segments=5", Registries::tests, true},
      {"lacking_extended", "lacking", "seed=13&depth=3&metadata=extended", Registries::tests, false},
      {"lacking_extended_gathers", "lacking", "seed=14&depth=64&metadata=extended&segments=300&transfer=65536",
       Registries::tests, false},
      {"lacking_metadata", "lacking", "seed=15&depth=1&metadata=none&segments=2&transfer=16384", Registries::tests,
       false},
      {"lacking_but_ordered", "lacking", "seed=16&depth=16&segments=8&ordered", Registries::tests, false},
      {"lacking_but_vectors", "lacking", "seed=17&depth=8&metadata=extended&segments=4&vectors&delay_us=120",
       Registries::tests, false},
      {"lacking_but_waits", "lacking", "seed=18&depth=8&segments=16&delay_us=150", Registries::tests, false},
  };
}

/// Plans by which commands come late and in another order, and end as they would without.
std::vector<RouteUnderTest> routes_with_faults() {
  return {
      {"emu_memory_no_faults", "emu", "", Registries::library, false, true, ""},
      {"emu_memory_reordered", "emu", "", Registries::library, false, false, "seed 21\nreorder window=7\n"},
      {"emu_file_delayed", "emu", "", Registries::library, true, false,
       "seed 22\ndelay time=10us-300us probability=0.5\n"},
      {"tcp_reordered", "tcp", "keep_alive=5000", Registries::library, false, false, "seed 25\nreorder window=5\n"},
      {"lacking_mixed", "lacking", "seed=23&depth=16&segments=4", Registries::tests, false, false,
       "seed 23\nstall time=200us commands=3 every=11\ndelay time=0us-100us every=3\nreorder window=5\n"
       "delay queue=admin time=50us every=4\n"},
      {"lacking_waits_reordered", "lacking", "seed=24&depth=8&segments=16&delay_us=150", Registries::tests, false,
       false, "seed 24\nreorder window=4\n"},
  };
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const RouteUnderTest& route) {
  return out << route.backend << ":?" << route.options << (route.traced ? " traced" : "")
             << (route.plan ? " faults: " + *route.plan : "");
}

std::vector<RouteUnderTest> built_routes(bool (RouteUnderTest::*wanted)() const) {
  std::vector<RouteUnderTest> out;
  for (const RouteUnderTest& route : plain_routes()) {
    out.push_back(route);
    out.push_back(route);
    out.back().name += "_traced";
    out.back().traced = true;
  }
  std::ranges::move(routes_with_faults(), std::back_inserter(out));
  if (wanted != nullptr) std::erase_if(out, [&](const RouteUnderTest& route) { return !(route.*wanted)(); });
  return out;
}

std::vector<RouteUnderTest> named_routes() {
  std::vector<RouteUnderTest> out;
  const char* list = std::getenv("NVM_TEST_URIS");
  std::istringstream words(list == nullptr ? "" : list);
  for (std::string uri; words >> uri;) {
    out.push_back({"named" + std::to_string(out.size()), "", uri, Registries::library, false});
  }
  return out;
}

bool may_destroy_named() {
  const char* value = std::getenv("NVM_TEST_DESTRUCTIVE");
  return value != nullptr && std::string(value) == "1";
}

backends::Registry registry_of(const RouteUnderTest& route) {
  return route.registries == Registries::library ? backends::default_registry() : backends::test_registry();
}

}  // namespace lightnvm::test
