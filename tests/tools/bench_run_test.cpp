// SPDX-License-Identifier: BSD-2-Clause
// Jobs on devices in memory: who gets which chunks, what verification finds, and that the loop does not allocate.
#include "bench_run.hpp"

#include <gtest/gtest.h>

#include <set>

#include "bench_worker.hpp"
#include "common.hpp"
#include "conformance/allocations/count.hpp"

namespace tools::bench {
namespace {

using lightnvm::Address;
using lightnvm::Device;

Device open(const std::string& ident) {
  auto device = Device::open(ident);
  if (!device) throw std::runtime_error(lightnvm::last_error());
  return std::move(*device);
}

Outcome run_quietly(Device& device, const Job& job) {
  return run(device, job, [](const Layout&) {}, true);
}

Layout layout_of(Device& device, const Job& job) {
  const auto units = choose_units(job.units, device.geometry());
  return lay_out(job, device.geometry(), take_stock(device, units), command_sectors(job, device));
}

// The sentence of the Failure that laying the job out is.
std::string failure(Device& device, const Job& job) {
  try {
    (void)layout_of(device, job);
  } catch (const Failure& e) {
    return e.what();
  }
  return {};
}

Job small(Workload workload) {
  Job job;
  job.workload = workload;
  job.count = 2000;
  job.verify = workload != Workload::reset;
  job.prepare = job.reading();
  job.depth = 8;
  return job;
}

TEST(BenchLayout, chunks_of_threads_are_disjoint_and_lanes_are_dealt_evenly) {
  Device device = open("emu:");
  for (const std::uint32_t threads : {1U, 2U, 7U, 15U, 40U}) {
    for (const std::uint32_t wide : {1U, 2U, 3U}) {
      Job job = small(Workload::mixed);
      job.threads = threads;
      job.open = wide;
      const Layout layout = layout_of(device, job);
      std::set<Address> seen;
      std::size_t least = ~0U, most = 0;
      for (const Share& share : layout.shares) {
        least = std::min(least, share.lanes.size());
        most = std::max(most, share.lanes.size());
        for (const Lane& lane : share.lanes) {
          EXPECT_FALSE(lane.chunks.empty());
          for (const Held& h : lane.chunks) EXPECT_TRUE(seen.insert(h.address).second);
        }
        for (const auto& row : share.rows) EXPECT_FALSE(row.empty());
      }
      for (const Held& h : layout.fill) EXPECT_TRUE(seen.insert(h.address).second);
      EXPECT_EQ(std::vector<Address>(seen.begin(), seen.end()), layout.touched);
      EXPECT_GE(least, 1U);
      EXPECT_LE(most - least, 1U);
    }
  }
}

TEST(BenchLayout, chunks_with_data_are_used_only_when_that_is_said) {
  Device device = open("emu:?groups=1&punits=1&chunks=4&bad=none");
  Job job = small(Workload::write);
  job.count = 800;
  EXPECT_TRUE(run_quietly(device, job).good());
  EXPECT_EQ(failure(device, job), "no free chunk in these units: --overwrite takes those with data");
  job.overwrite = true;
  const Layout layout = layout_of(device, job);
  EXPECT_EQ(layout.with_data, 4U);
  EXPECT_TRUE(run_quietly(device, job).good());
}

TEST(BenchLayout, limits_of_open_chunks_are_kept) {
  Device device = open("emu:?maxoc=6&maxocpu=2");
  Job job = small(Workload::write);
  job.open = 5;
  job.chunks = 8;
  const Layout layout = layout_of(device, job);
  EXPECT_EQ(layout.lanes, 6U);
  job.units = "1";
  EXPECT_EQ(layout_of(device, job).lanes, 2U);
  job.threads = 3;
  EXPECT_EQ(failure(device, job), "no more than 2 chunks can be open here at a time, and each of 3 threads needs one");
  job.units = "all";
  EXPECT_TRUE(run_quietly(device, job).good());
}

TEST(BenchLayout, open_chunks_of_others_are_finished_before_they_are_reset) {
  Device device = open("emu:?groups=1&punits=1&chunks=2&bad=none&mccap=0");
  std::vector<std::byte> data(8 * 4096);
  ASSERT_TRUE(device.write({Address::of(0, 0, 0), 8}, data));
  Job job = small(Workload::write);
  job.overwrite = true;
  const Layout layout = layout_of(device, job);
  ASSERT_EQ(layout.finish.size(), 1U);
  EXPECT_EQ(layout.finish[0].written, 8U);
  const Outcome o = run_quietly(device, job);
  EXPECT_TRUE(o.good());
  EXPECT_EQ(o.tally(Kind::write).latency.total(), 2000U);
}

TEST(BenchUnits, are_named_by_number_or_place) {
  const Device device = open("emu:");
  const auto& g = device.geometry();
  EXPECT_EQ(choose_units("all", g).size(), 15U);
  EXPECT_EQ(choose_units("4", g),
            (std::vector{Address::of(0, 0, 0), Address::of(1, 0, 0), Address::of(2, 0, 0), Address::of(0, 1, 0)}));
  EXPECT_EQ(choose_units("2.4", g), std::vector{Address::of(2, 4, 0)});
  for (const char* wrong : {"0", "16", "3.0", "0.5", "x", "1.", ".1", "1.x", ""}) {
    EXPECT_THROW((void)choose_units(wrong, g), Failure) << wrong;
  }
}

TEST(BenchRun, every_workload_is_verified_on_both_specifications) {
  for (const char* ident : {"emu:", "emu:?spec=1.2", "emu:?mw_cunits=64&ws_min=4&ws_opt=8&mccap=0"}) {
    for (const Workload workload : {Workload::read, Workload::write, Workload::mixed}) {
      for (const bool random : {false, true}) {
        for (const bool vector : {false, true}) {
          Device device = open(ident);
          Job job = small(workload);
          job.random = random;
          job.vector = vector;
          job.threads = 2;
          const Outcome o = run_quietly(device, job);
          EXPECT_TRUE(o.good()) << ident;
          std::uint64_t counted = 0;
          for (const Kind k : {Kind::read, Kind::write}) counted += o.tally(k).latency.total();
          EXPECT_EQ(counted, 2000U);
          EXPECT_GE(o.verdict.sectors, 500U);
          // Nothing is left half written.
          for (const Stock& s : take_stock(device, choose_units("all", device.geometry()))) EXPECT_EQ(s.open, 0U);
        }
      }
    }
  }
}

TEST(BenchRun, resets_are_one_pass_unless_a_number_is_said) {
  for (const char* ident : {"emu:", "emu:?spec=1.2", "emu:?mccap=0&sectors=64", "emu:?mccap=4"}) {
    Device device = open(ident);
    Job job = small(Workload::reset);
    job.count.reset();
    const Outcome once = run_quietly(device, job);
    EXPECT_TRUE(once.good()) << ident;
    EXPECT_EQ(once.tally(Kind::reset).latency.total(), once.write_chunks);
    job.count = 3 * once.write_chunks;
    job.overwrite = true;
    EXPECT_EQ(run_quietly(device, job).tally(Kind::reset).latency.total(), *job.count);
  }
}

TEST(BenchRun, what_another_wrote_there_is_found_with_its_address) {
  Device device = open("emu:?groups=1&punits=2&chunks=4&bad=none");
  Job job = small(Workload::write);
  job.count = 2 * 192 * 2;
  job.chunks = 2;
  ASSERT_TRUE(run_quietly(device, job).good());
  // The same chunk again, with one byte of its sector 17 changed.
  const Address chunk = Address::of(0, 1, 1);
  std::vector<std::byte> data(device.geometry().chunk_bytes());
  for (std::uint32_t s = 0; s < 1536; s += 64) {
    ASSERT_TRUE(device.read({chunk.at_sector(s), 64}, std::span(data).subspan(s * 4096ULL, 64 * 4096ULL)));
  }
  data[17 * 4096 + 100] ^= std::byte{0x40};
  ASSERT_TRUE(device.reset(lightnvm::Sectors::vector(chunk, 1)));
  for (std::uint32_t s = 0; s < 1536; s += 64) {
    ASSERT_TRUE(device.write({chunk.at_sector(s), 64}, std::span(data).subspan(s * 4096ULL, 64 * 4096ULL)));
  }
  Job reads = small(Workload::read);
  reads.prepare = false;
  reads.count = 4 * 1536;
  const Outcome o = run_quietly(device, reads);
  EXPECT_FALSE(o.good());
  EXPECT_EQ(o.verdict.sectors, 4 * 1536U);
  ASSERT_EQ(o.verdict.mismatches, 1U);
  EXPECT_EQ(o.verdict.first[0].address, chunk.at_sector(17));
  EXPECT_EQ(o.verdict.first[0].offset, 96U);
  EXPECT_EQ(o.verdict.first[0].expected ^ o.verdict.first[0].found, 0x40ULL << 32);
  // Another seed agrees with nothing, and no more than a few are kept.
  reads.seed = 2;
  const Outcome all = run_quietly(device, reads);
  EXPECT_EQ(all.verdict.mismatches, 4 * 1536U);
  EXPECT_EQ(all.verdict.first.size(), Verdict::kKept);
}

TEST(BenchRun, worn_out_chunks_end_it_with_their_status) {
  Device device = open("emu:?groups=1&punits=2&chunks=4&bad=none&pe_cycles=2&sectors=64");
  Job job = small(Workload::write);
  job.chunks = 2;
  const Outcome o = run_quietly(device, job);
  EXPECT_TRUE(o.exhausted);
  EXPECT_FALSE(o.good());
  EXPECT_LT(o.tally(Kind::write).latency.total(), 2000U);
  EXPECT_GT(o.tally(Kind::write).errors.total() + o.tally(Kind::reset).errors.total(), 0U);
}

TEST(BenchRun, a_rate_is_kept_and_latency_counts_from_when_a_command_was_due) {
  Device device = open("emu:?groups=1&punits=1&chunks=4&bad=none");
  Job job = small(Workload::read);
  job.verify = false;
  job.count = 200;
  job.rate = 2000;
  const Outcome slow = run_quietly(device, job);
  EXPECT_GE(slow.seconds, 199.0 / 2000);
  EXPECT_EQ(slow.tally(Kind::read).latency.total(), 200U);
  // More than any device does: what waits for its turn waits longer and longer.
  job.count.reset();
  job.seconds = 0.05;
  job.rate = 1000000000;
  job.overwrite = true;
  const Outcome fast = run_quietly(device, job);
  EXPECT_GT(fast.behind, 0U);
  EXPECT_GT(fast.tally(Kind::read).latency.percentile(90), 10000000U);
}

TEST(BenchWorker, loop_does_not_allocate) {
  Device device = open("emu:?groups=2&punits=2&chunks=8&bad=none");
  Job job = small(Workload::mixed);
  job.random = true;
  Layout layout = layout_of(device, job);
  for (const Held& h : layout.fill) ASSERT_TRUE(fill(device, {{h.address, 0, h.sectors}}, {.quiet = true}).empty());
  Worker worker(device, job, std::move(layout.shares[0]), command_sectors(job, device), 0);
  const std::uint64_t before = lightnvm::test::allocations;
  worker.run(Worker::Clock::now());
  EXPECT_EQ(lightnvm::test::allocations - before, 0U);
  EXPECT_EQ(worker.done(), 2000U);
  EXPECT_GT(worker.tally(Kind::read).latency.total(), 1000U);
}

TEST(BenchErrors, are_counted_by_status_without_end) {
  Errors errors;
  for (unsigned i = 1; i <= 40; ++i) errors.add({{i}, lightnvm::Status::os(static_cast<int>(i))}, i);
  errors.add({{99}, lightnvm::Status::os(3)});
  EXPECT_EQ(errors.total(), 40U * 41 / 2 + 1);
  EXPECT_EQ(errors.entries().size(), 16U);
  EXPECT_EQ(errors.entries()[2].count, 4U);
  EXPECT_EQ(errors.entries()[2].first.address.value, 3U);
}

}  // namespace
}  // namespace tools::bench
