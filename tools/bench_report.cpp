// SPDX-License-Identifier: BSD-2-Clause
// Tables and drawings.
#include "bench_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "terminal.hpp"

namespace tools::bench {
namespace {

constexpr std::array<Percentile, 5> kPercentiles = {
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};
constexpr double kNanoseconds = 1e9, kMega = 1e6;

std::string microseconds(double ns) {
  const double us = ns / 1000;
  return fmt::format("{:.{}f}", us, us < 100 ? 2 : us < 1000 ? 1 : 0);
}

std::string time_of(double ns) {
  constexpr std::array<const char*, 4> kUnits = {"ns", "us", "ms", "s"};
  std::size_t unit = 0;
  for (; ns >= 1000 && unit + 1 < kUnits.size(); ++unit) ns /= 1000;
  return fmt::format("{:.{}f} {}", ns, ns < 10 && unit != 0 ? 2 : ns < 100 && unit != 0 ? 1 : 0, kUnits[unit]);
}

// "1.23 M", four characters and a letter.
std::string short_number(double n) {
  constexpr std::array<const char*, 4> kUnits = {"", " k", " M", " G"};
  std::size_t unit = 0;
  for (; n >= 1000 && unit + 1 < kUnits.size(); ++unit) n /= 1000;
  return fmt::format("{:.{}f}{}", n, n < 10 && unit != 0 ? 2 : n < 100 && unit != 0 ? 1 : 0, kUnits[unit]);
}

bool happened(const Tally& t) { return t.latency.total() != 0 || t.errors.total() != 0; }

template <typename F>
void for_each_kind(const Outcome& o, F&& f) {
  for (std::size_t k = 0; k < kKinds; ++k) {
    if (happened(o.tallies[k])) f(static_cast<Kind>(k), o.tallies[k]);
  }
}

std::string place(const lightnvm::Geometry& g, lightnvm::Address a) {
  return fmt::format("{:#018x} ({},{},{}) sector {}", a.value, a.group(), a.unit(), a.chunk(), g.sector_number(a));
}

}  // namespace

std::span<const Percentile> percentiles() noexcept { return kPercentiles; }

std::string headline(const lightnvm::Device& device, const Job& job, const Outcome& o) {
  const std::uint64_t bytes = std::uint64_t{o.sectors} * device.geometry().sector_bytes;
  const bool vector = Wording(device, job.vector).vector();
  std::string out = fmt::format("# nvm_bench {}: {}, backend {}, OCSSD {}\n", name_of(job.workload), device.ident(),
                                device.backend(), device.version() == lightnvm::SpecVersion::ocssd12 ? "1.2" : "2.0");
  std::string how = fmt::format("# {}", job.random ? "random" : "sequential");
  if (job.workload == Workload::mixed) how += fmt::format(", {} % reads", job.reads);
  if (job.workload != Workload::reset) {
    how += fmt::format(", {} of {} ({})", vector ? "vectors" : "scalar commands", counted(o.sectors, "sector"),
                       human_bytes(bytes));
  }
  how +=
      fmt::format(", depth {}, {}, {}", job.depth, counted(job.threads, "thread"), counted(o.units, "parallel unit"));
  if (job.rate != 0) how += fmt::format(", {} a second", job.rate);
  out += how + fmt::format(", seed {}\n", job.seed);
  const std::uint64_t wanted = std::uint64_t{job.depth} * job.threads;
  if (job.writing() && o.lanes < wanted && job.workload != Workload::mixed) {
    out += fmt::format("# a chunk takes one command at a time: at most {} in flight{}\n", o.lanes,
                       device.geometry().max_open == 0 ? "; --open N writes to more chunks" : "");
  }
  return out;
}

std::string table(const Outcome& o) {
  std::string out = fmt::format("{:<12}{:>12}{:>12}{:>10}{:>9}\n", "", "commands", "IOPS", "MB/s", "errors");
  for_each_kind(o, [&](Kind kind, const Tally& t) {
    const auto n = static_cast<double>(t.latency.total());
    const double per_second = o.seconds > 0 ? 1 / o.seconds : 0;
    out += fmt::format("{:<12}{:>12}{:>12.0f}{:>10.1f}{:>9}\n", name_of(kind), t.latency.total(), n * per_second,
                       static_cast<double>(t.bytes) / kMega * per_second, t.errors.total());
  });
  out += fmt::format("\n{:<12}{:>8}{:>8}", "latency, us", "min", "mean");
  for (const Percentile& p : kPercentiles) out += fmt::format("{:>8}", p.name);
  out += fmt::format("{:>9}\n", "max");
  for_each_kind(o, [&](Kind kind, const Tally& t) {
    const Histogram& h = t.latency;
    out += fmt::format("{:<12}{:>8}{:>8}", name_of(kind), microseconds(static_cast<double>(h.least())),
                       microseconds(h.mean()));
    for (const Percentile& p : kPercentiles) {
      out += fmt::format("{:>8}", microseconds(static_cast<double>(h.percentile(p.percent))));
    }
    out += fmt::format("{:>9}\n", microseconds(static_cast<double>(h.greatest())));
  });
  return out;
}

std::string complaints(const lightnvm::Device& device, const Outcome& o) {
  const auto& g = device.geometry();
  std::string out;
  for_each_kind(o, [&](Kind kind, const Tally& t) {
    for (const Errors::Entry& e : t.errors.entries()) {
      out += fmt::format("# {}: {} ended with {}, the first at {}\n", name_of(kind), counted(e.count, "command"),
                         e.first.status.message(), place(g, e.first.address));
    }
  });
  for (const Trouble& t : o.troubles) {
    out += fmt::format("# afterwards: {}: {}\n", place(g, t.address), t.status.message());
  }
  for (const Mismatch& m : o.verdict.first) {
    out += fmt::format("# mismatch: {} byte {}: expected {:#018x}, found {:#018x}\n", place(g, m.address), m.offset,
                       m.expected, m.found);
  }
  if (o.verdict.mismatches > o.verdict.first.size()) {
    out += fmt::format("# and {} more\n", counted(o.verdict.mismatches - o.verdict.first.size(), "mismatch"));
  }
  if (o.behind != 0) {
    out += fmt::format("# {} of the rate were due and not sent before the end\n", counted(o.behind, "command"));
  }
  if (o.exhausted) out += "# no chunk is left: the run ended early\n";
  return out;
}

std::string drawing(const Histogram& h, std::string_view name, const Canvas& canvas) {
  constexpr std::size_t kMostRows = 20;
  const auto row_of = [](std::uint64_t value, unsigned parts) {
    return static_cast<std::size_t>(std::log2(std::max<double>(static_cast<double>(value), 1)) * parts);
  };
  // Each power of two is cut in as many rows as there is room for.
  unsigned parts = 8;
  while (parts > 1 && row_of(h.greatest(), parts) - row_of(h.least(), parts) >= kMostRows) parts /= 2;
  const std::size_t first = row_of(h.least(), parts);
  std::vector<std::uint64_t> rows(row_of(h.greatest(), parts) - first + 1);
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (h.count(i) == 0) continue;
    const std::uint64_t middle = (Histogram::first_of(i) + Histogram::first_of(i + 1)) / 2;
    rows[row_of(std::clamp(middle, h.least(), h.greatest()), parts) - first] += h.count(i);
  }
  constexpr unsigned kAround = 24, kWidest = 60, kNarrowest = 10;
  const unsigned width = std::clamp(canvas.columns, kAround + kNarrowest, kAround + kWidest) - kAround;
  const auto most = static_cast<double>(*std::ranges::max_element(rows));
  std::string out = fmt::format("{} latency from, share of {}\n", name, counted(h.total(), "command"));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double share = 100 * static_cast<double>(rows[i]) / static_cast<double>(h.total());
    const double least = rows[i] == 0 ? 0 : canvas.utf8 ? 1.0 / 8 : 1;
    const double length = std::max(static_cast<double>(rows[i]) / most * width, least);
    const std::string drawn = bar(length, canvas.utf8);
    out += fmt::format("{:>9} {:>8.4f} %{}{}\n", time_of(std::exp2(static_cast<double>(first + i) / parts)), share,
                       drawn.empty() ? "" : "  ", drawn);
  }
  return out;
}

