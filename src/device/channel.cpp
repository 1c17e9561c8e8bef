// SPDX-License-Identifier: BSD-2-Clause
// The way down (check, slot, encode, submit) and the way back (slot free, callback).
#include "device/channel.hpp"

#include <algorithm>

#include "base/segments.hpp"
#include "spec/build.hpp"

namespace lightnvm::device {

using dialect::Addressing;
using dialect::Io;
using dialect::Operation;

namespace {

/// NLB has 16 bits. NVM-1.0 3.2.4.
constexpr std::uint32_t kMaxScalar = 65536;

}  // namespace

Channel::Channel(const Terms& terms, std::unique_ptr<backends::QueuePair> queue_pair, std::uint32_t depth)
    : dialect_(terms.dialect),
      plain_(dialect_ == nullptr ? nullptr : dialect_->plain()),
      queue_pair_(std::move(queue_pair)),
      slots_(std::make_unique<Slot[]>(depth)),
      free_(std::make_unique<Slot*[]>(depth)),
      free_count_(depth),
      sector_bytes_(terms.sector_bytes),
      depth_(depth),
      terms_(terms) {
  for (std::uint32_t i = 0; i < depth; ++i) {
    slots_[i].tag = static_cast<std::uint16_t>(i);
    free_[depth - 1 - i] = &slots_[i];
  }
  for (unsigned kind = 0; kind < dialect::kPlainKinds; ++kind) {
    Io io;
    io.operation = static_cast<Operation>(kind / 2);
    io.addressing = static_cast<Addressing>(kind % 2);
    io.consecutive = io.addressing == Addressing::scalar;
    io.count = 1;
    if (plain_ == nullptr || !why_not(io)) continue;
    most_plain_[kind] = kind % 2 != 0 ? kMaxAddresses : kMaxScalar;
  }
}

// The route did not take the slot.
Status Channel::unsend(Status status) noexcept {
  ++free_count_;
  next_slot().callback = Callback();
  return status;
}

// All of a plain command but its addresses and where its memory is.
void Channel::reshape(Slot& slot, unsigned kind, std::uint32_t count) const noexcept {
  const bool vector = kind % 2 != 0;
  slot.shape = Slot::shape_of(kind, count) | (vector && count != 1 ? Slot::kList : 0);
  slot.command = plain_->command(kind, count);
  slot.data.bytes = static_cast<std::size_t>(count) * sector_bytes_;
  slot.payload = {};
  slot.payload.data = {&slot.data, 1};
  if (vector) slot.payload.list = {slot.wire.list.data(), count};
  slot.address = vector ? reinterpret_cast<std::byte*>(slot.wire.list.data())
                        : reinterpret_cast<std::byte*>(&slot.command.dw[spec::Slba::kDword]);
}

Channel::Slot* Channel::prepare(unsigned kind, const Address* addresses, std::uint32_t count,
                                std::byte* data) noexcept {
  if (count - 1 >= most_plain_[kind] || free_count_ == 0) return nullptr;
  Slot& slot = next_slot();
  const bool list = kind % 2 != 0 && count != 1;
  if (slot.shape != (Slot::shape_of(kind, count) | (list ? Slot::kList : 0))) reshape(slot, kind, count);
  if (!list) return rename(slot, addresses[0], data);
  slot.data.base = data;
  return plain_->name_list(addresses, count, slot.wire.list.data()) ? &slot : nullptr;
}

Channel::~Channel() {
  // A callback may submit again; a queue that cannot give its commands back is the backend's to end.
  while (in_flight() != 0) queue_pair_->cancel_all(*this);
}

// Of a command that is not taken.
Status Channel::why_not(const Io& io) const noexcept {
  if (dialect_ == nullptr) return Status::os(ENOTSUP);
  const bool vector = io.addressing == Addressing::vector;
  const std::uint32_t most = vector || io.operation == Operation::reset ? kMaxAddresses : kMaxScalar;
  if (io.count == 0 || io.count > most) return Status::os(EINVAL);
  if (!vector && !io.consecutive && io.operation != Operation::reset) return Status::os(EINVAL);
  if (io.operation != Operation::read && terms_.caps.read_only) return Status::os(EROFS);
  if (vector && !terms_.caps.vectors) return Status::os(ENOTSUP);
  if (io.operation == Operation::copy && !terms_.caps.vector_copy) return Status::os(ENOTSUP);
  return {};
}

// Returns the bytes of data and of metadata.
std::pair<std::size_t, std::size_t> Channel::attach_memory(Slot& slot, const Transfer& t) noexcept {
  const auto attach_one = [](std::span<const Segment> list, Segment one, Segment& kept, std::span<const Segment>& out) {
    if (!list.empty()) {
      out = list;
      return total_bytes(list);
    }
    kept = one;
    out = {&kept, one.bytes != 0 ? 1U : 0U};
    return one.bytes;
  };
  return {attach_one(t.data_list(), t.data(), slot.data, slot.payload.data),
          attach_one(t.metadata_list(), t.metadata(), slot.metadata, slot.payload.metadata)};
}

// Reads and writes move exactly their sectors; resets bring descriptors back, in place of metadata.
Status Channel::attach(Slot& slot, const Transfer& t, const Io& io) const noexcept {
  const auto [data, metadata] = attach_memory(slot, t);
  if (io.operation == Operation::reset) {
    const bool wanted = metadata != 0;
    if (data != 0 || (wanted && metadata != io.count * sizeof(spec::ChunkDescriptor))) return Status::os(EINVAL);
    if (wanted && io.addressing == Addressing::scalar) return Status::os(EINVAL);
    return wanted && !terms_.caps.reset_descriptors ? Status::os(ENOTSUP) : Status();
  }
  if (data != static_cast<std::size_t>(io.count) * sector_bytes_) return Status::os(EINVAL);
  return metadata == 0 ? Status() : check_metadata(metadata, io.count);
}

Status Channel::check_metadata(std::size_t bytes, std::uint32_t count) const noexcept {
  if (bytes != static_cast<std::size_t>(count) * terms_.oob_bytes) return Status::os(EINVAL);
  return terms_.caps.metadata == backends::MetadataTransfer::separate ? Status() : Status::os(ENOTSUP);
}

// Whether the short way is enough.
bool Channel::is_plain(const Io& io, const Transfer* t) const noexcept {
  const bool moves = io.operation == Operation::read || io.operation == Operation::write;
  return moves && io.consecutive == (io.addressing == Addressing::scalar) && io.options == CommandOptions() &&
         t->data_list().empty() && t->metadata_list().empty() && t->metadata().bytes == 0 &&
         t->data().bytes == static_cast<std::size_t>(io.count) * sector_bytes_;
}

Status Channel::submit(const Io& io, const Transfer* t, Callback&& done) noexcept {
  if (is_plain(io, t)) {
    const unsigned kind = dialect::plain_kind(io.operation, io.addressing);
    Slot* slot = prepare(kind, io.addresses, io.count, t->data().base);
    if (slot != nullptr) return send(*slot, std::move(done));
  }
  if (const Status s = why_not(io); !s) return s;
  if (free_count_ == 0) return Status::os(EAGAIN);
  Slot& slot = next_slot();
  slot.shape = Slot::kNoShape;
  slot.payload.data = slot.payload.metadata = {};
  if (t != nullptr) {
    if (const Status s = attach(slot, *t, io); !s) return s;
  }
  if (const Status s = dialect_->encode(io, slot.command, slot.payload, slot.wire); !s) return s;
  return send(slot, std::move(done));
}

Status Channel::submit_flush(Callback&& done) noexcept {
  if (free_count_ == 0) return Status::os(EAGAIN);
  Slot& slot = next_slot();
  slot.shape = Slot::kNoShape;
  slot.command = spec::build::flush(terms_.nsid);
  slot.payload = {};
  return send(slot, std::move(done));
}

// S6: what the route does not carry, and what would change a device that is only looked at, is not sent.
Status Channel::check_raw(const RawIo& raw, const Transfer& transfer) const noexcept {
  const backends::Caps& caps = terms_.caps;
  const auto opcode = static_cast<spec::IoOpcode>(spec::Opcode::get(raw.command));
  const bool looks =
      opcode == spec::IoOpcode::read || opcode == spec::IoOpcode::vector_read || opcode == spec::IoOpcode::flush;
  if (caps.read_only && !looks) return Status::os(EROFS);
  if (spec::is_vector(static_cast<std::uint32_t>(opcode)) && !caps.vectors) return Status::os(ENOTSUP);
  if (opcode == spec::IoOpcode::vector_copy && !caps.vector_copy) return Status::os(ENOTSUP);
  if (transfer.metadata().bytes == 0 && transfer.metadata_list().empty()) return {};
  const bool carried = opcode == spec::IoOpcode::vector_reset ? caps.reset_descriptors
                                                              : caps.metadata == backends::MetadataTransfer::separate;
  return carried ? Status() : Status::os(ENOTSUP);
}

Status Channel::submit_raw(const RawIo& raw, const Transfer& transfer, Callback&& done) noexcept {
  const bool vector = spec::is_vector(spec::Opcode::get(raw.command));
  if (!vector && (!raw.list.empty() || !raw.destination.empty())) return Status::os(EINVAL);
  if (raw.list.size() > kMaxAddresses || raw.destination.size() > kMaxAddresses) return Status::os(EINVAL);
  if (const Status s = check_raw(raw, transfer); !s) return s;
  if (free_count_ == 0) return Status::os(EAGAIN);
  Slot& slot = next_slot();
  slot.shape = Slot::kNoShape;
  slot.command = raw.command;
  (void)attach_memory(slot, transfer);
  std::ranges::copy(raw.list, slot.wire.list.begin());
  std::ranges::copy(raw.destination, slot.wire.destination.begin());
  slot.payload.list = {slot.wire.list.data(), raw.list.size()};
  slot.payload.destination = {slot.wire.destination.data(), raw.destination.size()};
  // S8: the payload has what these would point to.
  spec::Mptr::set(slot.command, 0);
  spec::Dptr1::set(slot.command, 0);
  spec::Dptr2::set(slot.command, 0);
  if (vector) {
    spec::Lbal::set(slot.command, 0);
    spec::Dlbal::set(slot.command, 0);
  }
  return send(slot, std::move(done));
}

void Channel::complete(backends::Request& request, const Completion& completion) noexcept {
  Slot& slot = static_cast<Slot&>(request);
  // S1: a backend that completes twice does not call back twice.
  if (!slot.callback) [[unlikely]] {
    return;
  }
  ++completed_;
  if (!completion) [[unlikely]] {
    ++failed_;
  }
  free_[free_count_++] = &slot;
  slot.callback(completion);
}

}  // namespace lightnvm::device
