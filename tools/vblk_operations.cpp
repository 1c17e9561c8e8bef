// SPDX-License-Identifier: BSD-2-Clause
// The operations of nvm_vblk: what they print, in the original's order, and what they do.
#include <fmt/format.h>

#include <chrono>
#include <lightnvm/format.hpp>
#include <optional>

#include "nvm_vblk.hpp"
#include "progress.hpp"
#include "vblk_transfer.hpp"

namespace tools {
namespace {

using lightnvm::Address;
using lightnvm::Chunk;
using lightnvm::ChunkState;
using lightnvm::ChunkType;
using lightnvm::Device;
using lightnvm::VirtualBlock;
namespace format = lightnvm::format;

constexpr auto kJson = format::Syntax::json;

struct Opened {
  Session session;
  VirtualBlock block;
};

Opened open_block(const BlockRequest& request, Naming naming, Access access) {
  Session session = open_session(request.ident, access);
  const auto chunks = named_chunks(session, request, naming);
  VirtualBlock block = make_block(session, chunks, request);
  return {std::move(session), std::move(block)};
}

void show_block(const Session& session, const VirtualBlock& block, const BlockRequest& request, Output& out) {
  format::BlockValues v;
  v.version = block.device().version();
  v.plane_mode = session.defaults.plane_mode;
  v.chunks = block.chunks();
  v.bytes = block.size();
  v.write_position = block.write_position();
  v.read_position = block.read_position();
  v.flags = (request.depth ? format::kAsync : format::kSync) |
            (request.scalar || session.scalar() ? format::kScalar : format::kVector) | format::kPrp;
  out.show("vblk", format::virtual_block(v), format::virtual_block(v, kJson));
}

void show_times(const std::string& call, const Timing& t, Output& out) {
  out.show(call, format::timer(call, t.elapsed, t.bytes), format::timer(call, t.elapsed, t.bytes, kJson));
}

void show_buffer_time(const char* call, double seconds, Output& out) {
  out.show(call, format::timer(call, seconds), format::timer(call, seconds, kJson));
}

// The timing lines come also when the work failed, and before the failure.
template <typename Work, typename Show>
void timed(Work&& work, Show&& show) {
  Timing timing;
  std::optional<Failure> failure;
  try {
    work(timing);
  } catch (const Failure& f) {
    failure = f;
  }
  show(timing);
  if (failure) throw Failure(*failure);
}

// Runs one call of the library that takes its time and cannot say how far it is; `done` may find out.
template <typename Call>
void whole(const std::string& call, std::uint64_t bytes, const Output& out, Timing& timing, Call&& work,
           std::function<std::uint64_t()> done = {}) {
  const auto start = std::chrono::steady_clock::now();
  lightnvm::Status status;
  {
    const Progress progress({.what = call, .total = done ? bytes : 0, .quiet = out.json(), .done = std::move(done)});
    status = work();
  }
  timing.elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!status) throw Failure(call, status);
  timing.bytes = bytes;
}

// Why a chunk cannot be reset; empty where it can.
std::string unresettable(const Chunk& c, const lightnvm::Geometry& g) {
  if (c.state == ChunkState::offline) return "is offline";
  if (c.state == ChunkState::open && !g.early_reset && c.type == ChunkType::random) {
    return "takes writes at random and is never full: this device (mccap without early reset) erases only full chunks";
  }
  if (c.state == ChunkState::open && !g.early_reset) return "is open, and only full chunks can be erased: pad it first";
  if (c.state == ChunkState::free && !g.multiple_resets) return "is free already";
  return {};
}

// The failure with the chunk that explains it, if there is one.
Failure explain_erase(VirtualBlock& block, const Failure& failure) {
  for (const Address a : block.chunks()) {
    const auto chunk = block.device().chunk(a);
    const std::string why = chunk ? unresettable(*chunk, block.device().geometry()) : "";
    if (why.empty()) continue;
    return {failure.call(), fmt::format("{}: chunk ({},{},{}) {}", failure.what(), a.group(), a.unit(), a.chunk(), why),
            failure.error()};
  }
  return failure;
}

const std::string kErase = "nvm_vblk_erase";

void erase(VirtualBlock& block, const Output& out, Timing& timing) {
  try {
    whole(kErase, block.size(), out, timing, [&] { return block.erase(); });
  } catch (const Failure& f) {
    throw explain_erase(block, f);
  }
}

// Says before the first byte whether a file is long enough.
void check_length(const InputFile& file, const BlockRequest& request, const VirtualBlock& block) {
  if (!file.regular()) return;
  if (file.size() > block.size()) {
    complain("note", fmt::format("{}: {} longer than the virtual block, the rest is ignored", file.path(),
                                 counted(file.size() - block.size(), "byte")));
  }
  if (request.pad || file.size() >= block.size()) return;
  throw Failure("nvm_buf_from_file",
                fmt::format("{}: has {}, the virtual block needs {} ({}); --pad fills the rest", file.path(),
                            counted(file.size(), "byte"), block.size(), human_bytes(block.size())));
}

Fill from_file(InputFile& file, const BlockRequest& request) {
  return [&file, pad = request.pad](std::span<std::byte> to) {
    const std::size_t n = file.read(to);
    if (n < to.size() && !pad && !interrupted()) {
      throw Failure("nvm_buf_from_file", fmt::format("{}: ended before the virtual block was full", file.path()), EIO);
    }
    return n;
  };
}

void pad_rest(const Session& s, VirtualBlock& block, std::uint64_t from, Output& out) {
  const std::string call = "nvm_vblk_pad";
  timed(
      [&](Timing& t) {
        (void)write_pieces(block, {call, from, block.size() - from, out.json(), s.defaults.metadata_mode}, alphabet(),
                           t);
      },
      [&](const Timing& t) { show_times(call, t, out); });
}

// Fills the chunks one by one, each from its own write pointer on: they do not stand as a stripe leaves them.
void pad_each(const Session& s, VirtualBlock& block, const BlockRequest& request, Output& out) {
  const std::string call = "nvm_vblk_pad";
  complain("note", "the chunks are not written as one virtual block: each is filled from where it ends");
  timed(
      [&](Timing& all) {
        for (const Address& a : block.chunks()) {
          VirtualBlock one = make_block(s, {&a, 1}, request);
          (void)one.find_write_position();  // a free chunk of random writes has none: it begins at 0
          const std::uint64_t from = one.write_position();
          Timing t;
          (void)write_pieces(one, {call, from, one.size() - from, out.json(), s.defaults.metadata_mode}, alphabet(), t);
          all.elapsed += t.elapsed;
          all.bytes += t.bytes;
        }
      },
      [&](const Timing& t) { show_times(call, t, out); });
}

void read_part(const Session& s, VirtualBlock& block, const Extent& extent, const BlockRequest& request, bool fill_line,
               Output& out) {
  std::optional<OutputFile> file;
  if (!request.output.empty()) file.emplace(request.output, block.device().path());
  show_block(s, block, request, out);
  const Drain drain = [&](std::span<const std::byte> data) {
    if (file) file->write(data);
  };
  timed(
      [&](Timing& t) {
        read_pieces(block, extent, drain, t);
        if (file) file->close();
      },
      [&](const Timing& t) {
        show_buffer_time("nvm_buf_alloc", t.alloc, out);
        if (fill_line) show_buffer_time("nvm_buf_fill", t.fill, out);
        show_times(extent.call, t, out);
      });
}

}  // namespace

