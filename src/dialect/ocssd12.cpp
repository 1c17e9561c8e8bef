// SPDX-License-Identifier: BSD-2-Clause
// Dialect ocssd12: Open-Channel SSDs of specification 1.2.
#include "dialect/ocssd12.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.hpp"
#include "model/capabilities.hpp"
#include "model/ppa_format.hpp"
#include "spec/build.hpp"

namespace lightnvm::dialect {
namespace {

using spec::IoOpcode;

Status unsupported(std::string_view what) {
  return fail(Status::os(ENOTSUP), fmt::format("OCSSD 1.2 has no {}", what));
}

// CDW12 31:16. OCSSD-1.2 10.4.
constexpr std::uint32_t control(const CommandOptions& o) noexcept {
  return static_cast<std::uint32_t>(o.plane_mode) | (o.suspend ? spec::kControlSuspend : 0) |
         (o.slc_mode ? spec::kControlSlc : 0) | (o.scrambler ? spec::kControlScrambler : 0) |
         (o.force_unit_access ? spec::kControlFua : 0) | (o.limited_retry ? spec::kControlLimitedRetry : 0);
}

constexpr IoOpcode opcode_of(Operation operation) noexcept {
  switch (operation) {
    case Operation::read: return IoOpcode::vector_read;
    case Operation::write: return IoOpcode::vector_write;
    case Operation::reset:
    case Operation::copy: break;
  }
  return IoOpcode::vector_reset;
}

class Ocssd12 final : public Dialect {
 public:
  Ocssd12(const Geometry& geometry, const PpaFormat& format, std::uint32_t capabilities, std::uint32_t nsid) noexcept
      : geometry_(geometry), format_(format), packer_(format), capabilities_(capabilities), nsid_(nsid) {}

  [[nodiscard]] SpecVersion version() const noexcept override { return SpecVersion::ocssd12; }
  [[nodiscard]] const Geometry& geometry() const noexcept override { return geometry_; }
  [[nodiscard]] std::uint32_t capabilities() const noexcept override { return capabilities_; }
  [[nodiscard]] std::uint64_t to_device(Address a) const noexcept override {
    return packer_.pack({a.value & packer_.generic_mask()});
  }
  [[nodiscard]] Address from_device(std::uint64_t ppa) const noexcept override { return packer_.unpack(ppa); }
  [[nodiscard]] std::array<unsigned, 4> address_bits() const noexcept override { return {}; }
  [[nodiscard]] std::optional<PpaFormat> ppa_format() const noexcept override { return format_; }

