// SPDX-License-Identifier: BSD-2-Clause
// Foreign and damaged files are refused with a sentence that says what is wrong, and never believed.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/crc32c.hpp"
#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

using testing::HasSubstr;

class ImageDamageTest : public testing::Test {
 protected:
  void SetUp() override { make_image(path, small_config()); }

  // Refused by each way of opening, with a sentence that names the file.
  void expect_refused(const std::string& because) const {
    for (const ImageAccess access : {ImageAccess::exclusive, ImageAccess::look}) {
      const Refusal refused = open_refusal(path, access);
      EXPECT_TRUE(refused.status.is_errno(EINVAL)) << refused.status.message();
      EXPECT_THAT(refused.sentence, testing::AllOf(HasSubstr(path), HasSubstr(because)));
    }
    const auto described = info(path);
    EXPECT_TRUE(!described && described.error().is_errno(EINVAL));
    const auto findings = check(path);
    EXPECT_TRUE(!findings && findings.error().is_errno(EINVAL));
    EXPECT_THAT(last_error(), HasSubstr(because));
  }

  Directory directory;
  std::string path = directory.file();
};

class ForeignFileTest : public ImageDamageTest {
 protected:
  void SetUp() override {}
};

TEST_F(ForeignFileTest, an_empty_file) {
  write_file(path, "");
  expect_refused("not an emulated device");
}

TEST_F(ForeignFileTest, a_short_text) {
  write_file(path, "LNVMOCSD is how an image begins");
  expect_refused("not an emulated device");
}

TEST_F(ForeignFileTest, a_large_file_of_zeros) {
  write_file(path, "");
  resize(path, 1 << 30);
  expect_refused("not an emulated device");
}

TEST_F(ForeignFileTest, the_magic_alone) {
  write_file(path, 0, Bytes(8192));
  write_file(path, "LNVMOCSD");
  expect_refused("both superblocks are damaged");
}

TEST_F(ForeignFileTest, a_segment_that_is_not_the_first) {
  make_image(directory.file("other"), small_config(), {false, 2 << 20});
  path = directory.file("other.1");
  expect_refused("not an emulated device");
}

TEST_F(ForeignFileTest, a_directory) {
  std::filesystem::create_directory(path);
  EXPECT_FALSE(open_refusal(path).status.ok());
  EXPECT_THAT(last_error(), HasSubstr(path));
  EXPECT_TRUE(open_refusal(path, ImageAccess::look).status.is_errno(EINVAL));
}

TEST_F(ForeignFileTest, a_fifo_is_refused_at_once) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(in_child([&] {
              ::alarm(2);
              return info(path).error().is_errno(EINVAL) ? 0 : 1;
            }),
            0);
}

TEST_F(ForeignFileTest, it_keeps_its_bytes) {
  write_file(path, 0, Bytes(10000, std::byte{'x'}));
  expect_refused("not an emulated device");
  EXPECT_EQ(read_file(path, 0, 10000), Bytes(10000, std::byte{'x'}));
}

TEST_F(ImageDamageTest, every_byte_of_the_superblock_is_guarded) {
  const auto sound = superblocks(path);
  for (std::size_t at = 0; at < sizeof(Superblock); ++at) {
    damage(path, [&](Superblock& s) { reinterpret_cast<unsigned char*>(&s)[at] ^= 0x10; }, Checksums::left);
    const Refusal refused = open_refusal(path, ImageAccess::look);
    ASSERT_TRUE(refused.status.is_errno(EINVAL)) << "byte " << at;
    ASSERT_THAT(refused.sentence, HasSubstr(at < 8 ? "not an emulated device" : "both superblocks are damaged"));
    write_superblocks(path, sound, Checksums::left);
  }
}

TEST_F(ImageDamageTest, every_byte_of_one_copy_may_be_damaged) {
  const auto sound = superblocks(path);
  for (std::size_t at = 0; at < 2 * sizeof(Superblock); ++at) {
    auto copies = sound;
    reinterpret_cast<unsigned char*>(copies.data())[at] ^= 0x10;
    write_superblocks(path, copies, Checksums::left);
    ASSERT_TRUE(open_refusal(path, ImageAccess::look).status.ok()) << "byte " << at << ": " << last_error();
  }
}

