// SPDX-License-Identifier: BSD-2-Clause
// liblightnvm_cli: every type of positional argument, what is wrong with them, numbers, lists.
#include "cli_words.h"

static struct tool tool;

static int nothing(struct nvm_cli* cli) { return cli == NULL; }

// Parses, or fails the test.
static const struct nvm_cli_cmd_args* parsed(enum nvm_cli_cmd_arg_type type, const char* arguments) {
  char line[900];
  snprintf(line, sizeof(line), "tool run %s %s", type == NVM_CLI_ARG_NONE ? "" : SMALL, arguments);
  tool_make(&tool, nothing, type, NVM_CLI_OPT_DEFAULT, line);
  CHECK_INT(0, tool_init(&tool));
  return &tool.cli.args;
}
static void done(void) { nvm_cli_destroy(&tool.cli); }

static void refused(enum nvm_cli_cmd_arg_type type, const char* arguments) {
  char line[900];
  snprintf(line, sizeof(line), "tool run %s %s", SMALL, arguments);
  tool_make(&tool, nothing, type, NVM_CLI_OPT_DEFAULT, line);
  errno = 0;
  capture_start();
  CHECK_INT(-1, tool_init(&tool));
  (void)capture_stop();
  CHECK_INT(EINVAL, errno);
  CHECK(tool.cli.args.dev == NULL);
}

TEST(none_takes_nothing_and_opens_nothing) {
  CHECK(parsed(NVM_CLI_ARG_NONE, "")->dev == NULL);
  done();
}

TEST(dev_path_opens_the_device) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_DEV_PATH, "");
  CHECK(args->dev != NULL && args->geo == nvm_dev_get_geo(args->dev));
  CHECK_STR(SMALL, args->dev_path);
  CHECK_STR("tool", tool.cli.name);
  CHECK_STR("run", tool.cli.cmd.name);
  done();
  CHECK(args->dev == NULL);
  done();
}

TEST(decimals) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_DECVAL, "42");
  CHECK_INT(1, args->ndec_vals);
  CHECK_INT(42, args->dec_vals[0]);
  done();
  args = parsed(NVM_CLI_ARG_DECVAL_LIST, "1 99999999999 3");
  CHECK_INT(3, args->ndec_vals);
  CHECK_INT(99999999999, args->dec_vals[1]);
  done();
  args = parsed(NVM_CLI_ARG_DECVAL_BEGIN_END, "5 6");
  CHECK_INT(2, args->ndec_vals);
  CHECK_INT(6, args->dec_vals[1]);
  done();
  args = parsed(NVM_CLI_ARG_COUNT_OFFSET, "7 8");
  CHECK_INT(2, args->ndec_vals);
  CHECK_INT(8, args->dec_vals[1]);
  done();
}

TEST(hexadecimals_with_and_without_prefix) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_HEXVAL, "0xfF");
  CHECK_INT(1, args->nhex_vals);
  CHECK_HEX(0xFF, args->hex_vals[0]);
  done();
  args = parsed(NVM_CLI_ARG_HEXVAL_LIST, "10 0x10 ffffffffffffffff");
  CHECK_INT(3, args->nhex_vals);
  CHECK_HEX(0x10, args->hex_vals[0]);
  CHECK_HEX(UINT64_MAX, args->hex_vals[2]);
  done();
  args = parsed(NVM_CLI_ARG_REGISTER, "0x1c");
  CHECK_HEX(0x1C, args->hex_vals[0]);
  done();
  args = parsed(NVM_CLI_ARG_REGISTER_VALUE, "0x1c 2");
  CHECK_INT(2, args->nhex_vals);
  CHECK_HEX(2, args->hex_vals[1]);
  done();
}

static void check_address(enum nvm_cli_cmd_arg_type type, const char* arguments, struct nvm_addr expected) {
  const struct nvm_cli_cmd_args* args = parsed(type, arguments);
  CHECK_INT(1, args->naddrs);
  CHECK_HEX(expected.val, args->addrs[0].val);
  done();
}

