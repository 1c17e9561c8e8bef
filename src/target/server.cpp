// SPDX-License-Identifier: BSD-2-Clause
// Target: the catalog, the listener and the loops together.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "base/no_memory.hpp"
#include "target/loop.hpp"

namespace lightnvm {
namespace {

using target::Home;
using target::Loop;

constexpr std::uint16_t kPort = 4420;

Status check(const TargetConfig& c) {
  const auto wrong = [](std::string_view what) { return fail(Status::os(EINVAL), std::string(what)); };
  if (c.cores < 1 || c.cores > 256) return wrong("cores: 1 to 256");
  if (c.io_queues < 1 || c.io_queues > 64) return wrong("io_queues: 1 to 64");
  if (c.queue_entries < 2 || c.queue_entries > 4096) return wrong("queue_entries: 2 to 4096");
  if (c.capsule_bytes > 1024 * 1024 || c.capsule_bytes % 16 != 0) {
    return wrong("capsule_bytes: a multiple of 16, at most 1 MiB");
  }
  if (c.transfer_bytes < 4096 || c.transfer_bytes > 16 * 1024 * 1024 || !std::has_single_bit(c.transfer_bytes)) {
    return wrong("transfer_bytes: a power of two, 4 KiB to 16 MiB");
  }
  if (c.controllers < 1 || c.controllers > 65519) return wrong("controllers: 1 to 65519");
  if (c.handshake.count() <= 0 || c.stall.count() <= 0 || c.drain.count() < 0) {
    return wrong("handshake, stall: more than 0; drain: not below 0");
  }
  return {};
}

}  // namespace

class Target::Impl {
 public:
  Impl(const TargetConfig& config, target::Catalog catalog) : home(config, std::move(catalog)) {}
  ~Impl() { (void)stop(); }

  Status make_loops();
  void accepted(os::Fd socket);
  void tick();
  Status stop();
  Status flush_all();

  Home home;
  os::Fd listener;
  os::Endpoint address;
  std::vector<std::unique_ptr<Loop>> loops;
  std::size_t next = 0;
  std::atomic<std::uint64_t> turned_away = 0;
  enum class Stage : std::uint8_t { made, running, stopped } stage = Stage::made;
};

Status Target::Impl::make_loops() {
  for (std::uint32_t i = 0; i < home.config.cores; ++i) {
    Loop::Duties duties;
    if (i == 0) {
      duties.listener = listener.get();
      duties.accepted = [this](os::Fd socket) { accepted(std::move(socket)); };
      duties.tick = [this] { tick(); };
    }
    auto loop = Loop::make(home, std::move(duties));
    if (!loop) return fail(loop.error(), fmt::format("cannot make an event loop: {}", loop.error().message()));
    loops.push_back(std::move(*loop));
  }
  home.wake_all = [this] {
    for (const auto& loop : loops) loop->wake();
  };
  return {};
}

void Target::Impl::accepted(os::Fd socket) {
  std::uint64_t open = 0;
  for (const auto& loop : loops) open += loop->tally().connections.get();
  if (open >= home.config.connections) {
    ++turned_away;
    return;
  }
  loops[next++ % loops.size()]->adopt(std::move(socket));
}

// Events are asked for here alone; the controllers' threads tell them.
void Target::Impl::tick() {
  bool told = false;
  for (const target::Subsystem& s : home.catalog.subsystems) {
    for (const auto& n : s.namespaces) {
      if (!n->backend->caps().events) continue;
      const auto event = n->backend->next_event();
      if (!event || !*event) continue;
      home.controllers.post(*n, **event);
      told = true;
    }
  }
  if (told) home.wake_all();
}

Status Target::Impl::stop() {
  if (stage != Stage::running) return {};
  stage = Stage::stopped;
  const target::TimePoint deadline = backends::Clock::now() + home.config.drain;
  for (const auto& loop : loops) loop->drain(deadline);
  for (const auto& loop : loops) loop->join();
  listener = os::Fd();
  return flush_all();
}

Status Target::Impl::flush_all() {
  Status first;
  for (const target::Subsystem& s : home.catalog.subsystems) {
    for (const auto& n : s.namespaces) {
      const Status flushed = target::flush(*n);
      if (flushed || !first) continue;
      first = fail(flushed, fmt::format("{}, namespace {}: flush failed: {}", s.nqn, n->nsid, flushed.message()));
    }
  }
  return first;
}

Target::Target(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Target::Target(Target&&) noexcept = default;
Target& Target::operator=(Target&&) noexcept = default;
Target::~Target() = default;

Result<Target> Target::open(const TargetConfig& config) {
  return or_no_memory([&]() -> Result<Target> {
    if (const Status s = check(config); !s) return std::unexpected(s);
    const auto at = os::parse_endpoint(config.listen, kPort);
    if (!at) return std::unexpected(at.error());
    auto catalog = target::open_catalog(config, backends::default_registry());
    if (!catalog) return std::unexpected(catalog.error());
    auto impl = std::make_unique<Impl>(config, std::move(*catalog));
    auto listener = os::listen_tcp(*at);
    if (!listener) return std::unexpected(listener.error());
    impl->listener = std::move(*listener);
    auto address = os::bound_to(impl->listener.get());
    if (!address) return std::unexpected(address.error());
    impl->address = *address;
    if (const Status s = impl->make_loops(); !s) return std::unexpected(s);
    return Target(std::move(impl));
  });
}

Status Target::start() {
  if (impl_->stage != Impl::Stage::made) return Status::os(EALREADY);
  impl_->stage = Impl::Stage::running;
  for (const auto& loop : impl_->loops) loop->start();
  return {};
}

Status Target::stop() { return impl_->stop(); }

std::string Target::address() const { return impl_->address.text(); }

TargetCounters Target::counters() const noexcept {
  TargetCounters sum;
  sum.controllers = impl_->home.controllers.count();
  sum.refused = impl_->turned_away;
  sum.memory_bytes = impl_->home.memory.used();
  for (const auto& loop : impl_->loops) {
    const target::Tally& t = loop->tally();
    sum.connections += t.connections.get();
    sum.accepted += t.accepted.get();
    sum.refused += t.refused.get();
    sum.protocol_errors += t.protocol_errors.get();
    sum.timeouts += t.timeouts.get();
    sum.admin_commands += t.admin_commands.get();
    sum.io_commands += t.io_commands.get();
    sum.failed_commands += t.failed_commands.get();
    sum.bytes_to_hosts += t.bytes_to_hosts.get();
    sum.bytes_from_hosts += t.bytes_from_hosts.get();
    sum.receives += t.receives.get();
    sum.sends += t.sends.get();
  }
  return sum;
}

}  // namespace lightnvm
