// SPDX-License-Identifier: BSD-2-Clause
// What Open-Channel SSDs say and understand, as it lies in memory: opcodes, states, structures of OCSSD 1.2 and 2.0 and
// of NVMe. Fields are little-endian. Programs read these structures directly: their layout is the interface.
#pragma once

#include <assert.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Media and controller capabilities of a 1.2 group. OCSSD-1.2 10.1. */
enum nvm_spec_12_mccap {
  NVM_SPEC_12_MCCAP_SLCMODE = 0x1,
  NVM_SPEC_12_MCCAP_SUSPENSION = 0x2,
  NVM_SPEC_12_MCCAP_SCRAMBLER = 0x4,
  NVM_SPEC_12_MCCAP_ENCRYPTION = 0x8
};

/* Of a 2.0 device. OCSSD-2.0 3.1. */
enum nvm_spec_20_mccap { NVM_SPEC_20_MCCAP_VCOPY = 0x1 };

/* Admin opcodes: identify (1.2) or geometry (2.0), get log page, features, bad block table. */
enum nvm_adm_opcodes {
  NVM_AOPC_IDFY = 0xE2,
  NVM_AOPC_RPRT = 0x02,
  NVM_AOPC_SFEAT = 0x09,
  NVM_AOPC_GFEAT = 0x0A,
  NVM_AOPC_SBBT = 0xF1,
  NVM_AOPC_GBBT = 0xF2
};

/* I/O opcodes. */
enum nvm_dio_opcodes {
  NVM_DOPC_SCALAR_ERASE = 0x09,
  NVM_DOPC_SCALAR_WRITE = 0x01,
  NVM_DOPC_SCALAR_READ = 0x02,
  NVM_DOPC_VECTOR_ERASE = 0x90,
  NVM_DOPC_VECTOR_WRITE = 0x91,
  NVM_DOPC_VECTOR_READ = 0x92,
  NVM_DOPC_VECTOR_COPY = 0x93
};

enum nvm_spec_verid { NVM_SPEC_VERID_12 = 0x1, NVM_SPEC_VERID_20 = 0x2 };

/* Chunk state, `cs` of a report's descriptor. OCSSD-2.0 3.2. */
enum nvm_spec_chunk_state {
  NVM_CHUNK_STATE_FREE = 0x01,
  NVM_CHUNK_STATE_CLOSED = 0x02,
  NVM_CHUNK_STATE_OPEN = 0x04,
  NVM_CHUNK_STATE_OFFLINE = 0x08,
  NVM_CHUNK_STATE_RSVD4 = 0x10,
  NVM_CHUNK_STATE_RSVD5 = 0x20,
  NVM_CHUNK_STATE_RSVD6 = 0x40,
  NVM_CHUNK_STATE_RSVD7 = 0x80
};

/* Chunk type, `ct` of a report's descriptor: written in order, at random; smaller than the others (WAVVY). */
enum nvm_spec_chunk_type {
  NVM_CHUNK_TYPE_SEQR = 0x01,
  NVM_CHUNK_TYPE_ARWR = 0x02,
  NVM_CHUNK_TYPE_RSVD2 = 0x04,
  NVM_CHUNK_TYPE_RSVD3 = 0x08,
  NVM_CHUNK_TYPE_WAVVY = 0x10,
  NVM_CHUNK_TYPE_RSVD5 = 0x20,
  NVM_CHUNK_TYPE_RSVD6 = 0x40,
  NVM_CHUNK_TYPE_RSVD7 = 0x80
};

enum nvm_nvme_feat_id { NVM_NVME_FEAT_ERROR_RECOVERY = 0x05, NVM_NVME_FEAT_MEDIA_FEEDBACK = 0xCA };

#define NVM_NVME_FEAT_ERROR_RECOVERY_TLER(feat) ((feat) & 0xFFFF)
#define NVM_NVME_FEAT_ERROR_RECOVERY_DULBE(feat) ((feat) & (1 << 16))
#define NVM_NVME_FEAT_MEDIA_FEEDBACK_HECC(feat) ((feat) & 1)
#define NVM_NVME_FEAT_MEDIA_FEEDBACK_VHECC(feat) ((feat) & 2)

/* Bits 31:16 of CDW12 of a scalar read or write. */
enum nvm_nvme_flag {
  NVM_NVME_FLAG_PRINFO_PRCHK_REF = 1 << 10,
  NVM_NVME_FLAG_PRINFO_PRCHK_APP = 1 << 11,
  NVM_NVME_FLAG_PRINFO_PRCHK_GUARD = 1 << 12,
  NVM_NVME_FLAG_PRINFO_PRACT = 1 << 13,
  NVM_NVME_FLAG_FORCE_UNIT_ACCESS = 1 << 14,
  NVM_NVME_FLAG_LIMITED_RETRY = 1 << 15
};

