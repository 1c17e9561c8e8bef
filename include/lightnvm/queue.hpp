// SPDX-License-Identifier: BSD-2-Clause
// Queue: asynchronous commands of one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "lightnvm/chunk.hpp"
#include "lightnvm/command.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm {

/// Up to `depth` commands in flight; submitting does not allocate, lock or wait. From Device::open_queue.
///
/// A function that submits returns success, and the callback is called exactly once, later, from poke, wait or
/// drain; or it returns why nothing was submitted, and the callback is never called:
///   EAGAIN   depth commands are in flight: poke or wait first
///   EINVAL   the caller's mistake: no or too many sectors, memory of the wrong size, an address that the device's
///            format cannot name (but of OCSSD 2.0 one of which only the group is too high: that is sent, and the
///            device says that it is nowhere)
///   ENOTSUP  the device or the route to it has no such command
///   EROFS    the device was opened read-only
/// What the device says of a command is in its Completion.
///
/// One thread at a time; a queue may move between threads. It keeps its Device alive. Ending it waits for what is in
/// flight and calls the callbacks.
class Queue {
 public:
  Queue(Queue&&) noexcept;
  Queue& operator=(Queue&&) noexcept;
  ~Queue();

  Status read(const Sectors& sectors, const Destination& to, Callback done, CommandOptions options = {}) noexcept;
  Status write(const Sectors& sectors, const Source& from, Callback done, CommandOptions options = {}) noexcept;
  /// Resets the chunks of `chunks` (one address each; a single one by Sectors(address, 1)). `descriptors`, if not
  /// empty, has room for as many wire descriptors (32 bytes each) and receives them; only with vector addressing, else
  /// EINVAL, and not on OCSSD 1.2 (ENOTSUP). A single address goes as a vector of one, with which a chunk's own size
  /// does not matter. On OCSSD 1.2 it erases blocks: of all planes where `options` has another plane mode than single,
  /// otherwise of the plane that the address names.
  Status reset(const Sectors& chunks, Callback done, std::span<std::byte> descriptors = {},
               CommandOptions options = {}) noexcept;
  /// Copies sectors inside the device, each of `from` to the one of `to` at the same place in the list.
  Status copy(std::span<const Address> from, std::span<const Address> to, Callback done) noexcept;
  /// Sends an I/O command as it is, as Device::pass.
  Status pass(const RawCommand& command, const Destination& memory, Callback done,
              std::span<const std::uint64_t> list = {}, std::span<const std::uint64_t> destination = {}) noexcept;
  /// Makes durable what completed before.
  Status flush(Callback done) noexcept;

  /// Calls the callbacks of up to `max` (0: all) commands that are done; does not wait. Returns how many.
  Result<unsigned> poke(unsigned max = 0) noexcept;
  /// Waits until at least `min` commands are done, or none is in flight, or the time is over. Returns how many.
  Result<unsigned> wait(unsigned min = 1, std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max()) noexcept;
  /// Waits until nothing is in flight, what callbacks submit included. Returns how many were done.
  Result<unsigned> drain() noexcept;

  [[nodiscard]] std::uint32_t depth() const noexcept;
  [[nodiscard]] std::uint32_t in_flight() const noexcept;
  /// Readable when poke has something to do, for poll(2); -1 where the route has none.
  [[nodiscard]] int event_fd() const noexcept;

  struct Counters {
    std::uint64_t submitted = 0, completed = 0, failed = 0;
  };
  [[nodiscard]] Counters counters() const noexcept;

 private:
  friend class Device;
  friend class DeviceAccess;
  class Impl;
  explicit Queue(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lightnvm
