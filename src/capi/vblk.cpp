// SPDX-License-Identifier: BSD-2-Clause
// nvm_vblk_*: virtual blocks by the original's rules, on lightnvm::VirtualBlock.
#include <fmt/format.h>

#include <algorithm>

#include "capi/handles.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

constexpr int kMostChunks = 128;

const char* no_block() { return "there is no virtual block: the pointer is NULL"; }

// As the device is set now.
VirtualBlockOptions options_of(const nvm_vblk& v, std::uint32_t depth) {
  VirtualBlockOptions options;
  options.depth = depth;
  options.scalar = (v.flags & NVM_CMD_SCALAR) != 0;
  if (has_planes(*v.dev)) options.plane_mode = static_cast<PlaneMode>(v.dev->pmode);
  options.erase_addresses = static_cast<std::uint32_t>(v.dev->erase_naddrs_max);
  options.write_addresses = static_cast<std::uint32_t>(v.dev->write_naddrs_max);
  options.read_addresses = static_cast<std::uint32_t>(v.dev->read_naddrs_max);
  return options;
}

// Makes the block anew, of the same chunks.
int make_block(nvm_vblk& v, std::uint32_t depth) {
  if (v.addrs.empty()) return 0;
  const VirtualBlockOptions options = options_of(v, depth);
  auto block = VirtualBlock::make(v.dev->device, {to_addresses(v.addrs.data()), v.addrs.size()}, options);
  if (!block) {
    const bool has_sentence = block.error().is_errno(EINVAL);
    return has_sentence ? refuse_explained(block.error()) : refuse(block.error(), "a virtual block of these chunks");
  }
  v.block.emplace(std::move(*block));
  v.made_with = options;
  v.nbytes = v.block->size();
  return 0;
}

// The device's settings hold for what comes after them.
int follow_settings(nvm_vblk& v) {
  const std::uint32_t depth = v.made_with.depth;
  return !v.block || options_of(v, depth) == v.made_with ? 0 : make_block(v, depth);
}

// Bytes that a count or an offset is a multiple of.
std::size_t unit_of(const nvm_vblk& v) { return std::size_t{v.dev->device.geometry().ws_opt} * v.dev->sector_bytes; }

int check(const nvm_vblk& v, std::size_t count, std::size_t offset) {
  if (offset > v.nbytes || count > v.nbytes - offset) {
    return refuse(EINVAL, fmt::format("{} bytes at {} exceed the virtual block of {} bytes", count, offset, v.nbytes));
  }
  const std::size_t unit = unit_of(v);
  if (count % unit != 0 || offset % unit != 0) {
    return refuse(EINVAL,
                  fmt::format("{} bytes at {}: both are to be multiples of {}, ws_opt sectors", count, offset, unit));
  }
  return 0;
}

std::byte letter(std::size_t i) { return static_cast<std::byte>('A' + i % 26); }

