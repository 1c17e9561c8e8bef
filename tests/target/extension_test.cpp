// SPDX-License-Identifier: BSD-2-Clause
// Lists, metadata and descriptors over the wire; and what hosts without the extension get in their place.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "spec/nvme_tcp_extension.hpp"
#include "spec/ocssd20.hpp"
#include "support.hpp"

namespace lightnvm::test {
namespace {

namespace build = spec::build;
namespace extension = spec::extension;
using spec::IoOpcode;
using enum StatusCode;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kSector = 4096, kOob = 16, kSectors = 64, kBatch = 4;

TargetConfig with_metadata(TargetMetadata metadata = TargetMetadata::none) {
  TargetConfig config = small_config("emu:?groups=1&punits=2&chunks=4&sectors=64&oob_bytes=16&ws_min=4&mw_cunits=0");
  config.subsystems[0].namespaces[0].metadata = metadata;
  return config;
}

Bytes pattern(std::size_t bytes, unsigned seed) {
  Bytes b(bytes);
  for (std::size_t i = 0; i < bytes; ++i) b[i] = static_cast<std::byte>(i * 31 + i / 256 + seed);
  return b;
}

Bytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes all;
  for (const auto& p : parts) all.insert(all.end(), p.begin(), p.end());
  return all;
}

std::span<const std::byte> raw(const std::vector<std::uint64_t>& list) { return std::as_bytes(std::span(list)); }

spec::Command with(spec::Command c, const extension::Layout& layout) {
  spec::Mptr::set(c, extension::pack(layout));
  return c;
}

struct Extended : testing::TestWithParam<std::uint32_t> {
  Bench bench{with_metadata()};
  Admin admin{bench};
  std::optional<Direct> io;

