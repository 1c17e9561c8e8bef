// SPDX-License-Identifier: BSD-2-Clause
// nvm_emu faults: reads a fault plan, says what it means, and whether a device has what it names.
#include <fmt/format.h>

#include <lightnvm/faults.hpp>
#include <memory>
#include <ranges>

#include "nvm_emu.hpp"

namespace tools {
namespace {

namespace emulator = lightnvm::emulator;

struct Arguments {
  std::string plan, device;
};

void faults(const Arguments& a, Output& out) {
  const std::string call = "nvm_emu_faults";
  const auto plan = emulator::load_faults(a.plan);
  if (!plan) throw Failure::explained(call, plan.error());
  if (!a.device.empty()) {
    const emulator::ImageInfo info = image_info(a.device, call);
    if (const auto s = emulator::check_faults(*plan, info.config); !s) {
      throw Failure(call, fmt::format("{}: {}", a.plan, lightnvm::last_error()), EINVAL);
    }
  }
  const std::string text = emulator::to_text(*plan);
  Json rules = Json::array();
  std::string yaml = fmt::format("faults:\n  path: {}\n  seed: {}\n  nrules: {}\nrules:{}\n", yaml_quoted(a.plan),
                                 plan->seed, plan->rules.size(), plan->rules.empty() ? " ~" : "");
  // The first line of the text is the seed.
  std::size_t i = 0;
  for (const auto part : std::views::split(std::string_view(text).substr(text.find('\n') + 1), '\n')) {
    const std::string rule(part.begin(), part.end());
    if (rule.empty()) continue;
    const std::uint32_t line = plan->rules[i++].line;
    yaml += fmt::format("  - {{line: {}, rule: {}}}\n", line, yaml_quoted(rule));
    rules.push_back({{"line", line}, {"rule", rule}});
  }
  out.text(yaml);
  out.document()["faults"] = {{"path", a.plan}, {"seed", plan->seed}, {"nrules", plan->rules.size()}};
  out.document()["rules"] = std::move(rules);
}

}  // namespace

void add_faults(Tool& tool) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* sub = tool.command("faults", "Read a fault plan and say what it means",
                               "  nvm_emu faults plan.txt\n"
                               "  nvm_emu faults plan.txt ocssd.img\n",
                               [arguments](Output& out) { faults(*arguments, out); });
  sub->add_option("PLAN", arguments->plan, "The plan's file, see docs/faults.md")->required()->type_name("");
  sub->add_option("PATH", arguments->device, "A device's file that must have what the plan names")->type_name("");
}

}  // namespace tools
