// SPDX-License-Identifier: BSD-2-Clause
// The original's environment, and addresses that are checked.
#include "session.hpp"

#include <algorithm>
#include <cstdlib>

#include "progress.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::Geometry;
namespace format = lightnvm::format;

constexpr std::uint32_t kModes = format::kSync | format::kAsync, kAddressing = format::kScalar | format::kVector,
                        kPayloads = format::kPrp | format::kSgl | format::kSglMetadata;

// What a variable says, as hexadecimal or decimal; nothing where it is not set.
std::optional<std::uint64_t> variable(const char* name, int base) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const auto value = base == 16 ? parse_hex(text) : parse_number(text);
  if (!value) throw Failure(name, fmt::format("'{}' is no {}number", text, base == 16 ? "hexadecimal " : ""));
  return value;
}

void take(int& target, const char* name, int base, std::uint64_t least, std::uint64_t most) {
  const auto value = variable(name, base);
  if (!value) return;
  if (*value < least || *value > most) throw Failure(name, fmt::format("is {} to {}, not {}", least, most, *value));
  target = static_cast<int>(*value);
}

// Backends are bits of their own beside the options.
std::string backend_of(std::uint32_t flags) {
  const auto all = lightnvm::available_backends();
  std::uint32_t known = kModes | kAddressing | kPayloads;
  std::string name;
  for (const auto& b : all) {
    known |= b.id;
    if ((flags & b.id) == 0) continue;
    if (!name.empty()) throw Failure("NVM_CLI_CMD_OPTS", fmt::format("0x{:x} chooses more than one backend", flags));
    name = b.name;
  }
  const auto both = [&](std::uint32_t group) { return (flags & group) == group; };
  if (both(kModes) || both(kAddressing)) {
    throw Failure("NVM_CLI_CMD_OPTS", fmt::format("0x{:x} chooses alternatives together", flags));
  }
  if ((flags & ~known) == 0) return name;
  throw Failure("NVM_CLI_CMD_OPTS",
                fmt::format("0x{:x}: no backend and no option has the bits 0x{:x}", flags, flags & ~known));
}

std::uint32_t chosen(std::uint32_t flags, std::uint32_t group) {
  const std::uint32_t bits = (flags & group) != 0 ? flags : format::kDefaultCommandOptions;
  return bits & group;
}

void take_plane_mode(Session& s) {
  const Geometry& g = s.device.geometry();
  const auto all = static_cast<std::uint64_t>(lightnvm::plane_mode_of(g.planes));
  const auto mode = variable("NVM_CLI_PMODE", 16);
  if (!mode) return;
  if (*mode != 0 && *mode != all) {
    throw Failure("NVM_CLI_PMODE", fmt::format("{} is no mode of this device, which has {}", *mode,
                                               all == 0 ? std::string("0 alone") : fmt::format("0 and {}", all)));
  }
  s.defaults.plane_mode = static_cast<int>(*mode);
}

// A number of addresses; on OCSSD 1.2 a multiple of what the plane mode works on at once.
void take_addresses(int& target, const char* name, const Session& s, std::uint32_t unit) {
  take(target, name, 10, 1, lightnvm::kMaxAddresses);
  if (std::getenv(name) == nullptr || !s.device.geometry().has_planes()) return;
  if (static_cast<std::uint32_t>(target) % unit == 0) return;
  throw Failure(name, fmt::format("is a multiple of {} in plane mode {}, not {}", unit,
                                  format::plane_mode(s.defaults.plane_mode), target));
}

}  // namespace

