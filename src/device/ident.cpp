// SPDX-License-Identifier: BSD-2-Clause
// The grammar of identifiers.
#include "device/ident.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>

#include "base/error.hpp"

namespace lightnvm::device {
namespace {

Result<std::string> unescape(std::string_view text, std::string_view whole) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2 || value == 0) {
      return unexpected(Status::os(EINVAL),
                        fmt::format("{}: '%' is followed by two hexadecimal digits, not 00", whole));
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

Status parse_options(std::string_view text, std::string_view whole, std::map<std::string, std::string>& out) {
  for (const auto part : std::views::split(text, '&')) {
    const std::string_view word(part.begin(), part.end());
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    const std::string key(word.substr(0, equals));
    if (key.empty()) return fail(Status::os(EINVAL), fmt::format("{}: an option without a name", whole));
    auto value = unescape(equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1), whole);
    if (!value) return value.error();
    if (!out.emplace(key, std::move(*value)).second) {
      return fail(Status::os(EINVAL), fmt::format("{}: '{}' is there twice", whole, key));
    }
  }
  return {};
}

}  // namespace

Result<backends::Ident> parse_ident(std::string_view text, backends::Registry registry) {
  backends::Ident ident;
  ident.text = text;
  std::string_view rest = text;
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    const std::string_view prefix = rest.substr(0, colon);
    // tcp://HOST is the identifier of that backend, not a prefix before a path of two slashes.
    const bool known = std::ranges::any_of(registry, [&](const backends::Entry& e) { return e.name == prefix; });
    if (known) {
      ident.backend = prefix;
      rest.remove_prefix(colon + 1);
    }
  }
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    if (const Status s = parse_options(rest.substr(question + 1), text, ident.options); !s) return std::unexpected(s);
  }
  auto locator = unescape(rest.substr(0, question), text);
  if (!locator) return std::unexpected(locator.error());
  ident.locator = std::move(*locator);
  if (const auto ro = ident.options.find("ro"); ro != ident.options.end()) {
    if (!ro->second.empty()) {
      return unexpected(Status::os(EINVAL), fmt::format("{}: ro takes no value; leave it out to write", text));
    }
    ident.read_only = true;
    ident.options.erase(ro);
  }
  if (ident.locator.empty() && ident.backend.empty()) {
    return unexpected(Status::os(EINVAL), "the identifier of a device is empty");
  }
  return ident;
}

}  // namespace lightnvm::device
