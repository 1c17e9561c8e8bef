// SPDX-License-Identifier: BSD-2-Clause
// What a command is about: which sectors, which memory, and what to call when it is done.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "lightnvm/address.hpp"
#include "lightnvm/command_options.hpp"
#include "lightnvm/completion.hpp"
#include "lightnvm/segment.hpp"

namespace lightnvm {

/// The sectors that a command is about. Consecutive ones go as a scalar command, a list as a vector command; the list
/// is read before the call returns. OCSSD 1.2 has no scalar commands (ENOTSUP), and a vector of consecutive sectors
/// stays within one page of one plane (EINVAL beyond).
class Sectors {
 public:
  /// `count` (1 to 65536) sectors from `first` on, in one scalar command.
  constexpr Sectors(Address first, std::uint32_t count) noexcept : first_(first), count_(count) {}
  /// 1 to 64 addresses, in one vector command.
  constexpr Sectors(std::span<const Address> list) noexcept
      : list_(list.data()),
        count_(list.size() > 0xFFFFFFFF ? 0 : static_cast<std::uint32_t>(list.size())),
        vector_(true) {}
  /// Anything contiguous of addresses: std::vector, std::array.
  template <typename List>
    requires(!std::same_as<List, Sectors> && std::convertible_to<const List&, std::span<const Address>>)
  constexpr Sectors(const List& list) noexcept : Sectors(std::span<const Address>(list)) {}
  /// `count` (1 to 64) sectors from `first` on, in one vector command.
  static constexpr Sectors vector(Address first, std::uint32_t count) noexcept {
    Sectors s(first, count);
    s.vector_ = true;
    return s;
  }

  /// 1 to 64 chunks, in one scalar command; for resets alone.
  static constexpr Sectors scalar(std::span<const Address> chunks) noexcept {
    Sectors s(chunks);
    s.vector_ = false;
    return s;
  }

  [[nodiscard]] constexpr bool is_list() const noexcept { return list_ != nullptr; }
  [[nodiscard]] constexpr bool is_vector() const noexcept { return vector_; }
  [[nodiscard]] constexpr std::uint32_t count() const noexcept { return count_; }
  /// `count()` addresses of a list; otherwise the first one. Valid as long as this object and the list.
  [[nodiscard]] constexpr const Address* data() const noexcept { return is_list() ? list_ : &first_; }

 private:
  const Address* list_ = nullptr;
  Address first_;
  std::uint32_t count_ = 0;
  bool vector_ = false;
};

/// Memory that a command moves data and metadata from or to: one piece, or segments in order. The metadata is the
/// sectors' out-of-band bytes, one after another; leave it empty to leave it alone.
/// The memory, and lists of segments, stay valid until the command is done.
class Transfer {
 public:
  [[nodiscard]] std::span<const Segment> data_list() const noexcept { return data_list_; }
  [[nodiscard]] std::span<const Segment> metadata_list() const noexcept { return metadata_list_; }
  [[nodiscard]] Segment data() const noexcept { return data_; }
  [[nodiscard]] Segment metadata() const noexcept { return metadata_; }

 protected:
  Transfer(Segment data, Segment metadata) noexcept : data_(data), metadata_(metadata) {}
  Transfer(std::span<const Segment> data, std::span<const Segment> metadata) noexcept
      : data_list_(data), metadata_list_(metadata) {}
  Transfer(std::span<const Segment> data, Segment metadata) noexcept : metadata_(metadata), data_list_(data) {}

 private:
  Segment data_, metadata_;
  std::span<const Segment> data_list_, metadata_list_;
};

/// Where a read puts what it finds.
class Destination : public Transfer {
 public:
  Destination(std::span<std::byte> data, std::span<std::byte> metadata = {}) noexcept
      : Transfer(segment(data), segment(metadata)) {}
  /// Anything contiguous and writable: std::vector<std::byte>, std::array, Buffer.
  template <typename Bytes>
    requires std::convertible_to<Bytes&, std::span<std::byte>>
  Destination(Bytes& data) noexcept : Destination(std::span<std::byte>(data)) {}
  static Destination scatter(std::span<const Segment> data, std::span<const Segment> metadata = {}) noexcept {
    return {data, metadata, 0};
  }
  /// Scattered data, metadata in one piece.
  static Destination scatter(std::span<const Segment> data, std::span<std::byte> metadata) noexcept {
    return {data, segment(metadata), 0};
  }

