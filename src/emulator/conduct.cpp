// SPDX-License-Identifier: BSD-2-Clause
// The options of an opening that say how an emulated device behaves.
#include "emulator/conduct.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "base/error.hpp"

namespace lightnvm::emulator {

bool is_conduct(std::string_view key) noexcept { return key == "faults" || key == "timing" || key == "tbus"; }

Status apply_conduct(Conduct& conduct, std::string_view key, std::string_view value) {
  if (key == "faults") {
    if (value.empty()) return fail(Status::os(EINVAL), "faults= needs the name of a file");
    auto plan = load_faults(std::string(value));
    if (!plan) return plan.error();
    conduct.faults = std::move(*plan);
    return {};
  }
  if (key == "timing") {
    if (value != "on" && value != "off") {
      return fail(Status::os(EINVAL), fmt::format("timing={}: is neither on nor off", value));
    }
    conduct.timing = value == "on";
    return {};
  }
  std::uint32_t ns = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ns);
  if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
    return fail(Status::os(EINVAL), fmt::format("tbus={}: is not a number of nanoseconds", value));
  }
  conduct.sector_transfer = ns;
  return {};
}

Status check_conduct(const Conduct& conduct, const Config& config) {
  if (conduct.sector_transfer && !conduct.timing) {
    return fail(Status::os(EINVAL), "tbus= is a time of timing=on; without it there are no times");
  }
  return conduct.faults ? check_faults(*conduct.faults, config) : Status();
}

}  // namespace lightnvm::emulator
