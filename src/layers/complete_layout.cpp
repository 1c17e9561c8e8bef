// SPDX-License-Identifier: BSD-2-Clause
// Asks a device for its layout, over an admin queue of the route that is to be completed.
#include "layers/complete_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "layers/route_memory.hpp"
#include "spec/build.hpp"
#include "spec/ocssd12.hpp"

namespace lightnvm::layers::completed {
namespace {

using backends::Refusal;

/// One admin command after another, each waited for.
class Line final : private backends::Sink {
 public:
  Line(std::unique_ptr<backends::QueuePair> queue, RouteMemory page) noexcept
      : queue_(std::move(queue)), page_(std::move(page)) {}

  /// Executes `command` and copies the page that it brings to `out`.
  template <typename Page>
  Status ask(const spec::Command& command, Page& out) {
    static_assert(sizeof out == spec::kIdentifyBytes);
    const Segment segment{page_.data(), sizeof out};
    std::memset(page_.data(), 0, sizeof out);
    request_.command = command;
    request_.payload = Payload{{&segment, 1}, {}, {}, {}};
    done_ = false;
    if (const Status s = queue_->submit(request_); !s) return s;
    while (!done_) {
      const auto n = queue_->reap(*this, 1, 0, backends::kForever);
      if (!n && !done_) {
        const Status s = n.error();
        // The command's memory is ours: it is not left behind.
        queue_->cancel_all(*this);
        return s;
      }
    }
    std::memcpy(&out, page_.data(), sizeof out);
    return status_;
  }

 private:
  void complete(backends::Request&, const Completion& completion) noexcept override {
    status_ = completion.status;
    done_ = true;
  }

  std::unique_ptr<backends::QueuePair> queue_;
  RouteMemory page_;
  backends::Request request_;
  Status status_;
  bool done_ = false;
};

std::unexpected<Refusal> cannot(std::string_view what, Status s) {
  return std::unexpected(Refusal{true, s, fmt::format("{}: {}", what, s.message())});
}

// Whether nothing can be computed wrongly from it; the dialect says what is wrong with the others.
bool plausible(const spec::Geometry20& page, const Geometry& g) noexcept {
  const auto fits = [](std::uint64_t count, unsigned bits) { return count != 0 && count - 1 <= (1ULL << bits) - 1; };
  return (page.mjr == 2 || page.mjr == 3) && page.grp_len <= 8 && page.pu_len <= 8 && page.chk_len <= 16 &&
         page.lbk_len <= 32 && fits(g.groups, page.grp_len) && fits(g.units, page.pu_len) &&
         fits(g.chunks, page.chk_len) && fits(g.sectors, page.lbk_len) && g.sector_bytes >= 512 &&
         g.sector_bytes <= 1U << 20 && g.ws_min != 0;
}

}  // namespace

std::optional<std::uint64_t> Layout::log_offset(std::uint64_t lba) const noexcept {
  if (format.total_bits() < 64 && lba >> format.total_bits() != 0) return std::nullopt;
  const Address chunk = format.unpack(lba).at_sector(0);
  if (!geometry.contains(chunk)) return std::nullopt;
  return geometry.chunk_index(chunk) * sizeof(spec::ChunkDescriptor);
}

std::expected<Layout, Refusal> learn(backends::Backend& backend) {
  auto queue = backend.open_queue({backends::QueueKind::admin, 1});
  if (!queue) return cannot("no admin queue", queue.error());
  auto page = RouteMemory::allocate(backend.memory(), spec::kIdentifyBytes);
  if (!page) return cannot("no memory that the route can transfer to", page.error());
  Line line(std::move(*queue), std::move(*page));

  spec::IdentifyController controller{};
  spec::IdentifyNamespace ns{};
  spec::Geometry20 geometry{};
  if (const Status s = line.ask(spec::build::identify(1, 0), controller); !s) {
    return cannot("Identify Controller failed", s);
  }
  if (const Status s = line.ask(spec::build::identify(0, backend.nsid()), ns); !s) {
    return cannot("Identify Namespace failed", s);
  }
  Layout layout;
  if (controller.mdts != 0) layout.device_limit = 4096ULL << std::min<unsigned>(controller.mdts, 40);
  const Status told = line.ask(spec::build::geometry(backend.nsid()), geometry);
  if (!told && told.is_os()) return cannot("Geometry failed", told);
  if (!told) return layout;

  Geometry& g = layout.geometry;
  if (geometry.mjr == 1) {
    const auto identity = std::bit_cast<spec::Identity12>(geometry);
    g.sector_bytes = identity.groups[0].csecs;
    g.oob_bytes = identity.groups[0].sos;
    layout.physical = g.sector_bytes >= 512;
    return layout;
  }
  const spec::LbaFormat& lbaf = ns.lbaf[ns.flbas & 0xF];
  g.groups = geometry.num_grp;
  g.units = geometry.num_pu;
  g.chunks = geometry.num_chk;
  g.sectors = geometry.clba;
  g.sector_bytes = lbaf.ds < 32 ? 1U << lbaf.ds : 0;
  g.oob_bytes = lbaf.ms;
  g.ws_min = geometry.ws_min;
  layout.chunked = plausible(geometry, g);
  if (!layout.chunked) return layout;
  layout.format = {geometry.grp_len, geometry.pu_len, geometry.chk_len, geometry.lbk_len};
  // NVM-1.0 4.1.5.1: bit 4 of FLBAS.
  layout.extended = lbaf.ms != 0 && (ns.flbas & 0x10) != 0;
  return layout;
}

Route::Route(backends::Backend& inner, const Layout& device) noexcept
    : backend(inner), caps(inner.caps()), layout(device) {
  any_segments = caps.max_segments == ~0U;
  if (!layout.chunked && !layout.physical) return;
  const Geometry& g = layout.geometry;
  interleaves = layout.extended && caps.metadata != backends::MetadataTransfer::none;
  block_bytes = g.sector_bytes + (interleaves ? g.oob_bytes : 0);
  // NVMe-2.0 5.17.2.1: MDTS counts interleaved metadata, too.
  const auto blocks_of = [&](std::uint64_t bytes) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(bytes / block_bytes, 1, 65536));
  };
  const auto whole_units = [&](std::uint32_t blocks, std::uint32_t least) {
    return blocks >= g.ws_min ? blocks - blocks % g.ws_min : least;
  };
  carries_blocks = caps.max_transfer_bytes == 0 || block_bytes <= caps.max_transfer_bytes;
  const std::uint64_t limit = smaller_limit(caps.max_transfer_bytes, layout.device_limit);
  read_blocks = blocks_of(limit == 0 ? ~0ULL : limit);
  // Where not even ws_min blocks go at once, the device has the last word.
  write_blocks = whole_units(read_blocks, read_blocks);
  bounced_read = std::min(read_blocks, blocks_of(kBounceMost));
  bounced_write = whole_units(bounced_read, std::min(write_blocks, g.ws_min));
}

}  // namespace lightnvm::layers::completed
