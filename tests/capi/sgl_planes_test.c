// SPDX-License-Identifier: BSD-2-Clause
// Lists on OCSSD 1.2, where NVM_CMD_SGL is the scrambler's bit as well.
#include "harness.h"

enum { PAGE = 8, PAGES = 4 };

static struct nvm_dev* dev;
static const char* trace;
static struct nvm_buf_set* bufs;
static struct nvm_addr addrs[PAGE];
static struct nvm_ret ret;

static void begin(void) {
  char ident[600];
  trace = temporary("trace");
  remove(trace);
  snprintf(ident, sizeof(ident),
           "emu:?spec=1.2&groups=2&punits=2&planes=2&blocks=26&pages=%d&page_sectors=4&sector_bytes=4096&oob_bytes=16&"
           "bad=none&trace=%s",
           PAGES, trace);
  dev = nvm_dev_open(ident);
  CHECK(dev != NULL);
  bufs = nvm_buf_set_alloc(dev, (size_t)PAGE * SECTOR, (size_t)PAGE * OOB);
  CHECK(bufs != NULL);
  nvm_buf_set_fill(bufs);
  memset(&ret, 0, sizeof(ret));
}

static void end(void) {
  nvm_buf_set_free(bufs);
  nvm_dev_close(dev);
}

// Page `pg` of block 3 over both planes.
static void name_page(unsigned pg) {
  memset(addrs, 0, sizeof(addrs));
  for (unsigned i = 0; i < PAGE; ++i) {
    addrs[i].g.blk = 3;
    addrs[i].g.pg = pg & 0xFFFF;
    addrs[i].g.pl = (i / 4) & 0xFF;
    addrs[i].g.sec = i % 4;
  }
}

static void erase(void) {
  name_page(0);
  CHECK_INT(0, nvm_cmd_erase(dev, addrs, 1, NULL, NVM_FLAG_PMODE_DUAL, &ret));
}

// A list of PAGE pieces of `buf`, from the last to the first.
static struct nvm_sgl* backwards(char* buf, size_t piece) {
  struct nvm_sgl* sgl = nvm_sgl_create(dev, PAGE);
  CHECK(sgl != NULL);
  for (unsigned i = PAGE; i-- > 0;) CHECK_INT(0, nvm_sgl_add(dev, sgl, buf + i * piece, piece));
  return sgl;
}

static void check_piece_is_last(const char* piece, const char* all, size_t nbytes) {
  CHECK_INT(0, nvm_buf_diff(all + (PAGE - 1) * nbytes, piece, nbytes));
}

static void lists(bool meta_list) {
  begin();
  erase();
  struct nvm_sgl *out = backwards(bufs->write, SECTOR), *in = backwards(bufs->read, SECTOR);
  struct nvm_sgl *meta_out = backwards(bufs->write_meta, OOB), *meta_in = backwards(bufs->read_meta, OOB);
  const uint16_t flags = NVM_FLAG_PMODE_DUAL | NVM_CMD_SGL | (meta_list ? NVM_CMD_SGL_META : 0);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, PAGE, out, meta_list ? (void*)meta_out : bufs->write_meta, flags, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, PAGE, in, meta_list ? (void*)meta_in : bufs->read_meta, flags, &ret));
  CHECK_INT(0, nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes));
  CHECK_INT(0, nvm_buf_diff(bufs->write_meta, bufs->read_meta, bufs->nbytes_meta));
  // The sectors are in the order of the list.
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 1, bufs->read, bufs->read_meta, NVM_FLAG_PMODE_SNGL, &ret));
  check_piece_is_last(bufs->read, bufs->write, SECTOR);
  if (meta_list) check_piece_is_last(bufs->read_meta, bufs->write_meta, OOB);
  CHECK_INT(0, nvm_cmd_read(dev, addrs, PAGE, in, NULL, flags, &ret));
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(dev, in);
  nvm_sgl_destroy(dev, meta_out);
  nvm_sgl_destroy(dev, meta_in);
  end();
  const struct told writes = told_of(trace, "vector_write"), reads = told_of(trace, "vector_read");
  CHECK_INT(1, writes.commands);
  CHECK_INT(1, writes.with_mode);
  CHECK_INT(0, writes.scrambled);
  CHECK_INT(3, reads.commands);
  CHECK_INT(0, reads.scrambled);
}
TEST(writes_and_reads_take_lists) { lists(false); }
TEST(writes_and_reads_take_lists_of_metadata) { lists(true); }

TEST(memory_that_is_no_list_is_scrambled) {
  begin();
  erase();
  const uint16_t flags = NVM_FLAG_PMODE_DUAL | NVM_FLAG_SCRBL;
  CHECK_INT(0, nvm_cmd_write(dev, addrs, PAGE, bufs->write, bufs->write_meta, flags, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, PAGE, bufs->read, bufs->read_meta, flags, &ret));
  CHECK_INT(0, nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes));
  end();
  CHECK_INT(1, told_of(trace, "vector_write").scrambled);
  CHECK_INT(1, told_of(trace, "vector_read").scrambled);
}

static void nothing_failed(struct nvm_ret* done, void* opaque) {
  CHECK_HEX(0, done->status);
  ++*(int*)opaque;
}

TEST(asynchronous_commands_take_lists) {
  begin();
  erase();
  int called = 0;
  struct nvm_async_ctx* ctx = nvm_async_init(dev, 2, 0);
  struct nvm_sgl *out = backwards(bufs->write, SECTOR), *in = backwards(bufs->read, SECTOR);
  ret.async.ctx = ctx;
  ret.async.cb = nothing_failed;
  ret.async.cb_arg = &called;
  const uint16_t flags = NVM_FLAG_PMODE_DUAL | NVM_CMD_SGL | NVM_CMD_ASYNC;
  CHECK_INT(0, nvm_cmd_write(dev, addrs, PAGE, out, bufs->write_meta, flags, &ret));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, PAGE, in, bufs->read_meta, flags, &ret));
  CHECK_INT(1, nvm_async_wait(dev, ctx));
  CHECK_INT(2, called);
  CHECK_INT(0, nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes));
  CHECK_INT(0, nvm_buf_diff(bufs->write_meta, bufs->read_meta, bufs->nbytes_meta));
  CHECK_INT(0, nvm_async_term(dev, ctx));
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(dev, in);
  end();
}

TEST(a_list_that_does_not_suit_is_refused) {
  begin();
  erase();
  struct nvm_dev* other = nvm_dev_open("emu:?spec=1.2");
  CHECK(other != NULL);
  struct nvm_sgl *out = backwards(bufs->write, SECTOR), *foreign = nvm_sgl_create(other, 1);
  CHECK_INT(0, nvm_sgl_add(other, foreign, bufs->write_meta, PAGE * OOB));
  const uint16_t list = NVM_FLAG_PMODE_DUAL | NVM_CMD_SGL, both = list | NVM_CMD_SGL_META;
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 4, out, NULL, list, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, PAGE, out, bufs->write_meta, both, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, PAGE, out, foreign, both, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, PAGE, bufs->write, bufs->write_meta, both, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, addrs, PAGE, out, NULL, NVM_CMD_SGL_META, &ret));
  nvm_sgl_destroy(dev, out);
  nvm_sgl_destroy(other, foreign);
  nvm_dev_close(other);
  end();
  CHECK_INT(0, told_of(trace, "vector_write").commands);
}
