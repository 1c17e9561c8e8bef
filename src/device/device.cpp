// SPDX-License-Identifier: BSD-2-Clause
// The synchronous half of the C++ API: asynchronous commands, waited for.
#include "lightnvm/device.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/error.hpp"
#include "base/no_memory.hpp"
#include "device/core.hpp"
#include "spec/build.hpp"

namespace lightnvm {
namespace {

using dialect::Addressing;
using dialect::Io;
using dialect::Operation;

Io describe(Operation operation, const Sectors& s, CommandOptions options = {}) noexcept {
  Io io;
  io.operation = operation;
  io.addressing = s.is_vector() ? Addressing::vector : Addressing::scalar;
  io.consecutive = !s.is_list();
  io.options = options;
  io.addresses = s.data();
  io.count = s.count();
  return io;
}

// One address to reset is a list of one. As a vector it needs no length: a range's must be the chunk's own, which the
// geometry does not say where chunks deviate from it. Descriptors stay with those who ask for vectors.
Io describe_reset(const Sectors& s, const backends::Caps& caps, bool descriptors, CommandOptions options) noexcept {
  Io io = describe(Operation::reset, s, options);
  if (s.is_list() || s.count() != 1) return io;
  io.consecutive = false;
  if (caps.vectors && !descriptors) io.addressing = Addressing::vector;
  return io;
}

Status check_feature(SpecVersion version, Feature feature) {
  if (version != SpecVersion::ocssd12 || feature != Feature::media_feedback) return {};
  return fail(Status::os(ENOTSUP), "OCSSD 1.2 has no media feedback");
}

// Admin commands that change nothing for anybody: all that a device opened for a look is sent.
bool only_looks(const spec::Command& c) noexcept {
  using enum spec::AdminOpcode;
  switch (static_cast<spec::AdminOpcode>(spec::Opcode::get(c))) {
    case identify:
    case geometry:
    case get_log_page:
    case get_features:
    case get_bad_blocks:
    case abort:
    case keep_alive: return true;
    case set_features:
    case set_bad_blocks:
    case async_event_request: break;
  }
  return false;
}

template <typename Submit>
Completion with_channel(device::ChannelPool& pool, Submit&& submit) {
  auto channel = pool.borrow();
  if (!channel) return {0, channel.error()};
  const device::ChannelPool::Lease lease(pool, std::move(*channel));
  return device::run(*lease, [&](Callback&& done) { return submit(*lease, std::move(done)); });
}

}  // namespace

class Queue::Impl {
 public:
  Impl(std::shared_ptr<Device::Impl> device, std::unique_ptr<backends::QueuePair> queue_pair, std::uint32_t depth)
      : device_(std::move(device)), channel(device_->terms, std::move(queue_pair), depth) {}

 private:
  std::shared_ptr<Device::Impl> device_;  // the channel is gone before it

