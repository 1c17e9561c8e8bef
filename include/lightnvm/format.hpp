// SPDX-License-Identifier: BSD-2-Clause
// format: values as text, the YAML of the original library's printers and JSON; nothing is printed here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lightnvm/bad_blocks.hpp"
#include "lightnvm/chunk.hpp"
#include "lightnvm/completion.hpp"
#include "lightnvm/device.hpp"
#include "lightnvm/geometry.hpp"
#include "lightnvm/ppa_format.hpp"

/// All functions return the whole text. YAML: whole lines, each with its newline. JSON: one value without line breaks,
/// with the keys of the YAML; addresses and masks of 64 bits are strings ("0x0402008e00000000"), as many readers of
/// JSON lose such numbers' last digits. `prefix` goes before the name in the first line ("dev_geo:"); JSON has no name.
namespace lightnvm::format {

enum class Syntax : std::uint8_t { yaml, json };

/// The bits of a command's options as the C API names them (NVM_CMD_*), and the ones that hold unless others are
/// chosen.
inline constexpr std::uint32_t kSync = 0x10, kAsync = 0x20, kScalar = 0x40, kVector = 0x80, kPrp = 0x100, kSgl = 0x200,
                               kSglMetadata = 0x400;
inline constexpr std::uint32_t kDefaultCommandOptions = kSync | kVector | kPrp;

/// Who a device is to its user.
struct Attributes {
  SpecVersion version = SpecVersion::none;
  std::uint32_t backend_id = 0;
  std::string backend_name;  ///< as in the C API: "NVM_BE_EMU"
  std::string name, path;
  int fd = 0;
  std::uint32_t sector_shift = 0;  ///< log2 of a sector's bytes
  std::uint32_t capabilities = 0;  ///< MCCAP
  int tables_cached = 0;           ///< bad block tables (1.2)
  std::uint8_t quirks = 0;
};

/// What virtual blocks and the C API's commands take unless told otherwise.
struct BlockDefaults {
  int plane_mode = 0;  ///< 0 single, 1 dual, 2 quad (1.2)
  int erase_addresses = kMaxAddresses, read_addresses = kMaxAddresses, write_addresses = kMaxAddresses;
  int metadata_mode = 0;
};

/// How many bits of a device's own address each component has: group, unit, chunk, sector; sector lowest, no gaps.
using AddressBits = std::array<unsigned, 4>;

/// All that there is to say of an opened device.
struct DeviceValues {
  Attributes attributes;
  Geometry geometry;
  std::uint32_t command_options = kDefaultCommandOptions;
  BlockDefaults block_defaults;
  AddressBits address_bits{};           ///< OCSSD 2.0
  std::optional<PpaFormat> ppa_format;  ///< OCSSD 1.2
};
/// What the device itself says; the rest has its defaults.
DeviceValues describe(const Device& device);

/// A virtual block and where it stands.
struct BlockValues {
  SpecVersion version = SpecVersion::ocssd20;
  int plane_mode = 0;
  std::span<const Address> chunks;
  std::uint64_t bytes = 0, write_position = 0, read_position = 0;
  std::uint32_t flags = kDefaultCommandOptions;
};

enum class Extent : std::uint8_t { all, brief };

/// "attr:", "geo:", "cmd_opts:", "vblk_opts:".
std::string attributes(const Attributes& values, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
std::string geometry(const Geometry& values, SpecVersion version, Syntax syntax = Syntax::yaml,
                     std::string_view prefix = {});
std::string command_options(std::uint32_t options, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
std::string block_defaults(const BlockDefaults& values, Syntax syntax = Syntax::yaml, std::string_view prefix = {});

/// The format of a device's addresses: lengths ("lbaf:"), offsets ("lbaz:") and masks ("lbam:"). OCSSD-2.0 2.1.
std::string address_lengths(const AddressBits& bits, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
std::string address_offsets(const AddressBits& bits, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
std::string address_masks(const AddressBits& bits, Syntax syntax = Syntax::yaml, std::string_view prefix = {});

/// All of the above ("dev_attr:", "dev_geo:" ...); brief: attributes and geometry alone.
std::string device(const DeviceValues& values, Syntax syntax = Syntax::yaml, Extent extent = Extent::all);

/// The same of OCSSD 1.2: offsets and lengths ("ppaf:"), and masks ("ppaf_mask:"). OCSSD-1.2 10.2.
std::string ppa_format(const PpaFormat& format, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
std::string ppa_masks(const PpaFormat& format, Syntax syntax = Syntax::yaml, std::string_view prefix = {});

/// What a writer (ws_min ... maxocpu, "wrt:") and a planner (times in ns, "perf:") want to know of a device.
std::string write_rules(const Geometry& values, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
std::string times(const Geometry::Times& values, Syntax syntax = Syntax::yaml, std::string_view prefix = {});
/// MCCAP, as far as the geometry tells it. OCSSD-2.0 3.1; OCSSD-1.2 10.1.
std::uint32_t capabilities(const Geometry& geometry) noexcept;

/// One address without newline: "0x0402008e00000000".
std::string address(Address value);
/// "naddrs: 1", "addrs:" and a line each, by the components of the version. JSON: an array.
std::string addresses(std::span<const Address> values, SpecVersion version, Syntax syntax = Syntax::yaml,
                      std::string_view prefix = {});

/// "rprt:" with the count, "rprt_descr:" and a line each. JSON: an array.
std::string chunk_report(std::span<const Chunk> chunks, const Geometry& geometry, const AddressBits& bits,
                         Syntax syntax = Syntax::yaml);
/// The first lines of such a report on `count` chunks, and one chunk's line ("  - { slba: ... }"): for reports that are
/// written piece by piece. JSON of a chunk: an object.
std::string chunk_report_head(std::uint64_t count);
std::string chunk(const Chunk& chunk, const Geometry& geometry, const AddressBits& bits, Syntax syntax = Syntax::yaml);
/// "free", "closed", "open", "offline", or the number of a state that the specification does not have.
std::string chunk_state(ChunkState state);

/// What a device answers when it is asked who it is, 4096 bytes: "idfy:" and its parts. OCSSD-2.0 3.1; OCSSD-1.2 10.1.
std::string identity(std::span<const std::byte> page, Syntax syntax = Syntax::yaml);
/// How a command ended: "nvm_ret: {...}".
std::string returned(const Completion& completion, Syntax syntax = Syntax::yaml);

/// A bad block table as the device sends it ("bbt:", "bbt_blks:"), and block by block with its planes ("bbt:").
std::string bad_block_page(const BadBlockTable& table, Syntax syntax = Syntax::yaml);
std::string bad_blocks(const BadBlockTable& table, Syntax syntax = Syntax::yaml);
/// "FREE", "BAD", "GBAD", "DMRK", "HMRK"; empty for a state that the specification does not have.
std::string_view block_state(BlockState state) noexcept;

/// "SNGL", "DUAL", "QUAD"; "UNKN" for what is none.
std::string_view plane_mode(int mode) noexcept;

/// "vblk:" and its addresses.
std::string virtual_block(const BlockValues& values, Syntax syntax = Syntax::yaml);

/// "PREFIX: {elapsed: 0.000004}"; with bytes also their amount in MiB and the speed in MiB/s.
std::string timer(std::string_view prefix, double seconds, Syntax syntax = Syntax::yaml);
std::string timer(std::string_view prefix, double seconds, std::uint64_t bytes, Syntax syntax = Syntax::yaml);

/// "NAME: ~", what the printers say of a null pointer.
std::string nothing(std::string_view name);

}  // namespace lightnvm::format
