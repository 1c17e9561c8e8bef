// SPDX-License-Identifier: BSD-2-Clause
// Identify pages and the discovery log.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "spec/nvme_tcp_extension.hpp"
#include "target/admin.hpp"

namespace lightnvm::target::pages {
namespace {

namespace f = spec::fabrics;

constexpr std::uint32_t kVersion = 0x00010400;
// NVMe-2.0 5.17.2.1, SGLS: supported without alignment; an offset in the address; transport descriptors.
constexpr std::uint32_t kSgls = 1U | 1U << 20 | 1U << 21;
constexpr std::uint8_t kIoController = 1, kDiscoveryController = 2;

template <std::size_t N>
void pad(char (&field)[N], std::string_view text) noexcept {
  std::fill_n(field, N, ' ');
  std::copy_n(text.begin(), std::min(N, text.size()), field);
}

template <std::size_t N>
void name(char (&field)[N], std::string_view text) noexcept {
  std::copy_n(text.begin(), std::min(N - 1, text.size()), field);
}

std::uint16_t flags_of(const Subsystem& subsystem) noexcept {
  const auto all = [&](auto&& has) {
    return std::ranges::all_of(subsystem.namespaces, [&](const auto& n) { return has(n->backend->caps()); });
  };
  namespace e = spec::extension;
  const bool vectors = all([](const backends::Caps& c) { return c.vectors; });
  const bool metadata = std::ranges::any_of(subsystem.namespaces, [](const auto& n) { return n->metadata_bytes != 0; });
  const bool descriptors = all([](const backends::Caps& c) { return c.reset_descriptors; });
  const bool copies = all([](const backends::Caps& c) { return c.vector_copy; });
  const bool ordered = all([](const backends::Caps& c) { return c.ordered_writes; });
  return static_cast<std::uint16_t>((ordered ? e::kOrderedWrites : 0) | (vectors ? e::kVectors : 0) | (metadata ? e::kMetadata : 0) |
                                    (descriptors ? e::kResetDescriptors : 0) | (copies ? e::kVectorCopy : 0));
}

// What every controller here is, whatever the device.
void put_fabrics(const Home& home, const Controller& controller, spec::IdentifyController& id) {
  id.cntlid = controller.cntlid;
  id.ver = kVersion;
  id.cntrltype = controller.subsystem.is_discovery() ? kDiscoveryController : kIoController;
  id.acl = kAbortLimit;
  id.aerl = kMostEventRequests - 1;
  id.kas = 1;
  id.maxcmd = static_cast<std::uint16_t>(home.config.queue_entries - 1);
  id.sgls = kSgls;
  name(id.subnqn, controller.subsystem.nqn);
  id.ioccsz = (static_cast<std::uint32_t>(sizeof(spec::Command)) + home.config.capsule_bytes) / 16;
  id.iorcsz = 1;
  id.msdbd = 1;
}

}  // namespace

spec::IdentifyController controller(const Home& home, const Controller& controller) {
  spec::IdentifyController id{};
  const Subsystem& subsystem = controller.subsystem;
  if (subsystem.is_discovery()) {
    pad(id.sn, "discovery");
    pad(id.mn, "liblightnvm target");
    pad(id.fr, "1");
    id.lpa = 1U << 2;
    put_fabrics(home, controller, id);
    return id;
  }
  id = subsystem.namespaces.front()->controller;
  // What is not known to be true of this controller: optional commands and features.
  std::ranges::fill(id.reserved84, std::uint8_t{0});
  std::ranges::fill(id.reserved112, std::uint8_t{0});
  std::ranges::fill(id.reserved270, std::uint8_t{0});
  std::ranges::fill(id.reserved312, std::uint8_t{0});
  std::ranges::fill(id.reserved322, std::uint8_t{0});
  std::ranges::fill(id.reserved540, std::uint8_t{0});
  std::ranges::fill(id.subnqn, '\0');
  id.oacs = 0;
  id.fuses = 0;
  id.cmic = 1U << 1;
  id.sqes = 0x66;
  id.cqes = 0x44;
  id.nn = subsystem.namespaces.back()->nsid;
  const std::uint32_t transfer = subsystem.transfer_bytes(home.config.transfer_bytes);
  id.mdts = static_cast<std::uint8_t>(std::bit_width(transfer / 4096) - 1);
  put_fabrics(home, controller, id);
  if (home.config.extension) {
    const spec::extension::Announcement a{spec::extension::kMagic, spec::extension::kVersion, flags_of(subsystem), {}};
    std::memcpy(id.vendor, &a, sizeof a);
  }
  return id;
}

spec::IdentifyNamespace ns(const Namespace& n, bool extension) {
  spec::IdentifyNamespace page = n.page;
  const spec::LbaFormat format = page.lbaf[page.flbas & 0xF];
  std::ranges::fill(page.lbaf, spec::LbaFormat{});
  const bool extended = !extension && n.metadata == TargetMetadata::extended;
  page.lbaf[0] = {static_cast<std::uint16_t>(extension || extended ? n.metadata_bytes : 0), format.ds, format.rp};
  page.nlbaf = 0;
  page.flbas = extended ? 1U << 4 : 0;
  page.mc = 0;
  if (page.lbaf[0].ms != 0) page.mc = extended ? 1U << 0 : 1U << 1;
  page.dpc = page.dps = 0;
  page.nmic = 1;  // several controllers may see it
  return page;
}

std::vector<std::byte> discovery_log(const Catalog& catalog, std::string_view host, const os::Endpoint& local) {
  f::DiscoveryHeader header{};
  header.genctr = 1;  // the configuration is what it was at the start
  std::vector<f::DiscoveryEntry> entries;
  for (const Subsystem& s : catalog.subsystems) {
    if (!s.admits(host)) continue;
    f::DiscoveryEntry& e = entries.emplace_back();
    e.trtype = static_cast<std::uint8_t>(f::TransportType::tcp);
    e.adrfam = static_cast<std::uint8_t>(os::is_ipv6(local.host) ? f::AddressFamily::ipv6 : f::AddressFamily::ipv4);
    e.subtype = static_cast<std::uint8_t>(f::SubsystemType::nvm);
    e.treq = 1U << 1 | 1U << 2;  // no secure channel; without SQ flow control, if the host wants
    e.portid = 1;
    e.cntlid = f::kAnyController;
    e.asqsz = 32;
    pad(e.trsvcid, std::to_string(local.port));
    pad(e.traddr, local.host);
    name(e.subnqn, s.nqn);
  }
  header.numrec = entries.size();
  std::vector<std::byte> log(sizeof header + entries.size() * sizeof(f::DiscoveryEntry));
  std::memcpy(log.data(), &header, sizeof header);
  if (!entries.empty()) {
    std::memcpy(log.data() + sizeof header, entries.data(), entries.size() * sizeof(f::DiscoveryEntry));
  }
  return log;
}

}  // namespace lightnvm::target::pages
