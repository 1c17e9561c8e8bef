// SPDX-License-Identifier: BSD-2-Clause
// Fuzzes an emulated device of OCSSD 2.0 against the oracle of its tests: the same commands, with any field wrong, end
// the same way, move the same bytes, and leave the same chunks.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "emulator/oracle_session.hpp"
#include "source.hpp"
#include "spec/build.hpp"

namespace {

using namespace lightnvm;
using fuzz::Source;
using spec::IoOpcode;

constexpr int kMostCommands = 48;

void require_empty(const std::string& difference) {
  if (difference.empty()) return;
  fmt::print(stderr, "{}\n", difference);
  std::abort();
}

/// Small devices, each with other boundaries.
emulator::Config config(unsigned choice) {
  static const std::array<std::vector<std::pair<const char*, const char*>>, 3> kShapes = {{
      {{"groups", "2"},
       {"punits", "2"},
       {"chunks", "3"},
       {"sectors", "32"},
       {"ws_min", "2"},
       {"ws_opt", "4"},
       {"mw_cunits", "4"},
       {"mccap", "7"},
       {"bad", "0.0.1"}},
      {{"groups", "3"},
       {"punits", "1"},
       {"chunks", "5"},
       {"sectors", "24"},
       {"ws_min", "4"},
       {"ws_opt", "4"},
       {"mw_cunits", "8"},
       {"mccap", "3"},
       {"bad", "none"},
       {"maxoc", "2"},
       {"maxocpu", "1"},
       {"mdts", "1"}},
      {{"groups", "1"},
       {"punits", "2"},
       {"chunks", "4"},
       {"sectors", "16"},
       {"ws_min", "1"},
       {"ws_opt", "2"},
       {"mw_cunits", "0"},
       {"mccap", "5"},
       {"bad", "none"},
       {"pe_cycles", "3"},
       {"wit", "1"},
       {"oob_bytes", "8"},
       {"predefined", "255"}},
  }};
  emulator::Config c;
  (void)emulator::apply_option(c, "sector_bytes", "512");
  for (const auto& [key, value] : kShapes[choice % kShapes.size()]) {
    if (!emulator::apply_option(c, key, value)) require_empty(last_error());
  }
  // The last chunk takes random writes.
  emulator::ChunkOverride random;
  random.address = Address::of(0, 0, c.geometry.chunks - 1);
  random.type = ChunkType::random;
  c.overrides.push_back(random);
  require_empty(emulator::validate(c) ? "" : last_error());
  return c;
}

class Run {
 public:
  explicit Run(Source& in)
      : in_(in),
        config_(config(in.take<std::uint8_t>())),
        oracle_(config_),
        device_(emulator::Device::in_memory(config_).value()),
        controller_(device_, 1),
        queue_(controller_, 1, 1),
        scatter_(in.take<std::uint8_t>()) {}

  void commands() {
    for (int n = 0; !in_.empty() && n < kMostCommands; ++n) {
      if (in_.below(32) == 0) {
        switch_dulbe();
      } else {
        run(draw());
      }
      if (in_.below(8) == 0) compare_log();
    }
    compare_log();
    for (std::uint64_t chunk = 0; chunk < oracle_.chunks().size(); ++chunk) {
      for (std::uint32_t at = 0; at < config_.geometry.sectors; at += 8) run(whole_read(oracle_.lba(chunk, at), 8));
    }
  }

 private:
  const Geometry& geometry() const { return config_.geometry; }

