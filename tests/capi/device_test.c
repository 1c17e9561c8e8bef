// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev_*: opening by identifier, flags and environment; getters; setters; without a device.
#include <unistd.h>

#include "harness.h"

TEST(open_close_ten_times) {
  for (int i = 0; i < 10; ++i) nvm_dev_close(open_small(""));
  struct nvm_dev* devs[10];
  for (int i = 0; i < 10; ++i) devs[i] = open_small("");
  for (int i = 0; i < 10; ++i) nvm_dev_close(devs[i]);
  nvm_dev_close(NULL);
}

TEST(open_refuses_what_is_no_identifier) {
  CHECK_NULL(EINVAL, nvm_dev_open(NULL));
  CHECK_NULL(EINVAL, nvm_dev_openf(NULL, 0));
  CHECK_NULL(EINVAL, nvm_dev_open(""));
  CHECK_NULL(EINVAL, nvm_dev_open("emu:?groups=many"));
  CHECK_NULL(EINVAL, nvm_dev_open("emu:?groups=1&groups=2"));
  CHECK(nvm_last_error()[0] != '\0');
}

TEST(open_of_a_missing_path_is_enoent_and_of_a_folder_no_device) {
  CHECK_NULL(ENOENT, nvm_dev_openf("/nonexistent/device.img", NVM_BE_EMU));
  CHECK_NULL(ENOENT, nvm_dev_open("/nonexistent/device.img"));
  CHECK(strstr(nvm_last_error(), "/nonexistent/device.img") != NULL);
  errno = 0;
  CHECK(nvm_dev_open("/") == NULL);
  CHECK(errno != 0);
}

TEST(open_takes_one_backend_and_options_of_commands) {
  struct nvm_dev* dev = nvm_dev_openf("emu:", NVM_BE_EMU | NVM_CMD_ASYNC | NVM_CMD_SCALAR | NVM_CMD_SGL | NVM_CMD_PADC);
  CHECK(dev != NULL);
  CHECK_CONTAINS(
      "dev_cmd_opts:\n  mask: '00000000000000000001001001100000'\n  iomd: 'ASYNC'\n  addr: 'SCALAR'\n  plod: 'SGL'\n",
      PRINTED(nvm_dev_pr(dev)));
  nvm_dev_close(dev);
  dev = nvm_dev_openf("emu:", 0);
  CHECK(dev != NULL);
  CHECK_CONTAINS(
      "dev_cmd_opts:\n  mask: '00000000000000000000000110010000'\n  iomd: 'SYNC'\n  addr: 'VECTOR'\n  plod: 'PRP'\n",
      PRINTED(nvm_dev_pr(dev)));
  nvm_dev_close(dev);
}

TEST(open_refuses_alternatives_together_and_unknown_flags) {
  static const int kBad[] = {NVM_BE_IOCTL | NVM_BE_LBD,
                             NVM_BE_ALL,
                             NVM_BE_EMU | NVM_BE_TCP,
                             NVM_CMD_SYNC | NVM_CMD_ASYNC,
                             NVM_CMD_SCALAR | NVM_CMD_VECTOR,
                             NVM_CMD_PIOC | NVM_CMD_PADC,
                             0x2000,
                             0x40000,
                             -1};
  for (size_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); ++i) CHECK_NULL(EINVAL, nvm_dev_openf("emu:", kBad[i]));
}

TEST(open_with_a_backend_that_is_not_the_identifiers) {
  errno = 0;
  CHECK(nvm_dev_openf("emu:", NVM_BE_TCP) == NULL);
  CHECK(errno != 0);
  errno = 0;
  CHECK(nvm_dev_openf("emu:", NVM_BE_SPDK) == NULL);
  CHECK(errno != 0);
}

TEST(the_environment_names_the_backend_unless_flags_do) {
  static const char* kNames[] = {"NVM_BE_EMU", "nvm_be_emu", "emu"};
  const char* image = make_image("device.img");
  for (size_t i = 0; i < sizeof(kNames) / sizeof(kNames[0]); ++i) {
    setenv("NVM_BE", kNames[i], 1);
    struct nvm_dev* dev = nvm_dev_open(image);
    CHECK(dev != NULL);
    CHECK_INT(NVM_BE_EMU, nvm_dev_get_be_id(dev));
    nvm_dev_close(dev);
  }
  setenv("NVM_BE", "NVM_BE_NONSENSE", 1);
  CHECK_NULL(EINVAL, nvm_dev_open(image));
  struct nvm_dev* dev = nvm_dev_openf(image, NVM_BE_EMU);
  CHECK(dev != NULL);
  nvm_dev_close(dev);
}

