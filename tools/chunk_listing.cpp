// SPDX-License-Identifier: BSD-2-Clause
// The chunk report, written piece by piece.
#include "chunk_listing.hpp"

#include <fmt/format.h>

#include <lightnvm/format.hpp>

namespace tools {

void write_report(const lightnvm::Device& device, std::span<const lightnvm::Chunk> all, Output& out) {
  namespace format = lightnvm::format;
  const auto bits = device.address_bits();
  const lightnvm::Geometry& g = device.geometry();
  constexpr std::size_t kPiece = 1U << 16;
  const auto syntax = out.json() ? format::Syntax::json : format::Syntax::yaml;
  std::string piece = out.json() ? fmt::format("{{\n  \"rprt\": {{\"ndescr\": {}}},\n  \"rprt_descr\": [", all.size())
                                 : format::chunk_report_head(all.size());
  const char* separator = "\n    ";
  for (const lightnvm::Chunk& c : all) {
    if (out.json()) piece += separator;
    separator = ",\n    ";
    piece += format::chunk(c, g, bits, syntax);
    if (piece.size() < kPiece) continue;
    out.write(piece);
    piece.clear();
  }
  out.write(out.json() ? piece + (all.empty() ? "]\n}\n" : "\n  ]\n}\n") : piece);
}

}  // namespace tools
