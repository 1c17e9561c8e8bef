// SPDX-License-Identifier: BSD-2-Clause
// What the device answers to reads, writes and erases in each state of a chunk: -1, EIO, and its status in ret.
#include "harness.h"

static struct nvm_dev* dev;
static char *data, *back;
static struct nvm_addr addrs[64];
static struct nvm_ret ret;
static uint16_t addressing;

static void begin(const char* options, uint16_t flags) {
  addressing = flags;
  dev = open_small(options);
  data = nvm_buf_alloc(dev, 128 * SECTOR, NULL);
  back = nvm_buf_alloc(dev, 128 * SECTOR, NULL);
  nvm_buf_fill(data, 128 * SECTOR);
}

static void end(void) {
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_dev_close(dev);
}

static int write_at(unsigned chunk, unsigned sectr, int n) {
  nvm_addr_fill_crange(addrs, at(0, 0, chunk, sectr), 64);
  return nvm_cmd_write(dev, addrs, n, data, NULL, addressing, &ret);
}
static int read_at(unsigned chunk, unsigned sectr, int n) {
  memset(back, 0x5A, 64 * SECTOR);
  nvm_addr_fill_crange(addrs, at(0, 0, chunk, sectr), 64);
  return nvm_cmd_read(dev, addrs, n, back, NULL, addressing, &ret);
}
static int erase(unsigned chunk) {
  addrs[0] = at(0, 0, chunk, 0);
  return nvm_cmd_erase(dev, addrs, 1, NULL, addressing, &ret);
}
static void check_chunk(unsigned chunk, int state, unsigned wp) {
  const struct nvm_spec_rprt_descr descr = chunk_of(dev, at(0, 0, chunk, 0));
  CHECK_HEX(state, descr.cs);
  CHECK_INT(wp, descr.wp);
}

static void writes(uint16_t flags) {
  begin("", flags);
  CHECK_INT(0, write_at(0, 0, WS_MIN));
  check_chunk(0, NVM_CHUNK_STATE_OPEN, WS_MIN);
  CHECK_INT(0, write_at(0, WS_MIN, WS_MIN));
  check_chunk(0, NVM_CHUNK_STATE_OPEN, 2 * WS_MIN);
  CHECK_STATUS(0x2F2, write_at(0, 3 * WS_MIN, WS_MIN), ret);
  CHECK_STATUS(0x2F2, write_at(0, WS_MIN, WS_MIN), ret);
  CHECK_STATUS(0x002, write_at(0, 2 * WS_MIN, 1), ret);
  check_chunk(0, NVM_CHUNK_STATE_OPEN, 2 * WS_MIN);
  CHECK_INT(0, write_at(0, 2 * WS_MIN, 64));
  CHECK_STATUS(0x280, write_at(0, 72, 28), ret);
  CHECK_INT(0, write_at(0, 72, 24));
  check_chunk(0, NVM_CHUNK_STATE_CLOSED, NSECTR);
  CHECK_STATUS(0x280, write_at(0, 0, WS_MIN), ret);
  CHECK_STATUS(0x280, write_at(7, 0, WS_MIN), ret);
  CHECK_STATUS(0x280, write_at(NCHUNK, 0, WS_MIN), ret);
  CHECK_CONTAINS("0x280", nvm_last_error());
  end();
}
TEST(vector_writes) { writes(NVM_CMD_VECTOR); }
TEST(scalar_writes) { writes(NVM_CMD_SCALAR); }

static void check_predefined(char expected) {
  CHECK_HEX(0, ret.status);
  for (int i = 0; i < SECTOR; ++i) CHECK_INT(expected, back[i]);
}

