// SPDX-License-Identifier: BSD-2-Clause
// The contract of the seam, S3: submit and reap do not allocate, on any route, whatever the command.
#include <array>
#include <cstdlib>

#include "conformance/support/seam.hpp"
#include "count.hpp"

namespace lightnvm::test {
namespace {

using spec::IoOpcode;

/// Counts completions without a container.
class Tally final : public backends::Sink {
 public:
  void complete(Request&, const Completion& completion) noexcept override {
    ++total;
    failed += completion.ok() ? 0 : 1;
  }
  unsigned total = 0, failed = 0;
};

class Allocations : public SeamTest {
 protected:
  /// Submits and reaps all of `commands`, as many at a time as the depth allows, and returns how often that allocated.
  std::uint64_t count(QueuePair& pair, std::uint32_t deep, std::span<SeamCommand* const> commands, Tally& tally) {
    const std::uint64_t before = allocations;
    for (std::size_t i = 0; i < commands.size();) {
      std::uint16_t tag = 0;
      const unsigned done = tally.total;
      for (; tag < deep && i < commands.size(); ++tag, ++i) {
        commands[i]->request.tag = tag;
        const Status s = pair.submit(commands[i]->request);
        EXPECT_TRUE(s);
      }
      while (tally.total < done + tag) {
        const auto n = pair.reap(tally, tag, 0, backends::kForever);
        EXPECT_TRUE(n);
      }
    }
    return allocations - before;
  }
};

TEST(AllocationCounter, counts) {
  const std::uint64_t before = allocations;
  // Called through pointers that the compiler cannot see through.
  void* (*volatile create)(std::size_t) = &::operator new;
  void* object = create(100);
  EXPECT_GT(allocations, before);
  ::operator delete(object);
  const std::uint64_t between = allocations;
  void* (*volatile allocate)(std::size_t) = &std::malloc;
  void* memory = allocate(10);
  EXPECT_TRUE(!counts_malloc() || allocations > between);
  std::free(memory);
}

TEST_P(Allocations, s3_submit_and_reap_do_not_allocate) {
  const std::uint32_t deep = depth(8);
  const std::uint32_t unit = geo().ws_min;
  const auto chunks = free_chunks(5);
  write(chunks[0], until_readable(most_addresses()));
  close(chunks[3]);
  close(chunks[4]);
  const auto pair = open_pair(deep);
  std::vector<SeamCommand*> commands;
  for (std::uint32_t i = 0; i < 30; ++i) {
    commands.push_back(&read(chunks[0].plus(i), 1 + i % 8).in_pieces(1 + i % 5));
    const std::array<Address, 3> scattered{chunks[0].plus(i), chunks[1], chunks[0].plus(40 - i)};
    commands.push_back(&vector_read(scattered).in_pieces(1 + i % 7));
    if (carries_metadata()) commands.back()->with_metadata(Bytes(3 * geo().oob_bytes));
  }
  commands.push_back(&vector_read(run(chunks[0], most_addresses())).in_pieces(50));
  commands.push_back(&command().flush(nsid()));
  commands.push_back(&vector_write(both(run(chunks[1], unit), run(chunks[2], unit))).in_pieces(3));
  SeamCommand& reset = command();
  reset.vector(IoOpcode::vector_reset, nsid(), {lba(chunks[3]), lba(chunks[4])})
      .with_metadata(Bytes(2 * sizeof(spec::ChunkDescriptor)));
  commands.push_back(&reset);
  Tally warm;
  // Where memory is used for the first time, the emulated device's own may still be on its way.
  EXPECT_EQ(count(*pair, deep, std::span(commands).first(4), warm), 0U);
  Tally tally;
  EXPECT_EQ(count(*pair, deep, commands, tally), 0U);
  EXPECT_EQ(tally.total, commands.size());
  EXPECT_EQ(tally.failed, 0U);
}

TEST_P(Allocations, s3_command_that_fails_does_not_allocate) {
  const auto pair = open_pair(1);
  std::vector<SeamCommand*> commands;
  for (int i = 0; i < 20; ++i) {
    commands.push_back(&vector_write(run(free_chunk().plus(2 * geo().ws_min), geo().ws_min)));
  }
  Tally tally;
  EXPECT_EQ(count(*pair, 1, commands, tally), 0U);
  EXPECT_EQ(tally.failed, 20U);
}

TEST_P(Allocations, s3_copy_does_not_allocate) {
  const std::uint32_t unit = geo().ws_min;
  const Address from = free_chunk();
  write(from, until_readable(4 * unit));
  const Address to = free_chunk();
  const auto pair = open_pair(1);
  std::vector<SeamCommand*> commands;
  for (std::uint32_t i = 0; i < 4; ++i) {
    SeamCommand& copy = command();
    copy.vector(IoOpcode::vector_copy, nsid(), lbas(run(from.plus(i * unit), unit)))
        .to(lbas(run(to.plus(i * unit), unit)));
    commands.push_back(&copy);
  }
  Tally tally;
  EXPECT_EQ(count(*pair, 1, commands, tally), 0U);
  EXPECT_EQ(tally.failed, 0U);
}

TEST_P(Allocations, commands_through_the_facade_do_not_allocate) {
  const std::uint32_t deep = depth(8);
  auto queue = device().open_queue(deep);
  ASSERT_TRUE(queue);
  const Address a = free_chunk();
  write(a, until_readable(16));
  const std::array<Address, 2> sectors{a.plus(3), a.plus(9)};
  std::vector<Bytes> memory(deep, Bytes(2 * geo().sector_bytes));
  unsigned good = 0;
  const std::uint64_t before = allocations;
  for (unsigned round = 0; round < 10; ++round) {
    for (std::uint32_t i = 0; i < deep; ++i) {
      const Status s = queue->read(round % 2 == 0 ? Sectors(sectors) : Sectors(a, 2), Destination(memory[i]),
                                   [&good](const Completion& c) { good += c.ok() ? 1 : 0; });
      EXPECT_TRUE(s);
    }
    EXPECT_TRUE(queue->drain());
  }
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(good, 10 * deep);
}

NVM_CONFORMANCE(Allocations);

}  // namespace
}  // namespace lightnvm::test
