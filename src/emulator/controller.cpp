// SPDX-License-Identifier: BSD-2-Clause
// Admin commands of the emulated controller: identification and logs. Features are in features.cpp, events in
// events.cpp.
#include "emulator/controller.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/capabilities.hpp"
#include "spec/reserved.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;

constexpr std::uint32_t kBroadcast = 0xFFFFFFFF;
constexpr std::uint32_t kNvmeVersion = 0x00010300;
constexpr std::size_t kNotificationLogBytes = spec::kNotificationEntries * sizeof(spec::ChunkNotification);
constexpr std::string_view kModel20 = "liblightnvm emulated OCSSD 2.0", kModel12 = "liblightnvm emulated OCSSD 1.2";
constexpr char kSubsystem[] = "nqn.2026-11.io.lightnvm:emulated:";

Completion verdict(StatusCode code) noexcept { return {0, Status::nvme_dnr(code)}; }

// A string field of NVMe: left-justified, padded with spaces.
template <std::size_t N>
void pad(char (&field)[N], std::string_view text) noexcept {
  std::fill_n(field, N, ' ');
  std::copy_n(text.begin(), std::min(N, text.size()), field);
}

// Moves as much of `source` from `offset` on as the command asks for; a short page is a short transfer.
Completion send(std::span<const std::byte> source, std::uint64_t offset, std::uint64_t bytes, const Payload& p) {
  if (total_bytes(p.data) < bytes) return verdict(data_sgl_length_invalid);
  if (offset > source.size()) return verdict(invalid_field);
  const std::uint64_t n = std::min<std::uint64_t>(bytes, source.size() - offset);
  SegmentRange{p.data, 0, n}.copy_in(source.data() + offset);
  return {};
}

std::string_view firmware(const Device& device) noexcept { return device.physical() ? "1.2" : "2.0"; }

template <typename T>
Completion send_page(const T& page, const Payload& p) {
  return send(std::as_bytes(std::span(&page, 1)), 0, sizeof page, p);
}

template <typename T>
std::vector<std::byte> bytes_of(const T& page) {
  const auto view = std::as_bytes(std::span(&page, 1));
  return {view.begin(), view.end()};
}

std::uint64_t log_bytes(const spec::Command& c) noexcept {
  return ((static_cast<std::uint64_t>(spec::Numdu::get(c)) << 16 | spec::Numdl::get(c)) + 1) * 4;
}

}  // namespace

Controller::Controller(std::shared_ptr<Device> device, std::uint16_t id) : device_(std::move(device)), id_(id) {
  listener_ = device_->listen([this] { on_notification(); });
}

Controller::~Controller() { device_->stop_listening(listener_); }

Status Controller::check(const spec::Command& c) noexcept {
  // The low half of dword 0 but the opcode: FUSE, reserved bits, PSDT (3 is reserved).
  const std::uint32_t flags = c.dw[0] & 0xFF00;
  const bool wrong = ((flags & 0x3F00) | c.dw[2] | c.dw[3]) != 0 || flags == 0xC000;
  if (!wrong && spec::clear_of(c, spec::reserved_in_admin(spec::Opcode::get(c)))) return {};
  return Status::nvme_dnr(invalid_field);
}

Completion Controller::execute(const spec::Command& c, const Payload& p) {
  if (const Status s = check(c); !s) return {0, s};
  switch (static_cast<spec::AdminOpcode>(spec::Opcode::get(c))) {
    case spec::AdminOpcode::identify: return identify(c, p);
    case spec::AdminOpcode::geometry: return geometry(c, p);
    case spec::AdminOpcode::get_bad_blocks: return get_bad_blocks(c, p);
    case spec::AdminOpcode::set_bad_blocks: return set_bad_blocks(c, p);
    case spec::AdminOpcode::get_log_page: return get_log(c, p);
    case spec::AdminOpcode::get_features: return get_features(c, p);
    case spec::AdminOpcode::set_features: return set_features(c, p);
    case spec::AdminOpcode::abort:
    case spec::AdminOpcode::async_event_request:
    case spec::AdminOpcode::keep_alive: break;
  }
  return verdict(invalid_opcode);
}

