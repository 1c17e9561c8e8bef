// SPDX-License-Identifier: BSD-2-Clause
// Get and Set Features of the emulated controller. NVMe-2.0 5.15, 5.27; OCSSD-2.0 3.5.
#include "emulator/controller.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;
using spec::FeatureId;

Completion verdict(StatusCode code) noexcept { return {0, Status::nvme_dnr(code)}; }

struct Traits {
  bool known = false;
  bool of_namespace = false;
  std::uint32_t allowed = 0;  ///< bits of the value that may be set
};

Traits traits(FeatureId id, bool physical) noexcept {
  switch (id) {
    case FeatureId::arbitration: return {true, false, 0xFFFFFF07};
    case FeatureId::power_management: return {true, false, 0xE0};  // one power state: only a workload hint
    case FeatureId::temperature_threshold: return {true, false, 0x3FFFFF};
    case FeatureId::error_recovery: return {true, true, 0xFFFF | spec::kDulbe};
    case FeatureId::volatile_write_cache: return {true, false, 1};
    case FeatureId::number_of_queues: return {true, false, 0xFFFFFFFF};
    case FeatureId::interrupt_coalescing: return {true, false, 0xFFFF};
    case FeatureId::interrupt_vector_configuration: return {true, false, 0x1FFFF};
    case FeatureId::write_atomicity: return {true, false, 1};
    case FeatureId::async_event_configuration: return {true, false, 0xFF};
    case FeatureId::keep_alive_timer: return {};  // of fabrics alone
    case FeatureId::media_feedback: return {!physical, true, 3};  // OCSSD 2.0 alone
  }
  return {};
}

// NVMe-2.0 5.15.1: what Supported Capabilities answers.
constexpr std::uint32_t kOfNamespace = 1U << 1, kChangeable = 1U << 2;
constexpr std::uint32_t kCurrent = 0, kCapabilities = 3;

Completion check_namespace(const spec::Command& c, const Traits& t) noexcept {
  const std::uint32_t nsid = spec::Nsid::get(c);
  const bool all = nsid == 0xFFFFFFFF;
  if (t.of_namespace && nsid != 1 && !all) return verdict(invalid_namespace);
  if (!t.of_namespace && nsid > 1 && !all) return verdict(invalid_namespace);
  return {};
}

}  // namespace

// NVMe-1.3 5.21.1.6: without a volatile write cache (VWC) there is nothing to switch.
bool Controller::has_feature(spec::FeatureId id) const noexcept {
  return traits(id, device_->physical()).known &&
         (id != FeatureId::volatile_write_cache || device_->media().persistent());
}

Completion Controller::get_features(const spec::Command& c, const Payload&) {
  const auto id = static_cast<FeatureId>(spec::Fid::get(c));
  const Traits t = traits(id, device_->physical());
  const std::uint32_t select = spec::Sel::get(c);
  if (!has_feature(id) || select > kCapabilities) return verdict(invalid_field);
  if (const Completion wrong = check_namespace(c, t); !wrong) return wrong;
  if (select == kCapabilities) return {kChangeable | (t.of_namespace ? kOfNamespace : 0), {}};
  const bool current = select == kCurrent;
  const std::lock_guard lock(features_mutex_);
  switch (id) {
    case FeatureId::error_recovery: return {current ? device_->error_recovery.load() : 0, {}};
    case FeatureId::media_feedback: return {current ? device_->media_feedback.load() : 0, {}};
    case FeatureId::volatile_write_cache: return {!current || device_->write_cache.load() ? 1U : 0U, {}};
    case FeatureId::number_of_queues: return {queue_counts_, {}};
    default: return {current ? settings_.at(static_cast<std::size_t>(id)) : 0, {}};
  }
}

Completion Controller::set_features(const spec::Command& c, const Payload&) {
  const auto id = static_cast<FeatureId>(spec::Fid::get(c));
  const Traits t = traits(id, device_->physical());
  const std::uint32_t value = spec::FeatureValue::get(c);
  if (!has_feature(id)) return verdict(invalid_field);
  if (spec::Save::get(c) != 0) return verdict(feature_not_saveable);
  if (const Completion wrong = check_namespace(c, t); !wrong) return wrong;
  if ((value & ~t.allowed) != 0) return verdict(invalid_field);
  const std::lock_guard lock(features_mutex_);
  switch (id) {
    case FeatureId::error_recovery: device_->error_recovery = value; return {};
    case FeatureId::media_feedback: device_->media_feedback = value; return {};
    case FeatureId::volatile_write_cache: device_->write_cache = value != 0; return {};
    case FeatureId::number_of_queues: {
      const std::uint32_t submission = value & 0xFFFF;
      const std::uint32_t completion = value >> 16;
      if (submission == 0xFFFF || completion == 0xFFFF) return verdict(invalid_field);
      queue_counts_ = std::min(submission, kMaxIoQueues - 1) | std::min(completion, kMaxIoQueues - 1) << 16;
      return {queue_counts_, {}};
    }
    default: settings_.at(static_cast<std::size_t>(id)) = value; return {};
  }
}

}  // namespace lightnvm::emulator
