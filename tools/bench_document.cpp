// SPDX-License-Identifier: BSD-2-Clause
// A run as a JSON document.
#include <fmt/format.h>

#include "bench_report.hpp"

namespace tools::bench {
namespace {

constexpr int kSchema = 1;

Json settings(const lightnvm::Device& device, const Job& job, const Outcome& o) {
  return {{"operation", name_of(job.workload)},
          {"order", job.random ? "random" : "sequential"},
          {"addressing", Wording(device, job.vector).vector() ? "vector" : "scalar"},
          {"sectors", o.sectors},
          {"nbytes", std::uint64_t{o.sectors} * device.geometry().sector_bytes},
          {"depth", job.depth},
          {"threads", job.threads},
          {"reads", job.workload == Workload::mixed ? Json(job.reads) : Json()},
          {"rate", job.rate == 0 ? Json() : Json(job.rate)},
          {"timing", job.timing == Timing::batch ? "batch" : "command"},
          {"verify", job.verify},
          {"seed", job.seed},
          {"punits", o.units},
          {"chunks_read", o.read_chunks},
          {"chunks_written", o.write_chunks},
          {"open", o.lanes}};
}

Json latency(const Histogram& h) {
  Json json = {{"min", h.least()}, {"mean", h.mean()}};
  for (const Percentile& p : percentiles()) json[std::string(p.name)] = h.percentile(p.percent);
  json["max"] = h.greatest();
  Json from = Json::array(), counts = Json::array();
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (h.count(i) == 0) continue;
    from.push_back(Histogram::first_of(i));
    counts.push_back(h.count(i));
  }
  json["histogram"] = {{"from", std::move(from)}, {"counts", std::move(counts)}};
  return json;
}

Json kind(const Tally& t, const Outcome& o) {
  constexpr double kMega = 1e6, kNanoseconds = 1e9;
  const double rate = o.seconds > 0 ? 1 / o.seconds : 0;
  Json errors = Json::array();
  for (const Errors::Entry& e : t.errors.entries()) {
    errors.push_back({{"status", e.first.status.message()},
                      {"count", e.count},
                      {"first", fmt::format("{:#018x}", e.first.address.value)}});
  }
  const auto counts = t.series.whole(static_cast<std::uint64_t>(o.seconds * kNanoseconds));
  return {{"commands", t.latency.total()},
          {"nbytes", t.bytes},
          {"iops", static_cast<double>(t.latency.total()) * rate},
          {"mbsec", static_cast<double>(t.bytes) / kMega * rate},
          {"errors", std::move(errors)},
          {"latency", latency(t.latency)},
          {"intervals",
           {{"seconds", static_cast<double>(t.series.interval()) / kNanoseconds},
            {"counts", std::vector<std::uint64_t>(counts.begin(), counts.end())}}}};
}

Json verdict(const Verdict& v, const lightnvm::Geometry& g) {
  Json first = Json::array();
  for (const Mismatch& m : v.first) {
    first.push_back({{"address", fmt::format("{:#018x}", m.address.value)},
                     {"group", m.address.group()},
                     {"punit", m.address.unit()},
                     {"chunk", m.address.chunk()},
                     {"sector", g.sector_number(m.address)},
                     {"offset", m.offset},
                     {"expected", fmt::format("{:#018x}", m.expected)},
                     {"found", fmt::format("{:#018x}", m.found)}});
  }
  return {{"sectors", v.sectors}, {"mismatches", v.mismatches}, {"first", std::move(first)}};
}

}  // namespace

Json document(const lightnvm::Device& device, const Job& job, const Outcome& o) {
  Json kinds = Json::object();
  for (std::size_t k = 0; k < kKinds; ++k) {
    const Tally& t = o.tallies[k];
    if (t.latency.total() != 0 || t.errors.total() != 0) {
      kinds[std::string(name_of(static_cast<Kind>(k)))] = kind(t, o);
    }
  }
  Json troubles = Json::array();
  for (const Trouble& t : o.troubles) {
    troubles.push_back({{"address", fmt::format("{:#018x}", t.address.value)}, {"status", t.status.message()}});
  }
  return {{"nvm_bench", kSchema},
          {"version", version()},
          {"device", device.ident()},
          {"backend", device.backend()},
          {"spec", device.version() == lightnvm::SpecVersion::ocssd12 ? "1.2" : "2.0"},
          {"workload", settings(device, job, o)},
          {"elapsed", o.seconds},
          {"operations", std::move(kinds)},
          {"verify", job.verify ? verdict(o.verdict, device.geometry()) : Json()},
          {"afterwards", std::move(troubles)},
          {"behind", o.behind},
          {"exhausted", o.exhausted},
          {"interrupted", o.interrupted},
          {"good", o.good()}};
}

}  // namespace tools::bench
