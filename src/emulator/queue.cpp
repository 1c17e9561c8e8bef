// SPDX-License-Identifier: BSD-2-Clause
// I/O commands: parsing, checking, and the way to their completion. The stages are in queue_{read,write,reset}.cpp.
#include "emulator/queue.hpp"

#include <algorithm>

#include "emulator/queue_op.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;
using spec::IoOpcode;

constexpr std::uint32_t kBroadcast = 0xFFFFFFFF;

Status refuse(StatusCode code) noexcept { return Status::nvme_dnr(code); }

}  // namespace

Queue::Queue(Controller& controller, std::uint32_t depth, std::uint16_t sqid)
    : controller_(controller),
      device_(controller.device()),
      machine_(device_.machine()),
      channel_(device_.media().open_channel(depth)),
      sqid_(sqid),
      transfer_limit_(device_.config().mdts == 0 ? ~0ULL : 4096ULL << device_.config().mdts),
      ops_(std::make_unique<Op[]>(depth)),
      depth_(depth),
      done_(depth),
      persistent_(device_.media().persistent()),
      direct_(device_.media().direct()) {
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

void Queue::start(const spec::Command& command, const Payload& payload, std::uint16_t tag) noexcept {
  Op& op = ops_[tag];
  op.command = &command;
  op.payload = &payload;
  op.tag = tag;
  op.opcode = static_cast<std::uint8_t>(spec::Opcode::get(command));
  op.vector = spec::is_vector(op.opcode);
  op.durable = op.changed = op.reset_waits = false;
  op.position = op.media_pending = op.run_count = 0;
  op.failed = 0;
  op.first_failure = Status();
  op.first_failed_entry = ~0U;
  ++in_flight_;
  if (const Status s = begin(op); !s) finish(op, s);
}

Status Queue::begin(Op& op) noexcept {
  const spec::Command& c = *op.command;
  if (spec::Fuse::get(c) != 0 || spec::FlagsReserved::get(c) != 0 || spec::Psdt::get(c) == 3 ||
      (c.dw[2] | c.dw[3]) != 0) {
    return refuse(invalid_field);
  }
  const std::uint32_t nsid = spec::Nsid::get(c);
  const auto opcode = static_cast<IoOpcode>(op.opcode);
  if (nsid != 1 && !(opcode == IoOpcode::flush && nsid == kBroadcast)) return refuse(invalid_namespace);
  const bool looks = opcode == IoOpcode::read || opcode == IoOpcode::vector_read || opcode == IoOpcode::flush;
  if (device_.read_only() && !looks) return refuse(namespace_write_protected);
  switch (opcode) {
    case IoOpcode::read:
    case IoOpcode::write: return begin_scalar(op);
    case IoOpcode::vector_read:
    case IoOpcode::vector_write: return begin_vector(op);
    case IoOpcode::vector_copy: return begin_copy(op);
    case IoOpcode::vector_reset: return begin_vector_reset(op);
    case IoOpcode::dataset_management: return begin_deallocate(op);
    case IoOpcode::flush: {
      const Status s = flush(op);
      if (s) finish(op, s);
      return s;
    }
  }
  return refuse(invalid_opcode);
}

// The payload holds exactly what the command moves: excess is refused like want. NVMe-2.0 4.3.2.
Status Queue::check_transfer(const Op& op, std::uint64_t sectors) const noexcept {
  const Geometry& g = device_.geometry();
  const std::uint64_t bytes = sectors * g.sector_bytes;
  if (bytes > transfer_limit_) return refuse(invalid_field);
  if (total_bytes(op.payload->data) != bytes) return refuse(data_sgl_length_invalid);
  const std::size_t metadata = total_bytes(op.payload->metadata);
  if (metadata != 0 && metadata != sectors * g.oob_bytes) return refuse(metadata_sgl_length_invalid);
  return {};
}

Status Queue::begin_scalar(Op& op) noexcept {
  constexpr std::uint32_t kPract = 8;
  const spec::Command& c = *op.command;
  if (spec::RwReserved::get(c) != 0 || spec::Dtype::get(c) != 0 || (spec::Prinfo::get(c) & kPract) != 0) {
    return refuse(invalid_field);
  }
  op.total = spec::Nlb::get(c) + 1;
  op.slba = spec::Slba::get(c);
  if (const Status s = check_transfer(op, op.total); !s) return s;
  op.data = {op.payload->data, 0, static_cast<std::size_t>(op.total) * device_.geometry().sector_bytes};
  op.metadata = {op.payload->metadata, 0, total_bytes(op.payload->metadata)};
  op.durable = spec::Fua::get(c) != 0;
  if (static_cast<IoOpcode>(op.opcode) == IoOpcode::read) {
    op.stage = Op::Stage::read;
    read_pieces(op);
  } else {
    begin_write(op);
  }
  return {};
}

// OCSSD-2.0 4.1. Bits 29:16 of dword 12 carry what hosts of old put there; bits 15:6 would be more than 64 addresses.
Status Queue::begin_vector(Op& op) noexcept {
  const spec::Command& c = *op.command;
  op.total = spec::VectorNlb::get(c) + 1;
  if (op.total > kMaxAddresses || (c.dw[13] | c.dw[14] | c.dw[15]) != 0) return refuse(invalid_field);
  op.list = op.payload->list;
  if (op.list.size() != op.total) return refuse(lba_list_length_invalid);
  if (const Status s = check_transfer(op, op.total); !s) return s;
  op.data = {op.payload->data, 0, static_cast<std::size_t>(op.total) * device_.geometry().sector_bytes};
  op.metadata = {op.payload->metadata, 0, total_bytes(op.payload->metadata)};
  op.durable = spec::Fua::get(c) != 0;
  if (static_cast<IoOpcode>(op.opcode) == IoOpcode::vector_read) {
    op.stage = Op::Stage::read;
    read_pieces(op);
  } else {
    begin_write(op);
  }
  return {};
}

// OCSSD-2.0 4.5: first as a read of the sources, then as a write to the destinations.
Status Queue::begin_copy(Op& op) noexcept {
  const spec::Command& c = *op.command;
  const Geometry& g = device_.geometry();
  if (!g.vector_copy) return refuse(invalid_opcode);
  op.total = spec::VectorNlb::get(c) + 1;
  if (op.total > kMaxAddresses || c.dw[13] != 0) return refuse(invalid_field);
  if (op.payload->list.size() != op.total || op.payload->destination.size() != op.total) {
    return refuse(lba_list_length_invalid);
  }
  if (!op.payload->data.empty()) return refuse(data_sgl_length_invalid);
  if (!op.payload->metadata.empty()) return refuse(metadata_sgl_length_invalid);
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

void Queue::release_copy_buffer(const Op& op) noexcept {
  if (copying_ == &op) copying_ = nullptr;
}

Status Queue::flush(const Op& op) noexcept {
  const spec::Command& c = *op.command;
  if (std::any_of(c.dw.begin() + 10, c.dw.end(), [](std::uint32_t dw) { return dw != 0; })) {
    return refuse(invalid_field);
  }
  return to_status(media_code(device_.media().sync(), internal_error));
}

void Queue::note_failure(Op& op, std::uint32_t entry, std::uint32_t count, Status status) noexcept {
  if (op.vector) {
    const std::uint64_t bits = count >= 64 ? ~0ULL : ((1ULL << count) - 1) << entry;
    op.failed |= bits;
  }
  if (entry < op.first_failed_entry) {
    op.first_failed_entry = entry;
    op.first_failure = status;
  }
}

void Queue::finish(Op& op, Status status) noexcept {
  // A copy that failed while it read wrote nothing; its bits stand for destinations as well.
  if (op.opcode == static_cast<std::uint8_t>(IoOpcode::vector_copy)) release_copy_buffer(op);
  op.status = status;
  op.stage = Op::Stage::done;
  if (!status) controller_.log_error(sqid_, op.tag, status, op.vector && !op.list.empty() ? op.list[0] : op.slba);
  std::uint32_t tail = done_head_ + done_count_++;
  if (tail >= depth_) tail -= depth_;
  done_[tail] = op.tag;
}

Status Queue::make_durable(const Op& op) noexcept {
  for (std::uint32_t i = 0; i < op.run_count; ++i) {
    if (const Status s = device_.persist(op.runs[i].chunk); !s) return to_status(media_code(s, internal_error));
  }
  if (op.durable || !device_.write_cache.load(std::memory_order_relaxed)) {
    return to_status(media_code(device_.media().sync(), internal_error));
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

unsigned Queue::poll(std::span<Done> out) noexcept {
  while (MediaOp* m = channel_->poll()) {
    Op& op = ops_[m->owner >> 16];
    settle(op, *m);
    advance(op);
  }
  if (waiting_ != 0) {
    for (std::uint32_t tag = 0; tag < depth_; ++tag) {
      Op& op = ops_[tag];
      if (!op.waiting) continue;
      op.waiting = false;
      --waiting_;
      advance(op);
    }
  }
  unsigned n = 0;
  for (; n < out.size() && done_count_ != 0; ++n) {
    Op& op = ops_[done_[done_head_]];
    done_head_ = done_head_ + 1 == depth_ ? 0 : done_head_ + 1;
    --done_count_;
    if (op.changed) {
      if (const Status s = make_durable(op); !s && op.status) op.status = s;
    }
    out[n] = {op.tag, {op.failed, op.status}};
    op.stage = Op::Stage::idle;
    --in_flight_;
  }
  return n;
}

}  // namespace lightnvm::emulator
