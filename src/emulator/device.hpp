// SPDX-License-Identifier: BSD-2-Clause
// Device: what all controllers of one emulated SSD share: chunks, media, namespace features, notifications.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "emulator/chunk_machine.hpp"
#include "emulator/conduct.hpp"
#include "emulator/faults.hpp"
#include "emulator/image.hpp"
#include "emulator/ledger.hpp"
#include "emulator/media.hpp"
#include "emulator/plane_blocks.hpp"
#include "lightnvm/emulator.hpp"
#include "model/lba_format.hpp"
#include "model/ppa_format.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::emulator {

/// Where a device address points to.
struct Place {
  std::uint32_t chunk = 0;  ///< meaningful if it exists
  std::uint32_t sector = 0;
  bool chunk_exists = false;
};

/// Finds the place of a device address, by shifts, a mask and a table.
struct Locator {
  /// By the bits of an address that name the chunk; holes have `nowhere`.
  const std::uint32_t* table = nullptr;
  std::uint64_t names = 0;    ///< entries of the table
  std::uint32_t nowhere = 0;  ///< ChunkMachine::nowhere
  std::uint32_t sector_mask = 0;
  std::uint8_t chunk_shift = 0;

  /// The chunk of an address, or `nowhere`.
  std::uint32_t chunk(std::uint64_t lba) const noexcept {
    const std::uint64_t name = lba >> chunk_shift;
    return name < names ? table[name] : nowhere;
  }
  std::uint32_t sector(std::uint64_t lba) const noexcept { return static_cast<std::uint32_t>(lba) & sector_mask; }
  Place operator()(std::uint64_t lba) const noexcept { return {chunk(lba), sector(lba), chunk(lba) != nowhere}; }
};

/// What the host has moved, for the health log. Written by one queue, read by anybody.
struct Traffic {
  std::atomic<std::uint64_t> reads{0}, writes{0}, bytes_read{0}, bytes_written{0};
};

class CommandTiming;

using Uuid = std::array<std::uint8_t, 16>;

/// Thread-safe.
class Device {
 public:
  struct Parts {
    std::unique_ptr<ChunkMachine> machine;
    std::unique_ptr<Media> media;
    std::unique_ptr<Ledger> ledger;
    Uuid uuid{};
    bool read_only = false;
    std::uint64_t usable_sectors = 0;
  };
  /// A device whose media are this process's memory. EINVAL, ENOMEM.
  static Result<std::shared_ptr<Device>> in_memory(const Config& config);
  /// The device in an image; errors as Image::open.
  static Result<std::shared_ptr<Device>> from_file(const std::string& path, ImageAccess access,
                                                   const MakeImageFile& make_file = plain_file);
  /// A device of any parts; the machine's chunks are restored already, and the ledger's. Without a ledger it gets one.
  Device(Config config, Parts parts);
  ~Device();

  [[nodiscard]] const Config& config() const noexcept { return config_; }
  /// The machine's and the media's: the configuration's on OCSSD 2.0, see plane_blocks.hpp for 1.2.
  [[nodiscard]] const Geometry& geometry() const noexcept { return geometry_; }
  /// Addresses in that geometry: the device's own on OCSSD 2.0.
  [[nodiscard]] const model::LbaFormat& format() const noexcept { return format_; }
  /// OCSSD 1.2: whether commands bring physical addresses, which flat() turns into those of format(), and their format.
  [[nodiscard]] bool physical() const noexcept { return config_.geometry.has_planes(); }
  [[nodiscard]] const PpaFormat& ppa_format() const noexcept { return ppa_format_; }
  [[nodiscard]] Address generic(std::uint64_t ppa) const noexcept { return ppa_.unpack(ppa); }
  /// Bits outside of all fields make an address that does not exist, like components beyond their counts.
  [[nodiscard]] bool in_format(std::uint64_t ppa) const noexcept { return (ppa & ~ppa_.device_mask()) == 0; }
  [[nodiscard]] bool has(std::uint64_t ppa) const noexcept {
    return in_format(ppa) && config_.geometry.contains(ppa_.unpack(ppa));
  }
  /// Requires has(ppa).
  [[nodiscard]] std::uint64_t flat(std::uint64_t ppa) const noexcept {
    return format_.pack(machine_address(config_.geometry, ppa_.unpack(ppa)));
  }
  [[nodiscard]] ChunkMachine& machine() noexcept { return *machine_; }
  [[nodiscard]] Media& media() noexcept { return *media_; }
  /// When records are kept, and what makes them durable.
  [[nodiscard]] Ledger& ledger() noexcept { return *ledger_; }
  /// Opened for a look, or the media have lost something since.
  [[nodiscard]] bool read_only() const noexcept { return read_only_ || ledger_->failed(); }
  /// What identifies the namespace to hosts, across restarts where the media survive them.
  [[nodiscard]] const Uuid& uuid() const noexcept { return uuid_; }

