// SPDX-License-Identifier: BSD-2-Clause
// Builds submission entries from natural counts; the only place that turns a count into NVMe's 0-based fields.
#pragma once

#include "spec/nvme.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::spec::build {

constexpr Command command(std::uint8_t opcode, std::uint32_t nsid) noexcept {
  Command c;
  Opcode::set(c, opcode);
  Nsid::set(c, nsid);
  return c;
}
constexpr Command command(AdminOpcode op, std::uint32_t nsid) noexcept {
  return command(static_cast<std::uint8_t>(op), nsid);
}
constexpr Command command(IoOpcode op, std::uint32_t nsid) noexcept {
  return command(static_cast<std::uint8_t>(op), nsid);
}

constexpr Command identify(std::uint8_t cns, std::uint32_t nsid) noexcept {
  Command c = command(AdminOpcode::identify, nsid);
  Cns::set(c, cns);
  return c;
}
constexpr Command geometry(std::uint32_t nsid) noexcept { return command(AdminOpcode::geometry, nsid); }

/// `bytes` is a multiple of 4, at least 4; `retain` leaves the page's asynchronous event masked.
constexpr Command get_log(LogPage page, std::uint32_t nsid, std::uint64_t offset, std::uint32_t bytes,
                          bool retain = false) noexcept {
  Command c = command(AdminOpcode::get_log_page, nsid);
  const std::uint32_t dwords = bytes / 4 - 1;
  Lid::set(c, static_cast<std::uint8_t>(page));
  Rae::set(c, retain ? 1 : 0);
  Numdl::set(c, dwords & 0xFFFF);
  Numdu::set(c, dwords >> 16);
  Lpo::set(c, offset);
  return c;
}
constexpr Command get_features(FeatureId id, std::uint32_t nsid) noexcept {
  Command c = command(AdminOpcode::get_features, nsid);
  Fid::set(c, static_cast<std::uint8_t>(id));
  return c;
}
constexpr Command set_features(FeatureId id, std::uint32_t nsid, std::uint32_t value) noexcept {
  Command c = command(AdminOpcode::set_features, nsid);
  Fid::set(c, static_cast<std::uint8_t>(id));
  FeatureValue::set(c, value);
  return c;
}
constexpr Command abort(std::uint16_t sqid, std::uint16_t cid) noexcept {
  Command c = command(AdminOpcode::abort, 0);
  AbortSqid::set(c, sqid);
  AbortCid::set(c, cid);
  return c;
}
constexpr Command async_event_request() noexcept { return command(AdminOpcode::async_event_request, 0); }

/// Read or write of `blocks` (1 to 65536) logical blocks.
constexpr Command transfer(IoOpcode op, std::uint32_t nsid, std::uint64_t slba, std::uint32_t blocks) noexcept {
  Command c = command(op, nsid);
  Slba::set(c, slba);
  Nlb::set(c, blocks - 1);
  return c;
}
/// Dataset Management that deallocates `ranges` (1 to 256) ranges, which are the command's data.
constexpr Command deallocate(std::uint32_t nsid, std::uint32_t ranges) noexcept {
  Command c = command(IoOpcode::dataset_management, nsid);
  Nr::set(c, ranges - 1);
  Deallocate::set(c, 1);
  return c;
}
/// A vector command of `addresses` (1 to 64) addresses; the list travels beside it, a single address within it.
constexpr Command vector(IoOpcode op, std::uint32_t nsid, std::uint32_t addresses) noexcept {
  Command c = command(op, nsid);
  VectorNlb::set(c, addresses - 1);
  return c;
}
/// `ppa` names the LUN.
constexpr Command get_bad_blocks(std::uint32_t nsid, std::uint64_t ppa) noexcept {
  Command c = command(AdminOpcode::get_bad_blocks, nsid);
  Ppa::set(c, ppa);
  return c;
}
/// Of `blocks` (1 to 64) blocks: a single address is put into the command, a list travels beside it.
constexpr Command set_bad_blocks(std::uint32_t nsid, std::uint8_t state, std::uint32_t blocks) noexcept {
  Command c = command(AdminOpcode::set_bad_blocks, nsid);
  BadBlockNlb::set(c, blocks - 1);
  BadBlockValue::set(c, state);
  return c;
}
constexpr Command flush(std::uint32_t nsid) noexcept { return command(IoOpcode::flush, nsid); }

}  // namespace lightnvm::spec::build
