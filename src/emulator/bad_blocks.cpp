// SPDX-License-Identifier: BSD-2-Clause
// Admin commands of an emulated device of OCSSD 1.2: its identity and its bad block tables. OCSSD-1.2 10.1, 10.3.
#include <algorithm>
#include <array>

#include "emulator/controller.hpp"
#include "model/capabilities.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::emulator {
namespace {

using enum StatusCode;

Completion verdict(StatusCode code) noexcept { return {0, Status::nvme_dnr(code)}; }

// Single-plane operations, and those over all planes: a bit in each of three bytes, for reads, programs and erases.
constexpr std::uint32_t multi_plane(std::uint32_t planes) noexcept {
  return 0x010101 | (planes == 2 ? 0x020202 : 0) | (planes == 4 ? 0x040404 : 0);
}

constexpr bool is_state(std::uint32_t value) noexcept {
  return value == 0 || value == 1 || value == 2 || value == 4 || value == 8;
}

spec::PpaFormat12 to_wire(const PpaFormat& f) noexcept {
  const auto field = [](PpaField x) { return spec::PpaField12{x.offset, x.length}; };
  return {field(f.channel), field(f.lun), field(f.plane), field(f.block), field(f.page), field(f.sector), {}};
}

}  // namespace

Completion Controller::identity(const Payload& p) const {
  const Geometry& g = device_->config().geometry;
  spec::Identity12 page{};
  page.ver_id = 1;
  page.cgrps = 1;
  page.cap = spec::kCapBadBlocks;
  page.ppaf = to_wire(device_->ppa_format());
  spec::Group12& group = page.groups[0];
  group.mtype = spec::kMediaNand;
  group.num_ch = static_cast<std::uint8_t>(g.groups);
  group.num_lun = static_cast<std::uint8_t>(g.units);
  group.num_pln = static_cast<std::uint8_t>(g.planes);
  group.num_blk = static_cast<std::uint16_t>(g.chunks);
  group.num_pg = static_cast<std::uint16_t>(g.pages);
  group.fpg_sz = static_cast<std::uint16_t>(g.page_bytes);
  group.csecs = static_cast<std::uint16_t>(g.sector_bytes);
  group.sos = static_cast<std::uint16_t>(g.oob_bytes);
  group.trdt = g.times.read;
  group.trdm = g.times.read_max;
  group.tprt = g.times.write;
  group.tprm = g.times.write_max;
  group.tbet = g.times.reset;
  group.tbem = g.times.reset_max;
  group.mpos = multi_plane(g.planes);
  group.mccap = model::capabilities(g);
  if (total_bytes(p.data) < sizeof page) return verdict(data_sgl_length_invalid);
  SegmentRange{p.data, 0, sizeof page}.copy_in(std::as_bytes(std::span(&page, 1)).data());
  return {};
}

// The LUN is what counts of the address.
Completion Controller::get_bad_blocks(const spec::Command& c, const Payload& p) const {
  if (!device_->physical()) return verdict(invalid_opcode);
  if (spec::Nsid::get(c) != 1) return verdict(invalid_namespace);
  const std::uint64_t ppa = spec::Ppa::get(c);
  const Address a = device_->generic(ppa);
  const Address unit = Address::of12(a.group(), a.unit(), 0);
  if ((c.dw[12] | c.dw[13] | c.dw[14] | c.dw[15]) != 0 || !device_->in_format(ppa) ||
      !device_->config().geometry.contains(unit)) {
    return verdict(invalid_field);
  }
  const std::vector<std::byte> table = device_->bad_block_table(unit);
  if (total_bytes(p.data) < table.size()) return verdict(data_sgl_length_invalid);
  SegmentRange{p.data, 0, table.size()}.copy_in(table.data());
  return {};
}

// All of the blocks or, where one does not exist, none. Hosts of old send namespace 0.
Completion Controller::set_bad_blocks(const spec::Command& c, const Payload& p) {
  if (!device_->physical()) return verdict(invalid_opcode);
  if (spec::Nsid::get(c) > 1) return verdict(invalid_namespace);
  if (device_->read_only()) return verdict(namespace_write_protected);
  const std::uint32_t count = spec::BadBlockNlb::get(c) + 1;
  const std::uint32_t value = spec::BadBlockValue::get(c);
  const bool reserved = spec::BadBlockReserved::get(c) != 0 || (c.dw[13] | c.dw[14] | c.dw[15]) != 0;
  if (count > kMaxAddresses || reserved || !is_state(value)) return verdict(invalid_field);
  const std::uint64_t single = spec::Ppa::get(c);
  const std::span<const std::uint64_t> list = p.list.empty() && count == 1 ? std::span(&single, 1) : p.list;
  if (list.size() != count) return verdict(lba_list_length_invalid);
  std::array<std::uint32_t, kMaxAddresses> chunks;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!device_->has(list[i])) return verdict(invalid_field);
    chunks[i] = device_->locate(device_->flat(list[i])).chunk;
  }
  const Status kept = device_->set_bad_blocks(std::span(chunks).first(count), static_cast<BlockState>(value));
  return kept ? Completion{} : verdict(internal_error);
}

}  // namespace lightnvm::emulator
