// SPDX-License-Identifier: BSD-2-Clause
// What nvm_bench counts with: the histogram against sorting, the series, the pattern, the comparison of two runs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "bench_compare.hpp"
#include "bench_histogram.hpp"
#include "bench_pattern.hpp"
#include "bench_series.hpp"

namespace tools::bench {
namespace {

using lightnvm::Address;

TEST(BenchHistogram, buckets_follow_each_other_without_gaps) {
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    const std::uint64_t first = Histogram::first_of(i), next = Histogram::first_of(i + 1);
    ASSERT_LT(first, next);
    EXPECT_EQ(Histogram::bucket_of(first), i);
    EXPECT_EQ(Histogram::bucket_of(next - 1), i);
    EXPECT_LE((next - first) * Histogram::kParts, std::max(first, Histogram::kParts)) << first;
  }
  EXPECT_EQ(Histogram::first_of(Histogram::kBuckets), Histogram::kLargest + 1);
}

// The largest relative error of all percentiles against those of the sorted values.
double error_of(std::vector<std::uint64_t> values) {
  Histogram h;
  for (const auto v : values) h.add(v);
  std::ranges::sort(values);
  double worst = 0;
  for (double p = 0; p <= 100; p += 0.01) {
    const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[std::clamp<std::size_t>(rank, 1, values.size()) - 1]);
    worst = std::max(worst, std::abs(static_cast<double>(h.percentile(p)) - exact) / std::max(exact, 1.0));
  }
  EXPECT_EQ(h.percentile(0) >= values.front(), true);
  EXPECT_EQ(h.least(), values.front());
  EXPECT_EQ(h.greatest(), values.back());
  return worst;
}

TEST(BenchHistogram, percentiles_agree_with_sorting) {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> tail(9, 2);
  std::uniform_int_distribution<std::uint64_t> even(0, 200), wide(0, Histogram::kLargest);
  for (const std::size_t n : {1UL, 2UL, 7UL, 1000UL, 50000UL}) {
    std::vector<std::uint64_t> a(n), b(n), c(n);
    for (auto& v : a) v = static_cast<std::uint64_t>(tail(random));
    for (auto& v : b) v = even(random);
    for (auto& v : c) v = wide(random);
    EXPECT_LE(error_of(a), 1.0 / 128);
    EXPECT_LE(error_of(b), 1.0 / 128);
    EXPECT_LE(error_of(c), 1.0 / 128);
  }
}

TEST(BenchHistogram, sums_are_those_of_all_values) {
  Histogram a, b, all;
  for (std::uint64_t v = 1; v < 3000; v += 7) {
    (v % 2 == 0 ? a : b).add(v * v);
    all.add(v * v);
  }
  a.add(b);
  EXPECT_EQ(a.total(), all.total());
  EXPECT_EQ(a.mean(), all.mean());
  for (const double p : {0.0, 50.0, 99.0, 100.0}) EXPECT_EQ(a.percentile(p), all.percentile(p));
}

TEST(BenchHistogram, nothing_and_too_much) {
  Histogram h;
  EXPECT_EQ(h.percentile(99), 0U);
  EXPECT_EQ(h.least(), 0U);
  EXPECT_EQ(h.mean(), 0.0);
  h.add(~0ULL);
  EXPECT_EQ(h.greatest(), Histogram::kLargest);
  EXPECT_EQ(h.percentile(50), Histogram::kLargest);
}

TEST(BenchSeries, counts_by_interval_and_leaves_out_what_is_not_whole) {
  Series s(10);
  for (const std::uint64_t at : {0, 9, 10, 35, 39, 41}) s.add(at);
  const auto whole = s.whole(42);
  EXPECT_EQ(std::vector<std::uint64_t>(whole.begin(), whole.end()), (std::vector<std::uint64_t>{2, 1, 0, 2}));
  EXPECT_EQ(s.whole(5).size(), 1U);
}

TEST(BenchSeries, folds_when_it_is_full_and_loses_nothing) {
  Series s(1), other(1);
  for (std::uint64_t at = 0; at < 3 * Series::kMost; ++at) s.add(at);
  for (std::uint64_t at = 0; at < 100; ++at) other.add(at);
  EXPECT_EQ(s.interval(), 4U);
  for (const auto n : s.whole(3 * Series::kMost)) ASSERT_EQ(n, 4U);
  Series sum = other;
  sum.add(s);
  s.add(other);
  for (const Series* both : {&s, &sum}) {
    EXPECT_EQ(both->interval(), 4U);
    EXPECT_EQ(both->whole(3 * Series::kMost)[24], 8U);
    EXPECT_EQ(both->whole(3 * Series::kMost)[25], 4U);
  }
}

