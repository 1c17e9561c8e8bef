// SPDX-License-Identifier: BSD-2-Clause
// File descriptors that close themselves, and whole-length positional I/O.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "lightnvm/segment.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm::os {

/// Owns a file descriptor. Movable; -1 is empty.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// open(2) with O_CLOEXEC; the error is its errno.
Result<Fd> open(const std::string& path, int flags, unsigned mode = 0) noexcept;

/// Transfers all `bytes` at `offset`, however many calls it takes. A read that meets the end of the file is EIO. What
/// would reach beyond the process's limit on the size of files is EFBIG, and no byte of it is written; the limit is the
/// one that was there when a file was last opened, or a higher one since.
Status read_at(int fd, std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept;
Status write_at(int fd, const std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept;

/// Writes all of it where the descriptor stands. EFBIG where a file cannot be so large; never a signal.
Status append(int fd, const char* text, std::size_t bytes) noexcept;

/// Makes the file's data, and what is needed to read it back, durable.
Status sync_data(int fd) noexcept;
/// Frees the range; it reads as zeros afterwards. Where the file system cannot, EOPNOTSUPP.
Status punch_hole(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept;
/// EFBIG where a file cannot be so large; never a signal.
Status truncate(int fd, std::uint64_t bytes) noexcept;
/// Reserves blocks for the range, so that writing it cannot fail for want of room. Does nothing where the file system
/// has no such call. EFBIG as write_at.
Status allocate(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept;

/// Locks the whole file for its open file description alone. EBUSY where another one holds it.
Status lock_exclusively(int fd) noexcept;
/// Whether another open file description holds the lock; takes none.
bool is_locked(int fd) noexcept;
/// The next offset at or after `from` that holds data, ENXIO where there is none; where holes are unknown, `from`.
Result<std::uint64_t> next_data(int fd, std::uint64_t from) noexcept;
/// The next offset at or after `from` that holds none.
Result<std::uint64_t> next_hole(int fd, std::uint64_t from) noexcept;

/// Zeroed memory by mmap, touched only where it is used: a table of a million rows costs what its used rows cost.
class Pages {
 public:
  Pages() noexcept = default;
  Pages(Pages&& other) noexcept : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Pages();
  /// ENOMEM where the address space or the system's policy has no room.
  static Result<Pages> map(std::uint64_t bytes) noexcept;
  [[nodiscard]] std::byte* data() const noexcept { return base_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Gives the whole pages inside the range back; they read as zeros. The rest of the range is set to zero.
  void release(std::uint64_t offset, std::uint64_t bytes) const noexcept;
  /// Asks for huge pages where the system has them.
  void prefer_huge() const noexcept;

 private:
  std::byte* base_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace lightnvm::os
