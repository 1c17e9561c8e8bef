// SPDX-License-Identifier: BSD-2-Clause
// complete: a decorator that supplies what a route lacks, so that everybody above sees full Caps.
#pragma once

#include <memory>

#include "backends/registry.hpp"

namespace lightnvm::layers {

/// Returns `backend` itself where it lacks nothing. Otherwise a backend over it that supplies, for commands of the
/// Open-Channel dialects: vector reset, write and read as scalar runs (one reset per chunk; runs of one chunk one after
/// another unless Caps::ordered_writes; not atomic across chunks; the result's bits say exactly what was not carried
/// out); vector copy by read and write; reset descriptors from the chunk log; memory in one piece where the route
/// cannot gather; separate metadata interleaved where the namespace has extended LBAs. A parent takes the route's slots
/// as they come free; depth counts parents. Metadata that the route cannot carry at all stays MetadataTransfer::none.
/// Errors: what identifying the device through the backend's admin queue says.
backends::Opened complete(std::unique_ptr<backends::Backend> backend);

}  // namespace lightnvm::layers