void erase_block(const BlockRequest& request, Naming naming, Output& out) {
  auto [s, block] = open_block(request, naming, Access::read_write);
  show_block(s, block, request, out);
  timed([&](Timing& t) { erase(block, out, t); }, [&](const Timing& t) { show_times(kErase, t, out); });
  flush(s.device, out);
}

void pad_block(const BlockRequest& request, Naming naming, Output& out) {
  auto [s, block] = open_block(request, naming, Access::read_write);
  require_paddable(block, "nvm_vblk_pad");
  const auto position = block.find_write_position();
  show_block(s, block, request, out);
  if (position) {
    pad_rest(s, block, *position, out);
  } else {
    pad_each(s, block, request, out);
  }
  flush(s.device, out);
}

void write_block(const BlockRequest& request, Naming naming, Output& out) {
  auto [s, block] = open_block(request, naming, Access::read_write);
  const std::string call = "nvm_vblk_write";
  std::optional<InputFile> file;
  if (!request.input.empty()) {
    file.emplace(request.input);
    check_length(*file, request, block);
  }
  require_writable(block, call);
  show_block(s, block, request, out);
  std::uint64_t end = 0;
  timed(
      [&](Timing& t) {
        const Fill fill = file ? from_file(*file, request) : alphabet();
        end = write_pieces(block, {call, 0, block.size(), out.json(), s.defaults.metadata_mode}, fill, t);
      },
      [&](const Timing& t) {
        show_buffer_time("nvm_buf_alloc", t.alloc, out);
        show_buffer_time("nvm_buf_fill", t.fill, out);
        show_times(call, t, out);
      });
  if (end < block.size()) pad_rest(s, block, end, out);
  flush(s.device, out);
}

