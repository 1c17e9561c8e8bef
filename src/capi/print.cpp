// SPDX-License-Identifier: BSD-2-Clause
// The printers of the library's own structures. They write to stdout, as their names promise.
#include "capi/print.hpp"

#include <algorithm>
#include <cctype>

#include "lightnvm/format.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

SpecVersion version_of(const nvm_dev* dev) { return dev == nullptr ? SpecVersion::none : dev->device.version(); }

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

// Requires planes; the table's counts are its own.
BadBlockTable values_of(const nvm_bbt& bbt, std::uint32_t planes) {
  BadBlockTable table;
  table.unit = to_address(bbt.addr);
  table.planes = planes;
  for (const std::uint8_t state : std::span(bbt.blks, bbt.nblks)) table.blocks.push_back(BlockState{state});
  table.factory_bad = bbt.nbad;
  table.grown_bad = bbt.ngbad;
  table.device_reserved = bbt.ndmrk;
  table.host_reserved = bbt.nhmrk;
  return table;
}

}  // namespace

extern "C" {

void nvm_dev_attr_pr(const nvm_dev* dev) {
  if (nothing(dev, "attr")) return;
  put([&] { return format::attributes(attributes_of(*dev)); });
}

void nvm_dev_pr(const nvm_dev* dev) {
  if (nothing(dev, "dev")) return;
  put([&] { return format::device(values_of(*dev)); });
}

void nvm_geo_pr(const nvm_geo* geo) {
  if (nothing(geo, "geo")) return;
  std::printf("geo:\n  verid: 0x%02X\n", static_cast<unsigned>(geo->verid));
  if (geo->verid == NVM_SPEC_VERID_12) {
    const auto& g = geo->g;
    numbers({{"nchannels", g.nchannels},
             {"nluns", g.nluns},
             {"nplanes", g.nplanes},
             {"nblocks", g.nblocks},
             {"npages", g.npages},
             {"nsectors", g.nsectors},
             {"page_nbytes", g.page_nbytes},
             {"sector_nbytes", g.sector_nbytes},
             {"meta_nbytes", g.meta_nbytes}});
  } else {
    const auto& l = geo->l;
    numbers({{"npugrp", l.npugrp},
             {"npunit", l.npunit},
             {"nchunk", l.nchunk},
             {"nsectr", l.nsectr},
             {"nbytes", l.nbytes},
             {"nbytes_oob", l.nbytes_oob}});
  }
  numbers({{"tbytes", geo->tbytes}, {"tmbytes", geo->tbytes >> 20}});
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
  if (addr == nullptr || dev == nullptr) {
    std::printf("naddrs: %u\naddrs:\n", naddrs);
    return;
  }
  put([&] { return format::addresses({to_addresses(addr), naddrs}, version_of(dev)); });
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
  numbers({{"nbytes", bufs->nbytes}, {"nbytes_meta", bufs->nbytes_meta}});
  pointer("write", bufs->write);
  pointer("write_meta", bufs->write_meta);
  pointer("read", bufs->read);
  pointer("read_meta", bufs->read_meta);
}

void nvm_bbt_state_pr(int state) {
  const bool is_byte = state >= 0 && state <= UINT8_MAX;
  const auto name = is_byte ? format::block_state(static_cast<BlockState>(state)) : std::string_view();
  const std::string_view shown = name.empty() ? "EINVAL" : name;
  std::printf("%4.*s(%d)", static_cast<int>(shown.size()), shown.data(), state);
}

void nvm_bbt_pr(const nvm_bbt* bbt) {
  if (nothing(bbt, "bbt")) return;
  const std::size_t planes = bbt->dev == nullptr ? 1 : std::max<std::size_t>(bbt->dev->geo.g.nplanes, 1);
  put([&] { return format::bad_blocks(values_of(*bbt, static_cast<std::uint32_t>(planes))); });
}

void nvm_vblk_pr(nvm_vblk* vblk) {
  if (nothing(vblk, "vblk")) return;
  put([&] {
    format::BlockValues v;
    v.version = version_of(vblk->dev);
    v.plane_mode = vblk->dev->pmode;
    v.chunks = {to_addresses(vblk->addrs.data()), vblk->addrs.size()};
    v.bytes = vblk->nbytes;
    v.write_position = vblk->pos_write;
    v.read_position = vblk->pos_read;
    v.flags = vblk->flags;
    return format::virtual_block(v);
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