  /// Near a chunk's write pointer, anywhere in it, or any number at all.
  std::uint64_t address() {
    const auto choice = in_.take<std::uint8_t>();
    const std::uint64_t chunk = in_.take<std::uint8_t>() % oracle_.chunks().size();
    if (choice == 255) return in_.take<std::uint64_t>();
    if (choice >= 250) return oracle_.lba(chunk, 0) ^ 1ULL << in_.below(64);
    const std::uint64_t pointer = oracle_.chunks()[chunk].wp;
    return oracle_.lba(chunk, choice < 200 ? pointer : choice % (geometry().sectors + 1));
  }
  /// Runs that follow each other, and now and then something in between.
  std::vector<std::uint64_t> list(std::size_t count) {
    std::vector<std::uint64_t> out;
    while (out.size() < count) {
      const std::uint64_t first = address();
      const std::size_t n = std::min<std::size_t>(count - out.size(), 1 + in_.below(16));
      for (std::size_t i = 0; i < n; ++i) out.push_back(first + i);
    }
    if (!out.empty() && in_.below(8) == 0) out[in_.below(static_cast<std::uint32_t>(out.size()))] = address();
    return out;
  }
  std::uint32_t count() {
    const auto choice = in_.take<std::uint8_t>();
    if (choice < 128) return geometry().ws_min * (1 + choice % 4);
    return choice < 250 ? 1 + choice % 64 : 64 + choice % 8;
  }

  oracle::Request draw() {
    static constexpr std::array kOpcodes = {
        IoOpcode::write,       IoOpcode::read,         IoOpcode::vector_write,       IoOpcode::vector_read,
        IoOpcode::vector_copy, IoOpcode::vector_reset, IoOpcode::dataset_management, IoOpcode::flush};
    oracle::Request r;
    const IoOpcode opcode = kOpcodes[in_.below(kOpcodes.size())];
    const std::uint32_t n = count();
    switch (opcode) {
      case IoOpcode::flush: r.command = spec::build::flush(1); break;
      case IoOpcode::dataset_management: deallocate(r); break;
      case IoOpcode::write:
      case IoOpcode::read:
        r.command = spec::build::transfer(opcode, 1, address(), n);
        give_memory(r, opcode == IoOpcode::write, n);
        break;
      default:
        r.list = list(opcode == IoOpcode::vector_reset ? 1 + n % 4 : n);
        r.command = spec::build::vector(opcode, 1, static_cast<std::uint32_t>(r.list.size()));
        if (opcode == IoOpcode::vector_copy) r.destination = list(n);
        if (opcode == IoOpcode::vector_reset && in_.below(2) == 0) r.metadata_bytes = r.list.size() * 32;
        if (opcode == IoOpcode::vector_read || opcode == IoOpcode::vector_write) {
          give_memory(r, opcode == IoOpcode::vector_write, n);
        }
    }
    spoil(r);
    return r;
  }
  void give_memory(oracle::Request& r, bool write, std::uint32_t n) {
    r.data_bytes = std::uint64_t{n} * geometry().sector_bytes;
    r.metadata_bytes = in_.below(4) == 0 ? 0 : std::uint64_t{n} * geometry().oob_bytes;
    for (std::uint32_t i = 0; write && i < n; ++i, tag_ += 2) r.content.push_back({tag_, tag_ + 1});
  }
  void deallocate(oracle::Request& r) {
    const std::uint32_t n = 1 + in_.below(3);
    r.command = spec::build::deallocate(1, n);
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint64_t lba = address();
      const std::uint64_t first = in_.below(8) == 0 ? lba : lba >> oracle_.chunk_shift() << oracle_.chunk_shift();
      r.ranges.push_back({0, in_.below(8) == 0 ? in_.take<std::uint32_t>() : geometry().sectors, first});
    }
    r.data_bytes = r.ranges.size() * sizeof(spec::DsmRange);
  }
  /// Any of the command's bits, its memory, or its lists.
  void spoil(oracle::Request& r) {
    switch (in_.below(24)) {
      case 0: r.command.dw[spoilable()] ^= 1U << in_.below(32); break;
      case 1: r.command.dw[spoilable()] = in_.take<std::uint32_t>(); break;
      case 2: r.data_bytes = in_.take<std::uint8_t>() * 16; break;
      case 3: r.metadata_bytes = in_.take<std::uint8_t>() * 8; break;
      case 4: r.list = list(in_.below(66)); break;
      case 5: r.destination = list(in_.below(66)); break;
      default: return;
    }
    tidy(r);
  }
  /// Memory only for what moves some, and content of all the sectors that a write may take.
  void tidy(oracle::Request& r) {
    const auto is = [&](std::initializer_list<IoOpcode> opcodes) {
      return std::ranges::find(opcodes, static_cast<IoOpcode>(r.opcode())) != opcodes.end();
    };
    const bool writes = is({IoOpcode::write, IoOpcode::vector_write});
    const bool sectors = writes || is({IoOpcode::read, IoOpcode::vector_read});
    if (!sectors && !is({IoOpcode::dataset_management})) r.data_bytes = 0;
    if (!sectors && !is({IoOpcode::vector_reset})) r.metadata_bytes = 0;
    if (!writes) r.content.clear();
    // As many ranges as the command says, where the memory has them.
    const std::size_t said = is({IoOpcode::dataset_management}) ? spec::Nr::get(r.command) + 1 : 0;
    r.ranges.resize(std::min<std::size_t>(said, r.data_bytes / sizeof(spec::DsmRange)));
    while (writes && r.content.size() < r.data_bytes / geometry().sector_bytes) {
      r.content.push_back({tag_, tag_ + 1});
      tag_ += 2;
    }
  }
  std::size_t spoilable() {
    static constexpr std::array<std::size_t, 9> kDwords = {0, 1, 10, 11, 12, 12, 13, 14, 15};
    return kDwords[in_.below(kDwords.size())];
  }
  oracle::Request whole_read(std::uint64_t lba, std::uint32_t n) const {
    oracle::Request r;
    r.command = spec::build::transfer(IoOpcode::read, 1, lba, n);
    r.data_bytes = std::uint64_t{n} * geometry().sector_bytes;
    r.metadata_bytes = std::uint64_t{n} * geometry().oob_bytes;
    return r;
  }

