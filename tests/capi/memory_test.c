// SPDX-License-Identifier: BSD-2-Clause
// Memory that is not there: each allocation of a call fails once. No exception leaves the library, nothing breaks.
#include "harness.h"

// glibc's own, behind the one that this program puts in front of it.
extern void* __libc_malloc(size_t nbytes);

// Which allocation fails, counted from 1; 0: none.
static long armed;
static long failures;

void* malloc(size_t nbytes) {
  if (armed > 0 && --armed == 0) {
    ++failures;
    errno = ENOMEM;
    return NULL;
  }
  return __libc_malloc(nbytes);
}

// The call with its first allocation failing, then its second, until it has no more; `good` is what it returns then.
#define CHECK_EVERY(good, call)        \
  do {                                 \
    for (long number = 1;; ++number) { \
      failures = 0;                    \
      armed = number;                  \
      const bool worked = (call);      \
      armed = 0;                       \
      if (failures == 0) {             \
        CHECK_INT(good, worked);       \
        break;                         \
      }                                \
    }                                  \
  } while (0)

static struct nvm_dev* dev;
static char* data;

static void begin(void) {
  dev = open_small("");
  data = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  CHECK(data != NULL);
  memset(data, 'x', 64 * SECTOR);
}
static void end(void) {
  nvm_buf_free(dev, data);
  nvm_dev_close(dev);
}

static bool opens(const char* ident) {
  struct nvm_dev* opened = nvm_dev_open(ident);
  nvm_dev_close(opened);
  return opened != NULL;
}

TEST(identifiers_that_are_refused) {
  CHECK_EVERY(false, opens("emu:?groups=1&groups=2"));
  CHECK_EVERY(false, opens("/nonexistent/device.img"));
  CHECK_EVERY(false, nvm_dev_openf("emu:", -1) != NULL);
  CHECK_EVERY(false, opens(NULL));
}

TEST(getters_and_setters_of_nothing) {
  CHECK_EVERY(true, nvm_dev_get_fd(NULL) == -1);
  CHECK_EVERY(true, nvm_dev_get_name(NULL) == NULL);
  CHECK_EVERY(true, nvm_dev_set_quirks(NULL, 0) == -1);
  CHECK_EVERY(true, nvm_dev_set_meta_mode(NULL, 0) == -1);
  CHECK_EVERY(true, nvm_addr_gen2dev(NULL, at(0, 0, 0, 0)) == UINT64_MAX);
  CHECK_EVERY(true, nvm_vblk_get_nbytes(NULL) == 0);
  CHECK_EVERY(true, nvm_buf_set_alloc(NULL, 1, 1) == NULL);
  CHECK_EVERY(true, nvm_async_wait(NULL, NULL) == -1);
  CHECK_EVERY(true, nvm_cmd_read(NULL, NULL, 0, NULL, NULL, 0, NULL) == -1);
  CHECK_EVERY(true, nvm_cmd_erase(NULL, NULL, 0, NULL, 0, NULL) == -1);
  CHECK_EVERY(true, nvm_cmd_copy(NULL, NULL, NULL, 0, 0, NULL) == -1);
  CHECK_EVERY(true, nvm_cmd_flush(NULL, 0, NULL) == -1);
  begin();
  CHECK_EVERY(true, nvm_dev_set_meta_mode(dev, 7) == -1);
  CHECK_EVERY(true, nvm_dev_set_read_naddrs_max(dev, 0) == -1);
  end();
}

static bool reports(void) {
  struct nvm_spec_rprt* rprt = nvm_cmd_rprt(dev, NULL, 0, NULL);
  struct nvm_spec_idfy* idfy = nvm_cmd_idfy(dev, NULL);
  struct nvm_addr addrs[2];
  const int rc = nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 2, addrs);
  nvm_buf_free(dev, idfy);
  nvm_buf_free(dev, rprt);
  return rprt != NULL && idfy != NULL && rc == 0;
}

static bool features(void) {
  union nvm_nvme_feat feat;
  struct nvm_aer aer;
  return nvm_cmd_gfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, NULL) == 0 &&
         nvm_cmd_sfeat(dev, NVM_NVME_FEAT_ERROR_RECOVERY, &feat, NULL) == 0 && nvm_aer_poll(dev, &aer, 1) == 0;
}

static bool commands(void) {
  struct nvm_addr addrs[8], bad = at(0, 0, 7, 0);
  struct nvm_ret ret;
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 8);
  const bool read = nvm_cmd_read(dev, addrs, 8, data, NULL, 0, &ret) == 0;
  const bool scalar = nvm_cmd_read(dev, addrs, 8, data, NULL, NVM_CMD_SCALAR, &ret) == 0;
  CHECK_INT(-1, nvm_cmd_erase(dev, &bad, 1, NULL, 0, &ret));
  CHECK_INT(-1, nvm_cmd_read(dev, addrs, 8, data, NULL, 1, &ret));
  CHECK_INT(-1, nvm_cmd_read(dev, addrs, 65, data, NULL, 0, &ret));
  return nvm_cmd_flush(dev, 0, &ret) == 0 && read && scalar;
}

