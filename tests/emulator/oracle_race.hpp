// SPDX-License-Identifier: BSD-2-Clause
// Race: commands that overlap on a few chunks of one device, from one thread or several, recorded as a history.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "emulator/controller.hpp"
#include "emulator/oracle.hpp"
#include "emulator/oracle_history.hpp"
#include "emulator/oracle_media.hpp"
#include "emulator/oracle_random.hpp"
#include "emulator/oracle_session.hpp"
#include "emulator/queue.hpp"

namespace lightnvm::oracle {

/// What those who take part share. Thread-safe.
class Race {
 public:
  /// `slow` may be null: the device is on others, which do not fail.
  Race(const emulator::Config& of, std::shared_ptr<emulator::Device> device, SlowMedia* slow, bool dulbe,
       bool several_threads);

  [[nodiscard]] std::uint64_t now() { return ++clock_; }
  [[nodiscard]] std::uint64_t tags(std::uint64_t count) { return next_tag_.fetch_add(count); }
  /// The first thing that went wrong.
  void fail(const std::string& what);
  [[nodiscard]] bool failed() const { return failed_; }

  /// Keeps resets away from a chunk while it is copied from, and copies while it is reset; and writes of a random chunk
  /// away from all else there, as nothing orders them.
  struct Claim {
    unsigned sources = 0, resets = 0, writes = 0, reads = 0;
  };
  [[nodiscard]] bool claim(std::uint64_t chunk, unsigned Claim::* use);
  void release(std::uint64_t chunk, unsigned Claim::* use);
  [[nodiscard]] bool idle_of_resets(std::uint64_t chunk);

  [[nodiscard]] unsigned failed_reads() const { return media == nullptr ? 0 : media->failed_reads(); }
  [[nodiscard]] unsigned failed_writes() const { return media == nullptr ? 0 : media->failed_writes(); }

  /// Reads the chunk report, and records it.
  [[nodiscard]] std::vector<Descriptor> report();
  /// When all is over: reads everything back, and looks for an order that explains it. Empty, or what is wrong.
  std::string conclude(std::uint64_t seed);

  const emulator::Config config;
  const bool threads;
  const Oracle initial;  ///< without limits of open chunks, which are no chunk's own affair
  SlowMedia* const media;
  emulator::Controller controller;
  History history;
  std::atomic<unsigned> resets_done{0};
  std::vector<std::atomic<std::uint64_t>> issued;  ///< where the next write of a chunk goes, if all goes well

 private:
  std::string explain_all(Oracle& end);
  std::string check_saved() const;
  void read_back();
  void read_back(emulator::Queue& queue, std::uint64_t chunk, std::uint64_t lblk);

  std::shared_ptr<emulator::Device> device_;
  std::atomic<std::uint64_t> clock_{0};
  std::atomic<std::uint64_t> next_tag_{1ULL << 32};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::string what_;
  std::map<std::uint64_t, Claim> claims_;
};

/// One who takes part: a queue, and what is in flight there. One thread at a time.
class Racer {
 public:
  Racer(Race& race, std::uint16_t sqid, std::uint32_t depth, std::uint64_t seed);

  /// Starts a command or polls.
  void step();
  /// Polls once; false when nothing is left. Commands of one may wait for those of another.
  bool finish();

 private:
  using Claims = std::vector<std::pair<std::uint64_t, unsigned Race::Claim::*>>;
  struct Flight {
    Request request;
    std::unique_ptr<Transfer> transfer;
    std::uint64_t begin = 0;
    unsigned failed_writes = 0, resets_done = 0;  ///< of the race, when the command was started
    Claims claims;
    std::optional<std::uint64_t> copy_to;  ///< a read whose data are to be copied to this chunk
  };

  void poll();
  void begin();
  void launch(Request r, Claims claims, std::optional<std::uint64_t> copy_to = std::nullopt);
  void launch_copy(const Flight& read, std::uint64_t to, const std::vector<Sector>& content);
  void begin_write(bool vector);
  std::optional<std::uint64_t> place_to_read(std::uint64_t span, Claims& claims);
  void begin_read(bool vector);
  void begin_reset(bool vector);
  void begin_copy();
  std::vector<std::uint64_t> next_run(std::uint64_t chunk);
  [[nodiscard]] std::optional<std::uint16_t> free_tag();

  void finished(Flight& f, const Completion& c);
  void record_writes(const Flight& f, const Completion& c);
  void record_read(Flight& f, const Completion& c);
  void record_reset(const Flight& f, const Completion& c);
  [[nodiscard]] Event event(const Flight& f, Event::Kind kind, std::uint64_t lba, std::uint16_t code) const;

  Race& race_;
  const Oracle& initial_;
  Random random_;
  std::uint32_t depth_;
  std::map<std::uint16_t, Flight> flights_;
  emulator::Queue queue_;
};

}  // namespace lightnvm::oracle
