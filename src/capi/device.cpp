// SPDX-License-Identifier: BSD-2-Clause
// nvm_dev_*: opening, what a device is, and its settings.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "capi/handles.hpp"
#include "lightnvm/format.hpp"

using lightnvm::SpecVersion;
using lightnvm::capi::guarded;
using lightnvm::capi::has_planes;
using lightnvm::capi::kNoDevice;
using lightnvm::capi::refuse;
using lightnvm::capi::refuse_explained;
using lightnvm::capi::refuse_pointer;

namespace {

constexpr std::uint32_t kBackends = NVM_BE_ALL | NVM_BE_EMU | NVM_BE_TCP;

constexpr std::uint16_t kNvmeFlags = NVM_NVME_FLAG_FORCE_UNIT_ACCESS | NVM_NVME_FLAG_LIMITED_RETRY;

std::uint32_t group_or(std::uint32_t flags, std::uint32_t mask, std::uint32_t otherwise) {
  return (flags & mask) != 0 ? flags & mask : otherwise;
}

// Where the device is a node or a file: the name that it has in its folder.
bool has_path(std::uint32_t backend_id) {
  return (backend_id & (NVM_BE_IOCTL | NVM_BE_LBD | NVM_BE_PRXY | NVM_BE_EMU)) != 0;
}

std::string name_of(const std::string& path) {
  constexpr std::string_view kDevices = "/dev/";
  return path.starts_with(kDevices) ? path.substr(kDevices.size()) : path.substr(path.rfind('/') + 1);
}

nvm_geo geometry_20(const lightnvm::Geometry& g) {
  nvm_geo geo{};
  geo.l.npugrp = g.groups;
  geo.l.npunit = g.units;
  geo.l.nchunk = g.chunks;
  geo.l.nsectr = g.sectors;
  geo.l.nbytes = g.sector_bytes;
  geo.l.nbytes_oob = g.oob_bytes;
  geo.tbytes = g.total_bytes();
  geo.verid = NVM_SPEC_VERID_20;
  return geo;
}

nvm_geo geometry_12(const lightnvm::Geometry& g) {
  nvm_geo geo{};
  geo.g.nchannels = g.groups;
  geo.g.nluns = g.units;
  geo.g.nblocks = g.chunks;
  geo.g.nsectors = g.page_sectors;
  geo.g.sector_nbytes = g.sector_bytes;
  geo.g.meta_nbytes = g.oob_bytes;
  geo.g.nplanes = g.planes;
  geo.g.npages = g.pages;
  geo.g.page_nbytes = g.page_bytes;
  geo.tbytes = g.total_bytes();
  geo.verid = NVM_SPEC_VERID_12;
  return geo;
}

// What is of one specification version alone.
void describe_12(nvm_dev& dev) {
  const lightnvm::Geometry& g = dev.device.geometry();
  constexpr std::uint16_t kPlaneModes = NVM_FLAG_PMODE_DUAL | NVM_FLAG_PMODE_QUAD;
  dev.known_flags = NVM_CMD_MASK_IOMD | NVM_CMD_MASK_ADDR | NVM_CMD_MASK_PLOD | kPlaneModes | NVM_FLAG_SCRBL |
                    NVM_NVME_FLAG_LIMITED_RETRY;
  dev.geo = geometry_12(g);
  dev.pmode = static_cast<int>(lightnvm::plane_mode_of(g.planes));
  dev.tables.resize(g.total_units());
  const auto format = dev.device.ppa_format();
  if (!format) return;
  dev.ppa_packer = lightnvm::model::PpaPacker(*format);
  const auto fields = lightnvm::model::fields_of(*format);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    dev.ppaf.a[2 * i] = fields[i].offset;
    dev.ppaf.a[2 * i + 1] = fields[i].length;
    dev.ppaf_mask.a[i] = fields[i].mask();
  }
}

