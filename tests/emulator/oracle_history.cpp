// SPDX-License-Identifier: BSD-2-Clause
// How an order of events is searched for: depth first over what changes a chunk; what only looks is placed as soon as
// it fits.
#include "emulator/oracle_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "spec/build.hpp"

namespace lightnvm::oracle {
namespace {

constexpr std::uint64_t kMostSteps = 200000;

bool changes(const Event& e) {
  if (e.kind == Event::Kind::write) return e.code == kSuccess;
  return e.kind == Event::Kind::reset && (e.code == kSuccess || e.code == kOfflineChunk);
}

bool overlap(const Event& a, const Event& b) { return a.begin <= b.end && b.begin <= a.end; }

}  // namespace

struct History::Search {
  Oracle& oracle;
  std::uint64_t chunk;
  bool may_fail;
  std::vector<Event> events;  ///< by their begin
  std::vector<char> done;
  std::size_t left = 0;
  std::uint64_t steps = 0;
  std::size_t furthest = ~std::size_t{0};
  std::string stuck;

  [[nodiscard]] Chunk& state() const { return oracle.chunk(chunk); }

  /// Events that may come next: nothing that is left ended before they began.
  [[nodiscard]] std::vector<std::size_t> candidates() const {
    std::uint64_t first_end = ~0ULL;
    for (std::size_t i = 0; i < events.size() && events[i].begin <= first_end; ++i) {
      if (done[i] == 0) first_end = std::min(first_end, events[i].end);
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < events.size() && events[i].begin <= first_end; ++i) {
      if (done[i] == 0) found.push_back(i);
    }
    return found;
  }

  [[nodiscard]] bool read_fits(const Event& e) const {
    bool all = true;
    for (std::uint64_t i = 0; i < e.count; ++i) {
      const std::uint64_t lba = oracle.lba(chunk, e.first + i);
      all = all && oracle.readable(lba);
      if (!e.content.empty() && oracle.reads_as(lba) != e.content[i]) return false;
    }
    if (e.code == kUnwritten) return !all;
    return all || !oracle.dulbe;
  }

  /// Whether the event can happen now; if so, its effect.
  [[nodiscard]] bool apply(const Event& e) const {
    if (e.kind == Event::Kind::read) return read_fits(e);
    if (e.kind == Event::Kind::report) return oracle.descriptor(chunk) == e.report;
    Request r;
    const std::uint64_t lba = oracle.lba(chunk, e.first);
    if (e.kind == Event::Kind::write) {
      r.command = spec::build::transfer(spec::IoOpcode::write, 1, lba, static_cast<std::uint32_t>(e.count));
      r.data_bytes = e.count * oracle.geometry().sector_bytes;
      r.metadata_bytes = e.count * oracle.geometry().oob_bytes;
      r.content = e.content;
    } else {
      r.command = spec::build::vector(spec::IoOpcode::vector_reset, 1, 1);
      r.list.push_back(lba);
    }
    const std::uint16_t code = oracle.io(r).code;
    if (e.kind == Event::Kind::reset && e.code == kOfflineChunk && code == kSuccess) {
      state().state = kOffline;
      state().cycles = cycles_before;
      return may_fail;
    }
    return code == e.code;
  }

  bool run() {
    if (++steps > kMostSteps) return false;
    // Looking changes nothing, so whatever fits now need not wait.
    std::vector<std::size_t> placed;
    std::vector<std::size_t> next = candidates();
    for (bool again = true; again;) {
      again = false;
      for (const std::size_t i : next) {
        if (changes(events[i]) || done[i] != 0 || !looks_right(events[i])) continue;
        done[i] = 1;
        placed.push_back(i);
        again = true;
      }
      if (again) next = candidates();
    }
    left -= placed.size();
    if (left == 0 || branch(next)) return true;
    note(next);
    left += placed.size();
    for (const std::size_t i : placed) done[i] = 0;
    return false;
  }

  /// Of resets that end alike and may all come next, only the one that must come first need be tried.
  [[nodiscard]] bool later_twin(std::size_t i, const std::vector<std::size_t>& next) const {
    return events[i].kind == Event::Kind::reset && std::ranges::any_of(next, [&](std::size_t j) {
             const Event &a = events[i], &b = events[j];
             return done[j] == 0 && a.kind == b.kind && a.code == b.code &&
                    (b.end < a.end || (b.end == a.end && j < i));
           });
  }

  bool branch(const std::vector<std::size_t>& next) {
    return std::ranges::any_of(next, [&](std::size_t i) {
      return changes(events[i]) && done[i] == 0 && !later_twin(i, next) && goes_on_from(i);
    });
  }

