// SPDX-License-Identifier: BSD-2-Clause
// Backend tcp: a namespace at the other end of NVMe/TCP connections.
#include "backends/registry.hpp"
#include "backends/tcp/admin_queue.hpp"
#include "backends/tcp/io_queue.hpp"
#include "spec/nvme_tcp_extension.hpp"

namespace lightnvm::backends::tcp {
namespace {

MetadataTransfer metadata_of(const Terms& terms) noexcept {
  if (terms.metadata_bytes == 0) return MetadataTransfer::none;
  if (terms.metadata_extended) return MetadataTransfer::extended;
  return (terms.extension & spec::extension::kMetadata) != 0 ? MetadataTransfer::separate : MetadataTransfer::none;
}

class TcpBackend final : public Backend {
 public:
  explicit TcpBackend(std::unique_ptr<Association> association) : association_(std::move(association)) {
    const Terms& terms = association_->terms();
    const Settings& settings = association_->settings();
    caps_.max_segments = ~0U;
    caps_.max_depth = std::min(terms.most_commands, settings.depth);
    caps_.metadata = metadata_of(terms);
    caps_.vectors = (terms.extension & spec::extension::kVectors) != 0;
    caps_.vector_copy = (terms.extension & spec::extension::kVectorCopy) != 0;
    caps_.reset_descriptors = (terms.extension & spec::extension::kResetDescriptors) != 0;
    caps_.ordered_writes = (terms.extension & spec::extension::kOrderedWrites) != 0;
    caps_.read_only = settings.read_only;
    caps_.events = true;
  }

  [[nodiscard]] const Caps& caps() const noexcept override { return caps_; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return association_->settings().nsid; }
  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    return options.kind == QueueKind::admin ? AdminQueue::open(*association_, options.depth)
                                            : IoQueue::open(*association_, options.depth);
  }
  Result<std::optional<AsyncEvent>> next_event() override {
    association_->keep_alive(Clock::now());
    return association_->next_event();
  }

 private:
  std::unique_ptr<Association> association_;
  Caps caps_;
};

Opened open(const Ident& ident, Opener&) {
  if (ident.backend != "tcp") return std::unexpected(Refusal{false, Status::os(ENODEV), {}});
  auto settings = parse(ident);
  if (!settings) return std::unexpected(std::move(settings.error()));
  auto association = Association::open(std::move(*settings));
  if (!association) return std::unexpected(std::move(association.error()));
  return std::make_unique<TcpBackend>(std::move(*association));
}

}  // namespace

extern const Descriptor descriptor;
const Descriptor descriptor{&open};

}  // namespace lightnvm::backends::tcp
