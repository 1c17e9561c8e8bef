// SPDX-License-Identifier: BSD-2-Clause
// Commands of OCSSD 1.2: physical addresses become the machine's, and go the way of vector commands. OCSSD-1.2 10.4.
#include <algorithm>

#include "emulator/queue_op.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;
using spec::IoOpcode;

Status refuse(StatusCode code) noexcept { return Status::nvme_dnr(code); }

constexpr bool is_bad(BlockState mark) noexcept {
  return mark == BlockState::factory_bad || mark == BlockState::grown_bad;
}

}  // namespace

Status Queue::begin_physical(Op& op) noexcept {
  switch (static_cast<IoOpcode>(op.opcode)) {
    case IoOpcode::vector_read:
      if (const Status s = plan_physical(op); !s) return s;
      op.stage = Op::Stage::read;
      read_pieces(op);
      return {};
    case IoOpcode::vector_write:
      if (const Status s = plan_physical(op); !s) return s;
      begin_write(op);
      return {};
    case IoOpcode::vector_reset: return begin_erase(op);
    case IoOpcode::flush: {
      const Status s = flush(*op.command);
      if (s) finish(op, s);
      return s;
    }
    case IoOpcode::read:
    case IoOpcode::write:
    case IoOpcode::dataset_management:
    case IoOpcode::vector_copy: break;
  }
  return refuse(invalid_opcode);
}

// What the identity does not offer is refused, as is a plane mode that is not that of the device's planes. `planes`:
// how many the mode works on.
Status Queue::check_control(const spec::Command& c, std::uint32_t& planes) const noexcept {
  const Geometry& g = device_.config().geometry;
  const std::uint32_t control = spec::Control::get(c);
  const std::uint32_t known = spec::kControlPlaneMode | spec::kControlFua | spec::kControlLimitedRetry |
                              (g.suspension ? spec::kControlSuspend : 0) | (g.slc_mode ? spec::kControlSlc : 0) |
                              (g.scrambler ? spec::kControlScrambler : 0);
  planes = 1U << (control & spec::kControlPlaneMode);
  const bool suits = planes == 1 || planes == g.planes;
  return (control & ~known) == 0 && suits ? Status() : refuse(invalid_field);
}

// The list, or the one address in the command itself. `slba` is the first, for the error log.
Status Queue::take_addresses(Op& op) noexcept {
  const spec::Command& c = *op.command;
  op.total = spec::PhysicalNlb::get(c) + 1;
  if (op.total > kMaxAddresses || (c.dw[13] | c.dw[14] | c.dw[15]) != 0) return refuse(invalid_field);
  const std::uint64_t single = spec::Ppa::get(c);
  List given = op.payload->list;
  if (given.empty() && op.total == 1) given = {&single, 1};
  if (given.size() != op.total) return refuse(lba_list_length_invalid);
  op.vector = true;
  op.slba = given[0];
  for (std::uint32_t i = 0; i < op.total; ++i) {
    op.flat[i] = device_.has(given[i]) ? device_.flat(given[i]) : Op::kNowhere;
  }
  op.list = {op.flat.data(), op.total};
  return {};
}

Status Queue::plan_physical(Op& op) noexcept {
  std::uint32_t planes = 1;
  if (const Status s = check_control(*op.command, planes); !s) return s;
  if (const Status s = take_addresses(op); !s) return s;
  op.durable = (spec::Control::get(*op.command) & spec::kControlFua) != 0;
  if (const Status s = plan_memory(*op.payload, op); !s) return s;
  const bool writes = op.opcode == static_cast<std::uint8_t>(IoOpcode::vector_write);
  op.span = planes;
  const bool exist = std::ranges::find(op.list, Op::kNowhere) == op.list.end();
  if (exist && (!writes || whole_pages(op))) return {};
  op.note(op, 0, op.total, refuse(invalid_field));
  return refuse(invalid_field);
}

// Whether a write is made of whole pages, each on all planes of the mode: plane after plane, their sectors in order.
bool Queue::whole_pages(const Op& op) const noexcept {
  const Geometry& g = device_.config().geometry;
  const std::uint32_t page = g.page_sectors;
  const std::uint32_t row = page * op.span;
  if (op.total % row != 0) return false;
  for (std::uint32_t i = 0; i < op.total; ++i) {
    const Address first = device_.format().unpack(op.flat[i - i % row]);
    const std::uint32_t plane = first.chunk() % g.planes;
    // The planes of a block are chunks beside each other.
    const Address expected =
        Address::of(first.group(), first.unit(), first.chunk() + i % row / page, first.sector() + i % page);
    if (first.sector() % page != 0 || plane + op.span > g.planes) return false;
    if (device_.format().unpack(op.flat[i]) != expected) return false;
  }
  return true;
}

// An erase over planes is as many steps for each address. Pages and sectors of the addresses mean nothing.
Status Queue::begin_erase(Op& op) noexcept {
  if (const Status s = check_control(*op.command, op.span); !s) return s;
  if (const Status s = take_addresses(op); !s) return s;
  if (!op.payload->data.empty()) return refuse(data_sgl_length_invalid);
  if (total_bytes(op.payload->metadata) != 0) return refuse(metadata_sgl_length_invalid);
  op.metadata = {};
  op.durable = false;
  op.total *= op.span;
  op.stage = Op::Stage::reset;
  reset_entries(op);
  return {};
}

// Nothing of a block is erased if one of the planes that go with it cannot be.
StatusCode Queue::target_of_erase(const Op& op, std::uint32_t& chunk) const noexcept {
  const std::uint64_t address = op.flat[op.position / op.span];
  if (address == Op::kNowhere) return invalid_field;
  const std::uint32_t step = op.position % op.span;
  const std::uint32_t named = device_.locate(address).chunk;
  const std::uint32_t first = op.span == 1 ? named : named - named % op.span;
  chunk = first + step;
  if (step != 0) return success;
  for (std::uint32_t plane = 0; plane < op.span; ++plane) {
    if (is_bad(machine_.mark(first + plane))) return invalid_field;
  }
  return success;
}

// What the machine says in the words of OCSSD 2.0. A write that was let in and failed is a failure of the media.
Status Queue::physical_status(const Op& op, Status status) noexcept {
  if (status) return status;
  switch (static_cast<IoOpcode>(op.opcode)) {
    case IoOpcode::vector_read:
      return status.is(unrecovered_read_error) ? Status::nvme_dnr(unrecovered_read_error) : status;
    case IoOpcode::vector_write:
      if (op.run_count != 0) return Status::nvme_dnr(write_failure);
      return status.is(out_of_order_write) || status.is(write_fault) ? refuse(invalid_field) : status;
    case IoOpcode::vector_reset:
      return status.is(offline_chunk) || status.is(invalid_reset) ? Status::nvme_dnr(write_failure) : status;
    default: return status;
  }
}

}  // namespace lightnvm::emulator
