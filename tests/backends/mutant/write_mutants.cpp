// SPDX-License-Identifier: BSD-2-Clause
// Mutants of writes and resets.
#include "mutant.hpp"

namespace lightnvm::backends::mutant {
namespace {

using enum StatusCode;
using spec::IoOpcode;

bool unit(const Seen& s, std::uint32_t n = 1) { return s.count() == n * s.device.geometry.ws_min; }

// Writes that are not carried out and said to be.

void opens(Seen& s) {
  s.io(IoOpcode::vector_write) && s.is_free() && s.sector() == 0 && unit(s) && s.has_metadata() ? s.drop()
                                                                                                : void(s.run());
}
void advances(Seen& s) {
  s.io(IoOpcode::vector_write) && s.is_open() && !s.spreads() && unit(s, 2) ? s.drop() : void(s.run());
}
void closes(Seen& s) {
  const bool last = s.sector() + s.count() == s.device.geometry.clba;
  s.io(IoOpcode::vector_write) && last&& unit(s) ? s.drop() : void(s.run());
}

// Writes that are refused although they are right.

void whole(Seen& s) {
  s.writes() && s.count() == s.device.geometry.clba && !s.has_metadata() ? s.refuse(invalid_field) : void(s.run());
}
void random(Seen& s) { s.writes() && s.is_random() && s.sector() != 0 ? s.refuse(out_of_order_write) : void(s.run()); }
void fua(Seen& s) { s.writes() && spec::Fua::get(s.command) != 0 ? s.refuse(invalid_field) : void(s.run()); }
void limited_retry(Seen& s) {
  s.reads() && spec::LimitedRetry::get(s.command) != 0 ? s.refuse(invalid_field) : void(s.run());
}
void flush(Seen& s) { s.io(IoOpcode::flush) ? s.refuse(invalid_opcode) : void(s.run()); }
void two_chunks(Seen& s) {
  s.io(IoOpcode::vector_write) && s.spreads() && s.sector() != 0 ? s.refuse(invalid_field) : void(s.run());
}
void few_addresses(Seen& s) { s.vector() && s.count() == 64 ? s.refuse(invalid_field) : void(s.run()); }

// Writes that are refused with another verdict, or not at all.

template <bool (*kWhen)(const Seen&), StatusCode kFrom, StatusCode kTo>
void write(Seen& s) {
  s.run();
  if (s.writes() && kWhen(s)) s.turn(kFrom, kTo);
}
bool ahead(const Seen& s) { return s.is_open() && s.sector() > s.pointer(); }
bool behind(const Seen& s) { return s.is_open() && s.sector() < s.pointer(); }
bool free_elsewhere(const Seen& s) { return s.is_free() && s.sector() != 0; }
bool to_closed(const Seen& s) { return s.is_closed(); }
bool to_closed_vector(const Seen& s) { return s.is_closed() && s.vector(); }
bool to_offline(const Seen& s) { return s.is_offline(); }
bool to_nowhere(const Seen& s) { return !s.place.exists; }
bool past_end(const Seen& s) { return s.is_open() && !s.is_short(); }
bool past_short_end(const Seen& s) { return s.is_open() && s.is_short(); }
bool small(const Seen& s) { return s.count() % s.device.geometry.ws_min != 0; }
bool large(const Seen& s) { return s.count() > s.device.limit; }
bool to_free(const Seen& s) { return s.is_free(); }

/// Carries out the first run of a write that is refused as a whole.
void in_part(Seen& s) {
  s.run();
  if (!s.io(IoOpcode::vector_write) || !s.spreads() || s.done.ok()) return;
  const Completion refused = s.done;
  const std::uint32_t n = s.device.geometry.ws_min;
  const std::size_t bytes = static_cast<std::size_t>(n) << s.device.ns.lbaf[0].ds;
  s.shorten(n);
  const Segment first{s.payload.data[0].base, bytes};
  s.payload.data = {&first, 1};
  s.payload.metadata = {};
  s.run();
  s.done = refused;
}
void no_write_bits(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_write) && !s.done) s.done.result = 0;
}
void some_write_bits(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_write) && !s.done && s.spreads()) s.done.result &= 0xF0;
}
void stray_bits(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_write) && s.done && s.spreads()) s.done.result = 1;
}
bool ascends(const Seen& s) {
  for (std::size_t i = 1; i < s.list.size(); ++i) {
    if (s.list[i] < s.list[i - 1]) return false;
  }
  return true;
}
void gap(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_write) && s.sector() == 0 && !s.spreads() && ascends(s))
    s.turn(out_of_order_write, success);
}
void descending(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_write) && !ascends(s)) s.turn(out_of_order_write, success);
}
void twice(Seen& s) {
  const bool back =
      s.io(IoOpcode::vector_write) && s.spreads() && s.chunk_of(s.list.front()) == s.chunk_of(s.list.back());
  back ? s.refuse(write_fault) : void(s.run());
}
void beside(Seen& s) {
  s.run();
  if (s.writes() && s.in_flight != 0) s.turn(out_of_order_write, success);
}

// Resets.

