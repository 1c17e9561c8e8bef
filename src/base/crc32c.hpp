// SPDX-License-Identifier: BSD-2-Clause
// CRC32C (Castagnoli), for formats on disk and the digests of NVMe/TCP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lightnvm {

/// The checksum of `data`, continued from `seed` (the checksum of what came before; 0 at the start). By the
/// processor's instruction where it has one.
std::uint32_t crc32c(std::span<const std::byte> data, std::uint32_t seed = 0) noexcept;

/// The same by tables, on every processor.
std::uint32_t crc32c_portable(std::span<const std::byte> data, std::uint32_t seed = 0) noexcept;

}  // namespace lightnvm
