// SPDX-License-Identifier: BSD-2-Clause
// Payload: the memory and the address lists that travel beside a submission entry.
#pragma once

#include <cstdint>
#include <span>

#include "lightnvm/segment.hpp"

namespace lightnvm {

/// What a command moves. Above a backend the pointers in the submission entry are zero (contract S8): this is where the
/// memory is. All of it belongs to the submitter and stays valid until the command completes.
struct Payload {
  std::span<const Segment> data;               ///< direction by the opcode
  std::span<const Segment> metadata;           ///< separate from the data; reset: receives chunk descriptors
  std::span<const std::uint64_t> list;         ///< vector commands: device addresses, also when there is only one
  std::span<const std::uint64_t> destination;  ///< vector copy: where to
};

}  // namespace lightnvm
