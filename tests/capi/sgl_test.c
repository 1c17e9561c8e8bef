// SPDX-License-Identifier: BSD-2-Clause
// nvm_sgl_*: lists and pools, and commands that take lists as data and as metadata.
#include "harness.h"

static struct nvm_dev* dev;
static char *data, *back, *meta, *meta_back;
static struct nvm_addr addrs[64];
static struct nvm_ret ret;

static void begin(const char* options) {
  dev = open_small(options);
  data = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  back = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  meta = nvm_buf_alloc(dev, 64 * OOB, NULL);
  meta_back = nvm_buf_alloc(dev, 64 * OOB, NULL);
  nvm_buf_fill(data, 64 * SECTOR);
  nvm_buf_fill(meta, 64 * OOB);
  memset(back, 0, 64 * SECTOR);
  memset(meta_back, 0, 64 * OOB);
}

static void end(void) {
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_buf_free(dev, meta);
  nvm_buf_free(dev, meta_back);
  nvm_dev_close(dev);
}

// A list of `n` pieces of `buf`, from the last to the first.
static struct nvm_sgl* backwards(char* buf, unsigned n, size_t piece) {
  struct nvm_sgl* sgl = nvm_sgl_create(dev, (int)n);
  CHECK(sgl != NULL);
  for (unsigned i = n; i-- > 0;) CHECK_INT(0, nvm_sgl_add(dev, sgl, buf + i * piece, piece));
  return sgl;
}

static void lists(uint16_t addressing, bool meta_list) {
  begin("");
  const uint16_t flags = (uint16_t)(addressing | NVM_CMD_SGL | (meta_list ? NVM_CMD_SGL_META : 0));
  struct nvm_sgl *out = backwards(data, 32, SECTOR), *in = backwards(back, 32, SECTOR);
  struct nvm_sgl *meta_out = backwards(meta, 32, OOB), *meta_in = backwards(meta_back, 32, OOB);
  for (unsigned s = 0; s < NSECTR; s += 32) {
    nvm_addr_fill_crange(addrs, at(0, 0, 0, s), 32);
    CHECK_INT(0, nvm_cmd_write(dev, addrs, 32, out, meta_list ? (void*)meta_out : meta, flags, &ret));
  }
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 32), 32);
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 32, in, meta_list ? (void*)meta_in : meta_back, flags, &ret));
  CHECK_INT(0, nvm_buf_diff(data, back, 32 * SECTOR));
  CHECK_INT(0, nvm_buf_diff(meta, meta_back, 32 * OOB));
  // Without lists the sectors are in the order of the list.
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, back, meta_back, addressing, &ret));
  CHECK_INT(0, nvm_buf_diff(data + 31 * SECTOR, back, SECTOR));
  CHECK_INT(0, nvm_buf_diff(meta_list ? meta + 31 * OOB : meta, meta_back, OOB));
  // Lists without metadata.
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 32, in, NULL, flags, &ret));
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(dev, in);
  nvm_sgl_destroy(dev, meta_out);
  nvm_sgl_destroy(dev, meta_in);
  end();
}
TEST(vectors_take_lists) { lists(NVM_CMD_VECTOR, false); }
TEST(scalars_take_lists) { lists(NVM_CMD_SCALAR, false); }
TEST(vectors_take_lists_of_metadata) { lists(NVM_CMD_VECTOR, true); }
TEST(scalars_take_lists_of_metadata) { lists(NVM_CMD_SCALAR, true); }

