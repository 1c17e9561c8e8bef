// SPDX-License-Identifier: BSD-2-Clause
// The one table of status codes, and the sentences that are made from it.
#include "lightnvm/status.hpp"

#include <fmt/format.h>

#include <system_error>

#include "base/error.hpp"

namespace lightnvm {
namespace {

// A switch and no array: the compiler complains about an enumerator without a row.
constexpr StatusInfo lookup(StatusCode code) noexcept {
  using enum StatusCode;
  switch (code) {
    case success: return {"success", "Successful Completion", 0};
    case invalid_opcode: return {"invalid_opcode", "Invalid Command Opcode", EOPNOTSUPP};
    case invalid_field: return {"invalid_field", "Invalid Field in Command", EINVAL};
    case command_id_conflict: return {"command_id_conflict", "Command ID Conflict", EIO};
    case data_transfer_error: return {"data_transfer_error", "Data Transfer Error", EIO};
    case power_loss_abort: return {"power_loss_abort", "Commands Aborted due to Power Loss Notification", EIO};
    case internal_error: return {"internal_error", "Internal Error", EIO};
    case abort_requested: return {"abort_requested", "Command Abort Requested", ECANCELED};
    case abort_sq_deletion: return {"abort_sq_deletion", "Command Aborted due to SQ Deletion", ECANCELED};
    case invalid_namespace: return {"invalid_namespace", "Invalid Namespace or Format", EINVAL};
    case command_sequence_error: return {"command_sequence_error", "Command Sequence Error", EIO};
    case invalid_sgl_segment: return {"invalid_sgl_segment", "Invalid SGL Segment Descriptor", EINVAL};
    case invalid_sgl_count: return {"invalid_sgl_count", "Invalid Number of SGL Descriptors", EINVAL};
    case data_sgl_length_invalid: return {"data_sgl_length_invalid", "Data SGL Length Invalid", EINVAL};
    case metadata_sgl_length_invalid: return {"metadata_sgl_length_invalid", "Metadata SGL Length Invalid", EINVAL};
    case sgl_type_invalid: return {"sgl_type_invalid", "SGL Descriptor Type Invalid", EINVAL};
    case invalid_use_of_cmb: return {"invalid_use_of_cmb", "Invalid Use of Controller Memory Buffer", EINVAL};
    case prp_offset_invalid: return {"prp_offset_invalid", "PRP Offset Invalid", EINVAL};
    case operation_denied: return {"operation_denied", "Operation Denied", EACCES};
    case sgl_offset_invalid: return {"sgl_offset_invalid", "SGL Offset Invalid", EINVAL};
    case keep_alive_expired: return {"keep_alive_expired", "Keep Alive Timeout Expired", ETIMEDOUT};
    case namespace_write_protected: return {"namespace_write_protected", "Namespace is Write Protected", EROFS};
    case transient_transport_error: return {"transient_transport_error", "Transient Transport Error", EAGAIN};
    case write_failure: return {"write_failure", "Write Failure", EIO};
    case lba_out_of_range: return {"lba_out_of_range", "LBA Out of Range", EINVAL};
    case capacity_exceeded: return {"capacity_exceeded", "Capacity Exceeded", ENOSPC};
    case namespace_not_ready: return {"namespace_not_ready", "Namespace Not Ready", EAGAIN};
    case reservation_conflict: return {"reservation_conflict", "Reservation Conflict", EACCES};
    case format_in_progress: return {"format_in_progress", "Format In Progress", EBUSY};
    case invalid_completion_queue: return {"invalid_completion_queue", "Completion Queue Invalid", EINVAL};
    case invalid_queue_id: return {"invalid_queue_id", "Invalid Queue Identifier", EINVAL};
    case invalid_queue_size: return {"invalid_queue_size", "Invalid Queue Size", EINVAL};
    case abort_limit_exceeded: return {"abort_limit_exceeded", "Abort Command Limit Exceeded", EBUSY};
    case async_event_limit_exceeded:
      return {"async_event_limit_exceeded", "Asynchronous Event Request Limit Exceeded", EBUSY};
    case invalid_interrupt_vector: return {"invalid_interrupt_vector", "Invalid Interrupt Vector", EINVAL};
    case invalid_log_page: return {"invalid_log_page", "Invalid Log Page", EINVAL};
    case invalid_format: return {"invalid_format", "Invalid Format", EINVAL};
    case invalid_queue_deletion: return {"invalid_queue_deletion", "Invalid Queue Deletion", EINVAL};
    case feature_not_saveable: return {"feature_not_saveable", "Feature Identifier Not Saveable", EINVAL};
    case feature_not_changeable: return {"feature_not_changeable", "Feature Not Changeable", EPERM};
    case feature_not_namespace_specific:
      return {"feature_not_namespace_specific", "Feature Not Namespace Specific", EINVAL};
    case conflicting_attributes: return {"conflicting_attributes", "Conflicting Attributes", EINVAL};
    case invalid_protection_info: return {"invalid_protection_info", "Invalid Protection Information", EINVAL};
    case write_to_read_only_range: return {"write_to_read_only_range", "Attempted Write to Read Only Range", EROFS};
    case lba_list_length_invalid: return {"lba_list_length_invalid", "LBA List SGL Length Invalid", EINVAL};
    case write_fault: return {"write_fault", "Write Fault", EIO};
    case unrecovered_read_error: return {"unrecovered_read_error", "Unrecovered Read Error", EIO};
    case guard_check_error: return {"guard_check_error", "End-to-end Guard Check Error", EILSEQ};
    case application_tag_check_error:
      return {"application_tag_check_error", "End-to-end Application Tag Check Error", EILSEQ};
    case reference_tag_check_error:
      return {"reference_tag_check_error", "End-to-end Reference Tag Check Error", EILSEQ};
    case compare_failure: return {"compare_failure", "Compare Failure", EIO};
    case access_denied: return {"access_denied", "Access Denied", EACCES};
    case deallocated_or_unwritten: return {"deallocated_or_unwritten", "Deallocated or Unwritten Logical Block", EIO};
    case offline_chunk: return {"offline_chunk", "Offline Chunk", EIO};
    case invalid_reset: return {"invalid_reset", "Invalid Reset", EIO};
    case high_ecc: return {"high_ecc", "High ECC", EIO};
    case write_next_unit: return {"write_next_unit", "Write Fail, Write Next Unit", EIO};
    case chunk_early_close: return {"chunk_early_close", "Chunk Early Close", EIO};
    case out_of_order_write: return {"out_of_order_write", "Out of Order Write", EIO};
    case empty_page: return {"empty_page", "Empty Page", EIO};
    case internal_path_error: return {"internal_path_error", "Internal Path Error", EIO};
    case connection_lost: return {"connection_lost", "Connection Lost, Outcome Unknown", EIO};
    case command_aborted_by_host: return {"command_aborted_by_host", "Command Aborted by the Host", ETIMEDOUT};
  }
  return {"unknown", "Unknown Status", EIO};
}

std::string& sentence() noexcept {
  thread_local std::string text;
  return text;
}

}  // namespace

StatusInfo status_info(StatusCode code) noexcept { return lookup(code); }

int Status::to_errno() const noexcept {
  if (is_os()) return static_cast<int>(word_ & 0xFFFF);
  return lookup(code()).error;
}

std::string Status::message() const {
  if (ok()) return "success";
  if (is_os()) return std::generic_category().message(to_errno());
  return fmt::format("{} (0x{:03x}{}{})", lookup(code()).text, static_cast<unsigned>(code()),
                     more() ? ", more in the error log" : "", dnr() ? ", do not retry" : "");
}

const std::string& last_error() noexcept { return sentence(); }

Status fail(Status status, std::string text) {
  sentence() = std::move(text);
  return status;
}

}  // namespace lightnvm
