// SPDX-License-Identifier: BSD-2-Clause
// The decorator `complete` when a device is opened: when it stands aside, what it promises, what it answers to failure.
#include "layers_complete_support.hpp"

namespace lightnvm::test {
namespace {

using backends::MetadataTransfer;

class CompletedOpen : public Completed {};

void lack_nothing(backends::Caps& caps) {
  caps.max_segments = ~0U;
  caps.vectors = caps.vector_copy = caps.reset_descriptors = true;
}

TEST_F(CompletedOpen, backend_that_lacks_nothing_is_returned_untouched) {
  lack_nothing(script_->caps);
  auto backend = scripted(script_);
  const backends::Backend* before = backend.get();
  auto opened = layers::complete(std::move(backend));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->get(), before);
  EXPECT_EQ(script_->admin_queues, 0U) << "it was not even asked";
}

TEST_F(CompletedOpen, each_lack_alone_is_supplied) {
  const std::function<void(backends::Caps&)> lacks[] = {
      [](backends::Caps& c) { c.vectors = false; },
      [](backends::Caps& c) { c.vector_copy = false; },
      [](backends::Caps& c) { c.reset_descriptors = false; },
      [](backends::Caps& c) { c.max_segments = 1024; },
      [](backends::Caps& c) { c.metadata = MetadataTransfer::extended; },
  };
  for (const auto& lack : lacks) {
    lack_nothing(script_->caps);
    script_->caps.metadata = MetadataTransfer::separate;
    script_->ns.flbas = 0x10;
    lack(script_->caps);
    open();
    const backends::Caps& caps = backend_->caps();
    EXPECT_TRUE(caps.vectors && caps.vector_copy && caps.reset_descriptors);
    EXPECT_EQ(caps.max_segments, ~0U);
    EXPECT_EQ(caps.metadata, MetadataTransfer::separate);
    queue_.reset();
    backend_.reset();
  }
}

TEST_F(CompletedOpen, other_caps_stay_those_of_the_route) {
  script_->caps.max_transfer_bytes = 65536;
  script_->caps.max_depth = 17;
  script_->caps.read_only = script_->caps.events = script_->caps.synchronous = script_->caps.ordered_writes = true;
  open();
  const backends::Caps& caps = backend_->caps();
  EXPECT_EQ(caps.max_transfer_bytes, 65536U);
  EXPECT_EQ(caps.max_depth, 17U);
  EXPECT_TRUE(caps.read_only && caps.events && caps.synchronous && caps.ordered_writes);
}

TEST_F(CompletedOpen, metadata_that_the_route_cannot_carry_is_none) {
  script_->caps.metadata = MetadataTransfer::none;
  open();
  EXPECT_EQ(backend_->caps().metadata, MetadataTransfer::none);
  queue_.reset();
  // Only interleaved, but the namespace has them apart.
  script_->caps.metadata = MetadataTransfer::extended;
  open();
  EXPECT_EQ(backend_->caps().metadata, MetadataTransfer::none);
  queue_.reset();
  script_->caps.metadata = MetadataTransfer::separate;
  script_->ns.lbaf[0].ms = 0;
  open();
  EXPECT_EQ(backend_->caps().metadata, MetadataTransfer::none) << "the namespace has none";
}

TEST_F(CompletedOpen, device_that_refuses_geometry_gets_only_its_memory_in_one_piece) {
  script_->geometry_status = Status::nvme_dnr(StatusCode::invalid_opcode);
  open();
  EXPECT_FALSE(backend_->caps().vectors);
  EXPECT_EQ(backend_->caps().max_segments, ~0U);
  Order vector(0);
  vector.vector(IoOpcode::vector_read, run(0, 2)).with_data(2);
  EXPECT_TRUE(queue_->submit(vector.request).is_errno(ENOTSUP));
  Order read(1);
  read.scalar(IoOpcode::read, 3, 2).with_data(2, 1000);
  ASSERT_TRUE(queue_->submit(read.request));
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(sent(0).data.size(), 1U);
  sent(0).fill(std::byte{0x5A});
  EXPECT_TRUE(run_out(read));
  EXPECT_EQ(read.data, std::vector<std::byte>(2 * kSector, std::byte{0x5A}));
}

TEST_F(CompletedOpen, geometry_that_makes_no_sense_is_not_relied_on) {
  script_->geometry.lbk_len = 5;  // too narrow for 64 sectors
  open();
  EXPECT_FALSE(backend_->caps().vectors);
}

TEST_F(CompletedOpen, failure_to_identify_is_the_refusal) {
  script_->identify_status = Status::nvme(StatusCode::internal_error);
  const auto opened = layers::complete(scripted(script_));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().mine);
  EXPECT_TRUE(opened.error().status.is(StatusCode::internal_error));
  EXPECT_NE(opened.error().sentence.find("Identify"), std::string::npos);
}

