// SPDX-License-Identifier: BSD-2-Clause
// The chunk machine: reservations that commit in any order, failures, resets that wait, limits, and threads.
#include "emulator/chunk_machine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "emulator/oracle_random.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;

Geometry small() {
  Geometry g;
  g.groups = 1, g.units = 2, g.chunks = 4, g.sectors = 16;
  g.sector_bytes = 512;
  g.ws_min = 2, g.ws_opt = 4;
  return g;
}

/// A write of one run, from its reservation on.
struct Write {
  std::atomic<std::uint32_t> unresolved{1};
  WriteRun run;

  Write(std::uint32_t chunk, std::uint32_t first, std::uint32_t count, bool ascending = true) {
    run.chunk = chunk;
    run.shape = {first, count, first + count - 1, ascending};
    run.unresolved = &unresolved;
  }
  [[nodiscard]] bool resolved() const { return unresolved.load() == 0; }
};

/// A command of several runs of two sectors each, by chunk and first sector.
struct Command {
  std::atomic<std::uint32_t> unresolved;
  std::vector<WriteRun> runs;

  explicit Command(const std::vector<std::array<std::uint32_t, 2>>& places)
      : unresolved(static_cast<std::uint32_t>(places.size())), runs(places.size()) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      runs[i].chunk = places[i][0];
      runs[i].shape = {places[i][1], 2, places[i][1] + 1, true};
      runs[i].unresolved = &unresolved;
    }
  }
};

class ChunkMachineTest : public testing::Test {
 protected:
  void make(const Geometry& g, std::uint32_t pe_cycles = 255) {
    auto made = ChunkMachine::create(g, pe_cycles);
    ASSERT_TRUE(made.has_value());
    machine_ = std::move(*made);
  }
  void SetUp() override { make(small()); }

  StatusCode admit(Write& w) { return machine_->admit({&w.run, 1}); }
  /// Reserves; the write stays in flight.
  Write& begin(std::uint32_t chunk, std::uint32_t first, std::uint32_t count) {
    Write& w = writes_.emplace_back(chunk, first, count);
    EXPECT_EQ(admit(w), success);
    return w;
  }
  /// A write from its beginning to its end.
  StatusCode write(std::uint32_t chunk, std::uint32_t first, std::uint32_t count, StatusCode media = success) {
    Write w(chunk, first, count);
    const StatusCode verdict = admit(w);
    if (verdict != success) return verdict;
    machine_->commit(w.run, media);
    EXPECT_TRUE(w.resolved());
    return w.run.verdict;
  }
  StatusCode reset(std::uint32_t chunk, StatusCode media = success) {
    StatusCode verdict = success;
    const ResetStep step = machine_->begin_reset(chunk, false, verdict);
    EXPECT_NE(step, ResetStep::wait);
    return step == ResetStep::granted ? machine_->finish_reset(chunk, media) : verdict;
  }
  [[nodiscard]] ResetStep ask(std::uint32_t chunk, bool waiting) {
    return machine_->begin_reset(chunk, waiting, verdict_);
  }
  [[nodiscard]] ChunkState state(std::uint32_t chunk) const { return machine_->describe(chunk).state; }
  [[nodiscard]] std::uint64_t pointer(std::uint32_t chunk) const { return machine_->describe(chunk).write_pointer; }

  std::unique_ptr<ChunkMachine> machine_;
  std::deque<Write> writes_;
  StatusCode verdict_ = success;
};

TEST_F(ChunkMachineTest, ReservationIsNotSeenBeforeItIsCommitted) {
  Write& w = begin(0, 0, 4);
  EXPECT_TRUE(state(0) == ChunkState::free && pointer(0) == 0);
  EXPECT_EQ(machine_->hold_for_read(0), 0U);
  EXPECT_FALSE(w.resolved());
  machine_->commit(w.run, success);
  EXPECT_TRUE(w.resolved() && w.run.verdict == success);
  EXPECT_TRUE(state(0) == ChunkState::open && pointer(0) == 4);
}

