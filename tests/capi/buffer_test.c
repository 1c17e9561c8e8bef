// SPDX-License-Identifier: BSD-2-Clause
// nvm_buf_*: memory, patterns, differences, files, sets.
#include <sys/stat.h>

#include "harness.h"

TEST(buffers_are_aligned_and_take_any_size) {
  struct nvm_dev* dev = open_small("");
  static const size_t kSizes[] = {1, 1024, 4096, 262144, 1 << 20};
  for (size_t i = 0; i < sizeof(kSizes) / sizeof(kSizes[0]); ++i) {
    uint64_t phys = 0;
    char* buf = nvm_buf_alloc(dev, kSizes[i], &phys);
    CHECK(buf != NULL);
    CHECK_INT(0, (uintptr_t)buf % 4096);
    buf[kSizes[i] - 1] = 1;
    nvm_buf_free(dev, buf);
    buf = nvm_buf_virt_alloc(4096, kSizes[i]);
    CHECK(buf != NULL);
    CHECK_INT(0, (uintptr_t)buf % 4096);
    buf[kSizes[i] - 1] = 1;
    nvm_buf_virt_free(buf);
  }
  nvm_dev_close(dev);
}

TEST(allocation_refuses_nothing_and_too_much) {
  struct nvm_dev* dev = open_small("");
  CHECK_NULL(EINVAL, nvm_buf_alloc(NULL, 4096, NULL));
  CHECK_NULL(EINVAL, nvm_buf_alloc(dev, 0, NULL));
  CHECK_NULL(ENOMEM, nvm_buf_alloc(dev, SIZE_MAX, NULL));
  CHECK_NULL(EINVAL, nvm_buf_virt_alloc(4096, 0));
  CHECK_NULL(EINVAL, nvm_buf_virt_alloc(0, 4096));
  CHECK_NULL(EINVAL, nvm_buf_virt_alloc(3, 4096));
  CHECK_NULL(ENOMEM, nvm_buf_virt_alloc(4096, SIZE_MAX));
  nvm_buf_free(dev, NULL);
  nvm_buf_free(NULL, NULL);
  nvm_buf_virt_free(NULL);
  nvm_dev_close(dev);
}

TEST(realloc_keeps_what_fits) {
  struct nvm_dev* dev = open_small("");
  char* buf = nvm_buf_realloc(dev, NULL, 100, NULL);
  CHECK(buf != NULL);
  nvm_buf_fill(buf, 100);
  buf = nvm_buf_realloc(dev, buf, 10000, NULL);
  CHECK(buf != NULL);
  for (int i = 0; i < 100; ++i) CHECK_INT('A' + i % 26, buf[i]);
  buf = nvm_buf_realloc(dev, buf, 10, NULL);
  CHECK(buf != NULL);
  CHECK_INT('J', buf[9]);
  CHECK_NULL(EINVAL, nvm_buf_realloc(dev, buf, 0, NULL));
  CHECK_NULL(EINVAL, nvm_buf_realloc(NULL, buf, 10, NULL));
  CHECK_INT('J', buf[9]);
  nvm_buf_free(dev, buf);
  nvm_dev_close(dev);
}

TEST(bus_addresses_are_told_where_asked_for) {
  struct nvm_dev* dev = open_small("");
  uint64_t phys = 0, same = 1;
  char* buf = nvm_buf_alloc(dev, 4096, &phys);
  CHECK(phys != 0);
  CHECK_INT(0, nvm_buf_vtophys(dev, buf, &same));
  CHECK_HEX(phys, same);
  CHECK_REFUSED(EINVAL, nvm_buf_vtophys(NULL, buf, &same));
  CHECK_REFUSED(EINVAL, nvm_buf_vtophys(dev, NULL, &same));
  CHECK_REFUSED(EINVAL, nvm_buf_vtophys(dev, buf, NULL));
  nvm_buf_free(dev, buf);
  nvm_dev_close(dev);
}

TEST(fill_is_a_to_z_again_and_again) {
  char buf[60] = {0};
  nvm_buf_fill(buf, 59);
  for (int i = 0; i < 59; ++i) CHECK_INT('A' + i % 26, buf[i]);
  CHECK_INT(0, buf[59]);
  nvm_buf_fill(NULL, 10);
}

TEST(differences_are_counted_and_printed) {
  const char expected[] = "ABC\x01", actual[] = "AbC\xFE";
  CHECK_INT(0, nvm_buf_diff(expected, expected, 4));
  CHECK_INT(2, nvm_buf_diff(expected, actual, 4));
  CHECK_INT(1, nvm_buf_diff(expected, actual, 2));
  CHECK_INT(0, nvm_buf_diff(expected, actual, 0));
  CHECK_STR(
      "buf_diffs:\n"
      " - {i: '000001', exp: 'B', actd: 98, acth: 0x62, actc: b)\n"
      " - {i: '000003', exp: '?', actd: -2, acth: 0xfffffffe, actc: ?)\n"
      "buf_nbytes: 4\nbuf_nbytes_diff: 2\n",
      PRINTED(nvm_buf_diff_pr(expected, actual, 4)));
  CHECK_STR("buf_diffs:\nbuf_nbytes: 4\nbuf_nbytes_diff: 0\n", PRINTED(nvm_buf_diff_pr(expected, expected, 4)));
}

