// SPDX-License-Identifier: BSD-2-Clause
// Command lines for the tests of liblightnvm_cli: words in a line, a tool with one sub-command, what became of it.
#pragma once

#include <liblightnvm_cli.h>

#include "harness.h"

// The small device of devices.c.
#define SMALL "emu:?groups=2&punits=3&chunks=10&sectors=96&bad=0.0.7"

// A tool, its only sub-command `run`, and the words of its command line.
struct tool {
  struct nvm_cli cli;
  struct nvm_cli_cmd cmd;
  char line[1024];
  char* words[64];
  int nwords;
};

static inline void tool_make(struct tool* tool, nvm_cli_cmd_func func, enum nvm_cli_cmd_arg_type type, uint32_t options,
                             const char* line) {
  memset(tool, 0, sizeof(*tool));
  snprintf(tool->cmd.name, sizeof(tool->cmd.name), "run");
  tool->cmd.func = func;
  tool->cmd.arg_type = type;
  tool->cmd.opt_types = options;
  tool->cli.title = "Title";
  tool->cli.descr_short = "What it does";
  tool->cli.cmds = &tool->cmd;
  tool->cli.ncmds = 1;
  snprintf(tool->line, sizeof(tool->line), "%s", line);
  for (char* word = strtok(tool->line, " "); word != NULL; word = strtok(NULL, " ")) tool->words[tool->nwords++] = word;
}

static inline int tool_init(struct tool* tool) { return nvm_cli_init(&tool->cli, tool->nwords, tool->words); }
