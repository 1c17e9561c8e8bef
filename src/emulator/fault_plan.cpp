// SPDX-License-Identifier: BSD-2-Clause
// Fault plans as text: a rule a line, docs/faults.md has the grammar.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"
#include "base/number.hpp"
#include "lightnvm/faults.hpp"
#include "model/fault_text.hpp"

namespace lightnvm::emulator {
namespace {

using model::listed;
using model::name_of;
using model::named;
template <typename T>
using Name = model::FaultName<T>;

constexpr std::array kKinds = {
    Name<FaultKind>{"early_close", FaultKind::early_close}, Name<FaultKind>{"write_next", FaultKind::write_next},
    Name<FaultKind>{"reset_fail", FaultKind::reset_fail},   Name<FaultKind>{"read_error", FaultKind::read_error},
    Name<FaultKind>{"high_ecc", FaultKind::high_ecc},       Name<FaultKind>{"offline", FaultKind::offline},
    Name<FaultKind>{"wear_out", FaultKind::wear_out},       Name<FaultKind>{"refresh", FaultKind::refresh},
    Name<FaultKind>{"power_cut", FaultKind::power_cut}};
constexpr std::array kStates = {
    Name<Event::State>{"low", Event::error_rate_low}, Name<Event::State>{"medium", Event::error_rate_medium},
    Name<Event::State>{"high", Event::error_rate_high}, Name<Event::State>{"unrecoverable", Event::unrecoverable},
    Name<Event::State>{"refreshed", Event::refreshed}};

struct Place {
  std::string_view key;
  FaultRange FaultRule::* range;
  std::uint32_t most;
};
constexpr std::array kPlaces = {
    Place{"group", &FaultRule::group, kMaxGroups - 1}, Place{"punit", &FaultRule::unit, kMaxUnits - 1},
    Place{"chunk", &FaultRule::chunk, kMaxChunks - 1}, Place{"sector", &FaultRule::sector, 0xFFFFFFFE}};

// N, N-M or *.
std::optional<FaultRange> range(std::string_view text, std::uint32_t most) noexcept {
  if (text == "*") return FaultRange{};
  const std::size_t dash = text.find('-');
  const auto first = parse_number<std::uint64_t>(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number<std::uint64_t>(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > most) return std::nullopt;
  return FaultRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

class Parser final : private model::FaultPlanParser {
 public:
  Result<FaultPlan> plan(std::string_view text) {
    if (const Status s = parse(text); !s) return std::unexpected(s);
    return std::move(plan_);
  }

 private:
  Result<FaultTrigger*> begin(std::string_view name, std::uint32_t line) override {
    const auto kind = named(kKinds, name);
    if (!kind) {
      return std::unexpected(
          wrong(fmt::format("'{}' is no fault; these are: {}, and seed (faults of the way to a device "
                            "are in the plan of fault=)",
                            name, listed(kKinds))));
    }
    FaultRule& r = plan_.rules.emplace_back();
    r.kind = *kind;
    r.line = line;
    return &r;
  }
  void set_seed(std::uint64_t seed) noexcept override { plan_.seed = seed; }

  Status word(std::string_view key, std::string_view value) override {
    FaultRule& r = plan_.rules.back();
    if (const auto place = std::ranges::find(kPlaces, key, &Place::key); place != kPlaces.end()) {
      return apply_place(r, *place, value);
    }
    if (key == "by") {
      if (value != "event" && value != "address") return wrong(fmt::format("by={} is not event or address", value));
      if (r.kind == FaultKind::power_cut) return wrong("a power cut has no address");
      r.by_address = value == "address";
      return {};
    }
    if (key == "state") {
      const auto state = named(kStates, value);
      if (r.kind != FaultKind::refresh) return wrong("state= is for refresh alone");
      if (!state) return wrong(fmt::format("state={} is none; these are: {}", value, listed(kStates)));
      r.state = *state;
      return {};
    }
    if (key != "cycles") return not_understood(key, value);
    if (r.kind != FaultKind::wear_out) return wrong("cycles= is for wear_out alone");
    const auto n = parse_number<std::uint64_t>(value);
    if (!n || *n == 0 || *n > 0xFFFF) return not_understood(key, value);
    r.cycles = static_cast<std::uint32_t>(*n);
    return {};
  }

  Status apply_place(FaultRule& r, const Place& place, std::string_view value) {
    if (r.kind == FaultKind::power_cut) return wrong("a power cut has no place");
    const bool whole = r.kind == FaultKind::reset_fail || r.kind == FaultKind::wear_out;
    if (whole && place.key == "sector") return wrong("a reset is of a whole chunk; leave sector= out");
    const auto span = range(value, place.most);
    if (!span) return wrong(fmt::format("{}={} is not N, N-M (0 to {}) or *", place.key, value, place.most));
    r.*place.range = *span;
    return {};
  }

  FaultPlan plan_;
};

std::string to_text(const FaultRule& r) {
  std::string out(name_of(kKinds, r.kind));
  for (const Place& place : kPlaces) {
    const FaultRange& at = r.*place.range;
    if (at.all()) continue;
    out += fmt::format(" {}={}", place.key, at.first);
    if (at.last != at.first) out += fmt::format("-{}", at.last);
  }
  model::append_trigger(out, r);
  if (r.by_address) out += " by=address";
  if (r.cycles != 0) out += fmt::format(" cycles={}", r.cycles);
  if (r.state != Event::error_rate_high) out += fmt::format(" state={}", name_of(kStates, r.state));
  return out + "\n";
}

}  // namespace

Result<FaultPlan> parse_faults(std::string_view text) { return Parser().plan(text); }

Result<FaultPlan> load_faults(const std::string& path) {
  const auto text = model::read_fault_plan(path);
  if (!text) return std::unexpected(text.error());
  auto plan = parse_faults(*text);
  if (!plan) return unexpected(plan.error(), fmt::format("{}: {}", path, last_error()));
  return plan;
}

std::string to_text(const FaultPlan& plan) {
  std::string out = fmt::format("seed {}\n", plan.seed);
  for (const FaultRule& r : plan.rules) out += to_text(r);
  return out;
}

Status check_faults(const FaultPlan& plan, const Config& config) {
  const Geometry& g = config.geometry;
  const std::uint32_t sectors = g.has_planes() ? g.pages * g.page_sectors : g.sectors;
  const std::array<std::uint32_t, kPlaces.size()> counts = {g.groups, g.units, g.chunks, sectors};
  for (const FaultRule& r : plan.rules) {
    const auto wrong = [&](const std::string& what) {
      return fail(Status::os(EINVAL), fmt::format("fault plan, line {}: {}", r.line, what));
    };
    for (std::size_t i = 0; i < kPlaces.size(); ++i) {
      const FaultRange& at = r.*kPlaces[i].range;
      if (at.all() || at.last < counts[i]) continue;
      return wrong(fmt::format("{}={}, but the device has 0 to {}", kPlaces[i].key, at.last, counts[i] - 1));
    }
    const bool told = r.kind == FaultKind::high_ecc || r.kind == FaultKind::refresh || r.kind == FaultKind::write_next;
    if (told && g.has_planes()) {
      return wrong(fmt::format("OCSSD 1.2 has no {}", name_of(kKinds, r.kind)));
    }
  }
  return {};
}

}  // namespace lightnvm::emulator
