// SPDX-License-Identifier: BSD-2-Clause
// PhysicalOracle: what a device of OCSSD 1.2 should answer, written from the specification and from nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lightnvm/address.hpp"

namespace lightnvm::physical_oracle {

struct Shape {
  std::uint32_t channels = 1, luns = 1, blocks = 1, planes = 1, pages = 1, page_sectors = 1, pe_cycles = 100;
};

/// The 15 bits of status, and the bit for each address.
struct Answer {
  std::uint16_t status = 0;
  std::uint64_t bits = 0;
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// One plane of one block.
struct PlaneBlock {
  std::uint32_t next_page = 0;
  std::uint32_t cycles = 0;
  std::uint8_t mark = 0;
  std::vector<std::uint32_t> rounds;  ///< of each sector: by which command it was written
};

class Oracle {
 public:
  using List = std::vector<Address>;
  static constexpr std::uint16_t kInvalid = 0x4002, kWriteFailure = 0x40FF, kEmptyPage = 0x42FF;

  explicit Oracle(const Shape& shape);

  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] bool exists(Address a) const noexcept;
  [[nodiscard]] PlaneBlock& at(Address a) { return blocks_[index(a)]; }
  [[nodiscard]] const PlaneBlock& at(Address a) const { return blocks_[index(a)]; }

  /// What the command answers, and what it leaves behind.
  Answer write(const List& list, std::uint32_t mode, std::uint32_t round);
  [[nodiscard]] Answer read(const List& list, std::uint32_t mode) const;
  Answer erase(const List& list, std::uint32_t mode);
  Answer mark(const List& list, std::uint32_t value);
  /// A write that was let in failed on the media: the pages of `bits` are not there. False where they are not the last
  /// ones of their blocks.
  bool take_back(const List& list, std::uint64_t bits);

 private:
  [[nodiscard]] std::size_t index(Address a) const noexcept;
  /// How many planes a mode means; nothing where this device does not have it.
  [[nodiscard]] std::optional<std::uint32_t> planes_of(std::uint32_t mode) const noexcept;
  [[nodiscard]] bool all_exist(const List& list) const;
  [[nodiscard]] bool in_order(const List& list, std::uint32_t planes) const;

  Shape shape_;
  std::vector<PlaneBlock> blocks_;
};

}  // namespace lightnvm::physical_oracle
