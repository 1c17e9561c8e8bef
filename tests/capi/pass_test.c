// SPDX-License-Identifier: BSD-2-Clause
// nvm_cmd_pass: commands that the program makes itself, admin and I/O, scalar and vector.
#include "harness.h"

static struct nvm_dev* dev;
static char *data, *back;
static struct nvm_nvme_cmd cmd;
static struct nvm_ret ret;

static void begin(void) {
  dev = open_small("");
  data = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  back = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  nvm_buf_fill(data, 64 * SECTOR);
  memset(back, 0, 64 * SECTOR);
}
static void end(void) {
  nvm_buf_free(dev, data);
  nvm_buf_free(dev, back);
  nvm_dev_close(dev);
}
static void command(unsigned opcode, uint64_t addrs, unsigned naddrs) {
  memset(&cmd, 0, sizeof(cmd));
  cmd.opcode = opcode & 0xFF;
  cmd.nsid = 1;
  cmd.addrs = addrs;
  cmd.cdw12 = naddrs - 1;
}

TEST(scalar_commands_of_ones_own) {
  begin();
  command(NVM_DOPC_SCALAR_WRITE, nvm_addr_gen2dev(dev, at(1, 0, 2, 0)), 32);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, data, 32 * SECTOR, NULL, 0, NVM_CMD_PIOC, &ret));
  CHECK_HEX(0, ret.status);
  command(NVM_DOPC_SCALAR_READ, nvm_addr_gen2dev(dev, at(1, 0, 2, 4)), 4);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, 0, &ret));
  CHECK_INT(0, nvm_buf_diff(data + 4 * SECTOR, back, 4 * SECTOR));
  end();
}

TEST(vector_commands_point_to_their_list) {
  uint64_t list[32];
  char meta[32 * OOB], meta_back[2 * OOB];
  begin();
  nvm_buf_fill(meta, sizeof(meta));
  for (unsigned i = 0; i < 32; ++i) list[i] = nvm_addr_gen2dev(dev, at(0, 1, 2, i));
  command(NVM_DOPC_VECTOR_WRITE, (uintptr_t)list, 32);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, data, 32 * SECTOR, meta, sizeof(meta), 0, &ret));
  list[0] = list[7];
  list[1] = list[3];
  command(NVM_DOPC_VECTOR_READ, (uintptr_t)list, 2);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, 2 * SECTOR, meta_back, sizeof(meta_back), NVM_CMD_SYNC, &ret));
  CHECK_INT(0, nvm_buf_diff(data + 7 * SECTOR, back, SECTOR));
  CHECK_INT(0, nvm_buf_diff(data + 3 * SECTOR, back + SECTOR, SECTOR));
  CHECK_INT(0, nvm_buf_diff(meta + 7 * OOB, meta_back, OOB));
  CHECK_INT(0, nvm_buf_diff(meta + 3 * OOB, meta_back + OOB, OOB));
  command(NVM_DOPC_VECTOR_READ, list[1], 1);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, SECTOR, NULL, 0, 0, &ret));
  CHECK_INT(0, nvm_buf_diff(data + 3 * SECTOR, back, SECTOR));
  end();
}

TEST(vector_copies_point_to_two_lists) {
  uint64_t from[32], to[32];
  struct nvm_addr addr = at(0, 1, 3, 0);
  begin();
  write_sectors(dev, at(0, 1, 2, 0), 64, data);
  for (unsigned i = 0; i < 32; ++i) {
    from[i] = nvm_addr_gen2dev(dev, at(0, 1, 2, i));
    to[i] = nvm_addr_gen2dev(dev, at(0, 1, 3, i));
  }
  command(NVM_DOPC_VECTOR_COPY, (uintptr_t)from, 32);
  cmd.addrs_dst = (uintptr_t)to;
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, NULL, 0, NULL, 0, 0, &ret));
  CHECK_INT(32, chunk_of(dev, addr).wp);
  cmd.addrs_dst = 0;
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, NULL, 0, NULL, 0, 0, &ret));
  end();
}