enum nvm_nvme_sgl_descriptor_type {
  NVM_NVME_SGL_DESCR_TYPE_DATA_BLOCK = 0x0,
  NVM_NVME_SGL_DESCR_TYPE_BIT_BUCKET = 0x1,
  NVM_NVME_SGL_DESCR_TYPE_SEGMENT = 0x2,
  NVM_NVME_SGL_DESCR_TYPE_LAST_SEGMENT = 0x3,
  NVM_NVME_SGL_DESCR_TYPE_KEYED_DATA_BLOCK = 0x4,
  NVM_NVME_SGL_DESCR_TYPE_VENDOR_SPECIFIC = 0xF
};

enum nvm_nvme_sgl_descriptor_subtype {
  NVM_NVME_SGL_DESCR_SUBTYPE_ADDRESS = 0x0,
  NVM_NVME_SGL_DESCR_SUBTYPE_OFFSET = 0x1
};

/* How a command says where its memory is. */
enum nvm_nvme_psdt {
  NVM_NVME_PSDT_PRP = 0x0,
  NVM_NVME_PSDT_SGL_MPTR_CONTIGUOUS = 0x1,
  NVM_NVME_PSDT_SGL_MPTR_SGL = 0x2
};

/* Physical address format of a 1.2 device: offsets and lengths in bits. OCSSD-1.2 10.2. */
__extension__ struct nvm_spec_ppaf_nand {
  union {
    struct {
      uint8_t ch_off;
      uint8_t ch_len;
      uint8_t lun_off;
      uint8_t lun_len;
      uint8_t pl_off;
      uint8_t pl_len;
      uint8_t blk_off;
      uint8_t blk_len;
      uint8_t pg_off;
      uint8_t pg_len;
      uint8_t sec_off;
      uint8_t sec_len;
      uint8_t rsvd[4];
    } n;
    uint8_t a[16];
  };
};

/* The bits of a device address that hold each component. */
__extension__ struct nvm_spec_ppaf_nand_mask {
  union {
    struct {
      uint64_t ch;
      uint64_t lun;
      uint64_t pl;
      uint64_t blk;
      uint64_t pg;
      uint64_t sec;
    } n;
    uint64_t a[6];
  };
};

/* Address format of a 2.0 device: lengths in bits. OCSSD-2.0 2.1. */
struct nvm_spec_lbaf {
  uint8_t pugrp;
  uint8_t punit;
  uint8_t chunk;
  uint8_t sectr;
  uint8_t rsvd[4];
};

/* The offsets in bits that follow from the lengths. */
struct nvm_spec_lbaz {
  uint64_t pugrp;
  uint64_t punit;
  uint64_t chunk;
  uint64_t sectr;
};

/* The masks that follow from the lengths. */
struct nvm_spec_lbam {
  uint64_t pugrp;
  uint64_t punit;
  uint64_t chunk;
  uint64_t sectr;
};

/* A configuration group of a 1.2 device; times in nanoseconds. OCSSD-1.2 10.1. */
struct nvm_spec_idfy_cgrp {
  uint8_t mtype;
  uint8_t fmtype;
  uint8_t rsvd_2_3[2];
  uint8_t num_ch;
  uint8_t num_lun;
  uint8_t num_pln;
  uint8_t rsdv_7;
  uint16_t num_blk;
  uint16_t num_pg;
  uint16_t fpg_sz;
  uint16_t csecs;
  uint16_t sos;
  uint8_t rsvd_18_19[2];
  uint32_t trdt;
  uint32_t trdm;
  uint32_t tprt;
  uint32_t tprm;
  uint32_t tbet;
  uint32_t tbem;
  uint32_t mpos;
  uint32_t mccap;
  uint16_t cpar;
  uint8_t rsvd_54_63[10];
  uint8_t mts[896];
};

/* Identity of a 1.2 device. */
struct nvm_spec_idfy_s12 {
  uint8_t verid;
  uint8_t vnvmt;
  uint8_t cgroups;
  uint8_t rsvd3;
  uint32_t cap;
  uint32_t dom;
  struct nvm_spec_ppaf_nand ppaf;
  uint8_t rsdv_028_255[228];
  struct nvm_spec_idfy_cgrp grp[4];
};

/* Geometry of a 2.0 device: counts. OCSSD-2.0 3.1. */
struct nvm_spec_lgeo {
  uint16_t npugrp;
  uint16_t npunit;
  uint32_t nchunk;
  uint32_t nsectr;
  uint8_t resv[52];
};