// What is not there differs in every byte: a program that compares with it must not take the buffers for equal.
TEST(a_buffer_that_is_not_there_differs_in_every_byte) {
  CHECK_INT(3, nvm_buf_diff(NULL, "abc", 3));
  CHECK_INT(3, nvm_buf_diff("abc", NULL, 3));
  CHECK_INT(0, nvm_buf_diff(NULL, NULL, 0));
  CHECK_STR("buf_diffs:\nbuf_nbytes: 3\nbuf_nbytes_diff: 3\n", PRINTED(nvm_buf_diff_pr(NULL, "abc", 3)));
}

TEST(buffers_print_thirty_two_to_a_line) {
  char buf[34];
  nvm_buf_fill(buf, sizeof(buf));
  CHECK_STR(
      "# NVM_BUF_PR - BEGIN **\n\ni[0,31]: "
      " A B C D E F G H I J K L M N O P Q R S T U V W X Y Z A B C D E F\ni[32,63]:  G H# NVM_BUF_PR - END\n",
      PRINTED(nvm_buf_pr(buf, sizeof(buf))));
  CHECK_STR("# NVM_BUF_PR - BEGIN **\n# NVM_BUF_PR - END\n", PRINTED(nvm_buf_pr(NULL, 3)));
}

TEST(files_hold_a_buffer) {
  char buf[100], again[101] = {0};
  const char* path = temporary("buffer");
  nvm_buf_fill(buf, sizeof(buf));
  CHECK_INT(0, nvm_buf_to_file(buf, sizeof(buf), path));
  CHECK_INT(0, nvm_buf_from_file(again, 100, path));
  CHECK_INT(0, nvm_buf_diff(buf, again, 100));
  CHECK_INT(0, nvm_buf_from_file(again, 50, path));
  CHECK_REFUSED(EINVAL, nvm_buf_from_file(again, 101, path));
  CHECK_INT(0, nvm_buf_to_file(buf, 10, path));
  CHECK_REFUSED(EINVAL, nvm_buf_from_file(again, 11, path));
}

TEST(files_that_cannot_be_opened_are_refused) {
  char buf[10];
  nvm_buf_fill(buf, sizeof(buf));
  CHECK_REFUSED(ENOENT, nvm_buf_from_file(buf, 10, "/nonexistent/file"));
  CHECK_REFUSED(ENOENT, nvm_buf_to_file(buf, 10, "/nonexistent/file"));
  CHECK_REFUSED(EISDIR, nvm_buf_to_file(buf, 10, "/"));
  CHECK_REFUSED(EISDIR, nvm_buf_from_file(buf, 10, "/"));
  CHECK_REFUSED(EINVAL, nvm_buf_to_file(NULL, 10, "x"));
  CHECK_REFUSED(EINVAL, nvm_buf_to_file(buf, 10, NULL));
  CHECK_REFUSED(EINVAL, nvm_buf_from_file(NULL, 10, "x"));
  CHECK_REFUSED(EINVAL, nvm_buf_from_file(buf, 10, NULL));
  CHECK_REFUSED(ENOSPC, nvm_buf_to_file(buf, 10, "/dev/full"));
}

TEST(a_set_has_what_was_asked_for) {
  struct nvm_dev* dev = open_small("");
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, 4096, 0);
  CHECK(bufs != NULL);
  CHECK(bufs->dev == dev && bufs->write != NULL && bufs->read != NULL);
  CHECK(bufs->write_meta == NULL && bufs->read_meta == NULL);
  CHECK_INT(4096, bufs->nbytes);
  memset(bufs->read, 1, 4096);
  nvm_buf_set_fill(bufs);
  CHECK_INT('B', bufs->write[1]);
  CHECK_INT(0, bufs->read[4095]);
  nvm_buf_set_free(bufs);
  bufs = nvm_buf_set_alloc(dev, 0, 160);
  CHECK(bufs != NULL);
  CHECK(bufs->write == NULL && bufs->read == NULL && bufs->write_meta != NULL && bufs->read_meta != NULL);
  nvm_buf_set_fill(bufs);
  CHECK_INT('A' + 159 % 26, bufs->write_meta[159]);
  CHECK_INT(0, bufs->read_meta[159]);
  char expected[400];
  snprintf(expected, sizeof(expected),
           "buf_set:\n  bufs: %p\n  nbytes: 0\n  nbytes_meta: 160\n  write: (nil)\n  write_meta: %p\n  read: (nil)\n"
           "  read_meta: %p\n",
           (void*)bufs, (void*)bufs->write_meta, (void*)bufs->read_meta);
  CHECK_STR(expected, PRINTED(nvm_buf_set_pr(bufs)));
  nvm_buf_set_free(bufs);
  CHECK_NULL(EINVAL, nvm_buf_set_alloc(NULL, 4096, 0));
  CHECK_NULL(ENOMEM, nvm_buf_set_alloc(dev, SIZE_MAX, 0));
  nvm_buf_set_fill(NULL);
  nvm_buf_set_free(NULL);
  CHECK_STR("buf_set: ~\n", PRINTED(nvm_buf_set_pr(NULL)));
  nvm_dev_close(dev);
}