 public:
  device::Channel channel;
};

device::Channel& DeviceAccess::channel(Queue& queue) noexcept { return queue.impl_->channel; }

Queue::Queue(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Queue::Queue(Queue&&) noexcept = default;
Queue& Queue::operator=(Queue&&) noexcept = default;
Queue::~Queue() = default;

Status Queue::read(const Sectors& sectors, const Destination& to, Callback done, CommandOptions options) noexcept {
  return impl_->channel.submit(describe(Operation::read, sectors, options), &to, std::move(done));
}

Status Queue::write(const Sectors& sectors, const Source& from, Callback done, CommandOptions options) noexcept {
  return impl_->channel.submit(describe(Operation::write, sectors, options), &from, std::move(done));
}

Status Queue::reset(const Sectors& chunks, Callback done, std::span<std::byte> descriptors,
                    CommandOptions options) noexcept {
  const Destination to({}, descriptors);
  const Io io = describe_reset(chunks, impl_->channel.caps(), !descriptors.empty(), options);
  return impl_->channel.submit(io, descriptors.empty() ? nullptr : &to, std::move(done));
}

Status Queue::copy(std::span<const Address> from, std::span<const Address> to, Callback done) noexcept {
  if (from.size() != to.size()) return Status::os(EINVAL);
  Io io = describe(Operation::copy, Sectors(from));
  io.destination = to.data();
  return impl_->channel.submit(io, nullptr, std::move(done));
}

Status Queue::pass(const RawCommand& raw, const Destination& memory, Callback done, std::span<const std::uint64_t> list,
                   std::span<const std::uint64_t> destination) noexcept {
  return impl_->channel.submit_raw({spec::Command{raw}, list, destination}, memory, std::move(done));
}

Status Queue::flush(Callback done) noexcept { return impl_->channel.submit_flush(std::move(done)); }

Result<unsigned> Queue::poke(unsigned max) noexcept { return impl_->channel.reap(0, max, backends::kForever); }

Result<unsigned> Queue::wait(unsigned min, std::chrono::nanoseconds timeout) noexcept {
  const auto now = backends::Clock::now();
  return impl_->channel.reap(min, 0, timeout >= backends::kForever - now ? backends::kForever : now + timeout);
}

Result<unsigned> Queue::drain() noexcept {
  unsigned all = 0;
  while (impl_->channel.in_flight() != 0) {
    const auto n = impl_->channel.reap(~0U, 0, backends::kForever);
    if (!n) return n;
    all += *n;
  }
  return all;
}

std::uint32_t Queue::depth() const noexcept { return impl_->channel.depth(); }
std::uint32_t Queue::in_flight() const noexcept { return impl_->channel.in_flight(); }
int Queue::event_fd() const noexcept { return impl_->channel.event_fd(); }

Queue::Counters Queue::counters() const noexcept {
  const auto& c = impl_->channel.counters();
  return {c.submitted, c.completed, c.failed};
}

const Geometry& Device::geometry() const noexcept { return impl_->geometry; }
SpecVersion Device::version() const noexcept { return impl_->dialect ? impl_->dialect->version() : SpecVersion::none; }
std::string_view Device::backend() const noexcept { return impl_->backend_name; }
std::uint32_t Device::backend_id() const noexcept { return impl_->backend_id; }
const std::string& Device::ident() const noexcept { return impl_->ident.text; }
const std::string& Device::path() const noexcept { return impl_->ident.locator; }
std::uint32_t Device::nsid() const noexcept { return impl_->terms.nsid; }
bool Device::read_only() const noexcept { return impl_->terms.caps.read_only; }
const Route& Device::route() const noexcept { return impl_->route; }
std::uint32_t Device::max_sectors() const noexcept { return impl_->max_sectors; }

std::array<unsigned, 4> Device::address_bits() const noexcept {
  return impl_->dialect ? impl_->dialect->address_bits() : std::array<unsigned, 4>{};
}
std::uint64_t Device::to_device(Address a) const noexcept { return impl_->dialect ? impl_->dialect->to_device(a) : 0; }
Address Device::from_device(std::uint64_t a) const noexcept {
  return impl_->dialect ? impl_->dialect->from_device(a) : Address{};
}

std::uint32_t Device::capabilities() const noexcept { return impl_->dialect ? impl_->dialect->capabilities() : 0; }
std::optional<PpaFormat> Device::ppa_format() const noexcept {
  return impl_->dialect ? impl_->dialect->ppa_format() : std::nullopt;
}

Completion Device::read(const Sectors& sectors, const Destination& to, CommandOptions options) {
  return with_channel(*impl_->pool, [&](device::Channel& c, Callback&& done) {
    return c.submit(describe(Operation::read, sectors, options), &to, std::move(done));
  });
}

Completion Device::write(const Sectors& sectors, const Source& from, CommandOptions options) {
  return with_channel(*impl_->pool, [&](device::Channel& c, Callback&& done) {
    return c.submit(describe(Operation::write, sectors, options), &from, std::move(done));
  });
}

Completion Device::reset(const Sectors& chunks, std::span<Chunk> after, CommandOptions options) {
  if (!after.empty() && (after.size() != chunks.count() || after.size() > kMaxAddresses)) {
    return {0, Status::os(EINVAL)};
  }
  std::array<spec::ChunkDescriptor, kMaxAddresses> descriptors{};
  const Destination to({}, std::as_writable_bytes(std::span(descriptors).first(after.size())));
  const Completion completion = with_channel(*impl_->pool, [&](device::Channel& c, Callback&& done) {
    const Io io = describe_reset(chunks, c.caps(), !after.empty(), options);
    return c.submit(io, after.empty() ? nullptr : &to, std::move(done));
  });
  if (!completion.ok() && completion.status.is_os()) return completion;
  for (unsigned i = 0; i < after.size(); ++i) {
    if (!completion.failed(i)) after[i] = impl_->dialect->parse_descriptor(descriptors[i]);
  }
  return completion;
}

Completion Device::copy(std::span<const Address> from, std::span<const Address> to) {
  if (from.size() != to.size()) return {0, Status::os(EINVAL)};
  Io io = describe(Operation::copy, Sectors(from));
  io.destination = to.data();
  return with_channel(*impl_->pool,
                      [&](device::Channel& c, Callback&& done) { return c.submit(io, nullptr, std::move(done)); });
}

Completion Device::flush() {
  return with_channel(*impl_->pool,
                      [](device::Channel& c, Callback&& done) { return c.submit_flush(std::move(done)); });
}

Result<BadBlockTable> Device::bad_blocks(Address unit) {
  if (!impl_->dialect) return std::unexpected(Status::os(ENOTSUP));
  return impl_->dialect->bad_blocks(*impl_->admin, unit);
}

Completion Device::set_bad_blocks(std::span<const Address> blocks, BlockState state) {
  if (!impl_->dialect) return {0, Status::os(ENOTSUP)};
  if (read_only()) return {0, Status::os(EROFS)};
  return impl_->dialect->set_bad_blocks(*impl_->admin, blocks, state);
}

Result<std::vector<Chunk>> Device::chunks(std::uint64_t first, std::uint64_t count) {
  if (!impl_->dialect) return std::unexpected(Status::os(ENOTSUP));
  return or_no_memory([&] { return impl_->dialect->report(*impl_->admin, first, count); });
}

Result<Chunk> Device::chunk(Address address) {
  if (!impl_->geometry.contains(address.at_sector(0))) return std::unexpected(Status::os(EINVAL));
  auto one = chunks(impl_->geometry.chunk_index(address), 1);
  if (!one) return std::unexpected(one.error());
  if (one->empty()) return std::unexpected(Status::os(EIO));
  return one->front();
}

Result<std::vector<Event>> Device::events() {
  if (!impl_->dialect || !impl_->terms.caps.events) return std::unexpected(Status::os(ENOTSUP));
  if (version() == SpecVersion::ocssd12) return unexpected(Status::os(ENOTSUP), "OCSSD 1.2 has no chunk notifications");
  constexpr std::uint8_t kNotificationLog = 0xD0;
  const auto event = impl_->backend->next_event();
  if (!event) return std::unexpected(event.error());
  if (!event->has_value() || (*event)->log_page != kNotificationLog) return std::vector<Event>();
  auto logged = or_no_memory([&] { return impl_->dialect->events(*impl_->admin); });
  if (!logged) return logged;
  // The log keeps what was read before.
  const std::lock_guard lock(impl_->events_mutex);
  std::erase_if(*logged, [&](const Event& e) { return e.id <= impl_->last_event; });
  if (!logged->empty()) impl_->last_event = logged->back().id;
  return logged;
}

Result<std::uint32_t> Device::feature(Feature feature) {
  if (const Status s = check_feature(version(), feature); !s) return std::unexpected(s);
  const auto id = static_cast<spec::FeatureId>(feature);
  const Completion c = impl_->admin->execute(spec::build::get_features(id, nsid()), Payload{});
  if (!c) return std::unexpected(c.status);
  return static_cast<std::uint32_t>(c.result);
}

Status Device::set_feature(Feature feature, std::uint32_t value) {
  if (const Status s = check_feature(version(), feature); !s) return s;
  if (read_only()) return Status::os(EROFS);
  const auto id = static_cast<spec::FeatureId>(feature);
  return impl_->admin->execute(spec::build::set_features(id, nsid(), value), Payload{}).status;
}

Status Device::report_unwritten(bool as_error) {
  if (version() == SpecVersion::ocssd12) {
    return fail(Status::os(ENOTSUP), "on OCSSD 1.2 reading an unwritten sector always is an error");
  }
  const auto now = feature(Feature::error_recovery);
  if (!now) return now.error();
  return set_feature(Feature::error_recovery, as_error ? *now | spec::kDulbe : *now & ~spec::kDulbe);
}

std::span<const std::byte> Device::identify_namespace() const noexcept {
  return std::as_bytes(std::span(&impl_->ns, 1));
}
std::span<const std::byte> Device::identify_controller() const noexcept {
  return std::as_bytes(std::span(&impl_->controller, 1));
}

std::span<const std::byte> Device::identify_geometry() const noexcept {
  return std::span(impl_->told).first(impl_->has_told ? impl_->told.size() : 0);
}

Completion Device::pass(CommandSet set, const RawCommand& raw, const Destination& memory,
                        std::span<const std::uint64_t> list, std::span<const std::uint64_t> destination) {
  spec::Command command{raw};
  if (set == CommandSet::io) {
    return with_channel(*impl_->pool, [&](device::Channel& c, Callback&& done) {
      return c.submit_raw({command, list, destination}, memory, std::move(done));
    });
  }
  // An event request would stay in the admin queue for ever; events() has them.
  if (spec::Opcode::get(command) == static_cast<std::uint32_t>(spec::AdminOpcode::async_event_request) ||
      !list.empty() || !destination.empty()) {
    return {0, Status::os(ENOTSUP)};
  }
  if (read_only() && !only_looks(command)) return {0, Status::os(EROFS)};
  // S8: the payload has what these would point to.
  spec::Mptr::set(command, 0);
  spec::Dptr1::set(command, 0);
  spec::Dptr2::set(command, 0);
  const Segment data = memory.data();
  const Segment metadata = memory.metadata();
  Payload payload;
  payload.data = memory.data_list().empty() && data.bytes != 0 ? std::span(&data, 1) : memory.data_list();
  payload.metadata =
      memory.metadata_list().empty() && metadata.bytes != 0 ? std::span(&metadata, 1) : memory.metadata_list();
  return impl_->admin->execute(command, payload);
}

Result<Queue> Device::open_queue(std::uint32_t depth) {
  constexpr std::uint32_t kDefault = 64;
  const std::uint32_t most = impl_->terms.caps.max_depth;
  if (depth == 0) depth = std::min(kDefault, most);
  if (depth > most) {
    return unexpected(Status::os(EINVAL),
                      fmt::format("a queue of this device has 1 to {} places, not {}", most, depth));
  }
  return or_no_memory([&]() -> Result<Queue> {
    auto queue_pair = impl_->backend->open_queue({backends::QueueKind::io, depth});
    if (!queue_pair) return std::unexpected(queue_pair.error());
    return Queue(std::make_unique<Queue::Impl>(impl_, std::move(*queue_pair), depth));
  });
}

}  // namespace lightnvm