/* What it asks of those who write, in sectors. */
struct nvm_spec_wrt {
  uint32_t ws_min;
  uint32_t ws_opt;
  uint32_t mw_cunits;
  uint32_t maxoc;
  uint32_t maxocpu;
  uint8_t resv[44];
};

/* Times in nanoseconds, typical and maximal: read, write, chunk reset. */
struct nvm_spec_perf {
  uint32_t trdt;
  uint32_t trdm;
  uint32_t twrt;
  uint32_t twrm;
  uint32_t tcet;
  uint32_t tcem;
  uint8_t resv[40];
};

/* Geometry of a 2.0 device, as it answers E2h. */
struct nvm_spec_idfy_s20 {
  uint8_t verid;
  uint8_t verid_minor;
  uint8_t rsvd1[6];
  struct nvm_spec_lbaf lbaf;
  uint32_t mccap;
  uint8_t rsvd2[12];
  uint8_t wit;
  uint8_t rsvd3[31];
  struct nvm_spec_lgeo lgeo;
  struct nvm_spec_wrt wrt;
  struct nvm_spec_perf perf;
  uint8_t rsvd4[2816];
  uint8_t vndr[1024];
};

/* The answer to E2h of either version; `s.verid` tells which. */
__extension__ struct nvm_spec_idfy {
  union {
    struct nvm_spec_idfy_s12 s12;
    struct nvm_spec_idfy_s20 s20;
    struct {
      uint8_t verid;
      uint8_t verid_minor;
      uint8_t rsvd[4094];
    } s;
  };
};

/* Bad block table of one LUN of a 1.2 device: a state (enum nvm_bbt_state) for each plane of each block. */
struct nvm_spec_bbt {
  uint8_t tblid[4];
  uint16_t verid;
  uint16_t revid;
  uint32_t rvsd1;
  uint32_t tblks;
  uint32_t tfact;
  uint32_t tgrown;
  uint32_t tdresv;
  uint32_t thresv;
  uint32_t rsvd2[8];
  __extension__ uint8_t blk[];
};

/* One chunk of a report. OCSSD-2.0 3.2. */
struct nvm_spec_rprt_descr {
  uint8_t cs;
  uint8_t ct;
  uint8_t wli;
  uint8_t rsvd1[5];
  uint64_t addr;   /* of the chunk, in the device's format */
  uint64_t naddrs; /* sectors in the chunk */
  uint64_t wp;     /* relative to the chunk's start */
};

/* A chunk report, from nvm_cmd_rprt. */
struct nvm_spec_rprt {
  uint32_t ndescr;
  __extension__ struct nvm_spec_rprt_descr descr[];
};

/* The value of a feature. */
union nvm_nvme_feat {
  struct {
    uint32_t tler : 16;
    uint32_t dulbe : 1;
    uint32_t rsvd : 15;
  } error_recovery;
  struct {
    uint32_t hecc : 1;
    uint32_t vhecc : 1;
    uint32_t rsvd : 30;
  } media_feedback;
  uint32_t a;
};

struct nvm_nvme_lbaf {
  uint16_t ms;
  uint8_t ds;
  uint8_t rp;
};

/* Identify Namespace. NVMe-1.3 5.15.2. */
struct nvm_nvme_ns {
  uint64_t nsze;
  uint64_t ncap;
  uint64_t nuse;
  uint8_t nsfeat;
  uint8_t nlbaf;
  uint8_t flbas;
  uint8_t mc;
  uint8_t dpc;
  uint8_t dps;
  uint8_t nmic;
  uint8_t rescap;
  uint8_t fpi;
  uint8_t dlfeat;
  uint16_t nawun;
  uint16_t nawupf;
  uint16_t nacwu;
  uint16_t nabsn;
  uint16_t nabo;
  uint16_t nabspf;
  uint16_t noiob;
  uint8_t nvmcap[16];
  uint8_t rsvd64[40];
  uint8_t nguid[16];
  uint8_t eui64[8];
  struct nvm_nvme_lbaf lbaf[16];
  uint8_t rsvd192[192];
  uint8_t vs[3712];
};

/* A range of Dataset Management. */
struct nvm_nvme_dsm_range {
  uint32_t cattr;
  uint32_t nlb;
  uint64_t slba;
};

struct nvm_nvme_status {
  __extension__ uint16_t p : 1;
  __extension__ uint16_t sc : 8;
  __extension__ uint16_t sct : 3;
  __extension__ uint16_t rsvd2 : 2;
  __extension__ uint16_t m : 1;
  __extension__ uint16_t dnr : 1;
};

