// SPDX-License-Identifier: BSD-2-Clause
// Transfers between a virtual block and a file or a pattern, in pieces, so that no file is whole in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <lightnvm/virtual_block.hpp>
#include <span>
#include <string>

namespace tools {

/// What the original's tool measures. `elapsed` is from the first command to the last, with what is done to files
/// meanwhile; `fill` is that part alone, or making the pattern.
struct Timing {
  double alloc = 0, fill = 0, elapsed = 0;
  std::uint64_t bytes = 0;
};

/// Gives the next bytes to write; fewer than asked for at the end of them.
using Fill = std::function<std::size_t(std::span<std::byte>)>;
/// Takes the next bytes that were read.
using Drain = std::function<void(std::span<const std::byte>)>;

/// What a transfer is about. Failures have `call`; `quiet`: no progress bar.
struct Extent {
  std::string call;
  std::uint64_t offset = 0, bytes = 0;
  bool quiet = false;
};
/// Writes until `fill` has no more; what is short of a write size is filled up with the pattern. Returns where it
/// ended. Ctrl-C ends both between two pieces, as a Failure.
std::uint64_t write_pieces(lightnvm::VirtualBlock& block, const Extent& extent, const Fill& fill, Timing& timing);
void read_pieces(lightnvm::VirtualBlock& block, const Extent& extent, const Drain& drain, Timing& timing);

/// The original's pattern: A to Z, over and over.
Fill alphabet();

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

/// A file to read into. It is emptied when it is opened, unless it is one of `device`'s files, which is a
/// Failure.
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
  std::string path_;
  int fd_ = -1;
  std::uint64_t written_ = 0;
};

}  // namespace tools