TEST_F(CompletedOpen, os_error_of_geometry_is_the_refusal) {
  script_->geometry_status = Status::os(EACCES);
  const auto opened = layers::complete(scripted(script_));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().status.is_errno(EACCES));
}

TEST_F(CompletedOpen, inner_queue_has_slots_for_a_whole_vector_where_the_route_has_them) {
  open(1);
  EXPECT_EQ(script_->io_depth, 64U);
  queue_.reset();
  open(200);
  EXPECT_EQ(script_->io_depth, 200U);
  queue_.reset();
  script_->caps.max_depth = 3;
  open(2);
  EXPECT_EQ(script_->io_depth, 3U);
}

/// Memory that remembers what was taken from it.
class Counted final : public backends::Memory {
 public:
  Result<std::byte*> allocate(std::size_t bytes, std::size_t alignment) override {
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, bytes));
    pieces[memory] = bytes;
    return memory;
  }
  void release(std::byte* memory) noexcept override {
    pieces.erase(memory);
    std::free(memory);
  }
  Result<std::uint64_t> translate(const std::byte*) noexcept override { return 0; }
  [[nodiscard]] bool holds(const Segment& s) const {
    const auto above = pieces.upper_bound(s.base);
    if (above == pieces.begin()) return false;
    const auto& [base, bytes] = *std::prev(above);
    return s.base + s.bytes <= base + bytes;
  }
  std::map<std::byte*, std::size_t> pieces;
};

TEST_F(CompletedOpen, memory_of_the_queue_is_the_routes_own) {
  Counted memory;
  script_->memory = &memory;
  open();
  Order write(0);
  write.scalar(IoOpcode::write, 0, 4).with_data(4, 5000);
  ASSERT_TRUE(queue_->submit(write.request));
  Order reset(1);
  reset.vector(IoOpcode::vector_reset, {Script::lba(1, 0, 0, 0)});
  ASSERT_TRUE(queue_->submit(reset.request));
  ASSERT_EQ(count(), 2U);
  EXPECT_TRUE(memory.holds(sent(0).data[0]));
  EXPECT_TRUE(memory.holds(sent(1).data[0]));
  EXPECT_TRUE(run_out(write));
  EXPECT_TRUE(run_out(reset));
  queue_.reset();
  EXPECT_TRUE(memory.pieces.empty()) << "all of it is given back";
}

TEST_F(CompletedOpen, admin_commands_get_their_memory_in_one_piece) {
  open(1, backends::QueueKind::admin);
  std::vector<std::byte> page(4096);
  const Segment halves[] = {{page.data(), 1000}, {page.data() + 1000, 3096}};
  backends::Request request;
  request.command = spec::build::geometry(1);
  request.payload.data = halves;
  ASSERT_TRUE(queue_->submit(request));
  ASSERT_EQ(queue_->reap(kept_, 1, 0, backends::kForever).value(), 1U);
  EXPECT_EQ(std::memcmp(page.data(), &script_->geometry, page.size()), 0);
}

}  // namespace
}  // namespace lightnvm::test
