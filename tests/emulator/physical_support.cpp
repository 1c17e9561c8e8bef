// SPDX-License-Identifier: BSD-2-Clause
// The host of the tests of OCSSD 1.2.
#include "physical_support.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "spec/ocssd12.hpp"

namespace lightnvm::emulator::physical_test {

Config small_physical(std::uint32_t planes, std::uint32_t pe_cycles) {
  Config c(SpecVersion::ocssd12);
  const std::pair<const char*, std::uint32_t> options[] = {
      {"groups", 2}, {"punits", 3},       {"blocks", 5},         {"planes", planes},
      {"pages", 6},  {"page_sectors", 2}, {"sector_bytes", 512}, {"pe_cycles", pe_cycles}};
  for (const auto& [key, value] : options) EXPECT_TRUE(apply_option(c, key, std::to_string(value)));
  EXPECT_TRUE(apply_option(c, "bad", "0.0.3,1.2.4.0"));
  return c;
}

List pages(const Geometry& g, Address block, std::uint32_t page, std::uint32_t count, std::uint32_t planes) {
  List out;
  for (std::uint32_t p = page; p < page + count; ++p) {
    for (std::uint32_t plane = 0; plane < planes; ++plane) {
      for (std::uint32_t sec = 0; sec < g.page_sectors; ++sec) {
        out.push_back(
            Address::of12(block.group(), block.unit(), block.chunk(), planes == 1 ? block.plane() : plane, p, sec));
      }
    }
  }
  return out;
}

Bytes pattern(const List& list, std::uint32_t bytes_each, std::uint32_t round) {
  Bytes out;
  for (const Address a : list) {
    std::minstd_rand random(static_cast<std::uint32_t>(a.value * 2654435761U + (a.value >> 32) + round * 7919U + 1));
    for (std::uint32_t i = 0; i < bytes_each; ++i) out.push_back(static_cast<std::byte>(random() >> 8));
  }
  return out;
}

Host::Host(const Config& config, std::uint32_t depth)
    : Host(
          [&] {
            auto made = Device::in_memory(config);
            EXPECT_TRUE(made.has_value()) << last_error();
            return made.value();
          }(),
          depth) {}

Host::Host(std::shared_ptr<Device> device, std::uint32_t depth)
    : device_(std::move(device)),
      controller_(device_, 1),
      queue_(controller_, depth, 1),
      packer_(device_->ppa_format()) {}

std::unique_ptr<Command> Host::make(spec::IoOpcode opcode, const List& list, std::uint32_t control,
                                    std::uint32_t round) const {
  auto c = std::make_unique<Command>();
  c->entry = spec::build::vector(opcode, 1, static_cast<std::uint32_t>(list.size()));
  spec::Control::set(c->entry, control);
  for (const Address a : list) c->list.push_back(ppa(a));
  if (opcode != spec::IoOpcode::vector_reset) {
    c->data = pattern(list, geometry().sector_bytes, round);
    c->metadata = pattern(list, geometry().oob_bytes, round + 1000);
    if (opcode == spec::IoOpcode::vector_read) {
      std::ranges::fill(c->data, std::byte{0xCC});
      std::ranges::fill(c->metadata, std::byte{0xCC});
    }
    c->data_segment = {c->data.data(), c->data.size()};
    c->metadata_segment = {c->metadata.data(), c->metadata.size()};
    c->payload.data = {&c->data_segment, 1};
    c->payload.metadata = {&c->metadata_segment, 1};
  }
  c->payload.list = c->list;
  return c;
}

Completion Host::run(Command& command) {
  start(command, 0);
  std::array<Done, 1> done;
  while (poll(done) == 0) std::this_thread::yield();
  return done[0].completion;
}

Completion Host::write(const List& list, std::uint32_t control, std::uint32_t round) {
  return run(*make(spec::IoOpcode::vector_write, list, control, round));
}

Completion Host::erase(const List& list, std::uint32_t control) {
  return run(*make(spec::IoOpcode::vector_reset, list, control));
}

Completion Host::read(const List& list, std::uint32_t control) {
  return run(*make(spec::IoOpcode::vector_read, list, control));
}

bool Host::reads_back(const List& list, std::uint32_t round, std::uint32_t control) {
  const auto c = make(spec::IoOpcode::vector_read, list, control);
  const Completion done = run(*c);
  return done.ok() && done.result == 0 && c->data == pattern(list, geometry().sector_bytes, round) &&
         c->metadata == pattern(list, geometry().oob_bytes, round + 1000);
}

Completion Host::admin(const spec::Command& command, std::span<std::byte> data, std::span<const std::uint64_t> list) {
  const Segment segment{data.data(), data.size()};
  Payload payload;
  if (!data.empty()) payload.data = {&segment, 1};
  payload.list = list;
  return controller_.execute(command, payload);
}

Completion Host::mark(const List& list, std::uint32_t value, std::uint32_t nsid) {
  auto command =
      spec::build::set_bad_blocks(nsid, static_cast<std::uint8_t>(value), static_cast<std::uint32_t>(list.size()));
  std::vector<std::uint64_t> addresses;
  for (const Address a : list) addresses.push_back(ppa(a));
  if (list.size() > 1) return admin(command, {}, addresses);
  spec::Ppa::set(command, addresses.at(0));
  return admin(command);
}

Completion Host::table(Address unit, Bytes& out) {
  out.assign(sizeof(spec::BadBlockHeader) + std::size_t{geometry().chunks} * geometry().planes, std::byte{0xCC});
  return admin(spec::build::get_bad_blocks(1, ppa(unit)), out);
}

}  // namespace lightnvm::emulator::physical_test
