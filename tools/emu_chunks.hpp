// SPDX-License-Identifier: BSD-2-Clause
// What `nvm_emu chunks` is asked, and its answer for devices that have blocks instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common.hpp"

namespace tools {

inline const std::string kChunksCall = "nvm_emu_chunks";

struct ChunksArguments {
  std::string path, state;
  std::optional<std::uint32_t> group, unit;
  bool summary = false;
};

/// Numbers `first` to `end` - 1.
struct Range {
  std::uint32_t first, end;
  [[nodiscard]] bool has(std::uint32_t n) const noexcept { return n >= first && n < end; }
};
/// The one that is wanted, or all of `count`; a Failure where there is no such `noun`.
Range chosen(std::optional<std::uint32_t> wanted, std::uint32_t count, std::string_view noun);

/// The blocks of the image of an OCSSD 1.2 device: a line for each plane of each, or a table that counts them.
void list_blocks(const lightnvm::Geometry& geometry, const ChunksArguments& arguments, Output& out);

}  // namespace tools
