// SPDX-License-Identifier: BSD-2-Clause
// Mutants of the admin commands: what a device says of itself, its report, its features, its notifications.
#include "mutant.hpp"

namespace lightnvm::backends::mutant {
namespace {

using enum StatusCode;
using spec::AdminOpcode;
using spec::LogPage;

/// Another value in Identify (CNS) or Geometry, at an offset.
template <std::uint32_t kCns, std::size_t kOffset, typename T, T kValue>
void identify(Seen& s) {
  s.run();
  if (s.identify_again(kCns)) s.put<T>(kOffset, kValue);
}
template <std::size_t kOffset, typename T, T kValue>
void geometry(Seen& s) {
  s.run();
  if (s.geometry_again()) s.put<T>(kOffset, kValue);
}
/// Another value in one descriptor of the whole report.
template <std::size_t kChunk, std::size_t kOffset, typename T, T kValue>
void report(Seen& s) {
  s.run();
  if (s.whole_report()) s.put<T>(kChunk * 32 + kOffset, kValue);
}
/// Another verdict of an admin command.
template <AdminOpcode kOpcode, StatusCode kFrom, StatusCode kTo>
void verdict(Seen& s) {
  s.run();
  if (s.is(kOpcode)) s.turn(kFrom, kTo);
}

void swapped(Seen& s) {
  s.run();
  if (!s.whole_report()) return;
  const auto first = s.get<spec::ChunkDescriptor>(0);
  s.put(0, s.get<spec::ChunkDescriptor>(32));
  s.put(32, first);
}

void whole_descriptors(Seen& s) {
  if (s.log(LogPage::chunk_information)) spec::Lpo::set(s.command, spec::Lpo::get(s.command) / 32 * 32);
  s.run();
}

std::uint64_t report_bytes(const Seen& s) {
  const auto& g = s.device.geometry;
  return static_cast<std::uint64_t>(g.num_grp) * g.num_pu * g.num_chk * 32;
}

void strict_end(Seen& s) {
  const bool past = spec::Lpo::get(s.command) + s.log_bytes() > report_bytes(s);
  s.log(LogPage::chunk_information) && past ? s.refuse(invalid_field) : void(s.run());
}
void no_end(Seen& s) {
  s.run();
  if (s.log(LogPage::chunk_information) && spec::Lpo::get(s.command) > report_bytes(s)) s.turn(invalid_field, success);
}
void any_offset(Seen& s) {
  s.run();
  if (s.log(LogPage::chunk_information) && spec::Lpo::get(s.command) % 4 != 0) s.turn(invalid_field, success);
}
void any_length(Seen& s) {
  s.run();
  if (s.log(LogPage::chunk_information) && s.log_bytes() > s.device.limit << s.device.ns.lbaf[0].ds) {
    s.turn(invalid_field, success);
  }
}
void log_namespace(Seen& s) {
  s.run();
  if (s.log(LogPage::chunk_information)) s.turn(invalid_namespace, invalid_field);
}

void forgets_dulbe(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::get_features) && spec::Fid::get(s.command) == 0x05)
    s.done.result &= ~std::uint64_t{spec::kDulbe};
}
void forgets_feedback(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::get_features) && spec::Fid::get(s.command) == 0xCA) s.done.result = 0;
}
void other_default(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::get_features) && spec::Sel::get(s.command) == 1) s.done.result = 1;
}

/// Calls f(offset) for each notification in the log.
template <typename F>
void each_notification(Seen& s, F&& f) {
  s.run();
  if (!s.log(LogPage::chunk_notification) || !s.done) return;
  for (std::size_t at = 0; at + 64 <= s.log_bytes(); at += 64) {
    if (s.get<std::uint64_t>(at) != 0) f(at);
  }
}
void other_state(Seen& s) {
  each_notification(s, [&](std::size_t at) { s.put<std::uint16_t>(at + 20, 0x10); });
}
void other_nsid(Seen& s) {
  each_notification(s, [&](std::size_t at) { s.put<std::uint32_t>(at + 16, 7); });
}
void newest_first(Seen& s) {
  each_notification(s, [&](std::size_t at) { s.put<std::uint64_t>(at, 1000 - s.get<std::uint64_t>(at)); });
}
void log_from_start(Seen& s) {
  if (s.log(LogPage::chunk_notification)) spec::Lpo::set(s.command, 0);
  s.run();
}
void plain(Seen& s) { s.run(); }

