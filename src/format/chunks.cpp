// SPDX-License-Identifier: BSD-2-Clause
// Addresses, the chunk report and timings as text.
#include "format/block.hpp"
#include "model/lba_format.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::format {
namespace {

struct Component {
  std::string_view name;
  std::uint32_t value;
  int width;
};

// The components of a generic address in the order and width of their display.
std::vector<Component> components(Address a, SpecVersion version) {
  if (version != SpecVersion::ocssd12) {
    return {{"pugrp", a.group(), 2}, {"punit", a.unit(), 2}, {"chunk", a.chunk(), 4}, {"sectr", a.sector(), 4}};
  }
  return {{"ch", a.group(), 2}, {"lun", a.unit(), 2}, {"blk", a.chunk(), 4},
          {"pl", a.plane(), 0}, {"pg", a.page(), 3},  {"sec", a.sec(), 0}};
}

std::string address_line(Address a, SpecVersion version) {
  std::string out = fmt::format("  - {{val: 0x{:016x}", a.value);
  for (const Component& c : components(a, version)) out += fmt::format(", {}: {:0{}}", c.name, c.value, c.width);
  return out + "}\n";
}

std::string_view state_name(ChunkState state) {
  switch (state) {
    case ChunkState::free: return "free";
    case ChunkState::closed: return "closed";
    case ChunkState::open: return "open";
    case ChunkState::offline: return "offline";
  }
  return {};
}

// The wire's byte: its bit 4 says that the chunk's size is not the geometry's.
unsigned wire_type(const Chunk& c, const Geometry& g) {
  return static_cast<unsigned>(c.type) | (c.sectors == g.sectors ? 0U : spec::kChunkTypeDeviates);
}

std::uint64_t first_lba(const Chunk& c, const AddressBits& b) { return model::LbaFormat(b).pack(c.address); }

Json chunk_json(const Chunk& c, const Geometry& g, const AddressBits& bits) {
  return {{"slba", hex64(first_lba(c, bits))},
          {"cnlb", c.sectors},
          {"wp", c.write_pointer == Chunk::kNoWritePointer ? Json() : Json(c.write_pointer)},
          {"cs", static_cast<unsigned>(c.state)},
          {"ct", wire_type(c, g)},
          {"wli", c.wear},
          {"pugrp", c.address.group()},
          {"punit", c.address.unit()},
          {"chunk", c.address.chunk()},
          {"state", chunk_state(c.state)}};
}

}  // namespace

std::string address(Address value) { return hex64(value.value); }

std::string addresses(std::span<const Address> values, SpecVersion version, Syntax syntax, std::string_view prefix) {
  if (syntax == Syntax::yaml) {
    std::string out = fmt::format("{}naddrs: {}\naddrs:\n", prefix, values.size());
    for (const Address a : values) out += address_line(a, version);
    return out;
  }
  Json json = Json::array();
  for (const Address a : values) {
    Json entry = {{"val", hex64(a.value)}};
    for (const Component& c : components(a, version)) entry[std::string(c.name)] = c.value;
    json.push_back(std::move(entry));
  }
  return Block::dump(json);
}

std::string chunk_state(ChunkState state) {
  const std::string_view name = state_name(state);
  return name.empty() ? fmt::format("0x{:02x}", static_cast<unsigned>(state)) : std::string(name);
}

std::string chunk_report_head(std::uint64_t count) {
  return fmt::format("rprt:\n  ndescr: {}\nrprt_descr:{}\n", count, count == 0 ? " ~" : "");
}

std::string chunk(const Chunk& c, const Geometry& g, const AddressBits& bits, Syntax syntax) {
  if (syntax == Syntax::json) return Block::dump(chunk_json(c, g, bits));
  return fmt::format(
      "  - {{ slba: 0x{:016X}, cnlb: 0x{:04x}, wp: 0x{:016x}, cs: 0x{:02X}, ct: 0x{:02X}, wli: 0x{:02x} }}\n",
      first_lba(c, bits), c.sectors, c.write_pointer, static_cast<unsigned>(c.state), wire_type(c, g), c.wear);
}

std::string chunk_report(std::span<const Chunk> chunks, const Geometry& g, const AddressBits& bits, Syntax syntax) {
  const bool yaml = syntax == Syntax::yaml;
  std::string out = yaml ? chunk_report_head(chunks.size()) : "[";
  for (const Chunk& c : chunks) {
    if (!yaml && out.size() > 1) out += ',';
    out += chunk(c, g, bits, syntax);
  }
  return yaml ? out : out + "]";
}

std::string timer(std::string_view prefix, double seconds, Syntax syntax) {
  if (syntax == Syntax::json) return Block::dump({{"elapsed", seconds}});
  return fmt::format("{}: {{elapsed: {:.6f}}}\n", prefix, seconds);
}

std::string timer(std::string_view prefix, double seconds, std::uint64_t bytes, Syntax syntax) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  const double amount = static_cast<double>(bytes) / kMebibyte;
  const double speed = seconds > 0 ? amount / seconds : 0;
  if (syntax == Syntax::json) {
    return Block::dump({{"elapsed", seconds}, {"mb", amount}, {"mbsec", speed}, {"nbytes", bytes}});
  }
  return fmt::format("{}: {{elapsed: {:.4f}, mb: {:.2f}, mbsec: {:.2f}}}\n", prefix, seconds, amount, speed);
}

}  // namespace lightnvm::format
