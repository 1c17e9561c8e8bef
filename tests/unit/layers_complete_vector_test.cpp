// SPDX-License-Identifier: BSD-2-Clause
// Vector and scalar reads and writes that `complete` takes apart: which commands go, in which order, and what failed.
#include "layers_complete_support.hpp"

namespace lightnvm::test {
namespace {

constexpr auto kWrite = static_cast<std::uint32_t>(IoOpcode::write);
constexpr auto kRead = static_cast<std::uint32_t>(IoOpcode::read);

class CompletedVector : public Completed {};

TEST_F(CompletedVector, list_becomes_one_scalar_command_for_each_run_in_a_chunk) {
  open();
  const std::uint64_t a = Script::lba(0, 0, 1, 8);
  const std::uint64_t b = Script::lba(1, 1, 4, 0);
  Order write(0);
  write.vector(IoOpcode::vector_write, both(run(a, 4), run(b, 8))).with_data(12).with_metadata(12);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 2U) << "runs of different chunks go side by side";
  EXPECT_EQ(sent(0).opcode(), kWrite);
  EXPECT_EQ(sent(0).slba(), a);
  EXPECT_EQ(sent(0).blocks(), 4U);
  EXPECT_EQ(sent(1).slba(), b);
  EXPECT_EQ(sent(1).blocks(), 8U);
  EXPECT_EQ(sent(1).data.at(0).base, write.data.data() + 4 * kSector) << "the caller's memory, not a copy";
  EXPECT_EQ(sent(1).metadata.at(0).base, write.metadata.data() + 4 * kOob);
  EXPECT_EQ(spec::Nsid::get(sent(1).command), 1U);
  const Completion done = run_out(write);
  EXPECT_TRUE(done);
  EXPECT_EQ(done.result, 0U);
}

TEST_F(CompletedVector, addresses_that_follow_each_other_across_chunks_are_two_runs) {
  open();
  // The fields are packed without gaps: sector 63 of one chunk and sector 0 of the next are neighbours.
  Order read(0);
  read.vector(IoOpcode::vector_read, run(Script::lba(0, 0, 1, 62), 4)).with_data(4);
  ASSERT_TRUE(queue_->submit(read.request));
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(sent(0).blocks(), 2U);
  EXPECT_EQ(sent(1).slba(), Script::lba(0, 0, 2, 0));
  EXPECT_TRUE(run_out(read));
}

TEST_F(CompletedVector, four_sectors_of_a_read_arrive_in_their_own_places) {
  open();
  Order read(0);
  read.vector(IoOpcode::vector_read,
              {Script::lba(0, 0, 1, 9), Script::lba(1, 0, 1, 2), Script::lba(0, 0, 1, 3), Script::lba(0, 1, 2, 7)})
      .with_data(4)
      .with_metadata(4);
  ASSERT_TRUE(queue_->submit(read.request));
  ASSERT_EQ(count(), 4U);
  for (std::size_t i = 0; i < 4; ++i) sent(i).fill(static_cast<std::byte>(0xA0 + i));
  for (const std::size_t i : {2, 0, 3, 1}) script_->finish(i);
  reap();
  ASSERT_NE(find(read), nullptr);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(read.sector(i), std::vector<std::byte>(kSector, static_cast<std::byte>(0xA0 + i)));
    EXPECT_EQ(read.oob(i), std::vector<std::byte>(kOob, static_cast<std::byte>(0xA0 + i)));
  }
}

TEST_F(CompletedVector, write_is_cut_at_the_transfer_limit_after_multiples_of_ws_min) {
  script_->caps.max_transfer_bytes = 7 * kSector;
  open();
  Order write(0);
  write.vector(IoOpcode::vector_write, run(0, 16)).with_data(16);
  ASSERT_TRUE(queue_->submit(write.request));
  EXPECT_TRUE(run_out(write));
  ASSERT_EQ(count(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(sent(i).blocks(), 4U);
    EXPECT_EQ(sent(i).slba(), 4 * i);
  }
}

TEST_F(CompletedVector, read_is_cut_at_the_devices_limit) {
  script_->controller.mdts = 2;  // 16 KiB
  open();
  Order read(0);
  read.vector(IoOpcode::vector_read, run(0, 10)).with_data(10);
  ASSERT_TRUE(queue_->submit(read.request));
  ASSERT_EQ(count(), 3U) << "reads of one chunk go side by side";
  EXPECT_EQ(sent(0).blocks(), 4U);
  EXPECT_EQ(sent(2).blocks(), 2U);
  EXPECT_TRUE(run_out(read));
}

TEST_F(CompletedVector, writes_of_one_chunk_go_one_after_another) {
  script_->caps.max_transfer_bytes = 4 * kSector;
  open();
  const std::uint64_t a = Script::lba(0, 0, 1, 0);
  const std::uint64_t b = Script::lba(0, 1, 1, 0);
  Order write(0);
  write.vector(IoOpcode::vector_write, both(both(run(a, 8), run(b, 4)), run(a + 8, 4))).with_data(16);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 2U) << "the first of each chunk";
  EXPECT_EQ(sent(0).slba(), a);
  EXPECT_EQ(sent(1).slba(), b);
  script_->finish(1);
  reap();
  EXPECT_EQ(count(), 2U);
  script_->finish(0);
  reap();
  ASSERT_EQ(count(), 3U);
  EXPECT_EQ(sent(2).slba(), a + 4);
  script_->finish(2);
  reap();
  ASSERT_EQ(count(), 4U);
  EXPECT_EQ(sent(3).slba(), a + 8) << "the chunk's second appearance in the list";
  EXPECT_EQ(sent(3).data.at(0).base, write.data.data() + 12 * kSector);
  EXPECT_EQ(find(write), nullptr);
  script_->finish(3);
  reap();
  EXPECT_NE(find(write), nullptr);
}

