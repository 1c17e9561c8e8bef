// SPDX-License-Identifier: BSD-2-Clause
// Connections that are cut, stand still, trickle or lie; and those that come back.
#include <poll.h>
#include <unistd.h>

#include <deque>
#include <filesystem>

#include "lightnvm/emulator.hpp"
#include "support.hpp"

namespace lightnvm::test {
namespace {

using backends::Clock;
using backends::QueueKind;
using namespace std::chrono_literals;

class Loss : public testing::Test {
 protected:
  void open(const std::string& options, std::uint32_t depth = 8) {
    backend_ = open_backend(ident_at(way_.address(), options));
    ASSERT_TRUE(backend_);
    auto queue = backend_->open_queue({QueueKind::io, depth});
    ASSERT_TRUE(queue) << last_error();
    queue_ = std::move(*queue);
  }
  Read& start(std::uint16_t tag, std::uint32_t sectors = 1) {
    Read& read = reads_.emplace_back(tag, sectors);
    const Status s = queue_->submit(read.request);
    EXPECT_TRUE(s) << s.message();
    return read;
  }
  /// Waits until `n` commands in all have completed.
  void reap(std::size_t n, std::chrono::milliseconds patience = 10s) {
    const auto until = Clock::now() + patience;
    while (kept_.done.size() < n && Clock::now() < until) ASSERT_TRUE(queue_->reap(kept_, 1, 0, until));
    ASSERT_EQ(kept_.done.size(), n);
  }
  void expect_all_lost() {
    for (const auto& [request, completion] : kept_.done) {
      EXPECT_TRUE(completion.status.is(StatusCode::connection_lost)) << completion.status.message();
    }
  }

  std::unique_ptr<Target> target_ = serve();
  Way way_{target_->address()};
  std::unique_ptr<backends::Backend> backend_;
  std::unique_ptr<backends::QueuePair> queue_;
  std::deque<Read> reads_;
  Kept kept_;
};

TEST_F(Loss, cut_connection_completes_everything_and_refuses_what_follows) {
  open("");
  way_.hold(true);
  for (std::uint16_t tag = 0; tag < 8; ++tag) start(tag);
  way_.cut();
  reap(8);
  expect_all_lost();
  for (int i = 0; i < 3; ++i) {
    Read more(0);
    EXPECT_TRUE(queue_->submit(more.request).is(StatusCode::connection_lost));
  }
  EXPECT_EQ(queue_->reap(kept_, 1, 0, backends::kForever).value_or(9), 0U);
  // A new queue is not to be had either: its controller is gone.
  EXPECT_FALSE(backend_->open_queue({QueueKind::io, 2}));
}

TEST_F(Loss, descriptor_wakes_who_waits_when_the_connection_is_cut) {
  open("");
  way_.hold(true);
  for (std::uint16_t tag = 0; tag < 3; ++tag) start(tag);
  way_.cut();
  while (kept_.done.size() < 3) {
    pollfd p{queue_->event_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&p, 1, 10000), 1);
    ASSERT_TRUE(queue_->reap(kept_, 0, 1, Clock::now()));
  }
  expect_all_lost();
  pollfd p{queue_->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&p, 1, 0), 0) << "quiet, now that all is told";
}

TEST_F(Loss, admin_commands_in_flight_are_lost_too) {
  open("");
  auto admin = backend_->open_queue({QueueKind::admin, 4});
  ASSERT_TRUE(admin);
  way_.hold(true);
  std::deque<Read> pages;
  for (std::uint16_t tag = 0; tag < 4; ++tag) {
    pages.emplace_back(tag).request.command = spec::build::identify(1, 0);
    ASSERT_TRUE((*admin)->submit(pages.back().request));
  }
  way_.cut();
  EXPECT_EQ((*admin)->reap(kept_, 4, 0, Clock::now() + 10s).value_or(0), 4U);
  expect_all_lost();
  EXPECT_TRUE((*admin)->submit(pages.front().request).is(StatusCode::connection_lost));
  EXPECT_FALSE(backend_->next_event());
}

TEST_F(Loss, target_that_stops_in_mid_command) {
  TargetConfig config = config_of(std::string(kSmall) + "&timing=on&trdt=400000000");
  target_ = serve(config);
  way_.lead_to(target_->address());
  open("");
  for (std::uint16_t tag = 0; tag < 8; ++tag) start(tag);
  std::thread stop([&] { target_.reset(); });
  reap(8);
  stop.join();
  for (const auto& [request, completion] : kept_.done) {
    EXPECT_TRUE(completion || completion.status.is(StatusCode::connection_lost)) << completion.status.message();
  }
}

