// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 1.2: addresses with planes, plane modes, erase, write and read, virtual blocks, and what only 2.0 has.
#include "harness.h"

enum { CHANNELS = 2, LUNS = 2, PLANES = 2, BLOCKS = 26, PAGES = 4, SECTORS = 4, SECTOR_BYTES = 4096, META = 16 };
enum { PAGE = PLANES * SECTORS };

static struct nvm_ret ret;

static struct nvm_dev* open_planes(void) {
  struct nvm_dev* dev = nvm_dev_open(
      "emu:?spec=1.2&groups=2&punits=2&planes=2&blocks=26&pages=4&page_sectors=4&sector_bytes=4096&oob_bytes=16&bad="
      "none");
  if (dev == NULL) failed(__FILE__, __LINE__, "nvm_dev_open", "a device", nvm_last_error());
  return dev;
}

static struct nvm_addr in_block(unsigned ch, unsigned lun, unsigned blk, unsigned pl, unsigned pg, unsigned sec) {
  struct nvm_addr addr;
  addr.val = 0;
  addr.g.ch = ch;
  addr.g.lun = lun;
  addr.g.blk = blk;
  addr.g.pl = pl & 0xFF;
  addr.g.pg = pg & 0xFFFF;
  addr.g.sec = sec & 0xFF;
  return addr;
}

// A page over both planes, plane after plane.
static void whole_page(struct nvm_addr addrs[], unsigned blk, unsigned pg) {
  for (unsigned i = 0; i < PAGE; ++i) addrs[i] = in_block(1, 0, blk, i / SECTORS, pg, i % SECTORS);
}

TEST(what_the_device_is) {
  struct nvm_dev* dev = open_planes();
  const struct nvm_geo* geo = nvm_dev_get_geo(dev);
  CHECK_INT(NVM_SPEC_VERID_12, nvm_dev_get_verid(dev));
  CHECK_INT(NVM_SPEC_VERID_12, geo->verid);
  CHECK_INT(CHANNELS, geo->nchannels);
  CHECK_INT(LUNS, geo->nluns);
  CHECK_INT(PLANES, geo->nplanes);
  CHECK_INT(BLOCKS, geo->nblocks);
  CHECK_INT(PAGES, geo->npages);
  CHECK_INT(SECTORS, geo->nsectors);
  CHECK_INT(SECTOR_BYTES, geo->sector_nbytes);
  CHECK_INT(META, geo->meta_nbytes);
  CHECK_INT(SECTORS * SECTOR_BYTES, geo->page_nbytes);
  CHECK_INT((long long)CHANNELS * LUNS * PLANES * BLOCKS * PAGES * SECTORS * SECTOR_BYTES, geo->tbytes);
  CHECK_INT(SECTORS, nvm_dev_get_ws_min(dev));
  CHECK_INT(PAGE, nvm_dev_get_ws_opt(dev));
  CHECK_REFUSED(EINVAL, nvm_dev_get_mw_cunits(dev));
  CHECK_NULL(EINVAL, nvm_dev_get_lbaf(dev));
  CHECK(nvm_dev_get_ppaf(dev) != NULL);
  CHECK(nvm_dev_get_ppaf_mask(dev) != NULL);
  CHECK_NULL(EINVAL, nvm_dev_get_ppaf(NULL));
  CHECK_NULL(EINVAL, nvm_dev_get_ppaf_mask(NULL));
  struct nvm_spec_idfy* idfy = nvm_cmd_idfy(dev, &ret);
  CHECK(idfy != NULL);
  CHECK_INT(1, idfy->s.verid);
  CHECK_INT(PLANES, idfy->s12.grp[0].num_pln);
  CHECK_INT(0, memcmp(&idfy->s12.ppaf, nvm_dev_get_ppaf(dev), 12));
  nvm_buf_free(dev, idfy);
  nvm_dev_close(dev);
}

