// SPDX-License-Identifier: BSD-2-Clause
// The shared half of an emulated SSD.
#include "emulator/device.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <new>
#include <numeric>

#include "base/error.hpp"
#include "emulator/command_timing.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::emulator {

Device::Device(Config config, Parts parts)
    : config_(std::move(config)),
      geometry_(machine_geometry(config_.geometry)),
      format_(model::LbaFormat::shortest(geometry_)),
      machine_(std::move(parts.machine)),
      media_(std::move(parts.media)),
      ledger_(std::move(parts.ledger)),
      uuid_(parts.uuid),
      read_only_(parts.read_only),
      usable_sectors_(parts.usable_sectors) {
  if (ledger_ == nullptr) {
    auto made = Ledger::create(*machine_, *media_);
    if (!made) throw std::bad_alloc();
    ledger_ = std::move(*made);
  }
  log_.reserve(spec::kNotificationEntries);
  const std::uint64_t names = 1ULL << (format_.total_bits() - format_.sector_bits());
  chunk_numbers_.assign(names, machine_->nowhere());
  std::uint32_t number = 0;
  for (std::uint32_t unit = 0; unit < geometry_.total_units(); ++unit) {
    const std::uint64_t lba = format_.pack(Address::of(unit / geometry_.units, unit % geometry_.units, 0));
    std::uint32_t* const first = chunk_numbers_.data() + (lba >> format_.chunk_shift());
    std::iota(first, first + geometry_.chunks, number);
    number += geometry_.chunks;
  }
  locator_ = {chunk_numbers_.data(), names, machine_->nowhere(),
              static_cast<std::uint32_t>((1ULL << format_.sector_bits()) - 1),
              static_cast<std::uint8_t>(format_.chunk_shift())};
  if (!physical()) return;
  ppa_format_ = model::shortest_ppa_format(config_.geometry);
  ppa_ = model::PpaPacker(ppa_format_);
}

// What the host has not flushed becomes durable by closing; resets give their room back.
Device::~Device() {
  if (!powered()) {
    media_->abandon();
  } else if (!read_only()) {
    (void)ledger_->make_room();
  }
}

namespace {

std::uint64_t unusable(const ChunkRecord& record, const Geometry& g) noexcept {
  const bool bad = record.mark == BlockState::factory_bad || record.mark == BlockState::grown_bad;
  return bad || record.state == ChunkState::offline ? g.sectors : record.missing;
}

WornOut worn_out(const Config& config) noexcept {
  return config.geometry.has_planes() ? WornOut::grown_bad : WornOut::offline;
}

}  // namespace

Result<std::shared_ptr<Device>> Device::in_memory(const Config& config) {
  if (const Status s = validate(config); !s) return std::unexpected(s);
  const Geometry g = machine_geometry(config.geometry);
  auto machine = ChunkMachine::create(g, config.pe_cycles, worn_out(config));
  auto media = make_memory_media(g);
  if (!machine || !media) {
    const Status s = machine ? media.error() : machine.error();
    return unexpected(s, fmt::format("no memory for a device of {} bytes: {}", g.total_bytes(), s.message()));
  }
  Parts parts{std::move(*machine), std::move(*media), nullptr, {}, false, g.total_sectors()};
  (void)::getrandom(parts.uuid.data(), parts.uuid.size(), 0);
  for (const auto& [chunk, record] : merge_overrides(config)) {
    parts.machine->restore(chunk, record);
    parts.usable_sectors -= unusable(record, g);
  }
  return std::make_shared<Device>(config, std::move(parts));
}

namespace {

/// The chunks of an image, put into the machine and the ledger of a device.
class Loader {
 public:
  Loader(const Image& image, const Config& config, ChunkMachine& machine, Ledger& ledger)
      : image_(image), config_(config), geometry_(machine.geometry()), machine_(machine), ledger_(ledger) {}

  /// `prove`: rows are held against the sectors that they count on.
  Status run(bool prove) {
    const Status loaded = image_.load(
        [&](std::uint32_t chunk, ChunkRecord record, const Proof& proof) {
          if (!implausible(record, proof, config_.geometry).empty()) {
            ++damaged;
            return;
          }
          if (prove && unproven(record, proof) && status_) status_ = shorten(chunk, record, proof);
          lost_sectors += unusable(record, geometry_);
          machine_.restore(chunk, record);
          // The record of a closed chunk changes by a reset alone, which begins anew; on OCSSD 1.2 also by a mark.
          if (record.state == ChunkState::open || config_.geometry.has_planes()) ledger_.restore(chunk, record);
        },
        [&](std::uint32_t) { ++damaged; });
    return loaded ? status_ : loaded;
  }
  /// Keeps the records that had to be shortened.
  Status keep(Image& image) const {
    for (const std::uint32_t chunk : shortened_) {
      const ChunkRecord record = machine_.record(chunk);
      if (const Status s = image.save(chunk, record, proof_of(record)); !s) return s;
    }
    return {};
  }

