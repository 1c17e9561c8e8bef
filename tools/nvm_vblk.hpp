// SPDX-License-Identifier: BSD-2-Clause
// The parts of nvm_vblk: what was asked for, the virtual block that it names, and the operations.
#pragma once

#include <lightnvm/virtual_block.hpp>
#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace tools {

/// How a sub-command names its chunks: an address, a list of them, or a line over units.
enum class Naming { one, list, line };

/// What the command line asks for.
struct BlockRequest {
  std::string ident;
  std::vector<std::string> addresses;
  lightnvm::VirtualBlock::Line line;
  std::uint64_t count = 0, offset = 0;
  std::string input, output;
  std::optional<std::uint64_t> bytes;  ///< of a read
  bool pad = false;                    ///< a write's file may be short
  bool scalar = false;
  std::optional<std::uint32_t> depth;
};

/// The chunks that a request names, checked against the device.
std::vector<lightnvm::Address> named_chunks(const Session& session, const BlockRequest& request, Naming naming);
lightnvm::VirtualBlock make_block(const Session& session, std::span<const lightnvm::Address> chunks,
                                  const BlockRequest& request);
/// Refuses chunks that cannot be written from their beginning on, before a byte is sent.
void require_writable(lightnvm::VirtualBlock& block, const std::string& call);

/// Refuses chunks whose rest cannot be filled.
void require_paddable(lightnvm::VirtualBlock& block, const std::string& call);

void erase_block(const BlockRequest& request, Naming naming, Output& out);
void pad_block(const BlockRequest& request, Naming naming, Output& out);
void write_block(const BlockRequest& request, Naming naming, Output& out);
void read_block(const BlockRequest& request, Naming naming, Output& out);
void pread_block(const BlockRequest& request, Naming naming, Output& out);
void copy_block(const BlockRequest& request, Naming naming, Output& out);

}  // namespace tools
