// SPDX-License-Identifier: BSD-2-Clause
// Takes the stream of bytes apart into PDUs: checks each header before anything of it is used, puts data in its place.
#pragma once

#include <array>
#include <cstring>

#include "fabrics/connection.hpp"
#include "fabrics/cursor.hpp"

namespace lightnvm::fabrics {

/// What an end accepts now; the header of each PDU is held against it.
struct Expectations {
  bool at_host = false;  ///< which PDUs are the peer's to send
  bool handshake = true;
  Digests digests;                ///< after the handshake
  std::uint8_t alignment = 0;     ///< HPDA or CPDA
  std::uint32_t max_capsule = 0;  ///< in-capsule bytes
  std::uint32_t max_data = 0;     ///< bytes of one H2CData
};

class Input {
 public:
  enum class Step : std::uint8_t {
    more,     ///< all bytes are used up
    header,   ///< a header is complete and right by itself: look at it, then call land() if data follows
    payload,  ///< data and digest are complete
    fault,    ///< fault() says why; nothing more is taken
  };

  /// Takes from the front of `bytes` until there is something to do.
  Step take(std::span<const std::byte>& bytes, const Expectations& expected) noexcept;

  /// Where the data of the PDU whose header was just taken goes: payload_bytes() of memory, or nowhere.
  void land(const ChainRange& memory) noexcept {
    cursor_ = Cursor(memory);
    discard_ = memory.bytes == 0;
  }
  /// The memory that the next bytes of the stream belong in; none while they are no data.
  std::size_t landing(std::span<Segment> pieces) const noexcept {
    return part_ == Part::payload && !discard_ ? cursor_.pieces(pieces) : 0;
  }
  /// `bytes` bytes, at most what landing() named, are there. take() goes on from here.
  void landed(std::size_t bytes) noexcept;

  /// Whether a PDU has begun and is not complete; how many were complete so far.
  [[nodiscard]] bool in_pdu() const noexcept { return part_ != Part::common || filled_ != 0; }
  [[nodiscard]] std::uint64_t pdus() const noexcept { return pdus_; }

  /// The header, valid from Step::header to the next take() that returns another one.
  template <typename T>
  [[nodiscard]] T header() const noexcept {
    T value;
    std::memcpy(&value, header_.data(), sizeof(T));
    return value;
  }
  [[nodiscard]] spec::tcp::PduType type() const noexcept { return static_cast<spec::tcp::PduType>(common().type); }
  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (common().flags & flag) != 0; }
  /// Data bytes of this PDU.
  [[nodiscard]] std::uint32_t payload_bytes() const noexcept { return payload_bytes_; }
  /// Whether the data's digest was right, at Step::payload; true without one.
  [[nodiscard]] bool digest_ok() const noexcept { return digest_ok_; }
  [[nodiscard]] const Fault& fault() const noexcept { return fault_; }
  /// What was received of the header in error: for the TermReq.
  [[nodiscard]] std::span<const std::byte> header_bytes() const noexcept { return std::span(header_).first(known_); }

 private:
  enum class Part : std::uint8_t { common, header, padding, payload, digest, payload_end };

  [[nodiscard]] spec::tcp::CommonHeader common() const noexcept { return header<spec::tcp::CommonHeader>(); }
  bool fill(std::span<const std::byte>& bytes, std::size_t until) noexcept;
  bool fail(spec::tcp::FatalStatus status, std::uint32_t info) noexcept;
  bool check_common(const Expectations& expected) noexcept;
  bool check_lengths(const Expectations& expected) noexcept;
  bool check_data(const Expectations& expected) noexcept;
  bool check_header_digest() noexcept;
  void take_payload(std::span<const std::byte>& bytes) noexcept;
  void end_payload() noexcept;
  bool end_header() noexcept;
  bool skip_padding(std::span<const std::byte>& bytes) noexcept;
  bool take_digest(std::span<const std::byte>& bytes) noexcept;
  void begin_header() noexcept;

  static constexpr std::size_t kLargestHeader = sizeof(spec::tcp::ICReq) + spec::tcp::kDigestBytes;
  std::array<std::byte, kLargestHeader> header_{};
  std::array<std::byte, spec::tcp::kDigestBytes> digest_{};
  std::size_t filled_ = 0;  // of header_, then of what follows it up to PDO, then of digest_
  std::uint64_t pdus_ = 0;
  std::size_t header_end_ = 0;
  std::size_t known_ = 0;  // of header_, of the PDU last looked at
  std::uint32_t payload_bytes_ = 0;
  std::uint32_t payload_left_ = 0;
  std::uint32_t crc_ = 0;
  Cursor cursor_;
  Fault fault_;
  Part part_ = Part::common;
  bool discard_ = true;
  bool header_digest_ = false;
  bool data_digest_ = false;
  bool digest_ok_ = true;
};

}  // namespace lightnvm::fabrics
