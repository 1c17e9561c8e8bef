// SPDX-License-Identifier: BSD-2-Clause
// Lists of addresses, translated many at a time.
#include "dialect/dialect.hpp"
#include "spec/build.hpp"

namespace lightnvm::dialect {

PlainTransfers::PlainTransfers(const model::LbaFormat& format, std::uint32_t nsid) noexcept
    : format_(format), beyond_(~format.encodable_mask()) {
  using spec::IoOpcode;
  commands_[plain_kind(Operation::read, Addressing::scalar)] = spec::build::transfer(IoOpcode::read, nsid, 0, 1);
  commands_[plain_kind(Operation::write, Addressing::scalar)] = spec::build::transfer(IoOpcode::write, nsid, 0, 1);
  commands_[plain_kind(Operation::read, Addressing::vector)] = spec::build::vector(IoOpcode::vector_read, nsid, 1);
  commands_[plain_kind(Operation::write, Addressing::vector)] = spec::build::vector(IoOpcode::vector_write, nsid, 1);
}

// The loops have no way out, so that the compiler handles several addresses at once.
bool PlainTransfers::name_list(const Address* addresses, std::uint32_t count, std::uint64_t* names) const noexcept {
  const std::uint64_t first = addresses[0].value;
  const std::size_t n = count;
  if (n == 1 || addresses[1].value == first + 1) {
    const std::uint64_t distance = format_.pack(addresses[0]) - first;
    std::uint64_t different = 0, expected = first;
    for (std::size_t i = 0; i < n; ++i) {
      different |= addresses[i].value ^ expected++;
      names[i] = addresses[i].value + distance;
    }
    // A run that leaves the sector's field has its last address outside: it is shorter than any field that is full.
    const std::uint64_t last = first + n - 1;
    if (different == 0) return ((first | last) & beyond_) == 0 && last >= first;
  }
  // A copy, of which the compiler knows that the names are not written over it.
  const model::LbaFormat format = format_;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < n; ++i) {
    all |= addresses[i].value;
    names[i] = format.pack(addresses[i]);
  }
  return (all & beyond_) == 0;
}

}  // namespace lightnvm::dialect
