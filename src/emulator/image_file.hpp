// SPDX-License-Identifier: BSD-2-Clause
// ImageFile: one file of an image. The one way from the emulated device to the disk, so that tests can stand in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "os/fd.hpp"

namespace lightnvm::emulator {

/// Thread-safe. Errors as those of os/fd.hpp.
class ImageFile {
 public:
  explicit ImageFile(os::Fd fd) noexcept : fd_(std::move(fd)) {}
  virtual ~ImageFile() = default;
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  /// For what changes nothing on the disk: locks, sizes, holes.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  virtual Status read(std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept {
    return os::read_at(fd(), data, bytes, offset);
  }
  virtual Status write(const std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept {
    return os::write_at(fd(), data, bytes, offset);
  }
  virtual Status punch(std::uint64_t offset, std::uint64_t bytes) noexcept {
    return os::punch_hole(fd(), offset, bytes);
  }
  virtual Status sync() noexcept { return os::sync_data(fd()); }
  /// The power has failed, and nothing is under way. A plain file loses nothing by it: its kernel lives on.
  virtual void lose_power() noexcept {}

 private:
  os::Fd fd_;
};

/// Makes the file of an image that lies at a path, from its descriptor.
using MakeImageFile = std::function<std::unique_ptr<ImageFile>(os::Fd fd, const std::string& path)>;
inline std::unique_ptr<ImageFile> plain_file(os::Fd fd, const std::string&) {
  return std::make_unique<ImageFile>(std::move(fd));
}

}  // namespace lightnvm::emulator
