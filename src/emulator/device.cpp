// SPDX-License-Identifier: BSD-2-Clause
// The shared half of an emulated SSD.
#include "emulator/device.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::emulator {

Device::Device(Config config, Parts parts)
    : config_(std::move(config)),
      geometry_(machine_geometry(config_.geometry)),
      format_(model::LbaFormat::shortest(geometry_)),
      machine_(std::move(parts.machine)),
      media_(std::move(parts.media)),
      uuid_(parts.uuid),
      read_only_(parts.read_only),
      usable_sectors_(parts.usable_sectors) {
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

Device::~Device() = default;

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
  Parts parts{std::move(*machine), std::move(*media), {}, false, g.total_sectors()};
  (void)::getrandom(parts.uuid.data(), parts.uuid.size(), 0);
  for (const auto& [chunk, record] : merge_overrides(config)) {
    parts.machine->restore(chunk, record);
    parts.usable_sectors -= unusable(record, g);
  }
  return std::make_shared<Device>(config, std::move(parts));
}

Result<std::shared_ptr<Device>> Device::from_file(const std::string& path, ImageAccess access) {
  auto image = Image::open(path, access);
  if (!image) return std::unexpected(image.error());
  const Config config = (*image)->config();
  const Geometry g = machine_geometry(config.geometry);
  auto machine = ChunkMachine::create(g, config.pe_cycles, worn_out(config));
  if (!machine) return unexpected(machine.error(), fmt::format("{}: {}", path, machine.error().message()));
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;
  // A holder may be writing the row that a look reads: then only the holder can judge it.
  const bool held_before = access == ImageAccess::look && (*image)->held_by_another();
  const Status loaded = (*image)->load(
      [&](std::uint32_t chunk, const ChunkRecord& record) {
        if (!implausible(record, config.geometry).empty()) {
          ++damaged;
          return;
        }
        lost += unusable(record, g);
        (*machine)->restore(chunk, record);
      },
      [&](std::uint32_t) { ++damaged; });
  if (!loaded) return unexpected(loaded, fmt::format("{}: {}", path, loaded.message()));
  const bool held = held_before || (access == ImageAccess::look && (*image)->held_by_another());
  if (damaged != 0 && !held) {
    return unexpected(Status::os(EINVAL),
                      fmt::format("{}: {} chunk records are damaged; nvm_emu check names them", path, damaged));
  }
  if (access == ImageAccess::exclusive) {
    if (const Status s = (*image)->begin_use(); !s) {
      return unexpected(s, fmt::format("{}: cannot be written: {}", path, s.message()));
    }
  }
  const Uuid uuid = (*image)->superblock().uuid;
  Parts parts{std::move(*machine), std::move(*image), uuid, access == ImageAccess::look, g.total_sectors() - lost};
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

Status Device::persist(std::uint32_t chunk) noexcept {
  if (!media_->persistent()) return {};
  // Held across the write: whoever finds the record unchanged must find it written, too.
  const std::lock_guard lock(persist_[chunk % kStripes]);
  ChunkRecord record;
  if (!machine_->take_if_changed(chunk, record)) return {};
  const Status s = media_->save(chunk, record);
  if (!s) machine_->mark_changed(chunk);
  return s;
}

Status Device::persist_reset(std::uint32_t chunk) noexcept {
  if (!media_->persistent()) return {};
  // After whoever is writing an older record of the chunk; nobody begins to while the reset lasts.
  const std::lock_guard lock(persist_[chunk % kStripes]);
  ChunkRecord record = machine_->record(chunk);
  record.state = ChunkState::free;
  record.write_pointer = 0;
  return media_->save(chunk, record);
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
    const Status s = persist(chunk);
    if (first) first = s;
  }
  const Status synced = media_->sync();
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
  s.temperature[0] = kKelvin & 0xFF;
  s.temperature[1] = kKelvin >> 8;
  s.available_spare = 100;
  s.available_spare_threshold = 10;
  s.percentage_used = static_cast<std::uint8_t>(machine_->average_wear() * 100 / 255);
  s.power_cycles[0] = 1;
  return s;
}

}  // namespace lightnvm::emulator
