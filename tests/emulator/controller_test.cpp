// SPDX-License-Identifier: BSD-2-Clause
// Admin commands of the emulated controller: what each answers, byte by byte where hosts read it.
#include "emulator/controller.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "emulator/queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;
using spec::FeatureId;
using spec::LogPage;
namespace build = spec::build;

constexpr std::byte kCanary{0xA5};
constexpr std::uint32_t kEveryNamespace = 0xFFFFFFFF;
// Event type 7, information 0, log page D0h. OCSSD-2.0 3.4.
constexpr std::uint64_t kWearEvent = 0x00D00007;

// 3 x 2 x 5 chunks, so that all counts leave holes; one reset wears a chunk by 25, more than `wit` allows.
Config small(std::uint32_t wit = 10, std::uint32_t pe_cycles = 10) {
  Config c;
  c.overrides.clear();
  Geometry& g = c.geometry;
  g.groups = 3, g.units = 2, g.chunks = 5, g.sectors = 24, g.sector_bytes = 4096, g.oob_bytes = 16;
  g.ws_min = 4, g.ws_opt = 8, g.mw_cunits = 8, g.max_open = 9, g.max_open_unit = 3, g.wear_threshold = wit;
  g.vector_copy = true, g.multiple_resets = true, g.early_reset = false;
  g.times = {.read = 1, .read_max = 2, .write = 3, .write_max = 4, .reset = 5, .reset_max = 6};
  c.pe_cycles = pe_cycles;
  c.serial = "SN42";
  return c;
}

class ControllerTest : public testing::Test {
 protected:
  void SetUp() override { make(small()); }
  void make(const Config& config) {
    queue_.reset();
    admin_.reset();
    controller_.reset();
    auto made = Device::in_memory(config);
    ASSERT_TRUE(made.has_value()) << last_error();
    device_ = *made;
    controller_ = std::make_unique<Controller>(device_, 7);
    admin_ = std::make_unique<AdminQueue>(*controller_);
    queue_ = std::make_unique<Queue>(*controller_, 4, 3);
  }

  /// Executes with `bytes` of memory, which page_ holds afterwards.
  Completion run(const spec::Command& c, std::size_t bytes = 4096) {
    page_.assign(bytes, kCanary);
    const Segment s{page_.data(), page_.size()};
    Payload p;
    if (bytes != 0) p.data = {&s, 1};
    return controller_->execute(c, p);
  }
  StatusCode verdict(const spec::Command& c, std::size_t bytes = 4096) {
    const Completion done = run(c, bytes);
    EXPECT_TRUE(done.ok() || done.status.dnr()) << "the same command would fail again";
    return done.status.code();
  }
  [[nodiscard]] std::uint64_t at(std::size_t offset, std::size_t bytes) const {
    std::uint64_t value = 0;
    std::memcpy(&value, page_.data() + offset, bytes);
    return value;
  }
  [[nodiscard]] std::string text(std::size_t offset, std::size_t bytes) const {
    return {reinterpret_cast<const char*>(page_.data()) + offset, bytes};
  }
  [[nodiscard]] bool all(std::byte value, std::size_t from, std::size_t to) const {
    return std::ranges::all_of(std::span(page_).subspan(from, to - from), [&](std::byte b) { return b == value; });
  }
  [[nodiscard]] bool zero(std::size_t from, std::size_t to) const { return all(std::byte{0}, from, to); }
  [[nodiscard]] bool untouched(std::size_t from = 0) const { return all(kCanary, from, page_.size()); }

  Completion io(const spec::Command& c, const Payload& p) {
    queue_->start(c, p, 0);
    std::array<Done, 1> done;
    EXPECT_EQ(queue_->poll(done), 1U) << "memory is immediate";
    return done[0].completion;
  }
  Completion transfer(spec::IoOpcode op, std::uint64_t lba, std::uint32_t sectors) {
    std::vector<std::byte> data(std::size_t{sectors} * 4096);
    const Segment s{data.data(), data.size()};
    return io(build::transfer(op, 1, lba, sectors), {.data = {&s, 1}, .metadata = {}, .list = {}, .destination = {}});
  }
  /// Resets the first chunk of a unit; whether it succeeds.
  bool reset(std::uint64_t unit) {
    const std::uint64_t lba = unit / 2 << 9 | unit % 2 << 8;
    return io(build::vector(spec::IoOpcode::vector_reset, 1, 1),
              {.data = {}, .metadata = {}, .list = {&lba, 1}, .destination = {}})
        .ok();
  }

