// SPDX-License-Identifier: BSD-2-Clause
// What both ends of an NVMe/TCP connection share: its states, what was agreed on, why it ended. Read this first.
#pragma once

#include <cstdint>
#include <optional>

#include "spec/nvme_tcp.hpp"

// A connection is one queue. Host and Target are its two ends as state machines: bytes in, bytes out, no sockets, no
// threads, no clock, no memory allocated after they were made. The owner moves the bytes:
//
//   from the socket   n = end.landing(pieces)   memory of the command in progress that the next bytes belong in
//                     readv(pieces + own buffer)
//                     end.landed(a)             so many bytes were put into those pieces
//                     end.received(span)        the bytes that came after them: copied to where they belong
//   to the socket     n = end.output(pieces)    what is to be sent next: headers, the caller's memory, digests
//                     writev(pieces)
//                     end.sent(a)               so many of those bytes are on their way
//
// received(), landed() and sent() call the owner's Events, which may call submit(), respond() and the like from within,
// but not the functions above. output() may be called again before sent(): it begins where sent() got to, and what it
// named stays where it is until it is sent. One thread at a time per connection.
//
// Timeouts are the owner's: of the handshake, of a peer that stops in mid PDU, of close after a TermReq.

namespace lightnvm::fabrics {

enum class State : std::uint8_t {
  connecting,   ///< ICReq and ICResp are on their way
  live,         ///< commands pass
  terminating,  ///< the peer broke the protocol: send what output() has, a TermReq at its end, then close
  terminated,   ///< the peer sent a TermReq: close
  closed,       ///< close() was called
};

/// Header and data digests, CRC32C. NVMe-TCP-1.0 3.3.1.
struct Digests {
  bool header = false, data = false;
  friend constexpr bool operator==(const Digests&, const Digests&) noexcept = default;
};

/// What ICReq and ICResp settled; natural counts.
struct Agreement {
  Digests digests;
  std::uint8_t hpda = 0;           ///< 0 to 31: data to the host begins at a multiple of (hpda + 1) * 4 in its PDU
  std::uint8_t cpda = 0;           ///< the same towards the controller
  std::uint32_t max_r2t = 1;       ///< of one command at a time
  std::uint32_t max_h2c_data = 0;  ///< bytes of one H2CData
};

/// Why a connection ended, as a TermReq says it.
struct Fault {
  spec::tcp::FatalStatus status = spec::tcp::FatalStatus::none;
  std::uint32_t info = 0;
  bool by_peer = false;  ///< the peer's words about us
};

/// In-capsule data of admin queues and of Connect, on every target. NVMe-TCP-1.0 3.3.
inline constexpr std::uint32_t kAdminCapsuleBytes = 8192;

}  // namespace lightnvm::fabrics
