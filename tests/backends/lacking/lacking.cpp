// SPDX-License-Identifier: BSD-2-Clause
// Backend lacking: an emulated device behind a route that lacks what its options say.
#include "lacking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/error.hpp"
#include "spec/build.hpp"

namespace lightnvm::backends::lacking {
namespace {

using spec::AdminOpcode;

std::unexpected<Refusal> refuse(Status s, std::string sentence) {
  return std::unexpected(Refusal{true, s, std::move(sentence)});
}

/// Executes one admin command on a queue pair and waits for it.
class Asker final : private Sink {
 public:
  static Status ask(QueuePair& queue, const spec::Command& command, std::span<std::byte> page) {
    Asker asker;
    const Segment segment{page.data(), page.size()};
    Request request;
    request.command = command;
    request.payload.data = {&segment, 1};
    if (const Status s = queue.submit(request); !s) return s;
    if (const auto n = queue.reap(asker, 1, 0, kForever); !n) return n.error();
    return asker.status_;
  }

 private:
  void complete(Request&, const Completion& completion) noexcept override { status_ = completion.status; }
  Status status_;
};

class LackingBackend final : public Backend {
 public:
  LackingBackend(std::unique_ptr<Backend> inner, Options options, const Shape& shape)
      : inner_(std::move(inner)), options_(std::move(options)), shape_(shape) {
    const Caps& caps = inner_->caps();
    options_.caps.read_only = caps.read_only;
    options_.caps.events = caps.events;
  }
  [[nodiscard]] const Caps& caps() const noexcept override { return options_.caps; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return inner_->nsid(); }
  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    auto queue = inner_->open_queue({options.kind, 1});
    if (!queue) return queue;
    return std::make_unique<LackingQueue>(options_, shape_, options, std::move(*queue));
  }
  Result<std::optional<AsyncEvent>> next_event() override { return inner_->next_event(); }

 private:
  std::unique_ptr<Backend> inner_;
  Options options_;
  Shape shape_;
};

Opened open_emulated(Ident ident, Opener& opener) {
  ident.backend = "emu";
  const Registry registry = default_registry();
  const auto emu = std::ranges::find(registry, "emu", &Entry::name);
  return emu->descriptor->open(ident, opener);
}

std::expected<Shape, Refusal> shape_of(Backend& backend, const Caps& caps) {
  auto queue = backend.open_queue({QueueKind::admin, 1});
  if (!queue) return refuse(queue.error(), "no admin queue");
  spec::IdentifyNamespace ns{};
  spec::Geometry20 geometry{};
  const auto into = [](auto& page) { return std::as_writable_bytes(std::span(&page, 1)); };
  Status s = Asker::ask(**queue, spec::build::identify(0, backend.nsid()), into(ns));
  if (s) s = Asker::ask(**queue, spec::build::geometry(backend.nsid()), into(geometry));
  if (!s) return refuse(s, "the emulated device does not answer");
  const bool physical = geometry.mjr == 1;
  return Shape{1U << ns.lbaf[0].ds, ns.lbaf[0].ms, geometry.lbk_len, caps.metadata == MetadataTransfer::extended,
               physical};
}

Opened open(const Ident& ident, Opener& opener) {
  if (ident.backend != "lacking") {
    return std::unexpected(Refusal{false, Status::os(ENODEV), "lacking is opened by its name"});
  }
  Ident rest = ident;
  auto options = take_options(rest);
  if (!options) return refuse(options.error(), last_error());
  auto emulated = open_emulated(rest, opener);
  if (!emulated) return emulated;
  auto shape = shape_of(**emulated, options->caps);
  if (!shape) return std::unexpected(std::move(shape.error()));
  return std::make_unique<LackingBackend>(std::move(*emulated), std::move(*options), *shape);
}

Result<std::uint32_t> number(const std::string& key, const std::string& value) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
    return unexpected(Status::os(EINVAL), fmt::format("{}={}: no number", key, value));
  }
  return n;
}

}  // namespace

Result<Options> take_options(Ident& ident) {
  Options out;
  out.caps.max_depth = 4;
  out.caps.metadata = MetadataTransfer::separate;
  std::uint32_t delay = 0;
  const std::pair<const char*, std::uint32_t*> numbers[] = {{"segments", &out.caps.max_segments},
                                                            {"transfer", &out.caps.max_transfer_bytes},
                                                            {"depth", &out.caps.max_depth},
                                                            {"seed", &out.seed},
                                                            {"delay_us", &delay}};
  const std::pair<const char*, bool*> flags[] = {{"ordered", &out.caps.ordered_writes},
                                                 {"vectors", &out.caps.vectors},
                                                 {"copy", &out.caps.vector_copy},
                                                 {"descriptors", &out.caps.reset_descriptors}};
  for (const auto& [key, target] : numbers) {
    const auto found = ident.options.find(key);
    if (found == ident.options.end()) continue;
    const auto n = number(key, found->second);
    if (!n) return std::unexpected(n.error());
    *target = *n;
    ident.options.erase(found);
  }
  for (const auto& [key, target] : flags) *target = ident.options.erase(key) != 0;
  if (const auto found = ident.options.find("metadata"); found != ident.options.end()) {
    const std::string& value = found->second;
    if (value != "none" && value != "separate" && value != "extended") {
      return unexpected(Status::os(EINVAL), fmt::format("metadata={}: none, separate or extended", value));
    }
    if (value == "none") out.caps.metadata = MetadataTransfer::none;
    if (value == "extended") out.caps.metadata = MetadataTransfer::extended;
    ident.options.erase(found);
  }
  out.faults = std::make_shared<test::Faults>();
  if (const auto found = ident.options.find("faults"); found != ident.options.end()) {
    out.faults = test::faults(found->second);
    ident.options.erase(found);
  }
  out.delay = std::chrono::microseconds(delay);
  return out;
}

extern const Descriptor descriptor;
const Descriptor descriptor{&open};

}  // namespace lightnvm::backends::lacking
