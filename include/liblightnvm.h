// SPDX-License-Identifier: BSD-2-Clause
// The C API of liblightnvm: host-managed flash (Open-Channel SSDs of specification 1.2 and 2.0). C99 and up, C++11 and
// up.
//
// Errors. Functions that return int return 0, or -1 with errno set; those that return a pointer return NULL, those that
// return ssize_t return -1. What the device said is in a `struct nvm_ret` where the caller gives one. nvm_last_error()
// has a sentence for people. errno is, besides what a function names itself:
//   EINVAL   the caller's mistake: a NULL that is none of the optional ones, a count, flags or an address out of range;
//            nothing was sent
//   ENOTSUP  the device, its specification version, or the route to it has no such thing
//   EROFS    the device was opened for reading only
//   ENOMEM   no memory
//   EIO      the device refused: `ret->status` has its status
//
// Threads. A device may be used by any number of threads at once; its setters are for the time before that. An object
// made from it (async context, vblk, sgl, pool, bbt) belongs to one thread at a time, and ends before the device does.
#pragma once

#include <inttypes.h>
#include <liblightnvm_spec.h>
#include <liblightnvm_util.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most addresses that a vector command has. */
#define NVM_NADDR_MAX 64

/* Of the original's fixed fields; names and paths of any length are taken. */
#define NVM_DEV_NAME_LEN 32
#define NVM_DEV_PATH_LEN 37

/* Scrambler of 1.2 devices. The bit is NVM_CMD_SGL's as well: it is taken for that where `data` is an nvm_sgl of the
 * device, on every version. Otherwise it asks a 1.2 device for the scrambler, and a 2.0 device for nothing. So the
 * scrambler cannot be asked for together with a list. */
#define NVM_FLAG_SCRBL 0x200
#define NVM_FLAG_DEFAULT (NVM_FLAG_PMODE_SNGL | NVM_FLAG_SCRBL)

/* Backends: the routes to a device. */
enum nvm_be_id {
  NVM_BE_ANY = 0x0,
  NVM_BE_IOCTL = 0x1, /* the kernel's NVMe passthrough */
  NVM_BE_LBD = 0x2,   /* the kernel's block layer */
  NVM_BE_SPDK = 0x4,  /* SPDK's user-space driver */
  NVM_BE_PRXY = 0x8,  /* a device that is no Open-Channel SSD, made into one */
  NVM_BE_NOCD = NVM_BE_PRXY,
  NVM_BE_EMU = 0x10000, /* the built-in emulated device */
  NVM_BE_TCP = 0x20000  /* NVMe/TCP */
};
#define NVM_BE_ALL 0xF

/* How a command is issued; options of one command, and of a device's defaults at nvm_dev_openf. At most one of a group.
 */
enum nvm_cmd_opts {
  NVM_CMD_SYNC = 0x10,
  NVM_CMD_ASYNC = 0x20,

  NVM_CMD_SCALAR = 0x40,
  NVM_CMD_VECTOR = 0x80,

  NVM_CMD_PRP = 0x100,
  NVM_CMD_SGL = 0x200,
  NVM_CMD_SGL_META = 0x400,

  NVM_CMD_PIOC = 0x800,
  NVM_CMD_PADC = 0x1000
};
#define NVM_CMD_MASK_IOMD (NVM_CMD_SYNC | NVM_CMD_ASYNC)
#define NVM_CMD_MASK_ADDR (NVM_CMD_SCALAR | NVM_CMD_VECTOR)
#define NVM_CMD_MASK_PLOD (NVM_CMD_PRP | NVM_CMD_SGL | NVM_CMD_SGL_META)
#define NVM_CMD_MASK_PASS (NVM_CMD_PIOC | NVM_CMD_PADC)
#define NVM_CMD_MASK (NVM_CMD_MASK_IOMD | NVM_CMD_MASK_ADDR | NVM_CMD_MASK_PLOD | NVM_CMD_MASK_PASS)
#define NVM_CMD_DEF_IOMD NVM_CMD_SYNC
#define NVM_CMD_DEF_ADDR NVM_CMD_VECTOR
#define NVM_CMD_DEF_PLOD NVM_CMD_PRP
#define NVM_CMD_DEF_PASS NVM_CMD_PIOC