TEST_F(ImageDamageTest, an_image_that_is_refused_for_its_checksum_keeps_its_bytes) {
  damage(path, [](Superblock& s) { s.groups = 3; }, Checksums::left);
  const auto before = superblocks(path);
  expect_refused("both superblocks are damaged");
  const auto after = superblocks(path);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
}

TEST_F(ImageDamageTest, an_image_that_is_refused_for_its_layout_keeps_its_bytes) {
  damage(path, [](Superblock& s) { s.groups = 0; }, Checksums::recomputed);
  const auto before = superblocks(path);
  expect_refused("groups");
  const auto after = superblocks(path);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
}

TEST_F(ImageDamageTest, a_file_that_is_cut_in_its_superblock_is_refused) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 4095ULL, 4096ULL, 8191ULL}) {
    resize(path, bytes);
    expect_refused("not an emulated device");
  }
}

TEST_F(ImageDamageTest, a_file_that_is_cut_is_refused_with_both_lengths) {
  const std::uint64_t whole = file_size(path);
  for (const std::uint64_t bytes : {whole - 1, whole / 2, std::uint64_t{8192}}) {
    resize(path, bytes);
    expect_refused(std::to_string(bytes) + " bytes long instead of " + std::to_string(whole));
  }
}

TEST_F(ImageDamageTest, a_file_that_is_longer_than_it_must_be_is_no_harm) {
  resize(path, file_size(path) + 4096);
  EXPECT_TRUE(open_refusal(path).status.ok()) << last_error();
}

TEST_F(ImageDamageTest, the_copy_with_the_higher_sequence_counts) {
  auto copies = superblocks(path);
  copies[0].serial.fill('A');
  copies[1].serial.fill('B');
  copies[0].sequence = 10;
  copies[1].sequence = 9;
  write_superblocks(path, copies, Checksums::recomputed);
  EXPECT_EQ(info(path)->config.serial, std::string(20, 'A'));
  copies[1].sequence = 11;
  write_superblocks(path, copies, Checksums::recomputed);
  EXPECT_EQ(info(path)->config.serial, std::string(20, 'B'));
}

// The newer copy was being written when the power went: all after its first 512 bytes is old, or zeros.
class TornSuperblockTest : public ImageDamageTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(TornSuperblockTest, leaves_the_other_copy) {
  {
    ASSERT_TRUE(Host(path).write(Address::of(0, 0, 0), 4));
  }
  auto copies = superblocks(path);
  Superblock& torn = copies[GetParam()];
  std::memset(reinterpret_cast<char*>(&torn) + 64, 0, sizeof torn - 64);
  write_superblocks(path, copies, Checksums::left);
  Host host(path);
  EXPECT_EQ(host.device().geometry(), small_config().geometry);
  EXPECT_EQ(host.chunk(Address::of(0, 0, 0)).write_pointer, 4U);
}

TEST_P(TornSuperblockTest, is_named_by_check) {
  auto copies = superblocks(path);
  copies[GetParam()].crc ^= 1;
  write_superblocks(path, copies, Checksums::left);
  const auto findings = check(path);
  ASSERT_TRUE(findings) << last_error();
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ(findings->front().where, "superblock");
}

TEST_P(TornSuperblockTest, is_whole_again_after_it_was_opened_and_closed) {
  auto copies = superblocks(path);
  copies[GetParam()].crc ^= 1;
  write_superblocks(path, copies, Checksums::left);
  {
    const Host host(path);
  }
  copies = superblocks(path);
  copies[1 - GetParam()].crc ^= 1;
  write_superblocks(path, copies, Checksums::left);
  EXPECT_TRUE(open_refusal(path).status.ok()) << last_error();
}

INSTANTIATE_TEST_SUITE_P(, TornSuperblockTest, testing::Values(0, 1),
                         [](const auto& param) { return param.param == 0 ? "the_first" : "the_second"; });