TEST(addresses_go_there_and_back) {
  struct nvm_dev* dev = open_planes();
  for (unsigned pl = 0; pl < PLANES; ++pl) {
    const struct nvm_addr addr = in_block(1, 1, 25, pl, 3, 2);
    CHECK_INT(0, nvm_addr_check(addr, dev));
    CHECK_HEX(addr.val, nvm_addr_dev2gen(dev, nvm_addr_gen2dev(dev, addr)).val);
    CHECK_HEX(addr.val, nvm_addr_off2gen(dev, nvm_addr_gen2off(dev, addr)).val);
    CHECK_HEX(nvm_addr_gen2dev(dev, addr) << 12, nvm_addr_gen2off(dev, addr));
  }
  CHECK_HEX(
      NVM_BOUNDS_CHANNEL | NVM_BOUNDS_LUN | NVM_BOUNDS_PLANE | NVM_BOUNDS_BLOCK | NVM_BOUNDS_PAGE | NVM_BOUNDS_SECTOR,
      nvm_addr_check(in_block(2, 2, 26, 2, 4, 4), dev));
  nvm_dev_close(dev);
}

TEST(plane_modes_are_those_of_the_device) {
  struct nvm_dev* dev = open_planes();
  CHECK_INT(NVM_FLAG_PMODE_DUAL, nvm_dev_get_pmode(dev));
  CHECK_INT(0, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_SNGL));
  CHECK_INT(0, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_DUAL));
  CHECK_REFUSED(EINVAL, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_QUAD));
  CHECK_REFUSED(EINVAL, nvm_dev_set_pmode(dev, -1));
  CHECK_REFUSED(EINVAL, nvm_dev_set_pmode(NULL, 0));
  CHECK_REFUSED(EINVAL, nvm_dev_set_write_naddrs_max(dev, SECTORS));
  CHECK_INT(0, nvm_dev_set_write_naddrs_max(dev, PAGE));
  CHECK_REFUSED(EINVAL, nvm_dev_set_read_naddrs_max(dev, 1));
  CHECK_INT(0, nvm_dev_set_read_naddrs_max(dev, PLANES));
  CHECK_INT(0, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_SNGL));
  CHECK_INT(0, nvm_dev_set_write_naddrs_max(dev, SECTORS));
  CHECK_INT(0, nvm_dev_set_read_naddrs_max(dev, 1));
  nvm_dev_close(dev);
}

TEST(a_page_is_written_and_read_with_its_metadata) {
  struct nvm_dev* dev = open_planes();
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, (size_t)PAGE * SECTOR_BYTES, (size_t)PAGE * META);
  CHECK(bufs != NULL);
  nvm_buf_set_fill(bufs);
  struct nvm_addr addrs[PAGE];
  struct nvm_addr block = in_block(1, 0, 3, 0, 0, 0);
  const uint16_t dual = NVM_FLAG_PMODE_DUAL | NVM_FLAG_SCRBL;
  CHECK_INT(0, nvm_cmd_erase(dev, &block, 1, NULL, NVM_FLAG_PMODE_DUAL, &ret));
  for (unsigned pg = 0; pg < PAGES; ++pg) {
    whole_page(addrs, 3, pg);
    CHECK_INT(0, nvm_cmd_write(dev, addrs, PAGE, bufs->write, bufs->write_meta, dual, &ret));
    memset(bufs->read, 0, bufs->nbytes);
    CHECK_INT(0, nvm_cmd_read(dev, addrs, PAGE, bufs->read, bufs->read_meta, dual, &ret));
    CHECK_INT(0, nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes));
    CHECK_INT(0, nvm_buf_diff(bufs->write_meta, bufs->read_meta, bufs->nbytes_meta));
  }
  // One sector alone.
  struct nvm_addr one = in_block(1, 0, 3, 1, 2, 3);
  CHECK_INT(0, nvm_cmd_read(dev, &one, 1, bufs->read, NULL, NVM_FLAG_PMODE_SNGL, &ret));
  CHECK_INT(0, nvm_buf_diff(bufs->write + (size_t)(PAGE - 1) * SECTOR_BYTES, bufs->read, SECTOR_BYTES));
  // Less than a page over the planes, once more, and what was never written.
  whole_page(addrs, 4, 0);
  CHECK_REFUSED(EIO, nvm_cmd_write(dev, addrs, SECTORS, bufs->write, NULL, NVM_FLAG_PMODE_DUAL, &ret));
  CHECK_HEX(0x4002, ret.status);
  whole_page(addrs, 3, 0);
  CHECK_REFUSED(EIO, nvm_cmd_write(dev, addrs, PAGE, bufs->write, NULL, NVM_FLAG_PMODE_DUAL, &ret));
  whole_page(addrs, 5, 0);
  CHECK_REFUSED(EIO, nvm_cmd_read(dev, addrs, PAGE, bufs->read, NULL, NVM_FLAG_PMODE_DUAL, &ret));
  CHECK_HEX(0x42FF, ret.status);
  CHECK_HEX((1 << PAGE) - 1, ret.result.vio.cs);
  nvm_buf_set_free(bufs);
  nvm_dev_close(dev);
}

