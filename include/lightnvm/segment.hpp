// SPDX-License-Identifier: BSD-2-Clause
// Segment: a piece of the caller's memory; a list of them is gathered into, or scattered from, one transfer.
#pragma once

#include <cstddef>
#include <span>

namespace lightnvm {

/// A piece of memory that a command reads from or writes to. Plain, and laid out as the C API's struct iovec.
struct Segment {
  std::byte* base = nullptr;
  std::size_t bytes = 0;
};

/// Memory that a command only reads from, as a segment: the library writes to no segment of a write.
inline Segment segment(std::span<const std::byte> memory) noexcept {
  return {const_cast<std::byte*>(memory.data()), memory.size()};
}
inline Segment segment(std::span<std::byte> memory) noexcept { return {memory.data(), memory.size()}; }

}  // namespace lightnvm
