// SPDX-License-Identifier: BSD-2-Clause
// NVMe over Fabrics: its commands, SGL descriptors, controller properties and the discovery log. NVMe-2.0 3, 4, 6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spec/nvme.hpp"

namespace lightnvm::spec::fabrics {

/// The SGL descriptor in a submission entry. NVMe-2.0 4.1.2.1; what NVMe/TCP uses of it: NVMe-TCP-1.0 3.5.
using SglAddress = Field64<6>;
using SglLength = Field<8, 0, 32>;
using SglId = Field<9, 24, 8>;  ///< type in bits 7:4, sub type in 3:0
inline constexpr std::uint8_t kSglDataBlock = 0x00;
inline constexpr std::uint8_t kSglInCapsule = 0x01;  ///< data block; the address is an offset into in-capsule data
inline constexpr std::uint8_t kSglTransport = 0x5A;  ///< transport data block, sub type of the transport
/// Value of Psdt in every command over Fabrics.
inline constexpr std::uint8_t kPsdtSgl = 1;

/// Opcode of all Fabrics commands; FCTYPE tells them apart. NVMe-2.0 6.
inline constexpr std::uint8_t kFabricsOpcode = 0x7F;
using Fctype = Field<1, 0, 8>;
enum class CommandType : std::uint8_t {
  property_set = 0x00,
  connect = 0x01,
  property_get = 0x04,
  authentication_send = 0x05,
  authentication_receive = 0x06,
  disconnect = 0x08,
};

/// Connect, NVMe-2.0 6.3. SQSIZE is 0-based.
using ConnectRecfmt = Field<10, 0, 16>;
using ConnectQid = Field<10, 16, 16>;
using ConnectSqsize = Field<11, 0, 16>;
using ConnectNoFlowControl = Field<11, 18, 1>;  ///< CATTR bit 2: SQ flow control is disabled
using ConnectKato = Field<12, 0, 32>;           ///< milliseconds; 0: no keep alive

inline constexpr std::size_t kNqnFieldBytes = 256;
inline constexpr std::size_t kMaxNqnBytes = 223;
inline constexpr std::string_view kDiscoveryNqn = "nqn.2014-08.org.nvmexpress.discovery";
inline constexpr std::uint16_t kAnyController = 0xFFFF;  ///< CNTLID: the dynamic controller model

/// The data of Connect.
struct ConnectData {
  std::uint8_t hostid[16];
  std::uint16_t cntlid;
  std::uint8_t reserved18[238];
  char subnqn[kNqnFieldBytes];
  char hostnqn[kNqnFieldBytes];
  std::uint8_t reserved768[256];
};
static_assert(sizeof(ConnectData) == 1024 && offsetof(ConnectData, cntlid) == 16);
static_assert(offsetof(ConnectData, subnqn) == 256 && offsetof(ConnectData, hostnqn) == 512);

/// The name in a field of 256 bytes; nothing if it is empty, longer than 223 bytes or not ended by a zero.
constexpr std::optional<std::string_view> nqn(const char (&field)[kNqnFieldBytes]) noexcept {
  const std::string_view all(field, kNqnFieldBytes);
  const std::size_t end = all.find('\0');
  if (end == 0 || end > kMaxNqnBytes) return std::nullopt;
  return all.substr(0, end);
}

/// Dword 0 of the response to Connect: on success CNTLID and AUTHREQ; on Connect Invalid Parameters where it is.
struct ConnectResult {
  static constexpr std::uint32_t success(std::uint16_t cntlid) noexcept { return cntlid; }
  /// The parameter that begins `offset` bytes into the command, or into the data.
  static constexpr std::uint32_t invalid_in_command(std::uint16_t offset) noexcept { return offset; }
  static constexpr std::uint32_t invalid_in_data(std::uint16_t offset) noexcept { return offset | 1U << 16; }
  static constexpr std::uint16_t cntlid(std::uint64_t result) noexcept { return static_cast<std::uint16_t>(result); }
};

/// Property Get and Set, NVMe-2.0 6.5, 6.6. The response to Get has the value in dwords 0 and 1.
using PropertySize = Field<10, 0, 3>;  ///< 0: 4 bytes, 1: 8 bytes
using PropertyOffset = Field<11, 0, 32>;
using PropertyValue = Field64<12>;

/// Disconnect, NVMe-2.0 6.4.
using DisconnectRecfmt = Field<10, 0, 16>;

/// Offsets of the properties, NVMe-2.0 3.1.3.
enum class Property : std::uint32_t { cap = 0x00, vs = 0x08, cc = 0x14, csts = 0x1C, nssr = 0x20 };
/// Bytes of a property; 0: no property of Fabrics.
constexpr std::uint32_t property_bytes(std::uint32_t offset) noexcept {
  switch (static_cast<Property>(offset)) {
    case Property::cap: return 8;
    case Property::vs:
    case Property::cc:
    case Property::csts:
    case Property::nssr: return 4;
  }
  return 0;
}

/// Bits `Lsb` to `Lsb + Width - 1` of a property.
template <typename Word, unsigned Lsb, unsigned Width>
struct Bits {
  static_assert(Width >= 1 && Lsb + Width <= 8 * sizeof(Word));
  static constexpr Word kMask = static_cast<Word>((Word{1} << Width) - 1);
  static constexpr Word get(Word w) noexcept { return (w >> Lsb) & kMask; }
  static constexpr Word put(Word v) noexcept { return (v & kMask) << Lsb; }
};
namespace cap {
using Mqes = Bits<std::uint64_t, 0, 16>;  ///< 0-based
using Cqr = Bits<std::uint64_t, 16, 1>;
using To = Bits<std::uint64_t, 24, 8>;  ///< 500 ms each
using Nssrs = Bits<std::uint64_t, 36, 1>;
using Css = Bits<std::uint64_t, 37, 8>;
using Mpsmin = Bits<std::uint64_t, 48, 4>;
using Mpsmax = Bits<std::uint64_t, 52, 4>;
}  // namespace cap
namespace cc {
using En = Bits<std::uint32_t, 0, 1>;
using Css = Bits<std::uint32_t, 4, 3>;
using Mps = Bits<std::uint32_t, 7, 4>;
using Ams = Bits<std::uint32_t, 11, 3>;
using Shn = Bits<std::uint32_t, 14, 2>;
using Iosqes = Bits<std::uint32_t, 16, 4>;
using Iocqes = Bits<std::uint32_t, 20, 4>;
}  // namespace cc
namespace csts {
using Rdy = Bits<std::uint32_t, 0, 1>;
using Cfs = Bits<std::uint32_t, 1, 1>;
using Shst = Bits<std::uint32_t, 2, 2>;
}  // namespace csts

/// The log page of a discovery controller, NVMe-2.0 5.16.1.23.
inline constexpr std::uint8_t kDiscoveryLog = 0x70;
enum class TransportType : std::uint8_t { rdma = 1, fibre_channel = 2, tcp = 3 };
enum class AddressFamily : std::uint8_t { none = 0, ipv4 = 1, ipv6 = 2 };
enum class SubsystemType : std::uint8_t { discovery_referral = 1, nvm = 2, discovery = 3 };

struct DiscoveryHeader {
  std::uint64_t genctr, numrec;
  std::uint16_t recfmt;
  std::uint8_t reserved18[1006];
};
static_assert(sizeof(DiscoveryHeader) == 1024 && offsetof(DiscoveryHeader, recfmt) == 16);

struct DiscoveryEntry {
  std::uint8_t trtype, adrfam, subtype, treq;
  std::uint16_t portid, cntlid, asqsz, eflags;
  std::uint8_t reserved12[20];
  char trsvcid[32];
  std::uint8_t reserved64[192];
  char subnqn[kNqnFieldBytes];
  char traddr[256];
  std::uint8_t tsas[256];  ///< TCP: byte 0 is SECTYPE, 0 without TLS
};
static_assert(sizeof(DiscoveryEntry) == 1024 && offsetof(DiscoveryEntry, trsvcid) == 32);
static_assert(offsetof(DiscoveryEntry, subnqn) == 256 && offsetof(DiscoveryEntry, traddr) == 512);
static_assert(offsetof(DiscoveryEntry, tsas) == 768);

namespace build {

constexpr Command command(CommandType type) noexcept {
  Command c;
  Opcode::set(c, kFabricsOpcode);
  Fctype::set(c, static_cast<std::uint8_t>(type));
  return c;
}
struct Connect {
  std::uint16_t qid = 0;      ///< 0: the admin queue
  std::uint32_t entries = 2;  ///< of the submission queue, 2 to 65536; one more than commands in flight
  std::uint32_t kato_ms = 0;  ///< admin queue alone
  bool flow_control = false;  ///< the host wants SQHD
};
/// ConnectData is its data.
constexpr Command connect(const Connect& options) noexcept {
  Command c = command(CommandType::connect);
  ConnectQid::set(c, options.qid);
  ConnectSqsize::set(c, options.entries - 1);
  ConnectNoFlowControl::set(c, options.flow_control ? 0 : 1);
  ConnectKato::set(c, options.kato_ms);
  return c;
}
constexpr Command property_get(Property p) noexcept {
  Command c = command(CommandType::property_get);
  PropertySize::set(c, property_bytes(static_cast<std::uint32_t>(p)) == 8 ? 1 : 0);
  PropertyOffset::set(c, static_cast<std::uint32_t>(p));
  return c;
}
constexpr Command property_set(Property p, std::uint64_t value) noexcept {
  Command c = command(CommandType::property_set);
  PropertySize::set(c, property_bytes(static_cast<std::uint32_t>(p)) == 8 ? 1 : 0);
  PropertyOffset::set(c, static_cast<std::uint32_t>(p));
  PropertyValue::set(c, value);
  return c;
}
constexpr Command disconnect() noexcept { return command(CommandType::disconnect); }

}  // namespace build

}  // namespace lightnvm::spec::fabrics
