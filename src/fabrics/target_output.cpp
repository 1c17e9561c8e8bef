// SPDX-License-Identifier: BSD-2-Clause
// The controller's state machine: what goes out.
#include "fabrics/target.hpp"
#include "spec/path_status.hpp"

namespace lightnvm::fabrics {

using spec::tcp::DataHeader;
using spec::tcp::PduType;

Status Target::respond(std::uint32_t index, const Completion& completion, std::span<const Segment> data) noexcept {
  if (!open()) return Status::os(ENOTCONN);
  if (index >= slots_.size() || slots_[index].phase != Phase::owned) return Status::os(EBUSY);
  const std::size_t bytes = total_bytes(data);
  if (bytes > UINT32_MAX) return Status::os(EINVAL);
  Slot& slot = slots_[index];
  slot.phase = Phase::answered;
  slot.completion = completion;
  slot.memory = data;
  slot.memory_bytes = static_cast<std::uint32_t>(bytes);
  slot.moved = 0;
  jobs_.push() = {.slot = index, .r2t = 0, .is_r2t = false};
  return {};
}

std::size_t Target::output(std::span<Segment> pieces) {
  if (state_ == State::live) render();
  return output_.pieces(pieces);
}

void Target::sent(std::size_t bytes) {
  output_.sent(bytes, [this](std::uint32_t index) {
    Slot& slot = slots_[index];
    if (--slot.pdus == 0 && slot.phase == Phase::draining) release(index);
  });
}

void Target::render() {
  while (!jobs_.empty() && !output_.full()) {
    const Job job = jobs_.front();
    if (job.is_r2t) {
      render_r2t(job);
    } else if (!render_response(job.slot)) {
      return;
    }
    jobs_.pop();
    // Freed only now: finished() may let a new command in, whose jobs need the room.
    if (!job.is_r2t && slots_[job.slot].pdus == 0) release(job.slot);
  }
}

void Target::render_r2t(const Job& job) {
  Slot& slot = slots_[job.slot];
  const std::uint32_t ttag = job.slot * options_.max_r2t + job.r2t;
  const std::uint32_t bytes = std::min(slot.memory_bytes - slot.asked, options_.r2t_bytes);
  r2ts_[ttag] = {.next = slot.asked, .end = slot.asked + bytes};
  DataHeader r2t{};
  r2t.ch.type = static_cast<std::uint8_t>(PduType::r2t);
  r2t.cccid = static_cast<std::uint16_t>(spec::Cid::get(slot.command));
  r2t.ttag = static_cast<std::uint16_t>(ttag);
  r2t.offset = slot.asked;
  r2t.length = bytes;
  slot.asked += bytes;
  output_.push(r2t, framing_);
}

// Returns whether all of it is in the output.
bool Target::render_response(std::uint32_t index) {
  Slot& slot = slots_[index];
  const bool success = !queue_.flow_control && slot.completion.ok() && slot.completion.result == 0;
  while (slot.moved < slot.memory_bytes) {
    if (output_.full()) return false;
    render_c2h_data(index, success);
  }
  if (!success || slot.memory_bytes == 0) {
    if (output_.full()) return false;
    spec::tcp::CapsuleResp response{};
    response.ch.type = static_cast<std::uint8_t>(PduType::capsule_resp);
    response.cqe.dw0 = static_cast<std::uint32_t>(slot.completion.result);
    response.cqe.dw1 = static_cast<std::uint32_t>(slot.completion.result >> 32);
    response.cqe.sqhd = queue_.flow_control ? static_cast<std::uint16_t>(sqhd_) : 0;
    response.cqe.cid = static_cast<std::uint16_t>(spec::Cid::get(slot.command));
    response.cqe.status = static_cast<std::uint16_t>(spec::as_path_status(slot.completion.status).nvme_bits() << 1);
    output_.push(response, framing_);
  }
  // The host may use the CID again as soon as it has read this.
  const std::uint32_t cid = spec::Cid::get(slot.command);
  if (slot.holds_cid) cids_[cid / 64] &= ~(std::uint64_t{1} << cid % 64);
  slot.phase = Phase::draining;
  return true;
}

void Target::render_c2h_data(std::uint32_t index, bool success) {
  Slot& slot = slots_[index];
  const std::uint32_t bytes = std::min(slot.memory_bytes - slot.moved, options_.max_c2h_data);
  const bool last = slot.moved + bytes == slot.memory_bytes;
  DataHeader data{};
  data.ch.type = static_cast<std::uint8_t>(PduType::c2h_data);
  if (last) data.ch.flags = static_cast<std::uint8_t>(spec::tcp::kLastPdu | (success ? spec::tcp::kSuccess : 0));
  data.cccid = static_cast<std::uint16_t>(spec::Cid::get(slot.command));
  data.offset = slot.moved;
  data.length = bytes;
  ++slot.pdus;
  output_.push(data, framing_, {slot.memory, slot.moved, bytes}, index);
  slot.moved += bytes;
}

void Target::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  const bool ours = slot.ours;
  slot.phase = Phase::free;
  free_.push_back(index);
  if (!ours) events_.finished(index);
}

}  // namespace lightnvm::fabrics
