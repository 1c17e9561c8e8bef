// SPDX-License-Identifier: BSD-2-Clause
// The backend of a Script: I/O commands wait for the test, admin commands are answered from its pages.
#include "support/scripted.hpp"

#include <algorithm>

namespace lightnvm::test {
namespace {

using backends::Clock;
using backends::Deadline;
using backends::QueueKind;
using backends::QueueOptions;
using backends::QueuePair;
using backends::Request;
using backends::Sink;

template <typename T>
std::vector<T> copy(std::span<const T> from) {
  return {from.begin(), from.end()};
}

class ScriptedQueue final : public QueuePair {
 public:
  explicit ScriptedQueue(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Status submit(Request& r) noexcept override {
    if (script_->accept == 0) return script_->submit_status;
    --script_->accept;
    script_->in_flight.push_back(script_->sent.size());
    script_->sent.push_back({&r, r.command, copy(r.payload.data), copy(r.payload.metadata), copy(r.payload.list),
                             copy(r.payload.destination)});
    return {};
  }
  Result<unsigned> reap(Sink& sink, unsigned, unsigned max, Deadline) noexcept override {
    unsigned n = 0;
    while (!script_->ready.empty() && (max == 0 || n < max)) {
      const auto [i, completion] = script_->ready.front();
      script_->ready.pop_front();
      ++n;
      sink.complete(*script_->sent[i].request, completion);
    }
    return n;
  }
  [[nodiscard]] int event_fd() const noexcept override { return script_->event_fd; }
  void cancel_all(Sink& sink) noexcept override {
    script_->finish_all(script_->recalls ? Completion{0, Status::nvme(StatusCode::command_aborted_by_host)}
                                         : Completion{});
    (void)reap(sink, 0, 0, backends::kForever);
  }

 private:
  std::shared_ptr<Script> script_;
};

class ScriptedAdmin final : public QueuePair {
 public:
  explicit ScriptedAdmin(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Status submit(Request& r) noexcept override {
    pending_.push_back({&r, answer(r)});
    return {};
  }
  Result<unsigned> reap(Sink& sink, unsigned, unsigned max, Deadline) noexcept override {
    unsigned n = 0;
    while (!pending_.empty() && (max == 0 || n < max)) {
      const auto [request, completion] = pending_.front();
      pending_.pop_front();
      ++n;
      sink.complete(*request, completion);
    }
    return n;
  }
  [[nodiscard]] int event_fd() const noexcept override { return script_->event_fd; }

 private:
  template <typename Page>
  static Completion give(const Request& r, const Page& page, Status status) {
    const SegmentRange target{r.payload.data, 0, std::min(sizeof page, total_bytes(r.payload.data))};
    if (status) target.copy_in(reinterpret_cast<const std::byte*>(&page));
    return {0, status};
  }
  Completion answer(const Request& r) {
    switch (static_cast<spec::AdminOpcode>(spec::Opcode::get(r.command))) {
      case spec::AdminOpcode::identify:
        return spec::Cns::get(r.command) == 1 ? give(r, script_->controller, script_->identify_status)
                                              : give(r, script_->ns, script_->identify_status);
      case spec::AdminOpcode::geometry: return give(r, script_->geometry, script_->geometry_status);
      case spec::AdminOpcode::get_log_page: {
        const std::uint64_t offset = spec::Lpo::get(r.command);
        script_->logged.push_back(offset);
        return give(r, script_->descriptor(offset / sizeof(spec::ChunkDescriptor)), script_->log_status);
      }
      default: return {0, Status::nvme_dnr(StatusCode::invalid_opcode)};
    }
  }

  std::shared_ptr<Script> script_;
  std::deque<std::pair<Request*, Completion>> pending_;
};

class ScriptedBackend final : public backends::Backend {
 public:
  explicit ScriptedBackend(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  [[nodiscard]] const backends::Caps& caps() const noexcept override { return script_->caps; }
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return 1; }
  [[nodiscard]] backends::Memory* memory() noexcept override { return script_->memory; }
  Result<std::unique_ptr<QueuePair>> open_queue(const QueueOptions& options) override {
    if (options.kind == QueueKind::admin) {
      ++script_->admin_queues;
      return std::make_unique<ScriptedAdmin>(script_);
    }
    ++script_->queues;
    script_->io_depth = options.depth;
    return std::make_unique<ScriptedQueue>(script_);
  }

 private:
  std::shared_ptr<Script> script_;
};

}  // namespace

Script::Script() {
  caps.max_depth = 256;
  caps.metadata = backends::MetadataTransfer::separate;
  ns.lbaf[0] = {16, 12, 0};
  geometry.mjr = 2;
  geometry.grp_len = geometry.pu_len = 1;
  geometry.chk_len = 3;
  geometry.lbk_len = 6;
  geometry.num_grp = geometry.num_pu = 2;
  geometry.num_chk = 5;
  geometry.clba = 64;
  geometry.ws_min = geometry.ws_opt = 4;
  descriptor = [](std::uint64_t index) {
    spec::ChunkDescriptor d{};
    d.cs = 1;
    d.ct = 1;
    d.slba = index;
    d.cnlb = 64;
    return d;
  };
}

void Script::finish(std::size_t i, Completion completion) {
  std::erase(in_flight, i);
  ready.emplace_back(i, completion);
}

void Script::finish_all(Completion completion) {
  while (!in_flight.empty()) finish(in_flight.front(), completion);
}

std::unique_ptr<backends::Backend> scripted(std::shared_ptr<Script> script) {
  return std::make_unique<ScriptedBackend>(std::move(script));
}

}  // namespace lightnvm::test
