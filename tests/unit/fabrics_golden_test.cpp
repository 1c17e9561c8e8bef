// SPDX-License-Identifier: BSD-2-Clause
// Every PDU of NVMe/TCP as bytes, made and taken; the bytes were written down from NVMe-TCP-1.0 3.6, not by this code.
#include <gtest/gtest.h>

#include "fabrics_support.hpp"
#include "spec/build.hpp"
#include "spec/fabrics_status.hpp"

namespace lightnvm::fabrics::test {
namespace {

const Bytes kHello = hex("68656c6c6f");
constexpr std::string_view kSqeWrite =
    "01400600 01000000 0000000000000000 0000000000000000 0000000000000000 05000000 00000001"
    "000000000000000000000000000000000000000000000000";
constexpr std::string_view kSqeWriteR2t =
    "01400600 01000000 0000000000000000 0000000000000000 0000000000000000 05000000 0000005a"
    "000000000000000000000000000000000000000000000000";
constexpr std::string_view kSqeRead =
    "02400600 01000000 0000000000000000 0000000000000000 0000000000000000 05000000 0000005a"
    "000000000000000000000000000000000000000000000000";
const Bytes kICReq = hex("00008000 80000000 0000 00 00 00000000") + zeros(112);
const Bytes kICResp = hex("01008000 80000000 0000 00 00 00100000") + zeros(112);
const Bytes kICReqAll = hex("00008000 80000000 0000 01 03 03000000") + zeros(112);
const Bytes kICRespAll = hex("01008000 80000000 0000 03 03 00000200") + zeros(112);

// Header and data digest; PDA of 8 bytes to the host, of 16 to the controller.
const Bytes kWriteDigests =
    hex("04034850 59000000") + hex(kSqeWrite) + hex("983b2215 00000000") + kHello + hex("4cbb719a");
const Bytes kWriteR2tDigests = hex("04014800 4c000000") + hex(kSqeWriteR2t) + hex("8b1071bc");
const Bytes kReadDigests = hex("04014800 4c000000") + hex(kSqeRead) + hex("8d216220");
const Bytes kR2tDigests = hex("09011800 1c000000 0600 0000 00000000 05000000 00000000 a87216e4");
const Bytes kH2cDigests =
    hex("06071820 29000000 0600 0000 00000000 05000000 00000000 688819f4 00000000") + kHello + hex("4cbb719a");
const Bytes kC2hDigests =
    hex("07071820 29000000 0600 0000 00000000 05000000 00000000 e64a564e 00000000") + kHello + hex("4cbb719a");
const Bytes kC2hSuccessDigests =
    hex("070f1820 29000000 0600 0000 00000000 05000000 00000000 3550fdee 00000000") + kHello + hex("4cbb719a");
const Bytes kResponseDigests = hex("05011800 1c000000 00000000 00000000 0100 0000 0600 0000 ce7d7a04");
const Bytes kErrorDigests = hex("05011800 1c000000 44332211 88776655 0100 0000 0600 0480 3953d749");

const spec::Command kWrite = spec::build::command(spec::IoOpcode::write, 1);
const spec::Command kRead = spec::build::command(spec::IoOpcode::read, 1);

struct GoldenHost : testing::Test {
  HostLog log;
  Bytes memory = kHello;
  std::vector<Segment> segments = {whole(memory)};
  std::unique_ptr<Host> host;

