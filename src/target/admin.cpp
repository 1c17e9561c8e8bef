// SPDX-License-Identifier: BSD-2-Clause
// Admin commands and properties of a controller.
#include "target/admin.hpp"

#include <algorithm>
#include <cstring>

#include "spec/nvme_tcp_extension.hpp"

namespace lightnvm::target {
namespace {

using enum StatusCode;
namespace f = spec::fabrics;
using spec::AdminOpcode;
using spec::FeatureId;

constexpr std::uint32_t kBroadcast = 0xFFFFFFFF;
constexpr std::uint32_t kShutdownComplete = 2;
// NVMe-2.0 5.15.1: what Get Features answers to Supported Capabilities.
constexpr std::uint32_t kChangeable = 1U << 2;
constexpr std::uint32_t kCurrent = 0, kCapabilities = 3;
// NVMe-2.0 5.2.1: types of events; the critical warnings of SMART / Health have their bits in the mask.
constexpr std::uint8_t kSmartEvent = 1, kNoticeEvent = 2;

Admin::Answer answer(StatusCode code) noexcept { return {Admin::Way::answered, {0, Status::nvme_dnr(code)}}; }
Admin::Answer answer(std::uint64_t result) noexcept { return {Admin::Way::answered, {result, {}}}; }
constexpr Admin::Answer kPass{Admin::Way::pass, {}};

void put(std::span<std::byte> memory, std::span<const std::byte> page, std::uint64_t offset = 0) noexcept {
  const std::size_t n = std::min<std::size_t>(memory.size(), page.size() - offset);
  std::memcpy(memory.data(), page.data() + offset, n);
}

template <typename T>
Admin::Answer page(std::span<std::byte> memory, const T& value) noexcept {
  put(memory, std::as_bytes(std::span(&value, 1)));
  return answer(std::uint64_t{0});
}

}  // namespace

Admin::Admin(Home& home, std::shared_ptr<Controller> controller, const os::Endpoint& local, std::uint32_t kato_ms,
             TimePoint now)
    : home_(home), controller_(std::move(controller)), local_(local), kato_ms_(kato_ms) {
  held_.reserve(kMostEventRequests);
  keep_alive(now);
}

Admin::~Admin() {
  controller_->gone = true;
  controller_->enabled = false;
  home_.controllers.remove(*controller_);
  home_.wake_all();
}

void Admin::keep_alive(TimePoint now) noexcept { keep_until_ = now + std::chrono::milliseconds(kato_ms_); }

Completion Admin::property_get(const spec::Command& c) const noexcept {
  const std::uint32_t offset = f::PropertyOffset::get(c);
  const std::uint32_t bytes = f::PropertySize::get(c) == 1 ? 8 : 4;
  if (f::property_bytes(offset) != bytes || f::PropertySize::get(c) > 1) return {0, Status::nvme_dnr(invalid_field)};
  switch (static_cast<f::Property>(offset)) {
    case f::Property::cap:
      return {f::cap::Mqes::put(home_.config.queue_entries - 1) | f::cap::Cqr::put(1) | f::cap::To::put(20) |
                  f::cap::Css::put(1),
              {}};
    case f::Property::vs: return {0x00010400, {}};
    case f::Property::cc: return {configuration_, {}};
    case f::Property::csts: return {status_, {}};
    case f::Property::nssr: break;
  }
  return {};
}

Completion Admin::property_set(const spec::Command& c) noexcept {
  if (f::PropertySize::get(c) != 0 || f::PropertyOffset::get(c) != static_cast<std::uint32_t>(f::Property::cc)) {
    return {0, Status::nvme_dnr(invalid_field)};
  }
  set_configuration(static_cast<std::uint32_t>(f::PropertyValue::get(c)));
  return {};
}

void Admin::set_configuration(std::uint32_t value) noexcept {
  const bool was = f::cc::En::get(configuration_) != 0;
  const bool is = f::cc::En::get(value) != 0;
  configuration_ = value;
  if (is && !was) {
    const bool io = !controller_->subsystem.is_discovery();
    const bool sizes = !io || (f::cc::Iosqes::get(value) == 6 && f::cc::Iocqes::get(value) == 4);
    const bool right =
        sizes && f::cc::Mps::get(value) == 0 && f::cc::Ams::get(value) == 0 && f::cc::Css::get(value) == 0;
    status_ = right ? f::csts::Rdy::put(1) : f::csts::Cfs::put(1);
    controller_->enabled = right;
  } else if (!is && was) {
    // A reset of the controller: its I/O queues are gone. NVMe-2.0 3.7.2.
    status_ = 0;
    controller_->enabled = false;
    ++controller_->resets;
    controller_->extension = 0;
    controller_->io_queues = 0;
    event_mask_ = 0;
    told_.clear();
    waiting_.clear();
    home_.wake_all();
  }
  if (f::cc::Shn::get(value) != 0) shut_down();
}

// What was written is durable when this says so. NVMe-2.0 3.6.1.
void Admin::shut_down() noexcept {
  bool durable = true;
  for (const auto& n : controller_->subsystem.namespaces) durable &= flush(*n).ok();
  status_ |= durable ? f::csts::Shst::put(kShutdownComplete) : f::csts::Cfs::put(1);
}

Admin::Answer Admin::execute(const spec::Command& c, std::uint32_t slot, std::span<std::byte> memory, TimePoint now) {
  const bool discovery = controller_->subsystem.is_discovery();
  const std::uint32_t opcode = spec::Opcode::get(c);
  switch (static_cast<AdminOpcode>(opcode)) {
    case AdminOpcode::identify: return identify(c, memory);
    case AdminOpcode::get_log_page: return get_log(c, memory);
    case AdminOpcode::get_features: return get_features(c);
    case AdminOpcode::set_features: return set_features(c, now);
    case AdminOpcode::async_event_request: return hold_event_request(c, slot);
    case AdminOpcode::keep_alive: keep_alive(now); return answer(std::uint64_t{0});
    case AdminOpcode::abort: break;  // the session's
    case AdminOpcode::geometry:
    case AdminOpcode::get_bad_blocks:
    case AdminOpcode::set_bad_blocks: break;
  }
  // NVMe-2.0 5: C0h and above are the vendor's. All other commands would change what other hosts rely on.
  return discovery || opcode < 0xC0 ? answer(invalid_opcode) : kPass;
}

Admin::Answer Admin::identify(const spec::Command& c, std::span<std::byte> memory) const {
  const Subsystem& subsystem = controller_->subsystem;
  const std::uint32_t cns = spec::Cns::get(c);
  const std::uint32_t nsid = spec::Nsid::get(c);
  if (memory.size() < spec::kIdentifyBytes) return answer(data_sgl_length_invalid);
  if (cns == 1) return page(memory, pages::controller(home_, *controller_));
  if (subsystem.is_discovery() || cns > 3) return answer(invalid_field);
  if (cns == 2) {
    if (nsid >= kBroadcast - 1) return answer(invalid_namespace);
    std::array<std::uint32_t, 1024> list{};
    auto out = list.begin();
    for (const auto& n : subsystem.namespaces) {
      if (n->nsid > nsid) *out++ = n->nsid;
    }
    return page(memory, list);
  }
  const Namespace* n = subsystem.find(nsid);
  if (n == nullptr) return answer(invalid_namespace);
  return cns == 0 ? page(memory, pages::ns(*n, controller_->extension != 0)) : kPass;
}

Admin::Answer Admin::get_log(const spec::Command& c, std::span<std::byte> memory) {
  const auto lid = static_cast<std::uint8_t>(spec::Lid::get(c));
  if (spec::Rae::get(c) == 0) std::erase(told_, lid);
  if (!controller_->subsystem.is_discovery()) return kPass;
  if (lid != f::kDiscoveryLog) return answer(invalid_log_page);
  const auto log = pages::discovery_log(home_.catalog, controller_->host, local_);
  const std::uint64_t offset = spec::Lpo::get(c);
  if (offset > log.size() || offset % 4 != 0) return answer(invalid_field);
  put(memory, log, offset);
  return answer(std::uint64_t{0});
}

Admin::Answer Admin::get_features(const spec::Command& c) const {
  const std::uint32_t select = spec::Sel::get(c);
  const bool extension = home_.config.extension && !controller_->subsystem.is_discovery();
  std::uint64_t value = 0;
  switch (const std::uint32_t id = spec::Fid::get(c); static_cast<FeatureId>(id)) {
    case FeatureId::number_of_queues: {
      const std::uint32_t granted = controller_->io_queues;
      const std::uint32_t count = (granted == 0 ? home_.config.io_queues : granted) - 1;
      value = count | count << 16;
      break;
    }
    case FeatureId::async_event_configuration: value = event_mask_; break;
    case FeatureId::keep_alive_timer: value = kato_ms_; break;
    default:
      if (id != spec::extension::kFeature || !extension) {
        return controller_->subsystem.is_discovery() ? answer(invalid_field) : kPass;
      }
      value = controller_->extension;
  }
  if (select > kCapabilities) return answer(invalid_field);
  if (select == kCapabilities) return answer(std::uint64_t{kChangeable});
  return answer(select == kCurrent ? value : 0);
}

Admin::Answer Admin::set_features(const spec::Command& c, TimePoint now) {
  const std::uint32_t id = spec::Fid::get(c);
  const bool own = id == static_cast<std::uint32_t>(FeatureId::number_of_queues) ||
                   id == static_cast<std::uint32_t>(FeatureId::async_event_configuration) ||
                   id == static_cast<std::uint32_t>(FeatureId::keep_alive_timer) ||
                   (id == spec::extension::kFeature && home_.config.extension);
  const bool discovery = controller_->subsystem.is_discovery();
  if (!own) return discovery ? answer(invalid_field) : kPass;
  if (spec::Save::get(c) != 0) return answer(feature_not_saveable);
  return set_controller_feature(static_cast<std::uint8_t>(id), spec::FeatureValue::get(c), now);
}

Admin::Answer Admin::set_controller_feature(std::uint8_t id, std::uint32_t value, TimePoint now) {
  const bool discovery = controller_->subsystem.is_discovery();
  switch (static_cast<FeatureId>(id)) {
    case FeatureId::number_of_queues: {
      if (discovery || (value & 0xFFFF) == 0xFFFF || value >> 16 == 0xFFFF) return answer(invalid_field);
      const std::uint32_t wanted = std::max(value & 0xFFFF, value >> 16) + 1;
      const std::uint32_t granted = std::min(wanted, home_.config.io_queues);
      controller_->io_queues = granted;
      return answer(std::uint64_t{(granted - 1) | (granted - 1) << 16});
    }
    case FeatureId::async_event_configuration: event_mask_ = value; return answer(std::uint64_t{0});
    case FeatureId::keep_alive_timer:
      kato_ms_ = value;
      keep_alive(now);
      return answer(std::uint64_t{0});
    default: break;
  }
  if (discovery || value > spec::extension::kVersion) return answer(invalid_field);
  controller_->extension = static_cast<std::uint16_t>(value);
  return answer(std::uint64_t{value});
}

Admin::Answer Admin::hold_event_request(const spec::Command& c, std::uint32_t slot) {
  if (held_.size() == kMostEventRequests) return answer(async_event_limit_exceeded);
  held_.push_back({slot, static_cast<std::uint16_t>(spec::Cid::get(c))});
  return {Way::held, {}};
}

// Whether the host does not want it, or was told and has not read the page yet. NVMe-2.0 5.2.1, 5.27.1.8.
bool Admin::masked(const backends::AsyncEvent& e) const noexcept {
  if (std::ranges::find(told_, e.log_page) != told_.end()) return true;
  if (e.type == kSmartEvent) return (event_mask_ & 0xFF) == 0;
  if (e.type == kNoticeEvent) return (event_mask_ >> (8 + std::min<unsigned>(e.information, 23)) & 1) == 0;
  return false;
}

std::optional<Admin::Told> Admin::next_event() {
  if (controller_->has_events()) {
    for (const backends::AsyncEvent& e : controller_->take_events()) {
      if (!masked(e)) waiting_.push_back(e);
    }
  }
  if (waiting_.empty() || held_.empty()) return std::nullopt;
  const backends::AsyncEvent e = waiting_.front();
  const std::uint64_t result = e.type | std::uint64_t{e.information} << 8 | std::uint64_t{e.log_page} << 16;
  const Told told{held_.front().slot, {result, {}}};
  held_.erase(held_.begin());
  told_.push_back(e.log_page);
  std::erase_if(waiting_, [&](const backends::AsyncEvent& w) { return masked(w); });
  return told;
}

std::optional<std::uint32_t> Admin::forget(std::uint16_t cid) noexcept {
  const auto found = std::ranges::find(held_, cid, &Held::cid);
  if (found == held_.end()) return std::nullopt;
  const std::uint32_t slot = found->slot;
  held_.erase(found);
  return slot;
}

}  // namespace lightnvm::target
