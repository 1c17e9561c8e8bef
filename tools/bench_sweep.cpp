// SPDX-License-Identifier: BSD-2-Clause
// A queue over chunks: each place of it takes one chunk from its beginning to its end.
#include "bench_sweep.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "common.hpp"
#include "progress.hpp"

namespace tools::bench {
namespace {

using lightnvm::Address;
using lightnvm::Buffer;
using lightnvm::Completion;
using lightnvm::Device;
using lightnvm::Queue;
using lightnvm::Status;

constexpr std::uint32_t kPlaces = 32;

// One chunk on its way.
struct Place {
  Buffer buffer;
  std::array<Address, lightnvm::kMaxAddresses> list;
  Extent extent;
  std::uint32_t count = 0;
};

class Sweep {
 public:
  Sweep(Device& device, const SweepOptions& options, Verdict* verdict, std::uint32_t places)
      : device_(device),
        options_(options),
        wording_(device, false),
        most_(sweep_sectors(device, wording_)),
        queue_(open(device, places)),
        verdict_(verdict),
        places_(queue_.depth()) {
    for (Place& p : places_) {
      auto buffer = device.allocate(std::size_t{most_} * device.geometry().sector_bytes);
      if (!buffer) throw Failure("nvm_buf_alloc", buffer.error());
      p.buffer = std::move(*buffer);
    }
  }

  void run(std::span<const Extent> extents, Progress& progress, std::uint64_t& done) {
    left_ = extents;
    for (Place& p : places_) take(p);
    while (queue_.in_flight() != 0) {
      if (const auto n = queue_.wait(); !n) throw Failure("nvm_async_wait", n.error());
      progress.set(done + moved_);
    }
    done += moved_;
    moved_ = 0;
  }
  [[nodiscard]] std::vector<Trouble> troubles() { return std::move(troubles_); }

 private:
  static Queue open(Device& device, std::uint32_t places) {
    auto queue = device.open_queue(places);
    if (!queue) throw Failure("nvm_async_init", queue.error());
    return std::move(*queue);
  }

  [[nodiscard]] bool stopped() const { return options_.stoppable && interrupted(); }

  // The next chunk for a place that has none.
  void take(Place& p) {
    while (!left_.empty() && !stopped()) {
      p.extent = left_.front();
      left_ = left_.subspan(1);
      if (step(p)) return;
    }
  }

  // The place's next command; false where its chunk is done.
  bool step(Place& p) {
    if (p.extent.first >= p.extent.end || stopped()) return false;
    p.count = std::min(most_, p.extent.end - p.extent.first);
    const auto sectors = wording_.sectors(p.extent.chunk, p.extent.first, std::span(p.list).first(p.count));
    const std::size_t bytes = std::size_t{p.count} * device_.geometry().sector_bytes;
    const auto ended = [this, &p](const Completion& c) { finish(p, c.status); };
    Status s;
    if (verdict_ != nullptr) {
      s = queue_.read(sectors, p.buffer.span().first(bytes), ended);
    } else {
      for_each_sector(p, [&](std::span<std::byte> sector, Address a) { put_pattern(sector, options_.seed, a); });
      s = queue_.write(sectors, p.buffer.span().first(bytes), ended, wording_.options());
    }
    if (!s) troubles_.push_back({p.extent.chunk, s});
    return s.ok();
  }

  template <typename F>
  void for_each_sector(Place& p, F&& f) {
    const auto& g = device_.geometry();
    for (std::uint32_t i = 0; i < p.count; ++i) {
      f(p.buffer.span().subspan(std::size_t{i} * g.sector_bytes, g.sector_bytes),
        g.sector_address(p.extent.chunk, p.extent.first + i));
    }
  }

