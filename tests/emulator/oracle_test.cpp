// SPDX-License-Identifier: BSD-2-Clause
// The emulated device against the oracle: random commands on devices of many shapes. ORACLE_SEED and ORACLE_STEPS
// replay.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <ostream>
#include <string>
#include <string_view>

#include "emulator/oracle_session.hpp"

namespace lightnvm::oracle {
namespace {

using namespace std::chrono_literals;

constexpr auto kTime = 600ms;  // for one shape; the rest of a sequence is always finished
constexpr std::uint64_t kSteps = 1500;

struct Shape {
  std::string name;
  std::string options;    ///< as for apply_option, separated by spaces
  std::string overrides;  ///< as for parse_chunk_info
};

// Each shape makes something else a boundary. Counts are mostly no powers of two, so that there are holes.
const std::vector<Shape> kShapes = {
    {"defaults", "", ""},
    {"tiny", "groups=2 punits=1 chunks=3 sectors=8 ws_min=2 ws_opt=2 mw_cunits=2 mccap=7 bad=none", ""},
    {"large_write_units", "groups=2 punits=2 chunks=5 sectors=384 ws_min=24 ws_opt=24 mw_cunits=192 mccap=3 bad=0.1.4",
     "group=1 punit=0 chunk=1 cnlb=100"},
    {"without_oob", "groups=1 punits=3 chunks=7 sectors=48 oob_bytes=0 ws_min=4 ws_opt=8 mw_cunits=8 mccap=3 bad=0.2.6",
     "group=0 punit=1 chunk=2 type=RANDOM"},
    {"small_sectors_and_mdts",
     "groups=3 punits=2 chunks=6 sectors=40 sector_bytes=512 oob_bytes=8 ws_min=1 ws_opt=2 "
     "mw_cunits=3 mdts=1 mccap=7 bad=none",
     "group=* punit=0 chunk=5 cnlb=17"},
    {"open_limits",
     "groups=2 punits=2 chunks=6 sectors=24 ws_min=4 ws_opt=4 mw_cunits=4 maxoc=4 maxocpu=2 mccap=7 bad=none",
     "group=* punit=1 chunk=3 type=RANDOM"},
    {"early_reset", "groups=1 punits=2 chunks=9 sectors=32 ws_min=4 ws_opt=8 mw_cunits=0 mccap=5 bad=0.0.8", ""},
    {"no_options", "groups=2 punits=1 chunks=6 sectors=16 ws_min=2 ws_opt=4 mw_cunits=4 mccap=0 bad=1.0.1",
     "group=1 punit=0 chunk=0 cnlb=6"},
    {"wears_out",
     "groups=3 punits=3 chunks=11 sectors=8 sector_bytes=512 ws_min=4 ws_opt=4 mw_cunits=4 mccap=3 "
     "pe_cycles=3 wit=1 bad=none",
     "group=0 punit=* chunk=2 pe_cycles=2"},
    {"full_fields",
     "groups=2 punits=2 chunks=8 sectors=16 ws_min=2 ws_opt=2 mw_cunits=2 mccap=3 predefined=255 mdts=0 bad=none",
     "group=0 punit=1 chunk=* type=RANDOM\ngroup=1 punit=1 chunk=7 state=CLOSED wp=6\ngroup=1 punit=0 chunk=* cnlb=11"},
};

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

/// For the name of a test that fails.
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }  // NOLINT(readability-identifier-naming)

class OracleTest : public testing::TestWithParam<Shape> {};

TEST_P(OracleTest, DeviceAgreesWithTheOracle) {
  const emulator::Config config = config_of(GetParam());
  const bool replay = std::getenv("ORACLE_SEED") != nullptr;
  const std::uint64_t steps = from_environment("ORACLE_STEPS", kSteps);
  const auto end = std::chrono::steady_clock::now() + kTime;
  std::uint64_t seed = from_environment("ORACLE_SEED", 1);
  do {
    auto device = emulator::Device::in_memory(config);
    ASSERT_TRUE(device.has_value()) << last_error();
    const std::string difference = Session(config, *device, seed).run(steps);
    ASSERT_TRUE(difference.empty()) << "ORACLE_SEED=" << seed << " ORACLE_STEPS=" << steps << "\n" << difference;
    ++seed;
  } while (!replay && std::chrono::steady_clock::now() < end);
  RecordProperty("sequences", static_cast<int>(seed - 1));
}

INSTANTIATE_TEST_SUITE_P(Shapes, OracleTest, testing::ValuesIn(kShapes), [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace lightnvm::oracle