/* A completion. */
struct nvm_nvme_cpl {
  uint32_t cdw0;
  uint32_t rsvd1;
  uint16_t sqhd;
  uint16_t sqid;
  uint16_t cid;
  struct nvm_nvme_status status;
};

struct nvm_nvme_sgl_descriptor {
  uint64_t addr;
  __extension__ union {
    struct {
      uint64_t rsvd : 56;
      uint64_t subtype : 4;
      uint64_t type : 4;
    } generic;
    struct {
      uint64_t len : 32;
      uint64_t rsvd : 24;
      uint64_t subtype : 4;
      uint64_t type : 4;
    } unkeyed;
  };
};

/* A submission queue entry. */
struct nvm_nvme_cmd {
  /* cdw 00 */
  __extension__ uint16_t opcode : 8;
  __extension__ uint16_t fuse : 2;
  __extension__ uint16_t rsvd : 4;
  __extension__ uint16_t psdt : 2;
  uint16_t cid;

  uint32_t nsid;
  uint32_t cdw02;
  uint32_t cdw03;
  uint64_t mptr;
  union {
    struct {
      uint64_t prp1;
      uint64_t prp2;
    } prp;
    struct nvm_nvme_sgl_descriptor sgl;
  } dptr;

  /* cdw 10, 11 */
  __extension__ union {
    uint64_t addrs;
    struct {
      uint32_t nr : 8;
      uint32_t rsvd10 : 24;
      uint32_t idr : 1;
      uint32_t idw : 1;
      uint32_t ad : 1;
      uint32_t rsvd11 : 29;
    } dsm;
    struct {
      uint32_t lid : 8;
      uint32_t lsp : 4;
      uint32_t rsvd10 : 3;
      uint32_t rae : 1;
      uint32_t numdl : 16;
      uint32_t numdu : 16;
      uint32_t rsvd11 : 16;
    } rprt;
    struct {
      uint32_t fid : 8;
      uint32_t rsvd10 : 23;
      uint32_t save : 1;
      union nvm_nvme_feat feat;
    } sfeat;
    struct {
      uint32_t fid : 8;
      uint32_t sel : 3;
      uint32_t rsvd10 : 21;
      uint32_t unused11;
    } gfeat;
    struct {
      uint32_t ndt; /* dwords of data */
      uint32_t ndm; /* dwords of metadata */
    } padc;
  };

  /* cdw 12 */
  __extension__ union {
    struct {
      uint32_t naddrs : 16;
      uint32_t rsvd : 10;
      uint32_t prinfo : 4;
      uint32_t fua : 1;
      uint32_t lr : 1;
    } nvme;
    struct {
      uint32_t naddrs : 16;
      uint32_t control : 16;
    } s12;
    struct {
      uint32_t naddrs : 6;
      uint32_t rsvd : 24;
      uint32_t fua : 1;
      uint32_t lr : 1;
    } s20;
    uint32_t lpol;
    uint32_t cdw12;
  };

  /* cdw 13 */
  __extension__ union {
    uint32_t lpou;
    uint32_t cdw13;
  };

  /* cdw 14, 15 */
  uint64_t addrs_dst;
};

/* Print a structure to stdout as YAML; NULL prints a name and "~". */
void nvm_spec_lbaf_pr(const struct nvm_spec_lbaf* lbaf);
void nvm_spec_lbaz_pr(const struct nvm_spec_lbaz* lbaz);
void nvm_spec_lbam_pr(const struct nvm_spec_lbam* lbam);
void nvm_spec_lgeo_pr(const struct nvm_spec_lgeo* lgeo);
void nvm_spec_wrt_pr(const struct nvm_spec_wrt* wrt);
void nvm_spec_perf_pr(const struct nvm_spec_perf* perf);
/* `quirks` (enum nvm_quirks) is accepted for the programs that pass it. */
void nvm_spec_idfy_pr(const struct nvm_spec_idfy* idfy, int quirks);
void nvm_spec_rprt_descr_pr(const struct nvm_spec_rprt_descr* descr);
void nvm_spec_rprt_pr(const struct nvm_spec_rprt* rprt);
void nvm_spec_ppaf_nand_pr(const struct nvm_spec_ppaf_nand* ppaf);
void nvm_spec_ppaf_nand_mask_pr(const struct nvm_spec_ppaf_nand_mask* mask);
void nvm_spec_bbt_pr(const struct nvm_spec_bbt* bbt);
/* `flags` 0: dwords in binary, 1: in hex, 2: in hex with their numbers, 3: by field. */
void nvm_nvme_cmd_pr(struct nvm_nvme_cmd* cmd, int flags);

#ifdef __cplusplus
}
#endif
