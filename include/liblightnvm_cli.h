// SPDX-License-Identifier: BSD-2-Clause
// Command lines of tools on liblightnvm: `tool SUBCMD [dev_path] positional... [options]`. A tool lists its
// sub-commands, nvm_cli_init parses and opens the device, nvm_cli_run calls the sub-command. One thread.
#pragma once

#include <liblightnvm.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NVM_CLI_CMD_LEN 50

/* Options; each sub-command says which it has. */
enum nvm_cli_opt_type {
  NVM_CLI_OPT_NONE = 0x0,
  NVM_CLI_OPT_HELP = 0x1,          /* -h */
  NVM_CLI_OPT_BRIEF = 0x2,         /* -b */
  NVM_CLI_OPT_VERBOSE = 0x4,       /* -v */
  NVM_CLI_OPT_STATUS = 0x8,        /* -s */
  NVM_CLI_OPT_FILE_CMD = 0x10,     /* -c FILE */
  NVM_CLI_OPT_FILE_DATA = 0x20,    /* -d FILE */
  NVM_CLI_OPT_FILE_META = 0x40,    /* -m FILE */
  NVM_CLI_OPT_FILE_INPUT = 0x80,   /* -i FILE */
  NVM_CLI_OPT_FILE_OUTPUT = 0x100, /* -o FILE */
  NVM_CLI_OPT_VAL_DEC = 0x200,     /* -n VAL */
  NVM_CLI_OPT_VAL_HEX = 0x400,     /* -x 0xVAL */
  NVM_CLI_OPT_TERSE = 0x800        /* -t */
};
#define NVM_CLI_OPT_DEFAULT (NVM_CLI_OPT_HELP | NVM_CLI_OPT_VERBOSE)
#define NVM_CLI_OPT_COUNT 12

/* The files of a pass-through command. */
#define NVM_CLI_OPTS_PFILE (NVM_CLI_OPT_FILE_CMD | NVM_CLI_OPT_FILE_META | NVM_CLI_OPT_FILE_DATA)
#define NVM_CLI_OPTS_PFILE_COUNT 3
#define NVM_CLI_OPTS_PFILE_CMD_NBYTES 64
#define NVM_CLI_OPTS_PFILE_MAX_NBYTES (1 << 20)

/* Values from the environment. */
enum nvm_cli_evar_type {
  NVM_CLI_PMODE = 0,
  NVM_CLI_META_MODE,
  NVM_CLI_NOVERIFY,
  NVM_CLI_ERASE_NADDRS_MAX,
  NVM_CLI_READ_NADDRS_MAX,
  NVM_CLI_WRITE_NADDRS_MAX
};

/* The positional arguments of a sub-command; all but NONE begin with dev_path. */
enum nvm_cli_cmd_arg_type {
  NVM_CLI_ARG_NONE = 0,            /* nothing */
  NVM_CLI_ARG_DEV_PATH,            /* dev_path */
  NVM_CLI_ARG_DECVAL,              /* val */
  NVM_CLI_ARG_DECVAL_LIST,         /* val [val...] */
  NVM_CLI_ARG_DECVAL_BEGIN_END,    /* begin end */
  NVM_CLI_ARG_HEXVAL,              /* 0xVAL */
  NVM_CLI_ARG_HEXVAL_LIST,         /* 0xVAL [0xVAL...] */
  NVM_CLI_ARG_ADDR,                /* 0xADDR */
  NVM_CLI_ARG_ADDR_LIST,           /* 0xADDR [0xADDR...] */
  NVM_CLI_ARG_ADDR_SRC_DST,        /* 0xSRC 0xDST */
  NVM_CLI_ARG_ADDR_LUN,            /* ch lun */
  NVM_CLI_ARG_ADDR_BLK,            /* ch lun blk */
  NVM_CLI_ARG_ADDR_PG,             /* ch lun blk pg */
  NVM_CLI_ARG_ADDR_SEC,            /* ch lun pl blk pg sec */
  NVM_CLI_ARG_ADDR_LUN_HEXVAL,     /* ch lun 0xVAL */
  NVM_CLI_ARG_ADDR_BLK_HEXVAL,     /* ch lun blk 0xVAL */
  NVM_CLI_ARG_ADDR_CHK_HEXVAL,     /* grp pu chk 0xVAL */
  NVM_CLI_ARG_ADDR_CHK_VAL_HEXVAL, /* grp pu chk NADDRS 0xOPT */
  NVM_CLI_ARG_VCOPY,               /* ch lun blk ch lun blk */
  NVM_CLI_ARG_VCOPY_S20,           /* pugrp punit chunk pugrp punit chunk */
  NVM_CLI_ARG_ADDR_S12,            /* ch lun blk pl pg sec */
  NVM_CLI_ARG_ADDR_S20,            /* pugrp punit chunk sectr */
  NVM_CLI_ARG_VBLK_LINE,           /* ch_bgn ch_end lun_bgn lun_end blk */
  NVM_CLI_ARG_VBLK_LINE_POS,       /* ch_bgn ch_end lun_bgn lun_end blk count offset */
  NVM_CLI_ARG_REGISTER,            /* 0xREG */
  NVM_CLI_ARG_REGISTER_VALUE,      /* 0xREG 0xVAL */
  NVM_CLI_ARG_COUNT_OFFSET         /* count offset */
};

