// SPDX-License-Identifier: BSD-2-Clause
// The sub-commands of nvm_cmd that erase, write, read and copy.
#include <algorithm>
#include <optional>

#include "files.hpp"
#include "nvm_cmd.hpp"
#include "progress.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::Buffer;
using lightnvm::Completion;
using lightnvm::Sectors;

// What no command can say, verified or not. Of OCSSD 2.0 only the group may exceed its field: that is the device's to
// refuse.
void check_format(const lightnvm::Device& device, Address a) {
  const bool group_may = device.version() == lightnvm::SpecVersion::ocssd20;
  const Address meant = group_may ? Address::of(0, a.unit(), a.chunk(), a.sector()) : a;
  if (device.version() == lightnvm::SpecVersion::none || device.from_device(device.to_device(meant)) == meant) return;
  throw Failure("FAILED", fmt::format("{} exceeds the device's address format: it would name another place",
                                      lightnvm::format::address(a)));
}

// The command's addresses, after the lines that say what is about to happen.
std::vector<Address> begin(const Session& s, const CommandRequest& request, const std::string& call, Output& out) {
  auto addresses = parse_addresses(s, request.addresses);
  if (addresses.size() > lightnvm::kMaxAddresses) {
    throw Failure("FAILED", fmt::format("{} addresses are more than one command takes: {}", addresses.size(),
                                        lightnvm::kMaxAddresses));
  }
  for (const Address a : addresses) check_format(s.device, a);
  out.text(fmt::format("# {}: {{pmode: {}}}\n", call, s.plane_mode_name()));
  out.document()["pmode"] = s.plane_mode_name();
  show_addresses(s, addresses, out);
  return addresses;
}

lightnvm::CommandOptions options_of(const Session& s) {
  lightnvm::CommandOptions options;
  options.plane_mode = s.plane_mode();
  return options;
}

// As in the original, a scalar command is about as many sectors as there are addresses, from the first of them on.
Sectors sectors_of(const Session& s, const std::vector<Address>& addresses) {
  return s.scalar() ? Sectors(addresses.front(), static_cast<std::uint32_t>(addresses.size())) : Sectors(addresses);
}

Buffer allocate(Session& s, std::size_t bytes) {
  if (bytes == 0) return {};
  auto buffer = s.device.allocate(bytes);
  if (!buffer) throw Failure("nvm_buf_alloc", buffer.error());
  std::ranges::fill(buffer->span(), std::byte{0});
  return std::move(*buffer);
}

void fill(std::span<std::byte> data, const std::string& path) {
  if (path.empty()) return put_alphabet(data, 0);
  InputFile file(path);
  const std::size_t n = file.read(data);
  if (n < data.size()) {
    throw Failure("nvm_buf_from_file",
                  fmt::format("{}: has {}, the command needs {}", path, counted(n, "byte"), data.size()));
  }
}

void show_metadata(const char* when, std::span<const std::byte> bytes, Output& out) {
  std::string text = fmt::format("# {}: {{meta_tbytes: {}}}\n", when, bytes.size());
  Json list = Json::array();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += fmt::format("{}0x{:x}", i == 0 ? "" : ", ", std::to_integer<unsigned>(bytes[i]));
    list.push_back(std::to_integer<unsigned>(bytes[i]));
  }
  out.text(text + "\n");
  out.document()[when] = std::move(list);
}

// The run of a chunk's sectors that one copy takes: a multiple of ws_min where 64 addresses have room for one.
std::uint32_t copy_step(const lightnvm::Geometry& g) {
  return std::max(lightnvm::kMaxAddresses / g.ws_min, 1U) * std::min(g.ws_min, lightnvm::kMaxAddresses);
}

Address chunk_of(const Session& s, const std::uint32_t* numbers) {
  const auto& g = s.device.geometry();
  if (numbers[0] >= lightnvm::kMaxGroups) throw beyond("pugrp", "group", numbers[0], g.groups);
  if (numbers[1] >= lightnvm::kMaxUnits) throw beyond("punit", "parallel unit", numbers[1], g.units);
  if (numbers[2] >= lightnvm::kMaxChunks) throw beyond("chunk", "chunk", numbers[2], g.chunks);
  const Address a = Address::of(numbers[0], numbers[1], numbers[2]);
  check_address(s, a, lightnvm::format::address(a));
  return a;
}