  void plain(std::uint32_t capsule_bytes = 8192) {
    host = std::make_unique<Host>(HostOptions{.depth = 4, .capsule_bytes = capsule_bytes}, log);
    EXPECT_EQ(text(drain(*host)), text(kICReq));
    host->received(kICResp);
    ASSERT_EQ(host->state(), State::live);
  }
  void digests(std::uint32_t capsule_bytes = 8192) {
    host = std::make_unique<Host>(
        HostOptions{.depth = 4, .digests = {true, true}, .hpda = 1, .max_r2t = 4, .capsule_bytes = capsule_bytes}, log);
    EXPECT_EQ(text(drain(*host)), text(kICReqAll));
    host->received(kICRespAll);
    ASSERT_EQ(host->state(), State::live);
    EXPECT_EQ(host->agreement().cpda, 3);
    EXPECT_EQ(host->agreement().max_h2c_data, 0x20000U);
  }
  void write() { ASSERT_TRUE(host->submit(2, {&kWrite, segments, {}}).ok()); }
  void read() {
    std::ranges::fill(memory, std::byte{0});
    ASSERT_TRUE(host->submit(2, {&kRead, {}, segments}).ok());
  }
};

TEST_F(GoldenHost, write_in_capsule) {
  plain();
  write();
  EXPECT_EQ(text(drain(*host)), text(hex("04004848 4d000000") + hex(kSqeWrite) + kHello));
  host->received(hex("05001800 18000000 00000000 00000000 0100 0000 0600 0000"));
  ASSERT_EQ(log.count, 1U);
  EXPECT_TRUE(log.ended[2].completion.ok());
}

TEST_F(GoldenHost, write_in_capsule_with_digests_and_padding) {
  digests();
  write();
  EXPECT_EQ(text(drain(*host)), text(kWriteDigests));
  host->received(kErrorDigests);
  ASSERT_EQ(log.count, 1U);
  EXPECT_EQ(log.ended[2].completion.status, Status::nvme_dnr(StatusCode::invalid_field));
  EXPECT_EQ(log.ended[2].completion.result, 0x5566778811223344ULL);
}

TEST_F(GoldenHost, write_by_r2t) {
  plain(0);
  write();
  EXPECT_EQ(text(drain(*host)), text(hex("04004800 48000000") + hex(kSqeWriteR2t)));
  host->received(hex("09001800 18000000 0600 3412 00000000 05000000 00000000"));
  EXPECT_EQ(text(drain(*host)), text(hex("06041818 1d000000 0600 3412 00000000 05000000 00000000") + kHello));
}

TEST_F(GoldenHost, write_by_r2t_with_digests_and_padding) {
  digests(0);
  write();
  EXPECT_EQ(text(drain(*host)), text(kWriteR2tDigests));
  host->received(kR2tDigests);
  EXPECT_EQ(text(drain(*host)), text(kH2cDigests));
  host->received(kResponseDigests);
  EXPECT_EQ(log.count, 1U);
}

TEST_F(GoldenHost, read_with_a_response) {
  plain();
  read();
  EXPECT_EQ(text(drain(*host)), text(hex("04004800 48000000") + hex(kSqeRead)));
  host->received(hex("07041818 1d000000 0600 0000 00000000 05000000 00000000") + kHello);
  EXPECT_EQ(log.count, 0U);
  EXPECT_EQ(memory, kHello);
  host->received(hex("05001800 18000000 00000000 00000000 0100 0000 0600 0000"));
  ASSERT_EQ(log.count, 1U);
  EXPECT_EQ(log.ended[2].received, 5U);
}

TEST_F(GoldenHost, read_that_succeeds_with_its_data) {
  digests();
  read();
  EXPECT_EQ(text(drain(*host)), text(kReadDigests));
  host->received(kC2hSuccessDigests);
  ASSERT_EQ(log.count, 1U);
  EXPECT_TRUE(log.ended[2].completion.ok());
  EXPECT_EQ(memory, kHello);
}

TEST_F(GoldenHost, termreq_both_ways) {
  plain();
  host->received(hex("05001800 18000000 00000000 00000000 0100 0000 0700 0000"));
  EXPECT_EQ(host->state(), State::terminating);
  EXPECT_EQ(text(drain(*host)), text(hex("02001800 30000000 0100 14000000 00000000000000000000") +
                                     hex("05001800 18000000 00000000 00000000 0100 0000 0700 0000")));
  plain();
  host->received(hex("03001800 20000000 0300 78563412 00000000000000000000 0500180018000000"));
  EXPECT_EQ(host->state(), State::terminated);
  EXPECT_EQ(host->fault().status, spec::tcp::FatalStatus::header_digest_error);
  EXPECT_EQ(host->fault().info, 0x12345678U);
  EXPECT_TRUE(host->fault().by_peer);
  EXPECT_TRUE(drain(*host).empty());
}

struct GoldenTarget : testing::Test {
  TargetLog log;
  Bytes memory = zeros(5);
  std::vector<Segment> segments = {whole(memory)};
  Bytes capsules = zeros(4 * 8192);
  std::unique_ptr<Target> target;

