// SPDX-License-Identifier: BSD-2-Clause
// Stock: a device's chunks as nvm_check uses them, taken in turn and brought back as they were.
#pragma once

#include <cstdint>
#include <deque>
#include <lightnvm/device.hpp>
#include <optional>
#include <string>
#include <vector>

#include "check_rule.hpp"

namespace tools::check {

/// Only free chunks are ever taken: the least worn first, one of each unit in turn, beginning where the seed says. On
/// OCSSD 1.2, chunks are blocks over all planes, and free are those that are good and read as empty.
class Stock {
 public:
  /// Reads the report. The error is the device's.
  static lightnvm::Result<Stock> take_stock(lightnvm::Device device, std::uint64_t seed);

  [[nodiscard]] lightnvm::Device& device() noexcept { return device_; }
  [[nodiscard]] const lightnvm::Geometry& geo() const noexcept { return device_.geometry(); }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  /// Why a rule with these needs cannot be checked here; empty: it can.
  [[nodiscard]] std::string missing(const Needs& needs) const;
  /// OCSSD 1.2: the mode that works on all planes of the device.
  [[nodiscard]] lightnvm::PlaneMode plane_mode() const noexcept;
  /// Free chunks that a run over `rules` writes to, in the order in which they are taken.
  [[nodiscard]] std::vector<lightnvm::Address> plan(std::span<const Rule> rules) const;

  /// Requires that missing() found enough.
  std::vector<lightnvm::Address> take(unsigned count);
  /// Makes a chunk free again, by writing it full where only closed chunks can be reset. False where that failed.
  bool restore(lightnvm::Address chunk);
  /// Restores what was taken; what cannot be restored is not used again.
  void give_back(lightnvm::Address chunk);

  /// The chunk as the report has it now. An error ends the program's rule: see Trial::chunk.
  lightnvm::Result<lightnvm::Chunk> chunk(lightnvm::Address address) { return device_.chunk(address); }
  /// Sectors that were asked for in one command, at most, when much is written.
  [[nodiscard]] std::uint32_t piece() const noexcept;
  /// Addresses that exist nowhere, though the device's format can name them; each with what is missing there.
  struct Hole {
    lightnvm::Address address;
    std::string what;
  };
  [[nodiscard]] const std::vector<Hole>& holes() const noexcept { return holes_; }
  /// MDTS in sectors; 0: no limit.
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
  /// DLFEAT 2:0 as the byte that unwritten sectors have; nothing where the device does not say.
  [[nodiscard]] std::optional<std::byte> predefined() const noexcept { return predefined_; }

  std::optional<lightnvm::Address> offline, random, shorter, early;

 private:
  Stock(lightnvm::Device device, std::uint64_t seed) : device_(std::move(device)), seed_(seed) {}
  void sort(const std::vector<lightnvm::Chunk>& report);
  lightnvm::Status survey_blocks();
  [[nodiscard]] bool is_erased(lightnvm::Address block);
  void find_holes();
  void look();
  [[nodiscard]] std::string missing_chunk(const Needs& needs) const;

  lightnvm::Device device_;
  std::uint64_t seed_;
  std::deque<lightnvm::Address> free_;
  std::vector<Hole> holes_;
  std::uint64_t limit_ = 0;
  std::optional<std::byte> predefined_;
  bool dulbe_ = false;
  std::vector<std::byte> zeros_;
};

}  // namespace tools::check
