// SPDX-License-Identifier: BSD-2-Clause
// The emulated Open-Channel SSD: what it is made of, and how its image files are made, looked at and checked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lightnvm/bad_blocks.hpp"
#include "lightnvm/chunk.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/status.hpp"

namespace lightnvm::emulator {

/// A chunk that does not begin as all others do (free, sequential, whole, new). Of OCSSD 1.2, a plane of a block, of
/// which only `cycles` and `mark` can be said.
struct ChunkOverride {
  Address address;          ///< sector is ignored; OCSSD 1.2: page and sector
  bool all_planes = false;  ///< OCSSD 1.2: of the block, whatever plane the address names
  std::optional<ChunkState> state;
  std::optional<ChunkType> type;
  std::optional<std::uint32_t> write_pointer;  ///< sectors; only of open and closed sequential chunks
  std::optional<std::uint32_t> sectors;        ///< 1 to the geometry's; the chunk is smaller than the others
  std::optional<std::uint32_t> cycles;         ///< program/erase cycles so far
  std::optional<BlockState> mark;              ///< OCSSD 1.2: its entry in the bad block table
};

/// What an emulated device is made of. The defaults are a small device on which the field's test programs mean
/// something: counts that are no powers of two, a few factory-bad chunks, MDTS 512 KiB. A geometry with planes is a
/// device of OCSSD 1.2.
struct Config {
  Geometry geometry;
  /// Program/erase cycles after which a chunk goes offline (OCSSD 1.2: is marked as grown bad); 1 to 65535.
  std::uint32_t pe_cycles = 1000;
  std::uint8_t predefined = 0x00;        ///< what unwritten sectors read as: 00h or FFh (DLFEAT 1 or 2); OCSSD 1.2: 00h
  std::uint8_t mdts = 7;                 ///< largest transfer: 4096 << mdts bytes; 0: no limit
  std::string serial = "LNVM0001";       ///< 1 to 20 printable ASCII characters
  std::vector<ChunkOverride> overrides;  ///< later ones win
  bool default_bad = true;               ///< the overrides are the default's: a smaller dimension drops them

  Config();                           ///< the default device of OCSSD 2.0
  explicit Config(SpecVersion spec);  ///< the default device of that version, 1.2 or 2.0
  [[nodiscard]] SpecVersion spec() const noexcept {
    return geometry.has_planes() ? SpecVersion::ocssd12 : SpecVersion::ocssd20;
  }
};

/// Whether such a device can exist. EINVAL, and a sentence in last_error(), where it cannot.
Status validate(const Config& config);

/// One `key=value` applied to `config`. `spec` (1.2 or 2.0) makes it the default device of that version, so it comes
/// first. Keys of OCSSD 2.0: groups, punits, chunks, sectors, sector_bytes, oob_bytes, ws_min, ws_opt, mw_cunits,
/// maxoc, maxocpu, wit, mccap, pe_cycles, predefined, mdts, serial, bad (offline chunks as G.U.C, comma-separated, or
/// `none`), and the six times trdt, trdm, twrt, twrm, tcrst, tcrsm. Keys of OCSSD 1.2: groups, punits, blocks, planes,
/// pages, page_sectors, sector_bytes, oob_bytes, mccap, pe_cycles, mdts, serial, bad (factory-bad blocks as G.U.B on
/// all planes, or G.U.B.P), and the times trdt, trdm, tprt, tprm, tbet, tbem. EINVAL and a sentence for an unknown key,
/// one of the other version, or a value that is none. Setting a dimension drops default bad chunks beyond it.
Status apply_option(Config& config, std::string_view key, std::string_view value);
/// The keys of apply_option: of all versions, or of one; `spec` first.
const std::vector<std::string_view>& option_keys();
const std::vector<std::string_view>& option_keys(SpecVersion spec);

/// Reads chunk overrides: a line each, `group=G punit=U chunk=C` (number or `*`) and optionally `state`, `type`, `wp`,
/// `cnlb`, `pe_cycles`, `ns` (1); `#` begins a comment. EINVAL and a sentence with the line's number. OCSSD 2.0 alone.
Result<std::vector<ChunkOverride>> parse_chunk_info(std::string_view text, const Geometry& geometry);

struct CreateOptions {
  bool replace = false;             ///< an existing image may be overwritten; anything else never is
  std::uint64_t segment_bytes = 0;  ///< size of the image's files; 0: one file, or as large as the file system takes
};

/// Makes an image at `path` (and `path.1`, ... where one file is too small). EEXIST where something is there already,
/// EINVAL for an impossible device, EBUSY where another process is making or using it; on failure nothing is left
/// behind. What an interrupted creation has left there gives way. `progress` as check: of the chunks that begin
/// differently.
Status create(const std::string& path, const Config& config, const CreateOptions& options = {},
              const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

/// What an image says of itself, read without opening the device.
struct ImageInfo {
  std::uint32_t format = 0;         ///< version of docs/format-emulated.md
  Config config;                    ///< without overrides
  std::uint64_t logical_bytes = 0;  ///< the image's size with its holes
  std::uint64_t used_bytes = 0;     ///< what it takes on disk
  std::uint32_t segments = 1;       ///< files
  bool clean = true;                ///< closed properly
  bool in_use = false;              ///< another process has it open
};
/// ENOENT, EACCES, or EINVAL with a sentence that says what is wrong with the file.
Result<ImageInfo> info(const std::string& path);

/// One plane of a block, as the image of a device of OCSSD 1.2 keeps it.
struct BlockInfo {
  Address address;                      ///< channel, LUN, block, plane
  BlockState mark = BlockState::good;   ///< its entry in the bad block table
  ChunkState state = ChunkState::free;  ///< free: no page is written; open: some are; closed: all are
  std::uint32_t pages = 0;              ///< written pages; the next write goes behind them
  std::uint32_t cycles = 0;             ///< program/erase cycles so far
};
/// All blocks of the device in an image, planes fastest, then blocks, LUNs, channels; without opening the device, so
/// also beside a process that holds it. What that one has not made durable yet may be missing. ENOTSUP for a device of
/// OCSSD 2.0 (it has chunks: Device::chunks), ENOMEM, others as info; a sentence with each.
Result<std::vector<BlockInfo>> blocks(const std::string& path);

/// Whether the file at `file`, by whatever name, is one of the files that the image at `image` consists of: what must
/// not be written over.
bool is_file_of(const std::string& image, const std::string& file);

/// What is wrong with one place of an image.
struct Finding {
  std::string where;  ///< "superblock", "chunk (0,1,17)"
  std::string what;
  bool repairable = false;  ///< repair() mends it, and nothing is lost by that
};
/// Reads all that an image says of its chunks and holds it against the rules; `progress(done, total)` is called from
/// time to time. Returns what is wrong, empty for a sound image; errors as info. Of an image that was not
/// closed, the sectors that were not durable are read as well.
Result<std::vector<Finding>> check(const std::string& path,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});
/// Mends what check calls repairable, and marks the image as properly closed. EINVAL, and nothing is changed, where
/// something is damaged that cannot be mended without loss; EBUSY where a process has it open; EIO.
Status repair(const std::string& path);

}  // namespace lightnvm::emulator
