// SPDX-License-Identifier: BSD-2-Clause
// I/O commands: parsing, checking, and the way to their completion. The stages are in queue_{read,write,reset}.cpp.
#include "emulator/queue.hpp"

#include <algorithm>
#include <bit>

#include "emulator/queue_op.hpp"
#include "spec/reserved.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;
using spec::IoOpcode;

constexpr std::uint32_t kBroadcast = 0xFFFFFFFF;

Status refuse(StatusCode code) noexcept { return Status::nvme_dnr(code); }

constexpr bool is_read(std::uint8_t opcode) noexcept {
  return opcode == static_cast<std::uint8_t>(IoOpcode::read) ||
         opcode == static_cast<std::uint8_t>(IoOpcode::vector_read);
}

}  // namespace

Queue::Queue(Controller& controller, std::uint32_t depth, std::uint16_t sqid)
    : controller_(controller),
      device_(controller.device()),
      machine_(device_.machine()),
      channel_(device_.media().open_channel(depth)),
      sqid_(sqid),
      transfer_limit_(device_.config().mdts == 0 ? ~0ULL : 4096ULL << device_.config().mdts),
      sector_bytes_(device_.geometry().sector_bytes),
      oob_bytes_(device_.geometry().oob_bytes),
      chunk_sectors_(device_.geometry().sectors),
      locator_(device_.locator()),
      readable_(machine_),
      ops_(std::make_unique<Op[]>(depth)),
      depth_(depth),
      done_(std::bit_ceil(depth)),
      done_mask_(std::bit_ceil(depth) - 1),
      persistent_(device_.media().persistent()),
      physical_(device_.physical()),
      faults_(device_.faults()),
      direct_(physical_ || faults_ != nullptr ? Media::Direct{} : device_.media().direct()) {
  direct_sectors_ = direct_.data == nullptr ? 0
                                            : static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                                  transfer_limit_ / device_.geometry().sector_bytes, 65536));
  for (std::uint32_t i = 0; i < depth; ++i) {
    Op& op = ops_[i];
    for (std::uint32_t m = kMaxPieces; m-- > 0;) op.free_media[op.free_media_count++] = static_cast<std::uint8_t>(m);
  }
  if (device_.geometry().vector_copy) {
    const Geometry& g = device_.geometry();
    copy_buffer_.resize(static_cast<std::size_t>(kMaxAddresses) * (g.sector_bytes + g.oob_bytes));
  }
  device_.add_traffic(&traffic_);
}

Queue::~Queue() { device_.remove_traffic(&traffic_); }

void Queue::start_any(const spec::Command& command, const Payload& payload, std::uint16_t tag) noexcept {
  const auto opcode = static_cast<std::uint8_t>(spec::Opcode::get(command));
  const Status wrong = check_command(command, opcode);
  Op& op = ops_[tag];
  static_cast<Plan&>(op) = Plan();
  static_cast<Failures&>(op) = Failures();
  op.command = &command;
  op.payload = &payload;
  op.tag = tag;
  op.opcode = opcode;
  op.changed = op.reset_waits = false;
  op.position = op.media_pending = op.run_count = 0;
  const Status s = wrong ? begin(op) : wrong;
  if (!s) finish(op, s);
}

Status Queue::check_command(const spec::Command& c, std::uint8_t opcode) const noexcept {
  // The low half of dword 0 but the opcode: FUSE, reserved bits, PSDT (3 is reserved).
  const std::uint32_t flags = c.dw[0] & 0xFF00;
  if (((flags & 0x3F00) | c.dw[2] | c.dw[3]) != 0 || flags == 0xC000) return refuse(invalid_field);
  const std::uint32_t nsid = spec::Nsid::get(c);
  const bool flushes = opcode == static_cast<std::uint8_t>(IoOpcode::flush);
  if (nsid != 1 && !(flushes && nsid == kBroadcast)) return refuse(invalid_namespace);
  if (device_.read_only() && !is_read(opcode) && !flushes) return refuse(namespace_write_protected);
  return {};
}

