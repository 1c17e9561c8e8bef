// SPDX-License-Identifier: BSD-2-Clause
// Block: a named list of fields, written once and rendered as YAML or as JSON.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/format.hpp"

namespace lightnvm::format {

using Json = nlohmann::ordered_json;

/// One line of a block: what YAML shows after the colon, and the value in JSON.
struct Field {
  std::string key;
  std::string text;
  Json value;
};

inline Field number(std::string_view key, std::uint64_t value) {
  return {std::string(key), fmt::format("{}", value), value};
}
inline Field word(std::string_view key, std::string_view value) {
  // YAML's single quotes: one inside is doubled.
  std::string text = "'";
  for (const char c : value) text.append(c == '\'' ? 2 : 1, c);
  return {std::string(key), text + "'", std::string(value)};
}
inline std::string hex64(std::uint64_t value) { return fmt::format("0x{:016x}", value); }

class Block {
 public:
  Block(std::string_view prefix, std::string_view name, std::vector<Field> fields)
      : name_(fmt::format("{}{}", prefix, name)), fields_(std::move(fields)) {}

  [[nodiscard]] Json json() const {
    Json out = Json::object();
    for (const Field& f : fields_) out[f.key] = f.value;
    return out;
  }
  [[nodiscard]] std::string yaml() const {
    std::string out = fmt::format("{}:\n", name_);
    for (const Field& f : fields_) out += fmt::format("  {}: {}\n", f.key, f.text);
    return out;
  }
  [[nodiscard]] std::string render(Syntax syntax) const { return syntax == Syntax::yaml ? yaml() : dump(json()); }

  /// Bytes that are no UTF-8, as in a path, do not make it fail.
  static std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

 private:
  std::string name_;
  std::vector<Field> fields_;
};

}  // namespace lightnvm::format
