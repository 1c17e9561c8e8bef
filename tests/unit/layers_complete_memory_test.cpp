// SPDX-License-Identifier: BSD-2-Clause
// What `complete` does with memory: gathered, put together, and interleaved with metadata.
#include "layers_complete_support.hpp"

namespace lightnvm::test {
namespace {

class CompletedMemory : public Completed {
 protected:
  /// A namespace with extended LBAs behind a route that takes `segments`.
  void open_extended(std::uint32_t segments, std::uint32_t transfer = 0) {
    script_->caps.metadata = backends::MetadataTransfer::extended;
    script_->caps.max_segments = segments;
    script_->caps.max_transfer_bytes = transfer;
    script_->ns.flbas = 0x10;
    open();
  }
  /// Block `i` of what was sent: its data or its metadata.
  static std::vector<std::byte> block(const Sent& sent, std::size_t i) {
    const auto bytes = sent.bytes();
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(i * (kSector + kOob));
    return {first, first + kSector};
  }
  static std::vector<std::byte> tail(const Sent& sent, std::size_t i) {
    const auto bytes = sent.bytes();
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(i * (kSector + kOob) + kSector);
    return {first, first + kOob};
  }
};

TEST_F(CompletedMemory, pieces_that_the_route_can_gather_are_not_copied) {
  script_->caps.max_segments = 4;
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 4).with_data(4, kSector);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(sent(0).data.size(), 4U);
  EXPECT_EQ(sent(0).data[3].base, write.data.data() + 3 * kSector);
  EXPECT_TRUE(run_out(write));
}

TEST_F(CompletedMemory, part_of_a_list_is_gathered_by_a_list_of_its_own) {
  script_->caps.max_segments = 4;
  open();
  Order write(0);
  write.vector(IoOpcode::vector_write, both(run(0, 4), run(Script::lba(1, 0, 0, 0), 4)))
      .with_data(8, 2 * kSector + 512);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(sent(0).data.size(), 2U);
  EXPECT_EQ(sent(0).data_bytes(), 4 * kSector);
  EXPECT_EQ(sent(1).data[0].base, write.data.data() + 4 * kSector);
  EXPECT_EQ(sent(1).data_bytes(), 4 * kSector);
  EXPECT_TRUE(run_out(write));
}

TEST_F(CompletedMemory, pieces_of_a_write_are_put_together_where_the_route_cannot_gather) {
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 4).with_data(4, 1000).with_metadata(4, 7);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(sent(0).data.size(), 1U);
  ASSERT_EQ(sent(0).metadata.size(), 1U);
  EXPECT_EQ(sent(0).bytes(), write.data);
  EXPECT_EQ(std::memcmp(sent(0).metadata[0].base, write.metadata.data(), write.metadata.size()), 0);
  EXPECT_TRUE(run_out(write));
}

TEST_F(CompletedMemory, pieces_of_a_read_are_filled_when_it_is_done_and_not_before) {
  open();
  Order read(0);
  read.scalar(IoOpcode::read, 0, 2).with_data(2, 999).with_metadata(2, 5);
  ASSERT_TRUE(queue_->submit(read.request));
  const auto before = read.data;
  sent(0).fill(std::byte{0x77});
  EXPECT_EQ(read.data, before);
  EXPECT_TRUE(run_out(read));
  EXPECT_EQ(read.data, std::vector<std::byte>(2 * kSector, std::byte{0x77}));
  EXPECT_EQ(read.metadata, std::vector<std::byte>(2 * kOob, std::byte{0x77}));
}

TEST_F(CompletedMemory, failed_read_leaves_pieces_alone) {
  open();
  Order read(0);
  read.scalar(IoOpcode::read, 0, 2).with_data(2, 999);
  ASSERT_TRUE(queue_->submit(read.request));
  const auto before = read.data;
  sent(0).fill(std::byte{0x77});
  script_->finish(0, {0, Status::nvme(StatusCode::unrecovered_read_error)});
  reap();
  EXPECT_EQ(read.data, before);
}

