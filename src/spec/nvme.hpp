// SPDX-License-Identifier: BSD-2-Clause
// NVMe as it lies on the wire: the submission entry, its typed fields, opcodes, and the structures of admin commands.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lightnvm/status.hpp"

namespace lightnvm::spec {

static_assert(std::endian::native == std::endian::little, "wire structures are used in place");

/// Submission queue entry, NVMe-2.0 3.3.3.1. The fields that a command gives its own meaning are read and set by Field.
struct Command {
  std::array<std::uint32_t, 16> dw{};
  friend bool operator==(const Command&, const Command&) noexcept = default;
};
static_assert(sizeof(Command) == 64);

/// Bits `Lsb` to `Lsb + Width - 1` of dword `Dword`.
template <unsigned Dword, unsigned Lsb, unsigned Width>
struct Field {
  static_assert(Dword < 16 && Width >= 1 && Lsb + Width <= 32);
  static constexpr std::uint32_t kMask = Width == 32 ? 0xFFFFFFFFU : (1U << (Width % 32)) - 1;
  [[nodiscard]] static constexpr std::uint32_t get(const Command& c) noexcept { return (c.dw[Dword] >> Lsb) & kMask; }
  static constexpr void set(Command& c, std::uint32_t v) noexcept {
    c.dw[Dword] = (c.dw[Dword] & ~(kMask << Lsb)) | ((v & kMask) << Lsb);
  }
};

/// The 64 bits of dwords `Dword` and `Dword + 1`.
template <unsigned Dword>
struct Field64 {
  static_assert(Dword < 15);
  static constexpr unsigned kDword = Dword;
  [[nodiscard]] static constexpr std::uint64_t get(const Command& c) noexcept {
    return c.dw[Dword] | (static_cast<std::uint64_t>(c.dw[Dword + 1]) << 32);
  }
  static constexpr void set(Command& c, std::uint64_t v) noexcept {
    c.dw[Dword] = static_cast<std::uint32_t>(v);
    c.dw[Dword + 1] = static_cast<std::uint32_t>(v >> 32);
  }
};

/// Common to all commands.
using Opcode = Field<0, 0, 8>;
using Fuse = Field<0, 8, 2>;
using FlagsReserved = Field<0, 10, 4>;
using Psdt = Field<0, 14, 2>;
using Cid = Field<0, 16, 16>;
using Nsid = Field<1, 0, 32>;
using Mptr = Field64<4>;
using Dptr1 = Field64<6>;
using Dptr2 = Field64<8>;

/// Read, Write: NVM-1.0 3.2.4, 3.2.6. NLB is 0-based.
using Slba = Field64<10>;
using Nlb = Field<12, 0, 16>;
using Dtype = Field<12, 20, 4>;
using Stc = Field<12, 24, 1>;
using Prinfo = Field<12, 26, 4>;
using Fua = Field<12, 30, 1>;
using LimitedRetry = Field<12, 31, 1>;

/// Dataset Management: NVM-1.0 3.2.3. NR is 0-based.
using Nr = Field<10, 0, 8>;
using Deallocate = Field<11, 2, 1>;

/// Identify, NVMe-2.0 5.17.
using Cns = Field<10, 0, 8>;

/// Get Log Page, NVMe-2.0 5.16. The number of dwords is 0-based and in two halves.
using Lid = Field<10, 0, 8>;
using Rae = Field<10, 15, 1>;
using Numdl = Field<10, 16, 16>;
using Numdu = Field<11, 0, 16>;
using Lpo = Field64<12>;

/// Get and Set Features, NVMe-2.0 5.15, 5.27.
using Fid = Field<10, 0, 8>;
using Sel = Field<10, 8, 3>;
using Save = Field<10, 31, 1>;
using FeatureValue = Field<11, 0, 32>;

/// Abort, NVMe-2.0 5.1.
using AbortSqid = Field<10, 0, 16>;
using AbortCid = Field<10, 16, 16>;

enum class AdminOpcode : std::uint8_t {
  get_log_page = 0x02,
  identify = 0x06,
  abort = 0x08,
  set_features = 0x09,
  get_features = 0x0A,
  async_event_request = 0x0C,
  keep_alive = 0x18,
  geometry = 0xE2,        // OCSSD-2.0 3.1; OCSSD-1.2 10.1: identity
  set_bad_blocks = 0xF1,  // OCSSD-1.2 10.3
  get_bad_blocks = 0xF2,  // OCSSD-1.2 10.3
};

enum class IoOpcode : std::uint8_t {
  flush = 0x00,
  write = 0x01,
  read = 0x02,
  dataset_management = 0x09,
  vector_reset = 0x90,  // OCSSD-2.0 4
  vector_write = 0x91,
  vector_read = 0x92,
  vector_copy = 0x93,
};
[[nodiscard]] constexpr bool is_vector(std::uint32_t opcode) noexcept { return opcode >= 0x90 && opcode <= 0x93; }

enum class LogPage : std::uint8_t {
  error_information = 0x01,
  smart = 0x02,
  firmware_slot = 0x03,
  chunk_information = 0xCA,   // OCSSD-2.0 3.2
  chunk_notification = 0xD0,  // OCSSD-2.0 3.3
};

enum class FeatureId : std::uint8_t {
  arbitration = 0x01,
  power_management = 0x02,
  temperature_threshold = 0x04,
  error_recovery = 0x05,
  volatile_write_cache = 0x06,
  number_of_queues = 0x07,
  interrupt_coalescing = 0x08,
  interrupt_vector_configuration = 0x09,
  write_atomicity = 0x0A,
  async_event_configuration = 0x0B,
  keep_alive_timer = 0x0F,
  media_feedback = 0xCA,  // OCSSD-2.0 3.5
};

inline constexpr std::uint32_t kDulbe = 1U << 16;  ///< error recovery: report unwritten blocks as errors
inline constexpr std::uint32_t kHecc = 1U << 0;    ///< media feedback: report high ECC

inline constexpr std::size_t kIdentifyBytes = 4096;
/// The page of an identify command, not taken apart yet.
using IdentifyPage = std::array<std::byte, kIdentifyBytes>;

struct LbaFormat {
  std::uint16_t ms;  ///< metadata bytes
  std::uint8_t ds;   ///< log2 of the data bytes
  std::uint8_t rp;
};

/// Identify Namespace, CNS 00h. NVM-1.0 4.1.5.1.
struct IdentifyNamespace {
  std::uint64_t nsze, ncap, nuse;
  std::uint8_t nsfeat, nlbaf, flbas, mc, dpc, dps, nmic, rescap, fpi, dlfeat;
  std::uint8_t reserved34[14];
  std::uint8_t nvmcap[16];
  std::uint8_t reserved64[40];
  std::uint8_t nguid[16];
  std::uint8_t eui64[8];
  LbaFormat lbaf[16];
  std::uint8_t reserved192[192];
  std::uint8_t vendor[3712];
};
static_assert(sizeof(IdentifyNamespace) == kIdentifyBytes);
static_assert(offsetof(IdentifyNamespace, nguid) == 104 && offsetof(IdentifyNamespace, lbaf) == 128);

/// Identify Controller, CNS 01h. NVMe-2.0 5.17.2.1; the fields that this library reads or fills.
struct IdentifyController {
  std::uint16_t vid, ssvid;
  char sn[20];
  char mn[40];
  char fr[8];
  std::uint8_t rab;
  std::uint8_t ieee[3];
  std::uint8_t cmic, mdts;
  std::uint16_t cntlid;
  std::uint32_t ver;
  std::uint8_t reserved84[27];
  std::uint8_t cntrltype;
  std::uint8_t reserved112[144];
  std::uint16_t oacs;
  std::uint8_t acl, aerl, frmw, lpa, elpe, npss, avscc, apsta;
  std::uint16_t wctemp, cctemp;
  std::uint8_t reserved270[10];
  std::uint8_t tnvmcap[16], unvmcap[16];
  std::uint8_t reserved312[8];
  std::uint16_t kas;  ///< granularity of KATO, 100 ms each
  std::uint8_t reserved322[190];
  std::uint8_t sqes, cqes;
  std::uint16_t maxcmd;
  std::uint32_t nn;
  std::uint16_t oncs, fuses;
  std::uint8_t fna, vwc;
  std::uint16_t awun, awupf;
  std::uint8_t icsvscc, nwpc;
  std::uint16_t acwu;
  std::uint16_t reserved534;
  std::uint32_t sgls;
  std::uint8_t reserved540[228];
  char subnqn[256];
  std::uint8_t reserved1024[768];
  std::uint32_t ioccsz, iorcsz;  ///< largest capsules of I/O queues, 16 bytes each
  std::uint16_t icdoff;
  std::uint8_t fcatt, msdbd;
  std::uint16_t ofcs;
  std::uint8_t reserved1806[1266];
  std::uint8_t vendor[1024];
};
static_assert(sizeof(IdentifyController) == kIdentifyBytes);
static_assert(offsetof(IdentifyController, oacs) == 256 && offsetof(IdentifyController, sqes) == 512);
static_assert(offsetof(IdentifyController, sgls) == 536 && offsetof(IdentifyController, subnqn) == 768);
static_assert(offsetof(IdentifyController, cntrltype) == 111 && offsetof(IdentifyController, kas) == 320);
static_assert(offsetof(IdentifyController, ioccsz) == 1792 && offsetof(IdentifyController, vendor) == 3072);

/// SMART / Health Information log. NVMe-2.0 5.16.1.3; counters are 128 bits, of which the low half is used.
struct SmartLog {
  std::uint8_t critical_warning;
  std::uint8_t temperature[2];
  std::uint8_t available_spare, available_spare_threshold, percentage_used;
  std::uint8_t reserved6[26];
  std::uint64_t data_units_read[2], data_units_written[2], host_reads[2], host_writes[2];
  std::uint64_t busy_minutes[2], power_cycles[2], power_on_hours[2], unsafe_shutdowns[2];
  std::uint64_t media_errors[2], error_log_entries[2];
  std::uint8_t reserved192[320];
};
static_assert(sizeof(SmartLog) == 512 && offsetof(SmartLog, data_units_read) == 32);

/// One entry of the Error Information log. NVMe-2.0 5.16.1.2.
struct ErrorLogEntry {
  std::uint64_t error_count;
  std::uint16_t sqid, cid;
  std::uint16_t status;    ///< with the phase tag in bit 0
  std::uint16_t location;  ///< byte in bits 7:0, bit in 10:8; FFFFh: not known
  std::uint64_t lba;
  std::uint32_t nsid;
  std::uint8_t vendor, reserved29[35];
};
static_assert(sizeof(ErrorLogEntry) == 64 && offsetof(ErrorLogEntry, nsid) == 24);

/// One range of Dataset Management.
struct DsmRange {
  std::uint32_t attributes;
  std::uint32_t blocks;
  std::uint64_t slba;
};
static_assert(sizeof(DsmRange) == 16);

}  // namespace lightnvm::spec
