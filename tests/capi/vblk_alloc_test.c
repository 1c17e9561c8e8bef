// SPDX-License-Identifier: BSD-2-Clause
// nvm_vblk_alloc, _alloc_line, _pr, and what every function says without a virtual block.
#include "harness.h"

TEST(blocks_are_of_up_to_128_chunks_of_the_device) {
  struct nvm_dev* dev = nvm_dev_open("emu:?groups=16&punits=16&chunks=2&sectors=96&bad=none");
  CHECK(dev != NULL);
  struct nvm_addr addrs[129];
  for (unsigned i = 0; i < 129; ++i) addrs[i] = at(i % 16, i / 16, 1, 0);
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs, 128);
  CHECK(vblk != NULL);
  CHECK_INT(128, nvm_vblk_get_naddrs(vblk));
  CHECK_INT(128LL * 96 * 4096, nvm_vblk_get_nbytes(vblk));
  CHECK_INT(128LL * 96 * 4096, nvm_vblk_erase(vblk));
  nvm_vblk_free(vblk);
  CHECK_NULL(EINVAL, nvm_vblk_alloc(dev, addrs, 129));
  CHECK_NULL(EINVAL, nvm_vblk_alloc(dev, addrs, -1));
  CHECK_NULL(EINVAL, nvm_vblk_alloc(dev, NULL, 1));
  CHECK_NULL(EINVAL, nvm_vblk_alloc(NULL, addrs, 1));
  CHECK_NULL(EINVAL, nvm_vblk_alloc_line(dev, 0, 15, 0, 8, 0));
  vblk = nvm_vblk_alloc_line(dev, 0, 15, 0, 7, 0);
  CHECK(vblk != NULL);
  CHECK_INT(128, nvm_vblk_get_naddrs(vblk));
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
}

TEST(chunks_that_are_not_there_or_there_twice_are_refused) {
  struct nvm_dev* dev = open_small("");
  const struct nvm_addr bad[][2] = {{at(NPUGRP, 0, 0, 0), at(0, 0, 0, 0)},
                                    {at(0, 0, 0, 0), at(0, NPUNIT, 0, 0)},
                                    {at(0, 0, NCHUNK, 0), at(0, 0, 0, 0)},
                                    {at(0, 0, 0, NSECTR), at(0, 1, 0, 0)},
                                    {at(0, 0, 0, 0), at(0, 0, 0, 0)}};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    struct nvm_addr addrs[2] = {bad[i][0], bad[i][1]};
    CHECK_NULL(EINVAL, nvm_vblk_alloc(dev, addrs, 2));
  }
  nvm_dev_close(dev);
}

TEST(a_block_of_no_chunks_is_empty) {
  struct nvm_dev* dev = open_small("");
  char byte = 0;
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, NULL, 0);
  CHECK(vblk != NULL);
  CHECK_INT(0, nvm_vblk_get_nbytes(vblk));
  CHECK_INT(0, nvm_vblk_get_naddrs(vblk));
  CHECK_INT(0, nvm_vblk_erase(vblk));
  CHECK_INT(0, nvm_vblk_pad(vblk));
  CHECK_INT(0, nvm_vblk_write(vblk, &byte, 0));
  CHECK_INT(0, nvm_vblk_read(vblk, &byte, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_write(vblk, &byte, 32768));
  CHECK_INT(0, nvm_vblk_set_async(vblk, 1));
  CHECK_INT(0, nvm_vblk_set_scalar(vblk));
  CHECK_INT(0, nvm_vblk_copy(vblk, vblk, 0));
  CHECK_STR(
      "vblk:\n  dev: {pmode: 'SNGL'}\n  nblks: 0\n  nmbytes: 0\n  pos_write: 0\n  pos_read: 0\n  flags: 0x08160\n"
      "naddrs: 0\naddrs:\n",
      PRINTED(nvm_vblk_pr(vblk)));
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
}

