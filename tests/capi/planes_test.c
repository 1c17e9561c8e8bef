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
  CHECK_NULL(ENOTSUP, nvm_dev_get_lbaf(dev));
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

TEST(a_mode_of_two_planes_is_set_but_not_used_on_a_device_of_four) {
  struct nvm_dev* dev = nvm_dev_open("emu:?spec=1.2&groups=1&punits=1&planes=4&bad=none");
  CHECK(dev != NULL);
  struct nvm_addr block = in_block(0, 0, 7, 0, 0, 0);
  CHECK_INT(0, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_DUAL));
  CHECK_NULL(EINVAL, nvm_vblk_alloc(dev, &block, 1));
  CHECK_CONTAINS("the plane mode is of 2 planes", nvm_last_error());
  CHECK_STATUS(0x002, nvm_cmd_erase(dev, &block, 1, NULL, NVM_FLAG_PMODE_DUAL, &ret), ret);
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
  struct nvm_aer aer;
  CHECK_NULL(EINVAL, nvm_cmd_rprt(dev, NULL, 0, &ret));
  CHECK_REFUSED(EINVAL, nvm_cmd_rprt_arbs(dev, NVM_CHUNK_STATE_FREE, 1, &addr));
  CHECK_REFUSED(ENOTSUP, nvm_aer_poll(dev, &aer, 1));
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

// What a virtual block of three blocks says to the device where its settings change once it is made: the most addresses
// of each command, and the plane mode.
struct settings {
  int pmode, erase, write, read;
  unsigned erases, erased, written, most_read;
};

static void check_settings(const struct settings* s) {
  char ident[600];
  const char* trace = temporary("trace");
  remove(trace);
  snprintf(ident, sizeof(ident),
           "emu:?spec=1.2&groups=2&punits=2&planes=2&blocks=26&pages=4&page_sectors=4&bad=none&trace=%s", trace);
  struct nvm_dev* dev = nvm_dev_open(ident);
  CHECK(dev != NULL);
  struct nvm_addr addrs[] = {in_block(0, 0, 7, 0, 0, 0), in_block(1, 0, 7, 0, 0, 0), in_block(0, 1, 7, 0, 0, 0)};
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, addrs, 3);
  CHECK(vblk != NULL);
  const size_t nbytes = nvm_vblk_get_nbytes(vblk);
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, nbytes, 0);
  CHECK(bufs != NULL);
  nvm_buf_set_fill(bufs);
  CHECK_INT(0, nvm_dev_set_pmode(dev, s->pmode));
  CHECK_INT(0, nvm_dev_set_erase_naddrs_max(dev, s->erase));
  CHECK_INT(0, nvm_dev_set_write_naddrs_max(dev, s->write));
  CHECK_INT(0, nvm_dev_set_read_naddrs_max(dev, s->read));
  CHECK_INT(nbytes, nvm_vblk_erase(vblk));
  CHECK_INT(nbytes, nvm_vblk_write(vblk, bufs->write, nbytes));
  CHECK_INT(nbytes, nvm_vblk_read(vblk, bufs->read, nbytes));
  CHECK_INT(0, nvm_buf_diff(bufs->write, bufs->read, nbytes));
  nvm_buf_set_free(bufs);
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
  const struct told erases = told_of(trace, "vector_reset"), writes = told_of(trace, "vector_write"),
                    reads = told_of(trace, "vector_read");
  const bool over_planes = s->pmode != NVM_FLAG_PMODE_SNGL;
  CHECK_INT(s->erases, erases.commands);
  CHECK_INT(s->erased, erases.most);
  CHECK_INT(over_planes ? 3 : 3 * PLANES, erases.addresses);
  CHECK_INT(s->written, writes.most);
  CHECK_INT(s->most_read, reads.most);
  CHECK_INT(nbytes / SECTOR_BYTES, writes.addresses);
  CHECK_INT(nbytes / SECTOR_BYTES, reads.addresses);
  CHECK_INT(over_planes ? erases.commands : 0, erases.with_mode);
  CHECK_INT(over_planes ? writes.commands : 0, writes.with_mode);
  CHECK_INT(over_planes ? reads.commands : 0, reads.with_mode);
}

TEST(a_virtual_block_follows_plane_mode_and_maxima) {
  static const struct settings kCases[] = {
      {NVM_FLAG_PMODE_DUAL, 64, 64, 64, 1, 3, 64, 64}, {NVM_FLAG_PMODE_DUAL, 2, 16, 10, 2, 2, 16, 8},
      {NVM_FLAG_PMODE_DUAL, 1, 8, 2, 3, 1, 8, 2},      {NVM_FLAG_PMODE_SNGL, 64, 64, 64, 1, 6, 64, 64},
      {NVM_FLAG_PMODE_SNGL, 5, 12, 7, 2, 4, 8, 4},     {NVM_FLAG_PMODE_SNGL, 3, 4, 1, 3, 2, 4, 1},
      {NVM_FLAG_PMODE_SNGL, 1, 4, 1, 6, 1, 4, 1},
  };
  for (unsigned i = 0; i < sizeof(kCases) / sizeof(*kCases); ++i) check_settings(&kCases[i]);
}

TEST(a_write_is_a_page_over_the_planes_though_the_maximum_was_set_for_one) {
  struct nvm_dev* dev = open_planes();
  struct nvm_addr block = in_block(0, 0, 7, 0, 0, 0);
  struct nvm_vblk* vblk = nvm_vblk_alloc(dev, &block, 1);
  CHECK(vblk != NULL);
  CHECK_INT(0, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_SNGL));
  CHECK_INT(0, nvm_dev_set_write_naddrs_max(dev, SECTORS));
  CHECK_INT(0, nvm_dev_set_read_naddrs_max(dev, 1));
  CHECK_INT(0, nvm_dev_set_pmode(dev, NVM_FLAG_PMODE_DUAL));
  const size_t nbytes = nvm_vblk_get_nbytes(vblk);
  CHECK_INT(nbytes, nvm_vblk_erase(vblk));
  CHECK_INT(nbytes, nvm_vblk_pad(vblk));
  nvm_vblk_free(vblk);
  nvm_dev_close(dev);
}
