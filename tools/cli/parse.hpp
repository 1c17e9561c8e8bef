// SPDX-License-Identifier: BSD-2-Clause
// The parts of a command line: positional arguments by their pattern, options, files, the environment.
#pragma once

#include <liblightnvm_cli.h>

#include <span>
#include <string_view>

namespace lightnvm::cli {

/// The words behind a sub-command's name.
using Words = std::span<char* const>;

/// The positional arguments of a type as they are written in a usage: "dev_path ch lun".
[[nodiscard]] const char* arguments_text(nvm_cli_cmd_arg_type type) noexcept;

/// Takes the positional arguments of `type` from the front of `words` into `args`; returns how many words they were, or
/// -1 where one is missing or no number, or there are more than there is room for.
int take_arguments(nvm_cli_cmd_arg_type type, Words words, nvm_cli_cmd_args& args) noexcept;

/// Reads options; words that are none are ignored. False: an unknown one, or a missing or bad value.
bool take_options(Words words, nvm_cli_opts& opts) noexcept;

/// An option in the order of a usage's synopsis.
struct Option {
  char letter;
  int type;
  const char* argument;  ///< "" for none
  const char* text;
};
[[nodiscard]] std::span<const Option> options() noexcept;

/// Reads the files of a pass-through command into memory of the device; EINVAL for what is too big or unreadable.
bool load_files(nvm_dev* dev, nvm_cli_opts_pfile& files) noexcept;
void free_files(nvm_dev* dev, nvm_cli_opts_pfile& files) noexcept;

/// Sets the device up as the environment says. False: with a line on stderr about what is wrong.
bool apply_environment(nvm_cli& cli) noexcept;
/// The flags that the device is to be opened with (NVM_CLI_CMD_OPTS); false as above.
bool open_flags(int& flags) noexcept;

}  // namespace lightnvm::cli
