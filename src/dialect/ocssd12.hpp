// SPDX-License-Identifier: BSD-2-Clause
// Makes the dialect of Open-Channel SSDs of specification 1.2 from their identity page.
#pragma once

#include "dialect/dialect.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::dialect {

/// EPROTO, and a sentence, where the page contradicts itself or exceeds the address format. Configuration group 0 is
/// the device; what others there are is left alone.
Result<std::unique_ptr<Dialect>> make_ocssd12(const spec::Identity12& page, std::uint32_t nsid);

}  // namespace lightnvm::dialect
