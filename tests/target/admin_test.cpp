// SPDX-License-Identifier: BSD-2-Clause
// What a controller answers by itself.
#include <algorithm>
#include <cstring>

#include "support.hpp"

namespace lightnvm::test {
namespace {

namespace f = spec::fabrics;
namespace build = spec::build;
using spec::FeatureId;
using namespace std::chrono_literals;
using enum StatusCode;

constexpr auto kExtension = static_cast<FeatureId>(0xD5);

TargetConfig two_namespaces(TargetMetadata metadata = TargetMetadata::none) {
  TargetConfig config = small_config();
  config.subsystems[0].namespaces = {{"emu:?groups=1&punits=1&chunks=8&sectors=64&oob_bytes=16", 7, metadata},
                                     {"emu:?groups=2&punits=1&chunks=8&sectors=64", 3}};
  return config;
}

TEST(TargetAdmin, properties_are_a_controllers) {
  Bench bench;
  Direct queue(bench);
  ASSERT_TRUE(queue.connect().completion);
  const std::uint64_t cap = queue.property(f::Property::cap);
  EXPECT_EQ(f::cap::Mqes::get(cap), 1023U);
  EXPECT_EQ(f::cap::Cqr::get(cap), 1U);
  EXPECT_EQ(f::cap::Css::get(cap), 1U);
  EXPECT_EQ(queue.property(f::Property::vs), 0x10400U);
  EXPECT_EQ(queue.property(f::Property::csts), 0U);
  EXPECT_EQ(queue.status(build::identify(1, 0)), Status::nvme_dnr(command_sequence_error)) << "not enabled";
  // Sizes of queue entries that there are not: a fatal status, until the next attempt.
  EXPECT_TRUE(queue.status(f::build::property_set(f::Property::cc, f::cc::En::put(1))).ok());
  EXPECT_EQ(queue.property(f::Property::csts), f::csts::Cfs::put(1));
  EXPECT_TRUE(queue.status(f::build::property_set(f::Property::cc, 0)).ok());
  EXPECT_TRUE(queue.enable());
  const auto cc = static_cast<std::uint32_t>(queue.property(f::Property::cc));
  EXPECT_TRUE(queue.status(f::build::property_set(f::Property::cc, cc | f::cc::Shn::put(1))).ok());
  EXPECT_EQ(f::csts::Shst::get(static_cast<std::uint32_t>(queue.property(f::Property::csts))), 2U);
  for (const auto& c : {f::build::property_set(f::Property::cap, 1), f::build::property_set(f::Property::nssr, 1),
                        f::build::property_get(static_cast<f::Property>(0x30))}) {
    EXPECT_EQ(queue.status(c), Status::nvme_dnr(invalid_field));
  }
  spec::Command wide = f::build::property_get(f::Property::cap);
  f::PropertySize::set(wide, 0);
  EXPECT_EQ(queue.status(wide), Status::nvme_dnr(invalid_field));
}

TEST(TargetAdmin, identify_tells_of_the_controller_and_all_namespaces) {
  Bench bench(two_namespaces());
  Admin admin(bench);
  spec::IdentifyController id{};
  ASSERT_TRUE(admin.queue.status(build::identify(1, 0), bytes_of(id)).ok());
  EXPECT_EQ(id.cntlid, admin.cntlid);
  EXPECT_EQ(id.cntrltype, 1);
  EXPECT_EQ(id.kas, 1U);
  EXPECT_EQ(id.nn, 7U);
  EXPECT_EQ(id.iorcsz, 1U);
  EXPECT_EQ(id.icdoff, 0U);
  EXPECT_EQ(id.maxcmd, 1023U);
  std::array<std::uint32_t, 1024> list{};
  ASSERT_TRUE(admin.queue.status(build::identify(2, 0), bytes_of(list)).ok());
  EXPECT_EQ((std::array{list[0], list[1], list[2]}), (std::array{3U, 7U, 0U}));
  ASSERT_TRUE(admin.queue.status(build::identify(2, 3), bytes_of(list)).ok());
  EXPECT_EQ((std::array{list[0], list[1]}), (std::array{7U, 0U}));
  std::array<std::uint8_t, 4096> descriptors{};
  ASSERT_TRUE(admin.queue.status(build::identify(3, 7), bytes_of(descriptors)).ok());
  EXPECT_EQ(descriptors[0], 3);
  EXPECT_EQ(admin.queue.status(build::identify(0, 1), bytes_of(list)), Status::nvme_dnr(invalid_namespace));
  EXPECT_EQ(admin.queue.status(build::identify(3, 1), bytes_of(list)), Status::nvme_dnr(invalid_namespace));
  EXPECT_EQ(admin.queue.status(build::identify(0x1C, 0), bytes_of(list)), Status::nvme_dnr(invalid_field));
  EXPECT_EQ(admin.queue.status(build::identify(1, 0), bytes_of(list).first(4092)),
            Status::nvme_dnr(data_sgl_length_invalid));
  std::array<std::byte, 4096> geometry{};
  ASSERT_TRUE(admin.queue.status(build::geometry(3), geometry).ok());
  EXPECT_EQ(admin.queue.status(build::geometry(1), geometry), Status::nvme_dnr(invalid_namespace));
}

TEST(TargetAdmin, metadata_is_what_the_host_can_have) {
  for (const auto metadata : {TargetMetadata::none, TargetMetadata::extended}) {
    Bench bench(two_namespaces(metadata));
    Admin admin(bench);
    const bool extended = metadata == TargetMetadata::extended;
    spec::IdentifyNamespace ns{};
    ASSERT_TRUE(admin.queue.status(build::identify(0, 7), bytes_of(ns)).ok());
    EXPECT_EQ(ns.lbaf[0].ds, 12);
    EXPECT_EQ(ns.lbaf[0].ms, extended ? 16 : 0);
    EXPECT_EQ(ns.flbas, extended ? 0x10 : 0);
    EXPECT_EQ(ns.mc, extended ? 1 : 0);
    EXPECT_EQ(ns.vendor[0], 1) << "still an Open-Channel SSD";
    ASSERT_TRUE(admin.queue.status(build::set_features(kExtension, 0, 1)).ok());
    ASSERT_TRUE(admin.queue.status(build::identify(0, 7), bytes_of(ns)).ok());
    EXPECT_EQ(ns.lbaf[0].ms, 16);
    EXPECT_EQ(ns.flbas, 0);
    EXPECT_EQ(ns.mc, 2);
  }
}

TEST(TargetAdmin, features_of_the_controller_are_its_own) {
  Bench bench;
  Admin one(bench), other(bench, {.hostid = 2});
  const auto get = [](Admin& a, FeatureId id) { return a.queue.execute(build::get_features(id, 0)).completion; };
  EXPECT_EQ(get(one, FeatureId::number_of_queues).result, 63U | 63U << 16);
  EXPECT_EQ(one.queue.execute(build::set_features(FeatureId::number_of_queues, 0, 200 | 1 << 16)).completion.result,
            63U | 63U << 16);
  EXPECT_EQ(one.queue.status(build::set_features(FeatureId::number_of_queues, 0, 0xFFFF)),
            Status::nvme_dnr(invalid_field));
  ASSERT_TRUE(one.queue.status(build::set_features(FeatureId::async_event_configuration, 0, 0x1FF)).ok());
  EXPECT_EQ(get(one, FeatureId::async_event_configuration).result, 0x1FFU);
  EXPECT_EQ(get(other, FeatureId::async_event_configuration).result, 0U);
  ASSERT_TRUE(one.queue.status(build::set_features(kExtension, 0, 1)).ok());
  EXPECT_EQ(get(one, kExtension).result, 1U);
  EXPECT_EQ(get(other, kExtension).result, 0U);
  EXPECT_EQ(one.queue.status(build::set_features(kExtension, 0, 2)), Status::nvme_dnr(invalid_field));
  spec::Command save = build::set_features(kExtension, 0, 1);
  spec::Save::set(save, 1);
  EXPECT_EQ(one.queue.status(save), Status::nvme_dnr(feature_not_saveable));
  // Those of the namespace are everybody's.
  ASSERT_TRUE(one.queue.status(build::set_features(FeatureId::error_recovery, 1, spec::kDulbe)).ok());
  EXPECT_EQ(other.queue.execute(build::get_features(FeatureId::error_recovery, 1)).completion.result, spec::kDulbe);
}

TEST(TargetAdmin, commands_that_would_change_the_device_for_others_are_refused) {
  Bench bench;
  Admin admin(bench);
  for (const std::uint8_t opcode : {0x00, 0x01, 0x04, 0x05, 0x0D, 0x10, 0x80, 0x84}) {
    EXPECT_EQ(admin.queue.status(build::command(opcode, 1)), Status::nvme_dnr(invalid_opcode)) << int{opcode};
  }
}

TEST(TargetAdmin, silence_ends_a_host_that_promised_to_keep_alive) {
  Bench bench;
  Admin admin(bench, {.kato_ms = 1000});
  for (int i = 0; i < 5; ++i) {
    bench.now += 900ms;
    ASSERT_TRUE(admin.queue.status(build::command(spec::AdminOpcode::keep_alive, 0)).ok());
  }
  ASSERT_TRUE(admin.queue.status(build::set_features(FeatureId::keep_alive_timer, 0, 5000)).ok());
  bench.now += 4900ms;
  admin.queue.move({});
  EXPECT_FALSE(admin.queue.ended());
  bench.now += 200ms;
  admin.queue.move({});
  EXPECT_TRUE(admin.queue.ended());
  EXPECT_EQ(bench.tally.timeouts.get(), 1U);
}

TEST(TargetAdmin, events_reach_each_host_once_until_it_reads_the_page) {
  Bench bench;
  Admin one(bench), other(bench, {.hostid = 2});
  const spec::Command request = build::async_event_request();
  ASSERT_TRUE(one.queue.start(1, request, {}, {}));
  one.queue.move({});
  EXPECT_FALSE(one.queue.done(1));
  const auto& ns = *bench.home.catalog.subsystems[0].namespaces[0];
  const backends::AsyncEvent event{7, 0, 0xD0};
  bench.home.controllers.post(ns, event);
  ASSERT_TRUE(one.queue.wait(1));
  EXPECT_EQ(one.queue.reply(1).completion.result, 0xD00007U);
  // Not again before the page is read without RAE; the other host has its own.
  ASSERT_TRUE(one.queue.start(1, request, {}, {}));
  bench.home.controllers.post(ns, event);
  one.queue.move({});
  EXPECT_FALSE(one.queue.done(1));
  ASSERT_TRUE(other.queue.start(1, request, {}, {}));
  ASSERT_TRUE(other.queue.wait(1));
  std::array<std::byte, 64> page{};
  ASSERT_TRUE(one.queue.status(build::get_log(spec::LogPage::chunk_notification, 1, 0, 64, true), page).ok());
  bench.home.controllers.post(ns, event);
  one.queue.move({});
  EXPECT_FALSE(one.queue.done(1));
  ASSERT_TRUE(one.queue.status(build::get_log(spec::LogPage::chunk_notification, 1, 0, 64), page).ok());
  bench.home.controllers.post(ns, event);
  ASSERT_TRUE(one.queue.wait(1));
  // What the configuration masks does not come.
  ASSERT_TRUE(one.queue.start(1, request, {}, {}));
  bench.home.controllers.post(ns, {1, 1, 2});
  one.queue.move({});
  EXPECT_FALSE(one.queue.done(1));
  ASSERT_TRUE(one.queue.status(build::set_features(FeatureId::async_event_configuration, 0, 0x1F)).ok());
  bench.home.controllers.post(ns, {1, 1, 2});
  ASSERT_TRUE(one.queue.wait(1));
  EXPECT_EQ(one.queue.reply(1).completion.result, 0x20101U);
}

TEST(TargetAdmin, event_requests_have_a_limit_and_can_be_given_up) {
  Bench bench;
  Admin admin(bench);
  std::array<spec::Command, 4> requests;
  for (std::uint32_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(admin.queue.start(i, build::async_event_request(), {}, {}));
  }
  EXPECT_EQ(admin.queue.status(build::async_event_request()), Status::nvme_dnr(async_event_limit_exceeded));
  EXPECT_EQ(admin.queue.execute(build::abort(0, 0x7777)).completion.result, 1U);
  EXPECT_EQ(admin.queue.execute(build::abort(1, 1)).completion.result, 1U) << "of another queue";
  // A CID is the tag and, above it, a number that counts commands.
  unsigned given_up = 0;
  for (std::uint32_t cid = 0; cid < 0x400 && given_up == 0; ++cid) {
    given_up += admin.queue.execute(build::abort(0, static_cast<std::uint16_t>(cid))).completion.result == 0 ? 1 : 0;
  }
  EXPECT_EQ(given_up, 1U);
  unsigned aborted = 0;
  for (std::uint32_t i = 1; i <= 4; ++i) {
    if (admin.queue.done(i) && admin.queue.reply(i).completion.status.is(abort_requested)) ++aborted;
  }
  EXPECT_EQ(aborted, 1U);
}

TEST(TargetAdmin, discovery_lists_what_the_host_may_have) {
  TargetConfig config = small_config();
  config.subsystems.push_back({"nqn.2026-11.io.lightnvm:b", {{"emu:?groups=1&punits=1"}}, {std::string(kHost)}});
  config.subsystems.push_back({"nqn.2026-11.io.lightnvm:c", {{"emu:?groups=1&punits=1"}}, {"nqn.2026-11.x:y"}});
  Bench bench(config);
  Admin admin(bench, {.subsystem = f::kDiscoveryNqn});
  spec::IdentifyController id{};
  ASSERT_TRUE(admin.queue.status(build::identify(1, 0), bytes_of(id)).ok());
  EXPECT_EQ(id.cntrltype, 2);
  EXPECT_EQ(std::string(id.subnqn), f::kDiscoveryNqn);
  struct {
    f::DiscoveryHeader header{};
    std::array<f::DiscoveryEntry, 3> entries{};
  } log;
  const auto page = static_cast<spec::LogPage>(f::kDiscoveryLog);
  ASSERT_TRUE(admin.queue.status(build::get_log(page, 0, 0, sizeof log), bytes_of(log)).ok());
  EXPECT_EQ(log.header.genctr, 1U);
  ASSERT_EQ(log.header.numrec, 2U);
  EXPECT_EQ(std::string(log.entries[0].subnqn), kSubsystem);
  EXPECT_EQ(std::string(log.entries[1].subnqn), "nqn.2026-11.io.lightnvm:b");
  EXPECT_EQ(log.entries[0].trtype, 3);
  EXPECT_EQ(log.entries[0].adrfam, 1);
  EXPECT_EQ(log.entries[0].subtype, 2);
  EXPECT_EQ(log.entries[0].cntlid, 0xFFFF);
  EXPECT_EQ(std::string_view(log.entries[0].trsvcid, 5), "4420 ");
  EXPECT_EQ(std::string_view(log.entries[0].traddr, 10), "127.0.0.1 ");
  // In pieces, too.
  f::DiscoveryEntry second{};
  ASSERT_TRUE(admin.queue.status(build::get_log(page, 0, 2048, sizeof second), bytes_of(second)).ok());
  EXPECT_EQ(std::memcmp(&second, &log.entries[1], sizeof second), 0);
  std::array<std::byte, 512> other{};
  EXPECT_EQ(admin.queue.status(build::get_log(spec::LogPage::smart, 0, 0, 512), other),
            Status::nvme_dnr(invalid_log_page));
  EXPECT_EQ(admin.queue.status(build::get_log(page, 0, 1 << 20, 512), other), Status::nvme_dnr(invalid_field));
  EXPECT_EQ(admin.queue.status(build::geometry(1), other), Status::nvme_dnr(data_sgl_length_invalid));
  EXPECT_EQ(admin.queue.status(build::command(0xC1, 1)), Status::nvme_dnr(invalid_opcode));
}

}  // namespace
}  // namespace lightnvm::test
