// SPDX-License-Identifier: BSD-2-Clause
// The emulated device of OCSSD 1.2 against the oracle: random commands, several in flight. ORACLE_SEED and ORACLE_STEPS
// replay.
#include "physical_oracle.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <thread>

#include "emulator/oracle_media.hpp"
#include "emulator/oracle_shapes.hpp"
#include "physical_support.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::emulator::physical_test {
namespace {

using physical_oracle::Answer;
using physical_oracle::Oracle;
using spec::IoOpcode;

constexpr std::uint32_t kDepth = 6;

struct Case {
  const char* name;
  physical_oracle::Shape shape;
  bool slow = false;
  unsigned failing_writes = 0;  ///< in a thousand
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

Config config_of(const physical_oracle::Shape& s) {
  Config c(SpecVersion::ocssd12);
  const std::pair<const char*, std::uint32_t> options[] = {{"groups", s.channels}, {"punits", s.luns},
                                                           {"blocks", s.blocks},   {"planes", s.planes},
                                                           {"pages", s.pages},     {"page_sectors", s.page_sectors},
                                                           {"sector_bytes", 512},  {"pe_cycles", s.pe_cycles}};
  for (const auto& [key, value] : options) EXPECT_TRUE(apply_option(c, key, std::to_string(value))) << last_error();
  EXPECT_TRUE(apply_option(c, "bad", "none"));
  return c;
}

// A command on its way, and what should become of it.
struct InFlight {
  std::unique_ptr<Command> command;
  List list;
  Answer expected;
  Bytes data, metadata;  ///< of a read
  std::set<std::uint64_t> blocks;
};

class Session {
 public:
  Session(const Case& c, std::uint64_t seed)
      : case_(c), oracle_(c.shape), random_(seed), host_(make_device(c, seed), kDepth) {}

  std::string run(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps && wrong_.empty(); ++i) {
      step_ = i;
      if (choose(12) == 0) {
        mark();
      } else {
        start();
      }
      if (choose(3) == 0) reap();
      while (in_flight_.size() == kDepth && wrong_.empty()) reap();
      if (choose(50) == 0) compare_table();
    }
    while (!in_flight_.empty() && wrong_.empty()) reap();
    compare_table();
    return wrong_;
  }

 private:
  static std::shared_ptr<Device> make_device(const Case& c, std::uint64_t seed) {
    const Config config = config_of(c.shape);
    if (!c.slow) return Device::in_memory(config).value();
    oracle::SlowMedia* media = nullptr;
    return oracle::slow_device(config, seed, {.reads = 0, .writes = c.failing_writes, .discards = 0}, media);
  }

