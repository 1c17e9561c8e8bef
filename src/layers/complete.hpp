// SPDX-License-Identifier: BSD-2-Clause
// complete: a decorator that supplies what a route lacks, so that everybody above sees full Caps.
#pragma once

#include <memory>

#include "backends/registry.hpp"

namespace lightnvm::layers {

/// Returns `backend` itself where it lacks nothing. Otherwise a backend over it that takes, of Open-Channel SSDs 2.0:
///
/// - vector reads and writes as scalar ones: a run is what follows each other in the list and in one chunk, cut where
///   the route or the device (MDTS) carries no more, writes after a multiple of ws_min. Writes to one chunk go one
///   after another, unless Caps::ordered_writes; all else goes side by side. Scalar reads and writes are cut the same
///   way.
/// - vector reset as a deallocation for each chunk, with the chunk's own length where the device asks for it.
/// - the descriptors of a reset from the chunk log, read after it.
/// - vector copy as read and write, through memory of the queue; nothing is written unless all could be read.
/// - memory in pieces as one piece, where the route cannot gather so many (metadata: more than one, unless the route
///   takes any number), through memory of the queue. Also of admin commands.
/// - metadata of its own where the namespace has extended LBAs: interleaved with the data, by lists of segments as far
///   as the route can gather, else through memory of the queue. Written without metadata, it is zero.
///
/// Of Open-Channel SSDs 1.2, which have no scalar commands, it takes:
///
/// - reads and erases of a list as commands of one address each, side by side, where the route carries no lists. The
///   address lies in the command then, not beside it. The bits of a read are those of the sectors that failed alone.
/// - no writes there: a page over its planes has to be written by one list. ENOTSUP, with a sentence.
/// - memory in pieces as one piece.
///
/// Such a command is not atomic across chunks. Its result's bits say exactly what was not carried out, its status is
/// the first such entry's; what follows a failed write in the same chunk is not sent. FUA and limited retry travel
/// along. A descriptor that could not be read counts as not carried out.
///
/// Caps afterwards: vectors, vector_copy, reset_descriptors, any number of segments; metadata separate, or none where
/// the route cannot carry it; the rest is the route's. max_transfer_bytes binds admin commands and those that nobody
/// can cut; EINVAL beyond. A device that is no Open-Channel SSD gets only the memory in one piece, one of 1.2 keeps the
/// route's vector_copy, reset_descriptors and metadata.
///
/// The decorated queue takes `depth` commands whatever they need of the route's slots, which they get in the order of
/// submission; ENOTSUP for memory in pieces that is too large to be put together. An inner queue has at least 64 slots
/// where the route has them. All memory of a queue is taken when it is opened, by what the route lacks: about 1 KiB and
/// a sector's metadata for each slot; up to 4 MiB for memory in one piece, more only where ws_min sectors are more; for
/// copies, 64 sectors for each of up to four commands.
///
/// Requires of the backend that admin queue pairs can be opened beside each other: an I/O queue that reads the chunk
/// log has its own.
/// Errors: what identifying the device through the backend's admin queue says.
backends::Opened complete(std::unique_ptr<backends::Backend> backend);

}  // namespace lightnvm::layers
