// SPDX-License-Identifier: BSD-2-Clause
// XXH64, for checksums of whole sectors: several times as fast as a CRC without instructions for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lightnvm {

/// The hash of `data` under `seed`, as xxhash's specification (doc/xxhash_spec.md) has it.
std::uint64_t xxh64(std::span<const std::byte> data, std::uint64_t seed = 0) noexcept;

}  // namespace lightnvm