  std::uint32_t choose(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  void fail(std::string what) {
    if (wrong_.empty()) wrong_ = fmt::format("step {}: {}", step_, what);
  }
  const physical_oracle::Shape& shape() const { return case_.shape; }

  static std::uint64_t block_key(Address a) { return a.at_sector(0).value; }
  bool busy(Address a) const {
    return std::ranges::any_of(in_flight_, [&](const auto& f) { return f.second.blocks.contains(block_key(a)); });
  }
  // A block that no command in flight touches, if it is found quickly.
  std::optional<Address> block() {
    for (int i = 0; i < 20; ++i) {
      const Address a =
          Address::of12(choose(shape().channels), choose(shape().luns), choose(shape().blocks), choose(shape().planes));
      if (!busy(a)) return a;
    }
    return std::nullopt;
  }
  Address anywhere(Address block) {
    const std::uint32_t written = std::max(oracle_.at(block).next_page, 1U);
    const std::uint32_t page = choose(8) == 0 ? choose(shape().pages) : choose(written);
    return Address::of12(block.group(), block.unit(), block.chunk(), block.plane(), page, choose(shape().page_sectors));
  }
  // Whole pages from the next one on, mostly; several blocks one after another.
  List to_write(std::uint32_t planes) {
    List out;
    const std::uint32_t runs = 1 + choose(3);
    for (std::uint32_t r = 0; r < runs; ++r) {
      const auto a = block();
      if (!a) break;
      const std::uint32_t next = oracle_.at(planes == 1 ? *a : Address{a->at_sector(0)}).next_page;
      const std::uint32_t page = std::min(choose(12) == 0 ? choose(shape().pages) : next, shape().pages - 1);
      const std::uint32_t count = std::min(1 + choose(3), shape().pages - page);
      for (const Address x : pages(host_.geometry(), *a, page, count, planes)) out.push_back(x);
    }
    return out;
  }
  // Something that is not right, now and then.
  void spoil(List& list) {
    if (list.empty()) return;
    Address& victim = list[choose(static_cast<std::uint32_t>(list.size()))];
    switch (choose(30)) {
      case 0: std::swap(victim, list.front()); break;
      case 1: list.pop_back(); break;
      case 2: list.push_back(list.front()); break;
      case 3: victim = outside(victim); break;
      case 4: std::ranges::reverse(list); break;
      default: break;
    }
  }
  // Beyond a count that leaves a hole in its field; the address itself where there is none.
  Address outside(Address a) {
    const Address candidates[] = {Address::of12(shape().channels, a.unit(), a.chunk()),
                                  Address::of12(a.group(), shape().luns, a.chunk()),
                                  Address::of12(a.group(), a.unit(), shape().blocks),
                                  Address::of12(a.group(), a.unit(), a.chunk(), 0, shape().pages)};
    const Address chosen = candidates[choose(4)];
    const model::PpaPacker packer(host_.device().ppa_format());
    return packer.encodable(chosen) ? chosen : a;
  }

  std::uint32_t mode() {
    if (choose(40) == 0) return choose(4);
    const std::uint32_t of_device = shape().planes == 4 ? 2 : shape().planes - 1;
    return choose(2) == 0 ? 0 : of_device;
  }

  void start() {
    const std::uint32_t control = mode();
    const std::uint32_t planes = control == 0 || control == 3 ? 1 : 1U << control;
    InFlight f;
    const std::uint32_t kind = choose(20);
    const std::uint32_t round = ++rounds_;
    if (kind < 9) {
      f.list = to_write(std::min(planes, shape().planes));
    } else {
      const auto a = block();
      const auto b = block();
      if (!a || !b) return;
      const std::uint32_t count = 1 + choose(choose(10) == 0 ? 66 : 8);
      for (std::uint32_t i = 0; i < count; ++i) f.list.push_back(anywhere(choose(3) == 0 ? *b : *a));
    }
    spoil(f.list);
    if (f.list.empty()) return;
    const IoOpcode opcode = kind < 9    ? IoOpcode::vector_write
                            : kind < 18 ? IoOpcode::vector_read
                                        : IoOpcode::vector_reset;
    for (const Address a : f.list) f.blocks.insert(block_key(a));
    f.command = host_.make(opcode, f.list, control, round);
    if (opcode == IoOpcode::vector_write) {
      f.expected = oracle_.write(f.list, control, round);
    } else if (opcode == IoOpcode::vector_reset) {
      f.expected = oracle_.erase(f.list, control);
    } else {
      f.expected = oracle_.read(f.list, control);
      expect_data(f);
    }
    std::uint16_t tag = 0;
    while (in_flight_.contains(tag)) ++tag;
    const auto placed = in_flight_.emplace(tag, std::move(f)).first;
    host_.start(*placed->second.command, tag);
  }

  void expect_data(InFlight& f) {
    if (f.expected.status == Oracle::kInvalid) return;
    for (std::size_t i = 0; i < f.list.size(); ++i) {
      if ((f.expected.bits >> i & 1) != 0) break;
      const Address a = f.list[i];
      const std::uint32_t round = oracle_.at(a).rounds[a.page() * shape().page_sectors + a.sec()];
      for (const std::byte b : pattern({a}, 512, round)) f.data.push_back(b);
      for (const std::byte b : pattern({a}, host_.geometry().oob_bytes, round + 1000)) f.metadata.push_back(b);
    }
  }

  void reap() {
    std::array<Done, 2> done;
    for (unsigned n = host_.poll(std::span(done).first(1 + choose(2))); n > 0; --n) judge(done[n - 1]);
  }

  void judge(const Done& d) {
    const auto found = in_flight_.find(d.tag);
    if (found == in_flight_.end()) return fail(fmt::format("tag {} was not in flight", d.tag));
    const InFlight f = std::move(found->second);
    in_flight_.erase(found);
    const Answer got{d.completion.status.nvme_bits(), d.completion.result};
    const bool writes = spec::Opcode::get(f.command->entry) == static_cast<std::uint32_t>(IoOpcode::vector_write);
    if (writes && case_.failing_writes != 0 && f.expected == Answer{} && got.status == Oracle::kWriteFailure) {
      if (got.bits == 0 || !oracle_.take_back(f.list, got.bits)) fail(fmt::format("lost pages {:#x}", got.bits));
      return;
    }
    if (got != f.expected) {
      return fail(
          fmt::format("opcode {:#x}, control {:#x}, {} addresses from {:#x} on: {:#x} {:#x} instead of {:#x} {:#x}",
                      spec::Opcode::get(f.command->entry), spec::Control::get(f.command->entry), f.list.size(),
                      f.list[0].value, got.status, got.bits, f.expected.status, f.expected.bits));
    }
    if (!std::equal(f.data.begin(), f.data.end(), f.command->data.begin())) fail(where_differs(f));
    if (!std::equal(f.metadata.begin(), f.metadata.end(), f.command->metadata.begin())) fail("other metadata");
  }

  static std::string where_differs(const InFlight& f) {
    const auto at = std::ranges::mismatch(f.data, f.command->data).in1 - f.data.begin();
    const auto entry = static_cast<std::size_t>(at) / 512;
    return fmt::format("address {} of {}, {:#x}, holds other data than was written, from byte {} on", entry,
                       f.list.size(), f.list[entry].value, at % 512);
  }

  void mark() {
    List list;
    const std::uint32_t count = 1 + choose(4);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (const auto a = block()) list.push_back(*a);
    }
    spoil(list);
    if (list.empty() || std::ranges::any_of(list, [&](Address a) { return busy(a); })) return;
    constexpr std::uint32_t kValues[] = {0, 0, 0, 0, 1, 2, 4, 8, 3, 255};
    const std::uint32_t value = kValues[choose(10)];
    const std::uint16_t got = host_.mark(list, value, choose(2)).status.nvme_bits();
    const std::uint16_t expected = oracle_.mark(list, value).status;
    if (got != expected) fail(fmt::format("marking as {}: {:#x} instead of {:#x}", value, got, expected));
  }

