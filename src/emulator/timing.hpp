// SPDX-License-Identifier: BSD-2-Clause
// Timing: when the NAND of an emulated device would be done. A model without a clock: times go in, times come out.
#pragma once

#include <cstdint>
#include <vector>

namespace lightnvm::emulator {

/// A moment, or a span: nanoseconds since whenever the caller's clock began.
using Nanoseconds = std::uint64_t;

/// What the model is made of. docs/timing.md has its rules.
struct NandShape {
  std::uint32_t groups = 1;       ///< each with a bus of its own
  std::uint32_t units = 1;        ///< parallel units of a group
  Nanoseconds read = 0;           ///< to sense one write unit
  Nanoseconds program = 0;        ///< to program one write unit
  Nanoseconds erase = 0;          ///< to reset one chunk
  Nanoseconds transfer = 0;       ///< of one sector over the group's bus
  std::uint32_t cache_units = 0;  ///< write units that a parallel unit's cache holds; 0: there is no cache
};

/// One thread at a time. Does not allocate but when it is made. `now` does not go back: an earlier one counts as the
/// latest so far.
class Timing {
 public:
  explicit Timing(const NandShape& shape);

  /// Reads `sectors` sectors of one write unit: sensed when the unit has done all before, then sent over the bus.
  /// Returns when they are there. `unit` counts through all groups.
  Nanoseconds read(Nanoseconds now, std::uint32_t unit, std::uint32_t sectors) noexcept;
  struct Written {
    Nanoseconds accepted = 0;    ///< it has room in the cache; without one, as programmed
    Nanoseconds programmed = 0;  ///< it is in the flash, and its room is free again
  };
  /// Writes one write unit, of which `sectors` are sent.
  Written write(Nanoseconds now, std::uint32_t unit, std::uint32_t sectors) noexcept;
  /// Returns when the chunk is erased.
  Nanoseconds erase(Nanoseconds now, std::uint32_t unit) noexcept;
  /// When all that was written so far is programmed.
  [[nodiscard]] Nanoseconds flushed(Nanoseconds now) const noexcept;

 private:
  /// A group's bus: what is reserved of the time to come. A transfer takes the first gap that it fits into.
  class Bus {
   public:
    Bus();
    /// Reserves `length` not before `earliest`, which is not before `now`, and returns where it begins.
    Nanoseconds reserve(Nanoseconds now, Nanoseconds earliest, Nanoseconds length) noexcept;

   private:
    struct Busy {
      Nanoseconds begin, end;
    };
    std::vector<Busy> busy_;  // in order, without touching each other
  };
  struct Unit {
    Nanoseconds free = 0;           // when it has done all that it was given
    std::vector<Nanoseconds> room;  // ring: when the last writes leave the cache
    std::size_t oldest = 0;
  };

  [[nodiscard]] Nanoseconds not_before(Nanoseconds now) noexcept;
  [[nodiscard]] Bus& bus_of(std::uint32_t unit) noexcept { return buses_[unit / shape_.units]; }

  NandShape shape_;
  Nanoseconds now_ = 0, programmed_ = 0;
  std::vector<Bus> buses_;
  std::vector<Unit> units_;
};

}  // namespace lightnvm::emulator
