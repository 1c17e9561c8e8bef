// SPDX-License-Identifier: BSD-2-Clause
// First in, first out, in memory that is allocated once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lightnvm::fabrics {

template <typename T>
class Ring {
 public:
  Ring() = default;
  explicit Ring(std::size_t capacity) : items_(capacity) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == items_.size(); }
  /// The `i`th from the front; i < size().
  T& operator[](std::size_t i) noexcept { return items_[place(i)]; }
  const T& operator[](std::size_t i) const noexcept { return items_[place(i)]; }
  T& front() noexcept { return items_[first_]; }
  /// Requires: not full. Returns the new item, whose value is what was there before.
  T& push() noexcept { return items_[place(size_++)]; }
  /// Requires: not empty.
  void pop() noexcept {
    first_ = place(1);
    --size_;
  }
  void clear() noexcept { first_ = size_ = 0; }

 private:
  [[nodiscard]] std::size_t place(std::size_t i) const noexcept {
    const std::size_t at = first_ + i;
    return at < items_.size() ? at : at - items_.size();
  }
  std::vector<T> items_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace lightnvm::fabrics