TEST(a_line_goes_through_the_channels_first) {
  struct nvm_dev* dev = open_small("");
  struct nvm_vblk* vblk = nvm_vblk_alloc_line(dev, 0, 1, 1, 2, 5);
  CHECK(vblk != NULL);
  const struct nvm_addr expected[] = {at(0, 1, 5, 0), at(1, 1, 5, 0), at(0, 2, 5, 0), at(1, 2, 5, 0)};
  CHECK_INT(4, nvm_vblk_get_naddrs(vblk));
  CHECK_INT(0, memcmp(expected, nvm_vblk_get_addrs(vblk), sizeof(expected)));
  nvm_vblk_free(vblk);
  static const int kBad[][5] = {{-1, 0, 0, 0, 0}, {1, 0, 0, 0, 0},      {0, NPUGRP, 0, 0, 0}, {0, 0, -1, 0, 0},
                                {0, 0, 1, 0, 0},  {0, 0, 0, NPUNIT, 0}, {0, 0, 0, 0, -1},     {0, 0, 0, 0, NCHUNK}};
  for (size_t i = 0; i < sizeof(kBad) / sizeof(kBad[0]); ++i) {
    CHECK_NULL(EINVAL, nvm_vblk_alloc_line(dev, kBad[i][0], kBad[i][1], kBad[i][2], kBad[i][3], kBad[i][4]));
  }
  CHECK_NULL(EINVAL, nvm_vblk_alloc_line(NULL, 0, 0, 0, 0, 0));
  nvm_dev_close(dev);
}

TEST(the_worked_example_prints_as_it_did) {
  struct nvm_dev* dev = open_worked();
  struct nvm_addr addr;
  addr.val = 0x0402008e00000000;
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, &addr, 1);
  CHECK(vblk != NULL);
  CHECK_STR(
      "vblk:\n  dev: {pmode: 'SNGL'}\n  nblks: 1\n  nmbytes: 24\n  pos_write: 0\n  pos_read: 0\n  flags: 0x08190\n"
      "naddrs: 1\naddrs:\n"
      "  - {val: 0x0402008e00000000, pugrp: 04, punit: 02, chunk: 0142, sectr: 0000}\n",
      PRINTED(nvm_vblk_pr(vblk)));
  CHECK_INT(0, nvm_vblk_set_async(vblk, 2));
  CHECK_CONTAINS("flags: 0x081a0\n", PRINTED(nvm_vblk_pr(vblk)));
  CHECK_INT(0, nvm_vblk_set_scalar(vblk));
  CHECK_CONTAINS("flags: 0x08160\n", PRINTED(nvm_vblk_pr(vblk)));
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
}