/* Plane mode of a 1.2 command: how many planes it works on at once. */
enum nvm_pmode { NVM_FLAG_PMODE_SNGL = 0x0, NVM_FLAG_PMODE_DUAL = 0x1, NVM_FLAG_PMODE_QUAD = 0x2 };

/* Peculiarities of devices. None are assumed of a device that opens; programs may set what they know. */
enum nvm_quirks {
  NVM_QUIRK_PMODE_ERASE_RUNROLL = 0x1,
  NVM_QUIRK_NSID_BY_NAMECONV = 0x2,
  NVM_QUIRK_OOB_READ_1ST4BYTES_NULL = 0x4,
  NVM_QUIRK_OOB_2LRG = 0x8
};

/* What a virtual block writes as metadata: nothing, A to Z, or one byte. */
enum nvm_meta_mode { NVM_META_MODE_NONE = 0x0, NVM_META_MODE_ALPHA = 0x1, NVM_META_MODE_CONST = 0x2 };

/* Components of an address that exceed a device's geometry. */
enum nvm_bounds {
  NVM_BOUNDS_CHANNEL = 0x1,
  NVM_BOUNDS_LUN = 0x2,
  NVM_BOUNDS_PLANE = 0x4,
  NVM_BOUNDS_BLOCK = 0x8,
  NVM_BOUNDS_PAGE = 0x10,
  NVM_BOUNDS_SECTOR = 0x20,
  NVM_BOUNDS_PUGRP = 0x40,
  NVM_BOUNDS_PUNIT = 0x80,
  NVM_BOUNDS_CHUNK = 0x100,
  NVM_BOUNDS_SECTR = 0x200
};

/* State of a plane of a block of a 1.2 device: good, factory bad, grown bad, reserved by the device, by the host. */
enum nvm_bbt_state {
  NVM_BBT_FREE = 0x0,
  NVM_BBT_BAD = 0x1,
  NVM_BBT_GBAD = 0x2,
  NVM_BBT_DMRK = 0x4,
  NVM_BBT_HMRK = 0x8
};

struct nvm_dev;
struct nvm_sgl;
struct nvm_sgl_pool;
struct nvm_vblk;
struct nvm_async_ctx;

/* Where a sector lies, the same on every device: `g` on 1.2 devices, `l` on 2.0 devices. Block and chunk, LUN and unit,
 * channel and group are the same bits. */
__extension__ struct nvm_addr {
  union {
    struct {
      uint64_t sec : 8;
      uint64_t pg : 16;
      uint64_t pl : 8;
      uint64_t blk : 16;
      uint64_t lun : 8;
      uint64_t ch : 8;
    } g;
    struct {
      uint64_t sectr : 32;
      uint64_t chunk : 16;
      uint64_t punit : 8;
      uint64_t pugrp : 8;
    } l;
    uint64_t ppa; /* the old name of val */
    uint64_t val;
  };
};

/* A device's shape: `l` on 2.0 devices, `g` on 1.2 devices. sector_nbytes and meta_nbytes are right on both. */
struct nvm_geo {
  __extension__ union {
    struct {
      size_t npugrp;     /* groups */
      size_t npunit;     /* units of a group */
      size_t nchunk;     /* chunks of a unit */
      size_t nsectr;     /* sectors of a chunk */
      size_t nbytes;     /* bytes of a sector */
      size_t nbytes_oob; /* bytes of a sector's metadata */
    } l;
    struct {
      size_t nchannels;
      size_t nluns;         /* of a channel */
      size_t nblocks;       /* of a plane */
      size_t nsectors;      /* of a page */
      size_t sector_nbytes; /* bytes of a sector */
      size_t meta_nbytes;   /* bytes of a sector's metadata */
      size_t nplanes;       /* of a LUN */
      size_t npages;        /* of a block */
      size_t page_nbytes;   /* bytes of a page */
    } g;
    struct {
      size_t nchannels;
      size_t nluns;
      size_t nblocks;
      size_t nsectors;
      size_t sector_nbytes;
      size_t meta_nbytes;
      size_t nplanes;
      size_t npages;
      size_t page_nbytes;
    };
  };
  size_t tbytes; /* bytes of the device */
  int verid;     /* enum nvm_spec_verid */
};