TEST_F(ChunkMachineTest, WritesAreCheckedAgainstTheReservedPointer) {
  begin(0, 0, 4);
  Write behind(0, 4, 2), gap(0, 8, 2), again(0, 0, 4);
  EXPECT_EQ(admit(gap), out_of_order_write);
  EXPECT_EQ(admit(again), out_of_order_write);
  EXPECT_EQ(admit(behind), success);
}

TEST_F(ChunkMachineTest, VisiblePointerIsTheCommittedPrefix) {
  Write &a = begin(0, 0, 2), &b = begin(0, 2, 4), &c = begin(0, 6, 2);
  machine_->commit(c.run, success);
  EXPECT_EQ(pointer(0), 0U);
  machine_->commit(a.run, success);
  EXPECT_EQ(pointer(0), 2U);
  EXPECT_TRUE(a.resolved() && !c.resolved());
  machine_->commit(b.run, success);
  EXPECT_TRUE(b.resolved() && c.resolved() && pointer(0) == 8);
}

TEST_F(ChunkMachineTest, FailedCommitFailsWhatWasReservedBehindIt) {
  Write &a = begin(0, 0, 2), &b = begin(0, 2, 2), &c = begin(0, 4, 2), &d = begin(0, 6, 2);
  machine_->commit(c.run, success);
  machine_->commit(a.run, success);
  machine_->commit(b.run, internal_error);
  EXPECT_EQ(b.run.verdict, internal_error);
  EXPECT_TRUE(c.resolved());
  EXPECT_EQ(c.run.verdict, out_of_order_write);
  EXPECT_FALSE(d.resolved());
  machine_->commit(d.run, success);
  EXPECT_EQ(d.run.verdict, out_of_order_write);
  EXPECT_EQ(pointer(0), 2U);
}

TEST_F(ChunkMachineTest, FailureIsReportedInItsOwnWordsEvenBehindAnother) {
  Write &a = begin(0, 0, 2), &b = begin(0, 2, 2);
  machine_->commit(b.run, capacity_exceeded);
  machine_->commit(a.run, internal_error);
  EXPECT_EQ(a.run.verdict, internal_error);
  EXPECT_EQ(b.run.verdict, capacity_exceeded);
}

TEST_F(ChunkMachineTest, WritesGoOnAtTheCommittedPointerAfterAFailure) {
  Write &a = begin(0, 0, 2), &b = begin(0, 2, 2);
  machine_->commit(a.run, internal_error);
  Write early(0, 0, 2), late(0, 4, 2);
  EXPECT_TRUE(admit(early) == out_of_order_write && admit(late) == out_of_order_write) << "b is still in flight";
  machine_->commit(b.run, success);
  EXPECT_EQ(state(0), ChunkState::free);
  EXPECT_EQ(write(0, 0, 2), success);
  EXPECT_EQ(pointer(0), 2U);
}

TEST_F(ChunkMachineTest, ChunkClosesWhenItsLastSectorIsCommitted) {
  EXPECT_EQ(write(0, 0, 16), success);
  EXPECT_EQ(state(0), ChunkState::closed);
  EXPECT_EQ(pointer(0), 16U);
  EXPECT_EQ(write(0, 0, 2), write_fault);
}

TEST_F(ChunkMachineTest, SmallChunkClosesAtItsOwnEnd) {
  ChunkRecord r;
  r.missing = 10;
  machine_->restore(1, r);
  EXPECT_EQ(write(1, 0, 8), write_fault);
  EXPECT_EQ(write(1, 0, 6), success);
  EXPECT_EQ(state(1), ChunkState::closed);
}

TEST_F(ChunkMachineTest, ChunkReservedToItsEndIsAsGoodAsClosedForWriters) {
  Write& w = begin(0, 0, 16);
  EXPECT_EQ(write(0, 0, 2), write_fault);
  EXPECT_EQ(state(0), ChunkState::free);
  machine_->commit(w.run, internal_error);
  EXPECT_EQ(write(0, 0, 2), success);
}

