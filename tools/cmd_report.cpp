// SPDX-License-Identifier: BSD-2-Clause
// The sub-commands of nvm_cmd that ask a device about itself: identity, chunk report, bad block table.
#include "chunk_listing.hpp"
#include "nvm_cmd.hpp"

namespace tools {
namespace {

using lightnvm::Address;
namespace format = lightnvm::format;

constexpr auto kJson = format::Syntax::json;

// The components ch and lun, and blk where there is one.
Address named_block(const Session& s, const std::vector<std::uint32_t>& numbers) {
  const auto& g = s.device.geometry();
  const std::uint32_t block = numbers.size() > 2 ? numbers[2] : 0;
  // Beyond these an address could not even be written down.
  if (numbers[0] >= lightnvm::kMaxGroups) throw beyond("ch", "group", numbers[0], g.groups);
  if (numbers[1] >= lightnvm::kMaxUnits) throw beyond("lun", "parallel unit", numbers[1], g.units);
  if (block >= lightnvm::kMaxChunks) throw beyond("blk", "chunk", block, g.chunks);
  const Address a = Address::of(numbers[0], numbers[1], block);
  check_address(s, a, format::address(a));
  return a;
}

std::vector<lightnvm::Chunk> chunks_of(Session& s, std::uint64_t first, std::uint64_t count, Output& out) {
  auto chunks = s.device.chunks(first, count);
  if (!chunks && chunks.error().is_errno(ENOTSUP)) {
    throw Failure("nvm_cmd_rprt", "OCSSD 1.2 has no chunk report", ENOTSUP);
  }
  if (!chunks) throw refused("nvm_cmd_rprt", {0, chunks.error()}, out);
  return std::move(*chunks);
}

}  // namespace

void identify(const CommandRequest& request, Output& out) {
  const Session s = open_session(request.ident, Access::read_only);
  const auto page = s.device.identify_geometry();
  if (page.empty()) throw Failure("nvm_cmd_idfy", "the device refuses to say who it is", EIO);
  out.text("# nvm_cmd_idfy\n");
  out.show("idfy", format::identity(page), format::identity(page, kJson));
}

void report_all(const CommandRequest& request, Output& out) {
  Session s = open_session(request.ident, Access::read_only);
  const auto chunks = chunks_of(s, 0, s.device.geometry().total_chunks(), out);
  // What the original prints of the pointer that is none.
  out.text("# nvm_cmd_rprt: (nil)\n");
  write_report(s.device, chunks, out);
}

void report_unit(const CommandRequest& request, Output& out) {
  Session s = open_session(request.ident, Access::read_only);
  const Address unit = named_block(s, request.numbers);
  const auto& g = s.device.geometry();
  const auto chunks = chunks_of(s, g.chunk_index(unit), g.chunks, out);
  out.text(
      fmt::format("# nvm_cmd_rprt: {}\n{}", format::address(unit), format::addresses({&unit, 1}, s.device.version())));
  write_report(s.device, chunks, out);
}

void get_table(const CommandRequest& request, Output& out) {
  Session s = open_session(request.ident, Access::read_only);
  const Address unit = named_block(s, request.numbers);
  const auto table = s.device.bad_blocks(unit);
  if (!table) {
    (void)refused("nvm_cmd_gbbt", {0, table.error()}, out);
    throw Failure::explained("nvm_cmd_gbbt", table.error());
  }
  out.text("# nvm_cmd_gbbt\n");
  out.show("bbt", format::bad_block_page(*table), format::bad_block_page(*table, kJson));
}

void set_table(const CommandRequest& request, Output& out) {
  constexpr std::uint64_t kLargest = 0xFF;
  const std::uint64_t value = parse_hex_or_fail(request.value, "state");
  if (value > kLargest) throw Failure("FAILED", fmt::format("{}: a state has 8 bits", request.value));
  Session s = open_session(request.ident, Access::read_write);
  const Address block = named_block(s, request.numbers);
  out.text(fmt::format("# nvm_cmd_sbbt\n# flags: 0x{:04X}\n", value));
  show_addresses(s, {&block, 1}, out);
  out.document()["flags"] = value;
  // What is no state the device refuses, not we.
  const auto done = s.device.set_bad_blocks({&block, 1}, static_cast<lightnvm::BlockState>(value));
  if (!done) throw refused("nvm_cmd_sbbt", done, out);
}

}  // namespace tools