TEST(addresses) {
  check_address(NVM_CLI_ARG_ADDR, "0x0102000300000004", at(1, 2, 3, 4));
  check_address(NVM_CLI_ARG_ADDR, "0102000300000004", at(1, 2, 3, 4));
  check_address(NVM_CLI_ARG_ADDR_LUN, "1 2", at(1, 2, 0, 0));
  check_address(NVM_CLI_ARG_ADDR_BLK, "1 2 3", at(1, 2, 3, 0));
  check_address(NVM_CLI_ARG_ADDR_PG, "1 2 3 0", at(1, 2, 3, 0));
  check_address(NVM_CLI_ARG_ADDR_S20, "1 2 3 4", at(1, 2, 3, 4));
  setenv("NVM_CLI_NOVERIFY", "1", 1);
  struct nvm_addr addr = at(1, 2, 3, 0);
  addr.g.pg = 5;
  check_address(NVM_CLI_ARG_ADDR_PG, "1 2 3 5", addr);
  addr.g.pl = 4;
  addr.g.sec = 6;
  check_address(NVM_CLI_ARG_ADDR_S12, "1 2 3 4 5 6", addr);
  check_address(NVM_CLI_ARG_ADDR_SEC, "1 2 4 3 5 6", addr);
}

TEST(lists_of_addresses_end_at_an_option) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_ADDR_LIST, "0x0 0x1 0x0102000300000004 -b");
  CHECK_INT(3, args->naddrs);
  CHECK_HEX(at(1, 2, 3, 4).val, args->addrs[2].val);
  CHECK_INT(1, tool.cli.opts.brief);
  done();
}

TEST(two_addresses) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_ADDR_SRC_DST, "0x1 0x2");
  CHECK_INT(2, args->naddrs);
  CHECK_HEX(2, args->addrs[1].val);
  done();
  static const enum nvm_cli_cmd_arg_type kCopies[] = {NVM_CLI_ARG_VCOPY, NVM_CLI_ARG_VCOPY_S20};
  for (int i = 0; i < 2; ++i) {
    args = parsed(kCopies[i], "1 2 3 0 1 4");
    CHECK_INT(2, args->naddrs);
    CHECK_HEX(at(1, 2, 3, 0).val, args->addrs[0].val);
    CHECK_HEX(at(0, 1, 4, 0).val, args->addrs[1].val);
    done();
  }
}

TEST(addresses_with_values) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_ADDR_LUN_HEXVAL, "1 2 0xa");
  CHECK_HEX(at(1, 2, 0, 0).val, args->addrs[0].val);
  CHECK_HEX(0xA, args->hex_vals[0]);
  done();
  static const enum nvm_cli_cmd_arg_type kTypes[] = {NVM_CLI_ARG_ADDR_BLK_HEXVAL, NVM_CLI_ARG_ADDR_CHK_HEXVAL};
  for (int i = 0; i < 2; ++i) {
    args = parsed(kTypes[i], "1 2 3 a");
    CHECK_HEX(at(1, 2, 3, 0).val, args->addrs[0].val);
    CHECK_HEX(0xA, args->hex_vals[0]);
    done();
  }
  args = parsed(NVM_CLI_ARG_ADDR_CHK_VAL_HEXVAL, "1 2 3 12 0x13");
  CHECK_HEX(at(1, 2, 3, 0).val, args->addrs[0].val);
  CHECK_INT(12, args->dec_vals[0]);
  CHECK_HEX(0x13, args->hex_vals[0]);
  done();
}

TEST(lines_are_two_addresses) {
  const struct nvm_cli_cmd_args* args = parsed(NVM_CLI_ARG_VBLK_LINE, "0 1 1 2 5");
  CHECK_INT(2, args->naddrs);
  CHECK_HEX(at(0, 1, 5, 0).val, args->addrs[0].val);
  CHECK_HEX(at(1, 2, 5, 0).val, args->addrs[1].val);
  done();
  args = parsed(NVM_CLI_ARG_VBLK_LINE_POS, "0 1 1 2 5 4096 8192");
  CHECK_INT(2, args->naddrs);
  CHECK_INT(4096, args->dec_vals[0]);
  CHECK_INT(8192, args->dec_vals[1]);
  done();
}

TEST(surplus_positionals_are_ignored) {
  CHECK_INT(1, parsed(NVM_CLI_ARG_DECVAL, "1 2 3")->ndec_vals);
  done();
}

