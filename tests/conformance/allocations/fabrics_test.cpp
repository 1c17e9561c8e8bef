// SPDX-License-Identifier: BSD-2-Clause
// Both ends of NVMe/TCP allocate when they are made and when the queue is opened, and at no other time.
#include "spec/fabrics.hpp"

#include <gtest/gtest.h>

#include <array>

#include "count.hpp"
#include "fabrics/host.hpp"
#include "fabrics/target.hpp"
#include "spec/build.hpp"

namespace lightnvm::test {
namespace {

using namespace fabrics;

constexpr std::uint32_t kDepth = 8;
constexpr std::uint32_t kCapsuleBytes = 4096;

/// Takes all writes, and answers reads with the same memory again and again.
class Echo final : public TargetEvents {
 public:
  Target* target = nullptr;
  std::array<std::byte, 32768> memory{};
  std::array<std::byte, kDepth * kCapsuleBytes> capsules{};
  std::array<Segment, 1> segments{};
  bool opened = false;

  void command(std::uint32_t slot, const TargetCommand& c) noexcept override {
    segments = {Segment{memory.data(), c.bytes}};
    if (!opened) {
      opened = target
                   ->open_queue({.entries = kDepth + 1,
                                 .slots = kDepth,
                                 .capsule_bytes = kCapsuleBytes,
                                 .capsule_memory = capsules,
                                 .flow_control = false})
                   .ok();
      (void)target->respond(slot, {});
    } else if (spec::Opcode::get(c.command) == 2) {
      (void)target->respond(slot, {}, segments);
    } else if (c.in_capsule.empty()) {
      (void)target->receive(slot, segments);
    } else {
      (void)target->respond(slot, {});
    }
  }
  void received(std::uint32_t slot, Status status) noexcept override { (void)target->respond(slot, {0, status}); }
  void finished(std::uint32_t) noexcept override {}
};

struct Tally final : HostEvents {
  unsigned done = 0;
  void complete(std::uint32_t, const Completion& c, std::uint32_t) noexcept override { done += c.ok() ? 1 : 1000; }
};

template <typename From, typename To>
void move(From& from, To& to) {
  std::array<Segment, 64> pieces;
  for (std::size_t count = 0; (count = from.output(pieces)) > 0;) {
    std::size_t bytes = 0;
    for (const Segment& s : std::span(pieces).first(count)) {
      to.received({s.base, s.bytes});
      bytes += s.bytes;
    }
    from.sent(bytes);
  }
}

TEST(Fabrics, commands_do_not_allocate) {
  Echo echo;
  Tally tally;
  Target target({.cpda = 3, .max_r2t = 2, .r2t_bytes = 8192}, echo);
  echo.target = &target;
  Host host({.depth = kDepth, .digests = {true, true}, .hpda = 1, .max_r2t = 2, .capsule_bytes = kCapsuleBytes}, tally);
  const auto settle = [&] {
    for (int i = 0; i < 8; ++i) {
      move(host, target);
      move(target, host);
    }
  };
  const spec::Command connect = spec::fabrics::build::connect({.entries = kDepth + 1});
  ASSERT_TRUE(host.submit(0, {&connect, {}, {}}));
  settle();
  ASSERT_EQ(tally.done, 1U);

  std::array<std::byte, 32768> memory{};
  const spec::Command read = spec::build::command(spec::IoOpcode::read, 1);
  const spec::Command write = spec::build::command(spec::IoOpcode::write, 1);
  const std::uint64_t before = allocations;
  for (unsigned round = 0; round < 100; ++round) {
    const std::array list = {Segment{memory.data(), round % 3 == 0 ? 512U : 4096U},
                             Segment{memory.data() + 4096, round % 3 == 2 ? 20000U : 0U}};
    for (std::uint32_t tag = 0; tag < kDepth; ++tag) {
      const bool reads = (tag & 1) != 0;
      const std::span<const Segment> none;
      const Status s = host.submit(tag, {reads ? &read : &write, reads ? none : list, reads ? list : none});
      if (!s) ++tally.done;
    }
    settle();
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(tally.done, 1 + 100 * kDepth);
}

}  // namespace
}  // namespace lightnvm::test
