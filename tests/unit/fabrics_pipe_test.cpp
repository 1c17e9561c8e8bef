// SPDX-License-Identifier: BSD-2-Clause
// Both ends of NVMe/TCP back to back: every combination of options, the stream cut into pieces of any size.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "fabrics_support.hpp"

namespace lightnvm::fabrics::test {
namespace {

using Random = std::mt19937;
constexpr std::uint8_t kWrite = 0x01, kRead = 0x02, kBoth = 0x93, kNothing = 0x00, kRefused = 0xC1;

// Says in dwords 13 and 14 what the data is and how much comes back.
using Seed = spec::Field<13, 0, 32>;
using Wanted = spec::Field<14, 0, 32>;

struct Session {
  Digests digests;
  std::uint8_t hpda = 0, cpda = 0;
  std::uint16_t host_r2ts = 1, target_r2ts = 1;
  std::uint32_t capsule_bytes = 0, r2t_bytes = 0, max_c2h_data = 0;
  bool flow_control = true;
  std::size_t most_moved = 1;  // bytes at a time
  bool late = false;           // sent() comes after the peer has answered
  std::uint32_t most_data = 300;
};

// Memory as a list of segments of odd sizes, one of them empty.
struct Memory {
  Bytes bytes;
  std::vector<Segment> segments;
  Memory() = default;
  Memory(Bytes b, Random& random) : bytes(std::move(b)) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t n = std::min<std::size_t>(bytes.size() - at, random() % 5 == 0 ? 0 : random() % 2000 + 1);
      segments.push_back({bytes.data() + at, n});
      at += n;
    }
  }
};

// Answers what the seed says, at once or later, in any order.
class Server final : public TargetEvents {
 public:
  Server(const Session& session, Random& random) : session_(session), random_(random) {}
  Target* target = nullptr;
  std::uint32_t slots = 0;

  void command(std::uint32_t slot, const TargetCommand& c) noexcept override {
    if (spec::Opcode::get(c.command) == spec::fabrics::kFabricsOpcode) return connect(slot, c);
    Work& work = works_[slot];
    EXPECT_FALSE(work.busy);
    work = {.busy = true, .command = c.command};
    if ((spec::Opcode::get(c.command) & 1) == 0 || c.bytes == 0) return done(slot);
    if (c.bytes <= session_.capsule_bytes) {
      EXPECT_EQ(Bytes(c.in_capsule.begin(), c.in_capsule.end()), pattern(c.bytes, Seed::get(c.command)));
      return done(slot);
    }
    EXPECT_TRUE(c.in_capsule.empty());
    work.memory = Memory(zeros(c.bytes), random_);
    EXPECT_TRUE(target->receive(slot, work.memory.segments).ok());
    EXPECT_TRUE(target->respond(slot, {}).is_errno(EBUSY));
  }
  void received(std::uint32_t slot, Status status) noexcept override {
    Work& work = works_[slot];
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(work.memory.bytes, pattern(work.memory.bytes.size(), Seed::get(work.command)));
    done(slot);
  }
  void finished(std::uint32_t slot) noexcept override { works_[slot].busy = false; }

  // Some of those that wait, from anywhere in the line.
  void answer_some() {
    while (!waiting_.empty() && random_() % 3 != 0) {
      std::swap(waiting_[random_() % waiting_.size()], waiting_.back());
      const std::uint32_t slot = waiting_.back();
      waiting_.pop_back();
      answer(slot);
    }
  }

 private:
  struct Work {
    bool busy = false;
    spec::Command command;
    Memory memory;
  };
  void connect(std::uint32_t slot, const TargetCommand& c) {
    EXPECT_EQ(c.in_capsule.size(), sizeof(spec::fabrics::ConnectData));
    works_.resize(slots);
    capsules_.resize(std::size_t{slots} * session_.capsule_bytes);
    const QueueOptions queue{.entries = spec::fabrics::ConnectSqsize::get(c.command) + 1,
                             .slots = slots,
                             .capsule_bytes = session_.capsule_bytes,
                             .capsule_memory = capsules_,
                             .flow_control = session_.flow_control};
    EXPECT_TRUE(target->open_queue(queue).ok());
    EXPECT_EQ(spec::fabrics::ConnectQid::get(c.command), 1U) << "the command stays when the queue is opened";
    works_[slot].busy = true;
    EXPECT_TRUE(target->respond(slot, {}).ok());
  }
  void done(std::uint32_t slot) {
    if (random_() % 2 == 0)
      answer(slot);
    else
      waiting_.push_back(slot);
  }
  void answer(std::uint32_t slot) {
    Work& work = works_[slot];
    if (spec::Opcode::get(work.command) == kRefused) {
      EXPECT_TRUE(target->respond(slot, {.result = 7, .status = Status::nvme(StatusCode::invalid_opcode)}).ok());
      return;
    }
    work.memory = Memory(pattern(Wanted::get(work.command), Seed::get(work.command) + 1), random_);
    const Completion completion{random_() % 2, {}};
    EXPECT_TRUE(target->respond(slot, completion, work.memory.segments).ok());
  }

