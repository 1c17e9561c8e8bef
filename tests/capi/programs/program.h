// SPDX-License-Identifier: BSD-2-Clause
// What the test programs have in common: `PROGRAM dev_path [seed]` on one opened device; a failed check ends the
// program.
#pragma once

#include <errno.h>
#include <liblightnvm.h>
#include <stdbool.h>

extern struct nvm_dev* dev;
extern const struct nvm_geo* geo;
// nsectr: sectors of a chunk; of OCSSD 1.2, which has no mw_cunits, of a page.
extern size_t ws_min, ws_opt, mw_cunits, nsectr, sector_size, oob_size;
extern const char* dev_path;

// What the program does; called once, with the device of the command line open.
void run(void);

void program_failed(const char* file, int line, const char* what);
#define ENSURE(condition)                                             \
  do {                                                                \
    if (!(condition)) program_failed(__FILE__, __LINE__, #condition); \
  } while (0)

// Status codes: status code type and status code.
enum {
  INVALID_FIELD = 0x002,
  WRITE_FAULT = 0x280,
  DULB = 0x287,
  OFFLINE_CHUNK = 0x2C0,
  INVALID_RESET = 0x2C1,
  OUT_OF_ORDER = 0x2F2
};
// A command that returned `rc` was refused with that status.
#define ENSURE_STATUS(rc, ret, code) ENSURE((rc) == -1 && ((ret).status & 0x7FF) == (code))

// One of the two ways to address sectors.
static const uint16_t kAddressing[] = {NVM_CMD_SCALAR, NVM_CMD_VECTOR};

// A chunk in that state in each of `naddrs` units; false where the device has none.
bool find_chunks(int state, int naddrs, struct nvm_addr addrs[]);
struct nvm_spec_rprt_descr chunk_at(struct nvm_addr addr);
void set_dulbe(bool on);
// `n` sectors from `addr` on.
int write_at(struct nvm_addr addr, size_t n, const char* data, const char* meta, uint16_t flags, struct nvm_ret* ret);
int read_at(struct nvm_addr addr, size_t n, char* data, char* meta, uint16_t flags, struct nvm_ret* ret);
// Fills what is left of an open chunk, and resets it: other programs find it as it was.
void give_back(struct nvm_addr chunk);
