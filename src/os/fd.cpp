// SPDX-License-Identifier: BSD-2-Clause
// System calls on files and memory, restarted after signals and never short.
#include "os/fd.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace lightnvm::os {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kHuge = 2ULL << 20;

Status last_status() noexcept { return Status::os(errno); }

// Calls `call(data, bytes, offset)` until all is there; EIO where it makes no progress.
template <typename Byte, typename Call>
Status transfer(Byte* data, std::size_t bytes, std::uint64_t offset, Call&& call) noexcept {
  while (bytes > 0) {
    const ssize_t n = call(data, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_status();
    if (n == 0) return Status::os(EIO);
    data += n;
    bytes -= static_cast<std::size_t>(n);
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

// Where this process may not write any more (RLIMIT_FSIZE), as it was when it last opened a file. The kernel answers a
// write there with SIGXFSZ, which ends the program.
std::atomic<std::uint64_t> size_limit{~0ULL};

std::uint64_t look_up_size_limit() noexcept {
  rlimit now{};
  const bool limited = ::getrlimit(RLIMIT_FSIZE, &now) == 0 && now.rlim_cur != RLIM_INFINITY;
  const std::uint64_t limit = limited ? now.rlim_cur : ~0ULL;
  size_limit.store(limit, std::memory_order_relaxed);
  return limit;
}

// Whether the range reaches beyond the limit; a limit that was raised meanwhile is noticed.
bool beyond_size_limit(std::uint64_t offset, std::uint64_t bytes) noexcept {
  const std::uint64_t end = offset + bytes;
  if (end <= size_limit.load(std::memory_order_relaxed)) [[likely]]
    return false;
  return end > look_up_size_limit();
}

// While one lives, this thread gets EFBIG without the signal: it is taken back before it is delivered.
class SizeSignalBlocked {
 public:
  SizeSignalBlocked() noexcept {
    ::sigemptyset(&signal_);
    ::sigaddset(&signal_, SIGXFSZ);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGXFSZ) == 1;
    ::pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~SizeSignalBlocked() {
    const timespec now{};
    if (!was_pending_) (void)::sigtimedwait(&signal_, nullptr, &now);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SizeSignalBlocked(const SizeSignalBlocked&) = delete;
  SizeSignalBlocked& operator=(const SizeSignalBlocked&) = delete;

 private:
  sigset_t signal_{}, before_{};
  bool was_pending_ = false;
};

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Fd> open(const std::string& path, int flags, unsigned mode) noexcept {
  int fd = -1;
  do fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return std::unexpected(last_status());
  (void)look_up_size_limit();
  return Fd(fd);
}

Status read_at(int fd, std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept {
  return transfer(data, bytes, offset,
                  [fd](std::byte* p, std::size_t n, off_t at) noexcept { return ::pread(fd, p, n, at); });
}

Status write_at(int fd, const std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept {
  if (beyond_size_limit(offset, bytes)) [[unlikely]]
    return Status::os(EFBIG);
  return transfer(data, bytes, offset,
                  [fd](const std::byte* p, std::size_t n, off_t at) noexcept { return ::pwrite(fd, p, n, at); });
}

Status sync_data(int fd) noexcept {
  while (::fdatasync(fd) != 0) {
    if (errno != EINTR) return last_status();
  }
  return {};
}

Status punch_hole(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
  while (::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                     static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return last_status();
  }
  return {};
}

Status truncate(int fd, std::uint64_t bytes) noexcept {
  const SizeSignalBlocked blocked;
  while (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return last_status();
  }
  return {};
}

Status append(int fd, const char* text, std::size_t bytes) noexcept {
  const SizeSignalBlocked blocked;
  while (bytes > 0) {
    const ssize_t n = ::write(fd, text, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_status();
    if (n == 0) return Status::os(EIO);
    text += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return {};
}

Status allocate(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
  if (beyond_size_limit(offset, bytes)) return Status::os(EFBIG);
  while (::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
    if (errno != EINTR) return last_status();
  }
  return {};
}

Status lock_exclusively(int fd) noexcept {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return {};
  return Status::os(errno == EACCES || errno == EAGAIN ? EBUSY : errno);
}

bool is_locked(int fd) noexcept {
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Result<std::uint64_t> next_data(int fd, std::uint64_t from) noexcept {
  const off_t at = ::lseek(fd, static_cast<off_t>(from), SEEK_DATA);
  if (at >= 0) return static_cast<std::uint64_t>(at);
  if (errno == EINVAL) return from;
  return std::unexpected(last_status());
}

Result<std::uint64_t> next_hole(int fd, std::uint64_t from) noexcept {
  const off_t at = ::lseek(fd, static_cast<off_t>(from), SEEK_HOLE);
  if (at < 0) return std::unexpected(last_status());
  return static_cast<std::uint64_t>(at);
}

Pages::~Pages() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

Result<Pages> Pages::map(std::uint64_t bytes) noexcept {
  Pages pages;
  if (bytes == 0) return pages;
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return std::unexpected(last_status());
  pages.base_ = static_cast<std::byte*>(base);
  pages.bytes_ = bytes;
  return pages;
}

void Pages::release(std::uint64_t offset, std::uint64_t bytes) const noexcept {
  if (bytes == 0) return;
  const std::uint64_t end = offset + bytes;
  const std::uint64_t first = (offset + kPage - 1) / kPage * kPage;
  const std::uint64_t last = end / kPage * kPage;
  if (first >= last || ::madvise(base_ + first, last - first, MADV_DONTNEED) != 0) {
    std::memset(base_ + offset, 0, bytes);
    return;
  }
  std::memset(base_ + offset, 0, first - offset);
  std::memset(base_ + last, 0, end - last);
}

void Pages::prefer_huge() const noexcept {
  if (bytes_ >= kHuge) (void)::madvise(base_, bytes_, MADV_HUGEPAGE);
}

}  // namespace lightnvm::os
