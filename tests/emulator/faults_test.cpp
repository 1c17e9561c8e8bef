// SPDX-License-Identifier: BSD-2-Clause
// What each fault does to a command, to its chunk, and to what the host is told of it.
#include "emulator/faults.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "paced_support.hpp"
#include "physical_support.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;
using paced_test::Command;
using paced_test::Host;
using paced_test::small;
using spec::IoOpcode;

const Address kChunk = Address::of(1, 1, 3);

bool all(std::span<const std::byte> bytes, int value) {
  return std::ranges::all_of(bytes, [&](std::byte b) { return b == static_cast<std::byte>(value); });
}

TEST(Faults, a_plan_that_hits_nothing_changes_nothing) {
  Host host(small(), "read_error chunk=4\nearly_close after=100\n");
  EXPECT_TRUE(host.write(kChunk, 0, 24).ok());
  EXPECT_TRUE(host.read(kChunk, 0, 24).ok());
  EXPECT_TRUE(all(host.last->data, 0x5A));
  EXPECT_TRUE(host.reset(kChunk).ok());
  EXPECT_TRUE(host.told().empty());
}

TEST(Faults, an_early_close_loses_the_write_and_keeps_what_was_before) {
  Host host(small(), "early_close group=1 punit=1 chunk=3 nth=2");
  ASSERT_TRUE(host.write(kChunk, 0, 8).ok());
  const Completion failed = host.write(kChunk, 8, 4);
  EXPECT_EQ(failed.status, Status::nvme_dnr(chunk_early_close));
  EXPECT_EQ(failed.result, 0xFU);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::closed);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 8U);
  EXPECT_TRUE(host.read(kChunk, 0, 8).ok());
  EXPECT_TRUE(all(host.last->data, 0x5A));
  EXPECT_EQ(host.write(kChunk, 8, 4).status.code(), write_fault);
  EXPECT_TRUE(host.reset(kChunk).ok());
  EXPECT_TRUE(host.write(kChunk, 0, 24).ok());
}

TEST(Faults, an_early_close_of_an_empty_chunk_gives_its_open_slot_back) {
  Config config = small();
  config.geometry.max_open = 1;
  Host host(config, "early_close chunk=3 count=1");
  EXPECT_EQ(host.write(kChunk, 0, 4).status.code(), chunk_early_close);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 0U);
  EXPECT_TRUE(host.write(Address::of(0, 0, 1), 0, 4).ok());
  EXPECT_EQ(host.write(Address::of(0, 0, 2), 0, 4).status.code(), write_fault) << "one is open";
}

TEST(Faults, other_chunks_of_the_same_command_are_written) {
  Host host(small(), "early_close chunk=3");
  auto list = Host::sectors(Address::of(0, 0, 1), 0, 4);
  for (const Address a : Host::sectors(kChunk, 0, 4)) list.push_back(a);
  const Completion failed = host.run(IoOpcode::vector_write, list);
  EXPECT_EQ(failed.status.code(), chunk_early_close);
  EXPECT_EQ(failed.result, 0xF0U);
  EXPECT_EQ(host.chunk(Address::of(0, 0, 1)).write_pointer, 4U);
}

TEST(Faults, after_write_next_the_chunk_goes_on_and_the_lost_sectors_cannot_be_read) {
  Host host(small(), "write_next chunk=3 sector=4-7 count=1");
  ASSERT_TRUE(host.write(kChunk, 0, 4).ok());
  const Completion failed = host.write(kChunk, 4, 4);
  EXPECT_EQ(failed.status, Status::nvme_dnr(write_next_unit));
  EXPECT_EQ(failed.result, 0xFU);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::open);
  EXPECT_EQ(host.chunk(kChunk).write_pointer, 8U);
  ASSERT_TRUE(host.write(kChunk, 8, 16).ok());
  const Completion read = host.read(kChunk, 2, 8);
  EXPECT_TRUE(read.status.is(unrecovered_read_error));
  EXPECT_EQ(read.result, 0b00111100U);
  EXPECT_TRUE(all(std::span(host.last->data).first(2 * 512), 0x5A));
  ASSERT_TRUE(host.reset(kChunk).ok());
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  EXPECT_TRUE(host.read(kChunk, 0, 24).ok()) << "the sectors are new";
}

