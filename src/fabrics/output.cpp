// SPDX-License-Identifier: BSD-2-Clause
// Headers, padding and digests of what is sent.
#include "fabrics/output.hpp"

#include "base/crc32c.hpp"

namespace lightnvm::fabrics {
namespace {

using spec::tcp::CommonHeader;
using spec::tcp::kDdgst;
using spec::tcp::kDigestBytes;
using spec::tcp::kHdgst;
using spec::tcp::PduType;
using spec::tcp::TermReq;

constexpr std::uint8_t header_bytes_of(std::uint8_t type) noexcept {
  switch (static_cast<PduType>(type)) {
    case PduType::icreq:
    case PduType::icresp: return sizeof(spec::tcp::ICReq);
    case PduType::capsule_cmd: return sizeof(spec::tcp::CapsuleCmd);
    default: return sizeof(spec::tcp::DataHeader);
  }
}
constexpr bool has_digests(std::uint8_t type) noexcept {
  return type >= static_cast<std::uint8_t>(PduType::capsule_cmd);
}

std::uint32_t checksum(const ChainRange& data) noexcept {
  std::uint32_t crc = 0;
  Cursor(data).advance(data.bytes, [&](std::span<const std::byte> piece) { crc = crc32c(piece, crc); });
  return crc;
}

}  // namespace

void Output::begin_pdu(CommonHeader& ch, const Framing& framing, const ChainRange& data) noexcept {
  const bool digests = has_digests(ch.type);
  Pdu& pdu = pdus_.push();
  ch.hlen = header_bytes_of(ch.type);
  pdu.header_bytes = ch.hlen;
  unsigned head = ch.hlen;
  if (digests && framing.digests.header) {
    ch.flags |= kHdgst;
    head += kDigestBytes;
  }
  pdu.digest_bytes = 0;
  ch.pdo = 0;
  if (!data.empty()) {
    const unsigned alignment = (framing.alignment + 1U) * 4;
    head = (head + alignment - 1) / alignment * alignment;
    ch.pdo = static_cast<std::uint8_t>(head);
    if (framing.digests.data) {
      ch.flags |= kDdgst;
      pdu.digest_bytes = kDigestBytes;
    }
  }
  pdu.head_bytes = static_cast<std::uint8_t>(head);
  ch.plen = static_cast<std::uint32_t>(head + data.bytes + pdu.digest_bytes);
}

void Output::end_pdu(const Framing& framing, const ChainRange& data, std::uint32_t owner) noexcept {
  Pdu& pdu = pdus_[pdus_.size() - 1];
  pdu.owner = owner;
  pdu.data = data;
  std::memset(pdu.head.data() + pdu.header_bytes, 0, pdu.head_bytes - pdu.header_bytes);
  if (framing.digests.header && has_digests(static_cast<std::uint8_t>(pdu.head[0]))) {
    const std::uint32_t crc = crc32c(std::span(pdu.head).first(pdu.header_bytes));
    std::memcpy(pdu.head.data() + pdu.header_bytes, &crc, kDigestBytes);
  }
  if (pdu.digest_bytes > 0) {
    const std::uint32_t crc = checksum(data);
    std::memcpy(pdu.digest.data(), &crc, kDigestBytes);
  }
}

void Output::push_term_req(PduType type, const Fault& fault, std::span<const std::byte> header) noexcept {
  header = header.first(std::min(header.size(), spec::tcp::kMaxTermReqData));
  TermReq term{};
  term.ch.type = static_cast<std::uint8_t>(type);
  term.ch.hlen = sizeof(TermReq);
  term.ch.plen = static_cast<std::uint32_t>(sizeof(TermReq) + header.size());
  term.fes = static_cast<std::uint16_t>(fault.status);
  term.fei[0] = static_cast<std::uint16_t>(fault.info);
  term.fei[1] = static_cast<std::uint16_t>(fault.info >> 16);
  Pdu& pdu = pdus_.push();
  pdu.header_bytes = sizeof(TermReq);
  pdu.head_bytes = static_cast<std::uint8_t>(term.ch.plen);
  pdu.digest_bytes = 0;
  pdu.data = {};
  pdu.owner = kNobody;
  std::memcpy(pdu.head.data(), &term, sizeof(term));
  if (!header.empty()) std::memcpy(pdu.head.data() + sizeof(term), header.data(), header.size());
}

std::size_t Output::pieces(std::span<Segment> pieces) noexcept {
  std::size_t count = 0;
  std::size_t skip = sent_;
  const auto add = [&](std::byte* base, std::size_t bytes) {
    const std::size_t gone = std::min(skip, bytes);
    skip -= gone;
    if (gone < bytes && count < pieces.size()) pieces[count++] = {base + gone, bytes - gone};
  };
  for (std::size_t i = 0; i < pdus_.size() && count < pieces.size(); ++i) {
    Pdu& pdu = pdus_[i];
    add(pdu.head.data(), pdu.head_bytes);
    const std::size_t gone = std::min(skip, pdu.data.bytes);
    skip -= gone;
    if (gone < pdu.data.bytes) {
      const Cursor data(pdu.data.sub(gone, pdu.data.bytes - gone));
      const std::size_t added = data.pieces(pieces.subspan(count));
      count += added;
      // Pieces that found no room come next time; what follows them must wait for that.
      if (total_bytes(pieces.subspan(count - added, added)) < data.remaining()) break;
    }
    add(pdu.digest.data(), pdu.digest_bytes);
  }
  return count;
}

}  // namespace lightnvm::fabrics
