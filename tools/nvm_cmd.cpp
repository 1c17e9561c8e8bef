// SPDX-License-Identifier: BSD-2-Clause
// nvm_cmd: single commands of a device; here its command line.
#include "nvm_cmd.hpp"

#include <memory>

namespace tools {
namespace {

enum class Takes { nothing, numbers, state, addresses, input, output, files };

struct Command {
  const char* name;
  const char* purpose;
  Takes takes;
  std::vector<const char*> numbers;
  void (*action)(const CommandRequest&, Output&);
  const char* example;
};

// The order of the original's usage.
const std::vector<Command>& commands() {
  static const std::vector<Command> kAll = {
      {"idfy", "What the device says that it is", Takes::nothing, {}, identify, ""},
      {"rprt_all", "The chunk report of the whole device", Takes::nothing, {}, report_all, ""},
      {"rprt_lun", "The chunk report of one parallel unit", Takes::numbers, {"ch", "lun"}, report_unit, " 2 1"},
      {"gbbt", "OCSSD 1.2: the bad block table of a LUN", Takes::numbers, {"ch", "lun"}, get_table, " 0 2"},
      {"sbbt", "OCSSD 1.2: set the state of a block", Takes::state, {"ch", "lun", "blk"}, set_table, " 0 2 10 0x2"},
      {"erase", "Reset chunks, or erase blocks", Takes::addresses, {}, erase_sectors, " 0x0201000a00000000"},
      {"write", "Write sectors", Takes::input, {}, write_sectors, " 0x0201000a00000000 0x0201000a00000001 -i f.bin"},
      {"read", "Read sectors", Takes::output, {}, read_sectors, " 0x0201000a00000000 -o sector.bin"},
      {"copy",
       "Copy a chunk inside the device",
       Takes::numbers,
       {"pugrp", "punit", "chunk", "to_pugrp", "to_punit", "to_chunk"},
       copy_chunk,
       " 2 1 10 0 1 10"},
      {"pioc", "Send an I/O command from a file", Takes::files, {}, pass_io, " -c cmd.bin -d data.bin"},
      {"padc", "Send an admin command from a file", Takes::files, {}, pass_admin, " -c cmd.bin -d data.bin"},
  };
  return kAll;
}

void add_options(CLI::App* sub, const Command& command, CommandRequest& r) {
  r.numbers.resize(command.numbers.size());
  for (std::size_t i = 0; i < r.numbers.size(); ++i) {
    add_number(sub, command.numbers[i], r.numbers[i], "")->required();
  }
  switch (command.takes) {
    case Takes::nothing:
    case Takes::numbers: return;
    case Takes::state:
      sub->add_option("0xVAL", r.value, "State: 0 free, 1 bad, 2 grown bad, 4 device's, 8 host's")
          ->required()
          ->type_name("");
      return;
    case Takes::files:
      sub->add_option("-c", r.command, "Path to cmd, 64 byte")->type_name("FILE");
      sub->add_option("-d", r.data, "Path to data, 1 MiB max")->type_name("FILE");
      sub->add_option("-m", r.metadata, "Path to meta, 1 MiB max")->type_name("FILE");
      return;
    case Takes::input: sub->add_option("-i", r.input, "Path to input file; else a pattern")->type_name("FILE"); break;
    case Takes::output: sub->add_option("-o", r.output, "Path to output file")->type_name("FILE"); break;
    case Takes::addresses: break;
  }
  sub->add_option("0xADDR", r.addresses, "Addresses, hexadecimal, up to 64")->required()->type_name("");
}

void add(Tool& tool, const Command& command) {
  const auto request = std::make_shared<CommandRequest>();
  CLI::App* sub = tool.command(command.name, command.purpose,
                               fmt::format("  nvm_cmd {} ocssd.img{}\n", command.name, command.example),
                               [request, action = command.action](Output& out) { action(*request, out); });
  add_device(sub, request->ident);
  add_options(sub, command, *request);
}

}  // namespace
}  // namespace tools

int main(int argc, char** argv) {
  tools::Tool tool("nvm_cmd", "NVM command (nvm_cmd_*): construct and execute NVMe/NVM commands",
                   "  nvm_cmd idfy ocssd.img\n"
                   "  nvm_cmd erase ocssd.img 0x0201000a00000000\n"
                   "  nvm_cmd read ocssd.img 0x0201000a00000000 -o sector.bin\n");
  for (const auto& command : tools::commands()) tools::add(tool, command);
  tool.take_undeclared();
  return tool.run(argc, argv);
}