TEST(pieces_need_not_be_sectors) {
  begin("");
  struct nvm_sgl *out = nvm_sgl_create(dev, 0), *in = nvm_sgl_create(dev, 3);
  CHECK_INT(0, nvm_sgl_add(dev, out, data + 1, 1000));
  CHECK_INT(0, nvm_sgl_add(dev, out, data + 5000, 64 * SECTOR - 6000));
  CHECK_INT(0, nvm_sgl_add(dev, out, data, 5000));
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 64, out, NULL, NVM_CMD_SGL, &ret));
  CHECK_INT(0, nvm_sgl_add(dev, in, back + 7, 1));
  CHECK_INT(0, nvm_sgl_add(dev, in, back + 10, SECTOR - 1));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, in, NULL, NVM_CMD_SGL, &ret));
  CHECK_INT(data[1], back[7]);
  CHECK_INT(0, nvm_buf_diff(data + 2, back + 10, 999));
  CHECK_INT(0, nvm_buf_diff(data + 5000, back + 10 + 999, SECTOR - 1000));
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(dev, in);
  end();
}

TEST(a_list_of_another_length_than_the_command_is_refused) {
  begin("");
  struct nvm_sgl* sgl = backwards(data, 8, SECTOR);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 4, sgl, NULL, NVM_CMD_SGL, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 12, sgl, NULL, NVM_CMD_SGL, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 4, sgl, NULL, NVM_CMD_SGL, &ret));
  CHECK_INT(NVM_CHUNK_STATE_FREE, chunk_of(dev, addrs[0]).cs);
  nvm_sgl_destroy(dev, sgl);
  end();
}

TEST(a_list_that_was_reset_is_empty) {
  begin("");
  struct nvm_sgl* sgl = backwards(data, 8, SECTOR);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  nvm_sgl_reset(sgl);
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 8, sgl, NULL, NVM_CMD_SGL, &ret));
  CHECK_INT(0, nvm_sgl_add(dev, sgl, data + SECTOR, 4 * SECTOR));
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 4, sgl, NULL, NVM_CMD_SGL, &ret));
  CHECK_INT(4, chunk_of(dev, addrs[0]).wp);
  nvm_sgl_destroy(dev, sgl);
  end();
}

TEST(lists_of_metadata_are_lists_of_this_device) {
  begin("");
  struct nvm_dev* other = open_small("");
  struct nvm_sgl *out = backwards(data, 8, SECTOR), *foreign = nvm_sgl_create(other, 1);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  CHECK_INT(0, nvm_sgl_add(other, foreign, meta, 8 * OOB));
  const uint16_t both = NVM_CMD_SGL | NVM_CMD_SGL_META;
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 8, out, meta, both, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 8, out, foreign, both, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 8, data, meta, both, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 8, out, meta, NVM_CMD_SGL_META, &ret));
  CHECK_INT(NVM_CHUNK_STATE_FREE, chunk_of(dev, addrs[0]).cs);
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(other, foreign);
  nvm_dev_close(other);
  end();
}

static void nothing_failed(struct nvm_ret* done, void* opaque) {
  CHECK_HEX(0, done->status);
  ++*(int*)opaque;
}

TEST(asynchronous_commands_take_lists) {
  begin("");
  int called = 0;
  struct nvm_async_ctx* ctx = nvm_async_init(dev, 2, 0);
  struct nvm_sgl *out = backwards(data, 64, SECTOR), *in = backwards(back, 32, SECTOR);
  memset(&ret, 0, sizeof(ret));
  ret.async.ctx = ctx;
  ret.async.cb = nothing_failed;
  ret.async.cb_arg = &called;
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 64);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 64, out, NULL, NVM_CMD_ASYNC | NVM_CMD_SGL, &ret));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 32, in, NULL, NVM_CMD_ASYNC | NVM_CMD_SGL, &ret));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(2, called);
  CHECK_INT(0, nvm_buf_diff(data + 32 * SECTOR, back, 32 * SECTOR));
  CHECK_INT(0, nvm_async_term(dev, ctx));
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(dev, in);
  end();
}

TEST(a_list_has_at_most_256_entries) {
  begin("");
  struct nvm_sgl* sgl = nvm_sgl_create(dev, 0);
  for (int i = 0; i < 256; ++i) CHECK_INT(0, nvm_sgl_add(dev, sgl, data, 16));
  CHECK_REFUSED(EINVAL, nvm_sgl_add(dev, sgl, data, 16));
  addrs[0] = at(0, 0, 0, 0);
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, sgl, NULL, NVM_CMD_SGL, &ret));
  nvm_sgl_destroy(dev, sgl);
  end();
}

