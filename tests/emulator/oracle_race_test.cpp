// SPDX-License-Identifier: BSD-2-Clause
// The emulated device on media that are late, unordered and unreliable. ORACLE_SEED and ORACLE_STEPS replay.
#include "emulator/oracle_race.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "emulator/oracle_media.hpp"
#include "emulator/oracle_session.hpp"
#include "emulator/oracle_shapes.hpp"

namespace lightnvm::oracle {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMilliseconds = 100;  // for one test
constexpr unsigned kPatience = 1000000;

// Few chunks, so that commands meet; wear that counts every reset, and no notifications of it.
constexpr const char* kSmall =
    "groups=2 punits=1 chunks=3 sectors=24 sector_bytes=512 oob_bytes=8 ws_min=2 ws_opt=4 pe_cycles=255 wit=255 "
    "bad=none ";

struct Case {
  Shape shape;
  SlowMedia::Failures failures;
};
void PrintTo(const Case& c, std::ostream* out) { PrintTo(c.shape, out); }  // NOLINT(readability-identifier-naming)

Case make(const char* name, const char* options, const char* overrides = "", SlowMedia::Failures failures = {}) {
  return {{name, std::string(kSmall) + options, overrides}, failures};
}

const std::vector<Case> kCases = {
    make("defaults", "mw_cunits=4 mccap=3"),
    make("no_options", "mw_cunits=4 mccap=1"),
    make("early_reset", "mw_cunits=2 mccap=7"),
    make("nothing_cached", "mw_cunits=0 mccap=3"),
    make("open_limit", "mw_cunits=4 mccap=7 maxoc=2"),
    make("random_chunks", "mw_cunits=4 mccap=7",
         "group=* punit=* chunk=1 type=RANDOM\ngroup=0 punit=* chunk=2 cnlb=10"),
    make("failing_writes", "mw_cunits=0 mccap=7", "", {.reads = 0, .writes = 60, .discards = 0}),
    make("failing_media", "mw_cunits=4 mccap=3", "", {.reads = 20, .writes = 30, .discards = 15}),
    make("failing_writes_and_open_limit", "mw_cunits=4 mccap=7 maxoc=2", "",
         {.reads = 0, .writes = 60, .discards = 10}),
};

void take_turns(Race& race, std::vector<std::unique_ptr<Racer>>& racers, std::uint64_t seed, std::uint64_t steps) {
  Random random(seed);
  for (std::uint64_t i = 0; i < steps && !race.failed(); ++i) random.of(racers)->step();
  bool left = true;
  for (unsigned polls = 0; left && !race.failed(); ++polls) {
    left = false;
    for (const auto& racer : racers) left = racer->finish() || left;
    if (polls == kPatience) race.fail("some commands never complete");
  }
}

void take_part(Race& race, Racer& racer, std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps && !race.failed(); ++i) racer.step();
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!race.failed() && racer.finish()) {
    std::this_thread::yield();
    if (std::chrono::steady_clock::now() > end) race.fail("some commands never complete");
  }
}

void at_once(Race& race, std::vector<std::unique_ptr<Racer>>& racers, std::uint64_t steps) {
  std::vector<std::thread> threads;
  threads.reserve(racers.size());
  for (const auto& racer : racers) threads.emplace_back([&] { take_part(race, *racer, steps); });
  for (std::thread& t : threads) t.join();
}

enum class Turns : std::uint8_t { taken, at_once };

std::string race(const emulator::Config& config, std::shared_ptr<emulator::Device> device, SlowMedia* media,
                 Turns turns, std::uint64_t seed) {
  const bool threads = turns == Turns::at_once;
  const std::uint64_t steps = from_environment("ORACLE_STEPS", threads ? 300 : 1000);
  Race race(config, std::move(device), media, seed % 2 == 0, threads);
  {
    std::vector<std::unique_ptr<Racer>> racers;
    for (std::uint16_t q = 1; q <= 3; ++q) racers.push_back(std::make_unique<Racer>(race, q, q * 2U, seed * 10 + q));
    if (threads) {
      at_once(race, racers, steps);
    } else {
      take_turns(race, racers, seed, steps);
    }
  }
  return race.conclude(seed);
}

std::string race_on_slow_media(const Case& c, Turns turns, std::uint64_t seed) {
  const emulator::Config config = config_of(c.shape);
  SlowMedia* media = nullptr;
  auto device = slow_device(config, seed, c.failures, media);
  return device == nullptr ? "no device" : race(config, std::move(device), media, turns, seed);
}

class RaceTest : public testing::TestWithParam<Case> {};

// Writes of one chunk that overlap, from several queues, end as if each had been done when it was started.
TEST_P(RaceTest, PipelinedWritesEndInTheOrderTheyWereStarted) {
  const emulator::Config config = config_of(GetParam().shape);
  for_seeds(kMilliseconds, [&](std::uint64_t seed, auto) {
    SlowMedia* media = nullptr;
    const auto device = slow_device(config, seed, {}, media);
    return Session(Oracle(config), device, seed, Session::Media::slow).run(from_environment("ORACLE_STEPS", 500));
  });
}

TEST_P(RaceTest, OverlappingCommandsHaveAnOrderThatExplainsThem) {
  for_seeds(kMilliseconds, [](std::uint64_t seed, auto) { return race_on_slow_media(GetParam(), Turns::taken, seed); });
}

TEST_P(RaceTest, CommandsOfSeveralThreadsHaveAnOrderThatExplainsThem) {
  for_seeds(kMilliseconds,
            [](std::uint64_t seed, auto) { return race_on_slow_media(GetParam(), Turns::at_once, seed); });
}

class MemoryRaceTest : public RaceTest {};

TEST_P(MemoryRaceTest, CommandsOfSeveralThreadsHaveAnOrderThatExplainsThem) {
  const emulator::Config config = config_of(GetParam().shape);
  for_seeds(kMilliseconds, [&](std::uint64_t seed, auto) {
    auto device = emulator::Device::in_memory(config);
    return device ? race(config, *device, nullptr, Turns::at_once, seed) : last_error();
  });
}

std::vector<Case> reliable() {
  std::vector<Case> cases = kCases;
  std::erase_if(cases, [](const Case& c) { return c.failures.writes != 0; });
  return cases;
}

constexpr auto kName = [](const auto& p) { return p.param.shape.name; };
INSTANTIATE_TEST_SUITE_P(Cases, RaceTest, testing::ValuesIn(kCases), kName);
INSTANTIATE_TEST_SUITE_P(Cases, MemoryRaceTest, testing::ValuesIn(reliable()), kName);

}  // namespace
}  // namespace lightnvm::oracle