TEST(a_deallocation_resets_a_chunk) {
  struct nvm_nvme_dsm_range range;
  begin();
  write_sectors(dev, at(1, 1, 1, 0), 64, data);
  write_sectors(dev, at(1, 1, 2, 0), 64, data);
  memset(&range, 0, sizeof(range));
  range.nlb = NSECTR;
  range.slba = nvm_addr_gen2dev(dev, at(1, 1, 1, 0));
  memset(&cmd, 0, sizeof(cmd));
  cmd.opcode = NVM_DOPC_SCALAR_ERASE;
  cmd.nsid = 1;
  cmd.dsm.ad = 1;
  memcpy(back, &range, sizeof(range));
  CHECK_STATUS(0x2C1, nvm_cmd_pass(dev, &cmd, back, sizeof(range), NULL, 0, 0, &ret), ret);
  nvm_dev_close(dev);
  dev = open_small("mccap=7");
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, sizeof(range), NULL, 0, 0, &ret));
  end();
}

TEST(admin_commands_of_ones_own) {
  struct nvm_spec_idfy* idfy;
  begin();
  command(NVM_AOPC_IDFY, 0, 1);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, 4096, NULL, 0, NVM_CMD_PADC, &ret));
  idfy = (struct nvm_spec_idfy*)back;
  CHECK_INT(NCHUNK, idfy->s20.lgeo.nchunk);
  command(NVM_AOPC_GFEAT, NVM_NVME_FEAT_ERROR_RECOVERY, 1);
  set_dulbe(dev, 1);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, NULL, 0, NULL, 0, NVM_CMD_PADC | NVM_CMD_PRP, &ret));
  CHECK_HEX(0x10000, ret.result.cdw0);
  command(NVM_AOPC_IDFY, 0, 1);
  cmd.nsid = 7;
  CHECK_STATUS(0x00B, nvm_cmd_pass(dev, &cmd, back, 4096, NULL, 0, NVM_CMD_PADC, &ret), ret);
  end();
}

TEST(the_devices_verdict_is_in_ret) {
  begin();
  command(NVM_DOPC_SCALAR_WRITE, nvm_addr_gen2dev(dev, at(0, 0, 7, 0)), 4);
  CHECK_STATUS(0x280, nvm_cmd_pass(dev, &cmd, data, 4 * SECTOR, NULL, 0, 0, &ret), ret);
  CHECK_HEX(0x4000, ret.status & 0x4000);
  CHECK_INT(-1, nvm_cmd_pass(dev, &cmd, data, 4 * SECTOR, NULL, 0, 0, NULL));
  end();
}

TEST(bad_arguments_are_refused) {
  begin();
  command(NVM_DOPC_SCALAR_READ, 0, 4);
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(NULL, &cmd, back, 4 * SECTOR, NULL, 0, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, NULL, back, 4 * SECTOR, NULL, 0, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, NULL, 4 * SECTOR, NULL, 0, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 0, NULL, 0, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 16, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, data, 0, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, NVM_CMD_PIOC | NVM_CMD_PADC, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, NVM_CMD_SYNC | NVM_CMD_ASYNC, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, 1, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, -1, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, NVM_CMD_ASYNC, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, NVM_CMD_ASYNC, NULL));
  CHECK_REFUSED(ENOSYS, nvm_cmd_pass(dev, &cmd, back, 4096, NULL, 0, NVM_CMD_ASYNC | NVM_CMD_PADC, &ret));
  command(NVM_DOPC_VECTOR_READ, 0, 4);
  CHECK_REFUSED(EINVAL, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, 0, &ret));
  end();
}

TEST(a_device_that_was_opened_for_reading_takes_no_change) {
  begin();
  end();
  dev = open_small("ro");
  data = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  back = nvm_buf_alloc(dev, 64 * SECTOR, NULL);
  command(NVM_DOPC_SCALAR_WRITE, 0, 4);
  CHECK_REFUSED(EROFS, nvm_cmd_pass(dev, &cmd, data, 4 * SECTOR, NULL, 0, 0, &ret));
  command(NVM_DOPC_SCALAR_READ, 0, 4);
  CHECK_INT(0, nvm_cmd_pass(dev, &cmd, back, 4 * SECTOR, NULL, 0, 0, &ret));
  end();
}
