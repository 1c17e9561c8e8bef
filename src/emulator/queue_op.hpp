// SPDX-License-Identifier: BSD-2-Clause
// Queue::Op: one I/O command on its way through an emulated SSD.
#pragma once

#include "emulator/queue.hpp"

namespace lightnvm::emulator {

inline constexpr std::uint32_t kMaxPieces = 64;

/// What a read or write moves between which addresses and which memory.
struct Queue::Plan {
  List list;                ///< vector: the addresses
  std::uint64_t slba = 0;   ///< scalar: the first
  std::uint32_t total = 0;  ///< addresses, or steps of a reset
  std::uint32_t span = 1;   ///< steps of one address: the planes of an erase
  bool vector = false;
  bool durable = false;  ///< finished only when it would survive a power cut
  SegmentRange data, metadata;

  [[nodiscard]] std::uint64_t address(std::uint32_t i) const noexcept { return vector ? list[i] : slba + i; }
};

/// Which addresses failed, and how the first of them did.
struct Queue::Failures {
  std::uint64_t bits = 0;
  std::uint64_t corrected = 0;  ///< those that were read with effort
  std::uint32_t first = ~0U;
  bool effort = false;  ///< something was
  Status status;

  void note(const Plan& plan, std::uint32_t entry, std::uint32_t count, Status why) noexcept {
    if (plan.vector) bits |= (count >= 64 ? ~0ULL : (1ULL << count) - 1) << entry;
    if (entry >= first) return;
    first = entry;
    status = why;
  }
};

struct Queue::Op : Plan, Failures {
  enum class Stage : std::uint8_t { idle, read, write, resolve, reset, done };

  const spec::Command* command = nullptr;
  const Payload* payload = nullptr;
  std::uint16_t tag = 0;
  Stage stage = Stage::idle;
  std::uint8_t opcode = 0;
  bool changed = false;      ///< runs name chunks whose records changed
  bool waiting = false;      ///< counted in waiting_
  bool reset_waits = false;  ///< the current reset was told to wait

  std::uint32_t position = 0;  ///< how many addresses are under way
  std::uint32_t media_pending = 0;
  std::uint32_t chunk = 0;  ///< the reset that is under way
  std::uint32_t run_count = 0;
  std::atomic<std::uint32_t> unresolved{0};

  /// OCSSD 1.2: the addresses in the machine's format; kNowhere for those that do not exist.
  std::array<std::uint64_t, kMaxAddresses> flat;
  static constexpr std::uint64_t kNowhere = ~0ULL;

  Segment copy_segments[2];
  std::array<WriteRun, kMaxAddresses> runs;
  std::array<std::uint16_t, kMaxAddresses> run_pending;  ///< media operations of the run that are not done
  std::array<Status, kMaxAddresses> run_status;
  std::array<MediaOp, kMaxPieces> media;
  std::array<std::uint8_t, kMaxPieces> free_media;  ///< stack of indices into `media`
  std::uint32_t free_media_count = 0;
};

/// Consecutive addresses of a command in one chunk.
struct Queue::Piece {
  Place place;
  std::uint32_t count = 0;
};

/// Rule verdicts are final; what the media said may be different the next time.
inline Status to_status(StatusCode code) noexcept {
  switch (code) {
    case StatusCode::success: return {};
    case StatusCode::internal_error:
    case StatusCode::capacity_exceeded:
    case StatusCode::unrecovered_read_error: return Status::nvme(code);
    default: return Status::nvme_dnr(code);
  }
}

/// What a host is told when the media failed.
inline StatusCode media_code(Status status, StatusCode otherwise) noexcept {
  if (status) return StatusCode::success;
  if (status.is_nvme()) return status.code();
  const int error = status.to_errno();
  return error == ENOSPC || error == EDQUOT || error == EFBIG ? StatusCode::capacity_exceeded : otherwise;
}

/// The same where the media have lost something: trying again would only hide it.
inline Status lasting(Status status) noexcept {
  return status ? status : Status::nvme_dnr(media_code(status, StatusCode::internal_error));
}

}  // namespace lightnvm::emulator
