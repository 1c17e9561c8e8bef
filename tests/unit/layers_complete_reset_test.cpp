// SPDX-License-Identifier: BSD-2-Clause
// Vector reset and vector copy as `complete` supplies them.
#include "layers_complete_support.hpp"

namespace lightnvm::test {
namespace {

constexpr auto kDeallocate = static_cast<std::uint32_t>(IoOpcode::dataset_management);
constexpr auto kRead = static_cast<std::uint32_t>(IoOpcode::read);
constexpr auto kWrite = static_cast<std::uint32_t>(IoOpcode::write);
const Status kOutOfRange = Status::nvme_dnr(StatusCode::lba_out_of_range);

class CompletedReset : public Completed {
 protected:
  static spec::ChunkDescriptor descriptor_of(const Order& order, std::size_t i) {
    spec::ChunkDescriptor d{};
    std::memcpy(&d, order.metadata.data() + i * sizeof d, sizeof d);
    return d;
  }
  static Order& with_descriptors(Order& order) {
    return order.with_metadata(static_cast<std::uint32_t>(order.list.size()), 13, sizeof(spec::ChunkDescriptor));
  }
};
class CompletedCopy : public Completed {
 protected:
  static Order& copy(Order& order, std::vector<std::uint64_t> from, std::vector<std::uint64_t> to) {
    order.vector(IoOpcode::vector_copy, std::move(from));
    order.destination = std::move(to);
    order.request.payload.destination = order.destination;
    return order;
  }
};

TEST_F(CompletedReset, each_chunk_is_one_deallocation_of_its_whole_length) {
  open();
  Order reset(0);
  reset.vector(IoOpcode::vector_reset, {Script::lba(0, 1, 2, 17), Script::lba(1, 1, 4, 0)});
  ASSERT_TRUE(queue_->submit(reset.request));
  ASSERT_EQ(count(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(sent(i).opcode(), kDeallocate);
    EXPECT_EQ(spec::Nr::get(sent(i).command), 0U);
    EXPECT_EQ(spec::Deallocate::get(sent(i).command), 1U);
    EXPECT_EQ(sent(i).range().blocks, 64U);
  }
  EXPECT_EQ(sent(0).range().slba, Script::lba(0, 1, 2, 0)) << "any address of the chunk means the chunk";
  EXPECT_TRUE(run_out(reset));
  EXPECT_TRUE(script_->logged.empty()) << "nobody asked for descriptors";
}

TEST_F(CompletedReset, chunk_of_another_length_is_measured_and_reset_again) {
  script_->descriptor = [](std::uint64_t) {
    spec::ChunkDescriptor d{};
    d.cnlb = 48;
    return d;
  };
  open();
  Order reset(0);
  reset.vector(IoOpcode::vector_reset, {Script::lba(1, 0, 3, 0)});
  ASSERT_TRUE(queue_->submit(reset.request));
  script_->finish(0, {0, kOutOfRange});
  reap();
  ASSERT_EQ(script_->logged.size(), 1U);
  EXPECT_EQ(script_->logged[0], (2 * 5 + 3) * 32U);
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(sent(1).range().blocks, 48U);
  EXPECT_EQ(sent(1).range().slba, Script::lba(1, 0, 3, 0));
  script_->finish(1);
  reap();
  EXPECT_TRUE(find(reset)->ok());
}

TEST_F(CompletedReset, second_refusal_of_the_length_is_final) {
  script_->descriptor = [](std::uint64_t) {
    spec::ChunkDescriptor d{};
    d.cnlb = 48;
    return d;
  };
  open();
  Order reset(0);
  reset.vector(IoOpcode::vector_reset, {0});
  ASSERT_TRUE(queue_->submit(reset.request));
  script_->finish(0, {0, kOutOfRange});
  reap();
  script_->finish(1, {0, kOutOfRange});
  reap();
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(find(reset)->status, kOutOfRange);
  EXPECT_EQ(find(reset)->result, 1U);
}

TEST_F(CompletedReset, refusal_stands_where_the_log_knows_no_better) {
  open();
  Order reset(0);
  reset.vector(IoOpcode::vector_reset, {0});
  ASSERT_TRUE(queue_->submit(reset.request));
  script_->finish(0, {0, kOutOfRange});
  reap();
  EXPECT_EQ(count(), 1U) << "the log says what was tried already";
  EXPECT_EQ(find(reset)->status, kOutOfRange);
  kept_.done.clear();
  script_->log_status = Status::nvme(StatusCode::internal_error);
  ASSERT_TRUE(queue_->submit(reset.request));
  script_->finish(1, {0, kOutOfRange});
  reap();
  EXPECT_EQ(find(reset)->status, kOutOfRange);
}

TEST_F(CompletedReset, descriptors_are_read_after_the_reset) {
  script_->descriptor = [](std::uint64_t index) {
    spec::ChunkDescriptor d{};
    d.cs = 1;
    d.wli = static_cast<std::uint8_t>(index);
    return d;
  };
  open();
  Order reset(0);
  with_descriptors(reset.vector(IoOpcode::vector_reset, {Script::lba(1, 1, 4, 0), Script::lba(0, 0, 2, 0)}));
  ASSERT_TRUE(queue_->submit(reset.request));
  ASSERT_EQ(count(), 2U);
  EXPECT_TRUE(sent(0).metadata.empty());
  EXPECT_TRUE(script_->logged.empty()) << "not before";
  const Completion done = run_out(reset);
  EXPECT_TRUE(done);
  EXPECT_EQ(descriptor_of(reset, 0).wli, 19);
  EXPECT_EQ(descriptor_of(reset, 1).wli, 2);
}

TEST_F(CompletedReset, failed_chunk_has_its_bit_and_no_descriptor) {
  open();
  Order reset(0);
  with_descriptors(reset.vector(IoOpcode::vector_reset, {0, 64, 128}));
  const auto before = reset.metadata;
  ASSERT_TRUE(queue_->submit(reset.request));
  script_->finish(1, {0, Status::nvme_dnr(StatusCode::offline_chunk)});
  const Completion done = run_out(reset);
  EXPECT_EQ(done.result, 0b010U);
  EXPECT_TRUE(done.status.is(StatusCode::offline_chunk));
  EXPECT_EQ(script_->logged, (std::vector<std::uint64_t>{0, 64}));
  EXPECT_TRUE(std::equal(before.begin() + 32, before.begin() + 64, reset.metadata.begin() + 32)) << "not touched";
}

TEST_F(CompletedReset, descriptor_that_cannot_be_read_counts_as_failed) {
  script_->log_status = Status::nvme(StatusCode::internal_error);
  open();
  Order reset(0);
  with_descriptors(reset.vector(IoOpcode::vector_reset, {0, 64}));
  ASSERT_TRUE(queue_->submit(reset.request));
  const Completion done = run_out(reset);
  EXPECT_EQ(done.result, 0b11U);
  EXPECT_TRUE(done.status.is(StatusCode::internal_error));
}

TEST_F(CompletedReset, more_descriptors_than_the_log_has_slots_all_arrive) {
  script_->geometry.num_chk = 8;
  open(1);
  Order reset(0);
  std::vector<std::uint64_t> chunks;
  for (std::uint64_t i = 0; i < 32; ++i) chunks.push_back(i << 6);
  with_descriptors(reset.vector(IoOpcode::vector_reset, chunks));
  ASSERT_TRUE(queue_->submit(reset.request));
  EXPECT_TRUE(run_out(reset));
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(descriptor_of(reset, i).slba, i);
}

TEST_F(CompletedReset, chunk_that_is_named_twice_is_reset_twice_one_after_another) {
  open();
  Order reset(0);
  reset.vector(IoOpcode::vector_reset, {3, 70, 9});
  ASSERT_TRUE(queue_->submit(reset.request));
  EXPECT_EQ(count(), 2U);
  script_->finish(0);
  reap();
  EXPECT_EQ(count(), 3U);
  script_->finish(1);
  script_->finish(2, {0, Status::nvme_dnr(StatusCode::invalid_reset)});
  reap();
  EXPECT_EQ(find(reset)->result, 0b100U) << "each is judged alone";
}

TEST_F(CompletedReset, routes_own_reset_is_followed_by_the_log) {
  script_->caps.vectors = true;
  open();
  Order reset(0);
  with_descriptors(reset.vector(IoOpcode::vector_reset, {0, 64, 128}));
  ASSERT_TRUE(queue_->submit(reset.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).list, reset.list);
  EXPECT_TRUE(sent(0).metadata.empty());
  script_->finish(0, {0b001, Status::nvme_dnr(StatusCode::offline_chunk)});
  const Completion done = run_out(reset);
  EXPECT_EQ(done.result, 0b001U);
  EXPECT_TRUE(done.status.is(StatusCode::offline_chunk));
  EXPECT_EQ(script_->logged, (std::vector<std::uint64_t>{32, 64}));
  EXPECT_EQ(descriptor_of(reset, 2).slba, 2U);
}

TEST_F(CompletedReset, scalar_reset_passes_as_it_is) {
  open();
  std::array<spec::DsmRange, 2> ranges{{{0, 64, 0}, {0, 48, 64}}};
  const Segment segment{reinterpret_cast<std::byte*>(ranges.data()), sizeof ranges};
  backends::Request request;
  request.command = spec::build::deallocate(1, 2);
  request.payload.data = {&segment, 1};
  ASSERT_TRUE(queue_->submit(request));
  EXPECT_EQ(sent(0).data.at(0).base, segment.base);
  script_->finish_all({0, kOutOfRange});
  reap();
  EXPECT_EQ(kept_.done.at(0).completion.status, kOutOfRange);
}

TEST_F(CompletedReset, descriptors_of_the_wrong_size_are_invalid) {
  open();
  Order reset(0);
  reset.vector(IoOpcode::vector_reset, {0, 64}).with_metadata(1, 32, 32);
  EXPECT_TRUE(queue_->submit(reset.request).is_errno(EINVAL));
  Order data(0);
  data.vector(IoOpcode::vector_reset, {0}).with_data(1);
  EXPECT_TRUE(queue_->submit(data.request).is_errno(EINVAL));
}

TEST_F(CompletedCopy, sources_are_read_and_then_written_to_their_destinations) {
  open();
  Order order(0);
  spec::Fua::set(copy(order, both(run(8, 2), {100, 200}), run(Script::lba(1, 1, 0, 0), 4)).request.command, 1);
  ASSERT_TRUE(queue_->submit(order.request));
  ASSERT_EQ(count(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sent(i).opcode(), kRead);
    EXPECT_EQ(spec::Fua::get(sent(i).command), 0U);
    sent(i).fill(static_cast<std::byte>(0x50 + i));
  }
  script_->finish(2);
  script_->finish(0);
  reap();
  EXPECT_EQ(count(), 3U) << "nothing is written before all is read";
  script_->finish(1);
  reap();
  ASSERT_EQ(count(), 4U);
  EXPECT_EQ(sent(3).opcode(), kWrite);
  EXPECT_EQ(sent(3).slba(), Script::lba(1, 1, 0, 0));
  EXPECT_EQ(sent(3).blocks(), 4U);
  EXPECT_EQ(spec::Fua::get(sent(3).command), 1U);
  const auto bytes = sent(3).bytes();
  EXPECT_EQ(bytes[0], std::byte{0x50});
  EXPECT_EQ(bytes[kSector], std::byte{0x50});
  EXPECT_EQ(bytes[2 * kSector], std::byte{0x51});
  EXPECT_EQ(bytes[3 * kSector], std::byte{0x52});
  ASSERT_EQ(sent(3).metadata.size(), 1U) << "metadata is copied, too";
  EXPECT_EQ(sent(3).metadata[0].base[kOob * 3], std::byte{0x52});
  EXPECT_TRUE(run_out(order));
}

TEST_F(CompletedCopy, nothing_is_written_unless_all_could_be_read) {
  open();
  Order order(0);
  copy(order, {8, 100, 200}, run(0, 3));
  ASSERT_TRUE(queue_->submit(order.request));
  script_->finish(1, {0, Status::nvme_dnr(StatusCode::deallocated_or_unwritten)});
  const Completion done = run_out(order);
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(done.result, 0b111U);
  EXPECT_TRUE(done.status.is(StatusCode::deallocated_or_unwritten));
}

TEST_F(CompletedCopy, bits_name_the_destinations_that_were_not_written) {
  open();
  Order order(0);
  copy(order, run(8, 8), both(run(Script::lba(0, 1, 0, 0), 4), run(Script::lba(1, 1, 0, 0), 4)));
  ASSERT_TRUE(queue_->submit(order.request));
  script_->finish_all();
  reap();
  ASSERT_EQ(count(), 3U);
  script_->finish(1);
  script_->finish(2, {0, Status::nvme_dnr(StatusCode::write_fault)});
  reap();
  EXPECT_EQ(find(order)->result, 0xF0U);
}

TEST_F(CompletedCopy, extended_blocks_are_copied_as_they_are) {
  script_->caps.metadata = backends::MetadataTransfer::extended;
  script_->ns.flbas = 0x10;
  open();
  Order order(0);
  copy(order, run(8, 4), run(64, 4));
  ASSERT_TRUE(queue_->submit(order.request));
  ASSERT_EQ(sent(0).data.size(), 1U) << "in one piece, though the route cannot gather";
  EXPECT_EQ(sent(0).data_bytes(), 4 * (kSector + kOob));
  sent(0).fill(std::byte{0x66});
  script_->finish(0);
  reap();
  EXPECT_EQ(sent(1).bytes(), std::vector<std::byte>(4 * (kSector + kOob), std::byte{0x66}));
  EXPECT_TRUE(run_out(order));
}

TEST_F(CompletedCopy, copy_with_the_routes_own_vectors_is_two_commands) {
  script_->caps.vectors = true;
  open();
  Order order(0);
  copy(order, {1, 100, 2}, {64, 130, 65});
  ASSERT_TRUE(queue_->submit(order.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).list, order.list);
  script_->finish(0);
  reap();
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(sent(1).list, order.destination);
  script_->finish(1, {0b010, Status::nvme(StatusCode::write_fault)});
  reap();
  EXPECT_EQ(find(order)->result, 0b010U);
}

TEST_F(CompletedCopy, copies_beyond_the_queues_memory_wait_their_turn) {
  open(8);
  std::vector<std::unique_ptr<Order>> orders;
  for (std::uint16_t i = 0; i < 8; ++i) {
    orders.push_back(std::make_unique<Order>(i));
    copy(*orders[i], run(0, 64), run(64 * (i % 4U + 1), 64));
    ASSERT_TRUE(queue_->submit(orders[i]->request));
  }
  EXPECT_EQ(count(), 4U);
  for (const auto& order : orders) EXPECT_TRUE(run_out(*order));
}

TEST_F(CompletedCopy, lists_of_different_lengths_are_invalid) {
  open();
  Order order(0);
  copy(order, {1, 2}, {64});
  EXPECT_TRUE(queue_->submit(order.request).is_errno(EINVAL));
}

}  // namespace
}  // namespace lightnvm::test