TEST_F(ChunkMachineTest, RunsOfOneCommandAreAdmittedAllOrNone) {
  Command command({{0, 0}, {1, 2}});
  EXPECT_EQ(machine_->admit(command.runs), out_of_order_write);
  EXPECT_EQ(write(0, 0, 2), success) << "nothing of the first run is left";
}

TEST_F(ChunkMachineTest, SecondRunOfAChunkBeginsWhereTheFirstEnds) {
  Command command({{0, 0}, {1, 0}, {0, 2}});
  ASSERT_EQ(machine_->admit(command.runs), success);
  for (WriteRun& run : command.runs) machine_->commit(run, success);
  EXPECT_EQ(command.unresolved.load(), 0U);
  EXPECT_EQ(pointer(0), 4U);
  EXPECT_EQ(pointer(1), 2U);
}

TEST_F(ChunkMachineTest, AskingWhetherAWriteWouldBeAdmittedReservesNothing) {
  Write w(0, 0, 4), wrong(0, 2, 4);
  EXPECT_EQ(machine_->would_admit({&w.run, 1}), success);
  EXPECT_EQ(machine_->would_admit({&wrong.run, 1}), out_of_order_write);
  EXPECT_EQ(admit(w), success);
}

TEST_F(ChunkMachineTest, FirstOfSeveralMistakesDecides) {
  Write past_the_end(0, 1, 17), uneven(0, 1, 3), elsewhere(0, 2, 2), jumping(0, 0, 4, false);
  EXPECT_EQ(admit(past_the_end), write_fault);
  EXPECT_EQ(admit(uneven), invalid_field);
  EXPECT_EQ(admit(elsewhere), out_of_order_write);
  EXPECT_EQ(admit(jumping), out_of_order_write);
}

TEST_F(ChunkMachineTest, ReadersHoldOnlyWhatCanBeRead) {
  Geometry g = small();
  g.mw_cunits = 4;
  make(g);
  EXPECT_EQ(write(0, 0, 4), success);
  EXPECT_EQ(machine_->hold_for_read(0), 0U);
  EXPECT_EQ(write(0, 4, 2), success);
  EXPECT_EQ(machine_->hold_for_read(0), 2U);
  EXPECT_EQ(write(0, 6, 10), success);
  EXPECT_EQ(machine_->hold_for_read(0), 16U);
}

TEST_F(ChunkMachineTest, ResetWaitsForReaders) {
  EXPECT_EQ(write(0, 0, 16), success);
  EXPECT_EQ(machine_->hold_for_read(0), 16U);
  EXPECT_EQ(ask(0, false), ResetStep::wait);
  machine_->release_read(0);
  ASSERT_EQ(ask(0, true), ResetStep::granted);
  EXPECT_EQ(machine_->hold_for_read(0), 0U) << "its media are being discarded";
  EXPECT_EQ(write(0, 0, 2), write_fault);
  EXPECT_EQ(machine_->finish_reset(0, success), success);
  EXPECT_EQ(state(0), ChunkState::free);
  EXPECT_EQ(write(0, 0, 2), success);
}

TEST_F(ChunkMachineTest, ResetWaitsForWrites) {
  Geometry g = small();
  g.early_reset = true;
  make(g);
  EXPECT_EQ(write(0, 0, 2), success);
  Write& w = begin(0, 2, 2);
  EXPECT_EQ(ask(0, false), ResetStep::wait);
  machine_->commit(w.run, success);
  EXPECT_EQ(ask(0, true), ResetStep::granted);
  EXPECT_EQ(machine_->finish_reset(0, success), success);
  EXPECT_EQ(pointer(0), 0U);
}