TEST_F(CompletedMemory, list_that_failed_in_part_brings_the_rest) {
  script_->caps.vectors = true;
  for (const bool extended : {false, true}) {
    script_->caps.metadata = backends::MetadataTransfer::separate;
    if (extended) {
      open_extended(1);
    } else {
      open();
    }
    Order read(0);
    read.vector(IoOpcode::vector_read, {1, 70, 5}).with_data(3, 999).with_metadata(3, 5);
    const auto before = read.sector(1);
    const auto oob_before = read.oob(1);
    ASSERT_TRUE(queue_->submit(read.request));
    script_->sent.back().fill(std::byte{0x77});
    script_->finish_all({0b010, Status::nvme_dnr(StatusCode::deallocated_or_unwritten)});
    reap();
    ASSERT_NE(find(read), nullptr);
    EXPECT_EQ(read.sector(0), std::vector<std::byte>(kSector, std::byte{0x77}));
    EXPECT_EQ(read.oob(2), std::vector<std::byte>(kOob, std::byte{0x77}));
    EXPECT_EQ(read.sector(1), before);
    EXPECT_EQ(read.oob(1), oob_before);
    queue_.reset();
    kept_.done.clear();
  }
}

TEST_F(CompletedMemory, data_of_a_read_with_high_ecc_arrives) {
  open();
  Order read(0);
  read.scalar(IoOpcode::read, 0, 2).with_data(2, 999);
  ASSERT_TRUE(queue_->submit(read.request));
  sent(0).fill(std::byte{0x77});
  script_->finish(0, {0, Status::nvme(StatusCode::high_ecc)});
  reap();
  EXPECT_TRUE(find(read)->status.is(StatusCode::high_ecc));
  EXPECT_EQ(read.data, std::vector<std::byte>(2 * kSector, std::byte{0x77}));
}

TEST_F(CompletedMemory, unknown_command_is_put_together_both_ways) {
  open();
  Order other(0);
  other.request.command = spec::build::command(std::uint8_t{0x83}, 1);
  other.with_data(1, 100);
  ASSERT_TRUE(queue_->submit(other.request));
  EXPECT_EQ(sent(0).bytes(), other.data);
  sent(0).fill(std::byte{0x77});
  EXPECT_TRUE(run_out(other));
  EXPECT_EQ(other.data, std::vector<std::byte>(kSector, std::byte{0x77}));
}

TEST_F(CompletedMemory, unknown_command_too_large_to_be_put_together_is_not_supported) {
  open();
  std::vector<std::byte> half(600U << 10);
  const Segment twice[] = {{half.data(), half.size()}, {half.data(), half.size()}};
  backends::Request request;
  request.command = spec::build::command(std::uint8_t{0x81}, 1);
  request.payload.data = twice;
  // 4 MiB for all of the queue's commands; a single one of 1.2 MiB has its place there.
  EXPECT_TRUE(queue_->submit(request));
  script_->finish_all();
  reap();
  std::vector<Segment> many(8, twice[0]);
  request.payload.data = many;
  EXPECT_TRUE(queue_->submit(request).is_errno(ENOTSUP));
}

TEST_F(CompletedMemory, scalar_command_too_large_to_be_put_together_is_cut) {
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 64).with_data(64, 1000);
  Order large(1);
  large.scalar(IoOpcode::read, 0, 600).with_data(600, kSector - 8);
  ASSERT_TRUE(queue_->submit(write.request));
  EXPECT_EQ(count(), 1U) << "256 KiB have room";
  EXPECT_TRUE(run_out(write));
  ASSERT_TRUE(queue_->submit(large.request));
  EXPECT_EQ(sent(1).blocks(), 256U) << "1 MiB at a time";
  EXPECT_TRUE(run_out(large));
  EXPECT_EQ(count(), 4U);
}

TEST_F(CompletedMemory, command_waits_while_the_queues_memory_is_lent) {
  open(16);
  std::vector<std::unique_ptr<Order>> orders;
  for (std::uint16_t i = 0; i < 16; ++i) {
    orders.push_back(std::make_unique<Order>(i));
    orders[i]->scalar(IoOpcode::read, 0, 256).with_data(256, 100000);
    ASSERT_TRUE(queue_->submit(orders[i]->request));
  }
  EXPECT_LT(count(), 8U) << "4 MiB and the metadata's share";
  for (std::uint16_t i = 0; i < 16; ++i) EXPECT_TRUE(run_out(*orders[i]));
}

TEST_F(CompletedMemory, metadata_is_interleaved_by_a_list_where_the_route_gathers) {
  open_extended(64);
  Order write(0);
  write.scalar(IoOpcode::write, 0, 4).with_data(4).with_metadata(4);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(sent(0).data.size(), 8U);
  EXPECT_TRUE(sent(0).metadata.empty());
  EXPECT_EQ(sent(0).data[2].base, write.data.data() + kSector) << "not a copy";
  EXPECT_EQ(sent(0).data[3].base, write.metadata.data() + kOob);
  EXPECT_TRUE(run_out(write));
}

