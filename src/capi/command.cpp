// SPDX-License-Identifier: BSD-2-Clause
// nvm_cmd_erase, _write, _read, _copy, _flush and _pass: a call becomes a command of a queue, or one that is waited
// for.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/segments.hpp"
#include "capi/handles.hpp"
#include "device/core.hpp"

namespace lightnvm::capi {
namespace {

constexpr std::uint32_t kMostScalar = 65536;

// What the four data commands have in common, taken apart.
struct Call {
  nvm_dev* dev;
  std::uint16_t flags;
  nvm_ret* ret;

  [[nodiscard]] bool async() const noexcept { return (flags & NVM_CMD_ASYNC) != 0; }
};

[[gnu::cold]] int refuse_call(const Call& call, int error, std::string why) {
  fill_if(call.ret, {});
  return refuse(error, std::move(why));
}
[[gnu::cold]] int refuse_call(const Call& call, int error, const char* why) {
  fill_if(call.ret, {});
  return refuse(error, why);
}

// Why flags are wrong; the hot path only asks whether they are.
[[gnu::cold]] int refuse_flags(const Call& call) {
  return guarded(-1, [&] {
    const unsigned unknown = call.flags & ~call.dev->known_flags;
    fill_if(call.ret, {});
    if (unknown != 0) return refuse(EINVAL, fmt::format("flags 0x{:x}: unknown bits 0x{:x}", call.flags, unknown));
    return refuse(EINVAL, fmt::format("flags 0x{:x}: alternatives chosen together", call.flags));
  });
}

[[gnu::cold]] int report_failure(nvm_ret* ret, const Completion& c, const char* what) {
  return guarded(-1, [&] {
    fill_if(ret, c);
    if (c.status.is_errno(EAGAIN)) {
      errno = EAGAIN;
      return -1;
    }
    return refuse(c.status, what);
  });
}

// The same, of a command on those addresses: one that the dialect has no name for is told from other mistakes.
[[gnu::cold]] int report_failure(const Call& call, const Completion& c, const char* what,
                                 std::initializer_list<std::span<const Address>> lists) {
  const auto encodable = [&](Address a) {
    return has_planes(*call.dev) ? call.dev->ppa_packer.encodable(a) : call.dev->lba_format.encodable(a);
  };
  return guarded(-1, [&] {
    if (!c.status.is_errno(EINVAL)) return report_failure(call.ret, c, what);
    for (const std::span<const Address> list : lists) {
      const auto wrong = std::ranges::find_if_not(list, encodable);
      if (wrong == list.end()) continue;
      return refuse_call(call, EINVAL,
                         fmt::format("{}: address 0x{:016x} exceeds the device's address format", what, wrong->value));
    }
    return report_failure(call.ret, c, what);
  });
}

constexpr bool both(std::uint32_t flags, std::uint32_t group) noexcept { return (flags & group) == group; }

bool flags_are_wrong(const nvm_dev& dev, std::uint16_t flags) noexcept {
  return (flags & ~dev.known_flags) != 0 || both(flags, NVM_CMD_MASK_IOMD) || both(flags, NVM_CMD_MASK_ADDR) ||
         (flags & (NVM_CMD_SGL | NVM_CMD_SGL_META)) == NVM_CMD_SGL_META ||
         (has_planes(dev) && both(flags, NVM_FLAG_PMODE_DUAL | NVM_FLAG_PMODE_QUAD));
}

// The command's own choice, or the device's.
bool is_vector(const nvm_dev& dev, std::uint16_t flags) noexcept {
  const std::uint32_t chosen = flags & NVM_CMD_MASK_ADDR;
  return ((chosen != 0 ? chosen : dev.cmd_opts) & NVM_CMD_VECTOR) != 0;
}

CommandOptions options_of(const nvm_dev& dev, std::uint16_t flags) noexcept {
  CommandOptions options;
  if (has_planes(dev)) {
    constexpr std::uint16_t kPlaneModes = NVM_FLAG_PMODE_DUAL | NVM_FLAG_PMODE_QUAD;
    options.plane_mode = static_cast<PlaneMode>(flags & kPlaneModes);
    options.scrambler = (flags & NVM_FLAG_SCRBL) != 0;
    options.limited_retry = (flags & NVM_NVME_FLAG_LIMITED_RETRY) != 0;
    return options;
  }
  options.force_unit_access = (flags & NVM_NVME_FLAG_FORCE_UNIT_ACCESS) != 0;
  options.limited_retry = (flags & NVM_NVME_FLAG_LIMITED_RETRY) != 0;
  return options;
}

// Queues `submit(queue, callback)`, or waits for `execute(device)`: a command on the addresses of `lists`.
template <typename Queued, typename Waited>
int issue(const Call& call, const char* what, std::initializer_list<std::span<const Address>> lists, Queued&& submit,
          Waited&& execute) noexcept {
  if (call.async()) {
    if (!can_queue(call.dev, call.ret)) [[unlikely]] {
      return refuse_call(call, EINVAL, kCannotQueue);
    }
    const Status s = submit(call.ret->async.ctx->queue, to_callback(call.ret));
    return s ? 0 : report_failure(call, {0, s}, what, lists);
  }
  return guarded(-1, [&] {
    const Completion c = execute(call.dev->device);
    if (!c) return report_failure(call, c, what, lists);
    fill_if(call.ret, c);
    return 0;
  });
}

bool has_length(const nvm_sgl& list, std::size_t bytes) noexcept { return total_bytes(list.segments) == bytes; }

[[gnu::cold]] int refuse_length(const Call& call, const nvm_sgl& list, std::size_t bytes) {
  return guarded(-1, [&] {
    return refuse_call(call, EINVAL,
                       fmt::format("a list has {} bytes, the command {}", total_bytes(list.segments), bytes));
  });
}

// The memory of a transfer from or into the list `data`; its metadata are `meta`, or, if there is one, a list.
template <typename Memory>
Memory gather(const nvm_sgl& data, auto meta, const nvm_sgl* meta_list) {
  const std::span<const Segment> segments(data.segments);
  const auto from = [&](auto metadata) {
    if constexpr (std::is_same_v<Memory, Source>) {
      return Source::gather(segments, metadata);
    } else {
      return Destination::scatter(segments, metadata);
    }
  };
  return meta_list == nullptr ? from(meta) : from(std::span<const Segment>(meta_list->segments));
}

template <typename Memory>
constexpr const char* kName = std::is_same_v<Memory, Source> ? "nvm_cmd_write" : "nvm_cmd_read";

// A read or a write. `Memory`: Destination or Source.
template <typename Memory, typename Byte>
[[gnu::noinline]] int transfer(nvm_dev* dev, nvm_addr* addrs, int naddrs, Byte* data, Byte* meta, std::uint16_t flags,
                               nvm_ret* ret) noexcept {
  constexpr const char* what = kName<Memory>;
  constexpr bool kWrites = std::is_same_v<Memory, Source>;
  const Call call{dev, flags, ret};
  if (dev == nullptr || addrs == nullptr || data == nullptr) [[unlikely]] {
    return refuse_call(call, EINVAL, "a device, addresses and data are needed: a pointer is NULL");
  }
  if (flags_are_wrong(*dev, flags)) [[unlikely]] {
    return refuse_flags(call);
  }
  const bool vector = is_vector(*dev, flags);
  const std::uint32_t most = vector ? NVM_NADDR_MAX : kMostScalar;
  const auto count = static_cast<std::uint32_t>(naddrs);
  if (count - 1 >= most) [[unlikely]] {
    return refuse_call(call, EINVAL, vector ? "naddrs is 1 to 64" : "naddrs is 1 to 65536 in a scalar command");
  }
  const std::span named(to_addresses(addrs), vector ? count : 1);
  const Sectors sectors = vector ? Sectors(named) : Sectors(named.front(), count);
  const std::span bytes(data, std::size_t{count} * dev->sector_bytes);
  const std::span oob(meta, meta == nullptr ? 0 : std::size_t{count} * dev->oob_bytes);
  const auto send = [&](const Memory& memory, std::uint16_t asked) {
    const CommandOptions options = options_of(*dev, asked);
    return issue(
        call, what, {named},
        [&](Queue& queue, Callback&& done) {
          if constexpr (kWrites) {
            return queue.write(sectors, memory, std::move(done), options);
          } else {
            return queue.read(sectors, memory, std::move(done), options);
          }
        },
        [&](Device& device) {
          if constexpr (kWrites) {
            return device.write(sectors, memory, options);
          } else {
            return device.read(sectors, memory, options);
          }
        });
  };
  const nvm_sgl* list = (flags & NVM_CMD_SGL) == 0 ? nullptr : as_sgl(*dev, data);
  const bool meta_list = (flags & NVM_CMD_SGL_META) != 0 && !oob.empty();
  if (list == nullptr && !meta_list) return send(Memory(bytes, oob), flags);
  const nvm_sgl* oob_list = meta_list ? as_sgl(*dev, meta) : nullptr;
  if (list == nullptr || (meta_list && oob_list == nullptr)) {
    return refuse_call(call, EINVAL, "NVM_CMD_SGL_META needs lists of this device as data and as meta");
  }
  if (!has_length(*list, bytes.size())) return refuse_length(call, *list, bytes.size());
  if (meta_list && !has_length(*oob_list, oob.size())) return refuse_length(call, *oob_list, oob.size());
  // Of a list the bit has said all that it says: it does not ask for the scrambler as well.
  return send(gather<Memory>(*list, oob, oob_list), static_cast<std::uint16_t>(flags & ~NVM_FLAG_SCRBL));
}

template <typename Memory>
unsigned plain_kind(const nvm_dev& dev, std::uint16_t flags) noexcept {
  return dev.plain_kinds[std::is_same_v<Memory, Source> ? 1 : 0][(flags & NVM_CMD_MASK_ADDR) / NVM_CMD_SCALAR];
}

// The asynchronous transfer of plain memory. Requires: can_queue.
template <typename Memory, typename Byte>
[[gnu::noinline]] int transfer_plain(nvm_dev* dev, nvm_addr* addrs, int naddrs, Byte* data, Byte* meta,
                                     std::uint16_t flags, nvm_ret* ret) noexcept {
  device::Channel& channel = ret->async.ctx->channel;
  auto* slot = channel.prepare(plain_kind<Memory>(*dev, flags), to_addresses(addrs), static_cast<std::uint32_t>(naddrs),
                               const_cast<std::byte*>(data));
  if (slot == nullptr) return transfer<Memory>(dev, addrs, naddrs, data, meta, flags, ret);
  const Status s = channel.send(*slot, to_callable(ret));
  return s ? 0 : report_failure(ret, {0, s}, kName<Memory>);
}

// The same of one address, or a range, like the one before it is to be short; all else, and what is wrong, goes the
// longer ways.
template <typename Memory, typename Byte>
[[gnu::always_inline]] inline int transfer_again(nvm_dev* dev, nvm_addr* addrs, int naddrs, Byte* data, Byte* meta,
                                                 std::uint16_t flags, nvm_ret* ret) noexcept {
  constexpr std::uint16_t kPlain = NVM_CMD_ASYNC | NVM_CMD_MASK_ADDR | NVM_CMD_PRP;
  const auto general = [&] { return transfer<Memory>(dev, addrs, naddrs, data, meta, flags, ret); };
  // One after another: the compiler would evaluate conditions together that are likely to hold.
  if ((flags & (~kPlain | NVM_CMD_ASYNC)) != NVM_CMD_ASYNC) [[unlikely]] {
    return general();
  }
  if (addrs == nullptr) [[unlikely]] {
    return general();
  }
  if (data == nullptr || meta != nullptr) [[unlikely]] {
    return general();
  }
  if (!can_queue(dev, ret)) [[unlikely]] {
    return general();
  }
  device::Channel& channel = ret->async.ctx->channel;
  auto* slot = channel.prepare_again(plain_kind<Memory>(*dev, flags), *to_addresses(addrs),
                                     static_cast<std::uint32_t>(naddrs), const_cast<std::byte*>(data));
  if (slot == nullptr) [[unlikely]] {
    return transfer_plain<Memory>(dev, addrs, naddrs, data, meta, flags, ret);
  }
  const Status s = channel.send(*slot, to_callable(ret));
  return s ? 0 : report_failure(ret, {0, s}, kName<Memory>);
}

}  // namespace
}  // namespace lightnvm::capi

