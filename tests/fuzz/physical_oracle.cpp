// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes an emulated device of OCSSD 1.2 against the oracle of its tests: lists of any addresses, any plane mode,
// marks.
#include "emulator/physical_oracle.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "emulator/controller.hpp"
#include "emulator/queue.hpp"
#include "source.hpp"
#include "spec/build.hpp"
#include "spec/ocssd12.hpp"

namespace {

using namespace lightnvm;
using fuzz::Source;
using physical_oracle::Answer;
using physical_oracle::Oracle;
using spec::IoOpcode;
using List = Oracle::List;

constexpr int kMostCommands = 48;
constexpr std::uint32_t kSectorBytes = 512;
// Channels, LUNs, blocks, planes, pages, sectors of a page, cycles.
constexpr std::array<physical_oracle::Shape, 3> kShapes = {
    {{2, 3, 5, 2, 6, 4, 100}, {1, 3, 3, 4, 5, 3, 100}, {1, 2, 5, 1, 3, 2, 3}}};

void require(bool holds, const std::string& what) {
  if (holds) return;
  fmt::print(stderr, "{}\n", what);
  std::abort();
}

std::shared_ptr<emulator::Device> make(const physical_oracle::Shape& s) {
  emulator::Config c(SpecVersion::ocssd12);
  const std::pair<const char*, std::uint32_t> options[] = {
      {"groups", s.channels},         {"punits", s.luns},        {"blocks", s.blocks},
      {"planes", s.planes},           {"pages", s.pages},        {"page_sectors", s.page_sectors},
      {"sector_bytes", kSectorBytes}, {"pe_cycles", s.pe_cycles}};
  for (const auto& [key, value] : options) {
    require(emulator::apply_option(c, key, std::to_string(value)).ok(), last_error());
  }
  require(emulator::apply_option(c, "bad", "none").ok(), last_error());
  return emulator::Device::in_memory(c).value();
}

class Run {
 public:
  explicit Run(Source& in)
      : in_(in),
        shape_(kShapes[in.below(kShapes.size())]),
        oracle_(shape_),
        device_(make(shape_)),
        controller_(device_, 1),
        queue_(controller_, 1, 1),
        packer_(device_->ppa_format()) {}

  void commands() {
    for (int n = 0; !in_.empty() && n < kMostCommands; ++n) {
      const auto kind = in_.below(16);
      if (kind == 0) {
        mark();
      } else {
        transfer(kind < 8 ? IoOpcode::vector_write : kind < 13 ? IoOpcode::vector_read : IoOpcode::vector_reset);
      }
    }
    compare_tables();
  }

 private:
  Address block() {
    return Address::of12(in_.below(shape_.channels), in_.below(shape_.luns), in_.below(shape_.blocks),
                         in_.below(shape_.planes));
  }
  /// Each field as it comes, now and then beyond the device's end, where the address has room for that.
  Address anywhere() {
    const auto over = in_.below(64) == 0 ? 1U : 0U;
    const Address a = Address::of12(in_.below(shape_.channels + over), in_.below(shape_.luns + over),
                                    in_.below(shape_.blocks + over), in_.below(shape_.planes + over),
                                    in_.below(shape_.pages + over), in_.below(shape_.page_sectors + over));
    return packer_.encodable(a) ? a : Address::of12(0, 0, 0);
  }
  /// Pages of a block from the next one on, as a write must have them.
  void append_pages(List& list, std::uint32_t planes) {
    const Address a = block();
    const std::uint32_t next = oracle_.at(planes == 1 ? a : Address{a.at_sector(0)}).next_page;
    const std::uint32_t end = std::min(next + 1 + in_.below(3), shape_.pages);
    for (std::uint32_t page = next; page < end; ++page) {
      for (std::uint32_t plane = 0; plane < planes; ++plane) {
        for (std::uint32_t sector = 0; sector < shape_.page_sectors; ++sector) {
          list.push_back(Address::of12(a.group(), a.unit(), a.chunk(), planes == 1 ? a.plane() : plane, page, sector));
        }
      }
    }
  }
  List draw(IoOpcode opcode, std::uint32_t planes) {
    List list;
    if (opcode == IoOpcode::vector_write) {
      for (std::uint32_t runs = 1 + in_.below(3); runs != 0; --runs) append_pages(list, planes);
    } else {
      const std::uint32_t count = 1 + in_.below(in_.below(8) == 0 ? 64 : 8);
      while (list.size() < count) list.push_back(anywhere());
    }
    if (!list.empty() && in_.below(8) == 0) list[in_.below(static_cast<std::uint32_t>(list.size()))] = anywhere();
    if (!list.empty() && in_.below(16) == 0) list.pop_back();
    // NLB of a vector command has six bits.
    if (list.size() > kMaxAddresses) list.resize(kMaxAddresses);
    if (list.empty()) list.push_back(anywhere());
    return list;
  }

  static std::byte byte_of(Address a, std::uint32_t round, bool metadata) {
    return static_cast<std::byte>((a.value ^ a.value >> 24 ^ round * 31) + (metadata ? 101 : 0));
  }

