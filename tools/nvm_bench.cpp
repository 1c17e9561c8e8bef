// SPDX-License-Identifier: BSD-2-Clause
// nvm_bench: how fast a device is, for people: workloads, latencies, drawings, and two runs side by side.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include "bench_compare.hpp"
#include "bench_report.hpp"
#include "bench_run.hpp"
#include "chunk_listing.hpp"
#include "common.hpp"
#include "terminal.hpp"

namespace {

using tools::Failure;
using tools::Output;
namespace bench = tools::bench;

constexpr const char* kCall = "nvm_bench";

struct Arguments {
  std::string ident, timing = "command";
  bench::Job job;
  std::string seconds;
  bool yes = false, brief = false;
};

/// Says what will be overwritten, and has it confirmed.
void confirm(const Arguments& a, const bench::Layout& layout) {
  if (a.yes) return;
  constexpr std::size_t kShown = 64;
  fmt::print(stderr, "# nvm_bench resets and writes these {} of {}, of which {} data that will be lost:\n# {}\n",
             tools::counted(layout.touched.size(), "chunk"), a.ident,
             layout.with_data == 0 ? "none has" : fmt::format("{} have", layout.with_data),
             tools::chunk_list(layout.touched, kShown));
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
    throw Failure(kCall, "not without --yes, as there is no terminal to ask on");
  }
  fmt::print(stderr, "# Go on? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") throw Failure(kCall, "nothing was done", ECANCELED);
}

void check_numbers(bench::Job& job) {
  constexpr std::uint32_t kMostThreads = 256, kMostDepth = 65535;
  const auto within = [](std::string_view name, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value < least || value > most) {
      throw Failure("FAILED", fmt::format("{} is {} to {}, not {}", name, least, most, value));
    }
  };
  within("--depth", job.depth, 1, kMostDepth);
  within("--threads", job.threads, 1, kMostThreads);
  within("--reads", job.reads, 0, 100);
  within("--interval", job.interval_ms, 1, 60000);
  if (job.count) within("--count", *job.count, 1, ~0ULL);
  if (job.chunks) within("--chunks", *job.chunks, 1, lightnvm::kMaxChunks);
  if (job.open) within("--open", *job.open, 1, lightnvm::kMaxChunks);
  if (job.sectors && job.bytes) throw Failure("FAILED", "--size and --sectors say the same: one of them is enough");
}

std::optional<double> seconds_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  constexpr double kMost = 1e6;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(value > 0) || value > kMost) {
    throw Failure("FAILED", fmt::format("--time: '{}' is no number of seconds above 0", text));
  }
  return value;
}

void measure(Arguments a, Output& out) {
  a.job.seconds = seconds_of(a.seconds);
  a.job.timing = a.timing == "batch" ? bench::Timing::batch : bench::Timing::command;
  check_numbers(a.job);
  lightnvm::Device device = tools::open_device(a.ident);
  if (device.version() == lightnvm::SpecVersion::none) throw Failure(kCall, "the device speaks nothing known", ENOTSUP);
  const bool writes = a.job.writing() || a.job.prepare;
  if (writes && device.read_only()) throw Failure(kCall, "the device was opened for a look only", EROFS);
  const bench::Outcome o =
      bench::run(device, a.job, [&](const bench::Layout& layout) { confirm(a, layout); }, out.json());
  out.text(bench::headline(device, a.job, o));
  out.text(bench::table(o));
  const bench::Canvas canvas{tools::columns_of(STDOUT_FILENO), tools::speaks_utf8()};
  for (std::size_t k = 0; k < bench::kKinds && !a.brief; ++k) {
    const bench::Tally& t = o.tallies[k];
    const auto name = bench::name_of(static_cast<bench::Kind>(k));
    if (t.latency.total() == 0) continue;
    constexpr double kNanoseconds = 1e9;
    out.text("\n" + bench::drawing(t.latency, name, canvas));
    out.text(bench::sparkline(t.series, static_cast<std::uint64_t>(o.seconds * kNanoseconds), name, canvas));
  }
  if (a.job.verify && o.verdict.mismatches == 0) {
    out.text(fmt::format("verified: {}, all as written\n", tools::counted(o.verdict.sectors, "sector")));
  }
  if (out.json()) out.document() = bench::document(device, a.job, o);
  const std::string complaints = bench::complaints(device, o);
  if (!complaints.empty()) {
    (void)std::fflush(stdout);
    fmt::print(stderr, "{}", complaints);
  }
  if (!o.good())
    throw Failure(kCall, o.verdict.mismatches != 0 ? "what was read is not what was written" : "some commands failed",
                  EIO);
}

