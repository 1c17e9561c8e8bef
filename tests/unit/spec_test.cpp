// SPDX-License-Identifier: BSD-2-Clause
// Commands as bytes: golden ones from the specifications' tables, and fields that come back as they were set.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "spec/build.hpp"

namespace lightnvm::spec {
namespace {

using Dwords = std::array<std::uint32_t, 16>;

TEST(Build, read_of_eight_blocks) {
  EXPECT_EQ(build::transfer(IoOpcode::read, 1, 0x1211C003, 8).dw,
            (Dwords{0x02, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x1211C003, 0, 7, 0, 0, 0}));
}

TEST(Build, write_at_the_top_of_the_address_space) {
  Command c = build::transfer(IoOpcode::write, 0xFFFFFFFE, 0xFFFFFFFF00000001ULL, 65536);
  Fua::set(c, 1);
  LimitedRetry::set(c, 1);
  EXPECT_EQ(c.dw, (Dwords{0x01, 0xFFFFFFFE, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFFFFFFFF, 0xC000FFFF, 0, 0, 0}));
}

TEST(Build, vector_commands_count_from_zero) {
  EXPECT_EQ(build::vector(IoOpcode::vector_reset, 1, 1).dw, (Dwords{0x90, 1}));
  EXPECT_EQ(build::vector(IoOpcode::vector_copy, 1, 64).dw,
            (Dwords{0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0}));
}

TEST(Build, chunk_log_of_a_whole_unit) {
  // 1474 descriptors of 32 bytes, those of unit 5 of a device of 1474 chunks a unit.
  const Command c = build::get_log(LogPage::chunk_information, 1, 5ULL * 1474 * 32, 1474 * 32);
  EXPECT_EQ(c.dw, (Dwords{0x02, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x2E0F00CA, 0, 0x00039940, 0, 0, 0}));
}

TEST(Build, a_long_log_uses_both_halves_of_its_length) {
  const Command c = build::get_log(LogPage::chunk_notification, 1, 0x123456789CULL, 1U << 20, true);
  EXPECT_EQ(c.dw[10], 0xFFFF80D0U);
  EXPECT_EQ(c.dw[11], 3U);
  EXPECT_EQ(Lpo::get(c), 0x123456789CULL);
}

TEST(Build, deallocate_and_features_and_abort) {
  EXPECT_EQ(build::deallocate(1, 64).dw, (Dwords{0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0, 63, 4, 0, 0, 0, 0}));
  EXPECT_EQ(build::set_features(FeatureId::error_recovery, 1, kDulbe).dw,
            (Dwords{0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x10000, 0, 0, 0, 0}));
  EXPECT_EQ(build::abort(3, 0x1234).dw, (Dwords{0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12340003, 0, 0, 0, 0, 0}));
  EXPECT_EQ(build::identify(3, 1).dw, (Dwords{0x06, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0}));
  EXPECT_EQ(build::geometry(1).dw, (Dwords{0xE2, 1}));
  EXPECT_EQ(build::flush(1).dw, (Dwords{0, 1}));
}

template <typename F>
void comes_back(std::mt19937_64& random) {
  Command c;
  for (auto& dw : c.dw) dw = static_cast<std::uint32_t>(random());
  const Command before = c;
  const auto value = random();
  F::set(c, static_cast<decltype(F::get(c))>(value));
  const auto set = F::get(c);
  F::set(c, F::get(before));
  EXPECT_EQ(c, before) << "a neighbouring bit changed";
  Command again;
  F::set(again, set);
  EXPECT_EQ(F::get(again), set);
}

TEST(Field, sets_its_own_bits_and_no_others) {
  const auto seed = testing::UnitTest::GetInstance()->random_seed();
  std::mt19937_64 random(static_cast<std::uint64_t>(seed) + 1);
  for (int i = 0; i < 1000; ++i) {
    comes_back<Opcode>(random);
    comes_back<Fuse>(random);
    comes_back<Psdt>(random);
    comes_back<Nsid>(random);
    comes_back<Mptr>(random);
    comes_back<Slba>(random);
    comes_back<Nlb>(random);
    comes_back<Prinfo>(random);
    comes_back<Fua>(random);
    comes_back<LimitedRetry>(random);
    comes_back<Numdl>(random);
    comes_back<Numdu>(random);
    comes_back<Lpo>(random);
    comes_back<Save>(random);
    comes_back<Deallocate>(random);
    comes_back<Dlbal>(random);
  }
}

TEST(Build, what_is_built_is_parsed_back) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t lba = random();
    const auto blocks = static_cast<std::uint32_t>(random() % 65536 + 1);
    const auto nsid = static_cast<std::uint32_t>(random());
    const Command c = build::transfer(IoOpcode::read, nsid, lba, blocks);
    EXPECT_EQ(Slba::get(c), lba);
    EXPECT_EQ(Nlb::get(c) + 1, blocks);
    EXPECT_EQ(Nsid::get(c), nsid);
    const auto bytes = static_cast<std::uint32_t>(random() % (1U << 30) + 1) * 4;
    const Command log = build::get_log(LogPage::chunk_information, nsid, lba, bytes);
    EXPECT_EQ(((Numdu::get(log) << 16 | Numdl::get(log)) + 1ULL) * 4, bytes);
    EXPECT_EQ(Lpo::get(log), lba);
  }
}

}  // namespace
}  // namespace lightnvm::spec
