// SPDX-License-Identifier: BSD-2-Clause
// What the opaque structures of the C API hold, and how its functions report failures.
#pragma once

#include <liblightnvm.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "device/core.hpp"
#include "lightnvm/device.hpp"
#include "lightnvm/virtual_block.hpp"
#include "model/lba_format.hpp"
#include "model/ppa_format.hpp"
#include "spec/path_status.hpp"

/// Tables end in a flexible array: they come from malloc.
struct FreeTable {
  void operator()(nvm_bbt* table) const noexcept { std::free(table); }
};

struct nvm_dev {
  explicit nvm_dev(lightnvm::Device opened);
  ~nvm_dev();

  lightnvm::Device device;
  std::uint32_t sector_bytes = 0, oob_bytes = 0;
  std::uint16_t known_flags = 0;  ///< bits that commands of this device may have
  std::uint32_t cmd_opts = 0;
  /// The plain_kind of reads, and of writes, by NVM_CMD_SCALAR and NVM_CMD_VECTOR in their flags; both are none.
  std::array<std::array<std::uint8_t, 4>, 2> plain_kinds{};

  lightnvm::model::LbaFormat lba_format;  ///< OCSSD 2.0
  lightnvm::model::PpaPacker ppa_packer;  ///< OCSSD 1.2
  unsigned ssw = 0;                       ///< log2 of a sector's bytes

  nvm_geo geo{};
  nvm_nvme_ns ns{};
  nvm_spec_lbaf lbaf{};
  nvm_spec_lbaz lbaz{};
  nvm_spec_lbam lbam{};
  nvm_spec_ppaf_nand ppaf{};  ///< OCSSD 1.2
  nvm_spec_ppaf_nand_mask ppaf_mask{};
  std::uint32_t mccap = 0;

  std::string name, path;
  std::mutex events_mutex;
  std::deque<lightnvm::Event> pending_events;  ///< read from the device, not handed out yet

  /// Bad block tables that were read and not flushed, by LUN (channel * LUNs + LUN); OCSSD 1.2.
  struct CachedTable {
    std::unique_ptr<nvm_bbt, FreeTable> table;
    bool changed = false;  ///< the device has it otherwise
  };
  std::vector<CachedTable> tables;
  std::mutex tables_mutex;

  int quirks = 0;
  int pmode = NVM_FLAG_PMODE_SNGL;
  int bbts_cached = 0;
  int meta_mode = NVM_META_MODE_NONE;
  int erase_naddrs_max = NVM_NADDR_MAX, write_naddrs_max = NVM_NADDR_MAX, read_naddrs_max = NVM_NADDR_MAX;
};

struct nvm_async_ctx {
  nvm_async_ctx(nvm_dev* owner, lightnvm::Queue opened) noexcept
      : dev(owner), queue(std::move(opened)), channel(lightnvm::DeviceAccess::channel(queue)) {}
  nvm_dev* dev;
  lightnvm::Queue queue;
  lightnvm::device::Channel& channel;  ///< the queue's
};

struct nvm_sgl {
  explicit nvm_sgl(const nvm_dev* owner) noexcept;
  ~nvm_sgl();

  // NVM_CMD_SGL is the scrambler's bit too: this tells a list from a buffer.
  std::uint64_t mark;
  const nvm_dev* dev;
  std::vector<lightnvm::Segment> segments;
};

struct nvm_sgl_pool {
  nvm_dev* dev;
  std::vector<std::unique_ptr<nvm_sgl>> idle;
};

struct nvm_vblk {
  nvm_dev* dev;
  std::vector<nvm_addr> addrs;
  std::optional<lightnvm::VirtualBlock> block;  ///< none: of no chunks
  lightnvm::VirtualBlockOptions made_with;      ///< of `block`
  std::size_t nbytes = 0;
  std::size_t pos_write = 0, pos_read = 0;
  std::uint32_t flags = NVM_CMD_SYNC | NVM_CMD_VECTOR | NVM_CMD_PRP;
};

