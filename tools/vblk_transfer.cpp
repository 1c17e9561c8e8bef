// SPDX-License-Identifier: BSD-2-Clause
// Two buffers take turns: one belongs to the device while the other is filled from, or emptied into, a file.
#include "vblk_transfer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <lightnvm/emulator.hpp>
#include <memory>
#include <vector>

#include "common.hpp"
#include "progress.hpp"

namespace tools {
namespace {

using lightnvm::Buffer;
using lightnvm::Completion;
using lightnvm::Status;
using lightnvm::VirtualBlock;

constexpr std::uint64_t kPiece = 4ULL << 20;
constexpr std::size_t kSlice = 1ULL << 20;
constexpr int kPatience = 100;  // milliseconds

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::uint64_t round_up(std::uint64_t n, std::uint64_t to) { return (n + to - 1) / to * to; }

void put_alphabet(std::span<std::byte> to, std::uint64_t first) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::byte>('A' + (first + i) % 26);
}

// One transfer: the buffers, and the operation that is in flight. Its end waits, as the device may still use a buffer.
class Session {
 public:
  Session(VirtualBlock& block, const Extent& extent, std::uint64_t grain, Timing& timing)
      : block_(block),
        extent_(extent),
        piece_(std::min(std::max(kPiece / grain, std::uint64_t{1}) * grain, round_up(extent.bytes, grain))),
        timing_(timing),
        progress_({.what = extent.call, .total = extent.bytes, .quiet = extent.quiet}) {
    const Stopwatch allocating;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(2, piece_ == 0 ? 0 : round_up(extent.bytes, piece_) / piece_);
         ++i) {
      auto buffer = block.device().allocate(piece_);
      if (!buffer) throw Failure("nvm_buf_alloc", buffer.error());
      buffers_[i] = std::move(*buffer);
    }
    timing.alloc = allocating.seconds();
    whole_ = Stopwatch();
  }
  ~Session() {
    [[maybe_unused]] const auto finished = block_.wait();
    timing_.elapsed = whole_.seconds();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] std::uint64_t piece() const { return piece_; }
  [[nodiscard]] std::span<std::byte> buffer(std::uint64_t number, std::uint64_t bytes) const {
    return buffers_[number % 2].span().first(bytes);
  }
  [[nodiscard]] lightnvm::Callback done() {
    return [this](const Completion& c) { status_ = c.status; };
  }
  void check(Status s) const {
    if (!s) throw Failure(extent_.call, s);
  }
  /// Lets the device go on while the program is busy with a file.
  void poke() {
    if (const auto n = block_.poke(); !n) check(n.error());
  }
  /// Waits for the operation in flight, of `bytes`.
  void settle(std::uint64_t bytes) {
    if (const auto n = block_.wait(); !n) check(n.error());
    check(status_);
    timing_.bytes += bytes;
  }
  /// What the progress bar shows: how far the file is.
  void show(std::uint64_t done) { progress_.set(done); }
  void stop_if_interrupted(std::string_view done) const {
    if (!interrupted()) return;
    throw Failure(
        extent_.call,
        fmt::format("interrupted, {} of {} are {}", human_bytes(timing_.bytes), human_bytes(extent_.bytes), done),
        EINTR);
  }

 private:
  VirtualBlock& block_;
  const Extent& extent_;
  std::uint64_t piece_;
  Timing& timing_;
  std::array<Buffer, 2> buffers_;
  Status status_;
  Stopwatch whole_;
  Progress progress_;
  Interruptible interruptible_;
};

// A row of the stripe where that fits, so that all pieces are alike; at least what a command needs.
std::uint64_t grain_of(const VirtualBlock& block, std::uint64_t smallest) {
  const auto& g = block.device().geometry();
  const std::uint64_t row = block.chunks().size() * std::uint64_t{g.ws_opt} * g.sector_bytes;
  return row <= kPiece ? row : smallest;
}

// Fills the piece slice by slice. Returns how much there was.
std::size_t fill_piece(Session& session, std::uint64_t at, std::span<std::byte> piece, const Fill& fill,
                       Timing& timing) {
  std::size_t filled = 0;
  while (filled < piece.size()) {
    const Stopwatch filling;
    const auto slice = piece.subspan(filled, std::min(kSlice, piece.size() - filled));
    const std::size_t n = fill(slice);
    timing.fill += filling.seconds();
    filled += n;
    session.show(at + filled);
    if (n < slice.size()) break;
    session.poke();
  }
  return filled;
}

Failure file_failure(const char* call, const std::string& path, int error) {
  return {call, fmt::format("{}: {}", path, std::strerror(error)), error};
}

}  // namespace

std::uint64_t write_pieces(VirtualBlock& block, const Extent& extent, const Fill& fill, Timing& timing) {
  const std::uint64_t alignment = block.write_alignment();
  Session session(block, extent, grain_of(block, alignment), timing);
  std::uint64_t in_flight = 0;
  std::uint64_t at = 0;
  bool more = true;
  for (std::uint64_t number = 0; more && at < extent.bytes; ++number) {
    const auto piece = session.buffer(number, std::min(session.piece(), extent.bytes - at));
    const std::size_t filled = fill_piece(session, at, piece, fill, timing);
    more = filled == piece.size();
    const auto used = piece.first(std::min<std::uint64_t>(round_up(filled, alignment), piece.size()));
    put_alphabet(used.subspan(filled), 0);
    session.settle(in_flight);
    session.stop_if_interrupted("written");
    session.check(block.write_async(extent.offset + at, used, session.done()));
    in_flight = used.size();
    at += used.size();
  }
  session.settle(in_flight);
  return extent.offset + at;
}

void read_pieces(VirtualBlock& block, const Extent& extent, const Drain& drain, Timing& timing) {
  const std::uint64_t alignment = block.read_alignment();
  Session session(block, extent, grain_of(block, alignment), timing);
  const std::uint64_t end = round_up(extent.bytes, alignment);
  const auto piece_bytes = [&](std::uint64_t at) { return std::min(session.piece(), end - at); };
  const auto start = [&](std::uint64_t number, std::uint64_t at) {
    const auto status = block.read_async(extent.offset + at, session.buffer(number, piece_bytes(at)), session.done());
    session.check(status);
  };
  if (end != 0) start(0, 0);
  std::uint64_t number = 0;
  for (std::uint64_t at = 0; at < end; ++number) {
    const std::uint64_t here = piece_bytes(at);
    session.settle(here);
    session.stop_if_interrupted("read");
    if (at + here < end) start(number + 1, at + here);
    const Stopwatch draining;
    const auto wanted = session.buffer(number, std::min(here, extent.bytes - at));
    for (std::size_t done = 0; done < wanted.size(); done += kSlice) {
      drain(wanted.subspan(done, std::min(kSlice, wanted.size() - done)));
      session.show(at + done);
      session.poke();
    }
    timing.fill += draining.seconds();
    at += here;
  }
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
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) throw file_failure("nvm_buf_to_file", path_, errno);
}
OutputFile::~OutputFile() {
  if (fd_ >= 0) (void)::close(fd_);
}

void OutputFile::write(std::span<const std::byte> data) {
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
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && ::close(fd) != 0) throw file_failure("nvm_buf_to_file", path_, errno);
}

}  // namespace tools
