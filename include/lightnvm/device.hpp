// SPDX-License-Identifier: BSD-2-Clause
// Device: an opened Open-Channel SSD, whatever the route to it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/bad_blocks.hpp"
#include "lightnvm/buffer.hpp"
#include "lightnvm/chunk.hpp"
#include "lightnvm/command.hpp"
#include "lightnvm/event.hpp"
#include "lightnvm/found_device.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/ppa_format.hpp"
#include "lightnvm/queue.hpp"
#include "lightnvm/route_faults.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm {

struct OpenOptions {
  std::string backend;     ///< name of a backend; empty: the identifier's prefix, $NVM_BE, or the first that opens it
  bool read_only = false;  ///< the same as ?ro in the identifier
  std::optional<RouteFaultPlan> faults;  ///< the same as ?fault=FILE; EINVAL with both
};

/// Features that a device's behaviour depends on. OCSSD-2.0 3.5.
enum class Feature : std::uint8_t { error_recovery = 0x05, media_feedback = 0xCA };

enum class CommandSet : std::uint8_t { admin, io };

/// What the route to a device carries by itself. What is false here the library supplies, as far as it can: vector
/// commands are then scalar ones in turn, atomic no more.
struct Route {
  bool vectors = false, vector_copy = false, reset_descriptors = false;
  bool metadata = false;  ///< false: nobody supplies it
  bool events = false;    ///< false: nobody supplies them
};

/// A handle; copies share the opened device, which closes with the last of them and of its queues.
/// All functions may be called from any thread. Commands here are synchronous: they return when the device has
/// answered. Their Completion's status is an OS error where nothing was sent (the values of Queue's functions, but
/// EAGAIN), and the device's verdict otherwise.
class Device {
 public:
  /// Opens `[BACKEND:]IDENT[?option&key=value...]`: the path of an emulated device's file, `emu:?groups=8&punits=4` for
  /// one in memory, ... (the README of each folder of src/backends has its identifiers). Options of all backends:
  /// `ro` (no value), `fault=FILE` (a plan, route_faults.hpp), and `trace=FILE`. Without a backend's name the backends
  /// are tried in turn, and a device that none recognises is not opened. Errors, each with a sentence in last_error():
  /// ENOENT, EACCES, EBUSY (another process has it), EINVAL (identifier, option, or a damaged device), ENODEV (none of
  /// the backends knows it), and what the route says.
  static Result<Device> open(std::string_view ident, const OpenOptions& options = {});

  [[nodiscard]] const Geometry& geometry() const noexcept;
  [[nodiscard]] SpecVersion version() const noexcept;
  [[nodiscard]] std::string_view backend() const noexcept;  ///< its name: "emu"
  [[nodiscard]] std::uint32_t backend_id() const noexcept;  ///< its id in the C API: 0x10000
  [[nodiscard]] const std::string& ident() const noexcept;  ///< as it was given to open
  [[nodiscard]] const std::string& path() const noexcept;   ///< the identifier without backend and options
  [[nodiscard]] std::uint32_t nsid() const noexcept;
  [[nodiscard]] bool read_only() const noexcept;
  [[nodiscard]] const Route& route() const noexcept;
  /// The most sectors that one scalar command moves; OCSSD 1.2: one vector command.
  [[nodiscard]] std::uint32_t max_sectors() const noexcept;
  /// MCCAP as the device says it. OCSSD-2.0 3.1; OCSSD-1.2 10.1 (of configuration group 0). 0 for unknown devices.
  [[nodiscard]] std::uint32_t capabilities() const noexcept;
  /// Widths in bits of the device's own address fields: group, unit, chunk, sector. OCSSD 1.2: zeros.
  [[nodiscard]] std::array<unsigned, 4> address_bits() const noexcept;
  /// The fields of a device's own addresses; nothing unless it speaks OCSSD 1.2. OCSSD-1.2 10.2.
  [[nodiscard]] std::optional<PpaFormat> ppa_format() const noexcept;
  /// The device's own name of an address, and back.
  [[nodiscard]] std::uint64_t to_device(Address address) const noexcept;
  [[nodiscard]] Address from_device(std::uint64_t device_address) const noexcept;

