// SPDX-License-Identifier: BSD-2-Clause
// Takes identifiers apart.
#include "backends/tcp/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <ranges>

#include "base/error.hpp"
#include "base/number.hpp"
#include "spec/fabrics.hpp"

namespace lightnvm::backends::tcp {
namespace {

constexpr std::chrono::milliseconds kHandshake{10'000};
constexpr const char* kHostNqnFile = "/etc/nvme/hostnqn";
constexpr std::uint32_t kMostDepth = 4096;
constexpr std::uint32_t kMostMilliseconds = 3'600'000, kMostSeconds = 3600;

std::unexpected<Refusal> wrong(const Ident& ident, std::string_view why) {
  return std::unexpected(Refusal{true, Status::os(EINVAL), fmt::format("{}: {}", ident.text, why)});
}

bool is_nqn(std::string_view text) noexcept {
  return text.starts_with("nqn.") && text.size() <= spec::fabrics::kMaxNqnBytes;
}

std::string default_host() {
  std::ifstream file(kHostNqnFile);
  std::string name;
  return std::getline(file, name) && is_nqn(name) ? name : std::string(kDefaultHost);
}

// One option's value. Returns what is wrong with it; empty: nothing.
std::string put(std::string_view text, std::uint32_t least, std::uint32_t most, std::uint32_t& out) {
  const auto number = parse_number<std::uint32_t>(text);
  if (!number || *number < least || *number > most) return fmt::format("is {} to {}", least, most);
  out = *number;
  return {};
}

std::string put(std::string_view text, std::uint32_t most, std::uint32_t unit_ms, std::chrono::milliseconds& out) {
  std::uint32_t number = 0;
  std::string why = put(text, 0, most, number);
  out = std::chrono::milliseconds(std::uint64_t{number} * unit_ms);
  return why;
}

std::string put(std::string_view text, fabrics::Digests& out) {
  for (const auto part : std::views::split(text, ',')) {
    const std::string_view word(part.begin(), part.end());
    if (word != "header" && word != "data") return "is header, data, or header,data";
    (word == "header" ? out.header : out.data) = true;
  }
  return {};
}

std::string put(std::string_view text, Extension& out) {
  if (text != "on" && text != "off") return "is on (the target must have it) or off; without it, it is used if offered";
  out = text == "on" ? Extension::required : Extension::off;
  return {};
}

std::string put_host(std::string_view text, std::string& out) {
  if (!is_nqn(text)) return "is a name that begins with nqn. and has at most 223 bytes";
  out = text;
  return {};
}

std::string put_option(const std::string& key, const std::string& value, Settings& s) {
  if (key == "nsid") return put(value, 1, 0xFFFFFFFE, s.nsid);
  if (key == "hostnqn") return put_host(value, s.hostnqn);
  if (key == "digest") return put(value, s.digests);
  if (key == "extension") return put(value, s.extension);
  if (key == "depth") return put(value, 1, kMostDepth, s.depth);
  if (key == "timeout") return put(value, kMostMilliseconds, 1, s.timeout);
  if (key == "keep_alive") return put(value, kMostMilliseconds, 1, s.keep_alive);
  if (key == "reconnect") return put(value, kMostSeconds, 1000, s.reconnect);
  return "is no option of a target; there are nsid, hostnqn, digest, extension, depth, timeout, keep_alive, reconnect, "
         "ro, trace and fault";
}

}  // namespace

std::chrono::milliseconds Settings::handshake() const noexcept {
  return timeout.count() == 0 ? kHandshake : std::min(timeout, kHandshake);
}

std::expected<Settings, Refusal> parse(const Ident& ident) {
  constexpr std::string_view kForm = "tcp://HOST:PORT/SUBNQN is wanted";
  std::string_view rest = ident.locator;
  if (!rest.starts_with("//")) return wrong(ident, kForm);
  rest.remove_prefix(2);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) {
    return wrong(ident, fmt::format("the name of the subsystem is missing; {}", kForm));
  }
  Settings s;
  auto target = os::parse_endpoint(rest.substr(0, slash), kDefaultPort);
  if (!target) return std::unexpected(Refusal{true, target.error(), fmt::format("{}: {}", ident.text, last_error())});
  s.target = std::move(*target);
  s.subnqn = rest.substr(slash + 1);
  if (!is_nqn(s.subnqn)) {
    return wrong(
        ident, fmt::format("'{}' is no name of a subsystem: it begins with nqn. and has at most 223 bytes", s.subnqn));
  }
  for (const auto& [key, value] : ident.options) {
    if (const std::string why = put_option(key, value, s); !why.empty()) {
      return wrong(ident, fmt::format("'{}' {}", key, why));
    }
  }
  if (s.hostnqn.empty()) s.hostnqn = default_host();
  s.read_only = ident.read_only;
  return s;
}

}  // namespace lightnvm::backends::tcp