Session open_session(const std::string& ident, Access access) {
  const std::uint64_t flags = variable("NVM_CLI_CMD_OPTS", 16).value_or(0);
  if (flags > 0xFFFFFFFF) throw Failure("NVM_CLI_CMD_OPTS", fmt::format("0x{:x} has more than 32 bits", flags));
  const auto bits = static_cast<std::uint32_t>(flags);
  lightnvm::OpenOptions options;
  options.backend = backend_of(bits);
  options.read_only = access == Access::read_only;
  Session s{.device = open_device(ident, options)};
  if (access == Access::read_write && s.device.read_only()) {
    throw Failure("nvm_dev_openf", fmt::format("{}: is open read-only", ident), EROFS);
  }
  s.command_options = chosen(bits, kModes) | chosen(bits, kAddressing) | chosen(bits, kPayloads);
  s.defaults = format::describe(s.device).block_defaults;
  take_plane_mode(s);
  take(s.defaults.metadata_mode, "NVM_CLI_META_MODE", 16, 0, 2);
  take(s.defaults.erase_addresses, "NVM_CLI_ERASE_NADDRS_MAX", 10, 1, lightnvm::kMaxAddresses);
  const std::uint32_t planes = lightnvm::planes_of(s.plane_mode());
  take_addresses(s.defaults.write_addresses, "NVM_CLI_WRITE_NADDRS_MAX", s, planes * s.device.geometry().page_sectors);
  take_addresses(s.defaults.read_addresses, "NVM_CLI_READ_NADDRS_MAX", s, planes);
  s.verify = std::getenv("NVM_CLI_NOVERIFY") == nullptr;
  s.print_metadata = std::getenv("NVM_CLI_META_PR") != nullptr;
  return s;
}

Failure beyond(const std::string& what, std::string_view noun, std::uint32_t number, std::uint32_t count) {
  return {"FAILED", fmt::format("{}: there is no {} {}: the device has 0 to {}", what, noun, number, count - 1)};
}

void check_address(const Geometry& g, Address a, const std::string& text) {
  if (a.group() >= g.groups) throw beyond(text, "group", a.group(), g.groups);
  if (a.unit() >= g.units) throw beyond(text, "parallel unit", a.unit(), g.units);
  if (a.chunk() >= g.chunks) throw beyond(text, "chunk", a.chunk(), g.chunks);
  if (g.has_planes()) {
    if (!g.contains(a)) throw Failure("FAILED", fmt::format("{}: the device has no such plane, page or sector", text));
  } else if (a.sector() >= g.sectors) {
    throw beyond(text, "sector", a.sector(), g.sectors);
  }
}

void check_address(const Session& session, Address address, const std::string& text) {
  if (session.verify) check_address(session.device.geometry(), address, text);
}

std::uint64_t parse_hex_or_fail(const std::string& text, std::string_view noun) {
  const auto value = parse_hex(text);
  if (!value) throw Failure("FAILED", fmt::format("'{}' is no {}: 1 to 16 hexadecimal digits", text, noun));
  return *value;
}

std::vector<Address> parse_addresses(const Session& session, const std::vector<std::string>& texts) {
  std::vector<Address> out;
  for (const std::string& text : texts) {
    out.push_back({parse_hex_or_fail(text, "address")});
    check_address(session, out.back(), text);
  }
  return out;
}

void show_addresses(const Session& session, std::span<const Address> addresses, Output& out, std::string_view name) {
  const auto version = session.device.version();
  out.show(name, format::addresses(addresses, version), format::addresses(addresses, version, format::Syntax::json));
}

Failure refused(const std::string& call, const lightnvm::Completion& c, Output& out) {
  // Where nothing was sent there is nothing that the device has said.
  if (c.status.is_nvme()) out.show("nvm_ret", format::returned(c), format::returned(c, format::Syntax::json));
  return {call, c.status};
}

void flush(lightnvm::Device& device, const Output& out) {
  const Progress progress({.what = "nvm_cmd_flush", .quiet = out.json()});
  const lightnvm::Status s = device.flush().status;
  if (!s && !s.is_errno(ENOTSUP)) throw Failure("nvm_cmd_flush", s);
}

void add_device(CLI::App* app, std::string& ident) {
  app->add_option("dev_path", ident, "Device: a path, or BACKEND:IDENT")->required()->type_name("");
}

}  // namespace tools
