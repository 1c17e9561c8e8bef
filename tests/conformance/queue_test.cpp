// SPDX-License-Identifier: BSD-2-Clause
// Asynchronous queues on every route: depth, callbacks that submit, poking and waiting, ends.
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <thread>

#include "conformance/support/fixture.hpp"

namespace lightnvm::test {
namespace {

using namespace std::chrono_literals;

class Queues : public WriteTest {
 protected:
  Queue open_queue(std::uint32_t depth) {
    auto queue = device().open_queue(depth);
    EXPECT_TRUE(queue) << queue.error().message();
    return std::move(*queue);
  }
  /// Two sectors of two chunks: never a single command below.
  void prepare(std::uint32_t commands) {
    chunks_ = free_chunks(2);
    sectors_ = {chunks_[0].plus(1), chunks_[1]};
    memory_.assign(commands, Bytes(2 * geo().sector_bytes));
  }
  Status read(Queue& queue, std::size_t i, Callback done) {
    return queue.read(Sectors(sectors_), Destination(memory_.at(i)), std::move(done));
  }
  std::vector<Address> chunks_;
  std::array<Address, 2> sectors_{};
  std::vector<Bytes> memory_;
};

/// Routes that keep the order of writes.
class QueuesInOrder : public Queues {};

TEST_P(Queues, depth_plus_one_is_eagain_and_nothing_is_lost) {
  const std::uint32_t deep = depth(16);
  Queue queue = open_queue(deep);
  EXPECT_EQ(queue.depth(), deep);
  prepare(deep + 1);
  std::vector<unsigned> done(deep + 1);
  for (std::uint32_t i = 0; i < deep; ++i) {
    ASSERT_TRUE(read(queue, i, [&done, i](const Completion& c) { done[i] += c.ok() ? 1 : 100; }));
  }
  EXPECT_EQ(queue.in_flight(), deep);
  EXPECT_TRUE(read(queue, deep, [&done, deep](const Completion&) { done[deep] += 100; }).is_errno(EAGAIN));
  EXPECT_EQ(queue.drain().value_or(0), deep);
  EXPECT_EQ(queue.in_flight(), 0U);
  for (std::uint32_t i = 0; i < deep; ++i) EXPECT_EQ(done[i], 1U);
  EXPECT_EQ(done[deep], 0U) << "what was refused never completes";
  ASSERT_TRUE(read(queue, deep, [&done, deep](const Completion&) { done[deep] += 1; }));
  ASSERT_TRUE(queue.drain());
  EXPECT_EQ(done[deep], 1U);
}

TEST_P(Queues, depth_that_was_asked_for_is_the_depth) {
  const std::uint32_t most = caps().max_depth;
  EXPECT_EQ(open_queue(most).depth(), most) << "not silently less";
  EXPECT_TRUE(device().open_queue(most + 1).error().is_errno(EINVAL));
  EXPECT_EQ(open_queue(0).depth(), std::min(most, 64U));
}

TEST_P(Queues, callback_may_submit_at_full_depth) {
  const std::uint32_t deep = depth(4);
  Queue queue = open_queue(deep);
  prepare(deep);
  unsigned left = 40;
  unsigned refused = 0;
  unsigned completed = 0;
  std::function<void(std::size_t)> next = [&](std::size_t i) {
    const Status s = read(queue, i, [&, i](const Completion& c) {
      completed += c.ok() ? 1 : 0;
      if (left == 0) return;
      --left;
      next(i);
    });
    refused += s.ok() ? 0 : 1;
  };
  for (std::uint32_t i = 0; i < deep; ++i) next(i);
  ASSERT_TRUE(queue.drain());
  EXPECT_EQ(refused, 0U) << "the slot is free before the callback";
  EXPECT_EQ(completed, 40 + deep);
  EXPECT_EQ(queue.counters().submitted, 40U + deep);
}

TEST_P(Queues, poke_calls_back_no_more_than_max) {
  const std::uint32_t deep = depth(8);
  Queue queue = open_queue(deep);
  prepare(deep);
  unsigned done = 0;
  for (std::uint32_t i = 0; i < deep; ++i) {
    ASSERT_TRUE(read(queue, i, [&](const Completion&) { ++done; }));
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (done < deep && std::chrono::steady_clock::now() < until) {
    const unsigned before = done;
    const auto n = queue.poke(1);
    ASSERT_TRUE(n);
    EXPECT_LE(*n, 1U);
    EXPECT_EQ(done, before + *n);
  }
  EXPECT_EQ(done, deep);
  EXPECT_EQ(queue.poke().value_or(~0U), 0U);
}

TEST_P(Queues, wait_returns_when_as_many_are_done_as_asked_for) {
  const std::uint32_t deep = depth(8);
  Queue queue = open_queue(deep);
  prepare(deep);
  unsigned done = 0;
  for (std::uint32_t i = 0; i < deep; ++i) {
    ASSERT_TRUE(read(queue, i, [&](const Completion&) { ++done; }));
  }
  const auto n = queue.wait(deep);
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, deep);
  EXPECT_EQ(done, deep);
}

TEST_P(Queues, wait_returns_when_its_time_is_over_or_nothing_is_in_flight) {
  Queue queue = open_queue(1);
  prepare(1);
  EXPECT_EQ(queue.wait(1).value_or(~0U), 0U);
  EXPECT_EQ(queue.wait(5, 10h).value_or(~0U), 0U);
  EXPECT_EQ(queue.wait(5, std::chrono::nanoseconds::max() - 1ns).value_or(~0U), 0U);
  bool done = false;
  ASSERT_TRUE(read(queue, 0, [&](const Completion&) { done = true; }));
  const unsigned handed = queue.wait(1, 0ns).value_or(~0U);
  EXPECT_EQ(handed, done ? 1U : 0U);
  if (!done) {
    EXPECT_EQ(queue.wait(7, 20s).value_or(0), 1U) << "no more are in flight";
  }
  EXPECT_TRUE(done);
}

TEST_P(Queues, drain_waits_for_what_callbacks_submit) {
  Queue queue = open_queue(depth(2));
  prepare(2);
  unsigned done = 0;
  ASSERT_TRUE(read(queue, 0, [&](const Completion&) {
    ++done;
    EXPECT_TRUE(read(queue, 1, [&](const Completion&) { ++done; }));
  }));
  EXPECT_EQ(queue.drain().value_or(0), 2U);
  EXPECT_EQ(done, 2U);
}

TEST_P(Queues, end_of_a_queue_calls_back_for_what_is_in_flight) {
  const std::uint32_t deep = depth(8);
  prepare(deep);
  unsigned done = 0;
  {
    Queue queue = open_queue(deep);
    for (std::uint32_t i = 0; i < deep; ++i) {
      ASSERT_TRUE(read(queue, i, [&](const Completion&) { ++done; }));
    }
  }
  EXPECT_EQ(done, deep);
}

TEST_P(Queues, queue_outlives_the_handle_of_its_device) {
  prepare(1);
  std::optional<Queue> queue;
  {
    auto again = open_again();
    ASSERT_TRUE(again) << last_error();
    queue = std::move(again->open_queue(1).value());
  }
  bool done = false;
  ASSERT_TRUE(read(*queue, 0, [&](const Completion& c) { done = c.ok(); }));
  ASSERT_TRUE(queue->drain());
  EXPECT_TRUE(done);
}

TEST_P(Queues, commands_of_all_kinds_at_once) {
  const std::uint32_t deep = depth(16);
  Queue queue = open_queue(deep);
  const std::uint32_t unit = geo().ws_min;
  const auto chunks = free_chunks(4);
  write(chunks[0], until_readable(unit));
  close(chunks[3]);
  prepare(1);
  const Bytes a = data_for(chunks[1], unit);
  const Bytes b = data_for(chunks[2], unit);
  Bytes descriptor(32);
  const std::vector<Address> from = run(chunks[0], unit);
  const std::vector<Address> to = run(chunks_[1], unit);
  std::vector<Status> seen;
  const auto keep = [&](const Completion& c) { seen.push_back(c.status); };
  const auto submit = [&](auto&& command) {
    Status s = command();
    while (s.is_errno(EAGAIN)) {
      ASSERT_TRUE(queue.wait(1));
      s = command();
    }
    ASSERT_TRUE(s) << s.message();
  };
  submit([&] { return queue.write(Sectors::vector(chunks[1], unit), Source(a), keep); });
  submit([&] { return queue.write(Sectors(chunks[2], unit), Source(b), keep); });
  submit([&] { return queue.read(Sectors(sectors_), Destination(memory_[0]), keep); });
  submit([&] { return queue.reset(Sectors(std::array{chunks[3]}), keep, descriptor); });
  submit([&] { return queue.flush(keep); });
  if (geo().vector_copy || !caps().vectors) submit([&] { return queue.copy(from, to, keep); });
  ASSERT_TRUE(queue.drain());
  for (const Status s : seen) EXPECT_TRUE(s) << s.message();
  EXPECT_EQ(static_cast<ChunkState>(descriptor[0]), ChunkState::free);
  EXPECT_EQ(chunk(chunks[1]).write_pointer, unit);
}

TEST_P(Queues, writes_to_many_chunks_at_once_land_where_they_belong) {
  const std::uint32_t deep = depth(16);
  const std::uint32_t wide = std::min<std::uint32_t>(deep, geo().total_units());
  Queue queue = open_queue(deep);
  const auto chunks = free_chunks(wide);
  const std::uint32_t unit = geo().ws_min;
  struct Writer {
    std::vector<Address> sectors;
    Bytes data, oob;
    std::uint32_t at = 0;
  };
  std::vector<Writer> writers(wide);
  unsigned failed = 0;
  std::function<void(std::size_t)> next = [&](std::size_t i) {
    Writer& w = writers[i];
    if (w.at == until_readable(2 * unit)) return;
    w.sectors = run(chunks[i].plus(w.at), unit);
    w.data = data_for(w.sectors);
    w.oob = oob_for(w.sectors);
    w.at += unit;
    const Status s = queue.write(w.at % (2 * unit) == 0 ? Sectors(w.sectors) : Sectors(w.sectors[0], unit),
                                 Source(w.data, w.oob), [&, i](const Completion& c) {
                                   failed += c.ok() ? 0 : 1;
                                   next(i);
                                 });
    failed += s.ok() ? 0 : 1;
  };
  for (std::size_t i = 0; i < wide; ++i) next(i);
  ASSERT_TRUE(queue.drain());
  EXPECT_EQ(failed, 0U);
  for (const Address a : chunks) {
    Bytes data(2 * unit * geo().sector_bytes);
    Bytes oob(carries_metadata() ? 2 * unit * geo().oob_bytes : 0);
    ASSERT_TRUE(device().read(Sectors(a, 2 * unit), Destination(data, oob)));
    EXPECT_TRUE(data == data_for(a, 2 * unit));
    EXPECT_TRUE(oob == oob_for(a, 2 * unit));
  }
}

TEST_P(QueuesInOrder, writes_of_one_chunk_go_in_a_row) {
  if (!caps().ordered_writes) GTEST_SKIP() << "the route does not keep their order";
  const std::uint32_t deep = depth(16);
  Queue queue = open_queue(deep);
  const Address a = free_chunk();
  const std::uint32_t unit = geo().ws_min;
  const std::uint32_t count = std::min(deep, until_readable(unit) / unit);
  std::vector<Bytes> data;
  for (std::uint32_t i = 0; i < count; ++i) data.push_back(data_for(a.plus(i * unit), unit));
  unsigned good = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Address at = a.plus(i * unit);
    // Segments that the route may not gather, and lists that it may not know: the order stays.
    std::vector<Segment> pieces;
    for (std::size_t p = 0; p < 20; ++p) {
      const std::size_t size = data[i].size() / 20;
      pieces.push_back({data[i].data() + p * size, p == 19 ? data[i].size() - 19 * size : size});
    }
    ASSERT_TRUE(
        i % 3 == 0
            ? queue.write(Sectors(at, unit), Source(data[i]), [&](const Completion& c) { good += c.ok(); })
            : queue.write(Sectors::vector(at, unit), Source(data[i]), [&](const Completion& c) { good += c.ok(); }));
  }
  ASSERT_TRUE(queue.drain());
  EXPECT_EQ(good, count);
  EXPECT_EQ(chunk(a).write_pointer, count * unit);
}

TEST_P(Queues, large_callback_and_one_that_owns_memory) {
  Queue queue = open_queue(1);
  prepare(1);
  auto owned = std::make_unique<int>(5);
  int* target = nullptr;
  ASSERT_TRUE(
      read(queue, 0, [kept = std::move(owned), &target](const Completion&) mutable { target = kept.release(); }));
  ASSERT_TRUE(queue.drain());
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(*target, 5);
  delete target;
}

NVM_CONFORMANCE(Queues);
NVM_CONFORMANCE_OVER(QueuesInOrder, &RouteUnderTest::keeps_order);

}  // namespace
}  // namespace lightnvm::test