  void start(const spec::Command& c, std::uint16_t tag) { admin_->start(c, {}, tag); }
  std::vector<Done> finished() {
    std::array<Done, 16> done;
    const unsigned n = admin_->poll(done);
    return {done.begin(), done.begin() + n};
  }
  /// The one command that is finished.
  Done only() {
    const std::vector<Done> done = finished();
    EXPECT_EQ(done.size(), 1U);
    return done.empty() ? Done{} : done.front();
  }
  void read_notifications(bool retain) {
    EXPECT_EQ(verdict(build::get_log(LogPage::chunk_notification, 1, 0, 4096, retain)), success);
  }
  StatusCode chunk_log(std::uint64_t offset, std::uint32_t bytes, std::uint32_t nsid = 1) {
    return verdict(build::get_log(LogPage::chunk_information, nsid, offset, bytes), bytes);
  }
  StatusCode set(FeatureId id, std::uint32_t value, std::uint32_t nsid = 1) {
    return verdict(build::set_features(id, nsid, value), 0);
  }
  Completion ask(FeatureId id, std::uint32_t select) {
    spec::Command c = build::get_features(id, 1);
    spec::Sel::set(c, select);
    return run(c, 0);
  }
  std::uint64_t get(FeatureId id, std::uint32_t select = 0) { return ask(id, select).result; }

  std::shared_ptr<Device> device_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<AdminQueue> admin_;
  std::unique_ptr<Queue> queue_;
  std::vector<std::byte> page_;
};

TEST_F(ControllerTest, IdentifyNamespaceSaysWhatHostsReadWhereTheyReadIt) {
  ASSERT_EQ(verdict(build::identify(0, 1)), success);
  EXPECT_TRUE(at(0, 8) == 1U << 11 && at(16, 8) == 1U << 11) << "NSZE, NUSE: 2 + 1 + 3 + 5 bits of address";
  EXPECT_EQ(at(8, 8), 3U * 2 * 5 * 24) << "NCAP";
  EXPECT_EQ(at(24, 3), 4U) << "NSFEAT: the error for unwritten blocks is supported; NLBAF, FLBAS";
  EXPECT_EQ(at(27, 3), 2U) << "MC: separate; DPC, DPS";
  EXPECT_EQ(at(33, 1) & 7, 1U) << "DLFEAT: zeros";
  EXPECT_EQ(at(128, 4), 16U | 12U << 16) << "MS, DS";
  EXPECT_EQ(at(384, 1), 1U) << "what Linux and SPDK know an Open-Channel namespace by";
}

TEST_F(ControllerTest, CapacityLeavesOutWhatCannotHoldData) {
  Config c = small();
  c.overrides = {{.address = Address::of(2, 1, 4), .state = ChunkState::offline},
                 {.address = Address::of(0, 0, 0), .sectors = 20}};
  make(c);
  ASSERT_EQ(verdict(build::identify(0, 1)), success);
  EXPECT_EQ(at(8, 8), 3U * 2 * 5 * 24 - 24 - 4);
}

TEST_F(ControllerTest, NamespaceWithoutOobHasNoMetadata) {
  Config c = small();
  c.geometry.oob_bytes = 0;
  c.predefined = 0xFF;
  make(c);
  ASSERT_EQ(verdict(build::identify(0, 1)), success);
  EXPECT_TRUE(at(27, 1) == 0 && at(128, 2) == 0) << "MC, MS";
  EXPECT_EQ(at(33, 1) & 7, 2U) << "DLFEAT: ones";
}