struct nvm_ret;
/* What is called when an asynchronous command is done: on the thread that pokes or waits, with the command's own `ret`
 * filled and its place in the context free again. `ret->status` is 0 if the command succeeded. */
typedef void (*nvm_async_cb)(struct nvm_ret* ret, void* opaque);

struct nvm_async_cmd_ctx {
  struct nvm_async_ctx* ctx;
  nvm_async_cb cb;
  void* cb_arg;
};

/* What became of a command. */
struct nvm_ret {
  __extension__ union {
    struct {
      uint64_t cs; /* a bit for each address of a vector command that failed */
    } vio;
    uint32_t cdw0; /* what other commands return */
  } result;
  uint16_t status;                /* status field: SC in 7:0, SCT in 10:8, More in 13, Do Not Retry in 14; 0: success */
  struct nvm_async_cmd_ctx async; /* the caller's, for NVM_CMD_ASYNC */
};

/* Bad block table of one LUN: the state of plane `pl` of block `blk` is blks[blk * nplanes + pl]. */
struct nvm_bbt {
  struct nvm_dev* dev;
  struct nvm_addr addr;
  uint64_t nblks; /* of blks */
  uint32_t nbad;
  uint32_t ngbad;
  uint32_t ndmrk;
  uint32_t nhmrk;
  __extension__ uint8_t blks[];
};

/* Buffers for writing something and reading it again. */
struct nvm_buf_set {
  struct nvm_dev* dev;
  char* write;
  char* write_meta;
  char* read;
  char* read_meta;
  size_t nbytes;
  size_t nbytes_meta;
};

/* What nearly every example begins with: a device, free chunks, a virtual block on them, and buffers of its size. */
struct nvm_bp {
  struct nvm_dev* dev;
  const struct nvm_geo* geo;
  struct nvm_buf_set* bufs;
  struct nvm_vblk* vblk;
  size_t ws_opt;
  size_t naddrs;
  __extension__ struct nvm_addr addrs[];
};

/* A device that nvm_dev_enum found. */
struct nvm_dev_found {
  const char* ident; /* what nvm_dev_open takes; printable ASCII */
  int be_id;         /* enum nvm_be_id */
  int verid;         /* enum nvm_spec_verid; 0: only opening it would tell */
  uint64_t tbytes;   /* bytes of the device; 0: only opening it would tell */
  int in_use;        /* 1: another process has it open, so that it opens with ?ro alone */
  int error;         /* errno: why it cannot be opened; 0 as far as one can tell without trying */
  const char* text;  /* a line for people: its shape, or what the error is */
};
/* Called for each device. `found` and its texts are the library's, and valid until it returns; it may open the device.
 * 0 goes on; anything else ends the enumeration and becomes what nvm_dev_enum returns. */
typedef int (*nvm_dev_enum_cb)(const struct nvm_dev_found* found, void* cb_arg);

/* ---- device ---- */

/* nvm_dev_openf with flags 0. */
struct nvm_dev* nvm_dev_open(const char* dev_path);

/* Opens a device: `/dev/nvme0n1`, `traddr:0000:01:00.0`, the path of an emulated device's file,
 * `emu:?groups=8&punits=4` for one in memory, `tcp://HOST:PORT/SUBNQN?nsid=1`; `?ro` opens for reading only. `flags`:
 * at most one of enum nvm_be_id, and default options of commands (enum nvm_cmd_opts). Without a backend here or in the
 * environment variable NVM_BE all are tried, and one wins only if it finds an Open-Channel SSD. A backend that is named
 * opens any device. errno: ENOENT, EACCES, EBUSY (another process has it), ENODEV (no backend knows it), EINVAL, or
 * what the route says. */
struct nvm_dev* nvm_dev_openf(const char* dev_path, int flags);

/* Ends the device; writes cached bad block tables first. NULL is nothing. */
void nvm_dev_close(struct nvm_dev* dev);

/* Calls `cb` for each device that the backends find: those of the system, and emulated devices that lie in the `ndirs`
 * directories `dirs` (NULL and 0: the current directory), not below them. Backends that have to be told where a device
 * is find nothing. Looks alone: nothing is opened, locked, written or woken. Devices that cannot be opened are among
 * them, with their error. Returns 0, or what `cb` returned if not 0; -1 with errno EINVAL, ENOMEM, or ENOENT, ENOTDIR,
 * EACCES of a directory: then `cb` was not called. Nothing is left to free. */
