// SPDX-License-Identifier: BSD-2-Clause
// How SlowMedia delay, fail, and keep sectors.
#include "emulator/oracle_media.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lightnvm::oracle {

using emulator::ChunkRecord;
using emulator::MediaOp;
using emulator::Proof;

namespace {

constexpr std::byte kPoison{0xDB};

}  // namespace

class SlowMedia::Channel : public emulator::MediaChannel {
 public:
  Channel(SlowMedia& media, std::uint64_t seed) : media_(media), random_(seed) {}

  bool start(MediaOp& op) noexcept override {
    const bool hurried = media_.hurried_;
    op.status = {};
    Pending p{&op};
    if (!hurried && random_.below(1000) < rate(op.kind)) {
      op.status = Status::os(EIO);
      p.fails = true;
      if (op.kind == MediaOp::Kind::write) ++media_.failed_writes_;
      if (op.kind == MediaOp::Kind::read) ++media_.failed_reads_;
      p.stores = op.kind == MediaOp::Kind::write && random_.chance(50);
      if (op.kind == MediaOp::Kind::discard) media_.chunks_[op.chunk].discard_failed = true;
    }
    if (op.kind == MediaOp::Kind::discard) media_.begin_discard(op.chunk);
    if (op.kind != MediaOp::Kind::read) media_.fill(op, kPoison);
    if (hurried || random_.chance(20)) {
      move(p);
      return true;
    }
    // Media may touch memory at any time between the start and the end.
    if (random_.chance(30)) move(p);
    pending_.push_back(p);
    return false;
  }

  MediaOp* poll() noexcept override {
    if (pending_.empty() || random_.chance(50)) return nullptr;
    std::swap(pending_[random_.below(pending_.size())], pending_.back());
    Pending p = pending_.back();
    pending_.pop_back();
    move(p);
    return p.op;
  }

 private:
  struct Pending {
    MediaOp* op;
    bool fails = false, stores = true, moved = false;
  };

  [[nodiscard]] unsigned rate(MediaOp::Kind kind) const {
    if (kind == MediaOp::Kind::read) return media_.failures_.reads;
    return kind == MediaOp::Kind::write ? media_.failures_.writes : media_.failures_.discards;
  }

  void move(Pending& p) {
    if (std::exchange(p.moved, true)) return;
    if (p.op->kind == MediaOp::Kind::discard) media_.chunks_[p.op->chunk].discarding = false;
    if (p.fails && !p.stores) return;
    switch (p.op->kind) {
      case MediaOp::Kind::read: media_.fetch(*p.op); break;
      case MediaOp::Kind::write: media_.store(*p.op); break;
      case MediaOp::Kind::discard: media_.fill(*p.op, std::byte{0}); break;
    }
  }

  SlowMedia& media_;
  Random random_;
  std::vector<Pending> pending_;
};

SlowMedia::SlowMedia(const Geometry& geometry, std::uint64_t seed, Failures failures)
    : geometry_(geometry), seed_(seed), failures_(failures), chunks_(geometry.total_chunks()) {
  for (Stored& c : chunks_) {
    c.data.resize(static_cast<std::size_t>(geometry.sectors) * geometry.sector_bytes);
    c.metadata.resize(static_cast<std::size_t>(geometry.sectors) * geometry.oob_bytes);
  }
}

std::unique_ptr<emulator::MediaChannel> SlowMedia::open_channel(std::uint32_t /*depth*/) {
  return std::make_unique<Channel>(*this, seed_ * 100 + ++channels_);
}

void SlowMedia::begin_discard(std::uint32_t chunk) {
  chunks_[chunk].discarding = true;
  ChunkRecord record;
  if (saved(chunk, record) && record.state != ChunkState::free) record_outlived_data_ = true;
}

Status SlowMedia::save(std::uint32_t chunk, const ChunkRecord& record, const Proof&) noexcept {
  const std::scoped_lock lock(mutex_);
  const bool has_data = record.state == ChunkState::open || record.state == ChunkState::closed;
  if (chunks_[chunk].discarding && has_data) record_outlived_data_ = true;
  saved_[chunk] = record;
  return {};
}

bool SlowMedia::saved(std::uint32_t chunk, ChunkRecord& record) const {
  const std::scoped_lock lock(mutex_);
  const auto found = saved_.find(chunk);
  if (found != saved_.end()) record = found->second;
  return found != saved_.end();
}

void SlowMedia::fill(const MediaOp& op, std::byte value) {
  Stored& c = chunks_[op.chunk];
  const bool all = op.kind == MediaOp::Kind::discard;
  const std::size_t first = all ? 0 : op.first;
  const std::size_t count = all ? geometry_.sectors : op.count;
  std::fill_n(c.data.data() + first * geometry_.sector_bytes, count * geometry_.sector_bytes, value);
  // A write without metadata leaves what there is.
  if (all || !op.metadata.empty()) {
    std::fill_n(c.metadata.data() + first * geometry_.oob_bytes, count * geometry_.oob_bytes, value);
  }
}

void SlowMedia::store(const MediaOp& op) {
  Stored& c = chunks_[op.chunk];
  op.data.copy_out(c.data.data() + static_cast<std::size_t>(op.first) * geometry_.sector_bytes);
  if (!op.metadata.empty())
    op.metadata.copy_out(c.metadata.data() + static_cast<std::size_t>(op.first) * geometry_.oob_bytes);
}

void SlowMedia::fetch(const MediaOp& op) {
  const Stored& c = chunks_[op.chunk];
  op.data.copy_in(c.data.data() + static_cast<std::size_t>(op.first) * geometry_.sector_bytes);
  if (!op.metadata.empty())
    op.metadata.copy_in(c.metadata.data() + static_cast<std::size_t>(op.first) * geometry_.oob_bytes);
}

std::shared_ptr<emulator::Device> slow_device(const emulator::Config& config, std::uint64_t seed,
                                              SlowMedia::Failures failures, SlowMedia*& media) {
  const Geometry g = emulator::machine_geometry(config.geometry);
  const bool planes = config.geometry.has_planes();
  auto machine = emulator::ChunkMachine::create(g, config.pe_cycles,
                                                planes ? emulator::WornOut::grown_bad : emulator::WornOut::offline);
  if (!machine) return nullptr;
  std::map<std::uint64_t, ChunkRecord> records;
  for (const emulator::ChunkOverride& o : config.overrides) {
    ChunkRecord& r = records[g.chunk_index(o.address)];
    if (o.state) r.state = *o.state;
    if (o.type) r.type = *o.type;
    if (o.sectors) r.missing = g.sectors - *o.sectors;
    if (o.cycles) r.cycles = static_cast<std::uint16_t>(*o.cycles);
    if (o.write_pointer) r.write_pointer = *o.write_pointer;
  }
  for (const auto& [chunk, record] : records) (*machine)->restore(static_cast<std::uint32_t>(chunk), record);
  auto slow = std::make_unique<SlowMedia>(g, seed, failures);
  media = slow.get();
  emulator::Device::Parts parts;
  parts.machine = std::move(*machine);
  parts.media = std::move(slow);
  return std::make_shared<emulator::Device>(config, std::move(parts));
}

}  // namespace lightnvm::oracle
