// SPDX-License-Identifier: BSD-2-Clause
// Virtual blocks: bounds, positions, and the jobs that their functions are.
#include "lightnvm/virtual_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/no_memory.hpp"
#include "device/core.hpp"
#include "vblk/engine.hpp"

namespace lightnvm {

using vblk::Engine;
using vblk::Job;
using vblk::JobKind;
using vblk::Stripe;

class VirtualBlock::Impl {
 public:
  Impl(Device d, Stripe s, Queue queue, bool ordered)
      : device(std::move(d)),
        stripe(std::move(s)),
        sector_bytes(device.geometry().sector_bytes),
        engine(std::move(queue), stripe, sector_bytes, device.geometry().oob_bytes, ordered) {}

  Status run(Job job) {
    // Shared with the callback: a route that fails may call it after this function has returned.
    const auto outcome = std::make_shared<std::optional<Status>>();
    job.done = [outcome](const Completion& c) { *outcome = c.status; };
    engine.start(std::move(job));
    while (!outcome->has_value()) {
      if (const Status s = engine.go_on(true); !s) return s;
    }
    return **outcome;
  }

  /// A job for `bytes` at `offset`, or EINVAL.
  Result<Job> make_job(JobKind kind, std::uint64_t offset, std::uint64_t bytes, std::byte* data,
                       std::span<const std::byte> metadata) const {
    const std::uint64_t grain = kind == JobKind::read ? sector_bytes : std::uint64_t{sector_bytes} * stripe.step;
    const std::uint64_t size = stripe.sectors() * sector_bytes;
    const std::uint64_t sectors = bytes / sector_bytes;
    if (offset % grain != 0 || bytes % grain != 0 || offset > size || bytes > size - offset ||
        (!metadata.empty() && metadata.size() != sectors * device.geometry().oob_bytes)) {
      return std::unexpected(Status::os(EINVAL));
    }
    Job job;
    job.kind = kind;
    job.next = offset / sector_bytes;
    job.end = job.next + sectors;
    job.data = data;
    job.metadata = metadata.empty() ? nullptr : const_cast<std::byte*>(metadata.data());
    return job;
  }

  Status transfer(JobKind kind, std::uint64_t offset, std::uint64_t bytes, std::byte* data,
                  std::span<const std::byte> metadata) {
    auto job = make_job(kind, offset, bytes, data, metadata);
    return job ? run(std::move(*job)) : job.error();
  }

  Device device;
  Stripe stripe;
  std::uint32_t sector_bytes;
  std::uint64_t write_position = 0, read_position = 0;
  Engine engine;
};

namespace {

// The planes that are written at once: all, unless the caller says so or a list has no room for their pages.
PlaneMode choose_mode(const Geometry& g, const VirtualBlockOptions& options) {
  if (options.plane_mode) return *options.plane_mode;
  return g.ws_opt <= kMaxAddresses ? plane_mode_of(g.planes) : PlaneMode::single;
}

// A command of at most `limit` sectors. Whole units keep the commands of a stripe alike; below one unit whole write
// sizes do.
std::uint32_t command_sectors(const Stripe& s, std::uint32_t limit) {
  for (const std::uint32_t grain : {s.unit, s.step}) {
    if (grain != 0 && limit >= grain) return limit / grain * grain;
  }
  return std::max(limit, 1U);
}

// Chunks are erased with all their planes where there is room for them.
std::uint32_t erase_addresses(const Stripe& s, std::uint32_t limit) {
  const std::uint32_t planes = s.erased_planes();
  return limit < planes ? limit : limit / planes * planes;
}

// How a device wants to be addressed: by vectors unless a unit of the stripe does not fit one.
Stripe make_stripe(const Device& device, std::span<const Address> chunks, const VirtualBlockOptions& options) {
  const Geometry& g = device.geometry();
  Stripe s;
  s.geometry = g;
  for (const Address a : chunks) s.chunks.push_back(a.at_sector(0));
  s.unit = g.ws_opt;
  s.step = g.ws_min;
  s.chunk_sectors = g.sectors;
  s.vector = g.has_planes() || (!options.scalar && g.ws_opt <= kMaxAddresses);
  if (g.has_planes()) {
    s.options.plane_mode = choose_mode(g, options);
    s.step = g.page_sectors * planes_of(s.options.plane_mode);
  }
  constexpr std::uint32_t kMostScalar = 65536;
  const std::uint32_t most = std::min(device.max_sectors(), s.vector ? kMaxAddresses : kMostScalar);
  const auto limited = [&](std::uint32_t addresses) { return s.vector ? std::min(most, addresses) : most; };
  s.most_read = command_sectors(s, limited(options.read_addresses));
  const std::uint32_t least_write = std::min(s.step, most);
  s.most_write = command_sectors(s, std::max(limited(options.write_addresses), least_write));
  s.most_erase = erase_addresses(s, options.erase_addresses);
  return s;
}

// What is wrong with the chunks or the options, as far as the geometry tells; empty: nothing.
std::string why_not(const Geometry& g, std::span<const Address> sorted, const VirtualBlockOptions& options) {
  if (sorted.empty()) return "a virtual block has at least one chunk";
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) return fmt::format("chunk 0x{:016x} is there twice", twice->value);
  const auto outside = std::ranges::find_if(sorted, [&](Address a) { return !g.contains(a); });
  if (outside != sorted.end()) return fmt::format("the device has no chunk 0x{:016x}", outside->value);
  for (const std::uint32_t n : {options.erase_addresses, options.write_addresses, options.read_addresses}) {
    if (n == 0 || n > kMaxAddresses) return fmt::format("a command has 1 to {} addresses, not {}", kMaxAddresses, n);
  }
  const PlaneMode mode = options.plane_mode.value_or(PlaneMode::single);
  if (mode == PlaneMode::single || mode == plane_mode_of(g.planes)) return {};
  return fmt::format("the plane mode is of {} planes: a virtual block of this device works on one, or on all {}",
                     planes_of(mode), g.planes);
}

// Chunks are of full size and take writes. OCSSD 1.2 does not tell which blocks are whole: its bad block tables are for
// whoever chooses them.
Status check_whole(Device& device, std::span<const Address> chunks) {
  const Geometry& g = device.geometry();
  if (g.has_planes()) return {};
  for (const Address a : chunks) {
    const auto chunk = device.chunk(a);
    if (!chunk) return chunk.error();
    if (chunk->sectors == g.sectors && chunk->state != ChunkState::offline) continue;
    return fail(Status::os(EINVAL), fmt::format("chunk 0x{:016x} is {}", a.value,
                                                chunk->state == ChunkState::offline ? "offline" : "not of full size"));
  }
  return {};
}

std::byte* unconst(std::span<const std::byte> bytes) noexcept { return const_cast<std::byte*>(bytes.data()); }

}  // namespace

