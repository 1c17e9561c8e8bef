// SPDX-License-Identifier: BSD-2-Clause
// Timing held against the closed forms of docs/timing.md: on a clock of the test's own exactly, on the real one nearly.
#include "emulator/timing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "lightnvm/lightnvm.hpp"
#include "paced_support.hpp"
#include "physical_support.hpp"

namespace lightnvm::emulator {
namespace {

using paced_test::Host;
using paced_test::small;
using spec::IoOpcode;

constexpr Nanoseconds kRead = 1000, kProgram = 10000, kErase = 30000, kTransfer = 100;
constexpr std::uint32_t kUnitSectors = 4;
constexpr Nanoseconds kX = kUnitSectors * kTransfer;  // of one write unit

NandShape shape(std::uint32_t groups, std::uint32_t units, std::uint32_t cache = 0) {
  return {groups, units, kRead, kProgram, kErase, kTransfer, cache};
}

/// `rounds` write units of each unit of one group, asked for at once, round by round.
template <typename F>
Nanoseconds last_of(std::uint32_t units, std::uint32_t rounds, F&& f) {
  Nanoseconds last = 0;
  for (std::uint32_t r = 0; r < rounds; ++r) {
    for (std::uint32_t u = 0; u < units; ++u) last = std::max(last, f(u));
  }
  return last;
}

class Units : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Timing, Units, testing::Values(1, 8, 32));

TEST_P(Units, reads_of_units_with_a_bus_each_take_as_long_as_those_of_one) {
  const std::uint32_t n = GetParam();
  Timing timing(shape(n, 1));
  EXPECT_EQ(last_of(n, 10, [&](std::uint32_t u) { return timing.read(0, u, kUnitSectors); }), 10 * (kRead + kX));
}

TEST_P(Units, reads_of_units_on_one_bus_are_bound_by_the_slower_of_units_and_bus) {
  const std::uint32_t n = GetParam();
  Timing timing(shape(1, n));
  constexpr Nanoseconds kRounds = 10;
  const Nanoseconds last = last_of(n, kRounds, [&](std::uint32_t u) { return timing.read(0, u, kUnitSectors); });
  const Nanoseconds by_unit = kRounds * (kRead + kX) + (n - 1) * kX;
  const Nanoseconds by_bus = kRead + kRounds * n * kX;
  EXPECT_EQ(last, n * kX <= kRead + kX ? by_unit : by_bus);
}

TEST_P(Units, writes_without_a_cache_overlap_their_programs) {
  const std::uint32_t n = GetParam();
  Timing timing(shape(1, n));
  const Nanoseconds last = last_of(n, 10, [&](std::uint32_t u) { return timing.write(0, u, kUnitSectors).accepted; });
  const Nanoseconds by_unit = 10 * (kX + kProgram) + (n - 1) * kX;
  const Nanoseconds by_bus = 10 * n * kX + kProgram;
  EXPECT_EQ(last, n * kX <= kX + kProgram ? by_unit : by_bus);
}

TEST_P(Units, the_order_of_asking_does_not_matter_to_programs_on_one_bus) {
  const std::uint32_t n = std::min(GetParam(), 8U);
  Timing timing(shape(1, n));
  Nanoseconds last = 0;
  for (std::uint32_t u = 0; u < n; ++u) {
    for (int r = 0; r < 10; ++r) last = std::max(last, timing.write(0, u, kUnitSectors).programmed);
  }
  EXPECT_EQ(last, 10 * (kX + kProgram) + (n - 1) * kX) << "transfers take the gaps that others leave";
}

TEST_P(Units, a_cache_takes_what_it_has_room_for_and_then_goes_at_the_speed_of_programs) {
  const std::uint32_t n = GetParam();
  constexpr std::uint32_t kCache = 3;
  Timing timing(shape(n, 1, kCache));
  for (std::uint32_t i = 0; i < 10; ++i) {
    for (std::uint32_t u = 0; u < n; ++u) {
      const Timing::Written w = timing.write(0, u, kUnitSectors);
      EXPECT_EQ(w.accepted, i < kCache ? 0 : (i - kCache + 1) * (kX + kProgram));
      EXPECT_EQ(w.programmed, (i + 1) * (kX + kProgram));
    }
  }
  EXPECT_EQ(timing.flushed(0), 10 * (kX + kProgram));
}

TEST_P(Units, erases_keep_their_unit_busy_and_no_bus) {
  const std::uint32_t n = GetParam();
  Timing timing(shape(1, n));
  EXPECT_EQ(last_of(n, 3, [&](std::uint32_t u) { return timing.erase(0, u); }), 3 * kErase);
}

TEST(Timing, a_read_waits_for_what_its_unit_does_and_not_for_others) {
  Timing timing(shape(1, 2, 4));
  EXPECT_EQ(timing.write(0, 0, kUnitSectors).accepted, 0U);
  EXPECT_EQ(timing.read(0, 0, 1), kX + kProgram + kRead + kTransfer);
  EXPECT_EQ(timing.read(0, 1, 1), kRead + kTransfer) << "the bus is free between";
  EXPECT_EQ(timing.erase(0, 1), kRead + kTransfer + kErase);
  EXPECT_EQ(timing.flushed(0), kX + kProgram) << "a flush waits for programs alone";
}

TEST(Timing, a_cache_that_has_been_drained_takes_again_at_once) {
  Timing timing(shape(1, 1, 2));
  for (int i = 0; i < 2; ++i) (void)timing.write(0, 0, kUnitSectors);
  const Nanoseconds later = 3 * (kX + kProgram);
  EXPECT_EQ(timing.write(later, 0, kUnitSectors).accepted, later);
}

TEST(Timing, a_clock_that_goes_back_counts_as_standing) {
  Timing timing(shape(1, 1));
  EXPECT_EQ(timing.read(5000, 0, 1), 5000 + kRead + kTransfer);
  EXPECT_EQ(timing.read(10, 0, 1), 5000 + 2 * (kRead + kTransfer));
}

TEST(Timing, more_reservations_than_are_kept_apart_are_still_one_after_another) {
  Timing timing(shape(1, 256, 64));
  Nanoseconds last = 0;
  std::uint64_t sent = 0;
  for (int r = 0; r < 20; ++r) {
    for (std::uint32_t u = 0; u < 256; ++u, ++sent) last = std::max(last, timing.write(0, u, 1).programmed);
  }
  EXPECT_GE(last, sent * kTransfer + kProgram);
}

// Whole commands: small() has 4 sectors to a write unit and a cache of 2.
TEST(PacedQueue, commands_are_done_when_the_model_says) {
  Host host(small(), {}, true);
  const Address chunk = Address::of(0, 0, 1);
  const auto took = [&](auto&& f) {
    const Nanoseconds before = host.now;
    EXPECT_TRUE(f().ok());
    return host.now - before;
  };
  EXPECT_EQ(took([&] { return host.write(chunk, 0, 8); }), 0U) << "in the cache";
  EXPECT_EQ(took([&] { return host.write(chunk, 8, 4); }), kX + kProgram) << "when there is room";
  EXPECT_EQ(took([&] { return host.flush(); }), 2 * (kX + kProgram));
  EXPECT_EQ(took([&] { return host.flush(); }), 0U);
  EXPECT_EQ(took([&] { return host.read(chunk, 0, 4); }), kRead + kX);
  EXPECT_EQ(took([&] { return host.read(chunk, 1, 2); }), kRead + 2 * kTransfer);
  EXPECT_EQ(took([&] { return host.read(chunk, 2, 4); }), 2 * kRead + kX) << "of two write units";
  EXPECT_EQ(took([&] { return host.reset(chunk); }), kErase);
  auto fua = host.make(IoOpcode::vector_write, Host::sectors(chunk, 0, 4));
  spec::Fua::set(fua->entry, 1);
  EXPECT_EQ(took([&] { return host.run(*fua); }), kX + kProgram);
}

TEST(PacedQueue, a_copy_reads_first_and_then_writes) {
  Host host(small(), {}, true);
  ASSERT_TRUE(host.write(Address::of(0, 0, 1), 0, 24).ok());
  ASSERT_TRUE(host.flush().ok());
  auto copy = host.make(IoOpcode::vector_copy, Host::sectors(Address::of(0, 0, 1), 0, 4));
  for (const Address a : Host::sectors(Address::of(2, 1, 1), 0, 4)) copy->destination.push_back(host.lba(a));
  copy->payload.destination = copy->destination;
  spec::Fua::set(copy->entry, 1);
  const Nanoseconds before = host.now;
  ASSERT_TRUE(host.run(*copy).ok());
  EXPECT_EQ(host.now - before, kRead + kX + kX + kProgram);
}

TEST(CommandTiming, on_ocssd_12_a_page_on_all_planes_is_programmed_at_once) {
  auto device = Device::in_memory(physical_test::small_physical());
  ASSERT_TRUE(device.has_value());
  Conduct conduct;
  conduct.timing = true;
  conduct.sector_transfer = 100;
  ASSERT_TRUE((*device)->conduct(conduct).ok());
  physical_test::Host host(*device);
  const Geometry& g = host.geometry();
  const auto list = physical_test::pages(g, Address::of12(0, 0, 1, 0), 0, 3, 2);
  const Nanoseconds page = g.planes * g.page_sectors * Nanoseconds{100};
  const auto done = [&](IoOpcode opcode, const physical_test::List& addresses, Nanoseconds now) {
    const auto command = host.make(opcode, addresses, 1);
    return (*device)->timing()->done(command->entry, command->payload, {}, now) - now;
  };
  EXPECT_EQ(done(IoOpcode::vector_write, list, 0), 3 * (page + g.times.write));
  EXPECT_EQ(done(IoOpcode::vector_read, list, 1 << 30), 3 * (page + g.times.read));
  EXPECT_EQ(done(IoOpcode::vector_reset, {list[0]}, 2U << 30), g.times.reset);
}

TEST(PacedQueue, what_is_refused_is_done_at_once) {
  Host host(small(), {}, true);
  const Nanoseconds before = host.now;
  EXPECT_TRUE(host.write(Address::of(0, 0, 1), 4, 4).status.is(StatusCode::out_of_order_write));
  EXPECT_EQ(host.now, before);
}

TEST(PacedQueue, nothing_is_handed_out_before_it_is_due_and_then_in_order) {
  Host host(small(), {}, true);
  const Address slow = Address::of(0, 0, 1), fast = Address::of(1, 0, 1);
  auto erase = host.make(IoOpcode::vector_reset, {slow});
  auto read = host.make(IoOpcode::vector_read, {fast});
  ASSERT_TRUE(host.queue().start(erase->entry, erase->payload, 0, 0).ok());
  ASSERT_TRUE(host.queue().start(read->entry, read->payload, 1, 0).ok());
  std::vector<unsigned> tags;
  const auto poll = [&](Nanoseconds now) {
    return host.queue().poll(8, now, [&](std::uint16_t tag, const Completion&) { tags.push_back(tag); });
  };
  EXPECT_EQ(host.queue().next_due(), kRead + kTransfer);
  EXPECT_EQ(poll(kRead + kTransfer - 1), 0U);
  EXPECT_EQ(poll(kRead + kTransfer), 1U);
  EXPECT_EQ(host.queue().next_due(), kErase);
  EXPECT_EQ(host.queue().in_flight(), 1U);
  EXPECT_EQ(poll(kErase), 1U);
  EXPECT_EQ(tags, (std::vector<unsigned>{1, 0}));
  EXPECT_EQ(host.queue().next_due(), std::nullopt);
}

TEST(PacedQueue, a_stripe_over_all_units_is_as_fast_as_they_are_many) {
  Host host(small(), {}, true);
  const auto write_all = [&](std::uint32_t units) {
    const Nanoseconds before = host.now;
    std::vector<std::unique_ptr<paced_test::Command>> commands;
    std::uint16_t tag = 0;
    for (std::uint32_t s = 0; s < 24; s += 4) {
      for (std::uint32_t u = 0; u < units; ++u, ++tag) {
        commands.push_back(
            host.make(IoOpcode::vector_write, Host::sectors(Address::of(u % 3, u / 3, units == 1 ? 1 : 2), s, 4)));
        spec::Fua::set(commands.back()->entry, 1);
        EXPECT_TRUE(host.queue().start(commands.back()->entry, commands.back()->payload, tag, host.now).ok());
      }
    }
    while (host.queue().in_flight() != 0) {
      host.now = std::max(host.now, host.queue().next_due().value_or(host.now));
      (void)host.queue().poll(64, host.now, [](std::uint16_t, const Completion& c) { EXPECT_TRUE(c.ok()); });
    }
    return host.now - before;
  };
  EXPECT_EQ(write_all(1), 6 * (kX + kProgram));
  EXPECT_EQ(write_all(6), 6 * (kX + kProgram) + kX) << "two units to a bus";
}

// The real clock. A machine that cannot keep time for a bare sleep is not asked.
double median_of(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

TEST(RealClock, reads_of_1_8_and_32_units_are_within_15_percent_of_the_model) {
  using Clock = std::chrono::steady_clock;
  using Ms = std::chrono::duration<double, std::milli>;
  auto device = lightnvm::Device::open(
      "emu:?groups=32&punits=1&chunks=2&sectors=16&ws_min=4&ws_opt=8&mw_cunits=0&bad=none&trdt=10000000&timing=on&"
      "tbus=1000000&twrt=0");
  ASSERT_TRUE(device.has_value()) << last_error();
  auto queue = device->open_queue(96);
  ASSERT_TRUE(queue.has_value()) << last_error();
  auto data = device->allocate(std::size_t{96} * 4096);
  ASSERT_TRUE(data.has_value());
  for (const std::uint32_t units : {1U, 8U, 32U}) {
    constexpr double kModel = 3 * (10.0 + 1.0);
    double best = 0, slept = 0;
    bool within = false;
    for (int attempt = 0; attempt < 5 && !within; ++attempt) {
      std::vector<double> runs, sleeps;
      for (int run = 0; run < 5; ++run) {
        auto begin = Clock::now();
        for (std::uint32_t i = 0; i < 3 * units; ++i) {
          const Status s = queue->read(Sectors(Address::of(i % units, 0, 0), 1), data->span().subspan(i * 4096, 4096),
                                       [](const Completion& c) { EXPECT_TRUE(c.ok()); });
          ASSERT_TRUE(s.ok()) << s.message();
        }
        ASSERT_TRUE(queue->drain().has_value());
        runs.push_back(Ms(Clock::now() - begin).count());
        begin = Clock::now();
        std::this_thread::sleep_for(std::chrono::milliseconds(33));
        sleeps.push_back(Ms(Clock::now() - begin).count());
      }
      best = median_of(runs), slept = median_of(sleeps);
      within = best >= kModel && best <= kModel * 1.15;
      EXPECT_GE(best, kModel * 0.999) << "nothing is early";
    }
    if (!within && slept > 33 * 1.15) GTEST_SKIP() << "a sleep of 33 ms takes " << slept << " ms here";
    EXPECT_TRUE(within) << units << " units: " << best << " ms, the model has " << kModel;
  }
}

}  // namespace
}  // namespace lightnvm::emulator
