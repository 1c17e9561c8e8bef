// SPDX-License-Identifier: BSD-2-Clause
// nvm_vblk: erase, pad, write, read and copy virtual blocks; here its command line.
#include "nvm_vblk.hpp"

#include <cstdlib>
#include <memory>
#include <string_view>

namespace tools {
namespace {

using Operation = void (*)(const BlockRequest&, Naming, Output&);
enum class Files { none, input, output, output_and_bytes };

struct Command {
  const char* name;
  const char* purpose;
  Naming naming;
  Files files;
  Operation operation;
  const char* example;
};

constexpr auto kOne = Naming::one;
constexpr auto kList = Naming::list;
constexpr auto kLine = Naming::line;

// The order of the original's usage.
constexpr Command kCommands[] = {
    {"erase", "Erase a virtual block of one chunk", kOne, Files::none, erase_block, "ocssd.img 0x0201000a00000000"},
    {"pad", "Fill the rest of a virtual block", kOne, Files::none, pad_block, "ocssd.img 0x0201000a00000000"},
    {"write", "Write one from its beginning", kOne, Files::input, write_block,
     "ocssd.img 0x0201000a00000000 -i photo.jpg --pad"},
    {"read", "Read one", kOne, Files::output_and_bytes, read_block,
     "ocssd.img 0x0201000a00000000 -o back.jpg --bytes 40K"},
    {"copy", "Copy one inside the device", kOne, Files::none, copy_block,
     "ocssd.img 0x0201000a00000000 0x0201000b00000000"},
    {"set_erase", "Erase a virtual block of several chunks", kList, Files::none, erase_block,
     "ocssd.img 0x0000000a00000000 0x0100000a00000000"},
    {"set_pad", "Fill the rest of such a one", kList, Files::none, pad_block,
     "ocssd.img 0x0000000a00000000 0x0100000a00000000"},
    {"set_write", "Write such a one from its beginning", kList, Files::input, write_block,
     "ocssd.img 0x0000000a00000000 0x0100000a00000000 -i data.bin"},
    {"set_read", "Read such a one", kList, Files::output_and_bytes, read_block,
     "ocssd.img 0x0000000a00000000 0x0100000a00000000 -o back.bin"},
    {"line_erase", "Erase one over a line of parallel units", kLine, Files::none, erase_block, "ocssd.img 0 2 0 4 10"},
    {"line_pad", "Fill the rest of such a one", kLine, Files::none, pad_block, "ocssd.img 0 2 0 4 10"},
    {"line_write", "Write such a one from its beginning", kLine, Files::input, write_block,
     "ocssd.img 0 2 0 4 10 -i data.bin"},
    {"line_read", "Read such a one", kLine, Files::output_and_bytes, read_block, "ocssd.img 0 2 0 4 10 -o back.bin"},
    {"line_pread", "Read a part of such a one", kLine, Files::output, pread_block,
     "ocssd.img 0 2 0 4 10 65536 32768 -o part.bin"},
};

void add_names(CLI::App* sub, const Command& command, BlockRequest& r) {
  sub->add_option("dev_path", r.ident, "Device: a path, or BACKEND:IDENT")->required()->type_name("");
  if (command.naming == Naming::line) {
    add_number(sub, "ch_bgn", r.line.group_first, "First group")->required();
    add_number(sub, "ch_end", r.line.group_last, "Last group")->required();
    add_number(sub, "lun_bgn", r.line.unit_first, "First parallel unit")->required();
    add_number(sub, "lun_end", r.line.unit_last, "Last parallel unit")->required();
    add_number(sub, "blk", r.line.chunk, "Chunk, the same in each unit")->required();
    return;
  }
  const auto add_address = [&](const std::string& name, auto& target, const std::string& help) {
    sub->add_option(name, target, help)->required()->type_name("");
  };
  if (command.naming == Naming::list) {
    add_address("0xADDR", r.addresses, "Addresses of chunks, hexadecimal");
  } else if (command.operation == copy_block) {
    r.addresses.resize(2);
    add_address("0xSRC", r.addresses[0], "Address of the chunk to copy, hexadecimal");
    add_address("0xDST", r.addresses[1], "Address of the chunk to write");
  } else {
    r.addresses.resize(1);
    add_address("0xADDR", r.addresses[0], "Address of the chunk, hexadecimal");
  }
}

void add_files(CLI::App* sub, const Command& command, BlockRequest& r) {
  if (command.operation == pread_block) {
    add_size(sub, "count", r.count, "Bytes to read")->required();
    add_size(sub, "offset", r.offset, "Byte of the virtual block to begin at")->required();
  }
  if (command.files == Files::input) {
    sub->add_option("-i", r.input, "Path to input file; else a pattern")->type_name("FILE");
    sub->add_flag("--pad", r.pad, "The file may be short: fill the rest");
  }
  if (command.files == Files::output || command.files == Files::output_and_bytes) {
    sub->add_option("-o", r.output, "Path to output file")->type_name("FILE");
  }
  if (command.files == Files::output_and_bytes) add_size(sub, "--bytes", r.bytes, "Read the first N bytes alone");
}

// As in the original: set in whatever way means scalar; a depth of its own is for asynchronous commands.
void look_at_environment(BlockRequest& r) {
  if (std::getenv("NVM_CLI_VBLK_SCALAR") != nullptr) r.scalar = true;
  if (std::getenv("NVM_CLI_VBLK_ASYNC") == nullptr) return;
  const char* text = std::getenv("NVM_CLI_VBLK_ASYNC_DEPTH");
  const auto depth = parse_number(text == nullptr ? "0" : text, 0xFFFFFFFF);
  if (!depth) throw Failure("NVM_CLI_VBLK_ASYNC_DEPTH", "is no number");
  if (!r.depth) r.depth = static_cast<std::uint32_t>(*depth);
}

void add(Tool& tool, const Command& command) {
  const auto request = std::make_shared<BlockRequest>();
  CLI::App* sub = tool.command(command.name, command.purpose,
                               std::string("  nvm_vblk ") + command.name + " " + command.example + "\n",
                               [request, &command](Output& out) {
                                 look_at_environment(*request);
                                 command.operation(*request, command.naming, out);
                               });
  add_names(sub, command, *request);
  add_files(sub, command, *request);
  sub->add_flag("--scalar", request->scalar, "Scalar commands, not vectors");
  add_number(sub, "--depth", request->depth, "Commands in flight");
}

}  // namespace
}  // namespace tools

int main(int argc, char** argv) {
  tools::Tool tool("nvm_vblk", "NVM Virtual Block (nvm_vblk_*): erase, write, and read virtual blocks",
                   "  nvm_vblk line_erase ocssd.img 0 2 0 4 10\n"
                   "  nvm_vblk line_write ocssd.img 0 2 0 4 10 -i data.bin --pad\n"
                   "  nvm_vblk line_read ocssd.img 0 2 0 4 10 -o back.bin\n");
  for (const auto& command : tools::kCommands) tools::add(tool, command);
  tool.take_undeclared();
  return tool.run(argc, argv);
}
