// SPDX-License-Identifier: BSD-2-Clause
// Job: what nvm_bench is to do with a device, as the command line says it.
#pragma once

#include <cstdint>
#include <lightnvm/device.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tools::bench {

enum class Workload : std::uint8_t { read, write, mixed, reset };
std::string_view name_of(Workload workload) noexcept;

/// What single commands are; a workload may have several kinds.
enum class Kind : std::uint8_t { read, write, reset };
inline constexpr std::size_t kKinds = 3;
std::string_view name_of(Kind kind) noexcept;

/// When the clock is read: twice a command, or once before and once after whatever is submitted and reaped together.
enum class Timing : std::uint8_t { command, batch };

struct Job {
  Workload workload = Workload::read;
  bool random = false, vector = false, verify = false;
  bool prepare = false;                  ///< reads: fill what they need first
  bool overwrite = false;                ///< chunks with data may be used, too
  std::optional<std::uint32_t> sectors;  ///< of a command
  std::optional<std::uint64_t> bytes;    ///< the same in bytes
  std::uint32_t depth = 32, threads = 1;
  std::uint32_t reads = 70;  ///< mixed: percent
  std::optional<double> seconds;
  std::optional<std::uint64_t> count;   ///< commands of all threads together
  std::string units = "all";            ///< "all", a number, or G.U
  std::optional<std::uint32_t> chunks;  ///< of each unit
  std::optional<std::uint32_t> open;    ///< of each unit, at a time
  std::uint64_t seed = 1;
  std::uint64_t rate = 0;  ///< commands a second of all threads together; 0: as fast as it goes
  Timing timing = Timing::command;
  std::uint32_t interval_ms = 100;

  [[nodiscard]] bool reading() const noexcept { return workload == Workload::read || workload == Workload::mixed; }
  [[nodiscard]] bool writing() const noexcept { return workload != Workload::read; }
};

/// How commands name their sectors on one device: scalar, as a list, and on OCSSD 1.2 page by page over all planes.
class Wording {
 public:
  Wording(const lightnvm::Device& device, bool vector) noexcept
      : geometry_(device.geometry()), vector_(vector || geometry_.has_planes()) {}

  [[nodiscard]] bool vector() const noexcept { return vector_; }
  /// `count` sectors of `chunk` from number `first` on; `list` has room for as many, and lives as long as the answer.
  [[nodiscard]] lightnvm::Sectors sectors(lightnvm::Address chunk, std::uint32_t first,
                                          std::span<lightnvm::Address> list) const noexcept;
  /// What writes and resets ask for beside it.
  [[nodiscard]] lightnvm::CommandOptions options() const noexcept;

 private:
  const lightnvm::Geometry& geometry_;
  bool vector_;
};

/// Sectors of one command, once the device's rules have been asked (WS_MIN, MDTS, 64 addresses, the chunk's size). What
/// cannot be is a Failure.
std::uint32_t command_sectors(const Job& job, const lightnvm::Device& device);
/// The most that one command moves when speed is not measured: whole WS_OPT where that fits.
std::uint32_t sweep_sectors(const lightnvm::Device& device, const Wording& wording);

}  // namespace tools::bench
