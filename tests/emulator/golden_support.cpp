// SPDX-License-Identifier: BSD-2-Clause
// Golden images as text.
#include "golden_support.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <fstream>
#include <sstream>

namespace lightnvm::emulator::image_test {
namespace {

constexpr std::size_t kPiece = 1 << 20;

File dump(const std::string& path) {
  File file;
  file.size = file_size(path);
  const auto fd = os::open(path, O_RDONLY);
  for (std::uint64_t at = 0; at < file.size;) {
    const auto data = os::next_data(fd->get(), at);
    if (!data) break;
    at = *data / kRow * kRow;
    const std::uint64_t end = std::min(os::next_hole(fd->get(), at).value_or(file.size), file.size);
    for (; at < end; at += kPiece) {
      const Bytes bytes = read_file(path, at, std::min<std::uint64_t>(kPiece, end - at));
      for (std::size_t i = 0; i + kRow <= bytes.size(); i += kRow) {
        std::string hex;
        for (std::size_t k = 0; k < kRow; ++k) hex += fmt::format("{:02x}", static_cast<unsigned>(bytes[i + k]));
        if (hex.find_first_not_of('0') != std::string::npos) file.rows[at + i] = hex;
      }
    }
    at = end;
  }
  return file;
}

}  // namespace

std::string golden_path(const std::string& name) { return fmt::format("{}/golden/{}.txt", TEST_DATA, name); }

Files read_golden(const std::string& name) {
  Files files;
  std::ifstream in(golden_path(name));
  File* current = nullptr;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first.empty() || first == "#") continue;
    if (first == "file") {
      std::string suffix;
      std::uint64_t size = 0;
      words >> suffix >> size;
      current = &files[suffix == "-" ? "" : suffix];
      current->size = size;
    } else {
      words >> current->rows[std::stoull(first, nullptr, 16)];
    }
  }
  return files;
}

void write_golden(const std::string& name, std::uint32_t format, const Files& files) {
  std::ofstream out(golden_path(name));
  out << fmt::format(
      "# An emulated device in format {}, see image_golden_test.cpp: its files, and their rows that are not zero.\n",
      format);
  for (const auto& [suffix, file] : files) {
    out << fmt::format("file {} {}\n", suffix.empty() ? "-" : suffix, file.size);
    for (const auto& [offset, bytes] : file.rows) out << fmt::format("{:x} {}\n", offset, bytes);
  }
}

bool rebuild(const Files& files, const std::string& path) {
  for (const auto& [suffix, file] : files) {
    const auto fd = os::open(path + suffix, O_RDWR | O_CREAT, 0644);
    if (!fd || !os::truncate(fd->get(), file.size)) return false;
    for (const auto& [offset, hex] : file.rows) {
      Bytes row(kRow);
      for (std::size_t i = 0; i < kRow; ++i) {
        unsigned value = 0;
        std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, value, 16);
        row[i] = static_cast<std::byte>(value);
      }
      if (!os::write_at(fd->get(), row.data(), kRow, offset)) return false;
    }
  }
  return true;
}

Files dump_all(const std::string& path) {
  Files files;
  const std::uint32_t segments = info(path)->segments;
  for (std::uint32_t i = 0; i < segments; ++i) {
    const std::string suffix = i == 0 ? "" : fmt::format(".{}", i);
    files[suffix] = dump(path + suffix);
  }
  return files;
}

void forget_identity(Files& files) {
  for (const std::uint64_t copy : {0, 4096}) {
    auto& rows = files[""].rows;
    rows[copy].replace(24, 8, 8, '.');
    rows[copy + 16].replace(0, 16, 16, '.');
    rows[copy + 208].replace(0, 32, 32, '.');
  }
}

}  // namespace lightnvm::emulator::image_test
