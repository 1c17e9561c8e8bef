// SPDX-License-Identifier: BSD-2-Clause
// Dialect ocssd20: Open-Channel SSDs of specification 2.0.
#include "dialect/ocssd20.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "model/capabilities.hpp"
#include "model/lba_format.hpp"
#include "spec/build.hpp"

namespace lightnvm::dialect {
namespace {

using spec::IoOpcode;

constexpr IoOpcode vector_opcode(Operation operation) noexcept {
  switch (operation) {
    case Operation::read: return IoOpcode::vector_read;
    case Operation::write: return IoOpcode::vector_write;
    case Operation::reset: return IoOpcode::vector_reset;
    case Operation::copy: break;
  }
  return IoOpcode::vector_copy;
}

// FUA and LR lie in dword 12 of scalar and vector commands alike.
constexpr std::uint32_t flags(const Io& io) noexcept {
  const CommandOptions& o = io.options;
  return static_cast<std::uint32_t>(o.force_unit_access) << 30 | static_cast<std::uint32_t>(o.limited_retry) << 31;
}

// Planes and what goes with them are of 1.2.
bool has_foreign_options(const CommandOptions& o) noexcept {
  return o != CommandOptions{.force_unit_access = o.force_unit_access, .limited_retry = o.limited_retry};
}

Status no_bad_block_tables() {
  return fail(Status::os(ENOTSUP), "OCSSD 2.0 has no bad block tables; the chunk report says which chunks are offline");
}

class Ocssd20 final : public Dialect {
 public:
  Ocssd20(const Geometry& geometry, model::LbaFormat format, std::uint32_t capabilities, std::uint32_t nsid) noexcept
      : geometry_(geometry), capabilities_(capabilities), format_(format), plain_(format, nsid), nsid_(nsid) {
    for (const Operation o : {Operation::read, Operation::write, Operation::reset, Operation::copy}) {
      vectors_[static_cast<std::size_t>(o)] = spec::build::vector(vector_opcode(o), nsid, 1);
    }
  }

  [[nodiscard]] SpecVersion version() const noexcept override { return SpecVersion::ocssd20; }
  [[nodiscard]] const Geometry& geometry() const noexcept override { return geometry_; }
  [[nodiscard]] std::uint32_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] std::uint64_t to_device(Address a) const noexcept override {
    return format_.pack({a.value & format_.generic_mask()});
  }
  [[nodiscard]] Address from_device(std::uint64_t lba) const noexcept override { return format_.unpack(lba); }

  [[nodiscard]] std::array<unsigned, 4> address_bits() const noexcept override {
    return {format_.group_bits(), format_.unit_bits(), format_.chunk_bits(), format_.sector_bits()};
  }