int nvm_dev_enum(const char* const dirs[], int ndirs, nvm_dev_enum_cb cb, void* cb_arg);

/* Print to stdout as YAML. */
void nvm_dev_attr_pr(const struct nvm_dev* dev);
void nvm_dev_pr(const struct nvm_dev* dev);

/* The file descriptor of the kernel's routes, 0 of the others. -1, EINVAL. */
int nvm_dev_get_fd(const struct nvm_dev* dev);
/* The path behind its first five characters ("/dev/"); "" where the device is no node. NULL, EINVAL. */
const char* nvm_dev_get_name(const struct nvm_dev* dev);
/* The path; "" where the device has none. NULL, EINVAL. */
const char* nvm_dev_get_path(const struct nvm_dev* dev);
int nvm_dev_get_nsid(const struct nvm_dev* dev);
/* enum nvm_spec_verid; 0 for a device that no specification fits. */
int nvm_dev_get_verid(const struct nvm_dev* dev);
uint32_t nvm_dev_get_mccap(const struct nvm_dev* dev);
/* Valid as long as the device, as all pointers that getters return. */
const struct nvm_geo* nvm_dev_get_geo(const struct nvm_dev* dev);
const struct nvm_nvme_ns* nvm_dev_get_ns(const struct nvm_dev* dev);
/* Sectors: the least that a write has, what it goes best with, and how many behind the write pointer cannot be read
 * (1.2 has no such rule: -1, EINVAL). On 1.2 a page of one plane, and of all. */
int nvm_dev_get_ws_min(const struct nvm_dev* dev);
int nvm_dev_get_ws_opt(const struct nvm_dev* dev);
int nvm_dev_get_mw_cunits(const struct nvm_dev* dev);
int nvm_dev_get_quirks(const struct nvm_dev* dev);
int nvm_dev_set_quirks(struct nvm_dev* dev, int quirks);
/* Address format of a 2.0 device (NULL, ENOTSUP on 1.2), and of a 1.2 device (NULL, ENOTSUP on 2.0). */
const struct nvm_spec_lbaf* nvm_dev_get_lbaf(const struct nvm_dev* dev);
const struct nvm_spec_ppaf_nand* nvm_dev_get_ppaf(const struct nvm_dev* dev);
const struct nvm_spec_ppaf_nand_mask* nvm_dev_get_ppaf_mask(const struct nvm_dev* dev);
/* Default plane mode (enum nvm_pmode) of virtual blocks; EINVAL for a mode that the device has too few planes for. */
int nvm_dev_get_pmode(const struct nvm_dev* dev);
int nvm_dev_set_pmode(struct nvm_dev* dev, int pmode);
/* Whether bad block tables are cached: 0 or 1. Tables that are cached stay so until they are flushed. */
int nvm_dev_get_bbts_cached(const struct nvm_dev* dev);
int nvm_dev_set_bbts_cached(struct nvm_dev* dev, int bbts_cached);
/* enum nvm_meta_mode. */
int nvm_dev_get_meta_mode(const struct nvm_dev* dev);
int nvm_dev_set_meta_mode(struct nvm_dev* dev, int meta_mode);
/* The most addresses that virtual blocks put in one vector command, from the next call on: 1 to 64. On 1.2 those of
 * writes are a multiple of a page, times the planes unless the mode is SNGL, and those of reads then a multiple of the
 * planes. A write has at least ws_min sectors (1.2: such a page), whatever is set. */
int nvm_dev_get_erase_naddrs_max(const struct nvm_dev* dev);
int nvm_dev_set_erase_naddrs_max(struct nvm_dev* dev, int naddrs);
int nvm_dev_get_write_naddrs_max(const struct nvm_dev* dev);
int nvm_dev_set_write_naddrs_max(struct nvm_dev* dev, int naddrs);
int nvm_dev_get_read_naddrs_max(const struct nvm_dev* dev);
int nvm_dev_set_read_naddrs_max(struct nvm_dev* dev, int naddrs);
/* enum nvm_be_id. */
int nvm_dev_get_be_id(const struct nvm_dev* dev);
/* "SNGL", "DUAL", "QUAD", else "UNKN". */
const char* nvm_pmode_str(int pmode);

