// SPDX-License-Identifier: BSD-2-Clause
// What an emulated device may be made of, and reading it from text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <ranges>

#include "base/error.hpp"
#include "emulator/image.hpp"
#include "lightnvm/emulator.hpp"
#include "model/lba_format.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::uint64_t kNumberLimit = 0xFFFFFFFFULL;

Status invalid(std::string sentence) { return fail(Status::os(EINVAL), std::move(sentence)); }

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

struct Dimension {
  std::string_view key;
  std::uint32_t Geometry::* field;
};
constexpr std::array kDimensions = {
    Dimension{"groups", &Geometry::groups},
    Dimension{"punits", &Geometry::units},
    Dimension{"chunks", &Geometry::chunks},
    Dimension{"sectors", &Geometry::sectors},
    Dimension{"sector_bytes", &Geometry::sector_bytes},
    Dimension{"oob_bytes", &Geometry::oob_bytes},
    Dimension{"ws_min", &Geometry::ws_min},
    Dimension{"ws_opt", &Geometry::ws_opt},
    Dimension{"mw_cunits", &Geometry::mw_cunits},
    Dimension{"maxoc", &Geometry::max_open},
    Dimension{"maxocpu", &Geometry::max_open_unit},
    Dimension{"wit", &Geometry::wear_threshold},
};

struct Time {
  std::string_view key;
  std::uint32_t Geometry::Times::* field;
};
constexpr std::array kTimes = {
    Time{"trdt", &Geometry::Times::read},   Time{"trdm", &Geometry::Times::read_max},
    Time{"twrt", &Geometry::Times::write},  Time{"twrm", &Geometry::Times::write_max},
    Time{"tcrst", &Geometry::Times::reset}, Time{"tcrsm", &Geometry::Times::reset_max},
};

void drop_missing(Config& c) {
  if (!c.default_bad) return;
  std::erase_if(c.overrides, [&](const ChunkOverride& o) { return !c.geometry.contains(o.address.at_sector(0)); });
}

// G.U.C, or nothing.
std::optional<Address> triple(std::string_view text) {
  std::array<std::uint32_t, 3> parts{};
  std::size_t n = 0;
  for (const auto part : std::views::split(text, '.')) {
    const auto value = number(std::string_view(part.begin(), part.end()));
    if (n == 3 || !value || *value > 0xFFFF) return std::nullopt;
    parts[n++] = static_cast<std::uint32_t>(*value);
  }
  if (n != 3 || parts[0] >= kMaxGroups || parts[1] >= kMaxUnits) return std::nullopt;
  return Address::of(parts[0], parts[1], parts[2]);
}

Status apply_bad(Config& c, std::string_view value) {
  std::vector<ChunkOverride> bad;
  if (value != "none" && !value.empty()) {
    for (const auto part : std::views::split(value, ',')) {
      const std::string_view text(part.begin(), part.end());
      const auto address = triple(text);
      if (!address) return invalid(fmt::format("bad={}: '{}' is not group.unit.chunk", value, text));
      ChunkOverride o;
      o.address = *address;
      o.state = ChunkState::offline;
      bad.push_back(o);
    }
  }
  std::erase_if(c.overrides, [](const ChunkOverride& o) { return o.state == ChunkState::offline; });
  c.overrides.insert(c.overrides.end(), bad.begin(), bad.end());
  c.default_bad = false;
  return {};
}

Status check_override(const ChunkOverride& o, const Geometry& g) {
  const auto at = [&] {
    return fmt::format("chunk ({},{},{})", o.address.group(), o.address.unit(), o.address.chunk());
  };
  if (!g.contains(o.address.at_sector(0))) return invalid(at() + ": the device has no such chunk");
  if (o.sectors && (*o.sectors == 0 || *o.sectors > g.sectors)) {
    return invalid(fmt::format("{}: has 1 to {} sectors", at(), g.sectors));
  }
  if (o.cycles && *o.cycles > 0xFFFF) return invalid(at() + ": at most 65535 cycles");
  const bool random = o.type == ChunkType::random;
  if (o.write_pointer && (random || o.state == ChunkState::offline)) {
    return invalid(at() + ": offline and random chunks have no write pointer");
  }
  const std::uint32_t sectors = o.sectors.value_or(g.sectors);
  if (o.write_pointer && *o.write_pointer > sectors) return invalid(at() + ": its write pointer is past its end");
  return {};
}