TEST(missing_positionals_are_refused) {
  static const struct {
    enum nvm_cli_cmd_arg_type type;
    const char* arguments;
  } kShort[] = {{NVM_CLI_ARG_DECVAL, ""},
                {NVM_CLI_ARG_DECVAL_LIST, ""},
                {NVM_CLI_ARG_HEXVAL_LIST, ""},
                {NVM_CLI_ARG_ADDR_LIST, "-b"},
                {NVM_CLI_ARG_DECVAL_BEGIN_END, "1"},
                {NVM_CLI_ARG_HEXVAL, "-b"},
                {NVM_CLI_ARG_ADDR, ""},
                {NVM_CLI_ARG_ADDR_SRC_DST, "0x1"},
                {NVM_CLI_ARG_ADDR_LUN, "1"},
                {NVM_CLI_ARG_ADDR_BLK, "1 2"},
                {NVM_CLI_ARG_ADDR_PG, "1 2 3"},
                {NVM_CLI_ARG_ADDR_SEC, "1 2 3 4 5"},
                {NVM_CLI_ARG_ADDR_LUN_HEXVAL, "1 2"},
                {NVM_CLI_ARG_ADDR_BLK_HEXVAL, "1 2 3"},
                {NVM_CLI_ARG_ADDR_CHK_HEXVAL, "1 2 3"},
                {NVM_CLI_ARG_ADDR_CHK_VAL_HEXVAL, "1 2 3 4"},
                {NVM_CLI_ARG_VCOPY, "1 2 3 0 1"},
                {NVM_CLI_ARG_VCOPY_S20, "1 2 3"},
                {NVM_CLI_ARG_ADDR_S12, "1 2 3 4 5"},
                {NVM_CLI_ARG_ADDR_S20, "1 2 3"},
                {NVM_CLI_ARG_VBLK_LINE, "0 1 1 2"},
                {NVM_CLI_ARG_VBLK_LINE_POS, "0 1 1 2 5 4096"},
                {NVM_CLI_ARG_REGISTER, ""},
                {NVM_CLI_ARG_REGISTER_VALUE, "1"},
                {NVM_CLI_ARG_COUNT_OFFSET, "1"}};
  for (size_t i = 0; i < sizeof(kShort) / sizeof(kShort[0]); ++i) refused(kShort[i].type, kShort[i].arguments);
}

TEST(words_that_are_no_numbers_are_refused) {
  refused(NVM_CLI_ARG_DECVAL, "many");
  refused(NVM_CLI_ARG_DECVAL, "12x");
  refused(NVM_CLI_ARG_DECVAL, "-1");
  refused(NVM_CLI_ARG_DECVAL, "99999999999999999999");
  refused(NVM_CLI_ARG_HEXVAL, "0xg");
  refused(NVM_CLI_ARG_HEXVAL, "0x10000000000000000");
  refused(NVM_CLI_ARG_ADDR, "chunk");
  refused(NVM_CLI_ARG_ADDR_LUN, "256 0");
  refused(NVM_CLI_ARG_ADDR_LIST, "0x1 x");
}

TEST(addresses_that_exceed_the_device_are_told) {
  static const char expected[] = "0x0302000a00000000\n# Exceeded\nbounds:\n- pugrp\n- chunk\n";
  tool_make(&tool, nothing, NVM_CLI_ARG_ADDR_LIST, 0, "tool run " SMALL " 0x0 0x0302000a00000000");
  capture_start();
  CHECK_INT(-1, tool_init(&tool));
  CHECK_STR(expected, capture_stop());
  CHECK_INT(EINVAL, errno);
  CHECK(tool.cli.args.dev == NULL);
  setenv("NVM_CLI_NOVERIFY", "", 1);
  CHECK_INT(2, parsed(NVM_CLI_ARG_ADDR_LIST, "0x0 0x0302000a00000000")->naddrs);
  CHECK_INT(1, tool.cli.evars.noverify);
  done();
}