Status Queue::begin(Op& op) noexcept {
  if (physical_) return begin_physical(op);
  switch (static_cast<IoOpcode>(op.opcode)) {
    case IoOpcode::read:
    case IoOpcode::vector_read:
      if (const Status s = plan_transfer(*op.command, *op.payload, op); !s) return s;
      op.stage = Op::Stage::read;
      read_pieces(op);
      return {};
    case IoOpcode::write:
    case IoOpcode::vector_write:
      if (const Status s = plan_transfer(*op.command, *op.payload, op); !s) return s;
      begin_write(op);
      return {};
    case IoOpcode::vector_copy: return begin_copy(op);
    case IoOpcode::vector_reset: return begin_vector_reset(op);
    case IoOpcode::dataset_management: return begin_deallocate(op);
    case IoOpcode::flush: {
      const Status s = flush(*op.command);
      if (s) finish(op, s);
      return s;
    }
  }
  return refuse(invalid_opcode);
}

// Reads and writes. The payload holds exactly what the command moves: excess is refused like want. NVMe-2.0 4.3.2.
Status Queue::plan_transfer(const spec::Command& c, const Payload& p, Plan& plan) const noexcept {
  // Reads and writes of a kind reserve the same bits.
  static constexpr spec::Reserved kVector = spec::reserved_in(IoOpcode::vector_read);
  static constexpr spec::Reserved kScalar = spec::reserved_in(IoOpcode::read);
  static_assert(kVector.dw10 == spec::reserved_in(IoOpcode::vector_write).dw10);
  static_assert(kScalar.dw10 == spec::reserved_in(IoOpcode::write).dw10);
  plan.vector = spec::is_vector(spec::Opcode::get(c));
  if (plan.vector) {
    if (!spec::clear_of(c, kVector)) return refuse(invalid_field);
    plan.total = spec::VectorNlb::get(c) + 1;
    plan.list = p.list;
    if (plan.list.size() != plan.total) return refuse(lba_list_length_invalid);
    plan.slba = plan.list[0];
  } else {
    if (!spec::clear_of(c, kScalar)) return refuse(invalid_field);
    plan.total = spec::Nlb::get(c) + 1;
    plan.slba = spec::Slba::get(c);
  }
  plan.durable = spec::Fua::get(c) != 0;
  return plan_memory(p, plan);
}

Status Queue::plan_memory(const Payload& p, Plan& plan) const noexcept {
  const Geometry& g = device_.geometry();
  const std::uint64_t bytes = static_cast<std::uint64_t>(plan.total) * g.sector_bytes;
  if (bytes > transfer_limit_) return refuse(invalid_field);
  if (total_bytes(p.data) != bytes) return refuse(data_sgl_length_invalid);
  plan.data = {p.data, 0, bytes};
  if (!p.metadata.empty()) {
    const std::size_t metadata = total_bytes(p.metadata);
    if (metadata != 0 && metadata != static_cast<std::uint64_t>(plan.total) * g.oob_bytes) {
      return refuse(metadata_sgl_length_invalid);
    }
    plan.metadata = {p.metadata, 0, metadata};
  }
  return {};
}

// OCSSD-2.0 4.5: first as a read of the sources, then as a write to the destinations.
Status Queue::begin_copy(Op& op) noexcept {
  const spec::Command& c = *op.command;
  const Geometry& g = device_.geometry();
  if (!g.vector_copy) return refuse(invalid_opcode);
  if (!spec::clear_of(c, spec::reserved_in(IoOpcode::vector_copy))) return refuse(invalid_field);
  op.total = spec::VectorNlb::get(c) + 1;
  if (op.payload->list.size() != op.total || op.payload->destination.size() != op.total) {
    return refuse(lba_list_length_invalid);
  }
  if (!op.payload->data.empty()) return refuse(data_sgl_length_invalid);
  if (!op.payload->metadata.empty()) return refuse(metadata_sgl_length_invalid);
  op.vector = true;
  op.durable = spec::Fua::get(c) != 0;
  if (copying_ != nullptr) {
    op.stage = Op::Stage::read;
    wait(op);
    return {};
  }
  copying_ = &op;
  op.list = op.payload->list;
  op.copy_segments[0] = {copy_buffer_.data(), static_cast<std::size_t>(op.total) * g.sector_bytes};
  op.copy_segments[1] = {copy_buffer_.data() + static_cast<std::size_t>(kMaxAddresses) * g.sector_bytes,
                         static_cast<std::size_t>(op.total) * g.oob_bytes};
  op.data = {{&op.copy_segments[0], 1}, 0, op.copy_segments[0].bytes};
  op.metadata = {{&op.copy_segments[1], 1}, 0, op.copy_segments[1].bytes};
  op.stage = Op::Stage::read;
  read_pieces(op);
  return {};
}

