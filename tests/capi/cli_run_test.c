// SPDX-License-Identifier: BSD-2-Clause
// liblightnvm_cli: options, files, the environment, usage, messages, exit codes, timers.
#include <unistd.h>

#include "cli_words.h"

static struct tool tool;
static int calls;

static int succeed(struct nvm_cli* cli) {
  ++calls;
  return cli == NULL;
}
static int fail(struct nvm_cli* cli) {
  ++calls;
  (void)cli;
  errno = EBUSY;
  return 1;
}

static void make(const char* arguments) {
  char line[900];
  snprintf(line, sizeof(line), "tool run %s %s", SMALL, arguments);
  tool_make(&tool, succeed, NVM_CLI_ARG_DEV_PATH, 0xFFF, line);
}
// The message on stderr where the command line or the environment is refused.
static const char* refused(void) {
  capture_start();
  CHECK_INT(-1, tool_init(&tool));
  CHECK_INT(EINVAL, errno);
  (void)capture_stop();
  CHECK(tool.cli.args.dev == NULL);
  return captured_errors();
}

TEST(options_and_their_values) {
  make("-b -v -s -t -i in -o out -n 42 -x 0xff");
  CHECK_INT(0, tool_init(&tool));
  const struct nvm_cli_opts* opts = &tool.cli.opts;
  CHECK(opts->brief == 1 && opts->verbose == 1 && opts->status == 1 && opts->terse == 1 && opts->help == 0);
  CHECK_STR("in", opts->file_input);
  CHECK_STR("out", opts->file_output);
  CHECK_INT(42, opts->dec_val);
  CHECK_HEX(0xFF, opts->hex_val);
  CHECK_HEX(0xFFF & ~(NVM_CLI_OPT_HELP | NVM_CLI_OPTS_PFILE), opts->mask);
  nvm_cli_destroy(&tool.cli);
}

TEST(options_share_a_word_and_are_accepted_where_not_declared) {
  make("-bt -iin");
  tool.cmd.opt_types = 0;
  CHECK_INT(0, tool_init(&tool));
  CHECK(tool.cli.opts.brief == 1 && tool.cli.opts.terse == 1);
  CHECK_STR("in", tool.cli.opts.file_input);
  nvm_cli_destroy(&tool.cli);
}

TEST(unknown_options_and_missing_values_are_refused) {
  static const char* kBad[] = {"-z", "-bz",     "-i",     "-o",    "-c",      "-m",    "-d", "-n",
                               "-x", "-n many", "-x 0xg", "-n -1", "-x -0x1", "-n +1", "-1", "-"};
  for (size_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); ++i) {
    make(kBad[i]);
    (void)refused();
  }
}

TEST(help_and_no_arguments_print_the_usage) {
  static const char* kLines[] = {"tool", "tool -h", "tool run -h", "tool nonsense -h", "tool run /nonexistent -h"};
  for (size_t i = 0; i < sizeof(kLines) / sizeof(kLines[0]); ++i) {
    tool_make(&tool, succeed, NVM_CLI_ARG_ADDR_LIST, NVM_CLI_OPT_DEFAULT | NVM_CLI_OPT_FILE_INPUT, kLines[i]);
    CHECK_INT(0, tool_init(&tool));
    capture_start();
    CHECK_INT(0, nvm_cli_run(&tool.cli));
    const char* text = capture_stop();
    CHECK_CONTAINS("Title -- Ver { major(", text);
    CHECK_CONTAINS(
        ") }\n\nWhat it does\n\nUsage:\n tool          run dev_path 0xADDR [0xADDR...] [-h] [-v] [-i FILE]\n"
        "\nOptions:\n -h       Print usage\n -v       Dump CLI state to stdout\n -i FILE  Path to input file\n"
        "\nSee: http://lightnvm.io/liblightnvm/cli/ for usage examples\n",
        text);
    nvm_cli_destroy(&tool.cli);
  }
  CHECK_INT(0, calls);
}

static void version(void) { printf("Ver 42"); }

TEST(a_tool_has_its_own_description_and_version) {
  tool_make(&tool, succeed, NVM_CLI_ARG_NONE, 0, "tool");
  tool.cli.descr_long = "Long text";
  tool.cli.ver_pr = version;
  CHECK_INT(0, tool_init(&tool));
  CHECK_STR("Title -- Ver 42\n\nWhat it does\n\nUsage:\n tool          run\n\nOptions:\n\nDescription:\nLong text\n",
            PRINTED(nvm_cli_usage_pr(&tool.cli)));
  tool.cli.descr_long = "none";
  CHECK_STR("Title -- Ver 42\n\nWhat it does\n\nUsage:\n tool          run\n\nOptions:\n",
            PRINTED(nvm_cli_usage_pr(&tool.cli)));
}

