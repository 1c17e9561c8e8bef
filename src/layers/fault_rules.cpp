// SPDX-License-Identifier: BSD-2-Clause
// Which commands a plan's rules hit.
#include "layers/fault_rules.hpp"

namespace lightnvm::layers {
namespace {

// Beside those that say whether a rule hits.
constexpr std::uint64_t kDiceOfAmount = 1ULL << 32;

}  // namespace

FaultRules::FaultRules(const RouteFaultPlan& plan) : plan_(plan), tallies_(plan.rules.size()) {}

// Counts the event. Requires mutex_.
std::optional<FaultRules::Hit> FaultRules::hit(RouteFault kind, bool admin, std::uint32_t opcode) noexcept {
  for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
    const RouteFaultRule& r = plan_.rules[i];
    if (r.kind != kind || r.admin != admin || (r.opcodes.any() && !r.opcodes[opcode])) continue;
    if (!tallies_[i].strikes(r, {plan_.seed, i})) continue;
    const model::FaultDice dice(plan_.seed, i + kDiceOfAmount);
    return Hit{r, dice.bits(tallies_[i].hits())};
  }
  return std::nullopt;
}

FaultVerdict FaultRules::judge(backends::QueueKind queue, std::uint32_t opcode) noexcept {
  const bool admin = queue == backends::QueueKind::admin;
  FaultVerdict verdict;
  const std::lock_guard lock(mutex_);
  commands_.fetch_add(1, std::memory_order_acq_rel);
  if (hit(RouteFault::disconnect, admin, opcode)) {
    verdict.disconnect = true;
    lost_.store(true, std::memory_order_release);
    return verdict;
  }
  if (const auto error = hit(RouteFault::error, admin, opcode)) {
    (error->rule.carried_out ? verdict.after : verdict.before) = error->rule.status;
  }
  for (const RouteFault kind : {RouteFault::stall, RouteFault::delay, RouteFault::reorder}) {
    const auto found = hit(kind, admin, opcode);
    if (!found) continue;
    hold(verdict, *found);
    break;
  }
  return verdict;
}

void FaultRules::hold(FaultVerdict& verdict, const Hit& hit) noexcept {
  using Hold = FaultVerdict::Hold;
  const RouteFaultRule& r = hit.rule;
  if (r.kind == RouteFault::reorder) {
    verdict.hold = Hold::reorder;
    verdict.overtakers = static_cast<std::uint32_t>(hit.bits % r.window);
  } else if (r.kind == RouteFault::delay) {
    verdict.hold = Hold::delay;
    const auto span = static_cast<std::uint64_t>((r.most - r.least).count()) + 1;
    verdict.time = r.least + std::chrono::nanoseconds(hit.bits % span);
  } else {
    verdict.hold = Hold::stall;
    if (r.most.count() != 0) verdict.time = r.most;
    if (r.commands != 0) verdict.commands = commands() + r.commands;
  }
}

}  // namespace lightnvm::layers