  void run(const oracle::Request& r) {
    const std::string what = oracle::describe(r, oracle_);
    const oracle::Answer answer = oracle_.io(r);
    const oracle::Transfer transfer(scatter_, r, geometry());
    queue_.start(r.command, transfer.payload, 0);
    std::array<emulator::Done, 1> done;
    for (int polls = 0; queue_.poll(done) == 0; ++polls) require_empty(polls < 1000 ? "" : what + ": never completed");
    const unsigned expected = answer.code == oracle::kSuccess ? 0 : answer.code | 0x4000U;
    const Completion& c = done[0].completion;
    if (c.status.is_os() || (c.status.nvme_bits() & ~0x2000U) != expected || c.result != answer.bits) {
      require_empty(fmt::format("{}: {:#x} {:#x}, expected {:#x} {:#x}", what, c.status.nvme_bits(), c.result, expected,
                                answer.bits));
    }
    const std::string difference = transfer.compare(r, answer, geometry());
    require_empty(difference.empty() ? "" : what + ": " + difference);
  }
  void switch_dulbe() {
    oracle_.dulbe = in_.below(2) != 0;
    const auto set = spec::build::set_features(spec::FeatureId::error_recovery, 1, oracle_.dulbe ? 1U << 16 : 0);
    if (!controller_.execute(set, {})) require_empty("error recovery cannot be set");
  }
  void compare_log() {
    const std::vector<std::uint8_t> expected = oracle_.chunk_log();
    std::vector<std::byte> log(expected.size());
    const Segment segment{log.data(), log.size()};
    const auto get =
        spec::build::get_log(spec::LogPage::chunk_information, 1, 0, static_cast<std::uint32_t>(log.size()));
    if (!controller_.execute(get, {{&segment, 1}, {}, {}, {}})) require_empty("no chunk log");
    if (std::memcmp(log.data(), expected.data(), log.size()) != 0) require_empty("the chunk logs differ");
  }

  Source& in_;
  emulator::Config config_;
  oracle::Oracle oracle_;
  std::shared_ptr<emulator::Device> device_;
  emulator::Controller controller_;
  emulator::Queue queue_;
  oracle::Random scatter_;
  std::uint64_t tag_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Source in(data, size);
  Run(in).commands();
  return 0;
}
