// SPDX-License-Identifier: BSD-2-Clause
// nvm_async_*: contexts, full ones, the wrong ones, callbacks that submit again, errors that arrive by callback.
#include "harness.h"

enum { DEPTH = 4 };

static struct nvm_dev* dev;
static struct nvm_async_ctx* ctx;
static char *data, *back;
static struct nvm_ret rets[DEPTH + 1];
static unsigned called, failures;
static struct nvm_addr addrs[64];

static void count(struct nvm_ret* ret, void* opaque) {
  ++called;
  if (ret->status != 0) ++failures;
  CHECK(opaque == NULL || opaque == (void*)ret);
}

static void begin(uint32_t depth) {
  dev = open_small("");
  data = nvm_buf_alloc(dev, NSECTR * SECTOR, NULL);
  back = nvm_buf_alloc(dev, NSECTR * SECTOR, NULL);
  nvm_buf_fill(data, NSECTR * SECTOR);
  memset(back, 0, NSECTR * SECTOR);
  ctx = nvm_async_init(dev, depth, 0);
  CHECK(ctx != NULL);
  for (int i = 0; i <= DEPTH; ++i) {
    memset(&rets[i], 0, sizeof(rets[i]));
    rets[i].async.ctx = ctx;
    rets[i].async.cb = count;
    rets[i].async.cb_arg = &rets[i];
  }
}

static void end(void) {
  CHECK_INT(0, nvm_async_term(dev, ctx));
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_dev_close(dev);
}

TEST(contexts_have_a_depth) {
  begin(DEPTH);
  CHECK_INT(DEPTH, nvm_async_get_depth(ctx));
  CHECK_INT(0, nvm_async_get_outstanding(ctx));
  end();
  begin(0);
  CHECK(nvm_async_get_depth(ctx) > 0);
  CHECK_INT(0, nvm_async_wait(dev, ctx));
  CHECK_INT(0, nvm_async_poke(dev, ctx, 0));
  end();
}

TEST(contexts_refuse_bad_arguments) {
  CHECK_NULL(EINVAL, nvm_async_init(NULL, 1, 0));
  begin(DEPTH);
  CHECK_NULL(EINVAL, nvm_async_init(dev, UINT32_MAX, 0));
  struct nvm_dev* other = open_small("");
  CHECK_REFUSED(EINVAL, nvm_async_poke(NULL, ctx, 0));
  CHECK_REFUSED(EINVAL, nvm_async_poke(dev, NULL, 0));
  CHECK_REFUSED(EINVAL, nvm_async_poke(other, ctx, 0));
  CHECK_REFUSED(EINVAL, nvm_async_wait(NULL, ctx));
  CHECK_REFUSED(EINVAL, nvm_async_wait(dev, NULL));
  CHECK_REFUSED(EINVAL, nvm_async_wait(other, ctx));
  CHECK_REFUSED(EINVAL, nvm_async_term(NULL, ctx));
  CHECK_REFUSED(EINVAL, nvm_async_term(dev, NULL));
  CHECK_REFUSED(EINVAL, nvm_async_term(other, ctx));
  errno = 0;
  CHECK_INT(0, nvm_async_get_depth(NULL));
  CHECK_INT(EINVAL, errno);
  errno = 0;
  CHECK_INT(0, nvm_async_get_outstanding(NULL));
  CHECK_INT(EINVAL, errno);
  nvm_dev_close(other);
  end();
}

static int queue_read(unsigned sectr, int n, struct nvm_ret* ret) {
  nvm_addr_fill_crange(addrs, at(0, 1, 2, sectr), (uint32_t)n);
  const int rc = nvm_cmd_read(dev, addrs, n, back + sectr * SECTOR, NULL, NVM_CMD_ASYNC, ret);
  // The list may be used again at once.
  memset(addrs, 0xFF, sizeof(addrs));
  return rc;
}

TEST(commands_are_called_back_once_each) {
  begin(DEPTH);
  write_sectors(dev, at(0, 1, 2, 0), NSECTR, data);
  for (unsigned i = 0; i < DEPTH; ++i) CHECK_INT(0, queue_read(i * 8, 8, &rets[i]));
  CHECK_INT(0, called);
  CHECK_INT(DEPTH, nvm_async_get_outstanding(ctx));
  CHECK_INT(DEPTH, nvm_async_wait(dev, ctx));
  CHECK_INT(DEPTH, called);
  CHECK_INT(0, failures);
  CHECK_INT(0, nvm_async_get_outstanding(ctx));
  CHECK_INT(0, nvm_buf_diff(data, back, DEPTH * 8 * SECTOR));
  end();
}

