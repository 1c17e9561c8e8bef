// SPDX-License-Identifier: BSD-2-Clause
// The parser of PDUs. What each type may look like is one table.
#include "fabrics/input.hpp"

#include "base/crc32c.hpp"

namespace lightnvm::fabrics {
namespace {

using spec::tcp::CommonHeader;
using spec::tcp::FatalStatus;
using spec::tcp::kDdgst;
using spec::tcp::kDigestBytes;
using spec::tcp::kHdgst;
using spec::tcp::kLastPdu;
using spec::tcp::kSuccess;
using spec::tcp::PduType;

enum class Data : std::uint8_t { none, may, must };

struct Shape {
  std::uint8_t header_bytes = 0;  // 0: no such PDU
  std::uint8_t flags = 0;
  bool to_host = false;
  Data data = Data::none;
};

constexpr Shape shape(std::uint8_t type) noexcept {
  using namespace spec::tcp;
  switch (static_cast<PduType>(type)) {
    case PduType::icreq: return {sizeof(ICReq), 0, false, Data::none};
    case PduType::icresp: return {sizeof(ICResp), 0, true, Data::none};
    case PduType::h2c_term_req: return {sizeof(TermReq), 0, false, Data::may};
    case PduType::c2h_term_req: return {sizeof(TermReq), 0, true, Data::may};
    case PduType::capsule_cmd: return {sizeof(CapsuleCmd), kHdgst | kDdgst, false, Data::may};
    case PduType::capsule_resp: return {sizeof(CapsuleResp), kHdgst, true, Data::none};
    case PduType::h2c_data: return {sizeof(DataHeader), kHdgst | kDdgst | kLastPdu, false, Data::must};
    case PduType::c2h_data: return {sizeof(DataHeader), kHdgst | kDdgst | kLastPdu | kSuccess, true, Data::must};
    case PduType::r2t: return {sizeof(DataHeader), kHdgst, true, Data::none};
  }
  return {};
}
constexpr bool is_term_req(PduType type) noexcept {
  return type == PduType::h2c_term_req || type == PduType::c2h_term_req;
}
constexpr bool is_handshake(PduType type) noexcept { return type == PduType::icreq || type == PduType::icresp; }

constexpr std::uint32_t kFlags = offsetof(CommonHeader, flags);
constexpr std::uint32_t kHlen = offsetof(CommonHeader, hlen);
constexpr std::uint32_t kPdo = offsetof(CommonHeader, pdo);
constexpr std::uint32_t kPlen = offsetof(CommonHeader, plen);

}  // namespace

Input::Step Input::take(std::span<const std::byte>& bytes, const Expectations& expected) noexcept {
  for (;;) {
    if (fault_.status != FatalStatus::none) return Step::fault;
    switch (part_) {
      case Part::common:
        if (!fill(bytes, sizeof(CommonHeader))) return Step::more;
        if (check_common(expected)) part_ = Part::header;
        break;
      case Part::header:
        if (!fill(bytes, header_end_ + (header_digest_ ? kDigestBytes : 0))) return Step::more;
        if (end_header()) return Step::header;
        break;
      case Part::padding:
        if (!skip_padding(bytes)) return Step::more;
        part_ = Part::payload;
        break;
      case Part::payload:
        if (bytes.empty()) return Step::more;
        take_payload(bytes);
        break;
      case Part::digest:
        if (!take_digest(bytes)) return Step::more;
        break;
      case Part::payload_end: begin_header(); return Step::payload;
    }
  }
}

bool Input::end_header() noexcept {
  known_ = header_end_;
  if (!check_header_digest()) return false;
  land({});
  part_ = Part::padding;
  if (payload_bytes_ == 0) begin_header();
  return true;
}

bool Input::skip_padding(std::span<const std::byte>& bytes) noexcept {
  const std::size_t pad = is_term_req(type()) ? 0 : common().pdo - filled_;
  const std::size_t n = std::min(pad, bytes.size());
  filled_ += n;
  bytes = bytes.subspan(n);
  return n == pad;
}

bool Input::take_digest(std::span<const std::byte>& bytes) noexcept {
  const std::size_t n = std::min(kDigestBytes - filled_, bytes.size());
  if (n > 0) std::memcpy(digest_.data() + filled_, bytes.data(), n);
  filled_ += n;
  bytes = bytes.subspan(n);
  if (filled_ < kDigestBytes) return false;
  std::uint32_t received = 0;
  std::memcpy(&received, digest_.data(), kDigestBytes);
  digest_ok_ = received == crc_;
  part_ = Part::payload_end;
  return true;
}

void Input::landed(std::size_t bytes) noexcept {
  if (part_ != Part::payload || bytes == 0) return;
  bytes = std::min<std::size_t>(bytes, payload_left_);
  cursor_.advance(bytes, [&](std::span<std::byte> piece) {
    if (data_digest_) crc_ = crc32c(piece, crc_);
  });
  payload_left_ -= static_cast<std::uint32_t>(bytes);
  if (payload_left_ == 0) end_payload();
}

bool Input::fill(std::span<const std::byte>& bytes, std::size_t until) noexcept {
  const std::size_t n = std::min(until - filled_, bytes.size());
  if (n > 0) std::memcpy(header_.data() + filled_, bytes.data(), n);
  filled_ += n;
  bytes = bytes.subspan(n);
  return filled_ == until;
}

bool Input::fail(FatalStatus status, std::uint32_t info) noexcept {
  fault_ = {status, info, false};
  return false;
}

bool Input::check_common(const Expectations& expected) noexcept {
  const CommonHeader ch = common();
  const Shape s = shape(ch.type);
  known_ = sizeof(CommonHeader);
  if (s.header_bytes == 0 || s.to_host != expected.at_host) return fail(FatalStatus::invalid_header_field, 0);
  if (!is_term_req(type()) && is_handshake(type()) != expected.handshake) return fail(FatalStatus::sequence_error, 0);
  header_digest_ = (s.flags & kHdgst) != 0 && expected.digests.header;
  if ((ch.flags & ~s.flags) != 0) return fail(FatalStatus::invalid_header_field, kFlags);
  if (((ch.flags & kHdgst) != 0) != header_digest_) return fail(FatalStatus::invalid_header_field, kFlags);
  if (ch.hlen != s.header_bytes) return fail(FatalStatus::invalid_header_field, kHlen);
  header_end_ = ch.hlen;
  return check_lengths(expected);
}

bool Input::check_lengths(const Expectations& expected) noexcept {
  const CommonHeader ch = common();
  const Data data = shape(ch.type).data;
  const std::uint32_t before = ch.hlen + (header_digest_ ? kDigestBytes : 0);
  payload_bytes_ = 0;
  data_digest_ = false;
  digest_ok_ = true;
  crc_ = 0;
  if (ch.plen < before) return fail(FatalStatus::invalid_header_field, kPlen);
  if (ch.plen == before) return data != Data::must || fail(FatalStatus::invalid_header_field, kPlen);
  if (data == Data::none) return fail(FatalStatus::invalid_header_field, kPlen);
  if (is_term_req(type())) {
    payload_bytes_ = payload_left_ = ch.plen - before;
    return payload_bytes_ <= spec::tcp::kMaxTermReqData || fail(FatalStatus::invalid_header_field, kPlen);
  }
  return check_data(expected);
}

bool Input::check_data(const Expectations& expected) noexcept {
  const CommonHeader ch = common();
  const std::uint32_t before = ch.hlen + (header_digest_ ? kDigestBytes : 0);
  const std::uint32_t alignment = (expected.alignment + 1U) * 4;
  data_digest_ = expected.digests.data;
  if (((ch.flags & kDdgst) != 0) != data_digest_) return fail(FatalStatus::invalid_header_field, kFlags);
  if (ch.pdo < before || ch.pdo % alignment != 0) return fail(FatalStatus::invalid_header_field, kPdo);
  const std::uint32_t around = ch.pdo + (data_digest_ ? kDigestBytes : 0);
  if (ch.plen <= around) return fail(FatalStatus::invalid_header_field, kPlen);
  payload_bytes_ = payload_left_ = ch.plen - around;
  if (type() == PduType::capsule_cmd && payload_bytes_ > expected.max_capsule) {
    return fail(FatalStatus::invalid_header_field, kPlen);
  }
  if (type() == PduType::h2c_data && payload_bytes_ > expected.max_data) return fail(FatalStatus::limit_exceeded, 0);
  return true;
}

bool Input::check_header_digest() noexcept {
  if (!header_digest_) return true;
  std::uint32_t received = 0;
  std::memcpy(&received, header_.data() + header_end_, kDigestBytes);
  return received == crc32c(std::span(header_).first(header_end_)) || fail(FatalStatus::header_digest_error, received);
}

void Input::take_payload(std::span<const std::byte>& bytes) noexcept {
  const std::size_t n = std::min<std::size_t>(payload_left_, bytes.size());
  if (data_digest_) crc_ = crc32c(bytes.first(n), crc_);
  const std::byte* from = bytes.data();
  cursor_.advance(n, [&](std::span<std::byte> piece) {
    std::memcpy(piece.data(), from, piece.size());
    from += piece.size();
  });
  payload_left_ -= static_cast<std::uint32_t>(n);
  bytes = bytes.subspan(n);
  if (payload_left_ == 0) end_payload();
}

void Input::end_payload() noexcept {
  part_ = data_digest_ ? Part::digest : Part::payload_end;
  filled_ = 0;
}

void Input::begin_header() noexcept {
  ++pdus_;
  part_ = Part::common;
  filled_ = 0;
}

}  // namespace lightnvm::fabrics
