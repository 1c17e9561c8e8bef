// SPDX-License-Identifier: BSD-2-Clause
// Opening a device: which backend, what it speaks, and what everybody answered when none of them would.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/no_memory.hpp"
#include "device/core.hpp"
#include "device/ident.hpp"
#include "device/opener.hpp"
#include "layers/complete.hpp"
#include "layers/fault.hpp"
#include "layers/trace.hpp"
#include "lightnvm/emulator.hpp"
#include "spec/build.hpp"

namespace lightnvm {
namespace {

using backends::Entry;
using backends::Ident;
using backends::Refusal;
using backends::Registry;

using Attempt = std::expected<std::shared_ptr<Device::Impl>, Refusal>;

// "NVM_BE_LBD", "LBD" and "lbd" mean the same.
std::string canonical(std::string_view text) {
  std::string name(text);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (name.starts_with("nvm_be_")) name.erase(0, 7);
  return name == "nocd" ? "prxy" : name;
}

std::unexpected<Refusal> cannot(const Ident& ident, std::string_view what, Status s) {
  return std::unexpected(Refusal{true, s, fmt::format("{}: {}: {}", ident.text, what, s.message())});
}

std::uint32_t smaller_limit(std::uint32_t a, std::uint32_t b) noexcept {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

// Identifies the namespace and what it speaks, and fills what follows from both.
std::expected<void, Refusal> look_into(Device::Impl& impl, const Ident& ident) {
  const auto into = [](auto& page) { return std::as_writable_bytes(std::span(&page, 1)); };
  const std::uint32_t nsid = impl.backend->nsid();
  auto& admin = *impl.admin;
  if (const Completion c = admin.execute(spec::build::identify(1, 0), into(impl.controller)); !c) {
    return cannot(ident, "Identify Controller failed", c.status);
  }
  if (const Completion c = admin.execute(spec::build::identify(0, nsid), into(impl.ns)); !c) {
    return cannot(ident, "Identify Namespace failed", c.status);
  }
  const std::uint8_t mdts = std::min<std::uint8_t>(impl.controller.mdts, 15);
  const backends::Caps& caps = impl.backend->caps();
  // Without any limit, a report still goes in pieces of a size that every route takes.
  constexpr std::uint32_t kUnlimited = 1U << 20;
  const std::uint32_t limit = smaller_limit(caps.max_transfer_bytes, mdts == 0 ? 0 : 4096U << mdts);
  admin.set_transfer_limit(limit == 0 ? kUnlimited : limit);

  auto spoken = dialect::recognise(admin, impl.ns);
  if (!spoken) {
    return std::unexpected(Refusal{true, spoken.error(), fmt::format("{}: {}", ident.text, last_error())});
  }
  impl.dialect = std::move(spoken->dialect);
  impl.told = spoken->page;
  impl.has_told = spoken->has_page;
  impl.terms = {impl.dialect.get(), 0, 0, nsid, caps};
  if (impl.dialect) {
    impl.geometry = impl.dialect->geometry();
    impl.terms.sector_bytes = impl.geometry.sector_bytes;
    impl.terms.oob_bytes = impl.geometry.oob_bytes;
    const std::uint32_t most = impl.geometry.has_planes() ? kMaxAddresses : 65536;
    impl.max_sectors = std::min<std::uint32_t>(most, limit == 0 ? most : limit / impl.geometry.sector_bytes);
  }
  return {};
}

/// What stands above the route, by the options that every identifier has.
struct Extras {
  std::string trace;
  std::optional<RouteFaultPlan> faults;
};

Attempt attempt(const Entry& entry, const Ident& ident, const Extras& extras, Registry registry) {
  device::RegistryOpener opener(registry);
  auto backend = entry.descriptor->open(ident, opener);
  Route route;
  if (backend) {
    const backends::Caps& caps = (*backend)->caps();
    route = {caps.vectors, caps.vector_copy, caps.reset_descriptors, false, caps.events};
    backend = layers::complete(std::move(*backend));
  }
  // A trace tells of the faults, too.
  if (backend && extras.faults) backend = layers::fault(std::move(*backend), *extras.faults);
  if (backend && !extras.trace.empty()) backend = layers::trace(std::move(*backend), extras.trace);
  if (!backend) return std::unexpected(std::move(backend.error()));
  auto impl = std::make_shared<Device::Impl>();
  impl->backend = std::move(*backend);
  impl->route = route;
  impl->route.metadata = impl->backend->caps().metadata == backends::MetadataTransfer::separate;
  auto admin = impl->backend->open_queue({backends::QueueKind::admin, 1});
  if (!admin) return cannot(ident, "no admin queue", admin.error());
  impl->admin = std::make_unique<device::AdminLine>(std::move(*admin), impl->backend->nsid());
  if (auto looked = look_into(*impl, ident); !looked) return std::unexpected(std::move(looked.error()));
  impl->pool = std::make_unique<device::ChannelPool>(*impl->backend, impl->terms);
  impl->ident = ident;
  impl->backend_name = entry.name;
  impl->backend_id = entry.id;
  return impl;
}

// The name of a file, or nothing.
Result<std::string> take_file(Ident& ident, const char* option) {
  const auto found = ident.options.find(option);
  if (found == ident.options.end()) return std::string();
  if (found->second.empty()) {
    return unexpected(Status::os(EINVAL), fmt::format("{}: {}= needs the name of a file", ident.text, option));
  }
  return std::move(ident.options.extract(found).mapped());
}

Result<Extras> take_extras(Ident& ident, const OpenOptions& options) {
  Extras extras;
  auto trace = take_file(ident, "trace");
  if (!trace) return std::unexpected(trace.error());
  extras.trace = std::move(*trace);
  if (!extras.trace.empty() && emulator::is_file_of(ident.locator, extras.trace)) {
    return unexpected(Status::os(EINVAL), fmt::format("{}: trace={}: is the device itself", ident.text, extras.trace));
  }
  const auto faults = take_file(ident, "fault");
  if (!faults) return std::unexpected(faults.error());
  if (!faults->empty() && options.faults) {
    return unexpected(Status::os(EINVAL),
                      fmt::format("{}: fault={}: OpenOptions have a plan already; one is enough", ident.text, *faults));
  }
  if (options.faults) {
    if (const Status s = check_route_faults(*options.faults); !s) return std::unexpected(s);
    extras.faults = options.faults;
  }
  if (faults->empty()) return extras;
  auto plan = load_route_faults(*faults);
  if (!plan) return std::unexpected(plan.error());
  extras.faults = std::move(*plan);
  return extras;
}

// All who were asked, each with its sentence.
Status none_opened(const Ident& ident, const std::vector<std::pair<std::string_view, Refusal>>& answers) {
  Status first;
  std::string mine;
  std::string all;
  for (const auto& [name, refusal] : answers) {
    if (refusal.mine && first.ok()) {
      first = refusal.status;
      mine = refusal.sentence;
    }
    all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", name, refusal.sentence);
  }
  if (answers.size() == 1) return fail(answers[0].second.status, answers[0].second.sentence);
  if (!first.ok()) return fail(first, answers.size() > 1 ? fmt::format("{} ({})", mine, all) : mine);
  return fail(Status::os(ENODEV), fmt::format("{}: no backend opens it ({})", ident.text, all));
}

}  // namespace

Result<Device> DeviceAccess::open(std::string_view text, const OpenOptions& options, Registry registry) {
  auto ident = device::parse_ident(text, registry);
  if (!ident) return std::unexpected(ident.error());
  ident->read_only |= options.read_only;
  const auto extras = take_extras(*ident, options);
  if (!extras) return std::unexpected(extras.error());
  std::string wanted = options.backend.empty() ? ident->backend : canonical(options.backend);
  if (wanted.empty()) {
    if (const char* variable = std::getenv("NVM_BE"); variable != nullptr && *variable != '\0') {
      wanted = canonical(variable);
    }
  }
  const bool named = !wanted.empty();
  if (named && std::ranges::find(registry, wanted, &Entry::name) == registry.end()) {
    return unexpected(Status::os(EINVAL), fmt::format("'{}' is no backend; nvm_dev backends lists them", wanted));
  }
  ident->backend = wanted;

  std::vector<std::pair<std::string_view, Refusal>> answers;
  for (const Entry& entry : registry) {
    if (named && entry.name != wanted) continue;
    if (entry.descriptor == nullptr) {
      if (named) {
        answers.push_back(
            {entry.name, {true, Status::os(ENOSYS), fmt::format("backend {}: {}", entry.name, entry.absent_because)}});
      }
      continue;
    }
    auto opened = attempt(entry, *ident, *extras, registry);
    if (!opened) {
      if (!opened.error().sentence.empty()) answers.push_back({entry.name, std::move(opened.error())});
      continue;
    }
    if (named || (*opened)->dialect) return Device(std::move(*opened));
    answers.push_back({entry.name, {false, Status::os(ENODEV), "no Open-Channel SSD"}});
  }
  return std::unexpected(none_opened(*ident, answers));
}

Result<Device> Device::open(std::string_view ident, const OpenOptions& options) {
  return or_no_memory([&] { return DeviceAccess::open(ident, options, backends::default_registry()); });
}

std::vector<BackendInfo> available_backends() {
  std::vector<BackendInfo> out;
  for (const Entry& e : backends::default_registry()) {
    out.push_back({e.name, e.id, e.descriptor != nullptr, e.absent_because});
  }
  return out;
}

}  // namespace lightnvm