  Status encode(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept override;
  Result<std::vector<Chunk>> report(AdminPort&, std::uint64_t, std::uint64_t) const override {
    return std::unexpected(unsupported("chunk report"));
  }
  [[nodiscard]] Chunk parse_descriptor(const spec::ChunkDescriptor&) const noexcept override { return {}; }
  Result<std::vector<Event>> events(AdminPort&) const override {
    return std::unexpected(unsupported("chunk notifications"));
  }
  Result<BadBlockTable> bad_blocks(AdminPort& port, Address unit) const override;
  Completion set_bad_blocks(AdminPort& port, std::span<const Address> blocks, BlockState state) const override;

 private:
  [[nodiscard]] bool pack_list(const Io& io, std::uint64_t* out) const noexcept;

  Geometry geometry_;
  PpaFormat format_;
  model::PpaPacker packer_;
  std::uint32_t capabilities_;
  std::uint32_t nsid_;
};

// False where an address does not fit the device's fields: it would name a sector elsewhere.
bool Ocssd12::pack_list(const Io& io, std::uint64_t* out) const noexcept {
  std::uint64_t all = 0;
  if (io.consecutive) {
    const Address first = io.addresses[0];
    for (std::uint32_t i = 0; i < io.count; ++i) {
      const Address a = first.plus(i);
      all |= a.value;
      out[i] = packer_.pack(a);
    }
    return (all & ~packer_.generic_mask()) == 0 && first.sec() + io.count <= geometry_.page_sectors;
  }
  for (std::uint32_t i = 0; i < io.count; ++i) {
    all |= io.addresses[i].value;
    out[i] = packer_.pack(io.addresses[i]);
  }
  return (all & ~packer_.generic_mask()) == 0;
}

Status Ocssd12::encode(const Io& io, spec::Command& command, Payload& payload, WireMemory& memory) const noexcept {
  if (io.operation == Operation::copy) [[unlikely]]
    return unsupported("copy");
  if (io.addressing == Addressing::scalar) [[unlikely]]
    return unsupported("scalar commands; address sectors by lists");
  const bool resets = io.operation == Operation::reset;
  if (resets && !payload.metadata.empty()) [[unlikely]]
    return unsupported("chunk descriptors that an erase could bring back");
  if (!pack_list(io, memory.list.data())) return Status::os(EINVAL);
  command = spec::build::vector(opcode_of(io.operation), nsid_, io.count);
  spec::Control::set(command, control(io.options));
  payload.list = {memory.list.data(), io.count};
  payload.destination = {};
  return {};
}

Result<BadBlockTable> Ocssd12::bad_blocks(AdminPort& port, Address unit) const {
  const Geometry& g = geometry_;
  const Address first = Address::of(unit.group(), unit.unit(), 0);
  if (!g.contains(first)) {
    return unexpected(Status::os(EINVAL),
                      fmt::format("the device has no LUN {} on channel {}", unit.unit(), unit.group()));
  }
  const std::size_t entries = std::size_t{g.chunks} * g.planes;
  const std::size_t bytes = sizeof(spec::BadBlockHeader) + entries;
  std::vector<std::byte> page((bytes + 3) / 4 * 4);
  const Completion c = port.execute(spec::build::get_bad_blocks(nsid_, packer_.pack(first)), page);
  if (!c) return unexpected(c.status, fmt::format("Get Bad Block Table failed: {}", c.status.message()));
  spec::BadBlockHeader header{};
  std::memcpy(&header, page.data(), sizeof header);
  const auto wrong = [](std::string_view what) {
    return unexpected(Status::os(EPROTO), fmt::format("the device's bad block table makes no sense: {}", what));
  };
  if (std::memcmp(header.tblid, "BBLT", 4) != 0) return wrong("it does not begin with BBLT");
  if (header.verid != 1) return wrong("its version is not 1");
  if (header.tblks != entries) return wrong("it has another number of blocks than the device");
  BadBlockTable table;
  table.unit = first;
  table.planes = g.planes;
  table.revision = header.revid;
  table.factory_bad = header.tfact;
  table.grown_bad = header.tgrown;
  table.device_reserved = header.tdresv;
  table.host_reserved = header.thresv;
  table.blocks.resize(entries);
  std::memcpy(table.blocks.data(), page.data() + sizeof header, entries);
  return table;
}

Completion Ocssd12::set_bad_blocks(AdminPort& port, std::span<const Address> blocks, BlockState state) const {
  const auto invalid = [](std::string sentence) {
    return Completion{0, fail(Status::os(EINVAL), std::move(sentence))};
  };
  if (blocks.empty() || blocks.size() > kMaxAddresses) return invalid("a command sets the state of 1 to 64 blocks");
  std::array<std::uint64_t, kMaxAddresses> list;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Address a = blocks[i];
    const Address block = Address::of12(a.group(), a.unit(), a.chunk(), a.plane());
    if (!geometry_.contains(block)) return invalid(fmt::format("the device has no block 0x{:016x}", a.value));
    list[i] = packer_.pack(block);
  }
  const auto value = static_cast<std::uint8_t>(state);
  const auto one = [&](std::uint64_t ppa) {
    spec::Command c = spec::build::set_bad_blocks(nsid_, value, 1);
    spec::Ppa::set(c, ppa);
    return port.execute(c, Payload{});
  };
  const auto count = static_cast<std::uint32_t>(blocks.size());
  if (count > 1) {
    const Payload payload{{}, {}, {list.data(), count}, {}};
    const Completion all = port.execute(spec::build::set_bad_blocks(nsid_, value, count), payload);
    if (!all.status.is_errno(ENOTSUP)) return all;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (const Completion c = one(list[i]); !c) return c;
  }
  return {};
}

PpaFormat parse(const spec::PpaFormat12& f) noexcept {
  const auto field = [](spec::PpaField12 x) { return PpaField{x.offset, x.length}; };
  return {field(f.channel), field(f.lun), field(f.plane), field(f.block), field(f.page), field(f.sector)};
}

Geometry parse(const spec::Group12& group) noexcept {
  Geometry g;
  g.groups = group.num_ch;
  g.units = group.num_lun;
  g.chunks = group.num_blk;
  g.planes = group.num_pln;
  g.pages = group.num_pg;
  g.page_bytes = group.fpg_sz;
  g.sector_bytes = group.csecs;
  g.oob_bytes = group.sos;
  if (group.csecs != 0) g.page_sectors = group.fpg_sz / group.csecs;
  g.sectors = g.planes * g.pages * g.page_sectors;
  g.ws_min = g.page_sectors;
  g.ws_opt = g.planes * g.page_sectors;
  g.multiple_resets = g.early_reset = true;
  model::set_capabilities(g, group.mccap);
  g.times = {group.trdt, group.trdm, group.tprt, group.tprm, group.tbet, group.tbem};
  return g;
}

// A device may say anything; nothing of it is used before this.
std::string_view impossible(const spec::Identity12& page, const Geometry& g, const PpaFormat& format) {
  if (page.cgrps == 0 || page.cgrps > 4) return "it has not 1 to 4 configuration groups";
  if (page.groups[0].mtype != spec::kMediaNand) return "its media are no NAND";
  if (g.groups == 0 || g.units == 0 || g.chunks == 0 || g.pages == 0) return "it has a direction without anything";
  if (g.planes != 1 && g.planes != 2 && g.planes != 4) return "it has neither 1 nor 2 nor 4 planes";
  if (g.sector_bytes < 512 || !std::has_single_bit(g.sector_bytes)) return "its sectors have an impossible size";
  if (g.page_sectors == 0 || g.page_bytes % g.sector_bytes != 0) return "its pages are no whole number of sectors";
  if (g.page_sectors > kMaxAddresses) return "a page has more sectors than a command has addresses";
  return model::unusable(format, g);
}

}  // namespace

Result<std::unique_ptr<Dialect>> make_ocssd12(const spec::Identity12& page, std::uint32_t nsid) {
  const Geometry g = parse(page.groups[0]);
  const PpaFormat format = parse(page.ppaf);
  if (const std::string_view wrong = impossible(page, g, format); !wrong.empty()) {
    return unexpected(Status::os(EPROTO), fmt::format("the device's identity makes no sense: {}", wrong));
  }
  return std::make_unique<Ocssd12>(g, format, page.groups[0].mccap, nsid);
}

}  // namespace lightnvm::dialect
