// SPDX-License-Identifier: BSD-2-Clause
// The devices that the C tests work on, and what they do with them again and again.
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static struct nvm_dev* open_or_fail(const char* ident) {
  struct nvm_dev* dev = nvm_dev_open(ident);
  if (dev == NULL) failed(__FILE__, __LINE__, ident, "a device", "NULL");
  return dev;
}

struct nvm_dev* open_small(const char* options) {
  char ident[512];
  snprintf(ident, sizeof(ident),
           "emu:?groups=%d&punits=%d&chunks=%d&sectors=%d&ws_min=%d&ws_opt=%d&mw_cunits=%d&bad=0.0.7%s%s", NPUGRP,
           NPUNIT, NCHUNK, NSECTR, WS_MIN, WS_OPT, MW_CUNITS, *options == '\0' ? "" : "&", options);
  return open_or_fail(ident);
}

struct nvm_dev* open_worked(void) {
  return open_or_fail(
      "emu:?groups=8&punits=4&chunks=1474&sectors=6144&ws_min=24&ws_opt=24&mw_cunits=192&bad=none&mccap=1");
}

struct nvm_addr at(unsigned pugrp, unsigned punit, unsigned chunk, unsigned sectr) {
  struct nvm_addr addr;
  addr.val = 0;
  addr.l.pugrp = pugrp & 0xFF;
  addr.l.punit = punit & 0xFF;
  addr.l.chunk = chunk & 0xFFFF;
  addr.l.sectr = sectr;
  return addr;
}

void write_sectors(struct nvm_dev* dev, struct nvm_addr addr, unsigned nsectr, const char* data) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  const unsigned step = (unsigned)nvm_dev_get_ws_min(dev);
  const size_t sector = nvm_dev_get_geo(dev)->l.nbytes;
  for (unsigned i = 0; i < nsectr; i += step) {
    struct nvm_ret ret;
    addr.l.sectr = i;
    nvm_addr_fill_crange(addrs, addr, step);
    CHECK_INT(0, nvm_cmd_write(dev, addrs, (int)step, data + i * sector, NULL, 0, &ret));
  }
}

void set_dulbe(struct nvm_dev* dev, int on) {
  union nvm_nvme_feat feat;
  feat.a = 0;
  feat.error_recovery.dulbe = on != 0;
  CHECK_INT(0, nvm_cmd_sfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, NULL));
}

struct nvm_spec_rprt_descr chunk_of(struct nvm_dev* dev, struct nvm_addr addr) {
  struct nvm_addr unit = addr;
  unit.l.chunk = 0;
  unit.l.sectr = 0;
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, &unit, 0, NULL);
  CHECK(rprt != NULL && rprt->ndescr > addr.l.chunk);
  const struct nvm_spec_rprt_descr descr = rprt->descr[addr.l.chunk];
  nvm_buf_free(dev, rprt);
  return descr;
}

int run_emu(char* const args[]) {
  const char* tool = needed("NVM_EMU");
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) _exit(126);
    execv(tool, args);
    _exit(127);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static const char* make(const char* name, const char* option, const char* value) {
  const char* path = temporary(name);
  const char* const args[] = {"nvm_emu",  "create",      path,        "--groups", "2",        "--punits", "3",
                              "--chunks", "10",          "--sectors", "96",       "--ws-min", "4",        "--ws-opt",
                              "8",        "--mw-cunits", "24",        option,     value,      NULL};
  CHECK_INT(0, run_emu((char* const*)args));
  return path;
}

const char* make_image(const char* name) { return make(name, "--bad", "0.0.7"); }

const char* make_odd_image(const char* name) {
  char info[] = "group=1 punit=0 chunk=5 cnlb=64\ngroup=1 punit=0 chunk=6 type=RAN\n";
  const char* path = temporary("chunks.txt");
  CHECK_INT(0, nvm_buf_to_file(info, sizeof(info) - 1, path));
  return make(name, "--chunk-info", path);
}

struct told told_of(const char* trace, const char* opcode) {
  struct told told = {0, 0, 0, 0, 0};
  char line[4096], event[16], name[32];
  FILE* file = fopen(trace, "r");
  CHECK(file != NULL);
  while (fgets(line, sizeof(line), file) != NULL) {
    if (sscanf(line, "%*s %*s %*s %15s %31s", event, name) != 2) continue;
    if (strcmp(event, "submit") != 0 || strcmp(name, opcode) != 0) continue;
    unsigned addresses = 0;
    // The runs of a list: FIRST+COUNT.
    for (const char* p = line; (p = strchr(p, '+')) != NULL;) addresses += (unsigned)strtoul(++p, NULL, 10);
    ++told.commands;
    told.addresses += addresses;
    if (addresses > told.most) told.most = addresses;
    const char* control = strstr(line, "control=");
    const unsigned long asked = control == NULL ? 0 : strtoul(control + strlen("control="), NULL, 16);
    told.with_mode += (asked & (NVM_FLAG_PMODE_DUAL | NVM_FLAG_PMODE_QUAD)) != 0;
    told.scrambled += (asked & NVM_FLAG_SCRBL) != 0;
  }
  fclose(file);
  return told;
}