TEST(what_only_2_0_has_is_refused) {
  struct nvm_dev* dev = open_planes();
  struct nvm_addr addr = in_block(0, 0, 0, 0, 0, 0), other = in_block(0, 1, 0, 0, 0, 0);
  static char data[SECTOR_BYTES];
  CHECK_NULL(EINVAL, nvm_cmd_rprt(dev, NULL, 0, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_cmd_copy(dev, &addr, &other, 1, 0, &ret));
  CHECK_REFUSED(ENOTSUP, nvm_cmd_read(dev, &addr, 1, data, NULL, NVM_CMD_SCALAR, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_read(dev, &addr, 1, data, NULL, NVM_FLAG_PMODE_DUAL | NVM_FLAG_PMODE_QUAD, &ret));
  nvm_dev_close(dev);
}

TEST(a_virtual_block_over_planes) {
  struct nvm_dev* dev = open_planes();
  struct nvm_addr addrs[] = {in_block(0, 0, 7, 0, 0, 0), in_block(1, 0, 7, 0, 0, 0), in_block(0, 1, 7, 0, 0, 0)};
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs, 3);
  CHECK(vblk != NULL);
  const size_t nbytes = nvm_vblk_get_nbytes(vblk);
  CHECK_INT(3LL * PLANES * PAGES * SECTORS * SECTOR_BYTES, nbytes);
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nbytes, 0);
  CHECK(bufs != NULL);
  nvm_buf_set_fill(bufs);
  CHECK_INT(0, nvm_vblk_set_scalar(vblk));
  CHECK_INT(nbytes, nvm_vblk_erase(vblk));
  CHECK_INT(nbytes, nvm_vblk_write(vblk, bufs->write, nbytes));
  CHECK_INT(nbytes, nvm_vblk_read(vblk, bufs->read, nbytes));
  CHECK_INT(0, nvm_buf_diff(bufs->write, bufs->read, nbytes));
  CHECK_INT((long long)PAGE * SECTOR_BYTES,
            nvm_vblk_pread(vblk, bufs->read, (size_t)PAGE * SECTOR_BYTES, (size_t)PAGE * SECTOR_BYTES * 4));
  CHECK_INT(0, nvm_buf_diff(bufs->write + (size_t)PAGE * SECTOR_BYTES * 4, bufs->read, (size_t)PAGE * SECTOR_BYTES));
  CHECK_REFUSED(EINVAL, nvm_vblk_pread(vblk, bufs->read, SECTOR_BYTES, 0));
  CHECK_REFUSED(EINVAL, nvm_vblk_pread(vblk, bufs->read, (size_t)PAGE * SECTOR_BYTES, nbytes));
  CHECK_REFUSED(ENOSYS, nvm_vblk_copy(vblk, vblk, 0));
  nvm_buf_set_free(bufs);
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
}
