// SPDX-License-Identifier: BSD-2-Clause
// Constants and structures of liblightnvm_cli.h, byte for byte.
#include <liblightnvm_cli.h>

#include "harness.h"
#include "layout.h"

VALUE(NVM_CLI_CMD_LEN, 50);
VALUE(NVM_CLI_OPT_NONE, 0);
VALUE(NVM_CLI_OPT_HELP, 1);
VALUE(NVM_CLI_OPT_BRIEF, 2);
VALUE(NVM_CLI_OPT_VERBOSE, 4);
VALUE(NVM_CLI_OPT_STATUS, 8);
VALUE(NVM_CLI_OPT_FILE_CMD, 0x10);
VALUE(NVM_CLI_OPT_FILE_DATA, 0x20);
VALUE(NVM_CLI_OPT_FILE_META, 0x40);
VALUE(NVM_CLI_OPT_FILE_INPUT, 0x80);
VALUE(NVM_CLI_OPT_FILE_OUTPUT, 0x100);
VALUE(NVM_CLI_OPT_VAL_DEC, 0x200);
VALUE(NVM_CLI_OPT_VAL_HEX, 0x400);
VALUE(NVM_CLI_OPT_TERSE, 0x800);
VALUE(NVM_CLI_OPT_DEFAULT, 5);
VALUE(NVM_CLI_OPT_COUNT, 12);
VALUE(NVM_CLI_OPTS_PFILE, 0x70);
VALUE(NVM_CLI_OPTS_PFILE_COUNT, 3);
VALUE(NVM_CLI_OPTS_PFILE_CMD_NBYTES, 64);
VALUE(NVM_CLI_OPTS_PFILE_MAX_NBYTES, 1 << 20);

VALUE(NVM_CLI_PMODE, 0);
VALUE(NVM_CLI_META_MODE, 1);
VALUE(NVM_CLI_NOVERIFY, 2);
VALUE(NVM_CLI_ERASE_NADDRS_MAX, 3);
VALUE(NVM_CLI_READ_NADDRS_MAX, 4);
VALUE(NVM_CLI_WRITE_NADDRS_MAX, 5);

VALUE(NVM_CLI_ARG_NONE, 0);
VALUE(NVM_CLI_ARG_DEV_PATH, 1);
VALUE(NVM_CLI_ARG_DECVAL, 2);
VALUE(NVM_CLI_ARG_DECVAL_LIST, 3);
VALUE(NVM_CLI_ARG_DECVAL_BEGIN_END, 4);
VALUE(NVM_CLI_ARG_HEXVAL, 5);
VALUE(NVM_CLI_ARG_HEXVAL_LIST, 6);
VALUE(NVM_CLI_ARG_ADDR, 7);
VALUE(NVM_CLI_ARG_ADDR_LIST, 8);
VALUE(NVM_CLI_ARG_ADDR_SRC_DST, 9);
VALUE(NVM_CLI_ARG_ADDR_LUN, 10);
VALUE(NVM_CLI_ARG_ADDR_BLK, 11);
VALUE(NVM_CLI_ARG_ADDR_PG, 12);
VALUE(NVM_CLI_ARG_ADDR_SEC, 13);
VALUE(NVM_CLI_ARG_ADDR_LUN_HEXVAL, 14);
VALUE(NVM_CLI_ARG_ADDR_BLK_HEXVAL, 15);
VALUE(NVM_CLI_ARG_ADDR_CHK_HEXVAL, 16);
VALUE(NVM_CLI_ARG_ADDR_CHK_VAL_HEXVAL, 17);
VALUE(NVM_CLI_ARG_VCOPY, 18);
VALUE(NVM_CLI_ARG_VCOPY_S20, 19);
VALUE(NVM_CLI_ARG_ADDR_S12, 20);
VALUE(NVM_CLI_ARG_ADDR_S20, 21);
VALUE(NVM_CLI_ARG_VBLK_LINE, 22);
VALUE(NVM_CLI_ARG_VBLK_LINE_POS, 23);
VALUE(NVM_CLI_ARG_REGISTER, 24);
VALUE(NVM_CLI_ARG_REGISTER_VALUE, 25);
VALUE(NVM_CLI_ARG_COUNT_OFFSET, 26);

SIZE(struct nvm_cli_cmd, 72);
PLACE(struct nvm_cli_cmd, name, 0, 50);
PLACE(struct nvm_cli_cmd, func, 56, 8);
PLACE(struct nvm_cli_cmd, arg_type, 64, 4);
PLACE(struct nvm_cli_cmd, opt_types, 68, 4);

