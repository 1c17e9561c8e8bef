// SPDX-License-Identifier: BSD-2-Clause
// Documents of runs, their ratios, and what of it is more than chance.
#include "bench_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

namespace tools::bench {
namespace {

constexpr std::array<const char*, 3> kKinds = {"read", "write", "reset"};
constexpr std::array<const char*, 8> kLatencies = {"min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"};
constexpr double kShortestInterval = 1e-9;  // seconds: the clock has nanoseconds

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::vector<double> parts_of(std::span<const double> values) {
  constexpr std::size_t kParts = 15;
  const std::size_t parts = std::min(kParts, values.size());
  std::vector<double> out;
  for (std::size_t i = 0; i < parts; ++i) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * values.size() / parts);
    const auto last = values.begin() + static_cast<std::ptrdiff_t>((i + 1) * values.size() / parts);
    out.push_back(median({first, last}));
  }
  return out;
}

// What a run has measured. Other numbers would have no order, or none that means anything.
double number(const Json& value) {
  const double n = value.get<double>();
  if (!std::isfinite(n) || n < 0) throw std::runtime_error("one of its numbers is none that a run has");
  return n;
}

double ratio(double a, double b) {
  if (a == b) return 1;
  return a == 0 ? std::numeric_limits<double>::infinity() : b / a;
}

std::vector<double> speeds(const Json& kind) {
  const auto& intervals = kind.at("intervals");
  const double seconds = number(intervals.at("seconds"));
  if (seconds < kShortestInterval) throw std::runtime_error("its intervals are empty");
  std::vector<double> out;
  for (const auto& n : intervals.at("counts")) out.push_back(number(n) / seconds);
  return out;
}

// One line of the table.
struct Row {
  std::string kind, what;
  double a = 0, b = 0;
  std::optional<Ratio> speed;  // of the line with the IOPS
  bool tested = false;
};

std::vector<Row> rows_of(const Json& a, const Json& b) {
  std::vector<Row> rows;
  for (const char* kind : kKinds) {
    const auto& all_a = a.at("operations");
    const auto& all_b = b.at("operations");
    if (!all_a.contains(kind) || !all_b.contains(kind)) continue;
    const auto& ka = all_a.at(kind);
    const auto& kb = all_b.at(kind);
    rows.push_back(
        {kind, "IOPS", number(ka.at("iops")), number(kb.at("iops")), compare_speeds(speeds(ka), speeds(kb)), true});
    rows.push_back({kind, "MB/s", number(ka.at("mbsec")), number(kb.at("mbsec")), {}, false});
    for (const char* name : kLatencies) {
      rows.push_back({kind,
                      fmt::format("{}, us", name),
                      number(ka.at("latency").at(name)) / 1000,
                      number(kb.at("latency").at(name)) / 1000,
                      {},
                      false});
    }
  }
  return rows;
}

std::string_view verdict_of(const Row& r) {
  if (!r.tested) return "";
  if (!r.speed) return "too few intervals";
  if (!r.speed->differs()) return "no difference";
  return r.speed->low > 1 ? "B is faster" : "B is slower";
}

std::string differing(const Json& a, const Json& b) {
  std::string out;
  for (const auto& [name, value] : a.at("workload").items()) {
    const Json other = b.at("workload").value(name, Json());
    if (other != value) out += fmt::format("# {}: A has {}, B has {}\n", name, value.dump(), other.dump());
  }
  return out;
}

// Everything that the comparison needs is there and is a number where it should be one.
void check_run(const Json& run) {
  if (run.at("nvm_bench") != Json(1)) throw std::runtime_error("its schema is newer than this tool");
  if (!run.at("workload").is_object() || !run.at("device").is_string()) throw std::runtime_error("it is no run");
  (void)rows_of(run, run);
}

}  // namespace

std::optional<Ratio> compare_speeds(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kLeast = 5;
  constexpr double kQuantile = 2.576;  // of the normal distribution, 99 % on both sides
  if (a.size() < kLeast || b.size() < kLeast) return std::nullopt;
  const auto pa = parts_of(a), pb = parts_of(b);
  std::vector<double> ratios;
  for (const double x : pa) {
    for (const double y : pb) ratios.push_back(ratio(x, y));
  }
  std::ranges::sort(ratios);
  const auto n = static_cast<double>(pa.size()), m = static_cast<double>(pb.size());
  const double cut = n * m / 2 - kQuantile * std::sqrt(n * m * (n + m + 1) / 12);
  const auto skip = static_cast<std::size_t>(std::max(std::floor(cut), 0.0));
  return Ratio{median(ratios), ratios[skip], ratios[ratios.size() - 1 - skip]};
}

Json read_run(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Failure("nvm_bench", fmt::format("{}: {}", path, std::strerror(errno)), errno);
  try {
    const Json run = Json::parse(file);
    check_run(run);
    return run;
  } catch (const Json::exception&) {
    throw Failure("nvm_bench", fmt::format("{}: is no document of nvm_bench --json", path));
  } catch (const std::exception& e) {
    throw Failure("nvm_bench", fmt::format("{}: {}", path, e.what()));
  }
}

std::string comparison(const Json& a, const Json& b) {
  std::string out = fmt::format("{:<18}{:>13}{:>13}{:>9}\n", "", "A", "B", "B / A");
  for (const Row& r : rows_of(a, b)) {
    out += fmt::format("{:<6}{:<12}{:>13.2f}{:>13.2f}{:>9.3f}", r.kind, r.what, r.a, r.b, ratio(r.a, r.b));
    if (r.speed) out += fmt::format("  {:.3f} to {:.3f}", r.speed->low, r.speed->high);
    if (r.tested) out += fmt::format("{} {}", r.speed ? ":" : " ", verdict_of(r));
    out += "\n";
  }
  return differing(a, b) + out;
}

Json comparison_json(const Json& a, const Json& b) {
  Json rows = Json::array();
  for (const Row& r : rows_of(a, b)) {
    const double q = ratio(r.a, r.b);
    Json row = {{"operation", r.kind}, {"what", r.what}, {"a", r.a}, {"b", r.b}, {"ratio", q}};
    if (r.tested) row["verdict"] = verdict_of(r);
    if (r.speed) row["interval"] = {r.speed->low, r.speed->high};
    rows.push_back(std::move(row));
  }
  return {{"comparison", std::move(rows)}};
}

}  // namespace tools::bench
