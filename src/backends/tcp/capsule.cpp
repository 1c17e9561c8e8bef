// SPDX-License-Identifier: BSD-2-Clause
// Puts the parts of a request in their order.
#include "backends/tcp/capsule.hpp"

#include "base/segments.hpp"
#include "spec/nvme_tcp_extension.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::backends::tcp {
namespace {

// NVMe-2.0 3.3.3.1: bits 1:0 of an opcode.
constexpr std::uint32_t kOut = 1, kIn = 2;
constexpr std::size_t kMostAddresses = 127, kMostMetadata = (1U << 24) - 1, kMostData = ((1U << 24) - 1) * 4;

// Parts of one direction, linked into the capsule's chains.
class Parts {
 public:
  explicit Parts(std::span<fabrics::Chain> room) noexcept : room_(room) {}
  void add(std::span<const Segment> part) noexcept {
    if (part.empty()) return;
    room_[count_] = part;
    if (count_ != 0) room_[count_ - 1].next = &room_[count_];
    ++count_;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] fabrics::Chain chain() const noexcept { return count_ == 0 ? fabrics::Chain() : room_[0]; }

 private:
  std::span<fabrics::Chain> room_;
  std::size_t count_ = 0;
};

std::span<const Segment> as_part(std::span<const std::uint64_t> list, Segment& segment) noexcept {
  if (list.empty()) return {};
  segment = lightnvm::segment(std::as_bytes(list));
  return {&segment, 1};
}

Status encode_plain(const Request& request, Carrier carrier, Capsule& out) noexcept {
  // A vector command without a list has its single address in the entry. OCSSD-1.2 10.4.
  const Payload& p = request.payload;
  const std::uint32_t opcode = spec::Opcode::get(request.command);
  out.wire.command = &request.command;
  if (!p.metadata.empty() || !p.destination.empty()) return Status::os(ENOTSUP);
  if (!p.list.empty()) {
    // A list of blocks is this command's data. OCSSD-1.2 10.3.
    const bool carried =
        carrier == Carrier::admin && opcode == static_cast<std::uint32_t>(spec::AdminOpcode::set_bad_blocks);
    if (!carried) return Status::os(ENOTSUP);
    out.wire.out = as_part(p.list, out.lists[0]);
    return {};
  }
  if ((opcode & 3) == kOut) out.wire.out = p.data;
  if ((opcode & 3) == kIn) out.wire.in = p.data;
  return {};
}

Status encode_extended(const Request& request, Capsule& out) noexcept {
  const Payload& p = request.payload;
  const std::uint32_t opcode = spec::Opcode::get(request.command);
  const bool reads = (opcode & 3) == kIn;
  const bool writes = (opcode & 3) == kOut;
  const std::size_t metadata = total_bytes(p.metadata);
  const std::size_t data = reads ? total_bytes(p.data) : 0;
  if (p.list.size() > kMostAddresses || p.destination.size() > kMostAddresses) return Status::os(EINVAL);
  if (metadata > kMostMetadata) return Status::os(EINVAL);
  const bool resets = opcode == static_cast<std::uint32_t>(spec::IoOpcode::vector_reset);
  const bool metadata_in = reads || resets;
  Parts host(out.chains);
  host.add(as_part(p.list, out.lists[0]));
  host.add(as_part(p.destination, out.lists[1]));
  if (writes) host.add(p.data);
  if (!metadata_in) host.add(p.metadata);
  Parts controller(std::span(out.chains).subspan(host.count()));
  if (reads) controller.add(p.data);
  out.parked = resets && out.park != nullptr && metadata != 0 && metadata <= kParkBytes &&
               metadata == p.list.size() * sizeof(spec::ChunkDescriptor);
  if (out.parked) out.lists[1] = {out.park, metadata};
  if (metadata_in) controller.add(out.parked ? std::span(out.lists).subspan(1) : p.metadata);
  const bool beside = host.count() != 0 && data != 0;
  if (beside && (data > kMostData || data % 4 != 0)) return Status::os(EINVAL);
  out.command = request.command;
  spec::Mptr::set(out.command, spec::extension::pack({.metadata_bytes = static_cast<std::uint32_t>(metadata),
                                                      .data_in_bytes = beside ? static_cast<std::uint32_t>(data) : 0,
                                                      .list = static_cast<std::uint8_t>(p.list.size()),
                                                      .destination = static_cast<std::uint8_t>(p.destination.size()),
                                                      .metadata_in = metadata_in && metadata != 0}));
  out.wire = {&out.command, host.chain(), controller.chain()};
  return {};
}

}  // namespace

Status encode(const Request& request, Carrier carrier, Capsule& out) noexcept {
  out.wire = {};
  out.parked = false;
  const bool vector = carrier != Carrier::admin && spec::is_vector(spec::Opcode::get(request.command));
  const bool extended = carrier == Carrier::extended_io && (vector || !request.payload.metadata.empty());
  if (const Status s = extended ? encode_extended(request, out) : encode_plain(request, carrier, out); !s) return s;
  const std::size_t bytes = out.wire.in.bytes();
  if (bytes > UINT32_MAX) return Status::os(EINVAL);
  out.in_bytes = static_cast<std::uint32_t>(bytes);
  return {};
}

void unpark(const Request& request, const Capsule& capsule, const Completion& completion,
            std::uint32_t received) noexcept {
  if (!capsule.parked || received != capsule.in_bytes) return;
  constexpr std::size_t kOne = sizeof(spec::ChunkDescriptor);
  const std::size_t all = request.payload.list.size() * kOne;
  if (completion) return SegmentRange{request.payload.metadata, 0, all}.copy_in(capsule.park);
  for (std::size_t i = 0; i * kOne < all; ++i) {
    if (completion.failed(static_cast<unsigned>(i))) continue;
    SegmentRange{request.payload.metadata, i * kOne, kOne}.copy_in(capsule.park + i * kOne);
  }
}

}  // namespace lightnvm::backends::tcp