TEST(Faults, a_reset_that_fails_takes_the_chunk_offline) {
  Host host(small(), "reset_fail chunk=3 nth=2");
  EXPECT_TRUE(host.reset(kChunk).ok());
  EXPECT_EQ(host.reset(kChunk).status.code(), offline_chunk);
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::offline);
  EXPECT_EQ(host.reset(kChunk).status.code(), offline_chunk);
  EXPECT_EQ(host.write(kChunk, 0, 4).status.code(), write_fault);
}

TEST(Faults, sectors_that_cannot_be_read_fail_alone_and_are_told) {
  Host host(small(), "read_error chunk=3 sector=5-6");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  const Completion read = host.read(kChunk, 4, 4);
  EXPECT_EQ(read.status, Status::nvme(unrecovered_read_error));
  EXPECT_EQ(read.result, 0b0110U);
  EXPECT_TRUE(all(std::span(host.last->data).first(512), 0x5A));
  EXPECT_TRUE(all(std::span(host.last->data).subspan(512, 1024), 0xEE));
  EXPECT_TRUE(all(std::span(host.last->metadata).subspan(8, 16), 0xEE));
  EXPECT_TRUE(all(std::span(host.last->data).subspan(1536), 0x5A));
  ASSERT_EQ(host.told().size(), 1U);
  const auto n = host.told()[0];
  EXPECT_EQ(n.state, Event::unrecoverable);
  EXPECT_EQ(n.mask, static_cast<std::uint8_t>(Event::Scope::sectors));
  EXPECT_EQ(n.lba, host.lba(kChunk.at_sector(5)));
  EXPECT_EQ(n.nlb, 1U) << "0-based";
  EXPECT_TRUE(host.read(kChunk, 8, 4).ok());
}

TEST(Faults, a_copy_whose_source_cannot_be_read_writes_nothing) {
  Host host(small(), "read_error chunk=3 sector=0");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  auto copy = host.make(IoOpcode::vector_copy, Host::sectors(kChunk, 0, 4));
  for (const Address a : Host::sectors(Address::of(0, 0, 1), 0, 4)) copy->destination.push_back(host.lba(a));
  copy->payload.destination = copy->destination;
  EXPECT_TRUE(host.run(*copy).status.is(unrecovered_read_error));
  EXPECT_EQ(host.chunk(Address::of(0, 0, 1)).state, ChunkState::free);
}

TEST(Faults, high_ecc_is_reported_to_those_who_asked_and_always_told) {
  Host host(small(), "high_ecc chunk=3 sector=1");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  EXPECT_TRUE(host.read(kChunk, 0, 4).ok());
  ASSERT_EQ(host.told().size(), 1U);
  EXPECT_EQ(host.told()[0].state, Event::error_rate_high);
  ASSERT_TRUE(host.controller().execute(spec::build::set_features(spec::FeatureId::media_feedback, 1, 1), {}).ok());
  const Completion read = host.read(kChunk, 0, 4);
  EXPECT_EQ(read.status, Status::nvme(high_ecc));
  EXPECT_EQ(read.result, 0b0010U);
  EXPECT_TRUE(all(host.last->data, 0x5A)) << "the data are good";
}

TEST(Faults, an_error_is_worse_than_an_effort) {
  Host host(small(), "high_ecc sector=1\nread_error sector=3");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  ASSERT_TRUE(host.controller().execute(spec::build::set_features(spec::FeatureId::media_feedback, 1, 1), {}).ok());
  const Completion read = host.read(kChunk, 0, 4);
  EXPECT_TRUE(read.status.is(unrecovered_read_error));
  EXPECT_EQ(read.result, 0b1000U);
}

