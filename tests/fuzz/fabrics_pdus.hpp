// SPDX-License-Identifier: BSD-2-Clause
// What the fuzzers of NVMe/TCP share: PDUs that are nearly right, so that what lies behind the first check is reached.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/crc32c.hpp"
#include "fabrics/connection.hpp"
#include "lightnvm/segment.hpp"
#include "source.hpp"

namespace lightnvm::fabrics::fuzz {

using lightnvm::fuzz::Source;

/// A PDU with `header_bytes` bytes of header, of which the common header is made here, and `data_bytes` of data. One
/// byte of it may be changed, before the header's digest is made or after it.
inline std::vector<std::byte> frame(Source& in, std::span<const std::byte> header, std::uint32_t data_bytes,
                                    const Digests& digests, unsigned alignment) {
  std::vector<std::byte> pdu(header.begin(), header.end());
  std::size_t head = pdu.size() + (digests.header ? 4 : 0);
  if (data_bytes > 0) head = (head + alignment - 1) / alignment * alignment;
  const auto data_digest = digests.data && data_bytes > 0;
  spec::tcp::CommonHeader ch{};
  std::memcpy(&ch, pdu.data(), sizeof(ch));
  ch.flags = static_cast<std::uint8_t>(ch.flags | (digests.header ? spec::tcp::kHdgst : 0) |
                                       (data_digest ? spec::tcp::kDdgst : 0));
  ch.hlen = static_cast<std::uint8_t>(pdu.size());
  ch.pdo = static_cast<std::uint8_t>(data_bytes > 0 ? head : 0);
  ch.plen = static_cast<std::uint32_t>(head + data_bytes + (data_digest ? 4 : 0));
  std::memcpy(pdu.data(), &ch, sizeof(ch));
  const std::uint8_t change = in.take<std::uint8_t>();
  const std::size_t header_bytes = pdu.size();
  if ((change & 3) == 1) pdu[in.take<std::uint8_t>() % header_bytes] = in.take<std::byte>();
  if (digests.header) {
    const std::uint32_t crc = crc32c(pdu);
    const auto bytes = std::as_bytes(std::span(&crc, 1));
    pdu.insert(pdu.end(), bytes.begin(), bytes.end());
  }
  pdu.resize(head, std::byte{0});
  pdu.resize(head + data_bytes, in.take<std::byte>());
  if (data_digest) {
    const std::uint32_t crc = crc32c(std::span(pdu).subspan(head));
    const auto bytes = std::as_bytes(std::span(&crc, 1));
    pdu.insert(pdu.end(), bytes.begin(), bytes.end());
  }
  if ((change & 0x3F) == 2) pdu[in.take<std::uint16_t>() % pdu.size()] ^= std::byte{0x40};
  return pdu;
}

/// Hands `bytes` over as a socket would: partly where the command in progress wants them, partly in a buffer.
template <typename End>
void deliver(Source& in, End& end, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t n =
        std::min<std::size_t>(bytes.size(), in.empty() ? bytes.size() : in.take<std::uint8_t>() * 8 + 1);
    const std::vector<std::byte> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    std::array<Segment, 2> landing;
    std::size_t landed = 0;
    const std::size_t count = (n & 1) != 0 ? end.landing(landing) : 0;
    for (const Segment& s : std::span(landing).first(count)) {
      const std::size_t part = std::min(s.bytes, n - landed);
      if (part > 0) std::memcpy(s.base, piece.data() + landed, part);
      landed += part;
    }
    end.landed(landed);
    end.received(std::span(piece).subspan(landed));
  }
}

/// Sends some of what there is to send; reads all of it, so that a sanitizer sees memory that is not there.
template <typename End>
void send(Source& in, End& end) {
  std::array<Segment, 8> pieces;
  const std::size_t count = end.output(pieces);
  std::size_t bytes = 0;
  std::uint32_t sum = 0;
  for (const Segment& s : std::span(pieces).first(count)) {
    sum = crc32c({s.base, s.bytes}, sum);
    bytes += s.bytes;
  }
  volatile std::uint32_t seen = sum;
  (void)seen;
  end.sent(in.below(4) == 0 ? bytes / 2 : bytes);
}

}  // namespace lightnvm::fabrics::fuzz
