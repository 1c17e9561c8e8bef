// SPDX-License-Identifier: BSD-2-Clause
// Device::Impl: what an opened device is: a backend, a dialect, an admin queue, and channels for synchronous callers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/registry.hpp"
#include "device/channel.hpp"
#include "dialect/dialect.hpp"
#include "lightnvm/device.hpp"

namespace lightnvm::device {

/// The admin queue, one command at a time. Thread-safe.
class AdminLine final : public dialect::AdminPort, private backends::Sink {
 public:
  AdminLine(std::unique_ptr<backends::QueuePair> queue_pair, std::uint32_t nsid) noexcept
      : queue_pair_(std::move(queue_pair)), nsid_(nsid) {}
  ~AdminLine();
  using AdminPort::execute;
  Completion execute(const spec::Command& command, const Payload& payload) override;
  [[nodiscard]] std::uint32_t nsid() const noexcept override { return nsid_; }
  [[nodiscard]] std::uint32_t transfer_limit() const noexcept override { return transfer_limit_; }
  void set_transfer_limit(std::uint32_t bytes) noexcept { transfer_limit_ = bytes; }

 private:
  void complete(backends::Request& request, const Completion& completion) noexcept override;

  std::mutex mutex_;
  std::unique_ptr<backends::QueuePair> queue_pair_;
  std::uint32_t nsid_;
  std::uint32_t transfer_limit_ = 4096;
  backends::Request request_;
  Waiter* waiter_ = nullptr;
};

/// Channels that synchronous callers of many threads borrow. Thread-safe.
class ChannelPool {
 public:
  class Lease {
   public:
    Lease(ChannelPool& pool, std::unique_ptr<Channel> channel) noexcept : pool_(pool), channel_(std::move(channel)) {}
    ~Lease() { pool_.give_back(std::move(channel_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] Channel& operator*() const noexcept { return *channel_; }

   private:
    ChannelPool& pool_;
    std::unique_ptr<Channel> channel_;
  };

  ChannelPool(backends::Backend& backend, const Terms& terms) noexcept : backend_(backend), terms_(terms) {}
  /// Waits while all channels are lent; the error is the backend's that could not open the first one.
  Result<std::unique_ptr<Channel>> borrow();
  void give_back(std::unique_ptr<Channel> channel) noexcept;

 private:
  Result<std::unique_ptr<Channel>> borrow_or_make();

  static constexpr std::size_t kMost = 8;
  backends::Backend& backend_;
  const Terms& terms_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Channel>> idle_;
  std::size_t made_ = 0;
};

}  // namespace lightnvm::device

namespace lightnvm {

class Device::Impl {
 public:
  std::unique_ptr<backends::Backend> backend;
  std::unique_ptr<dialect::Dialect> dialect;
  std::unique_ptr<device::AdminLine> admin;
  std::unique_ptr<device::ChannelPool> pool;
  device::Terms terms;
  Geometry geometry;  // of the dialect; zero without one
  spec::IdentifyNamespace ns{};
  spec::IdentifyController controller{};
  spec::IdentifyPage told{};  // what the device answered to admin command E2h
  bool has_told = false;
  backends::Ident ident;
  std::string backend_name;
  std::uint32_t backend_id = 0;
  std::uint32_t max_sectors = 0;
  Route route;
  std::mutex events_mutex;
  std::uint64_t last_event = 0;

  ~Impl() {
    // Queues go before the backend that made them.
    pool.reset();
    admin.reset();
  }
};

/// For the C API and the tests: a device through another registry, or its inside.
class DeviceAccess {
 public:
  static Result<Device> open(std::string_view ident, const OpenOptions& options, backends::Registry registry);
  static Result<std::vector<FoundDevice>> find(const FindOptions& options, backends::Registry registry);
  static Device::Impl& impl(Device& device) noexcept { return *device.impl_; }
  static device::Channel& channel(Queue& queue) noexcept;
};

}  // namespace lightnvm
