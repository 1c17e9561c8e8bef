// SPDX-License-Identifier: BSD-2-Clause
// Backend null: answers every command with success and touches no memory. No device, so it is opened by name.
#include <vector>

#include "backends/registry.hpp"

namespace lightnvm::backends::null {
namespace {

class NullQueue final : public QueuePair {
 public:
  explicit NullQueue(std::uint32_t depth) : ring_(depth) {}

  Status submit(Request& request) noexcept override {
    ring_[(first_ + count_++) % ring_.size()] = &request;
    return {};
  }
  Result<unsigned> reap(Sink& sink, unsigned, unsigned max, Deadline) noexcept override {
    const std::size_t n = max == 0 || max > count_ ? count_ : max;
    for (std::size_t i = 0; i < n; ++i) {
      Request& request = *ring_[first_];
      first_ = (first_ + 1) % ring_.size();
      --count_;
      sink.complete(request, {});
    }
    return static_cast<unsigned>(n);
  }

 private:
  std::vector<Request*> ring_;
  std::size_t first_ = 0, count_ = 0;
};

class NullBackend final : public Backend {
 public:
  NullBackend() {
    caps_.max_segments = ~0U;
    caps_.max_depth = 4096;
    caps_.metadata = MetadataTransfer::separate;
    caps_.vectors = caps_.vector_copy = caps_.reset_descriptors = caps_.ordered_writes = true;
  }
  [[nodiscard]] const Caps& caps() const noexcept override { return caps_; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return 1; }
  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    return std::make_unique<NullQueue>(options.depth);
  }

 private:
  Caps caps_;
};

Opened open(const Ident& ident, Opener&) {
  if (ident.backend == "null") return std::make_unique<NullBackend>();
  return std::unexpected(Refusal{false, Status::os(ENODEV), "null is opened by its name"});
}

}  // namespace

extern const Descriptor descriptor;
const Descriptor descriptor{&open};

}  // namespace lightnvm::backends::null