  void finish(Place& p, Status status) {
    if (!status) {
      troubles_.push_back({device_.geometry().sector_address(p.extent.chunk, p.extent.first), status});
      if (verdict_ == nullptr) return take(p);
    } else if (verdict_ != nullptr) {
      verdict_->sectors += p.count;
      for_each_sector(p, [&](std::span<std::byte> sector, Address a) {
        if (const auto wrong = check_pattern(sector, options_.seed, a)) verdict_->found(*wrong);
      });
    }
    moved_ += std::uint64_t{p.count} * device_.geometry().sector_bytes;
    p.extent.first += p.count;
    if (!step(p)) take(p);
  }

  Device& device_;
  const SweepOptions& options_;
  Wording wording_;
  std::uint32_t most_;
  Queue queue_;
  Verdict* verdict_;
  std::vector<Place> places_;
  std::span<const Extent> left_;
  std::vector<Trouble> troubles_;
  std::uint64_t moved_ = 0;
};

std::uint64_t bytes_of(std::span<const Extent> extents, const Device& device) {
  std::uint64_t sectors = 0;
  for (const Extent& e : extents) sectors += e.end - e.first;
  return sectors * device.geometry().sector_bytes;
}

// The first chunk of each unit, then the second of each ...; where such rows end.
std::vector<std::size_t> into_rows(std::vector<Extent>& extents) {
  std::map<std::uint64_t, std::uint32_t> seen;
  std::vector<std::pair<std::uint32_t, Extent>> ranked;
  for (const Extent& e : extents) ranked.emplace_back(seen[e.chunk.value >> 48]++, e);
  std::ranges::stable_sort(ranked, {}, [](const auto& r) { return r.first; });
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    extents[i] = ranked[i].second;
    if (i + 1 == ranked.size() || ranked[i + 1].first != ranked[i].first) ends.push_back(i + 1);
  }
  return ends;
}

std::uint32_t places_for(Device& device, std::size_t extents, std::uint32_t most) {
  const std::size_t wanted = std::min<std::size_t>(extents, std::min(most, kPlaces));
  // What a queue of this route has at most.
  const auto usual = device.open_queue();
  const std::uint32_t deepest = usual ? usual->depth() : 1;
  return std::clamp<std::uint32_t>(static_cast<std::uint32_t>(wanted), 1, deepest);
}

}  // namespace

void Verdict::add(const Verdict& other) {
  sectors += other.sectors;
  mismatches += other.mismatches;
  for (const Mismatch& m : other.first) {
    if (first.size() < kKept) first.push_back(m);
  }
}

std::vector<Trouble> reset_all(Device& device, std::span<const Address> chunks) {
  std::vector<Trouble> troubles;
  const Wording wording(device, false);
  for (const Address a : chunks) {
    const Status s = device.reset(lightnvm::Sectors::vector(a, 1), {}, wording.options()).status;
    if (!s) troubles.push_back({a, s});
  }
  return troubles;
}

std::vector<Trouble> fill(Device& device, std::vector<Extent> extents, const SweepOptions& options) {
  if (extents.empty()) return {};
  Progress progress({.what = "fill", .total = bytes_of(extents, device), .quiet = options.quiet});
  const std::vector<std::size_t> ends = into_rows(extents);
  Sweep sweep(device, options, nullptr, places_for(device, extents.size(), std::max(options.most_open, 1U)));
  std::uint64_t done = 0;
  std::size_t first = 0;
  for (const std::size_t end : ends) {
    sweep.run(std::span(extents).subspan(first, end - first), progress, done);
    first = end;
  }
  return sweep.troubles();
}

std::vector<Trouble> verify(Device& device, const std::vector<Extent>& extents, const SweepOptions& options,
                            Verdict& verdict) {
  if (extents.empty()) return {};
  Progress progress({.what = "verify", .total = bytes_of(extents, device), .quiet = options.quiet});
  Sweep sweep(device, options, &verdict, places_for(device, extents.size(), kPlaces));
  std::uint64_t done = 0;
  sweep.run(extents, progress, done);
  return sweep.troubles();
}

}  // namespace tools::bench
