// SPDX-License-Identifier: BSD-2-Clause
// Makes the dialect of Open-Channel SSDs of specification 2.0 from their geometry page.
#pragma once

#include "dialect/dialect.hpp"

namespace lightnvm::dialect {

/// EPROTO, and a sentence, where the page contradicts itself or exceeds the address format.
Result<std::unique_ptr<Dialect>> make_ocssd20(const spec::Geometry20& page, const spec::IdentifyNamespace& ns,
                                              std::uint32_t nsid);

}  // namespace lightnvm::dialect
