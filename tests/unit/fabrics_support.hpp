// SPDX-License-Identifier: BSD-2-Clause
// Both ends of NVMe/TCP with their events written down, and bytes as hexadecimal text.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/crc32c.hpp"
#include "fabrics/host.hpp"
#include "fabrics/target.hpp"
#include "spec/fabrics.hpp"

namespace lightnvm::fabrics::test {

using Bytes = std::vector<std::byte>;

/// "06 00 1800": blanks mean nothing.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoul(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}
inline Bytes zeros(std::size_t n) { return Bytes(n); }
inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline std::string text(std::span<const std::byte> bytes) {
  std::string s;
  for (const std::byte b : bytes) s += fmt::format("{:02x}", static_cast<unsigned>(b));
  return s;
}
inline Bytes pattern(std::size_t n, unsigned seed) {
  Bytes bytes(n);
  for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 251 + seed);
  return bytes;
}
template <typename Pdu>
Bytes wire(const Pdu& pdu) {
  const auto bytes = std::as_bytes(std::span(&pdu, 1));
  return {bytes.begin(), bytes.end()};
}

/// All that an end has to send now.
template <typename End>
Bytes drain(End& end, std::size_t room = 64) {
  Bytes all;
  std::vector<Segment> pieces(room);
  for (;;) {
    const std::size_t count = end.output(pieces);
    if (count == 0) return all;
    std::size_t bytes = 0;
    for (const Segment& s : std::span(pieces).first(count)) {
      all.insert(all.end(), s.base, s.base + s.bytes);
      bytes += s.bytes;
    }
    end.sent(bytes);
  }
}

struct HostLog final : HostEvents {
  struct Ended {
    Completion completion;
    std::uint32_t received;
    unsigned times;
  };
  std::map<std::uint32_t, Ended> ended;
  unsigned count = 0;
  void complete(std::uint32_t tag, const Completion& completion, std::uint32_t received) noexcept override {
    ended[tag] = {completion, received, ended[tag].times + 1};
    ++count;
  }
};

struct TargetLog final : TargetEvents {
  struct Command {
    std::uint32_t slot;
    spec::Command command;
    std::uint32_t bytes;
    Bytes in_capsule;
  };
  std::vector<Command> commands;
  std::vector<std::pair<std::uint32_t, Status>> received_;
  std::vector<std::uint32_t> finished_;
  void command(std::uint32_t slot, const TargetCommand& c) noexcept override {
    commands.push_back({slot, c.command, c.bytes, Bytes(c.in_capsule.begin(), c.in_capsule.end())});
  }
  void received(std::uint32_t slot, Status status) noexcept override { received_.emplace_back(slot, status); }
  void finished(std::uint32_t slot) noexcept override { finished_.push_back(slot); }
};

inline Bytes icreq(std::uint8_t hpda = 0, std::uint8_t dgst = 0, std::uint32_t maxr2t = 0) {
  spec::tcp::ICReq r{};
  r.ch = {0, 0, 128, 0, 128};
  r.hpda = hpda;
  r.dgst = dgst;
  r.maxr2t = maxr2t;
  return wire(r);
}
inline Bytes icresp(std::uint8_t cpda = 0, std::uint8_t dgst = 0, std::uint32_t maxh2cdata = 4096) {
  spec::tcp::ICResp r{};
  r.ch = {1, 0, 128, 0, 128};
  r.cpda = cpda;
  r.dgst = dgst;
  r.maxh2cdata = maxh2cdata;
  return wire(r);
}
inline Bytes capsule(const spec::Command& command, const Bytes& data = {}) {
  spec::tcp::CapsuleCmd c{};
  const auto pdo = static_cast<std::uint8_t>(data.empty() ? 0 : 72);
  c.ch = {4, 0, 72, pdo, static_cast<std::uint32_t>(72 + data.size())};
  c.sqe = command;
  return wire(c) + data;
}
inline Bytes response(std::uint16_t cid, std::uint16_t status = 0) {
  spec::tcp::CapsuleResp r{};
  r.ch = {5, 0, 24, 0, 24};
  r.cqe.cid = cid;
  r.cqe.status = static_cast<std::uint16_t>(status << 1);
  return wire(r);
}
/// H2CData, C2HData or R2T by `type`.
struct DataPdu {
  std::uint8_t type = 6, flags = 0;
  std::uint16_t cccid = 0, ttag = 0;
  std::uint32_t offset = 0, length = 0;
  Bytes data;
};
inline Bytes data_pdu(const DataPdu& d) {
  spec::tcp::DataHeader h{};
  const auto pdo = static_cast<std::uint8_t>(d.data.empty() ? 0 : 24);
  h.ch = {d.type, d.flags, 24, pdo, static_cast<std::uint32_t>(24 + d.data.size())};
  h.cccid = d.cccid;
  h.ttag = d.ttag;
  h.offset = d.offset;
  h.length = d.length;
  return wire(h) + d.data;
}
/// A command as a host over Fabrics sends it.
inline spec::Command command(std::uint8_t opcode, std::uint16_t cid, std::uint32_t bytes = 0,
                             std::uint8_t sgl = spec::fabrics::kSglTransport) {
  spec::Command c;
  spec::Opcode::set(c, opcode);
  spec::Cid::set(c, cid);
  spec::Psdt::set(c, 1);
  spec::Nsid::set(c, 1);
  spec::fabrics::SglLength::set(c, bytes);
  spec::fabrics::SglId::set(c, sgl);
  return c;
}
inline Segment whole(Bytes& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace lightnvm::fabrics::test
