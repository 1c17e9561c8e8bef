// SPDX-License-Identifier: BSD-2-Clause
// nvm_cmd_read and nvm_cmd_write: what they carry, and the arguments that they refuse before anything is sent.
#include "harness.h"

static struct nvm_dev* dev;
static char *data, *back;
static struct nvm_addr addrs[128];
static struct nvm_ret ret;

enum { BYTES = 64 * SECTOR };

static void begin(const char* options) {
  dev = open_small(options);
  data = nvm_buf_alloc(dev, BYTES, NULL);
  back = nvm_buf_alloc(dev, BYTES, NULL);
  CHECK(data != NULL && back != NULL);
  nvm_buf_fill(data, BYTES);
  memset(back, 0, BYTES);
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 0), 128);
  memset(&ret, 0xFF, sizeof(ret));
}

static void end(void) {
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_dev_close(dev);
}

// A whole chunk is written by one addressing mode, with metadata, and read by the other.
static void carry(uint16_t write_flags, uint16_t read_flags) {
  char meta[64 * OOB], meta_back[64 * OOB];
  begin("");
  nvm_buf_fill(meta, sizeof(meta));
  memset(meta_back, 0, sizeof(meta_back));
  for (unsigned s = 0; s < NSECTR; s += 32) {
    nvm_addr_fill_crange(addrs, at(1, 2, 3, s), 32);
    CHECK_INT(0, nvm_cmd_write(dev, addrs, 32, data, meta, write_flags, &ret));
    CHECK_HEX(0, ret.status);
    CHECK_HEX(0, ret.result.vio.cs);
  }
  for (unsigned s = 0; s < NSECTR; s += 32) {
    nvm_addr_fill_crange(addrs, at(1, 2, 3, s), 32);
    CHECK_INT(0, nvm_cmd_read(dev, addrs, 32, back, meta_back, read_flags, &ret));
    CHECK_HEX(0, ret.status);
    CHECK_INT(0, nvm_buf_diff(data, back, 32 * SECTOR));
    CHECK_INT(0, nvm_buf_diff(meta, meta_back, 32 * OOB));
  }
  end();
}

TEST(vector_writes_are_read_by_vectors) { carry(NVM_CMD_VECTOR, NVM_CMD_VECTOR | NVM_CMD_SYNC | NVM_CMD_PRP); }
TEST(vector_writes_are_read_by_scalars) { carry(0, NVM_CMD_SCALAR); }
TEST(scalar_writes_are_read_by_vectors) { carry(NVM_CMD_SCALAR, 0); }
TEST(scalar_writes_are_read_by_scalars) { carry(NVM_CMD_SCALAR, NVM_CMD_SCALAR); }
TEST(scrambler_flag_with_plain_buffers_is_no_list) { carry(NVM_FLAG_DEFAULT, NVM_FLAG_DEFAULT); }
TEST(force_unit_access_and_limited_retry_are_carried) {
  carry(NVM_NVME_FLAG_FORCE_UNIT_ACCESS, NVM_NVME_FLAG_FORCE_UNIT_ACCESS | NVM_NVME_FLAG_LIMITED_RETRY);
}
TEST(force_unit_access_in_scalar_commands) {
  carry(NVM_CMD_SCALAR | NVM_NVME_FLAG_FORCE_UNIT_ACCESS, NVM_CMD_SCALAR | NVM_NVME_FLAG_LIMITED_RETRY);
}

TEST(ret_is_optional_and_64_addresses_are_taken) {
  begin("");
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 64, data, NULL, 0, NULL));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 32, back, NULL, 0, NULL));
  CHECK_INT(0, nvm_buf_diff(data, back, 32 * SECTOR));
  end();
}

