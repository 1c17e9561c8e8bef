// SPDX-License-Identifier: BSD-2-Clause
// The configuration of nvm_target as JSON, and its counters.
#include "target_config.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace tools {
namespace {

using lightnvm::TargetConfig;
using lightnvm::TargetCounters;

Failure wrong(std::string_view name, std::string_view wanted) {
  return {"nvm_target", fmt::format("configuration: '{}' is to be {}", name, wanted)};
}

std::string take_text(const Json& value, std::string_view name) {
  if (!value.is_string()) throw wrong(name, "a text");
  return value.get<std::string>();
}
bool take_bool(const Json& value, std::string_view name) {
  if (!value.is_boolean()) throw wrong(name, "true or false");
  return value.get<bool>();
}
template <typename T>
T take_number(const Json& value, std::string_view name) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<T>::max()) {
    throw wrong(name, fmt::format("a number, 0 to {}", std::numeric_limits<T>::max()));
  }
  return value.get<T>();
}
std::chrono::milliseconds take_time(const Json& value, std::string_view name) {
  return std::chrono::milliseconds(take_number<std::uint32_t>(value, name));
}
const Json& array_of(const Json& value, std::string_view name) {
  if (!value.is_array()) throw wrong(name, "a list");
  return value;
}

/// Calls f(key, value) for each member of an object; false from it: there is no such member.
template <typename F>
void for_members(const Json& object, std::string_view what, F&& f) {
  if (!object.is_object()) throw wrong(what, "an object");
  for (const auto& [key, value] : object.items()) {
    if (!f(key, value)) throw Failure("nvm_target", fmt::format("configuration: '{}' is no member of {}", key, what));
  }
}

lightnvm::TargetNamespace take_namespace(const Json& document) {
  lightnvm::TargetNamespace n;
  for_members(document, "a namespace", [&](const std::string& key, const Json& value) {
    if (key == "device")
      n.device = take_text(value, key);
    else if (key == "nsid")
      n.nsid = take_number<std::uint32_t>(value, key);
    else if (key == "metadata")
      n.metadata = parse_target_metadata(take_text(value, key));
    else if (key == "read_only")
      n.read_only = take_bool(value, key);
    else
      return false;
    return true;
  });
  return n;
}

lightnvm::TargetSubsystem take_subsystem(const Json& document) {
  lightnvm::TargetSubsystem s;
  for_members(document, "a subsystem", [&](const std::string& key, const Json& value) {
    if (key == "nqn") {
      s.nqn = take_text(value, key);
    } else if (key == "namespaces") {
      for (const Json& n : array_of(value, key)) s.namespaces.push_back(take_namespace(n));
    } else if (key == "hosts") {
      for (const Json& h : array_of(value, key)) s.hosts.push_back(take_text(h, key));
    } else {
      return false;
    }
    return true;
  });
  return s;
}

struct Counter {
  const char* name;
  std::uint64_t TargetCounters::* value;
};
constexpr std::array kCounters = {
    Counter{"connections", &TargetCounters::connections},
    Counter{"controllers", &TargetCounters::controllers},
    Counter{"memory_bytes", &TargetCounters::memory_bytes},
    Counter{"accepted", &TargetCounters::accepted},
    Counter{"refused", &TargetCounters::refused},
    Counter{"protocol_errors", &TargetCounters::protocol_errors},
    Counter{"timeouts", &TargetCounters::timeouts},
    Counter{"admin_commands", &TargetCounters::admin_commands},
    Counter{"io_commands", &TargetCounters::io_commands},
    Counter{"failed_commands", &TargetCounters::failed_commands},
    Counter{"bytes_to_hosts", &TargetCounters::bytes_to_hosts},
    Counter{"bytes_from_hosts", &TargetCounters::bytes_from_hosts},
    Counter{"receives", &TargetCounters::receives},
    Counter{"sends", &TargetCounters::sends},
};

}  // namespace

lightnvm::TargetMetadata parse_target_metadata(const std::string& text) {
  if (text == "none") return lightnvm::TargetMetadata::none;
  if (text == "extended") return lightnvm::TargetMetadata::extended;
  throw Failure("nvm_target", fmt::format("metadata '{}': none or extended is wanted", text));
}

void apply_target_config(const Json& document, TargetConfig& config) {
  for_members(document, "the configuration", [&](const std::string& key, const Json& value) {
    if (key == "listen")
      config.listen = take_text(value, key);
    else if (key == "cores")
      config.cores = take_number<std::uint32_t>(value, key);
    else if (key == "header_digest")
      config.header_digest = take_bool(value, key);
    else if (key == "data_digest")
      config.data_digest = take_bool(value, key);
    else if (key == "extension")
      config.extension = take_bool(value, key);
    else if (key == "io_queues")
      config.io_queues = take_number<std::uint32_t>(value, key);
    else if (key == "queue_entries")
      config.queue_entries = take_number<std::uint32_t>(value, key);
    else if (key == "capsule_bytes")
      config.capsule_bytes = take_number<std::uint32_t>(value, key);
    else if (key == "transfer_bytes")
      config.transfer_bytes = take_number<std::uint32_t>(value, key);
    else if (key == "memory_bytes")
      config.memory_bytes = take_number<std::uint64_t>(value, key);
    else if (key == "connections")
      config.connections = take_number<std::uint32_t>(value, key);
    else if (key == "controllers")
      config.controllers = take_number<std::uint32_t>(value, key);
    else if (key == "handshake_ms")
      config.handshake = take_time(value, key);
    else if (key == "stall_ms")
      config.stall = take_time(value, key);
    else if (key == "drain_ms")
      config.drain = take_time(value, key);
    else if (key == "subsystems") {
      config.subsystems.clear();
      for (const Json& s : array_of(value, key)) config.subsystems.push_back(take_subsystem(s));
    } else
      return false;
    return true;
  });
}

void read_target_config(const std::string& path, TargetConfig& config) {
  std::ifstream file(path);
  if (!file) throw Failure("nvm_target", fmt::format("{}: it cannot be read", path), ENOENT);
  const Json document = Json::parse(file, nullptr, false);
  if (document.is_discarded()) throw Failure("nvm_target", fmt::format("{}: it is no JSON", path));
  apply_target_config(document, config);
}

std::string text_of(const TargetCounters& counters) {
  std::string text;
  for (const Counter& c : kCounters) text += fmt::format("# {:<16} {:>20}\n", c.name, counters.*c.value);
  return text;
}

Json json_of(const TargetCounters& counters) {
  Json document = Json::object();
  for (const Counter& c : kCounters) document[c.name] = counters.*c.value;
  return document;
}

}  // namespace tools
