// SPDX-License-Identifier: BSD-2-Clause
// What nvm_target serves, from a JSON file; and what it counted, as text and JSON.
#pragma once

#include <lightnvm/target.hpp>
#include <string>

#include "common.hpp"

namespace tools {

/// Sets what `document` has; the members are named in docs/target.md. A Failure names what is unknown or of a wrong
/// kind.
void apply_target_config(const Json& document, lightnvm::TargetConfig& config);
/// The same from a file; a Failure where it cannot be read or is no JSON.
void read_target_config(const std::string& path, lightnvm::TargetConfig& config);

/// "none" or "extended".
lightnvm::TargetMetadata parse_target_metadata(const std::string& text);

/// One line for each counter, aligned.
std::string text_of(const lightnvm::TargetCounters& counters);
Json json_of(const lightnvm::TargetCounters& counters);

}  // namespace tools