/* ---- geometry, bounds, version, return ---- */

void nvm_geo_pr(const struct nvm_geo* geo);
/* `mask`: of enum nvm_bounds. */
void nvm_bounds_pr(int mask);
int nvm_ver_major(void);
int nvm_ver_minor(void);
int nvm_ver_patch(void);
void nvm_ver_pr(void);
void nvm_ret_pr(const struct nvm_ret* ret);
/* Zeroes all of it. */
void nvm_ret_clear(struct nvm_ret* ret);
/* The calling thread's last failure as a sentence for people; "" if there was none. Valid until its next failure.
 * EAGAIN of an asynchronous command is no failure, and leaves the sentence as it is. */
const char* nvm_last_error(void);

/* ---- address ---- */

/* Which components exceed the device's geometry (of enum nvm_bounds); 0: the address exists. -1, EINVAL. */
int nvm_addr_check(struct nvm_addr addr, const struct nvm_dev* dev);
/* Between addresses, the device's own format (`dev`), the byte offset on its block device (`off`), and the byte offset
 * of a chunk's descriptor in the chunk log (`lpo`). What exceeds the geometry spills into the neighbouring component.
 */
uint64_t nvm_addr_gen2lpo(struct nvm_dev* dev, struct nvm_addr addr);
struct nvm_addr nvm_addr_lpo2gen(struct nvm_dev* dev, uint64_t lpo);
uint64_t nvm_addr_gen2dev(struct nvm_dev* dev, struct nvm_addr addr);
struct nvm_addr nvm_addr_dev2gen(struct nvm_dev* dev, uint64_t addr);
uint64_t nvm_addr_gen2off(struct nvm_dev* dev, struct nvm_addr addr);
struct nvm_addr nvm_addr_off2gen(struct nvm_dev* dev, uint64_t off);
uint64_t nvm_addr_dev2off(struct nvm_dev* dev, uint64_t addr);
uint64_t nvm_addr_off2dev(struct nvm_dev* dev, uint64_t off);
/* addrs[i] = `addr`, i sectors further; always addrs[0]. */
void nvm_addr_fill_crange(struct nvm_addr* addrs, struct nvm_addr addr, uint32_t naddrs);
/* Without a newline. */
void nvm_addr_pr(const struct nvm_addr addr);
void nvm_addr_prn(const struct nvm_addr* addr, unsigned int naddrs, const struct nvm_dev* dev);

/* ---- commands ---- */

/* The answer to identify (1.2) or geometry (2.0); free it with nvm_buf_free. */
struct nvm_spec_idfy* nvm_cmd_idfy(struct nvm_dev* dev, struct nvm_ret* ret);
/* The chunk report of the unit at `addr`, or of the whole device (NULL); free it with nvm_buf_free. `opt` is not used.
 * EINVAL on 1.2. */
struct nvm_spec_rprt* nvm_cmd_rprt(struct nvm_dev* dev, struct nvm_addr* addr, int opt, struct nvm_ret* ret);
/* Finds a chunk in state `cs` in each of `naddrs` units, starting somewhere (rand()); EINVAL if there is none. */
int nvm_cmd_rprt_arbs(struct nvm_dev* dev, int cs, int naddrs, struct nvm_addr addrs[]);
int nvm_cmd_gfeat(struct nvm_dev* dev, enum nvm_nvme_feat_id id, union nvm_nvme_feat* feat, struct nvm_ret* ret);
int nvm_cmd_sfeat(struct nvm_dev* dev, enum nvm_nvme_feat_id id, const union nvm_nvme_feat* feat, struct nvm_ret* ret);
/* The device's bad block table of the LUN at `addr`; free it with nvm_buf_free. ENOTSUP on 2.0. */
struct nvm_spec_bbt* nvm_cmd_gbbt(struct nvm_dev* dev, struct nvm_addr addr, struct nvm_ret* ret);
/* Finds a block whose planes are in states that together are `bs` in each of `naddrs` LUNs; EINVAL if there is none. */
int nvm_cmd_gbbt_arbs(struct nvm_dev* dev, int bs, int naddrs, struct nvm_addr addrs[]);
/* Sets the state (`flags`, enum nvm_bbt_state) of each addressed plane of a block. ENOTSUP on 2.0. */
int nvm_cmd_sbbt(struct nvm_dev* dev, struct nvm_addr* addrs, int naddrs, uint16_t flags, struct nvm_ret* ret);