VirtualBlock::VirtualBlock(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
VirtualBlock::VirtualBlock(VirtualBlock&&) noexcept = default;
VirtualBlock& VirtualBlock::operator=(VirtualBlock&&) noexcept = default;
VirtualBlock::~VirtualBlock() = default;

Result<VirtualBlock> VirtualBlock::make(const Device& device, std::span<const Address> chunks,
                                        const VirtualBlockOptions& options) {
  const Geometry& g = device.geometry();
  Device handle = device;
  const backends::Caps& caps = DeviceAccess::impl(handle).terms.caps;
  std::vector<Address> sorted(chunks.begin(), chunks.end());
  for (Address& a : sorted) a = a.at_sector(0);
  std::ranges::sort(sorted);
  if (std::string why = why_not(g, sorted, options); !why.empty()) {
    return unexpected(Status::os(EINVAL), std::move(why));
  }
  if (const Status s = check_whole(handle, sorted); !s) return std::unexpected(s);
  constexpr std::uint64_t kMostByDefault = 256;
  std::uint64_t depth = options.depth;
  if (depth == 0) depth = std::min({std::uint64_t{chunks.size()} * 2, std::uint64_t{caps.max_depth}, kMostByDefault});
  auto queue = handle.open_queue(static_cast<std::uint32_t>(depth));
  if (!queue) return std::unexpected(queue.error());
  return or_no_memory([&]() -> Result<VirtualBlock> {
    return VirtualBlock(
        std::make_unique<Impl>(device, make_stripe(device, chunks, options), std::move(*queue), caps.ordered_writes));
  });
}

Result<VirtualBlock> VirtualBlock::line(const Device& device, Line l, const VirtualBlockOptions& options) {
  const Geometry& g = device.geometry();
  if (l.group_first > l.group_last || l.unit_first > l.unit_last || l.group_last >= g.groups ||
      l.unit_last >= g.units || l.chunk >= g.chunks) {
    return unexpected(Status::os(EINVAL), "the line is not on the device");
  }
  std::vector<Address> chunks;
  for (std::uint32_t unit = l.unit_first; unit <= l.unit_last; ++unit) {
    for (std::uint32_t group = l.group_first; group <= l.group_last; ++group) {
      chunks.push_back(Address::of(group, unit, l.chunk));
    }
  }
  return make(device, chunks, options);
}

Device& VirtualBlock::device() const noexcept { return impl_->device; }
const std::vector<Address>& VirtualBlock::chunks() const noexcept { return impl_->stripe.chunks; }
std::uint64_t VirtualBlock::size() const noexcept { return impl_->stripe.sectors() * impl_->sector_bytes; }
std::uint64_t VirtualBlock::read_alignment() const noexcept { return impl_->sector_bytes; }
std::uint64_t VirtualBlock::write_alignment() const noexcept {
  return std::uint64_t{impl_->sector_bytes} * impl_->stripe.step;
}
Address VirtualBlock::address_at(std::uint64_t offset) const noexcept {
  return impl_->stripe.at(offset / impl_->sector_bytes);
}

Status VirtualBlock::erase() {
  const std::vector<Address> blocks = impl_->stripe.erased();
  const std::span<const Address> all(blocks);
  Status first;
  const std::size_t most = impl_->stripe.most_erase;
  for (std::size_t i = 0; i < all.size(); i += most) {
    const auto part = all.subspan(i, std::min(most, all.size() - i));
    const Completion c = impl_->device.reset(Sectors(part), {}, impl_->stripe.options);
    if (!c && first) first = c.status;
  }
  if (first) impl_->write_position = impl_->read_position = 0;
  return first;
}

Status VirtualBlock::write_at(std::uint64_t offset, std::span<const std::byte> data,
                              std::span<const std::byte> metadata) {
  return impl_->transfer(JobKind::write, offset, data.size(), unconst(data), metadata);
}

Status VirtualBlock::write(std::span<const std::byte> data, std::span<const std::byte> metadata) {
  const Status s = write_at(impl_->write_position, data, metadata);
  if (s) impl_->write_position += data.size();
  return s;
}

Status VirtualBlock::pad() {
  const Status s = impl_->transfer(JobKind::pad, impl_->write_position, size() - impl_->write_position, nullptr, {});
  if (s) impl_->write_position = size();
  return s;
}

Status VirtualBlock::read_at(std::uint64_t offset, std::span<std::byte> data, std::span<std::byte> metadata) {
  return impl_->transfer(JobKind::read, offset, data.size(), data.data(), metadata);
}

Status VirtualBlock::read(std::span<std::byte> data, std::span<std::byte> metadata) {
  const Status s = read_at(impl_->read_position, data, metadata);
  if (s) impl_->read_position += data.size();
  return s;
}

Status VirtualBlock::copy_to(VirtualBlock& target) {
  const Stripe& to = target.impl_->stripe;
  const bool same_device = &DeviceAccess::impl(impl_->device) == &DeviceAccess::impl(target.impl_->device);
  if (!same_device || to.chunks.size() != impl_->stripe.chunks.size()) return Status::os(EINVAL);
  if (!impl_->device.geometry().vector_copy || to.step > kMaxAddresses) return Status::os(ENOTSUP);
  auto job = impl_->make_job(JobKind::copy, 0, size(), nullptr, {});
  if (!job) return job.error();
  job->target = &to;
  return impl_->run(std::move(*job));
}

Status VirtualBlock::write_async(std::uint64_t offset, std::span<const std::byte> data, Callback done,
                                 std::span<const std::byte> metadata) {
  auto job = impl_->make_job(JobKind::write, offset, data.size(), unconst(data), metadata);
  if (!job) return job.error();
  job->done = std::move(done);
  impl_->engine.start(std::move(*job));
  return {};
}

Status VirtualBlock::read_async(std::uint64_t offset, std::span<std::byte> data, Callback done,
                                std::span<std::byte> metadata) {
  auto job = impl_->make_job(JobKind::read, offset, data.size(), data.data(), metadata);
  if (!job) return job.error();
  job->done = std::move(done);
  impl_->engine.start(std::move(*job));
  return {};
}

Result<unsigned> VirtualBlock::poke() {
  const unsigned before = impl_->engine.finished();
  if (const Status s = impl_->engine.go_on(false); !s) return std::unexpected(s);
  return impl_->engine.finished() - before;
}

Result<unsigned> VirtualBlock::wait() {
  const unsigned before = impl_->engine.finished();
  while (!impl_->engine.idle()) {
    if (const Status s = impl_->engine.go_on(true); !s) return std::unexpected(s);
  }
  return impl_->engine.finished() - before;
}

std::uint64_t VirtualBlock::write_position() const noexcept { return impl_->write_position; }
std::uint64_t VirtualBlock::read_position() const noexcept { return impl_->read_position; }

Status VirtualBlock::set_write_position(std::uint64_t position) noexcept {
  if (position > size() || position % impl_->sector_bytes != 0) return Status::os(EINVAL);
  impl_->write_position = position;
  return {};
}

Status VirtualBlock::set_read_position(std::uint64_t position) noexcept {
  if (position > size() || position % impl_->sector_bytes != 0) return Status::os(EINVAL);
  impl_->read_position = position;
  return {};
}

Result<std::uint64_t> VirtualBlock::find_write_position() {
  std::vector<std::uint64_t> pointers;
  std::uint64_t written = 0;
  for (const Address a : impl_->stripe.chunks) {
    const auto chunk = impl_->device.chunk(a);
    if (!chunk) return std::unexpected(chunk.error());
    if (chunk->write_pointer == Chunk::kNoWritePointer) return std::unexpected(Status::os(EIO));
    pointers.push_back(chunk->write_pointer);
    written += chunk->write_pointer;
  }
  // The stripe that ends there must leave the same pointers.
  const Stripe& s = impl_->stripe;
  const std::uint64_t row = std::uint64_t{s.unit} * s.chunks.size();
  for (std::size_t k = 0; k < pointers.size(); ++k) {
    const std::uint64_t rest = written % row;
    const std::uint64_t before = std::uint64_t{s.unit} * k;
    const std::uint64_t part = rest <= before ? 0 : std::min<std::uint64_t>(rest - before, s.unit);
    if (pointers[k] != written / row * s.unit + part) return std::unexpected(Status::os(EIO));
  }
  impl_->write_position = written * impl_->sector_bytes;
  return impl_->write_position;
}

}  // namespace lightnvm