TEST_F(CompletedVector, writes_of_one_chunk_go_at_once_where_the_route_keeps_their_order) {
  script_->caps.max_transfer_bytes = 4 * kSector;
  script_->caps.ordered_writes = true;
  open();
  Order write(0);
  write.vector(IoOpcode::vector_write, run(0, 12)).with_data(12);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 3U);
  EXPECT_EQ(sent(2).slba(), 8U);
  EXPECT_TRUE(run_out(write));
}

TEST_F(CompletedVector, force_unit_access_and_limited_retry_travel_along) {
  open();
  Order write(0);
  write.vector(IoOpcode::vector_write, both(run(0, 4), run(Script::lba(1, 0, 0, 0), 4))).with_data(8);
  spec::Fua::set(write.request.command, 1);
  Order read(1);
  read.vector(IoOpcode::vector_read, {9, 5}).with_data(2);
  spec::LimitedRetry::set(read.request.command, 1);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_TRUE(queue_->submit(read.request));
  ASSERT_EQ(count(), 4U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(spec::Fua::get(sent(i).command), 1U);
    EXPECT_EQ(spec::LimitedRetry::get(sent(i).command), 0U);
    EXPECT_EQ(spec::LimitedRetry::get(sent(i + 2).command), 1U);
  }
  EXPECT_TRUE(run_out(write));
  EXPECT_TRUE(run_out(read));
}

TEST_F(CompletedVector, bits_say_exactly_what_was_not_written) {
  script_->caps.max_transfer_bytes = 4 * kSector;
  open();
  const std::uint64_t a = Script::lba(0, 0, 1, 0);
  const std::uint64_t b = Script::lba(0, 1, 1, 0);
  Order write(0);
  write.vector(IoOpcode::vector_write, both(run(a, 12), run(b, 8))).with_data(20);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 2U);
  script_->finish(0);
  script_->finish(1);
  reap();
  ASSERT_EQ(count(), 4U);
  // The second run of a fails: its third is not sent. The second of b goes on.
  script_->finish(2, {0, Status::nvme_dnr(StatusCode::write_fault)});
  script_->finish(3);
  reap();
  EXPECT_EQ(count(), 4U);
  const Completion* done = find(write);
  ASSERT_NE(done, nullptr);
  EXPECT_EQ(done->result, 0x00FF0U);
  EXPECT_EQ(done->status, Status::nvme_dnr(StatusCode::write_fault));
}

TEST_F(CompletedVector, status_is_that_of_the_first_entry_that_failed) {
  open();
  Order read(0);
  read.vector(IoOpcode::vector_read, {1, 100, 200, 300}).with_data(4);
  ASSERT_TRUE(queue_->submit(read.request));
  script_->finish(3, {0, Status::nvme(StatusCode::unrecovered_read_error)});
  script_->finish(1, {0, Status::nvme_dnr(StatusCode::deallocated_or_unwritten)});
  script_->finish(0);
  script_->finish(2);
  reap();
  ASSERT_NE(find(read), nullptr);
  EXPECT_EQ(find(read)->result, 0b1010U);
  EXPECT_TRUE(find(read)->status.is(StatusCode::deallocated_or_unwritten));
}

TEST_F(CompletedVector, failed_command_does_not_poison_the_next_on_its_tag) {
  open();
  Order bad(3);
  bad.vector(IoOpcode::vector_read, {1, 100}).with_data(2);
  ASSERT_TRUE(queue_->submit(bad.request));
  script_->finish_all({0, Status::nvme(StatusCode::internal_error)});
  reap();
  EXPECT_FALSE(find(bad)->ok());
  kept_.done.clear();
  Order good(3);
  good.vector(IoOpcode::vector_read, {1, 100}).with_data(2);
  ASSERT_TRUE(queue_->submit(good.request));
  const Completion done = run_out(good);
  EXPECT_TRUE(done);
  EXPECT_EQ(done.result, 0U);
}

TEST_F(CompletedVector, scalar_command_of_the_routes_size_goes_as_it_is) {
  open();
  Order write(5);
  write.scalar(IoOpcode::write, 40, 8).with_data(8).with_metadata(8);
  write.request.command.dw[13] = 0x1234;
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).command, write.request.command);
  EXPECT_EQ(sent(0).data.at(0).base, write.data.data());
  script_->finish(0, {77, {}});
  reap();
  EXPECT_EQ(find(write)->result, 77U);
}