// One stripe of the pattern: it begins anew in every ws_opt sectors.
std::vector<std::byte> pattern(const nvm_vblk& v) {
  const std::size_t unit = unit_of(v);
  std::vector<std::byte> out(unit * v.addrs.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = letter(i % unit);
  return out;
}

// What the device's metadata mode wants with `nbytes` of data.
std::vector<std::byte> metadata(const nvm_vblk& v, std::size_t nbytes) {
  const std::size_t oob = v.dev->oob_bytes;
  if (v.dev->meta_mode == NVM_META_MODE_NONE || oob == 0) return {};
  std::vector<std::byte> out(nbytes / v.dev->sector_bytes * oob);
  const std::size_t unit = v.dev->device.geometry().ws_opt * oob;
  const bool alpha = v.dev->meta_mode == NVM_META_MODE_ALPHA;
  const auto constant = static_cast<std::byte>('A' + unit % 20);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = alpha ? letter(i % unit) : constant;
  return out;
}

// A command that failed is EIO; what was wrong before anything was sent is told as it is.
ssize_t outcome(Status s, std::size_t count, const char* what) {
  if (s) return static_cast<ssize_t>(count);
  if (s.is_errno(EINVAL) || s.is_errno(ENOTSUP) || s.is_errno(EROFS) || s.is_errno(ENOMEM)) return refuse(s, what);
  return refuse(EIO, fmt::format("{}: {}", what, s.message()));
}

ssize_t write_at(nvm_vblk* v, const void* buf, std::size_t count, std::size_t offset) {
  if (v == nullptr) return refuse(EINVAL, no_block());
  if (check(*v, count, offset) != 0) return -1;
  if (count == 0) return 0;
  if (follow_settings(*v) != 0) return -1;
  if (buf != nullptr) {
    const std::span bytes(static_cast<const std::byte*>(buf), count);
    return outcome(v->block->write_at(offset, bytes, metadata(*v, count)), count, "nvm_vblk_pwrite");
  }
  const std::vector<std::byte> stripe = pattern(*v);
  const std::vector<std::byte> oob = metadata(*v, stripe.size());
  // The pattern is in step with the stripes.
  for (std::size_t done = 0; done < count;) {
    const std::size_t position = (offset + done) % stripe.size();
    const std::size_t part = std::min(count - done, stripe.size() - position);
    const std::size_t sectors = part / v->dev->sector_bytes;
    const Status s = v->block->write_at(offset + done, std::span(stripe).first(part),
                                        std::span(oob).first(oob.empty() ? 0 : sectors * v->dev->oob_bytes));
    if (!s) return outcome(s, count, "nvm_vblk_pwrite");
    done += part;
  }
  return static_cast<ssize_t>(count);
}

ssize_t read_at(nvm_vblk* v, void* buf, std::size_t count, std::size_t offset) {
  if (v == nullptr) return refuse(EINVAL, no_block());
  if (check(*v, count, offset) != 0) return -1;
  if (count == 0) return 0;
  if (buf == nullptr) return refuse(EINVAL, "there is no buffer: the pointer is NULL");
  if (follow_settings(*v) != 0) return -1;
  const Status s = v->block->read_at(offset, {static_cast<std::byte*>(buf), count});
  return outcome(s, count, "nvm_vblk_pread");
}

// Chunks of one command: as many as the device's setting allows, and such that all commands have the same.
std::size_t erase_group(const nvm_vblk& v) {
  std::size_t group = std::min(static_cast<std::size_t>(v.dev->erase_naddrs_max), v.addrs.size());
  while (v.addrs.size() % group != 0) --group;
  return group;
}

// All chunks are tried; the first failure is the outcome.
Status erase(nvm_vblk& v) {
  if (v.dev->device.version() != SpecVersion::ocssd20) return v.block->erase();
  const bool vector = (v.dev->cmd_opts & NVM_CMD_VECTOR) != 0;
  const std::span<const Address> all(v.block->chunks());
  const std::size_t group = erase_group(v);
  Status first;
  for (std::size_t i = 0; i < all.size(); i += group) {
    const auto part = all.subspan(i, group);
    const Completion c = v.dev->device.reset(vector ? Sectors(part) : Sectors::scalar(part));
    if (!c && first.ok()) first = c.status;
  }
  return first;
}

int set_position(nvm_vblk* v, std::size_t nvm_vblk::* position, std::size_t value) {
  return guarded(-1, [&] {
    if (v == nullptr) return refuse(EINVAL, no_block());
    if (value > v->nbytes) {
      return refuse(EINVAL, fmt::format("position {} is behind the end of {} bytes", value, v->nbytes));
    }
    v->*position = value;
    return 0;
  });
}

// A getter; of no virtual block it is `otherwise` and EINVAL.
template <typename T, typename F>
T get(nvm_vblk* v, T otherwise, F&& value) {
  if (v != nullptr) return value(*v);
  return guarded(otherwise, [&] {
    (void)refuse(EINVAL, no_block());
    return otherwise;
  });
}

}  // namespace