std::uint32_t copied_sectors(Session& s, Address from) {
  const auto chunk = s.device.chunk(from);
  if (chunk) return chunk->sectors;
  if (chunk.error().is_errno(ENOTSUP)) throw Failure("nvm_cmd_copy", "OCSSD 1.2 has no copy", ENOTSUP);
  throw Failure("nvm_cmd_rprt", chunk.error());
}

}  // namespace

void erase_sectors(const CommandRequest& request, Output& out) {
  const std::string call = "nvm_cmd_erase";
  Session s = open_session(request.ident, Access::read_write);
  const auto addresses = begin(s, request, call, out);
  const Sectors chunks = s.scalar() ? Sectors::scalar(addresses) : Sectors(addresses);
  const Completion done = s.device.reset(chunks, {}, options_of(s));
  if (!done) throw refused(call, done, out);
  flush(s.device, out);
}

void write_sectors(const CommandRequest& request, Output& out) {
  const std::string call = "nvm_cmd_write";
  Session s = open_session(request.ident, Access::read_write);
  const auto& g = s.device.geometry();
  const std::size_t count = request.addresses.size();
  const Buffer data = allocate(s, count * g.sector_bytes);
  fill(data, request.input);
  const Buffer metadata = allocate(s, s.device.route().metadata ? count * g.oob_bytes : 0);
  const auto addresses = begin(s, request, call, out);
  const Completion done = s.device.write(sectors_of(s, addresses), {data, metadata}, options_of(s));
  if (!done) throw refused(call, done, out);
  flush(s.device, out);
}

void read_sectors(const CommandRequest& request, Output& out) {
  const std::string call = "nvm_cmd_read";
  Session s = open_session(request.ident, Access::read_only);
  const auto& g = s.device.geometry();
  const std::size_t count = request.addresses.size();
  const Buffer data = allocate(s, count * g.sector_bytes);
  const Buffer metadata = allocate(s, s.print_metadata ? count * g.oob_bytes : 0);
  const auto addresses = begin(s, request, call, out);
  std::optional<OutputFile> file;
  if (!request.output.empty()) file.emplace(request.output, s.device.path());
  if (s.print_metadata) show_metadata("before_read", metadata, out);
  const Completion done = s.device.read(sectors_of(s, addresses), {data.span(), metadata.span()}, options_of(s));
  if (s.print_metadata) show_metadata("after_read", metadata, out);
  // What could be read is of use also where not all could, as in the original; nothing is not worth a file's contents.
  const bool has_some = std::ranges::any_of(data.span(), [](std::byte b) { return b != std::byte{0}; });
  if (file && (done || (done.status.is_nvme() && has_some))) {
    file->write(data);
    file->close();
  }
  if (!done) throw refused(call, done, out);
}

void copy_chunk(const CommandRequest& request, Output& out) {
  const std::string call = "nvm_cmd_copy";
  Session s = open_session(request.ident, Access::read_write);
  const auto& g = s.device.geometry();
  const Address from = chunk_of(s, &request.numbers[0]), to = chunk_of(s, &request.numbers[3]);
  const std::uint32_t count = copied_sectors(s, from), step = copy_step(g);
  out.text(fmt::format("# {}\n", call));
  show_addresses(s, {&from, 1}, out, "src");
  show_addresses(s, {&to, 1}, out, "dst");
  Progress progress({.what = call, .total = count, .bytes = false, .unit = "sectors", .quiet = out.json()});
  std::vector<Address> sources, targets;
  for (std::uint32_t at = 0; at < count; at += step) {
    sources.clear();
    targets.clear();
    for (std::uint32_t i = at; i < std::min(at + step, count); ++i) {
      sources.push_back(from.at_sector(i));
      targets.push_back(to.at_sector(i));
    }
    const Completion done = s.device.copy(sources, targets);
    if (!done && done.status.is_errno(ENOTSUP)) throw Failure(call, "the device has no copy", ENOTSUP);
    if (!done) throw refused(call, done, out);
    progress.set(at + sources.size());
  }
  flush(s.device, out);
}

}  // namespace tools