// What the overrides of a chunk make of it together.
Status check_records(const Config& c) {
  for (const auto& [chunk, record] : merge_overrides(c)) {
    std::string wrong = implausible(record, c.geometry);
    if (wrong.empty() && record.cycles > c.pe_cycles) wrong = "it has more cycles than the device endures";
    if (wrong.empty()) continue;
    const Address a = c.geometry.chunk_address(chunk);
    return invalid(fmt::format("chunk ({},{},{}): {}", a.group(), a.unit(), a.chunk(), wrong));
  }
  return {};
}

Status check_geometry(const Geometry& g) {
  if (g.groups == 0 || g.groups > kMaxGroups) return invalid("a device has 1 to 256 groups");
  if (g.units == 0 || g.units > kMaxUnits) return invalid("a group has 1 to 256 units");
  if (g.chunks == 0 || g.chunks > kMaxChunks) return invalid("a unit has 1 to 65536 chunks");
  if (g.sectors == 0) return invalid("a chunk has 1 to 4294967295 sectors");
  if (!std::has_single_bit(g.sector_bytes) || g.sector_bytes < 512 || g.sector_bytes > 65536) {
    return invalid("a sector has 512 to 65536 bytes, a power of two");
  }
  if (g.oob_bytes > 4096) return invalid("a sector has at most 4096 bytes of metadata");
  if (g.ws_min == 0 || g.sectors % g.ws_min != 0) return invalid("ws_min divides the sectors of a chunk");
  if (g.ws_opt == 0 || g.ws_opt % g.ws_min != 0 || g.sectors % g.ws_opt != 0) {
    return invalid("ws_opt is a multiple of ws_min and divides the sectors of a chunk");
  }
  if (g.mw_cunits % g.ws_min != 0 || (g.mw_cunits != 0 && g.mw_cunits >= g.sectors)) {
    return invalid("mw_cunits is a multiple of ws_min, below the sectors of a chunk");
  }
  if (g.wear_threshold > 255) return invalid("wit is at most 255");
  if (model::LbaFormat::shortest(g).total_bits() + std::bit_width(g.sector_bytes) > 64) {
    return invalid("such a device has more bytes than 64 bits count");
  }
  return {};
}

}  // namespace

Config::Config() {
  geometry.groups = 3;
  geometry.units = 5;
  geometry.chunks = 60;
  geometry.sectors = 1536;
  geometry.sector_bytes = 4096;
  geometry.oob_bytes = 16;
  geometry.ws_min = 4;
  geometry.ws_opt = 8;
  geometry.mw_cunits = 24;
  geometry.wear_threshold = 10;
  geometry.vector_copy = true;
  geometry.multiple_resets = true;
  geometry.times = {70000, 100000, 1900000, 3500000, 3000000, 6000000};
  (void)apply_bad(*this, "0.0.7,1.3.41,2.4.59");
  default_bad = true;
}

Status validate(const Config& c) {
  if (const Status s = check_geometry(c.geometry); !s) return s;
  if (c.pe_cycles == 0 || c.pe_cycles > 0xFFFF) return invalid("pe_cycles is 1 to 65535");
  if (c.predefined != 0x00 && c.predefined != 0xFF) return invalid("predefined is 0x00 or 0xff");
  if (c.mdts > 15) return invalid("mdts is 0 to 15");
  if (c.mdts != 0 && (4096ULL << c.mdts) < c.geometry.ws_min * static_cast<std::uint64_t>(c.geometry.sector_bytes)) {
    return invalid("mdts is too small for a write of ws_min sectors");
  }
  const bool printable = std::ranges::all_of(c.serial, [](char ch) { return ch >= 0x20 && ch <= 0x7E; });
  const bool blank = std::ranges::all_of(c.serial, [](char ch) { return ch == ' '; });
  if (blank || c.serial.size() > 20 || !printable) {
    return invalid("the serial number is 1 to 20 printable ASCII characters, not all of them blanks");
  }
  for (const ChunkOverride& o : c.overrides) {
    if (const Status s = check_override(o, c.geometry); !s) return s;
  }
  return check_records(c);
}

