// SPDX-License-Identifier: BSD-2-Clause
// The files and the pattern that data of the tools comes from and goes to.
#include "files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <lightnvm/emulator.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "common.hpp"
#include "progress.hpp"

namespace tools {
namespace {

constexpr std::size_t kSlice = 1ULL << 20;
constexpr int kPatience = 100;  // milliseconds

Failure file_failure(const char* call, const std::string& path, int error) {
  return {call, fmt::format("{}: {}", path, std::strerror(error)), error};
}

}  // namespace

void put_alphabet(std::span<std::byte> to, std::uint64_t first) noexcept {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::byte>('A' + (first + i) % 26);
}

Fill alphabet() {
  const auto pattern = std::make_shared<std::vector<std::byte>>(kSlice + 26);
  put_alphabet(*pattern, 0);
  return [pattern, first = std::uint64_t{0}](std::span<std::byte> to) mutable {
    std::memcpy(to.data(), pattern->data() + first % 26, to.size());
    first += to.size();
    return to.size();
  };
}

InputFile::InputFile(std::string path) : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat st{};
  if (fd_ < 0 || ::fstat(fd_, &st) != 0) throw file_failure("nvm_buf_from_file", path_, errno);
  regular_ = S_ISREG(st.st_mode);
  size_ = regular_ ? static_cast<std::uint64_t>(st.st_size) : 0;
  if (S_ISDIR(st.st_mode)) throw file_failure("nvm_buf_from_file", path_, EISDIR);
}
InputFile::~InputFile() { (void)::close(fd_); }

std::size_t InputFile::read(std::span<std::byte> to) {
  std::size_t filled = 0;
  while (filled < to.size()) {
    // A pipe may keep us waiting: now and then, the user may have enough of it.
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    if (interrupted()) break;
    if (!regular_ && ::poll(&ready, 1, kPatience) <= 0) continue;
    const auto n = ::read(fd_, to.data() + filled, to.size() - filled);
    if (n == 0) break;
    if (n < 0 && errno != EINTR) throw file_failure("nvm_buf_from_file", path_, errno);
    if (n > 0) filled += static_cast<std::size_t>(n);
  }
  return filled;
}

OutputFile::OutputFile(std::string path, const std::string& device) : path_(std::move(path)) {
  if (lightnvm::emulator::is_file_of(device, path_)) {
    throw Failure("nvm_buf_to_file", fmt::format("{}: is the device itself", path_));
  }
  constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC;
  constexpr mode_t kMode = 0644;
  fd_ = ::open(path_.c_str(), kFlags | O_EXCL, kMode);
  made_ = fd_ >= 0;
  if (!made_) fd_ = ::open(path_.c_str(), kFlags, kMode);
  if (fd_ < 0) throw file_failure("nvm_buf_to_file", path_, errno);
}
OutputFile::~OutputFile() {
  if (fd_ >= 0) (void)::close(fd_);
  if (made_ && !begun_) (void)::unlink(path_.c_str());
}

// Pipes and devices have nothing to lose.
void OutputFile::begin() {
  if (std::exchange(begun_, true)) return;
  struct stat st{};
  if (::fstat(fd_, &st) != 0 || (S_ISREG(st.st_mode) && ::ftruncate(fd_, 0) != 0)) {
    throw file_failure("nvm_buf_to_file", path_, errno);
  }
}

void OutputFile::write(std::span<const std::byte> data) {
  if (!data.empty()) begin();
  while (!data.empty()) {
    const auto n = ::write(fd_, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      throw Failure("nvm_buf_to_file",
                    fmt::format("{}: {}; it has the first {}", path_, std::strerror(error), counted(written_, "byte")),
                    error);
    }
    data = data.subspan(static_cast<std::size_t>(n));
    written_ += static_cast<std::uint64_t>(n);
  }
}

void OutputFile::close() {
  if (fd_ >= 0) begin();
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && ::close(fd) != 0) throw file_failure("nvm_buf_to_file", path_, errno);
}

}  // namespace tools
