// SPDX-License-Identifier: BSD-2-Clause
// Chunks that are not as the others: shorter, written at random, worn; and many threads on one device.
#include <pthread.h>

#include "harness.h"

static struct nvm_ret ret;

static void arrived(struct nvm_ret* done, void* opaque) {
  CHECK_HEX(0, done->status);
  ++*(int*)opaque;
}

TEST(a_shorter_chunk_is_reported_alike_by_every_way) {
  struct nvm_dev* dev = nvm_dev_open(make_odd_image("odd.img"));
  CHECK(dev != NULL);
  struct nvm_addr addr = at(1, 0, 5, 0);
  struct nvm_spec_rprt_descr reported = chunk_of(dev, addr), after, later;
  CHECK_INT(64, reported.naddrs);
  CHECK_HEX(NVM_CHUNK_TYPE_SEQR | NVM_CHUNK_TYPE_WAVVY, reported.ct);
  CHECK_INT(0, nvm_cmd_erase(dev, &addr, 1, &after, 0, &ret));
  reported = chunk_of(dev, addr);
  CHECK_INT(0, memcmp(&reported, &after, sizeof(after)));
  int called = 0;
  struct nvm_async_ctx* ctx = nvm_async_init(dev, 1, 0);
  ret.async.ctx = ctx;
  ret.async.cb = arrived;
  ret.async.cb_arg = &called;
  memset(&later, 0, sizeof(later));
  CHECK_INT(0, nvm_cmd_erase(dev, &addr, 1, &later, NVM_CMD_ASYNC, &ret));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(1, called);
  reported = chunk_of(dev, addr);
  CHECK_INT(0, memcmp(&reported, &later, sizeof(later)));
  CHECK_INT(0, nvm_async_term(dev, ctx));
  nvm_dev_close(dev);
}

TEST(a_virtual_block_is_of_whole_chunks) {
  struct nvm_dev* dev = nvm_dev_open(make_odd_image("odd.img"));
  CHECK(dev != NULL);
  struct nvm_addr addrs[2] = {at(0, 0, 5, 0), at(1, 0, 5, 0)};
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs, 2);
  // Where it is refused, it is refused at once; where it is not, what lies past the chunk's end is.
  if (vblk == NULL) {
    CHECK_INT(EINVAL, errno);
  } else {
    CHECK_REFUSED(EIO, nvm_vblk_pad(vblk));
  }
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
}

TEST(a_random_chunk_is_written_anywhere) {
  struct nvm_dev* dev = nvm_dev_open(make_odd_image("odd.img"));
  CHECK(dev != NULL);
  char *data = nvm_buf_alloc(dev, SECTOR, NULL), *back = nvm_buf_alloc(dev, SECTOR, NULL);
  nvm_buf_fill(data, SECTOR);
  struct nvm_addr addr = at(1, 0, 6, 77);
  CHECK_HEX(NVM_CHUNK_TYPE_ARWR, chunk_of(dev, addr).ct);
  CHECK_INT(0, nvm_cmd_write(dev, &addr, 1, data, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, &addr, 1, back, NULL, 0, &ret));
  CHECK_INT(0, nvm_buf_diff(data, back, SECTOR));
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_dev_close(dev);
}

enum { THREADS = 4 };

struct worker {
  pthread_t thread;
  struct nvm_dev* dev;
  unsigned number;
};

// Each thread has units of its own, and a failure of its own with its own sentence.
static void* work(void* opaque) {
  struct worker* worker = opaque;
  struct nvm_dev* dev = worker->dev;
  struct nvm_addr addrs[WS_OPT];
  char expected[64];
  char *data = nvm_buf_alloc(dev, WS_OPT * SECTOR, NULL), *back = nvm_buf_alloc(dev, WS_OPT * SECTOR, NULL);
  memset(data, (int)worker->number + 1, WS_OPT * SECTOR);
  for (unsigned chunk = 0; chunk < 3; ++chunk) {
    for (unsigned s = 0; s < NSECTR; s += WS_OPT) {
      nvm_addr_fill_crange(addrs, at(worker->number % NPUGRP, worker->number / NPUGRP, chunk, s), WS_OPT);
      CHECK_INT(0, nvm_cmd_write(dev, addrs, WS_OPT, data, NULL, 0, NULL));
    }
    CHECK_INT(0, nvm_cmd_read(dev, addrs, WS_OPT, back, NULL, NVM_CMD_SCALAR, NULL));
    CHECK_INT(0, nvm_buf_diff(data, back, WS_OPT * SECTOR));
    snprintf(expected, sizeof(expected), "erase_naddrs_max is 1 to 64, not %u", 100 + worker->number);
    CHECK_INT(-1, nvm_dev_set_erase_naddrs_max(dev, 100 + (int)worker->number));
    CHECK_STR(expected, nvm_last_error());
  }
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  return NULL;
}

TEST(threads_share_a_device) {
  struct worker workers[THREADS];
  struct nvm_dev* dev = open_small("");
  for (unsigned i = 0; i < THREADS; ++i) {
    workers[i].dev = dev;
    workers[i].number = i;
    CHECK_INT(0, pthread_create(&workers[i].thread, NULL, work, &workers[i]));
  }
  for (unsigned i = 0; i < THREADS; ++i) CHECK_INT(0, pthread_join(workers[i].thread, NULL));
  nvm_dev_close(dev);
}