static void reads_without_dulbe(uint16_t flags) {
  begin("predefined=0xff", flags);
  CHECK_INT(0, read_at(0, 0, 1));
  check_predefined((char)0xFF);
  CHECK_INT(0, read_at(7, 0, 1));
  check_predefined((char)0xFF);
  CHECK_INT(0, read_at(NCHUNK, 0, 1));
  check_predefined((char)0xFF);
  write_sectors(dev, at(0, 0, 0, 0), MW_CUNITS, data);
  CHECK_INT(0, read_at(0, 0, 1));
  check_predefined((char)0xFF);
  CHECK_INT(0, write_at(0, MW_CUNITS, WS_MIN));
  CHECK_INT(0, read_at(0, 0, WS_MIN));
  CHECK_INT(0, nvm_buf_diff(data, back, WS_MIN * SECTOR));
  CHECK_INT(0, read_at(0, MW_CUNITS + WS_MIN, WS_MIN));
  check_predefined((char)0xFF);
  end();
}
TEST(vector_reads_without_dulbe) { reads_without_dulbe(NVM_CMD_VECTOR); }
TEST(scalar_reads_without_dulbe) { reads_without_dulbe(NVM_CMD_SCALAR); }

static void reads_with_dulbe(uint16_t flags) {
  begin("", flags);
  set_dulbe(dev, 1);
  CHECK_STATUS(0x287, read_at(0, 0, 1), ret);
  CHECK_STATUS(0x287, read_at(7, 0, 1), ret);
  CHECK_STATUS(0x287, read_at(NCHUNK, 0, 1), ret);
  write_sectors(dev, at(0, 0, 0, 0), MW_CUNITS, data);
  CHECK_STATUS(0x287, read_at(0, 0, WS_MIN), ret);
  CHECK_INT(0, write_at(0, MW_CUNITS, WS_MIN));
  CHECK_INT(0, read_at(0, 0, WS_MIN));
  CHECK_INT(0, nvm_buf_diff(data, back, WS_MIN * SECTOR));
  CHECK_STATUS(0x287, read_at(0, MW_CUNITS + WS_MIN, WS_MIN), ret);
  end();
}
TEST(vector_reads_with_dulbe) { reads_with_dulbe(NVM_CMD_VECTOR); }
TEST(scalar_reads_with_dulbe) { reads_with_dulbe(NVM_CMD_SCALAR); }

TEST(a_vector_read_says_which_addresses_failed) {
  begin("", NVM_CMD_VECTOR);
  set_dulbe(dev, 1);
  write_sectors(dev, at(0, 0, 0, 0), NSECTR, data);
  addrs[0] = at(0, 0, 0, 0);
  addrs[1] = at(0, 0, 1, 0);
  addrs[2] = at(0, 0, 0, 9);
  addrs[3] = at(0, 0, 2, 5);
  CHECK_STATUS(0x287, nvm_cmd_read(dev, addrs, 4, back, NULL, 0, &ret), ret);
  CHECK_HEX(0xA, ret.result.vio.cs);
  CHECK_INT(0, nvm_buf_diff(data, back, SECTOR));
  CHECK_INT(0, nvm_buf_diff(data + 9 * SECTOR, back + 2 * SECTOR, SECTOR));
  end();
}

static void resets(uint16_t flags) {
  begin("mccap=1", flags);
  CHECK_STATUS(0x2C1, erase(0), ret);
  CHECK_STATUS(0x2C0, erase(7), ret);
  CHECK_STATUS(0x2C1, erase(NCHUNK), ret);
  CHECK_INT(0, write_at(0, 0, WS_MIN));
  CHECK_STATUS(0x2C1, erase(0), ret);
  check_chunk(0, NVM_CHUNK_STATE_OPEN, WS_MIN);
  write_sectors(dev, at(0, 0, 1, 0), NSECTR, data);
  CHECK_INT(0, erase(1));
  CHECK_HEX(0, ret.status);
  check_chunk(1, NVM_CHUNK_STATE_FREE, 0);
  end();
  begin("mccap=7", flags);
  CHECK_INT(0, erase(0));
  CHECK_INT(0, write_at(0, 0, WS_MIN));
  CHECK_INT(0, erase(0));
  check_chunk(0, NVM_CHUNK_STATE_FREE, 0);
  end();
}
TEST(vector_resets) { resets(NVM_CMD_VECTOR); }
TEST(scalar_resets) { resets(NVM_CMD_SCALAR); }