TEST(Faults, a_chunk_goes_offline_as_it_is_read_written_or_reset) {
  Host host(small(), "offline chunk=3 nth=3\noffline chunk=2 nth=2\noffline chunk=1 nth=1");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  EXPECT_TRUE(host.read(kChunk, 0, 4).ok());
  EXPECT_TRUE(host.read(kChunk, 0, 4).status.is(unrecovered_read_error));
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::offline);
  ASSERT_EQ(host.told().size(), 1U);
  EXPECT_EQ(host.told()[0].mask, static_cast<std::uint8_t>(Event::Scope::chunk));
  EXPECT_TRUE(host.read(kChunk, 0, 4).ok()) << "unreadable: predefined data";
  const Address written = Address::of(0, 0, 2);
  ASSERT_TRUE(host.write(written, 0, 4).ok());
  EXPECT_EQ(host.write(written, 4, 4).status.code(), write_fault);
  EXPECT_EQ(host.chunk(written).state, ChunkState::offline);
  EXPECT_EQ(host.reset(Address::of(0, 0, 1)).status.code(), offline_chunk);
}

TEST(Faults, offline_chunks_give_their_open_slots_back) {
  Config config = small();
  config.geometry.max_open = 1;
  Host host(config, "offline chunk=3 nth=2");
  ASSERT_TRUE(host.write(kChunk, 0, 4).ok());
  EXPECT_EQ(host.write(kChunk, 4, 4).status.code(), write_fault);
  EXPECT_TRUE(host.write(Address::of(0, 0, 1), 0, 4).ok());
  EXPECT_EQ(host.write(Address::of(0, 0, 2), 0, 4).status.code(), write_fault);
}

TEST(Faults, wear_out_is_of_a_chunk_and_its_last_reset_succeeds) {
  Host host(small(), "wear_out chunk=3 cycles=3");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
    ASSERT_TRUE(host.reset(kChunk).ok());
    EXPECT_EQ(host.chunk(kChunk).state, ChunkState::free);
  }
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  EXPECT_TRUE(host.reset(kChunk).ok());
  EXPECT_EQ(host.chunk(kChunk).state, ChunkState::offline);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(host.reset(Address::of(0, 0, 1)).ok());
}

TEST(Faults, a_refresh_is_told_once_with_its_severity_and_raises_an_event) {
  Host host(small(), "refresh chunk=3 nth=2 state=medium");
  AdminQueue admin(host.controller());
  const spec::Command request = spec::build::async_event_request();
  admin.start(request, {}, 0);
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(host.read(kChunk, 0, 4).ok());
  ASSERT_EQ(host.told().size(), 1U);
  EXPECT_EQ(host.told()[0].state, Event::error_rate_medium);
  EXPECT_EQ(host.told()[0].lba, host.lba(kChunk));
  Done done;
  ASSERT_EQ(admin.poll({&done, 1}), 1U);
  EXPECT_EQ(done.completion.result, 0x00D00007U);
}

TEST(Faults, after_a_power_cut_what_is_in_flight_fails_and_nothing_begins) {
  Host host(small(), "power_cut nth=3", true);
  auto one = host.make(IoOpcode::vector_write, Host::sectors(kChunk, 0, 4));
  auto two = host.make(IoOpcode::vector_write, Host::sectors(kChunk, 4, 4));
  auto three = host.make(IoOpcode::vector_write, Host::sectors(kChunk, 8, 4));
  ASSERT_TRUE(host.queue().start(one->entry, one->payload, 0, 0).ok());
  ASSERT_TRUE(host.queue().start(two->entry, two->payload, 1, 0).ok());
  EXPECT_TRUE(host.queue().start(three->entry, three->payload, 2, 0).is(connection_lost));
  EXPECT_FALSE(host.device().powered());
  std::vector<Status> seen;
  EXPECT_EQ(host.queue().poll(8, 0, [&](std::uint16_t, const Completion& c) { seen.push_back(c.status); }), 2U);
  EXPECT_EQ(seen, std::vector<Status>(2, Status::nvme(connection_lost)));
  EXPECT_EQ(host.queue().in_flight(), 0U);
  EXPECT_TRUE(host.queue().start(three->entry, three->payload, 0, 0).is(connection_lost)) << "and so do later ones";
}

