// SPDX-License-Identifier: BSD-2-Clause
// Backends without a Device around them.
#include "device/opener.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/no_memory.hpp"
#include "device/ident.hpp"
#include "layers/complete.hpp"

namespace lightnvm::device {
namespace {

struct One final : backends::Sink {
  Completion result{0, Status::os(EIO)};
  void complete(backends::Request&, const Completion& completion) noexcept override { result = completion; }
};

}  // namespace

backends::Opened RegistryOpener::open(const backends::Ident& ident) {
  for (const backends::Entry& entry : registry_) {
    if (entry.descriptor == nullptr || (!ident.backend.empty() && ident.backend != entry.name)) continue;
    auto backend = entry.descriptor->open(ident, *this);
    if (backend) return layers::complete(std::move(*backend));
    if (backend.error().mine) return backend;
  }
  return std::unexpected(
      backends::Refusal{false, Status::os(ENODEV), fmt::format("{}: no backend knows it", ident.text)});
}

Result<std::unique_ptr<backends::Backend>> open_backend(std::string_view ident, backends::Registry registry,
                                                        bool read_only) {
  auto parsed = parse_ident(ident, registry);
  if (!parsed) return std::unexpected(parsed.error());
  parsed->read_only |= read_only;
  auto opened = RegistryOpener(registry).open(*parsed);
  if (!opened) return unexpected(opened.error().status, opened.error().sentence);
  return std::move(*opened);
}

Completion execute_once(backends::Backend& backend, backends::QueueKind kind, const spec::Command& command,
                        std::span<std::byte> data) noexcept {
  auto queue = or_no_memory([&] { return backend.open_queue({kind, 1}); });
  if (!queue) return {0, queue.error()};
  const Segment memory = segment(data);
  backends::Request request{command, {}, 0};
  if (!data.empty()) request.payload.data = {&memory, 1};
  if (const Status s = (*queue)->submit(request); !s) return {0, s};
  One sink;
  const auto reaped = (*queue)->reap(sink, 1, 0, backends::kForever);
  return reaped ? sink.result : Completion{0, reaped.error()};
}

}  // namespace lightnvm::device
