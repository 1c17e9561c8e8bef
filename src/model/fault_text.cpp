// SPDX-License-Identifier: BSD-2-Clause
// What all fault plans have in common as texts: docs/faults.md has the grammar.
#include "model/fault_text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <ranges>

#include "base/error.hpp"
#include "base/number.hpp"
#include "os/fd.hpp"

namespace lightnvm::model {
namespace {

std::optional<double> probability(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) && value > 0 && value <= 1 ? std::optional(value) : std::nullopt;
}

Result<std::string> read_whole(const std::string& path) {
  const auto file = os::open(path, O_RDONLY | O_NONBLOCK);
  if (!file) return std::unexpected(file.error());
  struct stat st{};
  if (::fstat(file->get(), &st) != 0) return std::unexpected(Status::os(errno));
  if (S_ISDIR(st.st_mode)) return std::unexpected(Status::os(EISDIR));
  std::string text(kMaxFaultPlanBytes + 1, '\0');
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

/// The words of one line, taken one after the other.
class FaultPlanParser::Words {
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

Status FaultPlanParser::parse(std::string_view text) {
  if (text.size() > kMaxFaultPlanBytes) return fail(Status::os(EINVAL), "fault plan: longer than 1 MiB");
  for (const auto part : std::views::split(text, '\n')) {
    ++line_;
    Words words(std::string_view(part.begin(), part.end()));
    const std::string_view first = words.next();
    if (first.empty()) continue;
    if (const Status s = first == "seed" ? seed(words) : rule(first, words); !s) return s;
  }
  return {};
}

Status FaultPlanParser::wrong(std::string_view what) const {
  return fail(Status::os(EINVAL), fmt::format("fault plan, line {}: {}", line_, what));
}

Status FaultPlanParser::not_understood(std::string_view key, std::string_view value) const {
  return wrong(fmt::format("{}={} is not understood", key, value));
}

bool FaultPlanParser::has(std::string_view key) const noexcept { return std::ranges::find(seen_, key) != seen_.end(); }

Status FaultPlanParser::seed(Words& words) {
  if (seeded_) return wrong("the seed is there twice");
  const auto n = parse_number<std::uint64_t>(words.next());
  if (!n || !words.next().empty()) return wrong("seed is followed by one number");
  set_seed(*n);
  seeded_ = true;
  return {};
}

Status FaultPlanParser::rule(std::string_view name, Words& words) {
  seen_.clear();
  const auto trigger = begin(name, line_);
  if (!trigger) return trigger.error();
  if (++rules_ > kMaxFaultRules) return wrong(fmt::format("more than {} rules", kMaxFaultRules));
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return wrong(fmt::format("'{}' is not key=value", word));
    const std::string_view key = word.substr(0, equals);
    if (has(key)) return wrong(fmt::format("'{}' is there twice", key));
    seen_.push_back(key);
    if (const Status s = apply(**trigger, key, word.substr(equals + 1)); !s) return s;
  }
  if (has("nth") && (has("after") || has("every") || has("count"))) {
    return wrong("nth says it all; after, every and count do not go with it");
  }
  return end();
}

Status FaultPlanParser::apply(FaultTrigger& trigger, std::string_view key, std::string_view value) {
  if (key == "probability") {
    const auto p = probability(value);
    if (!p) return wrong(fmt::format("probability={} is not above 0 and at most 1", value));
    trigger.probability = *p;
    return {};
  }
  if (key != "nth" && key != "after" && key != "every" && key != "count") return word(key, value);
  const auto n = parse_number<std::uint64_t>(value);
  if (!n || (*n == 0 && key != "after")) return not_understood(key, value);
  if (key == "nth") trigger.after = *n - 1, trigger.count = 1;
  if (key == "after") trigger.after = *n;
  if (key == "every") trigger.every = *n;
  if (key == "count") trigger.count = *n;
  return {};
}

void append_trigger(std::string& out, const FaultTrigger& t) {
  if (t.after != 0) out += fmt::format(" after={}", t.after);
  if (t.every != 1) out += fmt::format(" every={}", t.every);
  if (t.count != ~0ULL) out += fmt::format(" count={}", t.count);
  if (t.probability != 1) out += fmt::format(" probability={}", t.probability);
}

Result<std::string> read_fault_plan(const std::string& path) {
  auto text = read_whole(path);
  if (!text) return unexpected(text.error(), fmt::format("{}: {}", path, text.error().message()));
  return text;
}

}  // namespace lightnvm::model