TEST(the_sub_command_decides_the_exit_status) {
  make("");
  CHECK_INT(0, tool_init(&tool));
  CHECK_INT(0, nvm_cli_run(&tool.cli));
  CHECK_INT(1, calls);
  nvm_cli_destroy(&tool.cli);
  make("");
  tool.cmd.func = fail;
  CHECK_INT(0, tool_init(&tool));
  capture_start();
  CHECK_INT(1, nvm_cli_run(&tool.cli));
  CHECK_STR("", capture_stop());
  CHECK_STR("# run: Device or resource busy\n", captured_errors());
  CHECK_INT(2, calls);
  nvm_cli_destroy(&tool.cli);
  CHECK_INT(1, nvm_cli_run(NULL));
}

TEST(what_is_no_command_line_is_refused) {
  tool_make(&tool, succeed, NVM_CLI_ARG_DEV_PATH, 0, "tool nonsense");
  CHECK_STR("", refused());
  tool_make(&tool, succeed, NVM_CLI_ARG_DEV_PATH, 0, "tool run");
  CHECK_STR("", refused());
  CHECK_INT(-1, nvm_cli_init(NULL, tool.nwords, tool.words));
  CHECK_INT(-1, nvm_cli_init(&tool.cli, 0, tool.words));
  CHECK_INT(-1, nvm_cli_init(&tool.cli, 2, NULL));
  tool_make(&tool, succeed, NVM_CLI_ARG_DEV_PATH, 0, "tool run /nonexistent/device");
  setenv("NVM_BE", "NVM_BE_EMU", 1);
  CHECK_STR("# nvm_dev_openf: No such file or directory\n", refused());
  nvm_cli_destroy(NULL);
}

TEST(a_long_name_of_the_program_is_cut) {
  char name[200];
  memset(name, 'n', sizeof(name) - 1);
  name[sizeof(name) - 1] = '\0';
  char* words[] = {name, NULL};
  tool_make(&tool, succeed, NVM_CLI_ARG_NONE, 0, "");
  CHECK_INT(0, nvm_cli_init(&tool.cli, 1, words));
  CHECK_INT(49, strlen(tool.cli.name));
}

TEST(the_environment_sets_the_device_up) {
  setenv("NVM_CLI_CMD_OPTS", "0x10040", 1);
  setenv("NVM_CLI_META_MODE", "0x2", 1);
  setenv("NVM_CLI_ERASE_NADDRS_MAX", "3", 1);
  setenv("NVM_CLI_READ_NADDRS_MAX", "4", 1);
  setenv("NVM_CLI_WRITE_NADDRS_MAX", "5", 1);
  setenv("NVM_CLI_META_PR", "", 1);
  make("");
  CHECK_INT(0, tool_init(&tool));
  const struct nvm_cli_evars* evars = &tool.cli.evars;
  CHECK_HEX(0x10040, evars->cmd_opts);
  CHECK_INT(2, evars->meta_mode);
  CHECK_INT(3, evars->erase_naddrs_max);
  CHECK_INT(4, evars->read_naddrs_max);
  CHECK_INT(5, evars->write_naddrs_max);
  CHECK(evars->meta_pr == 1 && evars->noverify == 0);
  CHECK_INT(2, nvm_dev_get_meta_mode(tool.cli.args.dev));
  CHECK_INT(3, nvm_dev_get_erase_naddrs_max(tool.cli.args.dev));
  CHECK_CONTAINS("  addr: 'SCALAR'\n", PRINTED(nvm_dev_pr(tool.cli.args.dev)));
  CHECK_STR(
      "nvm_cli_evars:\n  pmode: 0x00\n  meta_mode: 2\n  noverify: 0\n  erase_naddrs_max: 3\n  read_naddrs_max: 4\n"
      "  write_naddrs_max: 5\n  meta_pr: 1\n",
      PRINTED(nvm_cli_evars_pr(&tool.cli.evars)));
  nvm_cli_destroy(&tool.cli);
}

