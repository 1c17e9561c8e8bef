// SPDX-License-Identifier: BSD-2-Clause
// nvm_sgl_*: lists of memory, and pools that keep them.
#include "capi/handles.hpp"

using namespace lightnvm::capi;
using lightnvm::Segment;

namespace {

constexpr std::size_t kMostSegments = 256;
constexpr std::uint64_t kMark = 0x6c69676874736c67;  // "lightslg"

std::uint64_t mark_of(const nvm_sgl* sgl) noexcept { return kMark ^ reinterpret_cast<std::uintptr_t>(sgl); }

std::unique_ptr<nvm_sgl> make(const nvm_dev* dev, int hint) {
  auto sgl = std::make_unique<nvm_sgl>(dev);
  sgl->segments.reserve(static_cast<std::size_t>(hint));
  return sgl;
}

}  // namespace

nvm_sgl::nvm_sgl(const nvm_dev* owner) noexcept : mark(mark_of(this)), dev(owner) {}

nvm_sgl::~nvm_sgl() {
  // A store that the compiler may not leave out: the memory is looked at again only by whoever gets it next.
  *const_cast<volatile std::uint64_t*>(&mark) = 0;
}

const nvm_sgl* lightnvm::capi::as_sgl(const nvm_dev& dev, const void* data) noexcept {
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(nvm_sgl) != 0) return nullptr;
  // Whatever it is may be looked at byte by byte, and no further than the first byte that is no list's: metadata can be
  // shorter than a mark.
  const auto* sgl = static_cast<const nvm_sgl*>(data);
  const std::uint64_t mark = mark_of(sgl);
  const auto* expected = reinterpret_cast<const volatile unsigned char*>(&mark);
  const auto* found = static_cast<const volatile unsigned char*>(data) + offsetof(nvm_sgl, mark);
  for (std::size_t i = 0; i < sizeof(mark); ++i) {
    if (found[i] != expected[i]) return nullptr;
  }
  return sgl->dev == &dev ? sgl : nullptr;
}

extern "C" {

nvm_sgl_pool* nvm_sgl_pool_create(nvm_dev* dev) {
  return guarded(static_cast<nvm_sgl_pool*>(nullptr), [&] {
    if (dev == nullptr) return refuse_pointer<nvm_sgl_pool>(EINVAL, kNoDevice);
    return new nvm_sgl_pool{dev, {}};
  });
}

void nvm_sgl_pool_destroy(nvm_sgl_pool* pool) { delete pool; }

nvm_sgl* nvm_sgl_create(nvm_dev* dev, int hint) {
  return guarded(static_cast<nvm_sgl*>(nullptr), [&] {
    if (dev == nullptr || hint < 0 || static_cast<std::size_t>(hint) > kMostSegments) {
      return refuse_pointer<nvm_sgl>(EINVAL, "a device and a hint of 0 to 256 entries are needed");
    }
    return make(dev, hint).release();
  });
}

nvm_sgl* nvm_sgl_alloc(nvm_sgl_pool* pool) {
  return guarded(static_cast<nvm_sgl*>(nullptr), [&] {
    if (pool == nullptr) return refuse_pointer<nvm_sgl>(EINVAL, "there is no pool: the pointer is NULL");
    if (pool->idle.empty()) return make(pool->dev, 1).release();
    nvm_sgl* sgl = pool->idle.back().release();
    pool->idle.pop_back();
    return sgl;
  });
}

void nvm_sgl_destroy(nvm_dev* /*dev*/, nvm_sgl* sgl) { delete sgl; }

void nvm_sgl_free(nvm_sgl_pool* pool, nvm_sgl* sgl) {
  if (sgl == nullptr) return;
  std::unique_ptr<nvm_sgl> kept(sgl);
  if (pool == nullptr || kept->dev != pool->dev) return;
  kept->segments.clear();
  // A pool that cannot grow does without this one.
  (void)guarded(0, [&] {
    pool->idle.push_back(std::move(kept));
    return 0;
  });
}

void nvm_sgl_reset(nvm_sgl* sgl) {
  if (sgl != nullptr) sgl->segments.clear();
}

int nvm_sgl_add(nvm_dev* dev, nvm_sgl* sgl, void* buf, std::size_t nbytes) {
  return guarded(-1, [&] {
    if (dev == nullptr || sgl == nullptr || sgl->dev != dev) {
      return refuse(EINVAL, "a list and the device that it was made for are needed");
    }
    if (buf == nullptr || nbytes == 0) return refuse(EINVAL, "an entry of a list has memory and more than 0 bytes");
    if (sgl->segments.size() == kMostSegments) return refuse(EINVAL, "a list has at most 256 entries");
    sgl->segments.push_back({static_cast<std::byte*>(buf), nbytes});
    return 0;
  });
}

}  // extern "C"