extern "C" {

nvm_vblk* nvm_vblk_alloc(nvm_dev* dev, nvm_addr addrs[], int naddrs) {
  return guarded(static_cast<nvm_vblk*>(nullptr), [&] {
    if (dev == nullptr || naddrs < 0 || (naddrs > 0 && addrs == nullptr)) {
      return refuse_pointer<nvm_vblk>(EINVAL, "a device and addresses are needed");
    }
    if (naddrs > kMostChunks) {
      return refuse_pointer<nvm_vblk>(EINVAL, fmt::format("a virtual block has at most {} chunks", kMostChunks));
    }
    if (dev->device.version() == SpecVersion::none) {
      return refuse_pointer<nvm_vblk>(naddrs == 0 ? ENOSYS : EINVAL, "the device is no Open-Channel SSD");
    }
    const std::span list(addrs, static_cast<std::size_t>(naddrs));
    for (const nvm_addr a : list) {
      if (const int exceeded = nvm_addr_check(a, dev); exceeded != 0) {
        return refuse_pointer<nvm_vblk>(EINVAL, fmt::format("the device has no address 0x{:016x}", a.val));
      }
    }
    auto v = std::make_unique<nvm_vblk>();
    v->dev = dev;
    v->addrs.assign(list.begin(), list.end());
    return make_block(*v, 0) == 0 ? v.release() : nullptr;
  });
}

nvm_vblk* nvm_vblk_alloc_line(nvm_dev* dev, int ch_bgn, int ch_end, int lun_bgn, int lun_end, int blk) {
  return guarded(static_cast<nvm_vblk*>(nullptr), [&] {
    if (dev == nullptr) return refuse_pointer<nvm_vblk>(EINVAL, kNoDevice);
    const auto outside = [](int begin, int end, std::size_t count) {
      return begin < 0 || end < begin || static_cast<std::size_t>(end) >= count;
    };
    const auto& g = dev->geo.g;
    if (outside(ch_bgn, ch_end, g.nchannels) || outside(lun_bgn, lun_end, g.nluns) || outside(blk, blk, g.nblocks)) {
      return refuse_pointer<nvm_vblk>(EINVAL, "the line is not on the device");
    }
    std::vector<nvm_addr> addrs;
    for (int lun = lun_bgn; lun <= lun_end; ++lun) {
      for (int ch = ch_bgn; ch <= ch_end; ++ch) {
        addrs.push_back(from_address(Address::of(static_cast<std::uint32_t>(ch), static_cast<std::uint32_t>(lun),
                                                 static_cast<std::uint32_t>(blk))));
      }
    }
    if (addrs.size() > kMostChunks) {
      return refuse_pointer<nvm_vblk>(EINVAL, fmt::format("a virtual block has at most {} chunks", kMostChunks));
    }
    return nvm_vblk_alloc(dev, addrs.data(), static_cast<int>(addrs.size()));
  });
}

int nvm_vblk_set_async(nvm_vblk* v, std::uint32_t depth) {
  return guarded(-1, [&] {
    if (v == nullptr) return refuse(EINVAL, no_block());
    if (make_block(*v, depth) != 0) return -1;
    v->flags = (v->flags & ~static_cast<std::uint32_t>(NVM_CMD_MASK_IOMD)) | NVM_CMD_ASYNC;
    return 0;
  });
}

int nvm_vblk_set_scalar(nvm_vblk* v) {
  return guarded(-1, [&] {
    if (v == nullptr) return refuse(EINVAL, no_block());
    if (has_planes(*v->dev)) return 0;  // 1.2 has no scalar commands
    const std::uint32_t before = v->flags;
    v->flags = (v->flags & ~static_cast<std::uint32_t>(NVM_CMD_MASK_ADDR)) | NVM_CMD_SCALAR;
    if (make_block(*v, v->made_with.depth) == 0) return 0;
    v->flags = before;
    return -1;
  });
}

void nvm_vblk_free(nvm_vblk* v) { delete v; }

ssize_t nvm_vblk_erase(nvm_vblk* v) {
  return guarded(ssize_t{-1}, [&]() -> ssize_t {
    if (v == nullptr) return refuse(EINVAL, no_block());
    if (follow_settings(*v) != 0) return -1;
    if (v->block) {
      if (const Status s = erase(*v); !s) return outcome(s, 0, "nvm_vblk_erase");
    }
    v->pos_write = v->pos_read = 0;
    return static_cast<ssize_t>(v->nbytes);
  });
}

ssize_t nvm_vblk_pwrite(nvm_vblk* v, const void* buf, std::size_t count, std::size_t offset) {
  return guarded(ssize_t{-1}, [&] { return write_at(v, buf, count, offset); });
}

ssize_t nvm_vblk_write(nvm_vblk* v, const void* buf, std::size_t count) {
  const ssize_t n = nvm_vblk_pwrite(v, buf, count, v == nullptr ? 0 : v->pos_write);
  if (v != nullptr && n > 0) v->pos_write += static_cast<std::size_t>(n);
  return n;
}

ssize_t nvm_vblk_pad(nvm_vblk* v) { return nvm_vblk_write(v, nullptr, v == nullptr ? 0 : v->nbytes - v->pos_write); }

ssize_t nvm_vblk_pread(nvm_vblk* v, void* buf, std::size_t count, std::size_t offset) {
  return guarded(ssize_t{-1}, [&] { return read_at(v, buf, count, offset); });
}

ssize_t nvm_vblk_read(nvm_vblk* v, void* buf, std::size_t count) {
  const ssize_t n = nvm_vblk_pread(v, buf, count, v == nullptr ? 0 : v->pos_read);
  if (v != nullptr && n > 0) v->pos_read += static_cast<std::size_t>(n);
  return n;
}

ssize_t nvm_vblk_copy(nvm_vblk* src, nvm_vblk* dst, int /*flags*/) {
  return guarded(ssize_t{-1}, [&]() -> ssize_t {
    if (src == nullptr || dst == nullptr) return refuse(EINVAL, no_block());
    if (src->dev != dst->dev || src->addrs.size() != dst->addrs.size() || src->nbytes != dst->nbytes ||
        src->dev->device.version() != SpecVersion::ocssd20) {
      return refuse(ENOSYS, "only virtual blocks of one 2.0 device, of the same size, are copied");
    }
    if (!src->block) return 0;
    return outcome(src->block->copy_to(*dst->block), src->nbytes, "nvm_vblk_copy");
  });
}

nvm_dev* nvm_vblk_get_dev(nvm_vblk* v) {
  return get(v, static_cast<nvm_dev*>(nullptr), [](nvm_vblk& b) { return b.dev; });
}
nvm_addr* nvm_vblk_get_addrs(nvm_vblk* v) {
  return get(v, static_cast<nvm_addr*>(nullptr), [](nvm_vblk& b) { return b.addrs.data(); });
}
int nvm_vblk_get_naddrs(nvm_vblk* v) {
  return get(v, -1, [](nvm_vblk& b) { return static_cast<int>(b.addrs.size()); });
}
std::size_t nvm_vblk_get_nbytes(nvm_vblk* v) {
  return get(v, std::size_t{0}, [](nvm_vblk& b) { return b.nbytes; });
}
std::size_t nvm_vblk_get_pos_read(nvm_vblk* v) {
  return get(v, std::size_t{0}, [](nvm_vblk& b) { return b.pos_read; });
}
std::size_t nvm_vblk_get_pos_write(nvm_vblk* v) {
  return get(v, std::size_t{0}, [](nvm_vblk& b) { return b.pos_write; });
}
int nvm_vblk_set_pos_read(nvm_vblk* v, std::size_t pos) { return set_position(v, &nvm_vblk::pos_read, pos); }
int nvm_vblk_set_pos_write(nvm_vblk* v, std::size_t pos) { return set_position(v, &nvm_vblk::pos_write, pos); }

}  // extern "C"
