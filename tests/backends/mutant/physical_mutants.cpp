// SPDX-License-Identifier: BSD-2-Clause
// Mutants of OCSSD 1.2: identity, bad block tables, erases, pages, sectors.
#include <algorithm>

#include "mutant.hpp"

namespace lightnvm::backends::mutant {
namespace {

using enum StatusCode;
using spec::AdminOpcode;
using spec::IoOpcode;

std::uint32_t mode(const Seen& s) { return spec::Control::get(s.command) & spec::kControlPlaneMode; }
std::uint32_t row(const Seen& s) {
  const auto& group = s.device.identity().groups[0];
  return static_cast<std::uint32_t>(group.num_pln) * (group.fpg_sz / group.csecs);
}
std::uint64_t component(const Seen& s, const spec::PpaField12& f) {
  const std::uint64_t ppa = s.list.empty() ? spec::Ppa::get(s.command) : s.list.front();
  return ppa >> f.offset & ((1ULL << f.length) - 1);
}
std::uint64_t plane(const Seen& s) { return component(s, s.device.identity().ppaf.plane); }
bool erases(const Seen& s) { return s.io(IoOpcode::vector_reset); }

// Identity.

template <std::size_t kOffset, typename T, T kValue>
void identity(Seen& s) {
  s.run();
  if (s.geometry_again()) s.put<T>(kOffset, kValue);
}
void any_identity(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::geometry)) s.turn(invalid_namespace, success);
}

// Bad block tables; as the stock of blocks is taken, they are sound.

bool brings_table(const Seen& s) {
  const auto& group = s.device.identity().groups[0];
  const unsigned luns = static_cast<unsigned>(group.num_ch) * group.num_lun;
  return s.is(AdminOpcode::get_bad_blocks) && s.done.ok() && s.device.tables > luns;
}
template <std::size_t kOffset, typename T, T kValue>
void table(Seen& s) {
  s.run();
  if (brings_table(s)) s.put<T>(kOffset, kValue);
}
void forgets_factory(Seen& s) {
  const bool factory = s.is(AdminOpcode::set_bad_blocks) && spec::BadBlockValue::get(s.command) == 1;
  factory ? s.drop() : void(s.run());
}
void all_planes_marked(Seen& s) {
  const std::uint64_t other = plane(s);
  s.run();
  if (!s.is(AdminOpcode::set_bad_blocks) || !s.done || other == 0) return;
  const auto& f = s.device.identity().ppaf.plane;
  const std::uint64_t others = ~(((1ULL << f.length) - 1) << f.offset);
  for (std::uint64_t& ppa : s.list) ppa &= others;
  spec::Ppa::set(s.command, spec::Ppa::get(s.command) & others);
  s.run();
}
void marks_first(Seen& s) {
  if (s.is(AdminOpcode::set_bad_blocks) && s.list.size() > 1) s.shorten(1);
  s.run();
}
void only_block_0(Seen& s) {
  const std::uint64_t below = (1ULL << s.device.identity().ppaf.lun.offset) - 1;
  const bool other = s.is(AdminOpcode::get_bad_blocks) && (spec::Ppa::get(s.command) & below) != 0;
  other ? s.refuse(invalid_field) : void(s.run());
}
void any_state(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::set_bad_blocks) && spec::BadBlockValue::get(s.command) == 3) s.turn(invalid_field, success);
}
void no_lun(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::get_bad_blocks)) s.turn(invalid_field, lba_out_of_range);
}
void many_marked(Seen& s) {
  s.run();
  if (s.is(AdminOpcode::set_bad_blocks) && spec::BadBlockNlb::get(s.command) > 63) s.turn(invalid_field, success);
}

// Erases.

void forgets_erase(Seen& s) { erases(s) && s.count() == 1 && s.device.last_was_read ? s.drop() : void(s.run()); }
void no_second_erase(Seen& s) { erases(s) && s.device.last_was_reset ? s.refuse(invalid_field) : void(s.run()); }
void erases_first(Seen& s) {
  if (erases(s) && s.list.size() > 1) s.shorten(1);
  s.run();
}
void erases_named_plane(Seen& s) {
  if (erases(s) && plane(s) != 0) spec::Control::set(s.command, 0);
  s.run();
}
void erases_all_planes(Seen& s) {
  if (erases(s) && plane(s) != 0) spec::Control::set(s.command, 1);
  s.run();
}
template <bool (*kWhen)(const Seen&), StatusCode kFrom, StatusCode kTo>
void verdict(Seen& s) {
  s.run();
  if (!s.admin && kWhen(s)) s.turn(kFrom, kTo);
}
bool single_erase(const Seen& s) { return erases(s) && mode(s) == 0; }
bool dual_erase(const Seen& s) { return erases(s) && mode(s) == 1; }
bool quad_erase(const Seen& s) { return erases(s) && mode(s) == 2; }

