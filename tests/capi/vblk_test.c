// SPDX-License-Identifier: BSD-2-Clause
// nvm_vblk_*: the layout of data, positions, bounds, patterns, metadata, copies.
#include "harness.h"

enum { NCHUNKS = 4, NBYTES = NCHUNKS * NSECTR * SECTOR, STRIPE = WS_OPT * SECTOR };

static struct nvm_dev* dev;
static struct nvm_vblk* vblk;
static char *data, *back;
static struct nvm_addr chunks[NCHUNKS];

static void begin_on(struct nvm_dev* opened) {
  dev = opened;
  for (unsigned i = 0; i < NCHUNKS; ++i) chunks[i] = at(i % NPUGRP, i / NPUGRP, 1 + i, 0);
  vblk = nvm_vblk_alloc(dev, chunks, NCHUNKS);
  CHECK(vblk != NULL);
  data = nvm_buf_alloc(dev, NBYTES, NULL);
  back = nvm_buf_alloc(dev, NBYTES + SECTOR, NULL);
  for (size_t i = 0; i < NBYTES; ++i) data[i] = (char)(i / 7 + i / SECTOR);
  memset(back, 0x5A, NBYTES + SECTOR);
}
static void begin(const char* options) { begin_on(open_small(options)); }

static void end(void) {
  nvm_vblk_free(vblk);
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_dev_close(dev);
}

