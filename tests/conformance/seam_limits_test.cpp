// SPDX-License-Identifier: BSD-2-Clause
// The contract of the seam: S6, S7, and how reap waits, on every route.
#include <poll.h>

#include <array>
#include <cstring>
#include <thread>

#include "conformance/support/seam.hpp"

namespace lightnvm::test {
namespace {

using spec::IoOpcode;
using std::chrono::milliseconds;

class SeamLimits : public SeamTest {};

TEST_P(SeamLimits, s6_commands_that_the_caps_allow_are_taken) {
  const auto pair = open_pair(1);
  const std::uint32_t unit = geo().ws_min;
  const std::uint32_t most = most_addresses();
  const Address a = free_chunk();
  write(a, until_readable(most));
  EXPECT_TRUE(execute(*pair, command().flush(nsid())));
  EXPECT_TRUE(execute(*pair, read(a, 8).in_pieces(std::min(1000U, caps().max_segments))));
  ASSERT_TRUE(caps().vectors && caps().vector_copy && caps().reset_descriptors) << "complete supplies them";
  EXPECT_TRUE(execute(*pair, vector_read(run(a, most)).in_pieces(std::min(300U, caps().max_segments))));
  const Address b = free_chunk();
  SeamCommand& write = vector_write(run(b, most / unit * unit));
  if (carries_metadata()) write.with_metadata(Bytes(most / unit * unit * geo().oob_bytes, std::byte{9}));
  EXPECT_TRUE(execute(*pair, write));
  const Address c = free_chunk();
  SeamCommand& copy = command();
  copy.vector(IoOpcode::vector_copy, nsid(), lbas(run(a, unit))).to(lbas(run(c, unit)));
  EXPECT_EQ(execute(*pair, copy).ok(), geo().vector_copy);
  close(free_chunk());
  const Address closed = find(ChunkState::closed).value().address;
  SeamCommand& reset = command();
  reset.vector(IoOpcode::vector_reset, nsid(), {lba(closed)}).with_metadata(Bytes(sizeof(spec::ChunkDescriptor)));
  EXPECT_TRUE(execute(*pair, reset));
  EXPECT_EQ(static_cast<ChunkState>(reset.metadata[0]), ChunkState::free);
}

TEST_P(SeamLimits, s6_every_tag_below_the_depth_can_be_used_in_any_order) {
  const std::uint32_t deep = depth(32);
  const auto pair = open_pair(deep);
  const Address a = free_chunk();
  Counter counter;
  unsigned submitted = 0;
  std::vector<std::uint16_t> free(deep);
  for (std::uint32_t i = 0; i < deep; ++i) free[i] = static_cast<std::uint16_t>(deep - 1 - i);
  counter.then = [&](Request& request, const Completion&) { free.push_back(request.tag); };
  for (unsigned i = 0; i < 4 * deep; ++i) {
    while (free.empty()) ASSERT_TRUE(pair->reap(counter, 1, 2, backends::kForever));
    const std::uint16_t tag = free[i * 7 % free.size()];
    std::erase(free, tag);
    submit(*pair, read(a, 1), tag);
    ++submitted;
  }
  reap_until(*pair, counter, submitted);
}

TEST_P(SeamLimits, s7_identify_answers_as_nvme) {
  const auto admin = open_pair(1, QueueKind::admin);
  SeamCommand& controller = identify();
  ASSERT_TRUE(execute(*admin, controller));
  SeamCommand& ns = identify();
  ns.request.command = spec::build::identify(0, nsid());
  ASSERT_TRUE(execute(*admin, ns));
  spec::IdentifyNamespace page{};
  std::memcpy(&page, ns.data.data(), sizeof page);
  EXPECT_EQ(1U << page.lbaf[page.flbas & 0xF].ds, geo().sector_bytes);
  EXPECT_EQ(page.lbaf[page.flbas & 0xF].ms, geo().oob_bytes);
  EXPECT_GT(page.nsze, 0U);
}

TEST_P(SeamLimits, s7_unknown_commands_get_an_nvme_status) {
  const auto admin = open_pair(1, QueueKind::admin);
  SeamCommand& unknown = command();
  unknown.request.command = spec::build::command(std::uint8_t{0xC7}, nsid());
  EXPECT_TRUE(execute(*admin, unknown).status.is_nvme());
  const auto pair = open_pair(1);
  SeamCommand& other = command();
  other.request.command = spec::build::command(std::uint8_t{0x7F}, nsid());
  EXPECT_TRUE(execute(*pair, other).status.is(StatusCode::invalid_opcode));
}

TEST_P(SeamLimits, s7_admin_queue_takes_several_commands_at_once) {
  const auto admin = open_pair(4, QueueKind::admin);
  Counter counter;
  for (std::uint16_t tag = 0; tag < 4; ++tag) submit(*admin, identify().in_pieces(tag + 1U), tag);
  reap_until(*admin, counter, 4);
  for (const auto& [request, completion] : counter.last) EXPECT_TRUE(completion);
}

TEST_P(SeamLimits, reap_hands_over_no_more_than_max) {
  const std::uint32_t deep = depth(8);
  const auto pair = open_pair(deep);
  Counter counter;
  for (std::uint16_t tag = 0; tag < deep; ++tag) submit(*pair, command().flush(nsid()), tag);
  unsigned handed = 0;
  while (handed < deep) {
    const auto n = pair->reap(counter, 1, 1, backends::kForever);
    ASSERT_TRUE(n);
    ASSERT_EQ(*n, 1U);
    EXPECT_EQ(counter.total, ++handed);
  }
}

TEST_P(SeamLimits, reap_waits_for_min) {
  const std::uint32_t deep = depth(8);
  const auto pair = open_pair(deep);
  const auto spread = free_chunks(3);
  Counter counter;
  for (std::uint16_t tag = 0; tag < deep; ++tag) submit(*pair, vector_read(spread), tag);
  EXPECT_GE(pair->reap(counter, deep, 0, backends::kForever).value_or(0), deep);
  EXPECT_EQ(counter.total, deep);
}

TEST_P(SeamLimits, reap_returns_at_once_when_nothing_is_in_flight) {
  const auto pair = open_pair(1);
  Counter counter;
  EXPECT_EQ(pair->reap(counter, 1, 0, backends::kForever).value_or(~0U), 0U);
  EXPECT_EQ(pair->reap(counter, ~0U, 0, backends::kForever).value_or(~0U), 0U);
}

TEST_P(SeamLimits, reap_returns_with_fewer_than_min_when_no_more_are_in_flight) {
  const auto pair = open_pair(depth(2));
  Counter counter;
  submit(*pair, read(free_chunk(), 1), 0);
  EXPECT_EQ(pair->reap(counter, 100, 0, backends::kForever).value_or(~0U), 1U);
}

TEST_P(SeamLimits, reap_keeps_its_deadline) {
  const auto pair = open_pair(1);
  Counter counter;
  submit(*pair, vector_read(free_chunks(4)), 0);
  // In the past: nothing to wait for, but what is done may be handed over.
  ASSERT_TRUE(pair->reap(counter, 1, 0, backends::Clock::now() - milliseconds(1)));
  const auto before = backends::Clock::now();
  ASSERT_TRUE(pair->reap(counter, 1, 0, before + milliseconds(1)));
  EXPECT_LT(backends::Clock::now() - before, std::chrono::seconds(5));
  reap_until(*pair, counter, 1);
}

TEST_P(SeamLimits, reset_of_many_chunks_waits_on_both_of_its_queues) {
  const auto pair = open_pair(depth(4));
  const auto chunks = free_chunks(4);
  for (const Address a : chunks) close(a);
  Counter counter;
  SeamCommand& reset = command();
  reset.vector(IoOpcode::vector_reset, nsid(), lbas(chunks))
      .with_metadata(Bytes(chunks.size() * sizeof(spec::ChunkDescriptor)));
  submit(*pair, reset, 0);
  while (counter.total == 0 && pair->event_fd() >= 0) {
    pollfd event{pair->event_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&event, 1, 20000), 1) << "who waits for the descriptor is woken";
    ASSERT_TRUE(pair->reap(counter, 0, 0, backends::kForever));
  }
  reap_until(*pair, counter, 1);
  EXPECT_TRUE(counter.last[&reset.request]) << counter.last[&reset.request].status.message();
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    spec::ChunkDescriptor d{};
    std::memcpy(&d, reset.metadata.data() + i * sizeof d, sizeof d);
    EXPECT_EQ(d.slba, lba(chunks[i]));
    EXPECT_EQ(static_cast<ChunkState>(d.cs), ChunkState::free);
  }
}

TEST_P(SeamLimits, next_event_never_waits_and_may_be_asked_by_all_threads) {
  if (!caps().events) {
    EXPECT_TRUE(backend().next_event().error().is_errno(ENOTSUP));
    return;
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) EXPECT_TRUE(backend().next_event());
    });
  }
  for (std::thread& t : threads) t.join();
}

NVM_CONFORMANCE(SeamLimits);

}  // namespace
}  // namespace lightnvm::test
