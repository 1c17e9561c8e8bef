// SPDX-License-Identifier: BSD-2-Clause
// Whether a backend lacks something, and the backend that stands in front of it then.
#include "layers/complete.hpp"

#include "layers/complete_layout.hpp"
#include "layers/complete_queue.hpp"

namespace lightnvm::layers {
namespace {

using backends::Backend;
using backends::Caps;
using backends::MetadataTransfer;
using completed::Layout;
using completed::Route;

bool lacks_nothing(const Caps& caps) noexcept {
  return caps.vectors && caps.vector_copy && caps.reset_descriptors && caps.max_segments == ~0U &&
         caps.metadata != MetadataTransfer::extended;
}

Caps completed_caps(const Route& route) noexcept {
  Caps caps = route.caps;
  caps.max_segments = ~0U;
  if (route.layout.physical) {
    // Lists of 1.2 are taken, though not all of them are carried out.
    caps.vectors = true;
    return caps;
  }
  if (!route.layout.chunked) return caps;
  caps.vectors = caps.vector_copy = caps.reset_descriptors = true;
  const bool carried = route.interleaves || caps.metadata == MetadataTransfer::separate;
  caps.metadata = carried && route.layout.geometry.oob_bytes != 0 ? MetadataTransfer::separate : MetadataTransfer::none;
  return caps;
}

class CompletedBackend final : public Backend {
 public:
  CompletedBackend(std::unique_ptr<Backend> inner, const Layout& layout)
      : inner_(std::move(inner)), route_(*inner_, layout), caps_(completed_caps(route_)) {}

  [[nodiscard]] const Caps& caps() const noexcept override { return caps_; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return inner_->nsid(); }
  [[nodiscard]] backends::Memory* memory() noexcept override { return inner_->memory(); }
  Result<std::optional<backends::AsyncEvent>> next_event() override { return inner_->next_event(); }

  Result<std::unique_ptr<backends::QueuePair>> open_queue(const backends::QueueOptions& options) override {
    // Admin commands need no more than their memory in one piece.
    if (options.kind == backends::QueueKind::admin && route_.any_segments) return inner_->open_queue(options);
    const bool metadata = caps_.metadata == MetadataTransfer::separate;
    return completed::CompletedQueue::open(route_, options, metadata);
  }

 private:
  std::unique_ptr<Backend> inner_;
  Route route_;
  Caps caps_;
};

}  // namespace

backends::Opened complete(std::unique_ptr<Backend> backend) {
  if (lacks_nothing(backend->caps())) return backend;
  auto layout = completed::learn(*backend);
  if (!layout) return std::unexpected(std::move(layout.error()));
  return std::make_unique<CompletedBackend>(std::move(backend), *layout);
}

}  // namespace lightnvm::layers