TEST_F(ControllerTest, IdentifyControllerSaysWhatHostsReadWhereTheyReadIt) {
  ASSERT_EQ(verdict(build::identify(1, 0)), success);
  EXPECT_EQ(text(4, 20), "SN42                ");
  EXPECT_EQ(at(77, 3), 7U | 7U << 8) << "MDTS, CNTLID";
  EXPECT_EQ(at(80, 4), 0x10300U) << "VER";
  EXPECT_EQ(at(259, 1), 3U) << "AERL";
  EXPECT_EQ(at(261, 1) & 4, 4U) << "LPA: extended data";
  EXPECT_TRUE(at(262, 1) == 15 && at(512, 2) == 0x4466) << "ELPE, SQES, CQES";
  EXPECT_TRUE(at(516, 4) == 1 && (at(520, 2) & 4) != 0) << "NN, ONCS: Dataset Management";
  EXPECT_EQ(at(536, 4) & 1, 1U) << "SGLS";
  EXPECT_EQ(text(768, 4), "nqn.");
}

TEST_F(ControllerTest, NamespaceListNamesTheOneNamespace) {
  ASSERT_EQ(verdict(build::identify(2, 0)), success);
  EXPECT_TRUE(at(0, 4) == 1 && zero(4, 4096));
  ASSERT_EQ(verdict(build::identify(2, 1)), success);
  EXPECT_TRUE(zero(0, 4096)) << "there is none above it";
  for (const std::uint32_t n : {0xFFFFFFFEU, kEveryNamespace})
    EXPECT_EQ(verdict(build::identify(2, n)), invalid_namespace);
}

TEST_F(ControllerTest, NamespaceDescriptorIsItsUuid) {
  ASSERT_EQ(verdict(build::identify(3, 1)), success);
  EXPECT_TRUE(at(0, 4) == (3U | 16U << 8) && zero(20, 4096)) << "type and length";
  EXPECT_EQ(std::memcmp(page_.data() + 4, device_->uuid().data(), 16), 0);
}

TEST_F(ControllerTest, IdentifyRefusesWhatItDoesNotKnow) {
  for (const std::uint8_t cns : {0, 3}) EXPECT_EQ(verdict(build::identify(cns, 2)), invalid_namespace);
  EXPECT_EQ(verdict(build::identify(0x7F, 1)), invalid_field);
}

TEST_F(ControllerTest, PageIsNotCutToTooLittleMemory) {
  EXPECT_EQ(verdict(build::identify(1, 0), 4095), data_sgl_length_invalid);
  EXPECT_EQ(verdict(build::geometry(1), 4092), data_sgl_length_invalid);
  EXPECT_EQ(verdict(build::get_log(LogPage::smart, 0, 0, 512), 511), data_sgl_length_invalid);
  EXPECT_EQ(verdict(build::get_log(LogPage::chunk_information, 1, 0, 64), 63), data_sgl_length_invalid);
  EXPECT_TRUE(untouched());
}

TEST_F(ControllerTest, GeometryHasEachFieldInItsPlace) {
  ASSERT_EQ(verdict(build::geometry(1)), success);
  EXPECT_EQ(at(0, 8), 2U) << "version 2.0";
  EXPECT_EQ(at(8, 4), 0x05030102U) << "bits of group, unit, chunk, sector";
  EXPECT_EQ(at(16, 4), 3U) << "MCCAP";
  EXPECT_EQ(at(32, 1), 10U) << "WIT";
  EXPECT_EQ(at(64, 8), 3U | 2U << 16 | 5ULL << 32) << "NUM_GRP, NUM_PU, NUM_CHK";
  EXPECT_EQ(at(72, 4), 24U) << "CLBA";
  const std::array<std::uint32_t, 5> writing = {4, 8, 8, 9, 3};
  const std::array<std::uint32_t, 6> times = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(std::memcmp(page_.data() + 128, writing.data(), 20), 0) << "WS_MIN, WS_OPT, MW_CUNITS, MAXOC, MAXOCPU";
  EXPECT_EQ(std::memcmp(page_.data() + 192, times.data(), 24), 0);
  EXPECT_TRUE(zero(12, 16) && zero(20, 32) && zero(33, 64) && zero(76, 128) && zero(148, 192) && zero(216, 3072));
}