TEST(an_erase_brings_descriptors_back) {
  struct nvm_spec_rprt_descr after[NPUNIT];
  begin("", NVM_CMD_VECTOR);
  memset(after, 0xFF, sizeof(after));
  for (unsigned u = 0; u < NPUNIT; ++u) {
    addrs[u] = at(1, u, 4, 0);
    write_sectors(dev, addrs[u], NSECTR, data);
  }
  CHECK_INT(0, nvm_cmd_erase(dev, addrs, NPUNIT, after, NVM_CMD_VECTOR, &ret));
  for (unsigned u = 0; u < NPUNIT; ++u) {
    const struct nvm_spec_rprt_descr now = chunk_of(dev, addrs[u]);
    CHECK_HEX(NVM_CHUNK_STATE_FREE, after[u].cs);
    CHECK_HEX(NVM_CHUNK_TYPE_SEQR, after[u].ct);
    CHECK_HEX(nvm_addr_gen2dev(dev, addrs[u]), after[u].addr);
    CHECK_INT(NSECTR, after[u].naddrs);
    CHECK_INT(0, after[u].wp);
    CHECK_INT(0, memcmp(&now, &after[u], sizeof(now)));
  }
  end();
}

TEST(a_vector_erase_says_which_chunks_failed) {
  struct nvm_spec_rprt_descr after[3];
  begin("", NVM_CMD_VECTOR);
  memset(after, 0xFF, sizeof(after));
  addrs[0] = at(0, 0, 0, 0);
  addrs[1] = at(0, 0, 7, 0);
  addrs[2] = at(0, 1, 0, 0);
  CHECK_STATUS(0x2C0, nvm_cmd_erase(dev, addrs, 3, after, 0, &ret), ret);
  CHECK_HEX(2, ret.result.vio.cs);
  CHECK_HEX(NVM_CHUNK_STATE_FREE, after[0].cs);
  CHECK_HEX(0xFF, after[1].cs);
  CHECK_HEX(NVM_CHUNK_STATE_FREE, after[2].cs);
  end();
}

TEST(erases_refuse_bad_arguments) {
  struct nvm_spec_rprt_descr after[1];
  begin("", NVM_CMD_VECTOR);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 1);
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(NULL, addrs, 1, NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, NULL, 1, NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, addrs, 0, NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, addrs, 65, NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, addrs, -1, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, addrs, 0, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, addrs, 65, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_erase(dev, addrs, 1, after, NVM_CMD_SCALAR, &ret));
  CHECK_HEX(0, ret.status);
  CHECK_INT(0, nvm_cmd_erase(dev, addrs, 1, NULL, 0, NULL));
  end();
}

// A transfer of more than the device takes at once is its own verdict.
TEST(a_scalar_write_of_more_than_mdts_is_an_invalid_field) {
  begin("mdts=6", NVM_CMD_SCALAR);
  CHECK_STATUS(0x002, write_at(0, 0, 64 + WS_MIN), ret);
  check_chunk(0, NVM_CHUNK_STATE_FREE, 0);
  end();
}

TEST(limits_of_open_chunks) {
  begin("maxoc=2&maxocpu=1", NVM_CMD_VECTOR);
  CHECK_INT(0, write_at(0, 0, WS_MIN));
  CHECK_STATUS(0x280, write_at(1, 0, WS_MIN), ret);
  write_sectors(dev, at(0, 1, 0, 0), WS_MIN, data);
  nvm_addr_fill_crange(addrs, at(0, 2, 0, 0), WS_MIN);
  CHECK_STATUS(0x280, nvm_cmd_write(dev, addrs, WS_MIN, data, NULL, 0, &ret), ret);
  end();
}