TEST(a_full_context_is_eagain_and_nothing_is_queued) {
  begin(DEPTH);
  write_sectors(dev, at(0, 1, 2, 0), NSECTR, data);
  for (unsigned i = 0; i < DEPTH; ++i) CHECK_INT(0, queue_read(i * 8, 8, &rets[i]));
  errno = 0;
  CHECK_INT(-1, queue_read(40, 8, &rets[DEPTH]));
  CHECK_INT(EAGAIN, errno);
  CHECK(rets[DEPTH].async.ctx == ctx && rets[DEPTH].async.cb == count);
  CHECK_INT(DEPTH, nvm_async_get_outstanding(ctx));
  addrs[0] = at(0, 0, 0, 0);
  errno = 0;
  CHECK_INT(-1, nvm_cmd_erase(dev, addrs, 1, NULL, NVM_CMD_ASYNC, &rets[DEPTH]));
  CHECK_INT(EAGAIN, errno);
  errno = 0;
  CHECK_INT(-1, nvm_cmd_flush(dev, NVM_CMD_ASYNC, &rets[DEPTH]));
  CHECK_INT(EAGAIN, errno);
  CHECK_INT(1, nvm_async_poke(dev, ctx, 1));
  CHECK_INT(0, queue_read(40, 8, &rets[DEPTH]));
  CHECK_INT(DEPTH, nvm_async_wait(dev, ctx));
  CHECK_INT(DEPTH + 1, called);
  CHECK_INT(0, nvm_buf_diff(data + 40 * SECTOR, back + 40 * SECTOR, 8 * SECTOR));
  end();
}

TEST(poke_hands_over_at_most_max) {
  begin(DEPTH);
  for (unsigned i = 0; i < DEPTH; ++i) CHECK_INT(0, queue_read(i * 8, 8, &rets[i]));
  int n = 0, rounds = 0;
  while (n < DEPTH && rounds++ < 1000000) {
    const int now = nvm_async_poke(dev, ctx, 3);
    CHECK(now >= 0 && now <= 3);
    n += now;
    CHECK_INT(n, called);
  }
  CHECK_INT(DEPTH, n);
  CHECK_INT(0, nvm_async_poke(dev, ctx, 3));
  end();
}

static unsigned left;
static void again(struct nvm_ret* ret, void* opaque) {
  ++called;
  CHECK_HEX(0, ret->status);
  CHECK(opaque == NULL);
  if (left == 0) return;
  --left;
  CHECK_INT(0, queue_read(left % 88, 8, ret));
}

TEST(a_callback_may_submit_at_full_depth) {
  begin(DEPTH);
  left = 100;
  for (unsigned i = 0; i < DEPTH; ++i) {
    rets[i].async.cb = again;
    rets[i].async.cb_arg = NULL;
    CHECK_INT(0, queue_read(i * 8, 8, &rets[i]));
  }
  CHECK_INT(DEPTH + 100, nvm_async_wait(dev, ctx));
  CHECK_INT(DEPTH + 100, called);
  end();
}

TEST(errors_arrive_by_callback) {
  begin(DEPTH);
  set_dulbe(dev, 1);
  CHECK_INT(0, queue_read(0, 8, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(1, failures);
  CHECK_HEX(0x287, rets[0].status & 0x7FF);
  CHECK_HEX(0xFF, rets[0].result.vio.cs);
  end();
}

TEST(every_command_can_be_asynchronous) {
  struct nvm_spec_rprt_descr after[2];
  struct nvm_addr chunks[2];
  struct nvm_addr to[32];
  begin(DEPTH);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 64, data, NULL, NVM_CMD_ASYNC, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, nvm_cmd_write(dev, (struct nvm_addr[]){at(0, 0, 0, 64)}, 32, data, NULL, NVM_CMD_ASYNC | NVM_CMD_SCALAR,
                             &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  nvm_addr_fill_crange(to, at(0, 1, 0, 0), 32);
  CHECK_INT(0, nvm_cmd_copy(dev, addrs, to, 32, NVM_CMD_ASYNC, &rets[1]));
  CHECK_INT(0, nvm_cmd_flush(dev, NVM_CMD_ASYNC, &rets[2]));
  CHECK_INT(2, nvm_async_wait(dev, ctx));
  chunks[0] = at(0, 0, 0, 0);
  chunks[1] = at(1, 0, 0, 0);
  CHECK_INT(0, nvm_cmd_erase(dev, chunks, 2, after, NVM_CMD_ASYNC, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_HEX(NVM_CHUNK_STATE_FREE, after[0].cs);
  CHECK_HEX(nvm_addr_gen2dev(dev, chunks[1]), after[1].addr);
  CHECK_INT(0, nvm_cmd_erase(dev, chunks, 2, NULL, NVM_CMD_ASYNC | NVM_CMD_SCALAR, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  struct nvm_nvme_cmd cmd;
  memset(&cmd, 0, sizeof(cmd));
  cmd.opcode = NVM_DOPC_SCALAR_READ;
  cmd.nsid = 1;
  cmd.addrs = nvm_addr_gen2dev(dev, at(0, 1, 0, 0));
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, SECTOR, NULL, 0, NVM_CMD_ASYNC, &rets[3]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, failures);
  end();
}

TEST(commands_without_a_context_or_a_callback_are_refused) {
  begin(DEPTH);
  struct nvm_dev* other = open_small("");
  struct nvm_async_ctx* others = nvm_async_init(other, 1, 0);
  struct nvm_ret bad[3] = {rets[0], rets[0], rets[0]};
  bad[0].async.ctx = NULL;
  bad[1].async.cb = NULL;
  bad[2].async.ctx = others;
  struct nvm_addr addr = at(0, 0, 0, 0);
  for (int i = -1; i < 3; ++i) {
    struct nvm_ret* ret = i < 0 ? NULL : &bad[i];
    CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, &addr, 1, back, NULL, NVM_CMD_ASYNC, ret));
    CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, &addr, 4, data, NULL, NVM_CMD_ASYNC | NVM_CMD_SCALAR, ret));
    CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, &addr, 1, NULL, NVM_CMD_ASYNC, ret));
    CHECK_REFUSED(EINVAL, nvm_cmd_copy(dev, &addr, &addr, 1, NVM_CMD_ASYNC, ret));
    CHECK_REFUSED(EINVAL, nvm_cmd_flush(dev, NVM_CMD_ASYNC, ret));
  }
  CHECK_INT(0, nvm_async_get_outstanding(ctx));
  CHECK_INT(0, nvm_async_term(other, others));
  nvm_dev_close(other);
  end();
}