#define ARGS struct nvm_cli_cmd_args
PLACE(ARGS, dev_path, 0, 1024);
PLACE(ARGS, dev, 1024, 8);
PLACE(ARGS, geo, 1032, 8);
PLACE(ARGS, addrs, 1040, 8192);
PLACE(ARGS, naddrs, 9232, 4);
PLACE(ARGS, dec_vals, 9240, 8192);
PLACE(ARGS, ndec_vals, 17432, 4);
PLACE(ARGS, hex_vals, 17440, 8192);
PLACE(ARGS, nhex_vals, 25632, 4);
SIZE(ARGS, 25640);

SIZE(struct nvm_cli_evars, 32);
PLACE(struct nvm_cli_evars, pmode, 0, 4);
PLACE(struct nvm_cli_evars, meta_mode, 4, 4);
PLACE(struct nvm_cli_evars, noverify, 8, 4);
PLACE(struct nvm_cli_evars, erase_naddrs_max, 12, 4);
PLACE(struct nvm_cli_evars, read_naddrs_max, 16, 4);
PLACE(struct nvm_cli_evars, write_naddrs_max, 20, 4);
PLACE(struct nvm_cli_evars, meta_pr, 24, 4);
PLACE(struct nvm_cli_evars, cmd_opts, 28, 4);

#define PFILE struct nvm_cli_opts_pfile
SIZE(PFILE, 120);
PLACE(PFILE, bufs, 0, 24);
PLACE(PFILE, cmd_buf, 0, 8);
PLACE(PFILE, meta_buf, 8, 8);
PLACE(PFILE, data_buf, 16, 8);
PLACE(PFILE, phys, 24, 24);
PLACE(PFILE, cmd_phys, 24, 8);
PLACE(PFILE, meta_phys, 32, 8);
PLACE(PFILE, data_phys, 40, 8);
PLACE(PFILE, dups, 48, 24);
PLACE(PFILE, cmd_dup, 48, 8);
PLACE(PFILE, meta_dup, 56, 8);
PLACE(PFILE, data_dup, 64, 8);
PLACE(PFILE, paths, 72, 24);
PLACE(PFILE, cmd_path, 72, 8);
PLACE(PFILE, meta_path, 80, 8);
PLACE(PFILE, data_path, 88, 8);
PLACE(PFILE, nbytes, 96, 24);
PLACE(PFILE, cmd_nbytes, 96, 8);
PLACE(PFILE, meta_nbytes, 104, 8);
PLACE(PFILE, data_nbytes, 112, 8);

SIZE(struct nvm_cli_opts, 176);
PLACE(struct nvm_cli_opts, mask, 0, 4);
PLACE(struct nvm_cli_opts, help, 4, 4);
PLACE(struct nvm_cli_opts, brief, 8, 4);
PLACE(struct nvm_cli_opts, verbose, 12, 4);
PLACE(struct nvm_cli_opts, terse, 16, 4);
PLACE(struct nvm_cli_opts, status, 20, 4);
PLACE(struct nvm_cli_opts, pfile, 24, 120);
PLACE(struct nvm_cli_opts, file_input, 144, 8);
PLACE(struct nvm_cli_opts, file_output, 152, 8);
PLACE(struct nvm_cli_opts, dec_val, 160, 8);
PLACE(struct nvm_cli_opts, hex_val, 168, 8);

PLACE(struct nvm_cli, title, 0, 8);
PLACE(struct nvm_cli, descr_short, 8, 8);
PLACE(struct nvm_cli, descr_long, 16, 8);
PLACE(struct nvm_cli, cmds, 24, 8);
PLACE(struct nvm_cli, ncmds, 32, 4);
PLACE(struct nvm_cli, name, 36, 50);
PLACE(struct nvm_cli, cmd, 88, 72);
PLACE(struct nvm_cli, args, 160, 25640);
PLACE(struct nvm_cli, opts, 25800, 176);
PLACE(struct nvm_cli, evars, 25976, 32);
PLACE(struct nvm_cli, ver_pr, 26008, 8);
SIZE(struct nvm_cli, 26016);

// A tool is written by its members' order.
static int nothing(struct nvm_cli* cli) { return cli == NULL; }

TEST(a_tool_is_initialised_in_the_order_of_the_members) {
  struct nvm_cli_cmd cmds[] = {{"info", nothing, NVM_CLI_ARG_DEV_PATH, NVM_CLI_OPT_DEFAULT}};
  struct nvm_cli cli = {"Title", "Short", NULL, cmds, 1, ""};
  CHECK_STR("info", cli.cmds[0].name);
  CHECK_INT(5, cli.cmds[0].opt_types);
}