Status Queue::flush(const spec::Command& c) noexcept {
  if (!spec::clear_of(c, spec::reserved_in(IoOpcode::flush))) return refuse(invalid_field);
  return lasting(device_.ledger().sync());
}

void Queue::log_failure(std::uint16_t tag, const spec::Command& c, Status status, std::uint64_t lba) noexcept {
  controller_.log_error({sqid_, tag, spec::Nsid::get(c)}, status, lba);
}

void Queue::finish(Op& op, Status status) noexcept {
  if (copying_ == &op) copying_ = nullptr;
  op.stage = Op::Stage::done;
  if (physical_) status = physical_status(op, status);
  const bool listed = op.vector && !op.list.empty() && !physical_;
  if (!status) log_failure(op.tag, *op.command, status, listed ? op.list[0] : op.slba);
  push({op.bits, status, op.tag, op.changed});
}

Status Queue::keep_changes(const Op& op) noexcept {
  for (std::uint32_t i = 0; i < op.run_count; ++i) {
    if (const Status s = device_.ledger().keep(op.runs[i].chunk); !s) return lasting(s);
  }
  if (op.durable || !device_.write_cache.load(std::memory_order_relaxed)) {
    return lasting(device_.ledger().sync());
  }
  return {};
}

// A media operation that completes where it starts is settled on the spot; the stage that started it goes on by itself.
void Queue::start_media(Op& op, MediaOp& m) noexcept {
  ++op.media_pending;
  if (channel_->start(m)) settle(op, m);
}

void Queue::settle(Op& op, MediaOp& m) noexcept {
  op.free_media[op.free_media_count++] = static_cast<std::uint8_t>(m.owner & 0xFF);
  --op.media_pending;
  switch (op.stage) {
    case Op::Stage::read: read_done(op, m); break;
    case Op::Stage::write: write_done(op, m); break;
    case Op::Stage::reset: reset_done(op, m.status); break;
    default: break;
  }
}

MediaOp& Queue::take_media(Op& op) noexcept {
  const std::uint8_t i = op.free_media[--op.free_media_count];
  op.media[i].owner = static_cast<std::uint32_t>(op.tag) << 16 | i;
  return op.media[i];
}

void Queue::wait(Op& op) noexcept {
  op.waiting = true;
  ++waiting_;
}

void Queue::advance(Op& op) noexcept {
  switch (op.stage) {
    case Op::Stage::read:
      if (op.opcode == static_cast<std::uint8_t>(IoOpcode::vector_copy) && copying_ != &op) {
        if (const Status s = begin_copy(op); !s) finish(op, s);
        return;
      }
      read_pieces(op);
      break;
    case Op::Stage::write: write_pieces(op); break;
    case Op::Stage::resolve: finish_write(op); break;
    case Op::Stage::reset: reset_entries(op); break;
    case Op::Stage::idle:
    case Op::Stage::done: break;
  }
}

// Operations that wait for media or for each other.
void Queue::go_on() noexcept {
  while (MediaOp* m = channel_->poll()) {
    Op& op = ops_[m->owner >> 16];
    settle(op, *m);
    advance(op);
  }
  if (waiting_ == 0) return;
  for (std::uint32_t tag = 0; tag < depth_; ++tag) {
    Op& op = ops_[tag];
    if (!op.waiting) continue;
    op.waiting = false;
    --waiting_;
    advance(op);
  }
}

Status Queue::make_durable(const Finished& finished) noexcept {
  const Status s = keep_changes(ops_[finished.tag]);
  return finished.status ? s : finished.status;
}

}  // namespace lightnvm::emulator
