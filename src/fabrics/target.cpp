// SPDX-License-Identifier: BSD-2-Clause
// The controller's state machine: what comes in. What goes out is in target_output.cpp.
#include "fabrics/target.hpp"

#include "spec/fabrics.hpp"

namespace lightnvm::fabrics {
namespace {

using spec::tcp::DataHeader;
using spec::tcp::FatalStatus;
using spec::tcp::PduType;

constexpr std::uint32_t kTags = 65536;
constexpr std::uint16_t kMostR2ts = 64;

TargetOptions in_range(TargetOptions o) noexcept {
  o.cpda = std::min(o.cpda, spec::tcp::kMaxPda);
  o.max_r2t = std::clamp(o.max_r2t, std::uint16_t{1}, kMostR2ts);
  o.max_h2c_data = std::max(o.max_h2c_data / 4 * 4, spec::tcp::kMinMaxH2cData);
  if (o.r2t_bytes == 0) o.r2t_bytes = UINT32_MAX;
  if (o.max_c2h_data == 0) o.max_c2h_data = UINT32_MAX / 2;
  o.window = std::clamp(o.window, 2U, 1024U);
  return o;
}

}  // namespace

Target::Target(const TargetOptions& options, TargetEvents& events)
    : Endpoint({PduType::c2h_term_req, PduType::h2c_term_req}, in_range(options).window),
      options_(in_range(options)),
      events_(events),
      cids_(kTags / 64),
      connect_capsule_(kAdminCapsuleBytes) {
  queue_.capsule_bytes = kAdminCapsuleBytes;
  queue_.capsule_memory = connect_capsule_;
  expected_.max_capsule = kAdminCapsuleBytes;
  expected_.alignment = options_.cpda;
  expected_.max_data = options_.max_h2c_data;
  make_slots(1);
}

void Target::make_slots(std::uint32_t count) {
  std::vector<R2t> r2ts(std::size_t{count} * options_.max_r2t);
  std::vector<std::uint32_t> free;
  free.reserve(count);
  Ring<Job> jobs(std::size_t{count} * (options_.max_r2t + 1U));
  std::vector<Slot> slots(count);
  if (!slots_.empty()) slots[0] = slots_[0];
  connect_slot_ = std::move(slots_);
  slots_ = std::move(slots);
  r2ts_ = std::move(r2ts);
  jobs_ = std::move(jobs);
  // Slot 0 comes first; where the Connect is in it, it comes back by itself.
  for (std::uint32_t i = count; i-- > 0;) {
    if (slots_[i].phase == Phase::free) free.push_back(i);
  }
  free_ = std::move(free);
}

Status Target::open_queue(const QueueOptions& options) {
  if (!open()) return Status::os(ENOTCONN);
  if (queue_open_ || slots_[0].phase != Phase::owned || !jobs_.empty()) return Status::os(EBUSY);
  const std::size_t memory = std::size_t{options.slots} * options.capsule_bytes;
  if (options.entries < 2 || options.entries > kTags || options.slots < 1 ||
      std::uint64_t{options.slots} * options_.max_r2t > kTags || options.capsule_memory.size() < memory) {
    return Status::os(EINVAL);
  }
  make_slots(options.slots);
  queue_ = options;
  queue_open_ = true;
  expected_.max_capsule = options.capsule_bytes;
  return {};
}

void Target::received(std::span<const std::byte> bytes) {
  take(bytes, [this] { on_header(); }, [this] { on_payload(); });
}

void Target::landed(std::size_t bytes) {
  input_.landed(bytes);
  received({});
}

void Target::on_header() {
  switch (input_.type()) {
    case PduType::icreq: on_icreq(); break;
    case PduType::capsule_cmd: on_capsule(); break;
    case PduType::h2c_data: on_h2c_data(); break;
    default: fail(FatalStatus::invalid_header_field, 0); break;
  }
}

void Target::on_payload() {
  if (input_.type() == PduType::h2c_data) {
    h2c_done();
  } else {
    capsule_digest_ok_ = input_.digest_ok();
    begin(current_);
  }
}

bool Target::on_icreq() {
  const auto r = input_.header<spec::tcp::ICReq>();
  if (r.pfv != 0) return fail(FatalStatus::unsupported_parameter, offsetof(spec::tcp::ICReq, pfv));
  if (r.hpda > spec::tcp::kMaxPda) return fail(FatalStatus::invalid_header_field, offsetof(spec::tcp::ICReq, hpda));
  const Digests digests{.header = options_.digests.header && (r.dgst & spec::tcp::kHeaderDigest) != 0,
                        .data = options_.digests.data && (r.dgst & spec::tcp::kDataDigest) != 0};
  const std::uint32_t r2ts = r.maxr2t < options_.max_r2t ? r.maxr2t + 1 : options_.max_r2t;
  agreement_ = {.digests = digests,
                .hpda = r.hpda,
                .cpda = options_.cpda,
                .max_r2t = r2ts,
                .max_h2c_data = options_.max_h2c_data};
  expected_.handshake = false;
  expected_.digests = digests;
  framing_ = {digests, r.hpda};
  spec::tcp::ICResp response{};
  response.ch.type = static_cast<std::uint8_t>(PduType::icresp);
  response.cpda = options_.cpda;
  response.dgst = static_cast<std::uint8_t>((digests.header ? spec::tcp::kHeaderDigest : 0) |
                                            (digests.data ? spec::tcp::kDataDigest : 0));
  response.maxh2cdata = options_.max_h2c_data;
  output_.push(response, {});
  state_ = State::live;
  return true;
}

std::span<std::byte> Target::capsule_of(std::uint32_t index) const noexcept {
  // The Connect's stays where it was when the queue was opened around it.
  if (!queue_open_) return queue_.capsule_memory;
  return queue_.capsule_memory.subspan(std::size_t{index} * queue_.capsule_bytes, queue_.capsule_bytes);
}

bool Target::on_capsule() {
  if (free_.empty()) return fail(FatalStatus::sequence_error);
  current_ = free_.back();
  free_.pop_back();
  Slot& slot = slots_[current_];
  slot = {.command = input_.header<spec::tcp::CapsuleCmd>().sqe, .phase = Phase::arriving};
  capsule_received_ = input_.payload_bytes();
  capsule_digest_ok_ = true;
  if (capsule_received_ == 0) {
    begin(current_);
    return true;
  }
  const std::span<std::byte> memory = capsule_of(current_).first(capsule_received_);
  capsule_segment_ = {memory.data(), memory.size()};
  input_.land({std::span(&capsule_segment_, 1), 0, memory.size()});
  return true;
}

void Target::begin(std::uint32_t index) {
  Slot& slot = slots_[index];
  slot.phase = Phase::owned;
  sqhd_ = (sqhd_ + 1) % queue_.entries;
  TargetCommand command{slot.command, 0, {}};
  const std::uint32_t cid = spec::Cid::get(slot.command);
  const std::uint64_t bit = std::uint64_t{1} << cid % 64;
  slot.holds_cid = (cids_[cid / 64] & bit) == 0;
  cids_[cid / 64] |= bit;
  const Status status = slot.holds_cid ? check(slot, command) : Status::nvme(StatusCode::command_id_conflict);
  if (command.in_capsule.empty()) slot.to_receive = command.bytes;
  if (status.ok()) {
    events_.command(index, command);
    return;
  }
  slot.ours = true;
  (void)respond(index, {.result = 0, .status = status});
}

// What NVMe/TCP itself asks of a command.
Status Target::check(const Slot& slot, TargetCommand& command) const noexcept {
  namespace f = spec::fabrics;
  const spec::Command& c = slot.command;
  if (!capsule_digest_ok_) return Status::nvme(StatusCode::transient_transport_error);
  const bool is_fabrics = spec::Opcode::get(c) == f::kFabricsOpcode;
  const std::uint32_t psdt = spec::Psdt::get(c);
  if (!is_fabrics && psdt != 1 && psdt != 2) return Status::nvme_dnr(StatusCode::invalid_field);
  const std::uint64_t offset = f::SglAddress::get(c);
  const std::uint32_t bytes = f::SglLength::get(c);
  const std::uint32_t id = f::SglId::get(c);
  if (id == f::kSglInCapsule) {
    if (offset > capsule_received_) return Status::nvme_dnr(StatusCode::sgl_offset_invalid);
    if (bytes > capsule_received_ - offset) return Status::nvme_dnr(StatusCode::data_sgl_length_invalid);
    command.in_capsule = capsule_of(current_).subspan(offset, bytes);
  } else if (capsule_received_ > 0) {
    return Status::nvme_dnr(StatusCode::data_sgl_length_invalid);
  } else if (id != f::kSglTransport && bytes > 0) {
    return Status::nvme_dnr(StatusCode::sgl_type_invalid);
  }
  command.bytes = bytes;
  return {};
}

Status Target::receive(std::uint32_t index, std::span<const Segment> memory) noexcept {
  if (!open()) return Status::os(ENOTCONN);
  if (index >= slots_.size() || slots_[index].phase != Phase::owned) return Status::os(EBUSY);
  Slot& slot = slots_[index];
  if (slot.to_receive == 0 || total_bytes(memory) < slot.to_receive) return Status::os(EINVAL);
  slot.phase = Phase::receiving;
  slot.memory = memory;
  slot.memory_bytes = slot.to_receive;
  slot.r2ts_left = (slot.to_receive - 1) / options_.r2t_bytes + 1;
  const std::uint32_t first = std::min(slot.r2ts_left, agreement_.max_r2t);
  for (std::uint32_t i = 0; i < first; ++i) push_r2t(index, static_cast<std::uint16_t>(i));
  return {};
}

void Target::push_r2t(std::uint32_t index, std::uint16_t r2t) {
  --slots_[index].r2ts_left;
  jobs_.push() = {.slot = index, .r2t = r2t, .is_r2t = true};
}

bool Target::on_h2c_data() {
  const auto d = input_.header<DataHeader>();
  if (d.ttag >= r2ts_.size() || r2ts_[d.ttag].next == r2ts_[d.ttag].end) {
    return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, ttag));
  }
  const R2t& r2t = r2ts_[d.ttag];
  const Slot& slot = slots_[d.ttag / options_.max_r2t];
  if (d.cccid != spec::Cid::get(slot.command)) {
    return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, cccid));
  }
  if (d.length != input_.payload_bytes()) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, length));
  if (std::uint64_t{d.offset} + d.length > r2t.end) return fail(FatalStatus::data_out_of_range);
  if (d.offset != r2t.next) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, offset));
  if (input_.has(spec::tcp::kLastPdu) != (d.offset + d.length == r2t.end)) {
    return fail(FatalStatus::invalid_header_field, offsetof(spec::tcp::CommonHeader, flags));
  }
  current_ = d.ttag;
  input_.land({slot.memory, d.offset, d.length});
  return true;
}

void Target::h2c_done() {
  const std::uint32_t index = current_ / options_.max_r2t;
  Slot& slot = slots_[index];
  R2t& r2t = r2ts_[current_];
  r2t.next += input_.payload_bytes();
  slot.moved += input_.payload_bytes();
  slot.digest_error |= !input_.digest_ok();
  if (r2t.next != r2t.end) return;
  if (slot.r2ts_left > 0) push_r2t(index, static_cast<std::uint16_t>(current_ % options_.max_r2t));
  if (slot.moved < slot.memory_bytes) return;
  slot.phase = Phase::owned;
  slot.to_receive = 0;
  const Status status = slot.digest_error ? Status::nvme(StatusCode::transient_transport_error) : Status();
  events_.received(index, status);
}

void Target::close() noexcept {
  shut();
  jobs_.clear();
}

}  // namespace lightnvm::fabrics