TEST_F(CompletedVector, scalar_command_beyond_the_routes_size_is_cut) {
  script_->caps.max_transfer_bytes = 10 * kSector;
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 16, 20).with_data(20);
  spec::Fua::set(write.request.command, 1);
  Order read(1);
  read.scalar(IoOpcode::read, 16, 20).with_data(20);
  ASSERT_TRUE(queue_->submit(write.request));
  EXPECT_EQ(count(), 1U) << "one after another";
  EXPECT_TRUE(run_out(write));
  ASSERT_EQ(count(), 3U);
  EXPECT_EQ(sent(1).slba(), 24U);
  EXPECT_EQ(sent(2).blocks(), 4U);
  EXPECT_EQ(spec::Fua::get(sent(2).command), 1U);
  ASSERT_TRUE(queue_->submit(read.request));
  EXPECT_EQ(count(), 5U) << "side by side";
  EXPECT_TRUE(run_out(read));
}

TEST_F(CompletedVector, scalar_write_stops_where_it_failed) {
  script_->caps.max_transfer_bytes = 4 * kSector;
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 12).with_data(12);
  ASSERT_TRUE(queue_->submit(write.request));
  script_->finish(0);
  reap();
  script_->finish(1, {0, Status::nvme_dnr(StatusCode::out_of_order_write)});
  reap();
  EXPECT_EQ(count(), 2U);
  ASSERT_NE(find(write), nullptr);
  EXPECT_TRUE(find(write)->status.is(StatusCode::out_of_order_write));
  EXPECT_EQ(find(write)->result, 0U) << "a scalar command has no bits";
}

TEST_F(CompletedVector, more_than_the_device_takes_is_the_devices_to_refuse) {
  script_->controller.mdts = 2;
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 8).with_data(8);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).blocks(), 8U);
  script_->finish(0, {0, Status::nvme_dnr(StatusCode::invalid_field)});
  reap();
  EXPECT_TRUE(find(write)->status.is(StatusCode::invalid_field));
}

TEST_F(CompletedVector, what_neither_device_nor_route_takes_is_invalid_at_once) {
  script_->controller.mdts = 2;
  script_->caps.max_transfer_bytes = 5 * kSector;
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 8).with_data(8);
  EXPECT_TRUE(queue_->submit(write.request).is_errno(EINVAL));
  EXPECT_EQ(count(), 0U);
}

TEST_F(CompletedVector, memory_of_the_wrong_size_is_invalid_before_anything_is_sent) {
  open();
  Order shorter(0);
  shorter.vector(IoOpcode::vector_write, run(0, 8)).with_data(7);
  EXPECT_TRUE(queue_->submit(shorter.request).is_errno(EINVAL));
  Order longer(0);
  longer.vector(IoOpcode::vector_read, run(0, 8)).with_data(9);
  EXPECT_TRUE(queue_->submit(longer.request).is_errno(EINVAL));
  Order metadata(0);
  metadata.vector(IoOpcode::vector_read, run(0, 8)).with_data(8).with_metadata(7);
  EXPECT_TRUE(queue_->submit(metadata.request).is_errno(EINVAL));
  Order count_differs(0);
  count_differs.vector(IoOpcode::vector_read, run(0, 8)).with_data(8);
  spec::VectorNlb::set(count_differs.request.command, 6);
  EXPECT_TRUE(queue_->submit(count_differs.request).is_errno(EINVAL));
  Order empty(0);
  empty.vector(IoOpcode::vector_read, {});
  EXPECT_TRUE(queue_->submit(empty.request).is_errno(EINVAL));
  EXPECT_EQ(count(), 0U);
  reap();
  EXPECT_TRUE(kept_.done.empty()) << "what was refused never completes";
}

TEST_F(CompletedVector, routes_own_vectors_are_used) {
  script_->caps.vectors = true;
  script_->caps.max_segments = 8;
  open();
  Order write(0);
  write.vector(IoOpcode::vector_write, {3, 1, 2}).with_data(3);
  ASSERT_TRUE(queue_->submit(write.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).command, write.request.command);
  EXPECT_EQ(sent(0).list, write.list);
  script_->finish(0, {0b100, Status::nvme(StatusCode::write_next_unit)});
  reap();
  EXPECT_EQ(find(write)->result, 0b100U) << "the device's own bits";
}

TEST_F(CompletedVector, routes_own_vector_that_is_too_large_for_it_is_taken_apart) {
  script_->caps.vectors = true;
  script_->caps.max_transfer_bytes = 8 * kSector;
  open();
  Order read(0);
  read.vector(IoOpcode::vector_read, run(0, 16)).with_data(16);
  ASSERT_TRUE(queue_->submit(read.request));
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(sent(0).opcode(), kRead);
  EXPECT_TRUE(run_out(read));
}

TEST_F(CompletedVector, sector_larger_than_the_routes_transfers_is_not_supported) {
  script_->caps.max_transfer_bytes = 2048;
  open();
  Order read(0);
  read.vector(IoOpcode::vector_read, {1}).with_data(1);
  EXPECT_TRUE(queue_->submit(read.request).is_errno(ENOTSUP));
}

}  // namespace
}  // namespace lightnvm::test
