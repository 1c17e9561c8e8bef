// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev_enum: what the callback gets, when it ends, and arguments that are none.
#include <unistd.h>

#include "harness.h"

struct seen {
  int ncalls;
  int answer;       // of the callback
  char ident[512];  // of the last device
  char text[256];
  struct nvm_dev_found last;
};

static int see(const struct nvm_dev_found* found, void* cb_arg) {
  struct seen* seen = cb_arg;
  CHECK(strlen(found->ident) < sizeof(seen->ident) && strlen(found->text) < sizeof(seen->text));
  ++seen->ncalls;
  strcpy(seen->ident, found->ident);
  strcpy(seen->text, found->text);
  seen->last = *found;
  return seen->answer;
}

static const char* folder_of(const char* path) {
  static char folder[512];
  CHECK(strlen(path) < sizeof(folder));
  strcpy(folder, path);
  *strrchr(folder, '/') = '\0';
  return folder;
}

TEST(each_device_is_handed_over) {
  const char* image = make_image("a.img");
  const char* dirs[] = {folder_of(image)};
  struct seen seen = {0};
  CHECK_INT(0, nvm_dev_enum(dirs, 1, see, &seen));
  CHECK_INT(1, seen.ncalls);
  CHECK_STR(image, seen.ident);
  CHECK_INT(NVM_BE_EMU, seen.last.be_id);
  CHECK_INT(NVM_SPEC_VERID_20, seen.last.verid);
  CHECK_INT((long long)NPUGRP * NPUNIT * NCHUNK * NSECTR * SECTOR, seen.last.tbytes);
  CHECK_INT(0, seen.last.in_use);
  CHECK_INT(0, seen.last.error);
  CHECK_STR("2 groups x 3 units x 10 chunks x 96 sectors of 4096+16 bytes", seen.text);
  struct nvm_dev* dev = nvm_dev_open(seen.ident);
  CHECK(dev != NULL);
  CHECK_INT(seen.last.tbytes, nvm_dev_get_geo(dev)->tbytes);
  nvm_dev_close(dev);
}

TEST(the_current_directory_is_the_default) {
  struct seen seen = {0};
  CHECK_INT(0, chdir(folder_of(make_image("a.img"))));
  CHECK_INT(0, nvm_dev_enum(NULL, 0, see, &seen));
  CHECK_INT(1, seen.ncalls);
  CHECK_STR("a.img", seen.ident);
}

static int open_it(const struct nvm_dev_found* found, void* cb_arg) {
  *(struct nvm_dev**)cb_arg = nvm_dev_open(found->ident);
  return 0;
}

TEST(the_callback_may_open_the_device) {
  const char* dirs[] = {folder_of(make_image("a.img"))};
  struct nvm_dev* dev = NULL;
  CHECK_INT(0, nvm_dev_enum(dirs, 1, open_it, &dev));
  CHECK(dev != NULL);
  nvm_dev_close(dev);
}

TEST(the_callback_ends_it) {
  make_image("a.img");
  const char* dirs[] = {folder_of(make_image("b.img"))};
  struct seen seen = {0};
  CHECK_INT(0, nvm_dev_enum(dirs, 1, see, &seen));
  CHECK_INT(2, seen.ncalls);
  seen.answer = 7;
  CHECK_INT(7, nvm_dev_enum(dirs, 1, see, &seen));
  CHECK_INT(3, seen.ncalls);
}

TEST(what_cannot_be_opened_has_its_error) {
  const char* image = make_image("a.img");
  const char* dirs[] = {folder_of(image)};
  struct seen seen = {0};
  FILE* file = fopen(image, "r+b");
  CHECK(file != NULL);
  for (long at = 100; at < 8192; at += 4096) CHECK(fseek(file, at, SEEK_SET) == 0 && fputc('x', file) == 'x');
  CHECK_INT(0, fclose(file));
  CHECK_INT(0, nvm_dev_enum(dirs, 1, see, &seen));
  CHECK_INT(1, seen.ncalls);
  CHECK_INT(EINVAL, seen.last.error);
  CHECK_INT(0, seen.last.verid);
  CHECK_INT(0, seen.last.tbytes);
  CHECK_STR("damaged, both superblocks are damaged", seen.text);
}

TEST(wrong_arguments_are_refused) {
  const char* image = make_image("a.img");
  const char* dirs[] = {folder_of(image), NULL};
  const char* file[] = {image};
  const char* missing[] = {dirs[0], "/nonexistent/directory"};
  struct seen seen = {0};
  CHECK_REFUSED(EINVAL, nvm_dev_enum(dirs, 1, NULL, NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_enum(dirs, -1, see, &seen));
  CHECK_REFUSED(EINVAL, nvm_dev_enum(dirs, 0, see, &seen));
  CHECK_REFUSED(EINVAL, nvm_dev_enum(NULL, 1, see, &seen));
  CHECK_REFUSED(EINVAL, nvm_dev_enum(dirs, 2, see, &seen));
  CHECK_REFUSED(ENOENT, nvm_dev_enum(missing, 2, see, &seen));
  CHECK_CONTAINS("/nonexistent/directory", nvm_last_error());
  CHECK_REFUSED(ENOTDIR, nvm_dev_enum(file, 1, see, &seen));
  CHECK_INT(0, seen.ncalls);
}
