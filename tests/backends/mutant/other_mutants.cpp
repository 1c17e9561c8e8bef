// SPDX-License-Identifier: BSD-2-Clause
// Mutants of copies, and of commands as such.
#include <utility>

#include "mutant.hpp"

namespace lightnvm::backends::mutant {
namespace {

using enum StatusCode;
using spec::IoOpcode;

template <StatusCode kFrom, StatusCode kTo>
void copy(Seen& s) {
  s.run();
  if (s.copies()) s.turn(kFrom, kTo);
}
void swaps_sources(Seen& s) {
  if (s.copies() && s.count() == 64) std::swap(s.list[0], s.list[1]);
  s.run();
}
void one_chunk_only(Seen& s) {
  s.copies() && s.spreads() && s.device.find(s.list[0]).is(ChunkState::closed) ? s.refuse(invalid_field)
                                                                               : void(s.run());
}
void no_copy_bits(Seen& s) {
  s.run();
  if (s.copies() && !s.done) s.done.result = 0;
}
void needs_written(Seen& s) {
  const bool unwritten = s.copies() && s.device.find(s.list[0]).is(ChunkState::free);
  s.run();
  if (unwritten && s.done) s.refuse(deallocated_or_unwritten);
}
void many_copied(Seen& s) {
  s.run();
  if (s.copies() && s.count() > 64) s.turn(invalid_field, success);
}
void many_addresses(Seen& s) {
  s.run();
  if (s.vector() && !s.copies() && s.count() > 64) s.turn(invalid_field, lba_list_length_invalid);
}

void unknown_io(Seen& s) {
  s.run();
  if (!s.admin && s.opcode() == 0x7E) s.turn(invalid_opcode, success);
}
void unknown_admin(Seen& s) {
  s.run();
  if (s.admin && s.opcode() == 0xC6) s.turn(invalid_opcode, success);
}
void any_namespace(Seen& s) {
  s.run();
  if (!s.admin) s.turn(invalid_namespace, success);
}
void odd_reserved(Seen& s) {
  s.run();
  if (s.vector() && s.command.dw[13] != 0) s.turn(invalid_field, internal_error);
}
void masks_addresses(Seen& s) {
  const std::uint64_t mask = s.device.address_mask();
  if (s.io(IoOpcode::read) || s.io(IoOpcode::write)) spec::Slba::set(s.command, spec::Slba::get(s.command) & mask);
  for (std::uint64_t& lba : s.list) lba &= mask;
  s.run();
}

constexpr Mutant kMutants[] = {
    {"vector.too_many", many_addresses},
    {"copy.data", swaps_sources},
    {"copy.scattered", one_chunk_only},
    {"copy.order", copy<out_of_order_write, write_fault>},
    {"copy.closed", copy<write_fault, out_of_order_write>},
    {"copy.small", copy<invalid_field, success>},
    {"copy.bits", no_copy_bits},
    {"copy.dulbe", copy<deallocated_or_unwritten, success>},
    {"copy.unwritten", needs_written},
    {"copy.too_many", many_copied},
    {"copy.unsupported", copy<invalid_opcode, invalid_field>, Made::simple},
    {"command.unknown_io", unknown_io},
    {"command.unknown_admin", unknown_admin},
    {"command.namespace", any_namespace},
    {"command.reserved", odd_reserved},
    {"command.high_bits", masks_addresses},
};

}  // namespace

std::span<const Mutant> other_mutants() { return kMutants; }

}  // namespace lightnvm::backends::mutant
