// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes the host's end of NVMe/TCP with what a target might send: each command ends once, and memory is its own.
#include <cstdlib>

#include "fabrics/host.hpp"
#include "fabrics_pdus.hpp"
#include "spec/build.hpp"

namespace {

using namespace lightnvm;
using namespace lightnvm::fabrics;

constexpr std::uint32_t kDepth = 4;

class Commands final : public HostEvents {
 public:
  struct Op {
    bool busy = false;
    spec::Command command;
    std::vector<std::byte> memory;
    std::vector<Segment> segments;
  };
  std::array<Op, kDepth> ops;

  void complete(std::uint32_t tag, const Completion&, std::uint32_t received) noexcept override {
    if (tag >= kDepth || !ops[tag].busy || received > ops[tag].memory.size()) std::abort();
    ops[tag].busy = false;
    // Whoever touches it from now on is found by the sanitizer.
    ops[tag].memory = {};
    ops[tag].segments = {};
  }
  void submit(fabrics::fuzz::Source& in, Host& host) {
    const std::uint32_t tag = in.below(kDepth);
    if (ops[tag].busy) return;
    const std::uint8_t kind = in.take<std::uint8_t>();
    Op op{.busy = true, .memory = std::vector<std::byte>(in.take<std::uint16_t>() % 9000)};
    const std::size_t half = op.memory.size() / 2;
    op.segments = {{op.memory.data(), half}, {op.memory.data() + half, op.memory.size() - half}};
    ops[tag] = std::move(op);
    const bool out = (kind & 1) != 0;
    const bool into = (kind & 2) != 0;
    const auto& segments = ops[tag].segments;
    const HostCommand command{&ops[tag].command, out ? std::span<const Segment>(segments) : std::span<const Segment>(),
                              into ? std::span<const Segment>(segments) : std::span<const Segment>()};
    if (!host.submit(tag, command)) ops[tag].busy = false;
  }
};

void answer(fabrics::fuzz::Source& in, Host& host, const Digests& digests, unsigned alignment) {
  const std::uint8_t kind = in.take<std::uint8_t>();
  // CIDs count up by four from the first command's.
  const auto cid = static_cast<std::uint16_t>(in.take<std::uint8_t>());
  if (kind % 3 == 0) {
    spec::tcp::CapsuleResp r{};
    r.ch.type = 5;
    r.cqe.cid = cid;
    r.cqe.status = in.take<std::uint8_t>();
    fabrics::fuzz::deliver(in, host, fabrics::fuzz::frame(in, std::as_bytes(std::span(&r, 1)), 0, digests, alignment));
    return;
  }
  spec::tcp::DataHeader d{};
  d.ch.type = kind % 3 == 1 ? 7 : 9;
  d.ch.flags = kind % 3 == 1 ? kind >> 4 & 0x0C : 0;
  d.cccid = cid;
  d.ttag = in.take<std::uint8_t>();
  d.offset = in.take<std::uint16_t>();
  d.length = in.take<std::uint16_t>();
  const std::uint32_t data = d.ch.type == 7 ? std::min(d.length, 9000U) : 0;
  fabrics::fuzz::deliver(in, host, fabrics::fuzz::frame(in, std::as_bytes(std::span(&d, 1)), data, digests, alignment));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fabrics::fuzz::Source in(data, size);
  const std::uint8_t choice = in.take<std::uint8_t>();
  const Digests digests{(choice & 1) != 0, (choice & 2) != 0};
  const auto hpda = static_cast<std::uint8_t>((choice & 4) != 0 ? 7 : 0);
  Commands commands;
  Host host({.depth = kDepth,
             .digests = digests,
             .hpda = hpda,
             .max_r2t = static_cast<std::uint16_t>((choice >> 3 & 3) + 1),
             .capsule_bytes = (choice & 32) != 0 ? 0U : 100U,
             .window = 3},
            commands);
  if ((choice & 64) == 0) {
    spec::tcp::ICResp r{};
    r.ch.type = 1;
    r.cpda = (choice & 4) != 0 ? 3 : 0;
    r.dgst = choice & 3;
    r.maxh2cdata = 4096;
    fabrics::fuzz::deliver(in, host, fabrics::fuzz::frame(in, std::as_bytes(std::span(&r, 1)), 0, {}, 4));
  }
  while (!in.empty()) {
    switch (in.below(5)) {
      case 0: commands.submit(in, host); break;
      case 1: fabrics::fuzz::send(in, host); break;
      case 2:
        fabrics::fuzz::deliver(in, host, std::vector<std::byte>(in.take<std::uint8_t>(), in.take<std::byte>()));
        break;
      default: answer(in, host, digests, (hpda + 1U) * 4); break;
    }
  }
  host.close(Status::nvme(StatusCode::connection_lost));
  if (host.in_flight() != 0) std::abort();
  for (const auto& op : commands.ops) {
    if (op.busy) std::abort();
  }
  return 0;
}
