// SPDX-License-Identifier: BSD-2-Clause
// What a rule of nvm_check is, and what becomes of it on a device.
#pragma once

#include <cstdint>
#include <lightnvm/device.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tools::check {

class Trial;

/// What a rule takes of a device; where it is missing, the rule is skipped with that reason.
struct Needs {
  unsigned chunks = 0;      ///< free sequential chunks of full size, to write to
  bool offline = false;     ///< an offline chunk
  bool random = false;      ///< a free chunk of the random-write type, and early resets to bring it back
  bool shorter = false;     ///< a free sequential chunk of fewer sectors than the others
  bool early = false;       ///< a chunk that was closed before its end
  bool hole = false;        ///< an address that the format can name and where nothing is
  bool metadata = false;    ///< sectors with metadata, and a route that carries it
  bool vectors = false;     ///< vector commands that the route carries itself
  bool copy = false;        ///< vector copy by the device
  bool no_copy = false;     ///< a device that says it has no vector copy
  bool dulbe = false;       ///< unwritten sectors can be made errors
  bool predefined = false;  ///< the device says what unwritten sectors read as
  bool limit = false;       ///< a limit of one transfer (MDTS)
  bool events = false;      ///< a route that brings events
  bool planes = false;      ///< OCSSD 1.2: more than one plane
};

struct Rule {
  std::string_view name;     ///< "write.closed"
  std::string_view section;  ///< "OCSSD-2.0 4.3"
  std::string_view must;     ///< the rule as a sentence
  Needs needs;
  void (*check)(Trial&);
};

enum class Outcome : std::uint8_t { passed, failed, skipped };

/// How a device fared by a rule.
struct Finding {
  const Rule* rule = nullptr;
  Outcome outcome = Outcome::passed;
  std::string reason;                  ///< why it was skipped
  std::string expected, got, command;  ///< of a failure
};

/// All rules of a specification, in the order in which they are checked; empty where there are none.
std::vector<Rule> rules_of(lightnvm::SpecVersion version);

// The tables, one file each.
std::span<const Rule> identify_rules_20();
std::span<const Rule> report_rules_20();
std::span<const Rule> write_rules_20();
std::span<const Rule> read_rules_20();
std::span<const Rule> reset_rules_20();
std::span<const Rule> vector_rules_20();
std::span<const Rule> copy_rules_20();
std::span<const Rule> feature_rules_20();
std::span<const Rule> command_rules_20();
std::span<const Rule> identity_rules_12();
std::span<const Rule> table_rules_12();
std::span<const Rule> block_rules_12();

}  // namespace tools::check