TEST_F(ControllerTest, GeometryNeedsANamespaceAndNothingElse) {
  for (const std::uint32_t nsid : {0U, 2U, kEveryNamespace})
    EXPECT_EQ(verdict(build::geometry(nsid)), invalid_namespace);
  spec::Command c = build::geometry(1);
  c.dw[12] = 1;
  EXPECT_EQ(verdict(c), invalid_field);
}

TEST_F(ControllerTest, ChunkLogCanBeReadAnywhere) {
  ASSERT_EQ(verdict(build::get_log(LogPage::chunk_information, 1, 0, 30 * 32), 960), success);
  const std::vector<std::byte> whole = page_;
  EXPECT_EQ(at(224, 8), 0x0101U) << "free, sequential, new";
  EXPECT_EQ(at(232, 8), 1U << 8 | 2U << 5) << "chunk 2 of the second unit";
  EXPECT_TRUE(at(240, 8) == 24 && at(248, 8) == 0) << "CNLB, WP";
  for (const std::uint32_t offset : {0U, 4U, 28U, 32U, 100U, 956U}) {
    for (const std::uint32_t bytes : {4U, 32U, 36U, 960U}) {
      ASSERT_EQ(chunk_log(offset, bytes), success);
      const std::size_t there = std::min<std::size_t>(bytes, 960 - offset);
      EXPECT_EQ(std::memcmp(page_.data(), whole.data() + offset, there), 0) << offset << " " << bytes;
      EXPECT_TRUE(untouched(there)) << "short at the end of the log";
    }
  }
}

TEST_F(ControllerTest, ChunkLogEndsAfterTheLastChunk) {
  EXPECT_EQ(chunk_log(960, 4), success);
  EXPECT_TRUE(untouched());
  EXPECT_EQ(chunk_log(964, 4), invalid_field);
  EXPECT_EQ(chunk_log(1ULL << 32, 4), invalid_field);
}

TEST_F(ControllerTest, LogsAreReadInDwordsAndNotBeyondMdts) {
  EXPECT_EQ(chunk_log(2, 4), invalid_field);
  EXPECT_EQ(verdict(build::get_log(LogPage::smart, 0, 1, 4)), invalid_field);
  EXPECT_EQ(chunk_log(0, 4096U << 7), success);
  EXPECT_EQ(chunk_log(0, (4096U << 7) + 4), invalid_field);
}

TEST_F(ControllerTest, ChunkLogBelongsToTheNamespace) {
  for (const std::uint32_t nsid : {0U, 2U, kEveryNamespace}) EXPECT_EQ(chunk_log(0, 32, nsid), invalid_namespace);
}

TEST_F(ControllerTest, UnknownLogPageIsRefused) {
  for (const int page : {0x00, 0x04, 0xC0, 0xCB, 0xFF})
    EXPECT_EQ(verdict(build::get_log(static_cast<LogPage>(page), 0, 0, 512)), invalid_log_page);
}

TEST_F(ControllerTest, ErrorLogHasTheLatestErrorFirst) {
  controller_->log_error({3, 5, 1}, Status::nvme_dnr(write_fault), 0x123);
  controller_->log_error({0, 9, 0}, Status::nvme(invalid_opcode), 0);
  ASSERT_EQ(verdict(build::get_log(LogPage::error_information, 0, 0, 1024)), success);
  EXPECT_TRUE(at(0, 8) == 2 && at(8, 4) == 9U << 16) << "error count, SQID, CID";
  EXPECT_EQ(at(12, 2), 0x001U << 1) << "status, beside the phase tag";
  EXPECT_TRUE(at(64, 8) == 1 && at(64 + 8, 4) == (3U | 5U << 16)) << "the one before";
  EXPECT_EQ(at(64 + 12, 2), 0x4280U << 1);
  EXPECT_TRUE(at(64 + 16, 8) == 0x123 && at(64 + 24, 4) == 1) << "LBA, NSID";
  EXPECT_TRUE(zero(128, 1024));
}

