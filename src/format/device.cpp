// SPDX-License-Identifier: BSD-2-Clause
// A device as text: who it is, its geometry, its rules, its address format.
#include <algorithm>
#include <bit>

#include "format/block.hpp"
#include "model/capabilities.hpp"
#include "model/lba_format.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::format {
namespace {

constexpr std::string_view kPlaneModes[] = {"SNGL", "DUAL", "QUAD"};

Field binary(std::string_view key, std::uint32_t value, int width) {
  return {std::string(key), fmt::format("'{:0{}b}'", value, width), value};
}

Block attributes_block(const Attributes& a, std::string_view prefix) {
  const auto version = static_cast<unsigned>(a.version);
  return {prefix,
          "attr",
          {{"verid", fmt::format("0x{:02x}", version), version},
           {"be_id", fmt::format("0x{:02x}", a.backend_id), a.backend_id},
           word("be_name", a.backend_name),
           word("name", a.name),
           word("path", a.path),
           {"fd", fmt::format("{}", a.fd), a.fd},
           number("ssw", a.sector_shift),
           binary("mccap", a.capabilities, 32),
           {"bbts_cached", fmt::format("{}", a.tables_cached), a.tables_cached},
           binary("quirks", a.quirks, 8)}};
}

Block geometry_block(const Geometry& g, SpecVersion v, std::string_view prefix) {
  const auto version = static_cast<unsigned>(v);
  std::vector<Field> fields = {{"verid", fmt::format("0x{:02X}", version), version}};
  if (v == SpecVersion::ocssd12) {
    fields.insert(fields.end(), {number("nchannels", g.groups), number("nluns", g.units), number("nplanes", g.planes),
                                 number("nblocks", g.chunks), number("npages", g.pages),
                                 number("nsectors", g.page_sectors), number("page_nbytes", g.page_bytes),
                                 number("sector_nbytes", g.sector_bytes), number("meta_nbytes", g.oob_bytes)});
  } else {
    fields.insert(fields.end(),
                  {number("npugrp", g.groups), number("npunit", g.units), number("nchunk", g.chunks),
                   number("nsectr", g.sectors), number("nbytes", g.sector_bytes), number("nbytes_oob", g.oob_bytes)});
  }
  fields.insert(fields.end(), {number("tbytes", g.total_bytes()), number("tmbytes", g.total_bytes() >> 20)});
  return {prefix, "geo", std::move(fields)};
}

Block command_options_block(std::uint32_t options, std::string_view prefix) {
  return {prefix,
          "cmd_opts",
          {binary("mask", options, 32), word("iomd", (options & kAsync) != 0 ? "ASYNC" : "SYNC"),
           word("addr", (options & kScalar) != 0 ? "SCALAR" : "VECTOR"),
           word("plod", (options & (kSgl | kSglMetadata)) != 0 ? "SGL" : "PRP")}};
}

Block block_defaults_block(const BlockDefaults& d, std::string_view prefix) {
  const auto plain = [](std::string_view key, int value) {
    return Field{std::string(key), fmt::format("{}", value), value};
  };
  return {prefix,
          "vblk_opts",
          {word("pmode", plane_mode(d.plane_mode)), plain("erase_naddrs_max", d.erase_addresses),
           plain("read_naddrs_max", d.read_addresses), plain("write_naddrs_max", d.write_addresses),
           plain("meta_mode", d.metadata_mode)}};
}

Block address_block(std::string_view prefix, std::string_view name, const std::array<unsigned, 4>& values) {
  return {
      prefix,
      name,
      {number("pugrp", values[0]), number("punit", values[1]), number("chunk", values[2]), number("sectr", values[3])}};
}

Block offsets_block(const AddressBits& bits, std::string_view prefix) {
  const model::LbaFormat f(bits);
  return address_block(prefix, "lbaz", {f.group_shift(), f.unit_shift(), f.chunk_shift(), 0});
}

Block masks_block(const AddressBits& bits, std::string_view prefix) {
  const auto masks = model::LbaFormat(bits).device_masks();
  const auto mask = [](std::string_view key, std::uint64_t value) {
    return Field{std::string(key), fmt::format(" '{:064b}'", value), hex64(value)};
  };
  return {prefix,
          "lbam",
          {mask("pugrp", masks[0]), mask("punit", masks[1]), mask("chunk", masks[2]), mask("sectr", masks[3])}};
}

Block ppa_format_block(const PpaFormat& f, std::string_view prefix) {
  const std::pair<std::string_view, PpaField> components[] = {{"ch", f.channel}, {"lun", f.lun}, {"pl", f.plane},
                                                              {"blk", f.block},  {"pg", f.page}, {"sec", f.sector}};
  std::vector<Field> fields;
  const auto add = [&](std::string_view name, std::string_view what, unsigned value) {
    fields.push_back({fmt::format("{}_{}", name, what), fmt::format("{:02}", value), value});
  };
  for (const auto& [name, field] : components) {
    add(name, "off", field.offset);
    add(name, "len", field.length);
  }
  return {prefix, "ppaf", std::move(fields)};
}

Block ppa_masks_block(const PpaFormat& f, std::string_view prefix) {
  // The values stand below each other, whatever the length of the names.
  const auto mask = [](std::string_view key, PpaField field) {
    return Field{std::string(key), fmt::format("{}'{:064b}'", key.size() == 2 ? " " : "", field.mask()),
                 hex64(field.mask())};
  };
  return {prefix,
          "ppaf_mask",
          {mask("ch", f.channel), mask("lun", f.lun), mask("pl", f.plane), mask("blk", f.block), mask("pg", f.page),
           mask("sec", f.sector)}};
}

Block write_rules_block(const Geometry& g, std::string_view prefix) {
  return {prefix,
          "wrt",
          {number("ws_min", g.ws_min), number("ws_opt", g.ws_opt), number("mw_cunits", g.mw_cunits),
           number("maxoc", g.max_open), number("maxocpu", g.max_open_unit)}};
}

Block times_block(const Geometry::Times& t, std::string_view prefix) {
  return {prefix,
          "perf",
          {number("trdt", t.read), number("trdm", t.read_max), number("twrt", t.write), number("twrm", t.write_max),
           number("tcrst", t.reset), number("tcrsm", t.reset_max)}};
}

}  // namespace

