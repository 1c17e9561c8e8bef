// SPDX-License-Identifier: BSD-2-Clause
// MCCAP: what a device says of its media in one word, and the geometry's members that stand for its bits.
#pragma once

#include <cstdint>

#include "lightnvm/geometry.hpp"
#include "spec/ocssd12.hpp"
#include "spec/ocssd20.hpp"

namespace lightnvm::model {

/// The word, of the specification version that the geometry is of. OCSSD-2.0 3.1; OCSSD-1.2 10.1.
constexpr std::uint32_t capabilities(const Geometry& g) noexcept {
  if (g.has_planes()) {
    return (g.slc_mode ? spec::kMccapSlcMode : 0) | (g.suspension ? spec::kMccapSuspension : 0) |
           (g.scrambler ? spec::kMccapScrambler : 0);
  }
  return (g.vector_copy ? spec::kMccapVectorCopy : 0) | (g.multiple_resets ? spec::kMccapMultipleResets : 0) |
         (g.early_reset ? spec::kMccapEarlyReset : 0);
}

/// The inverse; bits that the version does not have are ignored. The geometry's planes are there already.
constexpr void set_capabilities(Geometry& g, std::uint32_t mccap) noexcept {
  if (g.has_planes()) {
    g.slc_mode = (mccap & spec::kMccapSlcMode) != 0;
    g.suspension = (mccap & spec::kMccapSuspension) != 0;
    g.scrambler = (mccap & spec::kMccapScrambler) != 0;
    return;
  }
  g.vector_copy = (mccap & spec::kMccapVectorCopy) != 0;
  g.multiple_resets = (mccap & spec::kMccapMultipleResets) != 0;
  g.early_reset = (mccap & spec::kMccapEarlyReset) != 0;
}

}  // namespace lightnvm::model
