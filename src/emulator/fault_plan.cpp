// SPDX-License-Identifier: BSD-2-Clause
// Fault plans as text: a rule a line, docs/faults.md has the grammar.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <optional>
#include <ranges>

#include "base/error.hpp"
#include "base/number.hpp"
#include "lightnvm/faults.hpp"
#include "os/fd.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::size_t kMaxPlanBytes = 1 << 20;

template <typename T>
struct Name {
  std::string_view text;
  T value;
};

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

template <typename T, std::size_t N>
std::optional<T> named(const std::array<Name<T>, N>& names, std::string_view text) noexcept {
  const auto found = std::ranges::find(names, text, &Name<T>::text);
  return found == names.end() ? std::nullopt : std::optional(found->value);
}
template <typename T, std::size_t N>
std::string_view name_of(const std::array<Name<T>, N>& names, T value) noexcept {
  return std::ranges::find(names, value, &Name<T>::value)->text;
}
template <typename T, std::size_t N>
std::string listed(const std::array<Name<T>, N>& names) {
  return fmt::format("{}", fmt::join(names | std::views::transform(&Name<T>::text), ", "));
}

// N, N-M or *.
std::optional<FaultRange> range(std::string_view text, std::uint32_t most) noexcept {
  if (text == "*") return FaultRange{};
  const std::size_t dash = text.find('-');
  const auto first = parse_number<std::uint64_t>(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number<std::uint64_t>(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > most) return std::nullopt;
  return FaultRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

std::optional<double> probability(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) && value > 0 && value <= 1 ? std::optional(value) : std::nullopt;
}

/// The words of one line, taken one after the other.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : rest_(text.substr(0, text.find('#'))) {}
  std::string_view next() noexcept {
    static constexpr std::string_view kSpace = " \t\r";
    const std::size_t begin = std::min(rest_.find_first_not_of(kSpace), rest_.size());
    const std::size_t end = std::min(rest_.find_first_of(kSpace, begin), rest_.size());
    const std::string_view word = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return word;
  }

 private:
  std::string_view rest_;
};

class Parser {
 public:
  Result<FaultPlan> parse(std::string_view text) {
    if (text.size() > kMaxPlanBytes) return unexpected(Status::os(EINVAL), "fault plan: longer than 1 MiB");
    for (const auto part : std::views::split(text, '\n')) {
      ++line_;
      Words words(std::string_view(part.begin(), part.end()));
      const std::string_view first = words.next();
      if (first.empty()) continue;
      if (const Status s = first == "seed" ? seed(words) : rule(first, words); !s) return std::unexpected(s);
    }
    return std::move(plan_);
  }

 private:
  [[nodiscard]] Status wrong(std::string_view what) const {
    return fail(Status::os(EINVAL), fmt::format("fault plan, line {}: {}", line_, what));
  }

  Status seed(Words& words) {
    if (seeded_) return wrong("the seed is there twice");
    const std::string_view value = words.next();
    const auto n = parse_number<std::uint64_t>(value);
    if (!n || !words.next().empty()) return wrong("seed is followed by one number");
    plan_.seed = *n;
    seeded_ = true;
    return {};
  }

  Status rule(std::string_view name, Words& words) {
    const auto kind = named(kKinds, name);
    if (!kind) return wrong(fmt::format("'{}' is no fault; these are: {}, and seed", name, listed(kKinds)));
    if (plan_.rules.size() == kMaxFaultRules) return wrong(fmt::format("more than {} rules", kMaxFaultRules));
    FaultRule r;
    r.kind = *kind;
    r.line = line_;
    seen_.clear();
    for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos) return wrong(fmt::format("'{}' is not key=value", word));
      const std::string_view key = word.substr(0, equals);
      if (std::ranges::find(seen_, key) != seen_.end()) return wrong(fmt::format("'{}' is there twice", key));
      seen_.push_back(key);
      if (const Status s = apply(r, key, word.substr(equals + 1)); !s) return s;
    }
    if (has("nth") && (has("after") || has("every") || has("count"))) {
      return wrong("nth says it all; after, every and count do not go with it");
    }
    plan_.rules.push_back(r);
    return {};
  }

  [[nodiscard]] bool has(std::string_view key) const noexcept { return std::ranges::find(seen_, key) != seen_.end(); }

  Status apply(FaultRule& r, std::string_view key, std::string_view value) {
    if (const auto place = std::ranges::find(kPlaces, key, &Place::key); place != kPlaces.end()) {
      return apply_place(r, *place, value);
    }
    if (key == "probability") {
      const auto p = probability(value);
      if (!p) return wrong(fmt::format("probability={} is not above 0 and at most 1", value));
      r.probability = *p;
      return {};
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
    return apply_number(r, key, value);
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

  Status apply_number(FaultRule& r, std::string_view key, std::string_view value) {
    const auto n = parse_number<std::uint64_t>(value);
    const bool positive = n && *n != 0;
    bool understood = false;
    if (key == "nth") {
      if ((understood = positive)) r.after = *n - 1, r.count = 1;
    } else if (key == "after") {
      if ((understood = n.has_value())) r.after = *n;
    } else if (key == "every") {
      if ((understood = positive)) r.every = *n;
    } else if (key == "count") {
      if ((understood = positive)) r.count = *n;
    } else if (key == "cycles") {
      if (r.kind != FaultKind::wear_out) return wrong("cycles= is for wear_out alone");
      if ((understood = positive && *n <= 0xFFFF)) r.cycles = static_cast<std::uint32_t>(*n);
    }
    return understood ? Status() : wrong(fmt::format("{}={} is not understood", key, value));
  }

  FaultPlan plan_;
  std::uint32_t line_ = 0;
  bool seeded_ = false;
  std::vector<std::string_view> seen_;
};

std::string to_text(const FaultRule& r) {
  std::string out(name_of(kKinds, r.kind));
  for (const Place& place : kPlaces) {
    const FaultRange& at = r.*place.range;
    if (at.all()) continue;
    out += fmt::format(" {}={}", place.key, at.first);
    if (at.last != at.first) out += fmt::format("-{}", at.last);
  }
  if (r.after != 0) out += fmt::format(" after={}", r.after);
  if (r.every != 1) out += fmt::format(" every={}", r.every);
  if (r.count != ~0ULL) out += fmt::format(" count={}", r.count);
  if (r.probability != 1) out += fmt::format(" probability={}", r.probability);
  if (r.by_address) out += " by=address";
  if (r.cycles != 0) out += fmt::format(" cycles={}", r.cycles);
  if (r.state != Event::error_rate_high) out += fmt::format(" state={}", name_of(kStates, r.state));
  return out + "\n";
}

Result<std::string> read_whole(const std::string& path) {
  const auto file = os::open(path, O_RDONLY | O_NONBLOCK);
  if (!file) return std::unexpected(file.error());
  struct stat st{};
  if (::fstat(file->get(), &st) != 0) return std::unexpected(Status::os(errno));
  if (S_ISDIR(st.st_mode)) return std::unexpected(Status::os(EISDIR));
  std::string text(kMaxPlanBytes + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t n = ::read(file->get(), text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Status::os(errno));
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  text.resize(used);
  return text;
}

}  // namespace

Result<FaultPlan> parse_faults(std::string_view text) { return Parser().parse(text); }

Result<FaultPlan> load_faults(const std::string& path) {
  const auto text = read_whole(path);
  if (!text) return unexpected(text.error(), fmt::format("{}: {}", path, text.error().message()));
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
