// SPDX-License-Identifier: BSD-2-Clause
// Who may connect to what, and what is answered to the others. NVMe-2.0 6.3.
#include <algorithm>

#include "spec/fabrics_status.hpp"
#include "support.hpp"

namespace lightnvm::test {
namespace {

namespace f = spec::fabrics;
using spec::FabricsStatus;
using namespace std::chrono_literals;

f::ConnectData data_of(const ConnectOptions& options = {}) {
  f::ConnectData data{};
  data.hostid[0] = options.hostid;
  data.cntlid = options.cntlid;
  std::ranges::copy(options.subsystem, data.subnqn);
  std::ranges::copy(options.host, data.hostnqn);
  return data;
}

struct Answer {
  FabricsStatus status;
  std::uint32_t result = 0;
};
constexpr FabricsStatus kInvalid = FabricsStatus::connect_invalid_parameters;

void expect_refused(const Reply& r, const Answer& wanted) {
  EXPECT_EQ(r.completion.status, spec::fabrics_status_dnr(wanted.status)) << r.completion.status.message();
  EXPECT_EQ(r.completion.result, wanted.result);
}

TEST(TargetConnect, says_which_parameter_is_wrong) {
  Bench bench;
  const auto refused = [&](auto&& change, const Answer& wanted) {
    Direct queue(bench);
    spec::Command c = f::build::connect({.entries = 33});
    f::ConnectData data = data_of();
    change(c, data);
    expect_refused(queue.connect(c, data), wanted);
    // The same queue may try again.
    EXPECT_TRUE(queue.connect().completion);
  };
  refused([](auto& c, auto&) { f::ConnectRecfmt::set(c, 1); }, {FabricsStatus::incompatible_format, 40});
  refused([](auto& c, auto&) { f::ConnectSqsize::set(c, 0); }, {kInvalid, 44});
  refused([](auto& c, auto&) { f::ConnectSqsize::set(c, 1024); }, {kInvalid, 44});
  refused([](auto& c, auto&) { f::ConnectQid::set(c, 65); }, {kInvalid, 42});
  refused([](auto&, auto& d) { d.hostid[0] = 0; }, {kInvalid, 1U << 16});
  refused([](auto&, auto& d) { d.cntlid = 1; }, {kInvalid, 16 | 1U << 16});
  refused([](auto& c, auto& d) { f::ConnectQid::set(c, 1), d.cntlid = 99; }, {kInvalid, 16 | 1U << 16});
  refused([](auto&, auto& d) { d.subnqn[5] = 'x'; }, {kInvalid, 256 | 1U << 16});
  refused([](auto&, auto& d) { std::ranges::fill(d.subnqn, 'a'); }, {kInvalid, 256 | 1U << 16});
  refused([](auto&, auto& d) { d.hostnqn[0] = 0; }, {kInvalid, 512 | 1U << 16});
  EXPECT_EQ(bench.tally.refused.get(), 10U);
  EXPECT_EQ(bench.home.memory.used(), 0U);
  EXPECT_EQ(bench.home.controllers.count(), 0U);
}

TEST(TargetConnect, takes_its_data_by_r2t_too_and_nothing_else_before_it) {
  Bench bench;
  Direct queue(bench, {.depth = 2, .capsule_bytes = 0});
  EXPECT_EQ(queue.status(spec::build::identify(1, 0)), Status::nvme_dnr(StatusCode::command_sequence_error));
  EXPECT_EQ(queue.status(f::build::connect({})), Status::nvme_dnr(StatusCode::data_sgl_length_invalid));
  EXPECT_TRUE(queue.connect().completion);
  EXPECT_EQ(queue.connect().completion.status, Status::nvme_dnr(StatusCode::command_sequence_error));
}

TEST(TargetConnect, admits_the_hosts_that_are_named) {
  TargetConfig config = small_config();
  config.subsystems[0].hosts = {"nqn.2026-11.io.lightnvm:friend"};
  Bench bench(config);
  Direct stranger(bench);
  expect_refused(stranger.connect(), {FabricsStatus::connect_invalid_host});
  Direct welcome(bench);
  EXPECT_TRUE(welcome.connect({.host = "nqn.2026-11.io.lightnvm:friend"}).completion);
}

TEST(TargetConnect, an_io_queue_belongs_to_the_host_of_its_controller) {
  Bench bench;
  Direct admin(bench);
  const auto cntlid = f::ConnectResult::cntlid(admin.connect().completion.result);
  const auto attempt = [&](const ConnectOptions& options) {
    Direct io(bench);
    return io.connect(options);
  };
  const Status early = Status::nvme_dnr(StatusCode::command_sequence_error);
  EXPECT_EQ(attempt({.qid = 1, .cntlid = cntlid}).completion.status, early);
  ASSERT_TRUE(admin.enable());
  expect_refused(attempt({.host = "nqn.2026-11.io.lightnvm:other", .qid = 1, .cntlid = cntlid}),
                 {kInvalid, 512 | 1U << 16});
  expect_refused(attempt({.qid = 1, .cntlid = cntlid, .hostid = 2}), {kInvalid, 1U << 16});
  expect_refused(attempt({.subsystem = f::kDiscoveryNqn, .qid = 1, .cntlid = cntlid}), {kInvalid, 256 | 1U << 16});
  Direct io(bench);
  EXPECT_TRUE(io.connect({.qid = 1, .cntlid = cntlid}).completion);
  EXPECT_EQ(attempt({.qid = 1, .cntlid = cntlid}).completion.status, early);
  EXPECT_TRUE(attempt({.qid = 64, .cntlid = cntlid}).completion);
  EXPECT_TRUE(attempt({.qid = 64, .cntlid = cntlid}).completion) << "its number is free again";
  EXPECT_EQ(
      admin.execute(spec::build::set_features(spec::FeatureId::number_of_queues, 0, 1 | 1 << 16)).completion.result,
      1U | 1U << 16);
  expect_refused(attempt({.qid = 3, .cntlid = cntlid}), {kInvalid, 42});
}

TEST(TargetConnect, is_refused_beyond_the_limits_and_memory_comes_back) {
  TargetConfig config = small_config();
  config.controllers = 2;
  Bench bench(config);
  const Status busy = spec::fabrics_status(FabricsStatus::controller_busy);
  {
    Direct one(bench), two(bench), three(bench);
    EXPECT_TRUE(one.connect().completion);
    EXPECT_TRUE(two.connect({.hostid = 2}).completion);
    EXPECT_EQ(three.connect().completion.status, busy);
    EXPECT_NE(bench.home.memory.used(), 0U);
  }
  EXPECT_EQ(bench.home.memory.used(), 0U);
  EXPECT_EQ(bench.home.controllers.count(), 0U);

  config.memory_bytes = 1 << 20;
  Bench poor(config);
  Direct queue(poor);
  EXPECT_EQ(queue.connect().completion.status, busy);
  EXPECT_EQ(poor.home.memory.used(), 0U);
  EXPECT_EQ(poor.home.controllers.count(), 0U);
}

TEST(TargetConnect, has_a_deadline_and_so_has_every_pdu) {
  Bench bench;
  Direct silent(bench);
  bench.now += 9s;
  silent.move({});
  EXPECT_FALSE(silent.ended());
  bench.now += 2s;
  silent.move({});
  EXPECT_TRUE(silent.ended());

  // One byte a second: each comes in time, the whole does not.
  Admin admin(bench);
  const spec::Command c = spec::build::identify(1, 0);
  std::array<std::byte, 4096> page{};
  ASSERT_TRUE(admin.queue.start(0, c, page, {}));
  for (int i = 0; i < 32 && !admin.queue.session().over(); ++i) {
    admin.queue.trickle(1);
    bench.now += 1s;
  }
  EXPECT_TRUE(admin.queue.session().over());
  EXPECT_EQ(bench.tally.timeouts.get(), 2U);
}

TEST(TargetConnect, an_idle_queue_without_keep_alive_stays) {
  Bench bench;
  Admin admin(bench);
  bench.now += std::chrono::hours(24);
  admin.queue.move({});
  EXPECT_FALSE(admin.queue.ended());
}

TEST(TargetConnect, ends_with_the_admin_queue_and_with_a_reset) {
  Bench bench;
  auto admin = std::make_unique<Admin>(bench);
  Direct first(bench), second(bench);
  ASSERT_TRUE(first.connect({.qid = 1, .cntlid = admin->cntlid}).completion);
  EXPECT_TRUE(admin->queue.execute(f::build::property_set(f::Property::cc, 0)).completion);
  first.move({});
  EXPECT_TRUE(first.ended());
  ASSERT_TRUE(admin->queue.enable());
  ASSERT_TRUE(second.connect({.qid = 2, .cntlid = admin->cntlid}).completion);
  admin.reset();
  second.move({});
  EXPECT_TRUE(second.ended());
}

}  // namespace
}  // namespace lightnvm::test