TEST_F(ChunkMachineTest, SecondResetIsJudgedAfterTheFirst) {
  EXPECT_EQ(write(0, 0, 16), success);
  ASSERT_EQ(ask(0, false), ResetStep::granted);
  EXPECT_EQ(ask(0, false), ResetStep::wait);
  EXPECT_EQ(machine_->finish_reset(0, success), success);
  EXPECT_EQ(ask(0, true), ResetStep::refused);
  EXPECT_EQ(verdict_, invalid_reset);
  EXPECT_EQ(write(0, 0, 2), success);
}

TEST_F(ChunkMachineTest, CancelledResetLeavesNothingBehind) {
  EXPECT_EQ(write(0, 0, 16), success);
  EXPECT_EQ(machine_->hold_for_read(0), 16U);
  EXPECT_EQ(ask(0, false), ResetStep::wait);
  machine_->cancel_reset(0);
  EXPECT_EQ(machine_->hold_for_read(0), 16U);
}

TEST_F(ChunkMachineTest, ResetGivenBackLeavesTheChunkAsItWas) {
  EXPECT_EQ(write(0, 0, 16), success);
  ASSERT_EQ(ask(0, false), ResetStep::granted);
  machine_->abandon_reset(0);
  EXPECT_EQ(machine_->hold_for_read(0), 16U);
}

// The first write of a chunk is under way; once it is committed, the chunk is open and the reset is refused.
TEST_F(ChunkMachineTest, ResetThatIsGoingToBeRefusedDoesNotHideWhatWasWritten) {
  Geometry g = small();
  g.multiple_resets = true;
  make(g);
  Write& first = begin(0, 0, 2);
  ASSERT_EQ(ask(0, false), ResetStep::wait);
  machine_->commit(first.run, success);
  EXPECT_EQ(machine_->hold_for_read(0), 2U) << "acknowledged, and never reset";
  EXPECT_EQ(write(0, 2, 2), success);
  machine_->release_read(0);
  EXPECT_EQ(ask(0, true), ResetStep::refused);
  EXPECT_EQ(verdict_, invalid_reset);
}

TEST_F(ChunkMachineTest, ResetIsRefusedAsTheStateDemands) {
  EXPECT_EQ(reset(0), invalid_reset) << "free";
  EXPECT_EQ(write(0, 0, 2), success);
  EXPECT_EQ(reset(0), invalid_reset) << "open";
  ChunkRecord r;
  r.state = ChunkState::offline;
  machine_->restore(1, r);
  EXPECT_EQ(reset(1), offline_chunk);
  EXPECT_EQ(write(1, 0, 2), write_fault);
  EXPECT_EQ(machine_->hold_for_read(1), 0U);
}

TEST_F(ChunkMachineTest, FailedDiscardTakesTheChunkOffline) {
  EXPECT_EQ(write(0, 0, 16), success);
  EXPECT_EQ(reset(0, internal_error), offline_chunk);
  EXPECT_TRUE(state(0) == ChunkState::offline && pointer(0) == Chunk::kNoWritePointer);
}

TEST_F(ChunkMachineTest, WearGrowsWithEachResetUntilTheChunkIsWornOut) {
  Geometry g = small();
  g.multiple_resets = true;
  make(g, 3);
  EXPECT_EQ(reset(0), success);
  EXPECT_EQ(machine_->describe(0).wear, 85);
  EXPECT_EQ(machine_->average_wear(), 85U / 8);
  EXPECT_EQ(reset(0), success);
  EXPECT_EQ(state(0), ChunkState::free);
  EXPECT_EQ(reset(0), success) << "the last one succeeds";
  EXPECT_EQ(machine_->describe(0).wear, 255);
  EXPECT_EQ(state(0), ChunkState::offline);
  EXPECT_EQ(reset(0), offline_chunk);
}

