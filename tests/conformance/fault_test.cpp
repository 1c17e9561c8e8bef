// SPDX-License-Identifier: BSD-2-Clause
// What remains of a command of which a part fails: the k-th submission or completion on the route, for every k.
#include <algorithm>
#include <array>

#include "conformance/support/fixture.hpp"

namespace lightnvm::test {
namespace {

/// Which fault is injected, and when: with the k-th command on the route from now on.
enum class Fault : std::uint8_t { submit, completion, log_submit, log_completion };

class Faulty : public WriteTest {
 protected:
  void arm(Fault fault, std::uint32_t k) {
    faults_->submit_error = Status::os(ENOMEM);
    faults_->completion_status = Status::nvme(StatusCode::internal_error);
    Countdown* const countdowns[] = {&faults_->submit, &faults_->completion, &faults_->log_submit,
                                     &faults_->log_completion};
    for (Countdown* c : countdowns) c->arm(0);
    countdowns[static_cast<std::size_t>(fault)]->arm(k);
  }
  /// Whether the fault that was armed has come; disarms it.
  bool disarm(Fault fault) {
    Countdown* const countdowns[] = {&faults_->submit, &faults_->completion, &faults_->log_submit,
                                     &faults_->log_completion};
    Countdown& c = *countdowns[static_cast<std::size_t>(fault)];
    const bool came = !c.armed();
    c.arm(0);
    return came;
  }
  /// The route's own vector commands have the device's bits, and the fault keeps them from the device.
  bool route_has_vectors() const { return options_.find("vectors") != std::string::npos; }
};

TEST_P(Faulty, bits_of_a_write_are_exact_whatever_fails) {
  if (!faults_) GTEST_SKIP() << "faults are not injected into somebody's device";
  const std::uint32_t unit = geo().ws_min;
  for (const Fault fault : {Fault::submit, Fault::completion}) {
    for (std::uint32_t k = 1;; ++k) {
      const auto chunks = free_chunks(3);
      const auto sectors = both(both(run(chunks[0], 2 * unit), run(chunks[1], unit)),
                                both(run(chunks[2], 2 * unit), run(chunks[1].plus(unit), unit)));
      const Bytes data = data_for(sectors);
      arm(fault, k);
      const Completion c = device().write(Sectors(sectors), Source(data));
      if (!disarm(fault)) {
        EXPECT_TRUE(c) << c.status.message();
        break;
      }
      ASSERT_FALSE(c);
      const bool refused = c.status.is_os();
      EXPECT_TRUE(!refused || c.status.is_errno(ENOMEM)) << "nothing was sent";
      for (std::size_t i = 0; i < sectors.size(); ++i) {
        const Chunk now = chunk(sectors[i].at_sector(0));
        const bool written = sectors[i].sector() < now.write_pointer;
        if (refused || route_has_vectors()) {
          EXPECT_FALSE(written);
        } else {
          EXPECT_NE(written, c.failed(static_cast<unsigned>(i))) << "sector " << i << ", k = " << k;
        }
      }
      for (const Address a : chunks) write_rest(a);
      ASSERT_TRUE(device().reset(Sectors(chunks)));
      forget(chunks);
      ASSERT_LT(k, 50U);
    }
  }
}

TEST_P(Faulty, bits_of_a_reset_are_exact_whatever_fails) {
  if (!faults_) GTEST_SKIP() << "faults are not injected into somebody's device";
  for (const Fault fault : {Fault::submit, Fault::completion, Fault::log_submit, Fault::log_completion}) {
    const auto chunks = free_chunks(3);
    for (std::uint32_t k = 1;; ++k) {
      for (const Address a : chunks) write_rest(a);
      std::array<Chunk, 3> after;
      arm(fault, k);
      const Completion c = device().reset(Sectors(chunks), after);
      if (!disarm(fault)) {
        EXPECT_TRUE(c) << c.status.message();
        break;
      }
      ASSERT_FALSE(c);
      const bool log = fault == Fault::log_submit || fault == Fault::log_completion;
      for (unsigned i = 0; i < 3; ++i) {
        const bool reset = chunk(chunks[i]).state == ChunkState::free;
        // A descriptor that did not come counts as not carried out, though the chunk was reset.
        const bool told = !c.status.is_os() && c.result != 0;
        EXPECT_TRUE(!log || reset);
        EXPECT_TRUE(log || !told || route_has_vectors() || reset != c.failed(i));
        EXPECT_TRUE(!told || c.failed(i) || after[i] == chunk(chunks[i]));
      }
      ASSERT_LT(k, 50U);
    }
    forget(chunks);
  }
}

TEST_P(Faulty, copy_writes_nothing_unless_all_was_read_whatever_fails) {
  if (!faults_) GTEST_SKIP() << "faults are not injected into somebody's device";
  const std::uint32_t unit = geo().ws_min;
  const Address from = free_chunk();
  write(from, until_readable(2 * unit));
  for (const Fault fault : {Fault::submit, Fault::completion}) {
    for (std::uint32_t k = 1;; ++k) {
      const auto to = free_chunks(2);
      const auto target = both(run(to[0], unit), run(to[1], unit));
      arm(fault, k);
      const Completion c = device().copy(run(from, 2 * unit), target);
      if (!disarm(fault)) {
        EXPECT_TRUE(c) << c.status.message();
        break;
      }
      ASSERT_FALSE(c);
      for (std::size_t i = 0; i < target.size() && c.status.is_nvme() && c.result != 0; ++i) {
        const bool written = target[i].sector() < chunk(target[i].at_sector(0)).write_pointer;
        EXPECT_NE(written, c.failed(static_cast<unsigned>(i))) << "sector " << i << ", k = " << k;
      }
      for (const Address a : to) write_rest(a);
      ASSERT_TRUE(device().reset(Sectors(to)));
      forget(to);
      ASSERT_LT(k, 50U);
    }
  }
}

TEST_P(Faulty, read_delivers_every_sector_whose_bit_is_clear_whatever_fails) {
  if (!faults_) GTEST_SKIP() << "faults are not injected into somebody's device";
  const Address a = free_chunk();
  write(a, until_readable(16));
  const std::array<Address, 5> sectors{a.plus(3), a.plus(4), a.plus(9), a.plus(1), a.plus(15)};
  for (const Fault fault : {Fault::submit, Fault::completion}) {
    for (std::uint32_t k = 1;; ++k) {
      Bytes data(5 * geo().sector_bytes);
      arm(fault, k);
      const Completion c = device().read(Sectors(sectors), Destination(data));
      const bool came = disarm(fault);
      EXPECT_NE(came, c.ok());
      for (unsigned i = 0; i < 5 && (c || c.result != 0); ++i) {
        if (c.failed(i)) continue;
        const auto part = std::span(data).subspan(i * geo().sector_bytes, geo().sector_bytes);
        EXPECT_TRUE(std::ranges::equal(part, data_for(sectors[i], 1)));
      }
      if (!came) break;
      ASSERT_LT(k, 50U);
    }
  }
}

TEST_P(Faulty, wait_that_fails_leaves_nothing_in_flight) {
  if (!faults_) GTEST_SKIP() << "faults are not injected into somebody's device";
  const auto chunks = free_chunks(2);
  for (std::uint32_t k = 1; k < 6; ++k) {
    // Freed at once: whoever still used it would be seen.
    auto data = std::make_unique<Bytes>(2 * geo().sector_bytes);
    faults_->reap.arm(k);
    const Completion c = device().read(Sectors(chunks), Destination(*data));
    EXPECT_TRUE(c || c.status.is_errno(EIO) || c.status.is(StatusCode::command_aborted_by_host)) << c.status.message();
    data.reset();
    faults_->reap.arm(0);
    faults_->admin_reap.arm(k);
    const auto report = device().chunks(0, 3);
    EXPECT_TRUE(report || !faults_->admin_reap.armed());
    faults_->admin_reap.arm(0);
    EXPECT_TRUE(device().chunks(0, 3));
    Bytes again(2 * geo().sector_bytes);
    EXPECT_TRUE(device().read(Sectors(chunks), Destination(again)));
  }
}

TEST_P(Faulty, route_that_is_full_again_and_again_loses_nothing) {
  if (!faults_) GTEST_SKIP() << "faults are not injected into somebody's device";
  const std::uint32_t deep = depth(4);
  auto queue = device().open_queue(deep);
  ASSERT_TRUE(queue);
  const auto chunks = free_chunks(3);
  const std::uint32_t unit = geo().ws_min;
  unsigned good = 0;
  unsigned submitted = 0;
  std::vector<Bytes> data;
  for (std::uint32_t step = 0; step < 6; ++step) {
    for (const Address a : chunks) {
      data.push_back(data_for(a.plus(step * unit), unit));
      Status s;
      faults_->again = step % 3;
      do {
        s = queue->write(Sectors::vector(a.plus(step * unit), unit), Source(data.back()),
                         [&](const Completion& c) { good += c.ok() ? 1 : 0; });
        ASSERT_TRUE(!s.is_errno(EAGAIN) || queue->wait(1, std::chrono::milliseconds(1)));
      } while (s.is_errno(EAGAIN));
      ASSERT_TRUE(s) << s.message();
      ++submitted;
    }
    ASSERT_TRUE(queue->drain());
  }
  EXPECT_EQ(good, submitted);
  for (const Address a : chunks) EXPECT_EQ(chunk(a).write_pointer, 6 * unit);
}

NVM_CONFORMANCE_OVER(Faulty, &RouteUnderTest::can_fail);

}  // namespace
}  // namespace lightnvm::test
