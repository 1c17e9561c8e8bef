// SPDX-License-Identifier: BSD-2-Clause
// FoundDevice: what find_devices() says of a device that nobody has opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/geometry.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm {

/// Where find_devices() looks.
struct FindOptions {
  /// For routes whose devices are files (emu): the directories whose files are looked at, not those below them. Routes
  /// to the system's own devices list what the system has, whatever is said here.
  std::vector<std::string> directories = {"."};
};

/// A device that a route could open, or that it sees and cannot. A value type.
struct FoundDevice {
  std::string ident;                        ///< what Device::open takes; printable ASCII
  std::string_view backend;                 ///< name of the route that found it: "emu"; valid forever
  std::uint32_t backend_id = 0;             ///< its id in the C API
  SpecVersion version = SpecVersion::none;  ///< what it speaks; none where only opening it would tell
  std::uint64_t bytes = 0;                  ///< all of its sectors' data; 0 where only opening it would tell
  bool in_use = false;                      ///< another process has it open; what is left is a look (?ro)
  Status trouble;                           ///< why it cannot be opened; ok() as far as one can tell without trying
  std::string description;                  ///< a line for people: its shape, or what the trouble is
};

/// `path` as an identifier names it: `%`, `?`, `:` and whatever is no printable ASCII are written as %XX.
std::string as_locator(std::string_view path);

}  // namespace lightnvm