  std::uint64_t lost_sectors = 0, damaged = 0;

 private:
  Status shorten(std::uint32_t chunk, ChunkRecord& record, const Proof& proof) {
    const auto proven = image_.proven(chunk, record, proof);
    if (!proven) return proven.error();
    if (*proven == record.write_pointer) return {};
    record.write_pointer = *proven;
    record.state = *proven == 0 ? ChunkState::free : ChunkState::open;
    shortened_.push_back(chunk);
    return {};
  }

  const Image& image_;
  const Config& config_;
  const Geometry& geometry_;
  ChunkMachine& machine_;
  Ledger& ledger_;
  std::vector<std::uint32_t> shortened_;
  Status status_;
};

}  // namespace

Result<std::shared_ptr<Device>> Device::from_file(const std::string& path, ImageAccess access,
                                                  const MakeImageFile& make_file) {
  auto opened = Image::open(path, access, make_file);
  if (!opened) return std::unexpected(opened.error());
  const auto failed = [&](Status s, std::string_view what = "") {
    return unexpected(s, fmt::format("{}: {}{}", path, what, s.message()));
  };
  Image& image = **opened;
  const Config config = image.config();
  const Geometry g = machine_geometry(config.geometry);
  auto machine = ChunkMachine::create(g, config.pe_cycles, worn_out(config));
  if (!machine) return failed(machine.error());
  auto ledger = Ledger::create(**machine, image);
  if (!ledger) return failed(ledger.error());
  const bool exclusive = access == ImageAccess::exclusive;
  // A holder may be writing the row that a look reads, or its sectors: then only the holder can judge it.
  const bool held_before = !exclusive && image.held_by_another();
  const bool prove = image.needs_proof() && !held_before;
  if (prove && exclusive) {
    if (const Status s = image.settle(); !s) return failed(s, "what was written last is lost, the disk fails: ");
  }
  Loader loader(image, config, **machine, **ledger);
  if (const Status s = loader.run(prove); !s) return failed(s);
  const bool held = held_before || (!exclusive && image.held_by_another());
  if (loader.damaged != 0 && !held) {
    return unexpected(Status::os(EINVAL),
                      fmt::format("{}: {} chunk records are damaged; nvm_emu check names them", path, loader.damaged));
  }
  if (exclusive) {
    Status s = loader.keep(image);
    if (s) s = image.begin_use();
    if (!s) return failed(s, "cannot be written: ");
  }
  const Uuid uuid = image.superblock().uuid;
  Parts parts{std::move(*machine), std::move(*opened),
              std::move(*ledger),  uuid,
              !exclusive,          g.total_sectors() - loader.lost_sectors};
  return std::make_shared<Device>(config, std::move(parts));
}

spec::ChunkDescriptor Device::descriptor(std::uint32_t chunk) const noexcept {
  const Chunk c = machine_->describe(chunk);
  spec::ChunkDescriptor d{};
  d.cs = static_cast<std::uint8_t>(c.state);
  d.ct = static_cast<std::uint8_t>(c.type) | (c.sectors != config_.geometry.sectors ? spec::kChunkTypeDeviates : 0);
  d.wli = c.wear;
  d.slba = format_.pack(c.address);
  d.cnlb = c.sectors;
  d.wp = c.write_pointer;
  return d;
}

std::vector<std::byte> Device::bad_block_table(Address unit) const {
  const Geometry& g = config_.geometry;
  const std::uint32_t entries = g.chunks * g.planes;
  const std::uint32_t first = machine_chunk(g, Address::of12(unit.group(), unit.unit(), 0));
  std::vector<std::byte> out(sizeof(spec::BadBlockHeader) + entries);
  spec::BadBlockHeader header{};
  std::ranges::copy(std::string_view("BBLT"), header.tblid);
  header.verid = header.revid = 1;
  header.tblks = entries;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const BlockState mark = machine_->mark(first + i);
    out[sizeof header + i] = static_cast<std::byte>(mark);
    switch (mark) {
      case BlockState::good: break;
      case BlockState::factory_bad: ++header.tfact; break;
      case BlockState::grown_bad: ++header.tgrown; break;
      case BlockState::device_reserved: ++header.tdresv; break;
      case BlockState::host_reserved: ++header.thresv; break;
    }
  }
  std::ranges::copy(std::as_bytes(std::span(&header, 1)), out.begin());
  return out;
}

Status Device::set_bad_blocks(std::span<const std::uint32_t> chunks, BlockState state) {
  for (const std::uint32_t chunk : chunks) machine_->set_mark(chunk, state);
  Status first;
  for (const std::uint32_t chunk : chunks) {
    const Status s = ledger_->keep(chunk);
    if (first) first = s;
  }
  const Status synced = ledger_->sync();
  return first ? synced : first;
}

