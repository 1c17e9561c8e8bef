// SPDX-License-Identifier: BSD-2-Clause
// Opens what a configuration names.
#include "target/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "device/opener.hpp"
#include "spec/build.hpp"

namespace lightnvm::target {
namespace {

constexpr std::uint32_t kMostNamespaces = 1024;

std::unexpected<Status> wrong(std::string sentence) { return unexpected(Status::os(EINVAL), std::move(sentence)); }

bool is_nqn(std::string_view text) noexcept {
  return text.starts_with("nqn.") && text.size() <= spec::fabrics::kMaxNqnBytes;
}

Status check(const TargetSubsystem& s) {
  if (!is_nqn(s.nqn)) {
    return fail(Status::os(EINVAL), fmt::format("'{}' is no NQN: nqn.YYYY-MM.DOMAIN:NAME, at most 223 bytes", s.nqn));
  }
  if (s.nqn == spec::fabrics::kDiscoveryNqn) {
    return fail(Status::os(EINVAL), fmt::format("'{}' is the discovery subsystem's, which is always there", s.nqn));
  }
  if (s.namespaces.empty()) return fail(Status::os(EINVAL), fmt::format("subsystem '{}' has no namespace", s.nqn));
  std::set<std::uint32_t> seen;
  for (const TargetNamespace& n : s.namespaces) {
    if (n.nsid < 1 || n.nsid > kMostNamespaces) {
      return fail(Status::os(EINVAL), fmt::format("'{}': nsid is 1 to {}", s.nqn, kMostNamespaces));
    }
    if (!seen.insert(n.nsid).second) {
      return fail(Status::os(EINVAL), fmt::format("'{}': nsid {} is there twice", s.nqn, n.nsid));
    }
  }
  for (const std::string& host : s.hosts) {
    if (!is_nqn(host)) return fail(Status::os(EINVAL), fmt::format("host '{}' of '{}' is no NQN", host, s.nqn));
  }
  return {};
}

Result<Subsystem> open_subsystem(const TargetSubsystem& config, backends::Registry registry) {
  Subsystem s{config.nqn, {}, config.hosts};
  for (const TargetNamespace& n : config.namespaces) {
    auto backend = device::open_backend(n.device, registry, n.read_only);
    if (!backend) return std::unexpected(backend.error());
    auto made = make_namespace(n, std::move(*backend));
    if (!made) return std::unexpected(made.error());
    s.namespaces.push_back(std::move(*made));
  }
  std::ranges::sort(s.namespaces, {}, [](const auto& n) { return n->nsid; });
  return s;
}

}  // namespace

bool Subsystem::admits(std::string_view host) const noexcept {
  return hosts.empty() || std::ranges::find(hosts, host) != hosts.end();
}

const Namespace* Subsystem::find(std::uint32_t nsid) const noexcept {
  const auto found = std::ranges::find(namespaces, nsid, [](const auto& n) { return n->nsid; });
  return found == namespaces.end() ? nullptr : found->get();
}

std::uint32_t Subsystem::transfer_bytes(std::uint32_t most) const noexcept {
  std::uint64_t bytes = most;
  for (const auto& n : namespaces) {
    if (const std::uint8_t mdts = n->controller.mdts; mdts != 0 && mdts < 20) {
      bytes = std::min<std::uint64_t>(bytes, 4096ULL << mdts);
    }
  }
  return static_cast<std::uint32_t>(bytes);
}

std::uint64_t Subsystem::metadata_bytes(std::uint32_t transfer_bytes) const noexcept {
  std::uint64_t most = 0;
  for (const auto& n : namespaces) {
    if (n->block_bytes != 0) {
      most = std::max<std::uint64_t>(most, std::uint64_t{transfer_bytes} / n->block_bytes * n->metadata_bytes);
    }
  }
  return most;
}

const Subsystem* Catalog::find(std::string_view nqn) const noexcept {
  if (nqn == discovery.nqn) return &discovery;
  const auto found = std::ranges::find(subsystems, nqn, &Subsystem::nqn);
  return found == subsystems.end() ? nullptr : &*found;
}

Result<std::unique_ptr<Namespace>> make_namespace(const TargetNamespace& config,
                                                  std::unique_ptr<backends::Backend> backend) {
  auto n = std::make_unique<Namespace>();
  n->nsid = config.nsid;
  n->metadata = config.metadata;
  n->backend = std::move(backend);
  const backends::Caps& caps = n->backend->caps();
  n->read_only = config.read_only || caps.read_only;
  const auto ask = [&](std::uint8_t cns, std::uint32_t nsid, auto& page) {
    return device::execute_once(*n->backend, backends::QueueKind::admin, spec::build::identify(cns, nsid),
                                std::as_writable_bytes(std::span(&page, 1)));
  };
  for (const Completion& c : {ask(1, 0, n->controller), ask(0, n->backend->nsid(), n->page)}) {
    if (!c) return unexpected(c.status, fmt::format("{}: Identify failed: {}", config.device, c.status.message()));
  }
  const spec::LbaFormat& format = n->page.lbaf[n->page.flbas & 0xF];
  if (format.ds < 9 || format.ds > 20) return wrong(fmt::format("{}: it has no blocks to be served", config.device));
  n->block_bytes = 1U << format.ds;
  if (caps.metadata == backends::MetadataTransfer::separate) n->metadata_bytes = format.ms;
  if (config.metadata == TargetMetadata::extended && n->metadata_bytes == 0) {
    return wrong(fmt::format("{}: extended LBAs are wanted, but its route carries no metadata", config.device));
  }
  return n;
}

Status flush(const Namespace& n) noexcept {
  if (n.read_only) return {};
  const spec::Command c = spec::build::flush(n.backend->nsid());
  return device::execute_once(*n.backend, backends::QueueKind::io, c, {}).status;
}

Result<Catalog> open_catalog(const TargetConfig& config, backends::Registry registry) {
  if (config.subsystems.empty()) return wrong("there is no subsystem to serve");
  Catalog catalog;
  catalog.discovery.nqn = spec::fabrics::kDiscoveryNqn;
  for (const TargetSubsystem& s : config.subsystems) {
    if (const Status bad = check(s); !bad) return std::unexpected(bad);
    if (catalog.find(s.nqn) != nullptr) return wrong(fmt::format("subsystem '{}' is there twice", s.nqn));
    auto opened = open_subsystem(s, registry);
    if (!opened) return std::unexpected(opened.error());
    catalog.subsystems.push_back(std::move(*opened));
  }
  return catalog;
}

}  // namespace lightnvm::target