TEST(without_a_block_everything_is_refused) {
  char byte = 0;
  CHECK_REFUSED(EINVAL, nvm_vblk_set_async(NULL, 1));
  CHECK_REFUSED(EINVAL, nvm_vblk_set_scalar(NULL));
  CHECK_REFUSED(EINVAL, nvm_vblk_erase(NULL));
  CHECK_REFUSED(EINVAL, nvm_vblk_write(NULL, &byte, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_pwrite(NULL, &byte, 0, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_pad(NULL));
  CHECK_REFUSED(EINVAL, nvm_vblk_read(NULL, &byte, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_pread(NULL, &byte, 0, 0));
  CHECK_NULL(EINVAL, nvm_vblk_get_dev(NULL));
  CHECK_NULL(EINVAL, nvm_vblk_get_addrs(NULL));
  CHECK_REFUSED(EINVAL, nvm_vblk_get_naddrs(NULL));
  CHECK_INT(0, nvm_vblk_get_nbytes(NULL));
  CHECK_INT(0, nvm_vblk_get_pos_read(NULL));
  CHECK_INT(0, nvm_vblk_get_pos_write(NULL));
  CHECK_REFUSED(EINVAL, nvm_vblk_set_pos_read(NULL, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_set_pos_write(NULL, 0));
  CHECK_STR("vblk: ~\n", PRINTED(nvm_vblk_pr(NULL)));
  nvm_vblk_free(NULL);
}

TEST(boilerplate_gives_all_that_an_example_needs) {
  struct nvm_bp* bp = nvm_bp_init("emu:?groups=2&punits=2&bad=none", NVM_BE_ANY, 4);
  CHECK(bp != NULL);
  CHECK_INT(4, bp->naddrs);
  CHECK(bp->geo == nvm_dev_get_geo(bp->dev));
  CHECK_INT(nvm_dev_get_ws_opt(bp->dev), bp->ws_opt);
  CHECK_INT(nvm_vblk_get_nbytes(bp->vblk), bp->bufs->nbytes);
  CHECK_INT(0, bp->bufs->nbytes_meta);
  CHECK_INT('C', bp->bufs->write[2]);
  for (int i = 0; i < 4; ++i) CHECK_HEX(NVM_CHUNK_STATE_FREE, chunk_of(bp->dev, bp->addrs[i]).cs);
  const char* text = PRINTED(nvm_bp_pr(bp));
  CHECK(strncmp(text, "nvm_bp: { ws_opt: 8 }\ndev_attr:\n", 30) == 0);
  CHECK_CONTAINS("\ngeo:\n", text);
  CHECK_CONTAINS("\nbuf_set:\n", text);
  CHECK_CONTAINS("\nnaddrs: 4\n", text);
  CHECK_CONTAINS("\nvblk:\n", text);
  nvm_bp_term(bp);
  nvm_bp_term(NULL);
  CHECK_STR("nvm_bp: ~\n", PRINTED(nvm_bp_pr(NULL)));
}

// A file is not made anew while a process has it open.
TEST(boilerplate_closes_its_device) {
  const char* image = make_image("bp.img");
  const char* const make_anew[] = {"nvm_emu", "create", image, "--force", NULL};
  struct nvm_bp* bp = nvm_bp_init(image, NVM_BE_EMU, 1);
  CHECK(bp != NULL);
  CHECK_INT(1, run_emu((char* const*)make_anew));
  nvm_bp_term(bp);
  CHECK_INT(0, run_emu((char* const*)make_anew));
}

TEST(boilerplate_refuses_with_a_line_on_stderr) {
  CHECK(freopen("/dev/null", "w", stderr) != NULL);
  CHECK_NULL(EINVAL, nvm_bp_init("emu:", 0, 0));
  CHECK_NULL(EINVAL, nvm_bp_init("emu:", 0, -1));
  CHECK_NULL(EINVAL, nvm_bp_init(NULL, 0, 1));
  CHECK_NULL(EINVAL, nvm_bp_init("emu:?groups=1&punits=1&bad=none", 0, 2));
  CHECK_NULL(ENOENT, nvm_bp_init("/nonexistent", NVM_BE_EMU, 1));
}

TEST(boilerplate_from_a_command_line) {
  char program[] = "program", ident[] = "emu:?groups=2&punits=2&bad=none", backend[] = "0x10000", naddrs[] = "2",
       more[] = "x";
  char* argv[] = {program, ident, backend, naddrs, more, NULL};
  for (int argc = 2; argc <= 4; ++argc) {
    struct nvm_bp* bp = nvm_bp_init_from_args(argc, argv);
    CHECK(bp != NULL);
    CHECK_INT(argc == 4 ? 2 : 1, bp->naddrs);
    nvm_bp_term(bp);
  }
  CHECK(freopen("/dev/null", "w", stderr) != NULL);
  CHECK_NULL(EINVAL, nvm_bp_init_from_args(5, argv));
  CHECK_NULL(EINVAL, nvm_bp_init_from_args(1, argv));
  CHECK_NULL(EINVAL, nvm_bp_init_from_args(0, NULL));
  char nonsense[] = "backend";
  argv[2] = nonsense;
  CHECK_NULL(EINVAL, nvm_bp_init_from_args(3, argv));
}