std::uint32_t capabilities(const Geometry& g) noexcept { return model::capabilities(g); }

DeviceValues describe(const Device& device) {
  DeviceValues v;
  v.geometry = device.geometry();
  v.address_bits = device.address_bits();
  Attributes& a = v.attributes;
  a.version = device.version();
  a.backend_id = device.backend_id();
  a.backend_name = "NVM_BE_";
  for (const char c : device.backend()) a.backend_name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  a.path = device.path();
  a.name = a.path.substr(a.path.rfind('/') + 1);
  a.sector_shift = static_cast<std::uint32_t>(std::bit_width(std::max(v.geometry.sector_bytes, 1U)) - 1);
  a.capabilities = device.capabilities();
  v.ppa_format = device.ppa_format();
  // The original's default: all planes at once.
  v.block_defaults.plane_mode = static_cast<int>(plane_mode_of(v.geometry.planes));
  return v;
}

std::string attributes(const Attributes& values, Syntax syntax, std::string_view prefix) {
  return attributes_block(values, prefix).render(syntax);
}

std::string geometry(const Geometry& values, SpecVersion version, Syntax syntax, std::string_view prefix) {
  return geometry_block(values, version, prefix).render(syntax);
}

std::string command_options(std::uint32_t options, Syntax syntax, std::string_view prefix) {
  return command_options_block(options, prefix).render(syntax);
}

