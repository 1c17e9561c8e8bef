// SPDX-License-Identifier: BSD-2-Clause
// The parts of nvm_cmd: what was asked for, and the commands.
#pragma once

#include <string>
#include <vector>

#include "session.hpp"

namespace tools {

/// What the command line asks for.
struct CommandRequest {
  std::string ident;
  std::vector<std::string> addresses;
  std::vector<std::uint32_t> numbers;  ///< components, in the order of the command line
  std::string value;                   ///< of sbbt
  std::string input, output;
  std::string command, data, metadata;  ///< files of pioc and padc
};

/// What a device says of itself.
void identify(const CommandRequest& request, Output& out);
void report_all(const CommandRequest& request, Output& out);
void report_unit(const CommandRequest& request, Output& out);
void get_table(const CommandRequest& request, Output& out);
void set_table(const CommandRequest& request, Output& out);

/// What becomes of its sectors.
void erase_sectors(const CommandRequest& request, Output& out);
void write_sectors(const CommandRequest& request, Output& out);
void read_sectors(const CommandRequest& request, Output& out);
void copy_chunk(const CommandRequest& request, Output& out);

/// Commands from a file.
void pass_io(const CommandRequest& request, Output& out);
void pass_admin(const CommandRequest& request, Output& out);

}  // namespace tools