void read_block(const BlockRequest& request, Naming naming, Output& out) {
  auto [s, block] = open_block(request, naming, Access::read_only);
  const std::uint64_t bytes = request.bytes.value_or(block.size());
  if (bytes > block.size()) {
    throw Failure("FAILED", fmt::format("--bytes {} is more than the virtual block has: {}", bytes, block.size()));
  }
  read_part(s, block, {"nvm_vblk_read", 0, bytes, out.json()}, request, true, out);
}

void pread_block(const BlockRequest& request, Naming naming, Output& out) {
  auto [s, block] = open_block(request, naming, Access::read_only);
  const lightnvm::Geometry& g = s.device.geometry();
  // The rule of the C API's function.
  const std::uint64_t unit = std::uint64_t{g.ws_opt} * g.sector_bytes;
  if (request.offset % unit != 0 || request.count % unit != 0) {
    throw Failure("FAILED", fmt::format("count and offset are multiples of ws_opt sectors, {} bytes", unit));
  }
  if (request.offset > block.size() || request.count > block.size() - request.offset) {
    throw Failure("FAILED", fmt::format("{} bytes from {} on reach beyond the virtual block's end, {}", request.count,
                                        request.offset, block.size()));
  }
  read_part(s, block, {"nvm_vblk_pread", request.offset, request.count, out.json()}, request, false, out);
}

void copy_block(const BlockRequest& request, Naming naming, Output& out) {
  Session s = open_session(request.ident, Access::read_write);
  Device& device = s.device;
  const std::string call = "nvm_vblk_copy";
  const auto chunks = named_chunks(s, request, naming);
  const std::span<const Address> all(chunks);
  VirtualBlock source = make_block(s, all.first(1), request);
  VirtualBlock target = make_block(s, all.last(1), request);
  require_writable(target, call);
  const auto copied = [&device, at = all[1], bytes = device.geometry().sector_bytes] {
    const auto chunk = device.chunk(at);
    return chunk && chunk->write_pointer != Chunk::kNoWritePointer ? chunk->write_pointer * bytes : 0;
  };
  const auto json = [&](const Timing& t) {
    out.show("src", {}, format::addresses(all.first(1), device.version(), kJson));
    out.show("dst", {}, format::addresses(all.last(1), device.version(), kJson));
    out.show(call, {}, format::timer(call, t.elapsed, t.bytes, kJson));
  };
  timed([&](Timing& t) { whole(call, source.size(), out, t, [&] { return source.copy_to(target); }, copied); }, json);
  flush(s.device, out);
}

}  // namespace tools