TEST_F(ControllerTest, ErrorLogKeepsAsManyErrorsAsItSays) {
  for (std::uint16_t i = 1; i <= 20; ++i) controller_->log_error({0, i, 0}, Status::nvme(invalid_field), 0);
  ASSERT_EQ(verdict(build::get_log(LogPage::error_information, 0, 0, 1024)), success);
  EXPECT_TRUE(at(0, 8) == 20 && at(960, 8) == 5) << "the newest and the oldest of 16";
}

TEST_F(ControllerTest, FailedIoCommandIsInTheErrorLog) {
  EXPECT_TRUE(transfer(spec::IoOpcode::write, 0x44, 4).status.is(out_of_order_write));
  ASSERT_EQ(verdict(build::get_log(LogPage::error_information, 0, 0, 64)), success);
  EXPECT_EQ(at(8, 2), 3U) << "SQID";
  EXPECT_TRUE(at(12, 2) == 0x42F2U << 1 && at(16, 8) == 0x44) << "status, LBA";
}

TEST_F(ControllerTest, HealthLogCountsTrafficAndErrors) {
  for (std::uint64_t chunk = 0; chunk < 5; ++chunk) {
    EXPECT_TRUE(transfer(spec::IoOpcode::write, chunk << 5, 24).ok());
    EXPECT_TRUE(transfer(spec::IoOpcode::read, chunk << 5, 24).ok());
  }
  EXPECT_TRUE(transfer(spec::IoOpcode::read, 0, 24).ok());
  controller_->log_error({0, 1, 0}, Status::nvme(invalid_field), 0);
  ASSERT_EQ(verdict(build::get_log(LogPage::smart, kEveryNamespace, 0, 512)), success);
  EXPECT_TRUE(at(32, 8) == 2 && at(48, 8) == 1) << "6 and 5 x 192 blocks of 512 bytes in thousands, rounded up";
  EXPECT_TRUE(at(64, 8) == 6 && at(80, 8) == 5) << "read and write commands";
  EXPECT_EQ(at(176, 8), 1U) << "errors";
  queue_.reset();
  ASSERT_EQ(verdict(build::get_log(LogPage::smart, 0, 0, 512)), success);
  EXPECT_EQ(at(64, 8), 6U) << "what a closed queue did is remembered";
}

TEST_F(ControllerTest, FirmwareLogHasOneActiveSlot) {
  ASSERT_EQ(verdict(build::get_log(LogPage::firmware_slot, 0, 0, 512)), success);
  EXPECT_EQ(at(0, 1), 1U);
  const std::string revision = text(8, 8);
  ASSERT_EQ(verdict(build::identify(1, 0)), success);
  EXPECT_EQ(text(64, 8), revision);
}

TEST_F(ControllerTest, DulbeIsOffAtFirstAndHoldsForEveryController) {
  EXPECT_EQ(get(FeatureId::error_recovery), 0U);
  EXPECT_EQ(set(FeatureId::error_recovery, spec::kDulbe | 0x12), success);
  EXPECT_EQ(get(FeatureId::error_recovery), spec::kDulbe | 0x12);
  Controller other(device_, 8);
  EXPECT_EQ(other.execute(build::get_features(FeatureId::error_recovery, 1), {}).result, spec::kDulbe | 0x12);
}

TEST_F(ControllerTest, MediaFeedbackHasTwoBits) {
  EXPECT_EQ(set(FeatureId::media_feedback, 3), success);
  EXPECT_EQ(set(FeatureId::media_feedback, 4), invalid_field);
  EXPECT_EQ(get(FeatureId::media_feedback), 3U);
}

TEST_F(ControllerTest, QueuesAreGrantedUpToTheLimit) {
  constexpr std::uint64_t kMost = kMaxIoQueues - 1;
  EXPECT_EQ(run(build::set_features(FeatureId::number_of_queues, 0, 3U | 5U << 16), 0).result, 3U | 5U << 16);
  EXPECT_EQ(run(build::set_features(FeatureId::number_of_queues, 0, 5000U | 5U << 16), 0).result, kMost | 5U << 16);
  EXPECT_EQ(get(FeatureId::number_of_queues), kMost | 5U << 16);
  EXPECT_EQ(set(FeatureId::number_of_queues, 0xFFFF, 0), invalid_field) << "0-based: 65536 is no count";
}

