// SPDX-License-Identifier: BSD-2-Clause
// LosingFile: a file of an image that can lose what was not synced, as a disk does when the power fails.
#pragma once

#include <deque>
#include <mutex>
#include <vector>

#include "emulator/image_file.hpp"
#include "model/fault_tally.hpp"

namespace lightnvm::emulator {

/// Keeps what lay in the file before each change that no sync has covered yet.
class LosingFile final : public ImageFile {
 public:
  /// What is lost is by the dice.
  LosingFile(os::Fd fd, model::FaultDice dice) noexcept : ImageFile(std::move(fd)), dice_(dice) {}

  Status write(const std::byte* data, std::size_t bytes, std::uint64_t offset) noexcept override;
  Status punch(std::uint64_t offset, std::uint64_t bytes) noexcept override;
  Status sync() noexcept override;
  /// Takes changes back: of each that was not synced, nothing, all, or some of its blocks of 512 bytes, whatever came
  /// before or after. A block ends as it was at some moment since the last sync.
  void lose_power() noexcept override;

  static constexpr std::uint64_t kBlock = 512;
  /// What is kept; where it would be more, everything until then counts as having reached the disk.
  static constexpr std::size_t kMostBytes = 64U << 20;

 private:
  struct Change {
    std::uint64_t offset = 0;
    std::vector<std::byte> before;
  };
  void remember(std::uint64_t offset, std::uint64_t bytes, bool holes) noexcept;
  [[nodiscard]] bool keep(std::uint64_t offset, std::uint64_t bytes, bool zeros) noexcept;
  void forget() noexcept;
  [[nodiscard]] bool falls(double chance) noexcept { return dice_.fraction(throws_++) < chance; }

  model::FaultDice dice_;
  std::uint64_t throws_ = 0;
  std::mutex mutex_;
  std::deque<Change> changes_;  // the oldest first
  std::size_t kept_bytes_ = 0;
  std::uint64_t forgotten_ = 0;  // changes that were before those
};

/// Makes such files; each throws dice of its own, by `seed`.
MakeImageFile losing_files(std::uint64_t seed);

}  // namespace lightnvm::emulator
