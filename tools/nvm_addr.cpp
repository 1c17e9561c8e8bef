// SPDX-License-Identifier: BSD-2-Clause
// nvm_addr: addresses made of their components, and turned from one form into another.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "session.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::Geometry;

constexpr std::uint64_t kDescriptorBytes = 32;

struct Request {
  std::string ident;
  std::vector<std::string> words;
  std::vector<std::uint32_t> components;
  bool terse = false;
};

// The forms that an address has: the library's own, the device's, a byte of the device, a byte of its chunk report.
enum class Form { generic, device, offset, report };

struct Conversion {
  const char* name;
  const char* purpose;
  Form from, to;
  const char *from_key, *to_key;
  const char* example;
};

constexpr Conversion kConversions[] = {
    {"gen2dev", "Generic addresses in the device's format", Form::generic, Form::device, "gen", "dev",
     "0x020100000000000a"},
    {"dev2gen", "The inverse", Form::device, Form::generic, "dev", "gen", "0x22000a"},
    {"gen2off", "Generic addresses as offsets in bytes", Form::generic, Form::offset, "gen", "off",
     "0x020100000000000a"},
    {"off2gen", "The inverse", Form::offset, Form::generic, "off", "gen", "9126846464"},
    {"gen2lpo", "Generic addresses as offsets in the chunk report", Form::generic, Form::report, "gen", "lpo",
     "0x0201000a00000000"},
    // The original's label.
    {"lpo2gen", "The inverse", Form::report, Form::generic, "off", "gen", "21440"},
};

unsigned sector_shift(const Geometry& g) {
  return static_cast<unsigned>(std::bit_width(std::max(g.sector_bytes, 1U)) - 1);
}

Failure nowhere(const std::string& text) { return {"FAILED", fmt::format("{}: there is no such address", text)}; }

// Fields that a device's format does not have are no part of an address: they would be lost without a word.
Address from_device(const Session& s, std::uint64_t value, const std::string& text) {
  const Address a = s.device.from_device(value);
  if (s.verify && s.device.to_device(a) != value) throw nowhere(text);
  return a;
}

Address from_report(const Session& s, std::uint64_t offset, const std::string& text) {
  const Geometry& g = s.device.geometry();
  const std::uint64_t index = offset / kDescriptorBytes;
  if (s.verify && index >= g.total_chunks()) throw nowhere(text);
  return g.chunk_address(index % std::max<std::uint64_t>(g.total_chunks(), 1));
}

Address parse(const Session& s, Form form, const std::string& text) {
  switch (form) {
    case Form::generic: return parse_addresses(s, {text}).front();
    case Form::device: return from_device(s, parse_hex_or_fail(text, "address"), text);
    case Form::offset:
    case Form::report: break;
  }
  const auto value = parse_number(text);
  if (!value) throw Failure("FAILED", fmt::format("'{}' is no number of 64 bits", text));
  if (form == Form::report) return from_report(s, *value, text);
  return from_device(s, *value >> sector_shift(s.device.geometry()), text);
}

std::uint64_t value_of(const Session& s, Form form, Address a) {
  const Geometry& g = s.device.geometry();
  switch (form) {
    case Form::generic: return a.value;
    case Form::device: return s.device.to_device(a);
    case Form::offset: return s.device.to_device(a) << sector_shift(g);
    case Form::report: return g.chunk_index(a) * kDescriptorBytes;
  }
  return 0;
}

bool is_decimal(Form form) { return form == Form::offset || form == Form::report; }

// Decimals are as wide as the original's.
std::string text_of(Form form, std::uint64_t value) {
  return is_decimal(form) ? fmt::format("{:064}", value) : fmt::format("0x{:016x}", value);
}

// A decimal is a string as well: readers of JSON lose the last digits of large numbers.
std::string json_of(Form form, std::uint64_t value) {
  return is_decimal(form) ? fmt::format("{}", value) : text_of(form, value);
}

// The number that was given, as it was understood.
std::uint64_t given(Form form, const std::string& word) {
  return (is_decimal(form) ? parse_number(word) : parse_hex(word)).value_or(0);
}

Session open_to_convert(const Request& r) {
  Session s = open_session(r.ident, Access::read_only);
  if (s.device.version() == lightnvm::SpecVersion::none) {
    throw Failure("FAILED", fmt::format("{}: is no Open-Channel SSD, it has no addresses", r.ident), ENOTSUP);
  }
  return s;
}

void convert(const Conversion& c, const Request& r, Output& out) {
  const Session s = open_to_convert(r);
  std::string yaml;
  Json list = Json::array();
  for (const std::string& word : r.words) {
    const std::uint64_t to = value_of(s, c.to, parse(s, c.from, word));
    const std::uint64_t from = given(c.from, word);
    yaml += r.terse
                ? text_of(c.to, to) + "\n"
                : fmt::format("- {{{}: {}, {}: {}}}\n", c.from_key, text_of(c.from, from), c.to_key, text_of(c.to, to));
    list.push_back({{c.from_key, json_of(c.from, from)}, {c.to_key, json_of(c.to, to)}});
  }
  out.text(yaml);
  out.document()["addrs"] = std::move(list);
}

