// SPDX-License-Identifier: BSD-2-Clause
// The sub-commands of nvm_cmd that send a command from a file as it is.
#include <algorithm>
#include <bit>
#include <cstring>

#include "files.hpp"
#include "nvm_cmd.hpp"

namespace tools {
namespace {

using lightnvm::Buffer;
using lightnvm::CommandSet;
using lightnvm::Completion;
using lightnvm::RawCommand;

constexpr std::uint64_t kMost = 1ULL << 20;
constexpr const char* kCall = "nvm_cmd_pass";

// A file that travels with a command: what it had, and the memory that goes to the device.
struct Attachment {
  std::string path;
  std::vector<std::byte> before;
  Buffer memory;
};

std::vector<std::byte> contents(const std::string& path, std::uint64_t most) {
  InputFile file(path);
  std::vector<std::byte> bytes(most + 1);
  bytes.resize(file.read(bytes));
  if (bytes.size() > most) throw Failure("FAILED", fmt::format("{}: is larger than {}", path, human_bytes(most)));
  return bytes;
}

Attachment attach(Session& s, const std::string& path) {
  Attachment a{.path = path};
  if (path.empty()) return a;
  a.before = contents(path, kMost);
  if (a.before.empty()) return a;
  auto memory = s.device.allocate(a.before.size());
  if (!memory) throw Failure("nvm_buf_alloc", memory.error());
  a.memory = std::move(*memory);
  std::ranges::copy(a.before, a.memory.data());
  return a;
}

// The file has what came back, if that is something else.
void detach(const Session& s, const Attachment& a) {
  if (std::ranges::equal(a.before, a.memory.span())) return;
  OutputFile file(a.path, s.device.path());
  file.write(a.memory);
  file.close();
}

RawCommand read_command(const std::string& path) {
  if (path.empty()) throw Failure("nvm_cmd", "Please provide a command-file with '-c'", EIO);
  RawCommand command{};
  const auto bytes = contents(path, sizeof(command));
  if (bytes.size() != sizeof(command)) {
    throw Failure("FAILED",
                  fmt::format("{}: has {}, a command has {}", path, counted(bytes.size(), "byte"), sizeof(command)));
  }
  std::memcpy(command.data(), bytes.data(), sizeof(command));
  return command;
}

// A vector command of one address has it in itself. A list of several would be a pointer, which no file can have.
std::vector<std::uint64_t> list_of(CommandSet set, const RawCommand& c, std::size_t dword) {
  constexpr unsigned kFirst = 0x90, kLast = 0x93, kCopy = 0x93;
  const unsigned opcode = c[0] & 0xFF;
  if (set != CommandSet::io || opcode < kFirst || opcode > kLast) return {};
  if ((c[12] & 0xFFFF) != 0) {
    throw Failure("FAILED", "a vector command of several addresses points to them, and a file has no memory");
  }
  if (dword != 10 && opcode != kCopy) return {};
  return {static_cast<std::uint64_t>(c[dword + 1]) << 32 | c[dword]};
}

void show(const RawCommand& command, const std::string& path, const Attachment& data, const Attachment& metadata,
          Output& out) {
  std::string text = "cli_opts_pfile:\n";
  Json files = Json::object();
  const auto file = [&](std::string_view name, const std::string& of, std::size_t bytes) {
    text += fmt::format("  {0}_path: {1}\n  {0}_nbytes: {2}\n", name, of.empty() ? "(null)" : of, bytes);
    files[fmt::format("{}_path", name)] = of.empty() ? Json() : Json(of);
    files[fmt::format("{}_nbytes", name)] = bytes;
  };
  file("cmd", path, sizeof(command));
  file("meta", metadata.path, metadata.before.size());
  file("data", data.path, data.before.size());
  text += "nvm_nvme_cmd:\n";
  for (const std::uint32_t dword : command) text += fmt::format("  - '{:032b}'\n", dword);
  out.text(text);
  out.document()["cli_opts_pfile"] = std::move(files);
  out.document()["nvm_nvme_cmd"] = command;
}

void pass(CommandSet set, const CommandRequest& request, Output& out) {
  // PIOC and PADC with SYNC, as the C API has them.
  const unsigned options = set == CommandSet::admin ? 0x1010 : 0x810;
  RawCommand command = read_command(request.command);
  Session s = open_session(request.ident, Access::read_write);
  const Attachment data = attach(s, request.data), metadata = attach(s, request.metadata);
  out.text(fmt::format("# {}(..., CMD_OPTS=0x{:x}, ...)\n", kCall, options));
  show(command, request.command, data, metadata, out);
  if (set == CommandSet::admin && metadata.memory.size() != 0) {
    command[11] = static_cast<std::uint32_t>(metadata.memory.size() / 4);
  }
  const auto list = list_of(set, command, 10), destination = list_of(set, command, 14);
  const Completion done = s.device.pass(set, command, {data.memory.span(), metadata.memory.span()}, list, destination);
  if (!done) throw refused(kCall, done, out);
  // The result is what some commands are sent for.
  if (out.json()) {
    out.document()["nvm_ret"] = Json::parse(lightnvm::format::returned(done, lightnvm::format::Syntax::json));
  }
  detach(s, data);
  detach(s, metadata);
}

}  // namespace

void pass_io(const CommandRequest& request, Output& out) { pass(CommandSet::io, request, out); }
void pass_admin(const CommandRequest& request, Output& out) { pass(CommandSet::admin, request, out); }

}  // namespace tools
