// SPDX-License-Identifier: BSD-2-Clause
// What an emulated device may be made of, and reading it from text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <ranges>

#include "base/error.hpp"
#include "base/number.hpp"
#include "emulator/image.hpp"
#include "emulator/plane_blocks.hpp"
#include "lightnvm/emulator.hpp"
#include "model/capabilities.hpp"
#include "model/lba_format.hpp"

namespace lightnvm::emulator {
namespace {

constexpr std::uint64_t kNumberLimit = 0xFFFFFFFFULL;

Status invalid(std::string sentence) { return fail(Status::os(EINVAL), std::move(sentence)); }

/// Which devices have an option.
enum class For : std::uint8_t { both, ocssd12, ocssd20 };

bool is_for(For whom, SpecVersion spec) noexcept {
  return whom == For::both || (whom == For::ocssd12) == (spec == SpecVersion::ocssd12);
}

struct Dimension {
  std::string_view key;
  For whom;
  std::uint32_t Geometry::* field;
};
constexpr std::array kDimensions = {
    Dimension{"groups", For::both, &Geometry::groups},
    Dimension{"punits", For::both, &Geometry::units},
    Dimension{"chunks", For::ocssd20, &Geometry::chunks},
    Dimension{"blocks", For::ocssd12, &Geometry::chunks},
    Dimension{"planes", For::ocssd12, &Geometry::planes},
    Dimension{"pages", For::ocssd12, &Geometry::pages},
    Dimension{"page_sectors", For::ocssd12, &Geometry::page_sectors},
    Dimension{"sectors", For::ocssd20, &Geometry::sectors},
    Dimension{"sector_bytes", For::both, &Geometry::sector_bytes},
    Dimension{"oob_bytes", For::both, &Geometry::oob_bytes},
    Dimension{"ws_min", For::ocssd20, &Geometry::ws_min},
    Dimension{"ws_opt", For::ocssd20, &Geometry::ws_opt},
    Dimension{"mw_cunits", For::ocssd20, &Geometry::mw_cunits},
    Dimension{"maxoc", For::ocssd20, &Geometry::max_open},
    Dimension{"maxocpu", For::ocssd20, &Geometry::max_open_unit},
    Dimension{"wit", For::ocssd20, &Geometry::wear_threshold},
};

struct Time {
  std::string_view key;
  For whom;
  std::uint32_t Geometry::Times::* field;
};
constexpr std::array kTimes = {
    Time{"trdt", For::both, &Geometry::Times::read},      Time{"trdm", For::both, &Geometry::Times::read_max},
    Time{"twrt", For::ocssd20, &Geometry::Times::write},  Time{"twrm", For::ocssd20, &Geometry::Times::write_max},
    Time{"tcrst", For::ocssd20, &Geometry::Times::reset}, Time{"tcrsm", For::ocssd20, &Geometry::Times::reset_max},
    Time{"tprt", For::ocssd12, &Geometry::Times::write},  Time{"tprm", For::ocssd12, &Geometry::Times::write_max},
    Time{"tbet", For::ocssd12, &Geometry::Times::reset},  Time{"tbem", For::ocssd12, &Geometry::Times::reset_max},
};

struct Other {
  std::string_view key;
  For whom;
};
constexpr std::array kOthers = {Other{"mccap", For::both},         Other{"pe_cycles", For::both},
                                Other{"predefined", For::ocssd20}, Other{"mdts", For::both},
                                Other{"serial", For::both},        Other{"bad", For::both}};

// What follows from the counts of a 1.2 device.
void derive(Geometry& g) noexcept {
  if (!g.has_planes()) return;
  g.page_bytes = g.page_sectors * g.sector_bytes;
  g.sectors = g.planes * g.pages * g.page_sectors;
  g.ws_min = g.page_sectors;
  g.ws_opt = g.planes * g.page_sectors;
}

bool has_chunk(const Geometry& g, const ChunkOverride& o) noexcept {
  const std::uint32_t plane = g.has_planes() && !o.all_planes ? o.address.plane() : 0;
  return g.contains(Address::of12(o.address.group(), o.address.unit(), o.address.chunk(), plane));
}

void drop_missing(Config& c) {
  if (!c.default_bad) return;
  std::erase_if(c.overrides, [&](const ChunkOverride& o) { return !has_chunk(c.geometry, o); });
}

// G.U.C, or G.U.B and G.U.B.P where there are planes; nothing for other text.
std::optional<ChunkOverride> bad_chunk(std::string_view text, bool planes) {
  std::array<std::uint32_t, 4> parts{};
  std::size_t n = 0;
  for (const auto part : std::views::split(text, '.')) {
    const auto value = parse_number<std::uint64_t>(std::string_view(part.begin(), part.end()));
    if (n == (planes ? 4U : 3U) || !value || *value > 0xFFFF) return std::nullopt;
    parts[n++] = static_cast<std::uint32_t>(*value);
  }
  if (n < 3 || parts[0] >= kMaxGroups || parts[1] >= kMaxUnits || parts[3] > 0xFF) return std::nullopt;
  ChunkOverride o;
  o.address = Address::of12(parts[0], parts[1], parts[2], parts[3]);
  o.all_planes = planes && n == 3;
  if (planes) {
    o.mark = BlockState::factory_bad;
  } else {
    o.state = ChunkState::offline;
  }
  return o;
}

Status apply_bad(Config& c, std::string_view value) {
  const bool planes = c.geometry.has_planes();
  const std::string_view form = planes ? "group.unit.block or group.unit.block.plane" : "group.unit.chunk";
  std::vector<ChunkOverride> bad;
  if (value != "none" && !value.empty()) {
    for (const auto part : std::views::split(value, ',')) {
      const std::string_view text(part.begin(), part.end());
      const auto chunk = bad_chunk(text, planes);
      if (!chunk) return invalid(fmt::format("bad={}: '{}' is not {}", value, text, form));
      bad.push_back(*chunk);
    }
  }
  std::erase_if(c.overrides, [](const ChunkOverride& o) {
    return o.state == ChunkState::offline || o.mark == BlockState::factory_bad;
  });
  c.overrides.insert(c.overrides.end(), bad.begin(), bad.end());
  c.default_bad = false;
  return {};
}

Status check_override(const ChunkOverride& o, const Geometry& g) {
  const auto at = [&] { return chunk_name(g, o.address); };
  if (!has_chunk(g, o)) {
    return invalid(fmt::format("{}: the device has no such {}", at(), g.has_planes() ? "block" : "chunk"));
  }
  if (g.has_planes() && (o.state || o.type || o.write_pointer || o.sectors)) {
    return invalid(at() + ": a block begins erased and whole; only its cycles and its mark can be said");
  }
  if (!g.has_planes() && o.mark) return invalid(at() + ": only OCSSD 1.2 has marks");
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
    return invalid(fmt::format("{}: {}", chunk_name(c.geometry, device_address(c.geometry, chunk)), wrong));
  }
  return {};
}

// OCSSD-1.2 10.1: what the identity's fields hold, and one command's list.
Status check_planes(const Geometry& g) {
  if (g.groups == 0 || g.groups > 255) return invalid("a device of OCSSD 1.2 has 1 to 255 groups");
  if (g.units == 0 || g.units > 255) return invalid("a group of OCSSD 1.2 has 1 to 255 units");
  if (g.planes != 1 && g.planes != 2 && g.planes != 4) return invalid("a unit has 1, 2 or 4 planes");
  if (g.chunks == 0 || g.chunks > 0xFFFF) return invalid("a plane has 1 to 65535 blocks");
  if (g.chunks * g.planes > kMaxChunks) return invalid("a unit has at most 65536 blocks over all its planes");
  if (g.pages == 0 || g.pages > 0xFFFF) return invalid("a block has 1 to 65535 pages");
  if (g.page_sectors == 0 || g.page_sectors > kMaxAddresses || g.page_sectors * g.planes > kMaxAddresses) {
    return invalid("a page has at least 1 sector, and at most 64 over all planes");
  }
  if (g.sector_bytes > 32768 || g.page_sectors * g.sector_bytes > 0xFFFF) return invalid("a page has below 64 KiB");
  Geometry derived = g;
  derive(derived);
  if (derived != g || g.mw_cunits != 0 || g.max_open != 0 || g.max_open_unit != 0 || g.vector_copy ||
      !g.multiple_resets || !g.early_reset) {
    return invalid("the write sizes and capabilities are not those of OCSSD 1.2");
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
  if (g.has_planes()) {
    if (const Status s = check_planes(g); !s) return s;
  } else if (g.pages != 0 || g.page_sectors != 0 || g.page_bytes != 0) {
    return invalid("a device without planes has no pages");
  }
  if (g.ws_min == 0 || g.sectors % g.ws_min != 0) return invalid("ws_min divides the sectors of a chunk");
  if (g.ws_opt == 0 || g.ws_opt % g.ws_min != 0 || g.sectors % g.ws_opt != 0) {
    return invalid("ws_opt is a multiple of ws_min and divides the sectors of a chunk");
  }
  if (g.mw_cunits % g.ws_min != 0 || (g.mw_cunits != 0 && g.mw_cunits >= g.sectors)) {
    return invalid("mw_cunits is a multiple of ws_min, below the sectors of a chunk");
  }
  if (g.wear_threshold > 255) return invalid("wit is at most 255");
  if (model::LbaFormat::shortest(machine_geometry(g)).total_bits() + std::bit_width(g.sector_bytes) > 64) {
    return invalid("such a device has more bytes than 64 bits count");
  }
  return {};
}

}  // namespace

Config::Config() : Config(SpecVersion::ocssd20) {}

Config::Config(SpecVersion spec) {
  geometry.sector_bytes = 4096;
  geometry.oob_bytes = 16;
  geometry.multiple_resets = true;
  geometry.times = {70000, 100000, 1900000, 3500000, 3000000, 6000000};
  if (spec == SpecVersion::ocssd12) {
    geometry.groups = 2;
    geometry.units = 3;
    geometry.chunks = 44;
    geometry.planes = 2;
    geometry.pages = 48;
    geometry.page_sectors = 4;
    geometry.early_reset = geometry.suspension = geometry.scrambler = true;
    derive(geometry);
    (void)apply_bad(*this, "0.0.3,1.2.31.1");
    default_bad = true;
    return;
  }
  geometry.groups = 3;
  geometry.units = 5;
  geometry.chunks = 60;
  geometry.sectors = 1536;
  geometry.ws_min = 4;
  geometry.ws_opt = 8;
  geometry.mw_cunits = 24;
  geometry.wear_threshold = 10;
  geometry.vector_copy = true;
  (void)apply_bad(*this, "0.0.7,1.3.41,2.4.59");
  default_bad = true;
}

Status validate(const Config& c) {
  if (const Status s = check_geometry(c.geometry); !s) return s;
  if (c.pe_cycles == 0 || c.pe_cycles > 0xFFFF) return invalid("pe_cycles is 1 to 65535");
  if (c.predefined != 0x00 && c.predefined != 0xFF) return invalid("predefined is 0x00 or 0xff");
  if (c.predefined != 0x00 && c.geometry.has_planes()) return invalid("OCSSD 1.2 has no predefined data");
  if (c.mdts > 15) return invalid("mdts is 0 to 15");
  const std::uint64_t least = c.geometry.has_planes() ? c.geometry.ws_opt : c.geometry.ws_min;
  if (c.mdts != 0 && (4096ULL << c.mdts) < least * c.geometry.sector_bytes) {
    return invalid(c.geometry.has_planes() ? "mdts is too small for a write of a page on all planes"
                                           : "mdts is too small for a write of ws_min sectors");
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
  if (o.mark) r.mark = *o.mark;
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
    const Address a = o.address;
    const std::uint32_t plane = o.all_planes || !g.has_planes() ? 0 : a.plane();
    const std::uint32_t first = machine_chunk(g, Address::of12(a.group(), a.unit(), a.chunk(), plane));
    const std::uint32_t count = o.all_planes ? g.planes : 1;
    for (std::uint32_t i = 0; i < count; ++i) apply_override(o, g, records[first + i]);
  }
  return records;
}

namespace {

Status apply_spec(Config& c, std::string_view value) {
  if (value != "1.2" && value != "2.0") return invalid(fmt::format("spec={}: is neither 1.2 nor 2.0", value));
  c = Config(value == "1.2" ? SpecVersion::ocssd12 : SpecVersion::ocssd20);
  return {};
}

Status apply_mccap(Geometry& g, std::uint32_t v) {
  if (v > 7) {
    return invalid(g.has_planes() ? "mccap has bits 0 (SLC mode), 1 (suspension) and 2 (scrambler)"
                                  : "mccap has bits 0 (copy), 1 (multiple resets) and 2 (early reset)");
  }
  model::set_capabilities(g, v);
  return {};
}

// Whether there is such an option, and the device's version has it.
Status check_key(const Config& c, std::string_view key) {
  const auto list = [](const std::vector<std::string_view>& keys) { return fmt::format("{}", fmt::join(keys, ", ")); };
  const auto has = [&](const std::vector<std::string_view>& keys) {
    return std::ranges::find(keys, key) != keys.end();
  };
  if (!has(option_keys())) {
    return invalid(fmt::format("'{}' is no option of an emulated device; these are: {}", key, list(option_keys())));
  }
  if (has(option_keys(c.spec()))) return {};
  return invalid(fmt::format("'{}' is no option of a device of OCSSD {}; these are: {}", key,
                             c.geometry.has_planes() ? "1.2" : "2.0", list(option_keys(c.spec()))));
}

// All keys, or those that a version has.
std::vector<std::string_view> list_keys(std::optional<SpecVersion> spec) {
  std::vector<std::string_view> keys = {"spec"};
  const auto add = [&](const auto& options) {
    for (const auto& o : options) {
      if (!spec || is_for(o.whom, *spec)) keys.push_back(o.key);
    }
  };
  add(kDimensions);
  add(kOthers);
  add(kTimes);
  return keys;
}

}  // namespace

Status apply_option(Config& c, std::string_view key, std::string_view value) {
  if (const Status s = check_key(c, key); !s) return s;
  if (key == "spec") return apply_spec(c, value);
  if (key == "bad") return apply_bad(c, value);
  if (key == "serial") {
    c.serial = value;
    return {};
  }
  const auto n = parse_number<std::uint64_t>(value);
  if (!n || *n > kNumberLimit) return invalid(fmt::format("{}={}: is not a number", key, value));
  const auto v = static_cast<std::uint32_t>(*n);
  const auto d = std::ranges::find(kDimensions, key, &Dimension::key);
  const auto t = std::ranges::find(kTimes, key, &Time::key);
  if (key == "planes" && v == 0) return invalid("a unit has 1, 2 or 4 planes");
  if (d != kDimensions.end()) {
    c.geometry.*(d->field) = v;
    derive(c.geometry);
    drop_missing(c);
  } else if (t != kTimes.end()) {
    c.geometry.times.*(t->field) = v;
  } else if (key == "mccap") {
    return apply_mccap(c.geometry, v);
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
  const auto version_name = [](const Config& c) { return c.geometry.has_planes() ? "1.2" : "2.0"; };
  if (a.spec() != b.spec()) return fmt::format("spec is {}, not {}", version_name(a), version_name(b));
  std::string found;
  const auto look = [&](std::string_view key, const auto& one, const auto& other) {
    if (found.empty()) found = differs(key, one, other);
  };
  for (const Dimension& d : kDimensions) look(d.key, a.geometry.*(d.field), b.geometry.*(d.field));
  for (const Time& t : kTimes) look(t.key, a.geometry.times.*(t.field), b.geometry.times.*(t.field));
  look("mccap", model::capabilities(a.geometry), model::capabilities(b.geometry));
  look("pe_cycles", a.pe_cycles, b.pe_cycles);
  look("predefined", a.predefined, b.predefined);
  look("mdts", a.mdts, b.mdts);
  look("serial", a.serial, b.serial);
  if (found.empty() && merge_overrides(a) != merge_overrides(b)) found = "bad has other chunks";
  return found;
}

const std::vector<std::string_view>& option_keys() {
  static const std::vector<std::string_view> kKeys = list_keys(std::nullopt);
  return kKeys;
}

const std::vector<std::string_view>& option_keys(SpecVersion spec) {
  static const std::vector<std::string_view> kOf12 = list_keys(SpecVersion::ocssd12);
  static const std::vector<std::string_view> kOf20 = list_keys(SpecVersion::ocssd20);
  return spec == SpecVersion::ocssd12 ? kOf12 : kOf20;
}

}  // namespace lightnvm::emulator
