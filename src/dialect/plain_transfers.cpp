// SPDX-License-Identifier: BSD-2-Clause
// Lists of addresses, translated many at a time.
#include "dialect/dialect.hpp"
#include "spec/build.hpp"

namespace lightnvm::dialect {

PlainTransfers::PlainTransfers(const model::LbaFormat& format, std::uint32_t nsid) noexcept
    : format_(format), beyond_(~format.generic_mask()) {
  using spec::IoOpcode;
  commands_[plain_kind(Operation::read, Addressing::scalar)] = spec::build::transfer(IoOpcode::read, nsid, 0, 1);
  commands_[plain_kind(Operation::write, Addressing::scalar)] = spec::build::transfer(IoOpcode::write, nsid, 0, 1);
  commands_[plain_kind(Operation::read, Addressing::vector)] = spec::build::vector(IoOpcode::vector_read, nsid, 1);
  commands_[plain_kind(Operation::write, Addressing::vector)] = spec::build::vector(IoOpcode::vector_write, nsid, 1);
}

// The loops have no way out, so that the compiler handles several addresses at once.
bool PlainTransfers::name_list(const Address* addresses, std::uint32_t count, std::uint64_t* names) const noexcept {
  const std::uint64_t first = addresses[0].value;
  std::uint64_t different = 0;
  for (std::uint32_t i = 0; i < count; ++i) different |= addresses[i].value ^ (first + i);
  if (different == 0) {
    const std::uint64_t lba = format_.pack(addresses[0]);
    for (std::uint32_t i = 0; i < count; ++i) names[i] = lba + i;
    // A run that leaves the sector's field has its last address outside: it is shorter than any field that is full.
    const std::uint64_t last = first + count - 1;
    return ((first | last) & beyond_) == 0 && last >= first;
  }
  std::uint64_t all = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    all |= addresses[i].value;
    names[i] = format_.pack(addresses[i]);
  }
  return (all & beyond_) == 0;
}

}  // namespace lightnvm::dialect
