// SPDX-License-Identifier: BSD-2-Clause
// The chunk report, written piece by piece, and lists with neighbours taken together.
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

std::string chunk_list(std::span<const lightnvm::Address> chunks, std::size_t most) {
  std::string out;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < chunks.size(); ++shown) {
    const auto a = chunks[i];
    std::size_t end = i + 1;
    while (end < chunks.size() && chunks[end].value == chunks[end - 1].value + (1ULL << 32)) ++end;
    if (shown == most) return out + fmt::format(" and {} more", chunks.size() - i);
    const std::string last = end == i + 1 ? "" : fmt::format("..{}", chunks[end - 1].chunk());
    out += fmt::format("{}({},{},{}{})", i == 0 ? "" : " ", a.group(), a.unit(), a.chunk(), last);
    i = end;
  }
  return out;
}

}  // namespace tools