/* The commands that move data. `naddrs` is 1 to 64; with NVM_CMD_SCALAR addrs[0] is the first of `naddrs` consecutive
 * sectors, up to what the device takes at once. `data` has naddrs sectors; `meta`, if not NULL, their metadata one
 * after another. `flags`: options of enum nvm_cmd_opts, and on 1.2 devices a plane mode and NVM_FLAG_SCRBL.
 *
 * With NVM_CMD_ASYNC the command is queued in ret->async.ctx; 0 says that ret->async.cb will be called once, later,
 * from nvm_async_poke or nvm_async_wait, and until then data, meta and ret stay where they are (addrs need not).
 * EAGAIN: the context is full, poke and try again. */

/* Resets chunks (2.0) or erases blocks (1.2), one address each. `meta`, on 2.0 with NVM_CMD_VECTOR: room for a struct
 * nvm_spec_rprt_descr for each, filled with what the chunks are then. */
int nvm_cmd_erase(struct nvm_dev* dev, struct nvm_addr addrs[], int naddrs, void* meta, uint16_t flags,
                  struct nvm_ret* ret);
int nvm_cmd_write(struct nvm_dev* dev, struct nvm_addr addrs[], int naddrs, const void* data, const void* meta,
                  uint16_t flags, struct nvm_ret* ret);
int nvm_cmd_read(struct nvm_dev* dev, struct nvm_addr addrs[], int naddrs, void* data, void* meta, uint16_t flags,
                 struct nvm_ret* ret);
/* Copies sectors inside the device. ENOTSUP on 1.2, and where the device has no copy. */
int nvm_cmd_copy(struct nvm_dev* dev, struct nvm_addr src[], struct nvm_addr dst[], int naddrs, uint16_t flags,
                 struct nvm_ret* ret);
/* Makes durable what completed before. */
int nvm_cmd_flush(struct nvm_dev* dev, uint16_t flags, struct nvm_ret* ret);
/* Sends `cmd` as it is: the library sets the command identifier and the memory pointers. `flags`: NVM_CMD_PADC for an
 * admin command (synchronous only), otherwise an I/O command. The caller's address lists of vector commands are read
 * from cmd->addrs and cmd->addrs_dst (pointers where there is more than one address). ENOTSUP for what the route cannot
 * carry. */
int nvm_cmd_pass(struct nvm_dev* dev, struct nvm_nvme_cmd* cmd, void* data, size_t data_nbytes, void* meta,
                 size_t meta_nbytes, int flags, struct nvm_ret* ret);

/* What a device tells without being asked. OCSSD-2.0 3.3. */
struct nvm_aer {
  uint64_t nid;         /* counts up from 1, unique on the device */
  struct nvm_addr addr; /* what it is about */
  uint32_t nsid;
  uint16_t state; /* bits of the chunk notification's state field */
  uint8_t mask;   /* what `addr` covers: 1 sectors, 2 the chunk, 4 the unit */
  uint8_t rsvd;
  uint32_t nsectr; /* with mask 1: how many */
  uint32_t rsvd2;
};
/* Up to `naers` notifications that have not been handed out; never waits. Returns how many, 0: none. ENOTSUP on 1.2,
 * and where the route has no events. */
int nvm_aer_poll(struct nvm_dev* dev, struct nvm_aer aers[], int naers);

/* ---- buffers ---- */

/* Memory for transfers, aligned to a page or more; `phys`, if not NULL, receives its address as nvm_buf_vtophys has it.
 */
void* nvm_buf_alloc(const struct nvm_dev* dev, size_t nbytes, uint64_t* phys);
/* Keeps what fits; on failure `buf` is as it was. NULL for `buf` allocates. */
void* nvm_buf_realloc(const struct nvm_dev* dev, void* buf, size_t nbytes, uint64_t* phys);
/* NULL is nothing. */
void nvm_buf_free(const struct nvm_dev* dev, void* buf);
/* The bus address of memory from nvm_buf_alloc; where a route has the memory itself and no bus, as the emulated device,
 * the address of the memory. ENOSYS on the kernel's routes, EIO where the memory has none. */
