// SPDX-License-Identifier: BSD-2-Clause
// Source: the bytes of one input, taken one after the other. Where they end, all is zero.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace lightnvm::fuzz {

class Source {
 public:
  Source(const std::uint8_t* data, std::size_t size) noexcept : bytes_(data, size) {}
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  template <typename T>
  T take() noexcept {
    T value{};
    const std::size_t n = std::min(sizeof(T), bytes_.size());
    if (n > 0) std::memcpy(&value, bytes_.data(), n);
    bytes_ = bytes_.subspan(n);
    return value;
  }
  std::uint32_t below(std::uint32_t limit) noexcept { return take<std::uint8_t>() % limit; }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace lightnvm::fuzz