  // The queue is opened by a Connect without data, which is answered.
  void open(const TargetOptions& options, const Bytes& request, const Bytes& answer, bool flow_control) {
    target = std::make_unique<Target>(options, log);
    target->received(request);
    EXPECT_EQ(text(drain(*target)), text(answer));
    ASSERT_EQ(target->state(), State::live);
    const QueueOptions queue{
        .entries = 5, .slots = 4, .capsule_bytes = 8192, .capsule_memory = capsules, .flow_control = flow_control};
    EXPECT_TRUE(target->open_queue(queue).is_errno(EBUSY));
    spec::Command connect = spec::fabrics::build::connect({.entries = 5});
    spec::Cid::set(connect, 0x77);
    Bytes c = capsule(connect);
    const bool digest = options.digests.header && request[11] != std::byte{0};
    if (digest) {
      c[1] = std::byte{1};
      c[4] = std::byte{76};
      const std::uint32_t crc = crc32c(c);
      c = c + wire(crc);
    }
    target->received(c);
    ASSERT_EQ(log.commands.size(), 1U);
    ASSERT_TRUE(target->open_queue(queue).ok());
    ASSERT_TRUE(target->respond(0, {}).ok());
    drain(*target);
    EXPECT_EQ(log.finished_, std::vector<std::uint32_t>{0});
    log = {};
  }
  void plain(bool flow_control = true) { open({.max_h2c_data = 4096}, kICReq, kICResp, flow_control); }
  void digests(bool flow_control = true) {
    open({.cpda = 3, .max_r2t = 4, .max_h2c_data = 0x20000}, kICReqAll, kICRespAll, flow_control);
  }
};

TEST_F(GoldenTarget, write_in_capsule) {
  plain();
  target->received(hex("04004848 4d000000") + hex(kSqeWrite) + kHello);
  ASSERT_EQ(log.commands.size(), 1U);
  EXPECT_EQ(log.commands[0].in_capsule, kHello);
  EXPECT_EQ(log.commands[0].bytes, 5U);
  ASSERT_TRUE(target->respond(log.commands[0].slot, {}).ok());
  EXPECT_EQ(text(drain(*target)),
            "05001800180000000000000000000000"
            "0200"
            "0000"
            "0600"
            "0000");
  EXPECT_EQ(log.finished_.size(), 1U);
}

TEST_F(GoldenTarget, write_in_capsule_with_digests_and_padding) {
  digests();
  target->received(kWriteDigests);
  ASSERT_EQ(log.commands.size(), 1U);
  EXPECT_EQ(log.commands[0].in_capsule, kHello);
  const Completion error{0x5566778811223344ULL, Status::nvme_dnr(StatusCode::invalid_field)};
  ASSERT_TRUE(target->respond(log.commands[0].slot, error).ok());
  Bytes expected = kErrorDigests;
  expected[16] = std::byte{2};  // SQHD, the second command of this queue
  const std::uint32_t crc = crc32c(std::span(expected).first(24));
  std::memcpy(expected.data() + 24, &crc, 4);
  EXPECT_EQ(text(drain(*target)), text(expected));
}

TEST_F(GoldenTarget, write_by_r2t) {
  plain();
  target->received(hex("04004800 48000000") + hex(kSqeWriteR2t));
  ASSERT_EQ(log.commands.size(), 1U);
  const std::uint32_t slot = log.commands[0].slot;
  ASSERT_TRUE(target->receive(slot, segments).ok());
  EXPECT_EQ(slot, 0U);
  EXPECT_EQ(text(drain(*target)), text(hex("09001800 18000000 0600 0000 00000000 05000000 00000000")));
  target->received(hex("06041818 1d000000 0600 0000 00000000 05000000 00000000") + kHello);
  ASSERT_EQ(log.received_.size(), 1U);
  EXPECT_TRUE(log.received_[0].second.ok());
  EXPECT_EQ(memory, kHello);
}

TEST_F(GoldenTarget, write_by_r2t_with_digests_and_padding) {
  digests();
  target->received(kWriteR2tDigests);
  ASSERT_EQ(log.commands.size(), 1U);
  ASSERT_TRUE(target->receive(log.commands[0].slot, segments).ok());
  EXPECT_EQ(text(drain(*target)), text(kR2tDigests));
  target->received(kH2cDigests);
  ASSERT_EQ(log.received_.size(), 1U);
  EXPECT_TRUE(log.received_[0].second.ok());
  EXPECT_EQ(memory, kHello);
}

TEST_F(GoldenTarget, read_with_a_response) {
  plain();
  target->received(hex("04004800 48000000") + hex(kSqeRead));
  ASSERT_EQ(log.commands.size(), 1U);
  EXPECT_EQ(log.commands[0].bytes, 5U);
  memory = kHello;
  ASSERT_TRUE(target->respond(log.commands[0].slot, {}, segments).ok());
  EXPECT_EQ(text(drain(*target)), text(hex("07041818 1d000000 0600 0000 00000000 05000000 00000000") + kHello +
                                       hex("05001800 18000000 00000000 00000000 0200 0000 0600 0000")));
}

TEST_F(GoldenTarget, read_that_succeeds_with_its_data) {
  digests(false);
  target->received(kReadDigests);
  ASSERT_EQ(log.commands.size(), 1U);
  memory = kHello;
  ASSERT_TRUE(target->respond(log.commands[0].slot, {}, segments).ok());
  EXPECT_EQ(text(drain(*target)), text(kC2hSuccessDigests));
  EXPECT_EQ(log.finished_.size(), 1U);
}

TEST_F(GoldenTarget, read_with_a_response_and_digests) {
  digests(false);
  target->received(kReadDigests);
  memory = kHello;
  ASSERT_TRUE(target->respond(log.commands[0].slot, {.result = 1, .status = {}}, segments).ok());
  EXPECT_EQ(text(drain(*target)).substr(0, 2 * kC2hDigests.size()), text(kC2hDigests));
}

TEST_F(GoldenTarget, termreq_both_ways) {
  plain();
  target->received(hex("06041818 1d000000 0600 0900 00000000 05000000 00000000"));
  EXPECT_EQ(target->state(), State::terminating);
  EXPECT_EQ(text(drain(*target)), text(hex("03001800 30000000 0100 0a000000 00000000000000000000") +
                                       hex("06041818 1d000000 0600 0900 00000000 05000000 00000000")));
  plain();
  target->received(hex("02001800 18000000 0500 00000000 00000000000000000000"));
  EXPECT_EQ(target->state(), State::terminated);
  EXPECT_EQ(target->fault().status, spec::tcp::FatalStatus::limit_exceeded);
}

TEST(FabricsCommands, are_the_bytes_of_the_specification) {
  namespace f = spec::fabrics;
  const spec::Command connect = f::build::connect({.qid = 3, .entries = 128, .kato_ms = 0x01020304});
  EXPECT_EQ(text(wire(connect)),
            text(hex("7f000000 01000000") + zeros(32) + hex("0000 0300 7f00 0400 04030201") + zeros(12)));
  EXPECT_EQ(text(wire(f::build::property_get(f::Property::cap))),
            text(hex("7f000000 04000000") + zeros(32) + hex("01000000 00000000") + zeros(16)));
  EXPECT_EQ(text(wire(f::build::property_set(f::Property::cc, 0x00460001))),
            text(hex("7f000000 00000000") + zeros(32) + hex("00000000 14000000 01004600 00000000") + zeros(8)));
  EXPECT_EQ(text(wire(f::build::disconnect())), text(hex("7f000000 08000000") + zeros(56)));
  EXPECT_EQ(f::ConnectResult::invalid_in_data(256), 0x10100U);
  EXPECT_EQ(f::property_bytes(0x10), 0U);
  EXPECT_EQ(f::cc::Iosqes::get(0x00460001), 6U);
  EXPECT_EQ(f::cap::Mqes::put(127) | f::cap::Cqr::put(1) | f::cap::To::put(15) | f::cap::Css::put(1),
            0x000000200F01007FULL);
}

TEST(FabricsCommands, name_only_nqns_that_end) {
  namespace f = spec::fabrics;
  f::ConnectData data{};
  EXPECT_FALSE(f::nqn(data.subnqn));
  std::memset(data.subnqn, 'a', sizeof(data.subnqn));
  EXPECT_FALSE(f::nqn(data.subnqn));
  data.subnqn[224] = '\0';
  EXPECT_FALSE(f::nqn(data.subnqn));
  data.subnqn[223] = '\0';
  EXPECT_EQ(f::nqn(data.subnqn)->size(), 223U);
}

TEST(FabricsStatus, has_its_own_table) {
  EXPECT_EQ(spec::fabrics_status(spec::FabricsStatus::connect_invalid_parameters).nvme_bits(), 0x182);
  EXPECT_EQ(spec::fabrics_status_info(static_cast<StatusCode>(0x182)).name, "connect_invalid_parameters");
  EXPECT_EQ(spec::fabrics_status_info(static_cast<StatusCode>(0x184)).error, EACCES);
  EXPECT_EQ(spec::fabrics_status_info(StatusCode::invalid_field).name, "invalid_field");
  EXPECT_TRUE(spec::fabrics_status_dnr(spec::FabricsStatus::connect_invalid_host).dnr());
}

}  // namespace
}  // namespace lightnvm::fabrics::test
