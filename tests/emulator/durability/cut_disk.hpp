// SPDX-License-Identifier: BSD-2-Clause
// CutDisk: a disk below an image whose power fails. What was not synced is lost in part, in any order, torn at 512
// bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "emulator/image_file.hpp"

namespace lightnvm::emulator::durability {

inline constexpr std::uint64_t kTorn = 512;

/// The files of an image as the program sees them (the page cache), and beside them as they are on the disk.
/// Thread-safe.
class CutDisk {
 public:
  /// Takes the files as they lie there for durable.
  explicit CutDisk(std::vector<std::string> paths);
  ~CutDisk();
  CutDisk(const CutDisk&) = delete;
  CutDisk& operator=(const CutDisk&) = delete;

  [[nodiscard]] MakeImageFile maker();

  /// The power fails at the `operations`-th write, punch or sync from now on; 0: never.
  void cut_after(std::uint64_t operations);
  [[nodiscard]] bool off() const;
  /// What is left of the files becomes what programs see, and the power is back.
  void restore(std::mt19937_64& random);
  /// Called while a sync is under way, after what it covers is settled and before it is done.
  std::function<void()> during_sync;
  /// The next syncs fail, and what they would have written is lost as by a cut.
  void fail_syncs(bool on) { fail_syncs_ = on; }
  [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }

 private:
  class File;
  struct Change {
    std::uint64_t offset;
    std::uint64_t bytes;
    std::vector<std::byte> data;  // empty: a hole
  };
  struct Side {
    os::Fd cache, disk;
    std::vector<Change> unsynced;
  };
  [[nodiscard]] bool count();
  static void apply(const Side& side, const Change& change, std::uint64_t at, std::uint64_t bytes);

  mutable std::mutex mutex_;
  std::map<std::string, Side> files_;
  std::uint64_t left_ = 0;
  bool off_ = false, fail_syncs_ = false, syncing_ = false;
  std::uint64_t syncs_ = 0;
};

}  // namespace lightnvm::emulator::durability
