// SPDX-License-Identifier: BSD-2-Clause
// A tool on liblightnvm_cli: the library parses the command line, opens the device and prints the usage.
#include <liblightnvm_cli.h>

static int show(struct nvm_cli* cli) {
  nvm_geo_pr(cli->args.geo);
  return 0;
}

static struct nvm_cli_cmd commands[] = {{"show", show, NVM_CLI_ARG_DEV_PATH, NVM_CLI_OPT_DEFAULT}};

int main(int argc, char* argv[]) {
  struct nvm_cli cli = {.title = "Geometry", .descr_short = "Prints what a device is", .cmds = commands, .ncmds = 1};
  if (nvm_cli_init(&cli, argc, argv) != 0) return 1;
  const int status = nvm_cli_run(&cli);
  nvm_cli_destroy(&cli);
  return status;
}
