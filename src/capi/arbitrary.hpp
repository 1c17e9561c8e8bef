// SPDX-License-Identifier: BSD-2-Clause
// The search of nvm_cmd_*_arbs: one chunk in each of several parallel units, from an arbitrary one on.
#pragma once

#include <fmt/format.h>

#include "capi/handles.hpp"

namespace lightnvm::capi {

/// The first number from `start` on, round below `count`, that `matches`; nothing where none does.
std::optional<std::size_t> first_match(std::size_t start, std::size_t count, auto&& matches) {
  for (std::size_t i = 0; i < count; ++i) {
    if (const std::size_t number = (start + i) % count; matches(number)) return number;
  }
  return std::nullopt;
}

/// Fills `addrs` with what `find(unit, start)` returns, the number of a chunk, in each of `naddrs` parallel units. 0,
/// or -1 where it returns nothing, having refused, and where the arguments are wrong.
int pick_arbitrary(const nvm_dev* dev, int naddrs, nvm_addr* addrs, auto&& find) {
  if (dev == nullptr) return refuse(EINVAL, kNoDevice);
  const Geometry& g = dev->device.geometry();
  if (naddrs < 0 || static_cast<std::size_t>(naddrs) > g.total_units() || (naddrs > 0 && addrs == nullptr)) {
    return refuse(EINVAL, fmt::format("naddrs is 0 to {}, one for each parallel unit", g.total_units()));
  }
  const auto wanted = static_cast<std::uint32_t>(naddrs);
  const auto start = static_cast<std::uint32_t>(std::rand());
  for (std::uint32_t i = 0; i < wanted; ++i) {
    const std::uint32_t number = (i + start) % wanted;
    nvm_addr unit = from_address(Address::of(number % g.groups, number / g.groups % g.units, 0));
    const std::optional<std::size_t> chunk = find(unit, std::size_t{start});
    if (!chunk) return -1;
    unit.l.chunk = *chunk;
    addrs[i] = unit;
  }
  return 0;
}

}  // namespace lightnvm::capi