TEST(commands_that_are_waited_for) {
  begin();
  CHECK_EVERY(true, reports());
  CHECK_EVERY(true, features());
  CHECK_EVERY(true, commands());
  end();
}

static void arrived(struct nvm_ret* ret, void* opaque) {
  (void)ret;
  ++*(int*)opaque;
}

// What was taken is called back, whatever else is missing.
static bool queues(void) {
  struct nvm_addr addrs[8];
  struct nvm_ret ret;
  int called = 0, taken = 0;
  struct nvm_async_ctx* ctx = nvm_async_init(dev, 4, 0);
  if (ctx == NULL) return false;
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 8);
  memset(&ret, 0, sizeof(ret));
  ret.async.ctx = ctx;
  ret.async.cb = arrived;
  ret.async.cb_arg = &called;
  for (int i = 0; i < 6; ++i) {
    if (nvm_cmd_read(dev, addrs, 8, data, NULL, NVM_CMD_ASYNC, &ret) == 0) ++taken;
  }
  CHECK(nvm_async_wait(dev, ctx) >= 0 || errno == ENOMEM);
  CHECK_INT(0, nvm_async_term(dev, ctx));
  CHECK_INT(taken, called);
  return taken == 4;
}

TEST(commands_that_are_queued) {
  begin();
  CHECK_EVERY(true, queues());
  end();
}

// From the context on, not even the first command allocates: whether it is one address or many, goes well or does not.
TEST(queued_commands_do_not_allocate) {
  static const uint16_t kModes[] = {NVM_CMD_SCALAR, NVM_CMD_VECTOR};
  static const int kCounts[] = {1, 8};
  struct nvm_addr addrs[8], scattered[8], nowhere = at(0, 0, 7, 0);
  struct nvm_ret ret;
  char meta[8 * OOB];
  int called = 0, taken = 0;
  begin();
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 8);
  nvm_addr_fill_crange(scattered, at(0, 0, 0, 0), 8);
  scattered[3] = at(0, 0, 0, 7);
  struct nvm_async_ctx* ctx = nvm_async_init(dev, 4, 0);
  memset(&ret, 0, sizeof(ret));
  ret.async.ctx = ctx;
  ret.async.cb = arrived;
  ret.async.cb_arg = &called;
  failures = 0;
  armed = 1;
  for (int round = 0; round < 100; ++round) {
    const int n = kCounts[round / 2 % 2];
    const uint16_t flags = (uint16_t)(NVM_CMD_ASYNC | kModes[round % 2]);
    taken += nvm_cmd_read(dev, addrs, n, data, NULL, flags, &ret) == 0;
    taken += nvm_cmd_read(dev, addrs, n, data, meta, flags, &ret) == 0;
    taken += nvm_cmd_read(dev, scattered, 8, data, NULL, NVM_CMD_ASYNC | NVM_CMD_VECTOR, &ret) == 0;
    taken += nvm_cmd_read(dev, &nowhere, 1, data, NULL, flags, &ret) == 0;
    while (nvm_async_get_outstanding(ctx)) nvm_async_poke(dev, ctx, 0);
  }
  armed = 0;
  CHECK_INT(0, failures);
  CHECK_INT(400, taken);
  CHECK_INT(taken, called);
  CHECK_INT(0, nvm_async_term(dev, ctx));
  end();
}

static bool lists(void) {
  struct nvm_addr addr = at(0, 0, 0, 0);
  struct nvm_sgl_pool* pool = nvm_sgl_pool_create(dev);
  struct nvm_sgl* sgl = pool == NULL ? NULL : nvm_sgl_alloc(pool);
  bool good = sgl != NULL;
  for (int i = 0; good && i < 16; ++i) good = nvm_sgl_add(dev, sgl, data + i * 256, 256) == 0;
  good = good && nvm_cmd_read(dev, &addr, 1, sgl, NULL, NVM_CMD_SGL, NULL) == 0;
  if (sgl != NULL) nvm_sgl_free(pool, sgl);
  nvm_sgl_pool_destroy(pool);
  return good;
}

static bool buffers(void) {
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, SECTOR, OOB);
  const bool good = bufs != NULL;
  nvm_buf_set_free(bufs);
  CHECK_INT(-1, nvm_buf_from_file(data, 1, "/nonexistent/file"));
  return good;
}

TEST(lists_and_buffers) {
  begin();
  CHECK_EVERY(true, lists());
  CHECK_EVERY(true, buffers());
  end();
}

static bool blocks(void) {
  struct nvm_vblk* vblk = nvm_vblk_alloc_line(dev, 0, 1, 0, 2, 5);
  if (vblk == NULL) return false;
  const bool good = nvm_vblk_set_async(vblk, 3) == 0 && nvm_vblk_read(vblk, data, WS_OPT * SECTOR) > 0 &&
                    nvm_vblk_set_pos_read(vblk, 0) == 0;
  CHECK_INT(-1, nvm_vblk_read(vblk, data, 1));
  CHECK_INT(-1, nvm_vblk_set_pos_write(vblk, SIZE_MAX));
  nvm_vblk_free(vblk);
  return good;
}

TEST(virtual_blocks) {
  begin();
  CHECK_EVERY(true, blocks());
  end();
}