template <bool (*kWhen)(const Seen&), StatusCode kFrom, StatusCode kTo>
void reset(Seen& s) {
  s.run();
  if (s.resets() && kWhen(s)) s.turn(kFrom, kTo);
}
/// Refused before anything is done, or said to be done and not.
template <bool (*kWhen)(const Seen&), StatusCode kVerdict>
void no_reset(Seen& s) {
  s.resets() && kWhen(s) ? s.refuse(kVerdict) : void(s.run());
}
bool range_of_closed(const Seen& s) { return s.deallocates() && s.is_closed() && s.count() == 1 && s.sector() == 0; }
bool range_of_free(const Seen& s) { return s.deallocates() && s.is_free(); }
bool list_of_free(const Seen& s) { return !s.deallocates() && s.is_free(); }
bool range_of_open(const Seen& s) { return s.deallocates() && s.is_open(); }
bool offline(const Seen& s) { return s.is_offline(); }
bool list_of_nothing(const Seen& s) { return !s.deallocates() && !s.place.exists; }
bool inside(const Seen& s) { return !s.deallocates() && s.sector() != 0; }
bool random_chunk(const Seen& s) { return s.is_random(); }
bool range_inside(const Seen& s) { return s.deallocates() && s.sector() != 0; }
bool range_of_whole(const Seen& s) { return s.deallocates() && !s.is_short(); }
bool range_of_short(const Seen& s) { return s.deallocates() && s.is_short(); }
bool no_deallocation(const Seen& s) { return s.deallocates() && spec::Deallocate::get(s.command) == 0; }

void first_of_several(Seen& s) {
  if (s.io(IoOpcode::vector_reset) && s.list.size() > 1 && !s.has_metadata()) {
    s.shorten(1);
  }
  s.run();
}
void no_reset_bits(Seen& s) {
  s.run();
  if (s.io(IoOpcode::vector_reset) && s.count() > 1) s.done.result = 0;
}
void stops_at_failure(Seen& s) {
  if (s.io(IoOpcode::vector_reset) && s.count() == 3 && s.device.find(s.list[1]).is(ChunkState::offline)) {
    s.shorten(2);
  }
  s.run();
}
void old_descriptors(Seen& s) {
  s.run();
  if (!s.io(IoOpcode::vector_reset) || !s.has_metadata() || !s.done) return;
  constexpr auto kClosed = static_cast<std::byte>(ChunkState::closed);
  SegmentRange{s.payload.metadata, 0, 1}.copy_in(&kClosed);
}
void wear_falls(Seen& s) {
  s.run();
  const bool one = s.log(spec::LogPage::chunk_information) && s.log_bytes() == 32 && s.done.ok();
  if (one) s.put<std::uint8_t>(2, static_cast<std::uint8_t>(255 - s.get<std::uint8_t>(2)));
}

constexpr Mutant kMutants[] = {
    {"write.opens", opens},
    {"write.advances", advances},
    {"write.closes", closes},
    {"write.whole", whole, Made::simple},
    {"write.ahead", write<ahead, out_of_order_write, write_fault>},
    {"write.behind", write<behind, out_of_order_write, success>},
    {"write.free_elsewhere", write<free_elsewhere, out_of_order_write, write_fault>},
    {"write.closed", write<to_closed, write_fault, out_of_order_write>},
    {"write.closed/vector", write<to_closed_vector, write_fault, success>},
    {"write.offline", write<to_offline, write_fault, out_of_order_write>},
    {"write.nowhere", write<to_nowhere, write_fault, lba_out_of_range>},
    {"write.past_end", write<past_end, write_fault, lba_out_of_range>},
    {"write.small", write<small, invalid_field, success>},
    {"write.transfer", write<large, invalid_field, success>},
    {"write.shorter", write<past_short_end, write_fault, success>},
    {"write.random", random},
    {"write.limit", write<to_free, write_fault, success>},
    {"write.flags", fua},
    {"write.flags/retry", limited_retry},
    {"write.flush", flush},
    {"vector.most", few_addresses},
    {"vector.two_chunks", two_chunks},
    {"vector.atomic", in_part},
    {"vector.write_bits", no_write_bits},
    {"vector.write_bits/some", some_write_bits},
    {"vector.no_bits", stray_bits},
    {"vector.gap", gap},
    {"vector.descending", descending},
    {"vector.twice", twice},
    {"queue.writes", beside},
    {"reset.closed", no_reset<range_of_closed, success>},
    {"reset.free", no_reset<range_of_free, invalid_reset>},
    {"reset.free/vector", no_reset<list_of_free, invalid_reset>},
    {"reset.free/forbidden", reset<range_of_free, invalid_reset, success>, Made::simple},
    {"reset.open", no_reset<range_of_open, invalid_reset>},
    {"reset.open/forbidden", reset<range_of_open, invalid_reset, success>, Made::simple},
    {"reset.offline", reset<offline, offline_chunk, invalid_reset>},
    {"reset.nowhere", reset<list_of_nothing, invalid_reset, lba_out_of_range>},
    {"reset.any_sector", no_reset<inside, invalid_field>},
    {"reset.several", first_of_several},
    {"reset.partial", no_reset_bits},
    {"reset.partial/stops", stops_at_failure},
    {"reset.descriptors", old_descriptors},
    {"reset.kept", wear_falls},
    {"reset.random", no_reset<random_chunk, invalid_reset>},
    {"deallocate.start", reset<range_inside, invalid_field, success>},
    {"deallocate.length", reset<range_of_whole, lba_out_of_range, success>},
    {"deallocate.shorter", reset<range_of_short, lba_out_of_range, success>},
    {"deallocate.hint", no_reset<no_deallocation, invalid_field>},
};

}  // namespace

std::span<const Mutant> write_mutants() { return kMutants; }

}  // namespace lightnvm::backends::mutant
