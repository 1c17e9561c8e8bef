// SPDX-License-Identifier: BSD-2-Clause
// The way of a command from its capsule to the device and back.
#include <algorithm>
#include <cstring>

#include "spec/ocssd20.hpp"
#include "spec/path_status.hpp"
#include "target/session.hpp"

namespace lightnvm::target {
namespace {

using enum StatusCode;
using spec::AdminOpcode;
using spec::IoOpcode;

constexpr std::uint32_t kBroadcast = 0xFFFFFFFF;
constexpr std::size_t kAlignment = 64;

std::size_t aligned(std::size_t bytes) noexcept { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool is_read(std::uint32_t opcode) noexcept {
  return opcode == static_cast<std::uint32_t>(IoOpcode::read) ||
         opcode == static_cast<std::uint32_t>(IoOpcode::vector_read);
}
bool is_flush(std::uint32_t opcode) noexcept { return opcode == static_cast<std::uint32_t>(IoOpcode::flush); }

// SCT 2h, media errors: what could be read or reset is there (High ECC: all of it). OCSSD-2.0 5.
bool brings_data(const Completion& c) noexcept {
  return c.ok() || (c.status.is_nvme() && static_cast<unsigned>(c.status.code()) >> 8 == 2);
}

// Extended LBAs: blocks of data and metadata in turn, against all data before all metadata.
struct Interleaved {
  Interleaved(const Namespace& ns, std::size_t bytes) noexcept
      : data(ns.block_bytes), metadata(ns.metadata_bytes), blocks(bytes / (data + metadata)) {}
  void take_apart(const std::byte* mixed, std::byte* apart) const noexcept {
    for (std::size_t i = 0; i < blocks; ++i) {
      std::memcpy(apart + i * data, mixed + i * (data + metadata), data);
      std::memcpy(apart + blocks * data + i * metadata, mixed + i * (data + metadata) + data, metadata);
    }
  }
  void put_together(const std::byte* apart, std::byte* mixed) const noexcept {
    for (std::size_t i = 0; i < blocks; ++i) {
      std::memcpy(mixed + i * (data + metadata), apart + i * data, data);
      std::memcpy(mixed + i * (data + metadata) + data, apart + blocks * data + i * metadata, metadata);
    }
  }
  std::size_t data, metadata, blocks;
};

}  // namespace

void Session::begin(std::uint32_t slot, const fabrics::TargetCommand& command) noexcept {
  Work& w = works_[slot];
  const std::uint32_t opcode = spec::Opcode::get(command.command);
  w.in_turn = !admin_ && !is_read(opcode);
  const Status planned = plan(w, command);
  if (w.in_turn) turns_.push() = slot;
  if (!planned) return refuse(slot, planned);
  if (w.lent_bytes == 0) return has_memory(slot);
  w.phase = Phase::memory;
  if (waiting_.empty() && lend(w)) return has_memory(slot);
  waiting_.push() = slot;
}

// What memory the command needs, and whether it can be carried out at all.
Status Session::plan(Work& w, const fabrics::TargetCommand& command) noexcept {
  const Namespace* ns = nullptr;
  if (admin_) {
    if (!controller_->enabled) return Status::nvme_dnr(command_sequence_error);
  } else {
    if (const Status s = find_line(w); !s) return s;
    ns = lines_[w.place].ns;
  }
  const ShapeTerms terms{ns, admin_ != nullptr, controller_->extension != 0, transfer_bytes_};
  if (const Status s = shape_of(command.command, command.bytes, terms, w.shape); !s) return s;
  const Shape& shape = w.shape;
  std::uint32_t host = shape.host_bytes();
  if (!command.in_capsule.empty()) {
    if (host == 0) return Status::nvme_dnr(sgl_type_invalid);
    // Lists are used where they lie.
    if (shape.lists_bytes() != 0 && reinterpret_cast<std::uintptr_t>(command.in_capsule.data()) % 8 != 0) {
      return Status::nvme_dnr(sgl_offset_invalid);
    }
    w.host = command.in_capsule;
    host = 0;
  }
  const std::size_t split = shape.interleaved ? shape.data_out + shape.data_in : 0;
  const std::size_t wanted = aligned(host) + aligned(shape.controller_bytes()) + split;
  if (wanted > arena_.size()) return Status::nvme_dnr(invalid_field);
  w.lent_bytes = static_cast<std::uint32_t>(wanted);
  return {};
}

// The namespace of an I/O command, and whether its device may get it (contract S6).
Status Session::find_line(Work& w) noexcept {
  const std::uint32_t nsid = spec::Nsid::get(*w.command);
  const std::uint32_t opcode = spec::Opcode::get(*w.command);
  const auto found = std::ranges::find_if(lines_, [&](const Line& l) { return l.ns->nsid == nsid; });
  if (found != lines_.end()) {
    w.place = static_cast<std::uint16_t>(found - lines_.begin());
  } else if (nsid != kBroadcast || !is_flush(opcode) || lines_.size() != 1) {
    return Status::nvme_dnr(invalid_namespace);
  }
  const Namespace& ns = *lines_[w.place].ns;
  const backends::Caps& caps = ns.backend->caps();
  if (spec::is_vector(opcode)) {
    if (!caps.vectors) return Status::nvme_dnr(invalid_opcode);
    if (opcode == static_cast<std::uint32_t>(IoOpcode::vector_copy) && !caps.vector_copy) {
      return Status::nvme_dnr(invalid_opcode);
    }
  }
  if (ns.read_only && !is_read(opcode) && !is_flush(opcode)) return Status::nvme_dnr(namespace_write_protected);
  return {};
}

bool Session::lend(Work& w) noexcept {
  w.lent = arena_.acquire(w.lent_bytes);
  return w.lent != nullptr;
}

void Session::has_memory(std::uint32_t slot) noexcept {
  Work& w = works_[slot];
  std::byte* at = w.lent;
  const std::uint32_t host = w.shape.host_bytes();
  const bool receives = host != 0 && w.host.empty();
  if (receives) {
    w.host = {at, host};
    at += aligned(host);
  }
  w.controller = {at, w.shape.controller_bytes()};
  at += aligned(w.controller.size());
  if (w.shape.interleaved) w.split = {at, w.shape.data_out + w.shape.data_in};
  if (!admin_ && host != 0) tally_.bytes_from_hosts.add(host);
  if (!receives) return is_ready(slot);
  w.phase = Phase::receiving;
  w.piece = {w.host.data(), w.host.size()};
  (void)target_.receive(slot, {&w.piece, 1});
}

void Session::lend_to_waiting() noexcept {
  while (!waiting_.empty() && lend(works_[waiting_.front()])) {
    const std::uint32_t slot = waiting_.front();
    waiting_.pop();
    has_memory(slot);
  }
}

void Session::is_ready(std::uint32_t slot) noexcept {
  Work& w = works_[slot];
  w.phase = Phase::ready;
  if (w.in_turn) return take_turns();
  ready_.push() = slot;
}

// Answers in turn where others come before, so that a slot is in `turns_` once.
void Session::refuse(std::uint32_t slot, Status status) noexcept {
  Work& w = works_[slot];
  w.refusal = status;
  w.phase = Phase::refused;
  if (w.in_turn) return take_turns();
  answer(slot, {0, status});
}

void Session::take_turns() noexcept {
  while (!turns_.empty()) {
    const std::uint32_t slot = turns_.front();
    const Phase phase = works_[slot].phase;
    if (phase != Phase::ready && phase != Phase::refused) return;
    turns_.pop();
    if (phase == Phase::ready) {
      ready_.push() = slot;
    } else {
      answer(slot, {0, works_[slot].refusal});
    }
  }
}

void Session::submit_ready() noexcept {
  while (!ready_.empty()) {
    const std::uint32_t slot = ready_.front();
    if (admin_ && execute_admin(slot)) {
      ready_.pop();
      continue;
    }
    if (!submit(slot)) return;
    ready_.pop();
  }
}

// True: no device is needed, or not for this one.
bool Session::execute_admin(std::uint32_t slot) noexcept {
  Work& w = works_[slot];
  const spec::Command& c = *w.command;
  if (spec::Opcode::get(c) == static_cast<std::uint32_t>(AdminOpcode::abort)) {
    give_up(slot);
    return true;
  }
  std::ranges::fill(w.controller, std::byte{0});
  const Admin::Answer given = ask_admin(w, slot);
  if (given.way == Admin::Way::held) {
    w.phase = Phase::held;
    --under_way_;
    return true;
  }
  if (given.way == Admin::Way::answered) {
    answer(slot, given.completion, given.completion.ok());
    return true;
  }
  return !pass_admin(slot);
}

Admin::Answer Session::ask_admin(const Work& w, std::uint32_t slot) noexcept {
  try {
    return admin_->execute(*w.command, slot, w.controller, now_);
  } catch (const std::bad_alloc&) {
    return {Admin::Way::answered, {0, Status::nvme(internal_error)}};
  }
}

// Which namespace's device gets it; false: none, and it is answered.
bool Session::pass_admin(std::uint32_t slot) noexcept {
  Work& w = works_[slot];
  const spec::Command& c = *w.command;
  const std::uint32_t nsid = spec::Nsid::get(c);
  const auto found = std::ranges::find_if(lines_, [&](const Line& l) { return l.ns->nsid == nsid; });
  if (found == lines_.end() && nsid != 0 && nsid != kBroadcast) {
    answer(slot, {0, Status::nvme_dnr(invalid_namespace)});
    return false;
  }
  w.place = found == lines_.end() ? 0 : static_cast<std::uint16_t>(found - lines_.begin());
  if (lines_[w.place].ns->read_only &&
      spec::Opcode::get(c) == static_cast<std::uint32_t>(AdminOpcode::set_bad_blocks)) {
    answer(slot, {0, Status::nvme_dnr(namespace_write_protected)});
    return false;
  }
  return true;
}

// Event requests alone can be given up: all else is with a device, or about to be. NVMe-2.0 5.1.
void Session::give_up(std::uint32_t slot) noexcept {
  constexpr std::uint64_t kNotAborted = 1;
  const spec::Command& c = *works_[slot].command;
  const bool here = spec::AbortSqid::get(c) == 0;
  const auto given_up =
      here ? admin_->forget(static_cast<std::uint16_t>(spec::AbortCid::get(c))) : std::optional<std::uint32_t>();
  if (!given_up) return answer(slot, {kNotAborted, {}});
  ++under_way_;
  answer(*given_up, {0, Status::nvme(abort_requested)});
  answer(slot, {});
}

// False: not now.
bool Session::submit(std::uint32_t slot) noexcept {
  if (free_tags_.empty()) return false;
  Work& w = works_[slot];
  Line& line = lines_[w.place];
  build_request(w);
  w.request.tag = free_tags_.back();
  const Status s = line.queue->submit(w.request);
  if (s.is_errno(EAGAIN)) return false;
  if (!s) {
    answer(slot, {0, spec::as_path_status(s)});
    return true;
  }
  free_tags_.pop_back();
  slot_of_tag_[w.request.tag] = slot;
  w.phase = Phase::submitted;
  ++line.in_flight;
  ++in_flight_;
  return true;
}

void Session::build_request(Work& w) noexcept {
  const Shape& shape = w.shape;
  spec::Command& c = w.request.command;
  c = *w.command;
  // Contract S8: no CID, no descriptor, no pointers.
  c.dw[0] &= 0x3FFF;
  std::fill(c.dw.begin() + 4, c.dw.begin() + 10, 0U);
  const Line& line = lines_[w.place];
  if (spec::Nsid::get(c) == line.ns->nsid) spec::Nsid::set(c, line.ns->backend->nsid());
  Payload& p = w.request.payload;
  std::byte* at = w.host.data();
  if (shape.addresses_in_command) {
    w.single = {spec::Slba::get(c), spec::Dlbal::get(c)};
    p.list = {w.single.data(), 1};
    spec::Slba::set(c, 0);
    if (shape.destination != 0) {
      p.destination = {w.single.data() + 1, 1};
      spec::Dlbal::set(c, 0);
    }
  } else {
    const auto* lists = reinterpret_cast<const std::uint64_t*>(at);
    if (shape.list != 0) p.list = {lists, shape.list};
    if (shape.destination != 0) p.destination = {lists + shape.list, shape.destination};
    at += shape.lists_bytes();
  }
  place_data(w, at);
  if (w.data.bytes != 0) p.data = {&w.data, 1};
  if (w.metadata.bytes != 0) p.metadata = {&w.metadata, 1};
}

// `out`: where the data from the host begins.
void Session::place_data(Work& w, std::byte* out) noexcept {
  const Shape& shape = w.shape;
  if (shape.interleaved) {
    const Interleaved form(*lines_[w.place].ns, w.split.size());
    w.data = {w.split.data(), form.blocks * form.data};
    w.metadata = {w.split.data() + w.data.bytes, form.blocks * form.metadata};
    if (shape.data_out != 0) form.take_apart(out, w.split.data());
    return;
  }
  if (shape.data_out != 0) w.data = {out, shape.data_out};
  if (shape.data_in != 0) w.data = {w.controller.data(), shape.data_in};
  if (shape.metadata_out != 0) w.metadata = {out + shape.data_out, shape.metadata_out};
  if (shape.metadata_in != 0) w.metadata = {w.controller.data() + shape.data_in, shape.metadata_in};
}

void Session::complete(backends::Request& request, const Completion& completion) noexcept {
  const std::uint32_t slot = slot_of_tag_[request.tag];
  Work& w = works_[slot];
  free_tags_.push_back(request.tag);
  --lines_[w.place].in_flight;
  --in_flight_;
  if (hung_up_) return;
  if (w.shape.interleaved && w.shape.data_in != 0) {
    Interleaved(*lines_[w.place].ns, w.split.size()).put_together(w.split.data(), w.controller.data());
  }
  // Of a reset, the descriptors of chunks that did not fail.
  const std::uint32_t opcode = spec::Opcode::get(*w.command);
  const bool partial = !admin_ && (is_read(opcode) || opcode == static_cast<std::uint32_t>(IoOpcode::vector_reset));
  answer(slot, {completion.result, spec::as_path_status(completion.status)},
         completion.ok() || (partial && brings_data(completion)));
}

unsigned Session::reap() noexcept {
  unsigned sum = 0;
  for (Line& line : lines_) {
    if (line.in_flight == 0) continue;
    const auto n = line.queue->reap(*this, 0, 0, now_);
    sum += n ? *n : 0;
  }
  return sum;
}

}  // namespace lightnvm::target