TEST(bad_values_of_the_environment_are_named) {
  static const char* kBad[][2] = {{"NVM_CLI_META_MODE", "3"},         {"NVM_CLI_META_MODE", "x"},
                                  {"NVM_CLI_ERASE_NADDRS_MAX", "0"},  {"NVM_CLI_ERASE_NADDRS_MAX", "65"},
                                  {"NVM_CLI_READ_NADDRS_MAX", "1.5"}, {"NVM_CLI_WRITE_NADDRS_MAX", ""},
                                  {"NVM_CLI_CMD_OPTS", "everything"}};
  for (size_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); ++i) {
    char expected[100];
    setenv(kBad[i][0], kBad[i][1], 1);
    make("");
    snprintf(expected, sizeof(expected), "# %s: Invalid argument\n", kBad[i][0]);
    CHECK_STR(expected, refused());
    unsetenv(kBad[i][0]);
  }
  setenv("NVM_CLI_CMD_OPTS", "0x30", 1);
  make("");
  CHECK_STR("# nvm_dev_openf: Invalid argument\n", refused());
}

static void write_file(const char* path, size_t nbytes, char fill) {
  char* bytes = malloc(nbytes == 0 ? 1 : nbytes);
  memset(bytes, fill, nbytes == 0 ? 1 : nbytes);
  CHECK_INT(0, nvm_buf_to_file(bytes, nbytes, path));
  free(bytes);
}

TEST(files_of_a_command_are_loaded_and_written_back_where_changed) {
  char arguments[800], expected[1200], byte = 0;
  const char *cmd = temporary("cmd"), *data = temporary("data"), *meta = temporary("meta");
  write_file(cmd, 64, 'c');
  write_file(data, 1 << 20, 'd');
  write_file(meta, 1, 'm');
  snprintf(arguments, sizeof(arguments), "-c %s -d %s -m %s", cmd, data, meta);
  make(arguments);
  CHECK_INT(0, tool_init(&tool));
  struct nvm_cli_opts_pfile* files = &tool.cli.opts.pfile;
  CHECK_INT(64, files->cmd_nbytes);
  CHECK_INT(1 << 20, files->data_nbytes);
  CHECK_INT(1, files->meta_nbytes);
  CHECK_INT('c', *(char*)files->cmd_buf);
  CHECK_INT('d', ((char*)files->data_dup)[(1 << 20) - 1]);
  CHECK(files->data_phys != NULL);
  snprintf(expected, sizeof(expected),
           "cli_opts_pfile:\n  cmd_path: %s\n  cmd_nbytes: 64\n  meta_path: %s\n  meta_nbytes: 1\n  data_path: %s\n"
           "  data_nbytes: 1048576\n",
           cmd, meta, data);
  CHECK_STR(expected, PRINTED(nvm_cli_opts_pfile_pr(files)));
  unlink(cmd);
  *(char*)files->meta_buf = 'M';
  CHECK_INT(0, nvm_cli_opts_pfile_dump(&tool.cli));
  CHECK_INT(0, nvm_buf_from_file(&byte, 1, meta));
  CHECK_INT('M', byte);
  CHECK_INT(-1, access(cmd, F_OK));
  nvm_cli_destroy(&tool.cli);
  CHECK_INT(-1, nvm_cli_opts_pfile_dump(NULL));
  CHECK_INT(EINVAL, errno);
}

TEST(files_that_do_not_fit_are_refused) {
  static const struct {
    char letter;
    size_t nbytes;
  } kBad[] = {{'c', 63}, {'c', 65}, {'c', 0}, {'d', (1 << 20) + 1}, {'m', (1 << 20) + 1}};
  char arguments[400];
  for (size_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); ++i) {
    const char* path = temporary("file");
    write_file(path, kBad[i].nbytes, 'x');
    snprintf(arguments, sizeof(arguments), "-%c %s", kBad[i].letter, path);
    make(arguments);
    (void)refused();
  }
  make("-c /nonexistent/file");
  (void)refused();
  make("-d /");
  (void)refused();
}

