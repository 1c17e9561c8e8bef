// SPDX-License-Identifier: BSD-2-Clause
// The queue that `complete` decorates: slots, order, failures of the route, cancelling, and its descriptor.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <random>

#include "layers/route_memory.hpp"
#include "layers_complete_support.hpp"
#include "os/fd.hpp"

namespace lightnvm::test {
namespace {

class CompletedQueueTest : public Completed {
 protected:
  /// A vector read of `n` sectors that are no neighbours.
  static Order& scattered(Order& order, std::uint32_t n, std::uint64_t first = 0) {
    std::vector<std::uint64_t> list;
    for (std::uint32_t i = 0; i < n; ++i) list.push_back(first + 2ULL * i);
    return order.vector(IoOpcode::vector_read, list).with_data(n);
  }
  static bool readable(int fd) {
    pollfd event{fd, POLLIN, 0};
    return ::poll(&event, 1, 0) == 1;
  }
};

TEST_F(CompletedQueueTest, depth_counts_commands_whatever_slots_they_need) {
  script_->caps.max_depth = 2;
  open(2);
  Order a(0);
  Order b(1);
  ASSERT_TRUE(queue_->submit(scattered(a, 10).request));
  ASSERT_TRUE(queue_->submit(scattered(b, 10, 1000).request));
  EXPECT_EQ(count(), 2U) << "the route's slots";
  EXPECT_TRUE(run_out(a));
  EXPECT_TRUE(run_out(b));
  EXPECT_EQ(count(), 20U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_LT(sent(i).slba(), 1000U) << "in the order of submission";
}

TEST_F(CompletedQueueTest, slots_are_taken_as_they_come_free) {
  script_->caps.max_depth = 2;
  open(2);
  Order a(0);
  ASSERT_TRUE(queue_->submit(scattered(a, 4).request));
  script_->finish(1);
  reap();
  EXPECT_EQ(count(), 3U) << "one went, one came";
  EXPECT_TRUE(run_out(a));
}

TEST_F(CompletedQueueTest, refused_first_command_is_refused) {
  script_->accept = 0;
  script_->submit_status = Status::os(ENODEV);
  open();
  Order a(0);
  EXPECT_TRUE(queue_->submit(scattered(a, 4).request).is_errno(ENODEV));
  Order b(0);
  EXPECT_TRUE(queue_->submit(b.scalar(IoOpcode::read, 0, 1).with_data(1).request).is_errno(ENODEV));
  reap();
  EXPECT_TRUE(kept_.done.empty());
}

TEST_F(CompletedQueueTest, command_refused_in_its_middle_fails_with_a_path_status) {
  const std::pair<int, StatusCode> cases[] = {{ENOTCONN, StatusCode::connection_lost},
                                              {ENODEV, StatusCode::connection_lost},
                                              {ETIMEDOUT, StatusCode::command_aborted_by_host},
                                              {ECANCELED, StatusCode::command_aborted_by_host},
                                              {ENOMEM, StatusCode::internal_path_error}};
  open();
  for (const auto& [error, code] : cases) {
    script_->accept = 2;
    script_->submit_status = Status::os(error);
    kept_.done.clear();
    Order a(0);
    ASSERT_TRUE(queue_->submit(scattered(a, 5).request));
    const Completion done = run_out(a);
    EXPECT_EQ(done.result, 0b11100U);
    EXPECT_TRUE(done.status.is(code)) << done.status.message();
  }
}

TEST_F(CompletedQueueTest, command_that_waited_and_is_refused_completes_with_an_error) {
  script_->caps.max_depth = 1;
  open(1);
  Order a(0);
  ASSERT_TRUE(queue_->submit(scattered(a, 3).request));
  script_->accept = 0;
  script_->submit_status = Status::os(ECONNRESET);
  script_->finish(0, {0, Status::nvme(StatusCode::connection_lost)});
  reap();
  ASSERT_NE(find(a), nullptr);
  EXPECT_EQ(find(a)->result, 0b111U);
}

TEST_F(CompletedQueueTest, full_route_is_waited_for) {
  script_->accept = 2;
  script_->submit_status = Status::os(EAGAIN);
  open();
  Order a(0);
  ASSERT_TRUE(queue_->submit(scattered(a, 4).request));
  EXPECT_EQ(count(), 2U);
  script_->accept = ~0U;
  const Completion done = run_out(a);
  EXPECT_TRUE(done) << done.status.message();
  EXPECT_EQ(count(), 4U);
}

TEST_F(CompletedQueueTest, full_route_with_nothing_in_flight_is_the_callers_to_wait_for) {
  script_->accept = 0;
  script_->submit_status = Status::os(EAGAIN);
  open();
  Order a(0);
  EXPECT_TRUE(queue_->submit(scattered(a, 4).request).is_errno(EAGAIN));
  Order copy(1);
  copy.vector(IoOpcode::vector_copy, {1, 2});
  copy.destination = {64, 65};
  copy.request.payload.destination = copy.destination;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(queue_->submit(copy.request).is_errno(EAGAIN)) << "and keeps no memory";
  script_->accept = ~0U;
  ASSERT_TRUE(queue_->submit(a.request));
  ASSERT_TRUE(queue_->submit(copy.request));
  EXPECT_TRUE(run_out(a));
  EXPECT_TRUE(run_out(copy));
}

TEST_F(CompletedQueueTest, reset_of_another_length_waits_for_a_full_route) {
  script_->descriptor = [](std::uint64_t) {
    spec::ChunkDescriptor d{};
    d.cnlb = 48;
    return d;
  };
  script_->accept = 1;
  script_->submit_status = Status::os(EAGAIN);
  open();
  Order reset(0);
  ASSERT_TRUE(queue_->submit(reset.vector(IoOpcode::vector_reset, {0}).request));
  script_->finish(0, {0, Status::nvme_dnr(StatusCode::lba_out_of_range)});
  reap();
  reap();
  EXPECT_EQ(count(), 1U);
  script_->accept = ~0U;
  EXPECT_TRUE(run_out(reset));
  EXPECT_EQ(count(), 2U);
}

TEST_F(CompletedQueueTest, reap_hands_over_no_more_than_asked_for) {
  open();
  std::vector<std::unique_ptr<Order>> orders;
  for (std::uint16_t i = 0; i < 4; ++i) {
    orders.push_back(std::make_unique<Order>(i));
    ASSERT_TRUE(queue_->submit(scattered(*orders[i], 2, 100U * i).request));
  }
  script_->finish_all();
  EXPECT_EQ(queue_->reap(kept_, 0, 3, backends::kForever).value(), 3U);
  EXPECT_EQ(queue_->reap(kept_, 4, 0, backends::kForever).value(), 1U) << "fewer in flight than asked for";
  EXPECT_EQ(queue_->reap(kept_, 1, 0, backends::kForever).value(), 0U) << "nothing in flight";
}

TEST_F(CompletedQueueTest, completion_may_submit_the_next_command_at_full_depth) {
  script_->caps.max_depth = 1;
  open(1);
  Order a(0);
  Order b(0);
  scattered(b, 2, 500);
  Status second = Status::os(ETIME);
  kept_.then = [&](backends::Request& request) {
    if (&request == &a.request) second = queue_->submit(b.request);
  };
  ASSERT_TRUE(queue_->submit(scattered(a, 2).request));
  EXPECT_TRUE(run_out(a));
  EXPECT_TRUE(second) << second.message();
  EXPECT_TRUE(run_out(b));
}

TEST_F(CompletedQueueTest, deadline_ends_the_wait) {
  open();
  Order a(0);
  ASSERT_TRUE(queue_->submit(scattered(a, 2).request));
  const auto n = queue_->reap(kept_, 1, 0, backends::Clock::now() + std::chrono::milliseconds(2));
  ASSERT_TRUE(n);
  EXPECT_EQ(*n, 0U);
  EXPECT_TRUE(run_out(a));
}

TEST_F(CompletedQueueTest, cancelling_completes_every_command_once) {
  script_->caps.max_depth = 4;
  script_->descriptor = [](std::uint64_t) {
    spec::ChunkDescriptor d{};
    d.cnlb = 48;
    return d;
  };
  open(4);
  Order read(0);
  Order copy(1);
  Order reset(2);
  Order write(3);
  copy.vector(IoOpcode::vector_copy, run(8, 2));
  copy.destination = {64, 65};
  copy.request.payload.destination = copy.destination;
  reset.vector(IoOpcode::vector_reset, {64, 128}).with_metadata(2, 64, 32);
  write.scalar(IoOpcode::write, 0, 4).with_data(4, 100);
  ASSERT_TRUE(queue_->submit(copy.request));
  ASSERT_TRUE(queue_->submit(reset.request));
  script_->finish(1, {0, Status::nvme_dnr(StatusCode::lba_out_of_range)});  // of the reset: it reads the log next
  reap();
  ASSERT_TRUE(queue_->submit(scattered(read, 8).request));
  ASSERT_TRUE(queue_->submit(write.request));
  queue_->cancel_all(kept_);
  ASSERT_EQ(kept_.done.size(), 4U);
  for (const Order* order : {&read, &copy, &reset, &write}) {
    ASSERT_NE(find(*order), nullptr);
    EXPECT_TRUE(find(*order)->status.is(StatusCode::command_aborted_by_host)) << find(*order)->status.message();
  }
  EXPECT_EQ(find(read)->result, 0xFFU);
  EXPECT_EQ(find(copy)->result, 0b11U);
  EXPECT_EQ(find(reset)->result, 0b11U);
  EXPECT_EQ(queue_->reap(kept_, 1, 0, backends::kForever).value(), 0U);
}

TEST_F(CompletedQueueTest, cancelling_leaves_what_the_route_finishes_as_it_ended) {
  script_->caps.max_depth = 3;
  script_->recalls = false;
  open(1);
  Order read(0);
  ASSERT_TRUE(queue_->submit(scattered(read, 5).request));
  queue_->cancel_all(kept_);
  ASSERT_NE(find(read), nullptr);
  EXPECT_EQ(find(read)->result, 0b11000U) << "the two that were never sent";
}

TEST_F(CompletedQueueTest, queue_works_after_cancelling) {
  script_->caps.max_depth = 2;
  open(2);
  Order a(0);
  ASSERT_TRUE(queue_->submit(scattered(a, 5).request));
  queue_->cancel_all(kept_);
  kept_.done.clear();
  Order b(0);
  ASSERT_TRUE(queue_->submit(scattered(b, 5).request));
  const Completion done = run_out(b);
  EXPECT_TRUE(done);
  EXPECT_EQ(done.result, 0U);
}

TEST_F(CompletedQueueTest, descriptor_is_readable_when_the_route_or_the_queue_has_something) {
  os::Fd event(::eventfd(0, EFD_CLOEXEC));
  script_->event_fd = event.get();
  open();
  ASSERT_GE(queue_->event_fd(), 0);
  EXPECT_FALSE(readable(queue_->event_fd()));
  Order a(0);
  Order b(1);
  ASSERT_TRUE(queue_->submit(scattered(a, 2).request));
  ASSERT_TRUE(queue_->submit(scattered(b, 2).request));
  std::uint64_t one = 1;
  ASSERT_EQ(::write(event.get(), &one, sizeof one), 8);
  EXPECT_TRUE(readable(queue_->event_fd())) << "the route's";
  ASSERT_EQ(::read(event.get(), &one, sizeof one), 8);
  // A refusal in the middle ends both within one reap that may hand over only one.
  script_->accept = 0;
  script_->submit_status = Status::os(ENODEV);
  script_->finish_all();
  EXPECT_EQ(queue_->reap(kept_, 0, 1, backends::kForever).value(), 1U);
  while (kept_.done.size() < 2) {
    ASSERT_EQ(queue_->reap(kept_, 0, 1, backends::kForever).value(), 1U);
  }
  EXPECT_FALSE(readable(queue_->event_fd()));
}

TEST_F(CompletedQueueTest, descriptor_is_readable_while_commands_are_left_behind) {
  os::Fd event(::eventfd(0, EFD_CLOEXEC));
  script_->event_fd = event.get();
  script_->caps.max_depth = 2;
  open(2);
  Order a(0);
  Order b(1);
  ASSERT_TRUE(queue_->submit(scattered(a, 1).request));
  ASSERT_TRUE(queue_->submit(scattered(b, 2).request));
  script_->accept = 0;
  script_->submit_status = Status::os(ENODEV);
  script_->finish_all();
  ASSERT_EQ(queue_->reap(kept_, 0, 1, backends::kForever).value(), 1U);
  while (kept_.done.size() < 2) {
    EXPECT_TRUE(!script_->ready.empty() || readable(queue_->event_fd()));
    (void)queue_->reap(kept_, 0, 1, backends::kForever);
  }
  EXPECT_FALSE(readable(queue_->event_fd()));
}

TEST_F(CompletedQueueTest, route_without_a_descriptor_has_none) {
  open();
  EXPECT_EQ(queue_->event_fd(), -1);
}

TEST(Arena, lends_what_fits_and_takes_it_back) {
  std::vector<std::byte> memory(64 * 100);
  layers::Arena arena(memory.data(), memory.size(), 64);
  EXPECT_EQ(arena.size(), memory.size());
  std::byte* all = arena.acquire(memory.size());
  EXPECT_EQ(all, memory.data());
  EXPECT_EQ(arena.acquire(1), nullptr);
  arena.release(all, memory.size());
  std::byte* a = arena.acquire(1);
  std::byte* b = arena.acquire(65);
  std::byte* c = arena.acquire(64);
  EXPECT_EQ(b - a, 64);
  EXPECT_EQ(c - b, 128);
  arena.release(b, 65);
  EXPECT_EQ(arena.acquire(129) - c, 64) << "the gap is too small";
  EXPECT_EQ(arena.acquire(100), b) << "for this it is not";
  EXPECT_EQ(arena.acquire(memory.size()), nullptr);
}

TEST(Arena, agrees_with_a_map_of_what_is_lent) {
  constexpr std::size_t kGranules = 200;
  std::vector<std::byte> memory(kGranules * 16);
  layers::Arena arena(memory.data(), memory.size(), 16);
  std::map<std::byte*, std::size_t> lent;
  std::minstd_rand random(7);
  for (int i = 0; i < 20000; ++i) {
    if (random() % 2 == 0 && !lent.empty()) {
      auto victim = std::next(lent.begin(), static_cast<std::ptrdiff_t>(random() % lent.size()));
      arena.release(victim->first, victim->second);
      lent.erase(victim);
      continue;
    }
    const std::size_t bytes = random() % 700 + 1;
    std::byte* piece = arena.acquire(bytes);
    std::byte* end = memory.data();
    std::size_t largest = 0;
    for (const auto& [base, n] : lent) {
      largest = std::max(largest, static_cast<std::size_t>(base - end));
      end = base + (n + 15) / 16 * 16;
    }
    largest = std::max(largest, static_cast<std::size_t>(memory.data() + memory.size() - end));
    ASSERT_EQ(piece != nullptr, (bytes + 15) / 16 * 16 <= largest);
    if (piece == nullptr) continue;
    const auto above = lent.lower_bound(piece);
    ASSERT_TRUE(above == lent.end() || piece + bytes <= above->first);
    ASSERT_TRUE(above == lent.begin() || piece >= std::prev(above)->first + std::prev(above)->second);
    lent[piece] = bytes;
  }
}

}  // namespace
}  // namespace lightnvm::test
