// SPDX-License-Identifier: BSD-2-Clause
// The model of OCSSD 1.2. Nothing of the library but the address is used here.
#include "physical_oracle.hpp"

#include <algorithm>
#include <map>

namespace lightnvm::physical_oracle {
namespace {

constexpr std::size_t kMost = 64;

std::uint64_t all_of(std::size_t n) { return n >= kMost ? ~0ULL : (1ULL << n) - 1; }
bool bad(const PlaneBlock& b) { return b.mark == 1 || b.mark == 2; }

}  // namespace

Oracle::Oracle(const Shape& s) : shape_(s) {
  blocks_.resize(std::size_t{s.channels} * s.luns * s.blocks * s.planes);
  for (PlaneBlock& b : blocks_) b.rounds.resize(std::size_t{s.pages} * s.page_sectors);
}

std::size_t Oracle::index(Address a) const noexcept {
  return ((std::size_t{a.group()} * shape_.luns + a.unit()) * shape_.blocks + a.chunk()) * shape_.planes + a.plane();
}

bool Oracle::exists(Address a) const noexcept {
  return a.group() < shape_.channels && a.unit() < shape_.luns && a.chunk() < shape_.blocks &&
         a.plane() < shape_.planes && a.page() < shape_.pages && a.sec() < shape_.page_sectors;
}

bool Oracle::all_exist(const List& list) const {
  return std::ranges::all_of(list, [&](Address a) { return exists(a); });
}

std::optional<std::uint32_t> Oracle::planes_of(std::uint32_t mode) const noexcept {
  if (mode == 0) return 1;
  if (mode > 2 || (1U << mode) != shape_.planes) return std::nullopt;
  return shape_.planes;
}

// Each page on all planes of the mode: plane by plane, sector by sector.
bool Oracle::in_order(const List& list, std::uint32_t planes) const {
  const std::size_t unit = std::size_t{planes} * shape_.page_sectors;
  if (list.size() % unit != 0) return false;
  for (std::size_t begin = 0; begin < list.size(); begin += unit) {
    const Address first = list[begin];
    std::size_t i = begin;
    for (std::uint32_t p = 0; p < planes; ++p) {
      for (std::uint32_t s = 0; s < shape_.page_sectors; ++s, ++i) {
        const std::uint32_t plane = planes == 1 ? first.plane() : p;
        if (list[i] != Address::of12(first.group(), first.unit(), first.chunk(), plane, first.page(), s)) return false;
      }
    }
  }
  return true;
}

Answer Oracle::write(const List& list, std::uint32_t mode, std::uint32_t round) {
  const auto planes = planes_of(mode);
  if (!planes || list.size() > kMost) return {kInvalid, 0};
  const std::uint64_t all = all_of(list.size());
  if (!all_exist(list) || !in_order(list, *planes)) return {kInvalid, all};
  std::map<std::size_t, std::uint32_t> next;
  for (std::size_t i = 0; i < list.size(); i += shape_.page_sectors) {
    const PlaneBlock& b = at(list[i]);
    if (bad(b)) return {kWriteFailure, all};
    auto& page = next.try_emplace(index(list[i]), b.next_page).first->second;
    if (list[i].page() != page) return {kInvalid, all};
    ++page;
  }
  for (const Address a : list) {
    at(a).next_page = a.page() + 1;
    at(a).rounds[a.page() * shape_.page_sectors + a.sec()] = round;
  }
  return {};
}

Answer Oracle::read(const List& list, std::uint32_t mode) const {
  if (!planes_of(mode) || list.size() > kMost) return {kInvalid, 0};
  const std::uint64_t all = all_of(list.size());
  if (!all_exist(list)) return {kInvalid, all};
  const auto unwritten = [&](Address a) { return a.page() >= at(a).next_page; };
  const auto first = std::ranges::find_if(list, unwritten);
  if (first == list.end()) return {};
  return {kEmptyPage, all & ~all_of(static_cast<std::size_t>(first - list.begin()))};
}

Answer Oracle::erase(const List& list, std::uint32_t mode) {
  const auto planes = planes_of(mode);
  if (!planes || list.size() > kMost) return {kInvalid, 0};
  Answer answer;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Address a = list[i];
    std::vector<PlaneBlock*> erased;
    for (std::uint32_t p = 0; exists(a) && p < *planes; ++p) {
      erased.push_back(&at(Address::of12(a.group(), a.unit(), a.chunk(), *planes == 1 ? a.plane() : p)));
    }
    if (erased.empty() || std::ranges::any_of(erased, [](const PlaneBlock* b) { return bad(*b); })) {
      answer.status = kInvalid;
      answer.bits |= 1ULL << i;
      continue;
    }
    for (PlaneBlock* b : erased) {
      b->next_page = 0;
      if (b->cycles < shape_.pe_cycles && ++b->cycles == shape_.pe_cycles) b->mark = 2;
    }
  }
  return answer;
}

Answer Oracle::mark(const List& list, std::uint32_t value) {
  const bool known = value == 0 || value == 1 || value == 2 || value == 4 || value == 8;
  if (!known || list.size() > kMost || !all_exist(list)) return {kInvalid, 0};
  for (const Address a : list) at(a).mark = static_cast<std::uint8_t>(value);
  return {};
}

bool Oracle::take_back(const List& list, std::uint64_t bits) {
  std::map<std::size_t, bool> failed;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool lost = (bits >> i & 1) != 0;
    bool& before = failed[index(list[i])];
    if (before && !lost) return false;
    if (lost && !before) {
      if (list[i].sec() != 0) return false;
      at(list[i]).next_page = list[i].page();
    }
    before = lost;
  }
  return true;
}

}  // namespace lightnvm::physical_oracle