void compare(const std::string& a, const std::string& b, Output& out) {
  const tools::Json runs[] = {bench::read_run(a), bench::read_run(b)};
  out.text(fmt::format("# A: {}\n# B: {}\n", a, b));
  out.text(bench::comparison(runs[0], runs[1]));
  if (out.json()) out.document() = bench::comparison_json(runs[0], runs[1]);
}

void add_workload(tools::Tool& tool, bench::Workload workload, const std::string& purpose,
                  const std::string& examples) {
  const auto a = std::make_shared<Arguments>();
  a->job.workload = workload;
  bench::Job& job = a->job;
  CLI::App* sub =
      tool.command(std::string(bench::name_of(workload)), purpose, examples, [a](Output& out) { measure(*a, out); });
  sub->add_option("dev_path", a->ident, "Device: a path, or BACKEND:IDENT")->required()->type_name("");
  if (workload != bench::Workload::reset) {
    tools::add_size(sub, "--size", job.bytes, "Bytes of a command (K, M may follow)");
    tools::add_number(sub, "--sectors", job.sectors, "The same in sectors");
    sub->add_flag("--vector", job.vector, "Commands with lists of addresses");
    sub->add_flag("--verify", job.verify, "Pattern by seed and address; compare what is read");
  }
  sub->add_flag("--random", job.random, "At random instead of one after another");
  tools::add_number(sub, "--depth", job.depth, "Commands in flight, of each thread (32)");
  tools::add_number(sub, "--threads", job.threads, "Threads, a queue each (1)");
  sub->add_option("--time", a->seconds, "Seconds (5)")->type_name("S");
  tools::add_number(sub, "--count", job.count, "Commands, of all threads");
  tools::add_number(sub, "--rate", job.rate, "Commands a second; latency from when each was due");
  sub->add_option("--punits", job.units, "Parallel units: all, a number of them, or one as G.U")->type_name("N|G.U");
  tools::add_number(sub, "--chunks", job.chunks, "Chunks of each unit");
  if (job.reading()) {
    sub->add_flag("--prepare", job.prepare, "Write what will be read first");
  }
  if (workload == bench::Workload::mixed) tools::add_number(sub, "--reads", job.reads, "Percent of reads (70)");
  if (job.writing()) tools::add_number(sub, "--open", job.open, "Chunks of each unit to write side by side (1)");
  sub->add_flag("--overwrite", job.overwrite, "Use chunks that hold data, too");
  sub->add_flag("-y,--yes", a->yes, "Do not ask before chunks are overwritten");
  tools::add_number(sub, "--seed", job.seed, "Which addresses, which data: the same seed, the same run (1)");
  sub->add_option("--timing", a->timing, "The clock is read by command or by batch")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"command", "batch"}).description(""));
  tools::add_number(sub, "--interval", job.interval_ms, "Milliseconds of an interval of the time series (100)");
  sub->add_flag("-b,--brief", a->brief, "The table alone");
}

}  // namespace

int main(int argc, char** argv) {
  tools::Tool tool(kCall, "NVM Bench: how fast a device is",
                   "  nvm_bench read 'emu:?groups=8&punits=4' --prepare --yes --random\n"
                   "  nvm_bench write ocssd.img --threads 2 --time 10\n"
                   "  nvm_bench compare before.json after.json\n");
  using bench::Workload;
  add_workload(tool, Workload::read, "Read what is written",
               "  nvm_bench read ocssd.img --random --depth 32 --time 10\n"
               "  nvm_bench read ocssd.img --prepare --yes --verify\n");
  add_workload(tool, Workload::write, "Write free chunks, and reset them when they are full",
               "  nvm_bench write ocssd.img --size 256K --open 2\n"
               "  nvm_bench write ocssd.img --punits 1 --verify --count 1000\n");
  add_workload(tool, Workload::mixed, "Read some chunks while others are written",
               "  nvm_bench mixed ocssd.img --prepare --reads 70 --random\n");
  add_workload(tool, Workload::reset, "Reset chunks, each once unless told otherwise",
               "  nvm_bench reset ocssd.img --chunks 10\n");
  const auto files = std::make_shared<std::pair<std::string, std::string>>();
  CLI::App* sub = tool.command("compare", "Two runs side by side, from their --json",
                               "  nvm_bench read ocssd.img --json > a.json\n"
                               "  nvm_bench compare a.json b.json\n",
                               [files](Output& out) { compare(files->first, files->second, out); });
  sub->add_option("A", files->first, "Document of a run")->required()->type_name("");
  sub->add_option("B", files->second, "Document of another one")->required()->type_name("");
  return tool.run(argc, argv);
}
