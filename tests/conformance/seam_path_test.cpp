// SPDX-License-Identifier: BSD-2-Clause
// The contract of the seam where the way to the device matters: S3 and waiting with an event descriptor, S4.
#include <poll.h>
#include <sys/resource.h>

#include "conformance/support/seam.hpp"

namespace lightnvm::test {
namespace {

using spec::IoOpcode;

class SeamConnection : public SeamTest {};
class SeamDescriptor : public SeamTest {
 protected:
  static long times_blocked() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
  }
};

TEST_P(SeamConnection, s4_lost_connection_completes_everything_with_an_error) {
  if (!faults_) GTEST_SKIP() << "the connection of somebody's device is not cut";
  const std::uint32_t deep = depth(8);
  const auto pair = open_pair(deep);
  const auto spread = free_chunks(4);
  Counter counter;
  for (std::uint16_t tag = 0; tag < deep; ++tag) {
    submit(*pair, tag % 2 == 0 ? vector_read(spread) : read(spread[0], 2), tag);
  }
  faults_->lost = true;
  reap_until(*pair, counter, deep);
  for (const auto& [request, completion] : counter.last) {
    EXPECT_TRUE(completion.status.is(StatusCode::connection_lost)) << completion.status.message();
  }
}

TEST_P(SeamConnection, s4_submissions_after_a_lost_connection_fail_with_the_same_error) {
  if (!faults_) GTEST_SKIP() << "the connection of somebody's device is not cut";
  const auto pair = open_pair(depth(4));
  const auto spread = free_chunks(4);
  faults_->lost = true;
  SeamCommand& first = vector_read(spread);
  const Status s = pair->submit(first.request);
  EXPECT_TRUE(s.is_errno(ENOTCONN)) << s.message();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pair->submit(read(spread[0], 1).request), s);
  Counter counter;
  EXPECT_EQ(pair->reap(counter, 1, 0, backends::kForever).value_or(~0U), 0U);
  EXPECT_EQ(counter.total, 0U);
}

TEST_P(SeamConnection, s4_connection_lost_between_the_parts_of_a_command) {
  if (!faults_) GTEST_SKIP() << "the connection of somebody's device is not cut";
  const auto pair = open_pair(1);
  const Address from = free_chunk();
  write(from, until_readable(4));
  const auto chunks = free_chunks(4);
  for (std::uint32_t k = 1; k < 12; ++k) {
    faults_->lost = false;
    faults_->lose.arm(k);
    Counter counter;
    SeamCommand& copy = command();
    copy.vector(IoOpcode::vector_copy, nsid(), lbas(run(from, 4))).to(lbas(chunks));
    copy.request.tag = 0;
    const Status s = pair->submit(copy.request);
    if (s) reap_until(*pair, counter, 1);
    EXPECT_EQ(counter.total, s ? 1U : 0U);
    EXPECT_TRUE(!s || !counter.last[&copy.request]) << "a part of ws_min sectors must fail";
  }
  faults_->lose.arm(0);
  faults_->lost = false;
  EXPECT_TRUE(execute(*pair, read(from, 1)));
}

TEST_P(SeamDescriptor, s3_idle_queue_starts_a_command_without_a_reap) {
  const auto pair = open_pair(depth(4));
  if (pair->event_fd() < 0) GTEST_SKIP() << "the route has no event descriptor";
  const Address a = free_chunk();
  Counter counter;
  for (int i = 0; i < 3; ++i) {
    submit(*pair, read(a, 1), 0);
    pollfd event{pair->event_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&event, 1, 20000), 1);
    while (counter.total < static_cast<unsigned>(i + 1)) {
      ASSERT_TRUE(pair->reap(counter, 0, 0, backends::kForever));
    }
  }
}

TEST_P(SeamDescriptor, s3_event_descriptor_is_quiet_when_nothing_is_in_flight) {
  const auto pair = open_pair(depth(4));
  if (pair->event_fd() < 0) GTEST_SKIP() << "the route has no event descriptor";
  EXPECT_TRUE(execute(*pair, vector_read(free_chunks(4))));
  Counter counter;
  (void)pair->reap(counter, 0, 0, backends::kForever);
  pollfd event{pair->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&event, 1, 0), 0);
}

TEST_P(SeamDescriptor, wait_blocks_without_spinning_where_the_route_has_an_event_descriptor) {
  const auto pair = open_pair(1);
  if (pair->event_fd() < 0) GTEST_SKIP() << "the route has no event descriptor";
  const auto spread = free_chunks(2);
  const long before = times_blocked();
  Counter counter;
  // A slow machine finds some commands done before it waits for them; who spins never gives up the processor.
  const auto until = backends::Clock::now() + std::chrono::seconds(5);
  for (unsigned i = 1; i <= 100 || (times_blocked() - before <= 10 && backends::Clock::now() < until); ++i) {
    submit(*pair, vector_read(spread), 0);
    while (counter.total < i) ASSERT_TRUE(pair->reap(counter, 1, 0, backends::kForever));
  }
  EXPECT_GT(times_blocked() - before, 10);
}

NVM_CONFORMANCE_OVER(SeamConnection, &RouteUnderTest::can_fail);
NVM_CONFORMANCE_OVER(SeamDescriptor, &RouteUnderTest::has_descriptor);

}  // namespace
}  // namespace lightnvm::test
