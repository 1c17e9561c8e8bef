// SPDX-License-Identifier: BSD-2-Clause
// The line of the progress bar at every width, and the numbers of the command line.
#include "progress.hpp"

#include <gtest/gtest.h>

#include "common.hpp"

namespace tools {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

TEST(BarLine, shows_all_in_80_columns) {
  EXPECT_EQ(bar_line({"nvm_vblk_write", 36 * kMebibyte, 90 * kMebibyte, 2.0}, 79),
            "nvm_vblk_write  40% [======>         ]  36.0 of 90.0 MiB    18 MiB/s  0:03 left");
  EXPECT_EQ(bar_line({"nvm_emu_check", 1000, 900000, 1.0, false, "chunks"}, 79),
            "nvm_emu_check   0% [>         ]    1000 of 900000 chunks     1000/s  14:59 left");
}

TEST(BarLine, never_is_wider_than_the_terminal) {
  for (unsigned columns = 0; columns < 200; ++columns) {
    for (const std::uint64_t done : {0ULL, 1ULL, 50ULL, 99ULL, 100ULL, 200ULL}) {
      for (const double seconds : {0.0, 0.1, 1e5, 1e9}) {
        EXPECT_LE(bar_line({"name", done << 50, 100ULL << 50, seconds}, columns).size(), columns);
      }
    }
    EXPECT_LE(bar_line({"nvm_cmd_flush", 0, 0, 5.0}, columns).size(), columns);
  }
}

TEST(BarLine, begins_and_ends) {
  EXPECT_EQ(bar_line({"x", 0, 100, 0.5}, 60), "x   0% [>           ]    0.0 of 100.0 B   0.0 B/s  -:-- left");
  EXPECT_EQ(bar_line({"x", 100, 100, 0.5}, 60), "x 100% [============]  100.0 of 100.0 B   200 B/s  0:00 left");
  EXPECT_EQ(bar_line({"nvm_cmd_flush", 0, 0, 61.0}, 60), "nvm_cmd_flush  1:01");
}

TEST(Numbers, decimal_and_hexadecimal) {
  EXPECT_EQ(parse_number("010"), 10U);
  EXPECT_EQ(parse_number("0x10"), 16U);
  EXPECT_EQ(parse_number("18446744073709551615"), ~0ULL);
  for (const char* wrong : {"", "x", "-1", "+1", " 1", "1 ", "0x", "0xg", "1e3", "18446744073709551616"}) {
    EXPECT_FALSE(parse_number(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_number("256", 255));
  EXPECT_EQ(parse_hex("0402008e00000000"), 0x0402008e00000000U);
  EXPECT_EQ(parse_hex("0XfF"), 255U);
  EXPECT_FALSE(parse_hex("10000000000000000"));
  EXPECT_FALSE(parse_hex("-1"));
}

TEST(Numbers, sizes_have_units) {
  CLI::App app;
  std::uint64_t size = 0;
  add_size(&app, "--size", size, "");
  const auto parsed = [&](const std::string& text) {
    size = 1;
    app.parse("--size=" + text);
    return size;
  };
  EXPECT_EQ(parsed("4096"), 4096U);
  EXPECT_EQ(parsed("4K"), 4096U);
  EXPECT_EQ(parsed("0x1B"), 27U);
  EXPECT_EQ(parsed("12B"), 12U);
  EXPECT_EQ(parsed("3MiB"), 3U << 20);
  EXPECT_EQ(parsed("5GB"), 5ULL << 30);
  EXPECT_EQ(parsed("16777215T"), 16777215ULL << 40);
  for (const char* wrong : {"16777216T", "K", "B", "iB", "1X", "1KK", "-1K", "0x1K", "1.5G"}) {
    EXPECT_THROW((void)parsed(wrong), CLI::ParseError) << wrong;
  }
}

TEST(Numbers, bytes_for_people) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(20480), "20 KiB");
  EXPECT_EQ(human_bytes(5704253440), "5.31 GiB");
  EXPECT_EQ(human_bytes(~0ULL), "16 EiB");
  EXPECT_EQ(counted(1, "byte"), "1 byte");
  EXPECT_EQ(counted(0, "byte"), "0 bytes");
}

}  // namespace
}  // namespace tools
