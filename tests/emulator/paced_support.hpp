// SPDX-License-Identifier: BSD-2-Clause
// A host of an emulated device of OCSSD 2.0 with faults or timing: whole commands on a clock that stands until it is
// set.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "emulator/paced_queue.hpp"
#include "spec/build.hpp"

namespace lightnvm::emulator::paced_test {

/// 3 groups of 2 units of 5 chunks of 24 sectors of 512 + 8 bytes; ws_min 4, mw_cunits 8.
inline Config small() {
  Config c;
  c.overrides.clear();
  Geometry& g = c.geometry;
  g.groups = 3, g.units = 2, g.chunks = 5, g.sectors = 24, g.sector_bytes = 512, g.oob_bytes = 8;
  g.ws_min = 4, g.ws_opt = 8, g.mw_cunits = 8, g.wear_threshold = 255, g.vector_copy = true;
  g.multiple_resets = g.early_reset = true;
  g.times = {1000, 2000, 10000, 20000, 30000, 60000};
  return c;
}

/// A command with all its memory; stays where it is while it is in flight.
struct Command {
  spec::Command entry;
  std::vector<std::uint64_t> list, destination;
  std::vector<std::byte> data, metadata;
  Segment data_segment, metadata_segment;
  Payload payload;
};

class Host {
 public:
  explicit Host(const Config& config, std::string_view plan = {}, bool timing = false, std::uint32_t depth = 64) {
    Conduct conduct;
    conduct.timing = timing;
    if (timing) conduct.sector_transfer = 100;
    if (!plan.empty()) {
      auto parsed = parse_faults(plan);
      EXPECT_TRUE(parsed.has_value()) << last_error();
      if (parsed) conduct.faults = std::move(*parsed);
    }
    auto made = Device::in_memory(config);
    EXPECT_TRUE(made.has_value()) << last_error();
    device_ = std::move(*made);
    EXPECT_TRUE(device_->conduct(std::move(conduct)).ok()) << last_error();
    controller_ = std::make_unique<Controller>(device_, 1);
    queue_ = std::make_unique<PacedQueue>(*controller_, depth, 1);
  }

  [[nodiscard]] Device& device() noexcept { return *device_; }
  [[nodiscard]] Controller& controller() noexcept { return *controller_; }
  [[nodiscard]] PacedQueue& queue() noexcept { return *queue_; }
  [[nodiscard]] const Geometry& geometry() const noexcept { return device_->geometry(); }
  [[nodiscard]] std::uint64_t lba(Address a) const noexcept { return device_->format().pack(a); }
  Chunk chunk(Address a) { return device_->machine().describe(static_cast<std::uint32_t>(geometry().chunk_index(a))); }

  std::unique_ptr<Command> make(spec::IoOpcode opcode, std::vector<Address> list, int fill = 0x5A) const {
    auto c = std::make_unique<Command>();
    c->entry = spec::build::vector(opcode, 1, static_cast<std::uint32_t>(list.size()));
    for (const Address a : list) c->list.push_back(lba(a));
    c->payload.list = c->list;
    if (opcode != spec::IoOpcode::vector_reset && opcode != spec::IoOpcode::vector_copy) {
      c->data.assign(list.size() * geometry().sector_bytes, static_cast<std::byte>(fill));
      c->metadata.assign(list.size() * geometry().oob_bytes, static_cast<std::byte>(fill));
      c->data_segment = {c->data.data(), c->data.size()};
      c->metadata_segment = {c->metadata.data(), c->metadata.size()};
      c->payload.data = {&c->data_segment, 1};
      c->payload.metadata = {&c->metadata_segment, 1};
    }
    return c;
  }
  /// Starts it and waits for it; whatever else is in flight must be done, too. `now` is when it was.
  Completion run(Command& c) {
    Completion result;
    if (const Status s = queue_->start(c.entry, c.payload, 0, now); !s) return {0, s};
    while (queue_->in_flight() != 0) {
      now = std::max(now, queue_->next_due().value_or(now));
      (void)queue_->poll(1, now, [&](std::uint16_t, const Completion& done) { result = done; });
    }
    return result;
  }
  Completion run(spec::IoOpcode opcode, std::vector<Address> list, int fill = 0x5A) {
    last = make(opcode, std::move(list), fill);
    return run(*last);
  }
  static std::vector<Address> sectors(Address chunk, std::uint32_t first, std::uint32_t count) {
    std::vector<Address> list;
    for (std::uint32_t i = 0; i < count; ++i) list.push_back(chunk.at_sector(first + i));
    return list;
  }
  Completion write(Address chunk, std::uint32_t first, std::uint32_t count, int fill = 0x5A) {
    return run(spec::IoOpcode::vector_write, sectors(chunk, first, count), fill);
  }
  Completion read(Address chunk, std::uint32_t first, std::uint32_t count) {
    return run(spec::IoOpcode::vector_read, sectors(chunk, first, count), 0);
  }
  Completion reset(Address chunk) { return run(spec::IoOpcode::vector_reset, {chunk}); }
  Completion flush() {
    last = std::make_unique<Command>();
    last->entry = spec::build::flush(1);
    return run(*last);
  }
  /// The notifications that there are.
  std::vector<spec::ChunkNotification> told() {
    std::vector<spec::ChunkNotification> out;
    for (const auto& n : device_->notifications()) {
      if (n.nc != 0) out.push_back(n);
    }
    return out;
  }

  Nanoseconds now = 1000;
  std::unique_ptr<Command> last;  ///< of run(), with what it read

 private:
  std::shared_ptr<Device> device_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<PacedQueue> queue_;
};

}  // namespace lightnvm::emulator::paced_test