TEST(the_state_of_a_tool_prints) {
  make("-n 7 -x 0xff");
  tool.cmd.arg_type = NVM_CLI_ARG_DEV_PATH;
  CHECK_INT(0, tool_init(&tool));
  tool.cli.args.ndec_vals = 2;
  tool.cli.args.dec_vals[0] = 1;
  tool.cli.args.dec_vals[1] = 2;
  CHECK_STR(
      "cli_opts:\n  mask: 0x00000600\n  help: 0\n  brief: 0\n  verbose: 0\n  terse: 0\n  dec_val: 7\n"
      "  hex_val: 0x00000000000000ff\n  file_input: (null)\n  file_output: (null)\n",
      PRINTED(nvm_cli_opts_pr(&tool.cli.opts)));
  CHECK_STR(
      "cli_opts_pfile:\n  cmd_path: (null)\n  cmd_nbytes: 0\n  meta_path: (null)\n  meta_nbytes: 0\n"
      "  data_path: (null)\n  data_nbytes: 0\n",
      PRINTED(nvm_cli_opts_pfile_pr(&tool.cli.opts.pfile)));
  const char* text = PRINTED(nvm_cli_cmd_args_pr(&tool.cli.args));
  CHECK(strncmp(text,
                "cli_args:\n  dev_path: '" SMALL "'\ncli_args:\n  ndec_vals: 2  dec_vals:  - 1\n  - 2\n"
                "  nhex_vals: 0  hex_vals: ~\ncli_args_naddrs: 0\naddrs:\ncli_dev_attr:\n",
                sizeof("cli_args:\n  dev_path: '" SMALL "'\ncli_args:\n  ndec_vals: 2  dec_vals:  - 1\n  - 2\n"
                       "  nhex_vals: 0  hex_vals: ~\ncli_args_naddrs: 0\naddrs:\ncli_dev_attr:\n") -
                    1) == 0);
  text = PRINTED(nvm_cli_pr(&tool.cli));
  CHECK(strncmp(text, "nvm_cli:\n  ncmds: 1\n  name: 'tool'\nnvm_cli_evars:\n", 50) == 0);
  nvm_cli_destroy(&tool.cli);
}

TEST(printers_of_nothing) {
  CHECK_STR("nvm_cli: ~\n", PRINTED(nvm_cli_pr(NULL)));
  CHECK_STR("nvm_cli: ~\n", PRINTED(nvm_cli_usage_pr(NULL)));
  CHECK_STR("cli_args: ~\n", PRINTED(nvm_cli_cmd_args_pr(NULL)));
  CHECK_STR("cli_opts: ~\n", PRINTED(nvm_cli_opts_pr(NULL)));
  CHECK_STR("cli_opts_pfile: ~\n", PRINTED(nvm_cli_opts_pfile_pr(NULL)));
  CHECK_STR("nvm_cli_evars: ~\n", PRINTED(nvm_cli_evars_pr(NULL)));
}

TEST(messages) {
  char text[1002];
  CHECK_STR("# nvm_cmd_erase: 7 of 9\n", PRINTED(nvm_cli_info_pr("nvm_cmd_%s: %d of %d", "erase", 7, 9)));
  CHECK_STR("status: {task: 'write', cur: 1, total: 10}\n", PRINTED(nvm_cli_status_pr("write", 1, 10)));
  memset(text, 'x', sizeof(text) - 1);
  text[sizeof(text) - 1] = '\0';
  capture_start();
  errno = EIO;
  nvm_cli_perror("first");
  CHECK_INT(EIO, errno);
  nvm_cli_perror(text);
  nvm_cli_perror(NULL);
  CHECK_STR("", capture_stop());
  CHECK_STR("# first: Input/output error\n", captured_errors());
}

TEST(one_timer) {
  const size_t start = nvm_cli_timer_start(), stop = nvm_cli_timer_stop();
  CHECK(stop >= start);
  CHECK_INT(stop - start, nvm_cli_timer_elapsed_nsecs());
  CHECK(nvm_cli_timer_elapsed_usecs() == (double)(stop - start) / 1e3);
  CHECK(nvm_cli_timer_elapsed_msecs() == (double)(stop - start) / 1e6);
  CHECK(nvm_cli_timer_elapsed_secs() == (double)(stop - start) / 1e9);
  CHECK(nvm_cli_timer_elapsed() == nvm_cli_timer_elapsed_secs());
  const char* text = PRINTED(nvm_cli_timer_pr("prefix"));
  CHECK(strncmp(text, "prefix: {elapsed: 0.000", 23) == 0 && text[strlen(text) - 1] == '\n');
  text = PRINTED(nvm_cli_timer_bw_pr("prefix", 25165824));
  CHECK(strncmp(text, "prefix: {elapsed: 0.00", 22) == 0);
  CHECK_CONTAINS(", mb: 24.00, mbsec: ", text);
}
