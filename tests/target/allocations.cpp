// SPDX-License-Identifier: BSD-2-Clause
// The target allocates for connections, never for commands.
#include "conformance/allocations/count.hpp"
#include "support.hpp"

namespace lightnvm::test {
namespace {

using spec::IoOpcode;

TEST(TargetAllocations, commands_do_not_allocate) {
  Bench bench(small_config("emu:?groups=1&punits=1&chunks=64&sectors=4096"));
  Admin admin(bench);
  for (const std::uint32_t capsule : {0U, 8192U}) {
    Direct io(bench, {.depth = 32, .digests = {true, true}, .capsule_bytes = capsule});
    ASSERT_TRUE(io.connect({.qid = 1, .cntlid = admin.cntlid}).completion);
    std::vector<std::byte> memory(32 * 16384);
    const std::uint64_t chunk = capsule == 0 ? 0 : 4096;
    std::uint64_t before = 0;
    unsigned done = 0;
    for (std::uint64_t round = 0; round < 32; ++round) {
      if (round == 1) before = allocations;
      for (std::uint32_t tag = 0; tag < 32; ++tag) {
        const auto part = std::span(memory).subspan(tag * 16384U, 16384);
        const bool reads = tag % 2 == 1;
        const std::uint64_t at = chunk + (reads ? 0 : round * 64 + tag * 2);
        ASSERT_TRUE(io.start(tag, spec::build::transfer(reads ? IoOpcode::read : IoOpcode::write, 1, at, 4),
                             reads ? part : std::span<std::byte>(), reads ? std::span<std::byte>() : part));
      }
      io.move({});
      for (std::uint32_t tag = 0; tag < 32; ++tag) done += io.done(tag) && io.reply(tag).completion ? 1 : 0;
    }
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(done, 32U * 32);
  }
}

}  // namespace
}  // namespace lightnvm::test
