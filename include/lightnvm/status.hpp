// SPDX-License-Identifier: BSD-2-Clause
// How every call of this library says what happened: Status, Result, and the NVMe status codes by name.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace lightnvm {

/// NVMe status as (SCT << 8) | SC. The Open-Channel codes are in OCSSD-2.0 5; the others in NVMe-2.0 3.3.3.2.1.
/// write_failure and empty_page are of OCSSD 1.2, where they come with Do Not Retry: 40FFh and 42FFh. OCSSD-1.2 9.1.
enum class StatusCode : std::uint16_t {
  success = 0x000,
  invalid_opcode = 0x001,
  invalid_field = 0x002,
  command_id_conflict = 0x003,
  data_transfer_error = 0x004,
  power_loss_abort = 0x005,
  internal_error = 0x006,
  abort_requested = 0x007,
  abort_sq_deletion = 0x008,
  invalid_namespace = 0x00B,
  command_sequence_error = 0x00C,
  invalid_sgl_segment = 0x00D,
  invalid_sgl_count = 0x00E,
  data_sgl_length_invalid = 0x00F,
  metadata_sgl_length_invalid = 0x010,
  sgl_type_invalid = 0x011,
  invalid_use_of_cmb = 0x012,
  prp_offset_invalid = 0x013,
  operation_denied = 0x015,
  sgl_offset_invalid = 0x016,
  keep_alive_expired = 0x018,
  namespace_write_protected = 0x020,
  transient_transport_error = 0x022,
  write_failure = 0x0FF,
  lba_out_of_range = 0x080,
  capacity_exceeded = 0x081,
  namespace_not_ready = 0x082,
  reservation_conflict = 0x083,
  format_in_progress = 0x084,
  invalid_completion_queue = 0x100,
  invalid_queue_id = 0x101,
  invalid_queue_size = 0x102,
  abort_limit_exceeded = 0x103,
  async_event_limit_exceeded = 0x105,
  invalid_interrupt_vector = 0x108,
  invalid_log_page = 0x109,
  invalid_format = 0x10A,
  invalid_queue_deletion = 0x10C,
  feature_not_saveable = 0x10D,
  feature_not_changeable = 0x10E,
  feature_not_namespace_specific = 0x10F,
  conflicting_attributes = 0x180,
  invalid_protection_info = 0x181,
  write_to_read_only_range = 0x182,
  lba_list_length_invalid = 0x1C1,
  write_fault = 0x280,
  unrecovered_read_error = 0x281,
  guard_check_error = 0x282,
  application_tag_check_error = 0x283,
  reference_tag_check_error = 0x284,
  compare_failure = 0x285,
  access_denied = 0x286,
  deallocated_or_unwritten = 0x287,
  offline_chunk = 0x2C0,
  invalid_reset = 0x2C1,
  high_ecc = 0x2D0,
  write_next_unit = 0x2F0,
  chunk_early_close = 0x2F1,
  out_of_order_write = 0x2F2,
  empty_page = 0x2FF,
  internal_path_error = 0x300,
  connection_lost = 0x370,
  command_aborted_by_host = 0x371,
};

/// The outcome of a call, in 4 bytes: success, an error of the operating system (errno), or the device's verdict
/// (an NVMe status with its More and Do Not Retry bits). A value type; safe to share.
class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;
  /// An error of this host: `error` is an errno value, 1 to 65535.
  static constexpr Status os(int error) noexcept { return Status(kOs | static_cast<std::uint16_t>(error)); }
  /// The device's verdict `code`; StatusCode::success gives ok().
  static constexpr Status nvme(StatusCode code) noexcept { return nvme_raw(static_cast<std::uint16_t>(code)); }
  /// The device's verdict with Do Not Retry set: the same command would fail again.
  static constexpr Status nvme_dnr(StatusCode code) noexcept {
    return nvme_raw(static_cast<std::uint16_t>(code) | kDnr);
  }
  /// From the 15 status bits of a completion (status field without the phase tag). NVMe-2.0 3.3.3.2.
  static constexpr Status nvme_raw(unsigned bits) noexcept {
    return (bits & 0x7FF) == 0 ? Status() : Status(kNvme | (bits & 0x7FFF));
  }

  [[nodiscard]] constexpr bool ok() const noexcept { return word_ == 0; }
  constexpr explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] constexpr bool is_os() const noexcept { return (word_ & kDomain) == kOs; }
  [[nodiscard]] constexpr bool is_nvme() const noexcept { return (word_ & kDomain) == kNvme; }
  /// The device's verdict; StatusCode::success unless is_nvme().
  [[nodiscard]] constexpr StatusCode code() const noexcept {
    return is_nvme() ? static_cast<StatusCode>(word_ & 0x7FF) : StatusCode::success;
  }
  [[nodiscard]] constexpr bool is(StatusCode expected) const noexcept { return is_nvme() && code() == expected; }
  [[nodiscard]] constexpr bool is_errno(int expected) const noexcept {
    return is_os() && (word_ & 0xFFFF) == static_cast<unsigned>(expected);
  }
  /// Do Not Retry.
  [[nodiscard]] constexpr bool dnr() const noexcept { return is_nvme() && (word_ & kDnr) != 0; }
  /// More: the error log page has more about this error.
  [[nodiscard]] constexpr bool more() const noexcept { return is_nvme() && (word_ & kMore) != 0; }
  /// The 15 status bits as a completion carries them; 0 unless is_nvme().
  [[nodiscard]] constexpr std::uint16_t nvme_bits() const noexcept {
    return is_nvme() ? static_cast<std::uint16_t>(word_ & 0x7FFF) : 0;
  }
  /// The errno that stands for this status: 0 for success, the table's for a device's verdict.
  [[nodiscard]] int to_errno() const noexcept;
  /// One line for people: "Out of Order Write (0x2f2, do not retry)", "No space left on device".
  [[nodiscard]] std::string message() const;

  friend constexpr bool operator==(Status, Status) noexcept = default;

 private:
  static constexpr std::uint32_t kOs = 1U << 24, kNvme = 2U << 24, kDomain = 0xFF000000U;
  static constexpr std::uint32_t kMore = 0x2000, kDnr = 0x4000;
  constexpr explicit Status(std::uint32_t word) noexcept : word_(word) {}
  std::uint32_t word_ = 0;
};
static_assert(sizeof(Status) == 4);

/// A value, or why there is none.
template <typename T>
using Result = std::expected<T, Status>;

/// One row of the status table, the single source for names, texts and errno values.
struct StatusInfo {
  std::string_view name;  ///< as the enumerator: "out_of_order_write"
  std::string_view text;  ///< as the specification words it
  int error;              ///< errno that stands for it
};
/// The row of `code`; codes that the table does not know have the name "unknown" and EIO.
[[nodiscard]] StatusInfo status_info(StatusCode code) noexcept;

/// The calling thread's last sentence about a failure: what was tried, what was wrong, what to do next. Empty before
/// the first failure. Valid until the thread's next failing call.
[[nodiscard]] const std::string& last_error() noexcept;

}  // namespace lightnvm
