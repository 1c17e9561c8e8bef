// SPDX-License-Identifier: BSD-2-Clause
// A job held against the rules of a device.
#include "bench_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "common.hpp"

namespace tools::bench {

using lightnvm::Address;
using lightnvm::CommandOptions;
using lightnvm::Geometry;
using lightnvm::Sectors;

std::string_view name_of(Workload workload) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"read", "write", "mixed", "reset"};
  return kNames[static_cast<std::size_t>(workload)];
}

std::string_view name_of(Kind kind) noexcept {
  return name_of(kind == Kind::reset ? Workload::reset : static_cast<Workload>(kind));
}

Sectors Wording::sectors(Address chunk, std::uint32_t first, std::span<Address> list) const noexcept {
  if (!vector_) return {chunk.at_sector(first), static_cast<std::uint32_t>(list.size())};
  for (std::uint32_t i = 0; i < list.size(); ++i) list[i] = geometry_.sector_address(chunk, first + i);
  return {std::span<const Address>(list)};
}

CommandOptions Wording::options() const noexcept {
  CommandOptions options;
  if (geometry_.has_planes()) {
    options.plane_mode = static_cast<lightnvm::PlaneMode>(std::bit_width(geometry_.planes) - 1);
  }
  return options;
}

namespace {

std::uint32_t most_sectors(const lightnvm::Device& device, bool vector) {
  const std::uint32_t most = vector ? std::min(device.max_sectors(), lightnvm::kMaxAddresses) : device.max_sectors();
  return std::min(most, device.geometry().sectors);
}

// Writes of OCSSD 1.2 go to a page on all planes at once.
std::uint32_t write_unit(const Geometry& g) { return g.has_planes() ? g.ws_opt : g.ws_min; }

}  // namespace

std::uint32_t command_sectors(const Job& job, const lightnvm::Device& device) {
  const Geometry& g = device.geometry();
  const bool vector = Wording(device, job.vector).vector();
  std::uint64_t n = job.sectors.value_or(job.writing() ? g.ws_opt : 1);
  if (job.bytes) {
    if (*job.bytes % g.sector_bytes != 0) {
      throw Failure("FAILED", fmt::format("--size is a multiple of a sector, {} bytes", g.sector_bytes));
    }
    n = *job.bytes / g.sector_bytes;
  }
  const std::uint32_t most = most_sectors(device, vector);
  if (n == 0 || n > most) {
    throw Failure("FAILED", fmt::format("a {} command of this device moves 1 to {} sectors, not {}",
                                        vector ? "vector" : "scalar", most, n));
  }
  if (job.writing() && n % write_unit(g) != 0) {
    throw Failure("FAILED",
                  fmt::format("a write is a multiple of {} sectors on this device, not {}", write_unit(g), n));
  }
  return static_cast<std::uint32_t>(n);
}

std::uint32_t sweep_sectors(const lightnvm::Device& device, const Wording& wording) {
  const std::uint32_t most = std::min(most_sectors(device, wording.vector()), lightnvm::kMaxAddresses);
  const Geometry& g = device.geometry();
  for (const std::uint32_t unit : {g.ws_opt, g.ws_min}) {
    if (unit <= most) return most / unit * unit;
  }
  return g.ws_min;
}

}  // namespace tools::bench