TEST_F(Loss, command_that_takes_too_long_ends_the_connection) {
  open("timeout=150");
  start(0);
  reap(1);
  way_.hold(true);
  const auto before = Clock::now();
  for (std::uint16_t tag = 0; tag < 4; ++tag) start(tag);
  reap(5);
  EXPECT_GE(Clock::now() - before, 150ms);
  EXPECT_LT(Clock::now() - before, 5s);
  kept_.done.erase(kept_.done.begin());
  expect_all_lost();
}

TEST_F(Loss, admin_command_that_takes_too_long_ends_the_connection) {
  open("timeout=150");
  auto admin = backend_->open_queue({QueueKind::admin, 1});
  ASSERT_TRUE(admin);
  way_.hold(true);
  Read page(0);
  page.request.command = spec::build::identify(1, 0);
  ASSERT_TRUE((*admin)->submit(page.request));
  EXPECT_EQ((*admin)->reap(kept_, 1, 0, Clock::now() + 10s).value_or(0), 1U);
  expect_all_lost();
}

TEST_F(Loss, time_that_the_program_was_idle_does_not_count) {
  open("timeout=200");
  start(0);
  reap(1);
  std::this_thread::sleep_for(400ms);
  start(0);
  reap(2);
  EXPECT_TRUE(kept_.done.back().second);
}

TEST_F(Loss, opening_gives_up_on_a_peer_that_says_nothing) {
  way_.hold(true);
  const auto before = Clock::now();
  const auto opened = Device::open(ident_at(way_.address(), "timeout=200"));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is_errno(ETIMEDOUT)) << opened.error().message();
  EXPECT_NE(last_error().find("does not answer"), std::string::npos) << last_error();
  EXPECT_LT(Clock::now() - before, 5s);
}

TEST_F(Loss, opening_gives_up_on_a_peer_that_trickles) {
  way_.trickle(10ms);
  const auto before = Clock::now();
  const auto opened = Device::open(ident_at(way_.address(), "timeout=300"));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is_errno(ETIMEDOUT)) << opened.error().message();
  EXPECT_LT(Clock::now() - before, 5s);
}

TEST_F(Loss, answer_that_trickles_is_too_late) {
  open("timeout=300");
  way_.trickle(10ms);
  const auto before = Clock::now();
  start(0);
  reap(1);
  expect_all_lost();
  EXPECT_LT(Clock::now() - before, 5s);
}

TEST_F(Loss, bytes_that_are_wrong_end_the_opening_with_a_sentence) {
  unsigned failed = 0;
  for (std::int64_t byte = 0; byte < 400; byte += 3) {
    way_.spoil(byte);
    const auto opened = Device::open(ident_at(way_.address(), "timeout=2000&digest=header,data"));
    if (opened) continue;
    ++failed;
    EXPECT_FALSE(last_error().empty());
  }
  EXPECT_GT(failed, 60U);
}

TEST_F(Loss, bytes_that_are_wrong_never_make_a_read_succeed_with_digests) {
  // From the answer to Connect on, which follows ICResp.
  for (std::int64_t byte = 128; byte < 600; byte += 7) {
    backend_ = open_backend(ident_at(way_.address(), "timeout=500&digest=header,data"));
    ASSERT_TRUE(backend_);
    way_.spoil(byte);
    auto queue = backend_->open_queue({QueueKind::io, 2});
    if (!queue) continue;
    Read read(0);
    ASSERT_TRUE((*queue)->submit(read.request));
    Kept kept;
    ASSERT_EQ((*queue)->reap(kept, 1, 0, Clock::now() + 10s).value_or(0), 1U);
    EXPECT_FALSE(kept.done[0].second) << byte;
  }
}

TEST_F(Loss, reconnects_and_sends_what_was_submitted_meanwhile) {
  open("reconnect=10", 6);
  way_.hold(true);
  start(0);
  start(1);
  way_.block(true);
  way_.cut();
  reap(2);
  expect_all_lost();
  kept_.done.clear();
  for (std::uint16_t tag = 0; tag < 6; ++tag) start(tag);
  EXPECT_EQ(queue_->reap(kept_, 1, 0, Clock::now() + 100ms).value_or(9), 0U) << "they wait";
  way_.hold(false);
  way_.block(false);
  reap(6);
  for (const auto& [request, completion] : kept_.done) EXPECT_TRUE(completion) << completion.status.message();
}

TEST_F(Loss, reconnects_while_somebody_waits_for_the_descriptor) {
  open("reconnect=10");
  way_.cut();
  std::this_thread::sleep_for(20ms);
  start(0);
  while (kept_.done.empty()) {
    pollfd p{queue_->event_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&p, 1, 10000), 1);
    ASSERT_TRUE(queue_->reap(kept_, 0, 0, Clock::now()));
  }
  // The first may have been lost with the connection; the next one comes through.
  start(1);
  while (kept_.done.size() < 2) {
    pollfd p{queue_->event_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&p, 1, 10000), 1);
    ASSERT_TRUE(queue_->reap(kept_, 0, 0, Clock::now()));
  }
  EXPECT_TRUE(kept_.done.back().second) << kept_.done.back().second.status.message();
}