TEST(BenchPattern, any_changed_bit_is_found_where_it_is) {
  std::vector<std::byte> sector(512);
  const Address a = Address::of(1, 2, 3, 4);
  put_pattern(sector, 7, a);
  EXPECT_FALSE(check_pattern(sector, 7, a));
  for (std::size_t bit = 0; bit < sector.size() * 8; bit += 13) {
    sector[bit / 8] ^= std::byte{1} << bit % 8;
    const auto wrong = check_pattern(sector, 7, a);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->offset, bit / 64 * 8);
    EXPECT_EQ(wrong->expected ^ wrong->found, 1ULL << bit % 64);
    EXPECT_EQ(wrong->address, a);
    sector[bit / 8] ^= std::byte{1} << bit % 8;
  }
}

TEST(BenchPattern, another_seed_and_another_address_are_another_pattern) {
  std::vector<std::byte> sector(4096);
  put_pattern(sector, 7, Address::of(1, 2, 3, 4));
  EXPECT_EQ(check_pattern(sector, 8, Address::of(1, 2, 3, 4))->offset, 0U);
  EXPECT_EQ(check_pattern(sector, 7, Address::of(1, 2, 3, 5))->offset, 0U);
  EXPECT_EQ(check_pattern(sector, 7, Address::of(0, 2, 3, 4))->offset, 0U);
}

TEST(BenchChance, is_even_and_the_same_for_the_same_seed) {
  Chance a(1), b(1), c(2);
  std::vector<unsigned> seen(10);
  bool differs = false;
  for (int i = 0; i < 100000; ++i) {
    const auto n = a.below(10);
    ++seen.at(n);
    EXPECT_EQ(b.below(10), n);
    differs = differs || c.below(10) != n;
  }
  EXPECT_TRUE(differs);
  for (const unsigned n : seen) EXPECT_NEAR(n, 10000, 500);
}

std::vector<double> speeds(std::mt19937& random, double around, std::size_t n) {
  std::normal_distribution<double> noise(around, around / 10);
  std::vector<double> out(n);
  for (auto& v : out) v = noise(random);
  return out;
}

TEST(BenchCompare, equal_runs_differ_in_one_of_a_hundred) {
  std::mt19937 random(11);
  for (const std::size_t n : {6UL, 15UL, 50UL, 300UL}) {
    int differing = 0;
    for (int i = 0; i < 1000; ++i)
      differing += compare_speeds(speeds(random, 1000, n), speeds(random, 1000, n))->differs();
    EXPECT_LE(differing, 20) << n;
  }
}

TEST(BenchCompare, a_difference_is_found_with_its_size_and_direction) {
  std::mt19937 random(12);
  for (int i = 0; i < 100; ++i) {
    const auto a = speeds(random, 1000, 100), b = speeds(random, 1200, 100);
    const auto faster = compare_speeds(a, b), slower = compare_speeds(b, a);
    EXPECT_TRUE(faster->differs() && faster->low > 1);
    EXPECT_TRUE(slower->differs() && slower->high < 1);
    EXPECT_NEAR(faster->median, 1.2, 0.1);
    EXPECT_TRUE(faster->low <= faster->median && faster->median <= faster->high);
  }
}

TEST(BenchCompare, outliers_do_not_make_a_difference) {
  std::mt19937 random(13);
  auto a = speeds(random, 1000, 100), b = speeds(random, 1000, 100);
  for (std::size_t i = 0; i < 100; i += 20) b[i] = 0;
  EXPECT_FALSE(compare_speeds(a, b)->differs());
}

TEST(BenchCompare, too_little_is_no_ground_for_a_verdict) {
  const std::vector<double> four(4, 1), five(5, 1), none(5, 0);
  EXPECT_FALSE(compare_speeds(four, five));
  EXPECT_FALSE(compare_speeds(five, four));
  EXPECT_FALSE(compare_speeds(five, five)->differs());
  EXPECT_FALSE(compare_speeds(none, none)->differs());
  EXPECT_EQ(compare_speeds(none, five)->median, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace tools::bench