  /// OCSSD-2.0 2.1. Bits above the fields, like components beyond their counts, make an address that does not exist.
  [[nodiscard]] Place locate(std::uint64_t lba) const noexcept { return locator_(lba); }
  [[nodiscard]] const Locator& locator() const noexcept { return locator_; }
  [[nodiscard]] spec::ChunkDescriptor descriptor(std::uint32_t chunk) const noexcept;
  /// Sectors that can hold data: what Identify calls NCAP.
  [[nodiscard]] std::uint64_t usable_sectors() const noexcept { return usable_sectors_; }

  /// How the device behaves beyond its rules. Said once at most, before it has a controller. EINVAL and a sentence
  /// where a rule of the plan names what the device does not have.
  Status conduct(Conduct conduct);
  [[nodiscard]] const Conduct& conduct() const noexcept { return conduct_; }
  /// nullptr: no plan.
  [[nodiscard]] Faults* faults() const noexcept { return faults_.get(); }
  /// nullptr: commands are done when they are executed.
  [[nodiscard]] CommandTiming* timing() const noexcept { return timing_.get(); }
  [[nodiscard]] bool powered() const noexcept { return !faults_ || faults_->powered(); }

  /// A controller id that no other controller of the device has had. NVMe-2.0 5.17.2.1, CNTLID.
  [[nodiscard]] std::uint16_t next_controller_id() noexcept { return next_controller_++; }

  /// Error recovery and media feedback, set through any controller, kept for the namespace.
  std::atomic<std::uint32_t> error_recovery{0};
  std::atomic<std::uint32_t> media_feedback{0};
  /// Off: each write is durable before it completes.
  std::atomic<bool> write_cache{true};
  [[nodiscard]] bool dulbe() const noexcept {
    return (error_recovery.load(std::memory_order_relaxed) & spec::kDulbe) != 0;
  }

  /// OCSSD 1.2: the bad block table of a LUN (its channel and number from `unit`), header and states as they lie on the
  /// wire.
  [[nodiscard]] std::vector<std::byte> bad_block_table(Address unit) const;
  /// Sets the entries of `chunks` and makes them durable. The first error of the media.
  Status set_bad_blocks(std::span<const std::uint32_t> chunks, BlockState state);

  /// To be called after each successful reset: tells the host of wear that is far from the average.
  void watch_wear(std::uint32_t chunk);

  /// Takes the chunk offline (OCSSD 1.2: it is a grown bad block) and keeps that.
  void take_offline(std::uint32_t chunk) noexcept;
  /// Tells the host of the data of `count` sectors, of the whole chunk if that is 0. OCSSD 1.2: nobody is told.
  void tell(std::uint32_t chunk, std::uint32_t first, std::uint32_t count, Event::State state);

  /// The last 64 notifications, oldest first.
  [[nodiscard]] std::array<spec::ChunkNotification, spec::kNotificationEntries> notifications() const;
  /// `listener` is called, from any thread, after a notification was logged. Returns its key.
  std::uint64_t listen(std::function<void()> listener);
  void stop_listening(std::uint64_t key);

  /// The health log counts this traffic until it is removed, and remembers it afterwards.
  void add_traffic(const Traffic* traffic);
  void remove_traffic(const Traffic* traffic);
  [[nodiscard]] spec::SmartLog smart() const;

 private:
  void notify(spec::ChunkNotification notification);

  Config config_;
  Geometry geometry_;
  model::LbaFormat format_;
  PpaFormat ppa_format_;
  model::PpaPacker ppa_;
  std::unique_ptr<ChunkMachine> machine_;
  std::unique_ptr<Media> media_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<std::uint32_t> chunk_numbers_;
  Locator locator_;
  Conduct conduct_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<CommandTiming> timing_;
  Uuid uuid_;
  bool read_only_;
  std::uint64_t usable_sectors_;
  std::atomic<std::uint16_t> next_controller_{1};

  mutable std::mutex log_mutex_;
  std::vector<spec::ChunkNotification> log_;
  std::uint64_t notified_ = 0;
  struct Listener {
    std::uint64_t key;
    std::function<void()> call;
  };
  std::vector<Listener> listeners_;
  std::uint64_t next_listener_ = 1;

  mutable std::mutex traffic_mutex_;
  std::vector<const Traffic*> traffic_;
  Traffic past_;
};

}  // namespace lightnvm::emulator