TEST_F(Loss, reconnects_after_the_target_was_started_anew) {
  const std::string image = testing::TempDir() + "tcp_anew_" + std::to_string(::getpid());
  ASSERT_TRUE(emulator::create(image, {})) << last_error();
  target_ = serve(config_of(image));
  way_.lead_to(target_->address());
  open("reconnect=10");
  auto device = Device::open(ident_at(way_.address(), "reconnect=10"));
  ASSERT_TRUE(device);
  start(0);
  reap(1);
  target_.reset();
  target_ = serve(config_of(image));
  way_.lead_to(target_->address());
  start(0);
  reap(2);
  start(0);
  reap(3);
  EXPECT_TRUE(kept_.done.back().second) << kept_.done.back().second.status.message();
  // Admin commands, too.
  (void)device->chunks();
  EXPECT_TRUE(device->chunks()) << last_error();
  EXPECT_TRUE(backend_->next_event());
  device = std::unexpected(Status());
  target_.reset();
  std::filesystem::remove(image);
}

TEST_F(Loss, does_not_reconnect_to_another_device) {
  open("reconnect=3");
  target_.reset();
  target_ = serve(config_of("emu:?groups=1&punits=1&chunks=8&sectors=64&bad=none"));
  way_.lead_to(target_->address());
  const auto before = Clock::now();
  start(0);
  start(1);
  reap(2);
  Read more(0);
  Status s = queue_->submit(more.request);
  if (s) {
    reap(3);
    s = queue_->submit(more.request);
  }
  EXPECT_TRUE(s.is(StatusCode::connection_lost));
  EXPECT_LT(Clock::now() - before, 2500ms) << "it is not tried again";
}

TEST_F(Loss, gives_up_reconnecting_when_its_time_is_over) {
  open("reconnect=1");
  way_.block(true);
  way_.cut();
  start(0);
  reap(1);
  const auto before = Clock::now();
  for (std::uint16_t tag = 0; tag < 5; ++tag) start(tag);
  reap(6);
  expect_all_lost();
  EXPECT_GT(Clock::now() - before, 300ms);
  EXPECT_LT(Clock::now() - before, 5s);
  Read more(0);
  EXPECT_TRUE(queue_->submit(more.request).is(StatusCode::connection_lost));
}

TEST_F(Loss, keeps_alive_while_the_program_reaps) {
  TargetConfig config = config_of();
  target_ = serve(config);
  way_.lead_to(target_->address());
  open("keep_alive=200");
  for (int i = 1; i <= 12; ++i) {
    start(0);
    reap(static_cast<std::size_t>(i));
    ASSERT_TRUE(kept_.done.back().second) << i;
    std::this_thread::sleep_for(50ms);
  }
  std::this_thread::sleep_for(1500ms);
  Read read(0);
  if (queue_->submit(read.request)) {
    reap(13);
    EXPECT_TRUE(kept_.done.back().second.status.is(StatusCode::connection_lost))
        << "an idle program breaks its promise";
  }
}

TEST_F(Loss, large_transfers_pass_in_both_directions_while_the_socket_is_full) {
  TargetConfig config = config_of("emu:?groups=2&punits=2&chunks=8&sectors=1024&ws_min=4&ws_opt=8&mw_cunits=0&mdts=0");
  config.transfer_bytes = 4 << 20;
  target_ = serve(config);
  way_.lead_to(target_->address());
  auto device = Device::open(ident_at(way_.address(), "digest=data"));
  ASSERT_TRUE(device) << last_error();
  const std::uint32_t n = std::min(1024U, device->max_sectors());
  ASSERT_GE(n, 256U);
  std::vector<std::byte> out(n * 4096UL);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i * 7 >> 3);
  auto queue = device->open_queue(8);
  ASSERT_TRUE(queue);
  unsigned good = 0;
  for (std::uint32_t u = 0; u < 4; ++u) {
    ASSERT_TRUE(queue->write(Sectors(Address::of(u / 2, u % 2, 1), n), Source(out),
                             [&](const Completion& c) { good += c.ok() ? 1 : 0; }));
  }
  ASSERT_TRUE(queue->drain());
  EXPECT_EQ(good, 4U);
  std::vector<std::byte> in(out.size());
  ASSERT_TRUE(device->read(Sectors(Address::of(1, 1, 1), n), Destination(in)));
  EXPECT_TRUE(in == out);
}

}  // namespace
}  // namespace lightnvm::test
