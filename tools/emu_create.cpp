// SPDX-License-Identifier: BSD-2-Clause
// nvm_emu create: the options of a device, as the library lists them, and the making of its file.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>

#include "nvm_emu.hpp"

namespace tools {
namespace {

namespace emulator = lightnvm::emulator;

struct Help {
  std::string_view key, text;
};
constexpr std::array kHelp = {
    Help{"spec", "Specification that it follows, 1.2 or 2.0 (2.0)"},
    Help{"groups", "Groups (1.2: channels), 1 to 256 (3; 1.2: 2)"},
    Help{"punits", "Parallel units (LUNs) of a group, 1 to 256 (5; 1.2: 3)"},
    Help{"chunks", "Chunks of a unit, 1 to 65536 (60)"},
    Help{"blocks", "1.2: blocks of a plane, 1 to 65535 (44)"},
    Help{"planes", "1.2: planes of a unit, 1, 2 or 4 (2)"},
    Help{"pages", "1.2: pages of a block, 1 to 65535 (48)"},
    Help{"page_sectors", "1.2: sectors of a page, 1 to 64 over all planes (4)"},
    Help{"sectors", "Sectors of a chunk (1536)"},
    Help{"sector_bytes", "Bytes of a sector, 512 to 65536 (4096)"},
    Help{"oob_bytes", "Metadata bytes of a sector, 0 to 4096 (16)"},
    Help{"ws_min", "Sectors of the smallest write (4)"},
    Help{"ws_opt", "Sectors of the best write (8)"},
    Help{"mw_cunits", "Last sectors of an open chunk, not readable yet (24)"},
    Help{"maxoc", "Chunks open at a time, 0: no limit (0)"},
    Help{"maxocpu", "Chunks open at a time in a unit (0)"},
    Help{"wit", "Distance from the average wear that is told (10)"},
    Help{"mccap", "1 copy, 2 reset of free, 4 of open chunks (3); 1.2: 1 SLC, 2 suspend, 4 scrambler (6)"},
    Help{"pe_cycles", "Resets until a chunk goes offline (1.2: bad), 1 to 65535 (1000)"},
    Help{"predefined", "What unwritten sectors read as, 0x00 or 0xff (0x00)"},
    Help{"mdts", "Largest transfer is 4 KiB << N, 0: no limit (7)"},
    Help{"serial", "Serial number, 1 to 20 characters (LNVM0001)"},
    Help{"bad", "Offline chunks or 'none' (0.0.7,1.3.41,2.4.59); 1.2: G.U.B[.P] (0.0.3,1.2.31.1)"},
    Help{"trdt", "Typical time of a read, ns (70000)"},
    Help{"trdm", "Longest time of a read, ns (100000)"},
    Help{"twrt", "Typical time of a write, ns (1900000)"},
    Help{"twrm", "Longest time of a write, ns (3500000)"},
    Help{"tcrst", "Typical time of a reset, ns (3000000)"},
    Help{"tcrsm", "Longest time of a reset, ns (6000000)"},
    Help{"tprt", "1.2: typical time of a write, ns (1900000)"},
    Help{"tprm", "1.2: longest time of a write, ns (3500000)"},
    Help{"tbet", "1.2: typical time of an erase, ns (3000000)"},
    Help{"tbem", "1.2: longest time of an erase, ns (6000000)"},
};

struct Arguments {
  std::string path, chunk_info;
  std::map<std::string_view, std::optional<std::string>> values;
  emulator::CreateOptions options;
};

std::string dashed(std::string_view key) {
  std::string name(key);
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

void add_options(CLI::App* sub, Arguments& a) {
  for (const std::string_view key : emulator::option_keys()) {
    const auto found = std::ranges::find(kHelp, key, &Help::key);
    const std::string help(found == kHelp.end() ? std::string_view("See docs/tools.md") : found->text);
    std::string type = "N";
    if (key == "serial") type = "TEXT";
    if (key == "spec") type = "V";
    if (key == "bad") type = "G.U.C,...";
    sub->add_option(dashed(key), a.values[key], help)->type_name(type)->group("The device (defaults in brackets)");
  }
  constexpr const char* kFile = "The file";
  sub->add_option("--chunk-info", a.chunk_info, "Lines that change single chunks: state, wp, cnlb ...")
      ->type_name("FILE")
      ->group(kFile);
  add_size(sub, "--segment-bytes", a.options.segment_bytes, "Split it into files of this size, as 4G")->group(kFile);
  sub->add_flag("--force", a.options.replace, "Replace the emulated device that is there")->group(kFile);
}

std::string file_text(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  std::array<char, 4096> piece{};
  while (file != nullptr && std::feof(file.get()) == 0 && std::ferror(file.get()) == 0) {
    text.append(piece.data(), std::fread(piece.data(), 1, piece.size(), file.get()));
  }
  if (file == nullptr || std::ferror(file.get()) != 0) {
    throw Failure("nvm_emu_create", fmt::format("{}: {}", path, std::strerror(errno)), errno);
  }
  return text;
}

void create(const Arguments& a, Output& out) {
  const std::string call = "nvm_emu_create";
  emulator::Config config;
  // In the library's order: the dimensions come before what depends on them, wherever they are on the command line.
  for (const std::string_view key : emulator::option_keys()) {
    const auto& value = a.values.at(key);
    if (!value) continue;
    if (const auto s = emulator::apply_option(config, key, *value); !s) throw Failure::explained(call, s);
  }
  if (!a.chunk_info.empty()) {
    auto overrides = emulator::parse_chunk_info(file_text(a.chunk_info), config.geometry);
    if (!overrides) throw Failure(call, fmt::format("{}: {}", a.chunk_info, lightnvm::last_error()));
    std::ranges::move(*overrides, std::back_inserter(config.overrides));
  }
  if (const auto s = emulator::create(a.path, config, a.options); !s) throw Failure::explained(call, s);
  show_image(a.path, image_info(a.path, call), out);
}

}  // namespace

void add_create(Tool& tool) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* sub = tool.command("create", "Make a device in a file",
                               "  nvm_emu create ocssd.img\n"
                               "  nvm_emu create big.img --groups 8 --punits 4 --chunks 1000 --bad none\n"
                               "  nvm_emu create old.img --bad 0.0.7,1.3.41 --pe-cycles 20 --force\n"
                               "  nvm_emu create nand.img --spec 1.2 --planes 2\n",
                               [arguments](Output& out) { create(*arguments, out); });
  sub->add_option("PATH", arguments->path, "The file to make")->required()->type_name("");
  add_options(sub, *arguments);
}

}  // namespace tools
