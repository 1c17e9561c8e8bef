// SPDX-License-Identifier: BSD-2-Clause
// Catalog: what a target serves: subsystems and their namespaces, each an opened device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/registry.hpp"
#include "lightnvm/target.hpp"
#include "spec/fabrics.hpp"

namespace lightnvm::target {

/// An opened device as it is served. Immutable; its backend may be used from any thread.
struct Namespace {
  std::uint32_t nsid = 1;  ///< to hosts; the device's own is the backend's
  TargetMetadata metadata = TargetMetadata::none;
  bool read_only = false;
  std::unique_ptr<backends::Backend> backend;
  spec::IdentifyController controller{};
  spec::IdentifyNamespace page{};
  std::uint32_t block_bytes = 0;     ///< data of a block
  std::uint32_t metadata_bytes = 0;  ///< of a block, where the route carries it; else 0

  /// Bytes of a block on the wire, for hosts without the extension.
  [[nodiscard]] std::uint32_t wire_block_bytes() const noexcept {
    return block_bytes + (metadata == TargetMetadata::extended ? metadata_bytes : 0);
  }
};

struct Subsystem {
  std::string nqn;
  std::vector<std::unique_ptr<Namespace>> namespaces;  ///< by NSID; none: the discovery subsystem
  std::vector<std::string> hosts;

  [[nodiscard]] bool is_discovery() const noexcept { return namespaces.empty(); }
  [[nodiscard]] bool admits(std::string_view host) const noexcept;
  /// nullptr where there is none.
  [[nodiscard]] const Namespace* find(std::uint32_t nsid) const noexcept;
  /// The smallest transfer limit (MDTS) of its devices, at most `most` bytes.
  [[nodiscard]] std::uint32_t transfer_bytes(std::uint32_t most) const noexcept;
  /// The most blocks of metadata that go with that, in bytes.
  [[nodiscard]] std::uint64_t metadata_bytes(std::uint32_t transfer_bytes) const noexcept;
};

struct Catalog {
  std::vector<Subsystem> subsystems;
  Subsystem discovery;

  /// nullptr where no subsystem has this name.
  [[nodiscard]] const Subsystem* find(std::string_view nqn) const noexcept;
};

/// Opens all devices through `registry`. EINVAL: the configuration; otherwise what opening said. With a sentence.
Result<Catalog> open_catalog(const TargetConfig& config, backends::Registry registry);

/// Makes durable what was written, unless the namespace is read-only.
Status flush(const Namespace& n) noexcept;

/// One namespace over a backend that is open and complete (layers/complete): identifies it.
Result<std::unique_ptr<Namespace>> make_namespace(const TargetNamespace& config,
                                                  std::unique_ptr<backends::Backend> backend);

}  // namespace lightnvm::target
