// SPDX-License-Identifier: BSD-2-Clause
// What chunks may be after a power failure.
#include "cut_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ranges>

namespace lightnvm::emulator::durability {

constexpr std::size_t kPiece = 4;  // the pieces that the load cuts its memory into begin at multiples of it

void SequentialModel::write_ends(bool success) {
  Life& life = now();
  if (!success) return;
  life.sectors.insert(life.sectors.end(), life.attempt.begin(), life.attempt.end());
  life.attempt.clear();
}

void SequentialModel::flush_begins() { flushing_ = {lives_.size() - 1, now().sectors.size()}; }
void SequentialModel::flush_ends() { durable_ = flushing_; }
void SequentialModel::durable_now() { durable_ = {lives_.size() - 1, now().sectors.size()}; }

// Whether this life of the chunk, up to some moment, looks like that.
bool SequentialModel::explains(const Life& life, const Found& found) {
  if (found.write_pointer > life.sectors.size() + life.attempt.size()) return false;
  for (std::size_t i = 0; i < found.write_pointer; ++i) {
    const bool tried = i >= life.sectors.size();
    const Sector& expected = tried ? life.attempt[i - life.sectors.size()] : life.sectors[i];
    if (found.sectors[i] != expected) return false;
  }
  return true;
}

std::string SequentialModel::check(const Found& found) {
  const std::uint32_t wp = found.write_pointer;
  const ChunkState state = wp == 0 ? ChunkState::free : wp == size_ ? ChunkState::closed : ChunkState::open;
  if (found.state != state) return fmt::format("state {} with write pointer {}", static_cast<int>(found.state), wp);
  if (found.mark != mark_ && found.mark != attempted_mark_) return "its mark is another";
  std::size_t life = durable_.life;
  while (life < lives_.size()) {
    const bool lost = life == durable_.life && wp < durable_.written;
    if (!lost && explains(lives_[life], found)) break;
    ++life;
  }
  if (life == lives_.size()) {
    return fmt::format("write pointer {}; durable {} in life {}, said {} and tried {} in life {}", wp, durable_.written,
                       durable_.life, now().sectors.size(), now().attempt.size(), lives_.size() - 1);
  }
  if (found.cycles < cycles_ + durable_.life || found.cycles > cycles_ + lives_.size() - 1) {
    return fmt::format("{} cycles, from {} durable ones to {}", found.cycles, cycles_ + durable_.life,
                       cycles_ + lives_.size() - 1);
  }
  Life left;
  left.sectors = found.sectors;
  lives_.assign(1, left);
  durable_ = flushing_ = {0, wp};
  cycles_ = found.cycles;
  mark_ = attempted_mark_ = found.mark;
  return {};
}

void RandomModel::write_begins(std::uint32_t first, const std::vector<Sector>& sectors) {
  for (std::size_t i = 0; i < sectors.size(); ++i) sectors_.at(first + i).values.push_back(sectors[i]);
}

void RandomModel::reset_begins() {
  may_be_free_ = may_be_free_flushing_ = true;
  for (Possible& p : sectors_) p.values.push_back(blank_);
}

void RandomModel::flush_begins() {
  for (Possible& p : sectors_) p.flushing = p.values.size() - 1;
  may_be_free_flushing_ = !open_;
}

void RandomModel::flush_ends() {
  for (Possible& p : sectors_) {
    // A hole may come back as what was there before.
    const bool hole = p.values[p.flushing].data == blank_.data;
    if (!hole) p.values.erase(p.values.begin(), p.values.begin() + static_cast<std::ptrdiff_t>(p.flushing));
    p.flushing = 0;
  }
  may_be_free_ = may_be_free_flushing_;
}

bool RandomModel::explains(const Possible& possible, const Sector& found) const {
  const auto part = [&](const auto& member, std::size_t at, std::size_t n) {
    return std::ranges::any_of(possible.values, [&](const Sector& s) {
      return std::memcmp((s.*member)->data() + at, (found.*member)->data() + at, n) == 0;
    });
  };
  // A sector that came in two pieces may have one of them.
  for (std::size_t at = 0; at < found.data->size(); at += kPiece) {
    if (!part(&Sector::data, at, kPiece)) return false;
  }
  // Metadata may be torn where a sector's cross a border.
  return std::ranges::all_of(std::views::iota(std::size_t{0}, found.metadata->size()),
                             [&](std::size_t at) { return part(&Sector::metadata, at, 1); });
}

std::string RandomModel::check(const Found& found) {
  if (found.state == ChunkState::free) {
    if (!may_be_free_) return "free, but it was open durably";
  } else if (found.state != ChunkState::open) {
    return fmt::format("state {}", static_cast<int>(found.state));
  }
  open_ = found.state == ChunkState::open;
  may_be_free_ = !open_;
  for (std::size_t i = 0; i < sectors_.size(); ++i) {
    if (open_ && !explains(sectors_[i], found.sectors[i]))
      return fmt::format("sector {} was never that ({} values)", i, sectors_[i].values.size());

    sectors_[i] = Possible(found.sectors[i]);
  }
  return {};
}

}  // namespace lightnvm::emulator::durability