class DamagedRecordTest : public ImageDamageTest {
 protected:
  static constexpr std::uint32_t kIndex = 9;  // chunk (0,1,3)

  void SetUp() override {
    Config c = small_config();
    c.overrides.push_back(override_of(Address::of(0, 1, 3), ChunkState::open, 8));
    make_image(path, c);
  }
  // Writes a record with a checksum that is right.
  void put(DiskRecord record) const {
    record.crc = 0;
    const std::uint32_t seed = crc32c(std::as_bytes(std::span(&kIndex, 1)));
    record.crc = crc32c(std::as_bytes(std::span(&record, 1)).first(offsetof(DiskRecord, crc)), seed);
    write_record(path, kIndex, record);
  }
  void expect_found(const std::string& what) const {
    const auto findings = check(path);
    ASSERT_TRUE(findings) << last_error();
    ASSERT_EQ(findings->size(), 1U);
    EXPECT_EQ(findings->front().where, "chunk (0,1,3)");
    EXPECT_THAT(findings->front().what, HasSubstr(what));
    const Refusal refused = open_refusal(path);
    EXPECT_TRUE(refused.status.is_errno(EINVAL)) << what;
    EXPECT_THAT(refused.sentence, HasSubstr("1 chunk records are damaged"));
  }
};

TEST_F(DamagedRecordTest, every_byte_of_it_is_guarded) {
  const DiskRecord sound = read_record(path, kIndex);
  for (std::size_t at = 0; at < sizeof sound; ++at) {
    DiskRecord record = sound;
    reinterpret_cast<unsigned char*>(&record)[at] ^= 0x40;
    write_record(path, kIndex, record);
    expect_found("checksum");
  }
}

TEST_F(DamagedRecordTest, a_record_of_zeros_with_one_bit_set_is_found) {
  DiskRecord record{};
  record.crc = 1;
  write_record(path, kIndex, record);
  expect_found("checksum");
}

TEST_F(DamagedRecordTest, the_record_of_another_chunk_is_found) {
  const DiskRecord record = read_record(path, kIndex);
  write_record(path, kIndex, DiskRecord{});
  write_record(path, kIndex + 1, record);
  const auto findings = check(path);
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ(findings->front().where, "chunk (0,1,4)");
}

TEST_F(DamagedRecordTest, impossible_records_with_a_right_checksum_are_found) {
  const struct {
    DiskRecord record;
    const char* what;
  } impossible[] = {
      {{0, 0, 0, 3, 0, 0}, "state is unknown"},
      {{0, 0, 0, 0x80, 0, 0}, "state is unknown"},
      {{8, 0, 0, 4, 3, 0}, "type is unknown"},
      {{0, 64, 0, 8, 0, 0}, "has no sectors"},
      {{0, 0xFFFFFFFF, 0, 8, 0, 0}, "has no sectors"},
      {{4, 0, 0, 0, 0, 0}, "free but has a write pointer"},
      {{0, 0, 0, 4, 0, 0}, "write pointer is not within it"},
      {{64, 0, 0, 4, 0, 0}, "write pointer is not within it"},
      {{40, 24, 0, 4, 0, 0}, "write pointer is not within it"},
      {{65, 0, 0, 2, 0, 0}, "past its end"},
      {{41, 24, 0, 2, 0, 0}, "past its end"},
  };
  for (const auto& [record, what] : impossible) {
    put(record);
    expect_found(what);
  }
}

TEST_F(DamagedRecordTest, more_cycles_than_the_device_endures_are_found) {
  put({8, 0, 1001, 4, 0, 0});
  const auto findings = check(path);
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_THAT(findings->front().what, HasSubstr("cycles"));
}

TEST_F(DamagedRecordTest, all_of_them_are_named) {
  for (const std::uint32_t chunk : {0U, 5U, 23U}) {
    DiskRecord record{};
    record.state = 4;
    write_record(path, chunk, record);
  }
  const auto findings = check(path);
  ASSERT_TRUE(findings);
  std::vector<std::string> where;
  for (const Finding& f : *findings) where.push_back(f.where);
  EXPECT_THAT(where, testing::ElementsAre("chunk (0,0,0)", "chunk (0,0,5)", "chunk (1,1,5)"));
  EXPECT_THAT(open_refusal(path).sentence, HasSubstr("3 chunk records are damaged"));
}