  Completion read(const Sectors& sectors, const Destination& to, CommandOptions options = {});
  Completion write(const Sectors& sectors, const Source& from, CommandOptions options = {});
  /// Resets the chunks of `chunks`, one address each. With `after`, what they look like then: as many as addresses;
  /// those whose bit in the result is set are not touched. `after` needs vector addressing (a list, or
  /// Sectors::vector), else EINVAL. OCSSD 1.2: an erase, as Queue::reset says.
  Completion reset(const Sectors& chunks, std::span<Chunk> after = {}, CommandOptions options = {});
  /// ENOTSUP on OCSSD 1.2.
  Completion copy(std::span<const Address> from, std::span<const Address> to);
  Completion flush();

  /// The bad block table of the LUN that `unit` lies in, as the device keeps it. OCSSD-1.2 10.3. EINVAL where the
  /// device has no such LUN, EPROTO for a table that is none, ENOTSUP unless it speaks OCSSD 1.2; a sentence with each.
  Result<BadBlockTable> bad_blocks(Address unit);
  /// Sets the state of 1 to 64 blocks, each on the plane that its address names. EINVAL for none, for more, or for one
  /// that the device does not have; EROFS; ENOTSUP unless it speaks OCSSD 1.2. Where the route carries no lists, block
  /// after block: what comes before the one that failed is set.
  Completion set_bad_blocks(std::span<const Address> blocks, BlockState state);

  /// The chunk report: `count` chunks from number `first` on (Geometry::chunk_index), as many as there are. ENOMEM
  /// where they are too many for this host's memory: ask for a part. ENOTSUP on OCSSD 1.2.
  Result<std::vector<Chunk>> chunks(std::uint64_t first = 0, std::uint64_t count = ~0ULL);
  Result<Chunk> chunk(Address address);

  /// What the device has told since the last call; never waits. Empty: nothing. ENOTSUP where the route has no events,
  /// and on OCSSD 1.2.
  Result<std::vector<Event>> events();

  /// ENOTSUP for Feature::media_feedback on OCSSD 1.2.
  Result<std::uint32_t> feature(Feature feature);
  /// For all who have the device open. EROFS where it was opened for a look.
  Status set_feature(Feature feature, std::uint32_t value);
  /// Whether reading an unwritten sector is an error (deallocated_or_unwritten) or yields predefined data. ENOTSUP on
  /// OCSSD 1.2, where it always is an error (empty_page).
  Status report_unwritten(bool as_error);

  /// Identify, CNS 00h and 01h: 4096 bytes as the device answered when it was opened.
  [[nodiscard]] std::span<const std::byte> identify_namespace() const noexcept;
  [[nodiscard]] std::span<const std::byte> identify_controller() const noexcept;
  /// Admin command E2h, the geometry of OCSSD 2.0 or the identity of 1.2: 4096 bytes as the device answered when it was
  /// opened; empty where it refused.
  [[nodiscard]] std::span<const std::byte> identify_geometry() const noexcept;

  /// Sends a command as it is. The library sets the identifier and the pointers; `list` and `destination` are a vector
  /// command's addresses in the device's format. ENOTSUP for what the route cannot carry, EROFS for what may change a
  /// device that was opened for a look.
  Completion pass(CommandSet set, const RawCommand& command, const Destination& memory,
                  std::span<const std::uint64_t> list = {}, std::span<const std::uint64_t> destination = {});

  /// Memory for transfers: page-aligned, from the route where it needs its own. EINVAL for 0 bytes, ENOMEM.
  Result<Buffer> allocate(std::size_t bytes);
  /// A queue for asynchronous commands. `depth` 1 to the route's maximum, EINVAL beyond; 0: 64, or less where the route
  /// has less.
  Result<Queue> open_queue(std::uint32_t depth = 0);

  class Impl;

 private:
  friend class DeviceAccess;
  explicit Device(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

/// A backend that this library knows by name.
struct BackendInfo {
  std::string_view name;
  std::uint32_t id = 0;
  bool built = false;
  std::string_view absent_because;  ///< why not, if not built
};
std::vector<BackendInfo> available_backends();

/// The devices that this build's routes find, in the order of the routes, without opening, locking, writing or waking
/// any. Routes that cannot look (most need to be told where a device is) find nothing. A device that cannot be opened
/// is among them, and says why. Thread-safe. Errors, with a sentence: ENOENT, ENOTDIR, EACCES of a directory; ENOMEM.
Result<std::vector<FoundDevice>> find_devices(const FindOptions& options = {});

}  // namespace lightnvm
