// SPDX-License-Identifier: BSD-2-Clause
// Golden images: written down as text, made again from it, and compared with what this library makes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {

inline constexpr std::uint64_t kRow = 16;

/// One file of an image: its size, and its rows of 16 bytes that are not zero.
struct File {
  std::uint64_t size = 0;
  std::map<std::uint64_t, std::string> rows;  ///< hexadecimal
  friend bool operator==(const File&, const File&) = default;
};
/// By what is behind the image's name: "", ".1", ...
using Files = std::map<std::string, File>;

std::string golden_path(const std::string& name);
Files read_golden(const std::string& name);
void write_golden(const std::string& name, std::uint32_t format, const Files& files);
/// Builds the files; false where the file system takes no file of that size.
bool rebuild(const Files& files, const std::string& path);
Files dump_all(const std::string& path);
/// What differs from image to image: checksum, sequence, uuid.
void forget_identity(Files& files);

}  // namespace lightnvm::emulator::image_test
