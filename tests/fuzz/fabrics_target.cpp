// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes the controller's end of NVMe/TCP with what a host might send: slots begin and end once, memory is its own.
#include <cstdlib>

#include "fabrics/target.hpp"
#include "fabrics_pdus.hpp"
#include "spec/fabrics.hpp"

namespace {

using namespace lightnvm;
using namespace lightnvm::fabrics;

constexpr std::uint32_t kSlots = 4;
constexpr std::uint32_t kCapsuleBytes = 256;

class Server final : public TargetEvents {
 public:
  enum class Phase : std::uint8_t { free, owned, receiving, answered };
  struct Work {
    Phase phase = Phase::free;
    std::uint32_t bytes = 0;
    std::vector<std::byte> memory;
    std::vector<Segment> segments;
  };
  Target* target = nullptr;
  std::array<Work, kSlots> works;
  std::vector<std::byte> capsules = std::vector<std::byte>(kSlots * kCapsuleBytes);
  bool opened = false;

  void command(std::uint32_t slot, const TargetCommand& c) noexcept override {
    if (slot >= kSlots || works[slot].phase != Phase::free) std::abort();
    works[slot] = {.phase = Phase::owned, .bytes = c.in_capsule.empty() ? c.bytes : 0};
    if (!c.in_capsule.empty()) {
      if (c.in_capsule.size() != c.bytes) std::abort();
      c.in_capsule.back() = std::byte{1};
    }
    if (opened) return;
    const QueueOptions queue{.entries = 5, .slots = kSlots, .capsule_bytes = kCapsuleBytes, .capsule_memory = capsules};
    if (!target->open_queue(queue)) std::abort();
    opened = true;
  }
  void received(std::uint32_t slot, Status) noexcept override {
    if (slot >= kSlots || works[slot].phase != Phase::receiving) std::abort();
    works[slot] = {.phase = Phase::owned};
  }
  void finished(std::uint32_t slot) noexcept override {
    if (slot >= kSlots || works[slot].phase != Phase::answered) std::abort();
    works[slot] = {};
  }

  void act(fabrics::fuzz::Source& in) {
    const std::uint32_t slot = in.below(kSlots);
    Work& work = works[slot];
    if (work.phase != Phase::owned) {
      if (work.phase != Phase::answered && target->respond(slot, {})) std::abort();
      return;
    }
    if ((in.take<std::uint8_t>() & 1) != 0 && work.bytes > 0 && work.bytes < 20000) {
      use(work, work.bytes);
      if (target->receive(slot, work.segments)) work.phase = Phase::receiving;
    } else {
      use(work, in.take<std::uint16_t>() % 9000);
      if (target->respond(slot, {in.below(2), {}}, work.segments)) work.phase = Phase::answered;
    }
  }

 private:
  static void use(Work& work, std::size_t bytes) {
    work.memory.assign(bytes, std::byte{2});
    work.segments = {{work.memory.data(), bytes / 3}, {work.memory.data() + bytes / 3, bytes - bytes / 3}};
  }
};

void request(fabrics::fuzz::Source& in, Target& target, const Digests& digests, unsigned alignment) {
  const std::uint8_t kind = in.take<std::uint8_t>();
  const auto cid = static_cast<std::uint16_t>(in.below(8));
  if ((kind & 1) == 0) {
    spec::tcp::CapsuleCmd c{};
    c.ch.type = 4;
    const std::uint32_t data = (kind & 2) != 0 ? in.take<std::uint8_t>() : 0;
    spec::Opcode::set(c.sqe, (kind & 4) != 0 ? 1 : 2);
    spec::Cid::set(c.sqe, cid);
    spec::Psdt::set(c.sqe, 1);
    spec::fabrics::SglId::set(c.sqe, data > 0 ? spec::fabrics::kSglInCapsule : spec::fabrics::kSglTransport);
    spec::fabrics::SglLength::set(c.sqe, data > 0 ? data : in.take<std::uint16_t>() % 9000);
    if ((kind & 8) != 0) spec::fabrics::SglAddress::set(c.sqe, in.take<std::uint64_t>());
    fabrics::fuzz::deliver(in, target,
                           fabrics::fuzz::frame(in, std::as_bytes(std::span(&c, 1)), data, digests, alignment));
    return;
  }
  spec::tcp::DataHeader d{};
  d.ch.type = 6;
  d.ch.flags = (kind & 2) != 0 ? spec::tcp::kLastPdu : 0;
  d.cccid = cid;
  d.ttag = static_cast<std::uint16_t>(in.below(kSlots * 4));
  d.offset = in.take<std::uint16_t>();
  d.length = in.take<std::uint16_t>() % 5000;
  fabrics::fuzz::deliver(in, target,
                         fabrics::fuzz::frame(in, std::as_bytes(std::span(&d, 1)), d.length, digests, alignment));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fabrics::fuzz::Source in(data, size);
  const std::uint8_t choice = in.take<std::uint8_t>();
  const Digests digests{(choice & 1) != 0, (choice & 2) != 0};
  const auto cpda = static_cast<std::uint8_t>((choice & 4) != 0 ? 7 : 0);
  Server server;
  Target target({.cpda = cpda,
                 .max_r2t = static_cast<std::uint16_t>((choice >> 3 & 3) + 1),
                 .max_h2c_data = 4096,
                 .r2t_bytes = (choice & 32) != 0 ? 0U : 700U,
                 .max_c2h_data = 2000,
                 .window = 3},
                server);
  server.target = &target;
  if ((choice & 64) == 0) {
    spec::tcp::ICReq r{};
    r.hpda = (choice & 4) != 0 ? 5 : 0;
    r.dgst = choice & 3;
    r.maxr2t = choice >> 7;
    fabrics::fuzz::deliver(in, target, fabrics::fuzz::frame(in, std::as_bytes(std::span(&r, 1)), 0, {}, 4));
  }
  while (!in.empty()) {
    switch (in.below(6)) {
      case 0:
      case 1: server.act(in); break;
      case 2: fabrics::fuzz::send(in, target); break;
      case 3:
        fabrics::fuzz::deliver(in, target, std::vector<std::byte>(in.take<std::uint8_t>(), in.take<std::byte>()));
        break;
      default: request(in, target, digests, (cpda + 1U) * 4); break;
    }
  }
  target.close();
  return 0;
}