void apply_override(const ChunkOverride& o, const Geometry& g, ChunkRecord& r) noexcept {
  if (o.type) r.type = *o.type;
  if (o.sectors) {
    const bool full = r.state == ChunkState::closed && r.write_pointer == g.sectors - r.missing;
    r.missing = g.sectors - *o.sectors;
    if (full) r.write_pointer = *o.sectors;
  }
  if (o.cycles) r.cycles = static_cast<std::uint16_t>(*o.cycles);
  if (o.state) {
    r.state = *o.state;
    // A closed chunk that does not say where it stopped is full.
    r.write_pointer = *o.state == ChunkState::closed ? g.sectors - r.missing : 0;
  }
  if (o.write_pointer) r.write_pointer = *o.write_pointer;
  if (r.type == ChunkType::random) r.write_pointer = 0;
}

std::map<std::uint32_t, ChunkRecord> merge_overrides(const Config& config) {
  const Geometry& g = config.geometry;
  std::map<std::uint32_t, ChunkRecord> records;
  for (const ChunkOverride& o : config.overrides) {
    apply_override(o, g, records[static_cast<std::uint32_t>(g.chunk_index(o.address))]);
  }
  return records;
}

Status apply_option(Config& c, std::string_view key, std::string_view value) {
  if (key == "bad") return apply_bad(c, value);
  if (key == "serial") {
    c.serial = value;
    return {};
  }
  const auto n = number(value);
  const auto needs_number = [&] { return invalid(fmt::format("{}={}: is not a number", key, value)); };
  const auto d = std::ranges::find(kDimensions, key, &Dimension::key);
  const auto t = std::ranges::find(kTimes, key, &Time::key);
  if (std::ranges::find(option_keys(), key) == option_keys().end()) {
    return invalid(
        fmt::format("'{}' is no option of an emulated device; these are: {}", key, fmt::join(option_keys(), ", ")));
  }
  if (!n || *n > kNumberLimit) return needs_number();
  const auto v = static_cast<std::uint32_t>(*n);
  if (d != kDimensions.end()) {
    c.geometry.*(d->field) = v;
    drop_missing(c);
  } else if (t != kTimes.end()) {
    c.geometry.times.*(t->field) = v;
  } else if (key == "mccap") {
    if (v > 7) return invalid("mccap has bits 0 (copy), 1 (multiple resets) and 2 (early reset)");
    c.geometry.vector_copy = (v & 1) != 0;
    c.geometry.multiple_resets = (v & 2) != 0;
    c.geometry.early_reset = (v & 4) != 0;
  } else if (key == "pe_cycles") {
    c.pe_cycles = v;
  } else if (key == "predefined") {
    if (v > 0xFF) return invalid("predefined is 0x00 or 0xff");
    c.predefined = static_cast<std::uint8_t>(v);
  } else {
    if (v > 15) return invalid("mdts is 0 to 15");
    c.mdts = static_cast<std::uint8_t>(v);
  }
  return {};
}

std::string difference(const Config& a, const Config& b) {
  const auto differs = [](std::string_view key, const auto& one, const auto& other) {
    return one == other ? std::string() : fmt::format("{} is {}, not {}", key, one, other);
  };
  const auto capabilities = [](const Geometry& g) {
    return (g.vector_copy ? 1 : 0) | (g.multiple_resets ? 2 : 0) | (g.early_reset ? 4 : 0);
  };
  std::string found;
  const auto look = [&](std::string_view key, const auto& one, const auto& other) {
    if (found.empty()) found = differs(key, one, other);
  };
  for (const Dimension& d : kDimensions) look(d.key, a.geometry.*(d.field), b.geometry.*(d.field));
  for (const Time& t : kTimes) look(t.key, a.geometry.times.*(t.field), b.geometry.times.*(t.field));
  look("mccap", capabilities(a.geometry), capabilities(b.geometry));
  look("pe_cycles", a.pe_cycles, b.pe_cycles);
  look("predefined", a.predefined, b.predefined);
  look("mdts", a.mdts, b.mdts);
  look("serial", a.serial, b.serial);
  if (found.empty() && merge_overrides(a) != merge_overrides(b)) found = "bad has other chunks";
  return found;
}

const std::vector<std::string_view>& option_keys() {
  static const std::vector<std::string_view> kKeys = [] {
    std::vector<std::string_view> keys;
    for (const Dimension& d : kDimensions) keys.push_back(d.key);
    for (const std::string_view key : {"mccap", "pe_cycles", "predefined", "mdts", "serial", "bad"})
      keys.push_back(key);
    for (const Time& t : kTimes) keys.push_back(t.key);
    return keys;
  }();
  return kKeys;
}

}  // namespace lightnvm::emulator