constexpr Mutant kMutants[] = {
    {"identify.mark", identify<0, 384, std::uint8_t, 0>},
    {"identify.size", identify<0, 0, std::uint64_t, 100000>},
    {"identify.capacity", identify<0, 8, std::uint64_t, 1>},
    {"identify.format", identify<0, 130, std::uint8_t, 14>},
    {"identify.metadata", identify<0, 27, std::uint8_t, 0>},
    {"identify.predefined", identify<0, 33, std::uint8_t, 3>},
    {"identify.dulbe", identify<0, 24, std::uint8_t, 0>},
    {"identify.deallocate", identify<1, 520, std::uint16_t, 0>},
    {"identify.transfer", identify<1, 77, std::uint8_t, 1>, Made::simple},
    {"identify.namespace", verdict<AdminOpcode::identify, invalid_namespace, invalid_field>},
    {"geometry.version", geometry<0, std::uint8_t, 3>},
    {"geometry.fields", geometry<10, std::uint8_t, 1>},
    {"geometry.same", geometry<68, std::uint32_t, 3>},
    {"geometry.write_units", geometry<132, std::uint32_t, 6>},
    {"geometry.cunits", geometry<136, std::uint32_t, 3>},
    {"geometry.cunits/whole", geometry<136, std::uint32_t, 96>},
    {"geometry.times", geometry<200, std::uint32_t, 0xFFFFFFFF>},
    {"geometry.reserved", geometry<100, std::uint8_t, 1>},
    {"geometry.reserved/mccap", geometry<16, std::uint32_t, 0x80000007>},
    {"geometry.namespace", verdict<AdminOpcode::geometry, invalid_namespace, success>},
    {"report.order", swapped},
    {"report.states", report<3, 0, std::uint8_t, 0x05>},
    {"report.states/none", report<3, 0, std::uint8_t, 0>},
    {"report.types", report<3, 1, std::uint8_t, 0x03>},
    {"report.sizes", report<3, 16, std::uint64_t, 92>},
    {"report.sizes/type", report<3, 1, std::uint8_t, 0x11>},
    {"report.pointers", report<5, 24, std::uint64_t, 4>},
    {"report.no_pointer", report<4, 24, std::uint64_t, 0xFFFF>},
    {"report.reserved", report<3, 5, std::uint8_t, 1>},
    {"report.parts", whole_descriptors},
    {"report.end", strict_end},
    {"report.beyond", no_end},
    {"report.offset", any_offset},
    {"report.namespace", log_namespace},
    {"report.transfer", any_length},
    {"report.unknown_page", verdict<AdminOpcode::get_log_page, invalid_log_page, invalid_field>},
    {"feature.dulbe", forgets_dulbe},
    {"feature.feedback", forgets_feedback},
    {"feature.defaults", other_default},
    {"feature.saved", verdict<AdminOpcode::set_features, feature_not_saveable, success>},
    {"feature.unknown", verdict<AdminOpcode::set_features, invalid_field, success>},
    {"feature.unknown/get", verdict<AdminOpcode::get_features, invalid_field, success>},
    {"notification.wear", other_state},
    {"notification.entries", other_nsid},
    {"notification.order", newest_first},
    {"notification.parts", log_from_start},
    {"notification.event", plain, Made::full, true},
};

}  // namespace

std::span<const Mutant> admin_mutants() { return kMutants; }

}  // namespace lightnvm::backends::mutant
