// SPDX-License-Identifier: BSD-2-Clause
// What the tools' library prints: usage, its own state, messages, timings.
#include <cerrno>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "cli/parse.hpp"

using namespace lightnvm::cli;

namespace {

bool nothing(const void* value, const char* name) noexcept {
  if (value == nullptr) std::printf("%s: ~\n", name);
  return value == nullptr;
}

void synopsis(const nvm_cli& cli, const nvm_cli_cmd& cmd) noexcept {
  std::printf(" %s %12s", cli.name, cmd.name);
  if (const char* text = arguments_text(cmd.arg_type); *text != '\0') std::printf(" %s", text);
  for (const Option& o : options()) {
    if ((cmd.opt_types & static_cast<std::uint32_t>(o.type)) == 0) continue;
    std::printf(o.argument[0] == '\0' ? " [-%c]" : " [-%c %s]", o.letter, o.argument);
  }
  std::printf("\n");
}

struct timespec started, stopped;

std::size_t now(timespec& place) noexcept {
  (void)::clock_gettime(CLOCK_MONOTONIC, &place);
  return static_cast<std::size_t>(place.tv_sec) * 1000000000 + static_cast<std::size_t>(place.tv_nsec);
}

}  // namespace

extern "C" {

void nvm_cli_usage_pr(nvm_cli* cli) {
  if (nothing(cli, "nvm_cli")) return;
  std::printf("%s -- ", cli->title == nullptr ? cli->name : cli->title);
  (cli->ver_pr == nullptr ? nvm_ver_pr : cli->ver_pr)();
  std::printf("\n\n%s\n\nUsage:\n", cli->descr_short == nullptr ? "" : cli->descr_short);
  std::uint32_t used = 0;
  for (int i = 0; i < cli->ncmds; ++i) {
    synopsis(*cli, cli->cmds[i]);
    used |= cli->cmds[i].opt_types;
  }
  std::printf("\nOptions:\n");
  for (const Option& o : options()) {
    if ((used & static_cast<std::uint32_t>(o.type)) != 0) std::printf(" -%c %-5s %s\n", o.letter, o.argument, o.text);
  }
  if (cli->descr_long == nullptr) {
    std::printf("\nSee: http://lightnvm.io/liblightnvm/cli/ for usage examples\n");
  } else if (std::strlen(cli->descr_long) > 4) {
    std::printf("\nDescription:\n%s\n", cli->descr_long);
  }
}

void nvm_cli_pr(nvm_cli* cli) {
  if (nothing(cli, "nvm_cli")) return;
  std::printf("nvm_cli:\n  ncmds: %d\n  name: '%s'\n", cli->ncmds, cli->name);
  nvm_cli_evars_pr(&cli->evars);
  nvm_cli_opts_pr(&cli->opts);
  nvm_cli_opts_pfile_pr(&cli->opts.pfile);
  nvm_cli_cmd_args_pr(&cli->args);
}

void nvm_cli_cmd_args_pr(nvm_cli_cmd_args* args) {
  if (nothing(args, "cli_args")) return;
  std::printf("cli_args:\n  dev_path: '%s'\ncli_args:\n", args->dev_path);
  std::printf("  ndec_vals: %d  dec_vals:%s", args->ndec_vals, args->ndec_vals == 0 ? " ~\n" : "");
  for (int i = 0; i < args->ndec_vals; ++i) std::printf("  - %zu\n", args->dec_vals[i]);
  std::printf("  nhex_vals: %d  hex_vals:%s", args->nhex_vals, args->nhex_vals == 0 ? " ~\n" : "");
  for (int i = 0; i < args->nhex_vals; ++i) std::printf("  - 0x%016" PRIx64 "\n", args->hex_vals[i]);
  std::printf("cli_args_");
  nvm_addr_prn(args->addrs, static_cast<unsigned>(args->naddrs), args->dev);
  std::printf("cli_");
  nvm_dev_pr(args->dev);
}

void nvm_cli_opts_pr(nvm_cli_opts* opts) {
  if (nothing(opts, "cli_opts")) return;
  std::printf("cli_opts:\n  mask: 0x%08x\n", static_cast<unsigned>(opts->mask));
  std::printf("  help: %d\n  brief: %d\n  verbose: %d\n  terse: %d\n", opts->help, opts->brief, opts->verbose,
              opts->terse);
  std::printf("  dec_val: %zu\n  hex_val: 0x%016zx\n", opts->dec_val, opts->hex_val);
  const auto path = [](const char* text) { return text == nullptr ? "(null)" : text; };
  std::printf("  file_input: %s\n  file_output: %s\n", path(opts->file_input), path(opts->file_output));
}

void nvm_cli_opts_pfile_pr(nvm_cli_opts_pfile* pfile) {
  static const char* const kNames[NVM_CLI_OPTS_PFILE_COUNT] = {"cmd", "meta", "data"};
  if (nothing(pfile, "cli_opts_pfile")) return;
  std::printf("cli_opts_pfile:\n");
  for (int i = 0; i < NVM_CLI_OPTS_PFILE_COUNT; ++i) {
    std::printf("  %s_path: %s\n", kNames[i], pfile->paths[i] == nullptr ? "(null)" : pfile->paths[i]);
    std::printf("  %s_nbytes: %zu\n", kNames[i], pfile->nbytes[i]);
  }
}

void nvm_cli_evars_pr(nvm_cli_evars* evars) {
  if (nothing(evars, "nvm_cli_evars")) return;
  std::printf("nvm_cli_evars:\n  pmode: 0x%02x\n", static_cast<unsigned>(evars->pmode));
  std::printf("  meta_mode: %d\n  noverify: %d\n", evars->meta_mode, evars->noverify);
  std::printf("  erase_naddrs_max: %d\n  read_naddrs_max: %d\n  write_naddrs_max: %d\n  meta_pr: %d\n",
              evars->erase_naddrs_max, evars->read_naddrs_max, evars->write_naddrs_max, evars->meta_pr);
}

void nvm_cli_info_pr(const char* format, ...) {
  va_list values;
  va_start(values, format);
  std::printf("# ");
  std::vprintf(format, values);
  std::printf("\n");
  va_end(values);
}

void nvm_cli_perror(const char* message) {
  constexpr std::size_t kLongest = 1000;
  const int error = errno;
  (void)std::fflush(stdout);
  if (message != nullptr && std::strlen(message) <= kLongest) {
    (void)std::fprintf(stderr, "# %s: %s\n", message, std::strerror(error));
  }
  errno = error;
}

void nvm_cli_status_pr(const char* task, std::size_t cur, std::size_t total) {
  std::printf("status: {task: '%s', cur: %zu, total: %zu}\n", task, cur, total);
}

std::size_t nvm_cli_timer_start() { return now(started); }
std::size_t nvm_cli_timer_stop() { return now(stopped); }

std::size_t nvm_cli_timer_elapsed_nsecs() {
  const auto seconds = static_cast<std::int64_t>(stopped.tv_sec - started.tv_sec);
  return static_cast<std::size_t>(seconds * 1000000000 + (stopped.tv_nsec - started.tv_nsec));
}
double nvm_cli_timer_elapsed_usecs() { return static_cast<double>(nvm_cli_timer_elapsed_nsecs()) / 1e3; }
double nvm_cli_timer_elapsed_msecs() { return static_cast<double>(nvm_cli_timer_elapsed_nsecs()) / 1e6; }
double nvm_cli_timer_elapsed_secs() { return static_cast<double>(nvm_cli_timer_elapsed_nsecs()) / 1e9; }
double nvm_cli_timer_elapsed() { return nvm_cli_timer_elapsed_secs(); }

void nvm_cli_timer_pr(const char* prefix) { std::printf("%s: {elapsed: %f}\n", prefix, nvm_cli_timer_elapsed()); }

void nvm_cli_timer_bw_pr(const char* prefix, std::size_t nbytes) {
  const double seconds = nvm_cli_timer_elapsed();
  const double mebibytes = static_cast<double>(nbytes) / (1 << 20);
  std::printf("%s: {elapsed: %.4f, mb: %.2f, mbsec: %.2f}\n", prefix, seconds, mebibytes,
              seconds > 0 ? mebibytes / seconds : 0.0);
}

}  // extern "C"
