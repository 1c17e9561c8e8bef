// SPDX-License-Identifier: BSD-2-Clause
// nvm_cmd_idfy, _rprt, _gfeat, _sfeat, _pass and what stands on them: what a device says of itself.
#include <fmt/format.h>

#include <algorithm>

#include "capi/arbitrary.hpp"
#include "spec/build.hpp"

using namespace lightnvm;
using namespace lightnvm::capi;

namespace {

constexpr std::size_t kIdentifyBytes = sizeof(nvm_spec_idfy);

// An admin command of the library's own, with a payload of the caller's.
Completion admin(nvm_dev& dev, const spec::Command& command, std::span<std::byte> data) {
  return dev.device.pass(CommandSet::admin, command.dw, Destination(data));
}

// Memory that the caller gives back with nvm_buf_free.
struct Free {
  const nvm_dev* dev;
  void operator()(void* memory) const { nvm_buf_free(dev, memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory allocate(nvm_dev* dev, std::size_t nbytes) {
  Memory memory(nvm_buf_alloc(dev, nbytes, nullptr), Free{dev});
  if (memory != nullptr) std::memset(memory.get(), 0, nbytes);
  return memory;
}

// The number of a chunk of the unit in that state; where there is none, that is reported.
std::optional<std::size_t> chunk_in_state(nvm_dev& dev, nvm_addr unit, int cs, std::size_t start) {
  const std::unique_ptr<nvm_spec_rprt, Free> rprt(nvm_cmd_rprt(&dev, &unit, 0, nullptr), Free{&dev});
  if (rprt == nullptr) {
    (void)refuse_explained(Status::os(EINVAL));
    return std::nullopt;
  }
  const auto found = first_match(start, rprt->ndescr, [&](std::size_t i) { return rprt->descr[i].cs == cs; });
  if (!found) {
    (void)refuse(EINVAL, fmt::format("unit ({}, {}) has no chunk in state 0x{:02x}", to_address(unit).group(),
                                     to_address(unit).unit(), cs));
  }
  return found;
}

// The caller's list of a vector command: in the command if it is one address, where the command points if more.
std::span<const std::uint64_t> list_of(const std::uint64_t& field, std::uint32_t count) {
  return {count == 1 ? &field : reinterpret_cast<const std::uint64_t*>(field), count};
}

}  // namespace

nvm_spec_rprt_descr lightnvm::capi::to_descriptor(const nvm_dev& dev, const Chunk& chunk) noexcept {
  nvm_spec_rprt_descr d{};
  d.cs = static_cast<std::uint8_t>(chunk.state);
  d.ct = static_cast<std::uint8_t>(chunk.type);
  if (chunk.sectors != dev.geo.l.nsectr) d.ct |= NVM_CHUNK_TYPE_WAVVY;
  d.wli = chunk.wear;
  d.addr = pack(dev, chunk.address);
  d.naddrs = chunk.sectors;
  d.wp = chunk.write_pointer;
  return d;
}

extern "C" {

nvm_spec_idfy* nvm_cmd_idfy(nvm_dev* dev, nvm_ret* ret) {
  return guarded(static_cast<nvm_spec_idfy*>(nullptr), [&] {
    fill_if(ret, {});
    if (dev == nullptr) return refuse_pointer<nvm_spec_idfy>(EINVAL, kNoDevice);
    Memory idfy = allocate(dev, kIdentifyBytes);
    if (idfy == nullptr) return static_cast<nvm_spec_idfy*>(nullptr);
    const Completion c =
        admin(*dev, spec::build::geometry(dev->device.nsid()), {static_cast<std::byte*>(idfy.get()), kIdentifyBytes});
    fill_if(ret, c);
    if (!c) {
      (void)refuse(c.status, "nvm_cmd_idfy");
      return static_cast<nvm_spec_idfy*>(nullptr);
    }
    return static_cast<nvm_spec_idfy*>(idfy.release());
  });
}

nvm_spec_rprt* nvm_cmd_rprt(nvm_dev* dev, nvm_addr* addr, int /*opt*/, nvm_ret* ret) {
  return guarded(static_cast<nvm_spec_rprt*>(nullptr), [&] {
    fill_if(ret, {});
    if (dev == nullptr) return refuse_pointer<nvm_spec_rprt>(EINVAL, kNoDevice);
    if (dev->device.version() != SpecVersion::ocssd20) {
      return refuse_pointer<nvm_spec_rprt>(EINVAL, "only 2.0 devices have a chunk report");
    }
    if (addr != nullptr && !dev->device.geometry().contains(to_address(*addr))) {
      return refuse_pointer<nvm_spec_rprt>(EINVAL, fmt::format("the device has no address 0x{:016x}", addr->val));
    }
    const Geometry& g = dev->device.geometry();
    auto chunks =
        addr == nullptr ? dev->device.chunks() : dev->device.chunks(g.chunk_index(to_address(*addr)), g.chunks);
    if (!chunks) {
      fill_if(ret, {0, chunks.error()});
      (void)refuse(chunks.error(), "nvm_cmd_rprt");
      return static_cast<nvm_spec_rprt*>(nullptr);
    }
    Memory memory = allocate(dev, sizeof(nvm_spec_rprt) + chunks->size() * sizeof(nvm_spec_rprt_descr));
    auto* rprt = static_cast<nvm_spec_rprt*>(memory.release());
    if (rprt == nullptr) return rprt;
    rprt->ndescr = static_cast<std::uint32_t>(chunks->size());
    std::ranges::transform(*chunks, rprt->descr, [&](const Chunk& c) { return to_descriptor(*dev, c); });
    return rprt;
  });
}

int nvm_cmd_rprt_arbs(nvm_dev* dev, int cs, int naddrs, nvm_addr addrs[]) {
  return guarded(-1, [&] {
    return pick_arbitrary(dev, naddrs, addrs,
                          [&](nvm_addr unit, std::size_t start) { return chunk_in_state(*dev, unit, cs, start); });
  });
}

int nvm_cmd_gfeat(nvm_dev* dev, nvm_nvme_feat_id id, nvm_nvme_feat* feat, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (dev == nullptr || feat == nullptr) {
      return refuse(EINVAL, "a device and a place for the value are needed: a pointer is NULL");
    }
    const auto command = spec::build::get_features(static_cast<spec::FeatureId>(id), dev->device.nsid());
    const Completion c = admin(*dev, command, {});
    fill_if(ret, c);
    if (!c) return refuse(c.status, "nvm_cmd_gfeat");
    feat->a = static_cast<std::uint32_t>(c.result);
    return 0;
  });
}

int nvm_cmd_sfeat(nvm_dev* dev, nvm_nvme_feat_id id, const nvm_nvme_feat* feat, nvm_ret* ret) {
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (dev == nullptr || feat == nullptr) return refuse(EINVAL, "a device and a value are needed: a pointer is NULL");
    const auto command = spec::build::set_features(static_cast<spec::FeatureId>(id), dev->device.nsid(), feat->a);
    const Completion c = admin(*dev, command, {});
    fill_if(ret, c);
    return c ? 0 : refuse(c.status, "nvm_cmd_sfeat");
  });
}