  Session session_;
  Random& random_;
  std::vector<Work> works_;
  std::vector<std::uint32_t> waiting_;
  Bytes capsules_;
};

class Pair final : public HostEvents {
 public:
  static constexpr std::uint32_t kDepth = 5;
  Pair(const Session& session, unsigned seed)
      : session_(session),
        random_(seed),
        server_(session, random_),
        target_({.digests = {true, true},
                 .cpda = session.cpda,
                 .max_r2t = session.target_r2ts,
                 .max_h2c_data = 4096,
                 .r2t_bytes = session.r2t_bytes,
                 .max_c2h_data = session.max_c2h_data,
                 .window = 4},
                server_),
        host_({.depth = kDepth,
               .digests = session.digests,
               .hpda = session.hpda,
               .max_r2t = session.host_r2ts,
               .capsule_bytes = session.capsule_bytes,
               .window = 4},
              *this) {
    server_.target = &target_;
    server_.slots = 2 * kDepth;
  }

  void run(unsigned commands) {
    Memory data(zeros(sizeof(spec::fabrics::ConnectData)), random_);
    connect_ = spec::fabrics::build::connect({.qid = 1, .entries = kDepth + 1, .flow_control = session_.flow_control});
    ASSERT_TRUE(host_.submit(0, {&connect_, data.segments, {}}).ok());
    ops_[0].busy = true;
    move_until([&] { return completed_ == 1; });
    unsigned submitted = 1;
    move_until([&] {
      for (std::uint32_t tag = 0; tag < kDepth && submitted <= commands; ++tag) {
        if (ops_[tag].busy || random_() % 4 == 0) continue;
        submit(tag);
        ++submitted;
      }
      return completed_ == commands + 1;
    });
    EXPECT_EQ(host_.state(), State::live);
    EXPECT_EQ(target_.state(), State::live);
    EXPECT_EQ(host_.in_flight(), 0U);
    EXPECT_EQ(host_.agreement().digests, target_.agreement().digests);
  }

  void complete(std::uint32_t tag, const Completion& c, std::uint32_t received) noexcept override {
    Op& op = ops_[tag];
    EXPECT_TRUE(op.busy) << "completed twice";
    op.busy = false;
    ++completed_;
    if (spec::Opcode::get(op.command) == kRefused) {
      EXPECT_TRUE(c.status.is(StatusCode::invalid_opcode));
      EXPECT_EQ(c.result, 7U);
      return;
    }
    EXPECT_TRUE(c.ok()) << c.status.message();
    EXPECT_EQ(received, op.in.bytes.size());
    EXPECT_TRUE(op.in.bytes == pattern(op.in.bytes.size(), Seed::get(op.command) + 1));
  }

 private:
  struct Op {
    bool busy = false;
    spec::Command command;
    Memory out, in;
  };
  // What is between an end's output() and its sent().
  struct Way {
    std::size_t owed = 0;
  };

  void submit(std::uint32_t tag) {
    Op& op = ops_[tag];
    op = {.busy = true};
    constexpr std::array kKinds = {kWrite, kRead, kBoth, kNothing, kRefused};
    const std::uint8_t kind = kKinds[random_() % kKinds.size()];
    const auto seed = static_cast<std::uint32_t>(random_());
    op.command = spec::Command();
    spec::Opcode::set(op.command, kind);
    Seed::set(op.command, seed);
    if ((kind & 1) != 0) op.out = Memory(pattern(random_() % session_.most_data, seed), random_);
    if ((kind & 2) != 0) op.in = Memory(zeros(random_() % session_.most_data), random_);
    Wanted::set(op.command, static_cast<std::uint32_t>(op.in.bytes.size()));
    ASSERT_TRUE(host_.submit(tag, {&op.command, op.out.segments, op.in.segments}).ok());
    ASSERT_TRUE(host_.submit(tag, {&op.command, op.out.segments, op.in.segments}).is_errno(EBUSY));
  }

