// SPDX-License-Identifier: BSD-2-Clause
// Opens backends by identifier: for those that stand on a backend instead of a Device.
#pragma once

#include <span>

#include "backends/registry.hpp"
#include "lightnvm/completion.hpp"

namespace lightnvm::device {

/// Opens through the registry and completes what it opened (layers/complete): for a backend that stands on another one.
class RegistryOpener final : public backends::Opener {
 public:
  explicit RegistryOpener(backends::Registry registry) noexcept : registry_(registry) {}
  backends::Opened open(const backends::Ident& ident) override;

 private:
  backends::Registry registry_;
};

/// The completed backend behind `ident`: of the backend that it names, else of the first that takes it. The errors of
/// Device::open, with a sentence.
Result<std::unique_ptr<backends::Backend>> open_backend(std::string_view ident, backends::Registry registry,
                                                        bool read_only);

/// One command on a queue of its own, which is opened for it.
Completion execute_once(backends::Backend& backend, backends::QueueKind kind, const spec::Command& command,
                        std::span<std::byte> data) noexcept;

}  // namespace lightnvm::device
