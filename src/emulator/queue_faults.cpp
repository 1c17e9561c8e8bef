// SPDX-License-Identifier: BSD-2-Clause
// What a fault plan makes of reads, writes and resets, behind the media and before the host is told. docs/faults.md
#include "emulator/faults.hpp"
#include "emulator/queue_op.hpp"

namespace lightnvm::emulator {

// `entry` is the command's address that the first sector belongs to. Sectors beside each other are told as one.
void Queue::fault_read(Op& op, const MediaOp& m, std::uint32_t entry) noexcept {
  const Faults::Run run{m.chunk, m.first, m.count};
  if (faults_->retires(run)) {
    device_.take_offline(m.chunk);
    device_.tell(m.chunk, 0, 0, Event::unrecoverable);
    fail_sectors(op, m, entry, 0, m.count);
    return;
  }
  if (const auto state = faults_->refreshes(run)) device_.tell(m.chunk, 0, 0, *state);
  const bool copies = op.opcode == static_cast<std::uint8_t>(spec::IoOpcode::vector_copy);
  const bool feedback = (device_.media_feedback.load(std::memory_order_relaxed) & spec::kHighEcc) != 0;
  StatusCode next = faults_->read(m.chunk, m.first);
  for (std::uint32_t at = 0; at < m.count;) {
    const StatusCode code = next;
    std::uint32_t n = 1;
    while (at + n < m.count && (next = faults_->read(m.chunk, m.first + at + n)) == code) ++n;
    if (code == StatusCode::unrecovered_read_error) {
      device_.tell(m.chunk, m.first + at, n, Event::unrecoverable);
      fail_sectors(op, m, entry, at, n);
    } else if (code == StatusCode::high_ecc) {
      device_.tell(m.chunk, m.first + at, n, Event::error_rate_high);
      if (feedback && !copies) {
        op.effort = true;
        if (op.vector) op.corrected |= (n >= 64 ? ~0ULL : (1ULL << n) - 1) << (entry + at);
      }
    }
    at += n;
  }
}

// Nobody is to get along with data that the device has not vouched for: they are gone.
void Queue::fail_sectors(Op& op, const MediaOp& m, std::uint32_t entry, std::uint32_t at,
                         std::uint32_t count) noexcept {
  constexpr std::byte kGone{0xEE};
  m.data.sub(std::size_t{at} * sector_bytes_, std::size_t{count} * sector_bytes_).fill(kGone);
  if (!m.metadata.empty()) m.metadata.sub(std::size_t{at} * oob_bytes_, std::size_t{count} * oob_bytes_).fill(kGone);
  op.note(op, entry + at, count, Status::nvme(StatusCode::unrecovered_read_error));
}

// What the media have stored and the plan takes back.
StatusCode Queue::fault_write(const WriteRun& run) noexcept {
  const StatusCode code = faults_->write({run.chunk, run.shape.first, run.shape.count});
  if (code == StatusCode::success) return code;
  if (code == StatusCode::offline_chunk) {
    device_.take_offline(run.chunk);
    device_.tell(run.chunk, 0, 0, Event::unrecoverable);
    return StatusCode::write_fault;
  }
  return physical_ ? StatusCode::write_failure : code;
}

// False: the chunk went offline.
bool Queue::fault_reset(Op& op) noexcept {
  if (faults_->reset(op.chunk) == StatusCode::success) return true;
  reset_done(op, Status::os(EIO));
  return false;
}

void Queue::fault_wear(std::uint32_t chunk) noexcept {
  if (faults_->wears_out(chunk, machine_.record(chunk).cycles)) device_.take_offline(chunk);
}

}  // namespace lightnvm::emulator
