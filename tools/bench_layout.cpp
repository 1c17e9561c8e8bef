// SPDX-License-Identifier: BSD-2-Clause
// Chunks are chosen in the order of their addresses, units side by side, and dealt to the threads in turn.
#include "bench_layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common.hpp"

namespace tools::bench {
namespace {

using lightnvm::Address;
using lightnvm::Geometry;

constexpr std::uint32_t kChunks = 4;  // of a unit, where chunks are written and nobody says how many

// One unit's chunks for each purpose.
struct Chosen {
  std::vector<Held> reads, writes;
};

class Planner {
 public:
  Planner(const Job& job, const Geometry& geometry, const std::vector<Stock>& stock, std::uint32_t sectors)
      : job_(job), geometry_(geometry), stock_(stock), sectors_(sectors) {}

  Layout plan() {
    layout_.shares.resize(job_.threads);
    layout_.units = static_cast<std::uint32_t>(stock_.size());
    for (const Stock& s : stock_) chosen_.push_back(choose(s));
    if (job_.reading()) deal_reads();
    if (job_.writing()) deal_lanes();
    std::ranges::sort(layout_.touched);
    return std::move(layout_);
  }

 private:
  [[nodiscard]] std::uint32_t open_wanted() const {
    const auto units = static_cast<std::uint32_t>(stock_.size());
    const std::uint32_t least = (job_.threads + units - 1) / units;
    // Resets do not wait for each other as the writes of a chunk do.
    const bool wide = job_.workload == Workload::reset && !job_.open;
    const std::uint64_t all = std::uint64_t{job_.depth} * job_.threads;
    return std::max(least, wide ? static_cast<std::uint32_t>((all + units - 1) / units) : job_.open.value_or(1));
  }

  void touch(const Held& h) {
    layout_.touched.push_back(h.address);
    if (h.written == 0) return;
    ++layout_.with_data;
    const bool resettable = geometry_.has_planes() || geometry_.early_reset || !h.open;
    if (!resettable) layout_.finish.push_back(h);
  }

  Chosen choose(const Stock& stock) {
    Chosen chosen;
    std::vector<Held> usable;
    for (const Held& h : stock.chunks) {
      if (h.written == 0 || job_.overwrite) usable.push_back(h);
    }
    auto next = usable.begin();
    const std::uint32_t wanted = job_.chunks.value_or(kChunks);
    if (job_.reading() && job_.prepare) {
      for (; next != usable.end() && chosen.reads.size() < wanted; ++next) {
        if (next->sectors < sectors_) continue;
        touch(*next);
        layout_.fill.push_back(*next);
        chosen.reads.push_back(*next);
        chosen.reads.back().readable = next->sectors;
      }
    } else if (job_.reading()) {
      for (const Held& h : stock.chunks) {
        if (h.readable >= sectors_ && chosen.reads.size() < job_.chunks.value_or(~0U)) chosen.reads.push_back(h);
      }
    }
    if (!job_.writing()) return chosen;
    const auto read = [&](const Held& h) { return std::ranges::count(chosen.reads, h.address, &Held::address) != 0; };
    for (; next != usable.end() && chosen.writes.size() < std::max(wanted, open_wanted()); ++next) {
      if (read(*next)) continue;
      touch(*next);
      chosen.writes.push_back(*next);
      // What was written, whoever did it, is reset before it is written again.
      if (next->written != 0) chosen.writes.back().written = next->sectors;
    }
    return chosen;
  }

  // Rows are dealt out where there are enough of them; otherwise the threads read the same chunks.
  void deal_reads() {
    std::vector<std::vector<Held>> rows;
    for (std::size_t i = 0, before = ~0U; before != layout_.read_chunks; ++i) {
      before = layout_.read_chunks;
      std::vector<Held> row;
      for (const Chosen& c : chosen_) {
        if (i < c.reads.size()) row.push_back(c.reads[i]);
      }
      layout_.read_chunks += static_cast<std::uint32_t>(row.size());
      if (!row.empty()) rows.push_back(std::move(row));
    }
    if (rows.empty()) {
      const std::string_view help = job_.prepare ? "no free chunk in these units: --overwrite takes those with data"
                                                 : "nothing is written that could be read: --prepare writes it first";
      throw Failure("nvm_bench", std::string(help), ENODATA);
    }
    for (std::size_t t = 0; t < job_.threads; ++t) {
      if (rows.size() < job_.threads) layout_.shares[t].rows = rows;
      for (std::size_t i = t; i < rows.size() && rows.size() >= job_.threads; i += job_.threads) {
        layout_.shares[t].rows.push_back(rows[i]);
      }
    }
  }

  // How many chunks of the unit may be open beside those that are.
  [[nodiscard]] std::uint32_t room(std::size_t unit) const {
    if (geometry_.max_open_unit == 0) return ~0U;
    return geometry_.max_open_unit - std::min(geometry_.max_open_unit, still_open(unit));
  }
  [[nodiscard]] std::uint32_t still_open(std::size_t unit) const {
    const auto ours = std::ranges::count(chosen_[unit].writes, true, &Held::open) +
                      std::ranges::count_if(chosen_[unit].reads, [&](const Held& h) { return h.open && job_.prepare; });
    return stock_[unit].open - static_cast<std::uint32_t>(ours);
  }

  [[nodiscard]] std::uint32_t most_lanes() const {
    if (geometry_.max_open == 0) return ~0U;
    std::uint32_t open = 0;
    for (std::size_t u = 0; u < stock_.size(); ++u) open += still_open(u);
    return geometry_.max_open - std::min(geometry_.max_open, open);
  }

  void deal_lanes() {
    std::vector<Lane> lanes;
    const std::uint32_t open = open_wanted(), most = most_lanes();
    for (std::uint32_t j = 0; j < open; ++j) {
      for (std::size_t u = 0; u < chosen_.size() && lanes.size() < most; ++u) {
        const auto& all = chosen_[u].writes;
        const std::size_t step = std::min({std::size_t{open}, all.size(), std::size_t{room(u)}});
        if (j >= step) continue;
        Lane lane;
        for (std::size_t i = j; i < all.size(); i += step) lane.chunks.push_back(all[i]);
        lanes.push_back(std::move(lane));
      }
    }
    if (lanes.empty() && layout_.touched.size() == layout_.fill.size()) {
      throw Failure("nvm_bench", "no free chunk in these units: --overwrite takes those with data", ENOSPC);
    }
    if (lanes.size() < job_.threads) {
      throw Failure("FAILED", fmt::format("no more than {} can be open here at a time, and each of {} needs one",
                                          counted(lanes.size(), "chunk"), counted(job_.threads, "thread")));
    }
    layout_.lanes = static_cast<std::uint32_t>(lanes.size());
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      layout_.shares[i % job_.threads].lanes.push_back(std::move(lanes[i]));
    }
  }

  const Job& job_;
  const Geometry& geometry_;
  const std::vector<Stock>& stock_;
  std::uint32_t sectors_;
  std::vector<Chosen> chosen_;
  Layout layout_;
};

}  // namespace

Layout lay_out(const Job& job, const Geometry& geometry, const std::vector<Stock>& stock, std::uint32_t sectors) {
  return Planner(job, geometry, stock, sectors).plan();
}

std::uint32_t written_before_reset(const Geometry& g, const Held& chunk) noexcept {
  if (g.has_planes() || g.multiple_resets) return 0;
  return g.early_reset ? g.ws_min : chunk.sectors;
}

}  // namespace tools::bench