 private:
  Destination(std::span<const Segment> data, Segment metadata, int) noexcept : Transfer(data, metadata) {}
  Destination(std::span<const Segment> data, std::span<const Segment> metadata, int) noexcept
      : Transfer(data, metadata) {}
};

/// Where a write takes its bytes from; they are not changed.
class Source : public Transfer {
 public:
  Source(std::span<const std::byte> data, std::span<const std::byte> metadata = {}) noexcept
      : Transfer(segment(data), segment(metadata)) {}
  template <typename Bytes>
    requires std::convertible_to<const Bytes&, std::span<const std::byte>>
  Source(const Bytes& data) noexcept : Source(std::span<const std::byte>(data)) {}
  static Source gather(std::span<const Segment> data, std::span<const Segment> metadata = {}) noexcept {
    return {data, metadata, 0};
  }
  /// Gathered data, metadata in one piece.
  static Source gather(std::span<const Segment> data, std::span<const std::byte> metadata) noexcept {
    return {data, segment(metadata), 0};
  }

 private:
  Source(std::span<const Segment> data, Segment metadata, int) noexcept : Transfer(data, metadata) {}
  Source(std::span<const Segment> data, std::span<const Segment> metadata, int) noexcept : Transfer(data, metadata) {}
};

/// A 64-byte submission entry, as NVMe defines it; the pointers in it are filled by the library.
using RawCommand = std::array<std::uint32_t, 16>;

/// What to call with a command's Completion: any callable of up to 48 bytes, kept without allocation. Move-only. It is
/// called once, on the thread that pokes or waits, when the command's place in the queue is free again, so that it may
/// submit the next one. It must not throw.
class Callback {
 public:
  static constexpr std::size_t kBytes = 48;

  Callback() noexcept : storage_{} {}
  template <typename F>
    requires(!std::same_as<std::remove_cvref_t<F>, Callback> && std::invocable<F&, const Completion&>)
  Callback(F&& f) noexcept {
    using Held = std::decay_t<F>;
    static_assert(sizeof(Held) <= kBytes && alignof(Held) <= alignof(std::max_align_t), "captures too much");
    static_assert(std::is_nothrow_move_constructible_v<Held>);
    ::new (static_cast<void*>(storage_)) Held(std::forward<F>(f));
    call_ = [](void* held, const Completion& c) { (*static_cast<Held*>(held))(c); };
    if constexpr (!(std::is_trivially_copyable_v<Held> && std::is_trivially_destructible_v<Held>)) {
      move_ = [](void* from, void* to) noexcept {
        auto* held = static_cast<Held*>(from);
        if (to != nullptr) ::new (to) Held(std::move(*held));
        held->~Held();
      };
    }
  }
  Callback(Callback&& other) noexcept { take(other); }
  Callback& operator=(Callback&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~Callback() { reset(); }

  explicit operator bool() const noexcept { return call_ != nullptr; }
  void operator()(const Completion& c) { call_(storage_, c); }

 private:
  void reset() noexcept {
    if (move_ != nullptr) move_(storage_, nullptr);
    call_ = nullptr;
    move_ = nullptr;
  }
  void take(Callback& other) noexcept {
    if (other.move_ != nullptr) {
      other.move_(other.storage_, storage_);
    } else {
      __builtin_memcpy(storage_, other.storage_, kBytes);
    }
    call_ = std::exchange(other.call_, nullptr);
    move_ = std::exchange(other.move_, nullptr);
  }

  alignas(std::max_align_t) std::byte storage_[kBytes];
  void (*call_)(void*, const Completion&) = nullptr;
  void (*move_)(void*, void*) noexcept = nullptr;  // null: copying the bytes is enough
};

}  // namespace lightnvm
