// SPDX-License-Identifier: BSD-2-Clause
// A disk whose power fails.
#include "cut_disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace lightnvm::emulator::durability {
namespace {

void must(Status s) {
  if (!s) throw std::runtime_error("the test's own files: " + s.message());
}

std::string disk_name(const std::string& path) { return path + ".disk"; }

os::Fd open_or_throw(const std::string& path, int flags) {
  auto fd = os::open(path, flags, 0644);
  if (!fd) throw std::runtime_error(path + ": " + fd.error().message());
  return std::move(*fd);
}

// The target becomes the source: the same data, the same holes as far as bytes tell.
void copy(int source, int target) {
  const auto size = static_cast<std::uint64_t>(::lseek(source, 0, SEEK_END));
  must(os::truncate(target, 0));
  must(os::truncate(target, size));
  std::vector<std::byte> buffer(1 << 16);
  for (std::uint64_t at = 0; at < size;) {
    const auto data = os::next_data(source, at);
    if (!data) break;
    const std::uint64_t end = std::min(os::next_hole(source, *data).value_or(size), size);
    for (at = *data; at < end;) {
      const std::uint64_t n = std::min<std::uint64_t>(buffer.size(), end - at);
      must(os::read_at(source, buffer.data(), n, at));
      must(os::write_at(target, buffer.data(), n, at));
      at += n;
    }
  }
}

}  // namespace

class CutDisk::File final : public ImageFile {
 public:
  File(CutDisk& disk, os::Fd fd, Side& side) : ImageFile(std::move(fd)), disk_(disk), side_(side) {}

  Status read(std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept override {
    if (disk_.off()) return Status::os(EIO);
    return ImageFile::read(data, bytes, offset);
  }
  Status write(const std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept override {
    return change({offset, bytes, {data, data + bytes}}, [&] { return ImageFile::write(data, bytes, offset); });
  }
  Status punch(std::uint64_t offset, std::uint64_t bytes) noexcept override {
    return change({offset, bytes, {}}, [&] { return ImageFile::punch(offset, bytes); });
  }
  Status sync() noexcept override {
    std::size_t covered = 0;
    {
      const std::lock_guard lock(disk_.mutex_);
      ++disk_.syncs_;
      if (!disk_.count()) return Status::os(EIO);
      if (disk_.fail_syncs_) return Status::os(EIO);
      covered = side_.unsynced.size();
    }
    if (disk_.during_sync) disk_.during_sync();
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.off_) return Status::os(EIO);
    const auto end = side_.unsynced.begin() + static_cast<std::ptrdiff_t>(covered);
    std::for_each(side_.unsynced.begin(), end, [&](const Change& c) { apply(side_, c, 0, c.bytes); });
    side_.unsynced.erase(side_.unsynced.begin(), end);
    return {};
  }

 private:
  template <typename F>
  Status change(Change c, F&& really) {
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.off_) return Status::os(EIO);
    const bool on = disk_.count();
    side_.unsynced.push_back(std::move(c));
    return on ? really() : Status::os(EIO);
  }

  CutDisk& disk_;
  Side& side_;
};

CutDisk::CutDisk(std::vector<std::string> paths) {
  for (const std::string& path : paths) {
    Side& side = files_[path];
    side.cache = open_or_throw(path, O_RDWR);
    side.disk = open_or_throw(disk_name(path), O_RDWR | O_CREAT);
    copy(side.cache.get(), side.disk.get());
  }
}

CutDisk::~CutDisk() {
  for (const auto& [path, side] : files_) ::unlink(disk_name(path).c_str());
}

MakeImageFile CutDisk::maker() {
  return [this](os::Fd fd, const std::string& path) {
    return std::make_unique<File>(*this, std::move(fd), files_.at(path));
  };
}

void CutDisk::cut_after(std::uint64_t operations) {
  const std::lock_guard lock(mutex_);
  left_ = operations;
}

// False where the power fails with this operation.
bool CutDisk::count() {
  if (left_ != 0 && --left_ == 0) off_ = true;
  return !off_;
}

bool CutDisk::off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

void CutDisk::apply(const Side& side, const Change& c, std::uint64_t at, std::uint64_t bytes) {
  static const std::vector<std::byte> kZeros(1 << 16);
  for (std::uint64_t end = at + bytes; at < end;) {
    const std::uint64_t n = c.data.empty() ? std::min<std::uint64_t>(kZeros.size(), end - at) : end - at;
    must(os::write_at(side.disk.get(), c.data.empty() ? kZeros.data() : c.data.data() + at, n, c.offset + at));
    at += n;
  }
}

void CutDisk::restore(std::mt19937_64& random) {
  const std::lock_guard lock(mutex_);
  // From disks that lose nearly everything to disks that lose nearly nothing.
  static constexpr double kKept[] = {0.02, 0.3, 0.5, 0.7, 0.98};
  std::bernoulli_distribution kept(kKept[random() % std::size(kKept)]);
  const bool torn = random() % 2 == 0;
  for (auto& [path, side] : files_) {
    for (const Change& c : side.unsynced) {
      if (!torn || random() % 2 == 0) {
        if (kept(random)) apply(side, c, 0, c.bytes);
        continue;
      }
      for (std::uint64_t at = 0; at < c.bytes;) {
        const std::uint64_t border = (c.offset + at) / kTorn * kTorn + kTorn;
        const std::uint64_t n = std::min(border - c.offset, c.bytes) - at;
        if (kept(random)) apply(side, c, at, n);
        at += n;
      }
    }
    side.unsynced.clear();
    copy(side.disk.get(), side.cache.get());
  }
  off_ = false;
  left_ = 0;
}

}  // namespace lightnvm::emulator::durability