void describe_20(nvm_dev& dev) {
  dev.known_flags = NVM_CMD_MASK_IOMD | NVM_CMD_MASK_ADDR | NVM_CMD_MASK_PLOD | kNvmeFlags;
  dev.geo = geometry_20(dev.device.geometry());
  const auto bits = dev.device.address_bits();
  dev.lbaf = {static_cast<std::uint8_t>(bits[0]),
              static_cast<std::uint8_t>(bits[1]),
              static_cast<std::uint8_t>(bits[2]),
              static_cast<std::uint8_t>(bits[3]),
              {}};
  dev.lba_format = lightnvm::model::LbaFormat(bits);
  dev.lbaz = {dev.lba_format.group_shift(), dev.lba_format.unit_shift(), dev.lba_format.chunk_shift(), 0};
  const auto masks = dev.lba_format.device_masks();
  dev.lbam = {masks[0], masks[1], masks[2], masks[3]};
}

}  // namespace

nvm_dev::nvm_dev(lightnvm::Device opened) : device(std::move(opened)) {
  sector_bytes = device.geometry().sector_bytes;
  oob_bytes = device.geometry().oob_bytes;
  known_flags = NVM_CMD_MASK_IOMD | NVM_CMD_MASK_ADDR | NVM_CMD_PRP;
  if (has_path(device.backend_id())) path = device.path();
  name = name_of(path);
  std::memcpy(&ns, device.identify_namespace().data(), sizeof(ns));
  if (device.version() == SpecVersion::none) return;
  ssw = static_cast<unsigned>(std::bit_width(sector_bytes) - 1);
  mccap = device.capabilities();
  device.version() == SpecVersion::ocssd12 ? describe_12(*this) : describe_20(*this);
}

nvm_dev::~nvm_dev() = default;