int nvm_buf_vtophys(const struct nvm_dev* dev, void* buf, uint64_t* phys);
/* Memory that no device is involved in; `alignment` is a power of two. */
void* nvm_buf_virt_alloc(size_t alignment, size_t nbytes);
void nvm_buf_virt_free(void* buf);
/* A to Z, again and again. */
void nvm_buf_fill(char* buf, size_t nbytes);
void nvm_buf_pr(const char* buf, size_t nbytes);
/* How many bytes differ: all, where a buffer is NULL. */
size_t nvm_buf_diff(const char* expected, const char* actual, size_t nbytes);
void nvm_buf_diff_pr(const char* expected, const char* actual, size_t nbytes);
/* Writes or reads all of `buf`; EINVAL if the file is too short, or what open(2), read(2), write(2) say. */
int nvm_buf_to_file(char* buf, size_t nbytes, const char* path);
int nvm_buf_from_file(char* buf, size_t nbytes, const char* path);
/* A size of 0 leaves its two pointers NULL. */
struct nvm_buf_set* nvm_buf_set_alloc(struct nvm_dev* dev, size_t nbytes, size_t nbytes_meta);
/* A to Z in what is to be written, zeroes in what is to be read. */
void nvm_buf_set_fill(struct nvm_buf_set* bufs);
void nvm_buf_set_free(struct nvm_buf_set* bufs);
void nvm_buf_set_pr(struct nvm_buf_set* bufs);

/* ---- asynchronous commands ---- */

/* A context for `depth` commands at a time (0: the route's default). `flags` is not used. */
struct nvm_async_ctx* nvm_async_init(struct nvm_dev* dev, uint32_t depth, uint16_t flags);
uint32_t nvm_async_get_depth(struct nvm_async_ctx* ctx);
/* How many commands have been submitted and not called back. */
uint32_t nvm_async_get_outstanding(struct nvm_async_ctx* ctx);
/* Ends the context; commands that are still outstanding are finished and called back first. */
int nvm_async_term(struct nvm_dev* dev, struct nvm_async_ctx* ctx);
/* Calls back up to `max` (0: all) commands that are done; does not wait. Returns how many. */
int nvm_async_poke(struct nvm_dev* dev, struct nvm_async_ctx* ctx, uint32_t max);
/* Waits until nothing is outstanding. Returns how many were called back. */
int nvm_async_wait(struct nvm_dev* dev, struct nvm_async_ctx* ctx);

/* ---- scatter-gather lists ---- */

/* Lists of memory, given as `data` with NVM_CMD_SGL, as `meta` with NVM_CMD_SGL_META besides. `hint`: entries to make
 * room for. A list in a pool is emptied and kept by nvm_sgl_free, and given out again by nvm_sgl_alloc; destroying the
 * pool destroys those that it keeps. */
struct nvm_sgl_pool* nvm_sgl_pool_create(struct nvm_dev* dev);
void nvm_sgl_pool_destroy(struct nvm_sgl_pool* pool);
struct nvm_sgl* nvm_sgl_create(struct nvm_dev* dev, int hint);
struct nvm_sgl* nvm_sgl_alloc(struct nvm_sgl_pool* pool);
void nvm_sgl_destroy(struct nvm_dev* dev, struct nvm_sgl* sgl);
void nvm_sgl_free(struct nvm_sgl_pool* pool, struct nvm_sgl* sgl);
void nvm_sgl_reset(struct nvm_sgl* sgl);
/* Appends `nbytes` at `buf`; at most 256 entries. */
int nvm_sgl_add(struct nvm_dev* dev, struct nvm_sgl* sgl, void* buf, size_t nbytes);

/* ---- virtual blocks ---- */

/* Chunks (2.0) or blocks over all planes (1.2) as one piece, striped so that their units work at once: up to 128 of
 * them, none twice. Offsets and counts are in bytes, multiples of ws_opt sectors (1.2: of a page over all planes) and
 * inside; EINVAL otherwise, EIO if a command failed. */
