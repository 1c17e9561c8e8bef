// SPDX-License-Identifier: BSD-2-Clause
// The host's state machine: what it sends is made in order of submission, what it gets is checked against its slots.
#include "fabrics/host.hpp"

#include <bit>

#include "spec/fabrics.hpp"

namespace lightnvm::fabrics {
namespace {

using spec::tcp::DataHeader;
using spec::tcp::FatalStatus;
using spec::tcp::PduType;

constexpr std::uint32_t kMostTags = 32768;  // CIDs stay below FFFFh, which names no command
constexpr std::uint16_t kMostR2ts = 64;

HostOptions in_range(HostOptions o) noexcept {
  o.depth = std::clamp(o.depth, 1U, kMostTags);
  o.max_r2t = std::clamp(o.max_r2t, std::uint16_t{1}, kMostR2ts);
  o.hpda = std::min(o.hpda, spec::tcp::kMaxPda);
  o.window = std::clamp(o.window, 2U, 1024U);
  return o;
}

}  // namespace

Host::Host(const HostOptions& options, HostEvents& events)
    : Endpoint({PduType::h2c_term_req, PduType::c2h_term_req}, in_range(options).window),
      options_(in_range(options)),
      events_(events),
      slots_(options_.depth),
      jobs_(std::size_t{options_.depth} * (1U + options_.max_r2t)),
      tag_mask_(std::bit_ceil(options_.depth) - 1) {
  expected_.at_host = true;
  expected_.alignment = options_.hpda;
  spec::tcp::ICReq request{};
  request.ch.type = static_cast<std::uint8_t>(PduType::icreq);
  request.hpda = options_.hpda;
  request.dgst = static_cast<std::uint8_t>((options_.digests.header ? spec::tcp::kHeaderDigest : 0) |
                                           (options_.digests.data ? spec::tcp::kDataDigest : 0));
  request.maxr2t = options_.max_r2t - 1U;
  output_.push(request, {});
}

Status Host::submit(std::uint32_t tag, const HostCommand& command) noexcept {
  if (!open()) return Status::os(ENOTCONN);
  if (tag >= slots_.size() || command.command == nullptr) return Status::os(EINVAL);
  const std::size_t out = command.out.bytes();
  const std::size_t in = command.in.bytes();
  if (out > UINT32_MAX || in > UINT32_MAX) return Status::os(EINVAL);
  Slot& slot = slots_[tag];
  if (slot.phase != Phase::free) return Status::os(EBUSY);
  ++uses_;
  slot = {.command = command,
          .out_bytes = static_cast<std::uint32_t>(out),
          .in_bytes = static_cast<std::uint32_t>(in),
          .use = uses_,
          // What the tag leaves of a CID changes from command to command, so that late answers are noticed.
          .cid = static_cast<std::uint16_t>((uses_ * (tag_mask_ + 1) | tag) & (kMostTags - 1)),
          .phase = Phase::queued};
  jobs_.push() = {.tag = tag, .use = uses_, .is_capsule = true};
  ++in_flight_;
  return {};
}

void Host::received(std::span<const std::byte> bytes) {
  take(bytes, [this] { on_header(); }, [this] { on_payload(); });
}

void Host::landed(std::size_t bytes) {
  input_.landed(bytes);
  received({});
}

void Host::on_header() {
  switch (input_.type()) {
    case PduType::icresp: on_icresp(); break;
    case PduType::capsule_resp: on_response(); break;
    case PduType::r2t: on_r2t(); break;
    case PduType::c2h_data: on_c2h_data(); break;
    default: fail(FatalStatus::invalid_header_field, 0); break;
  }
}

bool Host::on_icresp() {
  const auto r = input_.header<spec::tcp::ICResp>();
  const std::uint8_t asked =
      (options_.digests.header ? spec::tcp::kHeaderDigest : 0) | (options_.digests.data ? spec::tcp::kDataDigest : 0);
  const std::uint8_t given = r.dgst & (spec::tcp::kHeaderDigest | spec::tcp::kDataDigest);
  if (r.pfv != 0) return fail(FatalStatus::unsupported_parameter, offsetof(spec::tcp::ICResp, pfv));
  if (r.cpda > spec::tcp::kMaxPda) return fail(FatalStatus::invalid_header_field, offsetof(spec::tcp::ICResp, cpda));
  if ((given & ~asked) != 0) return fail(FatalStatus::invalid_header_field, offsetof(spec::tcp::ICResp, dgst));
  if (given != asked) return fail(FatalStatus::unsupported_parameter, offsetof(spec::tcp::ICResp, dgst));
  if (r.maxh2cdata < spec::tcp::kMinMaxH2cData || r.maxh2cdata % 4 != 0) {
    return fail(FatalStatus::invalid_header_field, offsetof(spec::tcp::ICResp, maxh2cdata));
  }
  agreement_ = {.digests = options_.digests,
                .hpda = options_.hpda,
                .cpda = r.cpda,
                .max_r2t = options_.max_r2t,
                .max_h2c_data = r.maxh2cdata};
  expected_.handshake = false;
  expected_.digests = options_.digests;
  framing_ = {options_.digests, r.cpda};
  state_ = State::live;
  return true;
}

// Only commands whose capsule was handed out may be spoken of.
Host::Slot* Host::find(std::uint16_t cid) noexcept {
  const std::uint32_t tag = cid & tag_mask_;
  if (tag >= slots_.size()) return nullptr;
  Slot& slot = slots_[tag];
  return slot.phase == Phase::active && slot.cid == cid ? &slot : nullptr;
}

bool Host::on_response() {
  const auto r = input_.header<spec::tcp::CapsuleResp>();
  Slot* slot = find(r.cqe.cid);
  if (slot == nullptr) {
    return fail(FatalStatus::invalid_header_field,
                offsetof(spec::tcp::CapsuleResp, cqe) + offsetof(spec::tcp::CompletionEntry, cid));
  }
  finish(*slot, {.result = r.cqe.dw0 | (static_cast<std::uint64_t>(r.cqe.dw1) << 32),
                 .status = Status::nvme_raw(r.cqe.status >> 1)});
  return true;
}

bool Host::on_r2t() {
  const auto r = input_.header<DataHeader>();
  Slot* slot = find(r.cccid);
  if (slot == nullptr) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, cccid));
  if (r.length == 0) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, length));
  if (std::uint64_t{r.offset} + r.length > slot->out_bytes) return fail(FatalStatus::data_out_of_range);
  if (r.offset != slot->asked) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, offset));
  if (slot->r2ts == options_.max_r2t) return fail(FatalStatus::limit_exceeded);
  ++slot->r2ts;
  slot->asked += r.length;
  jobs_.push() = {.tag = static_cast<std::uint32_t>(slot - slots_.data()),
                  .use = slot->use,
                  .offset = r.offset,
                  .end = r.offset + r.length,
                  .ttag = r.ttag,
                  .is_capsule = false};
  return true;
}