  template <typename From, typename To>
  bool move(From& from, To& to, Way& way) {
    if (way.owed > 0) {
      if (session_.late && random_() % 4 != 0) return true;
      from.sent(way.owed);
      way.owed = 0;
    }
    std::array<Segment, 7> pieces;
    const std::size_t count = from.output(std::span(pieces).first(random_() % pieces.size() + 1));
    Bytes bytes;
    const std::size_t most = random_() % session_.most_moved + 1;
    for (const Segment& s : std::span(pieces).first(count)) {
      const std::size_t n = std::min(s.bytes, most - bytes.size());
      bytes.insert(bytes.end(), s.base, s.base + n);
    }
    way.owed = bytes.size();
    deliver(to, bytes);
    if (!session_.late) from.sent(std::exchange(way.owed, 0));
    return !bytes.empty();
  }
  // As readv does: first into the memory of the command in progress, the rest into a buffer.
  template <typename To>
  void deliver(To& to, std::span<const std::byte> bytes) {
    std::array<Segment, 3> pieces;
    const std::size_t count = random_() % 2 == 0 ? to.landing(pieces) : 0;
    std::size_t landed = 0;
    for (const Segment& s : std::span(pieces).first(count)) {
      const std::size_t n = std::min(s.bytes, bytes.size() - landed);
      if (n > 0) std::memcpy(s.base, bytes.data() + landed, n);
      landed += n;
    }
    to.landed(landed);
    to.received(bytes.subspan(landed));
  }
  template <typename Done>
  void move_until(Done&& done) {
    for (unsigned idle = 0; !done(); ++idle) {
      const bool moved = move(host_, target_, out_) | move(target_, host_, in_);
      if (moved) idle = 0;
      server_.answer_some();
      ASSERT_LT(idle, 1000U) << "nothing moves; in flight: " << host_.in_flight();
    }
  }

  Session session_;
  Random random_;
  Server server_;
  Target target_;
  Host host_;
  std::array<Op, kDepth> ops_;
  spec::Command connect_;
  Way out_, in_;
  unsigned completed_ = 0;
};

void run_all_pieces(Session session) {
  for (const unsigned seed : {1U, 2U}) {
    session.most_moved = 1;
    session.most_data = 300;
    Pair(session, seed).run(6);
    session.most_moved = 9000;
    session.most_data = 20000;
    Pair(session, seed).run(40);
  }
}

// All options but the digests, which are the tests' names.
void run_all_options(Digests digests) {
  for (unsigned bits = 0; bits < 128 && !testing::Test::HasFailure(); ++bits) {
    const auto bit = [&](unsigned i) { return (bits >> i & 1) != 0; };
    for (const std::uint32_t capsule_bytes : {0U, 100U, 8192U}) {
      SCOPED_TRACE(testing::Message() << "options " << bits << ", capsule " << capsule_bytes);
      run_all_pieces({.digests = digests,
                      .hpda = static_cast<std::uint8_t>(bit(0) ? 31 : 0),
                      .cpda = static_cast<std::uint8_t>(bit(1) ? 31 : 0),
                      .host_r2ts = static_cast<std::uint16_t>(bit(2) ? 4 : 1),
                      .target_r2ts = static_cast<std::uint16_t>(bit(3) ? 3 : 1),
                      .capsule_bytes = capsule_bytes,
                      .r2t_bytes = bit(4) ? 1000U : 0U,
                      .max_c2h_data = bit(4) ? 700U : 0U,
                      .flow_control = bit(5),
                      .late = bit(6)});
    }
  }
}

TEST(FabricsPipe, carries_everything_once_and_unchanged) { run_all_options({false, false}); }
TEST(FabricsPipe, with_header_digests) { run_all_options({true, false}); }
TEST(FabricsPipe, with_data_digests) { run_all_options({false, true}); }
TEST(FabricsPipe, with_both_digests) { run_all_options({true, true}); }

}  // namespace
}  // namespace lightnvm::fabrics::test
