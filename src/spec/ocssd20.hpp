// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 2.0 as it lies on the wire: geometry, chunk descriptor, notification, and where vector commands differ.
#pragma once

#include "spec/nvme.hpp"

namespace lightnvm::spec {

/// Vector commands, OCSSD-2.0 4.1: the number of addresses is 0-based in bits 5:0; devices refuse bits 15:6.
using VectorNlb = Field<12, 0, 16>;
using Lbal = Field64<10>;
using Dlbal = Field64<14>;

/// The bits of MCCAP. OCSSD-2.0 3.1.
inline constexpr std::uint32_t kMccapVectorCopy = 1, kMccapMultipleResets = 2, kMccapEarlyReset = 4;

/// The bit of Media Feedback that has reads with effort reported. OCSSD-2.0 3.5.
inline constexpr std::uint32_t kHighEcc = 1;

/// Geometry, admin opcode E2h. OCSSD-2.0 3.1.
struct Geometry20 {
  std::uint8_t mjr, mnr, reserved2[6];
  std::uint8_t grp_len, pu_len, chk_len, lbk_len, reserved12[4];
  std::uint32_t mccap;
  std::uint8_t reserved20[12];
  std::uint8_t wit, reserved33[31];
  std::uint16_t num_grp, num_pu;
  std::uint32_t num_chk, clba;
  std::uint8_t reserved76[52];
  std::uint32_t ws_min, ws_opt, mw_cunits, maxoc, maxocpu;
  std::uint8_t reserved148[44];
  std::uint32_t trdt, trdm, twrt, twrm, tcrst, tcrsm;
  std::uint8_t reserved216[2856];
  std::uint8_t vendor[1024];
};
static_assert(sizeof(Geometry20) == 4096 && offsetof(Geometry20, num_grp) == 64 && offsetof(Geometry20, trdt) == 192);
static_assert(offsetof(Geometry20, vendor) == 3072);

/// One chunk of log page CAh. OCSSD-2.0 3.2.
struct ChunkDescriptor {
  std::uint8_t cs, ct, wli, reserved3[5];
  std::uint64_t slba, cnlb, wp;
};
static_assert(sizeof(ChunkDescriptor) == 32);
inline constexpr std::uint8_t kChunkTypeDeviates = 0x10;  ///< bit of ct: cnlb is not the geometry's

/// One entry of log page D0h. OCSSD-2.0 3.3.
struct ChunkNotification {
  std::uint64_t nc, lba;
  std::uint32_t nsid;
  std::uint16_t state;
  std::uint8_t mask, reserved23[9];
  std::uint16_t nlb;  ///< 0-based, meaningful with mask bit 0
  std::uint8_t reserved34[30];
};
static_assert(sizeof(ChunkNotification) == 64 && offsetof(ChunkNotification, nlb) == 32);
inline constexpr unsigned kNotificationEntries = 64;

}  // namespace lightnvm::spec
