// SPDX-License-Identifier: BSD-2-Clause
// The loop whose instructions are counted: asynchronous reads through the C API at a constant depth.
#include <liblightnvm.h>
#include <stdio.h>
#include <string.h>

enum { LISTS = 1024, MOST = 64, GROUPS = 8 };

struct loop {
  struct nvm_dev* dev;
  uint64_t left;
  uint64_t failed;
  int count;
  uint16_t flags;
  struct nvm_addr lists[LISTS][MOST];
};

struct slot {
  struct loop* loop;
  struct nvm_ret ret;
  char* buf;
};

static void submit(struct slot* slot);

static void done(struct nvm_ret* ret, void* arg) {
  struct slot* slot = arg;
  slot->loop->failed += ret->status != 0;
  submit(slot);
}

static void submit(struct slot* slot) {
  struct loop* loop = slot->loop;
  if (loop->left == 0) return;
  --loop->left;
  if (nvm_cmd_read(loop->dev, loop->lists[loop->left % LISTS], loop->count, slot->buf, NULL, loop->flags, &slot->ret)) {
    ++loop->failed;
  }
}

static uint32_t random_below(uint32_t below) {
  static uint64_t seed = 88172645463325252ULL;
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed % below);
}

static struct nvm_addr at(uint32_t group, uint32_t sector) {
  struct nvm_addr addr;
  addr.val = 0;
  addr.l.pugrp = group;
  addr.l.chunk = 1;
  addr.l.sectr = sector;
  return addr;
}

/* One closed chunk in each group, so that everything can be read. */
static int prepare(struct nvm_dev* dev, uint32_t sectors) {
  for (uint32_t group = 0; group < GROUPS; ++group) {
    struct nvm_addr chunk = at(group, 0);
    struct nvm_vblk* vblk = nvm_vblk_alloc(dev, &chunk, 1);
    if (!vblk || nvm_vblk_pad(vblk) < 0) return -1;
    nvm_vblk_free(vblk);
  }
  return sectors == 0;
}

/* Usage: bench_c_read_loop COMMANDS [DEPTH [SECTORS [scalar|consecutive|scattered]]] */
int main(int argc, char** argv) {
  static struct loop loop;
  static struct slot slots[256];
  const uint32_t depth = argc > 2 ? (uint32_t)atoi(argv[2]) : 32;
  const char* kind = argc > 4 ? argv[4] : "scalar";
  loop.left = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
  loop.count = argc > 3 ? atoi(argv[3]) : 1;
  loop.flags = NVM_CMD_ASYNC | (strcmp(kind, "scalar") ? NVM_CMD_VECTOR : NVM_CMD_SCALAR);
  loop.dev = nvm_dev_open("emu:?groups=8&punits=4&chunks=12&bad=none");
  if (!loop.dev) return perror(nvm_last_error()), 1;
  const struct nvm_geo* geo = nvm_dev_get_geo(loop.dev);
  if (prepare(loop.dev, (uint32_t)geo->l.nsectr)) return perror(nvm_last_error()), 1;
  for (int i = 0; i < LISTS; ++i) {
    const struct nvm_addr first =
        at(random_below(GROUPS), random_below((uint32_t)geo->l.nsectr - (uint32_t)loop.count));
    for (int k = 0; k < loop.count; ++k) {
      loop.lists[i][k] = first;
      loop.lists[i][k].l.sectr += (uint32_t)k;
      if (!strcmp(kind, "scattered"))
        loop.lists[i][k] = at(random_below(GROUPS), random_below((uint32_t)geo->l.nsectr));
    }
  }
  struct nvm_async_ctx* ctx = nvm_async_init(loop.dev, depth, 0);
  const uint64_t commands = loop.left;
  for (uint32_t i = 0; i < depth; ++i) {
    slots[i].loop = &loop;
    slots[i].buf = nvm_buf_alloc(loop.dev, (size_t)loop.count * geo->l.nbytes, NULL);
    slots[i].ret.async.ctx = ctx;
    slots[i].ret.async.cb = done;
    slots[i].ret.async.cb_arg = &slots[i];
    submit(&slots[i]);
  }
  while (nvm_async_get_outstanding(ctx)) {
    if (nvm_async_poke(loop.dev, ctx, 0) < 0) return perror(nvm_last_error()), 1;
  }
  for (uint32_t i = 0; i < depth; ++i) nvm_buf_free(loop.dev, slots[i].buf);
  nvm_async_term(loop.dev, ctx);
  nvm_dev_close(loop.dev);
  printf("%llu commands, %llu failed\n", (unsigned long long)commands, (unsigned long long)loop.failed);
  return loop.failed != 0;
}
