// SPDX-License-Identifier: BSD-2-Clause
// The way to the target, and what is done on it.
#include "support.hpp"

#include <array>

#include "backends/registry.hpp"
#include "device/ident.hpp"
#include "device/opener.hpp"

namespace lightnvm::test {

using namespace std::chrono_literals;

TargetConfig config_of(const std::string& device) {
  TargetConfig config;
  config.listen = "127.0.0.1:0";
  config.drain = 50ms;
  config.subsystems = {{kSubsystem, {{device}}, {}}};
  return config;
}

std::unique_ptr<Target> serve(const TargetConfig& config) {
  auto target = Target::open(config);
  EXPECT_TRUE(target) << last_error();
  if (!target) return nullptr;
  auto out = std::make_unique<Target>(std::move(*target));
  EXPECT_TRUE(out->start());
  return out;
}

std::string ident_at(const std::string& address, const std::string& options) {
  return "tcp://" + address + "/" + kSubsystem + (options.empty() ? "" : "?" + options);
}

std::unique_ptr<backends::Backend> open_backend(const std::string& ident) {
  const auto registry = backends::default_registry();
  auto parsed = device::parse_ident(ident, registry);
  EXPECT_TRUE(parsed);
  device::RegistryOpener opener(registry);
  for (const backends::Entry& e : registry) {
    if (e.name != "tcp") continue;
    auto opened = e.descriptor->open(*parsed, opener);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().sentence);
    return opened ? std::move(*opened) : nullptr;
  }
  return nullptr;
}

Way::Way(std::string target) : target_(std::move(target)) {
  auto listener = os::listen_tcp({"127.0.0.1", 0});
  EXPECT_TRUE(listener);
  listener_ = std::move(*listener);
  address_ = os::bound_to(listener_.get())->text();
  thread_ = std::thread([this] { run(); });
}

Way::~Way() {
  over_ = true;
  thread_.join();
}

std::string Way::address() const { return address_; }

void Way::lead_to(const std::string& target) {
  const std::lock_guard lock(mutex_);
  target_ = target;
}

void Way::cut() {
  const std::lock_guard lock(mutex_);
  pairs_.clear();
}

void Way::run() {
  while (!over_) {
    os::wait_for(listener_.get(), false, 200us);
    const std::lock_guard lock(mutex_);
    accept();
    std::erase_if(pairs_, [&](const auto& pair) { return !pass(*pair); });
  }
}

void Way::accept() {
  auto host = os::accept_tcp(listener_.get());
  if (!host || blocked_) return;
  auto target = os::connect_tcp(*os::parse_endpoint(target_, 0), backends::Clock::now() + 1s, 1s);
  if (!target) return;
  pairs_.push_back(std::make_unique<Pair>(Pair{std::move(*host), std::move(*target), 0, spoiled_.exchange(-1)}));
  ++connections_;
}

// False: one of the two has ended.
bool Way::pass(Pair& pair) {
  std::array<std::byte, 65536> memory;
  const Segment whole{memory.data(), memory.size()};
  const auto got = os::receive(pair.host.get(), {&whole, 1});
  if (got && *got == 0) return false;
  if (!got && !got.error().is_errno(EAGAIN)) return false;
  for (std::size_t sent = 0; got && sent < *got;) {
    const Segment rest{memory.data() + sent, *got - sent};
    const auto n = os::send(pair.target.get(), {&rest, 1});
    if (!n && !n.error().is_errno(EAGAIN)) return false;
    sent += n ? *n : 0;
  }
  return held_ || pass_to_host(pair);
}

bool Way::pass_to_host(Pair& pair) {
  std::array<std::byte, 65536> memory;
  const int pause = pause_ms_;
  const Segment whole{memory.data(), pause != 0 ? 1 : memory.size()};
  const auto got = os::receive(pair.target.get(), {&whole, 1});
  if (got && *got == 0) return false;
  if (!got) return got.error().is_errno(EAGAIN);
  const std::int64_t at = pair.spoiled - pair.to_host;
  if (pair.spoiled >= 0 && at >= 0 && at < static_cast<std::int64_t>(*got))
    memory[static_cast<std::size_t>(at)] ^= std::byte{0xFF};
  pair.to_host += static_cast<std::int64_t>(*got);
  for (std::size_t sent = 0; sent < *got;) {
    const Segment rest{memory.data() + sent, *got - sent};
    const auto n = os::send(pair.host.get(), {&rest, 1});
    if (!n && !n.error().is_errno(EAGAIN)) return false;
    sent += n ? *n : 0;
  }
  if (pause != 0) std::this_thread::sleep_for(std::chrono::milliseconds(pause));
  return true;
}

}  // namespace lightnvm::test