TEST(getters_and_positions) {
  begin("");
  CHECK(nvm_vblk_get_dev(vblk) == dev);
  CHECK_INT(NCHUNKS, nvm_vblk_get_naddrs(vblk));
  CHECK_INT(0, memcmp(chunks, nvm_vblk_get_addrs(vblk), sizeof(chunks)));
  CHECK_INT(NBYTES, nvm_vblk_get_nbytes(vblk));
  CHECK_INT(0, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(0, nvm_vblk_get_pos_write(vblk));
  CHECK_INT(0, nvm_vblk_set_pos_read(vblk, STRIPE));
  CHECK_INT(0, nvm_vblk_set_pos_write(vblk, NBYTES));
  CHECK_REFUSED(EINVAL, nvm_vblk_set_pos_read(vblk, NBYTES + 1));
  CHECK_REFUSED(EINVAL, nvm_vblk_set_pos_write(vblk, SIZE_MAX));
  CHECK_INT(STRIPE, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(NBYTES, nvm_vblk_get_pos_write(vblk));
  CHECK_INT(NBYTES, nvm_vblk_erase(vblk));
  CHECK_INT(0, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(0, nvm_vblk_get_pos_write(vblk));
  end();
}

TEST(stripes_go_round_the_chunks_in_pieces_of_ws_opt) {
  struct nvm_addr addrs[WS_OPT];
  begin("");
  CHECK_INT(NBYTES, nvm_vblk_write(vblk, data, NBYTES));
  for (unsigned s = 0; s < NCHUNKS * NSECTR; s += WS_OPT) {
    const unsigned unit = s / WS_OPT;
    struct nvm_addr addr = chunks[unit % NCHUNKS];
    addr.l.sectr = unit / NCHUNKS * WS_OPT;
    nvm_addr_fill_crange(addrs, addr, WS_OPT);
    CHECK_INT(0, nvm_cmd_read(dev, addrs, WS_OPT, back, NULL, 0, NULL));
    CHECK_INT(0, nvm_buf_diff(data + (size_t)s * SECTOR, back, STRIPE));
  }
  end();
}

static void write_and_read(void) {
  memset(back, 0x5A, NBYTES + SECTOR);
  CHECK_INT(5 * STRIPE, nvm_vblk_write(vblk, data, 5 * STRIPE));
  CHECK_INT(5 * STRIPE, nvm_vblk_get_pos_write(vblk));
  CHECK_INT(NBYTES - 6 * STRIPE, nvm_vblk_pwrite(vblk, data + 5 * STRIPE, NBYTES - 6 * STRIPE, 5 * STRIPE));
  CHECK_INT(5 * STRIPE, nvm_vblk_get_pos_write(vblk));
  CHECK_INT(0, nvm_vblk_set_pos_write(vblk, NBYTES - STRIPE));
  CHECK_INT(STRIPE, nvm_vblk_write(vblk, data + NBYTES - STRIPE, STRIPE));
  CHECK_INT(NBYTES, nvm_vblk_get_pos_write(vblk));
  // Nothing behind the count is touched, whatever the size of a command.
  CHECK_INT(3 * STRIPE, nvm_vblk_read(vblk, back, 3 * STRIPE));
  CHECK_INT(0, nvm_buf_diff(data, back, 3 * STRIPE));
  CHECK_INT(0x5A, back[3 * STRIPE]);
  CHECK_INT(3 * STRIPE, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(NBYTES - 3 * STRIPE, nvm_vblk_read(vblk, back + 3 * STRIPE, NBYTES - 3 * STRIPE));
  CHECK_INT(NBYTES, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(0, nvm_buf_diff(data, back, NBYTES));
  CHECK_INT(0x5A, back[NBYTES]);
  memset(back, 0, NBYTES);
  CHECK_INT(STRIPE, nvm_vblk_pread(vblk, back, STRIPE, 7 * STRIPE));
  CHECK_INT(0, nvm_buf_diff(data + 7 * STRIPE, back, STRIPE));
  CHECK_INT(NBYTES, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(NBYTES, nvm_vblk_erase(vblk));
  CHECK_INT(NVM_CHUNK_STATE_FREE, chunk_of(dev, chunks[3]).cs);
}

TEST(synchronous_vectors) {
  begin("");
  write_and_read();
  end();
}
TEST(synchronous_scalars) {
  begin("");
  CHECK_INT(0, nvm_vblk_set_scalar(vblk));
  write_and_read();
  end();
}
TEST(asynchronous_at_several_depths) {
  static const uint32_t kDepths[] = {0, 1, 2, 5, 64};
  begin("");
  for (size_t i = 0; i < sizeof(kDepths) / sizeof(kDepths[0]); ++i) {
    CHECK_INT(0, nvm_vblk_set_async(vblk, kDepths[i]));
    write_and_read();
  }
  CHECK_INT(0, nvm_vblk_set_scalar(vblk));
  write_and_read();
  end();
}

TEST(an_async_that_fails_leaves_the_block_as_it_was) {
  begin("");
  CHECK_REFUSED(EINVAL, nvm_vblk_set_async(vblk, UINT32_MAX));
  CHECK_CONTAINS("flags: 0x08190\n", PRINTED(nvm_vblk_pr(vblk)));
  write_and_read();
  end();
}

TEST(counts_and_offsets_are_multiples_inside_the_block) {
  begin("");
  CHECK_REFUSED(EINVAL, nvm_vblk_write(vblk, data, STRIPE - 1));
  CHECK_REFUSED(EINVAL, nvm_vblk_write(vblk, data, STRIPE / 2));
  CHECK_REFUSED(EINVAL, nvm_vblk_pwrite(vblk, data, STRIPE, SECTOR));
  CHECK_REFUSED(EINVAL, nvm_vblk_pwrite(vblk, data, STRIPE, NBYTES));
  CHECK_REFUSED(EINVAL, nvm_vblk_pwrite(vblk, data, NBYTES, STRIPE));
  CHECK_REFUSED(EINVAL, nvm_vblk_pwrite(vblk, data, SIZE_MAX - STRIPE + 1, STRIPE));
  CHECK_REFUSED(EINVAL, nvm_vblk_write(vblk, data, NBYTES + STRIPE));
  CHECK_REFUSED(EINVAL, nvm_vblk_read(vblk, back, SECTOR));
  CHECK_REFUSED(EINVAL, nvm_vblk_pread(vblk, back, STRIPE, STRIPE + SECTOR));
  CHECK_REFUSED(EINVAL, nvm_vblk_pread(vblk, back, NBYTES, STRIPE));
  CHECK_REFUSED(EINVAL, nvm_vblk_read(vblk, NULL, STRIPE));
  CHECK_INT(0, nvm_vblk_get_pos_write(vblk));
  CHECK_INT(0, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(0, nvm_vblk_write(vblk, data, 0));
  CHECK_INT(0, nvm_vblk_read(vblk, back, 0));
  CHECK_INT(0, nvm_vblk_pwrite(vblk, data, 0, NBYTES));
  CHECK_HEX(NVM_CHUNK_STATE_FREE, chunk_of(dev, chunks[0]).cs);
  end();
}

TEST(without_a_buffer_a_pattern_is_written) {
  char pattern[STRIPE];
  begin("");
  nvm_buf_fill(pattern, STRIPE);
  CHECK_INT(2 * STRIPE, nvm_vblk_write(vblk, NULL, 2 * STRIPE));
  CHECK_INT(NBYTES - 2 * STRIPE, nvm_vblk_write(vblk, NULL, NBYTES - 2 * STRIPE));
  CHECK_INT(NBYTES, nvm_vblk_read(vblk, back, NBYTES));
  for (size_t i = 0; i < NBYTES; i += STRIPE) CHECK_INT(0, nvm_buf_diff(pattern, back + i, STRIPE));
  end();
}

TEST(pad_fills_the_rest_and_a_full_block_has_none) {
  char pattern[STRIPE];
  begin("");
  nvm_buf_fill(pattern, STRIPE);
  CHECK_INT(NBYTES / 2, nvm_vblk_write(vblk, data, NBYTES / 2));
  for (int i = 0; i < NCHUNKS; ++i) {
    CHECK_HEX(NVM_CHUNK_STATE_OPEN, chunk_of(dev, chunks[i]).cs);
    CHECK_INT(NSECTR / 2, chunk_of(dev, chunks[i]).wp);
  }
  CHECK_INT(NBYTES / 2, nvm_vblk_pad(vblk));
  CHECK_INT(NBYTES, nvm_vblk_get_pos_write(vblk));
  for (int i = 0; i < NCHUNKS; ++i) CHECK_HEX(NVM_CHUNK_STATE_CLOSED, chunk_of(dev, chunks[i]).cs);
  CHECK_INT(0, nvm_vblk_pad(vblk));
  CHECK_INT(NBYTES, nvm_vblk_read(vblk, back, NBYTES));
  CHECK_INT(0, nvm_buf_diff(data, back, NBYTES / 2));
  CHECK_INT(0, nvm_buf_diff(pattern, back + NBYTES - STRIPE, STRIPE));
  end();
}

static void check_metadata(const char* expected) {
  char meta[WS_OPT * OOB];
  struct nvm_addr addrs[WS_OPT];
  for (unsigned s = 0; s < NSECTR; s += WS_OPT) {
    struct nvm_addr addr = chunks[2];
    addr.l.sectr = s;
    nvm_addr_fill_crange(addrs, addr, WS_OPT);
    memset(meta, 0x5A, sizeof(meta));
    CHECK_INT(0, nvm_cmd_read(dev, addrs, WS_OPT, back, meta, 0, NULL));
    CHECK_INT(0, nvm_buf_diff(expected, meta, sizeof(meta)));
  }
}

TEST(metadata_modes) {
  char expected[WS_OPT * OOB];
  begin("");
  for (int from_buffer = 0; from_buffer < 2; ++from_buffer) {
    CHECK_INT(0, nvm_dev_set_meta_mode(dev, NVM_META_MODE_NONE));
    CHECK_INT(NBYTES, nvm_vblk_write(vblk, from_buffer ? data : NULL, NBYTES));
    memset(expected, 0, sizeof(expected));
    check_metadata(expected);
    CHECK_INT(NBYTES, nvm_vblk_erase(vblk));
    CHECK_INT(0, nvm_dev_set_meta_mode(dev, NVM_META_MODE_ALPHA));
    CHECK_INT(NBYTES, nvm_vblk_write(vblk, from_buffer ? data : NULL, NBYTES));
    nvm_buf_fill(expected, sizeof(expected));
    check_metadata(expected);
    CHECK_INT(NBYTES, nvm_vblk_erase(vblk));
    CHECK_INT(0, nvm_dev_set_meta_mode(dev, NVM_META_MODE_CONST));
    CHECK_INT(NBYTES, nvm_vblk_write(vblk, from_buffer ? data : NULL, NBYTES));
    memset(expected, 65 + WS_OPT * OOB % 20, sizeof(expected));
    check_metadata(expected);
    CHECK_INT(NBYTES, nvm_vblk_erase(vblk));
  }
  end();
}

TEST(what_the_device_refuses_is_eio_and_moves_no_position) {
  begin("");
  write_sectors(dev, chunks[1], WS_OPT, data);
  CHECK_REFUSED(EIO, nvm_vblk_write(vblk, data, NBYTES));
  CHECK_INT(0, nvm_vblk_get_pos_write(vblk));
  CHECK_REFUSED(EIO, nvm_vblk_erase(vblk));
  set_dulbe(dev, 1);
  CHECK_REFUSED(EIO, nvm_vblk_read(vblk, back, STRIPE * NCHUNKS));
  CHECK_INT(0, nvm_vblk_get_pos_read(vblk));
  end();
  begin("ro");
  CHECK_REFUSED(EROFS, nvm_vblk_write(vblk, data, STRIPE));
  CHECK_REFUSED(EROFS, nvm_vblk_erase(vblk));
  CHECK_INT(STRIPE, nvm_vblk_read(vblk, back, STRIPE));
  end();
}

TEST(copies_take_all_of_a_block_and_move_no_position) {
  struct nvm_addr others[NCHUNKS];
  begin("");
  for (int i = 0; i < NCHUNKS; ++i) {
    others[i] = chunks[NCHUNKS - 1 - i];
    others[i].l.chunk = 6;
  }
  struct nvm_vblk *target = nvm_vblk_alloc(dev, others, NCHUNKS), *half = nvm_vblk_alloc(dev, others, 2);
  CHECK_INT(NBYTES, nvm_vblk_write(vblk, data, NBYTES));
  CHECK_INT(NBYTES, nvm_vblk_copy(vblk, target, 0));
  CHECK_INT(0, nvm_vblk_get_pos_write(target));
  CHECK_INT(0, nvm_vblk_get_pos_read(vblk));
  CHECK_INT(NBYTES, nvm_vblk_pread(target, back, NBYTES, 0));
  CHECK_INT(0, nvm_buf_diff(data, back, NBYTES));
  CHECK_REFUSED(EIO, nvm_vblk_copy(vblk, target, 0));
  CHECK_REFUSED(ENOSYS, nvm_vblk_copy(vblk, half, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_copy(NULL, target, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_copy(vblk, NULL, 0));
  struct nvm_dev* other = open_small("");
  struct nvm_vblk* foreign = nvm_vblk_alloc(other, chunks, NCHUNKS);
  CHECK_REFUSED(ENOSYS, nvm_vblk_copy(vblk, foreign, 0));
  nvm_vblk_free(foreign);
  nvm_dev_close(other);
  nvm_vblk_free(target);
  nvm_vblk_free(half);
  end();
}

static struct nvm_dev* open_traced(const char* trace, int flags) {
  char ident[600];
  remove(trace);
  snprintf(ident, sizeof(ident), "emu:?groups=2&punits=3&chunks=5&sectors=96&ws_min=4&ws_opt=8&bad=none&trace=%s",
           trace);
  struct nvm_dev* traced = nvm_dev_openf(ident, flags);
  CHECK(traced != NULL);
  return traced;
}

// What the device's maximum says is what goes into one command: told by the trace of the commands.
static int resets_in_trace(int flags, int most, int nchunks) {
  struct nvm_addr addrs[6];
  const char* trace = temporary("trace");
  struct nvm_dev* traced = open_traced(trace, flags);
  for (int i = 0; i < nchunks; ++i) addrs[i] = at((unsigned)i % 2, (unsigned)i / 2, 0, 0);
  struct nvm_vblk* block = nvm_vblk_alloc(traced, addrs, nchunks);
  CHECK_INT(0, nvm_dev_set_erase_naddrs_max(traced, most));
  CHECK(nvm_vblk_erase(block) > 0);
  nvm_vblk_free(block);
  nvm_dev_close(traced);
  return (int)told_of(trace, (flags & NVM_CMD_SCALAR) != 0 ? "dataset_management" : "vector_reset").commands;
}

TEST(an_erase_is_grouped_by_the_devices_maximum) {
  CHECK_INT(1, resets_in_trace(0, 64, 6));
  CHECK_INT(6, resets_in_trace(0, 1, 6));
  CHECK_INT(2, resets_in_trace(0, 3, 6));
  CHECK_INT(2, resets_in_trace(0, 5, 6));
  CHECK_INT(5, resets_in_trace(0, 3, 5));
  CHECK_INT(1, resets_in_trace(NVM_CMD_SCALAR, 64, 6));
}

// A write has at least ws_min sectors; more are whole ones of ws_opt where they fit.
TEST(transfers_follow_the_devices_maxima) {
  static const struct {
    int set;
    unsigned writes, reads;
  } kCases[] = {{64, 64, 64}, {17, 16, 16}, {8, 8, 8}, {7, 4, 4}, {3, 4, 3}, {1, 4, 1}};
  const char* trace = temporary("trace");
  for (unsigned i = 0; i < sizeof(kCases) / sizeof(*kCases); ++i) {
    begin_on(open_traced(trace, 0));
    CHECK_INT(0, nvm_dev_set_write_naddrs_max(dev, kCases[i].set));
    CHECK_INT(0, nvm_dev_set_read_naddrs_max(dev, kCases[i].set));
    CHECK_INT(NBYTES, nvm_vblk_write(vblk, data, NBYTES));
    CHECK_INT(NBYTES, nvm_vblk_read(vblk, back, NBYTES));
    CHECK_INT(0, nvm_buf_diff(data, back, NBYTES));
    end();
    CHECK_INT(kCases[i].writes, told_of(trace, "vector_write").most);
    CHECK_INT(kCases[i].reads, told_of(trace, "vector_read").most);
    CHECK_INT(NBYTES / SECTOR, told_of(trace, "vector_read").addresses);
  }
}

TEST(a_scalar_block_has_one_address_in_a_command_whatever_the_maxima) {
  const char* trace = temporary("trace");
  begin_on(open_traced(trace, 0));
  CHECK_INT(0, nvm_vblk_set_scalar(vblk));
  CHECK_INT(0, nvm_dev_set_write_naddrs_max(dev, 1));
  CHECK_INT(NBYTES, nvm_vblk_write(vblk, data, NBYTES));
  end();
  CHECK_INT(WS_OPT, told_of(trace, "write").most);
  CHECK_INT(0, told_of(trace, "vector_write").commands);
}
