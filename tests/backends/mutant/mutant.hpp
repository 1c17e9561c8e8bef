// SPDX-License-Identifier: BSD-2-Clause
// Mutants: emulated devices that break one rule each, and what such a device sees of a command.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "backends/registry.hpp"
#include "base/segments.hpp"
#include "lightnvm/chunk.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::backends::mutant {

/// Executes commands of its own on the emulated device, and knows its shape.
class Insider final : private Sink {
 public:
  static Result<std::unique_ptr<Insider>> look_into(Backend& backend);
  Completion execute(QueuePair& queue, const spec::Command& command, const Payload& payload);

  /// The chunk of an address in the device's format, as it is now.
  struct Place {
    bool exists = false;
    std::uint64_t chunk = 0, sector = 0;
    spec::ChunkDescriptor descriptor{};
    [[nodiscard]] bool is(ChunkState s) const { return exists && descriptor.cs == static_cast<std::uint8_t>(s); }
  };
  Place find(std::uint64_t lba);

  spec::Geometry20 geometry{};
  spec::IdentifyNamespace ns{};
  std::uint64_t limit = 0;  ///< MDTS in sectors
  [[nodiscard]] std::uint64_t address_mask() const;
  /// It speaks OCSSD 1.2: `geometry` is its identity then.
  [[nodiscard]] bool physical() const { return geometry.mjr == 1; }
  [[nodiscard]] const spec::Identity12& identity() const { return reinterpret_cast<const spec::Identity12&>(geometry); }

  // What a mutant remembers of the commands before.
  std::map<std::uint32_t, unsigned> pages;  ///< Identify and Geometry, how often
  std::uint64_t last_changed = ~0ULL;       ///< chunk of the last write or reset
  bool last_was_reset = false;
  std::map<std::uint64_t, unsigned> resets;  ///< of each chunk
  unsigned whole_reports = 0;
  bool last_was_read = false;
  unsigned tables = 0;  ///< bad block tables that were read

 private:
  void complete(Request& request, const Completion& completion) noexcept override;
  std::unique_ptr<QueuePair> admin_;
  Completion outcome_;
};

/// One command as a mutant has it in hand: it may change it, run it or not, and change what became of it.
struct Seen {
  Insider& device;
  QueuePair& queue;
  bool admin = false;
  std::size_t in_flight = 0;  ///< other commands of the queue
  spec::Command command;
  Payload payload;
  std::vector<std::uint64_t> list, destination;  ///< of the payload, to be changed
  Insider::Place place;                          ///< of the first address (copy: destination) before the command
  Completion done;

  Completion& run();
  /// Only the first `count` addresses of the list.
  void shorten(std::uint32_t count);
  void refuse(StatusCode code) { done = {0, Status::nvme_dnr(code)}; }
  void drop() { done = {}; }
  /// Another verdict instead of `from`.
  void turn(StatusCode from, StatusCode to);

  [[nodiscard]] unsigned opcode() const { return spec::Opcode::get(command); }
  [[nodiscard]] bool io(spec::IoOpcode op) const { return !admin && opcode() == static_cast<unsigned>(op); }
  [[nodiscard]] bool is(spec::AdminOpcode op) const { return admin && opcode() == static_cast<unsigned>(op); }
  [[nodiscard]] bool vector() const { return !admin && spec::is_vector(opcode()); }
  [[nodiscard]] bool reads() const { return io(spec::IoOpcode::read) || io(spec::IoOpcode::vector_read); }
  [[nodiscard]] bool writes() const { return io(spec::IoOpcode::write) || io(spec::IoOpcode::vector_write); }
  [[nodiscard]] bool copies() const { return io(spec::IoOpcode::vector_copy); }
  [[nodiscard]] bool deallocates() const { return io(spec::IoOpcode::dataset_management); }
  [[nodiscard]] bool resets() const { return io(spec::IoOpcode::vector_reset) || deallocates(); }
  [[nodiscard]] std::uint32_t count() const;
  [[nodiscard]] std::uint64_t sector() const { return place.sector; }
  [[nodiscard]] std::uint64_t pointer() const { return place.descriptor.wp; }
  [[nodiscard]] bool is_free() const { return place.is(ChunkState::free); }
  [[nodiscard]] bool is_open() const { return place.is(ChunkState::open); }
  [[nodiscard]] bool is_closed() const { return place.is(ChunkState::closed); }
  [[nodiscard]] bool is_offline() const { return place.is(ChunkState::offline); }
  [[nodiscard]] bool is_random() const { return place.exists && (place.descriptor.ct & 2) != 0; }
  [[nodiscard]] bool is_short() const { return place.exists && (place.descriptor.ct & 0x10) != 0; }
  /// Addresses of the list lie in more than one chunk.
  [[nodiscard]] bool spreads() const;
  [[nodiscard]] std::uint64_t chunk_of(std::uint64_t lba) const { return lba >> device.geometry.lbk_len; }

  /// Identify with this CNS, or Geometry, but not as the library reads them when it opens the device.
  [[nodiscard]] bool identify_again(std::uint32_t cns) const;
  [[nodiscard]] bool geometry_again() const;
  [[nodiscard]] bool log(spec::LogPage page) const;
  /// All of the chunk report, but for the first time.
  [[nodiscard]] bool whole_report() const;
  [[nodiscard]] std::uint64_t log_bytes() const;
  [[nodiscard]] bool has_metadata() const { return total_bytes(payload.metadata) != 0; }

  template <typename T>
  [[nodiscard]] T get(std::size_t offset) const {
    T value{};
    SegmentRange{payload.data, offset, sizeof value}.copy_out(reinterpret_cast<std::byte*>(&value));
    return value;
  }
  template <typename T>
  void put(std::size_t offset, T value) const {
    SegmentRange{payload.data, offset, sizeof value}.copy_in(reinterpret_cast<const std::byte*>(&value));
  }
  /// Another first byte in sector `i` of the data.
  void spoil(std::uint32_t i = 0) const;
};

/// Which device a mutant is made of.
enum class Made : std::uint8_t {
  full,      ///< all kinds of chunks, all capabilities
  simple,    ///< no copy, sectors larger than the smallest page, chunks of one command
  physical,  ///< of OCSSD 1.2, with two planes
};

struct Mutant {
  std::string_view name;  ///< the rule that it breaks; behind a slash, which of its mutants
  void (*execute)(Seen&);
  Made made = Made::full;
  bool mute = false;  ///< it tells no events
};

/// All of them.
const std::vector<Mutant>& mutants();
std::span<const Mutant> admin_mutants();
std::span<const Mutant> write_mutants();
std::span<const Mutant> read_mutants();
std::span<const Mutant> other_mutants();
std::span<const Mutant> physical_mutants();

}  // namespace lightnvm::backends::mutant