// Writes and reads.

void spoils_metadata(Seen& s) {
  s.run();
  if (s.reads() && s.done && s.has_metadata()) SegmentRange{s.payload.metadata, 0, 1}.fill(std::byte{0});
}
void no_single_mode(Seen& s) { s.writes() && mode(s) == 0 ? s.refuse(invalid_field) : void(s.run()); }
void one_block_only(Seen& s) { s.writes() && s.count() == 2 * row(s) ? s.refuse(invalid_field) : void(s.run()); }
void far_pages(Seen& s) {
  s.run();
  if (s.reads() && component(s, s.device.identity().ppaf.page) > 3) s.spoil();
}
bool partial(const Seen& s) { return s.writes() && s.count() % row(s) != 0; }
bool whole(const Seen& s) { return s.writes() && s.count() == row(s) && mode(s) == 1; }
bool quad_write(const Seen& s) { return s.writes() && mode(s) == 2; }
bool row_read(const Seen& s) { return s.reads() && s.count() == row(s); }
bool any_read(const Seen& s) { return s.reads(); }
bool many(const Seen& s) { return s.count() > 64; }
bool unknown(const Seen& s) { return s.opcode() == 0x7E; }
bool always(const Seen&) { return true; }
void no_bits(Seen& s) {
  s.run();
  if (s.reads() && !s.done) s.done.result &= 4;
}
void sorts(Seen& s) {
  if (s.reads() && s.count() == 5) std::ranges::sort(s.list);
  s.run();
}

constexpr Made kMade = Made::physical;
constexpr Mutant kMutants[] = {
    {"identity.version", identity<0, std::uint8_t, 3>, kMade},
    {"identity.group", identity<256, std::uint8_t, 1>, kMade},
    {"identity.planes", identity<300, std::uint32_t, 0x010101>, kMade},
    {"identity.fields", identity<13, std::uint8_t, 0>, kMade},
    {"identity.fields/apart", identity<12, std::uint8_t, 0>, kMade},
    {"identity.pages", identity<268, std::uint16_t, 1000>, kMade},
    {"identity.times", identity<276, std::uint32_t, 0xFFFFFFFF>, kMade},
    {"identity.reserved", identity<100, std::uint8_t, 1>, kMade},
    {"identity.same", identity<264, std::uint16_t, 10>, kMade},
    {"identity.namespace", any_identity, kMade},
    {"table.header", table<4, std::uint16_t, 2>, kMade},
    {"table.header/entries", table<12, std::uint32_t, 5>, kMade},
    {"table.states", table<69, std::uint8_t, 3>, kMade},
    {"table.counters", table<20, std::uint32_t, 7>, kMade},
    {"table.set", forgets_factory, kMade},
    {"table.plane", all_planes_marked, kMade},
    {"table.several", marks_first, kMade},
    {"table.any_block", only_block_0, kMade},
    {"table.unknown_state", any_state, kMade},
    {"table.nowhere", no_lun, kMade},
    {"table.too_many", many_marked, kMade},
    {"erase.empties", forgets_erase, kMade},
    {"erase.again", no_second_erase, kMade},
    {"erase.several", erases_first, kMade},
    {"erase.all_planes", erases_named_plane, kMade},
    {"erase.one_plane", erases_all_planes, kMade},
    {"erase.bad", verdict<single_erase, invalid_field, success>, kMade},
    {"erase.mode", verdict<quad_erase, invalid_field, success>, kMade},
    {"erase.nowhere", verdict<dual_erase, invalid_field, lba_out_of_range>, kMade},
    {"page.write", spoils_metadata, kMade},
    {"page.plane", no_single_mode, kMade},
    {"page.small", verdict<partial, invalid_field, success>, kMade},
    {"page.again", verdict<whole, invalid_field, success>, kMade},
    {"page.mode", verdict<quad_write, invalid_field, success>, kMade},
    {"page.nowhere", verdict<whole, invalid_field, lba_out_of_range>, kMade},
    {"page.several", one_block_only, kMade},
    {"page.block", far_pages, kMade},
    {"sector.empty", verdict<row_read, empty_page, unrecovered_read_error>, kMade},
    {"sector.bits", no_bits, kMade},
    {"sector.scattered", sorts, kMade},
    {"sector.nowhere", verdict<any_read, invalid_field, success>, kMade},
    {"physical.too_many", verdict<many, invalid_field, lba_list_length_invalid>, kMade},
    {"physical.unknown", verdict<unknown, invalid_opcode, success>, kMade},
    {"physical.namespace", verdict<always, invalid_namespace, success>, kMade},
};

}  // namespace

std::span<const Mutant> physical_mutants() { return kMutants; }

}  // namespace lightnvm::backends::mutant