  void transfer(IoOpcode opcode) {
    const std::uint32_t mode =
        in_.below(16) == 0 ? in_.below(4) : in_.below(2) * (shape_.planes == 4 ? 2 : shape_.planes - 1);
    const std::uint32_t planes = mode == 0 ? 1 : shape_.planes;
    const List list = draw(opcode, planes);
    const std::uint32_t oob = device_->geometry().oob_bytes;
    std::vector<std::byte> data(list.size() * kSectorBytes, std::byte{0xCC});
    std::vector<std::byte> metadata(list.size() * oob, std::byte{0xCC});
    std::vector<std::uint64_t> wire;
    ++round_;
    for (std::size_t i = 0; i < list.size(); ++i) {
      wire.push_back(packer_.pack(list[i]));
      if (opcode != IoOpcode::vector_write) continue;
      std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(i * kSectorBytes), kSectorBytes,
                  byte_of(list[i], round_, false));
      std::fill_n(metadata.begin() + static_cast<std::ptrdiff_t>(i * oob), oob, byte_of(list[i], round_, true));
    }
    const Segment segments[2] = {{data.data(), data.size()}, {metadata.data(), metadata.size()}};
    Payload payload;
    payload.list = wire;
    if (opcode != IoOpcode::vector_reset) payload.data = {&segments[0], 1}, payload.metadata = {&segments[1], 1};
    spec::Command command = spec::build::vector(opcode, 1, static_cast<std::uint32_t>(list.size()));
    spec::Control::set(command, mode);
    Answer expected;
    if (opcode == IoOpcode::vector_write) expected = oracle_.write(list, mode, round_);
    if (opcode == IoOpcode::vector_read) expected = oracle_.read(list, mode);
    if (opcode == IoOpcode::vector_reset) expected = oracle_.erase(list, mode);
    queue_.start(command, payload, 0);
    std::array<emulator::Done, 1> done;
    for (int polls = 0; queue_.poll(done) == 0; ++polls) require(polls < 1000, "never completed");
    const Answer got{done[0].completion.status.nvme_bits(), done[0].completion.result};
    require(got == expected,
            fmt::format("opcode {:#x}, mode {}, {} addresses from {:#x} on: {:#x} {:#x}, not {:#x} {:#x}",
                        static_cast<unsigned>(opcode), mode, list.size(), list[0].value, got.status, got.bits,
                        expected.status, expected.bits));
    if (opcode == IoOpcode::vector_read && expected.status != Oracle::kInvalid) compare(list, expected, data, metadata);
  }
  void compare(const List& list, const Answer& answer, std::span<const std::byte> data,
               std::span<const std::byte> metadata) const {
    const std::size_t oob = metadata.size() / list.size();
    for (std::size_t i = 0; i < list.size() && (answer.bits >> i & 1) == 0; ++i) {
      const Address a = list[i];
      const std::uint32_t round = oracle_.at(a).rounds[a.page() * shape_.page_sectors + a.sec()];
      const auto all = [](std::span<const std::byte> bytes, std::byte value) {
        return std::ranges::all_of(bytes, [&](std::byte b) { return b == value; });
      };
      require(all(data.subspan(i * kSectorBytes, kSectorBytes), byte_of(a, round, false)), "other data");
      require(all(metadata.subspan(i * oob, oob), byte_of(a, round, true)), "other metadata");
    }
  }

  void mark() {
    static constexpr std::array<std::uint8_t, 8> kValues = {0, 0, 1, 2, 4, 8, 3, 255};
    const std::uint8_t value = kValues[in_.below(kValues.size())];
    List list;
    for (std::uint32_t n = 1 + in_.below(4); n != 0; --n) list.push_back(in_.below(16) == 0 ? anywhere() : block());
    std::vector<std::uint64_t> wire;
    for (const Address a : list) wire.push_back(packer_.pack(a));
    spec::Command command = spec::build::set_bad_blocks(1, value, static_cast<std::uint32_t>(list.size()));
    Payload payload;
    if (list.size() == 1) {
      spec::Ppa::set(command, wire[0]);
    } else {
      payload.list = wire;
    }
    const std::uint16_t expected = oracle_.mark(list, value).status;
    const std::uint16_t got = controller_.execute(command, payload).status.nvme_bits();
    require(got == expected, fmt::format("marking as {}: {:#x}, not {:#x}", value, got, expected));
  }
  void compare_tables() {
    for (std::uint32_t channel = 0; channel < shape_.channels; ++channel) {
      for (std::uint32_t lun = 0; lun < shape_.luns; ++lun) compare_table(channel, lun);
    }
  }
  void compare_table(std::uint32_t channel, std::uint32_t lun) {
    std::vector<std::byte> table(sizeof(spec::BadBlockHeader) + std::size_t{shape_.blocks} * shape_.planes);
    const Segment segment{table.data(), table.size()};
    const auto get = spec::build::get_bad_blocks(1, packer_.pack(Address::of12(channel, lun, 0)));
    require(controller_.execute(get, {{&segment, 1}, {}, {}, {}}).ok(), "no bad block table");
    const std::span marks = std::span(table).subspan(sizeof(spec::BadBlockHeader));
    for (std::uint32_t i = 0; i < marks.size(); ++i) {
      const Address a = Address::of12(channel, lun, i / shape_.planes, i % shape_.planes);
      require(marks[i] == std::byte{oracle_.at(a).mark}, fmt::format("block {:#x} has another mark", a.value));
    }
  }

  Source& in_;
  physical_oracle::Shape shape_;
  Oracle oracle_;
  std::shared_ptr<emulator::Device> device_;
  emulator::Controller controller_;
  emulator::Queue queue_;
  model::PpaPacker packer_;
  std::uint32_t round_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source in(data, size);
  Run(in).commands();
  return 0;
}
