// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes image files. The superblocks' checksums are made right, so that what lies behind them is reached.
#include "emulator/image.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/crc32c.hpp"
#include "emulator/device.hpp"

namespace {

using lightnvm::emulator::Superblock;

constexpr std::size_t kLargestFile = 1 << 20;

void mend(std::vector<std::uint8_t>& file, std::size_t at) {
  if (file.size() < at + sizeof(Superblock)) return;
  Superblock block;
  std::memcpy(&block, file.data() + at, sizeof(block));
  block.magic = lightnvm::emulator::kImageMagic;
  block.crc = 0;
  block.crc = lightnvm::crc32c(std::as_bytes(std::span(&block, 1)));
  std::memcpy(file.data() + at, &block, sizeof(block));
}

}  // namespace

// The first two bytes: whether the checksums are mended, and how far the file goes on with zeros.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lightnvm;
  if (size < 2) return 0;
  std::vector<std::uint8_t> file(data + 2, data + size);
  file.resize(std::min(kLargestFile, file.size() + data[1] * std::size_t{4096}));
  if ((data[0] & 1) != 0) mend(file, 0);
  if ((data[0] & 2) != 0) mend(file, sizeof(Superblock));
  const int fd = ::memfd_create("image", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, file.data(), file.size()) != static_cast<ssize_t>(file.size())) std::abort();
  // What is written in full is long enough only for small devices; the rest of a larger one is a hole.
  if ((data[0] & 4) != 0) (void)!::ftruncate(fd, 1LL << 40);
  const std::string path = fmt::format("/proc/self/fd/{}", fd);
  const auto info = emulator::info(path);
  if (info && info->config.geometry.total_chunks() <= 1 << 16) {
    (void)emulator::check(path);
    (void)emulator::Device::from_file(path, emulator::ImageAccess::look);
    (void)emulator::Device::from_file(path, emulator::ImageAccess::exclusive);
  }
  ::close(fd);
  return 0;
}
