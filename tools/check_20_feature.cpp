// SPDX-License-Identifier: BSD-2-Clause
// Rules of OCSSD 2.0: features, the notification log, and asynchronous events.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "check_trial.hpp"

namespace tools::check {
namespace {

using enum lightnvm::StatusCode;
using lightnvm::Feature;

constexpr std::uint32_t kDulbe = 1U << 16;

Trial::Completion get(Trial& t, std::uint8_t id, std::uint32_t select = 0) {
  auto c = raw(kGetFeatures, t.device().nsid());
  c[10] = id | select << 8;
  return t.admin(c, fmt::format("Get Features {:02x}h, SEL {}", id, select));
}
Trial::Completion set(Trial& t, std::uint8_t id, std::uint32_t value, bool save = false) {
  auto c = raw(kSetFeatures, t.device().nsid());
  c[10] = id | (save ? 1U << 31 : 0);
  c[11] = value;
  return t.admin(c, fmt::format("Set Features {:02x}h to {:#x}{}", id, value, save ? ", saved" : ""));
}

/// What is set is what is there afterwards.
void keeps(Trial& t, Feature feature, std::initializer_list<std::uint32_t> values) {
  const auto id = static_cast<std::uint8_t>(feature);
  t.keep(feature);
  for (const std::uint32_t value : values) {
    t.expect_ok(set(t, id, value));
    const auto c = get(t, id);
    t.expect_ok(c);
    const auto now = static_cast<std::uint32_t>(c.result);
    t.expect(now == value, fmt::format("{:#x}, as it was set", value), fmt::format("{:#x}", now));
  }
}

void dulbe(Trial& t) {
  const std::uint32_t now = t.device().feature(Feature::error_recovery).value_or(0);
  keeps(t, Feature::error_recovery, {now | kDulbe, now & ~kDulbe});
}

void feedback(Trial& t) {
  const auto c = get(t, static_cast<std::uint8_t>(Feature::media_feedback));
  t.expect_ok(c);
  keeps(t, Feature::media_feedback, {1, 2, 3, 0});
}

void defaults(Trial& t) {
  for (const Feature f : {Feature::error_recovery, Feature::media_feedback}) {
    const auto c = get(t, static_cast<std::uint8_t>(f), 1);
    t.expect_if_sent(c, {success});
    t.expect((c.result & 0xFFFFFFFF) == 0, "a default of 0", fmt::format("{:#x}", c.result));
  }
}

void unknown(Trial& t) {
  t.expect_if_sent(get(t, 0x7E), {invalid_field});
  t.expect_if_sent(set(t, 0x7E, 1), {invalid_field});
}

void saved(Trial& t) {
  const auto id = static_cast<std::uint8_t>(Feature::media_feedback);
  const auto supported = get(t, id, 3);
  t.expect_if_sent(supported, {success});
  if ((supported.result & 1) != 0) throw Skipped{"the feature can be saved, and would be"};
  t.keep(Feature::media_feedback);
  t.expect(set(t, id, 0, true), feature_not_saveable);
}

// Notifications. OCSSD-2.0 3.3.

struct Notification {
  std::uint64_t number = 0, lba = 0;
  std::uint32_t nsid = 0;
  std::uint16_t state = 0;
  std::uint8_t mask = 0;
};

std::vector<Notification> notifications(Trial& t, Page& page) {
  page = t.log(kNotifications, 0, kNotificationBytes * kNotificationEntries);
  std::vector<Notification> out;
  for (std::size_t at = 0; at < page.size(); at += kNotificationBytes) {
    if (u64(page, at) == 0) continue;
    out.push_back({u64(page, at), u64(page, at + 8), u32(page, at + 16), u16(page, at + 20), u8(page, at + 22)});
  }
  return out;
}
std::vector<Notification> notifications(Trial& t) {
  Page page;
  return notifications(t, page);
}

bool is_outside(Trial& t, lightnvm::Address chunk) {
  const auto report = t.device().chunks();
  if (!report) return false;
  std::uint64_t sum = 0;
  int wear = 0;
  for (const auto& c : *report) {
    sum += c.wear;
    if (c.address == chunk) wear = c.wear;
  }
  const auto average = static_cast<int>(sum / report->size());
  return wear > average + 1 + static_cast<int>(t.geo().wear_threshold);
}

/// Wears a chunk until its index is further from the average than WIT.
void wear_out(Trial& t, lightnvm::Address chunk) {
  constexpr int kResets = 8;
  for (int i = 0; i < kResets; ++i) {
    if (t.chunk(chunk).wear > 200) break;
    t.close(chunk);
    t.expect_ok(t.reset(chunk, {.vector = true}));
    if (is_outside(t, chunk)) return;
  }
  throw Skipped{fmt::format("it takes more than {} resets to bring a wear index {} from the average", kResets,
                            t.geo().wear_threshold)};
}

void wear(Trial& t) {
  std::uint64_t before = 0;
  for (const auto& n : notifications(t)) before = std::max(before, n.number);
  wear_out(t, t.at());
  const std::uint64_t lba = t.device().to_device(t.at());
  const auto all = notifications(t);
  const bool told = std::ranges::any_of(all, [&](const Notification& n) {
    return n.number > before && n.lba == lba && (n.state & 0x100) != 0 && (n.mask & 2) != 0;
  });
  t.expect(told, fmt::format("a notification on {}: state bit 8, mask bit 1", chunk_name(t.at())), "none");
}

void event(Trial& t) {
  (void)t.device().events();
  wear_out(t, t.at());
  t.say("a reset that brings a wear index outside of the average by more than WIT");
  for (int i = 0; i < 100; ++i) {
    const auto events = t.device().events();
    t.expect(events.has_value(), "events", events ? "" : events.error().message());
    if (std::ranges::any_of(*events, [&](const auto& e) { return e.address == t.at(); })) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(i == 0 ? 0 : 10));
  }
  t.expect(false, "an event within a second", "none");
}

void entries(Trial& t) {
  wear_out(t, t.at());
  Page page;
  const auto all = notifications(t, page);
  for (const auto& n : all) {
    const std::string name = fmt::format("notification {}", n.number);
    t.expect(n.nsid == t.device().nsid(), name + " of this namespace", fmt::format("{}", n.nsid));
    t.expect((n.state & ~0x11FU) == 0 && n.state != 0, name + " with a known state", fmt::format("{:#x}", n.state));
    t.expect(n.mask == 1 || n.mask == 2 || n.mask == 4, name + " with a known mask", fmt::format("{:#x}", n.mask));
    const auto place = t.device().from_device(n.lba);
    t.expect(t.geo().contains(place), name + " on a place that exists", sector_name(place, t.geo()));
  }
  for (std::size_t at = 0; at < page.size(); at += kNotificationBytes) {
    const auto entry = std::span(page).subspan(at, kNotificationBytes);
    t.expect(is_zero(entry, 23, 31) && is_zero(entry, 34, 63), "zero in reserved bytes of the notification log",
             "another value");
  }
}

void order(Trial& t) {
  const auto wanted = [&] {
    wear_out(t, t.at(0));
    return notifications(t);
  };
  auto all = wanted();
  if (all.size() < 2) {
    t.close(t.at(0));
    t.expect_ok(t.reset(t.at(0), {.vector = true}));
    all = notifications(t);
  }
  t.expect(!all.empty(), "a notification", "none");
  for (std::size_t i = 1; i < all.size(); ++i) {
    t.expect(all[i].number > all[i - 1].number, fmt::format("a number above {}", all[i - 1].number),
             fmt::format("{}", all[i].number));
  }
}

void log_parts(Trial& t) {
  const Page whole = t.log(kNotifications, 0, kNotificationBytes * kNotificationEntries);
  for (std::uint32_t at = 0; at < whole.size(); at += 1024) {
    const Page part = t.log(kNotifications, at, 1024);
    t.expect(std::equal(part.begin(), part.end(), whole.begin() + at), "the same bytes as in one piece", "others");
  }
}

constexpr Rule kRules[] = {
    {"feature.dulbe", "OCSSD-2.0 3.5", "Error Recovery keeps DULBE as it is set.", {.dulbe = true}, dulbe},
    {"feature.feedback", "OCSSD-2.0 3.5", "Media Feedback keeps HECC and VHECC as they are set.", {}, feedback},
    {"feature.defaults", "OCSSD-2.0 3.5", "Error Recovery and Media Feedback are 0 by default.", {}, defaults},
    {"feature.saved", "NVMe-2.0 5.27", "To save a feature that cannot be saved is 10Dh.", {}, saved},
    {"feature.unknown", "NVMe-2.0 5.27", "A feature that does not exist is 002h.", {}, unknown},
    {"notification.wear",
     "OCSSD-2.0 3.3",
     "A reset that brings a wear index further than WIT from the average is notified.",
     {.chunks = 1},
     wear},
    {"notification.entries",
     "OCSSD-2.0 3.3",
     "A notification names this namespace, a place, a known state and mask.",
     {.chunks = 1},
     entries},
    {"notification.order",
     "OCSSD-2.0 3.3",
     "Notifications are numbered, and the log has them oldest first.",
     {.chunks = 1},
     order},
    {"notification.parts", "OCSSD-2.0 3.3", "The log in parts is the log.", {.chunks = 1}, log_parts},
    {"notification.event",
     "OCSSD-2.0 3.4",
     "A notification raises an asynchronous event.",
     {.chunks = 1, .events = true},
     event},
};

}  // namespace

std::span<const Rule> feature_rules_20() { return kRules; }

}  // namespace tools::check