std::string sparkline(const Series& series, std::uint64_t elapsed_ns, std::string_view name, const Canvas& canvas) {
  constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::string_view kAscii = "_.-:=+*#";
  constexpr unsigned kAround = 44, kNarrowest = 10;
  const auto counts = series.whole(elapsed_ns);
  if (counts.size() < 2) return {};
  const double length = static_cast<double>(std::min(series.interval(), elapsed_ns)) / kNanoseconds;
  const std::size_t width =
      std::min<std::size_t>(counts.size(), std::max(canvas.columns, kAround + kNarrowest) - kAround);
  std::vector<double> points(width);
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t from = i * counts.size() / width, to = (i + 1) * counts.size() / width;
    for (std::size_t j = from; j < to; ++j) points[i] += static_cast<double>(counts[j]);
    points[i] /= static_cast<double>(to - from) * length;
  }
  const auto [least, most] = std::ranges::minmax(points);
  std::string drawn;
  for (const double p : points) {
    const auto level = static_cast<std::size_t>(most > 0 ? std::lround(p / most * 7) : 0);
    drawn += canvas.utf8 ? kBlocks[level] : kAscii.substr(level, 1);
  }
  return fmt::format("{} IOPS, {} to {} by {}  {}\n", name, short_number(least), short_number(most),
                     time_of(static_cast<double>(series.interval())), drawn);
}

}  // namespace tools::bench
