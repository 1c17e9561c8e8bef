// SPDX-License-Identifier: BSD-2-Clause
// OCSSD 1.2 as it lies on the wire: identity, bad block table, and the fields of physical commands.
#pragma once

#include "spec/nvme.hpp"

namespace lightnvm::spec {

/// Erase, write, read of physical pages: opcodes 90h, 91h, 92h, those of the vector commands. OCSSD-1.2 10.4. The
/// number of addresses is 0-based; a single one lies in the command itself, or travels in the list.
using PhysicalNlb = Field<12, 0, 16>;
using Ppa = Field64<10>;
using Control = Field<12, 16, 16>;

/// The bits of Control. Those that stand in the place of NVMe's FUA and LR mean the same.
inline constexpr std::uint32_t kControlPlaneMode = 3, kControlSuspend = 0x80, kControlSlc = 0x100,
                               kControlScrambler = 0x200, kControlFua = 0x4000, kControlLimitedRetry = 0x8000;

/// The bits of a configuration group's MCCAP. OCSSD-1.2 10.1.
inline constexpr std::uint32_t kMccapSlcMode = 1, kMccapSuspension = 2, kMccapScrambler = 4;

/// Offset and length of one component of an address, in bits.
struct PpaField12 {
  std::uint8_t offset, length;
};
/// OCSSD-1.2 10.2.
struct PpaFormat12 {
  PpaField12 channel, lun, plane, block, page, sector;
  std::uint8_t reserved12[4];
};
static_assert(sizeof(PpaFormat12) == 16);

/// A configuration group of the identity.
struct Group12 {
  std::uint8_t mtype, fmtype, reserved2[2];
  std::uint8_t num_ch, num_lun, num_pln, reserved7;
  std::uint16_t num_blk, num_pg, fpg_sz, csecs, sos;
  std::uint8_t reserved18[2];
  std::uint32_t trdt, trdm, tprt, tprm, tbet, tbem, mpos, mccap;
  std::uint16_t cpar;
  std::uint8_t reserved54[10];
  std::uint8_t mts[896];
};
static_assert(sizeof(Group12) == 960 && offsetof(Group12, mpos) == 44 && offsetof(Group12, mts) == 64);
inline constexpr std::uint8_t kMediaNand = 0;  ///< mtype

/// Identity, admin opcode E2h. OCSSD-1.2 10.1.
struct Identity12 {
  std::uint8_t ver_id, vmnt, cgrps, reserved3;
  std::uint32_t cap, dom;
  PpaFormat12 ppaf;
  std::uint8_t reserved28[228];
  Group12 groups[4];
};
static_assert(sizeof(Identity12) == kIdentifyBytes && offsetof(Identity12, groups) == 256);
inline constexpr std::uint32_t kCapBadBlocks = 1;  ///< cap: the device keeps bad block tables

/// Get and Set Bad Block Table, admin opcodes F2h and F1h. OCSSD-1.2 10.3. The number of addresses is 0-based.
using BadBlockNlb = Field<12, 0, 16>;
using BadBlockValue = Field<12, 16, 8>;
using BadBlockReserved = Field<12, 24, 8>;

/// What Get Bad Block Table brings; a byte for each plane of each block follows.
struct BadBlockHeader {
  char tblid[4];  ///< "BBLT"
  std::uint16_t verid, revid;
  std::uint32_t reserved8;
  std::uint32_t tblks, tfact, tgrown, tdresv, thresv;
  std::uint8_t reserved32[32];
};
static_assert(sizeof(BadBlockHeader) == 64 && offsetof(BadBlockHeader, tblks) == 12);

}  // namespace lightnvm::spec