namespace {

// What every getter does without a device.
template <typename Get>
auto get(const nvm_dev* dev, Get&& value) -> decltype(value(*dev)) {
  using T = decltype(value(*dev));
  if (dev != nullptr) return value(*dev);
  (void)refuse(EINVAL, kNoDevice);
  if constexpr (std::is_pointer_v<T>) {
    return nullptr;
  } else {
    return static_cast<T>(-1);
  }
}

// What only devices of one version have.
template <typename T>
const T* of_version(const nvm_dev& dev, SpecVersion version, const T* value) {
  if (dev.device.version() == version) return value;
  return refuse_pointer<const T>(ENOTSUP, "a device of this specification version has no such address format");
}

// A setter of a value between two bounds.
int set(nvm_dev* dev, int nvm_dev::* field, int value, int least, int most, const char* what) {
  if (dev == nullptr) return refuse(EINVAL, kNoDevice);
  if (value >= least && value <= most) {
    dev->*field = value;
    return 0;
  }
  return guarded(-1, [&] { return refuse(EINVAL, fmt::format("{} is {} to {}, not {}", what, least, most, value)); });
}

std::uint32_t planes_at_once(const nvm_dev& dev) {
  return dev.pmode == NVM_FLAG_PMODE_SNGL ? 1 : dev.device.geometry().planes;
}

// A setter of how many addresses a command has; on OCSSD 1.2 a multiple of what works at once.
int set_naddrs(nvm_dev* dev, int nvm_dev::* field, int naddrs, std::uint32_t unit, const char* what) {
  if (dev != nullptr && has_planes(*dev) && naddrs > 0 && static_cast<std::uint32_t>(naddrs) % unit != 0) {
    return guarded(-1,
                   [&] { return refuse(EINVAL, fmt::format("{} is a multiple of {}, not {}", what, unit, naddrs)); });
  }
  return set(dev, field, naddrs, 1, NVM_NADDR_MAX, what);
}

int check_flags(std::uint32_t flags) {
  if ((flags & ~(kBackends | NVM_CMD_MASK)) != 0) {
    return refuse(EINVAL, fmt::format("flags 0x{:x}: no backend and no option has the bits 0x{:x}", flags,
                                      flags & ~(kBackends | NVM_CMD_MASK)));
  }
  if (std::popcount(flags & kBackends) > 1) {
    return refuse(EINVAL, fmt::format("flags 0x{:x}: at most one backend can be chosen", flags));
  }
  for (const std::uint32_t group : {NVM_CMD_MASK_IOMD, NVM_CMD_MASK_ADDR, NVM_CMD_MASK_PASS}) {
    if (std::popcount(flags & group) > 1) {
      return refuse(EINVAL, fmt::format("flags 0x{:x}: 0x{:x} are alternatives", flags, group));
    }
  }
  return 0;
}

nvm_dev* open(const char* dev_path, int flags) {
  if (dev_path == nullptr) return refuse_pointer<nvm_dev>(EINVAL, "there is no identifier: the pointer is NULL");
  const auto bits = static_cast<std::uint32_t>(flags);
  if (check_flags(bits) != 0) return nullptr;
  lightnvm::OpenOptions options;
  if (const std::uint32_t wanted = bits & kBackends; wanted != 0) {
    const auto known = lightnvm::available_backends();
    const auto found = std::ranges::find(known, wanted, &lightnvm::BackendInfo::id);
    if (found == known.end())
      return refuse_pointer<nvm_dev>(EINVAL, fmt::format("no backend has the id 0x{:x}", wanted));
    options.backend = found->name;
  }
  auto device = lightnvm::Device::open(dev_path, options);
  if (!device) {
    errno = device.error().to_errno();
    return nullptr;
  }
  auto* dev = new nvm_dev(std::move(*device));
  dev->cmd_opts = group_or(bits, NVM_CMD_MASK_IOMD, NVM_CMD_DEF_IOMD) |
                  group_or(bits, NVM_CMD_MASK_ADDR, NVM_CMD_DEF_ADDR) |
                  group_or(bits, NVM_CMD_MASK_PLOD, NVM_CMD_DEF_PLOD) | (bits & NVM_CMD_MASK_PASS);
  for (unsigned i = 0; i < dev->plain_kinds.size(); ++i) {
    using lightnvm::dialect::Addressing;
    const auto kind = [&](Addressing addressing) {
      return static_cast<std::uint8_t>(
          lightnvm::dialect::plain_kind(static_cast<lightnvm::dialect::Operation>(i), addressing));
    };
    const bool scalar = (dev->cmd_opts & NVM_CMD_SCALAR) != 0;
    dev->plain_kinds[i] = {kind(scalar ? Addressing::scalar : Addressing::vector), kind(Addressing::scalar),
                           kind(Addressing::vector), lightnvm::dialect::kPlainKinds};
  }
  return dev;
}

}  // namespace

