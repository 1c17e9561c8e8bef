// SPDX-License-Identifier: BSD-2-Clause
// A target that breaks the protocol: each field of each PDU wrong in turn, and what the host says to it.
#include <gtest/gtest.h>

#include "fabrics_support.hpp"
#include "spec/build.hpp"

namespace lightnvm::fabrics::test {
namespace {

using spec::tcp::FatalStatus;
using enum spec::tcp::FatalStatus;

const spec::Command kWrite = spec::build::command(spec::IoOpcode::write, 1);
const spec::Command kRead = spec::build::command(spec::IoOpcode::read, 1);
constexpr std::uint16_t kWriteCid = 4 | 0;  // the first command, tag 0 of 4
constexpr std::uint16_t kReadCid = 8 | 1;   // the second, tag 1

struct FabricsHost : testing::Test {
  HostLog log;
  Bytes out = pattern(10000, 1);
  Bytes in = zeros(100);
  std::vector<Segment> out_segments = {whole(out)};
  std::vector<Segment> in_segments = {whole(in)};
  std::unique_ptr<Host> host;

  void make(HostOptions options = {}) {
    log = {};
    options.depth = 4;
    options.capsule_bytes = 0;
    host = std::make_unique<Host>(options, log);
    drain(*host);
  }
  /// A write of 10000 bytes and a read of 100 are in flight.
  void go_live(const HostOptions& options = {}, std::uint32_t maxh2cdata = 4096) {
    make(options);
    const std::uint8_t dgst =
        static_cast<std::uint8_t>((options.digests.header ? 1 : 0) | (options.digests.data ? 2 : 0));
    host->received(icresp(0, dgst, maxh2cdata));
    ASSERT_EQ(host->state(), State::live);
    ASSERT_TRUE(host->submit(0, {&kWrite, out_segments, {}}).ok());
    ASSERT_TRUE(host->submit(1, {&kRead, {}, in_segments}).ok());
    drain(*host);
  }
  /// The host answers `pdu` with a TermReq that says so, with the header that it saw, and completes nothing.
  void refuses(const Bytes& pdu, FatalStatus status, std::uint32_t info, std::size_t header) {
    host->received(pdu);
    EXPECT_EQ(host->state(), State::terminating);
    EXPECT_EQ(host->fault().status, status) << static_cast<unsigned>(host->fault().status);
    EXPECT_EQ(host->fault().info, info);
    EXPECT_FALSE(host->fault().by_peer);
    const Bytes term = drain(*host);
    ASSERT_EQ(term.size(), 24 + header);
    EXPECT_EQ(term[0], std::byte{2});
    EXPECT_TRUE(std::ranges::equal(std::span(term).subspan(24), std::span(pdu).first(header)));
    EXPECT_EQ(log.count, 0U);
    host->received(response(kReadCid));
    EXPECT_EQ(log.count, 0U) << "bytes after the end are ignored";
    EXPECT_TRUE(host->submit(2, {&kRead, {}, {}}).is_errno(ENOTCONN));
    const std::uint32_t flying = host->in_flight();
    host->close(Status::nvme(StatusCode::connection_lost));
    EXPECT_EQ(log.count, flying);
    for (const auto& [tag, ended] : log.ended) {
      EXPECT_TRUE(ended.completion.status.is(StatusCode::connection_lost));
      EXPECT_EQ(ended.times, 1U);
    }
  }
  static Bytes with(Bytes pdu, std::size_t at, std::uint8_t value) {
    pdu[at] = static_cast<std::byte>(value);
    return pdu;
  }
};

TEST_F(FabricsHost, refuses_a_wrong_icresp) {
  const auto refused = [&](const Bytes& pdu, FatalStatus status, std::uint32_t info, std::size_t header = 128) {
    make({.digests = {true, false}});
    refuses(pdu, status, info, header);
  };
  refused(with(icresp(0, 1), 1, 4), invalid_header_field, 1, 8);
  refused(with(icresp(0, 1), 1, 1), invalid_header_field, 1, 8);
  refused(with(icresp(0, 1), 2, 127), invalid_header_field, 2, 8);
  refused(with(icresp(0, 1), 4, 127), invalid_header_field, 4, 8);
  refused(with(icresp(0, 1), 4, 129), invalid_header_field, 4, 8);
  refused(with(icresp(0, 1), 8, 1), unsupported_parameter, 8);
  refused(icresp(32, 1), invalid_header_field, 10);
  refused(icresp(0, 3), invalid_header_field, 11);
  refused(icresp(0, 0), unsupported_parameter, 11);
  refused(icresp(0, 1, 4092), invalid_header_field, 12);
  refused(icresp(0, 1, 4098), invalid_header_field, 12);
}

TEST_F(FabricsHost, refuses_what_is_not_the_targets_to_send) {
  for (const std::uint8_t type : {0, 2, 4, 6, 8, 10, 255}) {
    go_live();
    refuses(with(response(kReadCid), 0, type), invalid_header_field, 0, 8);
  }
  go_live();
  refuses(icresp(), sequence_error, 0, 8);
  make();
  refuses(response(kReadCid), sequence_error, 0, 8);
}

TEST_F(FabricsHost, refuses_a_wrong_response) {
  const auto refused = [&](const Bytes& pdu, std::uint32_t info, std::size_t header = 8) {
    go_live();
    refuses(pdu, invalid_header_field, info, header);
  };
  for (const std::uint8_t flags : {1, 2, 4, 8, 16, 32, 64, 128}) refused(with(response(kReadCid), 1, flags), 1);
  refused(with(response(kReadCid), 2, 28), 2);
  refused(with(response(kReadCid), 4, 23), 4);
  refused(with(response(kReadCid), 4, 25), 4);
  refused(with(response(kReadCid), 7, 1), 4);
  refused(response(0), 20, 24);             // a tag in flight, another command
  refused(response(kReadCid + 4), 20, 24);  // a later one
  refused(response(2), 20, 24);             // a tag that is free
  refused(response(0xFFFF), 20, 24);
}

TEST_F(FabricsHost, refuses_an_answer_to_what_was_not_sent) {
  for (const Bytes& pdu : {response(12 | 2), data_pdu({.type = 9, .cccid = 12 | 2, .offset = 0, .length = 1})}) {
    go_live();
    ASSERT_TRUE(host->submit(2, {&kWrite, out_segments, {}}).ok());
    host->received(pdu);
    EXPECT_EQ(host->state(), State::terminating);
    EXPECT_EQ(log.count, 0U);
  }
}

TEST_F(FabricsHost, refuses_a_second_completion) {
  go_live();
  host->received(response(kReadCid));
  EXPECT_EQ(log.count, 1U);
  host->received(response(kReadCid));
  EXPECT_EQ(host->state(), State::terminating);
  EXPECT_EQ(host->fault().info, 20U);
  EXPECT_EQ(log.count, 1U);
}

TEST_F(FabricsHost, refuses_a_wrong_r2t) {
  const auto refused = [&](const DataPdu& r2t, FatalStatus status, std::uint32_t info) {
    go_live();
    refuses(data_pdu(r2t), status, info, 24);
  };
  refused({.type = 9, .cccid = kWriteCid + 4, .offset = 0, .length = 1}, invalid_header_field, 8);
  refused({.type = 9, .cccid = kWriteCid, .offset = 0, .length = 0}, invalid_header_field, 16);
  refused({.type = 9, .cccid = kWriteCid, .offset = 1, .length = 1}, invalid_header_field, 12);
  refused({.type = 9, .cccid = kWriteCid, .offset = 0, .length = 10001}, data_out_of_range, 0);
  refused({.type = 9, .cccid = kWriteCid, .offset = 0xFFFFFFFF, .length = 2}, data_out_of_range, 0);
  refused({.type = 9, .cccid = kReadCid, .offset = 0, .length = 1}, data_out_of_range, 0);
  go_live();
  refuses(with(data_pdu({.type = 9, .cccid = kWriteCid, .length = 1}), 1, 4), invalid_header_field, 1, 8);
}

TEST_F(FabricsHost, takes_as_many_r2ts_as_it_said) {
  go_live({.max_r2t = 2}, 4096);
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 7, .offset = 0, .length = 5000}));
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 9, .offset = 5000, .length = 100}));
  EXPECT_EQ(host->state(), State::live);
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 11, .offset = 5100, .length = 1}));
  EXPECT_EQ(host->fault().status, limit_exceeded);

  go_live({.max_r2t = 2}, 4096);
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 7, .offset = 0, .length = 5000}));
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 9, .offset = 5000, .length = 100}));
  const auto piece = [&](std::size_t at, std::size_t n) {
    return Bytes(out.begin() + static_cast<long>(at), out.begin() + static_cast<long>(at + n));
  };
  EXPECT_EQ(
      text(drain(*host)),
      text(data_pdu({.cccid = kWriteCid, .ttag = 7, .offset = 0, .length = 4096, .data = piece(0, 4096)}) +
           data_pdu(
               {.flags = 4, .cccid = kWriteCid, .ttag = 7, .offset = 4096, .length = 904, .data = piece(4096, 904)}) +
           data_pdu(
               {.flags = 4, .cccid = kWriteCid, .ttag = 9, .offset = 5000, .length = 100, .data = piece(5000, 100)})));
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 7, .offset = 5100, .length = 1}));
  EXPECT_EQ(host->state(), State::live) << "those that are answered do not count";
}

