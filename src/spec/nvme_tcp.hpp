// SPDX-License-Identifier: BSD-2-Clause
// The PDUs of NVMe/TCP as they lie on the wire. NVMe-TCP-1.0 3.6.
#pragma once

#include <cstddef>
#include <cstdint>

#include "spec/nvme.hpp"

namespace lightnvm::spec::tcp {

enum class PduType : std::uint8_t {
  icreq = 0x00,
  icresp = 0x01,
  h2c_term_req = 0x02,
  c2h_term_req = 0x03,
  capsule_cmd = 0x04,
  capsule_resp = 0x05,
  h2c_data = 0x06,
  c2h_data = 0x07,
  r2t = 0x09,
};

/// Bits of CommonHeader::flags.
inline constexpr std::uint8_t kHdgst = 1U << 0;    ///< a header digest follows the header
inline constexpr std::uint8_t kDdgst = 1U << 1;    ///< a data digest follows the data
inline constexpr std::uint8_t kLastPdu = 1U << 2;  ///< H2CData: of its R2T; C2HData: of its command
inline constexpr std::uint8_t kSuccess = 1U << 3;  ///< C2HData: the command succeeded, no CapsuleResp follows

/// First of every PDU.
struct CommonHeader {
  std::uint8_t type;  ///< PduType
  std::uint8_t flags;
  std::uint8_t hlen;   ///< bytes of the header, without its digest
  std::uint8_t pdo;    ///< where the data begins, from the PDU's start; 0 without data
  std::uint32_t plen;  ///< bytes of the PDU with digests, padding and data
};
static_assert(sizeof(CommonHeader) == 8 && offsetof(CommonHeader, pdo) == 3 && offsetof(CommonHeader, plen) == 4);

/// Bits of the digest fields of ICReq and ICResp.
inline constexpr std::uint8_t kHeaderDigest = 1U << 0;
inline constexpr std::uint8_t kDataDigest = 1U << 1;

struct ICReq {
  CommonHeader ch;
  std::uint16_t pfv;
  std::uint8_t hpda;  ///< data to the host begins at a multiple of (HPDA + 1) * 4 bytes
  std::uint8_t dgst;
  std::uint32_t maxr2t;  ///< 0-based, of one command
  std::uint8_t reserved16[112];
};
static_assert(sizeof(ICReq) == 128 && offsetof(ICReq, pfv) == 8 && offsetof(ICReq, hpda) == 10);
static_assert(offsetof(ICReq, dgst) == 11 && offsetof(ICReq, maxr2t) == 12);

struct ICResp {
  CommonHeader ch;
  std::uint16_t pfv;
  std::uint8_t cpda;  ///< data to the controller begins at a multiple of (CPDA + 1) * 4 bytes
  std::uint8_t dgst;
  std::uint32_t maxh2cdata;  ///< data bytes of one H2CData, at least 4096, a multiple of 4
  std::uint8_t reserved16[112];
};
static_assert(sizeof(ICResp) == 128 && offsetof(ICResp, pfv) == 8 && offsetof(ICResp, cpda) == 10);
static_assert(offsetof(ICResp, dgst) == 11 && offsetof(ICResp, maxh2cdata) == 12);

inline constexpr std::uint8_t kMaxPda = 31;
inline constexpr std::uint32_t kMinMaxH2cData = 4096;

/// Why a connection is ended: Fatal Error Status.
enum class FatalStatus : std::uint16_t {
  none = 0x00,
  invalid_header_field = 0x01,  ///< FEI: where the field begins, from the PDU's start
  sequence_error = 0x02,
  header_digest_error = 0x03,  ///< FEI: the digest that was received
  data_out_of_range = 0x04,
  limit_exceeded = 0x05,         ///< from a host: R2T limit; from a controller: data transfer limit
  unsupported_parameter = 0x06,  ///< FEI: where the field begins, from the PDU's start
};

/// H2CTermReq and C2HTermReq; the header of the PDU in error follows, 128 bytes of it at most.
struct TermReq {
  CommonHeader ch;
  std::uint16_t fes;
  std::uint16_t fei[2];  ///< 32 bits that are not aligned: low half first
  std::uint8_t reserved14[10];
};
static_assert(sizeof(TermReq) == 24 && offsetof(TermReq, fes) == 8 && offsetof(TermReq, fei) == 10);
inline constexpr std::size_t kMaxTermReqData = 128;

/// Data may follow: in-capsule data.
struct CapsuleCmd {
  CommonHeader ch;
  Command sqe;
};
static_assert(sizeof(CapsuleCmd) == 72 && offsetof(CapsuleCmd, sqe) == 8);

/// Completion queue entry. NVMe-2.0 3.3.3.2.
struct CompletionEntry {
  std::uint32_t dw0, dw1;
  std::uint16_t sqhd, sqid, cid;
  std::uint16_t status;  ///< the 15 status bits from bit 1; bit 0, the phase tag, is reserved in Fabrics
};
static_assert(sizeof(CompletionEntry) == 16 && offsetof(CompletionEntry, cid) == 12);

struct CapsuleResp {
  CommonHeader ch;
  CompletionEntry cqe;
};
static_assert(sizeof(CapsuleResp) == 24 && offsetof(CapsuleResp, cqe) == 8);

/// H2CData, C2HData (which has no transfer tag) and R2T (whose offset and length are those that it asks for).
struct DataHeader {
  CommonHeader ch;
  std::uint16_t cccid;  ///< the command's CID
  std::uint16_t ttag;
  std::uint32_t offset;  ///< DATAO, R2TO
  std::uint32_t length;  ///< DATAL, R2TL
  std::uint8_t reserved20[4];
};
static_assert(sizeof(DataHeader) == 24 && offsetof(DataHeader, cccid) == 8 && offsetof(DataHeader, ttag) == 10);
static_assert(offsetof(DataHeader, offset) == 12 && offsetof(DataHeader, length) == 16);

inline constexpr std::size_t kDigestBytes = 4;

}  // namespace lightnvm::spec::tcp