TEST_F(DamagedRecordTest, a_look_is_refused_as_well) {
  DiskRecord record{};
  record.state = 4;
  write_record(path, kIndex, record);
  const Refusal refused = open_refusal(path, ImageAccess::look);
  EXPECT_TRUE(refused.status.is_errno(EINVAL));
  EXPECT_THAT(refused.sentence, HasSubstr("1 chunk records are damaged"));
}

TEST_F(DamagedRecordTest, a_look_beside_a_holder_is_granted) {
  const Holder holder(path);
  DiskRecord record{};
  record.state = 4;
  write_record(path, kIndex, record);
  EXPECT_TRUE(open_refusal(path, ImageAccess::look).status.ok()) << last_error();
}

TEST_F(DamagedRecordTest, a_refused_opening_does_not_call_the_image_clean) {
  damage(path, [](Superblock& s) { s.clean = 0; }, Checksums::recomputed);
  DiskRecord record{};
  record.state = 4;
  write_record(path, kIndex, record);
  EXPECT_TRUE(open_refusal(path).status.is_errno(EINVAL));
  EXPECT_FALSE(info(path)->clean);
}

class DamagedSegmentTest : public ImageDamageTest {
 protected:
  void SetUp() override { make_image(path, small_config(), {false, 2 << 20}); }
};

TEST_F(DamagedSegmentTest, a_missing_one_is_named) {
  ::unlink((path + ".2").c_str());
  const Refusal refused = open_refusal(path);
  EXPECT_TRUE(refused.status.is_errno(ENOENT));
  EXPECT_THAT(refused.sentence, HasSubstr(path + ".2"));
  EXPECT_THAT(refused.sentence, HasSubstr("missing"));
  EXPECT_TRUE(info(path).error().is_errno(ENOENT));
  EXPECT_TRUE(check(path).error().is_errno(ENOENT));
}

TEST_F(DamagedSegmentTest, one_that_cannot_be_opened_for_want_of_descriptors_is_not_called_missing) {
  EXPECT_EQ(in_child([&] {
              const rlimit few{6, 6};
              if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 1;
              const Refusal refused = open_refusal(path);
              EXPECT_TRUE(refused.status.is_errno(EMFILE));
              EXPECT_THAT(refused.sentence, HasSubstr("Too many open files"));
              EXPECT_THAT(refused.sentence, HasSubstr("ulimit -n"));
              EXPECT_THAT(refused.sentence, testing::Not(HasSubstr("missing")));
              return 0;
            }),
            0);
}

TEST_F(DamagedSegmentTest, a_short_one_is_named_with_both_lengths) {
  resize(path + ".3", 12345);
  const Refusal refused = open_refusal(path);
  EXPECT_TRUE(refused.status.is_errno(EINVAL));
  EXPECT_THAT(refused.sentence, HasSubstr(path + ".3"));
  EXPECT_THAT(refused.sentence, HasSubstr("12345 bytes long instead of 2097152"));
}

TEST_F(DamagedSegmentTest, the_last_one_may_be_as_short_as_the_image_needs) {
  const std::string last = path + "." + std::to_string(info(path)->segments - 1);
  resize(last, file_size(last) - 1);
  expect_refused("bytes long instead of");
}

TEST_F(DamagedSegmentTest, a_directory_in_its_place_is_refused) {
  ::unlink((path + ".1").c_str());
  std::filesystem::create_directory(path + ".1");
  EXPECT_FALSE(open_refusal(path).status.ok());
  EXPECT_FALSE(open_refusal(path, ImageAccess::look).status.ok());
}

TEST_F(DamagedSegmentTest, a_refused_image_is_not_changed) {
  const auto before = superblocks(path);
  ::unlink((path + ".2").c_str());
  (void)open_refusal(path);
  const auto after = superblocks(path);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
}

}  // namespace
}  // namespace lightnvm::emulator::image_test
