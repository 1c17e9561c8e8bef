// SPDX-License-Identifier: BSD-2-Clause
// nvm_addr_*: conversions and bounds.
#include "capi/handles.hpp"

using namespace lightnvm::capi;

namespace {

constexpr std::uint64_t kDescriptorBytes = sizeof(nvm_spec_rprt_descr);

constexpr std::uint64_t kNoAddress = ~0ULL;

nvm_addr unpack(const nvm_dev& dev, std::uint64_t address) noexcept {
  return from_address(dev.device.from_device(address));
}

// A function of a device; of none it is EINVAL.
template <typename T, typename F>
T with(const nvm_dev* dev, T failure, F&& convert) {
  if (dev != nullptr) [[likely]] {
    return convert(*dev);
  }
  return guarded(failure, [&] {
    (void)refuse(EINVAL, kNoDevice);
    return failure;
  });
}

int exceeded_12(nvm_addr addr, const auto& g) noexcept {
  int exceeded = 0;
  if (addr.g.ch >= g.nchannels) exceeded |= NVM_BOUNDS_CHANNEL;
  if (addr.g.lun >= g.nluns) exceeded |= NVM_BOUNDS_LUN;
  if (addr.g.pl >= g.nplanes) exceeded |= NVM_BOUNDS_PLANE;
  if (addr.g.blk >= g.nblocks) exceeded |= NVM_BOUNDS_BLOCK;
  if (addr.g.pg >= g.npages) exceeded |= NVM_BOUNDS_PAGE;
  if (addr.g.sec >= g.nsectors) exceeded |= NVM_BOUNDS_SECTOR;
  return exceeded;
}

nvm_addr nowhere() noexcept { return from_address({kNoAddress}); }

}  // namespace

std::uint64_t lightnvm::capi::pack_12(const nvm_dev& dev, Address address) noexcept {
  return dev.ppa_packer.pack(address);
}

extern "C" {

int nvm_addr_check(nvm_addr addr, const nvm_dev* dev) {
  return with(dev, -1, [&](const nvm_dev& d) {
    if (d.geo.verid == 0) return refuse(EINVAL, "the device is no Open-Channel SSD");
    if (has_planes(d)) return exceeded_12(addr, d.geo.g);
    const auto& l = d.geo.l;
    int exceeded = 0;
    if (addr.l.pugrp >= l.npugrp) exceeded |= NVM_BOUNDS_PUGRP;
    if (addr.l.punit >= l.npunit) exceeded |= NVM_BOUNDS_PUNIT;
    if (addr.l.chunk >= l.nchunk) exceeded |= NVM_BOUNDS_CHUNK;
    if (addr.l.sectr >= l.nsectr) exceeded |= NVM_BOUNDS_SECTR;
    return exceeded;
  });
}

std::uint64_t nvm_addr_gen2lpo(nvm_dev* dev, nvm_addr addr) {
  return with(dev, kNoAddress, [&](const nvm_dev& d) {
    const std::uint64_t unit = addr.l.pugrp * d.geo.l.npunit + addr.l.punit;
    return (unit * d.geo.l.nchunk + addr.l.chunk) * kDescriptorBytes;
  });
}

nvm_addr nvm_addr_lpo2gen(nvm_dev* dev, std::uint64_t lpo) {
  return with(dev, nowhere(), [&](const nvm_dev& d) {
    const auto& l = d.geo.l;
    nvm_addr addr;
    addr.val = 0;
    if (l.nchunk == 0) return addr;
    const std::uint64_t index = lpo / kDescriptorBytes;
    addr.l.chunk = index % l.nchunk;
    addr.l.punit = index / l.nchunk % l.npunit;
    addr.l.pugrp = index / l.nchunk / l.npunit % l.npugrp;
    return addr;
  });
}

std::uint64_t nvm_addr_gen2dev(nvm_dev* dev, nvm_addr addr) {
  return with(dev, kNoAddress, [&](const nvm_dev& d) { return pack(d, to_address(addr)); });
}

nvm_addr nvm_addr_dev2gen(nvm_dev* dev, std::uint64_t addr) {
  return with(dev, nowhere(), [&](const nvm_dev& d) { return unpack(d, addr); });
}

std::uint64_t nvm_addr_gen2off(nvm_dev* dev, nvm_addr addr) {
  return with(dev, kNoAddress, [&](const nvm_dev& d) { return pack(d, to_address(addr)) << d.ssw; });
}

nvm_addr nvm_addr_off2gen(nvm_dev* dev, std::uint64_t off) {
  return with(dev, nowhere(), [&](const nvm_dev& d) { return unpack(d, off >> d.ssw); });
}

std::uint64_t nvm_addr_dev2off(nvm_dev* dev, std::uint64_t addr) {
  return with(dev, kNoAddress, [&](const nvm_dev& d) { return addr << d.ssw; });
}

std::uint64_t nvm_addr_off2dev(nvm_dev* dev, std::uint64_t off) {
  return with(dev, kNoAddress, [&](const nvm_dev& d) { return off >> d.ssw; });
}

void nvm_addr_fill_crange(nvm_addr* addrs, nvm_addr addr, std::uint32_t naddrs) {
  if (addrs == nullptr) return;
  addrs[0] = addr;
  for (std::uint32_t i = 1; i < naddrs; ++i) {
    addrs[i] = addr;
    addrs[i].l.sectr += i;
  }
}

}  // extern "C"