void show(const Session& s, const std::vector<Address>& addresses, const Request& r, Output& out) {
  if (!r.terse || out.json()) return show_addresses(s, addresses, out);
  for (const Address a : addresses) out.text(lightnvm::format::address(a) + "\n");
}

void as_geometry(Form form, const Request& r, Output& out) {
  const Session s = open_to_convert(r);
  std::vector<Address> addresses;
  addresses.reserve(r.words.size());
  for (const std::string& word : r.words) addresses.push_back(parse(s, form, word));
  if (form == Form::device && !r.terse) out.text("# NOTICE: addresses are converted to gen to print geo\n");
  show(s, addresses, r, out);
}

struct Component {
  const char* name;
  std::uint32_t largest;
};
constexpr Component kOf12[] = {{"ch", 0xFF}, {"lun", 0xFF},  {"blk", 0xFFFF},
                               {"pl", 0xFF}, {"pg", 0xFFFF}, {"sec", 0xFF}};
constexpr Component kOf20[] = {{"pugrp", 0xFF}, {"punit", 0xFF}, {"chunk", 0xFFFF}, {"sectr", 0xFFFFFFFF}};

void compose(std::span<const Component> components, const Request& r, Output& out) {
  const Session s = open_to_convert(r);
  const auto& n = r.components;
  for (std::size_t i = 0; i < n.size(); ++i) {
    if (n[i] <= components[i].largest) continue;
    throw Failure("FAILED", fmt::format("{}: {} does not fit into an address", components[i].name, n[i]));
  }
  const Address a = n.size() == std::size(kOf12) ? Address::of12(n[0], n[1], n[2], n[3], n[4], n[5])
                                                 : Address::of(n[0], n[1], n[2], n[3]);
  check_address(s, a, lightnvm::format::address(a));
  show(s, {a}, r, out);
}

using Action = std::function<void(const Request&, Output&)>;

std::pair<CLI::App*, Request&> add(Tool& tool, const std::string& name, const std::string& purpose,
                                   const std::string& example, const Action& action) {
  const auto r = std::make_shared<Request>();
  CLI::App* sub = tool.command(name, purpose, fmt::format("  nvm_addr {} ocssd.img {}\n", name, example),
                               [r, action](Output& out) { action(*r, out); });
  add_device(sub, r->ident);
  sub->add_flag("-t", r->terse, "Print only the address");
  return {sub, *r};
}

void add_composition(Tool& tool, const std::string& name, const std::string& purpose,
                     std::span<const Component> components, const std::string& example) {
  const auto [sub, r] = add(tool, name, purpose, example,
                            [components](const Request& request, Output& out) { compose(components, request, out); });
  r.components.resize(components.size());
  for (std::size_t i = 0; i < components.size(); ++i)
    add_number(sub, components[i].name, r.components[i], "")->required();
}

void add_list(Tool& tool, const std::string& name, const std::string& purpose, Form from, const std::string& example,
              const Action& action) {
  const auto [sub, r] = add(tool, name, purpose, example, action);
  const char* word = is_decimal(from) ? "val" : from == Form::device ? "0xVAL" : "0xADDR";
  sub->add_option(word, r.words, is_decimal(from) ? "Offsets in bytes, decimal" : "Addresses, hexadecimal")
      ->required()
      ->type_name("");
}

}  // namespace
}  // namespace tools

int main(int argc, char** argv) {
  using tools::Form;
  tools::Tool tool("nvm_addr", "NVM address (nvm_addr_*): construct and convert addresses",
                   "  nvm_addr s20_to_gen ocssd.img 2 1 10 0\n"
                   "  nvm_addr gen2dev ocssd.img 0x0201000a00000000\n"
                   "  nvm_addr off2gen ocssd.img 9126846464 -t\n");
  tools::add_composition(tool, "s12_to_gen", "An address of OCSSD 1.2 from its components", tools::kOf12,
                         "0 2 10 1 3 0");
  tools::add_composition(tool, "s20_to_gen", "An address of OCSSD 2.0 from its components", tools::kOf20, "2 1 10 0");
  for (const auto& c : tools::kConversions) {
    tools::add_list(tool, c.name, c.purpose, c.from, c.example,
                    [&c](const tools::Request& r, tools::Output& out) { tools::convert(c, r, out); });
  }
  for (const auto& [name, purpose, form] :
       {std::tuple{"gen_as_geo", "Generic addresses by their components", Form::generic},
        std::tuple{"dev_as_geo", "Addresses in the device's format by their components", Form::device}}) {
    tools::add_list(tool, name, purpose, form, form == Form::device ? "0x22000a" : "0x020100000000000a",
                    [form](const tools::Request& r, tools::Output& out) { tools::as_geometry(form, r, out); });
  }
  tool.take_undeclared();
  return tool.run(argc, argv);
}