struct nvm_cli;
/* A sub-command: 0, or not 0 with errno set. */
typedef int (*nvm_cli_cmd_func)(struct nvm_cli* cli);

struct nvm_cli_cmd {
  char name[NVM_CLI_CMD_LEN];
  nvm_cli_cmd_func func;
  enum nvm_cli_cmd_arg_type arg_type;
  uint32_t opt_types; /* of enum nvm_cli_opt_type */
};

/* The parsed positional arguments: addresses, plain decimals and other values in the order given. */
struct nvm_cli_cmd_args {
  char dev_path[1024];
  struct nvm_dev* dev;
  const struct nvm_geo* geo;
  struct nvm_addr addrs[1024];
  int naddrs;
  size_t dec_vals[1024];
  int ndec_vals;
  uint64_t hex_vals[1024];
  int nhex_vals;
};

struct nvm_cli_evars {
  int pmode;
  int meta_mode;
  int noverify;
  int erase_naddrs_max;
  int read_naddrs_max;
  int write_naddrs_max;
  int meta_pr;
  int cmd_opts;
};

/* The three files of a pass-through command: buffers, their bus addresses, copies of what was read, paths, sizes. */
__extension__ struct nvm_cli_opts_pfile {
  union {
    void* bufs[NVM_CLI_OPTS_PFILE_COUNT];
    struct {
      void* cmd_buf;
      void* meta_buf;
      void* data_buf;
    };
  };
  union {
    void* phys[NVM_CLI_OPTS_PFILE_COUNT];
    struct {
      void* cmd_phys;
      void* meta_phys;
      void* data_phys;
    };
  };
  union {
    void* dups[NVM_CLI_OPTS_PFILE_COUNT];
    struct {
      void* cmd_dup;
      void* meta_dup;
      void* data_dup;
    };
  };
  union {
    const char* paths[NVM_CLI_OPTS_PFILE_COUNT];
    struct {
      const char* cmd_path;
      const char* meta_path;
      const char* data_path;
    };
  };
  union {
    size_t nbytes[NVM_CLI_OPTS_PFILE_COUNT];
    struct {
      size_t cmd_nbytes;
      size_t meta_nbytes;
      size_t data_nbytes;
    };
  };
};

struct nvm_cli_opts {
  int mask; /* which were given, of enum nvm_cli_opt_type */
  int help;
  int brief;
  int verbose;
  int terse;
  int status;
  struct nvm_cli_opts_pfile pfile;
  char* file_input;
  char* file_output;
  size_t dec_val;
  size_t hex_val;
};

/* A tool. The caller fills title, the descriptions (descr_long may be NULL), cmds and ncmds, and ver_pr (NULL: this
 * library's version). */
struct nvm_cli {
  const char* title;
  const char* descr_short;
  const char* descr_long;
  struct nvm_cli_cmd* cmds;
  int ncmds;
  char name[NVM_CLI_CMD_LEN];
  struct nvm_cli_cmd cmd;
  struct nvm_cli_cmd_args args;
  struct nvm_cli_opts opts;
  struct nvm_cli_evars evars;
  void (*ver_pr)(void);
};

/* Parses the command line and the environment, opens the device and checks addresses. 0, or -1 with EINVAL. */
int nvm_cli_init(struct nvm_cli* cli, int argc, char* argv[]);
/* Calls the sub-command, or prints the usage. Returns the program's exit status: 0 or 1. */
int nvm_cli_run(struct nvm_cli* cli);
/* Frees what nvm_cli_init made, and closes the device. */
void nvm_cli_destroy(struct nvm_cli* cli);
void nvm_cli_usage_pr(struct nvm_cli* cli);
/* Writes the files of a pass-through command whose buffers changed. 0, or -1 with errno of the first that failed. */
int nvm_cli_opts_pfile_dump(struct nvm_cli* cli);

void nvm_cli_pr(struct nvm_cli* cli);
void nvm_cli_cmd_args_pr(struct nvm_cli_cmd_args* args);
void nvm_cli_opts_pr(struct nvm_cli_opts* opts);
void nvm_cli_opts_pfile_pr(struct nvm_cli_opts_pfile* pfile);
void nvm_cli_evars_pr(struct nvm_cli_evars* evars);

/* "# " and the formatted text on stdout. */
void nvm_cli_info_pr(const char* format, ...) __attribute__((format(printf, 1, 2)));
/* "# <message>: <errno's text>" on stderr; nothing for a message of more than 1000 characters. */
void nvm_cli_perror(const char* message);
void nvm_cli_status_pr(const char* task, size_t cur, size_t total);

/* One timer; start and stop return monotonic nanoseconds. */
size_t nvm_cli_timer_start(void);
size_t nvm_cli_timer_stop(void);
/* Between start and stop: in seconds, and in the unit named. */
double nvm_cli_timer_elapsed(void);
double nvm_cli_timer_elapsed_secs(void);
double nvm_cli_timer_elapsed_msecs(void);
double nvm_cli_timer_elapsed_usecs(void);
size_t nvm_cli_timer_elapsed_nsecs(void);
void nvm_cli_timer_pr(const char* prefix);
/* With MiB, and MiB in a second. */
void nvm_cli_timer_bw_pr(const char* prefix, size_t nbytes);

#ifdef __cplusplus
}
#endif
