// SPDX-License-Identifier: BSD-2-Clause
// What was in the file before, and what of it comes back.
#include "emulator/losing_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <unordered_set>

namespace lightnvm::emulator {

Status LosingFile::write(const std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept {
  const std::lock_guard lock(mutex_);
  remember(offset, bytes, true);
  return ImageFile::write(data, bytes, offset);
}

Status LosingFile::punch(std::uint64_t offset, std::uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  // A hole that is punched again does not change.
  remember(offset, bytes, false);
  return ImageFile::punch(offset, bytes);
}

// Changes that come while it runs are not covered by it.
Status LosingFile::sync() noexcept {
  std::uint64_t covered = 0;
  {
    const std::lock_guard lock(mutex_);
    covered = forgotten_ + changes_.size();
  }
  if (const Status s = ImageFile::sync(); !s) return s;
  const std::lock_guard lock(mutex_);
  for (; forgotten_ < covered; ++forgotten_) {
    kept_bytes_ -= changes_.front().before.size();
    changes_.pop_front();
  }
  return {};
}

// A change that cannot be taken back has reached the disk, and with it all that came before.
void LosingFile::remember(std::uint64_t offset, std::uint64_t bytes, bool holes) noexcept {
  const std::uint64_t end = offset + bytes;
  for (std::uint64_t at = offset; at < end;) {
    const auto data = os::next_data(fd(), at);
    const std::uint64_t unknown = !data && data.error().is_errno(ENXIO) ? end : at;
    const std::uint64_t from = std::min(data.value_or(unknown), end);
    const std::uint64_t to = from == end ? end : std::min(os::next_hole(fd(), from).value_or(end), end);
    if (holes && from != at && !keep(at, from - at, true)) forget();
    if (to != from && !keep(from, to - from, false)) forget();
    at = to;
  }
}

bool LosingFile::keep(std::uint64_t offset, std::uint64_t bytes, bool zeros) noexcept {
  if (bytes > kMostBytes) return false;
  if (bytes > kMostBytes - kept_bytes_) forget();
  try {
    Change change{offset, std::vector<std::byte>(bytes)};
    if (!zeros && !ImageFile::read(change.before.data(), bytes, offset)) return false;
    changes_.push_back(std::move(change));
  } catch (const std::bad_alloc&) {
    return false;
  }
  kept_bytes_ += bytes;
  return true;
}

void LosingFile::forget() noexcept {
  forgotten_ += changes_.size();
  changes_.clear();
  kept_bytes_ = 0;
}

void LosingFile::lose_power() noexcept {
  // From disks that lose nearly everything to disks that lose nearly nothing.
  static constexpr std::array kLost = {0.98, 0.7, 0.5, 0.3, 0.02};
  const std::lock_guard lock(mutex_);
  const double chance = kLost[dice_.bits(throws_++) % kLost.size()];
  // What a later change has left on the disk hides what came before.
  std::unordered_set<std::uint64_t> settled;
  for (; !changes_.empty(); changes_.pop_back()) {
    const Change& change = changes_.back();
    const bool torn = falls(0.5);
    bool lost = falls(chance);
    for (std::size_t at = 0; at < change.before.size();) {
      const std::uint64_t block = (change.offset + at) / kBlock;
      const std::size_t n = std::min<std::size_t>((block + 1) * kBlock - change.offset, change.before.size()) - at;
      if (torn) lost = falls(chance);
      if (!lost) {
        settled.insert(block);
      } else if (!settled.contains(block)) {
        // A disk that fails now has lost the power and more.
        (void)ImageFile::write(change.before.data() + at, n, change.offset + at);
      }
      at += n;
    }
  }
  kept_bytes_ = 0;
}

MakeImageFile losing_files(std::uint64_t seed) {
  // Beside the dice of the plan's rules.
  constexpr std::uint64_t kFirst = 1ULL << 33;
  return [seed, next = kFirst](os::Fd fd, const std::string&) mutable {
    return std::make_unique<LosingFile>(std::move(fd), model::FaultDice(seed, next++));
  };
}

}  // namespace lightnvm::emulator
