// SPDX-License-Identifier: BSD-2-Clause
// SEAM 2, what we say: addresses and operations become NVMe commands of one specification. One file per dialect.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dialect/admin_port.hpp"
#include "lightnvm/bad_blocks.hpp"
#include "lightnvm/chunk.hpp"
#include "lightnvm/command_options.hpp"
#include "lightnvm/event.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/ppa_format.hpp"
#include "model/lba_format.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::dialect {

enum class Operation : std::uint8_t { read, write, reset, copy };
/// One command for consecutive sectors, or one with a list of addresses.
enum class Addressing : std::uint8_t { scalar, vector };

/// An operation before it is encoded. Requires count >= 1; with vectors at most kMaxAddresses.
struct Io {
  Operation operation = Operation::read;
  Addressing addressing = Addressing::vector;
  bool consecutive = false;  ///< `addresses` is one, and the sectors behind it are meant
  CommandOptions options;
  const Address* addresses = nullptr;    ///< count of them, but with `consecutive`; scalar transfers: only the first
  const Address* destination = nullptr;  ///< copy: count of them
  std::uint32_t count = 0;
};

/// A read or write that asks for nothing but its sectors: what is sent most. The index of tables of such commands.
constexpr unsigned plain_kind(Operation operation, Addressing addressing) noexcept {
  return static_cast<unsigned>(operation) * 2 + static_cast<unsigned>(addressing);
}
inline constexpr unsigned kPlainKinds = 4;

/// How plain reads and writes are encoded where addresses are packed by an LbaFormat and dword 12 is the count.
class PlainTransfers {
 public:
  PlainTransfers() noexcept = default;
  PlainTransfers(const model::LbaFormat& format, std::uint32_t nsid) noexcept;

  /// Whether the format can say the address (LbaFormat::encodable): if not, it would name a sector elsewhere.
  [[nodiscard]] bool has_name(Address a) const noexcept { return (a.value & beyond_) == 0; }
  /// As the device names it.
  [[nodiscard]] std::uint64_t name(Address a) const noexcept { return format_.pack(a); }
  /// The names of `count` addresses; false if one has none.
  [[nodiscard]] bool name_list(const Address* addresses, std::uint32_t count, std::uint64_t* names) const noexcept;
  /// The command on `count` addresses, which go into its SLBA (scalar, the first of them) or into the payload's list.
  [[nodiscard]] spec::Command command(unsigned kind, std::uint32_t count) const noexcept {
    spec::Command c = commands_[kind];
    c.dw[12] = count - 1;
    return c;
  }

 private:
  model::LbaFormat format_;
  std::uint64_t beyond_ = 0;  // the bits of a generic address that no name has room for
  // They lack only their addresses and their count.
  std::array<spec::Command, kPlainKinds> commands_;
};

/// Memory that an encoded command points to; lives as long as the command is in flight.
struct WireMemory {
  std::array<std::uint64_t, kMaxAddresses> list;
  std::array<std::uint64_t, kMaxAddresses> destination;
  std::array<spec::DsmRange, kMaxAddresses> ranges;
  Segment range_segment;
};

/// What a device was recognised to speak. Immutable; thread-safe.
class Dialect {
 public:
  virtual ~Dialect() = default;

  [[nodiscard]] virtual SpecVersion version() const noexcept = 0;
  [[nodiscard]] virtual const Geometry& geometry() const noexcept = 0;
  /// MCCAP as the device says it.
  [[nodiscard]] virtual std::uint32_t capabilities() const noexcept = 0;

  /// Fills `command` and the address lists of `payload` (scalar reset: its data). Does not allocate or block.
  /// Returns EINVAL for an address that the device's format cannot name (OCSSD 2.0: a group that it cannot name is sent
  /// above all fields, and the device's to refuse), ENOTSUP for what the dialect has no words for.
  virtual Status encode(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept = 0;

  /// What encode does with plain reads and writes, as data for who is in a hurry; nullptr: ask encode.
  [[nodiscard]] virtual const PlainTransfers* plain() const noexcept { return nullptr; }

  /// The device's name of an address, and back. Components beyond their fields are cut.
  [[nodiscard]] virtual std::uint64_t to_device(Address address) const noexcept = 0;
  [[nodiscard]] virtual Address from_device(std::uint64_t device_address) const noexcept = 0;
  /// Widths of the device's address fields: group, unit, chunk, sector; zeros where ppa_format says more.
  [[nodiscard]] virtual std::array<unsigned, 4> address_bits() const noexcept = 0;
  [[nodiscard]] virtual std::optional<PpaFormat> ppa_format() const noexcept { return std::nullopt; }

  /// `count` chunks of the report from number `first` on; as many as there are.
  virtual Result<std::vector<Chunk>> report(AdminPort& port, std::uint64_t first, std::uint64_t count) const = 0;
  /// Turns descriptors that came back with a reset into chunks.
  [[nodiscard]] virtual Chunk parse_descriptor(const spec::ChunkDescriptor& descriptor) const noexcept = 0;
  /// The notifications that the device has logged, oldest first; reading them arms the next event.
  virtual Result<std::vector<Event>> events(AdminPort& port) const = 0;

  /// The contracts of Device's functions. ENOTSUP where the dialect has no bad block tables.
  virtual Result<BadBlockTable> bad_blocks(AdminPort& port, Address unit) const = 0;
  virtual Completion set_bad_blocks(AdminPort& port, std::span<const Address> blocks, BlockState state) const = 0;
};

/// What a device was found to speak.
struct Recognised {
  std::unique_ptr<Dialect> dialect;  ///< nullptr where none recognises the device
  spec::IdentifyPage page{};         ///< what it answered to admin command E2h
  bool has_page = false;
};
/// Errors are those of the commands that were needed, and EPROTO with a sentence for a device that makes no sense.
Result<Recognised> recognise(AdminPort& port, const spec::IdentifyNamespace& ns);

}  // namespace lightnvm::dialect
