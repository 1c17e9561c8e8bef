// SPDX-License-Identifier: BSD-2-Clause
// CRC32C on processors whose instruction is not used: the tables.
#include "base/crc32c.hpp"

namespace lightnvm {

std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t seed) noexcept {
  return crc32c_portable(data, seed);
}

}  // namespace lightnvm