TEST_F(FabricsHost, refuses_wrong_c2hdata) {
  const DataPdu right{.type = 7, .flags = 4, .cccid = kReadCid, .offset = 0, .length = 100, .data = pattern(100, 3)};
  const auto refused = [&](auto&& change, FatalStatus status, std::uint32_t info, std::size_t header = 24) {
    go_live();
    DataPdu d = right;
    change(d);
    refuses(data_pdu(d), status, info, header);
    EXPECT_EQ(in, zeros(100)) << "nothing was written";
  };
  refused([](DataPdu& d) { d.cccid += 4; }, invalid_header_field, 8);
  refused([](DataPdu& d) { d.cccid = 3; }, invalid_header_field, 8);
  refused([](DataPdu& d) { d.length = 99; }, invalid_header_field, 16);
  refused([](DataPdu& d) { d.length = 101; }, invalid_header_field, 16);
  refused([](DataPdu& d) { d.offset = 1; }, data_out_of_range, 0);
  refused([](DataPdu& d) { d.offset = 0xFFFFFFFF; }, data_out_of_range, 0);
  refused([](DataPdu& d) { d.data = pattern(d.length = 101, 0); }, data_out_of_range, 0);
  refused([](DataPdu& d) { d.data = pattern(d.length = 5, d.offset = 7); }, invalid_header_field, 12);
  refused([](DataPdu& d) { d.cccid = kWriteCid; }, data_out_of_range, 0);
  refused([](DataPdu& d) { d.flags = 8; }, invalid_header_field, 1);
  refused([](DataPdu& d) { d.flags = 2; }, invalid_header_field, 1, 8);
  refused([](DataPdu& d) { d.flags = 16; }, invalid_header_field, 1, 8);
  refused([](DataPdu& d) { d.data.clear(); }, invalid_header_field, 4, 8);
  const auto refused_header = [&](std::size_t at, std::uint8_t value) {
    go_live();
    refuses(with(data_pdu(right), at, value), invalid_header_field, static_cast<std::uint32_t>(at), 8);
  };
  refused_header(2, 25);
  refused_header(3, 0);
  refused_header(3, 20);
  refused_header(3, 25);
  refused_header(4, 24);
  go_live();
  refuses(with(data_pdu(right), 3, 124), invalid_header_field, 4, 8);
}