TEST(a_vector_read_gathers_from_anywhere) {
  begin("");
  static const unsigned kPlaces[][4] = {{0, 0, 1, 0}, {1, 1, 2, 40}, {0, 2, 9, 95}, {1, 1, 2, 3}};
  for (unsigned g = 0; g < 2; ++g) {
    for (unsigned u = 0; u < NPUNIT; ++u) {
      for (unsigned c = 1; c < NCHUNK; ++c) {
        if (g == 0 && u == 0 && c == 7) continue;
        for (unsigned s = 0; s < NSECTR; s += 32) {
          memset(data, (int)(g * 90 + u * 30 + c * 3 + s / 32), 32 * SECTOR);
          nvm_addr_fill_crange(addrs, at(g, u, c, s), 32);
          CHECK_INT(0, nvm_cmd_write(dev, addrs, 32, data, NULL, 0, &ret));
        }
      }
    }
  }
  for (int i = 0; i < 4; ++i) addrs[i] = at(kPlaces[i][0], kPlaces[i][1], kPlaces[i][2], kPlaces[i][3]);
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 4, back, NULL, NVM_CMD_VECTOR, &ret));
  for (int i = 0; i < 4; ++i) {
    const char expected = (char)(kPlaces[i][0] * 90 + kPlaces[i][1] * 30 + kPlaces[i][2] * 3 + kPlaces[i][3] / 32);
    CHECK_INT(expected, back[i * SECTOR]);
    CHECK_INT(expected, back[(i + 1) * SECTOR - 1]);
  }
  end();
}

// The device's default is taken where a command does not choose: a scalar write needs no list.
TEST(the_devices_default_decides_the_addressing) {
  dev = nvm_dev_openf("emu:?groups=1&punits=1&chunks=2&sectors=96&bad=none", NVM_CMD_SCALAR);
  CHECK(dev != NULL);
  data = nvm_buf_alloc(dev, BYTES, NULL);
  memset(data, 7, BYTES);
  addrs[0] = at(0, 0, 0, 0);
  for (int i = 1; i < 64; ++i) addrs[i] = at(9, 9, 9, 9);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 64, data, NULL, 0, NULL));
  CHECK_INT(64, chunk_of(dev, addrs[0]).wp);
  CHECK_REFUSED(EINVAL, nvm_cmd_write(dev, addrs, 64, data, NULL, NVM_CMD_VECTOR, NULL));
  nvm_buf_free(dev, data);
  nvm_dev_close(dev);
}

// Every refusal leaves a clean ret: nothing was sent, so that there is no status.
#define CHECK_NOT_SENT(error, call)  \
  do {                               \
    memset(&ret, 0xFF, sizeof(ret)); \
    CHECK_REFUSED(error, call);      \
    CHECK_HEX(0, ret.status);        \
    CHECK_HEX(0, ret.result.vio.cs); \
  } while (0)

