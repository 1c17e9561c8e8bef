// SPDX-License-Identifier: BSD-2-Clause
// Oracle: a second, deliberately simple OCSSD 2.0 device, written from the reference alone, to compare the emulator to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lightnvm/emulator.hpp"
#include "spec/nvme.hpp"

namespace lightnvm::oracle {

/// What a sector holds: tags that stand for its bytes. kZeros and kOnes stand for what they say.
struct Sector {
  std::uint64_t data = 0, metadata = 0;
  friend bool operator==(const Sector&, const Sector&) = default;
};
inline constexpr std::uint64_t kZeros = 0, kOnes = ~0ULL;

/// The bytes that a tag stands for.
void expand(std::uint64_t tag, std::span<std::byte> bytes);
bool shows(std::uint64_t tag, std::span<const std::byte> bytes);
/// The tag that stands for the bytes, of which there are at least 8 or none; kGarbage if no tag does.
std::uint64_t tag_of(std::span<const std::byte> bytes);
inline constexpr std::uint64_t kGarbage = 0x6761726261676521ULL;

/// Status codes as numbers, (SCT << 8) | SC: OCSSD-2.0 5, by way of the reference's section 9.
enum Code : std::uint16_t {
  kSuccess = 0x000,
  kInvalidOpcode = 0x001,
  kInvalidField = 0x002,
  kInvalidNamespace = 0x00B,
  kDataLength = 0x00F,
  kMetadataLength = 0x010,
  kLbaRange = 0x080,
  kListLength = 0x1C1,
  kWriteFault = 0x280,
  kUnwritten = 0x287,
  kOfflineChunk = 0x2C0,
  kInvalidReset = 0x2C1,
  kOutOfOrder = 0x2F2,
};

/// An I/O command with what travels beside it.
struct Request {
  spec::Command command;
  std::vector<std::uint64_t> list, destination;
  std::vector<spec::DsmRange> ranges;  ///< what the data of Dataset Management say
  std::vector<Sector> content;         ///< what the data and metadata of a write hold
  std::uint64_t data_bytes = 0, metadata_bytes = 0;

  [[nodiscard]] std::uint8_t opcode() const { return static_cast<std::uint8_t>(command.dw[0]); }
  /// The number that the command's 0-based count stands for.
  [[nodiscard]] std::uint32_t count() const { return (command.dw[12] & 0xFFFF) + 1; }
};

using Descriptor = std::array<std::uint8_t, 32>;
using Notification = std::array<std::uint8_t, 64>;

/// How a command must end.
struct Answer {
  std::uint16_t code = kSuccess;
  std::uint64_t bits = 0;
  std::vector<Sector> read;                            ///< what a successful read returns
  std::vector<std::optional<Descriptor>> descriptors;  ///< what a reset that asked for them returns
};

struct Chunk {
  std::uint8_t state = 0x01;
  bool random = false;
  std::uint32_t cnlb = 0;
  std::uint64_t wp = 0;
  std::uint32_t cycles = 0;
  std::map<std::uint64_t, Sector> sectors;  ///< since the last reset; what is missing is zero
};
inline constexpr std::uint8_t kFree = 0x01, kClosed = 0x02, kOpen = 0x04, kOffline = 0x08;

class Oracle {
 public:
  explicit Oracle(const emulator::Config& config);

  /// Carries the command out.
  Answer io(const Request& request);
  bool dulbe = false;

  /// The whole of log page CAh.
  [[nodiscard]] std::vector<std::uint8_t> chunk_log() const;
  [[nodiscard]] Descriptor descriptor(std::uint64_t chunk) const;
  /// The used entries of log page D0h, oldest first.
  [[nodiscard]] const std::deque<Notification>& notifications() const { return notifications_; }

  [[nodiscard]] const Geometry& geometry() const { return g_; }
  [[nodiscard]] const std::vector<Chunk>& chunks() const { return chunks_; }
  /// To put a chunk into another state.
  [[nodiscard]] Chunk& chunk(std::uint64_t index) { return chunks_[index]; }
  [[nodiscard]] std::uint64_t lba(std::uint64_t chunk, std::uint64_t lblk) const;
  /// The chunk of an address, if there is one; its sector may lie beyond the chunk's end.
  [[nodiscard]] std::optional<std::uint64_t> chunk_of(std::uint64_t lba) const;
  [[nodiscard]] std::uint64_t lblk_of(std::uint64_t lba) const { return lba & ((1ULL << lbk_len_) - 1); }
  [[nodiscard]] unsigned lba_bits() const { return lbk_len_ + chk_len_ + pu_len_ + grp_len_; }
  [[nodiscard]] unsigned chunk_shift() const { return lbk_len_; }
  [[nodiscard]] bool readable(std::uint64_t lba) const;
  /// What a sector reads as, without DULBE.
  [[nodiscard]] Sector reads_as(std::uint64_t lba) const;
  /// Bytes that one command may transfer.
  [[nodiscard]] std::uint64_t transfer_limit() const { return limit_; }

 private:
  using Lbas = std::vector<std::uint64_t>;
  /// A write that is only tried: the chunks as they would be after the runs so far.
  struct Trial {
    std::map<std::uint64_t, Chunk> chunks;
    std::map<std::uint64_t, unsigned> opened;  ///< slots that the command takes, by unit
  };

  [[nodiscard]] std::uint16_t check_fields(const Request& r) const;
  [[nodiscard]] std::uint16_t check_vector_fields(const Request& r) const;
  [[nodiscard]] std::uint16_t check_transfer(const Request& r) const;
  [[nodiscard]] std::uint16_t check_run(Trial& trial, std::span<const std::uint64_t> run) const;
  [[nodiscard]] std::uint16_t check_lists(const Lbas& lbas) const;
  [[nodiscard]] bool slot_free(const Trial& trial, std::uint64_t chunk) const;

  [[nodiscard]] Answer read(const Lbas& lbas) const;
  void store(const Lbas& lbas, const std::vector<Sector>& content, bool with_metadata);
  Answer scalar(const Request& r);
  Answer vector_write(const Request& r);
  Answer copy(const Request& r);
  Answer vector_reset(const Request& r);
  Answer deallocate(const Request& r);
  std::uint16_t reset(std::uint64_t lba);
  [[nodiscard]] std::uint32_t wear(const Chunk& c) const { return c.cycles * 255 / pe_cycles_; }
  void watch_wear(std::uint64_t chunk);

  Geometry g_;
  std::uint32_t pe_cycles_;
  std::uint64_t predefined_, limit_;
  unsigned grp_len_, pu_len_, chk_len_, lbk_len_;
  std::vector<Chunk> chunks_;
  std::deque<Notification> notifications_;
  std::uint64_t notified_ = 0;
};

}  // namespace lightnvm::oracle