Completion Controller::identify(const spec::Command& c, const Payload& p) {
  const std::uint32_t nsid = spec::Nsid::get(c);
  switch (spec::Cns::get(c)) {
    case 0x00:
      if (nsid != 1) return verdict(invalid_namespace);
      return send_page(identify_namespace(), p);
    case 0x01: return send_page(identify_controller(), p);
    case 0x02: {
      if (nsid >= kBroadcast - 1) return verdict(invalid_namespace);
      std::array<std::uint32_t, 1024> list{};
      if (nsid == 0) list[0] = 1;
      return send_page(list, p);
    }
    case 0x03: {
      if (nsid != 1) return verdict(invalid_namespace);
      // NVMe-2.0 5.17.2.3: type 3 is a UUID of 16 bytes.
      std::array<std::uint8_t, spec::kIdentifyBytes> list{3, 16};
      std::ranges::copy(device_->uuid(), list.begin() + 4);
      return send_page(list, p);
    }
    default: return verdict(invalid_field);
  }
}

spec::IdentifyController Controller::identify_controller() const {
  const Config& config = device_->config();
  spec::IdentifyController id{};
  pad(id.sn, config.serial);
  pad(id.mn, device_->physical() ? kModel12 : kModel20);
  pad(id.fr, firmware(*device_));
  id.rab = 6;
  id.mdts = config.mdts;
  id.cntlid = id_;
  id.ver = kNvmeVersion;
  id.acl = 3;
  id.aerl = kAsyncEventLimit - 1;
  id.frmw = 0x03;  // one slot, read-only
  id.lpa = 1U << 2;
  id.elpe = kErrorLogEntries - 1;
  id.wctemp = 273 + 70;
  id.cctemp = 273 + 85;
  id.sqes = 0x66;
  id.cqes = 0x44;
  id.nn = 1;
  id.oncs = 1U << 2;
  id.vwc = device_->media().persistent() ? 1 : 0;
  id.sgls = config.geometry.oob_bytes != 0 ? 0x00A00001 : 0x00000001;
  const std::string subsystem = kSubsystem + config.serial;
  std::copy_n(subsystem.begin(), std::min(subsystem.size(), sizeof id.subnqn - 1), id.subnqn);
  return id;
}

spec::IdentifyNamespace Controller::identify_namespace() const {
  const Config& config = device_->config();
  const Geometry& g = config.geometry;
  spec::IdentifyNamespace ns{};
  // OCSSD-2.0 2.2: the size is the address space's, holes included; the capacity is what can hold data.
  const unsigned bits = device_->physical()
                            ? device_->ppa_format().channel.offset + device_->ppa_format().channel.length
                            : device_->format().total_bits();
  ns.nsze = ns.nuse = bits >= 64 ? ~0ULL : 1ULL << bits;
  ns.ncap = device_->usable_sectors();
  ns.nsfeat = 1U << 2;
  ns.mc = g.oob_bytes != 0 ? 2 : 0;
  if (!device_->physical()) ns.dlfeat = config.predefined == 0xFF ? 2 : 1;
  ns.lbaf[0].ms = static_cast<std::uint16_t>(g.oob_bytes);
  ns.lbaf[0].ds = static_cast<std::uint8_t>(std::countr_zero(g.sector_bytes));
  std::ranges::copy(device_->uuid(), ns.nguid);
  ns.vendor[0] = 1;
  return ns;
}

Completion Controller::geometry(const spec::Command& c, const Payload& p) {
  if (spec::Nsid::get(c) != 1) return verdict(invalid_namespace);
  if (device_->physical()) return identity(p);
  const Geometry& g = device_->geometry();
  const model::LbaFormat& f = device_->format();
  spec::Geometry20 page{};
  page.mjr = 2;
  page.grp_len = static_cast<std::uint8_t>(f.group_bits());
  page.pu_len = static_cast<std::uint8_t>(f.unit_bits());
  page.chk_len = static_cast<std::uint8_t>(f.chunk_bits());
  page.lbk_len = static_cast<std::uint8_t>(f.sector_bits());
  page.mccap = model::capabilities(g);
  page.wit = static_cast<std::uint8_t>(g.wear_threshold);
  page.num_grp = static_cast<std::uint16_t>(g.groups);
  page.num_pu = static_cast<std::uint16_t>(g.units);
  page.num_chk = g.chunks;
  page.clba = g.sectors;
  page.ws_min = g.ws_min;
  page.ws_opt = g.ws_opt;
  page.mw_cunits = g.mw_cunits;
  page.maxoc = g.max_open;
  page.maxocpu = g.max_open_unit;
  page.trdt = g.times.read;
  page.trdm = g.times.read_max;
  page.twrt = g.times.write;
  page.twrm = g.times.write_max;
  page.tcrst = g.times.reset;
  page.tcrsm = g.times.reset_max;
  return send_page(page, p);
}