TEST(a_device_in_a_file_has_its_path_and_one_in_memory_none) {
  const char* image = make_image("device.img");
  struct nvm_dev* dev = nvm_dev_open(image);
  CHECK(dev != NULL);
  CHECK_STR(image, nvm_dev_get_path(dev));
  CHECK_STR("device.img", nvm_dev_get_name(dev));
  nvm_dev_close(dev);
  dev = open_small("");
  CHECK_STR("", nvm_dev_get_path(dev));
  CHECK_STR("", nvm_dev_get_name(dev));
  nvm_dev_close(dev);
}

TEST(a_long_path_is_taken) {
  const char* image = make_image("a-name-that-is-much-longer-than-the-37-characters-of-the-original.img");
  struct nvm_dev* dev = nvm_dev_open(image);
  CHECK(dev != NULL);
  CHECK_STR(image, nvm_dev_get_path(dev));
  nvm_dev_close(dev);
}

TEST(getters_tell_what_the_device_is) {
  struct nvm_dev* dev = open_small("mccap=3");
  CHECK_INT(0, nvm_dev_get_fd(dev));
  CHECK_INT(1, nvm_dev_get_nsid(dev));
  CHECK_INT(NVM_SPEC_VERID_20, nvm_dev_get_verid(dev));
  CHECK_HEX(3, nvm_dev_get_mccap(dev));
  CHECK_INT(WS_MIN, nvm_dev_get_ws_min(dev));
  CHECK_INT(WS_OPT, nvm_dev_get_ws_opt(dev));
  CHECK_INT(MW_CUNITS, nvm_dev_get_mw_cunits(dev));
  CHECK_INT(NVM_BE_EMU, nvm_dev_get_be_id(dev));
  const struct nvm_geo* geo = nvm_dev_get_geo(dev);
  CHECK_INT(NPUGRP, geo->l.npugrp);
  CHECK_INT(NPUNIT, geo->l.npunit);
  CHECK_INT(NCHUNK, geo->l.nchunk);
  CHECK_INT(NSECTR, geo->l.nsectr);
  CHECK_INT(SECTOR, geo->l.nbytes);
  CHECK_INT(OOB, geo->l.nbytes_oob);
  CHECK_INT(SECTOR, geo->sector_nbytes);
  CHECK_INT(OOB, geo->meta_nbytes);
  CHECK_INT((long long)NPUGRP * NPUNIT * NCHUNK * NSECTR * SECTOR, geo->tbytes);
  CHECK_INT(NVM_SPEC_VERID_20, geo->verid);
  const struct nvm_spec_lbaf* lbaf = nvm_dev_get_lbaf(dev);
  CHECK_NULL(ENOTSUP, nvm_dev_get_ppaf(dev));
  CHECK_NULL(ENOTSUP, nvm_dev_get_ppaf_mask(dev));
  CHECK_INT(1, lbaf->pugrp);
  CHECK_INT(2, lbaf->punit);
  CHECK_INT(4, lbaf->chunk);
  CHECK_INT(7, lbaf->sectr);
  const struct nvm_nvme_ns* ns = nvm_dev_get_ns(dev);
  CHECK_INT(12, ns->lbaf[ns->flbas & 0xF].ds);
  CHECK_INT(OOB, ns->lbaf[ns->flbas & 0xF].ms);
  nvm_dev_close(dev);
}

TEST(setters_take_what_is_in_range_and_nothing_else) {
  struct nvm_dev* dev = open_small("");
  CHECK_INT(0, nvm_dev_get_quirks(dev));
  CHECK_INT(0, nvm_dev_set_quirks(dev, 0x1234567));
  CHECK_HEX(0x1234567, nvm_dev_get_quirks(dev));
  CHECK_INT(0, nvm_dev_get_bbts_cached(dev));
  CHECK_INT(0, nvm_dev_set_bbts_cached(dev, 1));
  CHECK_REFUSED(EINVAL, nvm_dev_set_bbts_cached(dev, 2));
  CHECK_REFUSED(EINVAL, nvm_dev_set_bbts_cached(dev, -1));
  CHECK_INT(1, nvm_dev_get_bbts_cached(dev));
  CHECK_INT(NVM_META_MODE_NONE, nvm_dev_get_meta_mode(dev));
  CHECK_INT(0, nvm_dev_set_meta_mode(dev, NVM_META_MODE_CONST));
  CHECK_REFUSED(EINVAL, nvm_dev_set_meta_mode(dev, 3));
  CHECK_REFUSED(EINVAL, nvm_dev_set_meta_mode(dev, -1));
  CHECK_INT(NVM_META_MODE_CONST, nvm_dev_get_meta_mode(dev));
  CHECK_INT(NVM_FLAG_PMODE_SNGL, nvm_dev_get_pmode(dev));
  nvm_dev_close(dev);
}