TEST_F(CompletedMemory, metadata_is_interleaved_by_copying_where_the_route_cannot_gather) {
  open_extended(1);
  Order write(0);
  write.vector(IoOpcode::vector_write, both(run(0, 4), run(Script::lba(0, 1, 0, 0), 4)))
      .with_data(8, 3000)
      .with_metadata(8, 20);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 2U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(block(sent(1), i), write.sector(4 + i));
    EXPECT_EQ(tail(sent(1), i), write.oob(4 + i));
  }
  EXPECT_TRUE(run_out(write));
}

TEST_F(CompletedMemory, interleaved_read_is_sorted_into_data_and_metadata) {
  for (const std::uint32_t segments : {1U, 64U}) {
    open_extended(segments);
    Order read(0);
    read.scalar(IoOpcode::read, 0, 2).with_data(2, 3000).with_metadata(2, 7);
    ASSERT_TRUE(queue_->submit(read.request));
    const std::vector<std::byte> data(kSector, std::byte{0x11});
    const std::vector<std::byte> oob(kOob, std::byte{0x22});
    const Sent& command = script_->sent.back();
    for (std::size_t i = 0; i < 2; ++i) {
      command.put(i * (kSector + kOob), data);
      command.put(i * (kSector + kOob) + kSector, oob);
    }
    EXPECT_TRUE(run_out(read));
    EXPECT_EQ(read.data, std::vector<std::byte>(2 * kSector, std::byte{0x11}));
    EXPECT_EQ(read.metadata, std::vector<std::byte>(2 * kOob, std::byte{0x22}));
    queue_.reset();
    kept_.done.clear();
  }
}

TEST_F(CompletedMemory, interleaved_write_without_metadata_writes_zeros) {
  for (const std::uint32_t segments : {1U, 64U}) {
    open_extended(segments);
    // What an earlier read left behind is nobody's metadata.
    Order read(0);
    read.scalar(IoOpcode::read, 0, 4).with_data(4);
    ASSERT_TRUE(queue_->submit(read.request));
    script_->sent.back().fill(std::byte{0xFF});
    EXPECT_TRUE(run_out(read));
    EXPECT_EQ(read.data, std::vector<std::byte>(4 * kSector, std::byte{0xFF}));
    Order write(1);
    write.scalar(IoOpcode::write, 0, 4).with_data(4);
    ASSERT_TRUE(queue_->submit(write.request));
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(block(script_->sent.back(), i), write.sector(i));
      EXPECT_EQ(tail(script_->sent.back(), i), std::vector<std::byte>(kOob));
    }
    EXPECT_TRUE(run_out(write));
    queue_.reset();
    kept_.done.clear();
  }
}

TEST_F(CompletedMemory, interleaved_metadata_counts_in_the_limits) {
  open_extended(64, 8 * kSector);
  Order write(0);
  write.scalar(IoOpcode::write, 0, 8).with_data(8).with_metadata(8);
  ASSERT_TRUE(queue_->submit(write.request));
  EXPECT_EQ(sent(0).blocks(), 4U) << "8 blocks with their metadata are more than 8 sectors";
  EXPECT_TRUE(run_out(write));
  EXPECT_EQ(count(), 2U);
}

TEST_F(CompletedMemory, interleaved_command_with_the_devices_own_layout_passes) {
  open_extended(64);
  Order read(0);
  read.scalar(IoOpcode::read, 0, 1).with_metadata(1, ~std::size_t{0}, kSector + kOob);
  read.request.payload.data = read.metadata_segments;
  read.request.payload.metadata = {};
  ASSERT_TRUE(queue_->submit(read.request));
  EXPECT_EQ(sent(0).data.at(0).base, read.metadata.data());
  EXPECT_TRUE(run_out(read));
}

TEST_F(CompletedMemory, routes_own_vector_is_interleaved_too) {
  script_->caps.vectors = true;
  open_extended(1);
  Order write(0);
  write.vector(IoOpcode::vector_write, {64, 128, 65}).with_data(3).with_metadata(3);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).list, write.list);
  EXPECT_EQ(block(sent(0), 2), write.sector(2));
  EXPECT_EQ(tail(sent(0), 2), write.oob(2));
  EXPECT_TRUE(run_out(write));
}

}  // namespace
}  // namespace lightnvm::test
