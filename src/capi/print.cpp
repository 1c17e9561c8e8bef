// SPDX-License-Identifier: BSD-2-Clause
// The printers of the library's own structures. They write to stdout, as their names promise.
#include <algorithm>
#include <cctype>
#include <cinttypes>
#include <cstdio>

#include "capi/handles.hpp"
#include "lightnvm/format.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

bool nothing(const void* value, const char* name) {
  if (value == nullptr) std::printf("%s: ~\n", name);
  return value == nullptr;
}

void put(const std::string& text) { (void)std::fputs(text.c_str(), stdout); }

SpecVersion version_of(const nvm_dev* dev) { return dev == nullptr ? SpecVersion::none : dev->device.version(); }

constexpr std::string_view kDevice = "dev_";

format::Attributes attributes_of(const nvm_dev& dev) {
  format::Attributes a = format::describe(dev.device).attributes;
  a.name = dev.name;
  a.path = dev.path;
  a.sector_shift = dev.ssw;
  a.capabilities = dev.mccap;
  a.tables_cached = dev.bbts_cached;
  a.quirks = static_cast<std::uint8_t>(dev.quirks);
  return a;
}

format::DeviceValues values_of(const nvm_dev& dev) {
  format::DeviceValues v = format::describe(dev.device);
  v.attributes = attributes_of(dev);
  v.command_options = dev.cmd_opts;
  v.block_defaults = {dev.pmode, dev.erase_naddrs_max, dev.read_naddrs_max, dev.write_naddrs_max, dev.meta_mode};
  return v;
}

void field(const char* name, std::size_t value) { std::printf("  %s: %zu\n", name, value); }

}  // namespace

