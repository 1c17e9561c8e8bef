// SPDX-License-Identifier: BSD-2-Clause
// Session: runs the same drawn commands on an emulated device and on the oracle, and says where they differ.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "emulator/controller.hpp"
#include "emulator/device.hpp"
#include "emulator/oracle.hpp"
#include "emulator/oracle_random.hpp"
#include "emulator/queue.hpp"

namespace lightnvm::oracle {

/// A command's memory, laid out in scattered pieces, and the payload that points to it.
struct Transfer {
  Transfer(Random& random, const Request& request, const Geometry& geometry);
  Scatter data, metadata;
  std::vector<std::uint64_t> list, destination;  ///< copies, so that whoever reads beyond them is seen
  Payload payload;

  /// What is wrong with what arrived, given that the command ended as `answer` says; empty if nothing is.
  [[nodiscard]] std::string compare(const Request& request, const Answer& answer, const Geometry& geometry) const;
};

/// What memory holds before the device writes to it.
inline constexpr std::byte kCanary{0xA5};

class Session {
 public:
  /// How soon the device's media finish what they are given.
  enum class Media : std::uint8_t { immediate, slow, immediate_after_failures };
  /// The device is in the oracle's state.
  Session(Oracle oracle, std::shared_ptr<emulator::Device> device, std::uint64_t seed, Media media = Media::immediate);

  using Clock = std::chrono::steady_clock;
  /// Runs `steps` commands, fewer if time is up, and compares the end states. Empty, or the first difference with what
  /// led to it.
  std::string run(std::uint64_t steps, Clock::time_point end = Clock::time_point::max());

 private:
  struct Flight {
    Request request;
    Answer answer;
    std::unique_ptr<Transfer> transfer;
    std::size_t queue = 0;
    std::uint16_t tag = 0;
    bool done = false;
  };
  /// Chunks that a command's outcome depends on, and those that it may reset.
  struct Footprint {
    std::vector<std::uint64_t> touches, resets;
    bool reads = false, writes = false;  ///< copies do both
  };

  [[nodiscard]] Footprint footprint(const Request& r) const;
  [[nodiscard]] bool repeats(const Request& r) const;
  [[nodiscard]] bool determined(const Footprint& f) const;
  [[nodiscard]] bool independent(const Footprint& a, const Footprint& b) const;
  std::string batch();
  std::string start(Flight& flight);
  std::string collect();
  std::string completed(std::size_t queue, const emulator::Done& done);
  std::string finished(Flight& flight, const Completion& completion);
  std::string admin();
  std::string switch_dulbe(bool on);
  std::string compare_log(std::uint64_t offset, std::uint64_t bytes);
  std::string compare_notifications();
  std::string compare_contents();
  std::string compare_stretch(std::uint64_t lba, std::uint32_t count);
  [[nodiscard]] std::string explain(const std::string& difference) const;

  std::shared_ptr<emulator::Device> device_;
  Oracle oracle_;
  Media media_;
  Random random_;
  Generator generator_;
  emulator::Controller controller_;
  std::vector<std::unique_ptr<emulator::Queue>> queues_;
  std::vector<std::uint32_t> depths_;
  std::vector<std::unique_ptr<Flight>> flights_;
  std::vector<Footprint> footprints_;
  std::unique_ptr<Request> postponed_;
  std::deque<Request> trace_;
  std::uint64_t step_ = 0;
};

}  // namespace lightnvm::oracle