struct nvm_vblk* nvm_vblk_alloc(struct nvm_dev* dev, struct nvm_addr addrs[], int naddrs);
/* Block `blk` of each LUN of a rectangle, both ends included. */
struct nvm_vblk* nvm_vblk_alloc_line(struct nvm_dev* dev, int ch_bgn, int ch_end, int lun_bgn, int lun_end, int blk);
/* Commands are issued asynchronously, `depth` at a time (0: the route's default); as scalar commands. */
int nvm_vblk_set_async(struct nvm_vblk* vblk, uint32_t depth);
int nvm_vblk_set_scalar(struct nvm_vblk* vblk);
void nvm_vblk_free(struct nvm_vblk* vblk);
/* All return the count of bytes. Erase sets both positions to 0; write and read go on at theirs and move it. A NULL
 * buffer to write is a pattern; pad writes that from the write position to the end. */
ssize_t nvm_vblk_erase(struct nvm_vblk* vblk);
ssize_t nvm_vblk_write(struct nvm_vblk* vblk, const void* buf, size_t count);
ssize_t nvm_vblk_pwrite(struct nvm_vblk* vblk, const void* buf, size_t count, size_t offset);
ssize_t nvm_vblk_pad(struct nvm_vblk* vblk);
ssize_t nvm_vblk_read(struct nvm_vblk* vblk, void* buf, size_t count);
ssize_t nvm_vblk_pread(struct nvm_vblk* vblk, void* buf, size_t count, size_t offset);
/* Copies all of `src` inside the device; positions stay. `flags` is not used. ENOSYS on 1.2, or where the two are not
 * on one device, of as many chunks and bytes. */
ssize_t nvm_vblk_copy(struct nvm_vblk* src, struct nvm_vblk* dst, int flags);
struct nvm_dev* nvm_vblk_get_dev(struct nvm_vblk* vblk);
struct nvm_addr* nvm_vblk_get_addrs(struct nvm_vblk* vblk);
int nvm_vblk_get_naddrs(struct nvm_vblk* vblk);
size_t nvm_vblk_get_nbytes(struct nvm_vblk* vblk);
size_t nvm_vblk_get_pos_read(struct nvm_vblk* vblk);
size_t nvm_vblk_get_pos_write(struct nvm_vblk* vblk);
/* EINVAL beyond the end. */
int nvm_vblk_set_pos_read(struct nvm_vblk* vblk, size_t pos);
int nvm_vblk_set_pos_write(struct nvm_vblk* vblk, size_t pos);
void nvm_vblk_pr(struct nvm_vblk* vblk);

/* ---- bad block tables (1.2; ENOTSUP on 2.0) ---- */

/* The table of the LUN at `addr`. It is the device's: valid until the LUN's next get, flush, or close. */
const struct nvm_bbt* nvm_bbt_get(struct nvm_dev* dev, struct nvm_addr addr, struct nvm_ret* ret);
/* Makes the LUN's states those of `bbt`: in the cache if tables are cached, otherwise on the device. */
int nvm_bbt_set(struct nvm_dev* dev, const struct nvm_bbt* bbt, struct nvm_ret* ret);
/* Sets the state (`flags`) of each addressed plane of a block. */
int nvm_bbt_mark(struct nvm_dev* dev, struct nvm_addr addrs[], int naddrs, uint16_t flags, struct nvm_ret* ret);
/* Writes what was changed in the cache to the device, and forgets it. */
int nvm_bbt_flush(struct nvm_dev* dev, struct nvm_addr addr, struct nvm_ret* ret);
int nvm_bbt_flush_all(struct nvm_dev* dev, struct nvm_ret* ret);
/* A copy that is the caller's; free it with nvm_bbt_free. */
struct nvm_bbt* nvm_bbt_alloc_cp(const struct nvm_bbt* bbt);
void nvm_bbt_free(struct nvm_bbt* bbt);
void nvm_bbt_pr(const struct nvm_bbt* bbt);
void nvm_bbt_state_pr(int state);

/* ---- boilerplate ---- */

/* Opens a device, takes `naddrs` free chunks, and makes a virtual block and filled buffers. On failure NULL, with a
 * line on stderr. */
struct nvm_bp* nvm_bp_init(const char* dev_ident, int flags, int naddrs);
/* From `PROGRAM IDENT [BACKEND-IN-HEX [NADDRS]]`. */
struct nvm_bp* nvm_bp_init_from_args(int argc, char** argv);
/* Frees all of it, and closes the device. */
void nvm_bp_term(struct nvm_bp* bp);
void nvm_bp_pr(const struct nvm_bp* bp);

#ifdef __cplusplus
}
#endif
