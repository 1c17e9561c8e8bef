// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 1.2: a block is erased, written and read in each plane mode, with and without metadata; each sector alone
// brings its own tag back.
#include "program.h"

enum { NO_SUCH_MODE = INVALID_FIELD, WRITTEN = INVALID_FIELD, EMPTY_PAGE = 0x2FF };

static struct nvm_addr block;
static size_t nplanes, naddrs;

static size_t planes_of(int pmode) { return pmode == NVM_FLAG_PMODE_SNGL ? 1 : pmode == NVM_FLAG_PMODE_DUAL ? 2 : 4; }

// A page over all planes, plane after plane.
static void fill_addrs(struct nvm_addr addrs[], size_t pg) {
  for (size_t i = 0; i < naddrs; ++i) {
    addrs[i] = block;
    addrs[i].g.pg = pg & 0xFFFF;
    addrs[i].g.pl = (i / nsectr) & 0xFF;
    addrs[i].g.sec = (i % nsectr) & 0xFF;
  }
}

// In single mode plane after plane, otherwise all at once.
static int erase(int pmode, struct nvm_ret* ret) {
  struct nvm_addr addrs[4];
  for (size_t pl = 0; pl < nplanes; ++pl) {
    addrs[pl] = block;
    addrs[pl].g.pl = pl & 0xFF;
  }
  return nvm_cmd_erase(dev, addrs, pmode == NVM_FLAG_PMODE_SNGL ? (int)nplanes : 1, NULL, (uint16_t)pmode, ret);
}

static void tag(char* meta) {
  memset(meta, 0, naddrs * oob_size);
  for (size_t i = 0; i < naddrs; ++i) {
    char text[32];
    snprintf(text, sizeof(text), "[P(%02u),S(%02u)]", (unsigned)(i / nsectr), (unsigned)(i % nsectr));
    memcpy(meta + i * oob_size, text, strlen(text) < oob_size ? strlen(text) : oob_size);
  }
}

// Each sector of a page by itself.
static void read_alone(size_t pg, const struct nvm_buf_set* bufs, bool with_meta) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_ret ret;
  fill_addrs(addrs, pg);
  for (size_t i = 0; i < naddrs; ++i) {
    char *data = bufs->read, *meta = with_meta ? bufs->read_meta : NULL;
    memset(data, 0, sector_size);
    if (with_meta) memset(meta, 0, oob_size);
    ENSURE(nvm_cmd_read(dev, &addrs[i], 1, data, meta, NVM_FLAG_PMODE_SNGL, &ret) == 0 && ret.status == 0);
    ENSURE(memcmp(data, bufs->write + (pg * naddrs + i) * sector_size, sector_size) == 0);
    if (with_meta) ENSURE(memcmp(meta, bufs->write_meta + i * oob_size, oob_size) == 0);
  }
}

static void write_read_erase(int pmode, bool with_meta) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_ret ret;
  const size_t page = naddrs * sector_size;
  struct nvm_buf_set* bufs = nvm_buf_set_alloc(dev, geo->npages * page, naddrs * oob_size);
  ENSURE(bufs != NULL);
  nvm_buf_set_fill(bufs);
  if (with_meta) tag(bufs->write_meta);
  ENSURE(erase(pmode, &ret) == 0 && ret.status == 0);
  for (size_t pg = 0; pg < geo->npages; ++pg) {
    fill_addrs(addrs, pg);
    ENSURE_STATUS(nvm_cmd_read(dev, addrs, (int)naddrs, bufs->read, NULL, (uint16_t)pmode, &ret), ret, EMPTY_PAGE);
    ENSURE(nvm_cmd_write(dev, addrs, (int)naddrs, bufs->write + pg * page, with_meta ? bufs->write_meta : NULL,
                         (uint16_t)pmode, &ret) == 0 &&
           ret.status == 0);
    ENSURE_STATUS(nvm_cmd_write(dev, addrs, (int)naddrs, bufs->read, NULL, (uint16_t)pmode, &ret), ret, WRITTEN);
  }
  for (size_t pg = 0; pg < geo->npages; ++pg) {
    fill_addrs(addrs, pg);
    if (with_meta) memset(bufs->read_meta, 0, bufs->nbytes_meta);
    ENSURE(nvm_cmd_read(dev, addrs, (int)naddrs, bufs->read + pg * page, with_meta ? bufs->read_meta : NULL,
                        (uint16_t)pmode, &ret) == 0);
    if (with_meta) ENSURE(nvm_buf_diff(bufs->write_meta, bufs->read_meta, bufs->nbytes_meta) == 0);
  }
  ENSURE(nvm_buf_diff(bufs->write, bufs->read, bufs->nbytes) == 0);
  read_alone(0, bufs, with_meta);
  read_alone(geo->npages - 1, bufs, with_meta);
  ENSURE(erase(pmode, &ret) == 0);
  fill_addrs(addrs, 0);
  ENSURE_STATUS(nvm_cmd_read(dev, addrs, 1, bufs->read, NULL, NVM_FLAG_PMODE_SNGL, &ret), ret, EMPTY_PAGE);
  nvm_buf_set_free(bufs);
}

// A mode of other planes than the device's changes nothing.
static void refuse(int pmode) {
  struct nvm_addr addrs[NVM_NADDR_MAX];
  struct nvm_ret ret;
  char* data = nvm_buf_alloc(dev, naddrs * sector_size, NULL);
  ENSURE(data != NULL);
  nvm_buf_fill(data, naddrs * sector_size);
  fill_addrs(addrs, 0);
  ENSURE_STATUS(nvm_cmd_write(dev, addrs, (int)naddrs, data, NULL, (uint16_t)pmode, &ret), ret, NO_SUCH_MODE);
  ENSURE_STATUS(erase(pmode, &ret), ret, NO_SUCH_MODE);
  ENSURE_STATUS(nvm_cmd_read(dev, addrs, 1, data, NULL, NVM_FLAG_PMODE_SNGL, &ret), ret, EMPTY_PAGE);
  nvm_buf_free(dev, data);
}

void run(void) {
  static const int kModes[] = {NVM_FLAG_PMODE_SNGL, NVM_FLAG_PMODE_DUAL, NVM_FLAG_PMODE_QUAD};
  nplanes = geo->nplanes;
  naddrs = nplanes * nsectr;
  ENSURE(nvm_cmd_gbbt_arbs(dev, NVM_BBT_FREE, 1, &block) == 0);
  ENSURE(erase(NVM_FLAG_PMODE_SNGL, NULL) == 0);
  for (size_t i = 0; i < sizeof(kModes) / sizeof(kModes[0]); ++i) {
    if (kModes[i] != NVM_FLAG_PMODE_SNGL && planes_of(kModes[i]) != nplanes) {
      refuse(kModes[i]);
      continue;
    }
    write_read_erase(kModes[i], false);
    if (oob_size != 0) write_read_erase(kModes[i], true);
  }
}
