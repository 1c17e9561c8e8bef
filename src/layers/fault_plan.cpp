// SPDX-License-Identifier: BSD-2-Clause
// Fault plans of the way to a device as text: docs/faults.md has the grammar.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>

#include "base/error.hpp"
#include "base/number.hpp"
#include "lightnvm/route_faults.hpp"
#include "model/fault_text.hpp"
#include "spec/names.hpp"

namespace lightnvm {
namespace {

using model::FaultName;
using model::listed;
using model::name_of;
using model::named;
using std::chrono::nanoseconds;

constexpr std::array kKinds = {
    FaultName<RouteFault>{"error", RouteFault::error}, FaultName<RouteFault>{"delay", RouteFault::delay},
    FaultName<RouteFault>{"reorder", RouteFault::reorder}, FaultName<RouteFault>{"stall", RouteFault::stall},
    FaultName<RouteFault>{"disconnect", RouteFault::disconnect}};
// The longest first, for printing.
constexpr std::array kUnits = {FaultName<std::int64_t>{"s", 1'000'000'000}, FaultName<std::int64_t>{"ms", 1'000'000},
                               FaultName<std::int64_t>{"us", 1'000}, FaultName<std::int64_t>{"ns", 1}};

constexpr std::uint32_t kMostWindow = 65535;

std::string_view opcode_name(bool admin, unsigned opcode) noexcept {
  return admin ? spec::admin_opcode_name(opcode) : spec::io_opcode_name(opcode);
}

std::optional<std::uint64_t> opcode_named(bool admin, std::string_view name) noexcept {
  for (unsigned i = 0; i < 256; ++i) {
    if (!name.empty() && opcode_name(admin, i) == name) return i;
  }
  return std::nullopt;
}

// A name of the table, or the status bits of a completion.
std::optional<Status> status_of(std::string_view text) noexcept {
  if (const auto n = parse_number<std::uint64_t>(text)) {
    const Status s = *n <= 0x7FFF ? Status::nvme_raw(static_cast<unsigned>(*n)) : Status();
    return s.ok() ? std::nullopt : std::optional(s);
  }
  if (text == "unknown") return std::nullopt;
  for (unsigned code = 1; code <= 0x7FF; ++code) {
    if (status_info(static_cast<StatusCode>(code)).name == text) return Status::nvme_raw(code);
  }
  return std::nullopt;
}

std::string text_of(Status status) {
  const std::string_view name = status_info(status.code()).name;
  if (status != Status::nvme(status.code()) || name == "unknown") return fmt::format("{:#x}", status.nvme_bits());
  return std::string(name);
}

// A number with its unit.
std::optional<nanoseconds> time_of(std::string_view text) noexcept {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto n = parse_number<std::uint64_t>(text.substr(0, digits));
  const auto unit = named(kUnits, text.substr(digits));
  if (!n || !unit || *n > static_cast<std::uint64_t>(kMostFaultTime.count() / *unit)) return std::nullopt;
  return nanoseconds(static_cast<std::int64_t>(*n) * *unit);
}

std::string text_of(nanoseconds time) {
  const auto unit = std::ranges::find_if(kUnits, [&](const auto& u) { return time.count() % u.value == 0; });
  return fmt::format("{}{}", time.count() / unit->value, unit->text);
}

class Parser final : private model::FaultPlanParser {
 public:
  Result<RouteFaultPlan> plan(std::string_view text) {
    if (const Status s = parse(text); !s) return std::unexpected(s);
    return std::move(plan_);
  }

 private:
  Result<FaultTrigger*> begin(std::string_view name, std::uint32_t line) override {
    const auto kind = named(kKinds, name);
    if (!kind) {
      return std::unexpected(
          wrong(fmt::format("'{}' is no fault of the way to a device; these are: {}, and seed "
                            "(faults of an emulated device are in the plan of faults=)",
                            name, listed(kKinds))));
    }
    opcodes_ = {};
    RouteFaultRule& r = plan_.rules.emplace_back();
    r.kind = *kind;
    r.line = line;
    return &r;
  }
  void set_seed(std::uint64_t seed) noexcept override { plan_.seed = seed; }

  Status word(std::string_view key, std::string_view value) override {
    RouteFaultRule& r = plan_.rules.back();
    if (key == "opcode") {
      opcodes_ = value;
      return {};
    }
    if (key == "queue") {
      if (value != "io" && value != "admin") return wrong(fmt::format("queue={} is not io or admin", value));
      r.admin = value == "admin";
      return {};
    }
    if (key == "status" || key == "when") return word_of_error(r, key, value);
    if (key == "time") return word_of_time(r, value);
    if (key != "window" && key != "commands") return not_understood(key, value);
    const auto n = parse_number<std::uint64_t>(value);
    if (key == "window") {
      if (r.kind != RouteFault::reorder) return wrong("window= is for reorder alone");
      if (!n || *n < 2 || *n > kMostWindow) return wrong(fmt::format("window={} is not 2 to {}", value, kMostWindow));
      r.window = static_cast<std::uint32_t>(*n);
      return {};
    }
    if (r.kind != RouteFault::stall) return wrong("commands= is for stall alone");
    if (!n || *n == 0) return not_understood(key, value);
    r.commands = *n;
    return {};
  }

  Status word_of_error(RouteFaultRule& r, std::string_view key, std::string_view value) {
    if (r.kind != RouteFault::error) return wrong(fmt::format("{}= is for error alone", key));
    if (key == "when") {
      if (value != "before" && value != "after") return wrong(fmt::format("when={} is not before or after", value));
      r.carried_out = value == "after";
      return {};
    }
    const auto status = status_of(value);
    if (!status) {
      return wrong(
          fmt::format("status={} is none: it is a name, as write_fault, or the bits of a completion that is no "
                      "success, 0x001 to 0x7fff",
                      value));
    }
    r.status = *status;
    return {};
  }

  Status word_of_time(RouteFaultRule& r, std::string_view value) {
    if (r.kind != RouteFault::delay && r.kind != RouteFault::stall) return wrong("time= is for delay and stall");
    const std::size_t dash = value.find('-');
    const auto least = time_of(value.substr(0, dash));
    const auto most = dash == std::string_view::npos ? least : time_of(value.substr(dash + 1));
    if (!least || !most || *least > *most || *most == nanoseconds(0)) {
      return wrong(fmt::format("time={} is not a time or two, as 500us or 1ms-20ms (ns, us, ms, s; to {})", value,
                               text_of(kMostFaultTime)));
    }
    if (r.kind == RouteFault::stall && *least != *most) return wrong("a stall has one time= and not two");
    r.least = *least;
    r.most = *most;
    return {};
  }

  // What the words mean together.
  Status end() override {
    RouteFaultRule& r = plan_.rules.back();
    if (r.kind == RouteFault::error && !has("status")) return wrong("error needs status=, as status=write_fault");
    if (r.kind == RouteFault::delay && !has("time")) return wrong("delay needs time=, as time=2ms");
    if (r.kind == RouteFault::reorder && !has("window")) return wrong("reorder needs window=, as window=8");
    return has("opcode") ? apply_opcodes(r) : Status();
  }

  Status apply_opcodes(RouteFaultRule& r) {
    for (const auto part : std::views::split(opcodes_, ',')) {
      const std::string_view one(part.begin(), part.end());
      const auto number = parse_number<std::uint64_t>(one);
      const auto n = number ? number : opcode_named(r.admin, one);
      if (n && *n < 256) {
        r.opcodes.set(*n);
        continue;
      }
      if (!n && !r.admin && opcode_named(true, one)) {
        return wrong(fmt::format("opcode={} is an admin command's; add queue=admin", one));
      }
      return wrong(fmt::format("opcode={} is no command of the {} queue; a name, as {}, or 0x00 to 0xff", one,
                               r.admin ? "admin" : "I/O", r.admin ? "identify" : "vector_write"));
    }
    return {};
  }

  RouteFaultPlan plan_;
  std::string_view opcodes_;
};

void append_opcodes(std::string& out, const RouteFaultRule& r) {
  std::string_view before = " opcode=";
  for (unsigned i = 0; i < r.opcodes.size(); ++i) {
    if (!r.opcodes.test(i)) continue;
    const std::string_view name = opcode_name(r.admin, i);
    out += name.empty() ? fmt::format("{}{:#04x}", before, i) : fmt::format("{}{}", before, name);
    before = ",";
  }
}

std::string to_text(const RouteFaultRule& r) {
  std::string out(name_of(kKinds, r.kind));
  if (r.admin) out += " queue=admin";
  append_opcodes(out, r);
  if (r.kind == RouteFault::error) out += fmt::format(" status={}", text_of(r.status));
  if (r.carried_out) out += " when=after";
  const bool range = r.kind != RouteFault::stall && r.most != r.least;
  if (r.most != nanoseconds(0)) out += fmt::format(" time={}", text_of(range ? r.least : r.most));
  if (range) out += fmt::format("-{}", text_of(r.most));
  if (r.kind == RouteFault::reorder) out += fmt::format(" window={}", r.window);
  if (r.commands != 0) out += fmt::format(" commands={}", r.commands);
  model::append_trigger(out, r);
  return out + "\n";
}

}  // namespace

Result<RouteFaultPlan> parse_route_faults(std::string_view text) { return Parser().plan(text); }

Result<RouteFaultPlan> load_route_faults(const std::string& path) {
  const auto text = model::read_fault_plan(path);
  if (!text) return std::unexpected(text.error());
  auto plan = parse_route_faults(*text);
  if (!plan) return unexpected(plan.error(), fmt::format("{}: {}", path, last_error()));
  return plan;
}

std::string to_text(const RouteFaultPlan& plan) {
  std::string out = fmt::format("seed {}\n", plan.seed);
  for (const RouteFaultRule& r : plan.rules) out += to_text(r);
  return out;
}

// A plan in memory can be what a text can say: its own text has to be read as the same.
Status check_route_faults(const RouteFaultPlan& plan) {
  for (const RouteFaultRule& r : plan.rules) {
    const bool times = r.least >= nanoseconds(0) && r.least <= r.most && r.most <= kMostFaultTime;
    if (times && r.status.is_nvme() && r.every != 0) continue;
    return fail(Status::os(EINVAL), "a rule of the fault plan has a number that is out of its range");
  }
  if (!parse_route_faults(to_text(plan))) return Status::os(EINVAL);
  return {};
}

}  // namespace lightnvm
