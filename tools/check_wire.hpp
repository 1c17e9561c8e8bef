// SPDX-License-Identifier: BSD-2-Clause
// Commands and structures of NVMe as the rules of nvm_check build and read them: by the specification, not the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <lightnvm/command.hpp>
#include <span>
#include <vector>

namespace tools::check {

using Page = std::vector<std::byte>;

template <typename T>
T field(std::span<const std::byte> page, std::size_t offset) noexcept {
  T value{};
  std::memcpy(&value, page.data() + offset, sizeof value);
  return value;
}
inline std::uint8_t u8(std::span<const std::byte> page, std::size_t offset) {
  return field<std::uint8_t>(page, offset);
}
inline std::uint16_t u16(std::span<const std::byte> page, std::size_t offset) {
  return field<std::uint16_t>(page, offset);
}
inline std::uint32_t u32(std::span<const std::byte> page, std::size_t offset) {
  return field<std::uint32_t>(page, offset);
}
inline std::uint64_t u64(std::span<const std::byte> page, std::size_t offset) {
  return field<std::uint64_t>(page, offset);
}
/// Whether bytes `first` to `last` are zero, both included.
inline bool is_zero(std::span<const std::byte> page, std::size_t first, std::size_t last) noexcept {
  for (std::size_t i = first; i <= last; ++i) {
    if (page[i] != std::byte{0}) return false;
  }
  return true;
}

enum Admin : std::uint8_t {
  kGetLog = 0x02,
  kIdentify = 0x06,
  kSetFeatures = 0x09,
  kGetFeatures = 0x0A,
  kGeometry = 0xE2
};
enum Io : std::uint8_t {
  kFlush = 0x00,
  kWrite = 0x01,
  kRead = 0x02,
  kDeallocate = 0x09,
  kVectorReset = 0x90,
  kVectorWrite = 0x91,
  kVectorRead = 0x92,
  kVectorCopy = 0x93
};
enum Log : std::uint8_t { kChunkReport = 0xCA, kNotifications = 0xD0 };

constexpr std::size_t kDescriptorBytes = 32, kNotificationBytes = 64, kNotificationEntries = 64;

/// Fields of a chunk descriptor. OCSSD-2.0 3.2.
struct Descriptor {
  std::uint8_t state = 0, type = 0, wear = 0;
  std::uint64_t slba = 0, sectors = 0, write_pointer = 0;
};
inline Descriptor descriptor(std::span<const std::byte> page, std::size_t at = 0) {
  return {u8(page, at), u8(page, at + 1), u8(page, at + 2), u64(page, at + 8), u64(page, at + 16), u64(page, at + 24)};
}

inline lightnvm::RawCommand raw(std::uint8_t opcode, std::uint32_t nsid) { return {opcode, nsid}; }
inline void set_lba(lightnvm::RawCommand& c, std::uint64_t lba) {
  c[10] = static_cast<std::uint32_t>(lba);
  c[11] = static_cast<std::uint32_t>(lba >> 32);
}
/// Read or write of `count` (natural) sectors.
inline lightnvm::RawCommand raw_transfer(std::uint8_t opcode, std::uint32_t nsid, std::uint64_t lba,
                                         std::uint32_t count) {
  auto c = raw(opcode, nsid);
  set_lba(c, lba);
  c[12] = count - 1;
  return c;
}
/// A vector command whose field says `count` (natural) addresses.
inline lightnvm::RawCommand raw_vector(std::uint8_t opcode, std::uint32_t nsid, std::uint32_t count) {
  auto c = raw(opcode, nsid);
  c[12] = count - 1;
  return c;
}
inline lightnvm::RawCommand raw_log(std::uint8_t page, std::uint32_t nsid, std::uint64_t offset, std::uint32_t bytes) {
  auto c = raw(kGetLog, nsid);
  const std::uint32_t dwords = bytes / 4 - 1;
  c[10] = page | dwords << 16;
  c[11] = dwords >> 16;
  c[12] = static_cast<std::uint32_t>(offset);
  c[13] = static_cast<std::uint32_t>(offset >> 32);
  return c;
}
/// One range of Dataset Management. NVM-1.0 3.2.3.
struct Range {
  std::uint32_t attributes = 0, sectors = 0;
  std::uint64_t first = 0;
};
static_assert(sizeof(Range) == 16);

}  // namespace tools::check
