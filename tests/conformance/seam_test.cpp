// SPDX-License-Identifier: BSD-2-Clause
// The contract of the seam, line by line (src/backends/backend.hpp): S1, S2, S3, S5 and S8 on every route.
#include "conformance/support/seam.hpp"

#include <array>
#include <thread>

namespace lightnvm::test {
namespace {

using spec::IoOpcode;

class Seam : public SeamTest {};

TEST_P(Seam, s1_accepted_command_completes_exactly_once) {
  const std::uint32_t deep = depth(16);
  const auto pair = open_pair(deep);
  const Address a = free_chunk();
  const std::vector<Address> spread = free_chunks(3);
  Counter counter;
  unsigned submitted = 0;
  for (unsigned round = 0; round < 6; ++round) {
    for (std::uint16_t tag = 0; tag < deep; ++tag) {
      switch ((round + tag) % 4) {
        case 0: submit(*pair, read(a, 1 + tag), tag); break;
        case 1: submit(*pair, vector_read(spread), tag); break;
        case 2: submit(*pair, command().flush(nsid()), tag); break;
        default: {
          SeamCommand& wrong = read(a, 1);
          spec::Nsid::set(wrong.request.command, 0xFFFFFFF0);
          submit(*pair, wrong, tag);
        }
      }
      ++submitted;
    }
    reap_until(*pair, counter, submitted);
  }
  EXPECT_EQ(pair->reap(counter, 0, 0, backends::kForever).value_or(~0U), 0U);
  EXPECT_EQ(counter.total, submitted);
  for (const auto& [request, times] : counter.times) EXPECT_EQ(times, 1U);
}

TEST_P(Seam, s1_command_completes_with_its_own_verdict) {
  const auto pair = open_pair(depth(2));
  SeamCommand& bad = read(free_chunk(), 1);
  spec::Nsid::set(bad.request.command, 0xFFFFFFF0);
  EXPECT_TRUE(execute(*pair, bad).status.is(StatusCode::invalid_namespace));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(execute(*pair, command().flush(nsid()))) << "a failure poisons nothing";
}

TEST_P(Seam, s1_nothing_completes_within_submit) {
  const std::uint32_t deep = depth(8);
  const auto pair = open_pair(deep);
  Counter counter;
  for (std::uint16_t tag = 0; tag < deep; ++tag) {
    submit(*pair, command().flush(nsid()), tag);
    EXPECT_EQ(counter.total, 0U);
  }
  reap_until(*pair, counter, deep);
}

TEST_P(Seam, s1_refused_submission_never_completes) {
  const auto pair = open_pair(depth(2));
  Counter counter;
  // Fewer addresses than the command says: whoever looks at lists refuses it, the others leave it to the device.
  SeamCommand& odd = vector_read(free_chunks(2));
  spec::VectorNlb::set(odd.request.command, 4);
  odd.request.tag = 0;
  const Status s = pair->submit(odd.request);
  SeamCommand& good = command().flush(nsid());
  submit(*pair, good, depth(2) > 1 && s ? 1 : 0);
  reap_until(*pair, counter, s ? 2 : 1);
  EXPECT_EQ(counter.times[&odd.request], s ? 1U : 0U);
  EXPECT_TRUE(counter.last[&good.request]);
  EXPECT_TRUE(!s || !counter.last[&odd.request]);
}

TEST_P(Seam, s1_cancelling_completes_each_command_once) {
  const std::uint32_t deep = depth(16);
  const auto pair = open_pair(deep);
  const auto spread = free_chunks(4);
  Counter counter;
  for (std::uint16_t tag = 0; tag < deep; ++tag) submit(*pair, vector_read(spread), tag);
  pair->cancel_all(counter);
  EXPECT_EQ(counter.total, deep);
  for (const auto& [request, completion] : counter.last) {
    EXPECT_TRUE(completion || completion.status.is(StatusCode::command_aborted_by_host)) << completion.status.message();
  }
  EXPECT_EQ(pair->reap(counter, 1, 0, backends::kForever).value_or(~0U), 0U);
  EXPECT_TRUE(execute(*pair, command().flush(nsid()))) << "the queue still works";
}

TEST_P(Seam, s2_memory_of_a_read_is_the_callers_again_at_completion) {
  const std::uint32_t deep = depth(8);
  const Address a = free_chunk();
  write(a, until_readable(16));
  const auto pair = open_pair(deep);
  Counter counter;
  std::map<const Request*, SeamCommand*> owner;
  counter.then = [&](Request& request, const Completion&) {
    for (std::byte& b : owner[&request]->data) b = std::byte{0xC3};
  };
  for (std::uint16_t tag = 0; tag < deep; ++tag) {
    const std::array<Address, 3> sectors{a.plus(tag), a.plus(15), a.plus(tag + 2)};
    SeamCommand& c = tag % 2 == 0 ? vector_read(sectors).in_pieces(5) : read(a.plus(tag), 4).in_pieces(3);
    owner[&c.request] = &c;
    submit(*pair, c, tag);
  }
  reap_until(*pair, counter, deep);
  counter.then = {};
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(execute(*pair, read(a, 16).in_pieces(7)));
  for (const auto& [request, c] : owner) EXPECT_TRUE(c->data == Bytes(c->data.size(), std::byte{0xC3}));
}

TEST_P(Seam, s2_memory_of_a_write_may_change_at_completion) {
  const std::uint32_t unit = geo().ws_min;
  const std::uint32_t deep = std::min(depth(4), geo().total_units());
  const auto chunks = free_chunks(deep);
  const auto pair = open_pair(deep);
  const std::uint32_t steps = until_readable(unit) / unit;
  for (std::uint32_t step = 0; step < steps; ++step) {
    Counter counter;
    std::map<const Request*, SeamCommand*> owner;
    counter.then = [&](Request& request, const Completion&) {
      for (std::byte& b : owner[&request]->data) b = std::byte{0};
    };
    for (std::uint16_t tag = 0; tag < deep; ++tag) {
      SeamCommand& c = vector_write(run(chunks[tag].plus(step * unit), unit)).in_pieces(3);
      owner[&c.request] = &c;
      submit(*pair, c, tag);
    }
    reap_until(*pair, counter, deep);
  }
  for (const Address a : chunks) {
    SeamCommand& back = read(a, unit);
    EXPECT_TRUE(execute(*pair, back));
    EXPECT_TRUE(back.data == data_for(a, unit));
  }
}

TEST_P(Seam, s2_request_can_be_sent_again_from_its_completion) {
  const auto pair = open_pair(1);
  const Address a = free_chunk();
  Counter counter;
  SeamCommand& c = vector_read(std::array<Address, 2>{a.plus(1), a});
  int again = 10;
  counter.then = [&](Request& request, const Completion&) { EXPECT_TRUE(again-- <= 0 || pair->submit(request)); };
  submit(*pair, c, 0);
  reap_until(*pair, counter, 11);
  EXPECT_EQ(counter.times[&c.request], 11U);
}

TEST_P(Seam, s3_queue_takes_its_whole_depth_without_a_reap) {
  const std::uint32_t deep = depth(256);
  const auto pair = open_pair(deep);
  const auto spread = free_chunks(2);
  Counter counter;
  for (std::uint16_t tag = 0; tag < deep; ++tag) submit(*pair, vector_read(spread), tag);
  reap_until(*pair, counter, deep);
}

TEST_P(Seam, s5_queue_pairs_open_from_any_thread) {
  const Address a = free_chunk();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 3; ++j) {
        auto pair = backend().open_queue({QueueKind::io, 1});
        ASSERT_TRUE(pair) << pair.error().message();
        SeamCommand c;
        c.scalar(IoOpcode::read, nsid(), lba(a), 1).with_data(Bytes(geo().sector_bytes));
        Counter counter;
        ASSERT_TRUE((*pair)->submit(c.request));
        while (counter.total == 0) ASSERT_TRUE((*pair)->reap(counter, 1, 0, backends::kForever));
        EXPECT_TRUE(counter.last[&c.request]);
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST_P(Seam, s5_queue_pair_may_move_to_another_thread) {
  const auto pair = open_pair(1);
  SeamCommand& c = vector_read(free_chunks(3));
  Counter counter;
  submit(*pair, c, 0);
  std::thread([&] {
    while (counter.total == 0) ASSERT_TRUE(pair->reap(counter, 1, 0, backends::kForever));
  }).join();
  EXPECT_TRUE(counter.last[&c.request]);
}

TEST_P(Seam, s8_commands_need_no_pointer) {
  const auto pair = open_pair(1);
  const Address a = free_chunk();
  for (std::uint32_t at = 0; at < until_readable(geo().ws_min); at += geo().ws_min) {
    SeamCommand& c =
        at % (2 * geo().ws_min) == 0 ? write_next(a, at, geo().ws_min) : vector_write(run(a.plus(at), geo().ws_min));
    EXPECT_EQ(spec::Dptr1::get(c.request.command) | spec::Mptr::get(c.request.command), 0U);
    const Completion done = execute(*pair, c);
    ASSERT_TRUE(done) << done.status.message();
  }
  SeamCommand& one = vector_read(std::array<Address, 1>{a.plus(1)});
  EXPECT_EQ(spec::Lbal::get(one.request.command), 0U) << "a single address travels in the list, too";
  EXPECT_TRUE(execute(*pair, one));
  EXPECT_TRUE(one.data == data_for(a.plus(1), 1));
}

NVM_CONFORMANCE(Seam);

}  // namespace
}  // namespace lightnvm::test
