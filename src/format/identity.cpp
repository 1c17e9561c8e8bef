// SPDX-License-Identifier: BSD-2-Clause
// What a device answers as text: its identity, how a command ended, bad block tables.
#include <cstring>

#include "format/block.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::format {
namespace {

// Binary without quotes, as the identity has it.
Field bare_binary(std::string_view key, std::uint32_t value, int width) {
  return {std::string(key), fmt::format("{:0{}b}", value, width), value};
}

// A line of its own form, which JSON knows by `key`: "vnvmt(1)".
std::string in_parentheses(std::string_view key, std::string_view value, std::string_view end) {
  return fmt::format("  {}({}){}\n", key, value, end);
}

std::string identity_20(const spec::Geometry20& s, Syntax syntax) {
  const Block blocks[] = {
      {{},
       "idfy",
       {bare_binary("verid", s.mjr, 8), bare_binary("verid_minor", s.mnr, 8), bare_binary("mccap", s.mccap, 32)}},
      {{},
       "lbaf",
       {number("pugrp", s.grp_len), number("punit", s.pu_len), number("chunk", s.chk_len), number("sectr", s.lbk_len)}},
      {{},
       "lgeo",
       {number("npugrp", s.num_grp), number("npunit", s.num_pu), number("nchunk", s.num_chk),
        number("nsectr", s.clba)}},
      {{}, "wrt", {number("ws_min", s.ws_min), number("ws_opt", s.ws_opt), number("mw_cunits", s.mw_cunits)}},
      {{},
       "perf",
       {number("trdt", s.trdt), number("trdm", s.trdm), number("twrt", s.twrt), number("twrm", s.twrm),
        number("tcet", s.tcrst), number("tcem", s.tcrsm)}}};
  constexpr std::string_view kNames[] = {"idfy", "lbaf", "lgeo", "wrt", "perf"};
  std::string yaml;
  Json json = Json::object();
  for (std::size_t i = 0; i < std::size(blocks); ++i) {
    yaml += blocks[i].yaml();
    if (i == 0) {
      json = blocks[i].json();
    } else {
      json[std::string(kNames[i])] = blocks[i].json();
    }
  }
  return syntax == Syntax::yaml ? yaml : Block::dump(json);
}

std::vector<Field> group_fields(const spec::Group12& g) {
  return {bare_binary("fmtype", g.fmtype, 8),
          number("num_ch", g.num_ch),
          number("num_luns", g.num_lun),
          number("num_pln", g.num_pln),
          number("num_blk", g.num_blk),
          number("num_pg", g.num_pg),
          number("fpg_sz", g.fpg_sz),
          number("csecs", g.csecs),
          number("sos", g.sos),
          number("trdt", g.trdt),
          number("trdm", g.trdm),
          number("tprt", g.tprt),
          number("tprm", g.tprm),
          number("tbet", g.tbet),
          number("tbem", g.tbem),
          bare_binary("mpos", g.mpos, 32),
          bare_binary("mccap", g.mccap, 32),
          number("cpar", g.cpar)};
}

std::string identity_12(const spec::Identity12& s, Syntax syntax) {
  std::string yaml = fmt::format("idfy:\n  verid: {:08b}\n", s.ver_id);
  yaml += in_parentheses("vnvmt", fmt::format("{}", s.vmnt), "");
  yaml += in_parentheses("cgroups", fmt::format("{}", s.cgrps), ",");
  yaml += in_parentheses("cap", fmt::format("{:032b}", s.cap), ",");
  yaml += in_parentheses("dom", fmt::format("{:032b}", s.dom), ",");
  yaml += "spec_identify_cgrps:\n";
  Json groups = Json::array();
  // A device may claim more groups than its identity has room for.
  for (unsigned i = 0; i < s.cgrps && i < std::size(s.groups); ++i) {
    const spec::Group12& g = s.groups[i];
    yaml += fmt::format("  mtype: 0x{:02x})\n", g.mtype);
    Json group = {{"mtype", g.mtype}};
    if (g.mtype == spec::kMediaNand) {
      for (const Field& f : group_fields(g)) {
        yaml += fmt::format("  {}: {}\n", f.key, f.text);
        group[f.key] = f.value;
      }
      yaml += "  mts: NOT_IMPLEMENTED\n";
    }
    groups.push_back(std::move(group));
  }
  if (syntax == Syntax::yaml) return yaml;
  return Block::dump({{"verid", s.ver_id},
                      {"vnvmt", s.vmnt},
                      {"cgroups", s.cgrps},
                      {"cap", s.cap},
                      {"dom", s.dom},
                      {"spec_identify_cgrps", std::move(groups)}});
}

std::string identity_unknown(unsigned major, unsigned minor, Syntax syntax) {
  if (syntax == Syntax::json) return Block::dump({{"verid", major}, {"verid_minor", minor}});
  return fmt::format("nvm_spec_idfy:\n  verid: {:08b},\n  verid_minor: {:08b},\n", major, minor);
}

template <typename Page>
Page page_of(std::span<const std::byte> bytes) {
  Page page;
  std::memcpy(&page, bytes.data(), sizeof(page));
  return page;
}

// As wide as the others, so that the columns of a table stand below each other.
std::string state_text(BlockState state) {
  const std::string_view name = block_state(state);
  const auto value = static_cast<unsigned>(state);
  return fmt::format("{:>4}({})", name.empty() ? "EINVAL" : name, value);
}

}  // namespace

