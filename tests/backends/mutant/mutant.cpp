// SPDX-License-Identifier: BSD-2-Clause
// Backend mutant: an emulated device that breaks the rule which its option `mutant` names.
#include "mutant.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "spec/build.hpp"

namespace lightnvm::backends::mutant {
namespace {

std::unexpected<Refusal> refuse(Status s, std::string sentence) {
  return std::unexpected(Refusal{true, s, std::move(sentence)});
}

/// Executes each command when it is submitted, and tells of it when it is asked.
class MutantQueue final : public QueuePair {
 public:
  MutantQueue(const Mutant* mutant, Insider& insider, bool admin, std::unique_ptr<QueuePair> inner)
      : mutant_(mutant), insider_(insider), admin_(admin), inner_(std::move(inner)) {}

  Status submit(Request& request) noexcept override {
    Seen seen{insider_, *inner_, admin_, pending_.size(), request.command, request.payload, {}, {}, {}, {}};
    look(seen);
    if (mutant_ != nullptr) {
      mutant_->execute(seen);
    } else {
      seen.run();
    }
    remember(seen);
    pending_.push_back({&request, seen.done});
    return {};
  }

  Result<unsigned> reap(Sink& sink, unsigned, unsigned max, Deadline) noexcept override {
    std::size_t n = pending_.size();
    if (max != 0) n = std::min<std::size_t>(n, max);
    for (std::size_t i = 0; i < n; ++i) {
      const auto [request, completion] = pending_.front();
      pending_.erase(pending_.begin());
      sink.complete(*request, completion);
    }
    return static_cast<unsigned>(n);
  }

 private:
  struct Pending {
    Request* request = nullptr;
    Completion completion;
  };

  void look(Seen& s) {
    s.list.assign(s.payload.list.begin(), s.payload.list.end());
    s.destination.assign(s.payload.destination.begin(), s.payload.destination.end());
    if (admin_) {
      if (s.is(spec::AdminOpcode::identify)) ++insider_.pages[spec::Cns::get(s.command)];
      if (s.is(spec::AdminOpcode::geometry)) ++insider_.pages[~0U];
      if (s.log(spec::LogPage::chunk_information) && s.log_bytes() > 1024) ++insider_.whole_reports;
      if (s.opcode() == static_cast<unsigned>(spec::AdminOpcode::get_bad_blocks)) ++insider_.tables;
      return;
    }
    if (insider_.physical()) return;
    if (s.copies() && !s.destination.empty()) s.place = insider_.find(s.destination.front());
    if (s.vector() && !s.copies() && !s.list.empty()) s.place = insider_.find(s.list.front());
    if (s.io(spec::IoOpcode::read) || s.io(spec::IoOpcode::write)) s.place = insider_.find(spec::Slba::get(s.command));
    if (s.deallocates() && total_bytes(s.payload.data) >= 16) s.place = insider_.find(s.get<spec::DsmRange>(0).slba);
  }

  void remember(const Seen& s) {
    if (!admin_) insider_.last_was_read = s.done.ok() && s.reads();
    if (!s.done || admin_ || !(s.writes() || s.resets() || s.copies())) return;
    insider_.last_changed = s.place.chunk;
    insider_.last_was_reset = s.resets();
    if (s.resets()) ++insider_.resets[s.place.chunk];
  }

  const Mutant* mutant_;
  Insider& insider_;
  bool admin_;
  std::unique_ptr<QueuePair> inner_;
  std::vector<Pending> pending_;
};

class MutantBackend final : public Backend {
 public:
  MutantBackend(std::unique_ptr<Backend> inner, std::unique_ptr<Insider> insider, const Mutant* mutant)
      : inner_(std::move(inner)), insider_(std::move(insider)), mutant_(mutant) {}
  [[nodiscard]] const Caps& caps() const noexcept override { return inner_->caps(); }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return inner_->nsid(); }
  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    auto queue = inner_->open_queue({options.kind, 1});
    if (!queue) return queue;
    return std::make_unique<MutantQueue>(mutant_, *insider_, options.kind == QueueKind::admin, std::move(*queue));
  }
  Result<std::optional<AsyncEvent>> next_event() override {
    if (mutant_ != nullptr && mutant_->mute) return std::nullopt;
    return inner_->next_event();
  }

 private:
  std::unique_ptr<Backend> inner_;
  std::unique_ptr<Insider> insider_;
  const Mutant* mutant_;
};

Opened open(const Ident& ident, Opener& opener) {
  if (ident.backend != "mutant") {
    return std::unexpected(Refusal{false, Status::os(ENODEV), "mutant is opened by its name"});
  }
  Ident rest = ident;
  rest.backend = "emu";
  const Mutant* chosen = nullptr;
  if (const auto option = rest.options.find("mutant"); option != rest.options.end()) {
    const auto found = std::ranges::find(mutants(), std::string_view(option->second), &Mutant::name);
    if (found == mutants().end())
      return refuse(Status::os(EINVAL), fmt::format("there is no mutant {}", option->second));
    chosen = &*found;
    rest.options.erase(option);
  }
  const Registry registry = default_registry();
  auto emulated = std::ranges::find(registry, "emu", &Entry::name)->descriptor->open(rest, opener);
  if (!emulated) return emulated;
  auto insider = Insider::look_into(**emulated);
  if (!insider) return refuse(insider.error(), "the emulated device does not answer");
  return std::make_unique<MutantBackend>(std::move(*emulated), std::move(*insider), chosen);
}

}  // namespace

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> kAll = [] {
    std::vector<Mutant> all;
    for (const auto table : {admin_mutants(), write_mutants(), read_mutants(), other_mutants(), physical_mutants()}) {
      all.insert(all.end(), table.begin(), table.end());
    }
    return all;
  }();
  return kAll;
}

extern const Descriptor descriptor;
const Descriptor descriptor{&open};

}  // namespace lightnvm::backends::mutant
