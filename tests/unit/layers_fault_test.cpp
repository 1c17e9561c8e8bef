// SPDX-License-Identifier: BSD-2-Clause
// The layer `fault`: what becomes of commands under each rule, on a clock of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <ranges>

#include "layers/fault.hpp"
#include "lightnvm/device.hpp"
#include "spec/build.hpp"
#include "support/scripted.hpp"

namespace lightnvm::test {
namespace {

using namespace std::chrono_literals;
using backends::QueueKind;
using backends::Request;
using spec::IoOpcode;

/// Stands still but where somebody waits.
class TestTime final : public layers::FaultTime {
 public:
  [[nodiscard]] backends::Clock::time_point now() noexcept override { return now_; }
  void wait_until(backends::Clock::time_point time) noexcept override {
    ++waits;
    now_ = std::max(now_, time);
  }
  [[nodiscard]] backends::Deadline in(std::chrono::nanoseconds time) const { return now_ + time; }
  void pass(std::chrono::nanoseconds time) { now_ += time; }
  unsigned waits = 0;

 private:
  backends::Clock::time_point now_{std::chrono::hours(1)};
};

class Fault : public testing::Test {
 protected:
  static constexpr std::uint16_t kDepth = 8;

  void open(const char* text) {
    const auto plan = parse_route_faults(text);
    ASSERT_TRUE(plan) << last_error();
    backend_ = layers::fault(scripted(script_), *plan, time_);
    pair_ = pair();
  }
  std::unique_ptr<backends::QueuePair> pair(QueueKind kind = QueueKind::io) {
    auto opened = backend_->open_queue({kind, kDepth});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  Request& read(std::uint16_t tag) {
    requests_[tag].tag = tag;
    requests_[tag].command = spec::build::transfer(IoOpcode::read, 1, tag, 1);
    return requests_[tag];
  }
  Request& write(std::uint16_t tag) {
    read(tag).command = spec::build::transfer(IoOpcode::write, 1, tag, 1);
    return requests_[tag];
  }
  Status submit(std::uint16_t tag) { return pair_->submit(read(tag)); }
  void submit_all() {
    for (std::uint16_t tag = 0; tag < kDepth; ++tag) ASSERT_TRUE(submit(tag));
  }
  /// Those that completed since, by tag.
  std::vector<std::uint16_t> reap(unsigned min = 0, std::chrono::nanoseconds time = 0ns) {
    const std::size_t before = kept_.done.size();
    EXPECT_TRUE(pair_->reap(kept_, min, 0, time_.in(time)));
    std::vector<std::uint16_t> out;
    for (std::size_t i = before; i < kept_.done.size(); ++i) out.push_back(kept_.done[i].request->tag);
    return out;
  }
  Completion last() const { return kept_.done.empty() ? Completion{} : kept_.done.back().completion; }

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  TestTime time_;
  std::unique_ptr<backends::Backend> backend_;
  std::unique_ptr<backends::QueuePair> pair_;
  std::array<Request, 64> requests_;
  Kept kept_;
};

using Tags = std::vector<std::uint16_t>;

TEST_F(Fault, nothing_changes_by_an_empty_plan) {
  script_->caps.max_segments = 77;
  open("");
  EXPECT_EQ(backend_->caps().max_segments, 77U);
  EXPECT_EQ(backend_->nsid(), 1U);
  EXPECT_EQ(backend_->memory(), nullptr);
  EXPECT_TRUE(backend_->next_event().error().is_errno(ENOTSUP));
  submit_all();
  EXPECT_EQ(script_->sent.size(), kDepth);
  EXPECT_TRUE(reap().empty());
  script_->finish(3, {5, Status::nvme(StatusCode::write_fault)});
  EXPECT_EQ(reap(), Tags{3});
  EXPECT_EQ(last().result, 5U);
  EXPECT_TRUE(last().status.is(StatusCode::write_fault));
  script_->finish_all();
  EXPECT_EQ(reap(), (Tags{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(time_.waits, 0U);
}

TEST_F(Fault, error_before_keeps_the_command_from_the_device) {
  open("error status=0x4280 nth=2");
  ASSERT_TRUE(submit(0));
  ASSERT_TRUE(submit(1));
  EXPECT_EQ(script_->sent.size(), 1U);
  EXPECT_EQ(reap(1, 1s), Tags{1});
  EXPECT_EQ(last().status, Status::nvme_dnr(StatusCode::write_fault));
  EXPECT_EQ(time_.waits, 0U);
  script_->finish_all();
  EXPECT_EQ(reap(), Tags{0});
  EXPECT_TRUE(last());
}

TEST_F(Fault, error_before_says_of_each_address_that_it_was_not_carried_out) {
  open("error status=write_fault");
  const std::vector<std::uint64_t> list(64);
  for (const std::uint32_t n : {1U, 5U, 64U}) {
    requests_[0].command = spec::build::vector(IoOpcode::vector_write, 1, n);
    requests_[0].payload.list = {list.data(), n};
    ASSERT_TRUE(pair_->submit(requests_[0]));
    EXPECT_EQ(reap(), Tags{0});
    EXPECT_EQ(last().result, n == 64 ? ~0ULL : (1ULL << n) - 1);
  }
  ASSERT_TRUE(submit(0));
  EXPECT_EQ(reap(), Tags{0});
  EXPECT_EQ(last().result, 0U);
}

TEST_F(Fault, error_after_loses_the_answer_of_a_command_that_is_done) {
  open("error status=transient_transport_error when=after");
  ASSERT_TRUE(submit(0));
  EXPECT_EQ(script_->sent.size(), 1U);
  EXPECT_TRUE(reap().empty());
  script_->finish_all({6, Status()});
  EXPECT_EQ(reap(), Tags{0});
  EXPECT_TRUE(last().status.is(StatusCode::transient_transport_error));
  EXPECT_EQ(last().result, 6U);
}

TEST_F(Fault, rule_is_about_its_opcodes_and_its_queue_alone) {
  open("error status=write_fault opcode=write\nerror status=internal_error queue=admin opcode=identify");
  ASSERT_TRUE(submit(0));
  ASSERT_TRUE(pair_->submit(write(1)));
  script_->finish_all();
  EXPECT_EQ(reap().size(), 2U);
  for (const auto& [request, completion] : kept_.done) EXPECT_EQ(completion.ok(), request->tag == 0);
  const auto admin = pair(QueueKind::admin);
  requests_[2].command = spec::build::identify(1, 0);
  ASSERT_TRUE(admin->submit(requests_[2]));
  EXPECT_EQ(admin->reap(kept_, 1, 0, time_.in(1s)).value_or(0), 1U);
  EXPECT_TRUE(last().status.is(StatusCode::internal_error));
  requests_[2].command = spec::build::geometry(1);
  std::vector<std::byte> page(4096);
  const Segment segment{page.data(), page.size()};
  requests_[2].payload.data = {&segment, 1};
  ASSERT_TRUE(admin->submit(requests_[2]));
  EXPECT_EQ(admin->reap(kept_, 1, 0, time_.in(1s)).value_or(0), 1U);
  EXPECT_TRUE(last());
}

TEST_F(Fault, delay_is_from_the_submission_on) {
  open("delay time=5ms");
  ASSERT_TRUE(submit(0));
  script_->finish_all();
  EXPECT_TRUE(reap().empty());
  time_.pass(4ms);
  EXPECT_TRUE(reap(1, 500us).empty()) << "the deadline comes first";
  EXPECT_EQ(reap(1, 1s), Tags{0});
  EXPECT_EQ(time_.now() - backends::Clock::time_point(1h), 5ms) << "not a nanosecond longer";
  ASSERT_TRUE(submit(0));
  time_.pass(7ms);
  EXPECT_TRUE(reap().empty()) << "the device is slower still";
  script_->finish_all();
  EXPECT_EQ(reap(), Tags{0});
}

TEST_F(Fault, delays_of_a_range_are_within_it_and_by_the_seed) {
  const auto order = [&](const char* text) {
    open(text);
    submit_all();
    script_->finish_all();
    EXPECT_TRUE(reap(1, 999us).empty());
    const Tags out = reap(kDepth, 20ms - 999us);
    EXPECT_EQ(out.size(), kDepth);
    return out;
  };
  const Tags one = order("seed 1\ndelay time=1ms-20ms");
  EXPECT_FALSE(std::ranges::is_sorted(one));
  EXPECT_EQ(order("seed 1\ndelay time=1ms-20ms"), one);
  EXPECT_NE(order("seed 2\ndelay time=1ms-20ms"), one);
}

TEST_F(Fault, reorder_lets_no_more_than_its_window_overtake) {
  unsigned sorted = 0;
  for (unsigned seed = 1; seed < 50; ++seed) {
    open(("seed " + std::to_string(seed) + "\nreorder window=3").c_str());
    submit_all();
    script_->finish_all();
    const Tags got = reap(kDepth, 0ns);
    ASSERT_EQ(got.size(), kDepth);
    for (std::size_t at = 0; at < got.size(); ++at) {
      const auto overtook = std::ranges::count_if(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(at),
                                                  [&](std::uint16_t tag) { return tag > got[at]; });
      EXPECT_LE(overtook, 2) << "seed " << seed;
    }
    sorted += std::ranges::is_sorted(got) ? 1 : 0;
  }
  EXPECT_LT(sorted, 10U);
  EXPECT_EQ(time_.waits, 0U);
}

TEST_F(Fault, reorder_holds_nothing_that_nobody_will_overtake) {
  open("reorder window=1000");
  ASSERT_TRUE(submit(0));
  script_->finish_all();
  EXPECT_EQ(reap(), Tags{0});
}

TEST_F(Fault, stall_lasts_until_it_is_cancelled) {
  open("stall nth=1");
  ASSERT_TRUE(submit(0));
  ASSERT_TRUE(submit(1));
  script_->finish_all();
  EXPECT_EQ(reap(), Tags{1});
  EXPECT_TRUE(reap(1, 24h).empty());
  pair_->cancel_all(kept_);
  ASSERT_EQ(kept_.done.size(), 2U);
  EXPECT_TRUE(last().status.is(StatusCode::command_aborted_by_host));
  ASSERT_TRUE(submit(0)) << "the queue still works";
  script_->finish_all();
  EXPECT_EQ(reap(), Tags{0});
}

TEST_F(Fault, stall_ends_after_its_time_or_its_commands) {
  open("stall nth=1 time=1s opcode=read\nstall nth=1 commands=2 opcode=read\nerror status=write_fault opcode=write");
  ASSERT_TRUE(submit(0));
  ASSERT_TRUE(submit(1));
  script_->finish_all();
  EXPECT_TRUE(reap(1, 999ms).empty());
  EXPECT_EQ(reap(1, 1ms), Tags{0});
  const auto other = pair();
  ASSERT_TRUE(other->submit(write(2)));
  EXPECT_TRUE(reap().empty());
  ASSERT_TRUE(other->submit(write(3)));
  EXPECT_EQ(reap(), Tags{1}) << "the second command of any queue";
  other->cancel_all(kept_);
}

TEST_F(Fault, cancelling_takes_back_what_is_held_and_what_is_below) {
  open("delay time=1s opcode=read after=4");
  submit_all();
  script_->finish(5);
  EXPECT_TRUE(reap().empty());
  pair_->cancel_all(kept_);
  EXPECT_EQ(kept_.done.size(), kDepth);
  for (const auto& done : kept_.done) EXPECT_TRUE(done.completion.status.is(StatusCode::command_aborted_by_host));
  EXPECT_TRUE(script_->in_flight.empty());
}

TEST_F(Fault, disconnect_ends_everything_on_every_queue_and_lasts) {
  open("error status=write_fault opcode=write\ndelay time=1s opcode=write,flush\ndisconnect nth=6");
  const auto other = pair();
  const auto admin = pair(QueueKind::admin);
  // One held in another queue; of this one, one held, one ready, and two that the device has.
  ASSERT_TRUE(other->submit(write(6)));
  ASSERT_TRUE(pair_->submit(write(4)));
  for (std::uint16_t tag = 0; tag < 3; ++tag) ASSERT_TRUE(submit(tag));
  script_->finish(1);
  EXPECT_EQ(reap(), Tags{1});
  const Status lost = submit(5);
  EXPECT_TRUE(lost.is(StatusCode::connection_lost));
  EXPECT_EQ(script_->sent.size(), 3U) << "the command that cut it was not sent";
  EXPECT_EQ(submit(5), lost);
  EXPECT_EQ(other->submit(read(7)), lost);
  EXPECT_EQ(admin->submit(requests_[30]), lost);
  EXPECT_EQ(reap(8, 1h), (Tags{0, 2, 4}));
  EXPECT_EQ(other->reap(kept_, 1, 0, time_.in(1h)).value_or(0), 1U);
  ASSERT_EQ(kept_.done.size(), 5U);
  for (const auto& done : kept_.done | std::views::drop(1)) EXPECT_EQ(done.completion.status, lost);
  EXPECT_EQ(pair_->reap(kept_, 1, 0, time_.in(1h)).value_or(7), 0U);
  EXPECT_EQ(backend_->next_event().error(), lost);
  EXPECT_EQ(time_.waits, 0U);
}

TEST_F(Fault, command_that_the_route_has_no_room_for_is_one_event) {
  open("error status=write_fault when=after nth=2");
  ASSERT_TRUE(submit(0));
  script_->accept = 0;
  script_->submit_status = Status::os(EAGAIN);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(submit(1).is_errno(EAGAIN));
  script_->accept = ~0U;
  ASSERT_TRUE(submit(1));
  ASSERT_TRUE(submit(2));
  script_->finish_all();
  EXPECT_EQ(reap(), (Tags{0, 1, 2}));
  for (const auto& [request, completion] : kept_.done) EXPECT_EQ(completion.ok(), request->tag != 1);
}

TEST_F(Fault, callback_may_submit_what_is_for_the_next_reap) {
  open("error status=write_fault");
  unsigned left = 5;
  kept_.then = [&](Request& request) { EXPECT_TRUE(left == 0 || --left == 0 || pair_->submit(request)); };
  ASSERT_TRUE(submit(0));
  for (std::size_t i = 1; i <= 5; ++i) EXPECT_EQ(reap(1, 1s).size(), 1U);
  EXPECT_EQ(kept_.done.size(), 5U);
  EXPECT_TRUE(reap(1, 1s).empty());
}

TEST_F(Fault, reap_hands_over_no_more_than_max) {
  open("error status=write_fault");
  submit_all();
  EXPECT_EQ(pair_->reap(kept_, 1, 3, time_.in(1s)).value_or(0), 3U);
  EXPECT_EQ(pair_->reap(kept_, 7, 3, time_.in(1s)).value_or(0), 3U);
  EXPECT_EQ(pair_->reap(kept_, 0, 3, time_.in(1s)).value_or(0), 2U);
}

class FaultOption : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "fault_" + info->name() + "_" + std::to_string(::getpid());
  }
  void TearDown() override { std::remove(path_.c_str()); }
  Result<Device> open(const char* plan, const OpenOptions& options = {}) {
    std::ofstream(path_) << plan;
    return Device::open("emu:?fault=" + path_, options);
  }
  std::string path_;
};

TEST_F(FaultOption, is_one_of_every_route) {
  auto device = open("error status=write_fault opcode=vector_write nth=2");
  ASSERT_TRUE(device) << last_error();
  const Address a = Address::of(0, 0, 0, 0);
  const std::uint32_t n = device->geometry().ws_min;
  const std::vector<std::byte> data(std::size_t{n} * device->geometry().sector_bytes);
  EXPECT_TRUE(device->write(Sectors::vector(a, n), Source(data)));
  const Completion c = device->write(Sectors::vector(a.plus(n), n), Source(data));
  EXPECT_TRUE(c.status.is(StatusCode::write_fault));
  for (unsigned i = 0; i < n; ++i) EXPECT_TRUE(c.failed(i));
  EXPECT_EQ(device->chunk(a)->write_pointer, n);
  EXPECT_TRUE(device->write(Sectors::vector(a.plus(n), n), Source(data)));
}

TEST_F(FaultOption, can_be_a_plan_of_the_program) {
  OpenOptions options;
  options.faults = *parse_route_faults("disconnect nth=1");
  auto device = Device::open("emu:", options);
  ASSERT_TRUE(device) << last_error();
  EXPECT_TRUE(device->chunks()) << "admin commands are no events of it";
  EXPECT_TRUE(device->flush().status.is(StatusCode::connection_lost));
  EXPECT_FALSE(device->chunks());
  EXPECT_FALSE(open("", options)) << "two plans";
  EXPECT_THAT(last_error(), testing::HasSubstr("one is enough"));
  options.faults->rules[0].every = 0;
  EXPECT_TRUE(Device::open("emu:", options).error().is_errno(EINVAL));
}

TEST_F(FaultOption, that_is_wrong_is_refused_with_the_files_name) {
  EXPECT_TRUE(open("\nread_error").error().is_errno(EINVAL));
  EXPECT_THAT(last_error(), testing::HasSubstr(path_ + ": fault plan, line 2: 'read_error' is no fault of the way"));
  EXPECT_TRUE(Device::open("emu:?fault=").error().is_errno(EINVAL));
  EXPECT_THAT(last_error(), testing::HasSubstr("fault= needs the name of a file"));
  EXPECT_TRUE(Device::open("emu:?fault=/nonexistent/plan").error().is_errno(ENOENT));
}

}  // namespace
}  // namespace lightnvm::test
