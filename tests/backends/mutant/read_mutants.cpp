// SPDX-License-Identifier: BSD-2-Clause
// Mutants of reads: other verdicts, and other bytes.
#include <algorithm>

#include "mutant.hpp"

namespace lightnvm::backends::mutant {
namespace {

using enum StatusCode;
using spec::IoOpcode;

std::uint32_t unit(const Seen& s) { return s.device.geometry.ws_min; }

template <bool (*kWhen)(const Seen&), StatusCode kFrom, StatusCode kTo>
void read(Seen& s) {
  s.run();
  if (s.reads() && kWhen(s)) s.turn(kFrom, kTo);
}
std::uint64_t readable(const Seen& s) {
  const std::uint64_t window = s.device.geometry.mw_cunits;
  return s.pointer() > window ? s.pointer() - window : 0;
}
bool of_free(const Seen& s) { return s.is_free(); }
bool of_offline(const Seen& s) { return s.is_offline(); }
bool of_nowhere(const Seen& s) { return !s.place.exists; }
bool behind(const Seen& s) { return s.is_open() && s.sector() >= s.pointer(); }
bool window(const Seen& s) { return s.is_open() && s.sector() >= readable(s) && s.sector() < s.pointer(); }
bool behind_early(const Seen& s) { return s.is_closed() && s.pointer() < s.place.descriptor.cnlb; }
bool just_reset(const Seen& s) {
  return s.is_free() && s.device.last_was_reset && s.device.last_changed == s.place.chunk;
}
bool begins_well(const Seen& s) { return s.is_open() && !s.vector() && s.sector() < readable(s); }
bool over_end(const Seen& s) {
  return s.is_closed() && s.sector() + s.count() > s.place.descriptor.cnlb && s.sector() < s.pointer();
}
bool large(const Seen& s) { return s.count() > s.device.limit; }

/// A wrong byte in what is read.
template <bool (*kWhen)(const Seen&)>
void spoil(Seen& s) {
  s.run();
  if (s.reads() && kWhen(s)) s.spoil();
}
bool open_vector(const Seen& s) {
  return s.is_open() && s.vector() && s.count() == 2 * unit(s) && s.sector() + s.count() <= readable(s);
}
bool closed_tail(const Seen& s) { return s.is_closed() && s.vector() && s.sector() + s.count() == s.pointer(); }
bool middle(const Seen& s) {
  return s.is_closed() && !s.vector() && s.sector() + s.count() == s.pointer() && s.count() > 2 * unit(s);
}
bool not_last_written(const Seen& s) {
  return s.is_open() && !s.vector() && s.count() == unit(s) && s.device.last_changed != s.place.chunk;
}
bool second_life(const Seen& s) {
  return s.is_closed() && !s.vector() && s.sector() == 0 && s.count() == unit(s) && !s.has_metadata() &&
         s.device.resets[s.place.chunk] != 0;
}
bool alone(const Seen& s) { return s.is_open() && s.vector() && s.count() == 1; }
bool together(const Seen& s) { return s.in_flight != 0 && s.count() == 1; }

void other_predefined(Seen& s) {
  s.run();
  if (s.reads() && s.done && s.is_free() && s.has_metadata())
    SegmentRange{s.payload.metadata, 0, 1}.fill(std::byte{0xA5});
}
void forgets_metadata(Seen& s) {
  if (s.io(IoOpcode::vector_write) && !s.spreads()) s.payload.metadata = {};
  s.run();
}
void sorts(Seen& s) {
  if (s.io(IoOpcode::vector_read)) std::ranges::sort(s.list);
  s.run();
}
void mixed(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_read) && s.count() == 5) s.spoil(1);
}
void no_bits(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_read) && !s.done) s.done.result = 0;
}
void strict_control(Seen& s) {
  const bool set = s.vector() && (s.command.dw[12] & 0x3FFF0000) != 0;
  set ? s.refuse(invalid_field) : void(s.run());
}

constexpr Mutant kMutants[] = {
    {"read.free", read<of_free, deallocated_or_unwritten, unrecovered_read_error>},
    {"read.offline", read<of_offline, deallocated_or_unwritten, success>},
    {"read.nowhere", read<of_nowhere, deallocated_or_unwritten, lba_out_of_range>},
    {"read.behind", read<behind, deallocated_or_unwritten, success>},
    {"read.window", read<window, deallocated_or_unwritten, success>},
    {"read.open", spoil<open_vector>},
    {"read.closed", spoil<closed_tail>},
    {"read.closed_early", read<behind_early, deallocated_or_unwritten, success>},
    {"read.after_reset", read<just_reset, deallocated_or_unwritten, success>},
    {"read.predefined", other_predefined},
    {"read.across", read<begins_well, deallocated_or_unwritten, success>},
    {"read.over_end", read<over_end, deallocated_or_unwritten, lba_out_of_range>},
    {"read.transfer", read<large, invalid_field, success>},
    {"data.metadata", forgets_metadata},
    {"data.whole", spoil<middle>},
    {"data.apart", spoil<not_last_written>},
    {"data.generations", spoil<second_life>},
    {"vector.single", spoil<alone>},
    {"vector.scattered", sorts},
    {"vector.read_mixed", mixed},
    {"vector.read_bits", no_bits},
    {"vector.control", strict_control},
    {"queue.reads", spoil<together>},
};

}  // namespace

std::span<const Mutant> read_mutants() { return kMutants; }

}  // namespace lightnvm::backends::mutant