TEST_F(ControllerTest, OtherFeaturesKeepWhatIsSet) {
  EXPECT_EQ(set(FeatureId::async_event_configuration, 0x1F, 0), success);
  EXPECT_EQ(get(FeatureId::async_event_configuration), 0x1FU);
  EXPECT_EQ(set(FeatureId::write_atomicity, 1, 0), success);
  EXPECT_EQ(get(FeatureId::write_atomicity), 1U);
}

TEST_F(ControllerTest, SelectTellsDefaultSavedAndCapabilitiesFromCurrent) {
  EXPECT_EQ(set(FeatureId::error_recovery, spec::kDulbe), success);
  EXPECT_EQ(get(FeatureId::error_recovery, 1), 0U) << "default";
  EXPECT_EQ(get(FeatureId::error_recovery, 2), 0U) << "saved: as the default, nothing is saved";
  EXPECT_EQ(get(FeatureId::error_recovery, 3), 6U) << "changeable, of a namespace, not saveable";
  EXPECT_EQ(get(FeatureId::number_of_queues, 3), 4U) << "changeable";
  EXPECT_TRUE(ask(FeatureId::error_recovery, 4).status.is(invalid_field));
}

TEST_F(ControllerTest, NothingCanBeSaved) {
  spec::Command c = build::set_features(FeatureId::error_recovery, 1, spec::kDulbe);
  spec::Save::set(c, 1);
  EXPECT_EQ(verdict(c, 0), feature_not_saveable);
  EXPECT_EQ(get(FeatureId::error_recovery), 0U);
}

TEST_F(ControllerTest, ReservedBitsOfAFeatureAreRefused) {
  EXPECT_EQ(set(FeatureId::error_recovery, 1U << 17), invalid_field);
  EXPECT_EQ(get(FeatureId::error_recovery), 0U);
}

TEST_F(ControllerTest, FeaturesOfANamespaceNeedOneThatExists) {
  for (const std::uint32_t n : {0U, 2U}) EXPECT_EQ(set(FeatureId::error_recovery, 0, n), invalid_namespace);
  EXPECT_EQ(set(FeatureId::error_recovery, spec::kDulbe, kEveryNamespace), success);
  EXPECT_EQ(verdict(build::get_features(FeatureId::media_feedback, 2), 0), invalid_namespace);
}

TEST_F(ControllerTest, UnknownFeatureIsRefused) {
  for (const int id : {0x00, 0x03, 0x0C, 0x80, 0xC9, 0xFF}) {
    EXPECT_EQ(set(static_cast<FeatureId>(id), 0), invalid_field);
    EXPECT_EQ(verdict(build::get_features(static_cast<FeatureId>(id), 1), 0), invalid_field);
  }
}

