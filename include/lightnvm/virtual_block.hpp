// SPDX-License-Identifier: BSD-2-Clause
// VirtualBlock: many chunks as one flat piece of flash, striped so that all their parallel units work at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lightnvm/device.hpp"

namespace lightnvm {

struct VirtualBlockOptions {
  std::uint32_t depth = 0;  ///< commands in flight; 0: two for each chunk, within what the route takes
  bool scalar = false;      ///< scalar commands also where vector commands would do; OCSSD 1.2: no effect
  /// OCSSD 1.2: single, or the mode of the device's planes (EINVAL otherwise); nothing: that of all planes, where a
  /// list has room for a page on each of them.
  std::optional<PlaneMode> plane_mode;
  /// The most addresses of a vector command, 1 to kMaxAddresses (EINVAL otherwise). A write has at least ws_min sectors
  /// whatever is said here, on OCSSD 1.2 a page of each plane that the plane mode covers. Scalar commands have one
  /// address.
  std::uint32_t erase_addresses = kMaxAddresses, write_addresses = kMaxAddresses, read_addresses = kMaxAddresses;

  friend bool operator==(const VirtualBlockOptions&, const VirtualBlockOptions&) = default;
};

/// Sectors are laid out round-robin over the chunks in pieces of ws_opt sectors: sector s lies in chunk (s / ws_opt) %
/// n. Offsets and sizes are in bytes. Reads begin and end anywhere on a sector; writes on a multiple of ws_min sectors.
/// The chunks are written in order, so that a virtual block is written from its start to its end; the last mw_cunits
/// sectors of each chunk can be read once the chunk is full (pad fills it).
///
/// On OCSSD 1.2 the chunks are blocks over all planes, and a piece is a page of each plane, one plane after another;
/// writes begin and end on whole pages of the planes that the plane mode covers. copy_to and find_write_position answer
/// ENOTSUP there.
///
/// One thread at a time. It keeps its Device alive. Ending it waits for what is in flight and calls the callbacks.
/// Errors of all functions: EINVAL for what lies outside or is not aligned (nothing was sent), otherwise the first
/// failing command's status; commands behind a failed one are not sent.
class VirtualBlock {
 public:
  /// The chunks in the order of the stripe, each once and of full size; each is looked up in the chunk report. EINVAL
  /// where one is not on the device or there twice, is smaller than the geometry says or offline, none is given, or an
  /// option is out of range; last_error() says which.
  static Result<VirtualBlock> make(const Device& device, std::span<const Address> chunks,
                                   const VirtualBlockOptions& options = {});
  /// The chunk of that number in each unit of a rectangle of groups and units (both ends included): units outer, groups
  /// inner, so that neighbours in the stripe share no group.
  struct Line {
    std::uint32_t group_first = 0, group_last = 0, unit_first = 0, unit_last = 0, chunk = 0;
  };
  static Result<VirtualBlock> line(const Device& device, Line line, const VirtualBlockOptions& options = {});

  VirtualBlock(VirtualBlock&&) noexcept;
  VirtualBlock& operator=(VirtualBlock&&) noexcept;
  ~VirtualBlock();

  [[nodiscard]] Device& device() const noexcept;
  [[nodiscard]] const std::vector<Address>& chunks() const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept;             ///< bytes
  [[nodiscard]] std::uint64_t read_alignment() const noexcept;   ///< bytes: a sector
  [[nodiscard]] std::uint64_t write_alignment() const noexcept;  ///< bytes: ws_min sectors; OCSSD 1.2: see above
  /// Where the sector at `offset` lies. Requires offset < size().
  [[nodiscard]] Address address_at(std::uint64_t offset) const noexcept;

  /// Resets all chunks; both positions become 0.
  Status erase();
  /// Writes at the write position, or at `offset`. `metadata`: empty, or oob_bytes for each sector.
  Status write(std::span<const std::byte> data, std::span<const std::byte> metadata = {});
  Status write_at(std::uint64_t offset, std::span<const std::byte> data, std::span<const std::byte> metadata = {});
  /// Fills the rest with a pattern, from the write position on.
  Status pad();
  /// Reads at the read position, or at `offset`.
  Status read(std::span<std::byte> data, std::span<std::byte> metadata = {});
  Status read_at(std::uint64_t offset, std::span<std::byte> data, std::span<std::byte> metadata = {});
  /// Copies all of this block to `target`, inside the device: same device, as many chunks. Positions stay.
  /// ENOTSUP where the device has no copy.
  Status copy_to(VirtualBlock& target);

  /// The same without waiting: `done` is called with the outcome from poke or wait. The memory stays valid until then.
  /// Operations begin in the order of the calls. Never refused for lack of room: what does not fit waits.
  Status write_async(std::uint64_t offset, std::span<const std::byte> data, Callback done,
                     std::span<const std::byte> metadata = {});
  Status read_async(std::uint64_t offset, std::span<std::byte> data, Callback done, std::span<std::byte> metadata = {});
  /// Goes on with asynchronous operations without waiting. Returns how many finished.
  Result<unsigned> poke();
  /// Waits for all of them. Returns how many finished.
  Result<unsigned> wait();

  [[nodiscard]] std::uint64_t write_position() const noexcept;
  [[nodiscard]] std::uint64_t read_position() const noexcept;
  /// EINVAL beyond size() or off a sector.
  Status set_write_position(std::uint64_t position) noexcept;
  Status set_read_position(std::uint64_t position) noexcept;
  /// Sets the write position to where the chunks' write pointers stand, and returns it: to go on with a block that was
  /// written before. EIO where they do not stand as a stripe leaves them.
  Result<std::uint64_t> find_write_position();

 private:
  class Impl;
  explicit VirtualBlock(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lightnvm