TEST_F(ChunkMachineTest, RandomChunkTakesWritesAnywhereAndHoldsResetsMeanwhile) {
  ChunkRecord r;
  r.type = ChunkType::random;
  Geometry g = small();
  g.early_reset = true;
  make(g);
  machine_->restore(2, r);
  EXPECT_EQ(write(2, 0, 1, internal_error), internal_error);
  Write& w = begin(2, 13, 3);
  EXPECT_TRUE(state(2) == ChunkState::free && machine_->hold_for_read(2) == 0);
  machine_->commit(w.run, success);
  EXPECT_TRUE(state(2) == ChunkState::open && pointer(2) == Chunk::kNoWritePointer);
  Write& again = begin(2, 0, 1);
  EXPECT_EQ(ask(2, false), ResetStep::wait);
  machine_->commit(again.run, success);
  EXPECT_TRUE(ask(2, true) == ResetStep::granted && machine_->finish_reset(2, success) == success);
  EXPECT_EQ(machine_->describe(2).wear, 0) << "resets of random chunks do not wear";
}

TEST_F(ChunkMachineTest, NoMoreChunksOpenThanTheDeviceAllows) {
  Geometry g = small();
  g.max_open = 2;
  g.early_reset = true;
  make(g);
  EXPECT_TRUE(write(0, 0, 2) == success && write(5, 0, 2) == success);
  EXPECT_EQ(write(1, 0, 2), write_fault);
  EXPECT_EQ(write(1, 0, 16), write_fault) << "one that is filled at once needs a slot meanwhile";
  EXPECT_EQ(write(0, 2, 14), success);
  EXPECT_EQ(write(1, 0, 2), success) << "a closed chunk gives its slot back";
  EXPECT_EQ(reset(5), success);
  EXPECT_EQ(write(2, 0, 2), success) << "so does one that is reset";
  EXPECT_EQ(write(3, 0, 2), write_fault);
}

TEST_F(ChunkMachineTest, NoMoreChunksOpenThanAUnitAllows) {
  Geometry g = small();
  g.max_open_unit = 1;
  make(g);
  EXPECT_EQ(write(0, 0, 2), success);
  EXPECT_EQ(write(1, 0, 2), write_fault);
  EXPECT_EQ(write(4, 0, 2), success) << "another unit";
}

TEST_F(ChunkMachineTest, SlotIsTakenByTheReservationAndGivenBackIfItFails) {
  Geometry g = small();
  g.max_open = 1;
  make(g);
  Write& w = begin(0, 0, 2);
  EXPECT_EQ(write(1, 0, 2), write_fault);
  machine_->commit(w.run, internal_error);
  EXPECT_EQ(write(1, 0, 2), success);
}

TEST_F(ChunkMachineTest, RefusedCommandTakesNoSlot) {
  Geometry g = small();
  g.max_open = 1;
  make(g);
  Command command({{0, 0}, {1, 0}});
  EXPECT_EQ(machine_->admit(command.runs), write_fault);
  EXPECT_EQ(write(3, 0, 2), success);
}

TEST_F(ChunkMachineTest, RestoredOpenChunksCountAndRandomOnesDoNot) {
  Geometry g = small();
  g.max_open = 2;
  make(g);
  ChunkRecord open{.write_pointer = 2, .state = ChunkState::open};
  ChunkRecord random{.state = ChunkState::open, .type = ChunkType::random};
  machine_->restore(0, open);
  machine_->restore(1, random);
  EXPECT_EQ(write(2, 0, 2), success);
  EXPECT_EQ(write(3, 0, 2), write_fault);
}

TEST_F(ChunkMachineTest, ChangedRecordIsTakenOnce) {
  ChunkRecord r;
  std::uint32_t sum = 0;
  EXPECT_EQ(write(0, 0, 2), success);
  EXPECT_TRUE(machine_->take_if_changed(0, r, sum));
  EXPECT_EQ(r, (ChunkRecord{.write_pointer = 2, .state = ChunkState::open}));
  EXPECT_FALSE(machine_->take_if_changed(0, r, sum));
  machine_->mark_changed(0);
  EXPECT_TRUE(machine_->take_if_changed(0, r, sum));  // it could not be kept
}