TEST(refused_submissions_leave_nothing_outstanding) {
  begin(DEPTH);
  for (int i = 0; i < 3 * DEPTH; ++i) {
    CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 0, back, NULL, NVM_CMD_ASYNC, &rets[0]));
    CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, back, NULL, NVM_CMD_ASYNC | 1, &rets[0]));
  }
  CHECK_INT(0, nvm_async_get_outstanding(ctx));
  CHECK_INT(0, queue_read(0, 8, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(1, called);
  end();
}

TEST(term_finishes_what_is_outstanding) {
  begin(DEPTH);
  for (unsigned i = 0; i < DEPTH; ++i) CHECK_INT(0, queue_read(i * 8, 8, &rets[i]));
  end();
  CHECK_INT(DEPTH, called);
}

// Refused on the spot, with nothing outstanding, as the synchronous ones are.
TEST(bad_arguments_are_refused_at_once) {
  static const int kVector[] = {0, 65, -1, INT32_MIN, INT32_MAX}, kScalar[] = {0, -1, 65537, INT32_MIN};
  begin(DEPTH);
  struct nvm_ret* ret = &rets[0];
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  for (size_t i = 0; i < sizeof(kVector) / sizeof(kVector[0]); ++i) {
    CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, kVector[i], back, NULL, NVM_CMD_ASYNC | NVM_CMD_VECTOR, ret));
    CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, kVector[i], data, NULL, NVM_CMD_ASYNC, ret));
  }
  for (size_t i = 0; i < sizeof(kScalar) / sizeof(kScalar[0]); ++i) {
    CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, kScalar[i], back, NULL, NVM_CMD_ASYNC | NVM_CMD_SCALAR, ret));
  }
  CHECK_REFUSED(EINVAL, nvm_cmd_read(NULL, addrs, 1, back, NULL, NVM_CMD_ASYNC, ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, NULL, 1, back, NULL, NVM_CMD_ASYNC, ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, NULL, NULL, NVM_CMD_ASYNC, ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, back, NULL, NVM_CMD_ASYNC | NVM_CMD_SYNC, ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, back, NULL, NVM_CMD_ASYNC | NVM_CMD_MASK_ADDR, ret));
  // Unit 4 of 3 is none that the device's format can say.
  addrs[0] = at(0, 4, 0, 0);
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, back, NULL, NVM_CMD_ASYNC, ret));
  CHECK_HEX(0, ret->status);
  CHECK_INT(0, nvm_async_get_outstanding(ctx));
  CHECK_INT(0, called);
  end();
}

TEST(metadata_goes_along) {
  char meta[64 * OOB], meta_back[32 * OOB];
  begin(DEPTH);
  nvm_buf_fill(meta, sizeof(meta));
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 64, data, meta, NVM_CMD_ASYNC | NVM_NVME_FLAG_FORCE_UNIT_ACCESS, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 32, back, meta_back, NVM_CMD_ASYNC | NVM_CMD_PRP, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, failures);
  CHECK_INT(0, nvm_buf_diff(data, back, 32 * SECTOR));
  CHECK_INT(0, nvm_buf_diff(meta, meta_back, sizeof(meta_back)));
  end();
}

TEST(a_device_that_was_opened_for_reading_takes_no_change) {
  begin(DEPTH);
  end();
  dev = open_small("ro");
  ctx = nvm_async_init(dev, DEPTH, 0);
  CHECK(ctx != NULL);
  char sectors[WS_MIN * SECTOR];
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), WS_MIN);
  rets[0].async.ctx = ctx;
  CHECK_REFUSED(EROFS, nvm_cmd_write(dev, addrs, WS_MIN, sectors, NULL, NVM_CMD_ASYNC, &rets[0]));
  CHECK_REFUSED(EROFS, nvm_cmd_erase(dev, addrs, 1, NULL, NVM_CMD_ASYNC, &rets[0]));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, WS_MIN, sectors, NULL, NVM_CMD_ASYNC, &rets[0]));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, nvm_async_term(dev, ctx));
  nvm_dev_close(dev);
}
