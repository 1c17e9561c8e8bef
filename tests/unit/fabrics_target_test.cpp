// SPDX-License-Identifier: BSD-2-Clause
// A host that breaks the protocol: each field of each PDU wrong in turn, and what the target says to it.
#include <gtest/gtest.h>

#include "fabrics_support.hpp"

namespace lightnvm::fabrics::test {
namespace {

using spec::tcp::FatalStatus;
using enum spec::tcp::FatalStatus;

struct FabricsTarget : testing::Test {
  static constexpr std::uint32_t kCapsuleBytes = 512;
  TargetLog log;
  Bytes memory = zeros(10000);
  std::vector<Segment> segments = {whole(memory)};
  Bytes capsules = zeros(4 * kCapsuleBytes);
  std::unique_ptr<Target> target;

  void make(const TargetOptions& options = {}) {
    log = {};
    target = std::make_unique<Target>(options, log);
  }
  [[nodiscard]] QueueOptions queue() {
    return {.entries = 5, .slots = 4, .capsule_bytes = kCapsuleBytes, .capsule_memory = capsules};
  }
  void go_live(TargetOptions options = {}, std::uint8_t dgst = 0, std::uint32_t maxr2t = 3) {
    options.max_h2c_data = 4096;
    make(options);
    target->received(icreq(0, dgst, maxr2t));
    ASSERT_EQ(target->state(), State::live);
    drain(*target);
    Bytes connect = capsule(command(0x7F, 0xABC));
    if ((dgst & 1) != 0) {
      connect[1] = std::byte{1};
      connect[4] = std::byte{76};
      connect = connect + wire(crc32c(connect));
    }
    target->received(connect);
    ASSERT_EQ(log.commands.size(), 1U);
    ASSERT_TRUE(target->open_queue(queue()).ok());
    ASSERT_TRUE(target->respond(0, {}).ok());
    drain(*target);
    log = {};
  }
  /// A write of 10000 bytes is in flight with CID 5, and its first R2Ts are out: TTAGs 0 and, if there are two, 1.
  void go_writing(TargetOptions options = {}) {
    options.r2t_bytes = options.max_r2t > 1 ? 5000 : 0;
    go_live(options);
    target->received(capsule(command(1, 5, 10000)));
    ASSERT_EQ(log.commands.size(), 1U);
    ASSERT_EQ(log.commands[0].slot, 0U);
    ASSERT_TRUE(target->receive(0, segments).ok());
    drain(*target);
  }
  void refuses(const Bytes& pdu, FatalStatus status, std::uint32_t info, std::size_t header) {
    const std::size_t commands = log.commands.size();
    target->received(pdu);
    EXPECT_EQ(target->state(), State::terminating);
    EXPECT_EQ(target->fault().status, status) << static_cast<unsigned>(target->fault().status);
    EXPECT_EQ(target->fault().info, info);
    const Bytes term = drain(*target);
    ASSERT_EQ(term.size(), 24 + header);
    EXPECT_EQ(term[0], std::byte{3});
    EXPECT_TRUE(std::ranges::equal(std::span(term).subspan(24), std::span(pdu).first(header)));
    target->received(capsule(command(0, 9)));
    EXPECT_EQ(log.commands.size(), commands) << "bytes after the end are ignored";
    EXPECT_TRUE(log.received_.empty());
    EXPECT_TRUE(target->respond(0, {}).is_errno(ENOTCONN));
    EXPECT_TRUE(target->receive(0, segments).is_errno(ENOTCONN));
    EXPECT_TRUE(target->open_queue(queue()).is_errno(ENOTCONN));
  }
  /// The command is answered with `status` at once, no event comes, and the connection goes on.
  void answers(const Bytes& pdu, Status status, std::uint16_t cid = 5) {
    target->received(pdu);
    EXPECT_EQ(target->state(), State::live);
    EXPECT_TRUE(log.commands.empty());
    const Bytes sent = drain(*target);
    ASSERT_EQ(sent.size(), 24U);
    spec::tcp::CapsuleResp r{};
    std::memcpy(&r, sent.data(), sizeof(r));
    EXPECT_EQ(Status::nvme_raw(r.cqe.status >> 1), status) << Status::nvme_raw(r.cqe.status >> 1).message();
    EXPECT_EQ(r.cqe.cid, cid);
    EXPECT_TRUE(log.finished_.empty());
  }
  static Bytes with(Bytes pdu, std::size_t at, std::uint8_t value) {
    pdu[at] = static_cast<std::byte>(value);
    return pdu;
  }
};

TEST_F(FabricsTarget, refuses_a_wrong_icreq) {
  const auto refused = [&](const Bytes& pdu, FatalStatus status, std::uint32_t info, std::size_t header) {
    make();
    refuses(pdu, status, info, header);
  };
  refused(with(icreq(), 1, 1), invalid_header_field, 1, 8);
  refused(with(icreq(), 2, 24), invalid_header_field, 2, 8);
  refused(with(icreq(), 4, 127), invalid_header_field, 4, 8);
  refused(with(icreq(), 5, 1), invalid_header_field, 4, 8);
  refused(with(icreq(), 8, 1), unsupported_parameter, 8, 128);
  refused(icreq(32), invalid_header_field, 10, 128);
  refused(capsule(command(0, 1)), sequence_error, 0, 8);
  make();
  target->received(icreq());
  drain(*target);
  refuses(icreq(), sequence_error, 0, 8);
}

TEST_F(FabricsTarget, agrees_on_what_both_can) {
  make({.digests = {true, false}, .cpda = 40, .max_r2t = 200, .max_h2c_data = 5});
  target->received(icreq(3, 3, 0xFFFFFFFF));
  EXPECT_EQ(target->agreement().digests, (Digests{true, false}));
  EXPECT_EQ(target->agreement().max_r2t, 64U);
  EXPECT_EQ(target->agreement().hpda, 3);
  EXPECT_EQ(text(drain(*target)), text(icresp(31, 1, 4096)));
  make({.max_r2t = 8});
  target->received(icreq(0, 0, 1));
  EXPECT_EQ(target->agreement().max_r2t, 2U);
}

TEST_F(FabricsTarget, refuses_what_is_not_the_hosts_to_send) {
  for (const std::uint8_t type : {1, 3, 5, 7, 8, 9, 10, 255}) {
    go_live();
    refuses(with(capsule(command(0, 1)), 0, type), invalid_header_field, 0, 8);
  }
}

TEST_F(FabricsTarget, refuses_a_wrong_capsule) {
  const auto refused = [&](const Bytes& pdu, std::uint32_t info) {
    go_live();
    refuses(pdu, invalid_header_field, info, 8);
  };
  const Bytes plain = capsule(command(1, 5));
  const Bytes filled = capsule(command(1, 5, 4, 1), pattern(4, 0));
  for (const std::uint8_t flags : {1, 4, 8, 16, 32, 64, 128}) refused(with(plain, 1, flags), 1);
  refused(with(filled, 1, 2), 1);
  refused(with(plain, 2, 71), 2);
  refused(with(plain, 4, 71), 4);
  refused(with(filled, 3, 0), 3);
  refused(with(filled, 3, 68), 3);
  refused(with(filled, 3, 73), 3);
  refused(with(filled, 3, 76), 4);
  refused(capsule(command(1, 5, 513, 1), pattern(513, 0)), 4);
  refused(with(filled, 7, 0xFF), 4);
  go_live({.cpda = 1});
  refuses(with(capsule(command(1, 5, 16, 1), pattern(16, 0)), 3, 76), invalid_header_field, 3, 8);
}

TEST_F(FabricsTarget, answers_commands_that_describe_their_data_wrongly) {
  go_live();
  spec::Command prp = command(1, 5, 10);
  spec::Psdt::set(prp, 0);
  answers(capsule(prp), Status::nvme_dnr(StatusCode::invalid_field));
  spec::Psdt::set(prp, 3);
  answers(capsule(prp), Status::nvme_dnr(StatusCode::invalid_field));
  answers(capsule(command(1, 5, 10, 0x40)), Status::nvme_dnr(StatusCode::sgl_type_invalid));
  answers(capsule(command(1, 5, 10, 0x00)), Status::nvme_dnr(StatusCode::sgl_type_invalid));
  answers(capsule(command(1, 5, 10, 0x5A), pattern(10, 0)), Status::nvme_dnr(StatusCode::data_sgl_length_invalid));
  answers(capsule(command(1, 5, 10, 1)), Status::nvme_dnr(StatusCode::data_sgl_length_invalid));
  answers(capsule(command(1, 5, 11, 1), pattern(10, 0)), Status::nvme_dnr(StatusCode::data_sgl_length_invalid));
  spec::Command offset = command(1, 5, 1, 1);
  spec::fabrics::SglAddress::set(offset, 11);
  answers(capsule(offset, pattern(10, 0)), Status::nvme_dnr(StatusCode::sgl_offset_invalid));
  spec::fabrics::SglAddress::set(offset, 10);
  answers(capsule(offset, pattern(10, 0)), Status::nvme_dnr(StatusCode::data_sgl_length_invalid));
  spec::fabrics::SglAddress::set(offset, ~0ULL);
  answers(capsule(offset, pattern(10, 0)), Status::nvme_dnr(StatusCode::sgl_offset_invalid));
}

TEST_F(FabricsTarget, takes_the_part_of_a_capsule_that_is_named) {
  go_live();
  spec::Command part = command(1, 5, 4, 1);
  spec::fabrics::SglAddress::set(part, 6);
  const Bytes all = pattern(10, 0);
  target->received(capsule(part, all));
  ASSERT_EQ(log.commands.size(), 1U);
  EXPECT_EQ(log.commands[0].in_capsule, Bytes(all.begin() + 6, all.end()));
}

TEST_F(FabricsTarget, answers_a_cid_in_use) {
  go_live();
  target->received(capsule(command(0, 5)));
  ASSERT_EQ(log.commands.size(), 1U);
  const std::uint32_t slot = log.commands[0].slot;
  log = {};
  answers(capsule(command(0, 5)), Status::nvme(StatusCode::command_id_conflict));
  answers(capsule(command(0, 5)), Status::nvme(StatusCode::command_id_conflict));
  ASSERT_TRUE(target->respond(slot, {}).ok());
  drain(*target);
  log = {};
  target->received(capsule(command(0, 5)));
  EXPECT_EQ(log.commands.size(), 1U) << "the CID is free again";
}

TEST_F(FabricsTarget, refuses_more_commands_than_slots) {
  go_live();
  for (std::uint16_t cid = 0; cid < 4; ++cid) target->received(capsule(command(0, cid)));
  EXPECT_EQ(log.commands.size(), 4U);
  refuses(capsule(command(0, 4)), sequence_error, 0, 72);
  make();
  target->received(icreq());
  drain(*target);
  target->received(capsule(command(0x7F, 1)));
  refuses(capsule(command(0x7F, 2)), sequence_error, 0, 72);
}

TEST_F(FabricsTarget, refuses_wrong_h2cdata) {
  const DataPdu right{.flags = 0, .cccid = 5, .ttag = 0, .offset = 0, .length = 4096, .data = pattern(4096, 3)};
  const auto refused = [&](auto&& change, FatalStatus status, std::uint32_t info, std::size_t header = 24) {
    go_writing();
    DataPdu d = right;
    change(d);
    refuses(data_pdu(d), status, info, header);
    EXPECT_EQ(memory, zeros(10000)) << "nothing was written";
  };
  refused([](DataPdu& d) { d.cccid = 6; }, invalid_header_field, 8);
  refused([](DataPdu& d) { d.ttag = 1; }, invalid_header_field, 10);
  refused([](DataPdu& d) { d.ttag = 4; }, invalid_header_field, 10);
  refused([](DataPdu& d) { d.ttag = 0xFFFF; }, invalid_header_field, 10);
  refused([](DataPdu& d) { d.length = 4095; }, invalid_header_field, 16);
  refused([](DataPdu& d) { d.length = 0; }, invalid_header_field, 16);
  refused([](DataPdu& d) { d.offset = 4; }, invalid_header_field, 12);
  refused([](DataPdu& d) { d.offset = 9000; }, data_out_of_range, 0);
  refused([](DataPdu& d) { d.offset = 0xFFFFFFFF; }, data_out_of_range, 0);
  refused([](DataPdu& d) { d.flags = 4; }, invalid_header_field, 1);
  refused([](DataPdu& d) { d.flags = 8; }, invalid_header_field, 1, 8);
  refused([](DataPdu& d) { d.flags = 1; }, invalid_header_field, 1, 8);
  refused([](DataPdu& d) { d.flags = 2; }, invalid_header_field, 1, 8);
  refused([](DataPdu& d) { d.data.clear(); }, invalid_header_field, 4, 8);
  refused([](DataPdu& d) { d.data = pattern(d.length = 4100, 0); }, limit_exceeded, 0, 8);
}

TEST_F(FabricsTarget, refuses_an_end_that_is_not_marked) {
  go_writing();
  const auto send = [&](std::uint32_t offset, std::uint32_t n, std::uint8_t flags) {
    target->received(data_pdu({.flags = flags, .cccid = 5, .offset = offset, .length = n, .data = pattern(n, 1)}));
  };
  send(0, 4096, 0);
  send(4096, 4096, 0);
  EXPECT_EQ(target->state(), State::live);
  send(8192, 1808, 0);
  EXPECT_EQ(target->fault().status, invalid_header_field);
  EXPECT_EQ(target->fault().info, 1U);
}

TEST_F(FabricsTarget, refuses_data_before_its_r2t_is_out_and_after_it_is_answered) {
  go_live();
  target->received(capsule(command(1, 5, 100)));
  ASSERT_TRUE(target->receive(0, segments).ok());
  const Bytes data = data_pdu({.flags = 4, .cccid = 5, .length = 100, .data = pattern(100, 1)});
  refuses(data, invalid_header_field, 10, 24);
  go_live();
  target->received(capsule(command(1, 5, 100)));
  ASSERT_TRUE(target->receive(0, segments).ok());
  drain(*target);
  target->received(data);
  ASSERT_EQ(log.received_.size(), 1U);
  log.received_.clear();
  refuses(data, invalid_header_field, 10, 24);
}

TEST_F(FabricsTarget, takes_answers_to_several_r2ts_in_any_order) {
  go_writing({.max_r2t = 2});
  const Bytes all = pattern(10000, 9);
  const auto send = [&](std::uint16_t ttag, std::uint32_t offset, std::uint32_t n, std::uint8_t flags) {
    const auto from = all.begin() + offset;
    target->received(data_pdu(
        {.flags = flags, .cccid = 5, .ttag = ttag, .offset = offset, .length = n, .data = Bytes(from, from + n)}));
  };
  send(1, 5000, 2000, 0);
  send(0, 0, 4000, 0);
  send(1, 7000, 3000, 4);
  EXPECT_TRUE(log.received_.empty());
  send(0, 4000, 1000, 4);
  EXPECT_EQ(target->state(), State::live);
  ASSERT_EQ(log.received_.size(), 1U);
  EXPECT_EQ(memory, all);
}

TEST_F(FabricsTarget, wrong_data_digest_fails_the_command_alone) {
  go_live({}, 2);
  Bytes filled = capsule(command(1, 5, 4, 1), pattern(4, 0)) + hex("01020304");
  filled[1] = std::byte{2};
  filled[4] = std::byte{80};
  answers(filled, Status::nvme(StatusCode::transient_transport_error));
  target->received(capsule(command(1, 6, 100)));
  ASSERT_EQ(log.commands.size(), 1U);
  ASSERT_TRUE(target->receive(log.commands[0].slot, segments).ok());
  drain(*target);
  Bytes data = data_pdu({.flags = 6, .cccid = 6, .length = 100, .data = pattern(100, 1)}) + hex("01020304");
  data[4] = std::byte{128};
  target->received(data);
  ASSERT_EQ(log.received_.size(), 1U);
  EXPECT_TRUE(log.received_[0].second.is(StatusCode::transient_transport_error));
  EXPECT_EQ(target->state(), State::live);
}

TEST_F(FabricsTarget, wrong_header_digest_ends_the_connection) {
  go_live({}, 1);
  Bytes pdu = capsule(command(0, 5)) + hex("78563412");
  pdu[1] = std::byte{1};
  pdu[4] = std::byte{76};
  refuses(pdu, header_digest_error, 0x12345678, 72);
}

TEST_F(FabricsTarget, refuses_a_termreq_of_any_length) {
  Bytes term = hex("02001800 98000000 0100 00000000 00000000000000000000") + zeros(128);
  go_live();
  target->received(term);
  EXPECT_EQ(target->state(), State::terminated);
  term = with(term, 4, 0x99) + zeros(1);
  go_live();
  refuses(term, invalid_header_field, 4, 8);
}

TEST_F(FabricsTarget, refuses_calls_out_of_turn) {
  go_live();
  EXPECT_TRUE(target->respond(0, {}).is_errno(EBUSY));
  EXPECT_TRUE(target->respond(4, {}).is_errno(EBUSY));
  EXPECT_TRUE(target->receive(0, segments).is_errno(EBUSY));
  EXPECT_TRUE(target->open_queue(queue()).is_errno(EBUSY));
  target->received(capsule(command(1, 5, 10001)));
  target->received(capsule(command(1, 6, 4, 1), pattern(4, 0)));
  target->received(capsule(command(0, 7)));
  ASSERT_EQ(log.commands.size(), 3U);
  for (const auto& c : log.commands) EXPECT_TRUE(target->receive(c.slot, segments).is_errno(EINVAL)) << c.slot;
  EXPECT_TRUE(target->respond(log.commands[0].slot, {}).ok());
  EXPECT_TRUE(target->respond(log.commands[0].slot, {}).is_errno(EBUSY));
}

TEST_F(FabricsTarget, a_slot_is_nobodys_until_its_data_is_there) {
  make();
  target->received(icreq());
  drain(*target);
  const Bytes connect = capsule(command(0x7F, 1, 100, 1), pattern(100, 0));
  target->received(std::span(connect).first(171));
  EXPECT_TRUE(target->respond(0, {}).is_errno(EBUSY));
  EXPECT_TRUE(target->open_queue(queue()).is_errno(EBUSY));
  target->received(std::span(connect).last(1));
  EXPECT_EQ(log.commands.size(), 1U);
  EXPECT_TRUE(target->open_queue(queue()).ok());
}

TEST_F(FabricsTarget, opens_only_queues_that_can_be) {
  make({.max_r2t = 64});
  target->received(icreq());
  drain(*target);
  target->received(capsule(command(0x7F, 1)));
  const auto refused = [&](auto&& change) {
    QueueOptions q = queue();
    change(q);
    EXPECT_TRUE(target->open_queue(q).is_errno(EINVAL));
  };
  refused([](QueueOptions& q) { q.entries = 1; });
  refused([](QueueOptions& q) { q.entries = 65537; });
  refused([](QueueOptions& q) { q.slots = 0; });
  refused([](QueueOptions& q) { q.slots = 1025, q.capsule_bytes = 0; });
  refused([](QueueOptions& q) { q.capsule_memory = q.capsule_memory.first(4 * kCapsuleBytes - 1); });
  EXPECT_TRUE(target->open_queue(queue()).ok());
  EXPECT_TRUE(target->open_queue(queue()).is_errno(EBUSY));
}

TEST_F(FabricsTarget, host_errors_are_path_errors) {
  go_live();
  target->received(capsule(command(2, 5, 100)));
  ASSERT_TRUE(target->respond(0, {.result = 0, .status = Status::os(ECONNRESET)}).ok());
  const Bytes sent = drain(*target);
  ASSERT_EQ(sent.size(), 24U);
  EXPECT_EQ(text(std::span(sent).subspan(22)), "e006");  // 370h, one bit up
}

TEST_F(FabricsTarget, data_comes_before_the_error_that_it_came_with) {
  go_live();
  target->received(capsule(command(2, 5, 100)));
  memory.resize(100);
  const Segment all{memory.data(), 100};
  ASSERT_TRUE(target->respond(0, {.result = 1, .status = Status::nvme(StatusCode::high_ecc)}, {&all, 1}).ok());
  const Bytes sent = drain(*target);
  ASSERT_EQ(sent.size(), 24U + 100 + 24);
  EXPECT_EQ(text(std::span(sent).first(2)), "0704");      // C2HData, LAST_PDU, without SUCCESS
  EXPECT_EQ(text(std::span(sent).subspan(146)), "a005");  // 2D0h, one bit up
}

TEST_F(FabricsTarget, sqhd_counts_round_the_queue) {
  go_live();
  std::vector<unsigned> seen;
  for (std::uint16_t cid = 0; cid < 6; ++cid) {
    log = {};
    target->received(capsule(command(0, cid)));
    ASSERT_TRUE(target->respond(log.commands[0].slot, {}).ok());
    seen.push_back(std::to_integer<unsigned>(drain(*target)[16]));
  }
  EXPECT_EQ(seen, (std::vector<unsigned>{2, 3, 4, 0, 1, 2}));
}

TEST_F(FabricsTarget, close_brings_no_events) {
  go_writing();
  target->close();
  EXPECT_EQ(target->state(), State::closed);
  EXPECT_TRUE(drain(*target).empty());
  target->received(capsule(command(0, 6)));
  target->landed(10);
  target->sent(10);
  EXPECT_TRUE(target->respond(0, {}).is_errno(ENOTCONN));
  EXPECT_EQ(log.commands.size(), 1U);
  EXPECT_TRUE(log.finished_.empty());
}

}  // namespace
}  // namespace lightnvm::fabrics::test