  Status encode(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept override;
  [[nodiscard]] const PlainTransfers* plain() const noexcept override { return &plain_; }
  Result<std::vector<Chunk>> report(AdminPort& port, std::uint64_t first, std::uint64_t count) const override;
  [[nodiscard]] Chunk parse_descriptor(const spec::ChunkDescriptor& d) const noexcept override;
  Result<std::vector<Event>> events(AdminPort& port) const override;
  Result<BadBlockTable> bad_blocks(AdminPort&, Address) const override {
    return std::unexpected(no_bad_block_tables());
  }
  Completion set_bad_blocks(AdminPort&, std::span<const Address>, BlockState) const override {
    return {0, no_bad_block_tables()};
  }

 private:
  [[nodiscard]] bool pack_list(const Address* addresses, bool consecutive, std::uint32_t count,
                               std::uint64_t* out) const noexcept;
  Status encode_vector(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept;
  Status encode_ranges(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept;

  Geometry geometry_;
  std::uint32_t capabilities_;
  model::LbaFormat format_;
  PlainTransfers plain_;
  std::uint32_t nsid_;
  // Commands that lack only their addresses, their count and their flags.
  std::array<spec::Command, 4> vectors_;
};

// False where an address is not encodable: it would name a sector elsewhere.
bool Ocssd20::pack_list(const Address* addresses, bool consecutive, std::uint32_t count,
                        std::uint64_t* out) const noexcept {
  if (consecutive) {
    const Address first = addresses[0];
    const Address last = first.plus(count - 1);
    const std::uint64_t lba = format_.pack(first);
    for (std::uint32_t i = 0; i < count; ++i) out[i] = lba + i;
    return format_.encodable(first) && format_.encodable(last) && last.value >= first.value;
  }
  return plain_.name_list(addresses, count, out);
}

Status Ocssd20::encode(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept {
  if (has_foreign_options(io.options)) [[unlikely]]
    return Status::os(ENOTSUP);
  if (io.addressing == Addressing::vector) return encode_vector(io, command, payload, memory);
  if (io.operation == Operation::reset) return encode_ranges(io, command, payload, memory);
  if (io.operation == Operation::copy) return Status::os(ENOTSUP);
  const Address first = io.addresses[0];
  if (!format_.encodable(first)) return Status::os(EINVAL);
  command = spec::build::transfer(io.operation == Operation::read ? IoOpcode::read : IoOpcode::write, nsid_, 0, 1);
  spec::Slba::set(command, format_.pack(first));
  command.dw[12] = (io.count - 1) | flags(io);
  payload.list = payload.destination = {};
  return {};
}

Status Ocssd20::encode_vector(const Io& io, spec::Command& command, Payload& payload,
                              WireMemory& memory) const noexcept {
  command = vectors_[static_cast<std::size_t>(io.operation)];
  command.dw[12] = (io.count - 1) | flags(io);
  if (!pack_list(io.addresses, io.consecutive, io.count, memory.list.data())) return Status::os(EINVAL);
  payload.list = {memory.list.data(), io.count};
  payload.destination = {};
  if (io.operation == Operation::copy) {
    if (!pack_list(io.destination, false, io.count, memory.destination.data())) return Status::os(EINVAL);
    payload.destination = {memory.destination.data(), io.count};
  }
  return {};
}

// A scalar reset is a deallocation of whole chunks, each range a chunk from its first sector on. OCSSD-2.0 5.
Status Ocssd20::encode_ranges(const Io& io, spec::Command& command, Payload& payload,
                              WireMemory& memory) const noexcept {
  if (io.count > kMaxAddresses || io.consecutive) return Status::os(EINVAL);
  for (std::uint32_t i = 0; i < io.count; ++i) {
    const Address chunk = io.addresses[i].at_sector(0);
    if (!format_.encodable(chunk)) return Status::os(EINVAL);
    memory.ranges[i] = {0, geometry_.sectors, format_.pack(chunk)};
  }
  command = spec::build::deallocate(nsid_, io.count);
  memory.range_segment = {reinterpret_cast<std::byte*>(memory.ranges.data()), io.count * sizeof(spec::DsmRange)};
  payload.data = {&memory.range_segment, 1};
  payload.list = payload.destination = {};
  return {};
}

Chunk Ocssd20::parse_descriptor(const spec::ChunkDescriptor& d) const noexcept {
  Chunk c;
  c.address = format_.unpack(d.slba);
  c.state = static_cast<ChunkState>(d.cs & 0x0F);
  c.type = static_cast<ChunkType>(d.ct & 0x03);
  c.wear = d.wli;
  c.sectors = static_cast<std::uint32_t>(std::min<std::uint64_t>(d.cnlb, 0xFFFFFFFF));
  c.write_pointer = d.wp;
  return c;
}

Result<std::vector<Chunk>> Ocssd20::report(AdminPort& port, std::uint64_t first, std::uint64_t count) const {
  constexpr std::uint64_t kDescriptor = sizeof(spec::ChunkDescriptor);
  const std::uint64_t chunks = geometry_.total_chunks();
  std::vector<Chunk> out;
  if (first >= chunks) return out;
  count = std::min(count, chunks - first);
  out.reserve(count);
  const std::uint64_t batch = std::max<std::uint64_t>(1, port.transfer_limit() / kDescriptor);
  std::vector<spec::ChunkDescriptor> page(std::min(batch, count));
  while (out.size() < count) {
    const std::uint64_t n = std::min<std::uint64_t>(page.size(), count - out.size());
    const auto target = std::as_writable_bytes(std::span(page).first(n));
    const spec::Command log =
        spec::build::get_log(spec::LogPage::chunk_information, nsid_, (first + out.size()) * kDescriptor,
                             static_cast<std::uint32_t>(target.size()));
    if (const Completion c = port.execute(log, target); !c) return std::unexpected(c.status);
    for (std::uint64_t i = 0; i < n; ++i) out.push_back(parse_descriptor(page[i]));
  }
  return out;
}

Result<std::vector<Event>> Ocssd20::events(AdminPort& port) const {
  std::array<spec::ChunkNotification, spec::kNotificationEntries> page{};
  const auto target = std::as_writable_bytes(std::span(page));
  const spec::Command log =
      spec::build::get_log(spec::LogPage::chunk_notification, nsid_, 0, static_cast<std::uint32_t>(target.size()));
  if (const Completion c = port.execute(log, target); !c) return std::unexpected(c.status);
  std::vector<Event> out;
  for (const spec::ChunkNotification& n : page) {
    if (n.nc == 0) continue;
    Event e;
    e.id = n.nc;
    e.address = format_.unpack(n.lba);
    e.nsid = n.nsid;
    e.state = n.state;
    e.scope = static_cast<Event::Scope>(n.mask & 7);
    e.sectors = (n.mask & 1) != 0 ? n.nlb + 1U : 0;
    out.push_back(e);
  }
  // Devices that serve their ring as it lies do not sort it.
  std::ranges::sort(out, {}, &Event::id);
  return out;
}

Geometry parse(const spec::Geometry20& page, const spec::IdentifyNamespace& ns) noexcept {
  const spec::LbaFormat& lbaf = ns.lbaf[ns.flbas & 0xF];
  Geometry g;
  g.groups = page.num_grp;
  g.units = page.num_pu;
  g.chunks = page.num_chk;
  g.sectors = page.clba;
  g.sector_bytes = lbaf.ds < 32 ? 1U << lbaf.ds : 0;
  g.oob_bytes = lbaf.ms;
  g.ws_min = page.ws_min;
  g.ws_opt = page.ws_opt;
  g.mw_cunits = page.mw_cunits;
  g.max_open = page.maxoc;
  g.max_open_unit = page.maxocpu;
  g.wear_threshold = page.wit;
  model::set_capabilities(g, page.mccap);
  g.times = {page.trdt, page.trdm, page.twrt, page.twrm, page.tcrst, page.tcrsm};
  return g;
}

// A device may say anything; nothing of it is used before this.
std::string impossible(const spec::Geometry20& page, const Geometry& g) {
  if (g.groups == 0 || g.units == 0 || g.chunks == 0 || g.sectors == 0) return "it has a direction without anything";
  if (g.groups > kMaxGroups || g.units > kMaxUnits || g.chunks > kMaxChunks) {
    return "it is larger than the address format (256 x 256 units, 65536 chunks)";
  }
  if (page.grp_len > 8 || page.pu_len > 8 || page.chk_len > 16 || page.lbk_len > 32) {
    return "its address fields are wider than the address format's";
  }
  const auto fits = [](std::uint64_t count, unsigned bits) { return count - 1 <= (1ULL << bits) - 1; };
  if (!fits(g.groups, page.grp_len) || !fits(g.units, page.pu_len) || !fits(g.chunks, page.chk_len) ||
      !fits(g.sectors, page.lbk_len)) {
    return "its address fields are too narrow for its counts";
  }
  if (g.sector_bytes < 512 || g.sector_bytes > 1U << 20) return "its sectors have an impossible size";
  if (g.ws_min == 0 || g.ws_opt == 0) return "it has no write size";
  return {};
}

}  // namespace

Result<std::unique_ptr<Dialect>> make_ocssd20(const spec::Geometry20& page, const spec::IdentifyNamespace& ns,
                                              std::uint32_t nsid) {
  const Geometry g = parse(page, ns);
  if (const std::string wrong = impossible(page, g); !wrong.empty()) {
    return unexpected(Status::os(EPROTO), fmt::format("the device's geometry makes no sense: {}", wrong));
  }
  const model::LbaFormat format(page.grp_len, page.pu_len, page.chk_len, page.lbk_len);
  return std::make_unique<Ocssd20>(g, format, page.mccap, nsid);
}

}  // namespace lightnvm::dialect
