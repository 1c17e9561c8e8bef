// SPDX-License-Identifier: BSD-2-Clause
// PDUs made and not yet sent: their headers and digests are kept here, their data stays where it is.
#pragma once

#include <array>
#include <cstring>

#include "fabrics/connection.hpp"
#include "fabrics/cursor.hpp"
#include "fabrics/ring.hpp"

namespace lightnvm::fabrics {

/// How the PDUs of one direction are made.
struct Framing {
  Digests digests;
  std::uint8_t alignment = 0;  ///< HPDA or CPDA
};

class Output {
 public:
  /// Room for `pdus` PDUs at a time, and a TermReq.
  explicit Output(std::size_t pdus) : pdus_(pdus + 1) {}

  [[nodiscard]] bool full() const noexcept { return pdus_.size() >= pdus_.capacity() - 1; }
  [[nodiscard]] bool empty() const noexcept { return pdus_.empty(); }
  /// Forgets what was not sent.
  void clear() noexcept {
    pdus_.clear();
    sent_ = 0;
  }

  /// Adds a PDU that begins with `header` (which has a CommonHeader `ch`, whose type and flags are set; lengths, offset
  /// and digests are seen to here) and goes on with `data`. `owner` is handed back when all of it is sent.
  /// Requires: not full.
  template <typename Header>
  void push(Header header, const Framing& framing, const ChainRange& data = {}, std::uint32_t owner = kNobody) {
    begin_pdu(header.ch, framing, data);
    std::memcpy(pdus_[pdus_.size() - 1].head.data(), &header, sizeof(Header));
    end_pdu(framing, data, owner);
  }
  /// Adds the last PDU of all; `header` is of the PDU in error.
  void push_term_req(spec::tcp::PduType type, const Fault& fault, std::span<const std::byte> header) noexcept;

  /// What is to be sent next, as many pieces as there is room for; returns how many.
  std::size_t pieces(std::span<Segment> pieces) noexcept;
  /// `bytes` of them are on their way; calls done(owner) for each PDU that is.
  template <typename F>
  void sent(std::size_t bytes, F&& done) {
    bytes += sent_;
    while (!pdus_.empty() && bytes >= pdus_.front().total()) {
      const std::uint32_t owner = pdus_.front().owner;
      bytes -= pdus_.front().total();
      pdus_.pop();
      sent_ = 0;
      if (owner != kNobody) done(owner);
    }
    sent_ = pdus_.empty() ? 0 : bytes;
  }

  static constexpr std::uint32_t kNobody = ~0U;

 private:
  struct Pdu {
    // With PDA 31 data begins at byte 128; a TermReq has 24 and 128 bytes.
    std::array<std::byte, sizeof(spec::tcp::TermReq) + spec::tcp::kMaxTermReqData> head;
    std::array<std::byte, spec::tcp::kDigestBytes> digest;
    std::uint8_t head_bytes, digest_bytes, header_bytes;
    std::uint32_t owner;
    ChainRange data;
    [[nodiscard]] std::size_t total() const noexcept { return head_bytes + data.bytes + digest_bytes; }
  };
  void begin_pdu(spec::tcp::CommonHeader& ch, const Framing& framing, const ChainRange& data) noexcept;
  void end_pdu(const Framing& framing, const ChainRange& data, std::uint32_t owner) noexcept;

  Ring<Pdu> pdus_;
  std::size_t sent_ = 0;  // of the front
};

}  // namespace lightnvm::fabrics
