// SPDX-License-Identifier: BSD-2-Clause
// Status, its table and sentences; segments; checksums; callbacks.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "base/crc32c.hpp"
#include "base/error.hpp"
#include "base/segments.hpp"
#include "lightnvm/command.hpp"

namespace lightnvm {
namespace {

TEST(Status, is_ok_when_made_of_nothing) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().message(), "success");
  EXPECT_EQ(Status().to_errno(), 0);
  EXPECT_TRUE(Status::nvme(StatusCode::success).ok());
}

TEST(Status, keeps_an_errno_apart_from_a_device_verdict) {
  const Status os = Status::os(ENOSPC);
  EXPECT_TRUE(os.is_os());
  EXPECT_FALSE(os.is_nvme());
  EXPECT_EQ(os.code(), StatusCode::success);
  EXPECT_EQ(os.nvme_bits(), 0);
  EXPECT_EQ(os.to_errno(), ENOSPC);
  EXPECT_EQ(os.message(), std::strerror(ENOSPC));
}

TEST(Status, keeps_more_and_do_not_retry) {
  const Status s = Status::nvme_raw(0x2F2 | 0x2000 | 0x4000);
  EXPECT_TRUE(s.is(StatusCode::out_of_order_write));
  EXPECT_TRUE(s.dnr());
  EXPECT_TRUE(s.more());
  EXPECT_EQ(s.nvme_bits(), 0x62F2);
  EXPECT_EQ(s.message(), "Out of Order Write (0x2f2, more in the error log, do not retry)");
}

TEST(Status, says_of_a_code_that_it_does_not_know_what_it_can) {
  const Status s = Status::nvme_raw(0x1FE);
  EXPECT_EQ(s.message(), "Unknown Status (0x1fe)");
  EXPECT_EQ(s.to_errno(), EIO);
}

TEST(StatusTable, names_each_code_once) {
  std::set<std::string_view> names;
  unsigned known = 0;
  for (unsigned code = 0; code < 0x800; ++code) {
    const StatusInfo info = status_info(static_cast<StatusCode>(code));
    if (info.name == "unknown") continue;
    ++known;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.text.empty());
    EXPECT_EQ(info.error == 0, code == 0) << info.name;
  }
  EXPECT_GE(known, 60U);
}

TEST(LastError, belongs_to_its_thread) {
  const Status s = fail(Status::os(EINVAL), "mine");
  EXPECT_TRUE(s.is_errno(EINVAL));
  std::thread([] {
    EXPECT_EQ(last_error(), "");
    (void)fail(Status::os(EIO), "another's");
  }).join();
  EXPECT_EQ(last_error(), "mine");
}

TEST(Crc32c, has_the_check_value_of_the_catalogue) {
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32c(std::as_bytes(std::span(digits))), 0xE3069283U);
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, continues_from_a_seed) {
  std::vector<std::byte> data(1000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7);
  const std::span<const std::byte> all(data);
  for (const std::size_t cut : {0UL, 1UL, 7UL, 8UL, 9UL, 500UL, 999UL, 1000UL}) {
    EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all)) << cut;
  }
}

TEST(Crc32c, is_the_same_by_instruction_and_by_tables) {
  std::vector<std::byte> data(5000);
  std::mt19937 random(5);
  for (std::byte& b : data) b = static_cast<std::byte>(random());
  const std::span<const std::byte> all(data);
  for (int i = 0; i < 2000; ++i) {
    const std::size_t at = random() % 64;
    const auto piece = all.subspan(at, random() % (data.size() - at));
    const auto seed = static_cast<std::uint32_t>(random());
    ASSERT_EQ(crc32c(piece, seed), crc32c_portable(piece, seed)) << at << '+' << piece.size();
  }
}

TEST(SegmentRange, walks_pieces_whatever_their_borders) {
  std::array<std::byte, 10> memory{};
  const std::array segments = {Segment{memory.data(), 3}, Segment{memory.data() + 3, 0}, Segment{memory.data() + 3, 4},
                               Segment{memory.data() + 7, 3}};
  std::array<std::byte, 10> pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<std::byte>(i + 1);
  for (std::size_t offset = 0; offset <= 10; ++offset) {
    for (std::size_t bytes = 0; offset + bytes <= 10; ++bytes) {
      memory.fill(std::byte{0});
      const SegmentRange range{segments, offset, bytes};
      range.copy_in(pattern.data());
      for (std::size_t i = 0; i < 10; ++i) {
        const bool inside = i >= offset && i < offset + bytes;
        EXPECT_EQ(memory[i], inside ? pattern[i - offset] : std::byte{0});
      }
      std::array<std::byte, 10> out{};
      range.copy_out(out.data());
      EXPECT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(bytes), pattern.begin()));
    }
  }
  EXPECT_EQ(total_bytes(segments), 10U);
}

TEST(SegmentRange, stops_where_the_segments_end) {
  std::array<std::byte, 4> memory{};
  const Segment segment{memory.data(), memory.size()};
  std::size_t seen = 0;
  SegmentRange{{&segment, 1}, 2, 100}.for_each([&](std::byte*, std::size_t n, std::size_t) { seen += n; });
  EXPECT_EQ(seen, 2U);
}

TEST(Callback, calls_what_it_holds_and_lets_go_of_it) {
  const auto shared = std::make_shared<int>(0);
  {
    Callback callback = [shared](const Completion& c) { *shared += c.ok() ? 1 : 100; };
    EXPECT_EQ(shared.use_count(), 2);
    Callback moved = std::move(callback);
    EXPECT_FALSE(callback);
    moved({0, Status()});
    moved = Callback([shared](const Completion&) { *shared += 10; });
    EXPECT_EQ(shared.use_count(), 2);
    moved({0, Status()});
  }
  EXPECT_EQ(*shared, 11);
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace lightnvm
