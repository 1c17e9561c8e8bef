// SPDX-License-Identifier: BSD-2-Clause
// Power cuts of a fault plan, from the identifier down to the file: what was flushed is there, the rest is lost in
// part.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "../image_support.hpp"
#include "cut_model.hpp"
#include "lightnvm/device.hpp"

namespace lightnvm::emulator::durability {
namespace {

using image_test::Directory;

constexpr std::uint32_t kChunks = 6;

Config config() {
  Config c = image_test::small_config();
  c.geometry.groups = c.geometry.units = 1;
  c.geometry.chunks = kChunks;
  c.geometry.mw_cunits = 0;
  return c;
}

Sector sector(std::uint64_t value, const Geometry& g) {
  const auto byte = static_cast<std::byte>(1 + value % 255);
  return {std::make_shared<Bytes>(g.sector_bytes, byte), std::make_shared<Bytes>(g.oob_bytes, std::byte{0})};
}

class Load {
 public:
  Load(std::uint64_t seed, std::string path) : random_(seed), path_(std::move(path)) {
    models_.assign(kChunks, SequentialModel(config().geometry.sectors));
  }

  /// Works until the plan cuts the power, and closes the device.
  void run(const std::string& plan) {
    auto device = lightnvm::Device::open("emu:" + path_ + "?faults=" + plan);
    ASSERT_TRUE(device) << last_error();
    for (Completion c; c.ok();) {
      c = act(*device);
      EXPECT_TRUE(c || c.status.is(StatusCode::connection_lost)) << c.status.message();
    }
  }
  /// Holds what is there against what may be; returns how many sectors are lost.
  std::uint32_t check() {
    auto host = image_test::Host(path_);
    std::uint32_t lost = 0;
    for (std::uint32_t i = 0; i < kChunks; ++i) {
      const ChunkRecord record = host.device().machine().record(i);
      Found found{record.state, record.write_pointer, record.cycles, record.mark, {}};
      for (std::uint32_t s = 0; s < record.write_pointer; ++s) {
        Bytes data;
        Bytes metadata;
        EXPECT_TRUE(host.read(Address::of(0, 0, i, s), 1, data, metadata));
        found.sectors.push_back({std::make_shared<Bytes>(data), std::make_shared<Bytes>(metadata)});
      }
      const std::uint32_t written = models_[i].written();
      EXPECT_EQ(models_[i].check(found), "") << "chunk " << i;
      lost += written - std::min(written, record.write_pointer);
    }
    return lost;
  }

 private:
  std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>(random_() % n); }

  Completion act(lightnvm::Device& device) {
    const std::uint32_t chunk = below(kChunks);
    SequentialModel& model = models_[chunk];
    const Geometry& g = device.geometry();
    const std::uint32_t what = below(20);
    if (what == 0) {
      for (SequentialModel& m : models_) m.flush_begins();
      const Completion c = device.flush();
      if (c) {
        for (SequentialModel& m : models_) m.flush_ends();
      }
      return c;
    }
    const Address a = Address::of(0, 0, chunk, model.written());
    if (model.written() == model.size()) {
      model.reset_begins();
      // A reset that met the cut was not carried out.
      const Completion c = device.reset(Sectors(a.at_sector(0), 1));
      model.reset_ends(c.ok());
      return c;
    }
    const std::uint32_t n = std::min(g.ws_min * (1 + below(3)), model.size() - model.written());
    std::vector<Sector> sectors;
    Bytes data;
    for (std::uint32_t i = 0; i < n; ++i) {
      sectors.push_back(sector(random_(), g));
      data.insert(data.end(), sectors.back().data->begin(), sectors.back().data->end());
    }
    const bool fua = what == 2;
    model.write_begins(sectors);
    const Completion c = device.write(Sectors(a, n), Source(data), {.force_unit_access = fua});
    model.write_ends(c.ok());
    if (c && fua) model.durable_now();
    return c;
  }

  std::mt19937_64 random_;
  std::string path_;
  std::vector<SequentialModel> models_;
};

TEST(PlannedPowerCut, loses_what_was_not_flushed_in_part_and_nothing_else) {
  unsigned all = 0;
  unsigned some = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    const Directory directory;
    ASSERT_TRUE(create(directory.file(), config())) << last_error();
    Load load(seed, directory.file());
    for (unsigned cut = 0; cut < 3; ++cut) {
      const std::string plan = directory.file("plan");
      std::ofstream(plan) << "seed " << seed * 10 + cut << "\npower_cut nth=" << 20 + seed * 7 % 60 << "\n";
      load.run(plan);
      ASSERT_FALSE(testing::Test::HasFailure());
      const auto findings = check(directory.file());
      ASSERT_TRUE(findings) << last_error();
      for (const Finding& f : *findings) EXPECT_TRUE(f.repairable) << f.what;
      const std::uint32_t lost = load.check();
      ASSERT_FALSE(testing::Test::HasFailure());
      (lost == 0 ? all : some) += 1;
    }
  }
  EXPECT_GT(some, 40U) << "something is lost, as a rule";
  EXPECT_GT(all, 0U) << "but not always";
}

TEST(PlannedPowerCut, plan_that_does_not_cut_loses_nothing) {
  const Directory directory;
  ASSERT_TRUE(create(directory.file(), config())) << last_error();
  const std::string plan = directory.file("plan");
  std::ofstream(plan) << "power_cut nth=1000\n";
  const Bytes data(std::size_t{config().geometry.ws_min} * config().geometry.sector_bytes, std::byte{7});
  {
    auto device = lightnvm::Device::open("emu:" + directory.file() + "?faults=" + plan);
    ASSERT_TRUE(device) << last_error();
    ASSERT_TRUE(device->write(Sectors(Address::of(0, 0, 2, 0), config().geometry.ws_min), Source(data)));
  }
  image_test::Host host(directory.file());
  EXPECT_EQ(host.chunk(Address::of(0, 0, 2)).write_pointer, config().geometry.ws_min);
}

}  // namespace
}  // namespace lightnvm::emulator::durability
