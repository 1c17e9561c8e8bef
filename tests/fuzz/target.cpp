// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes the whole target over an emulated device, with what two connections of a host might send: no memory but its
// own is touched, and all of it comes back.
#include <algorithm>
#include <cstdlib>

#include "fabrics_pdus.hpp"
#include "spec/build.hpp"
#include "spec/nvme_tcp_extension.hpp"
#include "target/session.hpp"

namespace {

using namespace lightnvm;
namespace f = spec::fabrics;
namespace fuzz = fabrics::fuzz;

constexpr std::string_view kNqn = "nqn.2026-11.io.lightnvm:fuzz";

target::Home& home() {
  static target::Home* made = [] {
    TargetConfig config;
    config.queue_entries = 16;
    config.transfer_bytes = 65536;
    config.capsule_bytes = 4096;
    config.subsystems = {{std::string(kNqn), {{"emu:?groups=1&punits=2&chunks=4&sectors=64&oob_bytes=16", 1}}, {}}};
    TargetNamespace extended{"emu:?groups=1&punits=1&chunks=4&sectors=64&oob_bytes=16", 2, TargetMetadata::extended};
    config.subsystems[0].namespaces.push_back(extended);
    auto catalog = target::open_catalog(config, backends::default_registry());
    if (!catalog) std::abort();
    return new target::Home(config, std::move(*catalog));
  }();
  return *made;
}

struct Peer {
  Peer(target::Tally& tally, target::TimePoint now) : session(home(), tally, {"127.0.0.1", 4420}, now) {}
  ~Peer() {
    session.hang_up();
    for (int i = 0; !session.quiet(); ++i) {
      session.run({});
      if (i > 1000) std::abort();
    }
  }
  target::Session session;
  fabrics::Digests digests;
};

template <typename Header>
void put(fuzz::Source& in, Peer& peer, const Header& header, std::uint32_t data, const fabrics::Digests& digests) {
  fuzz::deliver(in, peer.session, fuzz::frame(in, std::as_bytes(std::span(&header, 1)), data, digests, 4));
}

void capsule(fuzz::Source& in, Peer& peer, spec::Command c, std::uint32_t bytes, bool in_capsule) {
  spec::tcp::CapsuleCmd pdu{};
  pdu.ch.type = 4;
  spec::Cid::set(c, in.below(16));
  spec::Psdt::set(c, 1);
  f::SglId::set(c, in_capsule ? f::kSglInCapsule : f::kSglTransport);
  f::SglLength::set(c, bytes);
  pdu.sqe = c;
  put(in, peer, pdu, in_capsule ? bytes : 0, peer.digests);
}

void handshake(fuzz::Source& in, Peer& peer, std::uint16_t qid, std::uint16_t cntlid) {
  const std::uint8_t choice = in.take<std::uint8_t>();
  spec::tcp::ICReq r{};
  r.dgst = choice & 3;
  r.maxr2t = choice >> 6;
  put(in, peer, r, 0, {});
  peer.digests = {(choice & 1) != 0, (choice & 2) != 0};
  f::ConnectData data{};
  data.hostid[0] = 1;
  data.cntlid = qid == 0 ? f::kAnyController : cntlid;
  std::ranges::copy((choice & 0x30) == 0x30 ? f::kDiscoveryNqn : kNqn, data.subnqn);
  std::ranges::copy(kNqn, data.hostnqn);
  // frame() fills data with one byte: the Connect's is put together here.
  spec::tcp::CapsuleCmd pdu{};
  pdu.ch = {4, static_cast<std::uint8_t>((peer.digests.header ? 1 : 0) | (peer.digests.data ? 2 : 0)), 72, 0, 0};
  const std::uint32_t head = 72 + (peer.digests.header ? 4U : 0U);
  pdu.ch.pdo = static_cast<std::uint8_t>(head);
  pdu.ch.plen = head + 1024 + (peer.digests.data ? 4 : 0);
  pdu.sqe = f::build::connect({.qid = qid, .entries = 2U + in.below(15), .flow_control = (choice & 4) != 0});
  f::SglId::set(pdu.sqe, f::kSglInCapsule);
  f::SglLength::set(pdu.sqe, 1024);
  const auto add = [](std::vector<std::byte>& to, std::span<const std::byte> bytes, bool digest) {
    to.insert(to.end(), bytes.begin(), bytes.end());
    if (!digest) return;
    const std::uint32_t crc = crc32c(bytes);
    const auto sum = std::as_bytes(std::span(&crc, 1));
    to.insert(to.end(), sum.begin(), sum.end());
  };
  std::vector<std::byte> bytes;
  add(bytes, std::as_bytes(std::span(&pdu, 1)), peer.digests.header);
  add(bytes, std::as_bytes(std::span(&data, 1)), peer.digests.data);
  fuzz::deliver(in, peer.session, bytes);
}

void admin_command(fuzz::Source& in, Peer& peer) {
  static constexpr std::uint8_t kOpcodes[] = {0x02, 0x06, 0x08, 0x09, 0x0A, 0x0C, 0x18, 0xE2, 0xF1, 0xF2, 0x7F, 0x7F};
  spec::Command c;
  spec::Opcode::set(c, kOpcodes[in.below(sizeof kOpcodes)]);
  spec::Nsid::set(c, in.below(4));
  c.dw[10] = in.take<std::uint16_t>();
  c.dw[11] = in.below(8);
  c.dw[12] = in.below(8);
  switch (in.below(6)) {
    case 0: f::Fctype::set(c, in.below(9)); break;
    case 1: c = f::build::property_set(f::Property::cc, 0x460001); break;
    case 2: c = spec::build::set_features(static_cast<spec::FeatureId>(0xD5), 0, in.below(3)); break;
    case 3: c = spec::build::identify(static_cast<std::uint8_t>(in.below(5)), in.below(4)); break;
    default: break;
  }
  capsule(in, peer, c, in.below(3) == 0 ? in.take<std::uint16_t>() : 4096, in.below(4) == 0);
}

void io_command(fuzz::Source& in, Peer& peer) {
  static constexpr std::uint8_t kOpcodes[] = {0x00, 0x01, 0x02, 0x09, 0x90, 0x91, 0x92, 0x93, 0x01, 0x02};
  spec::Command c;
  spec::Opcode::set(c, kOpcodes[in.below(sizeof kOpcodes)]);
  spec::Nsid::set(c, 1 + in.below(2));
  const std::uint32_t blocks = 1 + in.below(8);
  spec::Slba::set(c, in.below(64));
  spec::Nlb::set(c, blocks - 1);
  const std::uint8_t choice = in.take<std::uint8_t>();
  std::uint32_t bytes = blocks * ((choice & 1) != 0 ? 4096 : 4112);
  if ((choice & 2) != 0) {
    const spec::extension::Layout layout{.metadata_bytes = (choice & 4) != 0 ? blocks * 16 : (choice & 8) * 4U * blocks,
                                         .data_in_bytes = (choice & 16) != 0 ? blocks * 4096 : 0,
                                         .list = static_cast<std::uint8_t>((choice & 32) != 0 ? blocks : in.below(128)),
                                         .destination = static_cast<std::uint8_t>((choice & 64) != 0 ? blocks : 0),
                                         .metadata_in = (choice & 128) != 0};
    spec::Mptr::set(c, spec::extension::pack(layout));
    const std::uint32_t beside =
        8U * (layout.list + layout.destination) + (layout.metadata_in ? 0 : layout.metadata_bytes);
    if (in.below(2) == 0) bytes = beside + ((spec::Opcode::get(c) & 3) == 1 ? blocks * 4096 : 0);
  }
  if (in.below(8) == 0) bytes = in.take<std::uint16_t>();
  capsule(in, peer, c, bytes, bytes <= 4096 && in.below(2) == 0);
}

void data_pdu(fuzz::Source& in, Peer& peer) {
  spec::tcp::DataHeader d{};
  d.ch.type = 6;
  d.ch.flags = spec::tcp::kLastPdu;
  d.cccid = static_cast<std::uint16_t>(in.below(16));
  d.ttag = static_cast<std::uint16_t>(in.below(16));
  d.length = in.below(4) == 0 ? in.take<std::uint16_t>() : 4096U * (1 + in.below(8));
  put(in, peer, d, d.length, peer.digests);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Source in(data, size);
  target::Tally tally;
  target::TimePoint now = target::TimePoint() + std::chrono::hours(1);
  {
    Peer admin(tally, now);
    handshake(in, admin, 0, 0);
    spec::Command enable = f::build::property_set(f::Property::cc, 0x460001);
    capsule(in, admin, enable, 0, false);
    capsule(in, admin, spec::build::set_features(static_cast<spec::FeatureId>(0xD5), 0, in.below(2)), 0, false);
    admin.session.run(now);
    Peer io(tally, now);
    // Ids go round; there is one controller at most.
    std::uint16_t cntlid = 0;
    for (std::uint32_t id = 1; id < 0xFFF0 && cntlid == 0 && home().controllers.count() != 0; ++id) {
      if (home().controllers.find(static_cast<std::uint16_t>(id))) cntlid = static_cast<std::uint16_t>(id);
    }
    handshake(in, io, 1, cntlid);
    while (!in.empty()) {
      Peer& peer = in.below(4) == 0 ? admin : io;
      switch (in.below(8)) {
        case 0: fuzz::send(in, peer.session); break;
        case 1: fuzz::send(in, peer.session); break;
        case 2: data_pdu(in, peer); break;
        case 3: now += std::chrono::milliseconds(in.take<std::uint16_t>()); break;
        default: &peer == &admin ? admin_command(in, peer) : io_command(in, peer); break;
      }
      peer.session.run(now);
    }
  }
  if (home().memory.used() != 0 || home().controllers.count() != 0) std::abort();
  return 0;
}
