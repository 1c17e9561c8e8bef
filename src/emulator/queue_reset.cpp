// SPDX-License-Identifier: BSD-2-Clause
// Resets: entry by entry, as vector reset or as deallocation. OCSSD-2.0 4.6, 5, 7.
#include <algorithm>
#include <cstring>

#include "emulator/queue_op.hpp"
#include "spec/reserved.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;

Status refuse(StatusCode code) noexcept { return Status::nvme_dnr(code); }

}  // namespace

Status Queue::begin_vector_reset(Op& op) noexcept {
  const spec::Command& c = *op.command;
  if (!spec::clear_of(c, spec::reserved_in(spec::IoOpcode::vector_reset))) return refuse(invalid_field);
  op.total = spec::VectorNlb::get(c) + 1;
  op.vector = true;
  op.list = op.payload->list;
  if (op.list.size() != op.total) return refuse(lba_list_length_invalid);
  if (!op.payload->data.empty()) return refuse(data_sgl_length_invalid);
  const std::size_t metadata = total_bytes(op.payload->metadata);
  if (metadata != 0 && metadata != op.total * sizeof(spec::ChunkDescriptor)) {
    return refuse(metadata_sgl_length_invalid);
  }
  op.metadata = {op.payload->metadata, 0, metadata};
  op.stage = Op::Stage::reset;
  reset_entries(op);
  return {};
}

Status Queue::begin_deallocate(Op& op) noexcept {
  const spec::Command& c = *op.command;
  if (!spec::clear_of(c, spec::reserved_in(spec::IoOpcode::dataset_management))) return refuse(invalid_field);
  op.total = spec::Nr::get(c) + 1;
  op.slba = 0;
  // Hosts may map a whole page whatever the number of ranges.
  if (total_bytes(op.payload->data) < op.total * sizeof(spec::DsmRange)) return refuse(data_sgl_length_invalid);
  if (!op.payload->metadata.empty()) return refuse(metadata_sgl_length_invalid);
  op.metadata = {};
  if (spec::Deallocate::get(c) == 0) {
    finish(op, Status());
    return {};
  }
  op.stage = Op::Stage::reset;
  reset_entries(op);
  return {};
}

// Which chunk the entry at the operation's position means, or why it means none.
StatusCode Queue::target_of_reset(const Op& op, std::uint32_t& chunk) const noexcept {
  if (physical_) return target_of_erase(op, chunk);
  if (op.vector) {
    const Place place = device_.locate(op.list[op.position]);
    chunk = place.chunk;
    return place.chunk_exists ? success : invalid_reset;
  }
  spec::DsmRange range{};
  SegmentRange{op.payload->data, op.position * sizeof range, sizeof range}.copy_out(
      reinterpret_cast<std::byte*>(&range));
  const Place place = device_.locate(range.slba);
  chunk = place.chunk;
  if (place.sector != 0) return invalid_field;
  if (!place.chunk_exists) return invalid_reset;
  const std::uint32_t sectors = device_.geometry().sectors - machine_.record(chunk).missing;
  return range.blocks == sectors ? success : lba_out_of_range;
}

void Queue::reset_entries(Op& op) noexcept {
  while (op.stage == Op::Stage::reset && op.position < op.total && op.media_pending == 0) {
    if (!op.reset_waits) {
      const StatusCode target = target_of_reset(op, op.chunk);
      if (target != success) {
        reset_refused(op, target);
        continue;
      }
    }
    StatusCode verdict = success;
    switch (machine_.begin_reset(op.chunk, op.reset_waits, verdict)) {
      case ResetStep::wait:
        op.reset_waits = true;
        wait(op);
        return;
      case ResetStep::refused:
        op.reset_waits = false;
        reset_refused(op, verdict);
        break;
      case ResetStep::granted: {
        op.reset_waits = false;
        op.changed = persistent_;
        if (faults_ != nullptr && !fault_reset(op)) break;
        if (const Status kept = device_.ledger().keep_reset(op.chunk); !kept) {
          give_reset_up(op, lasting(kept));
          break;
        }
        if (device_.media().discards_after_sync()) {
          machine_.finish_kept_reset(op.chunk);
          reset_succeeded(op);
          break;
        }
        MediaOp& m = take_media(op);
        m.kind = MediaOp::Kind::discard;
        m.chunk = op.chunk;
        m.data = m.metadata = {};
        start_media(op, m);
        break;
      }
    }
  }
  if (op.stage == Op::Stage::reset && op.position == op.total && op.media_pending == 0) finish(op, op.status);
}

// A vector goes on with its other chunks; a deallocation, which has no way to say what it did not do, stops.
void Queue::reset_refused(Op& op, StatusCode verdict) noexcept {
  op.note(op, op.position / op.span, 1, to_status(verdict));
  next_reset(op);
}

void Queue::next_reset(Op& op) noexcept {
  op.position = op.vector ? op.position - op.position % op.span + op.span : op.total;
}

// The chunk stays as it was, and says so where records are kept, as far as that can be said now.
void Queue::give_reset_up(Op& op, Status why) noexcept {
  machine_.abandon_reset(op.chunk);
  (void)device_.ledger().keep(op.chunk);
  op.note(op, op.position / op.span, 1, why);
  next_reset(op);
}

void Queue::reset_done(Op& op, Status media) noexcept {
  // What the host's file system has no room or no memory for now is no fault of the chunk; an I/O error is.
  if (!media && media.is_os() && !media.is_errno(EIO)) {
    give_reset_up(op, to_status(media_code(media, internal_error)));
    return;
  }
  const StatusCode verdict = machine_.finish_reset(op.chunk, media_code(media, offline_chunk));
  const Status kept = device_.ledger().keep(op.chunk);
  if (verdict != success || !kept) {
    reset_refused(op, verdict != success ? verdict : media_code(kept, internal_error));
    return;
  }
  reset_succeeded(op);
}

void Queue::reset_succeeded(Op& op) noexcept {
  if (faults_ != nullptr) fault_wear(op.chunk);
  if (!op.metadata.empty()) {
    const spec::ChunkDescriptor d = device_.descriptor(op.chunk);
    op.metadata.sub(op.position * sizeof d, sizeof d).copy_in(reinterpret_cast<const std::byte*>(&d));
  }
  device_.watch_wear(op.chunk);
  ++op.position;
}

}  // namespace lightnvm::emulator