TEST(Faults, the_same_seed_and_commands_have_the_same_faults_and_another_seed_others) {
  const auto history = [](const char* seed) {
    Host host(small(), std::string("seed ") + seed + "\nread_error probability=0.1\nwrite_next probability=0.2\n");
    std::vector<std::uint64_t> seen;
    for (std::uint32_t c = 0; c < 5; ++c) {
      const Address chunk = Address::of(2, 0, c);
      for (std::uint32_t s = 0; s < 24; s += 4) seen.push_back(host.write(chunk, s, 4).result);
      seen.push_back(host.read(chunk, 0, 24).result);
      seen.push_back(host.read(chunk, 0, 24).result);
    }
    return seen;
  };
  EXPECT_EQ(history("1"), history("1"));
  EXPECT_NE(history("1"), history("2"));
}

TEST(Faults, probability_is_that_of_each_event) {
  Host host(small(), "seed 5\nread_error probability=0.25");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  int failed = 0;
  constexpr int kReads = 500;
  for (int i = 0; i < kReads; ++i) failed += std::popcount(host.read(kChunk, 0, 24).result);
  EXPECT_NEAR(failed, kReads * 24 * 0.25, 250);
}

TEST(Faults, by_address_a_bad_sector_stays_bad) {
  Host host(small(), "seed 5\nread_error probability=0.25 by=address");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  const std::uint64_t bad = host.read(kChunk, 0, 24).result;
  EXPECT_NE(bad, 0U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(host.read(kChunk, 0, 24).result, bad);
}

TEST(Faults, after_every_and_count_pick_events) {
  Host host(small(), "read_error chunk=3 sector=0 after=2 every=3 count=2");
  ASSERT_TRUE(host.write(kChunk, 0, 24).ok());
  std::string seen;
  for (int i = 0; i < 12; ++i) seen += host.read(kChunk, 0, 1).ok() ? '.' : 'x';
  EXPECT_EQ(seen, "..x..x......");
}

TEST(Faults, a_random_write_chunk_has_no_next_unit_and_no_early_end) {
  Config config = small();
  ChunkOverride random;
  random.address = kChunk;
  random.type = ChunkType::random;
  config.overrides.push_back(random);
  Host host(config, "early_close chunk=3 nth=1\nwrite_next chunk=3 nth=1");
  EXPECT_EQ(host.write(kChunk, 4, 4).status.code(), write_fault);
  EXPECT_EQ(host.write(kChunk, 4, 4).status.code(), write_fault);
  EXPECT_TRUE(host.write(kChunk, 4, 4).ok());
}

TEST(Faults, media_in_memory_are_read_the_thorough_way_only_with_a_plan) {
  auto device = Device::in_memory(small());
  ASSERT_TRUE(device.has_value());
  EXPECT_EQ((*device)->faults(), nullptr);
  EXPECT_TRUE((*device)->conduct().plain());
}

TEST(Faults, a_write_in_flight_behind_an_early_close_fails) {
  auto machine = ChunkMachine::create(small().geometry, 100);
  ASSERT_TRUE(machine.has_value());
  std::atomic<std::uint32_t> left{2};
  WriteRun first, second;
  first.unresolved = second.unresolved = &left;
  first.shape = {0, 4, 3, true};
  second.shape = {4, 4, 7, true};
  ASSERT_EQ((*machine)->admit({&first, 1}), success);
  ASSERT_EQ((*machine)->admit({&second, 1}), success);
  (*machine)->commit(second, success);
  (*machine)->commit(first, chunk_early_close);
  EXPECT_EQ(first.verdict, chunk_early_close);
  EXPECT_EQ(second.verdict, out_of_order_write);
  EXPECT_EQ((*machine)->record(0).state, ChunkState::closed);
  EXPECT_EQ((*machine)->record(0).write_pointer, 0U);
}

TEST(Faults, a_chunk_that_goes_offline_fails_the_writes_that_it_has) {
  auto machine = ChunkMachine::create(small().geometry, 100);
  ASSERT_TRUE(machine.has_value());
  std::atomic<std::uint32_t> left{1};
  WriteRun run;
  run.unresolved = &left;
  run.shape = {0, 4, 3, true};
  ASSERT_EQ((*machine)->admit({&run, 1}), success);
  EXPECT_TRUE((*machine)->go_offline(0));
  EXPECT_FALSE((*machine)->go_offline(0));
  (*machine)->commit(run, success);
  EXPECT_EQ(run.verdict, out_of_order_write);
  EXPECT_EQ((*machine)->record(0).state, ChunkState::offline);
  EXPECT_EQ((*machine)->record(0).write_pointer, 0U);
}

TEST(Faults, queues_of_several_threads_share_the_plan_and_lose_their_power_together) {
  Host host(small(),
            "seed 9\nearly_close probability=0.05\nread_error probability=0.05\noffline probability=0.001\n"
            "refresh every=50\npower_cut nth=3000\n",
            true);
  std::atomic<unsigned> begun{0}, ended{0}, refused{0};
  const auto work = [&](std::uint32_t group) {
    PacedQueue queue(host.controller(), 4, static_cast<std::uint16_t>(group + 2));
    std::vector<std::unique_ptr<Command>> commands(4);
    Nanoseconds now = 0;
    for (std::uint32_t i = 0;; ++i) {
      for (std::uint16_t tag = 0; tag < 4; ++tag) {
        const Address chunk = Address::of(group, tag % 2, (i + tag) % 5);
        const IoOpcode opcode = i % 3 == 0   ? IoOpcode::vector_reset
                                : i % 3 == 1 ? IoOpcode::vector_write
                                             : IoOpcode::vector_read;
        const auto list = opcode == IoOpcode::vector_reset ? std::vector{chunk} : Host::sectors(chunk, 0, 24);
        commands[tag] = host.make(opcode, list);
        if (!queue.start(commands[tag]->entry, commands[tag]->payload, tag, now)) {
          ++refused;
          while (queue.in_flight() != 0) ended += queue.poll(4, now, [](std::uint16_t, const Completion&) {});
          return;
        }
        ++begun;
      }
      while (queue.in_flight() != 0) {
        now = std::max(now, queue.next_due().value_or(now));
        ended += queue.poll(4, now, [](std::uint16_t, const Completion&) {});
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::uint32_t group = 0; group < 3; ++group) threads.emplace_back(work, group);
  threads.clear();
  EXPECT_EQ(begun, 2999U);
  EXPECT_EQ(ended, begun);
  EXPECT_EQ(refused, 3U);
}

TEST(Faults, on_ocssd_12_writes_and_erases_fail_as_its_hosts_expect) {
  const Config config = physical_test::small_physical();
  auto device = Device::in_memory(config);
  ASSERT_TRUE(device.has_value());
  Conduct conduct;
  conduct.faults = *parse_faults("early_close chunk=1 nth=1\nread_error chunk=2 sector=1\nreset_fail chunk=4\n");
  ASSERT_TRUE((*device)->conduct(conduct).ok()) << last_error();
  physical_test::Host host(*device);
  const Geometry& g = host.geometry();
  const Address one = Address::of12(0, 0, 1, 0);
  EXPECT_EQ(host.write(physical_test::pages(g, one, 0, 1, 1)).status, Status::nvme_dnr(write_failure));
  EXPECT_TRUE(host.write(physical_test::pages(g, one, 0, 1, 1)).ok());
  const auto two = physical_test::pages(g, Address::of12(0, 0, 2, 0), 0, 1, 1);
  ASSERT_TRUE(host.write(two).ok());
  const Completion read = host.read(two);
  EXPECT_EQ(read.status, Status::nvme_dnr(unrecovered_read_error));
  EXPECT_EQ(read.result, 0b10U);
  EXPECT_EQ(host.erase({Address::of12(0, 0, 4, 0)}).status.code(), write_failure);
  EXPECT_EQ((*device)->machine().mark(static_cast<std::uint32_t>(machine_chunk(g, Address::of12(0, 0, 4, 0)))),
            BlockState::grown_bad);
}

}  // namespace
}  // namespace lightnvm::emulator