TEST_F(FabricsHost, asks_for_the_alignment_that_it_said) {
  go_live({.hpda = 3});
  refuses(data_pdu({.type = 7, .cccid = kReadCid, .length = 4, .data = pattern(4, 0)}), invalid_header_field, 3, 8);
}

TEST_F(FabricsHost, refuses_data_that_comes_again) {
  go_live();
  const DataPdu half{.type = 7, .flags = 4, .cccid = kReadCid, .offset = 0, .length = 50, .data = pattern(50, 3)};
  host->received(data_pdu(half));
  EXPECT_EQ(host->state(), State::live);
  DataPdu rest = half;
  rest.offset = 50;
  refuses(data_pdu(rest), sequence_error, 0, 24);
  go_live();
  DataPdu first = half;
  first.flags = 0;
  host->received(data_pdu(first));
  refuses(data_pdu(first), invalid_header_field, 12, 24);
}

TEST_F(FabricsHost, tells_how_much_data_came) {
  go_live();
  host->received(data_pdu({.type = 7, .flags = 12, .cccid = kReadCid, .length = 30, .data = pattern(30, 3)}));
  ASSERT_EQ(log.count, 1U);
  EXPECT_EQ(log.ended[1].received, 30U);
  EXPECT_TRUE(log.ended[1].completion.ok());
}

