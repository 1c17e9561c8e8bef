// SPDX-License-Identifier: BSD-2-Clause
// History: commands that overlapped in time, and whether any order of them explains what they did and saw.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "emulator/oracle.hpp"

namespace lightnvm::oracle {

/// What one command did to one chunk, or saw of it, at one moment between its start and its end.
struct Event {
  enum class Kind : std::uint8_t { write, reset, read, report };
  Kind kind = Kind::read;
  std::uint64_t chunk = 0;
  std::uint64_t begin = 0, end = 0;  ///< from a clock that all who take part share
  std::uint16_t code = kSuccess;
  std::uint64_t first = 0, count = 1;  ///< sectors
  std::vector<Sector> content;         ///< of a write; of a read that returned something
  Descriptor report{};
  bool loose = false;  ///< failed, and rightly so as far as this chunk's history can tell
};

/// Chunks are independent of each other, so each has a history of its own (linearizability is a local property): an
/// order of the chunk's events that keeps what did not overlap in its order, and in which each event ends as the oracle
/// would have it end. Thread-safe.
class History {
 public:
  explicit History(const Oracle& initial) : initial_(initial) {}

  void add(Event event);
  /// A chunk whose reset may fail and take it offline.
  void allow_offline(std::uint64_t chunk) { may_fail_.insert_or_assign(chunk, true); }

  /// Whether there is such an order. Empty, and the chunk's last state; or what cannot be explained.
  std::string explain(std::uint64_t chunk, Chunk& last);
  /// For explanations.
  [[nodiscard]] static std::string describe(const Event& e);

 private:
  struct Search;
  [[nodiscard]] static bool excused(const Event& e, const std::vector<Event>& all);
  [[nodiscard]] std::vector<Event> constrained(std::uint64_t chunk) const;

  Oracle initial_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::vector<Event>> events_;
  std::map<std::uint64_t, bool> may_fail_;
};

}  // namespace lightnvm::oracle