/// What threads do to the same few chunks. The plain numbers beside the machine stand for the media: without the order
/// that holds, reservations and grants give, ThreadSanitizer sees them race, and readers see the wrong ones.
struct Stress {
  static constexpr std::uint32_t kChunks = 4, kSectors = 16, kLimit = 3;
  ChunkMachine& machine;
  std::array<std::array<std::uint64_t, kSectors>, kChunks> media{};
  std::array<std::uint64_t, kChunks> life{};
  std::atomic<unsigned> reads{0}, writes{0}, resets{0}, wrong{0};

  void write(oracle::Random& random, std::uint32_t chunk) {
    const std::uint32_t first = machine.record(chunk).write_pointer + (random.chance(30) ? 2 : 0);
    if (first + 2 > kSectors) return;
    Write w(chunk, first, 2);
    if (machine.admit({&w.run, 1}) != success) return;
    // Its reservation keeps the chunk's life as it is.
    const bool fails = random.chance(5);
    for (std::uint32_t i = first; i < first + 2; ++i) media[chunk][i] = fails ? ~0ULL : life[chunk] * kSectors + i;
    if (random.chance(20)) std::this_thread::yield();
    machine.commit(w.run, fails ? internal_error : success);
    while (!w.resolved()) std::this_thread::yield();
    ++writes;
  }
  void read(std::uint32_t chunk) {
    const std::uint32_t readable = machine.hold_for_read(chunk);
    if (readable == 0) return;
    for (std::uint32_t i = 0; i < readable; ++i) wrong += media[chunk][i] == life[chunk] * kSectors + i ? 0 : 1;
    machine.release_read(chunk);
    ++reads;
  }
  void reset(oracle::Random& random, std::uint32_t chunk) {
    StatusCode verdict = success;
    ResetStep step = machine.begin_reset(chunk, false, verdict);
    while (step == ResetStep::wait) {
      std::this_thread::yield();
      if (random.chance(5)) return machine.cancel_reset(chunk);
      step = machine.begin_reset(chunk, true, verdict);
    }
    if (step == ResetStep::refused) return;
    ++life[chunk];
    media[chunk].fill(0);
    wrong += machine.finish_reset(chunk, success) == success ? 0 : 1;
    ++resets;
  }
  void run(std::uint64_t seed) {
    oracle::Random random(seed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
    while (std::chrono::steady_clock::now() < end) {
      const auto chunk = static_cast<std::uint32_t>(random.below(kChunks));
      const std::uint64_t what = random.below(10);
      if (what < 6) {
        write(random, chunk);
      } else if (what < 9) {
        read(chunk);
      } else {
        reset(random, chunk);
      }
    }
  }
};

TEST_F(ChunkMachineTest, ThreadsMeetInTheSameChunksWithoutHarm) {
  Geometry g = small();
  g.chunks = 2;
  g.early_reset = true;
  g.max_open = Stress::kLimit;
  make(g, 65535);
  Stress stress{.machine = *machine_};
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) threads.emplace_back([&stress, seed] { stress.run(seed); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(stress.wrong, 0U);
  EXPECT_TRUE(stress.reads > 0 && stress.writes > 0 && stress.resets > 0);
  // Every slot is where it belongs: what is open now and what can still be opened make the limit.
  unsigned open = 0;
  for (std::uint32_t c = 0; c < Stress::kChunks; ++c) open += state(c) == ChunkState::open ? 1 : 0;
  EXPECT_LE(open, Stress::kLimit);
  for (std::uint32_t c = 0; c < Stress::kChunks; ++c) {
    if (state(c) == ChunkState::open) continue;
    if (state(c) == ChunkState::closed) {
      EXPECT_EQ(reset(c), success);
    }
    EXPECT_EQ(write(c, 0, 2), open < Stress::kLimit ? success : write_fault);
    open += open < Stress::kLimit ? 1 : 0;
  }
}

}  // namespace
}  // namespace lightnvm::emulator
