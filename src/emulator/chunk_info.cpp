// SPDX-License-Identifier: BSD-2-Clause
// Reads chunk overrides from text: a line each, key=value words in any order.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "base/error.hpp"
#include "base/number.hpp"
#include "lightnvm/emulator.hpp"

namespace lightnvm::emulator {
namespace {

using Words = std::map<std::string_view, std::string_view>;

/// What one line means: a range in each direction, and the change.
struct Line {
  std::uint32_t first[3] = {}, last[3] = {};
  ChunkOverride change;
};

std::unexpected<Status> wrong(std::size_t line, std::string_view what) {
  return unexpected(Status::os(EINVAL), fmt::format("chunk info, line {}: {}", line, what));
}

std::optional<ChunkState> state(std::string_view text) noexcept {
  if (text == "FREE") return ChunkState::free;
  if (text == "OPEN") return ChunkState::open;
  if (text == "CLOSED") return ChunkState::closed;
  if (text == "OFFLINE") return ChunkState::offline;
  return std::nullopt;
}

std::optional<ChunkType> type(std::string_view text) noexcept {
  if (text == "SEQ" || text == "SEQUENTIAL") return ChunkType::sequential;
  if (text == "RAN" || text == "RANDOM") return ChunkType::random;
  return std::nullopt;
}

Result<Words> split(std::string_view text, std::size_t number) {
  static constexpr std::string_view kSpace = " \t\r";
  Words words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(text.find_first_of(kSpace, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return wrong(number, fmt::format("'{}' is not key=value", word));
    if (!words.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
      return wrong(number, fmt::format("'{}' is there twice", word.substr(0, equals)));
    }
    text.remove_prefix(end);
  }
}

Status where(Words& words, std::size_t line, const Geometry& g, Line& out) {
  const std::pair<std::string_view, std::uint32_t> directions[3] = {
      {"group", g.groups}, {"punit", g.units}, {"chunk", g.chunks}};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& [key, count] = directions[i];
    const auto word = words.find(key);
    if (word == words.end()) return wrong(line, fmt::format("{}= is missing", key)).error();
    const auto value = parse_number<std::uint32_t>(word->second);
    if (word->second == "*") {
      out.first[i] = 0;
      out.last[i] = count - 1;
    } else if (value && *value < count) {
      out.first[i] = out.last[i] = *value;
    } else {
      return wrong(line, fmt::format("{}={} is not 0 to {} or *", key, word->second, count - 1)).error();
    }
    words.erase(word);
  }
  return {};
}

Status what(const Words& words, std::size_t line, ChunkOverride& change) {
  for (const auto& [key, value] : words) {
    const auto n = parse_number<std::uint32_t>(value);
    bool understood = false;
    if (key == "ns") {
      understood = n == 1U;
    } else if (key == "state") {
      understood = (change.state = state(value)).has_value();
    } else if (key == "type") {
      understood = (change.type = type(value)).has_value();
    } else if (key == "wp") {
      understood = (change.write_pointer = n).has_value();
    } else if (key == "cnlb") {
      understood = (change.sectors = n).has_value();
    } else if (key == "pe_cycles") {
      understood = (change.cycles = n).has_value();
    }
    if (!understood) return wrong(line, fmt::format("{}={} is not understood", key, value)).error();
  }
  return {};
}

// False where the lines would name more chunks than anybody means to list.
bool expand(const Line& line, std::vector<ChunkOverride>& out) {
  constexpr std::uint64_t kMost = 1ULL << 24;
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < 3; ++i) count *= line.last[i] - line.first[i] + 1ULL;
  if (out.size() + count > kMost) return false;
  ChunkOverride change = line.change;
  for (std::uint32_t g = line.first[0]; g <= line.last[0]; ++g) {
    for (std::uint32_t u = line.first[1]; u <= line.last[1]; ++u) {
      for (std::uint32_t c = line.first[2]; c <= line.last[2]; ++c) {
        change.address = Address::of(g, u, c);
        out.push_back(change);
      }
    }
  }
  return true;
}

}  // namespace

Result<std::vector<ChunkOverride>> parse_chunk_info(std::string_view text, const Geometry& geometry) {
  if (geometry.has_planes()) {
    return unexpected(Status::os(EINVAL), "chunk info is of devices of OCSSD 2.0; bad= marks the blocks of 1.2");
  }
  std::vector<ChunkOverride> out;
  std::size_t number = 0;
  for (const auto part : std::views::split(text, '\n')) {
    ++number;
    std::string_view content(part.begin(), part.end());
    content = content.substr(0, content.find('#'));
    auto words = split(content, number);
    if (!words) return std::unexpected(words.error());
    if (words->empty()) continue;
    Line line;
    if (const Status s = where(*words, number, geometry, line); !s) return std::unexpected(s);
    if (const Status s = what(*words, number, line.change); !s) return std::unexpected(s);
    if (!expand(line, out)) return wrong(number, "more than 16777216 chunks are named");
  }
  return out;
}

}  // namespace lightnvm::emulator