void Device::watch_wear(std::uint32_t chunk) {
  const Chunk c = machine_->describe(chunk);
  const std::uint32_t average = machine_->average_wear();
  const std::uint32_t distance = c.wear > average ? c.wear - average : average - c.wear;
  if (distance <= geometry_.wear_threshold) return;
  spec::ChunkNotification n{};
  n.lba = format_.pack(c.address);
  n.nsid = 1;
  n.state = 1U << 8;
  n.mask = 1U << 1;
  notify(n);
}

Status Device::conduct(Conduct conduct) {
  if (const Status s = check_conduct(conduct, config_); !s) return s;
  conduct_ = std::move(conduct);
  if (conduct_.faults) faults_ = std::make_unique<Faults>(*conduct_.faults, config_);
  if (conduct_.timing) {
    timing_ = std::make_unique<CommandTiming>(*this, nand_shape(config_, conduct_.sector_transfer));
  }
  return {};
}

void Device::take_offline(std::uint32_t chunk) noexcept {
  // What cannot be kept is found by the next one who keeps the chunk's record.
  if (machine_->go_offline(chunk)) (void)ledger_->keep(chunk);
}

void Device::tell(std::uint32_t chunk, std::uint32_t first, std::uint32_t count, Event::State state) {
  if (physical()) return;
  spec::ChunkNotification n{};
  n.lba = format_.pack(geometry_.chunk_address(chunk).at_sector(first));
  n.nsid = 1;
  n.state = static_cast<std::uint16_t>(state);
  n.mask = count == 0 ? 1U << 1 : 1U;
  n.nlb = static_cast<std::uint16_t>(count == 0 ? 0 : count - 1);
  notify(n);
}

void Device::notify(spec::ChunkNotification n) {
  const std::lock_guard lock(log_mutex_);
  n.nc = ++notified_;
  if (log_.size() == spec::kNotificationEntries) log_.erase(log_.begin());
  log_.push_back(n);
  for (const Listener& l : listeners_) l.call();
}

std::array<spec::ChunkNotification, spec::kNotificationEntries> Device::notifications() const {
  std::array<spec::ChunkNotification, spec::kNotificationEntries> out{};
  const std::lock_guard lock(log_mutex_);
  std::ranges::copy(log_, out.begin());
  return out;
}

std::uint64_t Device::listen(std::function<void()> listener) {
  const std::lock_guard lock(log_mutex_);
  listeners_.push_back({next_listener_, std::move(listener)});
  return next_listener_++;
}

void Device::stop_listening(std::uint64_t key) {
  const std::lock_guard lock(log_mutex_);
  std::erase_if(listeners_, [&](const Listener& l) { return l.key == key; });
}

void Device::add_traffic(const Traffic* traffic) {
  const std::lock_guard lock(traffic_mutex_);
  traffic_.push_back(traffic);
}

void Device::remove_traffic(const Traffic* traffic) {
  const std::lock_guard lock(traffic_mutex_);
  std::erase(traffic_, traffic);
  past_.reads += traffic->reads;
  past_.writes += traffic->writes;
  past_.bytes_read += traffic->bytes_read;
  past_.bytes_written += traffic->bytes_written;
}

spec::SmartLog Device::smart() const {
  // NVMe-2.0 5.16.1.3: a data unit is a thousand blocks of 512 bytes, rounded up.
  constexpr std::uint64_t kUnit = 512000;
  constexpr std::uint16_t kKelvin = 273 + 35;
  spec::SmartLog s{};
  const std::lock_guard lock(traffic_mutex_);
  std::uint64_t read = past_.bytes_read;
  std::uint64_t written = past_.bytes_written;
  s.host_reads[0] = past_.reads;
  s.host_writes[0] = past_.writes;
  for (const Traffic* t : traffic_) {
    read += t->bytes_read.load(std::memory_order_relaxed);
    written += t->bytes_written.load(std::memory_order_relaxed);
    s.host_reads[0] += t->reads.load(std::memory_order_relaxed);
    s.host_writes[0] += t->writes.load(std::memory_order_relaxed);
  }
  s.data_units_read[0] = (read + kUnit - 1) / kUnit;
  s.data_units_written[0] = (written + kUnit - 1) / kUnit;
  // NVMe-2.0 5.16.1.3: bit 3, the media are in read-only mode.
  if (ledger_->failed()) s.critical_warning = 1U << 3;
  s.temperature[0] = kKelvin & 0xFF;
  s.temperature[1] = kKelvin >> 8;
  s.available_spare = 100;
  s.available_spare_threshold = 10;
  s.percentage_used = static_cast<std::uint8_t>(machine_->average_wear() * 100 / 255);
  s.power_cycles[0] = 1;
  return s;
}

}  // namespace lightnvm::emulator
