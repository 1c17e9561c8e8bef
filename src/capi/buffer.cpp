// SPDX-License-Identifier: BSD-2-Clause
// nvm_buf_*: memory for transfers, its contents, files.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "capi/handles.hpp"
#include "device/core.hpp"
#include "os/fd.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

constexpr std::size_t kAlignment = 4096;

// The route's own memory, or nullptr where the heap will do.
backends::Memory* memory_of(const nvm_dev& dev) {
  Device handle = dev.device;
  return DeviceAccess::impl(handle).backend->memory();
}

void* heap(std::size_t alignment, std::size_t nbytes) {
  const std::size_t rounded = (nbytes + alignment - 1) / alignment * alignment;
  return rounded < nbytes ? nullptr : std::aligned_alloc(alignment, rounded);
}

std::uint64_t as_number(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

void* allocate(const nvm_dev& dev, std::size_t nbytes, std::uint64_t* phys) {
  backends::Memory* own = memory_of(dev);
  if (own == nullptr) {
    void* memory = heap(std::max<std::size_t>(kAlignment, dev.sector_bytes), nbytes);
    if (memory == nullptr) return refuse_pointer<void>(ENOMEM, fmt::format("no memory for {} bytes", nbytes));
    if (phys != nullptr) *phys = as_number(memory);
    return memory;
  }
  const auto memory = own->allocate(nbytes, kAlignment);
  if (!memory) {
    (void)refuse(memory.error(), "nvm_buf_alloc");
    return nullptr;
  }
  if (phys != nullptr) {
    const auto address = own->translate(*memory);
    if (!address) {
      own->release(*memory);
      (void)refuse(address.error(), "nvm_buf_alloc");
      return nullptr;
    }
    *phys = *address;
  }
  return *memory;
}

// All of a buffer through read(2) or write(2).
template <typename Transfer>
int whole(char* buf, std::size_t nbytes, const char* path, int flags, const char* verb, Transfer&& transfer) {
  return guarded(-1, [&] {
    if (buf == nullptr || path == nullptr) return refuse(EINVAL, "a buffer and a path are needed: a pointer is NULL");
    const os::Fd fd(::open(path, flags | O_CLOEXEC, 0666));
    if (!fd.valid()) return refuse(errno, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    for (std::size_t done = 0; done < nbytes;) {
      const ssize_t n = transfer(fd.get(), buf + done, nbytes - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return refuse(errno, fmt::format("cannot {} {}: {}", verb, path, std::strerror(errno)));
      if (n == 0) return refuse(EINVAL, fmt::format("{} ends after {} of {} bytes", path, done, nbytes));
      done += static_cast<std::size_t>(n);
    }
    return 0;
  });
}

void fill_letters(char* buf, std::size_t nbytes) {
  constexpr unsigned kLetters = 26;
  for (std::size_t i = 0; i < nbytes; ++i) buf[i] = static_cast<char>('A' + i % kLetters);
}

}  // namespace

extern "C" {

void* nvm_buf_alloc(const nvm_dev* dev, std::size_t nbytes, std::uint64_t* phys) {
  return guarded(static_cast<void*>(nullptr), [&] {
    if (dev == nullptr || nbytes == 0) return refuse_pointer<void>(EINVAL, "a device and more than 0 bytes are needed");
    return allocate(*dev, nbytes, phys);
  });
}

void* nvm_buf_realloc(const nvm_dev* dev, void* buf, std::size_t nbytes, std::uint64_t* phys) {
  return guarded(static_cast<void*>(nullptr), [&]() -> void* {
    if (dev == nullptr || nbytes == 0) return refuse_pointer<void>(EINVAL, "a device and more than 0 bytes are needed");
    if (buf != nullptr && memory_of(*dev) != nullptr) {
      return refuse_pointer<void>(ENOTSUP, "the route's memory does not grow: allocate anew and copy");
    }
    void* fresh = allocate(*dev, nbytes, phys);
    if (fresh == nullptr || buf == nullptr) return fresh;
    std::memcpy(fresh, buf, std::min(nbytes, ::malloc_usable_size(buf)));
    std::free(buf);
    return fresh;
  });
}

void nvm_buf_free(const nvm_dev* dev, void* buf) {
  if (buf == nullptr) return;
  backends::Memory* own = dev == nullptr ? nullptr : memory_of(*dev);
  if (own != nullptr) {
    own->release(static_cast<std::byte*>(buf));
  } else {
    std::free(buf);
  }
}

int nvm_buf_vtophys(const nvm_dev* dev, void* buf, std::uint64_t* phys) {
  return guarded(-1, [&] {
    if (dev == nullptr || buf == nullptr || phys == nullptr) {
      return refuse(EINVAL, "a device, a buffer and a place for the address are needed: a pointer is NULL");
    }
    if (backends::Memory* own = memory_of(*dev); own != nullptr) {
      const auto address = own->translate(static_cast<std::byte*>(buf));
      if (!address) return refuse(address.error(), "nvm_buf_vtophys");
      *phys = *address;
      return 0;
    }
    if ((dev->device.backend_id() & (NVM_BE_IOCTL | NVM_BE_LBD)) != 0) {
      return refuse(ENOSYS, "the kernel's routes need no bus addresses");
    }
    *phys = as_number(buf);
    return 0;
  });
}

void* nvm_buf_virt_alloc(std::size_t alignment, std::size_t nbytes) {
  return guarded(static_cast<void*>(nullptr), [&] {
    if (nbytes == 0 || !std::has_single_bit(alignment)) {
      return refuse_pointer<void>(EINVAL, "more than 0 bytes and an alignment that is a power of two are needed");
    }
    void* memory = heap(std::max(alignment, alignof(std::max_align_t)), nbytes);
    return memory != nullptr ? memory : refuse_pointer<void>(ENOMEM, fmt::format("no memory for {} bytes", nbytes));
  });
}

void nvm_buf_virt_free(void* buf) { std::free(buf); }

void nvm_buf_fill(char* buf, std::size_t nbytes) {
  if (buf != nullptr) fill_letters(buf, nbytes);
}

std::size_t nvm_buf_diff(const char* expected, const char* actual, std::size_t nbytes) {
  if (expected == nullptr || actual == nullptr) return nbytes;
  std::size_t different = 0;
  for (std::size_t i = 0; i < nbytes; ++i) different += expected[i] != actual[i] ? 1 : 0;
  return different;
}

int nvm_buf_to_file(char* buf, std::size_t nbytes, const char* path) {
  return whole(buf, nbytes, path, O_WRONLY | O_CREAT | O_TRUNC, "write", ::write);
}

int nvm_buf_from_file(char* buf, std::size_t nbytes, const char* path) {
  return whole(buf, nbytes, path, O_RDONLY, "read", ::read);
}

nvm_buf_set* nvm_buf_set_alloc(nvm_dev* dev, std::size_t nbytes, std::size_t nbytes_meta) {
  if (dev == nullptr) return refuse_pointer<nvm_buf_set>(EINVAL, kNoDevice);
  auto* bufs = static_cast<nvm_buf_set*>(std::calloc(1, sizeof(nvm_buf_set)));
  if (bufs == nullptr) return nullptr;
  bufs->dev = dev;
  bufs->nbytes = nbytes;
  bufs->nbytes_meta = nbytes_meta;
  const auto make = [&](char*& buffer, std::size_t size) {
    if (size != 0) buffer = static_cast<char*>(nvm_buf_alloc(dev, size, nullptr));
    return size == 0 || buffer != nullptr;
  };
  if (make(bufs->write, nbytes) && make(bufs->read, nbytes) && make(bufs->write_meta, nbytes_meta) &&
      make(bufs->read_meta, nbytes_meta)) {
    return bufs;
  }
  const int error = errno;
  nvm_buf_set_free(bufs);
  errno = error;
  return nullptr;
}

void nvm_buf_set_fill(nvm_buf_set* bufs) {
  if (bufs == nullptr) return;
  nvm_buf_fill(bufs->write, bufs->nbytes);
  nvm_buf_fill(bufs->write_meta, bufs->nbytes_meta);
  if (bufs->read != nullptr) std::memset(bufs->read, 0, bufs->nbytes);
  if (bufs->read_meta != nullptr) std::memset(bufs->read_meta, 0, bufs->nbytes_meta);
}

void nvm_buf_set_free(nvm_buf_set* bufs) {
  if (bufs == nullptr) return;
  for (char* buffer : {bufs->write, bufs->read, bufs->write_meta, bufs->read_meta}) nvm_buf_free(bufs->dev, buffer);
  std::free(bufs);
}

}  // extern "C"