TEST(lists_refuse_bad_arguments) {
  begin("");
  struct nvm_dev* other = open_small("");
  struct nvm_sgl* sgl = nvm_sgl_create(dev, 0);
  CHECK_NULL(EINVAL, nvm_sgl_create(NULL, 0));
  CHECK_NULL(EINVAL, nvm_sgl_create(dev, -1));
  CHECK_NULL(EINVAL, nvm_sgl_create(dev, 257));
  CHECK_NULL(EINVAL, nvm_sgl_pool_create(NULL));
  CHECK_NULL(EINVAL, nvm_sgl_alloc(NULL));
  CHECK_REFUSED(EINVAL, nvm_sgl_add(NULL, sgl, data, 16));
  CHECK_REFUSED(EINVAL, nvm_sgl_add(dev, NULL, data, 16));
  CHECK_REFUSED(EINVAL, nvm_sgl_add(other, sgl, data, 16));
  CHECK_REFUSED(EINVAL, nvm_sgl_add(dev, sgl, NULL, 16));
  CHECK_REFUSED(EINVAL, nvm_sgl_add(dev, sgl, data, 0));
  nvm_sgl_destroy(dev, sgl);
  nvm_sgl_destroy(dev, NULL);
  nvm_sgl_destroy(NULL, NULL);
  nvm_sgl_reset(NULL);
  nvm_sgl_free(NULL, NULL);
  nvm_sgl_pool_destroy(NULL);
  nvm_dev_close(other);
  end();
}

TEST(a_pool_gives_out_again_what_it_got_back_emptied) {
  begin("");
  struct nvm_sgl_pool* pool = nvm_sgl_pool_create(dev);
  struct nvm_sgl *one = nvm_sgl_alloc(pool), *held = nvm_sgl_alloc(pool);
  CHECK(one != NULL && held != NULL && one != held);
  CHECK_INT(0, nvm_sgl_add(dev, one, data, SECTOR));
  nvm_sgl_free(pool, one);
  struct nvm_sgl* again = nvm_sgl_alloc(pool);
  CHECK(again == one);
  addrs[0] = at(0, 0, 0, 0);
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, again, NULL, NVM_CMD_SGL, &ret));
  CHECK_INT(0, nvm_sgl_add(dev, again, back, SECTOR));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, again, NULL, NVM_CMD_SGL, &ret));
  nvm_sgl_free(pool, again);
  nvm_sgl_pool_destroy(pool);
  // What the pool did not have is still the caller's.
  CHECK_INT(0, nvm_sgl_add(dev, held, data, SECTOR));
  nvm_sgl_destroy(dev, held);
  end();
}

// Looking for a list in what is none reads nothing behind it: the sanitizer watches.
TEST(metadata_shorter_than_a_list_is_no_list) {
  begin("oob_bytes=1");
  struct nvm_sgl* out = backwards(data, 1, SECTOR);
  char* one = malloc(1);
  CHECK(one != NULL);
  *one = 'x';
  addrs[0] = at(0, 0, 0, 0);
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, 1, out, one, NVM_CMD_SGL | NVM_CMD_SGL_META, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, out, one, NVM_CMD_SGL, &ret));
  free(one);
  nvm_sgl_destroy(dev, out);
  end();
}

TEST(a_list_that_is_gone_is_no_list) {
  begin("");
  struct nvm_sgl* out = backwards(data, 8, SECTOR);
  char bytes[SECTOR];
  memset(bytes, 0, sizeof(bytes));
  memcpy(bytes, (void*)out, 32);
  addrs[0] = at(0, 0, 0, 0);
  // A copy of a list is memory like any other.
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, bytes, NULL, NVM_CMD_SGL, &ret));
  nvm_sgl_destroy(dev, out);
  end();
}
