// SPDX-License-Identifier: BSD-2-Clause
// Layout: which chunks a job reads and writes, and how its threads share them.
#pragma once

#include <cstdint>
#include <lightnvm/device.hpp>
#include <string>
#include <vector>

#include "bench_job.hpp"

namespace tools::bench {

/// A chunk that can be used, as it stands before the job.
struct Held {
  lightnvm::Address address;
  std::uint32_t sectors = 0;   ///< usable
  std::uint32_t written = 0;   ///< 0: free
  std::uint32_t readable = 0;  ///< from its beginning on
  bool open = false;
  bool ours = false;  ///< the job wrote it
};
/// One unit's chunks, without the bad ones and those that are written at random.
struct Stock {
  lightnvm::Address unit;
  std::vector<Held> chunks;
  std::uint32_t open = 0;  ///< of them, and of those that are left out
};

/// The units that `which` names ("all", a number of them: groups in turn, or G.U); a Failure where there are none.
std::vector<lightnvm::Address> choose_units(const std::string& which, const lightnvm::Geometry& geometry);
/// What the device says of the units' chunks. OCSSD 1.2 does not say what is written: the first and the last sector of
/// each good block are read.
std::vector<Stock> take_stock(lightnvm::Device& device, const std::vector<lightnvm::Address>& units);

/// Where writes go one after another: one chunk at a time, of those that are its own.
struct Lane {
  std::vector<Held> chunks;  ///< `written` follows what happens
  std::size_t current = 0;
  bool busy = false;
};

/// One thread's part.
struct Share {
  std::vector<Lane> lanes;
  /// What it reads: rows of chunks, one of each unit, to be read side by side.
  std::vector<std::vector<Held>> rows;
};

struct Layout {
  std::vector<Share> shares;
  std::vector<Held> fill;                  ///< to be reset where they are written, and filled, before the job begins
  std::vector<Held> finish;                ///< open ones that must be full before they can be reset
  std::vector<lightnvm::Address> touched;  ///< all that is written to or reset, in order
  std::uint64_t with_data = 0;             ///< of them
  std::uint32_t units = 0, read_chunks = 0, lanes = 0;
};

/// A Failure that says what to do where the device has not what the job needs.
Layout lay_out(const Job& job, const lightnvm::Geometry& geometry, const std::vector<Stock>& stock,
               std::uint32_t sectors);

/// How many sectors a chunk must have before it can be reset: 0 where a free one can.
std::uint32_t written_before_reset(const lightnvm::Geometry& geometry, const Held& chunk) noexcept;

}  // namespace tools::bench
