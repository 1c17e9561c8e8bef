// SPDX-License-Identifier: BSD-2-Clause
// What the tests of emulated devices of OCSSD 1.2 share: a host that sends lists of generic addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "emulator/controller.hpp"
#include "emulator/queue.hpp"
#include "model/ppa_format.hpp"
#include "spec/build.hpp"

namespace lightnvm::emulator::physical_test {

using Bytes = std::vector<std::byte>;
using List = std::vector<Address>;

/// 2 channels x 3 LUNs x 5 blocks x `planes` planes x 6 pages x 2 sectors of 512 + 16 bytes: counts that leave holes in
/// the address format.
Config small_physical(std::uint32_t planes = 2, std::uint32_t pe_cycles = 100);

/// `count` pages from `page` on over all `planes` planes from `block` on, plane after plane within each.
List pages(const Geometry& g, Address block, std::uint32_t page, std::uint32_t count, std::uint32_t planes);
/// What a sector holds after its `round`-th write: data, or its metadata.
Bytes pattern(const List& list, std::uint32_t bytes_each, std::uint32_t round);

/// A command with all its memory; stays where it is while it is in flight.
struct Command {
  spec::Command entry;
  std::vector<std::uint64_t> list;
  Bytes data, metadata;
  Segment data_segment, metadata_segment;
  Payload payload;
};

/// An opened device, one queue to it, and the admin commands.
class Host {
 public:
  explicit Host(const Config& config, std::uint32_t depth = 8);
  explicit Host(std::shared_ptr<Device> device, std::uint32_t depth = 8);

  [[nodiscard]] Device& device() noexcept { return *device_; }
  [[nodiscard]] Controller& controller() noexcept { return controller_; }
  [[nodiscard]] const Geometry& geometry() const noexcept { return device_->config().geometry; }
  [[nodiscard]] std::uint64_t ppa(Address a) const noexcept { return packer_.pack(a); }

  /// A command of 1.2 on `list`; `control` is CDW12 31:16. Reads and writes have memory for data and metadata.
  [[nodiscard]] std::unique_ptr<Command> make(spec::IoOpcode opcode, const List& list, std::uint32_t control = 0,
                                              std::uint32_t round = 0) const;
  /// Begins it under `tag`; what finishes comes from poll.
  void start(Command& command, std::uint16_t tag) { queue_.start(command.entry, command.payload, tag); }
  unsigned poll(std::span<Done> out) { return queue_.poll(out); }
  Completion run(Command& command);

  Completion write(const List& list, std::uint32_t control = 0, std::uint32_t round = 0);
  Completion erase(const List& list, std::uint32_t control = 0);
  /// Whether the sectors read back as they were written in that round.
  [[nodiscard]] bool reads_back(const List& list, std::uint32_t round = 0, std::uint32_t control = 0);
  Completion read(const List& list, std::uint32_t control = 0);

  Completion admin(const spec::Command& command, std::span<std::byte> data = {},
                   std::span<const std::uint64_t> list = {});
  Completion mark(const List& list, std::uint32_t value, std::uint32_t nsid = 1);
  /// Header and states.
  Completion table(Address unit, Bytes& out);

 private:
  std::shared_ptr<Device> device_;
  Controller controller_;
  Queue queue_;
  model::PpaPacker packer_;
};

}  // namespace lightnvm::emulator::physical_test