  // Of a LUN of which nothing is being erased, as that may mark a block.
  void compare_table() {
    const Address unit = Address::of12(choose(shape().channels), choose(shape().luns), 0);
    for (std::uint32_t b = 0; b < shape().blocks; ++b) {
      if (busy(Address::of12(unit.group(), unit.unit(), b))) return;
    }
    Bytes table;
    if (!host_.table(unit, table)) return fail("no bad block table");
    std::uint32_t counts[9] = {};
    for (std::uint32_t b = 0; b < shape().blocks; ++b) {
      for (std::uint32_t p = 0; p < shape().planes; ++p) {
        const std::uint8_t mark = oracle_.at(Address::of12(unit.group(), unit.unit(), b, p)).mark;
        ++counts[mark];
        if (table[64 + b * shape().planes + p] != std::byte{mark})
          fail(fmt::format("block {} plane {} is {}", b, p, mark));
      }
    }
    spec::BadBlockHeader header{};
    std::memcpy(&header, table.data(), sizeof header);
    if (header.tfact != counts[1] || header.tgrown != counts[2] || header.tdresv != counts[4] ||
        header.thresv != counts[8]) {
      fail("the table's counts are wrong");
    }
  }

  Case case_;
  Oracle oracle_;
  std::mt19937_64 random_;
  Host host_;
  std::map<std::uint16_t, InFlight> in_flight_;
  std::uint32_t rounds_ = 0;
  std::uint64_t step_ = 0;
  std::string wrong_;
};

const std::vector<Case> kCases = {
    {"one_plane", {2, 3, 5, 1, 6, 4}},
    {"two_planes", {2, 3, 5, 2, 6, 4}},
    {"four_planes", {1, 3, 3, 4, 5, 3}},
    {"single_sector_pages", {3, 1, 6, 2, 7, 1}},
    {"full_fields", {2, 2, 4, 2, 8, 2}},
    {"wears_out", {1, 2, 5, 2, 3, 2, 3}},
    {"slow", {2, 3, 7, 2, 6, 4}, true},
    {"slow_four_planes", {2, 3, 5, 4, 5, 3}, true},
    {"slow_and_failing", {2, 3, 7, 2, 6, 4}, true, 30},
};

class PhysicalOracleTest : public testing::TestWithParam<Case> {};

TEST_P(PhysicalOracleTest, device_agrees_with_the_oracle) {
  constexpr std::uint64_t kMilliseconds = 300;
  constexpr std::uint64_t kSteps = 1500;
  oracle::for_seeds(kMilliseconds, [&](std::uint64_t seed, auto) {
    return Session(GetParam(), seed).run(oracle::from_environment("ORACLE_STEPS", kSteps));
  });
}

INSTANTIATE_TEST_SUITE_P(, PhysicalOracleTest, testing::ValuesIn(kCases), [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace lightnvm::emulator::physical_test
