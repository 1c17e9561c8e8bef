// SPDX-License-Identifier: BSD-2-Clause
// nvm_cli_init, _run and _destroy: from a command line to a sub-command.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/parse.hpp"

using namespace lightnvm::cli;

namespace {

int invalid() noexcept {
  errno = EINVAL;
  return -1;
}

bool wants_help(Words words) noexcept {
  for (const char* word : words) {
    if (std::strcmp(word, "-h") == 0) return true;
  }
  return words.empty();
}

const nvm_cli_cmd* find(const nvm_cli& cli, const char* name) noexcept {
  for (int i = 0; i < cli.ncmds; ++i) {
    if (std::strncmp(cli.cmds[i].name, name, NVM_CLI_CMD_LEN) == 0) return &cli.cmds[i];
  }
  return nullptr;
}

bool open_device(nvm_cli& cli) noexcept {
  int flags = 0;
  if (!open_flags(flags)) return false;
  cli.evars.cmd_opts = flags;
  cli.args.dev = nvm_dev_openf(cli.args.dev_path, flags);
  if (cli.args.dev == nullptr) {
    nvm_cli_perror("nvm_dev_openf");
    return false;
  }
  cli.args.geo = nvm_dev_get_geo(cli.args.dev);
  return true;
}

bool addresses_exist(const nvm_cli& cli) noexcept {
  if (cli.evars.noverify != 0) return true;
  for (int i = 0; i < cli.args.naddrs; ++i) {
    const int exceeded = nvm_addr_check(cli.args.addrs[i], cli.args.dev);
    if (exceeded == 0) continue;
    nvm_addr_pr(cli.args.addrs[i]);
    std::printf("\n");
    nvm_cli_info_pr("Exceeded");
    if (exceeded > 0) nvm_bounds_pr(exceeded);
    return false;
  }
  return true;
}

bool parse(nvm_cli& cli, Words words) noexcept {
  const nvm_cli_cmd* cmd = find(cli, words[0]);
  if (cmd == nullptr) return false;
  cli.cmd = *cmd;
  const Words rest = words.subspan(1);
  const int taken = take_arguments(cmd->arg_type, rest, cli.args);
  return taken >= 0 && take_options(rest.subspan(static_cast<std::size_t>(taken)), cli.opts);
}

}  // namespace

extern "C" {

int nvm_cli_init(nvm_cli* cli, int argc, char* argv[]) {
  if (cli == nullptr || argv == nullptr || argc < 1 || (cli->ncmds > 0 && cli->cmds == nullptr)) return invalid();
  std::snprintf(cli->name, sizeof(cli->name), "%s", argv[0]);
  cli->cmd = {};
  cli->args = {};
  cli->opts = {};
  cli->evars = {};
  const Words words(argv + 1, static_cast<std::size_t>(argc - 1));
  if (wants_help(words)) {
    cli->opts.help = 1;
    return 0;
  }
  if (!parse(*cli, words)) return invalid();
  if (cli->cmd.arg_type == NVM_CLI_ARG_NONE) return 0;
  if (!open_device(*cli)) return invalid();
  if (apply_environment(*cli) && load_files(cli->args.dev, cli->opts.pfile) && addresses_exist(*cli)) return 0;
  nvm_cli_destroy(cli);
  return invalid();
}

int nvm_cli_run(nvm_cli* cli) {
  if (cli == nullptr) return 1;
  if (cli->opts.help != 0 || cli->cmd.func == nullptr) {
    nvm_cli_usage_pr(cli);
    return 0;
  }
  if (cli->opts.verbose != 0) nvm_cli_pr(cli);
  if (cli->cmd.func(cli) == 0) return 0;
  nvm_cli_perror(cli->cmd.name);
  return 1;
}

void nvm_cli_destroy(nvm_cli* cli) {
  if (cli == nullptr) return;
  free_files(cli->args.dev, cli->opts.pfile);
  nvm_dev_close(cli->args.dev);
  cli->args.dev = nullptr;
  cli->args.geo = nullptr;
}

int nvm_cli_opts_pfile_dump(nvm_cli* cli) {
  if (cli == nullptr) return invalid();
  nvm_cli_opts_pfile& files = cli->opts.pfile;
  for (int i = 0; i < NVM_CLI_OPTS_PFILE_COUNT; ++i) {
    if (files.bufs[i] == nullptr || std::memcmp(files.bufs[i], files.dups[i], files.nbytes[i]) == 0) continue;
    if (nvm_buf_to_file(static_cast<char*>(files.bufs[i]), files.nbytes[i], files.paths[i]) != 0) return -1;
  }
  return 0;
}

}  // extern "C"