int nvm_cmd_pass(nvm_dev* dev, nvm_nvme_cmd* cmd, void* data, std::size_t data_nbytes, void* meta,
                 std::size_t meta_nbytes, int flags, nvm_ret* ret) {
  static_assert(sizeof(nvm_nvme_cmd) == sizeof(RawCommand));
  return guarded(-1, [&] {
    fill_if(ret, {});
    if (dev == nullptr || cmd == nullptr) return refuse(EINVAL, "a device and a command are needed: a pointer is NULL");
    constexpr int kKnown = NVM_CMD_MASK_IOMD | NVM_CMD_PRP | NVM_CMD_MASK_PASS;
    const auto both = [&](int group) { return (flags & group) == group; };
    if ((flags & ~kKnown) != 0 || both(NVM_CMD_MASK_IOMD) || both(NVM_CMD_MASK_PASS)) {
      return refuse(EINVAL, fmt::format("flags 0x{:x}: nvm_cmd_pass takes SYNC or ASYNC, and PIOC or PADC", flags));
    }
    if ((data == nullptr) != (data_nbytes == 0) || (meta == nullptr) != (meta_nbytes == 0)) {
      return refuse(EINVAL, "memory without a size, or a size without memory");
    }
    const bool is_admin = (flags & NVM_CMD_PADC) != 0;
    RawCommand raw;
    std::memcpy(raw.data(), cmd, sizeof(raw));
    const Destination memory({static_cast<std::byte*>(data), data_nbytes},
                             {static_cast<std::byte*>(meta), meta_nbytes});
    const bool vector = !is_admin && spec::is_vector(cmd->opcode);
    std::span<const std::uint64_t> list, destination;
    if (vector) {
      const std::uint32_t count = cmd->s20.naddrs + 1U;
      if (count > 1 && (cmd->addrs == 0 || (cmd->opcode == NVM_DOPC_VECTOR_COPY && cmd->addrs_dst == 0))) {
        return refuse(EINVAL, "a vector command of several addresses points to its list");
      }
      list = list_of(cmd->addrs, count);
      if (cmd->opcode == NVM_DOPC_VECTOR_COPY) destination = list_of(cmd->addrs_dst, count);
    }
    if ((flags & NVM_CMD_ASYNC) != 0) {
      if (is_admin) return refuse(ENOSYS, "admin commands are synchronous");
      if (!can_queue(dev, ret)) return refuse(EINVAL, kCannotQueue);
      const Status s = ret->async.ctx->queue.pass(raw, memory, to_callback(ret), list, destination);
      if (s.is_errno(EAGAIN)) errno = EAGAIN;
      if (s || s.is_errno(EAGAIN)) return s ? 0 : -1;
      return refuse(s, "nvm_cmd_pass");
    }
    if (is_admin && meta_nbytes != 0) raw[11] = static_cast<std::uint32_t>(meta_nbytes / 4);
    const Completion c =
        dev->device.pass(is_admin ? CommandSet::admin : CommandSet::io, raw, memory, list, destination);
    fill_if(ret, c);
    return c ? 0 : refuse(c.status, "nvm_cmd_pass");
  });
}

int nvm_aer_poll(nvm_dev* dev, nvm_aer aers[], int naers) {
  return guarded(-1, [&] {
    if (dev == nullptr || naers < 0 || (naers > 0 && aers == nullptr)) {
      return refuse(EINVAL, "a device and room for notifications are needed");
    }
    const std::lock_guard lock(dev->events_mutex);
    if (dev->pending_events.empty()) {
      auto events = dev->device.events();
      if (!events) return refuse(events.error(), "nvm_aer_poll");
      dev->pending_events.assign(events->begin(), events->end());
    }
    int n = 0;
    for (; n < naers && !dev->pending_events.empty(); ++n) {
      const Event& e = dev->pending_events.front();
      aers[n] = {e.id, from_address(e.address), e.nsid, e.state, static_cast<std::uint8_t>(e.scope), 0, e.sectors, 0};
      dev->pending_events.pop_front();
    }
    return n;
  });
}

}  // extern "C"
