// SPDX-License-Identifier: BSD-2-Clause
// A superblock whose checksum is right is not believed either: each field that can be impossible, one at a time.
#include <gmock/gmock.h>

#include "image_support.hpp"

namespace lightnvm::emulator::image_test {
namespace {

struct Impossible {
  const char* name;
  void (*change)(Superblock&);
  const char* because;
};

void PrintTo(const Impossible& i, std::ostream* out) { *out << i.name; }

constexpr std::uint64_t kHuge = ~0ULL;

const Impossible kImpossible[] = {
    {"format_0", [](Superblock& s) { s.format = 0; }, "format version 0"},
    {"format_5", [](Superblock& s) { s.format = 5; }, "format version 5"},
    {"format_2_without_planes", [](Superblock& s) { s.format = 2; }, "planes and pages"},
    {"segment_bytes_0", [](Superblock& s) { s.segment_bytes = 0; }, "segment size"},
    {"segment_bytes_smaller_than_the_superblocks", [](Superblock& s) { s.segment_bytes = 4096; }, "segment size"},
    {"segment_bytes_unaligned", [](Superblock& s) { s.segment_bytes += 1; }, "segment size"},
    {"segment_bytes_that_make_too_many_segments",
     [](Superblock& s) {
       s.segment_bytes = 8192;
       s.total_bytes = 8192ULL * 65537;
     },
     "segments"},
    {"table_offset_on_the_superblocks", [](Superblock& s) { s.table_offset = 0; }, "table"},
    {"table_offset_unaligned", [](Superblock& s) { s.table_offset += 8; }, "table"},
    {"table_offset_past_the_end", [](Superblock& s) { s.table_offset = s.total_bytes; }, "table"},
    {"table_offset_huge", [](Superblock& s) { s.table_offset = kHuge; }, "table"},
    {"table_bytes_0", [](Superblock& s) { s.table_bytes = 0; }, "table"},
    {"table_bytes_for_one_chunk_less", [](Superblock& s) { s.table_bytes = 16 * 23; }, "table"},
    {"table_bytes_over_other_regions", [](Superblock& s) { s.table_bytes = s.total_bytes - s.table_offset; }, "table"},
    {"table_bytes_huge", [](Superblock& s) { s.table_bytes = kHuge; }, "table"},
    {"journal_offset_on_the_superblocks", [](Superblock& s) { s.journal_offset = 0; }, "journal"},
    {"journal_offset_huge", [](Superblock& s) { s.journal_offset = kHuge; }, "journal"},
    {"journal_bytes_huge", [](Superblock& s) { s.journal_bytes = kHuge; }, "journal"},
    {"metadata_offset_on_the_superblocks", [](Superblock& s) { s.metadata_offset = 0; }, "sectors"},
    {"metadata_offset_on_the_table", [](Superblock& s) { s.metadata_offset = s.table_offset; }, "sectors"},
    {"metadata_offset_on_the_data", [](Superblock& s) { s.metadata_offset = s.data_offset; }, "sectors"},
    {"metadata_offset_huge", [](Superblock& s) { s.metadata_offset = kHuge; }, "sectors"},
    {"metadata_stride_0", [](Superblock& s) { s.metadata_stride = 0; }, "stride"},
    {"metadata_stride_below_a_chunk", [](Superblock& s) { s.metadata_stride = 64 * 16 - 1; }, "stride"},
    {"metadata_stride_huge", [](Superblock& s) { s.metadata_stride = kHuge; }, "sectors"},
    {"data_offset_on_the_superblocks", [](Superblock& s) { s.data_offset = 0; }, "sectors"},
    {"data_offset_on_the_table", [](Superblock& s) { s.data_offset = s.table_offset; }, "sectors"},
    {"data_offset_past_its_end", [](Superblock& s) { s.data_offset += 1; }, "sectors"},
    {"data_offset_huge", [](Superblock& s) { s.data_offset = kHuge; }, "sectors"},
    {"data_stride_0", [](Superblock& s) { s.data_stride = 0; }, "stride"},
    {"data_stride_below_a_chunk", [](Superblock& s) { s.data_stride -= 1; }, "stride"},
    {"data_stride_too_large", [](Superblock& s) { s.data_stride += 4096; }, "sectors"},
    {"data_stride_huge", [](Superblock& s) { s.data_stride = kHuge; }, "sectors"},
    {"total_bytes_0", [](Superblock& s) { s.total_bytes = 0; }, "damaged"},
    {"total_bytes_too_few", [](Superblock& s) { s.total_bytes -= 1; }, "sectors"},
    {"total_bytes_more_than_the_file",
     [](Superblock& s) {
       s.total_bytes += 4096;
       s.segment_bytes += 4096;
     },
     "bytes long instead of"},
    {"total_bytes_huge", [](Superblock& s) { s.total_bytes = kHuge; }, "damaged"},
    {"groups_0", [](Superblock& s) { s.groups = 0; }, "1 to 256 groups"},
    {"groups_257", [](Superblock& s) { s.groups = 257; }, "1 to 256 groups"},
    {"groups_that_do_not_fit", [](Superblock& s) { s.groups = 3; }, "sectors"},
    {"units_0", [](Superblock& s) { s.units = 0; }, "1 to 256 units"},
    {"units_257", [](Superblock& s) { s.units = 257; }, "1 to 256 units"},
    {"chunks_0", [](Superblock& s) { s.chunks = 0; }, "1 to 65536 chunks"},
    {"chunks_65537", [](Superblock& s) { s.chunks = 65537; }, "1 to 65536 chunks"},
    {"chunks_that_have_no_record", [](Superblock& s) { s.chunks = 65536; }, "table"},
    {"sectors_0", [](Superblock& s) { s.sectors = 0; }, "sectors"},
    {"sectors_that_do_not_fit", [](Superblock& s) { s.sectors = 128; }, "stride"},
    {"sector_bytes_0", [](Superblock& s) { s.sector_bytes = 0; }, "512 to 65536"},
    {"sector_bytes_no_power_of_two", [](Superblock& s) { s.sector_bytes = 4095; }, "512 to 65536"},
    {"sector_bytes_too_large", [](Superblock& s) { s.sector_bytes = 1 << 17; }, "512 to 65536"},
    {"sector_bytes_that_do_not_fit", [](Superblock& s) { s.sector_bytes = 8192; }, "stride"},
    {"oob_bytes_4097", [](Superblock& s) { s.oob_bytes = 4097; }, "4096 bytes of metadata"},
    {"oob_bytes_that_do_not_fit", [](Superblock& s) { s.oob_bytes = 65; }, "stride"},
    {"ws_min_0", [](Superblock& s) { s.ws_min = 0; }, "ws_min"},
    {"ws_min_that_does_not_divide", [](Superblock& s) { s.ws_min = 5; }, "ws_min"},
    {"ws_opt_0", [](Superblock& s) { s.ws_opt = 0; }, "ws_opt"},
    {"ws_opt_no_multiple", [](Superblock& s) { s.ws_opt = 6; }, "ws_opt"},
    {"mw_cunits_no_multiple", [](Superblock& s) { s.mw_cunits = 6; }, "mw_cunits"},
    {"mw_cunits_of_a_chunk", [](Superblock& s) { s.mw_cunits = 64; }, "mw_cunits"},
    {"wear_threshold_256", [](Superblock& s) { s.wear_threshold = 256; }, "wit"},
    {"mccap_with_an_unknown_bit", [](Superblock& s) { s.mccap |= 8; }, "mccap"},
    {"pe_cycles_0", [](Superblock& s) { s.pe_cycles = 0; }, "pe_cycles"},
    {"pe_cycles_65536", [](Superblock& s) { s.pe_cycles = 65536; }, "pe_cycles"},
    {"predefined_1", [](Superblock& s) { s.predefined = 1; }, "predefined"},
    {"mdts_16", [](Superblock& s) { s.mdts = 16; }, "mdts"},
    {"mdts_below_ws_min", [](Superblock& s) { s.mdts = 1; }, "mdts"},
    {"serial_of_zeros", [](Superblock& s) { s.serial.fill(0); }, "serial"},
    {"serial_of_blanks", [](Superblock& s) { s.serial.fill(' '); }, "serial"},
    {"serial_with_a_control_character", [](Superblock& s) { s.serial[2] = '\n'; }, "serial"},
};

class ImpossibleSuperblockTest : public testing::TestWithParam<Impossible> {
 protected:
  void SetUp() override { make_image(path, small_config()); }
  Refusal refuse(Checksums checksums) {
    damage(path, GetParam().change, checksums);
    return open_refusal(path);
  }
  Directory directory;
  std::string path = directory.file();
};

TEST_P(ImpossibleSuperblockTest, is_refused_by_its_checksum) {
  const Refusal refused = refuse(Checksums::left);
  EXPECT_TRUE(refused.status.is_errno(EINVAL));
  EXPECT_THAT(refused.sentence, testing::HasSubstr("both superblocks are damaged"));
}

TEST_P(ImpossibleSuperblockTest, is_refused_although_its_checksum_is_right) {
  const Refusal refused = refuse(Checksums::recomputed);
  EXPECT_TRUE(refused.status.is_errno(EINVAL)) << refused.status.message();
  EXPECT_THAT(refused.sentence, testing::AllOf(testing::HasSubstr(path), testing::HasSubstr(GetParam().because)));
}

INSTANTIATE_TEST_SUITE_P(, ImpossibleSuperblockTest, testing::ValuesIn(kImpossible),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace lightnvm::emulator::image_test
