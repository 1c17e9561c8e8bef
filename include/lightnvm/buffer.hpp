// SPDX-License-Identifier: BSD-2-Clause
// Buffer: memory that a device can transfer from and to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "lightnvm/status.hpp"

namespace lightnvm {

/// Aligned memory, from Device::allocate; freed at the end of the object, which may outlive the Device. Movable.
class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<std::byte> span() const noexcept { return {data_, size_}; }
  operator std::span<std::byte>() const noexcept { return span(); }
  operator std::span<const std::byte>() const noexcept { return span(); }
  [[nodiscard]] std::byte& operator[](std::size_t i) const noexcept { return data_[i]; }

  /// The memory's bus address; ENOTSUP on routes that need none.
  [[nodiscard]] Result<std::uint64_t> physical_address() const noexcept;

 private:
  friend class Device;
  class Owner;
  void swap(Buffer& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::shared_ptr<Owner> owner_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lightnvm