TEST_F(ControllerTest, WearOutsideTheThresholdIsLogged) {
  EXPECT_TRUE(reset(3));
  read_notifications(false);
  EXPECT_TRUE(at(0, 8) == 1 && at(8, 8) == (1U << 9 | 1U << 8)) << "number, LBA";
  EXPECT_EQ(at(16, 7), 0x02'0100'0000'0001U) << "NSID; wear-level index outside; of the chunk";
  EXPECT_TRUE(zero(23, 4096));
}

TEST_F(ControllerTest, WearWithinTheThresholdIsNot) {
  make(small(25));
  EXPECT_TRUE(reset(0));
  read_notifications(false);
  EXPECT_TRUE(zero(0, 4096));
}

TEST_F(ControllerTest, LastNotificationsAreKeptOldestFirst) {
  make(small(0, 100));
  for (int i = 0; i < 70; ++i) EXPECT_TRUE(reset(2));
  read_notifications(false);
  EXPECT_TRUE(at(0, 8) > 1 && at(0, 8) + 63 == at(4032, 8));
  const std::vector<std::byte> whole = page_;
  ASSERT_EQ(verdict(build::get_log(LogPage::chunk_notification, 1, 68, 4092), 4092), success);
  EXPECT_EQ(std::memcmp(page_.data(), whole.data() + 68, 4096 - 68), 0) << "the byte offset is honoured";
  EXPECT_TRUE(untouched(4096 - 68));
}

TEST_F(ControllerTest, EventRequestWaitsForAnEvent) {
  start(build::async_event_request(), 5);
  EXPECT_TRUE(finished().empty());
  EXPECT_TRUE(reset(0));
  const Done done = only();
  EXPECT_EQ(done.tag, 5);
  EXPECT_TRUE(done.completion.ok() && done.completion.result == kWearEvent);
}

TEST_F(ControllerTest, EventWaitsForARequest) {
  EXPECT_TRUE(reset(0));
  start(build::async_event_request(), 5);
  EXPECT_EQ(only().tag, 5);
}

TEST_F(ControllerTest, EventsAreMaskedUntilTheLogIsRead) {
  start(build::async_event_request(), 1);
  start(build::async_event_request(), 2);
  EXPECT_TRUE(reset(0));
  EXPECT_TRUE(reset(1));
  EXPECT_EQ(finished().size(), 1U);
  read_notifications(true);
  EXPECT_TRUE(reset(2));
  EXPECT_TRUE(finished().empty()) << "read with RAE: still masked";
  read_notifications(false);
  EXPECT_TRUE(reset(3));
  EXPECT_EQ(only().tag, 2);
}

TEST_F(ControllerTest, FifthEventRequestIsRefused) {
  for (std::uint16_t tag = 0; tag <= 4; ++tag) start(build::async_event_request(), tag);
  const Done done = only();
  EXPECT_EQ(done.tag, 4);
  EXPECT_TRUE(done.completion.status.is(async_event_limit_exceeded));
}

TEST_F(ControllerTest, AbortEndsAnEventRequest) {
  start(build::async_event_request(), 1);
  start(build::async_event_request(), 2);
  start(build::abort(0, 1), 3);
  for (const Done& d : finished()) {
    EXPECT_EQ(d.completion.status.code(), d.tag == 1 ? abort_requested : success);
    EXPECT_EQ(d.completion.result, 0U) << "bit 0 clear: aborted";
  }
  EXPECT_TRUE(reset(0));
  EXPECT_EQ(only().tag, 2) << "the other still waits";
}

TEST_F(ControllerTest, AbortSaysIfThereWasNothingToAbort) {
  start(build::async_event_request(), 1);
  start(build::abort(0, 9), 3);
  EXPECT_EQ(only().completion.result, 1U) << "no such command";
  start(build::abort(1, 1), 4);
  EXPECT_EQ(only().completion.result, 1U) << "another queue's";
}

TEST_F(ControllerTest, WaitingRequestsCanBeEndedAtOnce) {
  start(build::async_event_request(), 1);
  start(build::async_event_request(), 2);
  admin_->abort_waiting();
  const auto done = finished();
  ASSERT_EQ(done.size(), 2U);
  EXPECT_FALSE(done[0].completion.ok() || done[1].completion.ok());
  EXPECT_TRUE(reset(0));
  EXPECT_TRUE(finished().empty());
}

TEST_F(ControllerTest, ClosedAdminQueueGetsNoEvents) {
  start(build::async_event_request(), 1);
  admin_.reset();
  EXPECT_TRUE(reset(0));
}

TEST_F(ControllerTest, UnknownOpcodesAreRefused) {
  for (const int opcode : {0x00, 0x03, 0x04, 0x05, 0x0B, 0x18, 0x80, 0xC1, 0xE3, 0xF2, 0xFF})
    EXPECT_EQ(verdict(build::command(static_cast<std::uint8_t>(opcode), 0)), invalid_opcode) << opcode;
}

TEST_F(ControllerTest, ReservedBitsOfACommandAreRefused) {
  for (const unsigned bit : {8U, 9U, 10U, 13U}) {
    spec::Command c = build::identify(1, 0);
    c.dw[0] |= 1U << bit;
    EXPECT_EQ(verdict(c), invalid_field);
  }
}

}  // namespace
}  // namespace lightnvm::emulator
