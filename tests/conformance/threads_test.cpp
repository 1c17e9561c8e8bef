// SPDX-License-Identifier: BSD-2-Clause
// Many threads on every route: synchronous calls from all of them, a queue for each, openings beside each other.
#include <algorithm>
#include <array>
#include <thread>

#include "conformance/support/fixture.hpp"

namespace lightnvm::test {
namespace {

class Threads : public WriteTest {
 protected:
  template <typename F>
  static void on_threads(std::size_t n, F&& f) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < n; ++i) threads.emplace_back([&f, i] { f(i); });
    for (std::thread& t : threads) t.join();
  }
};

TEST_P(Threads, synchronous_calls_from_eight_threads) {
  const std::uint32_t unit = geo().ws_min;
  const auto chunks = free_chunks(8);
  // Fetched here: assertions about the fixture's helpers stay on this thread.
  const bool with_oob = carries_metadata();
  on_threads(8, [&](std::size_t i) {
    for (std::uint32_t at = 0; at < until_readable(2 * unit); at += unit) {
      const auto sectors = run(chunks[i].plus(at), unit);
      const Bytes data = data_for(sectors);
      const Bytes oob = oob_for(sectors);
      const Completion c =
          device().write(at % (2 * unit) == 0 ? Sectors(sectors) : Sectors(sectors[0], unit), Source(data, oob));
      EXPECT_TRUE(c) << c.status.message();
    }
    Bytes data(2 * unit * geo().sector_bytes);
    Bytes oob(with_oob ? 2 * unit * geo().oob_bytes : 0);
    EXPECT_TRUE(device().read(Sectors::vector(chunks[i], 2 * unit), Destination(data, oob)));
    EXPECT_TRUE(data == data_for(chunks[i], 2 * unit));
    EXPECT_TRUE(oob == oob_for(chunks[i], 2 * unit));
    const auto report = device().chunk(chunks[i]);
    EXPECT_TRUE(report && report->write_pointer == until_readable(2 * unit));
  });
}

TEST_P(Threads, reads_of_one_chunk_from_eight_threads) {
  const Address a = free_chunk();
  write(a, until_readable(16));
  on_threads(8, [&](std::size_t i) {
    for (std::uint32_t j = 0; j < 10; ++j) {
      const std::array<Address, 2> sectors{a.plus(static_cast<std::uint32_t>(i)), a.plus(15 - j)};
      Bytes data(2 * geo().sector_bytes);
      EXPECT_TRUE(device().read(Sectors(sectors), Destination(data)));
      EXPECT_TRUE(data == data_for(sectors));
    }
  });
}

TEST_P(Threads, queue_for_each_of_two_threads) {
  const std::uint32_t unit = geo().ws_min;
  const auto chunks = free_chunks(2);
  on_threads(2, [&](std::size_t i) {
    auto queue = device().open_queue(depth(4));
    ASSERT_TRUE(queue);
    unsigned good = 0;
    unsigned submitted = 0;
    for (std::uint32_t at = 0; at < until_readable(unit); at += unit) {
      const Bytes data = data_for(chunks[i].plus(at), unit);
      ASSERT_TRUE(queue->write(Sectors::vector(chunks[i].plus(at), unit), Source(data),
                               [&](const Completion& c) { good += c.ok() ? 1 : 0; }));
      ++submitted;
      ASSERT_TRUE(queue->wait(1));
    }
    EXPECT_EQ(good, submitted);
    Bytes data(unit * geo().sector_bytes);
    ASSERT_TRUE(queue->read(Sectors(chunks[i], unit), Destination(data), [](const Completion&) {}));
    ASSERT_TRUE(queue->drain());
    EXPECT_TRUE(data == data_for(chunks[i], unit));
  });
}

TEST_P(Threads, openings_and_ends_beside_each_other) {
  const Address a = free_chunk();
  write(a, until_readable(4));
  on_threads(4, [&](std::size_t) {
    for (int j = 0; j < 3; ++j) {
      auto again = open_again();
      ASSERT_TRUE(again) << last_error();
      Bytes data(4 * geo().sector_bytes);
      EXPECT_TRUE(again->read(Sectors::vector(a, 4), Destination(data)));
      EXPECT_TRUE(data == data_for(a, 4));
    }
  });
}

TEST_P(Threads, reports_features_and_events_beside_commands) {
  const auto chunks = free_chunks(2);
  on_threads(4, [&](std::size_t i) {
    for (int j = 0; j < 5; ++j) {
      switch (i) {
        case 0: EXPECT_TRUE(device().chunks(0, 10)); break;
        case 1: EXPECT_TRUE(device().feature(Feature::error_recovery)); break;
        case 2: (void)device().events(); break;
        default: {
          Bytes data(2 * geo().sector_bytes);
          EXPECT_TRUE(device().read(Sectors(std::array{chunks[0], chunks[1]}), Destination(data)));
        }
      }
    }
  });
}

NVM_CONFORMANCE(Threads);

}  // namespace
}  // namespace lightnvm::test