std::string identity(std::span<const std::byte> page, Syntax syntax) {
  if (page.size() < sizeof(spec::Geometry20)) {
    return syntax == Syntax::yaml ? nothing("nvm_spec_idfy") : Block::dump(Json());
  }
  const auto major = std::to_integer<unsigned>(page[0]);
  switch (static_cast<SpecVersion>(major)) {
    case SpecVersion::ocssd12: return identity_12(page_of<spec::Identity12>(page), syntax);
    case SpecVersion::ocssd20: return identity_20(page_of<spec::Geometry20>(page), syntax);
    case SpecVersion::none: break;
  }
  return identity_unknown(major, std::to_integer<unsigned>(page[1]), syntax);
}

std::string returned(const Completion& c, Syntax syntax) {
  const auto first = static_cast<std::uint32_t>(c.result);
  if (syntax == Syntax::json) {
    return Block::dump(
        {{"result", {{"cdw0", first}, {"vio", {{"cs", hex64(c.result)}}}}}, {"status", c.status.nvme_bits()}});
  }
  return fmt::format("nvm_ret: {{result: {{cdw0: 0x{:x}, vio: {{cs: 0x{:x}}}}}, status: 0x{:x}}}\n", first, c.result,
                     c.status.nvme_bits());
}

std::string_view block_state(BlockState state) noexcept {
  switch (state) {
    case BlockState::good: return "FREE";
    case BlockState::factory_bad: return "BAD";
    case BlockState::grown_bad: return "GBAD";
    case BlockState::device_reserved: return "DMRK";
    case BlockState::host_reserved: return "HMRK";
  }
  return {};
}

std::string bad_block_page(const BadBlockTable& t, Syntax syntax) {
  const Block block({}, "bbt",
                    {{"tblkid", "BBLT", "BBLT"},
                     number("verid", 1),
                     number("revid", t.revision),
                     number("rvsd1", 0),
                     number("tblks", t.blocks.size()),
                     number("tfact", t.factory_bad),
                     number("tgrown", t.grown_bad),
                     number("tdresv", t.device_reserved),
                     number("thresv", t.host_reserved)});
  if (syntax == Syntax::yaml) {
    std::string out = block.yaml() + "  rsvd2: ~\nbbt_blks:\n";
    for (const BlockState s : t.blocks) out += fmt::format("  - 0x{:02x}\n", static_cast<unsigned>(s));
    return out;
  }
  Json json = block.json();
  Json& blocks = json["bbt_blks"] = Json::array();
  for (const BlockState s : t.blocks) blocks.push_back(static_cast<unsigned>(s));
  return Block::dump(json);
}

std::string bad_blocks(const BadBlockTable& t, Syntax syntax) {
  const std::size_t count = t.blocks.size() / t.planes;
  const std::pair<std::string_view, std::uint32_t> counts[] = {
      {"nbad", t.factory_bad}, {"gbad", t.grown_bad}, {"ndmrk", t.device_reserved}, {"nhmrk", t.host_reserved}};
  std::string yaml = fmt::format("bbt:\n  addr: {}\n  nblks: {}\n  npl_blks: {}\n  pl_blks:\n", address(t.unit),
                                 t.blocks.size(), count);
  Json json = {{"addr", address(t.unit)}, {"nblks", t.blocks.size()}, {"npl_blks", count}};
  Json& rows = json["pl_blks"] = Json::array();
  for (std::uint32_t block = 0; block < count; ++block) {
    Json row = Json::array();
    yaml += fmt::format("    - {:04}: [", block);
    for (std::uint32_t plane = 0; plane < t.planes; ++plane) {
      yaml += fmt::format("{} {}", plane == 0 ? "" : ",", state_text(t.at(block, plane)));
      row.push_back(static_cast<unsigned>(t.at(block, plane)));
    }
    yaml += " ]\n";
    rows.push_back(std::move(row));
  }
  for (const auto& [name, value] : counts) {
    yaml += fmt::format("  {}: {}\n", name, value);
    json[std::string(name)] = value;
  }
  return syntax == Syntax::yaml ? yaml : Block::dump(json);
}

}  // namespace lightnvm::format