bool Host::on_c2h_data() {
  const auto d = input_.header<DataHeader>();
  Slot* slot = find(d.cccid);
  if (slot == nullptr) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, cccid));
  if (slot->in_complete) return fail(FatalStatus::sequence_error);
  if (d.length != input_.payload_bytes()) {
    return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, length));
  }
  if (std::uint64_t{d.offset} + d.length > slot->in_bytes) return fail(FatalStatus::data_out_of_range);
  if (d.offset != slot->received) return fail(FatalStatus::invalid_header_field, offsetof(DataHeader, offset));
  if (input_.has(spec::tcp::kSuccess) && !input_.has(spec::tcp::kLastPdu)) {
    return fail(FatalStatus::invalid_header_field, offsetof(spec::tcp::CommonHeader, flags));
  }
  landing_in_ = slot;
  input_.land({slot->command.in, d.offset, d.length});
  return true;
}

void Host::on_payload() {
  Slot& slot = *landing_in_;
  slot.received += input_.payload_bytes();
  slot.digest_error |= !input_.digest_ok();
  slot.in_complete = input_.has(spec::tcp::kLastPdu);
  if (input_.has(spec::tcp::kSuccess)) finish(slot, {});
}

void Host::finish(Slot& slot, const Completion& completion) {
  slot.completion = completion;
  if (completion.ok() && slot.digest_error) {
    slot.completion.status = Status::nvme(StatusCode::transient_transport_error);
  }
  slot.phase = Phase::finishing;
  // Its data may still be on the way out: sent() completes it then.
  if (slot.pdus == 0) deliver(slot);
}

