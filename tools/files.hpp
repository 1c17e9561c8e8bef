// SPDX-License-Identifier: BSD-2-Clause
// Files and a pattern that data comes from and goes to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace tools {

/// Gives the next bytes to write; fewer than asked for at the end of them.
using Fill = std::function<std::size_t(std::span<std::byte>)>;
/// Takes the next bytes that were read.
using Drain = std::function<void(std::span<const std::byte>)>;

/// The original's pattern: A to Z, over and over.
Fill alphabet();
/// The same in memory, from its letter number `first` on.
void put_alphabet(std::span<std::byte> to, std::uint64_t first) noexcept;

/// A file to write from.
class InputFile {
 public:
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Its size; nothing where it is no regular file.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool regular() const noexcept { return regular_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  std::size_t read(std::span<std::byte> to);

 private:
  std::string path_;
  int fd_;
  bool regular_ = false;
  std::uint64_t size_ = 0;
};

/// A file to read into. What it had is gone with the first bytes that come, or with a close without any; without either
/// it stays as it was, or away. One of `device`'s files is a Failure.
class OutputFile {
 public:
  OutputFile(std::string path, const std::string& device);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> data);
  /// Reports what only the end tells.
  void close();

 private:
  void begin();

  std::string path_;
  int fd_ = -1;
  bool made_ = false;   // there was none
  bool begun_ = false;  // it has what is written alone
  std::uint64_t written_ = 0;
};

}  // namespace tools
