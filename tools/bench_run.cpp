// SPDX-License-Identifier: BSD-2-Clause
// Before, during and after the measured loop.
#include "bench_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <memory>
#include <thread>

#include "bench_worker.hpp"
#include "common.hpp"
#include "progress.hpp"

namespace tools::bench {
namespace {

using lightnvm::Address;
using lightnvm::Device;

using Workers = std::vector<std::unique_ptr<Worker>>;

constexpr double kSeconds = 5;

std::string place(const lightnvm::Geometry& g, Address a) {
  return fmt::format("({},{},{}) sector {}", a.group(), a.unit(), a.chunk(), g.sector_number(a));
}

void throw_first(const std::string& call, const std::vector<Trouble>& troubles, const lightnvm::Geometry& g) {
  if (troubles.empty()) return;
  const Trouble& t = troubles.front();
  throw Failure(call, fmt::format("{}: {}", place(g, t.address), t.status.message()), t.status.to_errno());
}

void stop_if_interrupted() {
  if (interrupted()) throw Failure("nvm_bench", "interrupted before the measurement began", EINTR);
}

// At least one chunk at a time; what others hold open is the device's to say.
SweepOptions sweep_options(const Job& job, const Device& device, bool quiet) {
  const std::uint32_t most = device.geometry().max_open;
  return {.seed = job.seed, .most_open = most == 0 ? ~0U : most, .quiet = quiet};
}

void prepare(Device& device, const Layout& layout, const SweepOptions& options) {
  const auto& g = device.geometry();
  std::vector<Extent> rest, whole;
  for (const Held& h : layout.finish) rest.push_back({h.address, h.written, h.sectors});
  throw_first("nvm_cmd_write", fill(device, rest, options), g);
  stop_if_interrupted();
  std::vector<Address> used;
  for (const Held& h : layout.fill) {
    if (h.written != 0) used.push_back(h.address);
    whole.push_back({h.address, 0, h.sectors});
  }
  throw_first("nvm_cmd_erase", reset_all(device, used), g);
  throw_first("nvm_cmd_write", fill(device, whole, options), g);
  stop_if_interrupted();
}

std::uint64_t done_of(const Workers& workers) {
  std::uint64_t n = 0;
  for (const auto& w : workers) n += w->done();
  return n;
}

// All threads begin together; returns when.
Worker::Clock::time_point run_all(const Workers& workers) {
  Worker::Clock::time_point start;
  std::barrier ready(static_cast<std::ptrdiff_t>(workers.size()),
                     [&start]() noexcept { start = Worker::Clock::now(); });
  std::atomic<bool> given_up = false;
  std::vector<std::jthread> threads;
  try {
    for (const auto& w : workers) {
      threads.emplace_back([&ready, &start, &given_up, worker = w.get()] {
        ready.arrive_and_wait();
        if (!given_up) worker->run(start);
      });
    }
  } catch (...) {
    // Those that wait for a thread that cannot be made are let go.
    given_up = true;
    for (std::size_t i = threads.size(); i < workers.size(); ++i) (void)ready.arrive();
    throw;
  }
  threads.clear();
  return start;
}

void measure(const Workers& workers, const Job& job, Outcome& out, bool quiet) {
  using Clock = Worker::Clock;
  Clock::time_point start;
  {
    const auto done = [&, before = Clock::now()]() -> std::uint64_t {
      if (job.count) return done_of(workers);
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - before);
      return static_cast<std::uint64_t>(seconds.count());
    };
    const Progress progress({.what = fmt::format("nvm_bench {}", name_of(job.workload)),
                             .total = job.count ? *job.count : static_cast<std::uint64_t>(job.seconds.value_or(0)),
                             .bytes = false,
                             .unit = job.count ? "commands" : "s",
                             .quiet = quiet,
                             .done = done});
    start = run_all(workers);
  }
  Clock::time_point end = start;
  for (const auto& w : workers) {
    end = std::max(end, w->end());
    for (std::size_t k = 0; k < kKinds; ++k) out.tallies[k].add(w->tally(static_cast<Kind>(k)));
    out.verdict.add(w->verdict());
    out.behind += w->behind();
    out.exhausted = out.exhausted || w->exhausted();
    if (!w->broken()) throw Failure("nvm_async_wait", w->broken());
  }
  out.seconds = std::chrono::duration<double>(end - start).count();
}

// Chunks are not left half written, so that the next run can read or reset them, and are read back where that is
// wanted.
void finish(Device& device, const Workers& workers, const Job& job, SweepOptions options, Outcome& out) {
  std::vector<Extent> rest, written;
  for (const auto& w : workers) {
    for (const Lane& lane : w->lanes()) {
      for (const Held& h : lane.chunks) {
        if (!h.ours || h.written == 0) continue;
        if (h.written < h.sectors) rest.push_back({h.address, h.written, h.sectors});
        written.push_back({h.address, 0, h.written});
      }
    }
  }
  options.stoppable = false;
  out.troubles = fill(device, rest, options);
  const auto status = device.flush().status;
  if (!status && !status.is_errno(ENOTSUP)) out.troubles.push_back({{}, status});
  options.stoppable = true;
  if (!job.verify) return;
  const auto more = verify(device, written, options, out.verdict);
  out.troubles.insert(out.troubles.end(), more.begin(), more.end());
}

}  // namespace

bool Outcome::good() const noexcept {
  return verdict.mismatches == 0 && troubles.empty() &&
         std::ranges::all_of(tallies, [](const Tally& t) { return t.errors.total() == 0; });
}

Outcome run(Device& device, const Job& wanted, const Consent& consent, bool quiet) {
  Job job = wanted;
  Outcome out(job.interval_ms * 1000000ULL);
  out.sectors = command_sectors(job, device);
  const auto units = choose_units(job.units, device.geometry());
  Layout layout = lay_out(job, device.geometry(), take_stock(device, units), out.sectors);
  out.units = layout.units;
  out.read_chunks = layout.read_chunks;
  out.lanes = layout.lanes;
  out.write_chunks = static_cast<std::uint32_t>(layout.touched.size() - layout.fill.size());
  if (!job.seconds && !job.count) {
    // A pass over the chunks: resets wear them out.
    if (job.workload == Workload::reset) {
      job.count = out.write_chunks;
    } else {
      job.seconds = kSeconds;
    }
  }
  if (!layout.touched.empty()) consent(layout);

  const Interruptible interruptible;
  const SweepOptions options = sweep_options(job, device, quiet);
  Workers workers;
  for (std::uint32_t i = 0; i < job.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(device, job, std::move(layout.shares[i]), out.sectors, i));
  }
  prepare(device, layout, options);
  measure(workers, job, out, quiet);
  if (job.writing()) finish(device, workers, job, options, out);
  out.interrupted = interrupted();
  return out;
}

}  // namespace tools::bench