void Host::deliver(Slot& slot) {
  const Completion completion = slot.completion;
  slot.phase = Phase::free;
  --in_flight_;
  events_.complete(static_cast<std::uint32_t>(&slot - slots_.data()), completion, slot.received);
}

std::size_t Host::output(std::span<Segment> pieces) {
  if (state_ == State::live) render();
  return output_.pieces(pieces);
}

void Host::sent(std::size_t bytes) {
  output_.sent(bytes, [this](std::uint32_t tag) {
    Slot& slot = slots_[tag];
    if (--slot.pdus == 0 && slot.phase == Phase::finishing) deliver(slot);
  });
}

void Host::render() {
  while (!jobs_.empty() && !output_.full()) {
    Job& job = jobs_.front();
    const Slot& slot = slots_[job.tag];
    // A command that ended early leaves jobs behind.
    const bool alive = slot.use == job.use && (slot.phase == Phase::active || slot.phase == Phase::queued);
    if (alive && job.is_capsule) render_capsule(job);
    if (!alive || job.is_capsule || render_data(job)) jobs_.pop();
  }
}

void Host::render_capsule(const Job& job) {
  Slot& slot = slots_[job.tag];
  spec::tcp::CapsuleCmd capsule{};
  capsule.ch.type = static_cast<std::uint8_t>(PduType::capsule_cmd);
  capsule.sqe = *slot.command.command;
  const bool fabrics = spec::Opcode::get(capsule.sqe) == spec::fabrics::kFabricsOpcode;
  const std::uint32_t room = fabrics ? kAdminCapsuleBytes : options_.capsule_bytes;
  const bool in_capsule = slot.out_bytes > 0 && slot.out_bytes <= room;
  spec::Cid::set(capsule.sqe, slot.cid);
  spec::Psdt::set(capsule.sqe, spec::fabrics::kPsdtSgl);
  spec::fabrics::SglAddress::set(capsule.sqe, 0);
  spec::fabrics::SglLength::set(capsule.sqe, slot.out_bytes > 0 ? slot.out_bytes : slot.in_bytes);
  capsule.sqe.dw[9] = 0;
  spec::fabrics::SglId::set(capsule.sqe, in_capsule ? spec::fabrics::kSglInCapsule : spec::fabrics::kSglTransport);
  slot.phase = Phase::active;
  if (in_capsule) {
    slot.asked = slot.out_bytes;
    ++slot.pdus;
    output_.push(capsule, framing_, {slot.command.out, 0, slot.out_bytes}, job.tag);
  } else {
    output_.push(capsule, framing_);
  }
}

// Returns whether the R2T is answered.
bool Host::render_data(Job& job) {
  Slot& slot = slots_[job.tag];
  const std::uint32_t bytes = std::min(job.end - job.offset, agreement_.max_h2c_data);
  const bool last = job.offset + bytes == job.end;
  DataHeader data{};
  data.ch.type = static_cast<std::uint8_t>(PduType::h2c_data);
  data.ch.flags = last ? spec::tcp::kLastPdu : 0;
  data.cccid = slot.cid;
  data.ttag = job.ttag;
  data.offset = job.offset;
  data.length = bytes;
  ++slot.pdus;
  if (last) --slot.r2ts;
  output_.push(data, framing_, {slot.command.out, job.offset, bytes}, job.tag);
  job.offset += bytes;
  return last;
}

void Host::close(Status status) noexcept {
  if (state_ == State::closed) return;
  shut();
  jobs_.clear();
  for (Slot& slot : slots_) {
    if (slot.phase == Phase::free) continue;
    if (slot.phase != Phase::finishing) slot.completion = {.result = 0, .status = status};
    deliver(slot);
  }
}

}  // namespace lightnvm::fabrics