std::string block_defaults(const BlockDefaults& values, Syntax syntax, std::string_view prefix) {
  return block_defaults_block(values, prefix).render(syntax);
}

std::string address_lengths(const AddressBits& bits, Syntax syntax, std::string_view prefix) {
  return address_block(prefix, "lbaf", bits).render(syntax);
}

std::string address_offsets(const AddressBits& bits, Syntax syntax, std::string_view prefix) {
  return offsets_block(bits, prefix).render(syntax);
}

std::string address_masks(const AddressBits& bits, Syntax syntax, std::string_view prefix) {
  return masks_block(bits, prefix).render(syntax);
}

std::string ppa_format(const PpaFormat& format, Syntax syntax, std::string_view prefix) {
  return ppa_format_block(format, prefix).render(syntax);
}

std::string ppa_masks(const PpaFormat& format, Syntax syntax, std::string_view prefix) {
  return ppa_masks_block(format, prefix).render(syntax);
}

std::string write_rules(const Geometry& values, Syntax syntax, std::string_view prefix) {
  return write_rules_block(values, prefix).render(syntax);
}

std::string times(const Geometry::Times& values, Syntax syntax, std::string_view prefix) {
  return times_block(values, prefix).render(syntax);
}

std::string device(const DeviceValues& v, Syntax syntax, Extent extent) {
  constexpr std::string_view kPrefix = "dev_";
  std::string yaml;
  Json json = Json::object();
  const auto add = [&](std::string_view name, const Block& block) {
    yaml += block.yaml();
    json[std::string(name)] = block.json();
  };
  const auto add_nothing = [&](std::string_view name) {
    yaml += nothing(fmt::format("{}{}", kPrefix, name));
    json[std::string(name)] = nullptr;
  };
  add("attr", attributes_block(v.attributes, kPrefix));
  add("geo", geometry_block(v.geometry, v.attributes.version, kPrefix));
  if (extent == Extent::all) {
    add("cmd_opts", command_options_block(v.command_options, kPrefix));
    add("vblk_opts", block_defaults_block(v.block_defaults, kPrefix));
    if (v.ppa_format) {
      add("ppaf", ppa_format_block(*v.ppa_format, kPrefix));
      add("ppaf_mask", ppa_masks_block(*v.ppa_format, kPrefix));
      for (const std::string_view name : {"lbaf", "lbaz", "lbam"}) add_nothing(name);
    } else {
      add_nothing("ppaf");
      add_nothing("ppaf_mask");
      add("lbaf", address_block(kPrefix, "lbaf", v.address_bits));
      add("lbaz", offsets_block(v.address_bits, kPrefix));
      add("lbam", masks_block(v.address_bits, kPrefix));
    }
  }
  return syntax == Syntax::yaml ? yaml : Block::dump(json);
}

std::string virtual_block(const BlockValues& v, Syntax syntax) {
  const std::string_view mode = plane_mode(v.plane_mode);
  const Block block({}, "vblk",
                    {{"dev", fmt::format("{{pmode: '{}'}}", mode), {{"pmode", std::string(mode)}}},
                     number("nblks", v.chunks.size()),
                     number("nmbytes", v.bytes >> 20),
                     number("pos_write", v.write_position),
                     number("pos_read", v.read_position),
                     // The original's format has these digits in the wrong place: "0x08" and then the number.
                     {"flags", fmt::format("0x08{:x}", v.flags), v.flags}});
  if (syntax == Syntax::yaml) return block.yaml() + addresses(v.chunks, v.version);
  Json json = block.json();
  json["addrs"] = Json::parse(addresses(v.chunks, v.version, Syntax::json));
  return Block::dump(json);
}

std::string_view plane_mode(int mode) noexcept { return mode >= 0 && mode <= 2 ? kPlaneModes[mode] : "UNKN"; }

std::string nothing(std::string_view name) { return fmt::format("{}: ~\n", name); }

}  // namespace lightnvm::format