Completion Controller::get_log(const spec::Command& c, const Payload& p) {
  const std::uint64_t bytes = log_bytes(c);
  const std::uint64_t offset = spec::Lpo::get(c);
  const std::uint32_t nsid = spec::Nsid::get(c);
  const auto page = static_cast<spec::LogPage>(spec::Lid::get(c));
  if (offset % 4 != 0) return verdict(invalid_field);
  const std::uint8_t mdts = device_->config().mdts;
  if (mdts != 0 && bytes > 4096ULL << mdts) return verdict(invalid_field);
  if (total_bytes(p.data) < bytes) return verdict(data_sgl_length_invalid);
  if (device_->physical() && (page == spec::LogPage::chunk_information || page == spec::LogPage::chunk_notification)) {
    return verdict(invalid_log_page);
  }
  if (page == spec::LogPage::chunk_information) {
    if (nsid != 1) return verdict(invalid_namespace);
    return chunk_log(c, {p.data, 0, bytes});
  }
  if (nsid > 1 && nsid != kBroadcast) return verdict(invalid_namespace);
  // NVMe-1.3 5.14: LPA bit 0 says that health is the controller's alone.
  if (page == spec::LogPage::smart && nsid == 1) return verdict(invalid_field);
  // Before the page is made: a command that is refused does not arm the next event.
  if (page == spec::LogPage::chunk_notification && offset > kNotificationLogBytes) return verdict(invalid_field);
  const std::vector<std::byte> content = log_page(c);
  if (content.empty()) return verdict(invalid_log_page);
  return send(content, offset, bytes, p);
}

std::vector<std::byte> Controller::log_page(const spec::Command& c) {
  switch (static_cast<spec::LogPage>(spec::Lid::get(c))) {
    case spec::LogPage::error_information: {
      std::array<spec::ErrorLogEntry, kErrorLogEntries> page{};
      const std::lock_guard lock(errors_mutex_);
      const std::uint64_t kept = std::min<std::uint64_t>(error_count_, kErrorLogEntries);
      for (std::uint64_t i = 0; i < kept; ++i) page[i] = errors_[(error_count_ - 1 - i) % kErrorLogEntries];
      return bytes_of(page);
    }
    case spec::LogPage::smart: {
      spec::SmartLog page = device_->smart();
      const std::lock_guard lock(errors_mutex_);
      page.error_log_entries[0] = error_count_;
      return bytes_of(page);
    }
    case spec::LogPage::firmware_slot: {
      std::array<char, 512> page{1};
      std::fill_n(page.begin() + 8, 8, ' ');
      std::ranges::copy(firmware(*device_), page.begin() + 8);
      return bytes_of(page);
    }
    case spec::LogPage::chunk_notification:
      // Unmasked first: what is logged from here on raises an event of its own.
      if (spec::Rae::get(c) == 0) unmask_notifications();
      return bytes_of(device_->notifications());
    case spec::LogPage::chunk_information: break;
  }
  return {};
}

// OCSSD-2.0 3.2: any offset and length in dwords, also in the middle of a descriptor; short at the end of the log.
Completion Controller::chunk_log(const spec::Command& c, const SegmentRange& target) {
  constexpr std::uint64_t kDescriptor = sizeof(spec::ChunkDescriptor);
  const std::uint64_t offset = spec::Lpo::get(c);
  const std::uint64_t length = device_->geometry().total_chunks() * kDescriptor;
  if (offset > length) return verdict(invalid_field);
  const std::uint64_t bytes = std::min<std::uint64_t>(target.bytes, length - offset);
  std::uint64_t done = 0;
  while (done < bytes) {
    const std::uint64_t at = offset + done;
    const spec::ChunkDescriptor d = device_->descriptor(static_cast<std::uint32_t>(at / kDescriptor));
    const std::uint64_t skip = at % kDescriptor;
    const std::uint64_t n = std::min(kDescriptor - skip, bytes - done);
    target.sub(done, n).copy_in(std::as_bytes(std::span(&d, 1)).data() + skip);
    done += n;
  }
  return {};
}

void Controller::log_error(const Origin& origin, Status status, std::uint64_t lba) {
  const std::lock_guard lock(errors_mutex_);
  spec::ErrorLogEntry e{};
  e.error_count = ++error_count_;
  e.sqid = origin.sqid;
  e.cid = origin.cid;
  e.status = static_cast<std::uint16_t>(status.nvme_bits() << 1);
  e.location = 0xFFFF;
  e.lba = lba;
  e.nsid = origin.nsid;
  errors_[(error_count_ - 1) % kErrorLogEntries] = e;
}

}  // namespace lightnvm::emulator