  /// Whether all can be explained if this event comes next.
  bool goes_on_from(std::size_t i) {
    const Chunk before = state();
    cycles_before = before.cycles;
    if (apply(events[i])) {
      done[i] = 1;
      --left;
      if (run()) return true;
      ++left;
      done[i] = 0;
    }
    state() = before;
    return false;
  }

  [[nodiscard]] bool looks_right(const Event& e) const {
    if (e.kind == Event::Kind::read || e.kind == Event::Kind::report) return apply(e);
    const Chunk before = state();
    const bool fits = apply(e);
    state() = before;
    return fits;
  }

  /// Remembers the state in which the most had been explained.
  void note(const std::vector<std::size_t>& next) {
    if (left >= furthest) return;
    furthest = left;
    stuck = fmt::format("chunk {}: state {:02x}, wp {}, cycles {}; none of these can come next:\n", chunk,
                        state().state, state().wp, state().cycles);
    for (const std::size_t i : next) stuck += "  " + describe(events[i]) + '\n';
    stuck += "before that:\n";
    std::vector<const Event*> past;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (done[i] != 0 && changes(events[i])) past.push_back(&events[i]);
    }
    for (std::size_t i = past.size() > 8 ? past.size() - 8 : 0; i < past.size(); ++i) {
      stuck += "  " + describe(*past[i]) + '\n';
    }
  }

  std::uint32_t cycles_before = 0;
};

void History::add(Event event) {
  const std::scoped_lock lock(mutex_);
  events_[event.chunk].push_back(std::move(event));
}

std::string History::describe(const Event& e) {
  static const char* const kNames[] = {"write", "reset", "read", "report"};
  std::string text = fmt::format("[{}, {}] {}", e.begin, e.end, kNames[static_cast<std::size_t>(e.kind)]);
  if (e.kind == Event::Kind::report) {
    return text +
           fmt::format(" state {:02x} wear {} wp {}", e.report[0], e.report[2], e.report[24] | e.report[25] << 8);
  }
  if (e.kind != Event::Kind::reset) text += fmt::format(" {}+{}", e.first, e.count);
  text += fmt::format(" -> {:#x}", e.code);
  for (const Sector& s : e.content) text += fmt::format(" {:x}/{:x}", s.data, s.metadata);
  return text;
}

/// Whether an event need not fit, because of others that were under way. A write that failed may have had to do with
/// them: reservations count before they are seen, and fail with those before them; alone, it must have failed rightly.
/// And a chunk that is going to be reset may read as if it were already, while the report still shows it as it was; of
/// several resets, any may be the one that does it.
bool History::excused(const Event& e, const std::vector<Event>& all) {
  const auto meets = [&](const Event& x, auto&& which) {
    return std::ranges::any_of(all, [&](const Event& o) { return &o != &x && overlap(x, o) && which(o); });
  };
  const auto resets = [](const Event& o) { return o.kind == Event::Kind::reset; };
  const auto succeeds = [&](const Event& o) { return resets(o) && changes(o); };
  if (e.kind == Event::Kind::write && e.code != kSuccess) {
    return meets(e, [&](const Event& o) { return o.kind == Event::Kind::write || resets(o); });
  }
  const bool empty =
      !e.content.empty() && std::ranges::all_of(e.content, [](const Sector& s) { return s == Sector{}; });
  if (e.kind != Event::Kind::read || (e.code == kSuccess && !empty)) return false;
  return meets(e, [&](const Event& o) { return succeeds(o) || (resets(o) && meets(o, succeeds)); });
}

/// The events that must fit, by their begin.
std::vector<Event> History::constrained(std::uint64_t chunk) const {
  const auto found = events_.find(chunk);
  if (found == events_.end()) return {};
  std::vector<Event> kept;
  std::ranges::copy_if(found->second, std::back_inserter(kept),
                       [&](const Event& e) { return !e.loose && !excused(e, found->second); });
  std::ranges::stable_sort(kept, {}, &Event::begin);
  return kept;
}

std::string History::explain(std::uint64_t chunk, Chunk& last) {
  Oracle oracle = initial_;
  Search search{.oracle = oracle, .chunk = chunk, .may_fail = may_fail_.contains(chunk), .events = constrained(chunk)};
  search.left = search.events.size();
  search.done.assign(search.events.size(), 0);
  const bool found = search.left == 0 || search.run();
  last = oracle.chunk(chunk);
  if (found) return "";
  return (search.steps > kMostSteps ? "gave up; " : "") + search.stuck;
}

}  // namespace lightnvm::oracle