TEST(maxima_are_one_to_sixty_four) {
  struct nvm_dev* dev = open_small("");
  static const struct {
    int (*set)(struct nvm_dev*, int);
    int (*get)(const struct nvm_dev*);
  } kMaxima[] = {{nvm_dev_set_erase_naddrs_max, nvm_dev_get_erase_naddrs_max},
                 {nvm_dev_set_write_naddrs_max, nvm_dev_get_write_naddrs_max},
                 {nvm_dev_set_read_naddrs_max, nvm_dev_get_read_naddrs_max}};
  for (int i = 0; i < 3; ++i) {
    CHECK_INT(64, kMaxima[i].get(dev));
    CHECK_INT(0, kMaxima[i].set(dev, 1));
    CHECK_REFUSED(EINVAL, kMaxima[i].set(dev, 0));
    CHECK_REFUSED(EINVAL, kMaxima[i].set(dev, 65));
    CHECK_REFUSED(EINVAL, kMaxima[i].set(dev, -1));
    CHECK_REFUSED(EINVAL, kMaxima[i].set(NULL, 1));
    CHECK_INT(1, kMaxima[i].get(dev));
    CHECK_REFUSED(EINVAL, kMaxima[i].get(NULL));
  }
  nvm_dev_close(dev);
}

TEST(without_a_device_everything_is_refused) {
  CHECK_REFUSED(EINVAL, nvm_dev_get_fd(NULL));
  CHECK_NULL(EINVAL, nvm_dev_get_name(NULL));
  CHECK_NULL(EINVAL, nvm_dev_get_path(NULL));
  CHECK_NULL(EINVAL, nvm_dev_get_geo(NULL));
  CHECK_NULL(EINVAL, nvm_dev_get_ns(NULL));
  CHECK_NULL(EINVAL, nvm_dev_get_lbaf(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_nsid(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_verid(NULL));
  errno = 0;
  CHECK_HEX(0xFFFFFFFF, nvm_dev_get_mccap(NULL));
  CHECK_INT(EINVAL, errno);
  CHECK_REFUSED(EINVAL, nvm_dev_get_ws_min(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_ws_opt(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_mw_cunits(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_be_id(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_quirks(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_set_quirks(NULL, 0));
  CHECK_REFUSED(EINVAL, nvm_dev_get_pmode(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_get_bbts_cached(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_set_bbts_cached(NULL, 0));
  CHECK_REFUSED(EINVAL, nvm_dev_get_meta_mode(NULL));
  CHECK_REFUSED(EINVAL, nvm_dev_set_meta_mode(NULL, 0));
}

TEST(plane_modes_have_names) {
  CHECK_STR("SNGL", nvm_pmode_str(NVM_FLAG_PMODE_SNGL));
  CHECK_STR("DUAL", nvm_pmode_str(NVM_FLAG_PMODE_DUAL));
  CHECK_STR("QUAD", nvm_pmode_str(NVM_FLAG_PMODE_QUAD));
  CHECK_STR("UNKN", nvm_pmode_str(3));
  CHECK_STR("UNKN", nvm_pmode_str(-1));
}

TEST(the_version_is_the_projects) {
  char expected[64];
  CHECK_INT(VERSION_MAJOR, nvm_ver_major());
  CHECK_INT(VERSION_MINOR, nvm_ver_minor());
  CHECK_INT(VERSION_PATCH, nvm_ver_patch());
  snprintf(expected, sizeof(expected), "Ver { major(%d), minor(%d), patch(%d) }", VERSION_MAJOR, VERSION_MINOR,
           VERSION_PATCH);
  CHECK_STR(expected, PRINTED(nvm_ver_pr()));
}

TEST(a_named_device_in_memory_is_found_again) {
  struct nvm_dev* one = open_small("name=shared");
  struct nvm_dev* other = open_small("name=shared");
  char* buf = nvm_buf_alloc(one, WS_MIN * SECTOR, NULL);
  nvm_buf_fill(buf, WS_MIN * SECTOR);
  write_sectors(one, at(1, 2, 3, 0), WS_MIN, buf);
  CHECK_INT(WS_MIN, chunk_of(other, at(1, 2, 3, 0)).wp);
  nvm_buf_free(one, buf);
  nvm_dev_close(one);
  nvm_dev_close(other);
}

TEST(one_process_at_a_time_has_an_image_but_for_looks) {
  const char* image = make_image("device.img");
  struct nvm_dev *dev = nvm_dev_open(image), *again = nvm_dev_open(image);
  CHECK(dev != NULL && again != NULL);
  char look[400];
  snprintf(look, sizeof(look), "%s?ro", image);
  struct nvm_dev* read_only = nvm_dev_open(look);
  CHECK(read_only != NULL);
  struct nvm_addr addr = at(0, 0, 0, 0);
  struct nvm_ret ret;
  CHECK_REFUSED(EROFS, nvm_cmd_erase(read_only, &addr, 1, NULL, 0, &ret));
  CHECK_HEX(0, ret.status);
  nvm_dev_close(read_only);
  nvm_dev_close(again);
  nvm_dev_close(dev);
}