extern "C" {

void nvm_dev_attr_pr(const nvm_dev* dev) {
  if (nothing(dev, "attr")) return;
  (void)guarded(0, [&] { return put(format::attributes(attributes_of(*dev))), 0; });
}

void nvm_dev_pr(const nvm_dev* dev) {
  if (nothing(dev, "dev")) return;
  (void)guarded(0, [&] { return put(format::device(values_of(*dev))), 0; });
}

void nvm_geo_pr(const nvm_geo* geo) {
  if (nothing(geo, "geo")) return;
  std::printf("geo:\n  verid: 0x%02X\n", static_cast<unsigned>(geo->verid));
  if (geo->verid == NVM_SPEC_VERID_12) {
    field("nchannels", geo->g.nchannels);
    field("nluns", geo->g.nluns);
    field("nplanes", geo->g.nplanes);
    field("nblocks", geo->g.nblocks);
    field("npages", geo->g.npages);
    field("nsectors", geo->g.nsectors);
    field("page_nbytes", geo->g.page_nbytes);
    field("sector_nbytes", geo->g.sector_nbytes);
    field("meta_nbytes", geo->g.meta_nbytes);
  } else {
    field("npugrp", geo->l.npugrp);
    field("npunit", geo->l.npunit);
    field("nchunk", geo->l.nchunk);
    field("nsectr", geo->l.nsectr);
    field("nbytes", geo->l.nbytes);
    field("nbytes_oob", geo->l.nbytes_oob);
  }
  field("tbytes", geo->tbytes);
  field("tmbytes", geo->tbytes >> 20);
}

void nvm_bounds_pr(int mask) {
  struct Name {
    int bit;
    const char* text;
  };
  static constexpr Name kNames[] = {
      {NVM_BOUNDS_CHANNEL, "channel"}, {NVM_BOUNDS_LUN, "lun"},     {NVM_BOUNDS_PLANE, "plane"},
      {NVM_BOUNDS_BLOCK, "block"},     {NVM_BOUNDS_PAGE, "page"},   {NVM_BOUNDS_SECTOR, "sector"},
      {NVM_BOUNDS_PUGRP, "pugrp"},     {NVM_BOUNDS_PUNIT, "punit"}, {NVM_BOUNDS_CHUNK, "chunk"},
      {NVM_BOUNDS_SECTR, "sectr"},
  };
  std::printf(mask == 0 ? "bounds: ~\n" : "bounds:\n");
  for (const Name& n : kNames) {
    if ((mask & n.bit) != 0) std::printf("- %s\n", n.text);
  }
}

void nvm_ret_pr(const nvm_ret* ret) {
  if (nothing(ret, "nvm_ret")) return;
  std::printf("nvm_ret: {result: {cdw0: 0x%x, vio: {cs: 0x%" PRIx64 "}}, status: 0x%x}\n", ret->result.cdw0,
              ret->result.vio.cs, unsigned{ret->status});
}

int nvm_ver_major() { return LIGHTNVM_VERSION_MAJOR; }
int nvm_ver_minor() { return LIGHTNVM_VERSION_MINOR; }
int nvm_ver_patch() { return LIGHTNVM_VERSION_PATCH; }
void nvm_ver_pr() {
  std::printf("Ver { major(%d), minor(%d), patch(%d) }", nvm_ver_major(), nvm_ver_minor(), nvm_ver_patch());
}

void nvm_addr_pr(const nvm_addr addr) { std::printf("0x%016" PRIx64, addr.val); }

void nvm_addr_prn(const nvm_addr* addr, unsigned int naddrs, const nvm_dev* dev) {
  (void)guarded(0, [&] {
    if (addr == nullptr || dev == nullptr) {
      std::printf("naddrs: %u\naddrs:\n", naddrs);
      return 0;
    }
    put(format::addresses({to_addresses(addr), naddrs}, version_of(dev)));
    return 0;
  });
}

void nvm_buf_pr(const char* buf, std::size_t nbytes) {
  constexpr std::size_t kLine = 32;
  std::printf("# NVM_BUF_PR - BEGIN **\n");
  for (std::size_t i = 0; buf != nullptr && i < nbytes; ++i) {
    if (i % kLine == 0) std::printf("\ni[%zu,%zu]: ", i, i + kLine - 1);
    std::printf(" %c", buf[i]);
  }
  std::printf("# NVM_BUF_PR - END\n");
}

void nvm_buf_diff_pr(const char* expected, const char* actual, std::size_t nbytes) {
  const auto shown = [](char c) { return std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?'; };
  std::printf("buf_diffs:\n");
  for (std::size_t i = 0; expected != nullptr && actual != nullptr && i < nbytes; ++i) {
    if (expected[i] == actual[i]) continue;
    std::printf(" - {i: '%06zu', exp: '%c', actd: %02d, acth: 0x%02x, actc: %c)\n", i, shown(expected[i]),
                int{actual[i]}, static_cast<unsigned>(actual[i]), shown(actual[i]));
  }
  std::printf("buf_nbytes: %zu\nbuf_nbytes_diff: %zu\n", nbytes, nvm_buf_diff(expected, actual, nbytes));
}

void nvm_buf_set_pr(nvm_buf_set* bufs) {
  if (nothing(bufs, "buf_set")) return;
  const auto pointer = [](const char* name, const void* value) { std::printf("  %s: %p\n", name, value); };
  std::printf("buf_set:\n");
  pointer("bufs", bufs);
  field("nbytes", bufs->nbytes);
  field("nbytes_meta", bufs->nbytes_meta);
  pointer("write", bufs->write);
  pointer("write_meta", bufs->write_meta);
  pointer("read", bufs->read);
  pointer("read_meta", bufs->read_meta);
}

void nvm_bbt_state_pr(int state) {
  switch (state) {
    case NVM_BBT_FREE: std::printf("FREE(%d)", state); break;
    case NVM_BBT_BAD: std::printf(" BAD(%d)", state); break;
    case NVM_BBT_GBAD: std::printf("GBAD(%d)", state); break;
    case NVM_BBT_DMRK: std::printf("DMRK(%d)", state); break;
    case NVM_BBT_HMRK: std::printf("HMRK(%d)", state); break;
    default: std::printf("EINVAL(%d)", state);
  }
}

void nvm_bbt_pr(const nvm_bbt* bbt) {
  if (nothing(bbt, "bbt")) return;
  const std::size_t planes = bbt->dev == nullptr ? 1 : std::max<std::size_t>(bbt->dev->geo.g.nplanes, 1);
  std::printf("bbt:\n  addr: 0x%016" PRIx64 "\n", bbt->addr.val);
  field("nblks", bbt->nblks);
  field("npl_blks", bbt->nblks / planes);
  std::printf("  pl_blks:\n");
  for (std::size_t block = 0; block < bbt->nblks / planes; ++block) {
    std::printf("    - %04zu: [ ", block);
    for (std::size_t plane = 0; plane < planes; ++plane) {
      if (plane != 0) std::printf(", ");
      nvm_bbt_state_pr(bbt->blks[block * planes + plane]);
    }
    std::printf(" ]\n");
  }
  field("nbad", bbt->nbad);
  field("gbad", bbt->ngbad);
  field("ndmrk", bbt->ndmrk);
  field("nhmrk", bbt->nhmrk);
}

void nvm_vblk_pr(nvm_vblk* vblk) {
  if (nothing(vblk, "vblk")) return;
  (void)guarded(0, [&] {
    format::BlockValues v;
    v.version = version_of(vblk->dev);
    v.plane_mode = vblk->dev->pmode;
    v.chunks = {to_addresses(vblk->addrs.data()), vblk->addrs.size()};
    v.bytes = vblk->nbytes;
    v.write_position = vblk->pos_write;
    v.read_position = vblk->pos_read;
    v.flags = vblk->flags;
    return put(format::virtual_block(v)), 0;
  });
}

void nvm_bp_pr(const nvm_bp* bp) {
  if (nothing(bp, "nvm_bp")) return;
  std::printf("nvm_bp: { ws_opt: %zu }\n", bp->ws_opt);
  nvm_dev_pr(bp->dev);
  nvm_geo_pr(bp->geo);
  nvm_buf_set_pr(bp->bufs);
  nvm_addr_prn(bp->addrs, static_cast<unsigned>(bp->naddrs), bp->dev);
  nvm_vblk_pr(bp->vblk);
}

}  // extern "C"