namespace lightnvm::capi {

/// Sets errno and the thread's sentence; returns -1. A sentence that there is no memory for stays unsaid.
int refuse(int error, const char* sentence) noexcept;
int refuse(int error, std::string sentence) noexcept;
/// The same for functions that return pointers.
template <typename T>
T* refuse_pointer(int error, auto&& sentence) noexcept {
  (void)refuse(error, std::forward<decltype(sentence)>(sentence));
  return nullptr;
}
/// Of a status that has no sentence yet: `what` and the status's text. Device verdicts are EIO. Returns -1.
int refuse(Status status, const char* what);
/// Of a status whose function has left a sentence. Returns -1.
int refuse_explained(Status status);

/// What functions say that were given none.
inline constexpr const char* kNoDevice = "there is no device: the pointer is NULL";

/// No exception leaves the library: memory that is not there is ENOMEM.
template <typename T, typename F>
T guarded(T failure, F&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
  } catch (const std::exception&) {
    errno = EIO;
  }
  return failure;
}

/// The errno that the C API has for a status.
int errno_of(Status status) noexcept;

/// Puts an outcome where C programs look for it.
inline void fill(nvm_ret* ret, const Completion& c) noexcept {
  ret->result.vio.cs = c.result;
  ret->status = c.status ? 0 : spec::as_path_status(c.status).nvme_bits();
}
/// Of a command that was not sent, or of a synchronous one: what the device said, or nothing.
inline void fill_if(nvm_ret* ret, const Completion& c) noexcept {
  if (ret == nullptr) return;
  ret->result.vio.cs = c.status.is_os() ? 0 : c.result;
  ret->status = c.status.nvme_bits();
}

/// An asynchronous command needs somewhere to be queued and somebody to call.
inline bool can_queue(const nvm_dev* dev, const nvm_ret* ret) noexcept {
  return ret != nullptr && ret->async.ctx != nullptr && ret->async.cb != nullptr && ret->async.ctx->dev == dev;
}
inline constexpr const char* kCannotQueue =
    "NVM_CMD_ASYNC needs ret->async.ctx, a context of this device, and ret->async.cb";
inline auto to_callable(nvm_ret* ret) noexcept {
  return [ret](const Completion& c) {
    fill(ret, c);
    ret->async.cb(ret, ret->async.cb_arg);
  };
}
inline Callback to_callback(nvm_ret* ret) noexcept { return to_callable(ret); }

inline const Address* to_addresses(const nvm_addr* addrs) noexcept {
  static_assert(sizeof(nvm_addr) == sizeof(Address) && alignof(nvm_addr) == alignof(Address));
  return reinterpret_cast<const Address*>(addrs);
}
inline Address to_address(nvm_addr addr) noexcept { return {addr.val}; }
inline nvm_addr from_address(Address address) noexcept {
  nvm_addr addr;
  addr.val = address.value;
  return addr;
}

inline bool has_planes(const nvm_dev& dev) noexcept { return dev.geo.verid == NVM_SPEC_VERID_12; }

/// pack of OCSSD 1.2; out of line, so that nothing of it is done before a 2.0 device is told apart.
std::uint64_t pack_12(const nvm_dev& dev, Address address) noexcept;

/// The device's own name of an address; what exceeds a field spills into the next.
inline std::uint64_t pack(const nvm_dev& dev, Address address) noexcept {
  if (has_planes(dev)) [[unlikely]] {
    return pack_12(dev, address);
  }
  return dev.lba_format.pack_spilling(address);
}

/// A chunk as the wire has it.
nvm_spec_rprt_descr to_descriptor(const nvm_dev& dev, const Chunk& chunk) noexcept;

/// Writes the changes of all cached tables to the device. 0, or -1 at the first failure.
int flush_tables(nvm_dev& dev, nvm_ret* ret);

/// The list that `data` is, or nullptr where it is plain memory.
const nvm_sgl* as_sgl(const nvm_dev& dev, const void* data) noexcept;

}  // namespace lightnvm::capi