TEST(there_is_room_for_1024_and_no_more) {
  char* words[1024 + 4];
  char program[] = "tool", run[] = "run", path[] = SMALL, zero[] = "0";
  words[0] = program;
  words[1] = run;
  words[2] = path;
  for (int i = 3; i < 1028; ++i) words[i] = zero;
  tool_make(&tool, nothing, NVM_CLI_ARG_ADDR_LIST, 0, "");
  CHECK_INT(0, nvm_cli_init(&tool.cli, 3 + 1024, words));
  CHECK_INT(1024, tool.cli.args.naddrs);
  done();
  CHECK_INT(-1, nvm_cli_init(&tool.cli, 3 + 1025, words));
  CHECK_INT(EINVAL, errno);
}

TEST(the_usage_names_the_arguments_of_every_type) {
  static const struct {
    enum nvm_cli_cmd_arg_type type;
    const char* text;
  } kTypes[] = {
      {NVM_CLI_ARG_NONE, ""},
      {NVM_CLI_ARG_DEV_PATH, " dev_path"},
      {NVM_CLI_ARG_DECVAL, " dev_path val"},
      {NVM_CLI_ARG_DECVAL_LIST, " dev_path val [val...]"},
      {NVM_CLI_ARG_DECVAL_BEGIN_END, " dev_path begin end"},
      {NVM_CLI_ARG_HEXVAL, " dev_path 0xVAL"},
      {NVM_CLI_ARG_HEXVAL_LIST, " dev_path 0xVAL [0xVAL...]"},
      {NVM_CLI_ARG_ADDR, " dev_path 0xADDR"},
      {NVM_CLI_ARG_ADDR_LIST, " dev_path 0xADDR [0xADDR...]"},
      {NVM_CLI_ARG_ADDR_SRC_DST, " dev_path 0xSRC 0xDST"},
      {NVM_CLI_ARG_ADDR_LUN, " dev_path ch lun"},
      {NVM_CLI_ARG_ADDR_BLK, " dev_path ch lun blk"},
      {NVM_CLI_ARG_ADDR_PG, " dev_path ch lun blk pg"},
      {NVM_CLI_ARG_ADDR_SEC, " dev_path ch lun pl blk pg sec"},
      {NVM_CLI_ARG_ADDR_LUN_HEXVAL, " dev_path ch lun 0xVAL"},
      {NVM_CLI_ARG_ADDR_BLK_HEXVAL, " dev_path ch lun blk 0xVAL"},
      {NVM_CLI_ARG_ADDR_CHK_HEXVAL, " dev_path grp pu chk 0xVAL"},
      {NVM_CLI_ARG_ADDR_CHK_VAL_HEXVAL, " dev_path grp pu chk NADDRS 0xOPT"},
      {NVM_CLI_ARG_VCOPY, " dev_path ch lun blk ch lun blk"},
      {NVM_CLI_ARG_VCOPY_S20, " dev_path pugrp punit chunk pugrp punit chunk"},
      {NVM_CLI_ARG_ADDR_S12, " dev_path ch lun blk pl pg sec"},
      {NVM_CLI_ARG_ADDR_S20, " dev_path pugrp punit chunk sectr"},
      {NVM_CLI_ARG_VBLK_LINE, " dev_path ch_bgn ch_end lun_bgn lun_end blk"},
      {NVM_CLI_ARG_VBLK_LINE_POS, " dev_path ch_bgn ch_end lun_bgn lun_end blk count offset"},
      {NVM_CLI_ARG_REGISTER, " dev_path 0xREG"},
      {NVM_CLI_ARG_REGISTER_VALUE, " dev_path 0xREG 0xVAL"},
      {NVM_CLI_ARG_COUNT_OFFSET, " dev_path count offset"},
  };
  for (size_t i = 0; i < sizeof(kTypes) / sizeof(kTypes[0]); ++i) {
    char expected[200];
    CHECK_INT(i, kTypes[i].type);
    tool_make(&tool, nothing, kTypes[i].type, 0xFFF, "tool");
    CHECK_INT(0, tool_init(&tool));
    snprintf(expected, sizeof(expected),
             "\n tool          run%s [-h] [-b] [-v] [-s] [-c FILE] [-d FILE] [-m FILE] [-i FILE] [-o FILE] [-n VAL] "
             "[-x 0xVAL] [-t]\n",
             kTypes[i].text);
    CHECK_CONTAINS(expected, PRINTED(nvm_cli_usage_pr(&tool.cli)));
  }
}
