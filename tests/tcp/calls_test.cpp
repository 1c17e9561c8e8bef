// SPDX-License-Identifier: BSD-2-Clause
// System calls of a queue, counted: the C library's functions are replaced by ones that count for their thread.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <deque>

#include "support.hpp"

namespace {
thread_local std::uint64_t calls = 0;
}  // namespace

extern "C" {
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  ++calls;
  return ::syscall(SYS_sendmsg, fd, message, flags);
}
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  ++calls;
  return ::syscall(SYS_recvmsg, fd, message, flags);
}
int ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  ++calls;
  timespec copy = timeout != nullptr ? *timeout : timespec();
  return static_cast<int>(::syscall(SYS_ppoll, fds, count, timeout != nullptr ? &copy : nullptr, mask, 8));
}
}

namespace lightnvm::test {
namespace {

/// Submits each command again from its completion, as long as there are some left.
class Again final : public backends::Sink {
 public:
  Again(backends::QueuePair& queue, unsigned left) : queue_(queue), left_(left) {}
  void complete(backends::Request& request, const Completion& completion) noexcept override {
    ++done;
    failed += completion.ok() ? 0 : 1;
    if (left_ == 0) return;
    --left_;
    failed += queue_.submit(request).ok() ? 0 : 1;
  }
  unsigned done = 0, failed = 0;

 private:
  backends::QueuePair& queue_;
  unsigned left_;
};

class Calls : public testing::TestWithParam<unsigned> {};

// GetParam() is how many completions each reap waits for.
TEST_P(Calls, at_depth_32_there_is_at_most_one_for_8_commands) {
  constexpr unsigned kDepth = 32, kCommands = 32 * 200;
  const auto target = serve();
  const auto backend = open_backend(ident_at(target->address()));
  auto queue = backend->open_queue({backends::QueueKind::io, kDepth});
  ASSERT_TRUE(queue);
  std::deque<Read> reads;
  Again sink(**queue, kCommands - kDepth);
  calls = 0;
  for (std::uint16_t tag = 0; tag < kDepth; ++tag) ASSERT_TRUE((*queue)->submit(reads.emplace_back(tag).request));
  unsigned reaps = 0;
  for (; sink.done < kCommands; ++reaps) ASSERT_TRUE((*queue)->reap(sink, GetParam(), 0, backends::kForever));
  EXPECT_EQ(sink.failed, 0U);
  EXPECT_GT(calls, 0U);
  RecordProperty("calls", static_cast<int>(calls));
  EXPECT_LE(calls, kCommands / 8) << reaps << " reaps";
  std::printf("%u commands, %u reaps, %lu calls\n", kCommands, reaps, calls);
}

INSTANTIATE_TEST_SUITE_P(Tcp, Calls, testing::Values(1U, 8U, 32U));

}  // namespace
}  // namespace lightnvm::test
