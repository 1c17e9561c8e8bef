// SPDX-License-Identifier: BSD-2-Clause
// What a command is taken apart into: the parent that came from above, and the children that go to the route.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "backends/backend.hpp"
#include "base/segments.hpp"
#include "lightnvm/geometry.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::layers::completed {

/// First in, first out, without memory of its own: linked through T::next, so in one such list at a time.
template <typename T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] T* front() const noexcept { return first_; }
  void push(T& item) noexcept {
    item.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &item;
    last_ = &item;
  }
  T& pop() noexcept {
    T& item = *first_;
    first_ = item.next;
    return item;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

/// How a command is carried out.
enum class Work : std::uint8_t {
  whole,       ///< as it came
  blocks,      ///< a scalar read or write, cut where it has to be
  list,        ///< a vector read or write
  each,        ///< a read or an erase of OCSSD 1.2, address by address
  reset,       ///< a vector reset
  copy_read,   ///< a vector copy, of which the sources are being read
  copy_write,  ///< and the destinations written
};

enum class Flow : std::uint8_t { none = 0, to_device = 1, from_device = 2, both = 3 };
constexpr bool has(Flow flow, Flow direction) noexcept {
  return (static_cast<unsigned>(flow) & static_cast<unsigned>(direction)) != 0;
}

inline constexpr std::uint8_t kNoPiece = 0xFF;

/// Entries of a list that one child carries.
struct Piece {
  std::uint8_t entry = 0, count = 0;
  std::uint8_t next = kNoPiece;  ///< may go only after this one: the same chunk
};

struct Parent {
  backends::Request* request = nullptr;  ///< nullptr: not in flight
  Parent* next = nullptr;                ///< in the list of those that wait, or of those that are done
  Work work = Work::whole;
  bool writes = false;
  bool in_turn = false;    ///< blocks: one child at a time
  bool native = false;     ///< the route has the vector command: one child for the list
  bool describes = false;  ///< reset: the caller wants the descriptors
  bool split = false;      ///< takes more than one child, or more than one step
  bool queued = false;
  bool cancelled = false;
  bool done = false;
  std::uint32_t total = 0;     ///< blocks or entries; whole: 1
  std::uint32_t position = 0;  ///< whole, blocks: what has been sent
  std::uint32_t outstanding = 0;
  std::uint32_t first_failed = ~0U;
  Completion completion;
  std::span<const std::uint64_t> list;  ///< of the current step
  std::uint64_t ready = 0, unsent = 0;  ///< of the pieces, bit by bit
  std::byte* copy = nullptr;
  std::array<Piece, kMaxAddresses> pieces;

  [[nodiscard]] bool in_pieces() const noexcept { return work != Work::whole && work != Work::blocks; }
  [[nodiscard]] bool sendable() const noexcept {
    if (in_pieces()) return ready != 0;
    return position < total && !(in_turn && outstanding != 0);
  }
  [[nodiscard]] bool all_sent() const noexcept { return in_pieces() ? unsent == 0 : position == total; }
  [[nodiscard]] bool finished() const noexcept { return outstanding == 0 && all_sent(); }
};

/// The memory of one transfer: the caller's, or memory of the queue in its place.
struct Area {
  SegmentRange origin;
  Segment one;
  std::byte* list = nullptr;  ///< lent, for segments
  std::size_t list_bytes = 0;
  std::byte* bounce = nullptr;  ///< lent, for what they hold
  std::size_t bounce_bytes = 0;
};

/// A command on the route. A reset keeps its slot until the chunk log has been read as well.
struct Child : backends::Request {
  enum class Ask : std::uint8_t { length, descriptor };

  Parent* parent = nullptr;
  Child* next = nullptr;  ///< in the list of those that ask the chunk log, or are to be sent again
  std::uint32_t entry = 0, count = 0;
  std::uint8_t piece = kNoPiece;
  std::uint8_t cursor = 0;  ///< reset: which of the entries is being described
  Ask ask = Ask::length;
  Flow flow = Flow::none;
  bool interleaved = false;  ///< data and metadata share the data's bounce memory
  bool measured = false;     ///< reset: the chunk's own length is in the range
  Completion done;           ///< reset: how it ended
  Area data, metadata;
  std::byte* scratch = nullptr;  ///< its own: the range of a deallocation, or where unwanted metadata goes
};

/// A read of one descriptor from the chunk log.
struct LogRead : backends::Request {
  Child* child = nullptr;
  LogRead* next = nullptr;
  spec::ChunkDescriptor* descriptor = nullptr;
  Segment segment;
};

}  // namespace lightnvm::layers::completed