using namespace lightnvm;
using namespace lightnvm::capi;

extern "C" {

int nvm_cmd_read(nvm_dev* dev, nvm_addr addrs[], int naddrs, void* data, void* meta, std::uint16_t flags,
                 nvm_ret* ret) {
  return transfer_again<Destination>(dev, addrs, naddrs, static_cast<std::byte*>(data), static_cast<std::byte*>(meta),
                                     flags, ret);
}

int nvm_cmd_write(nvm_dev* dev, nvm_addr addrs[], int naddrs, const void* data, const void* meta, std::uint16_t flags,
                  nvm_ret* ret) {
  return transfer_again<Source>(dev, addrs, naddrs, static_cast<const std::byte*>(data),
                                static_cast<const std::byte*>(meta), flags, ret);
}

int nvm_cmd_erase(nvm_dev* dev, nvm_addr addrs[], int naddrs, void* meta, std::uint16_t flags, nvm_ret* ret) {
  const Call call{dev, flags, ret};
  if (dev == nullptr || addrs == nullptr)
    return refuse_call(call, EINVAL, "a device and addresses are needed: a pointer is NULL");
  if (flags_are_wrong(*dev, flags)) return refuse_flags(call);
  const auto count = static_cast<std::uint32_t>(naddrs);
  if (count - 1 >= NVM_NADDR_MAX) return refuse_call(call, EINVAL, "naddrs is 1 to 64");
  const bool vector = is_vector(*dev, flags);
  if (meta != nullptr && !vector) return refuse_call(call, EINVAL, "a scalar erase brings no descriptors back");
  const std::span list(to_addresses(addrs), count);
  const Sectors chunks = vector ? Sectors(list) : Sectors::scalar(list);
  const CommandOptions options = options_of(*dev, flags);
  return issue(
      call, "nvm_cmd_erase", {list},
      [&](Queue& queue, Callback&& done) {
        const std::span descriptors(static_cast<std::byte*>(meta),
                                    meta == nullptr ? 0 : count * sizeof(nvm_spec_rprt_descr));
        return queue.reset(chunks, std::move(done), descriptors, options);
      },
      [&](Device& device) {
        std::array<Chunk, NVM_NADDR_MAX> after;
        const std::span descriptors(static_cast<nvm_spec_rprt_descr*>(meta), meta == nullptr ? 0 : count);
        const auto wanted = std::span(after).first(descriptors.size());
        const Completion c = device.reset(chunks, wanted, options);
        for (std::uint32_t i = 0; i < wanted.size() && !c.status.is_os(); ++i) {
          if (!c.failed(i)) descriptors[i] = to_descriptor(*dev, after[i]);
        }
        return c;
      });
}

int nvm_cmd_copy(nvm_dev* dev, nvm_addr src[], nvm_addr dst[], int naddrs, std::uint16_t flags, nvm_ret* ret) {
  const Call call{dev, flags, ret};
  if (dev == nullptr || src == nullptr || dst == nullptr) {
    return refuse_call(call, EINVAL, "a device and addresses are needed: a pointer is NULL");
  }
  if (flags_are_wrong(*dev, flags)) return refuse_flags(call);
  const auto count = static_cast<std::uint32_t>(naddrs);
  if (count - 1 >= NVM_NADDR_MAX) return refuse_call(call, EINVAL, "naddrs is 1 to 64");
  if (!dev->device.geometry().vector_copy) return refuse_call(call, ENOTSUP, "the device has no copy");
  const std::span from(to_addresses(src), count), to(to_addresses(dst), count);
  return issue(
      call, "nvm_cmd_copy", {from, to},
      [&](Queue& queue, Callback&& done) { return queue.copy(from, to, std::move(done)); },
      [&](Device& device) { return device.copy(from, to); });
}

int nvm_cmd_flush(nvm_dev* dev, std::uint16_t flags, nvm_ret* ret) {
  const Call call{dev, flags, ret};
  if (dev == nullptr) return refuse_call(call, EINVAL, "there is no device: the pointer is NULL");
  if (flags_are_wrong(*dev, flags)) return refuse_flags(call);
  return issue(
      call, "nvm_cmd_flush", {}, [](Queue& queue, Callback&& done) { return queue.flush(std::move(done)); },
      [](Device& device) { return device.flush(); });
}

}  // extern "C"