TEST(null_pointers_are_refused) {
  begin("");
  CHECK_NOT_SENT(EINVAL, nvm_cmd_write(NULL, addrs, 8, data, NULL, 0, &ret));
  CHECK_NOT_SENT(EINVAL, nvm_cmd_write(dev, NULL, 8, data, NULL, 0, &ret));
  CHECK_NOT_SENT(EINVAL, nvm_cmd_write(dev, addrs, 8, NULL, NULL, 0, &ret));
  CHECK_NOT_SENT(EINVAL, nvm_cmd_read(NULL, addrs, 8, back, NULL, 0, &ret));
  CHECK_NOT_SENT(EINVAL, nvm_cmd_read(dev, NULL, 8, back, NULL, 0, &ret));
  CHECK_NOT_SENT(EINVAL, nvm_cmd_read(dev, addrs, 8, NULL, NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(NULL, NULL, 8, NULL, NULL, 0, NULL));
  end();
}

TEST(counts_out_of_range_are_refused) {
  static const int kVector[] = {0, 65, 128, -1, -64, 65536, 65600, INT32_MAX, INT32_MIN};
  static const int kScalar[] = {0, -1, 65537, INT32_MAX, INT32_MIN};
  begin("");
  for (size_t i = 0; i < sizeof(kVector) / sizeof(kVector[0]); ++i) {
    CHECK_NOT_SENT(EINVAL, nvm_cmd_write(dev, addrs, kVector[i], data, NULL, NVM_CMD_VECTOR, &ret));
    CHECK_NOT_SENT(EINVAL, nvm_cmd_read(dev, addrs, kVector[i], back, NULL, NVM_CMD_VECTOR, &ret));
  }
  for (size_t i = 0; i < sizeof(kScalar) / sizeof(kScalar[0]); ++i) {
    CHECK_NOT_SENT(EINVAL, nvm_cmd_write(dev, addrs, kScalar[i], data, NULL, NVM_CMD_SCALAR, &ret));
    CHECK_NOT_SENT(EINVAL, nvm_cmd_read(dev, addrs, kScalar[i], back, NULL, NVM_CMD_SCALAR, &ret));
  }
  CHECK_INT(NVM_CHUNK_STATE_FREE, chunk_of(dev, addrs[0]).cs);
  end();
}

TEST(flags_that_nobody_knows_or_that_exclude_each_other_are_refused) {
  static const uint16_t kBad[] = {1,
                                  2,
                                  4,
                                  8,
                                  NVM_CMD_PIOC,
                                  NVM_CMD_PADC,
                                  0x2000,
                                  NVM_CMD_SYNC | NVM_CMD_ASYNC,
                                  NVM_CMD_SCALAR | NVM_CMD_VECTOR,
                                  NVM_CMD_SGL_META,
                                  0xFFFF};
  begin("");
  for (size_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); ++i) {
    CHECK_NOT_SENT(EINVAL, nvm_cmd_write(dev, addrs, 8, data, NULL, kBad[i], &ret));
    CHECK_NOT_SENT(EINVAL, nvm_cmd_read(dev, addrs, 8, back, NULL, kBad[i], &ret));
    CHECK_NOT_SENT(EINVAL, nvm_cmd_erase(dev, addrs, 1, NULL, kBad[i], &ret));
    CHECK_NOT_SENT(EINVAL, nvm_cmd_copy(dev, addrs, addrs, 8, kBad[i], &ret));
    CHECK_NOT_SENT(EINVAL, nvm_cmd_flush(dev, kBad[i], &ret));
  }
  end();
}

TEST(a_device_that_was_opened_for_reading_takes_no_change) {
  begin("ro");
  CHECK_NOT_SENT(EROFS, nvm_cmd_write(dev, addrs, 8, data, NULL, 0, &ret));
  CHECK_NOT_SENT(EROFS, nvm_cmd_write(dev, addrs, 8, data, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_NOT_SENT(EROFS, nvm_cmd_erase(dev, addrs, 1, NULL, 0, &ret));
  CHECK_NOT_SENT(EROFS, nvm_cmd_copy(dev, addrs, addrs, 8, 0, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 8, back, NULL, 0, &ret));
  end();
}

// Data that is no multiple of anything may lie anywhere.
TEST(memory_need_not_be_aligned) {
  begin("");
  memset(data + 1, 'x', 8 * SECTOR);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 8, data + 1, NULL, 0, &ret));
  nvm_addr_fill_crange(addrs, at(0, 0, 0, 8), 64);
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 32, data, NULL, 0, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, (struct nvm_addr[]){at(0, 0, 0, 7)}, 1, back + 3, NULL, 0, &ret));
  CHECK_INT('x', back[3]);
  CHECK_INT('x', back[3 + SECTOR - 1]);
  end();
}

TEST(metadata_on_a_device_without_is_left_alone) {
  char meta[64];
  begin("oob_bytes=0");
  memset(meta, 'm', sizeof(meta));
  CHECK_INT(0, nvm_cmd_write(dev, addrs, 32, data, meta, 0, &ret));
  CHECK_INT(0, nvm_cmd_read(dev, addrs, 8, back, meta, 0, &ret));
  CHECK_INT(0, nvm_buf_diff(data, back, 8 * SECTOR));
  CHECK_INT('m', meta[0]);
  end();
}