TEST_F(FabricsHost, wrong_data_digest_fails_the_command_alone) {
  go_live({.digests = {false, true}});
  for (const bool success : {false, true}) {
    const std::uint16_t cid = success ? 12 | 1 : kReadCid;
    if (success) {
      ASSERT_TRUE(host->submit(1, {&kRead, {}, in_segments}).ok());
      drain(*host);
    }
    Bytes pdu = data_pdu({.type = 7,
                          .flags = static_cast<std::uint8_t>(success ? 14 : 6),
                          .cccid = cid,
                          .length = 100,
                          .data = pattern(100, 3)});
    pdu[4] = std::byte{128};
    host->received(pdu + hex("01020304"));
    if (!success) host->received(response(cid));
    ASSERT_EQ(host->state(), State::live);
    EXPECT_TRUE(log.ended[1].completion.status.is(StatusCode::transient_transport_error));
    EXPECT_EQ(log.ended[1].times, success ? 2U : 1U);
  }
}

TEST_F(FabricsHost, wrong_header_digest_ends_the_connection) {
  go_live({.digests = {true, false}});
  Bytes pdu = response(kReadCid) + hex("78563412");
  pdu[1] = std::byte{1};
  pdu[4] = std::byte{28};
  refuses(pdu, header_digest_error, 0x12345678, 24);
  go_live({.digests = {true, false}});
  refuses(response(kReadCid), invalid_header_field, 1, 8);
}

TEST_F(FabricsHost, completes_only_when_its_data_is_out) {
  go_live();
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 7, .offset = 0, .length = 5000}));
  std::array<Segment, 2> pieces;
  ASSERT_EQ(host->output(pieces), 2U);
  host->received(response(kWriteCid, 0x4004));
  EXPECT_EQ(log.count, 0U) << "the memory is still being sent";
  host->sent(pieces[0].bytes + pieces[1].bytes);
  // Both PDUs were made by output(): the second still reads the memory.
  EXPECT_EQ(log.count, 0U);
  EXPECT_EQ(drain(*host).size(), 24U + 904U);
  ASSERT_EQ(log.count, 1U);
  EXPECT_EQ(log.ended[0].completion.status, Status::nvme_dnr(StatusCode::data_transfer_error));
}

TEST_F(FabricsHost, forgets_r2ts_of_a_command_that_ended) {
  go_live({.max_r2t = 2});
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 7, .offset = 0, .length = 5000}));
  host->received(response(kWriteCid, 0x4004));
  EXPECT_EQ(log.count, 1U);
  ASSERT_TRUE(host->submit(0, {&kWrite, in_segments, {}}).ok());
  const Bytes sent = drain(*host);
  EXPECT_EQ(sent.size(), 72U) << "the new capsule alone";
  EXPECT_EQ(sent[0], std::byte{4});
}

TEST_F(FabricsHost, refuses_what_cannot_be_submitted) {
  make();
  EXPECT_TRUE(host->submit(4, {&kRead, {}, {}}).is_errno(EINVAL));
  EXPECT_TRUE(host->submit(0, {nullptr, {}, {}}).is_errno(EINVAL));
  const std::array huge = {Segment{nullptr, 1UL << 31}, Segment{nullptr, 1UL << 31}};
  EXPECT_TRUE(host->submit(0, {&kRead, {}, huge}).is_errno(EINVAL));
  EXPECT_TRUE(host->submit(0, {&kRead, huge, {}}).is_errno(EINVAL));
  ASSERT_TRUE(host->submit(0, {&kRead, {}, in_segments}).ok());
  EXPECT_TRUE(drain(*host).empty()) << "nothing before the handshake is over";
  host->received(icresp());
  EXPECT_EQ(drain(*host).size(), 72U);
}

TEST_F(FabricsHost, close_ends_everything_once) {
  go_live();
  host->close(Status::os(ECONNRESET));
  host->close(Status::os(EIO));
  EXPECT_EQ(log.count, 2U);
  EXPECT_TRUE(log.ended[0].completion.status.is_errno(ECONNRESET));
  EXPECT_EQ(host->state(), State::closed);
  EXPECT_TRUE(drain(*host).empty());
  host->received(response(kReadCid));
  host->landed(10);
  host->sent(10);
  EXPECT_EQ(log.count, 2U);
}

TEST_F(FabricsHost, a_termreq_waits_for_the_pdus_before_it) {
  go_live();
  host->received(data_pdu({.type = 9, .cccid = kWriteCid, .ttag = 7, .offset = 0, .length = 5000}));
  std::array<Segment, 4> pieces;
  ASSERT_EQ(host->output(pieces), 4U);
  host->sent(10);
  host->received(response(0xFFFF));
  const Bytes rest = drain(*host);
  ASSERT_EQ(rest.size(), 24 + 4096 - 10 + 24 + 904 + 24 + 24U);
  EXPECT_EQ(rest[rest.size() - 48], std::byte{2});
}

}  // namespace
}  // namespace lightnvm::fabrics::test
