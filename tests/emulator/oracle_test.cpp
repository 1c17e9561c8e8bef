// SPDX-License-Identifier: BSD-2-Clause
// The emulated device against the oracle: random commands on devices of many shapes. ORACLE_SEED and ORACLE_STEPS
// replay.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/oracle_session.hpp"
#include "emulator/oracle_shapes.hpp"

namespace lightnvm::oracle {
namespace {

constexpr std::uint64_t kMilliseconds = 300;  // for one shape
constexpr std::uint64_t kSteps = 1200;

// Each shape makes something else a boundary. Counts are mostly no powers of two, so that there are holes.
const std::vector<Shape> kShapes = {
    {"defaults", "", ""},
    {"tiny", "groups=2 punits=1 chunks=3 sectors=8 ws_min=2 ws_opt=2 mw_cunits=2 mccap=7 bad=none", ""},
    {"large_write_units", "groups=2 punits=2 chunks=5 sectors=384 ws_min=24 ws_opt=24 mw_cunits=192 mccap=3 bad=0.1.4",
     "group=1 punit=0 chunk=1 cnlb=96"},
    {"without_oob", "groups=1 punits=3 chunks=7 sectors=48 oob_bytes=0 ws_min=4 ws_opt=8 mw_cunits=8 mccap=3 bad=0.2.6",
     "group=0 punit=1 chunk=2 type=RANDOM"},
    {"small_sectors_and_mdts",
     "groups=3 punits=2 chunks=6 sectors=40 sector_bytes=512 oob_bytes=8 ws_min=1 ws_opt=2 "
     "mw_cunits=3 mdts=1 mccap=7 bad=none",
     "group=* punit=0 chunk=5 cnlb=17"},
    {"open_limits",
     "groups=2 punits=2 chunks=6 sectors=24 ws_min=4 ws_opt=4 mw_cunits=4 maxoc=4 maxocpu=2 mccap=7 bad=none",
     "group=* punit=1 chunk=3 type=RANDOM\ngroup=1 punit=0 chunk=0 state=OPEN wp=8"},
    {"early_reset", "groups=1 punits=2 chunks=9 sectors=32 ws_min=4 ws_opt=8 mw_cunits=0 mccap=5 bad=0.0.8", ""},
    {"no_options", "groups=2 punits=1 chunks=6 sectors=16 ws_min=2 ws_opt=4 mw_cunits=4 mccap=0 bad=1.0.1",
     "group=1 punit=0 chunk=0 cnlb=6"},
    {"wears_out",
     "groups=3 punits=3 chunks=11 sectors=8 sector_bytes=512 ws_min=4 ws_opt=4 mw_cunits=4 mccap=3 "
     "pe_cycles=3 wit=1 bad=none",
     "group=0 punit=* chunk=2 pe_cycles=2"},
    {"full_fields",
     "groups=2 punits=2 chunks=8 sectors=16 ws_min=2 ws_opt=2 mw_cunits=2 mccap=3 predefined=255 mdts=0 bad=none",
     "group=0 punit=1 chunk=* type=RANDOM\ngroup=1 punit=1 chunk=7 state=CLOSED wp=6\ngroup=1 punit=0 chunk=* cnlb=10"},
};

class OracleTest : public testing::TestWithParam<Shape> {};

TEST_P(OracleTest, DeviceAgreesWithTheOracle) {
  const emulator::Config config = config_of(GetParam());
  for_seeds(kMilliseconds, [&](std::uint64_t seed, auto end) {
    auto device = emulator::Device::in_memory(config);
    if (!device) return last_error();
    return Session(Oracle(config), *device, seed).run(from_environment("ORACLE_STEPS", kSteps), end);
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, OracleTest, testing::ValuesIn(kShapes), [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace lightnvm::oracle