extern "C" {

nvm_dev* nvm_dev_open(const char* dev_path) { return nvm_dev_openf(dev_path, 0); }

nvm_dev* nvm_dev_openf(const char* dev_path, int flags) {
  return guarded(static_cast<nvm_dev*>(nullptr), [&] { return open(dev_path, flags); });
}

void nvm_dev_close(nvm_dev* dev) {
  if (dev != nullptr) (void)lightnvm::capi::guarded(-1, [&] { return lightnvm::capi::flush_tables(*dev, nullptr); });
  delete dev;
}

int nvm_dev_get_fd(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev&) { return 0; });
}
const char* nvm_dev_get_name(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.name.c_str(); });
}
const char* nvm_dev_get_path(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.path.c_str(); });
}
int nvm_dev_get_nsid(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return static_cast<int>(d.device.nsid()); });
}
int nvm_dev_get_verid(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return static_cast<int>(d.device.version()); });
}
std::uint32_t nvm_dev_get_mccap(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.mccap; });
}
const nvm_geo* nvm_dev_get_geo(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return &d.geo; });
}
const nvm_nvme_ns* nvm_dev_get_ns(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return &d.ns; });
}
int nvm_dev_get_ws_min(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return static_cast<int>(d.device.geometry().ws_min); });
}
int nvm_dev_get_ws_opt(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return static_cast<int>(d.device.geometry().ws_opt); });
}
int nvm_dev_get_mw_cunits(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) {
    if (d.device.version() == SpecVersion::ocssd12) return refuse(EINVAL, "mw_cunits: a 1.2 device has none");
    return static_cast<int>(d.device.geometry().mw_cunits);
  });
}
int nvm_dev_get_quirks(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.quirks; });
}
int nvm_dev_set_quirks(nvm_dev* dev, int quirks) {
  if (dev == nullptr) return refuse(EINVAL, kNoDevice);
  dev->quirks = quirks;
  return 0;
}
const nvm_spec_lbaf* nvm_dev_get_lbaf(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return of_version(d, SpecVersion::ocssd20, &d.lbaf); });
}
const nvm_spec_ppaf_nand* nvm_dev_get_ppaf(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return of_version(d, SpecVersion::ocssd12, &d.ppaf); });
}
const nvm_spec_ppaf_nand_mask* nvm_dev_get_ppaf_mask(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return of_version(d, SpecVersion::ocssd12, &d.ppaf_mask); });
}
int nvm_dev_set_pmode(nvm_dev* dev, int pmode) {
  const std::uint32_t planes = dev == nullptr ? 0 : std::max(dev->device.geometry().planes, 1U);
  const int most = planes >= 4 ? NVM_FLAG_PMODE_QUAD : planes >= 2 ? NVM_FLAG_PMODE_DUAL : NVM_FLAG_PMODE_SNGL;
  return set(dev, &nvm_dev::pmode, pmode, NVM_FLAG_PMODE_SNGL, most, "the plane mode");
}
int nvm_dev_get_pmode(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.pmode; });
}
int nvm_dev_get_bbts_cached(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.bbts_cached; });
}
int nvm_dev_set_bbts_cached(nvm_dev* dev, int bbts_cached) {
  return set(dev, &nvm_dev::bbts_cached, bbts_cached, 0, 1, "bbts_cached");
}
int nvm_dev_get_meta_mode(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.meta_mode; });
}
int nvm_dev_set_meta_mode(nvm_dev* dev, int meta_mode) {
  return set(dev, &nvm_dev::meta_mode, meta_mode, NVM_META_MODE_NONE, NVM_META_MODE_CONST, "meta_mode");
}
int nvm_dev_get_erase_naddrs_max(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.erase_naddrs_max; });
}
int nvm_dev_set_erase_naddrs_max(nvm_dev* dev, int naddrs) {
  return set(dev, &nvm_dev::erase_naddrs_max, naddrs, 1, NVM_NADDR_MAX, "erase_naddrs_max");
}
int nvm_dev_get_write_naddrs_max(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.write_naddrs_max; });
}
int nvm_dev_set_write_naddrs_max(nvm_dev* dev, int naddrs) {
  const std::uint32_t unit = dev == nullptr ? 1 : planes_at_once(*dev) * dev->device.geometry().page_sectors;
  return set_naddrs(dev, &nvm_dev::write_naddrs_max, naddrs, unit, "write_naddrs_max");
}
int nvm_dev_get_read_naddrs_max(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return d.read_naddrs_max; });
}
int nvm_dev_set_read_naddrs_max(nvm_dev* dev, int naddrs) {
  const std::uint32_t unit = dev == nullptr ? 1 : planes_at_once(*dev);
  return set_naddrs(dev, &nvm_dev::read_naddrs_max, naddrs, unit, "read_naddrs_max");
}
int nvm_dev_get_be_id(const nvm_dev* dev) {
  return get(dev, [](const nvm_dev& d) { return static_cast<int>(d.device.backend_id()); });
}

const char* nvm_pmode_str(int pmode) {
  switch (pmode) {
    case NVM_FLAG_PMODE_SNGL: return "SNGL";
    case NVM_FLAG_PMODE_DUAL: return "DUAL";
    case NVM_FLAG_PMODE_QUAD: return "QUAD";
    default: return "UNKN";
  }
}

}  // extern "C"