  void SetUp() override {
    ASSERT_TRUE(admin.queue.status(build::set_features(static_cast<spec::FeatureId>(extension::kFeature), 0, 1)).ok());
    io.emplace(bench, fabrics::HostOptions{.depth = 32, .capsule_bytes = GetParam()});
    ASSERT_TRUE(io->connect({.qid = 1, .cntlid = admin.cntlid}).completion);
  }
  static std::vector<std::uint64_t> run(std::uint64_t first) {
    std::vector<std::uint64_t> list(kBatch);
    std::iota(list.begin(), list.end(), first);
    return list;
  }
  Status write(std::uint64_t first, const Bytes& data, const Bytes& metadata) {
    const spec::Command c = with(build::vector(IoOpcode::vector_write, 1, kBatch),
                                 {.metadata_bytes = static_cast<std::uint32_t>(metadata.size()), .list = kBatch});
    return io->status(c, {}, joined({raw(run(first)), data, metadata}));
  }
  // All sectors of the chunk at `first`, scalar, without the extension's fields.
  void fill(std::uint64_t first) {
    for (std::uint64_t at = 0; at < kSectors; at += kBatch) {
      ASSERT_TRUE(
          io->status(build::transfer(IoOpcode::write, 1, first + at, kBatch), {}, pattern(kBatch * kSector, 1)));
    }
  }
};

TEST_P(Extended, vectors_carry_lists_data_and_metadata) {
  const Bytes data = pattern(kBatch * kSector, 3), metadata = pattern(kBatch * kOob, 5);
  ASSERT_TRUE(write(0, data, metadata));
  Bytes in(data.size() + metadata.size());
  const extension::Layout both{
      .metadata_bytes = kBatch * kOob, .data_in_bytes = kBatch * kSector, .list = kBatch, .metadata_in = true};
  const Reply r = io->execute(with(build::vector(IoOpcode::vector_read, 1, kBatch), both), in, raw(run(0)));
  ASSERT_TRUE(r.completion) << r.completion.status.message();
  EXPECT_EQ(r.bytes, in.size());
  EXPECT_EQ(in, joined({data, metadata}));
  // Scalar commands may have metadata, too: there is no host part, SGL1 tells of both.
  Bytes scalar(in.size());
  ASSERT_TRUE(io->status(
      with(build::transfer(IoOpcode::read, 1, 0, kBatch), {.metadata_bytes = kBatch * kOob, .metadata_in = true}),
      scalar));
  EXPECT_EQ(scalar, in);
  const Bytes more = joined({pattern(kBatch * kSector, 9), pattern(kBatch * kOob, 11)});
  ASSERT_TRUE(io->status(with(build::transfer(IoOpcode::write, 1, kBatch, kBatch), {.metadata_bytes = kBatch * kOob}),
                         {}, more));
  ASSERT_TRUE(io->status(
      with(build::transfer(IoOpcode::read, 1, kBatch, kBatch), {.metadata_bytes = kBatch * kOob, .metadata_in = true}),
      scalar));
  EXPECT_EQ(scalar, more);
}

TEST_P(Extended, resets_bring_descriptors_and_copies_go_from_list_to_list) {
  fill(0);
  const std::vector<std::uint64_t> lists = [] {
    auto l = run(0);
    const auto to = run(kSectors * 4);  // the first chunk of the other unit
    l.insert(l.end(), to.begin(), to.end());
    return l;
  }();
  const Reply copied = io->execute(
      with(build::vector(IoOpcode::vector_copy, 1, kBatch), {.list = kBatch, .destination = kBatch}), {}, raw(lists));
  ASSERT_TRUE(copied.completion) << copied.completion.status.message();
  Bytes there(kBatch * kSector);
  ASSERT_TRUE(io->status(build::transfer(IoOpcode::read, 1, kSectors * 4, kBatch), there));
  EXPECT_EQ(there, pattern(kBatch * kSector, 1));

  spec::ChunkDescriptor d{};
  const Reply reset = io->execute(
      with(build::vector(IoOpcode::vector_reset, 1, 1), {.metadata_bytes = sizeof d, .list = 1, .metadata_in = true}),
      bytes_of(d), raw({0}));
  ASSERT_TRUE(reset.completion) << reset.completion.status.message();
  EXPECT_EQ(reset.bytes, sizeof d);
  EXPECT_EQ(d.cs, 1) << "free";
  EXPECT_EQ(d.cnlb, kSectors);
}

TEST_P(Extended, failures_say_which_addresses) {
  fill(0);
  const spec::Command c = with(build::vector(IoOpcode::vector_reset, 1, 2), {.list = 2});
  const Reply r = io->execute(c, {}, raw({0, 1ULL << 40}));
  EXPECT_EQ(r.completion.status.code(), invalid_reset);
  EXPECT_EQ(r.completion.result, 2U);
}

TEST_P(Extended, what_does_not_fit_together_is_refused) {
  Bytes in(65536), out(65536);
  const auto refused = [&](const spec::Command& c, const extension::Layout& l, std::size_t to_host,
                           std::size_t from_host, StatusCode wanted) {
    SCOPED_TRACE(spec::Opcode::get(c));
    const Status s = io->status(with(c, l), std::span(in).first(to_host), std::span(out).first(from_host));
    EXPECT_EQ(s, Status::nvme_dnr(wanted)) << s.message();
  };
  const auto read = build::vector(IoOpcode::vector_read, 1, kBatch);
  const auto write = build::vector(IoOpcode::vector_write, 1, kBatch);
  const auto reset = build::vector(IoOpcode::vector_reset, 1, 2);
  const auto copy = build::vector(IoOpcode::vector_copy, 1, 2);
  const std::uint32_t data = kBatch * kSector;
  refused(read, {.data_in_bytes = data, .list = 65}, data, 65 * 8, lba_list_length_invalid);
  refused(read, {.data_in_bytes = data, .list = 3}, data, 24, lba_list_length_invalid);
  refused(read, {.data_in_bytes = data, .list = kBatch}, data, 24, data_sgl_length_invalid);
  refused(read, {.data_in_bytes = data - 4, .list = kBatch}, data, 32, data_sgl_length_invalid);
  refused(read, {.metadata_bytes = 8, .data_in_bytes = data, .list = kBatch, .metadata_in = true}, data, 32,
          metadata_sgl_length_invalid);
  refused(read, {.metadata_bytes = kBatch * kOob, .data_in_bytes = data, .list = kBatch}, data, 32 + kBatch * kOob,
          metadata_sgl_length_invalid);
  refused(write, {.list = kBatch}, 0, 32 + data - 512, data_sgl_length_invalid);
  refused(write, {.list = kBatch}, 0, 24, data_sgl_length_invalid);
  refused(write, {.data_in_bytes = 4, .list = kBatch}, 4, 32 + data, invalid_field);
  refused(write, {.metadata_bytes = kBatch * kOob, .list = kBatch, .metadata_in = true}, 64, 32 + data,
          metadata_sgl_length_invalid);
  refused(write, {.list = kBatch, .destination = 1}, 0, 40 + data, lba_list_length_invalid);
  refused(reset, {.list = 2}, 0, 16 + 64, data_sgl_length_invalid);
  refused(reset, {.metadata_bytes = 32, .list = 2, .metadata_in = true}, 32, 16, metadata_sgl_length_invalid);
  refused(copy, {.list = 2}, 0, 16, lba_list_length_invalid);
  refused(copy, {.list = 2, .destination = 3}, 0, 40, lba_list_length_invalid);
  refused(build::transfer(IoOpcode::read, 1, 0, 1), {.metadata_bytes = 0xFFFFFF, .metadata_in = true}, 4096, 0,
          data_sgl_length_invalid);
  refused(build::transfer(IoOpcode::read, 1, 0, 1), {.list = 1}, 4096, 8, lba_list_length_invalid);
  // And the queue goes on.
  fill(0);
}

INSTANTIATE_TEST_SUITE_P(CapsuleBytes, Extended, testing::Values(0U, 4096U, 8192U));

TEST(TargetStandard, single_addresses_lie_in_the_command) {
  Bench bench(with_metadata());
  Admin admin(bench);
  Direct io(bench);
  ASSERT_TRUE(io.connect({.qid = 1, .cntlid = admin.cntlid}).completion);
  for (std::uint64_t at = 0; at < kSectors; at += kBatch) {
    ASSERT_TRUE(io.status(build::transfer(IoOpcode::write, 1, at, kBatch), {}, pattern(kBatch * kSector, 2)));
  }
  spec::Command read = build::vector(IoOpcode::vector_read, 1, 1);
  spec::Slba::set(read, 1);
  Bytes sector(kSector);
  ASSERT_TRUE(io.status(read, sector));
  const Bytes all = pattern(kBatch * kSector, 2);
  EXPECT_TRUE(std::ranges::equal(sector, std::span(all).subspan(kSector, kSector)));
  spec::Command reset = build::vector(IoOpcode::vector_reset, 1, 1);
  EXPECT_TRUE(io.status(reset).ok());
  EXPECT_EQ(io.status(build::vector(IoOpcode::vector_reset, 1, 2)), Status::nvme_dnr(invalid_field));
  // Without the opt-in the extension's fields mean nothing.
  EXPECT_EQ(io.status(with(build::vector(IoOpcode::vector_reset, 1, 2), {.list = 2}), {}, raw({0, 64})),
            Status::nvme_dnr(invalid_field));
}

TEST(TargetStandard, bad_blocks_of_a_list_are_its_data) {
  Bench bench(small_config("emu:?spec=1.2&groups=1&punits=1&blocks=8"));
  Admin admin(bench);
  const std::vector<std::uint64_t> one = {0};
  const auto set = [&](std::uint32_t blocks, std::span<const std::byte> list) {
    return admin.queue.status(build::set_bad_blocks(1, 1, blocks), {}, list);
  };
  EXPECT_TRUE(set(1, raw(one)).ok());
  EXPECT_EQ(set(2, raw(one)), Status::nvme_dnr(data_sgl_length_invalid));
  const std::vector<std::uint64_t> many(65);
  EXPECT_EQ(set(65, raw(many)), Status::nvme_dnr(invalid_field));
}

TEST(TargetStandard, lengths_are_the_commands) {
  Bench bench(with_metadata());
  Admin admin(bench);
  Direct io(bench);
  ASSERT_TRUE(io.connect({.qid = 1, .cntlid = admin.cntlid}).completion);
  Bytes memory(65536);
  const auto read = build::transfer(IoOpcode::read, 1, 0, 4);
  EXPECT_EQ(io.status(read, std::span(memory).first(8192)), Status::nvme_dnr(data_sgl_length_invalid));
  EXPECT_EQ(io.status(read), Status::nvme_dnr(data_sgl_length_invalid));
  EXPECT_EQ(io.status(build::transfer(IoOpcode::write, 1, 0, 4), {}, std::span(memory).first(20480)),
            Status::nvme_dnr(data_sgl_length_invalid));
  EXPECT_EQ(io.status(build::transfer(IoOpcode::read, 1, 0, 65536), memory), Status::nvme_dnr(invalid_field));
  EXPECT_EQ(io.status(build::transfer(IoOpcode::read, 2, 0, 1), std::span(memory).first(4096)),
            Status::nvme_dnr(invalid_namespace));
  EXPECT_EQ(io.status(build::command(0x7E, 1), std::span(memory).first(512)), Status::nvme_dnr(invalid_opcode));
}

TEST(TargetStandard, extended_lbas_mix_data_and_metadata) {
  Bench bench(with_metadata(TargetMetadata::extended));
  Admin admin(bench);
  Direct io(bench);
  ASSERT_TRUE(io.connect({.qid = 1, .cntlid = admin.cntlid}).completion);
  const Bytes mixed = pattern(kBatch * (kSector + kOob), 4);
  ASSERT_TRUE(io.status(build::transfer(IoOpcode::write, 1, 0, kBatch), {}, mixed));
  Bytes read(mixed.size());
  ASSERT_TRUE(io.status(build::transfer(IoOpcode::read, 1, 0, kBatch), read));
  EXPECT_EQ(read, mixed);
  EXPECT_EQ(io.status(build::transfer(IoOpcode::read, 1, 0, kBatch), std::span(read).first(kBatch * kSector)),
            Status::nvme_dnr(data_sgl_length_invalid));
  // With the extension, the same in two parts.
  ASSERT_TRUE(admin.queue.status(build::set_features(static_cast<spec::FeatureId>(extension::kFeature), 0, 1)).ok());
  ASSERT_TRUE(io.status(
      with(build::transfer(IoOpcode::read, 1, 0, kBatch), {.metadata_bytes = kBatch * kOob, .metadata_in = true}),
      read));
  EXPECT_TRUE(std::equal(read.begin(), read.begin() + kSector, mixed.begin()));
  EXPECT_TRUE(std::equal(read.end() - kOob, read.end(), mixed.end() - kOob));
}

TEST(TargetOrder, writes_wait_for_those_before_them_and_reads_do_not) {
  Bench bench(with_metadata());
  Admin admin(bench);
  // What is larger than the capsule comes by R2T, which stays unanswered until move().
  Direct io(bench, {.depth = 32, .capsule_bytes = 8192});
  ASSERT_TRUE(io.connect({.qid = 1, .cntlid = admin.cntlid}).completion);
  const Bytes large = pattern(kBatch * kSector, 6);
  Bytes in(kSector);
  ASSERT_TRUE(io.start(1, build::transfer(IoOpcode::write, 1, 0, kBatch), {}, large));
  ASSERT_TRUE(io.start(2, build::flush(1), {}, {}));
  ASSERT_TRUE(io.start(3, build::transfer(IoOpcode::read, 1, 0, 1), in, {}));
  // The capsules alone: the R2T's answer would follow the answer to the read.
  io.trickle(1 << 20);
  EXPECT_FALSE(io.session().idle());
  ASSERT_TRUE(io.wait(3));
  ASSERT_TRUE(io.wait(1));
  ASSERT_TRUE(io.wait(2));
  EXPECT_EQ(in, Bytes(kSector)) << "read before it was written";
  EXPECT_TRUE(io.reply(1).completion);
  EXPECT_TRUE(io.reply(2).completion);
}

}  // namespace
}  // namespace lightnvm::test
